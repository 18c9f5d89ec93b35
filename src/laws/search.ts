/**
 * Looks for a schedule that breaks a law: the one given, every run of a small scope, random runs.
 */
import * as fc from 'fast-check'
import { configured, DEFAULT_RUNS, isVerbose } from './configured.js'
import { byGravity, gravityOf, isGravest, isHygiene, kindOf, type Broken } from './gravity.js'
import { judge, type Judged as JudgedOnce, type Reported } from './judge.js'
import { deterministic } from './laws/laws.js'
import { askedFor, type Law, type Lawful } from './model/Law.js'
import type { Run } from './model/Run.js'
import type { Schedule } from './model/Schedule.js'
import { explore, type Exhausted, type Scope } from './network/explore.js'
import { schedulesBy } from './network/schedules.js'
import { plainFor } from './network/smaller.js'
import { counterexample, type Origin } from './report/Counterexample.js'
import { FEATURES, shortfalls, Tally, type Coverage } from './report/Coverage.js'
import type { Options, Profile } from './Options.js'
import type { Limits, Runner } from './runner.js'
import { lawsToAsk, Vacuity, whyNever } from './vacuity.js'
import { answerOf, type Waiting } from './waiting.js'

/** How far a profile goes, where the check does not say it. Time is in ms. */
const PROFILES: Readonly<Record<Profile, Pick<Options, 'runs' | 'time'>>> = {
  fast: { runs: 50, time: 200 },
  thorough: { runs: 20_000 },
}

const DEFAULT_SHRINK_TIME = 10_000
const PROGRESS = 1000

/** The least number of further runs in which a graver law is looked for. */
const FURTHER = 100

/** Whether progress is told after so many runs. */
const isTold = (runs: number): boolean => runs % PROGRESS === 0 || (runs < PROGRESS && (runs & (runs - 1)) === 0)

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
  if (given.path !== undefined && given.seed === undefined) {
    throw new TypeError('`path` needs the `seed` of its counterexample: give both')
  }
  const options = configured(given)
  const laws = lawsToAsk(subject, options)
  const tally = new Tally()
  const schedule = options.schedule as Schedule<C> | undefined
  if (schedule !== undefined) {
    const { run, broken } = yield* answerOf(runner.judge(subject, laws, schedule, toldBy(options)))
    const [gravest, ...others] = broken.map((one) => ({ ...one, run, origin: NOTHING_DRAWN }))
    if (gravest !== undefined) return options.all === true && others.length > 0 ? { ...gravest, others } : gravest
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
  const found = yield* drawn.run()
  if (found !== undefined) return found
  const { seed } = drawn
  const refusals = drawn.vacuity.refusals.examples()
  const endedBy = drawn.isEnded ? timeOf(given) : undefined
  const covered = tally.report(
    {
      seed,
      refusals,
      ...(endedBy !== undefined && { endedBy }),
      ...(exhausted !== undefined && { exhaustive: exhausted }),
    },
    (feature) => whyNever(feature, subject, options.exchanges) !== undefined,
  )
  return yield* exercised(subject, options, covered, drawn.vacuity, runner)
}

/** The name of the option that says how long a check may take. */
const timeOf = ({ time, profile }: Pick<Options, 'time' | 'profile'>): string =>
  time !== undefined ? 'time' : profile !== undefined ? 'profile' : 'interruptAfterTimeLimit'

/** A run that breaks a law which is known, or wanted too, may break others. */
export const toldBy = ({ all = false, known }: Pick<Options<never>, 'all' | 'known'>): Reported =>
  all || known !== undefined ? 'each' : 'gravest'

const NOTHING_DRAWN: Origin = { seed: undefined, path: undefined, runs: 1, shrinks: 0 }

const explored = <R, C, M>(
  subject: Lawful<R, C, M>,
  laws: ReadonlyArray<Law<R, C, M>>,
  scope: Scope<C>,
): Exhausted & { readonly broken?: Found<R, C, M> } => {
  const isBroken = (schedule: Schedule<C>): boolean => judge(subject, laws, schedule).broken.length > 0
  const { broken: schedule, ...visited } = explore(subject, scope, isBroken)
  if (schedule === undefined) return visited
  const { run, broken } = judge(subject, laws, schedule)
  const [gravest = RANDOM] = broken
  return { ...visited, broken: { ...gravest, run, origin: NOTHING_DRAWN } }
}

/** A law that was broken once, and not when the same schedule ran again. */
const RANDOM: Broken = {
  law: deterministic,
  violation: {
    why: 'a law was broken in one run and not when the same ran again: something is random',
    remedy: 'give `command` and every function nothing but their arguments: no clock, no random number, no variable',
  },
}

