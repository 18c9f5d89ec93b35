/** The interface of a store. */
import type { either as E, option as O, taskEither as TE } from 'fp-ts'
import type { Command } from '../../core/DataType.js'
import type { Budget } from '../../core/Frontier.js'
import type { Message } from '../../core/reconcile.js'
import type { Replica } from '../../core/Replica.js'
import type { SourceId, Stamp, Update } from '../../core/Update.js'
import type { Rejection, Scuttlebutt } from '../../scuttlebutt.js'

/**
 * Called with the updates that were new, the replica after them, and the one before. Without
 * updates when only what is sure, unread or pruned has moved, or when a refusal came.
 */
export type Listener<S, C> = (updates: ReadonlyArray<Update<C>>, replica: Replica<S, C>, before: Replica<S, C>) => void

export interface SubscribeOptions {
  /**
   * The listener is called before all others, also of a change that another one makes. For what
   * they may ask, such as undo. It must not change the store.
   */
  readonly first?: boolean
}

/** Small enough that a Redux store can be one. */
export interface Store<S, C> {
  readonly scuttlebutt: Scuttlebutt<S, C>
  readonly getReplica: () => Replica<S, C>
  /**
   * Makes a local update. Errors as the pure `change`; with `security` also `Unsignable` and those
   * of its limits; with `strict` also `AheadOfClock`. After an error nothing has changed.
   */
  readonly change: <Err = never>(command: Command<S, C, Err>) => E.Either<Err | Rejection, Update<C>>
  /**
   * Applies the new updates of a batch, as a whole. The caller vouches that none is missing before
   * them: see the pure `applyUpdates`. Calls no listener if none is new. Has no errors: `security`
   * reports refusals. Costs as the pure `applyUpdates`.
   */
  readonly apply: (updates: ReadonlyArray<Update<C>>) => void
  /** Returns the unsubscription. A store of your own may leave the options aside. */
  readonly subscribe: (listener: Listener<S, C>, options?: SubscribeOptions) => () => void
  /**
   * Takes a peer's message and gives the answer, as the pure `reconcile`. With `security`, updates
   * whose verdict is still out count as refused for now. Streams and links need it.
   */
  readonly reconcile?: (message: Message<C>, budget?: Budget) => O.Option<Message<C>>
}

/**
 * An own update that a peer refused, that is stamped too far ahead of the wall clock, or that peers
 * may never take.
 */
export interface RefusedUpdate extends Stamp {
  /** The tag of the peer's rejection, or `AheadOfClock`, or `Overtaken`: see README. */
  readonly reason: string
  /** The id in the header of the peer that said so. */
  readonly by?: SourceId
}

export interface ReconcileOptions {
  /** The peer's word counts for two, where a store with `security` wants two: see its README. */
  readonly trusted?: boolean
}

/** What `createStore` makes. */
export interface LocalStore<S, C> extends Store<S, C> {
  readonly reconcile: (message: Message<C>, budget?: Budget, options?: ReconcileOptions) => O.Option<Message<C>>
  /** As `reconcile`, but waits for the verdicts on the message's updates before it answers. */
  readonly reconcileAsync: (
    message: Message<C>,
    budget?: Budget,
    options?: ReconcileOptions,
  ) => Promise<O.Option<Message<C>>>
  /**
   * Several local updates, each command on the state after those before it: all or nothing.
   * Listeners are called once. Errors as `change`.
   */
  readonly changeAll: <Err = never>(
    commands: Iterable<Command<S, C, Err>>,
  ) => E.Either<Err | Rejection, ReadonlyArray<Update<C>>>
  /** Drops what has lapsed by now. Then calls listeners without updates, if anything had lapsed. */
  readonly prune: () => void
  /**
   * As `change`, for asynchronous signers too. Tasks take effect in the order in which they run.
   */
  readonly changeAsync: <Err = never>(command: Command<S, C, Err>) => TE.TaskEither<Err | Rejection, Update<C>>
  /** The updates that this program cannot read. They are kept and passed on. O(u log u). */
  readonly unread: () => ReadonlyArray<Update<unknown>>
  /**
   * The own updates that peers refused or may never take (`Overtaken`), and those stamped too far
   * ahead of the wall clock: the newest 1,000. Listeners are called when it grows. `reissue`
   * repairs what is stamped ahead; write the others again.
   */
  readonly refusals: () => ReadonlyArray<RefusedUpdate>
  /** Ends a doubt by the user's word that nobody else knows more: see the pure `settle`. */
  readonly settle: (sources?: Iterable<SourceId>) => void
  /**
   * Goes on under a new id, with the own updates that lie ahead of the wall clock stamped anew: see
   * the pure `reissue`. Gives the new updates. They are unsigned.
   */
  readonly reissue: (newId: SourceId) => ReadonlyArray<Update<C>>
}
