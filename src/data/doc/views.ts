/** The views of a `Doc`: the rows with a value in a field, as a set or as a sequence. */
import type { either as E, option as O } from 'fp-ts'
import type { Maker } from '../../core/DataType.js'
import { left, right } from '../../core/Either.js'
import { none, some } from '../../core/Option.js'
import type { Stamp } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import * as DenseKey from '../parts/DenseKey.js'
import * as Registers from '../parts/Registers.js'
import { nothing, someOf, stable } from '../parts/stable.js'
import * as Index from './Index.js'
import {
  has,
  idOf,
  rowOf,
  SORT,
  sortOf,
  unknownRow,
  type Change,
  type Fields,
  type InvalidId,
  type Row,
  type RowId,
  type State,
  type UnknownRow,
  type Written,
} from './rows.js'

/**
 * The queries of both kinds of view. Rows are in `_sort` order; a row without one sorts by its id.
 */
interface View {
  /** The number of rows. O(log n). */
  readonly length: (state: State<unknown>) => number
  /** The rows in order. O(rows log n), and their size. */
  readonly rows: <V>(state: State<V>) => ReadonlyArray<Row<V>>
  /** Whether the view has a row. O(log n). */
  readonly has: (row: RowId) => (state: State<unknown>) => boolean
  /** Takes a row out of the view: sets the field to null. O(log n). Errors: `UnknownRow`. */
  readonly remove: (row: RowId) => Maker<State<unknown>, Change<never>, UnknownRow>
}

/**
 * Given the id of a row that exists, or the fields of a new row as `Doc.add` is. Also writes `W`.
 */
type Put<W, Args extends ReadonlyArray<unknown>, Err> = <V = never>(
  what: RowId | Written<V>,
  ...args: Args
) => Maker<State<unknown>, Change<V | W>, Err>

/** The rows with a value in a field. */
export interface SetView<W> extends View {
  /** Puts a row into the view. O(log n). Errors: `UnknownRow`, `InvalidId`. */
  readonly add: Put<W, [], UnknownRow | InvalidId>
}

type InsertErrors = UnknownRow | InvalidId | DenseKey.NoRoom

type Insert<W, Args extends ReadonlyArray<unknown> = []> = Put<W | string, Args, InsertErrors>

/** The rows with a value in a field, in the order of their `_sort`. */
export interface SeqView<W> extends View {
  /**
   * Puts a row last. A row that is in the view moves: a write to its other fields at the same time
   * stays, and the later of two moves counts. `NoRoom` goes away after {@link SeqView.apart}.
   * O(log n). Errors: `UnknownRow`, `InvalidId`, `NoRoom`.
   */
  readonly push: Insert<W>
  /** Puts a row first. Costs and errors as `push`. */
  readonly unshift: Insert<W>
  /** Puts a row right before another. Costs and errors as `push`. */
  readonly before: Insert<W, [row: RowId]>
  /** Puts a row right after another. Costs and errors as `push`. */
  readonly after: Insert<W, [row: RowId]>
  /**
   * Commands, for `changeAll`, after which there is room beside each row: they move rows that have
   * one `_sort`, or sorts of another library between which there is no key. The order stays. O(n).
   */
  readonly apart: (state: State<unknown>) => ReadonlyArray<Maker<State<unknown>, Change<string>, InsertErrors>>
  /** The row at an index. O(log n), and the size of the row; so are the four after it. */
  readonly at: (index: number) => <V>(state: State<V>) => O.Option<Row<V>>
  readonly first: <V>(state: State<V>) => O.Option<Row<V>>
  readonly last: <V>(state: State<V>) => O.Option<Row<V>>
  /** The row after a row, if the view has both. */
  readonly next: (row: RowId) => <V>(state: State<V>) => O.Option<Row<V>>
  /** The row before a row, if the view has both. */
  readonly prev: (row: RowId) => <V>(state: State<V>) => O.Option<Row<V>>
  /** The index of a row. O(log n). */
  readonly indexOf: (row: RowId) => (state: State<unknown>) => O.Option<number>
}

const viewOf = (field: string, value: Index.Scalar): View => {
  const query = JSON.stringify(['view', field, typeof value, String(value)])
  const isIn = (id: RowId) => (state: State<unknown>) =>
    Registers.get(SortedMap.get(SortedMap.byText, state.held, id), field) === value
  return {
    length: (state) => Index.rangeOf(Index.of(field, state), value).size,
    rows: <V>(state: State<V>): ReadonlyArray<Row<V>> => {
      const index = Index.of(field, state)
      const range = Index.rangeOf(index, value)
      if (range.size === 0) return nothing
      return stable(state, query, () => Index.entriesOf(index, range).map((entry) => rowIn(state.held, entry)))
    },
    has: isIn,
    remove: (id) => (state) => (isIn(id)(state) ? right([id, Object.fromEntries([[field, null]])]) : unknownRow(id)),
  }
}

