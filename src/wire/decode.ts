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
import { havingOf, type Digest } from '../core/Digest.js'
import type { Timestamp } from '../core/Timestamp.js'
import { stampOf, type Update } from '../core/Update.js'
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
    const far = tooFar(dataType, policy)
    if (copied instanceof Json.Unfit) {
      const refused = readable(() => far(input))
      const isFar = refused !== undefined && !(refused instanceof Json.Unfit)
      return left(isFar ? refused : unfitUpdate(copied, input, policy))
    }
    if (policy.maxBytes !== undefined) {
      const bytes = Json.bytes(JSON.stringify(copied))
      const { maxBytes } = policy
      if (bytes > maxBytes) return left(far(copied) ?? { _tag: 'TooLarge', at: '', bytes, maxBytes, update: copied })
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
  return (policy: Policy) => {
    const far = tooFar(dataType, policy)
    return (update: unknown): E.Either<UpdateError, Update<C>> => {
      const refused = far(update)
      if (refused !== undefined) return left(refused)
      // valid input passes by a mere check: the decoder is slow, because it explains errors
      const decoded = checkSuffices && codec.is(update) ? t.success(update) : validate(codec, update)
      return decoded._tag === 'Left' ? left(invalidUpdate(decoded.left, update)) : decoded
    }
  }
}

/**
 * `TooFarAhead` if the stamp of an update is further ahead of `now` than the drift allows, else
 * undefined. Asked before any other error counts: a clock moves up to the stamps of most refused
 * updates (see `passing`), but not into the future. O(1).
 */
