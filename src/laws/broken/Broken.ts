/** A type that is known to be wrong, and how: to measure tools by. */
import type { either as E } from 'fp-ts'
import { check, type Options } from '../check.js'
import type { Counterexample } from '../report/Counterexample.js'
import type { Coverage } from '../report/Coverage.js'
import type { Verdict } from '../model/Law.js'
import type { Subject } from '../model/Subject.js'

export interface About {
  readonly name: string
  /** What is wrong with it, and where that is told. */
  readonly because: string
  /** The law that it breaks. */
  readonly law: number
  /** Those that a run may show broken before that one. Default: none. */
  readonly also?: ReadonlyArray<number>
  readonly verdict: Verdict
}

export interface Broken extends Required<About> {
  /** Which of our tools finds it, by hand or by another tool: its functions, for a simulator. */
  readonly subject: Subject<never, never, never>
  /** Left, with what is wrong. */
  readonly check: (options?: Options<never>) => E.Either<Counterexample, Coverage>
}

export const broken = <R, C, M>(about: About, subject: Omit<Subject<R, C, M>, 'name'>): Broken => {
  const named = { ...subject, name: about.name }
  return {
    also: [],
    ...about,
    subject: named as unknown as Subject<never, never, never>,
    check: (options) => check(named, options as Options<C> | undefined),
  }
}
