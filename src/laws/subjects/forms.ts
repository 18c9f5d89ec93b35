/**
 * Makes a subject of a replicated type, by how the type is written: operations, states, deltas or
 * opaque.
 */
import * as fc from 'fast-check'
import { ofOpaque, ofOperations } from '../laws/laws.js'
import { ofMerge } from '../laws/ofMerge.js'
import { leave } from '../laws/remedies.js'
import type { Lawful } from '../model/Law.js'
import type { Operation } from '../model/Operation.js'
import { guarded } from '../model/Guarded.js'
import { Misuse } from '../model/Misuse.js'
import { expectOptions } from '../model/Rule.js'
import { sameValue, view, viewOr } from '../model/show.js'
import type { Delivery, Made, Nth, Quality, Restarted, Terms, Where } from '../model/Subject.js'
import { arbitraryOf, described, nextState, notLater, stepOf, tooLarge } from '../model/held.js'
import {
  DELTAS as OF_DELTAS,
  OPAQUE,
  OPERATIONS as OF_OPERATIONS,
  STATES,
  type Common,
  type Deltas,
  type Hearing,
  type Opaque,
  type Operations,
  type States,
  type Telling,
} from './options.js'

const common = <R, C, M>({
  name = 'the type',
  command,
  show: shows = (replica) => replica,
  equals: areEqual,
  oracle,
  qualities = [],
  same = {},
  describe = (made) => view(made),
  keysOf = keysOfCommand,
  isDelete = isDeletion,
}: Common<R, C, M>) => {
  const show = (replica: R): unknown => notLater('show', shows(replica))
  return {
    name,
    command: (replica: R): fc.Arbitrary<C> => arbitraryOf(command, replica),
    equals:
      areEqual === undefined
        ? (a: R, b: R) => sameValue(show(a), show(b))
        : (a: R, b: R) => notLater('equals', areEqual(a, b)),
    show,
    view: (replica: R) => viewOr(show(replica), tooLarge('show')),
    ...(oracle === undefined
      ? {}
      : { oracle: (made: ReadonlyArray<Operation<C, M>>) => notLater('oracle', oracle(made)) }),
    qualities: [...qualities.map(answering), ...alike(same, show)],
    keysOf: (operation: Operation<C, M>) => keysOf(operation.command),
    isDelete: (operation: Operation<C, M>) => isDelete(operation.command),
    describe: (made: C, message: M | undefined) => described(made, () => describe(made, message)),
    isWhole: true,
    broadcasts: true,
    isMutable: false,
  }
}

/** A quality whose answers are there at once: a promise would hold, whatever it comes to. */
export const answering = <R, C, M>({ afterLocal, atEnd, ...quality }: Quality<R, C, M>): Quality<R, C, M> => {
  const told = `the quality ${view(quality.name)}`
  return {
    ...quality,
    ...(afterLocal && { afterLocal: (...asked) => notLater(told, afterLocal(...asked)) }),
    ...(atEnd && { atEnd: (...asked) => notLater(told, atEnd(...asked)) }),
  }
}

/** Qualities: other ways to the same value. */
const alike = <R, C, M>(
  same: Readonly<Record<string, (replica: R) => unknown>>,
  show: (replica: R) => unknown,
): ReadonlyArray<Quality<R, C, M>> =>
  Object.entries(same).map(([name, way]) => ({
    name: `${name} shows the same`,
    atEnd: (replica) => [notLater(`same[${view(name)}]`, way(replica)), show(replica)],
    remedy: `\`same[${view(name)}]\` must give what \`show\` gives`,
    ofOne: true,
  }))

/** The first string of an array, or the names of the members of an object. */
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

const named = (local: string, receive: string, messages = 'messages'): Terms => ({
  local,
  receive,
  messages,
  equals: 'equals',
  show: 'show',
})

/** An immutable value is its own copy. */
const saved = {
  save: (replica: unknown): unknown => replica,
  load: (replica: unknown): never => replica as never,
}

/** Where all replicas begin with one value. */
const beginning = <R>(empty: R, { show = (replica) => replica }: Pick<Common<R, never, never>, 'show'>) => ({
  create: (): R => empty,
  empty: guarded(empty, (state) => view(show(state))),
})

