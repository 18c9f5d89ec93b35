/** Holds the laws of a subject against one run. */
import { Pending } from './Answers.js'
import { KEEP, SHOW } from './laws/remedies.js'
import { Misuse } from './model/Misuse.js'
import { LAW_NAMES, OF_LOSS, type Law, type Lawful, type LawName, type Verdict, type Violation } from './model/Law.js'
import type { Run } from './model/Run.js'
import type { Schedule } from './model/Schedule.js'
import { inOrder, type Updates } from './model/updates.js'
import { simulate, type Simulated } from './network/simulate.js'
import type { Counterexample } from './report/Counterexample.js'

/** A law that a run breaks. */
export interface Broken {
  readonly law: Counterexample['law']
  readonly violation: Violation
}

export interface Judged<R, C, M> {
  readonly run: Simulated<R, C, M>
  /** What the run breaks, the gravest first: one law, or each, as it was asked. */
  readonly broken: ReadonlyArray<Broken>
}

/** From the gravest to mere hygiene. */
const GRAVITY: ReadonlyArray<Verdict> = ['diverged', 'wrong value', 'lost', 'quality', 'unlawful']

const gravityOf = ({ verdict }: { readonly verdict: Verdict }): number => GRAVITY.indexOf(verdict)

/** Runs that broke a law, the gravest first, and of one fault the gravest alone. */
export const byGravity = <A extends { readonly broken: Broken }>(all: Iterable<A>): ReadonlyArray<A> => {
  const sorted = [...all].sort((a, b) => gravityOf(a.broken.law) - gravityOf(b.broken.law))
  const firsts = new Map([...sorted].reverse().map((one) => [faultOf(one.broken), one]))
  return sorted.filter((one) => firsts.get(faultOf(one.broken)) === one)
}

/** Whether no other law is graver. */
export const isGravest = ({ law }: Broken): boolean => gravityOf(law) === 0

/** Whether a broken law harms nobody's data yet: a check then goes on to look for worse. */
export const isHygiene = ({ law }: Broken): boolean => law.verdict === 'unlawful'

/** Equal for two faults of one law, and for `quality` of one quality. */
export const faultOf = ({ law, violation: { quality = '' } }: Broken): string => `${law.name} ${quality}`

/** As {@link faultOf}, and what comes of it is as grave. */
export const kindOf = (one: Broken): string => `${one.law.verdict} ${faultOf(one)}`

/**
 * The laws of a subject that are asked, the gravest first. Throws for a name that no law has, as
 * where it is misspelt, and if no law is asked: a check that asks nothing would pass.
 */
export const lawsAsked = <R, C, M>(
  { name: subject, laws }: Lawful<R, C, M>,
  { laws: names, except = [] }: Asked,
): ReadonlyArray<Law<R, C, M>> => {
  const has = `it has ${laws.map(({ name }) => name).join(', ')}`
  const isLaw = (name: LawName): boolean => LAWS.has(name) || laws.some((law) => law.name === name)
  const unknown = [...(names ?? []), ...except].find((name) => !isLaw(name))
  if (unknown !== undefined) throw new RangeError(`${subject} has no law ${unknown}: ${has}`)
  const asked = laws.filter(({ name }) => !except.includes(name) && (names === undefined || names.includes(name)))
  if (asked.length > 0) return asked.sort((a, b) => gravityOf(a) - gravityOf(b))
  throw new RangeError(`no law of ${subject} is asked: ${has}`)
}

const LAWS: ReadonlySet<LawName> = new Set(LAW_NAMES)

/** Which laws a check asks. */
export interface Asked {
  /** The names of the laws to ask. Default: all. */
  readonly laws?: ReadonlyArray<LawName>
  /** The names of laws not to ask. */
  readonly except?: ReadonlyArray<LawName>
}

/** Of a network of devices, these are asked: it keeps no record for the others. */
const OF_EXCHANGES: ReadonlySet<LawName> = new Set<LawName>([
  ...([
    'certainty',
    'digests',
    'agreement',
    'ends',
    'drains',
    'clock',
    'timeTravel',
    'oracle',
    'quality',
    'total',
    'versions',
  ] as const),
])

/** Which of the laws that a run breaks are told: the gravest alone, or each, with each quality. */
export type Told = 'gravest' | 'each'

/**
 * Runs a schedule, and asks the laws in their order. What breaks one may be told as a fault of
 * another that is `asked`.
 */
export const judge = <R, C, M>(
  subject: Lawful<R, C, M>,
  laws: ReadonlyArray<Law<R, C, M>>,
  schedule: Schedule<C>,
  told: Told = 'gravest',
  asked = laws,
): Judged<R, C, M> => {
  const run = simulate(subject, schedule)
  const broken: Broken[] = []
  for (const law of laws) {
    // a run that an exception ended shows nothing about other laws
    if (run.threw !== undefined && law.name !== 'total') continue
    if (run.exchanged !== undefined && !OF_EXCHANGES.has(law.name)) continue
    for (const violation of told === 'each' ? violationsOf(law, run) : [violationOf(law, run)]) {
      const one =
        violation &&
        (causeOf(asked, law, run) ?? alteredIn(subject, law, run) ?? blamed(subject, asked, law, violation, run))
      if (one !== undefined) broken.push(one)
    }
    // replicas that differ show nothing about lesser laws
    if (broken.length > 0 && (told === 'gravest' || law.verdict === 'diverged')) break
  }
  // the laws have called the subject, too
  subject.empty?.restore()
  return { run, broken }
}

