/**
 * Looks for a schedule that breaks a law: the one given, every run of a small scope, random runs.
 */
import * as fc from 'fast-check'
import { configured, DEFAULT_RUNS, isVerbose } from './configured.js'
import { byGravity, isHygiene, judge, kindOf, lawsAsked, type Asked, type Broken } from './judge.js'
import type { Kept } from './kept.js'
import type { Law, Lawful, LawName } from './model/Law.js'
import type { Run } from './model/Run.js'
import type { Schedule } from './model/Schedule.js'
import { explore, type Exhausted, type Scope } from './network/explore.js'
import { schedulesBy, type Size } from './network/schedules.js'
import { simulate } from './network/simulate.js'
import { counterexample, type CounterexampleData, type Origin } from './report/Counterexample.js'
import { shortfalls, Tally, type Coverage, type Feature } from './report/Coverage.js'
import type { Runner } from './runner.js'
import { answerOf, type Waiting } from './waiting.js'

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
  /**
   * Goes on to the end of the runs, and gives one smallest counterexample for each law and each
   * quality that is broken: the gravest, with the `others` in it. Default false.
   */
  readonly all?: boolean
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
  /** One of each other law or quality that runs broke, if all are wanted. */
  readonly others?: ReadonlyArray<Found<R, C, M>>
}

/** Gives the smallest broken run found, or what was covered if there is none. */
export function* searched<R, C, M>(
  subject: Lawful<R, C, M>,
  given: Options<C>,
  runner: Runner,
): Waiting<Found<R, C, M> | Coverage> {
  const options = configured(given)
  const laws = lawsAsked(subject, options)
  const tally = new Tally()
  if (options.schedule !== undefined) {
    const { run, broken } = yield* answerOf(runner.judge(subject, laws, options.schedule))
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
  const drawn = new RandomSearch(subject, laws, options, tally, runner)
  return (yield* drawn.run()) ?? exercised(subject, options, tally.report(exhausted), drawn.seed)
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
  private readonly runner: Runner
  private readonly schedules: fc.Arbitrary<Schedule<C>>

  constructor(
    subject: Lawful<R, C, M>,
    laws: ReadonlyArray<Law<R, C, M>>,
    options: Options<C>,
    tally: Tally,
    runner: Runner,
  ) {
    this.subject = subject
    this.laws = laws
    this.options = options
    this.tally = tally
    this.runner = runner
    this.schedules = schedulesBy((schedule) => runner.drawnOf(subject, schedule), subject, options)
  }

  *run(): Waiting<Found<R, C, M> | undefined> {
    const { seed, path, all = false } = this.options
    if (seed !== undefined && path !== undefined) return yield* this.shrunk(this.runner.pathOf(path))
    const [worst, ...rest] = byGravity(yield* this.search())
    if (worst === undefined) return undefined
    const found = yield* this.shrunk(worst.path, worst)
    if (found === undefined || rest.length === 0) return found
    if (!all) {
      const beside = rest.map(({ broken: { law, violation } }) => ({ law, why: violation.why }))
      return { ...found, origin: { ...found.origin, beside } }
    }
    const others: Found<R, C, M>[] = []
    for (const met of rest) others.push((yield* this.shrunk(met.path, met))!)
    return { ...found, others }
  }

  /**
   * The first run of each kind that breaks a law. Runs that break one of mere hygiene are passed; a
   * graver one ends the search, if not all are wanted.
   */
  private *search(): Waiting<Iterable<Met<R, C, M>>> {
    const { subject, laws, options, tally, runner } = this
    const { seed, time, profile, all = false } = options
    const { runs = profile !== undefined ? RUNS_OF[profile] : time === undefined ? DEFAULT_RUNS : undefined } = options
    const met = new Map<string, Met<R, C, M>>()
    const keeps = function* (this: RandomSearch<R, C, M>, schedule: Schedule<C>): Waiting<boolean> {
      const place = tally.runs
      const { run, broken } = yield* answerOf(runner.judge(subject, laws, schedule))
      tally.add(run)
      if (tally.runs % PROGRESS === 0) options.progress?.(tally.report())
      if (broken === undefined) return true
      if (this.isKnown(broken, run)) {
        tally.known++
        return true
      }
      const kind = kindOf(broken)
      if (!met.has(kind)) met.set(kind, { run, broken, path: String(place) })
      return options.stop !== 'first' && (all || isHygiene(broken))
    }
    const details = yield* answerOf(
      runner.check(this.schedules, keeps.bind(this), {
        numRuns: runs ?? Number.MAX_SAFE_INTEGER,
        endOnFailure: true,
        seed,
        time,
      }),
    )
    this.seed = details.seed
    return met.values()
  }

  private isKnown({ law, violation }: Broken, run: Run<R, C, M>): boolean {
    return this.options.known?.(counterexample(law, violation, run, NOTHING_DRAWN)) === true
  }

  /** The run at a path, made smaller while it breaks the law that it broke when it was met. */
  private *shrunk(path: string, met?: Met<R, C, M>): Waiting<Found<R, C, M> | undefined> {
    const { subject, options, runner } = this
    const seed = options.seed ?? this.seed
    let smallest: Pick<Met<R, C, M>, 'run' | 'broken'> | undefined = met
    let tried = 0
    const keeps = function* (this: RandomSearch<R, C, M>, schedule: Schedule<C>): Waiting<boolean> {
      if (++tried % PROGRESS === 0) options.progress?.(this.tally.report())
      const laws = this.lawsUpTo(smallest?.broken.law.name)
      const { run, broken } = yield* answerOf(runner.judge(subject, laws, schedule))
      if (broken === undefined || (smallest !== undefined && kindOf(broken) !== kindOf(smallest.broken))) return true
      // a bug that is known must not take the place of this one
      if (this.isKnown(broken, run)) return true
      smallest = { run, broken }
      return false
    }
    const { shrinkTime = DEFAULT_SHRINK_TIME } = options
    const limits = { seed, path, time: shrinkTime, verbose: isVerbose() }
    const details = yield* answerOf(runner.check(this.schedules, keeps.bind(this), limits))
    this.seed = seed
    if (smallest === undefined) return undefined
    const { run, broken } = smallest
    const origin: Origin = {
      seed,
      path: runner.pathOf(details.counterexamplePath ?? path),
      runs: Number.parseInt(path) + 1,
      shrinks: details.numShrinks,
      failures: details.failures.map(([schedule]) => schedule),
    }
    return { ...((yield* this.isRepeatable(run, broken)) ? broken : RANDOM), run, origin }
  }

  /** Graver laws are asked before the one that is being shrunk; those after it need not be. */
  private lawsUpTo(name: LawName | undefined): ReadonlyArray<Law<R, C, M>> {
    const last = this.laws.findIndex((law) => law.name === name)
    return last < 0 ? this.laws : this.laws.slice(0, last + 1)
  }

  private *isRepeatable({ schedule }: Run<R, C, M>, { law: { name } }: Broken): Waiting<boolean> {
    // a subject that writes into old states does not have them any more
    if (name === 'versions') return true
    const { broken } = yield* answerOf(this.runner.judge(this.subject, this.lawsUpTo(name), schedule))
    return broken?.law.name === name
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