/** A `receive` that is held to give a state. */
const givingStates =
  <S, M>({ receive }: Terms, given: (message: M, where: Where) => (state: S) => S) =>
  (message: M, where: Where) =>
  (state: S): S =>
    nextState(receive, state, stepOf(receive, given(message, where))(state))

/** Why a command was refused, and what to do if that was not meant. */
const refusedBy = (local: string) => () => () => ({
  why: `\`${local}\` gave undefined, which refuses a command`,
  remedy: `\`${local}(command, where)(state)\` must return what the command makes, or give commands that it takes`,
})

const NOTHING = {
  why: 'undefined is a refusal, where there is no `prepare`',
  remedy: 'give a `prepare` that makes a message of it, or commands that are not undefined',
}

/** What a replica makes of its own message. Throws {@link Misuse} if it writes into that. */
const receivingOwn =
  <R, M>(terms: Terms, receive: (message: M, where: Where) => (state: R) => R, message: M, where: Where) =>
  (state: R): R => {
    // nobody can write into a number or a text
    if (typeof message !== 'object' || message === null) return receive(message, where)(state)
    const told = view(message)
    const next = receive(message, where)(state)
    if (view(message) === told) return next
    const why = `\`${terms.receive}\` has changed ${told}, which others are still to hear, to ${view(message)}`
    throw new Misuse(why, leave(terms))
  }

/** A `local` that makes a message, which its own replica receives first. */
const broadcasting =
  <R, C, M>(
    terms: Terms,
    make: (command: C, where: Where) => (state: R) => M | undefined,
    receive: (message: M, where: Where) => (state: R) => R,
  ) =>
  (command: C, where: Where) =>
  (state: R): Made<R, M> | undefined => {
    const message = notLater(terms.local, stepOf(terms.local, make(command, where))(state))
    return message === undefined ? undefined : { message, replica: receivingOwn(terms, receive, message, where)(state) }
  }

const AS_PROMISED: Delivery = { order: 'source', copies: 'exactly once' }
const ANYHOW: Delivery = { order: 'any', copies: 'at least once' }

const OPERATIONS = named('prepare', 'apply')
const APPLY = named('apply', 'apply')
const DELTAS = named('delta', 'merge', 'states')

/**
 * An operation-based type (CmRDT): a replica broadcasts each command, and all apply it.
 *
 * Without `prepare` the message is the command. Default delivery: in the order of each sender,
 * exactly once. Source: Shapiro et al., "Conflict-free Replicated Data Types" (SSS 2011),
 * section 2.3.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as fc from 'fast-check'
 * const add = (n) => (sum) => sum + n
 * const counter = operations({ empty: 0, command: fc.constantFrom(1, -1), apply: add })
 * E.isRight(check(counter, { seed: 1 })) // => true
 */
export function operations<S, C, M>(type: Operations<S, C, M>): Lawful<S, C, M>
export function operations<S, C>(
  type: Omit<Operations<S, C, C>, 'prepare'> & { readonly prepare?: never },
): Lawful<S, C, C>
export function operations<S, C>(
  type: Omit<Operations<S, C, C>, 'prepare'> & Partial<Pick<Operations<S, C, C>, 'prepare'>>,
): Lawful<S, C, C> {
  expectOptions('operations', type, OF_OPERATIONS, ['empty', 'command', 'apply'])
  const { empty, prepare, delivery = AS_PROMISED, ...rest } = type
  const terms = prepare === undefined ? APPLY : OPERATIONS
  const make = prepare ?? ((command: C) => () => command)
  const apply = givingStates(terms, rest.apply)
  return {
    ...common(rest),
    ...saved,
    ...beginning(empty, rest),
    local: broadcasting(terms, make, apply),
    whyRefused: prepare === undefined ? () => () => NOTHING : refusedBy('prepare'),
    receive: apply,
    delivery,
    terms,
    laws: ofOperations,
  }
}

/**
 * A state-based type (CvRDT): replicas send each other their whole state, and merge.
 *
 * Default delivery: any order, at least once. Source: Shapiro et al. (SSS 2011), section 2.2.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as fc from 'fast-check'
 * const max = (n) => (held) => Math.max(n, held)
 * const largest = states({ empty: 0, command: fc.nat(9), mutate: max, merge: max })
 * E.isRight(check(largest, { seed: 1 })) // => true
 */
