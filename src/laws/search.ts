/**
 * Looks for a schedule that breaks a law: the one given, every run of a small scope, random runs.
 */
import * as fc from 'fast-check'
import { configured, DEFAULT_RUNS, isVerbose, SILENT } from './configured.js'
import { isHygiene, judge, lawsAsked, type Asked, type Broken } from './judge.js'
import type { Kept } from './kept.js'
import type { Law, Lawful, LawName } from './model/Law.js'
import type { Run } from './model/Run.js'
import type { Schedule } from './model/Schedule.js'
import { explore, type Exhausted, type Scope } from './network/explore.js'
import { schedules, type Size } from './network/schedules.js'
import { simulate } from './network/simulate.js'
import { counterexample, type CounterexampleData, type Origin } from './report/Counterexample.js'
import { shortfalls, Tally, type Coverage, type Feature } from './report/Coverage.js'

export interface Options<C = unknown> extends Size, Asked {
  /** `fast` for watch mode: 100 runs, some 0.2 s. `thorough`: 20,000 runs. */
  readonly profile?: Profile
  /**
   * The same seed gives the same runs. Default: that of `fc.configureGlobal`, or else a new one
   * each time; a counterexample names it.
   */
  readonly seed?: number
  /** With the `seed` of a counterexample: finds only that one, and shrinks it as far. */
  readonly path?: string
  /**
   * The number of random runs. Default: the `numRuns` of `fc.configureGlobal`, or else 1000;
   * without
   * end, if `time` is given.
   */
  readonly runs?: number
  /**
   * The most ms that the search takes in random runs. Default: the `interruptAfterTimeLimit` of
   * `fc.configureGlobal`, or else no limit.
   */
  readonly time?: number
  /** The most ms that making a counterexample smaller takes. Default 10,000. */
  readonly shrinkTime?: number
  /**
   * `first`: stops at the first broken law, of mere hygiene too. Default: looks for the gravest.
   */
  readonly stop?: 'first' | 'gravest'
  /** Visits every run of a small scope before the random runs. */
  readonly exhaustive?: Scope<C>
  /** Keeps what breaks a law, and tries that first the next time: {@link keptIn}. */
  readonly kept?: Kept
  /** Runs this schedule only. */
  readonly schedule?: Schedule<C>
  /** The part of the runs, from 0 to 1, in which each feature must happen. */
  readonly required?: Partial<Record<Feature, number>>
  /** Called after each thousand random runs, and after each thousand runs of shrinking. */
  readonly progress?: (coverage: Coverage) => void
  /** A broken run for which this says true is counted in the coverage, and passed over. */
  readonly known?: (counterexample: CounterexampleData) => boolean
}

export type Profile = 'fast' | 'thorough'

const RUNS_OF: Readonly<Record<Profile, number>> = { fast: 100, thorough: 20_000 }
const DEFAULT_SHRINK_TIME = 10_000
const PROGRESS = 1000

/** A run that breaks a law. */
export interface Found<R, C, M> extends Broken {
  readonly run: Run<R, C, M>
  readonly origin: Origin
}

