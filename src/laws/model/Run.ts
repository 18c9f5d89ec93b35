/** What happened when a schedule ran: the facts that the laws look at. */
import type { SourceId } from '../../core/Update.js'
import type { Operation } from './Operation.js'
import type { Schedule } from './Schedule.js'
import type { Subject } from './Subject.js'
import type { EventKind } from './Trace.js'
import type { ExchangeFeature, ExchangeLaw } from './Exchange.js'
import type { Remedied } from './Violation.js'

export interface RunEvent<R> {
  readonly _tag: EventKind
  /**
   * The index of its step in the schedule; the number of steps, if the network settles after them.
   */
  readonly step: number
  /** The number of the replica; -1 for the network. */
  readonly at: number
  /** The sender of a message. */
  readonly from?: number
  /** The index of the sender's last event when it sent the message; -1 if there was none. */
  readonly sentAt?: number
  /** The index of the operation that was made or delivered. */
  readonly operation?: number
  /** The messages that came, if they are not those of one operation. */
  readonly heard?: ReadonlyArray<unknown>
  readonly text: string
  readonly before: R
  /** What `before` showed at the time. */
  readonly was: string
  readonly after: R
  /** What `after` showed at the time. */
  readonly view: string
  /** What `remember` gave for `after` at the time. */
  readonly remembered: unknown
  /** The set of operations that `after` knows. */
  readonly knows: bigint
}

export interface Run<R, C, M> {
  readonly subject: Subject<R, C, M>
  readonly schedule: Schedule<C>
  readonly ids: ReadonlyArray<SourceId>
  readonly events: ReadonlyArray<RunEvent<R>>
  readonly operations: ReadonlyArray<Operation<C, M>>
  /** The replicas at the end, when all have heard everything. */
  readonly replicas: ReadonlyArray<R>
  /** The replicas after the last step, without those that got a shortened message. */
  readonly whole: ReadonlyArray<R>
  /** Where two replicas that know the same first differed. */
  readonly parted?: Parting
  /** Of a network of devices: what was exercised, and the law that it broke first. */
  readonly exchanged?: {
    readonly features: ReadonlySet<ExchangeFeature>
    readonly broken?: { readonly law: ExchangeLaw; readonly violation: Remedied }
  }
  readonly threw?: Threw
  /** The first message that was not left as it was told. Looked for only in a watched run. */
  readonly altered?: Altered | undefined
  /** What the empty state showed before the run and after it, if the run has written into it. */
  readonly written?: readonly [was: string, now: string]
}

/** A message that was written into. */
export interface Altered {
  /** The number of the replica that sent it. */
  readonly from: number
  /** The replica that did it when it received the message; undefined if it changed on its way. */
  readonly by?: number
}

/** What a network asked of a replica. */
export type Call = 'local' | 'receive'

export interface Threw {
  /** The index of the event that it ended. */
  readonly event: number
  readonly error: unknown
  /** Undefined for other calls: `create`, `show`, `send`. */
  readonly call?: Call
}

/** What is being asked of a replica: the last row of the drawing, if it throws. */
export interface Ongoing {
  readonly call: Call
  readonly at: number
  readonly text: () => string
  readonly from?: number
  readonly sentAt?: number
  readonly operation?: number
}

export interface Parting {
  /** Two replicas, by number. */
  readonly replicas: readonly [number, number]
  /** The index of the last event of each; -1 if it had none. */
  readonly events: readonly [number, number]
  readonly views: readonly [string, string]
}