export const tooFar = <S, C>(dataType: DataType<S, C>, { now, maxDrift = Infinity }: Policy) => {
  const drift = Math.min(maxDrift, dataType.maxDrift ?? Infinity)
  return (update: unknown): UpdateError | undefined => {
    const timestamp: unknown = Array.isArray(update) ? update[1] : undefined
    if (now === undefined || typeof timestamp !== 'number' || timestamp - now <= drift) return undefined
    if (stampOf(update) === undefined) return undefined
    return { _tag: 'TooFarAhead', at: '[1]', timestamp, now, maxDrift: drift, update }
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

/**
 * The update that a refused one is to a later version of the program: its change is unknown here,
 * and all else is valid. Undefined if it is refused for good. O(1), and the data type's `final`.
 */
export const unreadOf =
  <S, C>({ final }: DataType<S, C>) =>
  (error: { readonly _tag: string; readonly update?: unknown }): Update<unknown> | undefined => {
    if (error._tag !== 'InvalidChange') return undefined
    const update = error.update as Update<unknown>
    return isFinal(final, update[0]) ? undefined : update
  }

/** A user's function that throws keeps the update. */
const isFinal = (final: ((change: unknown) => boolean) | undefined, change: unknown): boolean => {
  try {
    return final?.(change) === true
  } catch {
    return false
  }
}

/** A header from JSON. Errors: `InvalidHeader`. O(s) for a clock of s sources. */
export const decodeHeader = (input: unknown): E.Either<InvalidHeader, Digest> => {
  const decoded = codecs.header.decode(input)
  if (decoded._tag === 'Right') {
    const { id, meta } = decoded.right
    return right({ id, ...havingOf(decoded.right), ...(meta !== undefined && { meta }) })
  }
  const [{ at, value, expected }] = failuresOf(decoded.left) as [ReturnType<typeof failuresOf>[number]]
  return left({ _tag: 'InvalidHeader', at, value, expected })
}

const unfitHeader = ({ at, value, expected }: Json.Unfit): E.Left<InvalidHeader> =>
  left({ _tag: 'InvalidHeader', at: path(at), value, expected })

/**
 * A message for `reconcile` from untrusted input. Updates whose change is unknown here are in
 * `unread`, to be kept; those that are refused are in `refused`, with their place and the reason.
 * The others come through. Errors, for what is no message: `InvalidMessage`, `InvalidHeader`.
 * O(size of the input).
 *
 * @example
 * import * as t from 'io-ts'
 * const model = scuttlebutt(Model.of(t.number))
 * const updates = [[['x', 1], 1000, 'ann'], [['x', 'new'], 1001, 'ann'], [['y', 2], -1, 'ann']]
 * const message = unwrap(model.decodeMessage()({ digest: { id: 'ann', clock: {} }, updates }))
 * message.updates // => [[['x', 1], 1000, 'ann']]
 * message.unread // => [[['x', 'new'], 1001, 'ann']]
 * message.refused.map(({ _tag, at }) => [_tag, at]) // => [['InvalidTimestamp', '.updates[2][1]']]
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
    const rest = decodeRest(members.rest)
    if (rest._tag === 'Left') return rest
    const decoded = decodeUpdates(dataType, policy, members.updates, members.unread)
    return right({ digest: digest.right, ...decoded, ...rest.right })
  }

const decodeUpdates = <S, C>(
  dataType: DataType<S, C>,
  policy: Policy,
  ...lists: readonly [updates: ReadonlyArray<unknown>, unread: ReadonlyArray<unknown>]
): Pick<Message<C>, 'updates' | 'unread' | 'refused'> => {
  const decodeUpdate = decode(dataType)(policy)
  const asUnread = unreadOf(dataType)
  const updates: Update<C>[] = []
  const unread: Update<unknown>[] = []
  const refused: UpdateError[] = []
  for (const [list, name] of [[lists[0], 'updates'] as const, [lists[1], 'unread'] as const]) {
    for (const [i, member] of list.entries()) {
      const update = decodeUpdate(member)
      const kept = update._tag === 'Left' ? asUnread(update.left) : undefined
      if (update._tag === 'Right') updates.push(update.right)
      else if (kept !== undefined) unread.push(kept)
      else refused.push({ ...update.left, at: `.${name}[${String(i)}]${update.left.at}` })
    }
  }
  return { updates, ...(unread.length > 0 && { unread }), ...(refused.length > 0 && { refused }) }
}

/** What a message says beside its digest and its updates. */
const decodeRest = (
  members: Readonly<Record<string, unknown>> | Json.Unfit,
): E.Either<InvalidMessage, Pick<Message<never>, 'since' | 'complete' | 'more' | 'at' | 'asks'>> => {
  if (members instanceof Json.Unfit) {
    return left({ _tag: 'InvalidMessage', at: path(members.at), value: members.value, expected: members.expected })
  }
  const { since: answered, ...kind } = members
  const since = answered === undefined ? undefined : codecs.since.decode(answered)
  const decoded = codecs.kind.decode(kind)
  const errors = since?._tag === 'Left' ? since.left : decoded._tag === 'Left' ? decoded.left : undefined
  if (errors !== undefined) {
    const [{ at, value, expected }] = failuresOf(errors) as [ReturnType<typeof failuresOf>[number]]
    return left({ _tag: 'InvalidMessage', at: since?._tag === 'Left' ? `.since${at}` : at, value, expected })
  }
  const { complete, more, at, asks } = decoded._tag === 'Right' ? decoded.right : {}
  return right({
    ...(since?._tag === 'Right' && { since: havingOf(since.right) }),
    ...(complete && { complete }),
    ...(more && { more }),
    ...(at && { at }),
    ...(asks && { asks }),
  })
}

/** The members of a message, read once. */
const membersOf = (input: unknown, policy: Policy) =>
  readable(() => {
    const { digest, updates, unread, since, complete, more, at, asks } = input as Partial<
      Record<keyof Message<unknown>, unknown>
    >
    return {
      digest: Json.copy(digest, depthOf(policy)),
      updates: Array.isArray(updates) ? Array.from<unknown>(updates) : undefined,
      unread: Array.isArray(unread) ? Array.from<unknown>(unread) : [],
      rest: Json.copy({ since, complete, more, at, asks }, depthOf(policy)) as
        Json.Unfit | Readonly<Record<string, unknown>>,
    }
  })
