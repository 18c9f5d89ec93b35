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

/** How long a child warms up on the smallest size, and then measures, in ms. */
const WARM_UP = 400
const PATIENCE = 600

type Name = 'ours' | 'original'

const median = (times: ReadonlyArray<number>): number => [...times].sort((a, b) => a - b)[times.length >> 1]!

/** In the child: the work, warmed up; its median in ms. */
const measure = async (contestant: Contestant, work: (typeof WORKS)[number], n: number): Promise<number> => {
  for (const end = performance.now() + WARM_UP; performance.now() < end;) await contestant[work](SIZES[0]!)
  const runs: number[] = []
  const end = performance.now() + PATIENCE
  while (runs.length < 5 || performance.now() < end) runs.push(await contestant[work](n))
  return median(runs.slice(1))
}

const runInChild = async (...job: readonly [name: Name, work: string, n: string]): Promise<number> => {
  const child = fork(fileURLToPath(import.meta.url), job)
  const [ms] = (await once(child, 'message')) as [number]
  return ms
}

const microseconds = (ms: number, n: number): string => ((ms * 1000) / n).toFixed(2)

const show = (work: string, n: number, ms: number): string =>
  work === 'reconcile' ? `${ms.toFixed(3)} ms` : `${microseconds(ms, n)} µs`

const [, , name, work, n] = process.argv as [string, string, Name?, (typeof WORKS)[number]?, string?]
if (name !== undefined && work !== undefined) {
  const ms = await measure(name === 'ours' ? ours : original, work, Number(n))
  process.send?.(ms, () => {
    process.disconnect()
  })
} else {
  console.log(`Node ${process.version}, ${cpus()[0]?.model ?? 'unknown'}, ${String(cpus().length)} cores`)
  console.log(`median of ${String(ROUNDS)} rounds (least to most)`)
  console.log('| work | n | ours | original | ratio |\n|---|---|---|---|---|')
  for (const work of WORKS) {
    for (const n of SIZES) {
      const times: Record<Name, number[]> = { ours: [], original: [] }
      for (let round = 0; round < ROUNDS; round++) {
        for (const name of ['ours', 'original'] as const) times[name].push(await runInChild(name, work, String(n)))
      }
      const cell = (name: Name): string => {
        const [least, most] = [Math.min(...times[name]), Math.max(...times[name])]
        return `${show(work, n, median(times[name]))} (${show(work, n, least)} to ${show(work, n, most)})`
      }
      const ratio = (median(times.ours) / median(times.original)).toFixed(3)
      console.log(`| ${work} | ${String(n)} | ${cell('ours')} | ${cell('original')} | ${ratio} |`)
    }
  }
}
