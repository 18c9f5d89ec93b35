/** Looks for runs that break a law among random ones, and makes the gravest smaller. */
import type * as fc from 'fast-check'
import { DEFAULT_RUNS, isVerbose } from './configured.js'
import { NOTHING_DRAWN, RANDOM, type Found } from './Found.js'
import { byGravity, gravityOf, isGravest, isHygiene, kindOf, type Breach } from './gravity.js'
import { reportedFor, type Judged } from './judge.js'
import { askedFor, type Law, type Lawful } from './model/Law.js'
import type { Run } from './model/Run.js'
import type { Schedule } from './model/Schedule.js'
import { schedulesBy } from './network/schedules.js'
import { plainFor } from './network/smaller.js'
import type { Options, Profile } from './Options.js'
import { counterexample, type Origin } from './report/Counterexample.js'
import { Tally } from './report/Coverage.js'
import type { Limits, Runner } from './runner.js'
import { Vacuity } from './vacuity.js'
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

/** A judged run, as the search takes it: without the faults that are known. */
interface Outcome<R, C, M> extends Judged<R, C, M> {
  /** It breaks a law by a fault that is known. */
  readonly known?: boolean
  /** It breaks no such law with plain ids. */
  readonly isOdd?: boolean
}

/** A run that breaks a law, by the place of its schedule among those drawn. */
interface Met<R, C, M> {
  readonly run: Run<R, C, M>
  readonly broken: Breach
  readonly path: string
  readonly isOdd: boolean
}

/** Draws schedules, judges their runs, and makes the gravest find smaller. */
export class RandomSearch<R, C, M> {
  seed = 0
  /** Whether time ended the random runs before all were made. */
  isEnded = false
  readonly tally = new Tally()
  readonly vacuity = new Vacuity<R, C, M>()
  private readonly subject: Lawful<R, C, M>
  private readonly laws: ReadonlyArray<Law<R, C, M>>
  private readonly options: Options<C>
  private readonly runner: Runner
  private readonly schedules: fc.Arbitrary<Schedule<C>>

  constructor(subject: Lawful<R, C, M>, laws: ReadonlyArray<Law<R, C, M>>, options: Options<C>, runner: Runner) {
    this.subject = subject
    this.laws = laws
    this.options = options
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
  private *judged(laws: ReadonlyArray<Law<R, C, M>>, schedule: Schedule<C>): Waiting<Outcome<R, C, M>> {
    const { known } = this.options
    const judged = yield* answerOf(
      this.runner.judge(this.subject, laws, schedule, reportedFor(this.options), this.laws),
    )
    if (known === undefined) return judged
    const { run } = judged
    const isNew = ({ law, violation }: Breach): boolean => !known(counterexample(law, violation, run, NOTHING_DRAWN))
    return { run, broken: judged.broken.filter(isNew), known: judged.broken.length > 0 }
  }

  /** As `judged`; if the faults are new, also by whether they are there with plain ids. */
  private *judgedByIds(
    laws: ReadonlyArray<Law<R, C, M>>,
    schedule: Schedule<C>,
    isMet: (broken: Breach) => boolean,
  ): Waiting<Outcome<R, C, M>> {
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
    const take = ({ run, broken, known = false, isOdd = false }: Outcome<R, C, M>): boolean => {
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
    const isMet = (one: Breach): boolean => met.get(kindOf(one))?.isOdd === false
    const judged = (schedule: Schedule<C>) => this.judgedByIds(laws, schedule, isMet)
    const details = yield* this.check(judged, take, limits)
    this.seed = details.seed
    this.isEnded = details.interrupted && runs !== undefined
    return [...met.values()].sort((a, b) => Number(a.isOdd) - Number(b.isOdd))
  }

  /** Runs schedules until `take` says false. What is thrown on the way is thrown, no verdict. */
  private *check(
    judged: (schedule: Schedule<C>) => Waiting<Outcome<R, C, M>>,
    take: (outcome: Outcome<R, C, M>) => boolean,
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
    const take = ({ run, broken }: Outcome<R, C, M>): boolean => {
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
  private lawsUpTo(broken: Breach | undefined): ReadonlyArray<Law<R, C, M>> {
    // the check of any law may find a breach of contract, or lead to a cause
    if (broken === undefined || askedFor(broken.law.name) === undefined) return this.laws
    const last = this.laws.findIndex(({ name }) => name === broken.law.name)
    if (last < 0) return this.laws
    return this.laws.filter((law, i) => i <= last || gravityOf(law) < gravityOf(broken.law))
  }

  private *isRepeatable({ schedule }: Run<R, C, M>, found: Breach): Waiting<boolean> {
    const { name } = found.law
    // a subject that writes into old states, or into those of others, does not have them any more
    if (name === 'versions' || (name === 'total' && found.violation.cause === undefined)) return true
    const { broken } = yield* this.judged(this.lawsUpTo(found), schedule)
    return broken.some((one) => kindOf(one) === kindOf(found))
  }
}
