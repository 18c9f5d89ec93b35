/** How a run breaks a law. */

/**
 * How a type fails.
 *
 * - `diverged`: replicas differ that know the same.
 * - `wrong value`: they agree, and the oracle says something else.
 * - `lost`: an update is missing, and nobody asks for it again.
 * - `quality`: they agree on a right value, and lack a quality that was asked for.
 * - `unlawful`: they break a promise that convergence rests on.
 */
export type Verdict = 'diverged' | 'wrong value' | 'lost' | 'quality' | 'unlawful'

export interface Violation {
  readonly why: string
  /** That of this violation, if it is graver than its law's. */
  readonly verdict?: Verdict
  /** The actual and the expected value, or what two replicas show. */
  readonly states?: readonly [unknown, unknown]
  /** The indices of the events that show it: one, or one of each of two replicas. */
  readonly events?: ReadonlyArray<number>
  /** The name of the quality that is missing, if the law is `quality`. */
  readonly quality?: string
  /** Whether it takes two writes of one replica at one time: drawings then show the times. */
  readonly isTimed?: boolean
  /** What was thrown. */
  readonly cause?: unknown
  /** What to do about it, in the terms of who wrote the type. */
  readonly remedy?: string
}

/** As the laws of this kit tell it: with a remedy. */
export interface Remedied extends Violation {
  readonly remedy: string
}
