/** Messages on their way from one replica to another. */

export interface InFlight<M> {
  /** The index of the step at which it may arrive. */
  readonly due: number
  readonly from: number
  readonly to: number
  readonly sentAt: number
  readonly now: number
  readonly messages: ReadonlyArray<M>
  /** The messages as they were told, in a watched run. */
  readonly text?: string | undefined
  /** The set of operations that the sender knew. */
  readonly knows: bigint
  /** Whether the messages carry all of `knows`. */
  readonly isWhole: boolean
}
