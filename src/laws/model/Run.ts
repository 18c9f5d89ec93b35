/** What happened when a schedule was run: the facts that the laws look at. */
import type { SourceId } from '../../core/Update.js'
import type { Schedule } from './Schedule.js'
import type { Subject } from './Subject.js'

/** A local command that was not refused. */
export interface Operation<C, M> {
  /** Its place among all, in the order made. A set of operations is a bigint with the bit of each. */
  readonly index: number
  readonly at: number
  readonly id: SourceId
  readonly now: number
  readonly command: C
  readonly message: M | undefined
  /** The operations that its replica knew. */
  readonly sees: bigint
  /** The index of the event that made it. */
  readonly event: number
}

export interface Event<R> {
  readonly _tag: 'local' | 'refused' | 'receive' | 'again' | 'crash' | 'partition' | 'heal' | 'lost'
  /** The step of the schedule that it belongs to; as many as there are steps for what settles the network afterwards. */
  readonly step: number
  /** Which replica it happens to, by number. -1 for the network. */
  readonly at: number
  /** Who sent what is received, and the index of the event from which it was sent. */
  readonly from?: number
  readonly sentAt?: number
  /** The operation made, or handed over. */
  readonly operation?: number
  readonly text: string
  readonly before: R
  /** What `before` showed. */
  readonly was: string
  readonly after: R
  /** What `after` showed at the time. */
  readonly view: string
  readonly remembered: unknown
  /** The operations that `after` knows. */
  readonly knows: bigint
}

export interface Run<R, C, M> {
  readonly subject: Subject<R, C, M>
  readonly schedule: Schedule<C>
  readonly ids: ReadonlyArray<SourceId>
  readonly events: ReadonlyArray<Event<R>>
  readonly operations: ReadonlyArray<Operation<C, M>>
  /** The replicas in the end, everybody having heard of everything. */
  readonly replicas: ReadonlyArray<R>
  /** The replicas as the schedule left them, those to which no transfer was cut short. */
  readonly whole: ReadonlyArray<R>
  /** Where two replicas that know the same were first seen to differ. */
  readonly parted?: Parting
  readonly threw?: { readonly event: number; readonly error: unknown }
}

/** The last events of two replicas, by index; -1 for a replica to which nothing has happened yet. */
export interface Parting {
  readonly replicas: readonly [number, number]
  readonly events: readonly [number, number]
  readonly views: readonly [string, string]
}
