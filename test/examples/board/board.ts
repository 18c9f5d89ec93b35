/** What the page and the server share: the data type, the columns, and the first rows. */
import * as t from 'io-ts'
import {
  Doc,
  Scuttlebucket,
  scuttlebutt,
  Text,
  unwrap,
  type ChangeOf,
  type Command,
  type Replica as ReplicaOfType,
  type StateOf,
} from 'scuttlebutt-ts'
import type { PartStore, Store } from 'scuttlebutt-ts/store'

/** Rows in columns, and a text beside them. */
export const board = scuttlebutt(Scuttlebucket.of({ rows: Doc.of(t.string), notes: Text }))

export type State = StateOf<typeof board>
export type Change = ChangeOf<typeof board>
export type Replica = ReplicaOfType<State, Change>
export type BoardStore = Store<State, Change>
export type Rows = PartStore<Doc.State<string>, Doc.Change<string>>
export type Notes = PartStore<Text.State, Text.Change>

/** Its name on the server. */
export const DOCUMENT = 'board'

/** The columns from left to right. A row's field `column` holds the name of one. */
export const COLUMNS = [
  { name: 'todo', title: 'To do', rows: Doc.seq('column', 'todo') },
  { name: 'doing', title: 'Doing', rows: Doc.seq('column', 'doing') },
  { name: 'done', title: 'Done', rows: Doc.seq('column', 'done') },
] as const

export type Column = (typeof COLUMNS)[number]
export type ColumnName = Column['name']

export const columnNamed = (name: string): Column | undefined => COLUMNS.find((column) => column.name === name)

const FIRST_ROWS: ReadonlyArray<readonly [ColumnName, title: string]> = [
  ['todo', 'Book the train to Lisbon'],
  ['todo', 'Ask Mia about the tent'],
  ['todo', 'Print the tickets'],
  ['doing', 'Choose a weekend in May'],
  ['doing', 'Compare the three hostels'],
  ['done', 'Agree on a budget'],
]

const FIRST_NOTES = `Three nights, six of us.
Trains are cheapest four weeks ahead.

To bring: a speaker, playing cards, sun cream.`

const FIRST_STAMP = Date.UTC(2026, 0, 1)

/**
 * What a new board shows. Source, stamps and contents are the same at each start of a server, so
 * these are the same updates, and no row comes twice.
 */
export const firstUpdates = () => {
  const rows = FIRST_ROWS.map(([column, title]) =>
    Scuttlebucket.at('rows')(columnNamed(column)!.rows.push<string>({ title })),
  )
  const notes = Scuttlebucket.at('notes')(Text.insert(0, FIRST_NOTES))
  const commands = [...rows, notes] as ReadonlyArray<Command<State, Change, unknown>>
  return unwrap(board.changeAll(commands, FIRST_STAMP)(board.create('first')))[0]
}
