/** Anything replicated, as a network sees it: the simulator runs it. */
import type * as fc from 'fast-check'
import type { DataType } from '../../core/DataType.js'
import type { SourceId } from '../../core/Update.js'
import type { Guarded } from './Guarded.js'
import type { Operation } from './Operation.js'
import type { Remedied } from './Violation.js'

/** A replica, and its wall clock in ms. The clocks of two replicas need not agree. */
export interface Where {
  readonly id: SourceId
  readonly now: number
}

/** What a replica may assume about the messages that its peers broadcast. */
export interface Delivery {
  /**
   * - `causal`: a message arrives after all that its sender had seen.
   * - `source`: the messages of one sender arrive in the order sent.
   * - `any`: messages arrive in any order.
   */
  readonly order: 'source' | 'causal' | 'any'
  /** Whether a message may arrive more than once. */
  readonly copies: 'exactly once' | 'at least once'
}

/** What a local command gives. */
export interface Made<R, M> {
  readonly replica: R
  /** What the others are told, if replicas broadcast. */
  readonly message?: M
}

/** A wish beyond convergence: that a replica shows its own write, that words stay in one piece. */
export interface Quality<R, C, M> {
  readonly name: string
  /**
   * Asked after each local command, on the replica that made it. Of one that changes in place
   * `before` is `after`.
   */
  readonly afterLocal?: (before: R, command: C, after: R, where: Where) => boolean
  /** Asked of each replica when all have heard everything. */
  readonly atEnd?: (replica: R, operations: ReadonlyArray<Operation<C, M>>) => boolean | Sides
  /** What to do where it does not hold. Default: reports say which functions must keep it. */
  readonly remedy?: string
  /** Ask it of one replica only, drawn by luck: for what is costly. Default: of each. */
  readonly ofOne?: boolean
}

/** What was found, and what was expected: they must be the same value. */
export type Sides = readonly [found: unknown, expected: unknown]

/** Which of the replicas of a run this is. */
export interface Nth {
  /** From 0: for libraries that number their replicas. */
  readonly index: number
}

/** A replica that comes back after a crash. */
export interface Restarted extends Nth {
  /** How many times it has come back, from 1: for libraries that want a new id then. */
  readonly restarts: number
}

/** What a user calls the functions of a type, and what its replicas tell each other. */
export interface Terms {
  readonly local: string
  readonly receive: string
  readonly equals: string
  readonly show: string
  readonly messages: string
}

export interface Subject<R, C, M> {
  readonly name: string
  /** The names that reports use. Default: those of this interface, and messages. */
  readonly terms?: Terms
  readonly create: (id: SourceId, nth?: Nth) => R
  /** What all replicas begin with, for types that give one value for it. */
  readonly empty?: Guarded | undefined
  /** What a user of this replica may do next. */
  readonly command: (replica: R) => fc.Arbitrary<C>
  /** Undefined if the replica refuses the command. */
  readonly local: (command: C, where: Where) => (replica: R) => Made<R, M> | undefined
  /**
   * Why such a command is refused, and what to do if that was not meant. Refusals of one `kind` are
   * told once. Default: of one `why`.
   */
  readonly whyRefused?: (
    command: C,
    where: Where,
  ) => (replica: R) => (Pick<Remedied, 'why' | 'remedy'> & { readonly kind?: string }) | undefined
  readonly receive: (message: M, where: Where) => (replica: R) => R
  /** What a replica says to a peer when they gossip; undefined for nothing. Absent: no gossip. */
  readonly send?: (peer: R) => (replica: R) => M | undefined
  /** Whether the messages of `local` reach everybody. */
  readonly broadcasts: boolean
  /** Whether a message of `send` carries all that the sender knows and the peer lacks. */
  readonly isWhole: boolean
  /**
   * What the network may do to a message of `send`: reorder it by luck, and keep the first `keep`
   * parts.
   */
  readonly mangle?: (message: M, luck: number, keep: number) => M
  /** Several broadcasts as one message, if a replica may hear them at once. */
  readonly joined?: (messages: ReadonlyArray<M>) => M
  readonly delivery: Delivery
  /** Whether replicas change in place. Of an older version only what it showed is left then. */
  readonly isMutable: boolean
  readonly save?: (replica: R) => unknown
  readonly load?: (saved: unknown, id: SourceId, nth?: Restarted) => R
  readonly equals: (a: R, b: R) => boolean
  readonly show: (replica: R) => unknown
  /** {@link show} as text. */
  readonly view: (replica: R) => string
  /** A message as text, to see whether it stays as it was told. Default: {@link fc.stringify}. */
  readonly viewOfMessage?: (message: M) => string
  /** JSON that an older version must keep, beyond what it shows. */
  readonly remember?: (replica: R) => unknown
  readonly describe: (command: C, message: M | undefined) => string
  /** The command of an operation as plain data, for commands that are functions. */
  readonly asData?: (operation: Operation<C, M>) => C
  /** The parts of the data that an operation touches. Two operations meet if they share one. */
  readonly keysOf: (operation: Operation<C, M>) => ReadonlyArray<string>
  readonly isDelete: (operation: Operation<C, M>) => boolean
  /** The stamp of a broadcast message, for types that have stamps. */
  readonly timestampOf?: (message: M) => number
  /** What replicas must show after all operations. */
  readonly oracle?: (operations: ReadonlyArray<Operation<C, M>>) => unknown
  readonly qualities: ReadonlyArray<Quality<R, C, M>>
  /**
   * The data type, of replicas of this library. They also run as devices, which exchange messages
   * and sessions.
   */
  readonly dataType?: DataType<unknown, unknown>
}

const TERMS: Terms = { local: 'local', receive: 'receive', equals: 'equals', show: 'show', messages: 'messages' }

export const termsOf = ({ terms = TERMS }: { readonly terms?: Terms }): Terms => terms

/** The names of the qualities that a replica lacks after a local command. */
export const lacking = <R, C, M>(
  { qualities }: Subject<R, C, M>,
  { command, id, now }: Operation<C, M>,
  before: R,
  after: R,
): ReadonlyArray<string> =>
  qualities.flatMap(({ name, afterLocal = () => true }) =>
    afterLocal(before, command, after, { id, now }) ? [] : [name],
  )
