/** A change, when it was made and by whom: the unit of replication. */
import type * as SortedMap from '../structures/SortedMap.js'
import * as Json from './Json.js'
import { is as isTimestamp, type Timestamp } from './Timestamp.js'

/** Names the replica that made an update. Any string. */
export type SourceId = string

/**
 * As on the wire. `previous` is the stamp of the source's update before this one, 0 for the first;
 * it counts where the signature covers it. Members after the third are kept and passed on: a
 * signature, and what a peer may have appended. An update never changes: `change` and `decode` give
 * deeply frozen ones.
 */
export type Update<C> = readonly [
  change: C,
  timestamp: Timestamp,
  source: SourceId,
  signature?: string,
  previous?: Timestamp,
]

/** When and by whom. No two updates of an honest source share a stamp. */
export interface Stamp {
  readonly timestamp: Timestamp
  readonly source: SourceId
}

/** The stamp of what may be an update. Undefined if it has none. O(1). */
export const stampOf = (update: unknown): Stamp | undefined => {
  if (!Array.isArray(update)) return undefined
  const [, timestamp, source] = update as readonly unknown[]
  return isTimestamp(timestamp) && typeof source === 'string' ? { timestamp, source } : undefined
}

/**
 * The total order of updates: by timestamp, then by source, compared by UTF-16 code unit. Every
 * replica breaks a tie in the same way. Two contents of one stamp are ordered by their canonical
 * JSON; only a source that equivocates makes such. O(1), or O(size) for equal stamps.
 *
 * @example
 * before(['x', 1, 'b'], ['y', 2, 'a']) // => true
 * before(['x', 1, 'b'], ['y', 1, 'a']) // => false
 */
export const before: SortedMap.Less<Update<unknown>> = (a, b) => {
  // read once: an engine is slow to read frozen arrays
  const x = a[1]
  const y = b[1]
  if (x !== y) return x < y
  return a[2] < b[2] || (a !== b && a[2] === b[2] && Json.canonical(a[0]) < Json.canonical(b[0]))
}

/** {@link before} by stamps alone. O(1). */
export const stampedBefore: SortedMap.Less<Update<unknown>> = (a, b) => a[1] < b[1] || (a[1] === b[1] && a[2] < b[2])

/** Whether two updates have one stamp. Those of an honest source are then one update. O(1). */
export const sameStamp = (a: Update<unknown>, b: Update<unknown>): boolean => a[1] === b[1] && a[2] === b[2]

/**
 * Whether two updates of one stamp have equal changes, as JSON. `encode` is the codec's. O(size),
 * or O(1) for the same update.
 */
export const sameContent = <C>(encode: (change: C) => unknown, a: Update<C>, b: Update<C>): boolean =>
  a === b || Json.equals(encode(a[0]), encode(b[0]))

/** {@link before} in the form of `Array.sort` and of fp-ts's `Ord`. */
export const compare = (a: Update<unknown>, b: Update<unknown>): -1 | 0 | 1 =>
  before(a, b) ? -1 : before(b, a) ? 1 : 0
