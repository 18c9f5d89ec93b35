/**
 * What a replica has seen: for each source the timestamp of its newest update. And how far it is
 * sure of it: up to there, no update of the source is missing. A persistent version vector.
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
  /**
   * The sources that are in doubt, and how far the replica is sure of each: below its newest
   * timestamp, at least the floor. Of all others it is sure. Absent if none is in doubt.
   */
  readonly sure?: SortedMap.SortedMap<SourceId, Timestamp>
}

const clockOf = (timestamps: Clock['timestamps'], latest: Timestamp, floor: Timestamp, sure: Clock['sure']): Clock =>
  sure === undefined || SortedMap.size(sure) === 0 ? { timestamps, latest, floor } : { timestamps, latest, floor, sure }

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
      ? timestampOf(source, this.origin)
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
    return clockOf(SortedMap.set(bySource, others, source, timestamp), latest, origin.floor, origin.sure)
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
  const { latest, floor, sure } = clock
  if (!(timestamp > floor)) return clock
  const later = (before = NEVER): Timestamp => (timestamp > before ? timestamp : before)
  const timestamps = SortedMap.update(bySource, clock.timestamps, source, later)
  return timestamps === clock.timestamps ? clock : clockOf(timestamps, Math.max(latest, timestamp), floor, sure)
}

/** {@link advance} for each update. O(u log s) for u updates. */
export const advanceAll =
  (updates: ReadonlyArray<Update<unknown>>) =>
  (clock: Clock): Clock => {
    const draft = new Draft(clock)
    // not by `for…of`: see `Arrivals`
    updates.forEach((update) => draft.advance(update[2], update[1]))
    return draft.done()
  }

/**
 * The least clock that covers what either covers, as sure as either is. Shares its structure with
 * `clock`, and is `clock` itself if that covers `other`. O(d log s) for d sources that
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
    const joined = draft.done()
    if (clock.sure === undefined && other.sure === undefined) return joined
    const sure = new SureDraft(clock)
    const judge = (_: Timestamp, source: SourceId): void => {
      sure.set(source, Math.max(sureOf(source, clock), sureOf(source, other), joined.floor), joined)
    }
    for (const map of [clock.sure, other.sure]) if (map !== undefined) SortedMap.forEach(map, judge)
    return sure.done(joined)
  }

/** What a clock is sure of, in the making. */
export class SureDraft {
  private readonly sure: SortedMap.Draft<SourceId, Timestamp>
  private readonly before: Clock

  constructor(before: Clock) {
    this.before = before
    this.sure = new SortedMap.Draft<SourceId, Timestamp>(bySource, before.sure ?? SortedMap.empty())
  }

  /** Sure of a source up to a timestamp, at most up to what `clock` has seen of it. */
  set(source: SourceId, timestamp: Timestamp, clock: Clock): void {
    const before = this.sure.get(source)
    if (timestamp >= timestampOf(source, clock)) {
      if (before !== undefined) this.sure.remove(source)
    } else if (before !== timestamp) this.sure.set(source, timestamp)
  }

  /** `clock` with this. The same clock if it is as sure. */
  done(clock: Clock): Clock {
    const { sure: before } = this.before
    const sure = this.sure.done()
    if (clock.sure === before && (before === undefined ? SortedMap.size(sure) === 0 : sure.root === before.root)) {
      return clock
    }
    return clockOf(clock.timestamps, clock.latest, clock.floor, sure)
  }
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
    const raised = clockOf(timestamps.done(), Math.max(clock.latest, floor), floor, undefined)
    if (clock.sure === undefined) return raised
    const sure = new SureDraft(clock)
    SortedMap.forEach(clock.sure, (timestamp, source) => {
      sure.set(source, Math.max(timestamp, floor), raised)
    })
    return sure.done(raised)
  }

/** The timestamp of a source's newest update, or the floor if none is above it. O(log s). */
export const timestampOf = (source: SourceId, clock: Clock): Timestamp =>
  SortedMap.get(bySource, clock.timestamps, source) ?? clock.floor

/** The timestamp up to which no update of a source is missing. O(log s). */
export const sureOf = (source: SourceId, clock: Clock): Timestamp =>
  (clock.sure && SortedMap.get(bySource, clock.sure, source)) ?? timestampOf(source, clock)

/** Whether updates of a source may be missing below its newest. O(log d) for d in doubt. */
export const isDoubted = (source: SourceId, { sure }: Clock): boolean =>
  sure !== undefined && SortedMap.get(bySource, sure, source) !== undefined

/** The number of sources in doubt. O(1). */
export const doubts = ({ sure }: Clock): number => (sure === undefined ? 0 : SortedMap.size(sure))

/** Visits the sources in doubt: none of their updates up to `sure` is missing. O(doubts). */
export const forEachDoubt = (
  clock: Clock,
  visit: (source: SourceId, sure: Timestamp, seen: Timestamp) => void,
): void => {
  if (clock.sure === undefined) return
  SortedMap.forEach(clock.sure, (sure, source) => {
    visit(source, sure, timestampOf(source, clock))
  })
}

