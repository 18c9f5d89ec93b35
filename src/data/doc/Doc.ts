/**
 * Rows of fields, like a small database; the last writer of a field wins, and rows can be put into sets and sequences.
 *
 * On the wire `[rowId, {field: value, …}]`, as npm `crdt`; `[rowId, null]` removes the row: all that was written to it
 * before, wherever that comes from. What is written later makes the row anew. A row is there if it was set after it was
 * last removed, be it to no field at all. A field that is null is a field like any other.
 *
 * Views are read from an index in the state: `Doc.set('done', true)` is the rows of which the field `done` is true, and
 * `Doc.seq('list', 'todo')` those of the list todo in the order of their `_sort`, which is a key of `RArray`'s kind. A row
 * that is moved by two at once is in one place, that of the later move.
 *
 * @example
 * const doc = scuttlebutt(Doc.of(t.string))
 * const todo = Doc.seq('list', 'todo')
 * const [, one] = unwrap(doc.change(Doc.set('milk', { text: 'buy milk' }), 1000)(doc.create('alice')))
 * const [, two] = unwrap(doc.change(todo.push('milk'), 1001)(one))
 * const [, three] = unwrap(doc.change(todo.unshift({ id: 'bread', text: 'bake' }), 1002)(two))
 * todo.rows(three.state).map(({ id, fields }) => [id, fields.text]) // => [['bread', 'bake'], ['milk', 'buy milk']]
 * todo.indexOf('milk')(three.state) // => O.some(1)
 * Doc.row('milk')(one.state) // => O.some({ text: 'buy milk' })
 */
import type { either as E, eq, option as O } from 'fp-ts'
import * as t from 'io-ts'
import type { Applied, Command, DataType, Maker } from '../../core/DataType.js'
import * as Json from '../../core/Json.js'
import * as SortedMap from '../../structures/SortedMap.js'
import * as Update from '../../core/Update.js'
import * as DenseKey from '../parts/DenseKey.js'
import * as DocIndex from './Index.js'
import * as Registers from '../parts/Registers.js'
import * as Holdings from '../parts/Holdings.js'
import { nullOr, orNull, pair, record } from '../parts/codecs.js'

export type RowId = string

/** The fields that were written, by name. */
export type Fields<V> = Readonly<Record<string, V | null>>

export type Change<V> = readonly [row: RowId, fields: Fields<V> | null]

export type { NoRoom } from '../parts/DenseKey.js'
export type { Scalar } from './Index.js'

/** A row with what it says. */
export interface Row<V> {
  readonly id: RowId
  readonly fields: Fields<V>
}

/** What counts of a row: what was written after it was last removed. */
type Held<V> = Registers.Registers<Change<V>>

export interface State<V> {
  readonly held: SortedMap.SortedMap<RowId, Held<V>>
  /** The newest removal of every row ever removed, whether it is there again or not. */
  readonly removals: SortedMap.SortedMap<RowId, Update.Update<Change<V>>>
  readonly index: DocIndex.Index
  readonly holdings: Holdings.Holdings<Change<V>>
}

/** No row of that id is there, or none in that view. */
export interface UnknownRow {
  readonly _tag: 'UnknownRow'
  readonly row: RowId
}

/** A row's field `id`, if it has one, is its id, and stays so. */
export interface IdChanged {
  readonly _tag: 'IdChanged'
  readonly row: RowId
  readonly id: unknown
}

const byId: SortedMap.Less<string> = (a, b) => a < b

const emptyState: State<never> = {
  held: SortedMap.empty(),
  removals: SortedMap.empty(),
  index: SortedMap.empty(),
  holdings: SortedMap.empty(),
}

/** Rows whose fields `value` decodes. Apply: O(f log n) for f fields written of n in all. */
export const of = <V>(value: t.Type<V, unknown, unknown>): DataType<State<V>, Change<V>> => ({
  name: `Doc<${value.name}>`,
  change: pair(nullOr(record(nullOr(value)))),
  empty: emptyState,
  apply,
  toJSON,
})

