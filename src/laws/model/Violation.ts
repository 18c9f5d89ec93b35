/** How a run breaks a law. */
export interface Violation {
  readonly why: string
  /** The actual and the expected value, or what two replicas show. */
  readonly states?: readonly [unknown, unknown]
  /** The indices of the events that show it: one, or one of each of two replicas. */
  readonly events?: ReadonlyArray<number>
  /** The name of the quality that is missing, if the law is `quality`. */
  readonly quality?: string
  /** What was thrown. */
  readonly cause?: unknown
  /** What to do about it, in the terms of who wrote the type. */
  readonly remedy?: string
}

/** As the laws of this kit tell it: with a remedy. */
export interface Remedied extends Violation {
  readonly remedy: string
}
