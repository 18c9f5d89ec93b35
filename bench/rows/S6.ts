/** S6: every data type: built by local changes, reconciled; and the length of RArray keys. */
import { createRequire } from 'node:module'
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
  type Command,
  type DataType,
  type Replica,
} from 'scuttlebutt-ts'
import { repeated, timed, verify, type Contestant, type Row } from '../harness.js'
import { NOW } from '../maps.js'

const require = createRequire(import.meta.url)

/** Of a change, in bytes: 1e6 lines of text, set at once, are 36 MB. */
const MOST_BYTES = 2 ** 26

/** Does the i-th step. */
type Step = (i: number) => void

const changed = <S, C>(
  dataType: DataType<S, C>,
  command: Command<S, C, unknown>,
  replica: Replica<S, C>,
  now = NOW,
): Replica<S, C> => {
  const made = scuttlebutt(dataType, { maxBytes: MOST_BYTES }).change(command, now)(replica)
  if (made._tag === 'Left') throw new Error(JSON.stringify(made.left))
  return made.right[1]
}

const built = <S, C>(
  dataType: DataType<S, C>,
  command: (i: number) => Command<S, C, unknown>,
  n: number,
  id = 'local',
): Replica<S, C> => {
  let replica = scuttlebutt(dataType).create(id)
  for (let i = 0; i < n; i++) replica = changed(dataType, command(i), replica)
  return replica
}

const ours = <S, C>(
  dataType: DataType<S, C>,
  command: (i: number) => Command<S, C, unknown>,
  size: (state: S) => number,
  steps: (n: number) => number = (n) => n,
): Contestant => ({
  work: (n) => {
    let replica: Replica<S, C> | undefined
    const ms = timed(() => {
      replica = built(dataType, command, steps(n))
    })
    verify(size(replica!.state) >= Math.min(n, 500), dataType.name)
    return ms
  },
})

const original = (most: number, make: (n: number) => Step, steps: (n: number) => number = (n) => n): Contestant => ({
  most,
  work: (n) => {
    const step = make(n)
    return timed(() => {
      for (let i = 0; i < steps(n); i++) step(i)
    })
  },
})

/** A pseudo-random index into an array of length i, its end included. */
const anywhere = (i: number): number => (Math.imul(i, 0x9e3779b1) >>> 0) % (i + 1)

const todo = Doc.seq('list', 'todo')

const text = (n: number): string => Array.from({ length: n }, (_, i) => `line ${String(i)}\n`).join('')

const at = Scuttlebucket.at('m')

const parts = { m: Model.of(t.number), e: Events.of(t.number) }

const sizes = { unit: 'ms', sizes: [1e3, 1e4, 1e5], quick: [1e4] } as const

/** Ten times n may cost 18 times as much: O(n log n), and slower memory for larger heaps. */
const NEARLY_LINEAR = 10 * 1.8

const build = (id: string, title: string, contestants: Row['contestants']): Row => ({
  ...sizes,
  id,
  title: `n times ${title}`,
  contestants,
  goals: [{ from: 1e4, to: 1e5, atMost: NEARLY_LINEAR }],
})

/** For the three data types with the most users. */
const upToAMillion = (row: Row): Row => ({ ...row, sizes: [...row.sizes, 1e6] })

/** Updates that only one side has, on either side. */
const APART = 5

/** How long one pair of replicas reconciles again and again. */
const PATIENCE_MS = 100
const MOST_ROUNDS = 1001

/**
 * Both sides start from the same n in each round. Each round is at a later time: the keys of its
 * items are new.
 */
const reconciling = <S, C>(
  dataType: DataType<S, C>,
  command: (i: number) => Command<S, C, unknown>,
  size: (state: S) => number,
  start: (n: number, id: string) => Replica<S, C> = (n, id) => built(dataType, command, n, id),
): Contestant => {
  let now = NOW
  return {
    work: (n) => {
      const { applyUpdates, create, digest, history } = scuttlebutt(dataType)
      const common = history()(start(n, 'common'))
      const [left, right] = [applyUpdates(common)(create('a')), applyUpdates(common)(create('b'))]
      const tell = (to: typeof left, from: typeof left): typeof left =>
        applyUpdates(JSON.parse(JSON.stringify(history(digest(to).clock)(from))) as typeof common)(to)
      let [a, b] = [left, right]
      const cost = repeated(PATIENCE_MS, MOST_ROUNDS, () => {
        ;[a, b] = [left, right]
        now += 1000
        for (let i = 0; i < APART; i++) {
          a = changed(dataType, command(n + i), a, now)
          b = changed(dataType, command(n + APART + i), b, now)
        }
        return timed(() => {
          ;[a, b] = [tell(a, b), tell(b, a)]
        })
      })
      verify(size(a.state) === size(b.state) && size(a.state) === n + 2 * APART, dataType.name)
      return cost
    },
  }
}

const rarray = RArray.of(t.number)

/** The length of the longest key after n commands, with long source ids. */
const longest = (
  command: (i: number) => Command<RArray.State<number>, RArray.Change<number>, unknown>,
): Contestant => ({
  work: (n) =>
    RArray.keys(built(rarray, command, n, 'an id of some length'.repeat(5)).state).reduce(
      (most, key) => Math.max(most, key.length),
      0,
    ),
})

const rowOf = (i: number): string => `row${String(i)}`

