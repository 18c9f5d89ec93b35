/**
 * The text of a {@link WireMessage}: one JSON value a line, as npm `scuttlebutt` 5.6.15 writes it.
 */
import type { either as E } from 'fp-ts'
import { identity } from 'io-ts'
import type { DataType } from '../../core/DataType.js'
import { left, right } from '../../core/Either.js'
import * as Json from '../../core/Json.js'
import type { Past } from '../../core/Past.js'
import { EXCERPT, path } from '../../core/Rejection.js'
import { past, sync } from '../codecs.js'
import { decodeFrozen, decodeHeader, type InvalidHeader, type UpdateError } from '../decode.js'
import { depthOf, type Policy } from '../Policy.js'
import type { WireMessage } from '../WireMessage.js'

export type { WireMessage } from '../WireMessage.js'

/** A line is no JSON. `line` is its beginning. */
export interface InvalidJson {
  readonly _tag: 'InvalidJson'
  readonly at: string
  readonly line: string
  readonly reason: string
}

/** Why a line is refused. */
export type LineError = InvalidJson | UpdateError | InvalidHeader

const SYNC: WireMessage<never> = { _tag: 'Sync' }
const IGNORED: WireMessage<never> = { _tag: 'Ignored' }

/** The beginning of a string that asks for a {@link Past}. */
const LOST = 'LOST '

/**
 * The message that a line carries. Errors: `InvalidJson`, `TooDeep`, `InvalidHeader`, and those of
 * `decode` except `TooLarge`: `Lines` limits the length. O(size).
 */
export const decode = <S, C>(dataType: DataType<S, C>) => {
  const decodeUpdate = decodeFrozen(dataType)
  return (policy: Policy) => {
    const updateOf = decodeUpdate(policy)
    return (line: string): E.Either<LineError, WireMessage<C>> => {
      let json: unknown
      try {
        json = JSON.parse(line)
      } catch (error) {
        return left(invalidJson(line, error))
      }
      json = Json.freeze(json, depthOf(policy) + 1)
      if (json instanceof Json.Unfit) return left({ _tag: 'TooDeep', at: path(json.at), limit: depthOf(policy) })
      if (Array.isArray(json)) {
        const update = updateOf(json)
        return update._tag === 'Left' ? update : right({ _tag: 'Update', update: update.right })
      }
      if (typeof json === 'object' && json !== null) {
        const header = decodeHeader(json)
        return header._tag === 'Left' ? header : right({ _tag: 'Header', header: header.right })
      }
      if (typeof json === 'number') return right({ _tag: 'Count', count: json })
      if (sync.is(json)) return right(SYNC)
      const lost = typeof json === 'string' && json.startsWith(LOST) ? pastOf(json) : undefined
      return right(lost === undefined ? IGNORED : { _tag: 'Lost', past: lost })
    }
  }
}

const invalidJson = (line: string, error: unknown): InvalidJson => ({
  _tag: 'InvalidJson',
  at: '',
  line: line.slice(0, EXCERPT),
  reason: String(error).slice(0, EXCERPT),
})

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

/** A message as a line, with its line end. O(size). */
export const encode = <S, C>({ change: codec }: DataType<S, C>) => {
  // the change is its own JSON
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
