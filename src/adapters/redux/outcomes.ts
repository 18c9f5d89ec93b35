/** What is known of versions and actions: it saves the reducer from doing things twice. */
import type { Replica } from '../../core/Replica.js'
import type { SourceId } from '../../core/Update.js'
import type { Action } from './actions.js'

type Any = Replica<unknown, unknown>

/** An action that a store made, with the versions that it was made for, and what becomes of them. */
interface Outcome {
  readonly from: ReadonlyArray<Any>
  readonly after: Any
}

const outcomes = new WeakMap<Action, Outcome>()

/** The versions that slices keep, by the id that was given to the slice. */
const owners = new WeakMap<Any, SourceId>()

/** A kept version, by its log: to recognise a copy, as redux-persist makes one at each action. */
const versions = new WeakMap<object, Any>()

export interface Keeper<S, C> {
  /**
   * Freezes the records of a replica. Immer and the checks of Redux Toolkit then pass them by,
   * instead of walking through its trees. O(1).
   */
  readonly keep: (replica: Replica<S, C>) => Replica<S, C>
  /**
   * The version that is kept of what is in Redux: itself; that of which it is a copy; or, of one
   * from elsewhere, such as a saved state, a copy under the slice's id, each time the same. O(1).
   */
  readonly kept: (replica: Replica<S, C>) => Replica<S, C>
}

export const keeper = <S, C>(id: SourceId): Keeper<S, C> => {
  const copies = new WeakMap<Replica<S, C>, Replica<S, C>>()
  const keep = (replica: Replica<S, C>): Replica<S, C> => {
    Object.freeze(replica)
    Object.freeze(replica.state)
    owners.set(replica, id)
    versions.set(replica.log, replica)
    return replica
  }
  const versionOf = (copy: Replica<S, C>): Replica<S, C> | undefined => {
    const version = versions.get(copy.log)
    if (version === undefined || owners.get(version) !== id) return undefined
    const isSame = version.id === copy.id && version.state === copy.state && version.clock === copy.clock
    return isSame ? (version as Replica<S, C>) : undefined
  }
  return {
    keep,
    kept: (replica) => {
      if (owners.get(replica) === id) return replica
      const { clock, log, state } = replica
      const version = versionOf(replica) ?? copies.get(replica) ?? keep({ id, clock, log, state })
      copies.set(replica, version)
      return version
    },
  }
}

/** Remembers what becomes of some versions by an action. */
export const remember = (action: Action, from: ReadonlyArray<Any>, after: Any): void => {
  outcomes.set(action, { from, after })
}

/** What becomes of a version by an action, if it is known. */
export const recall = <S, C>(action: Action, replica: Replica<S, C>): Replica<S, C> | undefined => {
  const outcome = outcomes.get(action)
  return outcome?.from.includes(replica) === true ? (outcome.after as Replica<S, C>) : undefined
}