/** Gives the smallest broken run found, or what was covered if there is none. */
export const searched = <R, C, M>(subject: Lawful<R, C, M>, given: Options<C>): Found<R, C, M> | Coverage => {
  const options = configured(given)
  const laws = lawsAsked(subject, options)
  const tally = new Tally()
  if (options.schedule !== undefined) {
    const { run, broken } = judge(subject, laws, options.schedule)
    if (broken !== undefined) return { ...broken, run, origin: NOTHING_DRAWN }
    tally.add(run)
    return tally.report()
  }
  let exhausted: Exhausted | undefined
  if (options.exhaustive !== undefined && options.path === undefined) {
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
  law: { name: 'determinism', says: 'the same call gives the same result', verdict: 'unlawful' },
  violation: {
    why: 'a law was broken in one run and not when the same ran again: something is random',
    remedy: 'give `command` and every function nothing but their arguments: no clock, no random number, no variable',
  },
}

/** A run that breaks a law, by the place of its schedule among those drawn. */
interface Met<R, C, M> {
  readonly run: Run<R, C, M>
  readonly broken: Broken
  readonly path: string
}

class RandomSearch<R, C, M> {
  seed = 0
  private readonly subject: Lawful<R, C, M>
  private readonly laws: ReadonlyArray<Law<R, C, M>>
  private readonly options: Options<C>
  private readonly tally: Tally

  constructor(subject: Lawful<R, C, M>, laws: ReadonlyArray<Law<R, C, M>>, options: Options<C>, tally: Tally) {
    this.subject = subject
    this.laws = laws
    this.options = options
    this.tally = tally
  }

  run(): Found<R, C, M> | undefined {
    const { seed, path } = this.options
    if (seed !== undefined && path !== undefined) return this.shrunk(path, undefined, [])
    const { grave, hygiene } = this.search()
    const worst = grave ?? hygiene[0]
    if (worst === undefined) return undefined
    const others = hygiene.filter((met) => met !== worst).map(({ broken }) => broken)
    const beside = others.map(({ law, violation: { why } }) => ({ law, why }))
    return this.shrunk(worst.path, worst, beside)
  }

  /**
   * Looks for a run that breaks a grave law. Runs that break one of mere hygiene are passed: the
   * first of each law is given beside.
   */
  private search(): { readonly grave: Met<R, C, M> | undefined; readonly hygiene: ReadonlyArray<Met<R, C, M>> } {
    const { subject, laws, options, tally } = this
    const { seed, time, profile } = options
    const { runs = profile !== undefined ? RUNS_OF[profile] : time === undefined ? DEFAULT_RUNS : undefined } = options
    let grave: Met<R, C, M> | undefined
    const hygiene = new Map<LawName, Met<R, C, M>>()
    const property = fc.property(schedules(subject, options), (schedule) => {
      const place = tally.runs
      const { run, broken } = judge(subject, laws, schedule)
      tally.add(run)
      if (tally.runs % PROGRESS === 0) options.progress?.(tally.report())
      if (broken === undefined || this.isKnown(broken, run)) return true
      const met = { run, broken, path: String(place) }
      if (isHygiene(broken)) {
        if (!hygiene.has(broken.law.name)) hygiene.set(broken.law.name, met)
        return options.stop !== 'first'
      }
      grave = met
      return false
    })
    const details = fc.check(property, {
      ...SILENT,
      numRuns: runs ?? Number.MAX_SAFE_INTEGER,
      endOnFailure: true,
      ...(seed === undefined ? {} : { seed }),
      ...(time === undefined ? {} : { interruptAfterTimeLimit: time }),
    })
    this.seed = details.seed
    return { grave, hygiene: [...hygiene.values()] }
  }

  private isKnown(broken: Broken, run: Run<R, C, M>): boolean {
    const { known } = this.options
    if (known?.(counterexample(broken.law, broken.violation, run, NOTHING_DRAWN)) !== true) return false
    this.tally.known++
    return true
  }

  /** The run at a path, made smaller while it breaks the law that it broke when it was met. */
  private shrunk(
    path: string,
    met: Met<R, C, M> | undefined,
    beside: NonNullable<Origin['beside']>,
  ): Found<R, C, M> | undefined {
    const { subject, options } = this
    const seed = options.seed ?? this.seed
    let smallest: Pick<Met<R, C, M>, 'run' | 'broken'> | undefined = met
    let tried = 0
    const property = fc.property(schedules(subject, options), (schedule) => {
      if (++tried % PROGRESS === 0) options.progress?.(this.tally.report())
      const wanted = smallest?.broken.law.name
      const { run, broken } = judge(subject, this.lawsUpTo(wanted), schedule)
      if (broken === undefined || (wanted !== undefined && broken.law.name !== wanted)) return true
      smallest = { run, broken }
      return false
    })
    const { shrinkTime = DEFAULT_SHRINK_TIME } = options
    const verbose = isVerbose()
    const details = fc.check(property, { ...SILENT, seed, path, interruptAfterTimeLimit: shrinkTime, verbose })
    this.seed = seed
    if (smallest === undefined) return undefined
    const { run, broken } = smallest
    const shrinks = details.numShrinks
    const failures = details.failures.map(([schedule]) => schedule)
    const place = { seed, path: details.counterexamplePath ?? path, runs: Number.parseInt(path) + 1 }
    const origin = { ...place, shrinks, failures }
    return { ...(this.isRepeatable(run, broken) ? broken : RANDOM), run, origin: { ...origin, beside } }
  }

  /** Graver laws are asked before the one that is being shrunk; those after it need not be. */
  private lawsUpTo(name: LawName | undefined): ReadonlyArray<Law<R, C, M>> {
    const last = this.laws.findIndex((law) => law.name === name)
    return last < 0 ? this.laws : this.laws.slice(0, last + 1)
  }

  private isRepeatable({ schedule }: Run<R, C, M>, { law: { name } }: Broken): boolean {
    // a subject that writes into old states does not have them any more
    if (name === 'versions') return true
    return judge(this.subject, this.lawsUpTo(name), schedule).broken?.law.name === name
  }
}

const MEET = 'give commands on fewer keys that are refused less often, more `runs`, or less in `required`'

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
    law: { name: 'exercised', says: 'the check exercised what was required of it', verdict: 'unlawful' },
    violation: { why: missing.join('; '), remedy: MEET },
    run: simulate(subject, { ids: ['a', 'b'], steps: [] }),
    origin: { ...NOTHING_DRAWN, runs: coverage.runs, seed },
  }
}
