/** One line of the protocol: a header, an update, or SYNC. */
import type { either as E } from 'fp-ts'
import { identity } from 'io-ts'
import type { DataType } from '../core/DataType.js'
import * as Json from '../core/Json.js'
import { EXCERPT, path, type Rejection } from '../core/Rejection.js'
import type { Digest, Past } from '../core/Replica.js'
import type { Update } from '../core/Update.js'
import { past, sync } from './codecs.js'
import { decodeFrozen, decodeHeader, reject } from './decode.js'
import { depthOf, type Policy } from './Policy.js'

export type WireMessage<C> =
  | { readonly _tag: 'Header'; readonly header: Digest }
  | { readonly _tag: 'Update'; readonly update: Update<C> }
  | { readonly _tag: 'Sync' }
  /** What of our own we may have lost: see {@link Past}. Others ignore it. */
  | { readonly _tag: 'Lost'; readonly past: Past }
  /** So many updates came just before: what `checked` sessions say, and others ignore. */
  | { readonly _tag: 'Count'; readonly count: number }
  /** JSON that says nothing: null, a boolean, another string. */
  | { readonly _tag: 'Ignored' }

const LOST = 'LOST '

const pastOf = (text: string): Past | undefined => {
  try {
    const parsed = past.decode(JSON.parse(text.slice(LOST.length)))
    if (parsed._tag === 'Left') return undefined
    const [source, since, until] = parsed.right
    return { source, since, until }
  } catch {
    return undefined
  }
}

const SYNC: WireMessage<never> = { _tag: 'Sync' }
const IGNORED: WireMessage<never> = { _tag: 'Ignored' }

/**
 * What a line says. Errors: `InvalidJson`, `TooDeep`, and those of `decode` and
 * `decodeHeader`. The line's length is the line decoder's to judge.
 */
export const decode = <S, C>(dataType: DataType<S, C>) => {
  const decodeUpdate = decodeFrozen(dataType)
  return (policy: Policy) => {
    const admitted = decodeUpdate(policy)
    return (line: string): E.Either<Rejection, WireMessage<C>> => {
      let json: unknown
      try {
        json = JSON.parse(line)
      } catch (error) {
        return reject(invalidJson(line, error))
      }
      json = Json.freeze(json, depthOf(policy) + 1)
      if (json instanceof Json.Unfit) return reject({ _tag: 'TooDeep', at: path(json.at), limit: depthOf(policy) })
      if (Array.isArray(json)) return map(admitted(json), (update) => ({ _tag: 'Update', update }))
      if (typeof json === 'object' && json !== null)
        return map(decodeHeader(json), (header) => ({ _tag: 'Header', header }))
      if (typeof json === 'number') return { _tag: 'Right', right: { _tag: 'Count', count: json } }
      if (sync.is(json)) return { _tag: 'Right', right: SYNC }
      const lost = typeof json === 'string' && json.startsWith(LOST) ? pastOf(json) : undefined
      return { _tag: 'Right', right: lost === undefined ? IGNORED : { _tag: 'Lost', past: lost } }
    }
  }
}

const invalidJson = (line: string, error: unknown): Rejection => ({
  _tag: 'InvalidJson',
  at: '',
  line: line.slice(0, EXCERPT),
  reason: String(error).slice(0, EXCERPT),
})

const map = <A, B>(either: E.Either<Rejection, A>, f: (a: A) => B): E.Either<Rejection, B> =>
  either._tag === 'Left' ? either : { _tag: 'Right', right: f(either.right) }

/** A message as a line, its end included. */
export const encode = <S, C>({ change: codec }: DataType<S, C>) => {
  // a change that is its own JSON
  const isPlain = codec.encode === identity
  return (message: WireMessage<C>): string => {
    switch (message._tag) {
      case 'Header':
        return `${JSON.stringify(message.header)}\n`
      case 'Update': {
        if (isPlain) return `${JSON.stringify(message.update)}\n`
        const [change, ...rest] = message.update
        return `${JSON.stringify([codec.encode(change), ...rest])}\n`
      }
      case 'Sync':
        return '"SYNC"\n'
      case 'Lost': {
        const { source, since, until } = message.past
        return `${JSON.stringify(LOST + JSON.stringify([source, since, until]))}\n`
      }
      case 'Count':
        return `${JSON.stringify(message.count)}\n`
      case 'Ignored':
        return 'null\n'
    }
  }
}
