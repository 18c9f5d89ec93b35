/**
 * Model, ours beside the original: `npm run bench`. Every figure is the median of rounds in which the two take
 * turns, each in a process of its own, warmed up.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { original, ours, type Contestant } from './contestants.js'

const WORKS = ['applyUpdate', 'batch', 'change', 'reconcile'] as const
const SIZES = [1e3, 1e4, 1e5]
const ROUNDS = 5

type Name = 'ours' | 'original'
type Times = Readonly<Record<string, number>>

const median = (times: ReadonlyArray<number>): number => [...times].sort((a, b) => a - b)[times.length >> 1]!

/** In the child: each work, warmed up, its median in ms. */
const measure = async (contestant: Contestant): Promise<Times> => {
  const times: Record<string, number> = {}
  for (const n of SIZES) {
    for (const work of WORKS) {
      const runs: number[] = []
      for (let i = 0; i < (n > 1e4 ? 5 : 25); i++) runs.push(await contestant[work](n))
      times[`${work} ${String(n)}`] = median(runs.slice(2))
    }
  }
  return times
}

const runInChild = async (name: Name): Promise<Times> => {
  const child = fork(fileURLToPath(import.meta.url), [name])
  const [times] = (await once(child, 'message')) as [Times]
  return times
}

const microseconds = (ms: number, n: number): string => ((ms * 1000) / n).toFixed(2)

const print = (all: Readonly<Record<Name, ReadonlyArray<Times>>>): void => {
  console.log(`\nNode ${process.version}, ${cpus()[0]?.model ?? 'unknown'}, ${String(cpus().length)} cores`)
  console.log('| work | n | ours | original | ratio |\n|---|---|---|---|---|')
  for (const work of WORKS) {
    for (const n of SIZES) {
      const of = (name: Name): number => median(all[name].map((times) => times[`${work} ${String(n)}`]!))
      const [us, them] = [of('ours'), of('original')]
      const unit = (ms: number): string => (work === 'reconcile' ? `${ms.toFixed(3)} ms` : `${microseconds(ms, n)} µs`)
      console.log(`| ${work} | ${String(n)} | ${unit(us)} | ${unit(them)} | ${(us / them).toFixed(3)} |`)
    }
  }
}

const name = process.argv[2] as Name | undefined
if (name !== undefined) {
  const times = await measure(name === 'ours' ? ours : original)
  process.send?.(times, () => {
    process.disconnect()
  })
} else {
  const all: Record<Name, Times[]> = { ours: [], original: [] }
  for (let round = 1; round <= ROUNDS; round++) {
    for (const contestant of ['ours', 'original'] as const) {
      console.error(`round ${String(round)} of ${String(ROUNDS)}: ${contestant}`)
      all[contestant].push(await runInChild(contestant))
    }
  }
  print(all)
}
