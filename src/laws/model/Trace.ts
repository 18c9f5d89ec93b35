/** The events of a run as plain data, for reports and drawings. */

export type EventKind = 'local' | 'refused' | 'receive' | 'again' | 'crash' | 'partition' | 'heal' | 'lost' | 'threw'

export interface TraceEvent {
  readonly kind: EventKind
  /** The number of the replica; -1 for the network. */
  readonly at: number
  readonly from?: number
  /**
   * The index, in the trace, of the event after which the message was sent; -1 if there was none.
   */
  readonly sentAt?: number
  readonly text: string
  /** What the replica showed after the event. */
  readonly view: string
  /** The numbers of the operations that it knew, from 1. */
  readonly knows: ReadonlyArray<number>
}
