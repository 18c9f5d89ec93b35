/** The rows of a `Doc`: their types and what they say. */
import type { either as E } from 'fp-ts'
import type { DeepReadonly } from '../../core/DeepReadonly.js'
import { left, right } from '../../core/Either.js'
import type { Stamp, Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import * as DenseKey from '../parts/DenseKey.js'
import type * as Holdings from '../parts/Holdings.js'
import * as Registers from '../parts/Registers.js'
import { stable } from '../parts/stable.js'

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
  readonly holdings: Holdings.Holdings<Change<V>>
}

/** No row has this id, or the view does not have the row. */
export interface UnknownRow {
  readonly _tag: 'UnknownRow'
  readonly row: RowId
}

export const unknownRow = (row: RowId): E.Left<UnknownRow> => left({ _tag: 'UnknownRow', row })

/** The field `id` of a new row names the row, and is no string. */
export interface InvalidId {
  readonly _tag: 'InvalidId'
  readonly id: unknown
}

/** Whether a row exists. O(log n). */
export const has =
  (id: RowId) =>
  <V>({ held }: State<V>): boolean =>
    SortedMap.get(SortedMap.byText, held, id) !== undefined

export const fieldsOf = <V>(row: Present<V>): Fields<V> => Registers.toRecord(row) as Fields<V>

/** The row as queries give it. O(f) the first time. */
export const rowOf = <V>(id: RowId, row: Present<V>): Row<V> =>
  stable(row, 'row', () => ({ id, fields: Object.freeze(fieldsOf(row)) }))

/** The id in the field `id`; without one, an id made from the stamp. */
export const idOf = (fields: Written<unknown>, stamp: Stamp): E.Either<InvalidId, RowId> => {
  const id = Object.hasOwn(fields, 'id') ? fields['id'] : undefined
  if (id === undefined) return right(DenseKey.tag(stamp))
  return typeof id === 'string' ? right(id) : left({ _tag: 'InvalidId', id })
}

/** The field that places a row in a sequence: a dense key. */
export const SORT = '_sort'

export const sortOf = <V>(id: RowId, row: Present<V> | undefined): string => {
  const sort = Registers.get(row, SORT)
  return typeof sort === 'string' && sort !== '' ? sort : id
}
