/** Contests: each contestant in a process of its own, taking turns, warmed up; its result is checked before its time counts. */
import { fork } from 'node:child_process'
import { once } from 'node:events'

/** Prepares n entries, does the work, checks what came of it, and gives what it cost, in the row's unit. */
export type Work = (n: number) => Promise<number> | number

export interface Contestant {
  readonly work: Work
  /** The largest n that it is asked to do: beyond, it takes minutes. */
  readonly most?: number
}

export interface Row {
  /** Of ../shared/design/goals.md, or what else is worth knowing. */
  readonly id: string
  readonly title: string
  readonly unit: 'ms' | 'µs an update' | 'bytes' | 'bytes an update' | 'characters'
  readonly sizes: ReadonlyArray<number>
  /** The sizes of the quick form. */
  readonly quick: ReadonlyArray<number>
  readonly contestants: Readonly<Record<string, Contestant>>
  /** Ours against a peer at one size: what is to be reached. */
  readonly goals?: ReadonlyArray<Goal>
}

export type Goal =
  | { readonly peer: string; readonly n: number; readonly atMost: number }
  /** How much it may grow from one size to another. */
  | { readonly from: number; readonly to: number; readonly atMost: number }

export interface Result {
  readonly row: string
  readonly contestant: string
  readonly n: number
  readonly rounds: ReadonlyArray<number>
}

export const median = (values: ReadonlyArray<number>): number => [...values].sort((a, b) => a - b)[values.length >> 1]!

export const timed = (work: () => void): number => {
  const start = performance.now()
  work()
  return performance.now() - start
}

/** The median of what rounds cost, `most` of them, or as many as begin within `patience`, in ms; one at least. */
export const repeated = (patience: number, most: number, round: (i: number) => number): number => {
  const end = performance.now() + patience
  const costs = [round(0)]
  while (costs.length < most && performance.now() < end) costs.push(round(costs.length))
  return median(costs)
}

export const verify = (isRight: boolean, what: string): void => {
  if (!isRight) throw new Error(`a contestant's result is wrong: ${what}`)
}

const collect = (): number => {
  for (let i = 0; i < 4; i++) (globalThis as unknown as { readonly gc: () => void }).gc()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + external + arrayBuffers
}

/** The bytes that what is made takes while it is kept. Needs `--expose-gc`. */
export const weigh = (make: () => unknown): number => {
  const before = collect()
  const kept = make()
  const after = collect()
  verify(kept !== undefined, 'nothing was kept')
  return after - before
}

/** In the child: how long it warms up on the smallest size, then on the size itself, and how long it measures, in ms. */
const WARM_UP = 200
const PATIENCE = 300
/** It goes on for longer where that is too short for a median, but not for ever. */
const RUNS = 5
export const MOST_PATIENCE = 1500

/** The median of several runs, in this process. */
export const measure = async ({ work }: Contestant, n: number, smallest: number, most: number): Promise<number> => {
  for (const size of [Math.min(n, smallest), n]) {
    for (const end = performance.now() + WARM_UP; performance.now() < end;) await work(size)
  }
  const runs: number[] = []
  const start = performance.now()
  const isDone = (spent: number): boolean => spent > (runs.length < RUNS ? most : PATIENCE) || runs.length >= 50
  do runs.push(await work(n))
  while (!isDone(performance.now() - start))
  return median(runs)
}

/** Every contestant of a row at one size, taking turns, `rounds` times. */
export const contest = async (
  child: string,
  row: Row,
  n: number,
  rounds: number,
  patience: number,
  progress: (text: string) => void,
): Promise<ReadonlyArray<Result>> => {
  const names = Object.keys(row.contestants).filter((name) => n <= (row.contestants[name]!.most ?? Infinity))
  const costs = new Map(names.map((name): [string, number[]] => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      progress(`${row.id} ${row.title}, n = ${String(n)}, round ${String(round + 1)} of ${String(rounds)}: ${name}`)
      costs.get(name)!.push(await inChild(child, row.id, name, n, patience))
    }
  }
  return names.map((contestant) => ({ row: row.id, contestant, n, rounds: costs.get(contestant)! }))
}

export const inChild = async (
  file: string,
  row: string,
  contestant: string,
  n: number,
  patience = MOST_PATIENCE,
): Promise<number> => {
  const child = fork(file, [row, contestant, String(n), String(patience)], {
    execArgv: ['--expose-gc', '--max-old-space-size=8192'],
  })
  const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown]
  const cost = (message as { readonly cost?: number } | null)?.cost
  if (cost === undefined) throw new Error(`${contestant} failed at ${row}, n = ${String(n)}`)
  return cost
}
