/** How a run breaks a law. */
export interface Violation {
  readonly why: string
  /** The actual and the expected value, or what two replicas show. */
  readonly states?: readonly [unknown, unknown]
  /** The indices of the events that show it: one, or one of each of two replicas. */
  readonly events?: ReadonlyArray<number>
  /** What was thrown. */
  readonly cause?: unknown
}
