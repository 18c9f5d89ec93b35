/** The rows of a `Doc`: their types, what they say, and how the index follows them. */
import type { either as E } from 'fp-ts'
import type { DeepReadonly } from '../../core/DeepReadonly.js'
import { left } from '../../core/Either.js'
import type { Stamp, Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import * as DenseKey from '../parts/DenseKey.js'
import type * as Holdings from '../parts/Holdings.js'
import * as Registers from '../parts/Registers.js'
import * as Index from './Index.js'

export type RowId = string

/** The values of fields, by name. */
export type Fields<V> = Readonly<Record<string, DeepReadonly<V> | null>>

/** The fields that a command writes, by name. */
export type Written<V> = Readonly<Record<string, V | null>>

export type Change<V> = readonly [row: RowId, fields: Fields<V> | null]

export interface Row<V> {
  readonly id: RowId
  readonly fields: Fields<V>
}

/** The writes to a row since it was last removed. */
export type Present<V> = Registers.Registers<Change<V>>

export interface State<V> {
  /** The rows that exist, by id. */
  readonly held: SortedMap.SortedMap<RowId, Present<V>>
  /** For each row ever removed, the newest removal, even if the row exists again. */
  readonly removals: SortedMap.SortedMap<RowId, Update<Change<V>>>
  readonly index: Index.Index
  readonly holdings: Holdings.Holdings<Change<V>>
}

/** No row has this id, or the view does not have the row. */
export interface UnknownRow {
  readonly _tag: 'UnknownRow'
  readonly row: RowId
}

export const unknownRow = (row: RowId): E.Left<UnknownRow> => left({ _tag: 'UnknownRow', row })

/** Whether a row exists. O(log n). */
export const has =
  (id: RowId) =>
  <V>({ held }: State<V>): boolean =>
    SortedMap.get(SortedMap.byText, held, id) !== undefined

export const fieldsOf = <V>(row: Present<V>): Fields<V> => Registers.toRecord(row) as Fields<V>

/** The id in the field `id`; without one, an id made from the stamp. */
export const idOf = (fields: Written<unknown>, stamp: Stamp): RowId => {
  const id = Object.hasOwn(fields, 'id') ? fields['id'] : undefined
  return typeof id === 'string' ? id : DenseKey.tag(stamp)
}

/** The field that places a row in a sequence: a dense key. */
export const SORT = '_sort'

export const sortOf = <V>(id: RowId, row: Present<V> | undefined): string => {
  const sort = Registers.get(row, SORT)
  return typeof sort === 'string' && sort !== '' ? sort : id
}

/**
 * Updates the index entries of a row. O(d log n) for d fields that differ, O(f log n) if its
 * `_sort` does.
 */
export const reindex = <V>(
  index: SortedMap.Draft<Index.Entry, true>,
  row: RowId,
  before: Present<V> | undefined,
  after: Present<V> | undefined,
): void => {
  if (before === after) return
  const none: Present<V>['winners'] = SortedMap.empty()
  const [old, made] = [before?.winners ?? none, after?.winners ?? none]
  const [from, to] = [sortOf(row, before), sortOf(row, after)]
  const visit = (sort: string, edit: (entry: Index.Entry) => void) => (field: string, update: Update<Change<V>>) => {
    const value = Registers.valueIn(update, field)
    if (Index.isScalar(value)) edit({ field, value, sort, row })
  }
  // a new `_sort` moves all entries of the row
  const isMoved = from !== to
  SortedMap.forEachChange(
    SortedMap.byText,
    isMoved ? none : made,
    old,
    visit(from, (entry) => {
      index.remove(entry)
    }),
  )
  SortedMap.forEachChange(
    SortedMap.byText,
    isMoved ? none : old,
    made,
    visit(to, (entry) => {
      index.set(entry, true)
    }),
  )
}
