/** S11: what changed between two versions: five differences among n entries. */
import * as t from 'io-ts'
import {
  AppendOnly,
  Doc,
  Events,
  ExpiryModel,
  Model,
  RArray,
  REdit,
  Replay,
  Scuttlebucket,
  scuttlebutt,
  Text,
  type Command,
  type DataType,
  type Replica,
} from 'scuttlebutt-ts'
import { repeated, timed, verify, type Contestant, type Row } from '../harness.js'
import { NOW } from '../maps.js'

const APART = 5
const PATIENCE_MS = 100
const MOST_ROUNDS = 20_001

/**
 * Built by one author and heard as one batch, then written to by another all over. A command of the
 * first makes `entries` entries.
 */
const differing = <S, C>(
  dataType: DataType<S, C>,
  command: (i: number) => Command<S, C, unknown>,
  write: (i: number, n: number) => Command<S, C, unknown>,
  patches = APART,
  entries = 1,
): Contestant => {
  const { changeAll, create, diff } = scuttlebutt(dataType)
  const after = (commands: ReadonlyArray<Command<S, C, unknown>>, replica: Replica<S, C>): Replica<S, C> => {
    const made = changeAll(commands, NOW)(replica)
    if (made._tag === 'Left') throw new Error(JSON.stringify(made.left))
    return made.right[1]
  }
  return {
    work: (n) => {
      const before = after(
        Array.from({ length: n / entries }, (_, i) => command(i)),
        create('a'),
      )
      const next = after(
        Array.from({ length: APART }, (_, i) => write(Math.floor(((i + 0.5) * n) / APART), n)),
        { ...before, id: 'b' },
      )
      verify(diff(before)(next).length === patches, `${dataType.name}: the number of patches`)
      return repeated(PATIENCE_MS, MOST_ROUNDS, () => timed(() => diff(before)(next)))
    },
  }
}

const LINE = 'line\n'
const MANY = 1000

const keyOf = (i: number): string => `key${String(i)}`

const row = (id: string, contestant: Contestant): Row => ({
  id: `S11 ${id}`,
  title: `diff of two versions of n entries, 5 of which differ: ${id}`,
  unit: 'ms',
  sizes: [1e3, 1e4, 1e5, 1e6],
  quick: [1e4],
  contestants: { 'scuttlebutt-ts': contestant },
  goals: [{ from: 1e3, to: 1e6, atMost: 2 }],
})

export const rows: ReadonlyArray<Row> = [
  row(
    'Model',
    differing(
      Model.of(t.number),
      (i) => Model.set(keyOf(i), i),
      (i) => Model.set(keyOf(i), -1),
    ),
  ),
  row(
    'Doc',
    differing(
      Doc.of(t.number),
      (i) => Doc.set(keyOf(i), { n: i }),
      (i) => Doc.set(keyOf(i), { n: -1 }),
    ),
  ),
  row(
    'RArray',
    differing(
      RArray.of(t.number),
      (i) => RArray.push(i),
      (i) => RArray.insert(i, -1),
    ),
  ),
  row(
    'REdit',
    differing(
      REdit,
      (i) => REdit.splice(LINE.length * MANY * i, 0, LINE.repeat(MANY)),
      (i, n) => REdit.splice(LINE.length * (i + Math.floor((APART * i) / n)), 0, LINE),
      APART,
      MANY,
    ),
  ),
  row(
    'ExpiryModel',
    differing(
      ExpiryModel.of(t.number, { max: Infinity }),
      (i) => ExpiryModel.set(keyOf(i), i),
      (i) => ExpiryModel.set(keyOf(i), -1),
    ),
  ),
  // these grow at their ends alone: one patch
  row(
    'Events',
    differing(
      Events.of(t.number),
      (i) => Events.emit('said', i),
      (i) => Events.emit('said', i),
      1,
    ),
  ),
  row(
    'AppendOnly',
    differing(
      AppendOnly.of(t.number),
      (i) => AppendOnly.push(i),
      (i) => AppendOnly.push(i),
      1,
    ),
  ),
  row(
    'Replay',
    differing(
      Replay.of<number, number>((sum, by) => sum + by, 0, t.number),
      (i) => i,
      (i) => i,
      1,
    ),
  ),
  row(
    'Scuttlebucket',
    differing(
      Scuttlebucket.of({ settings: Model.of(t.number), other: Model.of(t.number) }),
      (i) => Scuttlebucket.at('settings')(Model.set(keyOf(i), i)),
      (i) => Scuttlebucket.at('settings')(Model.set(keyOf(i), -1)),
    ),
  ),
  row(
    'Text',
    differing(
      Text,
      (i) => Text.insert(i, 'x'),
      (i) => Text.insert(i, 'y'),
    ),
  ),
]