const apply =
  <V>(updates: ReadonlyArray<Update.Update<Change<V>>>) =>
  (state: State<V>): Applied<State<V>, Change<V>> => {
    const held = new SortedMap.Draft(byId, state.held)
    const removals = new SortedMap.Draft(byId, state.removals)
    const holdings = new Holdings.Draft(state.holdings)
    const touched = new Set<RowId>()
    for (const update of updates) {
      const [id, fields] = update[0]
      const removal = removals.get(id)
      if (removal !== undefined && Update.before(update, removal)) {
        holdings.hold(update, 0)
        continue
      }
      touched.add(id)
      const row = held.get(id)
      if (fields !== null) {
        held.set(id, Registers.write(row, update, holdings))
        continue
      }
      if (removal !== undefined) holdings.release(removal)
      removals.set(id, update)
      const rest = row && Registers.since(row, update, holdings)
      if (rest === undefined) held.remove(id)
      else held.set(id, rest)
    }
    const next = { held: held.done(), removals: removals.done(), holdings: holdings.done() }
    if (next.held === state.held && next.removals === state.removals) return { state, superseded: holdings.superseded }
    const index = new SortedMap.Draft(DocIndex.less, state.index)
    for (const id of touched) reindex(index, id, SortedMap.get(byId, state.held, id), held.get(id))
    return { state: { ...next, index: index.done() }, superseded: holdings.superseded }
  }

const SORT = '_sort'

const sortOf = <V>(id: RowId, row: Held<V> | undefined): string => {
  const sort = Registers.get(row, SORT)
  return typeof sort === 'string' && sort !== '' ? sort : id
}

/** Makes the index say of a row what it says after instead of before. */
const reindex = <V>(
  index: SortedMap.Draft<DocIndex.Entry, true>,
  row: RowId,
  before: Held<V> | undefined,
  after: Held<V> | undefined,
): void => {
  if (before === after) return
  const none: Held<V>['winners'] = SortedMap.empty()
  const [old, made] = [before?.winners ?? none, after?.winners ?? none]
  const [from, to] = [sortOf(row, before), sortOf(row, after)]
  const visit =
    (sort: string, edit: (entry: DocIndex.Entry) => void) => (field: string, update: Update.Update<Change<V>>) => {
      const value = Registers.said(update, field)
      if (DocIndex.isScalar(value)) edit({ field, value, sort, row })
    }
  // with another sort all entries of the row move, else those of the fields that changed
  const isMoved = from !== to
  SortedMap.forEachChange(
    byId,
    isMoved ? none : made,
    old,
    visit(from, (entry) => {
      index.remove(entry)
    }),
  )
  SortedMap.forEachChange(
    byId,
    isMoved ? none : old,
    made,
    visit(to, (entry) => {
      index.set(entry, true)
    }),
  )
}

const fieldsOf = <V>(held: Held<V>): Fields<V> => Registers.toRecord(held) as Fields<V>

/**
 * Sets fields of a row, which is made if it is not there. Errors: `IdChanged`.
 *
 * Or, given a field's name and the value that it is to have, the {@link SetView} of the rows that have it.
 */
export const set: {
  <V>(row: RowId, fields: Fields<V>): Command<State<unknown>, Change<V>, IdChanged>
  <W extends DocIndex.Scalar>(field: string, value: W): SetView<W>
} = ((row: string, what: Fields<unknown> | DocIndex.Scalar) =>
  DocIndex.isScalar(what) ? setView(row, what) : setFields(row, what)) as never

const setFields = <V>(row: RowId, fields: Fields<V>): Command<State<unknown>, Change<V>, IdChanged> =>
  Object.hasOwn(fields, 'id') && fields['id'] !== row
    ? () => ({ _tag: 'Left', left: { _tag: 'IdChanged', row, id: fields['id'] } })
    : [row, fields]

/** Sets fields of the row that the field `id` names; without one, of a new row, with an id made from the update's stamp. */
export const add =
  <V>(fields: Fields<V>): Maker<State<unknown>, Change<V>> =>
  (_, stamp) => ({ _tag: 'Right', right: [idOf(fields, stamp), fields] })

const idOf = (fields: Fields<unknown>, stamp: Update.Stamp): RowId => {
  const id = Object.hasOwn(fields, 'id') ? fields['id'] : undefined
  return typeof id === 'string' ? id : DenseKey.tag(stamp)
}

/** Removes a row. O(log n). Errors: `UnknownRow`. */
export const remove =
  (row: RowId): Maker<State<unknown>, Change<never>, UnknownRow> =>
  (state) =>
    has(row)(state) ? { _tag: 'Right', right: [row, null] } : unknownRow(row)

const unknownRow = (row: RowId): E.Left<UnknownRow> => ({ _tag: 'Left', left: { _tag: 'UnknownRow', row } })

/** The fields of a row. O(log n + f) for f fields. */
export const row =
  (id: RowId) =>
  <V>({ held }: State<V>): O.Option<Fields<V>> => {
    const found = SortedMap.get(byId, held, id)
    return found === undefined ? { _tag: 'None' } : { _tag: 'Some', value: fieldsOf(found) }
  }

