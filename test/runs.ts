/**
 * How many cases a property runs, by the environment:
 *
 * - `npm test` runs a fifth of the number that the call names, to be done in minutes.
 * - `CI=true npm test` runs at least 10,000 in memory, or 1,000 whole networks, 100 over sockets,
 *   and 200 kills. Its cases come from the sources: see `seed.ts`. `SEED=5` gives another seed.
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

const IN_CI = { memory: 10_000, networks: 1000, wire: 100, kills: 200 } as const

/** For each case in memory. */
const IN_SOAK = { memory: 1, networks: 1, wire: 1 / 100, kills: 1 / 50 } as const

/** `npm test` runs a fifth of the cases that a property names, but at least 100 or all of them. */
const LOCAL_SHARE = 1 / 5
const LEAST = 100

const share = (named: number): number => Math.max(Math.min(named, LEAST), Math.ceil(named * LOCAL_SHARE))

const runs = (named: number, kind: keyof typeof IN_CI): number => {
  if (soak !== undefined) return Math.ceil(soak * IN_SOAK[kind])
  if (isThorough) return Math.max(named, IN_CI[kind])
  return kind === 'memory' || kind === 'networks' ? share(named) : named
}

/**
 * The number of cases of a property that only computes. Without `named`, fast-check's own 100. A
 * property that is asked of several things, such as each data type, divides CI's number among them.
 */
export const inMemory = (named = 100, things = 1): number => divided(named, 'memory', things)

const divided = (named: number, kind: keyof typeof IN_CI, things: number): number =>
  isThorough ? Math.max(named, Math.ceil(runs(named, kind) / things)) : runs(named, kind)

/**
 * The number of cases of a property of which each is a whole network or a long text: tens to
 * thousands of steps, each of them checked. CI runs 1,000, divided as with {@link inMemory}.
 */
export const inNetworks = (named: number, things = 1): number => divided(named, 'networks', things)

/** The number of cases of a property that opens sockets, starts processes or writes files. */
export const overWire = (named: number): number => runs(named, 'wire')

/** The number of times that a process is killed. */
export const kills = (named: number): number => runs(named, 'kills')
