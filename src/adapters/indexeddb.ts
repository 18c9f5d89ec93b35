/** scuttlebutt-ts/indexeddb: replicas in IndexedDB, also for several tabs at once. */
import type { taskEither as TE } from 'fp-ts'
import type { SourceId } from '../core/Update.js'
import type { Scuttlebutt } from '../scuttlebutt.js'
import type { IndexedDbError } from './indexeddb/IndexedDbError.js'
import type { IndexedDbStore } from './indexeddb/IndexedDbStore.js'
import { open, type IndexedDbOptions } from './indexeddb/open.js'

export { showIndexedDbError, type IndexedDbError, type IndexedDbFailure } from './indexeddb/IndexedDbError.js'
export type { IndexedDbStore } from './indexeddb/IndexedDbStore.js'
export type { IndexedDbOptions } from './indexeddb/open.js'

/**
 * Opens a store on the replica in the IndexedDB database `name`, or creates both. The database
 * holds updates that are not superseded, and no others, so opening is O(updates held). A round
 * writes the changes since the round before as one transaction, on the disk itself when it ends:
 * O(d log u) for d updates that came or went among u.
 *
 * With `tabs: 'share'` the tabs write under ids of their own: `id`, `id+1`, `id+2`, the least that
 * no open tab has. The others get what one has flushed.
 *
 * Errors: `NoLocks` on a page without `navigator.locks`, `Locked`, `IndexedDb`, `OtherType`,
 * `OtherId`, `Rejected`. A flush has `IndexedDb`, `Locked` and `Closed`; with `share` also
 * `OtherType`, `OtherId` and `Rejected`, if another tab wrote what this program cannot take.
 *
 * @example
 * import 'fake-indexeddb/auto'
 * import * as t from 'io-ts'
 * const model = scuttlebutt(Model.of(t.number))
 * const store = unwrap(await openIndexedDb('notes', model, 'ann', { tabs: 'unlocked' })())
 * store.change(Model.set('x', 1))
 * unwrap(await store.flushed())
 * await store.close()
 * const again = unwrap(await openIndexedDb('notes', model, 'ann', { tabs: 'unlocked' })())
 * Model.toJSON(again.getReplica().state) // => { x: 1 }
 */
export const openIndexedDb =
  <S, C>(
    name: string,
    scuttlebutt: Scuttlebutt<S, C>,
    id: SourceId,
    options: IndexedDbOptions<S, C> = {},
  ): TE.TaskEither<IndexedDbError, IndexedDbStore<S, C>> =>
  () =>
    open(globalThis, name, scuttlebutt, id, options)
