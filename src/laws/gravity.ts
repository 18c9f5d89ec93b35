/** How grave a broken law is, and which of several is told. */
import type { Law, Verdict, Violation } from './model/Law.js'
import type { Counterexample } from './report/Counterexample.js'

/** A law that a run breaks, and how. */
export interface Breach {
  readonly law: Counterexample['law']
  readonly violation: Violation
}

/** From the gravest to mere hygiene. */
const GRAVITY: ReadonlyArray<Verdict> = ['diverged', 'wrong value', 'lost', 'quality', 'unlawful']

/** The lower, the graver; 0 for the gravest. */
export const gravityOf = ({ verdict }: { readonly verdict: Verdict }): number => GRAVITY.indexOf(verdict)

/** That of the gravest verdict that a violation of a law may have. */
export const worstOf = ({
  verdict,
  atWorst = verdict,
}: Pick<Law<never, never, never>, 'verdict' | 'atWorst'>): number => gravityOf({ verdict: atWorst })

/** Runs that broke a law, the gravest first: one for each fault. */
export const byGravity = <A extends { readonly broken: Breach }>(all: Iterable<A>): ReadonlyArray<A> => {
  const firsts = new Map<string, A>()
  for (const one of [...all].sort((a, b) => gravityOf(a.broken.law) - gravityOf(b.broken.law))) {
    const fault = faultOf(one.broken)
    if (!firsts.has(fault)) firsts.set(fault, one)
  }
  return [...firsts.values()]
}

/** Whether no other law is graver. */
export const isGravest = ({ law }: Breach): boolean => gravityOf(law) === 0

/** Whether a broken law harms nobody's data yet: a check then goes on to look for worse. */
export const isHygiene = ({ law }: Breach): boolean => law.verdict === 'unlawful'

/** Equal for two faults of one law, and for `quality` of one quality. */
export const faultOf = ({ law, violation: { quality = '' } }: Breach): string => `${law.name} ${quality}`

/** Equal for two equal faults of one verdict. */
export const kindOf = (one: Breach): string => `${one.law.verdict} ${faultOf(one)}`
