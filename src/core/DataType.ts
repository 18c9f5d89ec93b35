/** What a replicated data type is: a pure reducer over updates, and a codec for its changes. */
import type { either as E } from 'fp-ts'
import type { Type } from 'io-ts'
import type { Timestamp } from './Timestamp.js'
import type { Stamp, Update } from './Update.js'

/**
 * Any two orders of delivery that keep each source's own order give states equal as
 * values. History is none of its business: the core keeps the log.
 */
export interface DataType<S, C> {
  readonly name: string
  /** Decodes an untrusted change, encodes one to JSON. Synchronous, and pure. */
  readonly change: Type<C, unknown, unknown>
  readonly empty: S
  /**
   * The transition. Gets each source's updates in order and each once, never changes
   * the `state` that it is given, and gives the same reference if nothing changed.
   * Total and deterministic: no clock, no randomness, no I/O.
   */
  readonly apply: (updates: ReadonlyArray<Update<C>>) => (state: S) => Applied<S, C>
  /** Lets go of what has lapsed at `now`, in ms since the epoch, for types whose entries do. As {@link apply} otherwise. */
  readonly prune?: (now: Timestamp) => (state: S) => Applied<S, C>
  /** Plain JSON, equal on two replicas with equal clocks, for types that do not ask for more than the state. */
  readonly toJSON?: (state: S) => unknown
}

export interface Applied<S, C> {
  readonly state: S
  /** Updates, of the batch or earlier, that nobody needs to be sent any more. */
  readonly superseded: ReadonlyArray<Update<C>>
  /** Of `prune`: no update up to this timestamp, whoever made it, will ever count again. Absent if some may. */
  readonly lapsed?: Timestamp
}

/**
 * What a local user wants: a change, or a function that makes one from the state and
 * the stamp of the update to be. Unique keys come from the stamp.
 */
export type Command<S, C, Err = never> = C | Maker<S, C, Err>

/** The form of a {@link Command} that looks before it writes. */
export type Maker<S, C, Err = never> = (state: S, stamp: Stamp) => E.Either<Err, C>
