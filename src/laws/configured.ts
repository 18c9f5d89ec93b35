/** What `fc.configureGlobal` says, for checks that do not say it themselves. */
import * as fc from 'fast-check'

/** The options of a check that fast-check has, too. */
interface Configurable {
  readonly seed?: number | undefined
  readonly path?: string | undefined
  readonly runs?: number
  readonly time?: number
  readonly profile?: unknown
}

/**
 * The options with `seed`, `runs` and `time` from fast-check's global `seed`, `numRuns` and
 * `interruptAfterTimeLimit`. What the check says itself counts, and so does its `profile`.
 */
export const configured = <O extends Configurable>(options: O): O => {
  // a plugin says the same, and cannot be asked
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const { seed, numRuns, interruptAfterTimeLimit: time } = fc.readConfigureGlobal()
  const saysHowLong = options.runs !== undefined || options.time !== undefined || options.profile !== undefined
  return {
    ...(seed !== undefined && options.path === undefined && { seed }),
    // with a `time` alone a check runs without end: fast-check runs 100 times at most, and we 1,000
    ...(!saysHowLong && { runs: numRuns ?? DEFAULT_RUNS, ...(time !== undefined && { time }) }),
    ...options,
  }
}

export const DEFAULT_RUNS = 1000

/** How a search inside a check differs from a property of the user's: it reports nothing itself. */
export const SILENT = {
  reporter: undefined,
  asyncReporter: undefined,
  interruptAfterTimeLimit: undefined,
  skipAllAfterTimeLimit: undefined,
  timeout: undefined,
  markInterruptAsFailure: false,
  verbose: 0,
} as unknown as Pick<fc.Parameters, 'timeout' | 'markInterruptAsFailure' | 'verbose'>

/** Whether the failures on the way to the smallest are to be told, too. */
export const isVerbose = (): boolean => Number(fc.readConfigureGlobal().verbose ?? 0) > 0
