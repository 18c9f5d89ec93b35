/** A store whose replica is also on a disk or in a database. */
import type { taskEither as TE } from 'fp-ts'
import type { LocalStore } from './Store.js'

export interface DurableStore<S, C, Err> extends LocalStore<S, C> {
  /**
   * Resolves when every update applied so far is saved. A `Left` says why one is not. The store
   * keeps that update, and the next call tries again.
   */
  readonly flushed: TE.TaskEither<Err, void>
  /**
   * As `flushed`, then closes the file, or the replica in the database. If an update cannot be
   * saved, the store stays open, and the next call tries again. Updates applied after `close` are
   * not saved. Errors as `flushed`.
   */
  readonly close: TE.TaskEither<Err, void>
  /**
   * Saves the replica anew, without superseded updates. Happens by itself when more than half of
   * the saved updates are superseded. O(n). Errors as `flushed`.
   */
  readonly compact: TE.TaskEither<Err, void>
}
