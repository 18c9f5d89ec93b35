/** The ways in which replicated types are written, each made a {@link Subject}: by operations, by states, by deltas, or opaque. */
import * as fc from 'fast-check'
import type { SourceId } from '../../core/Update.js'
import * as laws from '../laws/laws.js'
import type { Operation } from '../model/Run.js'
import { sameValue, view } from '../model/show.js'
import type { Delivery, Quality, Subject, Where } from '../model/Subject.js'

/** What all forms have in common. */
export interface Common<R, C, M> {
  readonly name?: string
  /** What a user may do next, whatever the state or by it. */
  readonly command: fc.Arbitrary<C> | ((replica: R) => fc.Arbitrary<C>)
  /** Default: what is shown is the same. */
  readonly equals?: (a: R, b: R) => boolean
  /** What users see. Default: the replica itself. */
  readonly show?: (replica: R) => unknown
  /** What all operations, in the order in which they were made, ought to show. */
  readonly oracle?: (operations: ReadonlyArray<Operation<C, M>>) => unknown
  readonly qualities?: ReadonlyArray<Quality<R, C, M>>
  /** Which parts of the data a command touches, for the report of what met what. Default: the first string in it. */
  readonly keysOf?: (command: C) => ReadonlyArray<string>
  /** Default: commands in which something is null, or which have a `remove`. */
  readonly isDelete?: (command: C) => boolean
}

const common = <R, C, M>({
  name = 'the type',
  command,
  show = (replica) => replica,
  equals = (a, b) => sameValue(show(a), show(b)),
  oracle,
  qualities = [],
  keysOf = keysOfCommand,
  isDelete = isDeletion,
}: Common<R, C, M>) => ({
  name,
  command: typeof command === 'function' ? command : () => command,
  equals,
  show,
  view: (replica: R) => view(show(replica)),
  ...(oracle === undefined ? {} : { oracle }),
  qualities,
  keysOf: (operation: Operation<C, M>) => keysOf(operation.command),
  isDelete: (operation: Operation<C, M>) => isDelete(operation.command),
  describe: (made: C) => view(made),
  isWhole: true,
  broadcasts: true,
  isMutable: false,
})

/** The first string of an array, or else the names of members. */
export const keysOfCommand = (command: unknown): ReadonlyArray<string> => {
  if (Array.isArray(command)) {
    const first: unknown = command.find((member) => typeof member === 'string')
    return typeof first === 'string' ? [first] : ['']
  }
  return typeof command === 'object' && command !== null ? Object.keys(command) : ['']
}

export const isDeletion = (command: unknown): boolean =>
  typeof command === 'object' &&
  command !== null &&
  (Object.hasOwn(command, 'remove') || Object.values(command).some((member) => member === null || member === 'remove'))

/** Immutable values may be kept as they are. */
const saved = {
  save: (replica: unknown): unknown => replica,
  load: (replica: unknown): never => replica as never,
}

const AS_PROMISED: Delivery = { order: 'source', copies: 'exactly once' }
const ANYHOW: Delivery = { order: 'any', copies: 'at least once' }

export interface Operations<S, C, M> extends Common<S, C, M> {
  readonly empty: S
  /** The message that tells everybody of a command; undefined where it cannot be done. */
  readonly prepare: (command: C, where: Where) => (state: S) => M | undefined
  /** Takes each message, one's own too. Never changes the state that it is given. */
  readonly apply: (message: M, where: Where) => (state: S) => S
  readonly delivery?: Delivery
}

/**
 * An operation-based type (CmRDT): what was done is told to everybody once, and applied.
 *
 * Without `prepare` the command itself is told. By default in each sender's order and exactly once. Source: Shapiro et al., "Conflict-free
 * Replicated Data Types" (SSS 2011), section 2.3.
 *
 * @example
 * const counter = operations({ empty: 0, command: fc.constantFrom(1, -1), apply: (n) => (sum) => sum + n })
 * E.isRight(check(counter, { seed: 1 })) // => true
 */
export function operations<S, C, M>(type: Operations<S, C, M>): Subject<S, C, M>
export function operations<S, C>(
  type: Omit<Operations<S, C, C>, 'prepare'> & { readonly prepare?: never },
): Subject<S, C, C>
export function operations<S, C>({
  empty,
  prepare = (command) => () => command,
  apply,
  delivery = AS_PROMISED,
  ...rest
}: Omit<Operations<S, C, C>, 'prepare'> & Partial<Pick<Operations<S, C, C>, 'prepare'>>): Subject<S, C, C> {
  return {
    ...common(rest),
    ...saved,
    create: () => empty,
    local: (command, where) => (state) => {
      const message = prepare(command, where)(state)
      return message === undefined ? undefined : { message, replica: apply(message, where)(state) }
    },
    receive: apply,
    delivery,
    laws: laws.ofOperations,
  }
}

