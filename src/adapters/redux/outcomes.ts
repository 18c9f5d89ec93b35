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

/** The versions that are as a slice keeps them: frozen, under the id that they are to have. */
const kept = new WeakSet<Any>()

/**
 * Freezes the records of a replica. Immer and the checks of Redux Toolkit then pass them by,
 * instead of walking through its trees. O(1).
 */
export const keep = <S, C>(replica: Replica<S, C>): Replica<S, C> => {
  Object.freeze(replica)
  Object.freeze(replica.state)
  kept.add(replica)
  return replica
}

/** Versions from elsewhere, such as a saved state, as this slice keeps them: each always the same. */
export const keeper = <S, C>(id: SourceId) => {
  const copies = new WeakMap<Replica<S, C>, Replica<S, C>>()
  return (replica: Replica<S, C>): Replica<S, C> => {
    if (kept.has(replica)) return replica
    const copy = copies.get(replica) ?? keep({ ...replica, id })
    copies.set(replica, copy)
    return copy
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