const rowIn = <V>(held: State<V>['held'], { row: id }: Index.Entry): Row<V> =>
  rowOf(id, SortedMap.get(SortedMap.byText, held, id)!)

/** The view of the rows whose `field` has a `value`. */
export const where = <W extends Index.Scalar>(field: string, value: W): SetView<W> => ({
  ...viewOf(field, value),
  add: (what: What) => (state: State<unknown>, stamp: Stamp) => putInto([[field, value]], what, state, stamp),
})

/** The id of a row that exists, or the fields of a new one. */
type What = RowId | Written<unknown>

/** Writes `more` to a row that exists, or to a new one. */
const putInto = (
  more: ReadonlyArray<readonly [field: string, value: Index.Scalar]>,
  what: What,
  state: State<unknown>,
  stamp: Stamp,
): E.Either<UnknownRow | InvalidId, Change<never>> => {
  if (typeof what === 'string' && !has(what)(state)) return unknownRow(what)
  const id = nameOf(what, stamp)
  if (id._tag === 'Left') return id
  const fields = [...(typeof what === 'string' ? [] : Object.entries(what)), ...more]
  return right([id.right, Object.fromEntries(fields) as Fields<never>])
}

const nameOf = (what: What, stamp: Stamp): E.Either<InvalidId, RowId> =>
  typeof what === 'string' ? right(what) : idOf(what, stamp)

/**
 * The rows whose `field` has a `value`, in the order of their `_sort`. A view holds no rows: each
 * query and command reads an index of the rows, so views cost nothing to make.
 */
export const seq = <W extends Index.Scalar>(field: string, value: W): SeqView<W> => {
  const view = viewOf(field, value)
  const at = <V>(i: number, state: State<V>): O.Option<Row<V>> => {
    const entry = entriesIn(field, value, state).at(i)
    if (entry === undefined) return none
    const row = rowIn(state.held, entry)
    return someOf(row, row)
  }
  const beside =
    (id: RowId, step: 1 | -1) =>
    <V>(state: State<V>): O.Option<Row<V>> => {
      const here = entriesIn(field, value, state).placeOf(id)
      return here < 0 ? none : at(here + step, state)
    }
  const insert = insertInto(field, value)
  const besideRow = (row: RowId, offset: 0 | 1) => (entries: Entries) => {
    const here = entries.placeOf(row)
    return here < 0 ? ({ _tag: 'UnknownRow', row } as const) : here + offset
  }
  const last = ({ size }: Entries): number => size
  return {
    ...view,
    push: (what: What) => insert(what, last),
    unshift: (what: What) => insert(what, () => 0),
    before: (what: What, row: RowId) => insert(what, besideRow(row, 0)),
    after: (what: What, row: RowId) => insert(what, besideRow(row, 1)),
    apart: (state) => {
      const entries = entriesIn(field, value, state)
      return stretchesWithoutRoom(entries).flatMap(([from, to]) => {
        const idAt = (i: number): RowId | undefined => entries.at(i)?.row
        const ids = Array.from({ length: to - from }, (_, i) => idAt(from + i)!)
        return ids.map((id, i) => putBetween(field, value)(id, i === 0 ? idAt(from - 1) : ids[i - 1], idAt(to)))
      })
    },
    at: (index) => (state) => at(index, state),
    first: (state) => at(0, state),
    last: (state) => at(view.length(state) - 1, state),
    next: (row) => beside(row, 1),
    prev: (row) => beside(row, -1),
    indexOf: (row) => (state) => {
      const index = entriesIn(field, value, state).placeOf(row)
      return index < 0 ? none : stable(state, `at ${String(index)}`, () => some(index))
    },
  }
}

/** The entries of a view, by one look at their index. */
interface Entries {
  readonly size: number
  readonly at: (i: number) => Index.Entry | undefined
  /** The index of a row, or -1. */
  readonly placeOf: (id: RowId) => number
  readonly neighbourAt: (i: number) => DenseKey.Neighbour | undefined
}

const entriesIn = (field: string, value: Index.Scalar, state: State<unknown>): Entries => {
  const index = Index.of(field, state)
  const range = Index.rangeOf(index, value)
  const rowAt = (id: RowId) => SortedMap.get(SortedMap.byText, state.held, id)
  const at = (i: number): Index.Entry | undefined => Index.entryAt(index, range, i)
  return {
    size: range.size,
    at,
    placeOf: (id) => {
      const row = rowAt(id)
      const isIn = Registers.get(row, field) === value
      return isIn ? Index.placeIn(index, range, { value, sort: sortOf(id, row), row: id }) : -1
    },
    neighbourAt: (i) => {
      const entry = at(i)
      if (entry === undefined) return undefined
      const row = rowAt(entry.row)!
      return { key: entry.sort, update: SortedMap.get(SortedMap.byText, row.winners, SORT) ?? row.newest }
    },
  }
}

