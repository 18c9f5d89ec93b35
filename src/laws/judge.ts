/** Holds the laws of a subject against one run. */
import { CONVERGENCE, SUPERSEDED, TOTAL } from './laws/numbers.js'
import type { Law, Lawful, Violation } from './model/Law.js'
import type { Run } from './model/Run.js'
import type { Schedule } from './model/Schedule.js'
import { simulate } from './network/simulate.js'
import type { Counterexample } from './report/Counterexample.js'

/** A law that a run breaks. */
export interface Broken {
  readonly law: Counterexample['law']
  readonly violation: Violation
}

export interface Judged<R, C, M> {
  readonly run: Run<R, C, M>
  /** The first law that the run breaks, if any. */
  readonly broken: Broken | undefined
}

/** The laws of a subject that have one of these numbers; all of them, if undefined. */
export const lawsAsked = <R, C, M>(
  { laws }: Lawful<R, C, M>,
  numbers: ReadonlyArray<number> | undefined,
): ReadonlyArray<Law<R, C, M>> => (numbers === undefined ? laws : laws.filter(({ number }) => numbers.includes(number)))

/** Runs a schedule, and asks the laws in their order. */
export const judge = <R, C, M>(
  subject: Lawful<R, C, M>,
  laws: ReadonlyArray<Law<R, C, M>>,
  schedule: Schedule<C>,
): Judged<R, C, M> => {
  const run = simulate(subject, schedule)
  for (const law of laws) {
    // a run that an exception ended shows nothing about other laws
    if (run.threw !== undefined && law.number !== TOTAL) continue
    const violation = violationOf(law, run)
    if (violation !== undefined) return { run, broken: { law: blamed(subject, law, run), violation } }
  }
  return { run, broken: undefined }
}

/** A law is broken, too, if its check throws: the subject's `show` or `equals` threw. */
const violationOf = <R, C, M>(law: Law<R, C, M>, run: Run<R, C, M>): Violation | undefined => {
  try {
    return law.check(run)
  } catch (error) {
    return { why: `it threw ${String(error)}` }
  }
}

/**
 * The law to report. If replicas diverge by gossip, and would not if they were told everything,
 * then their histories lack something.
 */
const blamed = <R, C, M>(subject: Lawful<R, C, M>, law: Law<R, C, M>, { schedule }: Run<R, C, M>): Law<R, C, M> => {
  const histories = subject.laws.find(({ number }) => number === SUPERSEDED)
  if (law.number !== CONVERGENCE || histories === undefined) return law
  return simulate(subject, schedule, 'everything').parted === undefined ? histories : law
}
