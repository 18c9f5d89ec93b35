/** The views of a `Doc`: the rows with a value in a field, as a set or as a sequence. */
import type { either as E, option as O } from 'fp-ts'
import type { Maker } from '../../core/DataType.js'
import { left, right } from '../../core/Either.js'
import { none, some } from '../../core/Option.js'
import type { Stamp } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import * as DenseKey from '../parts/DenseKey.js'
import * as Registers from '../parts/Registers.js'
import * as Index from './Index.js'
import {
  fieldsOf,
  has,
  idOf,
  SORT,
  sortOf,
  unknownRow,
  type Change,
  type Fields,
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
  /** Puts a row into the view. O(log n). Errors: `UnknownRow`. */
  readonly add: Put<W, [], UnknownRow>
}

type Insert<W, Args extends ReadonlyArray<unknown> = []> = Put<W | string, Args, UnknownRow | DenseKey.NoRoom>

/** The rows with a value in a field, in the order of their `_sort`. */
export interface SeqView<W> extends View {
  /** Puts a row last. A row that is in the view moves. O(log n). Errors: `UnknownRow`, `NoRoom`. */
  readonly push: Insert<W>
  /** Puts a row first. Costs and errors as `push`. */
  readonly unshift: Insert<W>
  /** Puts a row right before another. Costs and errors as `push`. */
  readonly before: Insert<W, [row: RowId]>
  /** Puts a row right after another. Costs and errors as `push`. */
  readonly after: Insert<W, [row: RowId]>
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
  const isIn = (id: RowId) => (state: State<unknown>) =>
    Registers.get(SortedMap.get(SortedMap.byText, state.held, id), field) === value
  return {
    length: ({ index }) => Index.rangeOf(index, field, value).size,
    rows: ({ held, index }) =>
      Index.entriesOf(index, Index.rangeOf(index, field, value)).map((entry) => rowOf(held, entry)),
    has: isIn,
    remove: (id) => (state) => (isIn(id)(state) ? right([id, Object.fromEntries([[field, null]])]) : unknownRow(id)),
  }
}

const rowOf = <V>(held: State<V>['held'], { row: id }: Index.Entry): Row<V> => ({
  id,
  fields: fieldsOf(SortedMap.get(SortedMap.byText, held, id)!),
})

/** The rows whose `field` has a `value`. */
export const setView = <W extends Index.Scalar>(field: string, value: W): SetView<W> => ({
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
): E.Either<UnknownRow, Change<never>> => {
  const fields = [...(typeof what === 'string' ? [] : Object.entries(what)), ...more]
  const id = typeof what === 'string' ? what : idOf(what, stamp)
  if (typeof what === 'string' && !has(what)(state)) return unknownRow(what)
  return right([id, Object.fromEntries(fields) as Fields<never>])
}

/**
 * The rows whose `field` has a `value`, in the order of their `_sort`. A view holds no rows: each
 * query and command reads the index in the state, so views cost nothing to make.
 */
export const seq = <W extends Index.Scalar>(field: string, value: W): SeqView<W> => {
  const view = viewOf(field, value)
  const at = <V>(i: number, state: State<V>): O.Option<Row<V>> => {
    const entry = entryAt(field, value, i, state)
    return entry === undefined ? none : some(rowOf(state.held, entry))
  }
  const beside =
    (id: RowId, step: 1 | -1) =>
    <V>(state: State<V>): O.Option<Row<V>> => {
      const here = placeOf(field, value, id, state)
      return here < 0 ? none : at(here + step, state)
    }
  const besideRow = (row: RowId, offset: 0 | 1) => (state: State<unknown>) => {
    const here = placeOf(field, value, row, state)
    return here < 0 ? ({ _tag: 'UnknownRow', row } as const) : here + offset
  }
  const insert = insertInto(field, value)
  return {
    ...view,
    push: (what: What) => insert(what, view.length),
    unshift: (what: What) => insert(what, () => 0),
    before: (what: What, row: RowId) => insert(what, besideRow(row, 0)),
    after: (what: What, row: RowId) => insert(what, besideRow(row, 1)),
    at: (index) => (state) => at(index, state),
    first: (state) => at(0, state),
    last: (state) => at(view.length(state) - 1, state),
    next: (row) => beside(row, 1),
    prev: (row) => beside(row, -1),
    indexOf: (row) => (state) => {
      const index = placeOf(field, value, row, state)
      return index < 0 ? none : some(index)
    },
  }
}

const entryAt = (field: string, value: Index.Scalar, i: number, { index }: State<unknown>): Index.Entry | undefined =>
  Index.entryAt(index, Index.rangeOf(index, field, value), i)

/** The index of a row among those with a value in a field, or -1. */
const placeOf = (field: string, value: Index.Scalar, id: RowId, { held, index }: State<unknown>): number => {
  const row = SortedMap.get(SortedMap.byText, held, id)
  if (Registers.get(row, field) !== value) return -1
  const entry = { field, value, sort: sortOf(id, row), row: id }
  return SortedMap.rank(Index.less, index, entry) - 1 - Index.rangeOf(index, field, value).start
}

/**
 * Puts a row before the one at an index. A row of the view that moves does not count as its own
 * neighbour.
 */
const insertInto =
  (field: string, value: Index.Scalar) =>
  (what: What, indexIn: (state: State<unknown>) => number | UnknownRow) =>
  (state: State<unknown>, stamp: Stamp): E.Either<UnknownRow | DenseKey.NoRoom, Change<never>> => {
    const index = indexIn(state)
    if (typeof index !== 'number') return left(index)
    const own = placeOf(field, value, typeof what === 'string' ? what : idOf(what, stamp), state)
    const before = neighbour(entryAt(field, value, own === index - 1 ? index - 2 : index - 1, state), state)
    const after = neighbour(entryAt(field, value, own === index ? index + 1 : index, state), state)
    const sort = DenseKey.between(before, after, 1, stamp)
    if (sort._tag === 'Left') return sort
    const isMember = typeof what === 'string' && own >= 0
    const more: (readonly [string, Index.Scalar])[] = isMember ? [] : [[field, value]]
    return putInto([...more, [SORT, sort.right[0]!]], what, state, stamp)
  }

const neighbour = (entry: Index.Entry | undefined, { held }: State<unknown>): DenseKey.Neighbour | undefined => {
  if (entry === undefined) return undefined
  const row = SortedMap.get(SortedMap.byText, held, entry.row)!
  return { key: entry.sort, update: SortedMap.get(SortedMap.byText, row.winners, SORT) ?? row.newest }
}
