/**
 * The indexes that the views of a `Doc` read: of a field, which rows have which value, in `_sort`
 * order.
 *
 * A field is indexed when a view of it is first read, and from then on by each version that is made
 * from that one. An index follows from the rows alone, so it is no part of the state: a document
 * without views pays nothing for them.
 */
import * as SortedMap from '../../structures/SortedMap.js'
import * as Registers from '../parts/Registers.js'
import { sortOf, type Present, type RowId, type State } from './rows.js'

/** The values that a view can select by. */
export type Scalar = string | number | boolean

/** States that a row has a value in the field. */
export interface Entry {
  readonly value: Scalar
  /** The `_sort` of the row, or its id if it has none. */
  readonly sort: string
  readonly row: RowId
  /** Set on a bound, which is no entry: it sorts before or after all entries of its value. */
  readonly edge?: -1 | 1
}

/** The entries of a field by value, then sort, then row. */
export type Index = SortedMap.SortedMap<Entry, true>

export const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

const less: SortedMap.Less<Entry> = (a, b) => {
  if (a.value !== b.value) {
    return typeof a.value === typeof b.value ? a.value < b.value : typeof a.value < typeof b.value
  }
  const [edge, otherEdge] = [a.edge ?? 0, b.edge ?? 0]
  if (edge !== otherEdge) return edge < otherEdge
  return a.sort < b.sort || (a.sort === b.sort && a.row < b.row)
}

type Held = State<unknown>['held']

/** For the rows of a version, the indexes of the fields that were read. A memo. */
const indexesOf = new WeakMap<Held, ReadonlyMap<string, Index>>()

/** The index of a field. O(1), or O(n log n) for n rows when the field is first read. */
export const of = (field: string, { held }: State<unknown>): Index => {
  const known = indexesOf.get(held)
  const index = known?.get(field)
  if (index !== undefined) return index
  const draft = new SortedMap.Draft<Entry, true>(less, SortedMap.empty())
  SortedMap.forEach(held, (row, id) => {
    const entry = entryOf(field, id, row)
    if (entry !== undefined) draft.set(entry, true)
  })
  const made = draft.done()
  // all documents share the empty map
  if (SortedMap.size(held) > 0) indexesOf.set(held, new Map(known).set(field, made))
  return made
}

const entryOf = (field: string, id: RowId, row: Present<unknown> | undefined): Entry | undefined => {
  const value = Registers.get(row, field)
  // NaN has no place in an order
  return isScalar(value) && !Number.isNaN(value) ? { value, sort: sortOf(id, row), row: id } : undefined
}

/** Indexes what `before` has indexed in the next version of its rows. O(f log n) a touched row. */
export const follow = <V>(before: State<V>['held'], after: State<V>['held'], touched: Iterable<RowId>): void => {
  const known = indexesOf.get(before)
  if (known === undefined || SortedMap.size(after) === 0) return
  const drafts = Array.from(known, ([field, index]) => [field, new SortedMap.Draft(less, index)] as const)
  for (const id of touched) {
    const [from, to] = [before, after].map((rows) => SortedMap.get(SortedMap.byText, rows, id))
    if (from === to) continue
    for (const [field, draft] of drafts) {
      const [old, made] = [entryOf(field, id, from), entryOf(field, id, to)]
      if (old?.value === made?.value && old?.sort === made?.sort) continue
      if (old !== undefined) draft.remove(old)
      if (made !== undefined) draft.set(made, true)
    }
  }
  indexesOf.set(after, new Map(drafts.map(([field, draft]) => [field, draft.done()])))
}

/** The entries of one value: their first index, and their number. */
export interface Range {
  readonly start: number
  readonly size: number
}

/** The range of a value. O(log n) for n entries. */
export const rangeOf = (index: Index, value: Scalar): Range => {
  const start = SortedMap.rank(less, index, { value, sort: '', row: '', edge: -1 })
  return { start, size: SortedMap.rank(less, index, { value, sort: '', row: '', edge: 1 }) - start }
}

/** The place of an entry in a range. O(log n). */
export const placeIn = (index: Index, { start }: Range, entry: Entry): number =>
  SortedMap.rank(less, index, entry) - 1 - start

/** The i-th entry of a range, or undefined. O(log n). */
export const entryAt = (index: Index, { start, size }: Range, i: number): Entry | undefined =>
  i >= 0 && i < size ? SortedMap.entryAt(index, start + i)?.[0] : undefined

/** The entries of a range, in order. O(log n + size). */
export const entriesOf = (index: Index, { start, size }: Range): ReadonlyArray<Entry> => {
  const all: Entry[] = []
  SortedMap.forEach(index, (_, entry) => all.push(entry), start, start + size)
  return all
}