/** Sure of a source up to a timestamp only, if that is less. O(log s). */
export const doubtFrom =
  (source: SourceId, timestamp: Timestamp) =>
  (clock: Clock): Clock => {
    const from = Math.max(timestamp, clock.floor)
    if (from >= sureOf(source, clock)) return clock
    const sure = SortedMap.set(bySource, clock.sure ?? SortedMap.empty<SourceId, Timestamp>(), source, from)
    return clockOf(clock.timestamps, clock.latest, clock.floor, sure)
  }

/** Visits each source with its newest timestamp. O(s). */
export const forEachSource = (clock: Clock, visit: (source: SourceId, timestamp: Timestamp) => void): void => {
  SortedMap.forEach(clock.timestamps, (timestamp, source) => {
    visit(source, timestamp)
  })
}

/**
 * Visits the sources of which two versions of a clock have seen, or are sure of, something else.
 * May visit one twice. O(d log s) for d of them.
 */
export const forEachSourceChanged = (old: Clock, clock: Clock, visit: (source: SourceId) => void): void => {
  SortedMap.forEachChange(bySource, old.timestamps, clock.timestamps, visit)
  const none = SortedMap.empty<SourceId, Timestamp>()
  for (const [source] of SortedMap.differences(bySource, old.sure ?? none, clock.sure ?? none)) visit(source)
}

/** Whether an update was seen. O(log s). */
export const covers =
  ([, timestamp, source]: Update<unknown>) =>
  (clock: Clock): boolean =>
    timestamp <= timestampOf(source, clock)

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
      const since = Math.max(before, timestampOf(source, known))
      if (timestamp > since) behind.push([source, since])
    })
    return behind
  }

/** {@link ahead} of a clock record and its floor. O(s), with one look-up a source. */
export const aheadOfRecord = (known: ClockRecord, floor: Timestamp, { timestamps }: Clock): ReadonlyArray<Behind> => {
  const behind: Behind[] = []
  SortedMap.forEach(timestamps, (timestamp, source) => {
    const claimed = timestampIn(source, known) ?? floor
    const since = claimed > floor ? claimed : floor
    if (timestamp > since) behind.push([source, since])
  })
  return behind
}

/** The timestamp that a record has for a source. What any object inherits is no number. O(1). */
export const timestampIn = (source: SourceId, record: ClockRecord): Timestamp | undefined => {
  const timestamp: unknown = record[source]
  return typeof timestamp === 'number' ? timestamp : undefined
}

/**
 * Whether `clock` is sure of all that a record claims. O(s log s), and O(s) if all of it was seen
 * above the floor and nothing is in doubt.
 */
export const isSureOf = (claimed: ClockRecord, clock: Clock): boolean => {
  const sources = Object.keys(claimed)
  let sure = 0
  if (clock.sure === undefined) {
    SortedMap.forEach(clock.timestamps, (timestamp, source) => {
      if ((timestampIn(source, claimed) ?? Infinity) <= timestamp) sure++
    })
  }
  return sure === sources.length || sources.every((source) => claimed[source]! <= sureOf(source, clock))
}

/** The partial order of clocks: whether `b` covers all that `a` covers. Costs as {@link join}. */
export const leq = (a: Clock, b: Clock): boolean => a.floor <= b.floor && ahead(b)(a).length === 0 && isNoSurer(a, b)

/** Whether `b` is sure of all that `a` is sure of. It has seen as much. */
const isNoSurer = (a: Clock, b: Clock): boolean => {
  let isSo = true
  forEachDoubt(b, (source, sure) => {
    if (sureOf(source, a) > sure) isSo = false
  })
  return isSo
}

/** fp-ts's `Eq`. Costs as {@link join}. */
export const Eq = { equals: (a: Clock, b: Clock): boolean => a === b || (leq(a, b) && leq(b, a)) }

/** fp-ts's `BoundedJoinSemilattice`. */
export const JoinSemilattice = { join: (a: Clock, b: Clock): Clock => join(b)(a), zero: empty }

/** What was seen, as a record: sources in order, without the floor. O(s). */
export const toRecord = ({ timestamps }: Clock): ClockRecord => {
  const record: Record<SourceId, Timestamp> = {}
  SortedMap.forEach(timestamps, (timestamp, source) => {
    put(record, source, timestamp)
  })
  return record
}

/** What is sure, as a record: sources in order, those above the floor. O(s). */
export const toSureRecord = (clock: Clock): ClockRecord => {
  if (clock.sure === undefined) return toRecord(clock)
  const record: Record<SourceId, Timestamp> = {}
  SortedMap.forEach(clock.timestamps, (_, source) => {
    const sure = sureOf(source, clock)
    if (sure > clock.floor) put(record, source, sure)
  })
  return record
}

/** Sets a member of a record. A source may be called `__proto__`. */
export const put = <A>(record: Record<SourceId, A>, source: SourceId, value: A): void => {
  // assigning to `__proto__` would set the prototype
  if (source === '__proto__') Object.defineProperty(record, source, { ...OWN, value })
  else record[source] = value
}

const OWN = { enumerable: true, writable: true, configurable: true }
