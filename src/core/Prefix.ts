/**
 * The rule that only a beginning of each source is believed. Once an update of a source is refused,
 * its later updates wait for a later sync: to take one would cover the refused one for good.
 */
import * as SortedMap from '../structures/SortedMap.js'
import { bySource } from './Clock.js'
import type { InUpdate } from './Rejection.js'
import type { Timestamp } from './Timestamp.js'
import type { SourceId, Update } from './Update.js'

/** An earlier update of the source, stamped `after`, was refused. */
export interface HeldBack extends InUpdate {
  readonly _tag: 'HeldBack'
  readonly after: Timestamp
}

/** For each source that is stopped, the stamp of its first refused update. */
export type Prefix = SortedMap.SortedMap<SourceId, Timestamp>

/** Stops no source. */
export const empty: Prefix = SortedMap.empty()

/** The number of sources that are stopped. O(1). */
export const size = (prefix: Prefix): number => SortedMap.size(prefix)

/** Why an update is held back, or undefined if its source may go on. O(log s). */
export const heldBack =
  (update: Update<unknown>) =>
  (prefix: Prefix): HeldBack | undefined => {
    const after = SortedMap.get(bySource, prefix, update[2])
    return after === undefined ? undefined : { _tag: 'HeldBack', at: '', after, update }
  }

/**
 * Stops the source of a refused update. The same prefix if the source is stopped already. O(log s).
 */
export const stop =
  ([, timestamp, source]: Update<unknown>) =>
  (prefix: Prefix): Prefix =>
    SortedMap.update(bySource, prefix, source, (after = timestamp) => after)
