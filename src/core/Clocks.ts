/** What users may do with clocks, in the calling form of all that they call: the clock last. */
import * as Clock from './Clock.js'
import { NEVER, type Timestamp } from './Timestamp.js'
import type { SourceId } from './Update.js'

export {
  advance,
  advanceAll,
  ahead,
  bySource,
  covers,
  doubtFrom,
  doubts,
  empty,
  Eq,
  forEachDoubt,
  forEachSource,
  forEachSourceChanged,
  fromRecord,
  join,
  JoinSemilattice,
  leq,
  put,
  raise,
  size,
  toRecord,
  toSureRecord,
  type Behind,
  type Clock,
  type ClockRecord,
} from './Clock.js'

/** The timestamp of a source's newest update, or the floor if none is above it. O(log s). */
export const timestampOf =
  (source: SourceId) =>
  (clock: Clock.Clock): Timestamp =>
    Clock.timestampOf(source, clock)

/** The timestamp up to which no update of a source is missing. O(log s). */
export const sureOf =
  (source: SourceId) =>
  (clock: Clock.Clock): Timestamp =>
    Clock.sureOf(source, clock)

/** Whether updates of a source may be missing below its newest. O(log d) for d in doubt. */
export const isDoubted =
  (source: SourceId) =>
  (clock: Clock.Clock): boolean =>
    Clock.isDoubted(source, clock)

/** The sources that a clock has seen further than a record and a floor say. O(s). */
export const aheadOfRecord =
  (known: Clock.ClockRecord, floor: Timestamp = NEVER) =>
  (clock: Clock.Clock): ReadonlyArray<Clock.Behind> =>
    Clock.aheadOfRecord(known, floor, clock)

/** Whether a clock is sure of all that a record claims. O(s log s). */
export const isSureOf =
  (claimed: Clock.ClockRecord) =>
  (clock: Clock.Clock): boolean =>
    Clock.isSureOf(claimed, clock)
