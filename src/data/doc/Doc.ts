/**
 * Rows of fields, like a small database. The last write to a field wins; rows can be put into sets
 * and sequences.
 *
 * On the wire `[rowId, {field: value, …}]`, as npm `crdt`. `[rowId, null]` removes the row:
 * everything written to it before, even if that arrives later. A later write makes the row again. A
 * row exists if it was set after it was last removed, even if no field was set. A field may be
 * null.
 *
 * `Doc.where('done', true)` is the view of the rows whose field `done` is true.
 * `Doc.seq('list', 'todo')` is the sequence of the rows whose field `list` is `'todo'`, in the
 * order of their field `_sort`, which holds a dense key as in `RArray`. If two replicas move a row
 * at once, the later move decides its place.
 *
 * @example
 * import { option as O } from 'fp-ts'
 * import * as t from 'io-ts'
 * const doc = scuttlebutt(Doc.of(t.string))
 * const todo = Doc.seq('list', 'todo')
 * const write = (command, now, replica) => unwrap(doc.change(command, now)(replica))[1]
 * const one = write(Doc.set('milk', { text: 'buy milk' }), 1000, doc.create('alice'))
 * const two = write(todo.push('milk'), 1001, one)
 * const three = write(todo.unshift({ id: 'bread', text: 'bake' }), 1002, two)
 * todo.rows(three.state).map(({ fields }) => fields.text) // => ['bake', 'buy milk']
 * todo.indexOf('milk')(three.state) // => O.some(1)
 * Doc.row('milk')(one.state) // => O.some({ text: 'buy milk' })
 */
