/**
 * How many runs the convergence kit takes to catch the broken types: `npm run bench:laws`.
 *
 * For each type, over 20 seeds: the laws that caught it, the number of runs, and the length of the
 * shrunk schedule. Then the time of a default run, and what the exhaustive mode visits.
 *
 * With `--peers`: the kit over the libraries that people use (peers/run.ts).
 */
import * as fc from 'fast-check'
import * as t from 'io-ts'
import { Model, RArray } from 'scuttlebutt-ts'
import { checkDataType } from 'scuttlebutt-ts/laws'
import { corpus } from 'scuttlebutt-ts/laws/broken'

if (process.argv.includes('--peers')) {
  const { run } = await import('./peers/run.js')
  await run()
  process.exit()
}

const SEEDS = 20

const median = (numbers: ReadonlyArray<number>): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

const timed = <A>(run: () => A): readonly [A, string] => {
  const start = performance.now()
  return [run(), `${(performance.now() - start).toFixed(0)} ms`]
}

const row = (...cells: ReadonlyArray<string | number>): void => {
  console.log(`| ${cells.join(' | ')} |`)
}

row('broken type', 'caught by law', 'runs, median', 'runs, most', 'steps, median', 'steps, most', 'time, median')
row('---', '---', '---', '---', '---', '---', '---')
for (const wrong of corpus) {
  const caught = new Map<string, number>()
  const [runs, steps, times]: [number[], number[], number[]] = [[], [], []]
  for (let seed = 0; seed < SEEDS; seed++) {
    const start = performance.now()
    const checked = wrong.check({ seed })
    times.push(performance.now() - start)
    const law = checked._tag === 'Left' ? checked.left.law.name : 'missed'
    caught.set(law, (caught.get(law) ?? 0) + 1)
    if (checked._tag === 'Right') continue
    runs.push(checked.left.runs)
    steps.push(checked.left.schedule.steps.length)
  }
  const laws = [...caught].sort(([, a], [, b]) => b - a).map(([law, count]) => `${law} (${String(count)})`)
  const most = (numbers: ReadonlyArray<number>): number => Math.max(...numbers)
  row(
    wrong.name,
    laws.join(', '),
    median(runs),
    most(runs),
    median(steps),
    most(steps),
    `${median(times).toFixed(0)} ms`,
  )
}

const change = fc.tuple(fc.constantFrom('x', 'y'), fc.option(fc.nat(3), { nil: null }))
const push = fc.constantFrom(RArray.push('x'), RArray.unshift('y'), RArray.pop())
console.log()
for (const [name, check] of [
  ['Model', () => checkDataType(Model.of(t.number), { change, seed: 1 })],
  ['RArray', () => checkDataType(RArray.of(t.string), { change: push, seed: 1 })],
] as const) {
  const [checked, time] = timed(check)
  console.log(`${name}, default run: ${time}`)
  console.log(checked._tag === 'Right' ? checked.right.format() : checked.left.format())
}
const exhaustive = { replicas: 3, updates: 4, commands: [Model.set('x', 1)] }
const [checked, time] = timed(() => checkDataType(Model.of(t.number), { change, runs: 1, exhaustive }))
console.log(`\nModel, ${time}`)
console.log(checked._tag === 'Right' ? checked.right.format() : checked.left.format())
