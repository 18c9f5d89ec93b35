/** A cell around a replica: only here does it change, and only here is the wall clock read. */
import type * as Replica from '../core/Replica.js'
import type { SourceId } from '../core/Update.js'
import type { Scuttlebutt } from '../scuttlebutt.js'
import type { Security } from '../trust/Security.js'
import { createCell } from './store/Cell.js'
import { rereadAllowed } from './store/gate.js'
import { createOnCell } from './store/onCell.js'
import type { LocalStore } from './store/Store.js'

export { part, type PartStore, type Whole } from './store/part.js'
export type { Listener, LocalStore, RefusedUpdate, Store } from './store/Store.js'

export interface StoreOptions<S, C> {
  /** The wall clock, in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number
  /** The replica to start with. It is not checked. Default: an empty one. */
  readonly replica?: Replica.Replica<S, C>
  /** Whose updates are taken, and which ones. Default: all of everybody. */
  readonly security?: Security<S, C>
  /**
   * How far, in ms, the wall clock may be behind the newest stamp seen, before an own update counts
   * as `AheadOfClock`: peers may refuse it. Default: a day, or less if the data type says so.
   */
  readonly maxDrift?: number
  /** Refuses to make such an update. Default: makes it, and tells it by `refusals()`. */
  readonly strict?: boolean
}

/**
 * A store. Listeners are called for every change, in the order of changes, also for one that a
 * listener makes. A listener that throws harms no other: its error surfaces as uncaught, as with
 * DOM events. Costs as the pure functions and O(listeners) a batch; with `security`, also as
 * signing and verifying.
 *
 * @example
 * import { option as O } from 'fp-ts'
 * import * as t from 'io-ts'
 * const store = createStore(scuttlebutt(Model.of(t.number)), 'alice')
 * store.change(Model.set('x', 1))
 * Model.get('x')(store.getReplica().state) // => O.some(1)
 */
export const createStore = <S, C>(
  scuttlebutt: Scuttlebutt<S, C>,
  id: SourceId,
  options: StoreOptions<S, C> = {},
): LocalStore<S, C> => {
  const { now = Date.now, replica: saved = scuttlebutt.create(id), security } = options
  const reread = rereadAllowed(scuttlebutt, security)
  const cell = createCell(reread(saved.id === id ? saved : { ...saved, id }))
  return createOnCell(scuttlebutt, cell, { ...options, now })
}
