/**
 * The items of a file: updates as wire lines, those that cannot be read too, and what the replica
 * is in doubt of. A line for doubt stands before the updates that come with it, in one block with
 * them:
 *
 *     "DOUBT {\"ben\":1000}"
 *     "DOUBT+ {\"ann\":900,\"ben\":null}"
 *     "FLOOR 500"
 *
 * The first names each source in doubt, and how far the replica is sure of it. The second says what
 * has changed of that; null ends a doubt. The third is the clock's floor, once it rose. A rewritten
 * file is sure of nothing, `"DOUBT null"`, until a line of the first kind comes behind all of its
 * updates: a file whose end is cut off claims no update that it lacks. Other readers ignore these
 * lines.
 */
import * as t from 'io-ts'
import * as Clock from '../../core/Clock.js'
import type { DataType } from '../../core/DataType.js'
import type { Replica } from '../../core/Replica.js'
import type { Timestamp } from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { clock, timestamp } from '../../wire/codecs.js'
import * as WireMessage from '../../wire/lines/format.js'
import type { Committed } from '../store/Port.js'

/** An update, one that cannot be read, or several in one block behind lines about the clock. */
export type Item<C> =
  Update<C> | { readonly unread: Update<unknown> } | { readonly lines: string; readonly items: ReadonlyArray<Item<C>> }

/** What a line says of the clock: see above. */
export type ClockLine =
  | { readonly doubt: Clock.ClockRecord | null }
  | { readonly doubtChange: Readonly<Record<SourceId, Timestamp | null>> }
  | { readonly floor: Timestamp }

/** The items that a batch adds to a file. */
export const itemsOf = <S, C>({
  taken,
  unread,
  replica,
  before,
}: Pick<Committed<S, C>, 'taken' | 'unread' | 'replica' | 'before'>): ReadonlyArray<Item<C>> => {
  const items = unread.length === 0 ? taken : [...taken, ...unread.map((update) => ({ unread: update }))]
  const [old, now] = [before.clock, replica.clock]
  const floor = now.floor === old.floor ? '' : quoted(`${FLOOR}${String(now.floor)}`)
  const lines = now.sure === old.sure ? floor : floor + changeLine(old, now)
  return lines === '' ? items : [{ lines, items }]
}

/** The line for doubt behind all updates of a rewritten file. */
export const wholeDoubt = <S, C>(replica: Replica<S, C>): string => {
  const record: Record<SourceId, Timestamp> = {}
  Clock.forEachDoubt(replica.clock, (source, sure) => {
    Clock.put(record, source, sure)
  })
  return doubtLine(record)
}

/** The line for what has changed of a doubt. O(d log s) for d changes and s sources in doubt. */
const changeLine = (before: Clock.Clock, after: Clock.Clock): string => {
  const record: Record<SourceId, Timestamp | null> = {}
  const put = (source: SourceId, sure: Timestamp | null): void => {
    Clock.put(record, source, sure)
  }
  SortedMap.forEachChange(Clock.bySource, sureIn(after), sureIn(before), (source) => {
    put(source, null)
  })
  SortedMap.forEachChange(Clock.bySource, sureIn(before), sureIn(after), put)
  return quoted(DOUBT_CHANGE + JSON.stringify(record))
}

const sureIn = ({ sure = SortedMap.empty() }: Clock.Clock): SortedMap.SortedMap<SourceId, Timestamp> => sure

const FLOOR = 'FLOOR '
const DOUBT = 'DOUBT '
const DOUBT_CHANGE = 'DOUBT+ '

const quoted = (words: string): string => `${JSON.stringify(words)}\n`

/** The line for doubt. Null: sure of nothing. */
export const doubtLine = (doubt: Clock.ClockRecord | null): string => quoted(DOUBT + JSON.stringify(doubt))

/** An item as text: whole lines. */
export const lineOf = <S, C>(dataType: DataType<S, C>) => {
  const encode = WireMessage.encode(dataType)
  const line = (item: Item<C>): string => {
    if ('lines' in item) return item.lines + item.items.map(line).join('')
    return 'unread' in item ? encode({ _tag: 'Unread', update: item.unread }) : encode({ _tag: 'Update', update: item })
  }
  return line
}

/** What a line says of the clock; undefined if it is another line. */
export const clockLineIn = (line: string): ClockLine | undefined => {
  if (!/^"(?:DOUBT\+?|FLOOR) /.test(line)) return undefined
  try {
    const words = JSON.parse(line) as string
    const value: unknown = JSON.parse(words.slice(words.indexOf(' ')))
    if (words.startsWith(FLOOR)) return timestamp.is(value) ? { floor: value } : undefined
    if (words.startsWith(DOUBT)) return doubt.is(value) ? { doubt: value } : undefined
    return doubtChange.is(value) ? { doubtChange: value } : undefined
  } catch {
    return undefined
  }
}

const doubt = t.union([clock, t.null])

const doubtChange = t.record(t.string, t.union([t.number, t.null]))

/** How far a file is sure of each source in doubt (undefined: of none), and its floor. */
export interface InFile {
  sure: Map<SourceId, Timestamp> | undefined
  floor: Timestamp
}

/** Changes what is in a file by what a later line of it says. O(its length). */
export const heed = (line: ClockLine, inFile: InFile): void => {
  if ('floor' in line) inFile.floor = line.floor
  else if ('doubt' in line) inFile.sure = line.doubt === null ? undefined : new Map(Object.entries(line.doubt))
  else
    for (const [source, timestamp] of Object.entries(line.doubtChange)) {
      if (timestamp === null) inFile.sure?.delete(source)
      else inFile.sure?.set(source, timestamp)
    }
}
