/** Anything that is replicated, as a network sees it: what runs in the simulator and is held to the laws. */
import type * as fc from 'fast-check'
import type { SourceId } from '../../core/Update.js'
import type { Law } from './Law.js'
import type { Operation } from './Run.js'

/** Whose step it is, and what that replica's wall clock says: ms, and nothing that anybody else's would agree with. */
export interface Where {
  readonly id: SourceId
  readonly now: number
}

/**
 * What a replica may take for granted of the messages that its peers broadcast.
 *
 * `order`: `source` keeps each sender's own, `causal` also lets none arrive before what its sender had seen, `any` nothing.
 * `copies`: whether a message may come again.
 */
export interface Delivery {
  readonly order: 'source' | 'causal' | 'any'
  readonly copies: 'exactly once' | 'at least once'
}

/** What a local command came to: the replica after it, and what to tell the others, if they are told by broadcast. */
export interface Made<R, M> {
  readonly replica: R
  readonly message?: M
}

/** Something that one would wish of a replica that converges, and to the right value: that a write is seen, that runs stay whole. */
export interface Quality<R, C, M> {
  readonly name: string
  /** Looks at each local command, on the replica that made it. */
  readonly afterLocal?: (before: R, command: C, after: R, where: Where) => boolean
  /** Looks at a replica that has heard of everything. */
  readonly atEnd?: (replica: R, operations: ReadonlyArray<Operation<C, M>>) => boolean
}

export interface Subject<R, C, M> {
  readonly name: string
  readonly create: (id: SourceId) => R
  /** What a user of this replica may do next. */
  readonly command: (replica: R) => fc.Arbitrary<C>
  /** Undefined for a command that the replica refuses. */
  readonly local: (command: C, where: Where) => (replica: R) => Made<R, M> | undefined
  readonly receive: (message: M, where: Where) => (replica: R) => R
  /** What one replica says to another when they gossip; undefined for nothing. Absent: there is only broadcast. */
  readonly send?: (peer: R) => (replica: R) => M | undefined
  /** Whether what `local` tells reaches everybody. */
  readonly broadcasts: boolean
  /** Whether what `send` gives carries all that the sender knows and the peer lacks. */
  readonly isWhole: boolean
  /** What a network may do to a message of `send`, by luck: another order, and nothing beyond the first `keep`. */
  readonly mangle?: (message: M, luck: number, keep: number) => M
  readonly delivery: Delivery
  /** Whether replicas change in place, so that of an older one only what was shown is left. */
  readonly isMutable: boolean
  readonly save?: (replica: R) => unknown
  readonly load?: (saved: unknown, id: SourceId) => R
  readonly equals: (a: R, b: R) => boolean
  readonly show: (replica: R) => unknown
  /** {@link show} as text. */
  readonly view: (replica: R) => string
  /** More than is shown, of what an older version must keep: as JSON. */
  readonly remember?: (replica: R) => unknown
  readonly describe: (command: C, message: M | undefined) => string
  /** The command of an operation as plain data, for commands that are functions. */
  readonly asData?: (operation: Operation<C, M>) => C
  /** Which parts of the data an operation touches: it meets others there. */
  readonly keysOf: (operation: Operation<C, M>) => ReadonlyArray<string>
  readonly isDelete: (operation: Operation<C, M>) => boolean
  /** The stamp of a broadcast message, for types that have them. */
  readonly timestampOf?: (message: M) => number
  /** What all operations ought to come to. Compared with what is shown. */
  readonly oracle?: (operations: ReadonlyArray<Operation<C, M>>) => unknown
  readonly qualities: ReadonlyArray<Quality<R, C, M>>
  /** In the order in which they are held against a run: the first that is broken is told. */
  readonly laws: ReadonlyArray<Law<R, C, M>>
}
