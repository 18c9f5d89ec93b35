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
 *     o                     the replica's id, who wrote last, and his how many'th batch it was:
 *                           [id, random text, number]; of an older program without the number
 *     x<number>             how many tabs have had this number: see `indexeddb/tabs`
 */
import type { Timestamp } from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'
import * as names from './names.js'

/** The entries of one replica: text by text. */
export interface Table {
  readonly getMany: (keys: string[]) => Promise<ReadonlyArray<string | undefined>>
  /**
   * All entries in the order of their keys, {@link ENTRIES_A_READ} at a time. All are as they were
   * at one moment, whoever writes meanwhile.
   */
  readonly entries: () => AsyncIterable<ReadonlyArray<Entry>>
  /**
   * Writes all or nothing. A database that can look while it writes refuses, as `Locked`, if the
   * owner that it has is not `owner`.
   */
  readonly batch: (operations: Operation[], owner: string | undefined) => Promise<void>
}

export type Entry = readonly [key: string, text: string]

export const ENTRIES_A_READ = 4096

export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string }

export const FLOOR = 'f'
export const TYPE = 't'
export const OWNER = 'o'

export const UPDATE = 'u'
export const UNREAD_UPDATE = 'n'
export const SOURCE = 's'
export const DOUBTED = 'd'

/** The key of a count of tabs. */
export const tabKey = (number: number): string => `x${String(number)}`

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
