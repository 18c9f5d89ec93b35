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
import * as Clock from '../../core/Clock.js'
import type { DataType } from '../../core/DataType.js'
import type { Replica } from '../../core/Replica.js'
import { is as isTimestamp, type Timestamp } from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import * as WireMessage from '../../wire/lines/format.js'
import type { Committed } from '../store/Port.js'

/** An update, one that cannot be read, or several in one block behind lines about the clock. */
export type Item<C> =
  Update<C> | { readonly unread: Update<unknown> } | { readonly lines: string; readonly items: ReadonlyArray<Item<C>> }

/** How far a replica is sure of each source in doubt. Null: it is sure of none. */
export type Doubt = Clock.ClockRecord | null

/** What has changed of a doubt. Null: no doubt any more. */
export type DoubtChange = Readonly<Record<SourceId, Timestamp | null>>

/** What a line says of the clock. */
export type Said = { readonly doubt: Doubt } | { readonly doubtChange: DoubtChange } | { readonly floor: Timestamp }

/** The items that a batch adds to a file. */
export const itemsOf = <S, C>({
  taken,
  unread,
  replica: { clock },
  before,
}: Pick<Committed<S, C>, 'taken' | 'unread' | 'replica' | 'before'>): ReadonlyArray<Item<C>> => {
  const items = unread.length === 0 ? taken : [...taken, ...unread.map((update) => ({ unread: update }))]
  const floor = clock.floor === before.clock.floor ? '' : lineOfWords(`${FLOOR}${String(clock.floor)}`)
  const doubt = clock.sure === before.clock.sure ? '' : changeLine(before.clock, clock)
  return floor + doubt === '' ? items : [{ lines: floor + doubt, items }]
}

/** The line for doubt behind all updates of a rewritten file. */
export const wholeDoubt = <S, C>({ clock }: Replica<S, C>): string => {
  const record: Record<SourceId, Timestamp> = {}
  Clock.forEachDoubt(clock, (source, sure) => {
    Clock.put(record, source, sure)
  })
  return doubtLine(record)
}

const changeLine = (before: Clock.Clock, after: Clock.Clock): string => {
  const record: Record<SourceId, Timestamp | null> = {}
  const [old, made] = [before, after].map(({ sure }) => sure ?? SortedMap.empty<SourceId, Timestamp>())
  SortedMap.forEachChange(Clock.bySource, made!, old!, (source) => {
    Clock.put<Timestamp | null>(record, source, null)
  })
  SortedMap.forEachChange(Clock.bySource, old!, made!, (source, sure) => {
    Clock.put<Timestamp | null>(record, source, sure)
  })
  return lineOfWords(DOUBT_CHANGE + JSON.stringify(record))
}

const FLOOR = 'FLOOR '
const DOUBT = 'DOUBT '
const DOUBT_CHANGE = 'DOUBT+ '

const lineOfWords = (words: string): string => `${JSON.stringify(words)}\n`

/** The line for doubt. Null: sure of nothing. */
export const doubtLine = (doubt: Doubt): string => lineOfWords(DOUBT + JSON.stringify(doubt))

/** An item as text: whole lines. */
export const lineOf = <S, C>(dataType: DataType<S, C>) => {
  const encode = WireMessage.encode(dataType)
  const line = (item: Item<C>): string => {
    if ('lines' in item) return item.lines + item.items.map(line).join('')
    return 'unread' in item ? encode({ _tag: 'Unread', update: item.unread }) : encode({ _tag: 'Update', update: item })
  }
  return line
}

/** What a line says of the clock; nothing if it is another line. */
export const saidIn = (line: string): ReadonlyArray<Said> => {
  if (!/^"(?:DOUBT\+?|FLOOR) /.test(line)) return []
  try {
    const words = JSON.parse(line) as string
    const value: unknown = JSON.parse(words.slice(words.indexOf(' ')))
    if (words.startsWith(FLOOR)) return isTimestamp(value) ? [{ floor: value }] : []
    return [words.startsWith(DOUBT) ? { doubt: value as Doubt } : { doubtChange: value as DoubtChange }]
  } catch {
    return []
  }
}

/** The doubt and the floor that the lines of a file leave, given those of its header. */
export const saidInAll = (
  words: ReadonlyArray<Said>,
  header: { readonly doubt: Clock.ClockRecord; readonly floor: Timestamp },
): { readonly doubt: Doubt; readonly floor: Timestamp } => {
  let { floor } = header
  let sure: Map<SourceId, Timestamp> | undefined = entriesOf(header.doubt)
  for (const said of words) {
    if ('floor' in said) floor = said.floor
    else if ('doubt' in said) sure = said.doubt === null ? undefined : entriesOf(said.doubt)
    else
      for (const [source, timestamp] of Object.entries(said.doubtChange)) {
        if (timestamp === null) sure?.delete(source)
        else sure?.set(source, timestamp)
      }
  }
  return { doubt: sure === undefined ? null : recordOf(sure), floor }
}

const entriesOf = (record: Clock.ClockRecord): Map<SourceId, Timestamp> => new Map(Object.entries(record))

const recordOf = (entries: ReadonlyMap<SourceId, Timestamp>): Clock.ClockRecord => {
  const record: Record<SourceId, Timestamp> = {}
  for (const [source, timestamp] of entries) Clock.put(record, source, timestamp)
  return record
}
