/** What a replicated data type is: a pure reducer over updates, and a codec for its changes. */
import type { either as E } from 'fp-ts'
import type { Type } from 'io-ts'
import type { Clock } from './Clock.js'
import type { Log } from './Log.js'
import type { Patch } from './Patch.js'
import type { Timestamp } from './Timestamp.js'
import type { SourceId, Stamp, Update } from './Update.js'

/**
 * A data type with states `S` and changes `C`.
 *
 * The law: any two orders of delivery that keep the order within each source give states that are
 * equal as values. `scuttlebutt-ts/laws` checks it. The core keeps the log, the clock and the order
 * within a source; a data type has only the state.
 *
 * A state is an immutable value without functions. It may hold updates and their changes, which are
 * frozen. Two updates of different sources may arrive in either order, so decide between them by
 * their stamps: timestamp, then source. What an update refers to may come after it, even in a
 * sorted history: a newer update may have superseded that.
 *
 * @example
 * import * as t from 'io-ts'
 * const Highest = {
 *   name: 'Highest',
 *   change: t.number,
 *   empty: 0,
 *   apply: (updates) => (highest) => ({
 *     state: updates.reduce((most, [bid]) => Math.max(most, bid), highest),
 *     superseded: [],
 *   }),
 * }
 * const { applyUpdates, create } = scuttlebutt(Highest)
 * applyUpdates([[5, 1000, 'ann'], [3, 1001, 'ben']])(create('cy')).state // => 5
 */
export interface DataType<S, C> {
  /**
   * The kind, such as `Model`. It stands in signatures, in files and in the first line of streams;
   * two data types need two names. Never made of a codec: a codec grows, and the name must not.
   */
  readonly name: string
  /**
   * Names a generation of the change format that others cannot read, or of a reducer that gives
   * other states. Two replicas with different versions do not talk. Leave it alone for growth: a
   * change that is unknown to an older program waits there unread.
   */
  readonly version?: string
  /** Names under which older signatures count. */
  readonly formerly?: ReadonlyArray<string>
  /**
   * `apply` also takes an older update of a source after a newer one. Without it, the state is made
   * anew when such an update comes.
   */
  readonly anyOrder?: true
  /**
   * How far ahead of our clock a stamp may be, in ms, where that matters to the type. A stream
   * takes the lesser of this and of its policy's `maxDrift`.
   */
  readonly maxDrift?: number
  /**
   * Whether a change that {@link DataType.change} refuses will never be valid, whatever a later
   * version brings: a wrong length, a key that is too long. Others wait unread for that version.
   */
  readonly final?: (change: unknown) => boolean
  /**
   * Decodes an untrusted change, and encodes a change to JSON. Synchronous and pure. A change that
   * it refuses reaches no state. A decoded array or plain object is frozen.
   */
  readonly change: Type<C, unknown, unknown>
  /** The state of a new replica. All replicas share the value. */
  readonly empty: S
  /**
   * A state that an older program made, as this one would have made it of the updates that the
   * older one could read. The same reference if nothing is missing. Absent if nothing can be.
   */
  readonly complete?: (state: S) => S
  /**
   * The state after a batch of updates. The batch is not empty and holds each update once. It is
   * not sorted: only the order within each source is kept. A source that forks its history may
   * bring several updates with one stamp. They are ordered by their canonical JSON: see
   * `Update.before`.
   *
   * Never changes the `state` that it is given. Returns the same reference if nothing changed.
   * Total and deterministic: it never throws, and uses no clock, no randomness and no I/O.
   */
  readonly apply: (updates: ReadonlyArray<Update<C>>) => (state: S) => Applied<S, C>
  /**
   * {@link apply} for one update that this replica has just made. Absent if that makes no
   * difference.
   */
  readonly own?: (update: Update<C>) => (state: S) => Applied<S, C>
  /**
   * Drops the entries that have lapsed at `now`, in ms since the epoch. Otherwise as {@link apply}.
   */
  readonly prune?: (now: Timestamp) => (state: S) => Applied<S, C>
  /**
   * A replica from the JSON that the type's own way to save one gave. Errors: `NotSaved` for all
   * else. Absent if the type has no such way.
   */
  readonly load?: (saved: unknown) => E.Either<NotSaved, Loaded<S, C>>
  /**
   * The state as plain JSON. Equal on two replicas with equal clocks. Absent if a query needs more
   * than the state.
   */
  readonly toJSON?: (state: S) => unknown
  /**
   * What changed from one state to another: patches that, applied one after another to the
   * {@link toJSON} of the first, give that of the second. None if these are equal. O(d log n) for d
   * differences between versions of one state. Absent if the state is one value.
   */
  readonly diff?: (before: S) => (after: S) => ReadonlyArray<Patch>
  /**
   * As {@link diff}, with what {@link toJSON} does not show, such as an item in the place of an
   * equal one: for undo. Absent if `diff` tells all.
   */
  readonly fullDiff?: (before: S) => (after: S) => ReadonlyArray<Patch>
  /**
   * Commands that make such patches one's own edit. What they cannot do they leave out, or do as
   * well as they can. Absent if nothing can be taken back. O(patches).
   */
  readonly patch?: (patches: ReadonlyArray<Patch>) => ReadonlyArray<Command<S, C, unknown>>
}

/** A replica that was saved. */
export interface Loaded<S, C> {
  readonly id: SourceId
  readonly clock: Clock
  readonly log: Log<C>
  readonly state: S
}

/** The value is not what the data type saved. */
export interface NotSaved {
  readonly _tag: 'NotSaved'
  readonly reason: string
}

/** The result of a transition. */
export interface Applied<S, C> {
  readonly state: S
  /**
   * Updates of this batch or of an earlier one that no peer needs any more; the core drops them
   * from the log, by their stamps. A replica that gets the updates that remain must reach an equal
   * state. Leave it empty if in doubt: the log then only grows.
   */
  readonly superseded: ReadonlyArray<Update<C>>
  /**
   * From `prune`: no update up to this timestamp will ever count again, from any source. Absent if
   * one may.
   */
  readonly lapsed?: Timestamp
}

/**
 * What a local user asks for: a change, or a function that makes a change from the state and from
 * the stamp of the coming update. Make unique keys from the stamp.
 */
export type Command<S, C, Err = never> = C | Maker<S, C, Err>

/** The form of a {@link Command} that reads the state first. It may refuse with an `Err`. */
export type Maker<S, C, Err = never> = (state: S, stamp: Stamp) => E.Either<Err, C>
