/**
 * What a replica has seen: for each source the timestamp of its newest update, which
 * stands for all its earlier ones too. A persistent version vector.
 *
 * Clocks form a join-semilattice under {@link join}, ordered by {@link leq}.
 * Source: van Renesse et al., "Efficient Reconciliation and Flow Control for
 * Anti-Entropy Protocols" (LADIS 2008), section 3.
 */
import * as SortedMap from '../structures/SortedMap.js'
import { NEVER, type Timestamp } from './Timestamp.js'
import type { SourceId, Update } from './Update.js'

export interface Clock {
  readonly timestamps: SortedMap.SortedMap<SourceId, Timestamp>
  /** The greatest timestamp seen, or the floor if that is higher. Local stamps come after it. */
  readonly latest: Timestamp
  /**
   * Every source is covered up to here, also one never heard of. All `timestamps` are above. Rises
   * when updates lapse.
   */
  readonly floor: Timestamp
}

/** A clock as a digest carries it. `__proto__` is a source like any other: a peer may send it. */
export type ClockRecord = Readonly<Record<SourceId, Timestamp>>

/** The order of sources: by UTF-16 code unit. */
export const bySource: SortedMap.Less<SourceId> = SortedMap.byText

/** Has seen nothing. */
export const empty: Clock = { timestamps: SortedMap.empty(), latest: NEVER, floor: NEVER }

/** The clock of a record, above a floor. O(s log s) for s sources. */
export const fromRecord = (record: ClockRecord, floor: Timestamp = NEVER): Clock => {
  const draft = new Draft({ ...empty, floor })
  for (const source of Object.keys(record)) draft.advance(source, record[source]!)
  return draft.done()
}

/**
 * A clock in the making. It writes down the timestamp of a source only when another source moves:
 * most batches are runs of one source's updates.
 */
export class Draft {
  private readonly origin: Clock
  /** Made when a second source moves. */
  private timestamps: SortedMap.Draft<SourceId, Timestamp> | undefined
  private latest: Timestamp
  private source: SourceId | undefined
  private timestamp: Timestamp = NEVER

  constructor(origin: Clock) {
    this.origin = origin
    this.latest = origin.latest
  }

  timestampOf(source: SourceId): Timestamp {
    if (source === this.source) return this.timestamp
    return this.timestamps === undefined
      ? timestampOf(source)(this.origin)
      : (this.timestamps.get(source) ?? this.origin.floor)
  }

  /** Whether the clock moved. A covered stamp, or NaN, moves nothing. */
  advance(source: SourceId, timestamp: Timestamp): boolean {
    if (!(timestamp > this.timestampOf(source))) return false
    if (source !== this.source) {
      if (this.source !== undefined) {
        this.timestamps ??= new SortedMap.Draft(bySource, this.origin.timestamps)
        this.timestamps.set(this.source, this.timestamp)
      }
      this.source = source
    }
    this.timestamp = timestamp
    if (timestamp > this.latest) this.latest = timestamp
    return true
  }

  done(): Clock {
    const { origin, source, timestamp, latest } = this
    if (source === undefined) return origin
    const others = this.timestamps?.done() ?? origin.timestamps
    return { timestamps: SortedMap.set(bySource, others, source, timestamp), latest, floor: origin.floor }
  }
}

/**
 * The clock that also covers an update. The same clock if it covers it already. O(log s).
 *
 * @example
 * toRecord(advance([['x', 1], 1000, 'ann'])(empty)) // => { ann: 1000 }
 */
export const advance =
  (update: Update<unknown>) =>
  (clock: Clock): Clock =>
    withOne(update[2], update[1], clock)

const withOne = (source: SourceId, timestamp: Timestamp, clock: Clock): Clock => {
  const { latest, floor } = clock
  if (!(timestamp > floor)) return clock
  const later = (before = NEVER): Timestamp => (timestamp > before ? timestamp : before)
  const timestamps = SortedMap.update(bySource, clock.timestamps, source, later)
  return timestamps === clock.timestamps ? clock : { timestamps, latest: Math.max(latest, timestamp), floor }
}

/** {@link advance} for each update. O(u log s) for u updates. */
export const advanceAll =
  (updates: Iterable<Update<unknown>>) =>
  (clock: Clock): Clock => {
    const draft = new Draft(clock)
    for (const update of updates) draft.advance(update[2], update[1])
    return draft.done()
  }

/**
 * The least clock that covers what either covers. Shares its structure with `clock`,
 * and is `clock` itself if that covers `other`. O(d log s) for d sources that
 * differ between versions of one clock, O(s log s) between strangers.
 *
 * @example
 * toRecord(join(fromRecord({ a: 1, b: 5 }))(fromRecord({ a: 3 }))) // => { a: 3, b: 5 }
 */
