/** A cell around a replica: only here does it change, and only here is the wall clock read. */
import type { SourceId } from '../core/Update.js'
import type { Scuttlebutt } from '../scuttlebutt.js'
import { create, type StoreOptions } from './store/create.js'
import type { LocalStore } from './store/Store.js'

export type { StoreOptions } from './store/create.js'
export { part, type PartStore, type Whole } from './store/part.js'
export type { Listener, LocalStore, RefusedUpdate, Store } from './store/Store.js'

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
): LocalStore<S, C> => create(scuttlebutt, id, options)