/**
 * Puts a row before the one at an index. A row of the view that moves does not count as its own
 * neighbour.
 */
const insertInto =
  (field: string, value: Index.Scalar) =>
  (what: What, indexIn: (entries: Entries) => number | UnknownRow) =>
  (state: State<unknown>, stamp: Stamp): E.Either<UnknownRow | InvalidId | DenseKey.NoRoom, Change<never>> => {
    const entries = entriesIn(field, value, state)
    const index = indexIn(entries)
    if (typeof index !== 'number') return left(index)
    const id = nameOf(what, stamp)
    if (id._tag === 'Left') return id
    const own = entries.placeOf(id.right)
    const [low, high] = [own === index - 1 ? index - 2 : index - 1, own === index ? index + 1 : index]
    const sort = sortBetween(entries, low, high, stamp)
    const isMember = typeof what === 'string' && own >= 0
    const more: (readonly [string, Index.Scalar])[] = isMember ? [] : [[field, value]]
    if (sort._tag === 'Right') return putInto([...more, [SORT, sort.right]], what, state, stamp)
    // rows of one sort stand in the order of their ids
    const [before, after] = [entries.at(low), entries.at(high)]
    if (before === undefined || before.sort !== after?.sort) return sort
    const isNameless = typeof what !== 'string' && !Object.hasOwn(what, 'id')
    const name = [id.right, ...(isNameless ? [before.row + id.right] : [])].find(
      (name) => before.row < name && name < after.row,
    )
    if (name === undefined) return sort
    const put = putInto([...more, [SORT, before.sort]], what, state, stamp)
    return put._tag === 'Left' ? put : right([name, put.right[1]])
  }

/** A `_sort` between those of two entries. */
const sortBetween = (entries: Entries, low: number, high: number, stamp: Stamp): E.Either<DenseKey.NoRoom, string> => {
  const [before, after] = [entries.neighbourAt(low), entries.neighbourAt(high)]
  const beyond = (): DenseKey.Beyond => [entries.neighbourAt(low - 1)?.update, entries.neighbourAt(high + 1)?.update]
  const made = DenseKey.between(before, after, 1, stamp, { beyond })
  if (made._tag === 'Left') return made
  const [key] = made.right
  return DenseKey.isTooLong(key!) ? left({ _tag: 'NoRoom', before: before?.key, after: after?.key }) : right(key!)
}

/** Gives a row of the view a `_sort` between those of two others, whatever stands between these. */
const putBetween =
  (field: string, value: Index.Scalar) =>
  (id: RowId, low: RowId | undefined, high: RowId | undefined) =>
  (state: State<unknown>, stamp: Stamp): E.Either<InsertErrors, Change<never>> => {
    const entries = entriesIn(field, value, state)
    const before = low === undefined ? -1 : entries.placeOf(low)
    const after = high === undefined ? entries.size : entries.placeOf(high)
    const sort = sortBetween(entries, before, after, stamp)
    return sort._tag === 'Left' ? sort : putInto([[SORT, sort.right]], id, state, stamp)
  }

/**
 * The rows that must move so that there is room beside each, as stretches of indices: the end of
 * each is not in it.
 */
const stretchesWithoutRoom = (entries: Entries): ReadonlyArray<readonly [from: number, to: number]> => {
  const hasRoom = (low: number, high: number): boolean =>
    sortBetween(entries, low, high, { timestamp: 1, source: '' })._tag === 'Right'
  const isLonger = (i: number, than: number): boolean => {
    const [one, other] = [entries.at(i), entries.at(than)]
    return one !== undefined && (other === undefined || one.sort.length > other.sort.length)
  }
  const stretches: [from: number, to: number][] = []
  for (let i = 0; i <= entries.size; i++) {
    const end = stretches[stretches.length - 1]?.[1] ?? 0
    if (i < end || hasRoom(i - 1, i)) continue
    let [from, to] = isLonger(i - 1, i) ? [i - 1, i] : [i, i + 1]
    while (!hasRoom(from - 1, to)) [from, to] = isLonger(from - 1, to) ? [from - 1, to] : [from, to + 1]
    while ((stretches[stretches.length - 1]?.[1] ?? -1) >= from) from = Math.min(from, stretches.pop()![0])
    stretches.push([from, to])
  }
  return stretches
}
