/**
 * The text of a {@link WireMessage}: one JSON value a line, as npm `scuttlebutt` 5.6.15 writes it.
 */
import type { either as E } from 'fp-ts'
import { jsonOf } from '../../core/Change.js'
import type { DataType } from '../../core/DataType.js'
import { left, right } from '../../core/Either.js'
import * as Json from '../../core/Json.js'
import { EXCERPT, path } from '../../core/Rejection.js'
import { NEVER } from '../../core/Timestamp.js'
import { decodeFrozen, decodeHeader, tooFar, unreadOf, type InvalidHeader, type UpdateError } from '../decode.js'
import { depthOf, type Policy } from '../Policy.js'
import type { WireMessage } from '../WireMessage.js'
import { opening, past, refused, sure, sync } from './codecs.js'

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

/** The beginnings of strings that the original ignores. */
const LOST = 'LOST '
const SURE = 'SURE '
const REFUSED = 'REFUSED '

/**
 * The message that a line carries. Errors: `InvalidJson`, `TooDeep`, `InvalidHeader`, and those of
 * `decode` except `TooLarge`: `Lines` limits the length. O(size).
 */
export const decode = <S, C>(dataType: DataType<S, C>) => {
  const decodeUpdate = decodeFrozen(dataType)
  const asUnread = unreadOf(dataType)
  return (policy: Policy) => {
    const updateOf = decodeUpdate(policy)
    const far = tooFar(dataType, policy)
    return (line: string): E.Either<LineError, WireMessage<C>> => {
      let json: unknown
      try {
        json = JSON.parse(line)
      } catch (error) {
        return left(invalidJson(line, error))
      }
      json = Json.freeze(json, depthOf(policy) + 1)
      if (json instanceof Json.Unfit) {
        const place = { at: path(json.at), limit: depthOf(policy) }
        if (!line.startsWith('[')) return left({ _tag: 'TooDeep', ...place })
        const update: unknown = JSON.parse(line)
        return left(far(update) ?? { _tag: 'TooDeep', ...place, update })
      }
      if (Array.isArray(json)) {
        const update = updateOf(json)
        if (update._tag === 'Right') return right({ _tag: 'Update', update: update.right })
        const unread = asUnread(update.left)
        return unread === undefined ? update : right({ _tag: 'Unread', update: unread })
      }
      if (typeof json === 'object' && json !== null) {
        const header = decodeHeader(json)
        return header._tag === 'Left' ? header : right({ _tag: 'Header', header: header.right })
      }
      if (sync.is(json)) return right(SYNC)
      return right(typeof json === 'string' ? decodeText(json) : IGNORED)
    }
  }
}

const invalidJson = (line: string, error: unknown): InvalidJson => ({
  _tag: 'InvalidJson',
  at: '',
  line: line.slice(0, EXCERPT),
  reason: String(error).slice(0, EXCERPT),
})

/** A string: a message of ours, or nothing. */
const decodeText = (text: string): WireMessage<never> => {
  const prefix = [LOST, SURE, REFUSED].find((one) => text.startsWith(one))
  if (prefix === undefined) return IGNORED
  let json: unknown
  try {
    json = JSON.parse(text.slice(prefix.length))
  } catch {
    return IGNORED
  }
  switch (prefix) {
    case LOST: {
      const decoded = past.decode(json)
      if (decoded._tag === 'Left') return IGNORED
      const [source, since, until] = decoded.right
      return { _tag: 'Lost', past: { source, since, until } }
    }
    case REFUSED: {
      const decoded = refused.decode(json)
      if (decoded._tag === 'Left') return IGNORED
      const { updates, places } = decoded.right
      // up to 1,000 of them are kept, or passed on: a long reason would take much room
      const refusals = updates.map(([at, source, reason]) => [at, source, reason.slice(0, EXCERPT)] as const)
      return { _tag: 'Refused', refusals, places }
    }
    default:
      return decodeSure(json)
  }
}

const decodeSure = (json: unknown): WireMessage<never> => {
  const decoded = sure.decode(json)
  if (decoded._tag === 'Right') {
    const [count, clock, floor = NEVER, number] = decoded.right
    return { _tag: 'Sure', count, clock, ...(floor > NEVER && { floor }), ...(number !== undefined && { number }) }
  }
  const opened = opening.decode(json)
  if (opened._tag === 'Left') return IGNORED
  const { name, version } = opened.right
  return { _tag: 'Opening', name, ...(version !== undefined && { version }) }
}

/** A message as a line, with its line end. O(size). */
export const encode = <S, C>({ change: codec }: DataType<S, C>) => {
  const toJSON = jsonOf(codec)
  return (message: WireMessage<C>): string => {
    switch (message._tag) {
      case 'Header':
        return `${JSON.stringify(message.header)}\n`
      case 'Update': {
        const { update } = message
        const change = toJSON(update)
        // most often the change is its own JSON
        return `${JSON.stringify(change === update[0] ? update : [change, ...update.slice(1)])}\n`
      }
      case 'Unread':
        return `${JSON.stringify(message.update)}\n`
      case 'Sync':
        return '"SYNC"\n'
      case 'Opening': {
        const { name, version } = message
        return text(SURE, { name, version })
      }
      case 'Sure': {
        const { count, clock, floor, number } = message
        if (number !== undefined) return text(SURE, [count, clock, floor ?? NEVER, number])
        return text(SURE, floor === undefined ? [count, clock] : [count, clock, floor])
      }
      case 'Refused':
        return text(REFUSED, { updates: message.refusals, places: message.places })
      case 'Lost': {
        const { source, since, until } = message.past
        return text(LOST, [source, since, until])
      }
      case 'Ignored':
        return 'null\n'
    }
  }
}

const text = (prefix: string, json: unknown): string => `${JSON.stringify(prefix + JSON.stringify(json))}\n`
