/** Decodes untrusted updates, headers and messages, or says why not. Nothing here throws. */
import type { either as E } from 'fp-ts'
import * as t from 'io-ts'
import type { InvalidChange, TooLarge } from '../core/Change.js'
import type { DataType } from '../core/DataType.js'
import { left, right } from '../core/Either.js'
import { isIdentity } from '../core/identityCodec.js'
import * as Json from '../core/Json.js'
import type { Message } from '../core/reconcile.js'
import { failuresOf, keysOf, path, type InUpdate } from '../core/Rejection.js'
import type { Digest } from '../core/Replica.js'
import type { Timestamp } from '../core/Timestamp.js'
import type { Update } from '../core/Update.js'
import * as codecs from './codecs.js'
import { depthOf, type Policy } from './Policy.js'

/** Why an update is refused. */
export type UpdateError =
  /** No array of a change, a number and a string. */
  | ({ readonly _tag: 'InvalidUpdate'; readonly value: unknown; readonly expected: string } & InUpdate)
  /** The stamp is no finite number above 0 and below 2^53. */
  | ({ readonly _tag: 'InvalidTimestamp'; readonly timestamp: unknown } & InUpdate)
  /** The stamp is more than `maxDrift` ms ahead of our own `now`. */
  | ({
      readonly _tag: 'TooFarAhead'
      readonly timestamp: Timestamp
      readonly now: Timestamp
      readonly maxDrift: number
    } & InUpdate)
  | TooLarge
  | TooDeep
  | InvalidChange

/** Nested deeper than `limit`. */
export interface TooDeep {
  readonly _tag: 'TooDeep'
  readonly at: string
  readonly limit: number
  readonly update?: unknown
}

/** No header: it has no id, or its clock is no object of finite numbers. */
export interface InvalidHeader {
  readonly _tag: 'InvalidHeader'
  readonly at: string
  readonly value: unknown
  readonly expected: string
}

/** No message: it has no digest, or no list of updates. */
export interface InvalidMessage {
  readonly _tag: 'InvalidMessage'
  readonly at: string
  readonly value: unknown
  readonly expected: string
}

/** Why a message is refused. */
export type MessageError = UpdateError | InvalidHeader | InvalidMessage

/**
 * An update from untrusted input, a value as JSON.parse gives it. Copied and frozen: the sender may
 * change theirs. O(size of the input).
 *
 * Errors: `InvalidUpdate`, `InvalidTimestamp`, `TooFarAhead`, `TooLarge`, `TooDeep`,
 * `InvalidChange`.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as t from 'io-ts'
 * const model = scuttlebutt(Model.of(t.number))
 * model.decode()(JSON.parse('[["x",1],1000,"ann"]')) // => E.right([['x', 1], 1000, 'ann'])
 * const refused = model.decode({ now: 1000, maxDrift: 10 })([['x', 1], 2000, 'ann'])
 * E.isLeft(refused) && refused.left._tag // => 'TooFarAhead'
 */
export const decode =
  <S, C>(dataType: DataType<S, C>) =>
  (policy: Policy = {}) =>
  (input: unknown): E.Either<UpdateError, Update<C>> => {
    const copied = readable(() => Json.copy(input, depthOf(policy) + 1))
    if (copied instanceof Json.Unfit) return left(unfitUpdate(copied, input, policy))
    if (policy.maxBytes !== undefined) {
      const bytes = Json.bytes(JSON.stringify(copied))
      const { maxBytes } = policy
      if (bytes > maxBytes) return left({ _tag: 'TooLarge', at: '', bytes, maxBytes, update: copied })
    }
    return decodeFrozen(dataType)(policy)(copied)
  }

/** What `read` gives. A getter or a proxy in the input may throw: then the input is unfit. */
const readable = <A>(read: () => A): A | Json.Unfit => {
  try {
    return read()
  } catch (error) {
    return new Json.Unfit('value', [], undefined, `a readable value (${String(error)})`)
  }
}

const unfitUpdate = (unfit: Json.Unfit, input: unknown, policy: Policy): UpdateError => {
  const at = path(unfit.at)
  if (unfit.reason === 'depth') return { _tag: 'TooDeep', at, limit: depthOf(policy), update: input }
  if (isTimestamp(unfit.at)) return { _tag: 'InvalidTimestamp', at, timestamp: unfit.value, update: input }
  return { _tag: 'InvalidUpdate', at, value: unfit.value, expected: unfit.expected, update: input }
}

const isTimestamp = (keys: ReadonlyArray<string | number>): boolean => keys.length === 1 && String(keys[0]) === '1'

