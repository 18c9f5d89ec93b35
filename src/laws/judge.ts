/** Holds the laws of a subject against one run. */
import { blame, brokenBy } from './blame.js'
import { faultOf, gravityOf, worstOf, type Breach } from './gravity.js'
import { LAW_NAMES, OF_DEVICES, type Law, type Lawful, type LawName } from './model/Law.js'
import type { Run } from './model/Run.js'
import type { Schedule } from './model/Schedule.js'
import { simulate, type Simulated } from './network/simulate.js'

export interface Judged<R, C, M> {
  readonly run: Simulated<R, C, M>
  /** What the run breaks, the gravest first: one law, or each, as it was asked. */
  readonly broken: ReadonlyArray<Breach>
}

/**
 * Which laws a check asks. A name that no law has is a RangeError; a law of the kit that the
 * subject lacks is passed over.
 */
export interface Asked {
  /** The names of the laws to ask. Default: all. */
  readonly laws?: ReadonlyArray<LawName>
  /** The names of laws not to ask. */
  readonly except?: ReadonlyArray<LawName>
}

/**
 * The laws of a subject that are asked, those first that may be the gravest. Throws for a name that
 * no law has, as where it is misspelt, and if no law is asked: a check that asks nothing would
 * pass.
 */
export const lawsAsked = <R, C, M>(
  { name: subject, laws }: Lawful<R, C, M>,
  { laws: names, except = [] }: Asked,
): ReadonlyArray<Law<R, C, M>> => {
  const own = laws.map(({ name }) => name)
  const has = `it has ${own.join(', ')}`
  const known: ReadonlyArray<LawName> = [...LAW_NAMES, ...own]
  const unknown = [...(names ?? []), ...except].find((name) => !known.includes(name))
  if (unknown !== undefined) throw new RangeError(`${subject} has no law ${unknown}: ${has}`)
  const asked = laws.filter(({ name }) => !except.includes(name) && (names === undefined || names.includes(name)))
  if (asked.length > 0) return asked.sort((a, b) => worstOf(a) - worstOf(b) || gravityOf(a) - gravityOf(b))
  throw new RangeError(`no law of ${subject} is asked: ${has}`)
}

/** Which of the laws that a run breaks are told: the gravest alone, or each, with each quality. */
export type Reported = 'gravest' | 'each'

/** A run that breaks a law which is known, or wanted too, may break others. */
export const reportedFor = ({ all = false, known }: { readonly all?: boolean; readonly known?: unknown }): Reported =>
  all || known !== undefined ? 'each' : 'gravest'

/**
 * Runs a schedule, and asks the laws in their order. What breaks one may be told as a fault of
 * another that is `asked`; each fault is told once.
 */
export const judge = <R, C, M>(
  subject: Lawful<R, C, M>,
  laws: ReadonlyArray<Law<R, C, M>>,
  schedule: Schedule<C>,
  reported: Reported = 'gravest',
  asked = laws,
): Judged<R, C, M> => {
  const run = simulate(subject, schedule)
  const broken: Breach[] = []
  for (const law of laws) {
    // nothing graver is to come
    if (reported === 'gravest' && broken.some((one) => gravityOf(one.law) <= worstOf(law))) break
    // a run that an exception ended shows nothing about other laws
    if (run.threw !== undefined && law.name !== 'total') continue
    if (run.exchanged !== undefined && !OF_DEVICES.has(law.name)) continue
    for (const each of reported === 'each' ? oneQualityEach(law, run) : [run]) {
      const found = brokenBy(asked, law, each)
      const one = found && blame(subject, asked, found, run)
      if (one !== undefined && !broken.some((other) => faultOf(other) === faultOf(one))) broken.push(one)
    }
    // replicas that differ show nothing about lesser laws
    if (broken.length > 0 && law.verdict === 'diverged') break
  }
  broken.sort((a, b) => gravityOf(a.law) - gravityOf(b.law))
  // the laws have called the subject, too: the next of this type finds its first state as it was
  subject.empty?.restore()
  return { run, broken: reported === 'gravest' ? broken.slice(0, 1) : broken }
}

/** The law of qualities is asked for each. */
const oneQualityEach = <R, C, M>(law: Law<R, C, M>, run: Run<R, C, M>): ReadonlyArray<Run<R, C, M>> => {
  const { subject } = run
  if (law.name !== 'quality') return [run]
  return subject.qualities.map((one) => ({ ...run, subject: { ...subject, qualities: [one] } }))
}
