/** Commands and questions about the places of rows. */
import { Doc } from 'scuttlebutt-ts'
import { COLUMNS, type Column, type Rows } from './board.js'

/** A place in a column: before a row, or last. */
export interface Place {
  readonly column: Column
  readonly before?: string | undefined
}

/** Moves a row, or makes a row of fields. If no key is left between two rows, makes room first. */
export const put = (rows: Rows, what: string | { readonly title: string }, { column, before }: Place) => {
  const view = column.rows
  const command = before === undefined ? view.push<string>(what) : view.before<string>(what, before)
  const made = rows.change(command)
  if (made._tag === 'Right' || made.left._tag !== 'NoRoom') return made
  rows.changeAll(view.apart(rows.getReplica().state))
  return rows.change(command)
}

/** The ids of a column's rows, in order. */
export const idsIn = (column: Column, rows: Rows): ReadonlyArray<string> =>
  column.rows.rows(rows.getReplica().state).map(({ id }) => id)

/** Where an arrow key moves a row. Undefined for another key, and at the edge of the board. */
export const placeByKey = (rows: Rows, column: Column, id: string, key: string): Place | undefined => {
  const ids = idsIn(column, rows)
  const index = ids.indexOf(id)
  const beside = (step: 1 | -1): Place | undefined => {
    const other = COLUMNS[COLUMNS.indexOf(column) + step]
    return other && { column: other, before: idsIn(other, rows)[index] }
  }
  switch (key) {
    case 'ArrowUp':
      return index > 0 ? { column, before: ids[index - 1] } : undefined
    case 'ArrowDown':
      return index < ids.length - 1 ? { column, before: ids[index + 2] } : undefined
    case 'ArrowLeft':
      return beside(-1)
    case 'ArrowRight':
      return beside(1)
    default:
      return undefined
  }
}

/** For example `Buy milk: Doing, 2 of 3`. */
export const whereIs = (rows: Rows, id: string): string => {
  const { state } = rows.getReplica()
  const row = Doc.row(id)(state)
  const title = row._tag === 'Some' ? String(row.value['title']) : ''
  const column = COLUMNS.find((one) => one.rows.has(id)(state))
  if (column === undefined) return `${title}: removed`
  const ids = idsIn(column, rows)
  return `${title}: ${column.title}, ${String(ids.indexOf(id) + 1)} of ${String(ids.length)}`
}
