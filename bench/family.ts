/**
 * What it takes to build n entries by local changes, one at a time, ours beside the original of each name, which is
 * given up on after a minute: `npm run bench:family`. And how long the keys of arrays get. Median of three, in turn.
 */
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
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

const NOW = 1_795_418_741_399
const SIZES = [1e4, 1e5]
const ROUNDS = 3
const PATIENCE = 60_000

const require = createRequire(import.meta.url)

/** Does the i-th of the work on what it closes over. */
type Step = (i: number) => void

interface Contest {
  readonly name: string
  readonly ours: (n: number) => Step
  readonly original?: (n: number) => Step
  /** All n in one step. */
  readonly once?: true
}

const changing = <S, C>(dataType: DataType<S, C>, command: (i: number) => Command<S, C, unknown>): Step => {
  const { create, change } = scuttlebutt(dataType)
  let replica: Replica<S, C> = create('local')
  return (i) => {
    const changed = change(command(i), NOW + i)(replica)
    if (changed._tag === 'Left') throw new Error(JSON.stringify(changed.left))
    replica = changed.right[1]
  }
}

/** An index in an array of length i, without rhyme. */
const anywhere = (i: number): number => (Math.imul(i, 0x9e3779b1) >>> 0) % (i + 1)

const todo = Doc.seq('list', 'todo')

const { at } = Scuttlebucket

const text = (n: number): string => Array.from({ length: n }, (_, i) => `line ${String(i)}\n`).join('')

const contests: ReadonlyArray<Contest> = [
  {
    name: 'RArray push',
    ours: () => changing(RArray.of(t.number), (i) => RArray.push(i)),
    original: () => {
      const array = new (require('r-array') as new () => { push: (value: unknown) => void })()
      return (i) => {
        array.push(i)
      }
    },
  },
  { name: 'RArray insert anywhere', ours: () => changing(RArray.of(t.number), (i) => RArray.insert(anywhere(i), i)) },
  {
    name: 'REdit text of n lines',
    once: true,
    ours: (n) => changing(REdit, () => REdit.text(text(n))),
    original: (n) => {
      const pad = new (require('r-edit') as new () => { text: (text: string) => void })()
      return () => {
        pad.text(text(n))
      }
    },
  },
  {
    name: 'Doc set',
    ours: () => changing(Doc.of(t.number), (i) => Doc.set(`row${String(i)}`, { n: i })),
    original: () => {
      const { Doc: Original } = require('crdt') as { Doc: new () => { set: (row: string, fields: object) => void } }
      const doc = new Original()
      return (i) => {
        doc.set(`row${String(i)}`, { n: i })
      }
    },
  },
  {
    name: 'Doc.seq push',
    ours: () => changing(Doc.of(t.string), (i) => todo.push({ id: `row${String(i)}` })),
    original: () => {
      interface Original {
        createSeq: (key: string, value: string) => { push: (row: object) => void }
      }
      const { Doc: Original } = require('crdt') as { Doc: new () => Original }
      const seq = new Original().createSeq('list', 'todo')
      return (i) => {
        seq.push({ id: `row${String(i)}` })
      }
    },
  },
  {
    name: 'Scuttlebucket, a Model in it',
    ours: () =>
      changing(Scuttlebucket.of({ m: Model.of(t.number), e: Events.of(t.number) }), (i) =>
        at('m')(Model.set(`key${String(i)}`, i)),
      ),
    original: () => {
      const Original = require('scuttlebucket') as new (id: string) => { add: (name: string, part: unknown) => void }
      const OriginalModel = require('scuttlebutt/model') as new () => { set: (key: string, value: number) => void }
      const [bucket, model] = [new Original('local'), new OriginalModel()]
      bucket.add('m', model)
      return (i) => {
        model.set(`key${String(i)}`, i)
      }
    },
  },
  {
    name: 'ExpiryModel set, 500 keys kept',
    ours: () => changing(ExpiryModel.of(t.number), (i) => ExpiryModel.set(`key${String(i)}`, i)),
    original: () => {
      const make = require('expiry-model') as () => { set: (key: string, value: number) => void }
      const model = make()
      return (i) => {
        model.set(`key${String(i)}`, i)
      }
    },
  },
  { name: 'AppendOnly push', ours: () => changing(AppendOnly.of(t.number), (i) => AppendOnly.push(i)) },
  {
    name: 'Replay dispatch',
    ours: () =>
      changing(
        Replay.of((sum: number, add: number) => sum + add, 0, t.number),
        (i) => Replay.dispatch(i),
      ),
  },
]

/** How long it took, in ms, and how many it did before patience ended. */
const timed = (step: Step, n: number): readonly [ms: number, done: number] => {
  const start = performance.now()
  let done = 0
  while (done < n) {
    step(done++)
    if (performance.now() - start > PATIENCE) break
  }
  return [performance.now() - start, done]
}

const median = (times: ReadonlyArray<number>): number => [...times].sort((a, b) => a - b)[times.length >> 1]!

const seconds = (ms: number): string => (ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`)

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown'}, ${String(cpus().length)} cores`)
console.log('| build, one change at a time | n | ours | original |\n|---|---|---|---|')
for (const { name, ours, original, once } of contests) {
  let longest = 0
  for (const n of SIZES) {
    const steps = once === true ? 1 : n
    // what cannot be stopped midway, and takes a hundred times as long for ten times as much, is not begun
    const isHopeless = once === true && longest * 100 > PATIENCE
    const [times, theirTimes]: [number[], number[]] = [[], []]
    let theirs = original === undefined ? '' : 'not tried'
    for (let round = 0; round < ROUNDS; round++) {
      times.push(timed(ours(n), steps)[0])
      // one round of a minute is enough
      if (original === undefined || isHopeless || longest > PATIENCE / 4) continue
      const [ms, done] = timed(original(n), steps)
      theirTimes.push(ms)
      longest = Math.max(longest, ms)
      theirs = done < steps ? `${String(done)} in ${seconds(ms)}` : seconds(median(theirTimes))
    }
    if (once !== true) longest = 0
    console.log(`| ${name} | ${String(n)} | ${seconds(median(times))} | ${theirs} |`)
  }
}

const lengths = (
  command: (i: number) => Command<RArray.State<number>, RArray.Change<number>, unknown>,
  n = 1e5,
): number => {
  const { create, change } = scuttlebutt(RArray.of(t.number))
  let replica = create('an id of some length'.repeat(5))
  for (let i = 0; i < n; i++) {
    const changed = change(command(i), NOW)(replica)
    if (changed._tag === 'Left') throw new Error(JSON.stringify(changed.left))
    replica = changed.right[1]
  }
  return RArray.keys(replica.state).reduce((longest, key) => Math.max(longest, key.length), 0)
}

console.log('| keys of RArray after 1e5 | longest, in characters |\n|---|---|')
console.log(`| pushes | ${String(lengths((i) => RArray.push(i)))} |`)
console.log(`| unshifts | ${String(lengths((i) => RArray.unshift(i)))} |`)
console.log(`| inserts right before one item | ${String(lengths((i) => RArray.insert(Math.max(i - 1, 0), i)))} |`)
console.log(`| inserts right after one item | ${String(lengths((i) => RArray.insert(Math.min(i, 1), i)))} |`)
console.log(`| inserts anywhere | ${String(lengths((i) => RArray.insert(anywhere(i), i)))} |`)
console.log(
  `| 1e3 inserts, at either side of the last in turn | ${String(lengths((i) => RArray.insert(i >> 1, i), 1e3))} |`,
)
