/** The outcome of a check as fast-check tells one: for the reporter of `fc.configureGlobal`. */
import * as fc from 'fast-check'
import type { either as E } from 'fp-ts'
import type { Schedule } from '../model/Schedule.js'
import { LawBroken, type Counterexample } from './Counterexample.js'
import type { Coverage } from './Coverage.js'

/**
 * Throws {@link LawBroken} for a Left. A global `reporter` decides instead, as in `fc.assert`: it
 * gets the outcome as `RunDetails`, in which `errorInstance` is what would be thrown, and throws or
 * not. A global `asyncReporter` is not asked: checks are synchronous.
 */
export const report = (checked: E.Either<Counterexample, Coverage>): void => {
  // of configureGlobal, which has no other
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const { reporter } = fc.readConfigureGlobal()
  if (reporter !== undefined) (reporter as (details: fc.RunDetails<[Schedule<unknown>]>) => void)(detailsOf(checked))
  else if (checked._tag === 'Left') throw new LawBroken(checked.left)
}

const LEVELS = [fc.VerbosityLevel.None, fc.VerbosityLevel.Verbose, fc.VerbosityLevel.VeryVerbose]

const detailsOf = (checked: E.Either<Counterexample, Coverage>): fc.RunDetails<[Schedule<unknown>]> => {
  const runConfiguration = fc.readConfigureGlobal() as fc.Parameters<[Schedule<unknown>]>
  const { seed: asked = 0, verbose = 0 } = runConfiguration
  const always = {
    numSkips: 0,
    executionSummary: [],
    verbose: LEVELS[Number(verbose)] ?? fc.VerbosityLevel.None,
    runConfiguration,
  }
  if (checked._tag === 'Right') {
    const { runs, seed = asked, endedBy } = checked.right
    const nothing = { numShrinks: 0, counterexample: null, counterexamplePath: null, errorInstance: null, failures: [] }
    return { ...always, ...nothing, failed: false, interrupted: endedBy !== undefined, numRuns: runs, seed }
  }
  const { runs, shrinks, seed = asked, schedule, path = '', failures } = checked.left
  return {
    ...always,
    interrupted: false,
    failed: true,
    numRuns: runs,
    numShrinks: shrinks,
    seed,
    counterexample: [schedule],
    counterexamplePath: path,
    errorInstance: new LawBroken(checked.left),
    failures: failures.map((one) => [one]),
  }
}
