/** What a law is, apart from whatever runs it. */
import type { Run } from './Run.js'

/** The replicas differ; they agree on what they should not; they agree rightly, and yet not as one would wish; or a promise is broken. */
export type Verdict = 'diverged' | 'wrong value' | 'quality' | 'unlawful'

export interface Violation {
  readonly why: string
  /** What was found and what should have been, or what two replicas show. */
  readonly states?: readonly [unknown, unknown]
  /** The event at which it was seen, and of another replica's that it is held against. */
  readonly events?: ReadonlyArray<number>
}

/** A pure predicate over a run: undefined where the law holds. */
export interface Law<R, C, M> {
  readonly number: number
  readonly name: string
  readonly verdict: Verdict
  readonly check: (run: Run<R, C, M>) => Violation | undefined
}
