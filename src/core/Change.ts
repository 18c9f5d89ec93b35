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
 * The change that a frozen JSON value encodes. Errors: why the codec refuses it, or why JSON cannot
 * carry what the codec made of it. Never throws.
 */
export const decode = <S, C>(dataType: DataType<S, C>) => {
  const checkSuffices = isIdentity(dataType.change)
  return (json: unknown): E.Either<ReadonlyArray<Failure>, C> => {
    try {
      if (checkSuffices && dataType.change.is(json)) return right(json)
      const decoded = dataType.change.decode(json)
      if (decoded._tag === 'Left') return left(failuresOf(decoded.left, 0))
      const unfit = unfitOf(dataType.change, decoded.right, json)
      return unfit ? left([failureOf(unfit, 0)]) : decoded
    } catch (error) {
      return left([{ at: '[0]', value: json, expected: `${dataType.change.name} (${String(error)})` }])
    }
  }
}

/**
 * Why JSON cannot carry what a codec made of it, if it cannot: others would read something else.
 * O(1) if the codec gave what it got, else O(size).
 */
export const unfitOf = <C>(codec: t.Type<C, unknown, unknown>, decoded: C, json: unknown): Json.Unfit | undefined => {
  const sent = decoded === json || Json.copy(codec.encode(decoded), MAX_DEPTH)
  return sent instanceof Json.Unfit ? sent : undefined
}

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
