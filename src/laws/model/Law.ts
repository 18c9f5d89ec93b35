/** A law, without the code that runs it. */
import type { Run } from './Run.js'
import type { Subject } from './Subject.js'

/**
 * How a type fails.
 *
 * - `diverged`: replicas differ that know the same.
 * - `wrong value`: they agree, and the oracle says something else.
 * - `quality`: they agree on a right value, and lack a quality that was asked for.
 * - `unlawful`: they break a promise that convergence rests on.
 */
export type Verdict = 'diverged' | 'wrong value' | 'quality' | 'unlawful'

export interface Violation {
  readonly why: string
  /** The actual and the expected value, or what two replicas show. */
  readonly states?: readonly [unknown, unknown]
  /** The indices of the events that show it: one, or one of each of two replicas. */
  readonly events?: ReadonlyArray<number>
}

export interface Law<R, C, M> {
  /** Its place in the list of `laws/laws.ts`. */
  readonly number: number
  readonly name: string
  readonly verdict: Verdict
  /** A pure function; undefined if the run keeps the law. */
  readonly check: (run: Run<R, C, M>) => Violation | undefined
}

/** A subject and the laws that it must keep. */
export interface Lawful<R, C, M> extends Subject<R, C, M> {
  /** A check asks them in this order, and reports the first that a run breaks. */
  readonly laws: ReadonlyArray<Law<R, C, M>>
}
