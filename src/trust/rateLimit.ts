/** A rate for each source, by token buckets. */
import * as SortedMap from '../structures/SortedMap.js'
import { bySource } from '../core/Clock.js'
import type { SourceId } from '../core/Update.js'

/** `updates` in `per` ms on average. At most so many `updates` at once. */
export interface Rate {
  readonly updates: number
  readonly per: number
}

/** How many updates may come at once, at the time `at` in ms. */
interface Bucket {
  readonly tokens: number
  readonly at: number
}

/** The buckets that may not be full. A source without one has a full bucket. */
export interface Buckets {
  readonly bySource: SortedMap.SortedMap<SourceId, Bucket>
  /** The number of buckets at which full ones are dropped. */
  readonly sweepAt: number
}

const FIRST_SWEEP = 1024

export const full: Buckets = { bySource: SortedMap.empty(), sweepAt: FIRST_SWEEP }

/**
 * The buckets after one update of a source at `now`, or undefined if its bucket is empty. O(log s)
 * amortized.
 */
export const spend =
  (rate: Rate, source: SourceId, now: number) =>
  (buckets: Buckets): Buckets | undefined => {
    const tokens = tokensAt(now, rate, SortedMap.get(bySource, buckets.bySource, source))
    if (tokens < 1) return undefined
    const spent = SortedMap.set(bySource, buckets.bySource, source, { tokens: tokens - 1, at: now })
    return SortedMap.size(spent) < buckets.sweepAt ? { ...buckets, bySource: spent } : swept(spent, rate, now)
  }

const tokensAt = (now: number, { updates, per }: Rate, bucket: Bucket | undefined): number =>
  bucket === undefined ? updates : Math.min(updates, bucket.tokens + (Math.max(0, now - bucket.at) * updates) / per)

const swept = (buckets: Buckets['bySource'], rate: Rate, now: number): Buckets => {
  const rest = new SortedMap.Draft(bySource, buckets)
  SortedMap.forEach(buckets, (bucket, source) => {
    if (tokensAt(now, rate, bucket) >= rate.updates) rest.remove(source)
  })
  return { bySource: rest.done(), sweepAt: Math.max(FIRST_SWEEP, 2 * rest.size) }
}