export const states = <S, C>(type: States<S, C>): Lawful<S, C, S> => {
  expectOptions('states', type, STATES, ['empty', 'command', 'mutate', 'merge'])
  const { empty, mutate, delivery = ANYHOW, ...rest } = type
  const terms = named('mutate', 'merge', 'states')
  return {
    ...common(rest),
    ...saved,
    ...beginning(empty, rest),
    local: (command, where) => (state) => {
      const replica = notLater('mutate', stepOf('mutate', mutate(command, where))(state))
      return replica === undefined ? undefined : { replica }
    },
    whyRefused: refusedBy('mutate'),
    send: () => (state) => state,
    receive: givingStates(terms, rest.merge),
    broadcasts: false,
    delivery,
    terms,
    laws: ofMerge,
  }
}

/**
 * A delta-based type (δ-CRDT): replicas broadcast small states, send whole ones now and then, and
 * merge both alike.
 *
 * Default delivery: any order, at least once. Source: Almeida, Shoker and Baquero, "Delta State
 * Replicated Data Types" (JPDC 2018), section 4. Types that need causal merging (section 6) say
 * `order: 'causal'`.
 */
export const deltas = <S, C>(type: Deltas<S, C>): Lawful<S, C, S> => {
  expectOptions('deltas', type, OF_DELTAS, ['empty', 'command', 'delta', 'merge'])
  const { empty, delta, delivery = ANYHOW, ...rest } = type
  const merge = givingStates(DELTAS, rest.merge)
  return {
    ...common(rest),
    ...saved,
    ...beginning(empty, rest),
    local: broadcasting(DELTAS, delta, merge),
    whyRefused: refusedBy('delta'),
    send: () => (state) => state,
    receive: merge,
    delivery,
    terms: DELTAS,
    laws: ofMerge,
  }
}

const FIRST: Nth = { index: 0 }
const FIRST_RESTART: Restarted = { index: 0, restarts: 1 }

/**
 * Anything that sends and receives: a document of another library, a service, a handmade reducer.
 */
export const opaque = <R, C, M>(type: Opaque<R, C, M>): Lawful<R, C, M> => {
  expectOptions('opaque', type, OPAQUE, NEEDED)
  return opaqueReplicas(type)
}

/** What `opaque` needs beside `send` or `told`. */
export const NEEDED = ['create', 'command', 'local', 'receive', 'show'] as const

/** As {@link opaque}, of what may have other options too. */
export const opaqueReplicas = <R, C, M>(type: Hearing<R, C, M> & Telling<R, M>): Lawful<R, C, M> => {
  const { create, local, send, told, receive, isWhole = true, delivery = ANYHOW, save, load, ...rest } = type
  if (send === undefined && told === undefined) {
    throw new TypeError('give `send` or `told`: replicas that say nothing never hear of each other')
  }
  if ((save === undefined) !== (load === undefined)) {
    throw new TypeError('give both `save` and `load`, or neither: what is saved must be loaded after a crash')
  }
  return {
    ...common(rest),
    ...(save !== undefined &&
      load !== undefined && {
        save: (replica) => notLater('save', save(replica)),
        load: (saved, id, nth = FIRST_RESTART) => notLater('load', load(saved, id, nth)),
      }),
    create: (id, nth = FIRST) => notLater('create', create(id, nth)),
    local: (command, where) => (before) => {
      const replica = notLater('local', stepOf('local', local(command, where))(before)) ?? before
      const message = told && notLater('told', told(replica))
      return { replica, ...(message !== undefined && { message }) }
    },
    ...(send !== undefined && { send: (peer) => (replica) => notLater('send', stepOf('send', send(peer))(replica)) }),
    receive: (message, where) => (replica) =>
      notLater('receive', stepOf('receive', receive(message, where))(replica)) ?? replica,
    isWhole,
    broadcasts: told !== undefined,
    isMutable: true,
    delivery,
    terms: named('local', 'receive'),
    laws: ofOpaque,
  }
}
