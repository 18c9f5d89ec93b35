/**
 * How many cases a property runs, by the environment:
 *
 * - `npm test` runs as many as the call names.
 * - `CI=true npm test` runs at least 10,000 in memory, 100 over sockets, processes and files, and
 *   200 kills.
 * - `RUNS=1000000 npx vitest run` runs that many in memory, a hundredth over the wire, and kills
 *   a process a fiftieth as often.
 *
 * `test/runs.test.ts` refuses a property that takes its number from elsewhere.
 */
const { CI, RUNS } = process.env

const soak = RUNS === undefined ? undefined : Number(RUNS)
if (soak !== undefined && !(soak >= 1)) throw new Error(`RUNS must be a positive number, and is ${String(RUNS)}`)

/** Whether tests run for as long as they need. */
export const isSoak = soak !== undefined

/** Whether tests run with the numbers of CI, or more. */
export const isThorough = soak !== undefined || CI === 'true'

const IN_CI = { memory: 10_000, wire: 100, kills: 200 } as const

const runs = (local: number, kind: keyof typeof IN_CI): number => {
  if (soak !== undefined) return Math.ceil((soak * IN_CI[kind]) / IN_CI.memory)
  return isThorough ? Math.max(local, IN_CI[kind]) : local
}

/** The number of cases of a property that only computes. Without `local`, fast-check's own 100. */
export const inMemory = (local = 100): number => runs(local, 'memory')

/** The number of cases of a property that opens sockets, starts processes or writes files. */
export const overWire = (local: number): number => runs(local, 'wire')

/** The number of times that a process is killed. */
export const kills = (local: number): number => runs(local, 'kills')