interface Judged<R, C, M> extends JudgedOnce<R, C, M> {
  /** It breaks a law by a fault that is known. */
  readonly known?: boolean
  /** It breaks no such law with plain ids. */
  readonly isOdd?: boolean
}

/** A run that breaks a law, by the place of its schedule among those drawn. */
interface Met<R, C, M> {
  readonly run: Run<R, C, M>
  readonly broken: Broken
  readonly path: string
  readonly isOdd: boolean
}

class RandomSearch<R, C, M> {
  seed = 0
  /** Whether time ended the random runs before all were made. */
  isEnded = false
  readonly vacuity = new Vacuity<R, C, M>()
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
      const beside = rest.map(({ broken: { law, violation } }) => {
        const { name, verdict, says } = law
        const { why, quality } = violation
        return { law: { name, verdict, says }, why, ...(quality !== undefined && { quality }) }
      })
      return { ...found, origin: { ...found.origin, beside } }
    }
    const others: Found<R, C, M>[] = []
    for (const met of rest) {
      const other = yield* this.shrunk(met.path, met)
      if (other !== undefined) others.push(other)
    }
    return { ...found, others }
  }

  /** The run of a schedule, and what it breaks that is not known. */
  private *judged(laws: ReadonlyArray<Law<R, C, M>>, schedule: Schedule<C>): Waiting<Judged<R, C, M>> {
    const { known } = this.options
    const judged = yield* answerOf(this.runner.judge(this.subject, laws, schedule, toldBy(this.options), this.laws))
    if (known === undefined) return judged
    const { run } = judged
    const isNew = ({ law, violation }: Broken): boolean => !known(counterexample(law, violation, run, NOTHING_DRAWN))
    return { run, broken: judged.broken.filter(isNew), known: judged.broken.length > 0 }
  }

  /** As `judged`; if the faults are new, also by whether they are there with plain ids. */
  private *judgedByIds(
    laws: ReadonlyArray<Law<R, C, M>>,
    schedule: Schedule<C>,
    isMet: (broken: Broken) => boolean,
  ): Waiting<Judged<R, C, M>> {
    const judged = yield* this.judged(laws, schedule)
    const { broken } = judged
    if (broken.every(isMet)) return judged
    for (const ids of plainFor(schedule.ids)) {
      if (ids.join() === schedule.ids.join()) return judged
      const plain = yield* this.judged(laws, { ...schedule, ids })
      if (plain.broken.some((one) => broken.some((other) => kindOf(other) === kindOf(one)))) return judged
    }
    return { ...judged, isOdd: true }
  }

  /**
   * The first run of each kind that breaks a law, with plain ids if there is one. The gravest ends
   * the search, if not all are wanted. After a law that is no hygiene, and a fault that needs odd
   * ids, the search goes on for a while: see `stop`.
   */
  private *search(): Waiting<Iterable<Met<R, C, M>>> {
    const { laws, options, tally } = this
    const { seed, profile, all = false } = options
    const usual: Pick<Options, 'runs' | 'time'> = profile === undefined ? {} : PROFILES[profile]
    const { time = options.runs === undefined ? usual.time : undefined } = options
    const { runs = usual.runs ?? (time === undefined ? DEFAULT_RUNS : undefined) } = options
    const met = new Map<string, Met<R, C, M>>()
    let end = Infinity
    const take = ({ run, broken, known = false, isOdd = false }: Judged<R, C, M>): boolean => {
      const path = String(tally.runs)
      tally.add(run)
      this.vacuity.add(run)
      if (known && broken.length === 0) tally.known++
      if (isTold(tally.runs)) options.progress?.(tally.report())
      for (const one of broken) {
        const before = met.get(kindOf(one))
        if (before === undefined || (before.isOdd && !isOdd)) met.set(kindOf(one), { run, broken: one, path, isOdd })
      }
      if (options.stop === 'first' && broken.length > 0) return false
      if (all) return true
      if (broken.some(isGravest) && !isOdd) return false
      if (broken.some((one) => !isHygiene(one))) end = Math.min(end, tally.runs + Math.max(tally.runs, FURTHER))
      return tally.runs < end
    }
    const limits = { numRuns: runs ?? Number.MAX_SAFE_INTEGER, endOnFailure: true, seed, time }
    const isMet = (one: Broken): boolean => met.get(kindOf(one))?.isOdd === false
    const judged = (schedule: Schedule<C>) => this.judgedByIds(laws, schedule, isMet)
    const details = yield* this.check(judged, take, limits)
    this.seed = details.seed
    this.isEnded = details.interrupted && runs !== undefined
    return [...met.values()].sort((a, b) => Number(a.isOdd) - Number(b.isOdd))
  }

  /** Runs schedules until `take` says false. What is thrown on the way is thrown, no verdict. */
  private *check(
    judged: (schedule: Schedule<C>) => Waiting<Judged<R, C, M>>,
    take: (judged: Judged<R, C, M>) => boolean,
    limits: Limits,
  ): Waiting<fc.RunDetails<[Schedule<C>]>> {
    const thrown: unknown[] = []
    const predicate = function* (schedule: Schedule<C>): Waiting<boolean> {
      try {
        return take(yield* judged(schedule))
      } catch (error) {
        thrown.push(error)
        return false
      }
    }
    const details = yield* answerOf(this.runner.check(this.schedules, predicate, limits))
    if (thrown.length > 0) throw thrown[0]
    return details
  }

  /** The run at a path, made smaller while it breaks the law that it broke when it was met. */
  private *shrunk(path: string, met?: Met<R, C, M>): Waiting<Found<R, C, M> | undefined> {
    const { options, runner } = this
    const seed = options.seed ?? this.seed
    let smallest: Pick<Met<R, C, M>, 'run' | 'broken'> | undefined = met
    let tried = 0
    const take = ({ run, broken }: Judged<R, C, M>): boolean => {
      if (met === undefined && tried === 0) {
        this.tally.add(run)
        this.vacuity.add(run)
      }
      if (isTold(++tried)) options.progress?.({ ...this.tally.report(), shrinking: tried })
      const { broken: wanted = broken[0] } = smallest ?? {}
      const same = wanted && broken.find((one) => kindOf(one) === kindOf(wanted))
      if (same !== undefined) smallest = { run, broken: same }
      return same === undefined
    }
    const { shrinkTime = DEFAULT_SHRINK_TIME } = options
    const limits = { seed, path, time: shrinkTime, verbose: isVerbose() }
    const details = yield* this.check(
      (schedule) => this.judged(this.lawsUpTo(smallest?.broken), schedule),
      take,
      limits,
    )
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
  private lawsUpTo(broken: Broken | undefined): ReadonlyArray<Law<R, C, M>> {
    // the check of any law may find a breach of contract, or lead to a cause
    if (broken === undefined || askedFor(broken.law.name) === undefined) return this.laws
    const last = this.laws.findIndex(({ name }) => name === broken.law.name)
    if (last < 0) return this.laws
    return this.laws.filter((law, i) => i <= last || gravityOf(law) < gravityOf(broken.law))
  }

  private *isRepeatable({ schedule }: Run<R, C, M>, found: Broken): Waiting<boolean> {
    const { name } = found.law
    // a subject that writes into old states, or into those of others, does not have them any more
    if (name === 'versions' || (name === 'total' && found.violation.cause === undefined)) return true
    const { broken } = yield* this.judged(this.lawsUpTo(found), schedule)
    return broken.some((one) => kindOf(one) === kindOf(found))
  }
}

