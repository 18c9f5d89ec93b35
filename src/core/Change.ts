/** How changes enter a replica: local ones and those of peers pass the same checks. */
import type { either as E } from 'fp-ts'
import type * as t from 'io-ts'
import type { DataType } from './DataType.js'
import { left, right } from './Either.js'
import { isIdentity } from './identityCodec.js'
import * as Json from './Json.js'
import { failureOf, failuresOf, type Failure, type InUpdate } from './Rejection.js'
import type { Update } from './Update.js'

/** The deepest nesting of a change, local or not: every peer must be able to read it. */
export const MAX_DEPTH = 128

/** The data type's codec refuses the change. */
export type InvalidChange = InUpdate & {
  readonly _tag: 'InvalidChange'
  readonly failures: ReadonlyArray<Failure>
}

/** The update, or its change, has more than `maxBytes` UTF-8 bytes of JSON. */
export type TooLarge = InUpdate & {
  readonly _tag: 'TooLarge'
  readonly bytes: number
  readonly maxBytes: number
}

/**
 * The change that a frozen JSON value encodes. Errors: why the codec refuses it, or what it made of
 * it: see {@link readBack}. Never throws.
 */
export const decode = <S, C>(dataType: DataType<S, C>) => {
  const checkSuffices = isIdentity(dataType.change)
  return (json: unknown): E.Either<ReadonlyArray<Failure>, C> => {
    try {
      if (checkSuffices && dataType.change.is(json)) return right(json)
      const decoded = dataType.change.decode(json)
      if (decoded._tag === 'Left') return left(failuresOf(decoded.left, 0))
      const made = readBack(dataType.change, decoded.right, json)
      return made instanceof Json.Unfit ? left([failureOf(made, 0)]) : right(Json.freeze(made[0], Infinity) as C)
    } catch (error) {
      return left([{ at: '[0]', value: json, expected: `${dataType.change.name} (${String(error)})` }])
    }
  }
}

/** What a codec made of JSON, and whether it writes that JSON again. */
type ReadBack<C> = readonly [change: C, isSame: boolean]

/**
 * What a codec made of JSON, as others read it: they get it encoded again, and must come to the
 * same. Unfit if JSON cannot carry it, or if the codec makes another value each time. The cost of
 * the codec's encode, and O(size) unless that gives the JSON itself.
 */
export const readBack = <C>(
  codec: t.Type<C, unknown, unknown>,
  decoded: C,
  json: unknown,
): ReadBack<C> | Json.Unfit => {
  const written = codec.encode(decoded)
  if (written === json) return [decoded, true]
  const sent = Json.copy(written, MAX_DEPTH)
  if (sent instanceof Json.Unfit) return sent
  if (Json.equals(sent, json)) return [decoded, true]
  const read = codec.decode(sent)
  return read._tag === 'Right' && Json.equals(Json.copy(codec.encode(read.right), MAX_DEPTH), sent)
    ? [read.right, false]
    : new Json.Unfit('value', [], decoded, SAME)
}

/** What updates said, if their codec made something else of it. Most programs have none such. */
let said: WeakMap<Update<unknown>, unknown> | undefined

/**
 * The update, which is to be passed on as this JSON: its codec may have dropped a member that a
 * newer program wrote, or filled one in. A copy of the update, as of a cloned replica, says what
 * the codec made. O(1).
 */
export const saying = <C>(update: Update<C>, json: unknown): Update<C> => {
  said ??= new WeakMap()
  said.set(update, json)
  return update
}

/** The change of an update as JSON. Costs as the codec. */
export const jsonOf =
  <C>(codec: t.Type<C, unknown, unknown>) =>
  (update: Update<C>): unknown =>
    said?.has(update) ? said.get(update) : codec.encode(update[0])

/** What is expected of a value that a codec changes each time. */
export const SAME = 'a value that is read as it was written'

/**
 * A local change as every peer will read it: encoded, copied, frozen and decoded again. So all
 * replicas hold the same value for it. Errors: why JSON or the codec refuses it. Adds to `size` the
 * most bytes that it takes. O(size).
 */
export const normalise = <S, C>(dataType: DataType<S, C>) => {
  const decoder = decode(dataType)
  return (change: C, size?: Json.Size): E.Either<ReadonlyArray<Failure>, C> => {
    let copied: unknown
    try {
      copied = Json.copy(dataType.change.encode(change), MAX_DEPTH, size)
    } catch (error) {
      copied = new Json.Unfit('value', [], change, `${dataType.change.name} (${String(error)})`)
    }
    return copied instanceof Json.Unfit ? left([failureOf(copied, 0)]) : decoder(copied)
  }
}

/**
 * The update with a change that nobody else can edit: the change is copied unless it is frozen, as
 * `decode` and `change` give it. O(1) for a frozen change or one without objects, else O(size).
 */
export const isolate = <C>(update: Update<C>): Update<C> => {
  if (isFlat(update[0])) return update
  const [change, ...rest] = update
  const copied = Json.copy(change, MAX_DEPTH)
  // only a codec makes a value that is not JSON, and must keep it immutable
  return copied instanceof Json.Unfit ? update : [copied as C, ...rest]
}

const isFlat = (change: unknown): boolean => {
  if (!isObject(change)) return true
  const members: readonly unknown[] = Array.isArray(change) ? change : Object.values(change)
  let i = 0
  while (i < members.length && !isObject(members[i])) i++
  return i === members.length || Object.isFrozen(change)
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
