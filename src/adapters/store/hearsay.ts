/**
 * What originals know from us alone. An original has one clock: told an update that we hold in
 * doubt, it claims all before it too, of which it may have none.
 */
import type { Batch, Vouching } from '../../core/Arrivals.js'
import * as Clock from '../../core/Clock.js'
import type { Replica } from '../../core/Replica.js'
import { NEVER, type Timestamp } from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'

export interface Hearsay {
  /**
   * These were sent to a peer that is an original, or may be one. `known` is what it said before
   * that it knows. O(u log s + d log s) for d sources in doubt.
   */
  readonly told: (updates: ReadonlyArray<Update<unknown>>, known?: Clock.ClockRecord) => void
  /**
   * What an original vouches for, as far as it is more than hearsay: of a source in doubt its word
   * counts if it knows more than any original had from us, or if it is the source. O(1), and O(log
   * s) a source asked for.
   */
  readonly believed: (vouching: Vouching, batch: Batch<unknown>) => Vouching
}

/** Remembers no more sources than are in doubt. After a restart every original is believed. */
export const createHearsay = (getReplica: () => Replica<unknown, unknown>): Hearsay => {
  /** The newest update of each source in doubt that originals may know from us alone. */
  const newest = new Map<SourceId, Timestamp>()
  return {
    told: (updates, known = {}) => {
      const { clock } = getReplica()
      for (const source of newest.keys()) if (!Clock.isDoubted(source, clock)) newest.delete(source)
      if (Clock.doubts(clock) === 0) return
      for (const [, timestamp, source] of updates) {
        const least = Math.max(Clock.sureOf(source, clock), newest.get(source) ?? NEVER)
        const isKnown = (Clock.timestampIn(source, known) ?? NEVER) >= timestamp
        if (timestamp > least && !isKnown) newest.set(source, timestamp)
      }
    },
    believed: (vouching, { original }) => {
      if (original === undefined || typeof vouching !== 'object' || newest.size === 0) return vouching
      const sureOf = (source: SourceId): Timestamp => {
        const sure = vouching.sureOf(source)
        return source !== original && sure <= (newest.get(source) ?? NEVER) ? NEVER : sure
      }
      return { ...vouching, sureOf }
    },
  }
}
