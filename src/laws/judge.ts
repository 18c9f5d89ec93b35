/** Holds the laws of a subject against one run. */
import { Pending } from './Answers.js'
import { KEEP, SHOW } from './laws/remedies.js'
import { OF_LOSS, type Law, type Lawful, type LawName, type Verdict, type Violation } from './model/Law.js'
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

/** Runs that broke a law, the gravest first. */
export const byGravity = <A extends { readonly broken: Broken }>(all: Iterable<A>): ReadonlyArray<A> =>
  [...all].sort((a, b) => gravityOf(a.broken.law) - gravityOf(b.broken.law))

/** Whether a broken law harms nobody's data yet: a check then goes on to look for worse. */
export const isHygiene = ({ law }: Broken): boolean => law.verdict === 'unlawful'

/** Equal for two faults of one law, and for `quality` of one quality. */
export const kindOf = ({ law, violation: { quality = '' } }: Broken): string => `${law.name} ${quality}`

/**
 * The laws of a subject that are asked, the gravest first. Throws if that is none, as where a name
 * is misspelt: a check that asks nothing would pass.
 */
export const lawsAsked = <R, C, M>(
  { name: subject, laws }: Lawful<R, C, M>,
  { laws: names, except = [] }: Asked,
): ReadonlyArray<Law<R, C, M>> => {
  const asked = laws.filter(({ name }) => !except.includes(name) && (names === undefined || names.includes(name)))
  if (asked.length > 0) return asked.sort((a, b) => gravityOf(a) - gravityOf(b))
  throw new RangeError(`no law of ${subject} is asked: it has ${laws.map(({ name }) => name).join(', ')}`)
}

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
      if (violation !== undefined) broken.push(blamed(subject, asked, law, violation, run))
    }
    // replicas that differ show nothing about lesser laws
    if (broken.length > 0 && (told === 'gravest' || law.verdict === 'diverged')) break
  }
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
    return { why: `it threw ${String(error)}`, remedy: SHOW, cause: error }
  }
}

/**
 * The law to report. If replicas diverge by gossip, and would not if they were told everything,
 * then their histories lack something. Of devices: if a
 * history alone makes another replica, or the codec another change.
 */
const blamed = <R, C, M>(
  subject: Lawful<R, C, M>,
  asked: ReadonlyArray<Law<R, C, M>>,
  law: Law<R, C, M>,
  violation: Violation,
  run: Run<R, C, M>,
): Broken => {
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
  if (law.name !== 'convergence') return asFound
  const { schedule } = run
  return simulate(subject, schedule, 'everything').parted === undefined ? asLoss : asFound
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
