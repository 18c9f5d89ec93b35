/** The interface of a store. */
import type { either as E, taskEither as TE } from 'fp-ts'
import type { Command } from '../../core/DataType.js'
import type { Replica } from '../../core/Replica.js'
import type { Update } from '../../core/Update.js'
import type { Rejection, Scuttlebutt } from '../../scuttlebutt.js'

/** Called with the updates that were new, and the replica after them. */
export type Listener<S, C> = (updates: ReadonlyArray<Update<C>>, replica: Replica<S, C>) => void

/** Small enough that a Redux store can be one. */
export interface Store<S, C> {
  readonly scuttlebutt: Scuttlebutt<S, C>
  readonly getReplica: () => Replica<S, C>
  /**
   * Makes a local update. Errors as the pure `change`; with `security` also `Unsignable` and those
   * of its limits. After an error nothing has changed.
   */
  readonly change: <Err = never>(command: Command<S, C, Err>) => E.Either<Err | Rejection, Update<C>>
  /**
   * Applies the new updates of a batch, as a whole. Calls no listener if none is new. Has no
   * errors: `security` reports refusals. Costs as the pure `applyUpdates`.
   */
  readonly apply: (updates: ReadonlyArray<Update<C>>) => void
  /** Returns the unsubscription. */
  readonly subscribe: (listener: Listener<S, C>) => () => void
}

/** What `createStore` makes. */
export interface LocalStore<S, C> extends Store<S, C> {
  /** Drops what has lapsed by now. Then calls listeners without updates, if anything had lapsed. */
  readonly prune: () => void
  /**
   * As `change`, for asynchronous signers too. Tasks take effect in the order in which they run.
   */
  readonly changeAsync: <Err = never>(command: Command<S, C, Err>) => TE.TaskEither<Err | Rejection, Update<C>>
}
