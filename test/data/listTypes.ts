/** The list types behind one interface, so that a test can ask all of them the same. */
import * as t from 'io-ts'
import { Doc, RArray, REdit, type Command, type DataType } from '../../src/index.js'

export interface ListType<S, C> {
  readonly name: string
  readonly dataType: DataType<S, C>
  /** Inserts items before an index, by one update. */
  readonly insert: (index: number, items: ReadonlyArray<string>, state: S) => Command<S, C, unknown>
  readonly remove: (index: number, state: S) => Command<S, C, unknown>
  readonly items: (state: S) => ReadonlyArray<string>
  /** The most items that one update may insert. */
  readonly longestRun: number
}

const listType = <S, C>(one: ListType<S, C>): ListType<unknown, unknown> => one as unknown as ListType<unknown, unknown>

const todo = Doc.seq('list', 'todo')

const rowsOf = (state: Doc.State<unknown>): ReadonlyArray<string> => todo.rows(state).map(({ id }) => id)

const linesOf = (state: REdit.State): ReadonlyArray<string> => REdit.lines(state).map((line) => line.replace('\n', ''))

const textOf = (lines: ReadonlyArray<string>): string => lines.map((line) => `${line}\n`).join('')

/** The offset of the i-th line. */
const offsetOf = (state: REdit.State, i: number): number => REdit.lines(state).slice(0, i).join('').length

export const listTypes = [
  listType({
    name: 'RArray',
    dataType: RArray.of(t.string),
    insert: (i, items) => RArray.insert(i, ...items),
    remove: (i) => RArray.remove(i),
    items: RArray.toArray,
    longestRun: 5,
  }),
  listType({
    name: 'REdit, by text',
    dataType: REdit,
    insert: (i, items, state) => {
      const lines = linesOf(state)
      return REdit.text(textOf([...lines.slice(0, i), ...items, ...lines.slice(i)]))
    },
    remove: (i, state) => REdit.text(textOf(linesOf(state).filter((_, j) => j !== i))),
    items: linesOf,
    longestRun: 5,
  }),
  listType({
    name: 'REdit, by splice',
    dataType: REdit,
    insert: (i, items, state) => REdit.splice(offsetOf(state, i), 0, textOf(items)),
    remove: (i, state) => REdit.splice(offsetOf(state, i), REdit.lines(state)[i]!.length, ''),
    items: linesOf,
    longestRun: 5,
  }),
  listType({
    name: 'Doc.seq',
    dataType: Doc.of(t.unknown),
    insert: (i, [item], state) => {
      const anchor = rowsOf(state)[i]
      return anchor === undefined ? todo.push({ id: item }) : todo.before({ id: item }, anchor)
    },
    remove: (i, state) => Doc.remove(rowsOf(state)[i]!),
    items: rowsOf,
    longestRun: 1,
  }),
]