export const join =
  (other: Clock) =>
  (clock: Clock): Clock => {
    const draft = new Draft(raise(other.floor)(clock))
    SortedMap.forEachChange(bySource, clock.timestamps, other.timestamps, (source, timestamp) => {
      draft.advance(source, timestamp)
    })
    return draft.done()
  }

/**
 * Covers all sources up to a timestamp, and forgets the sources that have nothing newer. The same
 * clock if its floor is as high. O(f log s) for f forgotten, and O(s).
 *
 * @example
 * const clock = raise(3)(fromRecord({ a: 1, b: 5 }))
 * toRecord(clock) // => { b: 5 }
 * covers(['x', 2, 'c'])(clock) // => true
 */
export const raise =
  (floor: Timestamp) =>
  (clock: Clock): Clock => {
    if (!(floor > clock.floor)) return clock
    const timestamps = new SortedMap.Draft(bySource, clock.timestamps)
    SortedMap.forEach(clock.timestamps, (timestamp, source) => {
      if (timestamp <= floor) timestamps.remove(source)
    })
    return { timestamps: timestamps.done(), latest: Math.max(clock.latest, floor), floor }
  }

/** The timestamp of a source's newest update, or the floor if none is above it. O(log s). */
export const timestampOf =
  (source: SourceId) =>
  (clock: Clock): Timestamp =>
    SortedMap.get(bySource, clock.timestamps, source) ?? clock.floor

/** Whether an update was seen. O(log s). */
export const covers =
  ([, timestamp, source]: Update<unknown>) =>
  (clock: Clock): boolean =>
    timestamp <= timestampOf(source)(clock)

/** The number of sources seen above the floor. O(1). */
export const size = (clock: Clock): number => SortedMap.size(clock.timestamps)

/** A source that one clock has seen further than another. The other has seen it up to `since`. */
export type Behind = readonly [source: SourceId, since: Timestamp]

/**
 * The sources that `clock` has seen further than both `old` and `known`. Costs as {@link join} of
 * `clock` and `old`, and a look-up in `known` for each source in which they differ.
 */
export const ahead =
  (old: Clock, known: Clock = empty) =>
  (clock: Clock): ReadonlyArray<Behind> => {
    const behind: Behind[] = []
    SortedMap.forEachChange(bySource, old.timestamps, clock.timestamps, (source, timestamp, before = old.floor) => {
      const since = Math.max(before, timestampOf(source)(known))
      if (timestamp > since) behind.push([source, since])
    })
    return behind
  }

/** {@link ahead} of a clock record and its floor. O(s), with one look-up a source. */
export const aheadOfRecord =
  (known: ClockRecord, floor: Timestamp = NEVER) =>
  (clock: Clock): ReadonlyArray<Behind> => {
    const behind: Behind[] = []
    SortedMap.forEach(clock.timestamps, (timestamp, source) => {
      const claimed = Object.hasOwn(known, source) ? known[source]! : floor
      const since = claimed > floor ? claimed : floor
      if (timestamp > since) behind.push([source, since])
    })
    return behind
  }

/**
 * Whether a digest claims anything that `clock` has not seen. O(s log s), and O(s) if all of it was
 * seen above the floor.
 */
export const lacks =
  (claimed: ClockRecord) =>
  (clock: Clock): boolean => {
    const sources = Object.keys(claimed)
    let seen = 0
    SortedMap.forEach(clock.timestamps, (timestamp, source) => {
      if (Object.hasOwn(claimed, source) && claimed[source]! <= timestamp) seen++
    })
    return seen < sources.length && sources.some((source) => claimed[source]! > timestampOf(source)(clock))
  }

/** The partial order of clocks: whether `b` covers all that `a` covers. Costs as {@link join}. */
export const leq = (a: Clock, b: Clock): boolean => a.floor <= b.floor && ahead(b)(a).length === 0

/** fp-ts's `Eq`. Costs as {@link join}. */
export const Eq = { equals: (a: Clock, b: Clock): boolean => a === b || (leq(a, b) && leq(b, a)) }

/** fp-ts's `BoundedJoinSemilattice`. */
export const JoinSemilattice = { join: (a: Clock, b: Clock): Clock => join(b)(a), zero: empty }

/** The record that a digest carries: sources in order, without the floor. O(s). */
export const toRecord = (clock: Clock): ClockRecord => {
  const record: Record<SourceId, Timestamp> = {}
  SortedMap.forEach(clock.timestamps, (value, source) => {
    // assigning to `__proto__` would set the prototype
    if (source === '__proto__') Object.defineProperty(record, source, { ...OWN, value })
    else record[source] = value
  })
  return record
}

const OWN = { enumerable: true, writable: true, configurable: true }