export const rows: ReadonlyArray<Row> = [
  upToAMillion(
    build('S6 RArray', 'RArray push', {
      'scuttlebutt-ts': ours(rarray, (i) => RArray.push(i), RArray.length),
      'r-array': original(1e3, () => {
        const array = new (require('r-array') as new () => { push: (value: unknown) => void })()
        return (i) => {
          array.push(i)
        }
      }),
    }),
  ),

  build('S6 RArray, anywhere', 'RArray insert, at any index', {
    'scuttlebutt-ts': ours(rarray, (i) => RArray.insert(anywhere(i), i), RArray.length),
  }),
  upToAMillion(
    build('S6 REdit', 'a line of REdit text, all at once', {
      'scuttlebutt-ts': {
        work: (n) => {
          let replica: Replica<REdit.State, REdit.Change> | undefined
          const ms = timed(() => {
            replica = built(REdit, () => REdit.text(text(n)), 1)
          })
          verify(REdit.toString(replica!.state) === text(n), 'REdit')
          return ms
        },
      },
      'r-edit': original(
        1e3,
        (n) => {
          const pad = new (require('r-edit') as new () => { text: (text: string) => void })()
          return () => {
            pad.text(text(n))
          }
        },
        () => 1,
      ),
    }),
  ),

  upToAMillion(
    build('S6 Doc', 'Doc set', {
      'scuttlebutt-ts': ours(Doc.of(t.number), (i) => Doc.set(rowOf(i), { n: i }), Doc.size),
      crdt: original(1e3, () => {
        const { Doc: Original } = require('crdt') as { Doc: new () => { set: (row: string, fields: object) => void } }
        const doc = new Original()
        return (i) => {
          doc.set(rowOf(i), { n: i })
        }
      }),
    }),
  ),

  build('S6 Doc.seq', 'Doc.seq push', {
    'scuttlebutt-ts': ours(Doc.of(t.string), (i) => todo.push({ id: rowOf(i) }), Doc.size),
    crdt: original(1e3, () => {
      interface Original {
        createSeq: (key: string, value: string) => { push: (row: object) => void }
      }
      const { Doc: Original } = require('crdt') as { Doc: new () => Original }
      const seq = new Original().createSeq('list', 'todo')
      return (i) => {
        seq.push({ id: rowOf(i) })
      }
    }),
  }),
  build('S6 Scuttlebucket', 'Scuttlebucket, a Model in it', {
    'scuttlebutt-ts': ours(
      Scuttlebucket.of(parts),
      (i) => at(Model.set(`key${String(i)}`, i)),
      (state) => Model.size(Scuttlebucket.get('m')(state)),
    ),
    scuttlebucket: original(1e5, () => {
      const Original = require('scuttlebucket') as new (id: string) => { add: (name: string, part: unknown) => void }
      const OriginalModel = require('scuttlebutt/model') as new () => { set: (key: string, value: number) => void }
      const [bucket, model] = [new Original('local'), new OriginalModel()]
      bucket.add('m', model)
      return (i) => {
        model.set(`key${String(i)}`, i)
      }
    }),
  }),
  build('S6 ExpiryModel', 'ExpiryModel set, 500 keys kept', {
    'scuttlebutt-ts': ours(
      ExpiryModel.of(t.number),
      (i) => ExpiryModel.set(`key${String(i)}`, i),
      (state) => ExpiryModel.keys(NOW)(state).length,
    ),
    'expiry-model': original(1e5, () => {
      const make = require('expiry-model') as () => { set: (key: string, value: number) => void }
      const model = make()
      return (i) => {
        model.set(`key${String(i)}`, i)
      }
    }),
  }),
  build('S6 AppendOnly', 'AppendOnly push', {
    'scuttlebutt-ts': ours(AppendOnly.of(t.number), (i) => AppendOnly.push(i), AppendOnly.size),
  }),
  build('S6 Replay', 'Replay dispatch', {
    'scuttlebutt-ts': ours(
      Replay.of((sum: number, add: number) => sum + add, 0, t.number),
      (i) => Replay.dispatch(i),
      (state) => Replay.actions(state).length,
    ),
  }),
  {
    ...sizes,
    id: 'S6 reconcile',
    title: 'two replicas of n items reconcile through JSON, 5 updates apart on each side',
    contestants: {
      RArray: reconciling(rarray, (i) => RArray.push(i), RArray.length),
      REdit: reconciling(
        REdit,
        (i) => REdit.splice(0, 0, `line ${String(i)}\n`),
        (state) => REdit.lines(state).length,
        (n, id) => built(REdit, () => REdit.text(text(n)), 1, id),
      ),
      Doc: reconciling(Doc.of(t.number), (i) => Doc.set(rowOf(i), { n: i }), Doc.size),
    },
    goals: [{ from: 1e3, to: 1e5, atMost: 2 }],
  },
  {
    id: 'S6 keys',
    title: 'the longest key of an RArray after n insertions',
    unit: 'characters',
    sizes: [1e3, 1e5],
    quick: [],
    contestants: {
      push: longest((i) => RArray.push(i)),
      unshift: longest((i) => RArray.unshift(i)),
      'insert right before one item': longest((i) => RArray.insert(Math.max(i - 1, 0), i)),
      'insert right after one item': longest((i) => RArray.insert(Math.min(i, 1), i)),
      'insert anywhere': longest((i) => RArray.insert(anywhere(i), i)),
      'insert at either side of the last, in turn': { ...longest((i) => RArray.insert(i >> 1, i)), most: 1e3 },
    },
  },
]
