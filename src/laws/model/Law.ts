/** What a law is, and which laws there are: without the code that states or asks them. */
import type { Run } from './Run.js'
import type { Subject } from './Subject.js'
import type { Remedied, Verdict, Violation } from './Violation.js'

export type { Remedied, Verdict, Violation }

/**
 * The laws of this kit. `laws/laws.ts` and its neighbours state each; README says what each means,
 * and how to add one.
 */
export const LAW_NAMES = [
  'convergence',
  'oracle',
  'certainty',
  'digests',
  'agreement',
  'ends',
  'drains',
  'superseded',
  'timeTravel',
  'runsStayTogether',
  'quality',
  'total',
  'versions',
  'determinism',
  'idempotence',
  'batch',
  'own',
  'clock',
  'history',
  'codec',
  'diff',
  'eq',
  'merge',
  'associativity',
  'commutativity',
  'mergeIdempotence',
  'inflation',
  'identity',
  'exercised',
] as const

/** A law of this kit. A law of a user's own has any other name. */
export type LawName = (typeof LAW_NAMES)[number] | (string & Record<never, never>)

/** The laws that are asked of a network of devices. It keeps no record for the others. */
export const OF_DEVICES: ReadonlySet<LawName> = new Set<LawName>([
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
])

/** The laws of devices that a type breaks if `superseded` names too much. */
export const OF_LOSS: ReadonlyArray<LawName> = ['certainty', 'digests', 'agreement', 'timeTravel']

/** Laws that may explain a fault of another law. They are told in its place, with its verdict. */
export const CAUSES: ReadonlyArray<LawName> = ['versions', 'determinism', 'own', 'batch']

/** The laws to ask so that one is reported, which may explain others. Undefined: all. */
export const askedFor = (name: LawName): ReadonlyArray<LawName> | undefined => {
  if (name === 'total' || CAUSES.includes(name)) return undefined
  if (name === 'superseded') return ['convergence', ...OF_LOSS, name]
  return name === 'codec' ? [...OF_LOSS, 'superseded', name] : [name]
}

/** A law by its check: what that is asked of differs. */
export interface LawOf<Check> {
  readonly name: LawName
  readonly verdict: Verdict
  /** The gravest verdict that a violation of it may have. Default: `verdict`. */
  readonly atWorst?: Verdict
  /** The law in a sentence. */
  readonly says: string
  /** A pure function; undefined if the run keeps the law. */
  readonly check: Check
}

export type Law<R, C, M> = LawOf<(run: Run<R, C, M>) => Violation | undefined>

/** A function that makes laws whose checks are of one kind. */
export const lawMaker =
  <Check>() =>
  (name: LawName, verdict: Verdict, says: string, check: Check, atWorst: Verdict = verdict): LawOf<Check> => ({
    name,
    verdict,
    atWorst,
    says,
    check,
  })

/** A subject and the laws that it must keep. */
export interface Lawful<R, C, M> extends Subject<R, C, M> {
  /** Of two laws of one verdict, the one that stands first is reported. */
  readonly laws: ReadonlyArray<Law<R, C, M>>
}
