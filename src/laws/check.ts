/** Checks a subject: searches for a run that breaks a law, and reports it. */
import type { either as E } from 'fp-ts'
import type { Found } from './Found.js'
import { kindOf } from './gravity.js'
import { lawsAsked, reportedFor } from './judge.js'
import type { Kept, Replay } from './kept.js'
import type { Lawful } from './model/Law.js'
import { expectSubject } from './model/expectSubject.js'
import { expectOptions } from './model/Rule.js'
import type { Schedule } from './model/Schedule.js'
import { withNeeds } from './needs.js'
import { inPlainData } from './network/inPlainData.js'
import { OPTIONS, type Options } from './Options.js'
import { counterexample, type Counterexample } from './report/Counterexample.js'
import type { Coverage } from './report/Coverage.js'
import { AT_ONCE, type Runner } from './runner.js'
import { searched } from './search.js'
import { toldOfSilence } from './vacuity.js'
import { answerOf, atOnce, type Waiting } from './waiting.js'

/**
 * Right, with what was covered, if every run keeps every law; Left with the smallest run found that
 * breaks one. A run of 24 steps costs a millisecond and some 30 calls of the subject.
 */
export const check = <R, C, M>(subject: Lawful<R, C, M>, options: Options<C> = {}): Checked => {
  expectSubject('check', subject, true)
  expectOptions('check', options, OPTIONS)
  return checkedAtOnce(subject, options)
}

/** As {@link check}, with what may have other options too. */
export const checkedAtOnce = <R, C, M>(subject: Lawful<R, C, M>, options: Options<C>): Checked =>
  atOnce(checked(subject, options, AT_ONCE))

type Checked = E.Either<Counterexample, Coverage>

/** A check, by a runner that may have to wait for the subject. */
export function* checked<R, C, M>(subject: Lawful<R, C, M>, options: Options<C>, runner: Runner): Waiting<Checked> {
  const { kept, ...rest } = options
  const once = (asked: Options<C>): Waiting<Checked> => checkedOnce(subject, asked, runner)
  if (kept === undefined || rest.schedule !== undefined || rest.path !== undefined) return yield* once(rest)
  const before = kept.get(subject.name)
  const again = before && (yield* once({ ...rest, ...before, required: {}, runs: 1 }))
  // what is mended is tried once more whole, as the run that found it
  const result = again?._tag === 'Left' ? again : yield* once({ ...(before && { seed: before.seed }), ...rest })
  const next = replayOf(result)
  if (next !== undefined || before !== undefined) keep(kept, subject.name, next, result)
  return result
}

/** Keeps a failure. If that fails, the counterexample says so, and is told all the same. */
const keep = (kept: Kept, subject: string, next: Replay | undefined, result: Checked): void => {
  try {
    kept.set(subject, next)
  } catch (error) {
    if (result._tag === 'Right') throw error
    const why = `the failure could not be written: ${String(error)}`
    const { beside = [] } = result.left
    // nobody has seen it yet, and its methods read it when they are called
    Object.assign(result.left, { beside: [...beside, { law: { name: 'kept', verdict: 'unlawful', says: why }, why }] })
  }
}

/** The run that broke a law, not yet made smaller: how it shrinks depends on the type. */
const replayOf = (checked: E.Either<Counterexample, Coverage>): Replay | undefined => {
  if (checked._tag === 'Right') return undefined
  const { seed, path } = checked.left
  return seed === undefined || path === undefined ? undefined : { seed, path: path.split(':')[0]! }
}

function* checkedOnce<R, C, M>(subject: Lawful<R, C, M>, options: Options<C>, runner: Runner): Waiting<Checked> {
  const outcome = yield* searched(subject, options, runner)
  if (!('violation' in outcome)) return { _tag: 'Right', right: outcome }
  const told = yield* readable(subject, options, outcome, runner)
  const { run, origin } = told
  const { law, violation } = toldOfSilence(told, run)
  const others: Counterexample[] = []
  for (const other of outcome.others ?? []) {
    const found = yield* readable(subject, options, other, runner)
    others.push(counterexample(found.law, found.violation, found.run, found.origin))
  }
  return { _tag: 'Left', left: counterexample(law, violation, run, origin, others) }
}

/** The same find with its schedule in plain data, if that breaks the same law. */
function* readable<R, C, M>(
  subject: Lawful<R, C, M>,
  options: Options<C>,
  found: Found<R, C, M>,
  runner: Runner,
): Waiting<Found<R, C, M>> {
  const laws = lawsAsked(subject, options)
  const asked = function* (
    schedule: Schedule<C>,
  ): Waiting<Pick<Found<R, C, M>, 'law' | 'violation' | 'run'> | undefined> {
    const { run, broken } = yield* answerOf(runner.judge(subject, laws, schedule, reportedFor(options)))
    const same = broken.find((one) => kindOf(one) === kindOf(found))
    return same && { ...same, run }
  }
  const same = yield* asked(inPlainData(found.run))
  if (same === undefined) return found
  const { law, run } = same
  const violation = yield* withNeeds(same, asked)
  return { law, violation, run, origin: found.origin }
}
