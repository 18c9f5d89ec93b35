/** What each form of a type takes: its options, and their rules. */
import type * as fc from 'fast-check'
import type { SourceId } from '../../core/Update.js'
import { aDelivery } from '../model/expectSubject.js'
import {
  aFlag,
  aFunction,
  anything,
  aText,
  aValue,
  both,
  everyMember,
  isArbitrary,
  list,
  record,
  type Rule,
  type Rules,
} from '../model/Rule.js'
import type { Operation } from '../model/Operation.js'
import type { Delivery, Nth, Quality, Restarted, Where } from '../model/Subject.js'

/** Options of every form. */
export interface Common<R, C, M> {
  readonly name?: string
  /** What a user may do next: any time, or for a state. */
  readonly command: fc.Arbitrary<C> | ((replica: R) => fc.Arbitrary<C>)
  /** Default: compares what is shown. */
  readonly equals?: (a: R, b: R) => boolean
  /** What users see. Default: the replica itself. */
  readonly show?: (replica: R) => unknown
  /** What must be shown after all operations, given in the order made. */
  readonly oracle?: (operations: ReadonlyArray<Operation<C, M>>) => unknown
  readonly qualities?: ReadonlyArray<Quality<R, C, M>>
  /**
   * Other ways to what a replica shows, by name: `{ 're-encoded': (r) => show(load(save(r))) }`.
   * At the end each must show the same, at one replica a run.
   */
  readonly same?: Readonly<Record<string, (replica: R) => unknown>>
  /** A command as reports print it. `message` is there if replicas broadcast. */
  readonly describe?: (command: C, message: M | undefined) => string
  /**
   * The parts of the data that a command touches. Default: the first string in it, or its members.
   */
  readonly keysOf?: (command: C) => ReadonlyArray<string>
  /** Default: something in the command is null, or it has a `remove`. */
  readonly isDelete?: (command: C) => boolean
}

export interface Operations<S, C, M> extends Common<S, C, M> {
  readonly empty: S
  /** The message to broadcast for a command; undefined refuses the command. */
  readonly prepare: (command: C, where: Where) => (state: S) => M | undefined
  /**
   * Applies a message, a replica's own too. Never changes the state that it is given. Never gives
   * undefined, unless `empty` is undefined.
   */
  readonly apply: (message: M, where: Where) => (state: S) => S
  readonly delivery?: Delivery
}

export interface States<S, C> extends Common<S, C, S> {
  readonly empty: S
  /** The state after a command; undefined refuses the command. */
  readonly mutate: (command: C, where: Where) => (state: S) => S | undefined
  /** The join of both states. */
  readonly merge: (other: S, where: Where) => (state: S) => S
  readonly delivery?: Delivery
}

export interface Deltas<S, C> extends Common<S, C, S> {
  readonly empty: S
  /** What a command adds to the state: a state to merge. Undefined refuses the command. */
  readonly delta: (command: C, where: Where) => (state: S) => S | undefined
  readonly merge: (other: S, where: Where) => (state: S) => S
  readonly delivery?: Delivery
}

/** A replica that is asked, by `send`, or tells, by `told`, or both. */
export type Opaque<R, C, M> = Hearing<R, C, M> &
  (Required<Pick<Telling<R, M>, 'send'>> | Required<Pick<Telling<R, M>, 'told'>>) &
  Telling<R, M>

/** How messages come out of a replica. */
export interface Telling<R, M> {
  /** What a replica says to a peer; undefined for nothing. `peer` is there to read its clock. */
  readonly send?: (peer: R) => (replica: R) => M | undefined
  /**
   * What a replica tells all others, asked after each command and emptied by that. Then messages
   * are broadcast one by one, as `delivery` promises; `send` may then be absent.
   */
  readonly told?: (replica: R) => M | undefined
}

/** What every replica does, whatever it tells. */
export interface Hearing<R, C, M> extends Omit<Common<R, C, M>, 'show'> {
  readonly create: (id: SourceId, nth: Nth) => R
  /** Carries out a command. Gives the next replica, or nothing if it changed in place. */
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- in place: void
  readonly local: (command: C, where: Where) => (replica: R) => R | void
  /** Returns like `local`. */
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- as above
  readonly receive: (message: M, where: Where) => (replica: R) => R | void
  /** What users see. */
  readonly show: (replica: R) => unknown
  /**
   * Whether one message tells all that the sender knows. If not, replicas are compared only when
   * they have nothing more to say. Default true.
   */
  readonly isWhole?: boolean
  /** Default: any order, at least once. */
  readonly delivery?: Delivery
  /** What is on disk after each command. Without `save` and `load` no replica crashes. */
  readonly save?: (replica: R) => unknown
  readonly load?: (saved: unknown, id: SourceId, nth: Restarted) => R
}

const QUALITY: Rules<Quality<never, never, never>> = {
  name: aText,
  afterLocal: aFunction,
  atEnd: aFunction,
  remedy: aText,
  ofOne: aFlag,
}

const asksSomething = aValue('a quality that has `afterLocal` or `atEnd`', (quality) => {
  const { afterLocal, atEnd } = quality as Partial<Quality<never, never, never>>
  return afterLocal !== undefined || atEnd !== undefined
})

export const qualities = list(both(record(QUALITY, ['name']), asksSomething))

export const aCommand: Rule = aValue(
  'a fast-check arbitrary, or a function that gives one',
  (command) => typeof command === 'function' || isArbitrary(command),
)

const COMMON: Rules<Common<never, never, never>> = {
  name: aText,
  command: aCommand,
  equals: aFunction,
  show: aFunction,
  oracle: aFunction,
  qualities,
  same: everyMember(aFunction),
  describe: aFunction,
  keysOf: aFunction,
  isDelete: aFunction,
}

/** `empty` may be undefined, and must be there. */
const IMMUTABLE = { ...COMMON, empty: anything, delivery: aDelivery }

export const OPERATIONS: Rules<Operations<never, never, never>> = {
  ...IMMUTABLE,
  prepare: aFunction,
  apply: aFunction,
}

export const STATES: Rules<States<never, never>> = { ...IMMUTABLE, mutate: aFunction, merge: aFunction }

export const DELTAS: Rules<Deltas<never, never>> = { ...IMMUTABLE, delta: aFunction, merge: aFunction }

export const OPAQUE: Rules<Opaque<never, never, never>> = {
  ...COMMON,
  create: aFunction,
  local: aFunction,
  send: aFunction,
  told: aFunction,
  receive: aFunction,
  isWhole: aFlag,
  delivery: aDelivery,
  save: aFunction,
  load: aFunction,
}
