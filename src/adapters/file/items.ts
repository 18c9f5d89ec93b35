/**
 * The items of a file: updates as wire lines, those that cannot be read too, and what the replica
 * is in doubt of. A line for doubt stands before the updates that come with it, in one block with
 * them:
 *
 *     "DOUBT {\"ben\":1000}"
 *
 * It names each source in doubt, and how far the replica is sure of it. A rewritten file is sure of
 * nothing, `"DOUBT null"`, until such a line comes behind all of its updates: a file whose end is
 * cut off claims no update that it lacks. Other readers ignore these lines.
 */
import * as Clock from '../../core/Clock.js'
import type { DataType } from '../../core/DataType.js'
import type { Replica } from '../../core/Replica.js'
import type { SourceId, Update } from '../../core/Update.js'
import * as WireMessage from '../../wire/lines/format.js'
import type { Committed } from '../store/Port.js'

/** An update, one that cannot be read, or several in one block behind a line for doubt. */
export type Item<C> =
  | Update<C>
  | { readonly unread: Update<unknown> }
  | { readonly doubt: Clock.ClockRecord; readonly items: ReadonlyArray<Item<C>> }

/** The items that a batch adds to a file. */
export const itemsOf = <S, C>({
  taken,
  unread,
  replica,
  before,
}: Pick<Committed<S, C>, 'taken' | 'unread' | 'replica' | 'before'>): ReadonlyArray<Item<C>> => {
  const items = unread.length === 0 ? taken : [...taken, ...unread.map((update) => ({ unread: update }))]
  return replica.clock.sure === before.clock.sure ? items : [{ doubt: doubtOf(replica), items }]
}

/** The line for doubt behind all updates of a rewritten file. */
export const wholeDoubt = <S, C>(replica: Replica<S, C>): string => doubtLine(doubtOf(replica))

/** The sources in doubt, and how far the replica is sure of each. */
const doubtOf = <S, C>({ clock }: Replica<S, C>): Clock.ClockRecord => {
  const record: Record<SourceId, number> = {}
  Clock.forEachDoubt(clock, (source, sure) => {
    Clock.put(record, source, sure)
  })
  return record
}

const DOUBT = 'DOUBT '

/** The line for doubt. Null: sure of nothing. */
export const doubtLine = (doubt: Clock.ClockRecord | null): string =>
  `${JSON.stringify(DOUBT + JSON.stringify(doubt))}\n`

/** An item as text: whole lines. */
export const lineOf = <S, C>(dataType: DataType<S, C>) => {
  const encode = WireMessage.encode(dataType)
  const line = (item: Item<C>): string => {
    if ('doubt' in item) {
      return doubtLine(item.doubt) + item.items.map(line).join('')
    }
    return 'unread' in item ? encode({ _tag: 'Unread', update: item.unread }) : encode({ _tag: 'Update', update: item })
  }
  return line
}

/** What a line says of doubt; undefined if it is another line. */
export const doubtIn = (line: string): Clock.ClockRecord | null | undefined => {
  if (!line.startsWith(`"${DOUBT}`)) return undefined
  try {
    return JSON.parse((JSON.parse(line) as string).slice(DOUBT.length)) as Clock.ClockRecord | null
  } catch {
    return undefined
  }
}
