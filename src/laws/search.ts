/**
 * Looks for a schedule that breaks a law: the one given, every run of a small scope, random runs.
 */
import * as fc from 'fast-check'
import { judge, lawsAsked, type Broken, type Judged } from './judge.js'
import { DETERMINISTIC, EXERCISED, VERSIONS } from './laws/numbers.js'
import type { Law, Lawful } from './model/Law.js'
import type { Run } from './model/Run.js'
import type { Schedule } from './model/Schedule.js'
import { explore, type Exhausted, type Scope } from './network/explore.js'
import { schedules, type Size } from './network/schedules.js'
import { simulate } from './network/simulate.js'
import type { Origin } from './report/Counterexample.js'
import { shortfalls, Tally, type Coverage, type Feature } from './report/Coverage.js'

export interface Options<C = unknown> extends Size {
  /** The same seed gives the same runs. Default: a new one each time; a counterexample names it. */
  readonly seed?: number
  /** With the `seed` of a counterexample: finds only that one, and shrinks it as far. */
  readonly path?: string
  /** The number of random runs. Default 1000; without end, if `time` is given. */
  readonly runs?: number
  /** The most ms that random runs take. Default: no limit. */
  readonly time?: number
  /** Visits every run of a small scope before the random runs. */
  readonly exhaustive?: Scope<C>
  /** Runs this schedule only. */
  readonly schedule?: Schedule<C>
  /** The numbers of the laws to ask. Default: all. */
  readonly laws?: ReadonlyArray<number>
  /** The part of the runs, from 0 to 1, in which each feature must happen. */
  readonly required?: Partial<Record<Feature, number>>
  /** Called after each thousand random runs. */
  readonly progress?: (coverage: Coverage) => void
}

/** A run that breaks a law. */
export interface Found<R, C, M> extends Broken {
  readonly run: Run<R, C, M>
  readonly origin: Origin
}

/** Gives the smallest broken run found, or what was covered if there is none. */
export const searched = <R, C, M>(subject: Lawful<R, C, M>, options: Options<C>): Found<R, C, M> | Coverage => {
  const laws = lawsAsked(subject, options.laws)
  const tally = new Tally()
  if (options.schedule !== undefined) {
    const { run, broken } = judge(subject, laws, options.schedule)
    if (broken !== undefined) return { ...broken, run, origin: NOTHING_DRAWN }
    tally.add(run)
    return tally.report()
  }
  let exhausted: Exhausted | undefined
  if (options.exhaustive !== undefined) {
    const { broken, ...visited } = explored(subject, laws, options.exhaustive)
    if (broken !== undefined) return broken
    exhausted = visited
  }
  const drawn = new RandomSearch(subject, laws, options, tally)
  return drawn.run() ?? exercised(subject, options, tally.report(exhausted), drawn.seed)
}

const NOTHING_DRAWN: Origin = { seed: undefined, path: undefined, runs: 1, shrinks: 0 }

const explored = <R, C, M>(
  subject: Lawful<R, C, M>,
  laws: ReadonlyArray<Law<R, C, M>>,
  scope: Scope<C>,
): Exhausted & { readonly broken?: Found<R, C, M> } => {
  const isBroken = (schedule: Schedule<C>): boolean => judge(subject, laws, schedule).broken !== undefined
  const { broken: schedule, ...visited } = explore(subject, scope, isBroken)
  if (schedule === undefined) return visited
  const { run, broken = RANDOM } = judge(subject, laws, schedule)
  return { ...visited, broken: { ...broken, run, origin: NOTHING_DRAWN } }
}

/** A law that was broken once, and not when the same schedule ran again. */
const RANDOM: Broken = {
  law: { number: DETERMINISTIC, name: 'the same call gives the same result', verdict: 'unlawful' },
  violation: { why: 'a law was broken in one run and not when the same ran again: something is random' },
}

class RandomSearch<R, C, M> {
  seed = 0
  private readonly subject: Lawful<R, C, M>
  private readonly laws: ReadonlyArray<Law<R, C, M>>
  private readonly options: Options<C>
  private readonly tally: Tally
  private smallest: (Judged<R, C, M> & { readonly broken: Broken }) | undefined

  constructor(subject: Lawful<R, C, M>, laws: ReadonlyArray<Law<R, C, M>>, options: Options<C>, tally: Tally) {
    this.subject = subject
    this.laws = laws
    this.options = options
    this.tally = tally
  }

  run(): Found<R, C, M> | undefined {
    const { subject, options } = this
    const { seed, path, time, runs = time === undefined ? DEFAULT_RUNS : Number.MAX_SAFE_INTEGER } = options
    const property = fc.property(schedules(subject, options), (schedule) => this.keeps(schedule))
    const details = fc.check(property, {
      numRuns: runs,
      ...(seed === undefined ? {} : { seed }),
      ...(path === undefined ? {} : { path }),
      ...(time === undefined ? {} : { interruptAfterTimeLimit: time }),
    })
    this.seed = details.seed
    if (this.smallest === undefined) return undefined
    const { run, broken } = this.smallest
    const { counterexamplePath, numRuns, numShrinks } = details
    const origin = { seed: details.seed, path: counterexamplePath ?? undefined, runs: numRuns, shrinks: numShrinks }
    return { ...(this.isRepeatable() ? broken : RANDOM), run, origin }
  }

  /**
   * Whether a schedule keeps all laws. While shrinking: whether it keeps the law that was found
   * broken.
   */
  private keeps(schedule: Schedule<C>): boolean {
    const { tally, smallest } = this
    const { run, broken } = judge(this.subject, this.lawsUpTo(smallest?.broken.law.number), schedule)
    if (smallest === undefined) {
      tally.add(run)
      if (tally.runs % PROGRESS === 0) this.options.progress?.(tally.report())
    }
    if (broken === undefined) return true
    if (smallest !== undefined && smallest.broken.law.number !== broken.law.number) return true
    this.smallest = { run, broken }
    return false
  }

  /** A law is reported only if those before it hold: the laws after it need not be asked. */
  private lawsUpTo(number: number | undefined): ReadonlyArray<Law<R, C, M>> {
    const last = this.laws.findIndex((law) => law.number === number)
    return last < 0 ? this.laws : this.laws.slice(0, last + 1)
  }

  private isRepeatable(): boolean {
    const { run, broken } = this.smallest!
    // a subject that writes into old states does not have them any more
    if (broken.law.number === VERSIONS) return true
    return judge(this.subject, this.laws, run.schedule).broken?.law.number === broken.law.number
  }
}

const DEFAULT_RUNS = 1000
const PROGRESS = 1000

/** The coverage; or a broken law, if the runs have not shown what was required. */
const exercised = <R, C, M>(
  subject: Lawful<R, C, M>,
  { required = {} }: Options<C>,
  coverage: Coverage,
  seed: number,
): Found<R, C, M> | Coverage => {
  const missing = shortfalls(required, coverage)
  if (missing.length === 0) return coverage
  return {
    law: { number: EXERCISED, name: 'the check exercised what was required of it', verdict: 'unlawful' },
    violation: { why: missing.join('; ') },
    run: simulate(subject, { ids: ['a', 'b'], steps: [] }),
    origin: { ...NOTHING_DRAWN, runs: coverage.runs, seed },
  }
}