const noRun = ({ endedBy = 'time' }: Coverage) => ({
  why: 'no run was made',
  remedy: `give it a longer \`${endedBy}\`, or one of \`runs\` at least`,
})

const MEET = 'give commands on fewer keys that are refused less often, more `runs`, or less in `required`'

/** The coverage; or a broken law, if the runs could not show or have not shown what they should. */
function* exercised<R, C, M>(
  subject: Lawful<R, C, M>,
  { required = {}, exchanges }: Options<C>,
  coverage: Coverage,
  vacuity: Vacuity<R, C, M>,
  runner: Runner,
): Waiting<Found<R, C, M> | Coverage> {
  const missing = shortfalls(required, coverage).map(([feature, says]) => {
    const takes = whyNever(feature, subject, exchanges)
    return takes === undefined
      ? { why: says, remedy: MEET }
      : {
          why: `${FEATURES[feature]}: never, in this form`,
          remedy: `leave \`${feature}\` out of \`required\`: it takes ${takes}`,
        }
  })
  const lack =
    coverage.runs === 0 && coverage.exhaustive === undefined
      ? noRun(coverage)
      : (vacuity.found(subject, coverage) ??
        (missing.length === 0
          ? undefined
          : {
              why: missing.map(({ why }) => why).join('; '),
              remedy: [...new Set(missing.map((one) => one.remedy))].join('; '),
            }))
  if (lack === undefined) return coverage
  const { run } = yield* answerOf(runner.judge(subject, [], { ids: ['a', 'b'], steps: [] }, 'gravest'))
  return {
    law: { name: 'exercised', says: 'the check exercised what was required of it', verdict: 'unlawful' },
    violation: lack,
    run,
    origin: { ...NOTHING_DRAWN, runs: coverage.runs, seed: coverage.seed, required },
  }
}
