/** A change, when it was made and by whom: the unit of replication. */
import * as Json from './Json.js'
import type * as SortedMap from '../structures/SortedMap.js'
import type { Timestamp } from './Timestamp.js'

/** Names the replica that made an update. Any string. */
export type SourceId = string

/**
 * As on the wire. A signature, and whatever else a peer appended, is kept and passed
 * on. Never changed once made: what `change` and `decode` give is deeply frozen.
 */
export type Update<C> = readonly [change: C, timestamp: Timestamp, source: SourceId, signature?: string]

/** When and by whom: no two updates share a stamp. */
export interface Stamp {
  readonly timestamp: Timestamp
  readonly source: SourceId
}

/**
 * The total order of updates: by timestamp, then by source, compared by UTF-16 code
 * unit. Every replica breaks a tie in the same way. Two contents under one stamp, which only a
 * source that equivocates makes, go by their canonical JSON. O(1), or O(size) where the stamps are the same.
 *
 * @example
 * before(['x', 1, 'b'], ['y', 2, 'a']) // => true
 * before(['x', 1, 'b'], ['y', 1, 'a']) // => false
 */
export const before: SortedMap.Less<Update<unknown>> = (a, b) =>
  a[1] < b[1] ||
  (a[1] === b[1] && (a[2] < b[2] || (a !== b && a[2] === b[2] && Json.canonical(a[0]) < Json.canonical(b[0]))))

/** {@link before}, of stamps alone. O(1). */
export const stampedBefore: SortedMap.Less<Update<unknown>> = (a, b) => a[1] < b[1] || (a[1] === b[1] && a[2] < b[2])

/** Whether two updates are one and the same, if their source is honest. O(1). */
export const sameStamp = (a: Update<unknown>, b: Update<unknown>): boolean => a[1] === b[1] && a[2] === b[2]

/** {@link before}, in the form that `Array.sort` and fp-ts's `Ord` take. */
export const compare = (a: Update<unknown>, b: Update<unknown>): -1 | 0 | 1 =>
  before(a, b) ? -1 : before(b, a) ? 1 : 0
