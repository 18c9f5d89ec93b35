/** The one gate by which changes enter a replica, the local ones as those of a peer. */
import type { either as E } from 'fp-ts'
import { isCheckOnly } from './identityCodec.js'
import type { DataType } from './DataType.js'
import * as Json from './Json.js'
import { failureOf, failuresOf, type Failure } from './Rejection.js'
import type { Update } from './Update.js'

/** Deeper than this no change nests, whoever makes it: what we write, every peer must read. */
export const MAX_DEPTH = 128

/** The change that an already frozen JSON value is, or what the codec would not have. Never throws. */
export const decode = <S, C>(dataType: DataType<S, C>) => {
  const isChecked = isCheckOnly(dataType.change)
  return (json: unknown): E.Either<ReadonlyArray<Failure>, C> => {
    try {
      if (isChecked && dataType.change.is(json)) return { _tag: 'Right', right: json }
      const decoded = dataType.change.decode(json)
      return decoded._tag === 'Right' ? decoded : { _tag: 'Left', left: failuresOf(decoded.left, 0) }
    } catch (error) {
      return {
        _tag: 'Left',
        left: [{ at: '[0]', value: json, expected: `${dataType.change.name} (${String(error)})` }],
      }
    }
  }
}

/**
 * A local change as every peer will read it: encoded, copied, frozen and decoded again,
 * so that no two replicas hold different values for it.
 */
export const normalise = <S, C>(dataType: DataType<S, C>) => {
  const decoder = decode(dataType)
  return (change: C): E.Either<ReadonlyArray<Failure>, C> => {
    let copied: unknown
    try {
      copied = Json.copy(dataType.change.encode(change), MAX_DEPTH)
    } catch (error) {
      copied = new Json.Unfit([], change, `${dataType.change.name} (${String(error)})`)
    }
    return copied instanceof Json.Unfit ? { _tag: 'Left', left: [failureOf(copied, 0)] } : decoder(copied)
  }
}

/**
 * The update, safe from whoever still holds the objects within its change: those are copied,
 * unless it is frozen as `decode` and `change` give it. O(1) for a frozen or a flat change.
 */
export const isolate = <C>(update: Update<C>): Update<C> => {
  if (isFlat(update[0])) return update
  const [change, ...rest] = update
  const copied = Json.copy(change, MAX_DEPTH)
  // what is no JSON, a codec has made: such values are the codec's to keep immutable
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
