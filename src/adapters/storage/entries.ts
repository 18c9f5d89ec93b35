/**
 * The entries of a replica in a database. Keys sort as sources and stamps do:
 *
 *     u<source>!<stamp>     an update, as a wire line
 *     u<source>!<stamp>!1   the second content of that stamp; and so on
 *     n<source>!<stamp>     an update that could not be read when it came; second contents as above
 *     s<source>!            the newest stamp seen of a source: [source, stamp]
 *     d<source>!            how far the replica is sure of a source in doubt: [source, stamp]
 *     f                     the floor of the clock
 *     t                     the data type: [name], or [name, version]
 *     o                     the replica's id, and the last one who wrote: [id, random text]
 *     x<number>             how many tabs have had this number: see `indexeddb/tabs`
 */
import type { Timestamp } from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'
import * as names from './names.js'

/** The entries of one replica: text by text. */
export interface Table {
  readonly getMany: (keys: string[]) => Promise<ReadonlyArray<string | undefined>>
  /** The entries of a range, in the order of their keys, some at a time. */
  readonly pieces: (range: Range) => AsyncIterable<ReadonlyArray<readonly [key: string, text: string]>>
  /**
   * Writes all or nothing. A database that can look while it writes refuses, as `Locked`, if
   * another than `owner` wrote last.
   */
  readonly batch: (operations: Operation[], owner: string | undefined) => Promise<void>
}

export interface Range {
  readonly gt: string
  readonly lt: string
}

export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string }

export const FLOOR = 'f'
export const TYPE = 't'
export const OWNER = 'o'

const UPDATE = 'u'
const UNREAD_UPDATE = 'n'
const SOURCE = 's'
const DOUBTED = 'd'

const allOf = (kind: string): Range => ({ gt: kind, lt: `${kind}~` })

/** The key of a count of tabs. */
export const tabKey = (number: number): string => `x${String(number)}`

/** The ranges of keys. */
export const [UPDATES, UNREAD, SOURCES, DOUBTS] = [allOf(UPDATE), allOf(UNREAD_UPDATE), allOf(SOURCE), allOf(DOUBTED)]

/** `depth` is 0, or how many other contents of the stamp come first. */
export const updateKey = (update: Update<unknown>, depth: number): string => stampKey(UPDATE, update, depth)

export const unreadKey = (update: Update<unknown>, depth: number): string => stampKey(UNREAD_UPDATE, update, depth)

const stampKey = (kind: string, [, timestamp, source]: Update<unknown>, depth: number): string =>
  keyOf(kind, source) + stampText(timestamp) + (depth === 0 ? '' : `!${String(depth)}`)

export const doubtKey = (source: SourceId): string => keyOf(DOUBTED, source)

export const sourceKey = (source: SourceId): string => keyOf(SOURCE, source)

/** No key of one source begins a key of another: `!` is in no encoded name. */
const keyOf = (kind: string, source: SourceId): string => `${kind}${names.encode(source)}!`

/** Positive doubles sort as their bits do. */
const stampText = (timestamp: Timestamp): string => {
  const bytes = new DataView(new ArrayBuffer(8))
  bytes.setFloat64(0, timestamp)
  return bytes.getBigUint64(0).toString(16).padStart(16, '0')
}
