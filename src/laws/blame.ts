/** Which law is told of a fault: what breaks one law may be the doing of another. */
import { Pending } from './Answers.js'
import { gravityOf, type Breach } from './gravity.js'
import { dependsOnOrder } from './laws/dependsOnOrder.js'
import { KEEP, SHOW } from './laws/remedies.js'
import { CAUSES, OF_LOSS, type Law, type Lawful, type LawName, type Verdict, type Violation } from './model/Law.js'
import { Misuse, toldOf } from './model/Misuse.js'
import type { Run } from './model/Run.js'
import { simulate } from './network/simulate.js'

/** A breach, and the check of its law. */
export interface BreachOf<R, C, M> extends Breach {
  readonly law: Law<R, C, M>
}

/**
 * A law is broken, too, if its check throws: the subject's `show` or `equals` threw. A function
 * that breaks its contract is a fault of `total`, if that is `asked`.
 */
export const brokenBy = <R, C, M>(
  asked: ReadonlyArray<Law<R, C, M>>,
  law: Law<R, C, M>,
  run: Run<R, C, M>,
): BreachOf<R, C, M> | undefined => {
  try {
    const violation = law.check(run)
    return violation && { law: { ...law, verdict: violation.verdict ?? law.verdict }, violation }
  } catch (error) {
    if (error instanceof Pending) throw error
    const total = error instanceof Misuse ? asked.find(({ name }) => name === 'total') : undefined
    return { law: total ?? law, violation: violationBy(error) }
  }
}

/** What to tell of an error that a function of the user threw during a check. */
const violationBy = (error: unknown): Violation =>
  error instanceof Misuse ? toldOf(error) : { why: `it threw ${String(error)}`, remedy: SHOW, cause: error }

/** The law to report for one that a run breaks. */
export const blame = <R, C, M>(
  subject: Lawful<R, C, M>,
  asked: ReadonlyArray<Law<R, C, M>>,
  found: BreachOf<R, C, M>,
  run: Run<R, C, M>,
): Breach => causeOf(asked, found, run) ?? alteredIn(subject, found, run) ?? blamed(subject, asked, found, run)

/** Whether what breaks a law explains a fault of some verdict. It is told in its place. */
const isCause = <R, C, M>({ law: { name }, violation: { verdict } }: BreachOf<R, C, M>, of: Verdict): boolean =>
  name === 'versions' ||
  name === 'determinism' ||
  (name === 'batch' ? of === 'diverged' && verdict === 'diverged' : verdict !== undefined)

const causeOf = <R, C, M>(
  asked: ReadonlyArray<Law<R, C, M>>,
  { law: { verdict } }: BreachOf<R, C, M>,
  run: Run<R, C, M>,
): Breach | undefined => {
  if (verdict === 'unlawful' || verdict === 'quality') return undefined
  for (const name of CAUSES) {
    const law = asked.find((one) => one.name === name)
    const cause = law && brokenBy(asked, law, run)
    if (cause === undefined || !isCause(cause, verdict)) continue
    const graver = gravityOf(cause.law) < gravityOf({ verdict }) ? cause.law.verdict : verdict
    return { law: { ...cause.law, verdict: graver }, violation: cause.violation }
  }
  return undefined
}

/** The divergence with the message that was written into; undefined if none was. */
const alteredIn = <R, C, M>(
  subject: Lawful<R, C, M>,
  { law }: BreachOf<R, C, M>,
  run: Run<R, C, M>,
): Breach | undefined => {
  if (!subject.isMutable || law.name !== 'convergence') return undefined
  const { altered } = simulate(subject, run.schedule, { isWatched: true })
  const violation = altered && law.check({ ...run, altered })
  return violation && { law, violation }
}

/**
 * If replicas diverge by gossip, and would not if they were told everything, then their histories
 * lack something. Of devices: if a history alone makes another replica, or the codec another
 * change.
 */
const blamed = <R, C, M>(
  subject: Lawful<R, C, M>,
  asked: ReadonlyArray<Law<R, C, M>>,
  { law, violation }: BreachOf<R, C, M>,
  run: Run<R, C, M>,
): Breach => {
  const named = (one: LawName): Law<R, C, M> | undefined => asked.find(({ name }) => name === one)
  const asFound = { law, violation }
  const histories = named('superseded')
  if (histories === undefined) return asFound
  const asLoss = { law: histories, violation: { ...violation, remedy: KEEP } }
  if (run.exchanged !== undefined) {
    if (!OF_LOSS.includes(law.name)) return asFound
    const [codec, misread] = [named('codec'), named('codec')?.check(run)]
    if (codec !== undefined && misread !== undefined) return { law: codec, violation: misread }
    const { ids, events, operations } = run
    const whole = events.map(({ after }) => after)
    return histories.check({ ...run, subject, ids, events, operations, whole }) === undefined ? asFound : asLoss
  }
  if (law.name !== 'convergence' || dependsOnOrder(subject, run)) return asFound
  return simulate(subject, run.schedule, { gossip: 'everything' }).parted === undefined ? asLoss : asFound
}
