/** What is known of versions and actions: it saves the reducer from doing things twice. */
import type { Replica } from '../../core/Replica.js'
import type { SourceId } from '../../core/Update.js'
import type { Action } from './actions.js'

type Any = Replica<unknown, unknown>

/** For an action that a store made: what becomes of the versions that it was made for. */
const outcomeByAction = new WeakMap<Action, { readonly from: ReadonlyArray<Any>; readonly to: Any }>()

/** The id of the slice that keeps a version. */
const ownerByVersion = new WeakMap<Any, SourceId>()

export interface Keeper<S, C> {
  /**
   * Freezes the records of a replica. Immer and the checks of Redux Toolkit then pass them by,
   * instead of walking through its trees. O(1).
   */
  readonly keep: (replica: Replica<S, C>) => Replica<S, C>
  /**
   * The kept version of what Redux holds. A copy gives its original. A version from elsewhere gives
   * one copy under the slice's id. O(1).
   * Throws a `TypeError` for what is no replica.
   */
  readonly kept: (replica: Replica<S, C>) => Replica<S, C>
}

export const keeper = <S, C>(id: SourceId): Keeper<S, C> => {
  const versionByLog = new WeakMap<object, Replica<S, C>>()
  const keep = (replica: Replica<S, C>): Replica<S, C> => {
    Object.freeze(replica.state)
    ownerByVersion.set(replica, id)
    versionByLog.set(replica.log, replica)
    return Object.freeze(replica)
  }
  const kept = (replica: Replica<S, C>): Replica<S, C> => {
    if (ownerByVersion.get(replica) === id) return replica
    if (!(replica as Partial<typeof replica> | undefined)?.clock) throw new TypeError('no replica: see path')
    const { clock, log, state } = replica
    const version = versionByLog.get(log)
    return version?.state === state && version.clock === clock ? version : keep({ id, clock, log, state })
  }
  return { keep, kept }
}

/** Remembers what becomes of some versions by an action. */
export const remember = (action: Action, from: ReadonlyArray<Any>, to: Any): void => {
  outcomeByAction.set(action, { from, to })
}

/** What becomes of a version by an action, if it is known. */
export const recall = <S, C>(action: Action, replica: Replica<S, C>): Replica<S, C> | undefined => {
  const known = outcomeByAction.get(action)
  return known?.from.includes(replica) ? (known.to as Replica<S, C>) : undefined
}
