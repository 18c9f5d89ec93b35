/** Runs schedules against the laws, and makes what breaks one as small as it can. */
import type { either as E } from 'fp-ts'
import * as fc from 'fast-check'
import { counterexample, type Counterexample, type Found } from './report/Counterexample.js'
import { shortfalls, Tally, type Coverage, type Feature } from './report/Coverage.js'
import { explore, type Scope } from './network/explore.js'
import type { Law, Violation } from './model/Law.js'
import { deterministic, versions } from './laws/laws.js'
import type { Run } from './model/Run.js'
import type { Schedule } from './model/Schedule.js'
import { schedules, type Size } from './network/schedules.js'
import { inPlainData, simulate } from './network/simulate.js'
import type { Subject } from './model/Subject.js'

export interface Options<C = unknown> extends Size {
  /** Same seed, same runs. Default: another one each time, told when something is found. */
  readonly seed?: number
  /** Of a counterexample, beside its seed: that one only, shrunk as far. */
  readonly path?: string
  /** How many. Default 1000, or without end if there is a `time`. */
  readonly runs?: number
  /** For how many ms at most. Default: until all `runs` are done. */
  readonly time?: number
  /** Before the random runs, every run of a small scope. */
  readonly exhaustive?: Scope<C>
  /** Only this schedule: that of a counterexample, say. */
  readonly schedule?: Schedule<C>
  /** The numbers of the laws that are asked. Default: all. */
  readonly laws?: ReadonlyArray<number>
  /** In which part of the runs something must have happened, from 0 to 1. */
  readonly required?: Partial<Record<Feature, number>>
  /** Told of what was covered, each thousand runs. */
  readonly progress?: (coverage: Coverage) => void
}

/** Which law a run breaks, of those asked. */
interface Broken {
  readonly law: Counterexample['law']
  readonly violation: Violation
}

/**
 * Right, with what was covered, if every run keeps every law; Left with the smallest run found that does not. A run of 24
 * steps costs a millisecond and what its some 30 calls of the subject take.
 */
export const check = <R, C, M>(
  subject: Subject<R, C, M>,
  options: Options<C> = {},
): E.Either<Counterexample, Coverage> => {
  const { laws = ALL, required = {}, progress } = options
  const asked = subject.laws.filter(({ number }) => laws.includes(number))
  const tally = new Tally()
  const judge = (schedule: Schedule<C>): readonly [Run<R, C, M>, Broken | undefined] => {
    const run = simulate(subject, schedule)
    return [run, brokenBy(asked, run)]
  }
  const left = (found: Omit<Found, 'law'>, { law, violation }: Broken, run: Run<R, C, M>): E.Left<Counterexample> => {
    const [written, same] = judge(inPlainData(run))
    const [shown, broken] = same?.law.number === law.number ? [written, same] : [run, { law, violation }]
    return { _tag: 'Left', left: counterexample({ ...found, law: broken.law }, broken.violation, shown) }
  }
  if (options.schedule !== undefined) {
    const [run, broken] = judge(options.schedule)
    if (broken !== undefined) return left(nothingDrawn, broken, run)
    tally.add(run)
    return { _tag: 'Right', right: tally.report() }
  }
  const isBroken = (schedule: Schedule<C>): boolean => judge(schedule)[1] !== undefined
  const exhausted = options.exhaustive === undefined ? undefined : explore(subject, options.exhaustive, isBroken)
  if (exhausted?.broken !== undefined) {
    const [run, broken = random] = judge(exhausted.broken)
    return left(nothingDrawn, broken, run)
  }
  let smallest: readonly [Run<R, C, M>, Broken] | undefined
  const keeps = (schedule: Schedule<C>): boolean => {
    const [run, broken] = judge(schedule)
    if (smallest === undefined) {
      tally.add(run)
      if (tally.runs % 1000 === 0) progress?.(tally.report())
    }
    // what breaks one law must not be shrunk to what breaks another
    if (broken === undefined) return true
    if (smallest !== undefined && smallest[1].law.number !== broken.law.number) return true
    smallest = [run, broken]
    return false
  }
  const details = fc.check(fc.property(schedules(subject, options), keeps), {
    numRuns: options.runs ?? (options.time === undefined ? DEFAULT_RUNS : Number.MAX_SAFE_INTEGER),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.path === undefined ? {} : { path: options.path }),
    ...(options.time === undefined ? {} : { interruptAfterTimeLimit: options.time }),
  })
  if (smallest !== undefined) {
    const [run, broken] = smallest
    const [, again] = judge(run.schedule)
    // a state that is written into is not there any more as it was
    const isThere = again?.law.number === broken.law.number || broken.law.number === versions.number
    const { seed, counterexamplePath, numRuns, numShrinks } = details
    return left(
      { seed, path: counterexamplePath ?? undefined, runs: numRuns, shrinks: numShrinks },
      isThere ? broken : random,
      run,
    )
  }
  const coverage = tally.report(exhausted)
  const missing = shortfalls(required, coverage)
  if (missing.length > 0) {
    const nothing = simulate(subject, { ids: ['a', 'b'], steps: [] })
    const found = { ...nothingDrawn, law: exercised, runs: coverage.runs, seed: details.seed }
    return { _tag: 'Left', left: counterexample(found, { why: missing.join('; ') }, nothing) }
  }
  return { _tag: 'Right', right: coverage }
}

const told = ({ number, name, verdict }: Counterexample['law']): Counterexample['law'] => ({ number, name, verdict })

const nothingDrawn = { seed: undefined, path: undefined, runs: 1, shrinks: 0 }

const exercised = { number: 19, name: 'the run exercised what was required of it', verdict: 'unlawful' } as const

/** What was broken once, and is not when the same is done again. */
const random: Broken = {
  law: told(deterministic),
  violation: { why: 'what was found in one run is not found when it is run again: something in it is random' },
}

const DEFAULT_RUNS = 1000
const ALL = Array.from({ length: 20 }, (_, i) => i)

const brokenBy = <R, C, M>(asked: ReadonlyArray<Law<R, C, M>>, run: Run<R, C, M>): Broken | undefined => {
  for (const law of asked) {
    // a run that broke off shows nothing more
    if (run.threw !== undefined && law.number !== 15) continue
    const violation = heldAgainst(law, run)
    if (violation !== undefined) return { law: told(blamed(law, run)), violation }
  }
  return undefined
}

/** A law that cannot even be looked at because something throws is broken. */
const heldAgainst = <R, C, M>(law: Law<R, C, M>, run: Run<R, C, M>): Violation | undefined => {
  try {
    return law.check(run)
  } catch (error) {
    return { why: `it threw ${String(error)}` }
  }
}

/** Replicas that part by what they gossip, and would not if they were told everything: it is the histories that lack something. */
const blamed = <R, C, M>(law: Law<R, C, M>, { subject, schedule }: Run<R, C, M>): Law<R, C, M> => {
  const histories = subject.laws.find(({ number }) => number === 8)
  if (law.number !== 1 || histories === undefined) return law
  return simulate(subject, schedule, 'everything').parted === undefined ? histories : law
}
