/** Measuring: each contestant runs in its own process, warmed up. A wrong result is an error. */
import { isCpu, now } from './clock.js'
import { start } from './worker.js'

/** Prepares n entries, does the work, verifies the result. Returns the cost in the row's unit. */
export type Work = (n: number) => Promise<number> | number

export interface Contestant {
  readonly work: Work
  /** The largest n to measure: a larger one takes minutes. */
  readonly most?: number
}

export interface Row {
  /** Stable and unique: results and plots are stored under it. */
  readonly id: string
  readonly title: string
  readonly unit: 'ms' | 'µs an update' | 'bytes' | 'bytes an update' | 'characters'
  readonly sizes: ReadonlyArray<number>
  /** The sizes for `--quick`. Empty: `--quick` leaves the row out. */
  readonly quick: ReadonlyArray<number>
  readonly contestants: Readonly<Record<string, Contestant>>
  readonly goals?: ReadonlyArray<Goal>
}

export type Goal =
  /** Our cost divided by the peer's, at size n. */
  | { readonly peer: string; readonly n: number; readonly atMost: number }
  /** Our cost at size `to` divided by our cost at size `from`. */
  | { readonly from: number; readonly to: number; readonly atMost: number }

export interface Result {
  readonly row: string
  readonly contestant: string
  readonly n: number
  readonly rounds: ReadonlyArray<number>
}

/** The contestant that stands for this package. */
export const OURS = 'scuttlebutt-ts'

/** This package's contestants. A row without peers names them after what they do. */
export const ownOf = ({ contestants }: Pick<Row, 'contestants'>): ReadonlyArray<string> =>
  OURS in contestants ? [OURS] : Object.keys(contestants)

/** The value at a fraction of the sorted values: 0.5 gives the median, the upper one of two. */
export const quantile = (values: ReadonlyArray<number>, fraction: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * fraction)]!

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/** In ms. */
export const timed = (work: () => void): number => {
  const start = now()
  work()
  return now() - start
}

/**
 * The median cost of several rounds: at least one, at most `most`. By CPU time it is the lowest:
 * other programs empty the caches, which a round of some µs feels most.
 * No round begins after `patience` ms.
 */
export const repeated = (patience: number, most: number, round: (i: number) => number): number => {
  const end = now() + patience
  const costs = [round(0)]
  while (costs.length < most && now() < end) costs.push(round(costs.length))
  return isCpu ? Math.min(...costs) : median(costs)
}

export const verify = (isRight: boolean, what: string): void => {
  if (!isRight) throw new Error(`a contestant's result is wrong: ${what}`)
}

/** One collection leaves objects that only a later one can free. */
const COLLECTIONS = 4

const collect = (): number => {
  for (let i = 0; i < COLLECTIONS; i++) (globalThis as unknown as { readonly gc: () => void }).gc()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + external + arrayBuffers
}

/** The memory that the made value holds, in bytes. Needs `--expose-gc`. */
export const weigh = (make: () => unknown): number => {
  const before = collect()
  const kept = make()
  const after = collect()
  verify(kept !== undefined, 'nothing was kept')
  return after - before
}

/** Warm-up in ms: once at the row's smallest size, once at the measured size. */
const WARM_UP_MS = 200

export const warmUp = async ({ work }: Contestant, n: number, smallest: number): Promise<void> => {
  for (const size of [Math.min(n, smallest), n]) {
    for (const end = now() + WARM_UP_MS; now() < end;) await work(size)
  }
}

/** A process measures for this many ms… */
const MEASURING_MS = 300
/** …but continues, if that gave fewer runs than this, until its patience ends. */
const ENOUGH_RUNS = 5
const MOST_RUNS = 50

/** In ms. The quick form has less. */
export const MOST_PATIENCE_MS = 1500

/** Whether a process has measured for long enough. `spent` and `patience` are in ms. */
export const isEnough = (runs: number, spent: number, patience: number): boolean =>
  runs >= MOST_RUNS || spent > (runs < ENOUGH_RUNS ? patience : MEASURING_MS)

/** The median cost of several runs in this process. `patience` is in ms. */
export const measure = async ({ work }: Contestant, n: number, patience: number): Promise<number> => {
  const runs: number[] = []
  const start = now()
  do runs.push(await work(n))
  while (!isEnough(runs.length, now() - start, patience))
  return median(runs)
}

/** Measures every contestant of a row at one size. They take turns, `rounds` times. */
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
      const worker = await start(child, { row: row.id, contestant: name, n, clock: 'wall' })
      costs.get(name)!.push(await worker.measure(patience))
      worker.stop()
    }
  }
  return names.map((contestant) => ({ row: row.id, contestant, n, rounds: costs.get(contestant)! }))
}
