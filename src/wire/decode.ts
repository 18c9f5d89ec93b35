/** Updates, headers and messages from whoever sent them: typed, or a {@link Rejection}. Nothing here throws. */
import type { either as E } from 'fp-ts'
import * as t from 'io-ts'
import type { DataType } from '../core/DataType.js'
import { isCheckOnly } from '../core/identityCodec.js'
import * as Json from '../core/Json.js'
import type { Message } from '../core/reconcile.js'
import { failuresOf, path, type Rejection } from '../core/Rejection.js'
import type { Digest } from '../core/Replica.js'
import type { Update } from '../core/Update.js'
import * as codecs from './codecs.js'
import { depthOf, type Policy } from './Policy.js'

export const reject = (rejection: Rejection): E.Left<Rejection> => ({ _tag: 'Left', left: rejection })

/**
 * An update from untrusted input, a value as JSON.parse gives it: copied, so that the
 * sender's copy may change, and frozen. Costs O(size of the input).
 *
 * Errors: `InvalidUpdate`, `InvalidTimestamp`, `TooFarAhead`, `TooLarge`, `TooDeep`, `InvalidChange`.
 *
 * @example
 * const model = scuttlebutt(Model.of(t.number))
 * model.decode()(JSON.parse('[["x",1],1000,"ann"]')) // => E.right([['x', 1], 1000, 'ann'])
 * const refused = model.decode({ now: 1000, maxDrift: 10 })([['x', 1], 2000, 'ann'])
 * E.isLeft(refused) && refused.left._tag // => 'TooFarAhead'
 */
export const decode =
  <S, C>(dataType: DataType<S, C>) =>
  (policy: Policy = {}) =>
  (input: unknown): E.Either<Rejection, Update<C>> => {
    const copied = safely(() => Json.copy(input, depthOf(policy) + 1))
    if (copied instanceof Json.Unfit) return reject(unfitUpdate(copied, input, policy))
    const bytes = policy.maxBytes === undefined ? 0 : utf8Length(JSON.stringify(copied))
    if (policy.maxBytes !== undefined && bytes > policy.maxBytes) {
      return reject({ _tag: 'TooLarge', at: '', bytes, maxBytes: policy.maxBytes, update: copied })
    }
    return decodeFrozen(dataType)(policy)(copied)
  }

/** Runs what a getter or a proxy in the input may interrupt. */
const safely = <A>(read: () => A): A | Json.Unfit => {
  try {
    return read()
  } catch (error) {
    return new Json.Unfit([], undefined, `a readable value (${String(error)})`)
  }
}

const unfitUpdate = (unfit: Json.Unfit, input: unknown, policy: Policy): Rejection => {
  const at = path(unfit.at)
  if (unfit.expected === Json.LESS_DEPTH) return { _tag: 'TooDeep', at, limit: depthOf(policy), update: input }
  if (at === '[1]') return { _tag: 'InvalidTimestamp', at, timestamp: unfit.value, update: input }
  return { _tag: 'InvalidUpdate', at, value: unfit.value, expected: unfit.expected, update: input }
}

export const utf8Length = (text: string): number => new TextEncoder().encode(text).length

/** As {@link decode}, for JSON that is deeply frozen and of lawful depth and size already. */
export const decodeFrozen = <S, C>(dataType: DataType<S, C>) => {
  const codec = codecs.update(dataType)
  const isChecked = isCheckOnly(codec)
  return ({ now, maxDrift }: Policy) =>
    (update: unknown): E.Either<Rejection, Update<C>> => {
      // what is right needs none of what it takes to say what is wrong
      const decoded = isChecked && codec.is(update) ? t.success(update) : validate(codec, update)
      if (decoded._tag === 'Left') return reject(invalidUpdate(decoded.left, update))
      const timestamp = decoded.right[1]
      if (now !== undefined && maxDrift !== undefined && timestamp - now > maxDrift) {
        return reject({ _tag: 'TooFarAhead', at: '[1]', timestamp, now, maxDrift, update })
      }
      return decoded
    }
}

/** A codec's verdict on an update, frozen. The change's own is the user's: where it throws, it refuses. */
const validate = <A>(codec: t.Type<A, unknown, unknown>, update: unknown): t.Validation<A> => {
  try {
    const decoded = codec.decode(update)
    if (decoded._tag === 'Right') Json.freeze(decoded.right, Infinity) // what the codec made, if it made anything
    return decoded
  } catch (error) {
    const context = ['', '0'].map((key) => ({ key, type: codec }))
    return { _tag: 'Left', left: [{ value: (update as readonly unknown[])[0], context, message: String(error) }] }
  }
}

const invalidUpdate = (errors: t.Errors, update: unknown): Rejection => {
  const failures = failuresOf(errors)
  const [{ at, value, expected }] = failures as [(typeof failures)[number]]
  if (at.startsWith('[0]')) return { _tag: 'InvalidChange', at, failures, update }
  if (at === '[1]') return { _tag: 'InvalidTimestamp', at, timestamp: value, update }
  return { _tag: 'InvalidUpdate', at, value, expected, update }
}

/** A header from JSON. Errors: `InvalidHeader`. O(s) for a clock of s sources. */
export const decodeHeader = (input: unknown): E.Either<Rejection, Digest> => {
  const decoded = codecs.header.decode(input)
  if (decoded._tag === 'Right') {
    const { id, clock, floor, meta } = decoded.right
    const optional = { ...(floor !== undefined && { floor }), ...(meta !== undefined && { meta }) }
    return { _tag: 'Right', right: { id, clock, ...optional } }
  }
  const [{ at, value, expected }] = failuresOf(decoded.left) as [ReturnType<typeof failuresOf>[number]]
  return reject({ _tag: 'InvalidHeader', at, value, expected })
}

const unfitHeader = ({ at, value, expected }: Json.Unfit): E.Left<Rejection> =>
  reject({ _tag: 'InvalidHeader', at: path(at), value, expected })

/**
 * A message for `reconcile` from untrusted input. Refused whole if any update in it is: the
 * path says which. Errors: `InvalidMessage`, `InvalidHeader`, and those of {@link decode}.
 */
export const decodeMessage =
  <S, C>(dataType: DataType<S, C>) =>
  (policy: Policy = {}) =>
  (input: unknown): E.Either<Rejection, Message<C>> => {
    const members = safely(() => {
      const { digest, updates, asks } = input as Partial<Record<keyof Message<C>, unknown>>
      return {
        digest: Json.copy(digest, depthOf(policy)),
        updates: Array.isArray(updates) ? Array.from<unknown>(updates) : undefined,
        asks,
      }
    })
    if (members instanceof Json.Unfit || members.updates === undefined) {
      return reject({
        _tag: 'InvalidMessage',
        at: '.updates',
        value: input,
        expected: 'a digest and a list of updates',
      })
    }
    const digest = members.digest instanceof Json.Unfit ? unfitHeader(members.digest) : decodeHeader(members.digest)
    if (digest._tag === 'Left') return reject({ ...digest.left, at: `.digest${digest.left.at}` })
    const decodeUpdate = decode(dataType)(policy)
    const updates: Update<C>[] = []
    for (const [i, member] of members.updates.entries()) {
      const update = decodeUpdate(member)
      if (update._tag === 'Left') return reject({ ...update.left, at: `.updates[${String(i)}]${update.left.at}` })
      updates.push(update.right)
    }
    const message = { digest: digest.right, updates }
    return { _tag: 'Right', right: members.asks === true ? { ...message, asks: true } : message }
  }
