/**
 * A network of many replicas in one process: `npm run bench:scale`, with `-- --quick` for a tenth
 * of it. It is deterministic and counts in rounds of virtual time.
 *
 * Each replica knows six others at random. In each round every replica that is up reconciles with
 * one of them. A tenth is down at any time; every few rounds it is another tenth. For the first
 * rounds the network is cut in two. 100,000 updates are written over a thousand keys.
 * Reported: when all agree, and the rounds, messages and bytes (as JSON) until then.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as t from 'io-ts'
import { Model, scuttlebutt, type Message, type Replica } from 'scuttlebutt-ts'
import { verify } from './harness.js'
import { chart } from './report.js'

const { create, change, digest, reconcile } = scuttlebutt(Model.of(t.number))

type Ours = Replica<Model.State<number>, Model.Change<number>>

const KEYS = 1000
const NEIGHBOURS = 6
const WRITING_ROUNDS = 10
const PARTITIONED_ROUNDS = 8
const DOWN_FRACTION = 0.1
const CHURN_EVERY_ROUNDS = 3

/** Gives numbers from 0 to n - 1. The low bits of a linear congruence repeat early: not used. */
const dice = (seed: number): ((n: number) => number) => {
  let state = BigInt(seed)
  return (n) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n)
    return Number((state >> 33n) % BigInt(n))
  }
}

const { equals } = Model.getEq<number>()

interface Outcome {
  readonly replicas: number
  readonly rounds: number
  /** After the last write. */
  readonly roundsToAgree: number
  readonly messages: number
  readonly bytes: number
  readonly updatesSent: number
  readonly seconds: number
}

const simulate = (count: number, updates: number): Outcome => {
  const start = performance.now()
  const roll = dice(count)
  const replicas: Ours[] = Array.from({ length: count }, (_, i) => create(`replica${String(i)}`))
  const neighbours = replicas.map((_, i) =>
    // a ring connects all; the others are random
    [(i + 1) % count, ...Array.from({ length: NEIGHBOURS - 1 }, () => roll(count))].filter((other) => other !== i),
  )
  let down = new Set<number>()
  let [messages, bytes, updatesSent, written] = [0, 0, 0, 0]
  const hears = (from: number, to: number, round: number): boolean =>
    !down.has(from) && !down.has(to) && (round >= PARTITIONED_ROUNDS || from < count / 2 === to < count / 2)
  const meet = (a: number, b: number): void => {
    let message: Message<Model.Change<number>> = { digest: digest(replicas[a]!), updates: [] }
    for (let [from, to] = [a, b]; ; [from, to] = [to, from]) {
      messages++
      bytes += JSON.stringify(message).length
      updatesSent += message.updates.length
      const [next, answer] = reconcile(message)(replicas[to]!)
      replicas[to] = next
      if (answer._tag === 'None') return
      message = answer.value
    }
  }
  for (let round = 0; ; round++) {
    if (round % CHURN_EVERY_ROUNDS === 0) {
      down = new Set(Array.from({ length: Math.floor(count * DOWN_FRACTION) }, () => roll(count)))
    }
    for (; round < WRITING_ROUNDS && written < (updates * (round + 1)) / WRITING_ROUNDS; written++) {
      const at = roll(count)
      const changed = change(Model.set(`key${String(roll(KEYS))}`, written), round + 1)(replicas[at]!)
      if (changed._tag === 'Right') replicas[at] = changed.right[1]
    }
    for (let i = 0; i < count; i++) {
      const other = neighbours[i]![roll(neighbours[i]!.length)]!
      if (hears(i, other, round)) meet(i, other)
    }
    const [{ state: said }] = replicas as [Ours]
    // clocks may differ: an update superseded before it was passed on reaches nobody
    if (round + 1 < WRITING_ROUNDS || !replicas.every(({ state }) => equals(state, said))) continue
    verify(written === updates && Model.size(said) === KEYS, 'something is missing')
    return {
      replicas: count,
      rounds: round + 1,
      roundsToAgree: round + 1 - WRITING_ROUNDS,
      messages,
      bytes,
      updatesSent,
      seconds: (performance.now() - start) / 1000,
    }
  }
}

const quick = process.argv.includes('--quick')
const sizes = quick ? [10, 30, 100] : [10, 30, 100, 300, 1000]
const updates = quick ? 1e4 : 1e5
const row = (cells: ReadonlyArray<string | number>): string => `| ${cells.join(' | ')} |`

console.log(
  `${updates.toLocaleString('en')} updates over ${String(KEYS)} keys, a tenth of the replicas down at any time, cut in two for ${String(PARTITIONED_ROUNDS)} rounds`,
)
console.log(row(['replicas', 'rounds', 'after the last write', 'messages', 'updates sent', 'MB', 'seconds']))
console.log(row(Array.from({ length: 7 }, () => '---')))
const outcomes: Outcome[] = []
for (const count of sizes) {
  const outcome = simulate(count, updates)
  outcomes.push(outcome)
  const { replicas, rounds, roundsToAgree, messages, updatesSent, bytes, seconds } = outcome
  console.log(
    row([replicas, rounds, roundsToAgree, messages, updatesSent, (bytes / 1e6).toFixed(1), seconds.toFixed(1)]),
  )
}
if (!quick) {
  const folder = path.join(fileURLToPath(new URL('../..', import.meta.url)), 'bench', 'plots')
  mkdirSync(folder, { recursive: true })
  const of = (name: string, value: (outcome: Outcome) => number) => ({
    name,
    data: outcomes.map((outcome) => [outcome.replicas, value(outcome)] as const),
  })
  const series = [
    of('rounds after the last write', ({ roundsToAgree }) => roundsToAgree),
    of('messages', ({ messages }) => messages),
    of('bytes', ({ bytes }) => bytes),
  ]
  writeFileSync(
    path.join(folder, 'scale.svg'),
    chart('until all agree, by the number of replicas', 'replicas', '', series),
  )
}