/** Whether a row is there. O(log n). */
export const has =
  (id: RowId) =>
  <V>({ held }: State<V>): boolean =>
    SortedMap.get(byId, held, id) !== undefined

/** How many rows there are. O(1). */
export const size = <V>({ held }: State<V>): number => SortedMap.size(held)

/** The rows, by id in UTF-16 code unit order. O(n). */
export const rows = <V>({ held }: State<V>): ReadonlyArray<Row<V>> => {
  const all: Row<V>[] = []
  SortedMap.forEach(held, (found, id) => all.push({ id, fields: fieldsOf(found) }))
  return all
}

/** What both kinds of view can be asked. Their rows are in the order of `_sort`, or of the id where a row has none. */
interface View {
  /** How many rows there are. O(log n). */
  readonly length: (state: State<unknown>) => number
  /** The rows in order. O(rows log n), and their size. */
  readonly rows: <V>(state: State<V>) => ReadonlyArray<Row<V>>
  /** Whether a row is in it. O(log n). */
  readonly has: (row: RowId) => (state: State<unknown>) => boolean
  /** Takes a row out, by making the field null; the row itself stays. O(log n). Errors: `UnknownRow`. */
  readonly remove: (row: RowId) => Maker<State<unknown>, Change<never>, UnknownRow>
}

/** Takes the id of a row that is there, or the fields of a new one, as {@link add} does; writes `W` besides. */
type Put<W, Args extends ReadonlyArray<unknown>, Err> = <V = never>(
  what: RowId | Fields<V>,
  ...args: Args
) => Maker<State<unknown>, Change<V | W>, Err>

/** The rows that have a value in a field. */
export interface SetView<W> extends View {
  /** Puts a row into it. O(log n). Errors: `UnknownRow`. */
  readonly add: Put<W, [], UnknownRow>
}

type Insert<W, Args extends ReadonlyArray<unknown> = []> = Put<W | string, Args, UnknownRow | DenseKey.NoRoom>

/** The rows that have a value in a field, in the order that `_sort` gives them. */
export interface SeqView<W> extends View {
  /** Puts a row, new or from elsewhere, last. This and the three after it: O(log n). Errors: `UnknownRow`, `NoRoom`. */
  readonly push: Insert<W>
  readonly unshift: Insert<W>
  readonly before: Insert<W, [row: RowId]>
  readonly after: Insert<W, [row: RowId]>
  /** This and the four after it: O(log n), and the size of the row. */
  readonly at: (index: number) => <V>(state: State<V>) => O.Option<Row<V>>
  readonly first: <V>(state: State<V>) => O.Option<Row<V>>
  readonly last: <V>(state: State<V>) => O.Option<Row<V>>
  /** The row after a row, if both are there. */
  readonly next: (row: RowId) => <V>(state: State<V>) => O.Option<Row<V>>
  readonly prev: (row: RowId) => <V>(state: State<V>) => O.Option<Row<V>>
  /** The index of a row. O(log n). */
  readonly indexOf: (row: RowId) => (state: State<unknown>) => O.Option<number>
}

/** The place of a row among those with a value in a field, or -1. */
const placeOf = (field: string, value: DocIndex.Scalar, id: RowId, { held, index }: State<unknown>): number => {
  const found = SortedMap.get(byId, held, id)
  if (Registers.get(found, field) !== value) return -1
  const entry = { field, value, sort: sortOf(id, found), row: id }
  return SortedMap.rank(DocIndex.less, index, entry) - 1 - DocIndex.rangeOf(index, field, value).start
}

const viewOf = (field: string, value: DocIndex.Scalar): View => {
  const isIn = (id: RowId) => (state: State<unknown>) =>
    Registers.get(SortedMap.get(byId, state.held, id), field) === value
  return {
    length: ({ index }) => DocIndex.rangeOf(index, field, value).size,
    rows: ({ held, index }) =>
      DocIndex.entriesOf(index, DocIndex.rangeOf(index, field, value)).map((entry) => rowOf(held, entry)),
    has: isIn,
    remove: (id) => (state) =>
      isIn(id)(state) ? { _tag: 'Right', right: [id, Object.fromEntries([[field, null]])] } : unknownRow(id),
  }
}

const rowOf = <V>(held: State<V>['held'], { row: id }: DocIndex.Entry): Row<V> => ({
  id,
  fields: fieldsOf(SortedMap.get(byId, held, id)!),
})