import type { eq, option as O } from 'fp-ts'
import type * as t from 'io-ts'
import type { Applied, Command, DataType, Maker } from '../../core/DataType.js'
import type { DeepReadonly } from '../../core/DeepReadonly.js'
import { left, right } from '../../core/Either.js'
import * as Json from '../../core/Json.js'
import { none } from '../../core/Option.js'
import { between, replaced, type Patch, type Replaced } from '../../core/Patch.js'
import { before, sameStamp, type Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { nullOr, orNull, pair, readonly, record, refining } from '../parts/codecs.js'
import * as DenseKey from '../parts/DenseKey.js'
import { kind, type Named } from '../parts/kind.js'
import * as Holdings from '../parts/Holdings.js'
import { pieces } from '../parts/pieces.js'
import * as Registers from '../parts/Registers.js'
import { someOf, stable } from '../parts/stable.js'
import * as Index from './Index.js'
import {
  fieldsOf,
  has,
  idOf,
  rowOf,
  SORT,
  unknownRow,
  type Change,
  type Fields,
  type InvalidId,
  type Present,
  type Row,
  type RowId,
  type State,
  type UnknownRow,
  type Written,
} from './rows.js'
import { where, type SetView } from './views.js'

export type { NoRoom } from '../parts/DenseKey.js'
export type { Scalar } from './Index.js'
export {
  has,
  type Change,
  type Fields,
  type InvalidId,
  type Row,
  type RowId,
  type State,
  type UnknownRow,
} from './rows.js'
export { seq, where, type SeqView, type SetView } from './views.js'

/** The data type that {@link of} returns. */
export interface Type<V> extends DataType<State<V>, Change<V>> {
  readonly toJSON: (state: State<V>) => Readonly<Record<RowId, Fields<V>>>
}

/** The field `id` of a row, if it is set, is the id of the row and cannot change. */
export interface IdChanged {
  readonly _tag: 'IdChanged'
  readonly row: RowId
  readonly id: unknown
}

/** A row that was made or removed, or a field of one that stays. */
export type RowPatch<V> =
  Replaced<readonly [row: RowId], Fields<V>> | Replaced<readonly [row: RowId, field: string], DeepReadonly<V> | null>

/** Options of {@link of}. */
export interface Options extends Named {
  /**
   * A removed row stays removed: nothing that is written to it counts, earlier or later, from
   * anybody, and no undo brings it back. Without it, a write that is later than the removal makes
   * the row again, with the fields of that write alone. All replicas must agree: it is part of the
   * type's version.
   */
  readonly removeWins?: boolean
}

const emptyState: State<never> = {
  held: SortedMap.empty(),
  removals: SortedMap.empty(),
  holdings: SortedMap.empty(),
}

/**
 * Rows whose fields `value` decodes. Refuses an id or a `_sort` of more than 4,096 bytes. Apply:
 * O(f log n) for f fields written now and n fields in all.
 */
export const of = <V>(value: t.Type<V, unknown, unknown>, options: Options = {}): Type<V> => ({
  ...kind('Doc', value.name, options.removeWins === true ? { ...options, version: removesWin(options) } : options),
  change: refining(pair(nullOr(record(nullOr(readonly(value))))), (change) => !final(change)),
  final,
  empty: emptyState,
  apply: apply(options.removeWins === true),
  toJSON,
  diff,
  // a row that was removed never comes back
  ...(options.removeWins === true
    ? { patch: (patches: ReadonlyArray<Patch>) => patch(patches.filter(({ at }) => at.length > 1)) }
    : { fullDiff, patch }),
})

const removesWin = ({ version }: Named): string => `${version === undefined ? '' : `${version}, `}remove wins`

/** Whether the id of the row or its `_sort` is too long for a key. */
const final = (change: unknown): boolean => {
  if (!Array.isArray(change)) return false
  const [id, fields] = change as readonly unknown[]
  const sort = Json.isPlain(fields) ? fields[SORT] : undefined
  return [id, sort].some((key) => typeof key === 'string' && DenseKey.isTooLong(key))
}

const apply =
  (isFinal: boolean) =>
  <V>(updates: ReadonlyArray<Update<Change<V>>>) =>
  (state: State<V>): Applied<State<V>, Change<V>> => {
    const [first] = updates
    const isOne = updates.length === 1 && first![0][1] !== null && SortedMap.size(state.removals) === 0
    return isOne ? applyOne(first!, state) : applyAll(isFinal, updates, state)
  }

/** The most frequent step: a write to one row, before any row was removed. */
const applyOne = <V>(update: Update<Change<V>>, state: State<V>): Applied<State<V>, Change<V>> => {
  const [id] = update[0]
  const holdings = new Holdings.Draft(state.holdings)
  const held = SortedMap.update(SortedMap.byText, state.held, id, (row: Present<V> | undefined) =>
    Registers.write(row, update, holdings),
  )
  if (held === state.held) return { state, superseded: holdings.superseded }
  Index.follow(state.held, held, [id])
  return { state: { held, removals: state.removals, holdings: holdings.done() }, superseded: holdings.superseded }
}

const applyAll = <V>(
  isFinal: boolean,
  updates: ReadonlyArray<Update<Change<V>>>,
  state: State<V>,
): Applied<State<V>, Change<V>> => {
  const held = new SortedMap.Draft(SortedMap.byText, state.held)
  const removals = new SortedMap.Draft(SortedMap.byText, state.removals)
  const holdings = new Holdings.Draft(state.holdings)
  const { superseded } = holdings
  const touched = new Set<RowId>()
  for (const update of updates) {
    const [id, fields] = update[0]
    const removal = removals.get(id)
    if (removal !== undefined && ((isFinal && fields !== null) || before(update, removal))) {
      superseded.push(update)
      continue
    }
    touched.add(id)
    const row = held.get(id)
    if (fields !== null) {
      held.set(id, Registers.write(row, update, holdings))
      continue
    }
    if (removal !== undefined) superseded.push(removal)
    removals.set(id, update)
    const rest = row && Registers.since(row, isFinal ? undefined : update, holdings)
    if (rest === undefined) held.remove(id)
    else held.set(id, rest)
  }
  const next = { held: held.done(), removals: removals.done(), holdings: holdings.done() }
  if (next.held === state.held && next.removals === state.removals) return { state, superseded }
  Index.follow(state.held, next.held, touched)
  return { state: next, superseded }
}

/** Sets fields of a row. Makes the row if it does not exist. O(1). Errors: `IdChanged`. */
export function set<V>(row: RowId, fields: Written<V>): Command<State<unknown>, Change<V>, IdChanged>
/** The same as {@link where}. */
export function set<W extends Index.Scalar>(field: string, value: W): SetView<W>
export function set(
  row: string,
  what: Written<unknown> | Index.Scalar,
): Command<State<unknown>, Change<unknown>, IdChanged> | SetView<Index.Scalar> {
  return Index.isScalar(what) ? where(row, what) : setFields(row, what)
}

const setFields = <V>(row: RowId, fields: Written<V>): Command<State<unknown>, Change<V>, IdChanged> =>
  Object.hasOwn(fields, 'id') && fields['id'] !== row
    ? () => left({ _tag: 'IdChanged', row, id: fields['id'] })
    : [row, fields as Fields<V>]

/**
 * Sets fields of the row that the field `id` names. Without that field it makes a new row, with an
 * id made from the stamp of the update. O(1). Errors: `InvalidId` for an id that is no string.
 */
export const add =
  <V>(fields: Written<V>): Maker<State<unknown>, Change<V>, InvalidId> =>
  (_, stamp) => {
    const id = idOf(fields, stamp)
    return id._tag === 'Left' ? id : right([id.right, fields as Fields<V>])
  }

/** Removes a row. O(log n). Errors: `UnknownRow`. */
export const remove =
  (row: RowId): Maker<State<unknown>, Change<never>, UnknownRow> =>
  (state) =>
    has(row)(state) ? right([row, null]) : unknownRow(row)

/** The fields of a row. O(log n + f) for f fields. */
export const row =
  (id: RowId) =>
  <V>({ held }: State<V>): O.Option<Fields<V>> => {
    const found = SortedMap.get(SortedMap.byText, held, id)
    return found === undefined ? none : someOf(found, rowOf(id, found).fields)
  }

/** The number of rows. O(1). */
export const size = <V>({ held }: State<V>): number => SortedMap.size(held)

/** The rows, in UTF-16 code unit order of their ids. O(n). */
export const rows = <V>(state: State<V>): ReadonlyArray<Row<V>> => stable(state, 'rows', () => rowsIn(state))

const rowsIn = <V>({ held }: State<V>): ReadonlyArray<Row<V>> => {
  const all: Row<V>[] = []
  SortedMap.forEach(held, (found, id) => all.push(rowOf(id, found)))
  return all
}

/** The fields of the rows by id, as a plain object. O(n). */
export const toJSON = <V>(state: State<V>): Readonly<Record<RowId, Fields<V>>> =>
  stable(state, 'toJSON', () => Object.fromEntries(rowsIn(state).map(({ id, fields }) => [id, fields])))

/**
 * What differs: a row that was made or removed as a whole, else each of its fields. O(d log n) for
 * d rows and fields that differ.
 *
 * @example
 * import * as t from 'io-ts'
 * const doc = scuttlebutt(Doc.of(t.string))
 * const write = (fields, now, replica) => unwrap(doc.change(Doc.set('a', fields), now)(replica))[1]
 * const one = write({ text: 'milk' }, 1000, doc.create('alice'))
 * const two = write({ text: 'bread' }, 1001, one)
 * doc.diff(doc.create('alice'))(one) // => [{ at: ['a'], after: { text: 'milk' } }]
 * Doc.diff(one.state)(two.state) // => [{ at: ['a', 'text'], before: 'milk', after: 'bread' }]
 */
export const diff =
  <V>(old: State<V>) =>
  (made: State<V>): ReadonlyArray<RowPatch<V>> =>
    SortedMap.differences(SortedMap.byText, old.held, made.held).flatMap(
      ([id, from, to]): ReadonlyArray<RowPatch<V>> =>
        from !== undefined && to !== undefined
          ? (Registers.diff(id, from, to) as ReadonlyArray<RowPatch<V>>)
          : between([id], from && fieldsOf(from), to && fieldsOf(to)),
    )

/**
 * As {@link diff}, but a row that was made is a patch for each of its fields: others may have made
 * it too, with other fields.
 */
const fullDiff =
  <V>(old: State<V>) =>
  (made: State<V>): ReadonlyArray<Replaced> =>
    diff(old)(made).flatMap((one: Replaced): ReadonlyArray<Replaced> => {
      const fields = one.at.length === 1 && one.before === undefined ? Object.entries(one.after as Fields<V>) : []
      return fields.length > 0 ? fields.map(([field, value]) => replaced([...one.at, field], undefined, value)) : [one]
    })

/** What patches that follow on do to one row. */
interface Rewriting {
  readonly id: RowId
  readonly fields: (readonly [field: string, value: unknown])[]
  /** How many of the fields they make. NaN if they write over one. */
  made: number
  isGone: boolean
}

/**
 * A change for each row, with the fields that follow on in the patches, or several if it is large.
 * A field cannot be removed: it becomes null. O(size).
 */
export const patch = (patches: ReadonlyArray<Patch>): ReadonlyArray<Change<never>> => {
  const rows: Rewriting[] = []
  for (const { at, before, after } of patches as ReadonlyArray<Replaced>) {
    const [id, field] = at as readonly [RowId, string?]
    let last = rows.at(-1)
    if (field === undefined) {
      // fields of the row before that are not in the other become null
      const gone = Object.keys(before ?? {}).map((name) => [name, null] as const)
      const isGone = after === undefined
      // a row that these patches made is nothing to remove
      if (isGone && last?.id === id && last.made === gone.length) rows.pop()
      else rows.push({ id, fields: [...gone, ...Object.entries(after ?? {})], made: NaN, isGone })
    } else {
      if (last?.id !== id) rows.push((last = { id, fields: [], made: 0, isGone: false }))
      last.fields.push([field, after ?? null])
      last.made += before === undefined ? 1 : NaN
      last.isGone = false
    }
  }
  return rows.flatMap(({ id, fields, isGone }): ReadonlyArray<Change<never>> => {
    if (isGone) return [[id, null]]
    const all = fields.length > 0 ? Array.from(pieces(fields)) : [fields]
    return all.map((some) => [id, Object.fromEntries(some) as Fields<never>])
  })
}

/** Equal if the same updates win the same fields with the same values. O(n). */
export const getEq = <V>(value: eq.Eq<V> = Json.Eq): eq.Eq<State<V>> => {
  const same = (x: unknown, y: unknown): boolean => orNull(value).equals(x as V | null, y as V | null)
  return {
    equals: (a, b) =>
      a === b ||
      (SortedMap.equals(a.held, b.held, (x, y, id, otherId) => id === otherId && Registers.equals(x, y, same)) &&
        SortedMap.equals(a.removals, b.removals, (x, y, id, otherId) => id === otherId && sameStamp(x, y))),
  }
}
