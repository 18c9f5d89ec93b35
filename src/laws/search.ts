/**
 * Looks for a schedule that breaks a law: the one given, every run of a small scope, random runs.
 */
import { configured } from './configured.js'
import { EXERCISED, unexercised } from './exercised.js'
import { NOTHING_DRAWN, RANDOM, type Found } from './Found.js'
import { judge, reportedFor } from './judge.js'
import type { Law, Lawful } from './model/Law.js'
import type { Schedule } from './model/Schedule.js'
import { explore, type Exhausted, type Scope } from './network/explore.js'
import type { Options } from './Options.js'
import { RandomSearch } from './RandomSearch.js'
import { Tally, type Coverage } from './report/Coverage.js'
import type { Runner } from './runner.js'
import { lawsToAsk, whatItTakes } from './vacuity.js'
import { answerOf, type Waiting } from './waiting.js'

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
  if (options.schedule !== undefined) return yield* ofOne(subject, laws, options, runner)
  let exhausted: Exhausted | undefined
  if (options.exhaustive !== undefined && options.path === undefined) {
    const { broken, ...visited } = explored(subject, laws, options.exhaustive)
    if (broken !== undefined) return broken
    exhausted = visited
  }
  const search = new RandomSearch(subject, laws, options, runner)
  const found = yield* search.run()
  if (found !== undefined) return found
  const endedBy = search.isEnded ? timeOf(given) : undefined
  const coverage = search.tally.report(
    {
      seed: search.seed,
      refusals: search.vacuity.refusals.examples(),
      ...(endedBy !== undefined && { endedBy }),
      ...(exhausted !== undefined && { exhaustive: exhausted }),
    },
    (feature) => whatItTakes(feature, subject, options.exchanges) !== undefined,
  )
  const violation = unexercised(subject, options, coverage, search.vacuity)
  if (violation === undefined) return coverage
  const { run } = yield* answerOf(runner.judge(subject, [], { ids: ['a', 'b'], steps: [] }, 'gravest'))
  const { required = {} } = options
  const origin = { ...NOTHING_DRAWN, runs: coverage.runs, seed: coverage.seed, required }
  return { law: EXERCISED, violation, run, origin }
}

/** Runs the schedule that was given. */
function* ofOne<R, C, M>(
  subject: Lawful<R, C, M>,
  laws: ReadonlyArray<Law<R, C, M>>,
  options: Options<C>,
  runner: Runner,
): Waiting<Found<R, C, M> | Coverage> {
  const schedule = options.schedule as Schedule<C>
  const { run, broken } = yield* answerOf(runner.judge(subject, laws, schedule, reportedFor(options)))
  const [gravest, ...others] = broken.map((one) => ({ ...one, run, origin: NOTHING_DRAWN }))
  if (gravest !== undefined) return options.all === true && others.length > 0 ? { ...gravest, others } : gravest
  const tally = new Tally()
  tally.add(run)
  return tally.report()
}

/** Visits every run of a scope. */
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

/** The name of the option that says how long a check may take. */
const timeOf = ({ time, profile }: Pick<Options, 'time' | 'profile'>): string =>
  time !== undefined ? 'time' : profile !== undefined ? 'profile' : 'interruptAfterTimeLimit'