export interface States<S, C> extends Common<S, C, S> {
  readonly empty: S
  /** What a command makes of the state; undefined where it cannot be done. */
  readonly mutate: (command: C, where: Where) => (state: S) => S | undefined
  /** The join of the two. */
  readonly merge: (other: S, where: Where) => (state: S) => S
  readonly delivery?: Delivery
}

/**
 * A state-based type (CvRDT): replicas send each other their whole state, and merge, in any order and any number of times.
 *
 * Source: Shapiro et al. (SSS 2011), section 2.2.
 *
 * @example
 * const largest = states({ empty: 0, command: fc.nat(9), mutate: (n) => (max) => Math.max(n, max), merge: (n) => (max) => Math.max(n, max) })
 * E.isRight(check(largest, { seed: 1 })) // => true
 */
export const states = <S, C>({ empty, mutate, merge, delivery = ANYHOW, ...rest }: States<S, C>): Subject<S, C, S> => ({
  ...common(rest),
  ...saved,
  create: () => empty,
  local: (command, where) => (state) => {
    const replica = mutate(command, where)(state)
    return replica === undefined ? undefined : { replica }
  },
  send: () => (state) => state,
  receive: merge,
  broadcasts: false,
  delivery,
  laws: laws.ofMerge,
})

export interface Deltas<S, C> extends Common<S, C, S> {
  readonly empty: S
  /** What a command adds to the state, itself a state. */
  readonly delta: (command: C, where: Where) => (state: S) => S | undefined
  readonly merge: (other: S, where: Where) => (state: S) => S
  readonly delivery?: Delivery
}

/**
 * A delta-based type (δ-CRDT): small states are broadcast, whole ones now and then, and merged alike.
 *
 * By default in any order, any number of times. Source: Almeida, Shoker and Baquero, "Delta State Replicated Data Types"
 * (JPDC 2018), section 4; types that need causal merging (section 6) say `order: 'causal'`.
 */
export const deltas = <S, C>({ empty, delta, merge, delivery = ANYHOW, ...rest }: Deltas<S, C>): Subject<S, C, S> => ({
  ...common(rest),
  ...saved,
  create: () => empty,
  local: (command, where) => (state) => {
    const message = delta(command, where)(state)
    return message === undefined ? undefined : { message, replica: merge(message, where)(state) }
  },
  send: () => (state) => state,
  receive: merge,
  delivery,
  laws: laws.ofMerge,
})

export interface Opaque<R, C, M> extends Omit<Common<R, C, M>, 'show'> {
  readonly create: (id: SourceId) => R
  /** Does a command: gives the next replica, or nothing if it changed in place. */
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- what functions that change in place are typed as
  readonly local: (command: C, where: Where) => (replica: R) => R | void
  /** What it says to a peer whose replica is given, to read its clock from; undefined for nothing. */
  readonly send: (peer: R) => (replica: R) => M | undefined
  /** As `local`. */
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- likewise
  readonly receive: (message: M, where: Where) => (replica: R) => R | void
  /** What users see. */
  readonly show: (replica: R) => unknown
  /** Whether one message tells all that the sender knows. If not, replicas are only compared once they have fallen silent. Default true. */
  readonly isWhole?: boolean
  /** Default: any order, at least once. */
  readonly delivery?: Delivery
  /** For crashes: what would be on disk after each command, and the replica made from it. Without, there are none. */
  readonly save?: (replica: R) => unknown
  readonly load?: (saved: unknown, id: SourceId) => R
}

/** Anything at all that can be told things: a document of another library, a service, a reducer made by hand. */
export const opaque = <R, C, M>({
  create,
  local,
  send,
  receive,
  isWhole = true,
  delivery = ANYHOW,
  save,
  load,
  ...rest
}: Opaque<R, C, M>): Subject<R, C, M> => ({
  ...common(rest),
  ...(save === undefined || load === undefined ? {} : { save, load }),
  create,
  local: (command, where) => (replica) => ({ replica: local(command, where)(replica) ?? replica }),
  send,
  receive: (message, where) => (replica) => receive(message, where)(replica) ?? replica,
  isWhole,
  broadcasts: false,
  isMutable: true,
  delivery,
  laws: laws.ofOpaque,
})
