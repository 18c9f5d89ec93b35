/**
 * The index that the views of a `Doc` read: which rows have which value in which field, in `_sort`
 * order.
 */
import * as SortedMap from '../../structures/SortedMap.js'

/** The values that a view can select by. */
export type Scalar = string | number | boolean

/** States that a field of a row has a value. */
export interface Entry {
  readonly field: string
  readonly value: Scalar
  /** The `_sort` of the row, or its id if it has none. */
  readonly sort: string
  readonly row: string
  /**
   * Set on a bound, which is no entry: it sorts before or after all entries of its field and value.
   */
  readonly edge?: -1 | 1
}

/** The entries by field, then value, then sort, then row. */
export type Index = SortedMap.SortedMap<Entry, true>

export const isScalar = (value: unknown): value is Scalar =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

export const less: SortedMap.Less<Entry> = (a, b) => {
  if (a.field !== b.field) return a.field < b.field
  if (a.value !== b.value) {
    return typeof a.value === typeof b.value ? a.value < b.value : typeof a.value < typeof b.value
  }
  const [edge, otherEdge] = [a.edge ?? 0, b.edge ?? 0]
  if (edge !== otherEdge) return edge < otherEdge
  return a.sort < b.sort || (a.sort === b.sort && a.row < b.row)
}

/** The entries of one field and value: their first index, and their number. */
export interface Range {
  readonly start: number
  readonly size: number
}

/** The range of a field and a value. O(log n) for n entries. */
export const rangeOf = (index: Index, field: string, value: Scalar): Range => {
  const edge = { field, value, sort: '', row: '' }
  const start = SortedMap.rank(less, index, { ...edge, edge: -1 })
  return { start, size: SortedMap.rank(less, index, { ...edge, edge: 1 }) - start }
}

/** The i-th entry of a range, or undefined. O(log n). */
export const entryAt = (index: Index, { start, size }: Range, i: number): Entry | undefined =>
  i >= 0 && i < size ? SortedMap.entryAt(index, start + i)?.[0] : undefined

/** The entries of a range, in order. O(log n + size). */
export const entriesOf = (index: Index, { start, size }: Range): ReadonlyArray<Entry> => {
  const all: Entry[] = []
  SortedMap.forEach(index, (_, entry) => all.push(entry), start, start + size)
  return all
}
