/**
 * The entries of a replica in its sublevel. Keys sort as sources and stamps do:
 *
 *     u<source>!<stamp>     an update, as a wire line
 *     u<source>!<stamp>!1   the second content of that stamp; and so on
 *     s<source>!            the newest stamp seen of a source: [source, stamp]
 *     f                     the floor of the clock
 */
import type { AbstractLevel } from 'abstract-level'
import type { Timestamp } from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'
import * as names from '../storage/names.js'

/** A replica's sublevel: text by text. */
export type Sublevel = AbstractLevel<unknown, string, string>

export const FLOOR = 'f'

const UPDATE = 'u'
const SOURCE = 's'

const allOf = (kind: string) => ({ gt: kind, lt: `${kind}~` })

/** The ranges of keys. */
export const [UPDATES, SOURCES] = [allOf(UPDATE), allOf(SOURCE)]

/** `depth` is 0, or how many other contents of the stamp come first. */
export const updateKey = ([, timestamp, source]: Update<unknown>, depth: number): string =>
  keyOf(UPDATE, source) + stampText(timestamp) + (depth === 0 ? '' : `!${String(depth)}`)

export const sourceKey = (source: SourceId): string => keyOf(SOURCE, source)

/** No key of one source begins a key of another: `!` is in no encoded name. */
const keyOf = (kind: string, source: SourceId): string => `${kind}${names.encode(source)}!`

/** Positive doubles sort as their bits do. */
const stampText = (timestamp: Timestamp): string => {
  const bytes = new DataView(new ArrayBuffer(8))
  bytes.setFloat64(0, timestamp)
  return bytes.getBigUint64(0).toString(16).padStart(16, '0')
}
