/** A type that is known to be wrong, and how: tools are measured by whether they find it. */
import type { either as E } from 'fp-ts'
import { check } from '../check.js'
import type { Lawful, LawName, Verdict } from '../model/Law.js'
import type { Counterexample } from '../report/Counterexample.js'
import type { Coverage } from '../report/Coverage.js'
import type { Options } from '../Options.js'

export interface About {
  /** That of the export. */
  readonly name: string
  /** What is wrong, and the source. */
  readonly because: string
  /** The name of the law that it breaks. */
  readonly law: LawName
  /** Other laws that some runs break first. Default: none. */
  readonly also?: ReadonlyArray<LawName>
  readonly verdict: Verdict
}

export interface Broken extends Required<About> {
  /** Its functions, for another simulator. */
  readonly subject: Lawful<never, never, never>
  /** Left if the kit finds what is wrong. */
  readonly check: (options?: Options<never>) => E.Either<Counterexample, Coverage>
}

export const broken = <R, C, M>(about: About, subject: Omit<Lawful<R, C, M>, 'name'>): Broken => {
  const named = { ...subject, name: about.name }
  return {
    also: [],
    ...about,
    subject: named as unknown as Lawful<never, never, never>,
    check: (options) => check(named, options as Options<C> | undefined),
  }
}