const setView = (field: string, value: DocIndex.Scalar): SetView<DocIndex.Scalar> => ({
  ...viewOf(field, value),
  add: (what: What) => (state: State<unknown>, stamp: Update.Stamp) => putInto([[field, value]], what, state, stamp),
})

/** What is put into a view: the id of a row that is there, or the fields of a new one. */
type What = RowId | Fields<unknown>

/** A row that is there, or a new one of fields, with more fields set. */
const putInto = (
  more: ReadonlyArray<readonly [field: string, value: DocIndex.Scalar]>,
  what: What,
  state: State<unknown>,
  stamp: Update.Stamp,
): E.Either<UnknownRow, Change<never>> => {
  const fields = [...(typeof what === 'string' ? [] : Object.entries(what)), ...more]
  const id = typeof what === 'string' ? what : idOf(what, stamp)
  if (typeof what === 'string' && !has(what)(state)) return unknownRow(what)
  return { _tag: 'Right', right: [id, Object.fromEntries(fields) as Fields<never>] }
}

/**
 * The rows whose `field` has a `value`, in the order of their `_sort`. Every query and command finds its place in the
 * state's index, so views may be made and dropped at will.
 */
export const seq = <W extends DocIndex.Scalar>(field: string, value: W): SeqView<W> => {
  const view = viewOf(field, value)
  const place = (id: RowId, state: State<unknown>): number => placeOf(field, value, id, state)

  const at = <V>(i: number, { held, index }: State<V>): O.Option<Row<V>> => {
    const entry = DocIndex.entryAt(index, DocIndex.rangeOf(index, field, value), i)
    return entry === undefined ? { _tag: 'None' } : { _tag: 'Some', value: rowOf(held, entry) }
  }

  const beside =
    (id: RowId, step: 1 | -1) =>
    <V>(state: State<V>): O.Option<Row<V>> => {
      const here = place(id, state)
      return here < 0 ? { _tag: 'None' } : at(here + step, state)
    }

  const neighbour = (i: number, { held, index }: State<unknown>): DenseKey.Neighbour | undefined => {
    const entry = DocIndex.entryAt(index, DocIndex.rangeOf(index, field, value), i)
    if (entry === undefined) return undefined
    const found = SortedMap.get(byId, held, entry.row)!
    return { key: entry.sort, update: SortedMap.get(byId, found.winners, SORT) ?? found.newest }
  }

  /** Puts a row before what is at an index; it does not stand in its own way. */
  const insert =
    (what: What, indexIn: (state: State<unknown>) => number | UnknownRow) =>
    (state: State<unknown>, stamp: Update.Stamp): E.Either<UnknownRow | DenseKey.NoRoom, Change<never>> => {
      const index = indexIn(state)
      if (typeof index !== 'number') return { _tag: 'Left', left: index }
      const own = place(typeof what === 'string' ? what : idOf(what, stamp), state)
      const before = neighbour(own === index - 1 ? index - 2 : index - 1, state)
      const after = neighbour(own === index ? index + 1 : index, state)
      const sort = DenseKey.between(before, after, 1, stamp)
      if (sort._tag === 'Left') return sort
      const isMember = typeof what === 'string' && own >= 0
      const more: (readonly [string, DocIndex.Scalar])[] = isMember ? [] : [[field, value]]
      return putInto([...more, [SORT, sort.right[0]!]], what, state, stamp)
    }

  const besideRow = (row: RowId, offset: 0 | 1) => (state: State<unknown>) => {
    const index = place(row, state)
    return index < 0 ? ({ _tag: 'UnknownRow', row } as const) : index + offset
  }

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
      const index = place(row, state)
      return index < 0 ? { _tag: 'None' } : { _tag: 'Some', value: index }
    },
  }
}

/** A plain object of the rows' fields by id. O(n). */
export const toJSON = <V>(state: State<V>): Readonly<Record<RowId, Fields<V>>> =>
  Object.fromEntries(rows(state).map(({ id, fields }) => [id, fields]))

/** Equal where the same updates win the same, and say the same. O(n). */
export const getEq = <V>(value: eq.Eq<V> = Json.Eq): eq.Eq<State<V>> => {
  const same = (x: unknown, y: unknown): boolean => orNull(value).equals(x as V | null, y as V | null)
  return {
    equals: (a, b) =>
      a === b ||
      (SortedMap.equals(a.held, b.held, (x, y, id, otherId) => id === otherId && Registers.equals(x, y, same)) &&
        SortedMap.equals(a.removals, b.removals, (x, y, id, otherId) => id === otherId && Update.sameStamp(x, y))),
  }
}