/** The law of qualities is asked for each. */
const violationsOf = <R, C, M>(law: Law<R, C, M>, run: Run<R, C, M>): ReadonlyArray<Violation | undefined> => {
  const { subject } = run
  if (law.name !== 'quality') return [violationOf(law, run)]
  return subject.qualities.map((one) => violationOf(law, { ...run, subject: { ...subject, qualities: [one] } }))
}

/** A law is broken, too, if its check throws: the subject's `show` or `equals` threw. */
const violationOf = <R, C, M>(law: Law<R, C, M>, run: Run<R, C, M>): Violation | undefined => {
  try {
    return law.check(run)
  } catch (error) {
    if (error instanceof Pending) throw error
    return threw(error)
  }
}

/** A function of the user's that the check of a law has called. */
const threw = (error: unknown): Violation =>
  error instanceof Misuse
    ? { why: error.message, remedy: error.remedy, cause: error.cause ?? error }
    : { why: `it threw ${String(error)}`, remedy: SHOW, cause: error }

/** What explains any other fault, and is told with the verdict of that. */
const CAUSES: ReadonlyArray<LawName> = ['versions', 'determinism']

const causeOf = <R, C, M>(
  asked: ReadonlyArray<Law<R, C, M>>,
  { verdict }: Law<R, C, M>,
  run: Run<R, C, M>,
): Broken | undefined => {
  if (verdict === 'unlawful' || verdict === 'quality') return undefined
  for (const law of asked) {
    if (!CAUSES.includes(law.name)) continue
    const violation = violationOf(law, run)
    if (violation !== undefined) return { law: { ...law, verdict }, violation }
  }
  return undefined
}

/** Replicas that differ after a message was written into. */
const alteredIn = <R, C, M>(subject: Lawful<R, C, M>, law: Law<R, C, M>, run: Run<R, C, M>): Broken | undefined => {
  if (!subject.isMutable || law.name !== 'convergence') return undefined
  const { altered } = simulate(subject, run.schedule, 'history', true)
  const violation = altered && law.check({ ...run, altered })
  return violation && { law, violation }
}

/**
 * The law to report; undefined for a loss of which the order of sources is the cause: there other
 * runs diverge. If replicas diverge by gossip, and would not if they were told everything, then
 * their histories lack something. Of devices: if a history alone makes another replica, or the
 * codec another change.
 */
const blamed = <R, C, M>(
  subject: Lawful<R, C, M>,
  asked: ReadonlyArray<Law<R, C, M>>,
  law: Law<R, C, M>,
  violation: Violation,
  run: Run<R, C, M>,
): Broken | undefined => {
  const named = (one: LawName): Law<R, C, M> | undefined => asked.find(({ name }) => name === one)
  const asFound = { law, violation }
  const histories = named('superseded')
  if (histories === undefined) return asFound
  const asLoss = { law: histories, violation: { ...violation, remedy: KEEP } }
  if (run.exchanged !== undefined) {
    if (!OF_LOSS.includes(law.name)) return asFound
    const [codec, misread] = [named('codec'), named('codec')?.check(run)]
    if (codec !== undefined && misread !== undefined) return { law: codec, violation: misread }
    if (dependsOnOrder(subject, run)) return asFound
    const { ids, events, operations } = run
    const whole = events.map(({ after }) => after)
    return histories.check({ ...run, subject, ids, events, operations, whole }) === undefined ? asFound : asLoss
  }
  if (law.name === 'superseded') return dependsOnOrder(subject, run) ? undefined : asFound
  if (law.name !== 'convergence') return asFound
  if (dependsOnOrder(subject, run)) return asFound
  return simulate(subject, run.schedule, 'everything').parted === undefined ? asLoss : asFound
}

/** Whether a newcomer that is told everything shows what depends on the order of sources. */
const dependsOnOrder = <R, C, M>(subject: Lawful<R, C, M>, { operations }: Run<R, C, M>): boolean => {
  const updates = inOrder(operations as unknown as ReadonlyArray<{ readonly message: Updates<unknown> }>)
  const told = (message: Updates<unknown>): R =>
    subject.receive(message as unknown as M, { id: '', now: 1 })(subject.create(''))
  const sorted = told(updates)
  const sources = [...new Set(updates.map(([, , source]) => source))]
  const lastOf = (last: string): Updates<unknown> => [
    ...updates.filter(([, , source]) => source !== last),
    ...updates.filter(([, , source]) => source === last),
  ]
  return sources.some((source) => !subject.equals(told(lastOf(source)), sorted))
}