/**
 * As {@link decode}, for JSON that is already deeply frozen and within the policy's depth and size.
 */
export const decodeFrozen = <S, C>(dataType: DataType<S, C>) => {
  const codec = codecs.update(dataType)
  const checkSuffices = isIdentity(codec)
  return ({ now, maxDrift }: Policy) =>
    (update: unknown): E.Either<UpdateError, Update<C>> => {
      // valid input passes by a mere check: the decoder is slow, because it explains errors
      const decoded = checkSuffices && codec.is(update) ? t.success(update) : validate(codec, update)
      if (decoded._tag === 'Left') return left(invalidUpdate(decoded.left, update))
      const timestamp = decoded.right[1]
      if (now !== undefined && maxDrift !== undefined && timestamp - now > maxDrift) {
        return left({ _tag: 'TooFarAhead', at: '[1]', timestamp, now, maxDrift, update })
      }
      return decoded
    }
}

/** The update as the codec decodes it, frozen. A user's codec that throws refuses the change. */
const validate = <A>(codec: t.Type<A, unknown, unknown>, update: unknown): t.Validation<A> => {
  try {
    const decoded = codec.decode(update)
    if (decoded._tag === 'Right') Json.freeze(decoded.right, Infinity) // the codec may have made a new value
    return decoded
  } catch (error) {
    const context = ['', '0'].map((key) => ({ key, type: codec }))
    return left([{ value: (update as readonly unknown[])[0], context, message: String(error) }])
  }
}

const invalidUpdate = (errors: t.Errors, update: unknown): UpdateError => {
  const failures = failuresOf(errors)
  const [{ at, value, expected }] = failures as [(typeof failures)[number]]
  const keys = keysOf(errors[0]!.context)
  if (keys[0] === '0') return { _tag: 'InvalidChange', at, failures, update }
  if (isTimestamp(keys)) return { _tag: 'InvalidTimestamp', at, timestamp: value, update }
  return { _tag: 'InvalidUpdate', at, value, expected, update }
}

/** A header from JSON. Errors: `InvalidHeader`. O(s) for a clock of s sources. */
export const decodeHeader = (input: unknown): E.Either<InvalidHeader, Digest> => {
  const decoded = codecs.header.decode(input)
  if (decoded._tag === 'Right') {
    const { id, clock, floor, meta } = decoded.right
    return right({ id, clock, ...(floor !== undefined && { floor }), ...(meta !== undefined && { meta }) })
  }
  const [{ at, value, expected }] = failuresOf(decoded.left) as [ReturnType<typeof failuresOf>[number]]
  return left({ _tag: 'InvalidHeader', at, value, expected })
}

const unfitHeader = ({ at, value, expected }: Json.Unfit): E.Left<InvalidHeader> =>
  left({ _tag: 'InvalidHeader', at: path(at), value, expected })

/**
 * A message for `reconcile` from untrusted input. One bad update refuses the whole message; the
 * path says which one. Errors: `InvalidMessage`, `InvalidHeader`, and those of {@link decode}.
 * O(size of the input).
 */
export const decodeMessage =
  <S, C>(dataType: DataType<S, C>) =>
  (policy: Policy = {}) =>
  (input: unknown): E.Either<MessageError, Message<C>> => {
    const members = membersOf(input, policy)
    if (members instanceof Json.Unfit || members.updates === undefined) {
      const expected = 'a digest and a list of updates'
      return left({ _tag: 'InvalidMessage', at: '.updates', value: input, expected })
    }
    const digest = members.digest instanceof Json.Unfit ? unfitHeader(members.digest) : decodeHeader(members.digest)
    if (digest._tag === 'Left') return left({ ...digest.left, at: `.digest${digest.left.at}` })
    const decodeUpdate = decode(dataType)(policy)
    const updates: Update<C>[] = []
    for (const [i, member] of members.updates.entries()) {
      const update = decodeUpdate(member)
      if (update._tag === 'Left') return left({ ...update.left, at: `.updates[${String(i)}]${update.left.at}` })
      updates.push(update.right)
    }
    const message = { digest: digest.right, updates }
    return right(members.asks === true ? { ...message, asks: true } : message)
  }

/** The members of a message, read once. */
const membersOf = (input: unknown, policy: Policy) =>
  readable(() => {
    const { digest, updates, asks } = input as Partial<Record<keyof Message<unknown>, unknown>>
    return {
      digest: Json.copy(digest, depthOf(policy)),
      updates: Array.isArray(updates) ? Array.from<unknown>(updates) : undefined,
      asks,
    }
  })
