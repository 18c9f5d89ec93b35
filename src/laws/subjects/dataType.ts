/**
 * Data types of this library as subjects: whole replicas, or the type's `apply` alone under any
 * delivery.
 */
import type { either as E, eq as Eq } from 'fp-ts'
import type * as fc from 'fast-check'
import { SAME } from '../../core/Change.js'
import type { Command, DataType, Maker } from '../../core/DataType.js'
import type { DeepReadonly } from '../../core/DeepReadonly.js'
import type { Replica } from '../../core/Replica.js'
import * as Timestamp from '../../core/Timestamp.js'
import type { Update } from '../../core/Update.js'
import { scuttlebutt, type Rejection } from '../../scuttlebutt.js'
import { ofOperations } from '../laws/laws.js'
import { ofReplicas } from '../laws/ofReplicas.js'
import type { Lawful } from '../model/Law.js'
import type { Operation } from '../model/Operation.js'
import { aDelivery, expectDataType } from '../model/expectSubject.js'
import { guarded } from '../model/Guarded.js'
import { sameValue, view, viewOfJson, viewOr } from '../model/show.js'
import { aFunction, anArbitrary, aValue, expectOptions, withoutRules, type Rules } from '../model/Rule.js'
import type { Delivery, Quality, Terms } from '../model/Subject.js'
import { acrossSources, inOrder, type Updates } from '../model/updates.js'
import { arbitraryOf, described as textOf, givingEither, notLater, tooLarge } from '../model/held.js'
import { answering, isDeletion, keysOfCommand } from './forms.js'
import { keepingContract } from './keepingContract.js'
import { aCommand, qualities } from './options.js'

type Local<S, C> = Command<S, C, unknown>

/**
 * What users do: any change, or commands that depend on the state. A refused command has no
 * effect.
 */
export type Source<S, C> =
  | { readonly change: fc.Arbitrary<Given<S, C>> }
  | { readonly command: fc.Arbitrary<Given<S, C>> | ((state: S) => fc.Arbitrary<Given<S, C>>) }

/** A command. Its change may be deeply readonly, as `fc.constant` gives it. */
export type Given<S, C> = Local<S, NoInfer<C | DeepReadonly<C>>>

export interface DataTypeOptions<S, C> {
  /** Default: compares what is shown. */
  readonly eq?: Eq.Eq<S>
  /** What users see. Default: the type's `toJSON`, or else the state. */
  readonly toJSON?: (state: S) => unknown
  /**
   * What the patches of `diff` are of. Default: the type's `toJSON`. A string is the list of its
   * code units.
   */
  readonly patchesOf?: (state: S) => unknown
  /** What must be shown after all updates, given in total order: a naive model of the type. */
  readonly oracle?: (updates: Updates<C>) => unknown
  readonly qualities?: ReadonlyArray<Quality<Replica<S, C>, Local<S, C>, Updates<C>>>
  /**
   * The parts of the data that a change touches. Default: the first string in it, or its members.
   */
  readonly keysOf?: (change: C) => ReadonlyArray<string>
  /** Default: something in the change is null, or it has a `remove`. */
  readonly isDelete?: (change: C) => boolean
}

export const DATA_TYPE: Rules<Source<never, never> & DataTypeOptions<never, never>> = {
  change: anArbitrary,
  command: aCommand,
  eq: aValue('an Eq: `{ equals }`', (eq) => typeof (eq as { readonly equals?: unknown } | null)?.equals === 'function'),
  toJSON: aFunction,
  patchesOf: aFunction,
  oracle: aFunction,
  qualities,
  keysOf: aFunction,
  isDelete: aFunction,
}

/**
 * Replicas of a data type, as the core runs them. Every update reaches everybody in the order of
 * its source, by broadcast or in a history. Histories leave out superseded updates; they arrive
 * late, twice, shuffled or cut short.
 */
export const ofDataType = <S, C>(
  dataType: DataType<S, C>,
  options: Source<S, C> & DataTypeOptions<S, C>,
): Lawful<Replica<S, C>, Local<S, C>, Updates<C>> => {
  expectDataType('ofDataType', dataType)
  expectOptions('ofDataType', options, DATA_TYPE)
  return replicasOf(dataType, options)
}

/** As {@link ofDataType}, with what may have other options too. */
export const replicasOf = <S, C>(
  dataType: DataType<S, C>,
  options: Source<S, C> & DataTypeOptions<S, C>,
): Lawful<Replica<S, C>, Local<S, C>, Updates<C>> => {
  const core = scuttlebutt(keepingContract(dataType))
  const { create, change, applyUpdates, history, digest } = core
  const { eq, show, viewOfState, ...described } = describedBy(dataType, options)
  const [given, name] = sourceOf(options)
  return {
    ...described,
    create: (id) => create(id),
    empty: guarded(dataType.empty, viewOfState),
    command: ({ state }) => arbitraryOf(given, state),
    local:
      (command, { now }) =>
      (replica) => {
        const changed = change(givingEither(command, name), now)(replica)
        if (changed._tag === 'Right') return { message: [changed.right[0]], replica: changed.right[1] }
        // what no replica takes because of its codec is made all the same: `codec` tells of it
        const message = misreadIn<C>(changed.left)
        return message && { message, replica: applyUpdates(message)(replica) }
      },
    whyRefused:
      (command, { now }) =>
      (replica) => {
        const changed = change(command, now)(replica)
        return changed._tag === 'Left' ? refusedWith(name, changed.left) : undefined
      },
    send: (peer) => history(digest(peer).clock),
    receive: applyUpdates,
    mangle: (updates, luck, keep) => acrossSources(luck)(updates).slice(0, keep),
    joined: (batches) => batches.flat(),
    isWhole: true,
    broadcasts: true,
    delivery: { order: 'source', copies: 'at least once' },
    isMutable: false,
    save: (replica) => replica,
    load: (saved) => saved as Replica<S, C>,
    equals: (a, b) => eq.equals(a.state, b.state),
    show: ({ state }) => show(state),
    view: ({ state }) => viewOfState(state),
    remember: (replica) => [digest(replica), history()(replica)],
    qualities: (options.qualities ?? []).map(answering),
    dataType: core.dataType as unknown as DataType<unknown, unknown>,
    laws: ofReplicas({ ...core, eq, patchesOf: options.patchesOf ?? dataType.toJSON ?? show }),
  }
}

/** The update that was refused because its codec makes another value each time. */
const misreadIn = <C>(error: unknown): Updates<C> | undefined => {
  const refused = error as Rejection
  const isMisread = refused._tag === 'InvalidChange' && refused.failures.some(({ expected }) => expected === SAME)
  return isMisread ? [refused.update as Update<C>] : undefined
}

/** What to tell of a command that a data type refused. */
const refusedWith = (name: string, error: unknown) => {
  const {
    _tag,
    update,
    failures = [],
  } = (error ?? {}) as Partial<Rejection & { readonly update: Update<unknown> }> & {
    readonly failures?: ReadonlyArray<{ readonly expected: string }>
  }
  if (_tag !== 'InvalidChange' || update === undefined) {
    const why = `\`${name}\` gave \`E.left(${view(error)})\``
    return {
      why,
      kind: typeof _tag === 'string' ? _tag : why,
      remedy: `\`${name}\` must draw commands that some states take: the first state is \`empty\``,
    }
  }
  const expected = [...new Set(failures.map((failure) => failure.expected))]
  const why = `\`change\` (the codec) refused ${view(update[0])}${expected.length === 0 ? '' : `: it expects ${expected.join(', ')}`}`
  return { why, kind: expected.join(), remedy: `\`${name}\` must draw changes that the type's codec \`change\` takes` }
}

/** What draws the commands, and the name of that option. */
const sourceOf = <S, C>(source: Source<S, C>) => {
  const { change, command } = source as {
    readonly change?: fc.Arbitrary<Local<S, C>>
    readonly command?: fc.Arbitrary<Local<S, C>> | ((state: S) => fc.Arbitrary<Local<S, C>>)
  }
  const given = command ?? change
  if (given === undefined) throw new TypeError('give `change`, or `command` for changes that depend on the state')
  if (command !== undefined && change !== undefined) throw new TypeError('give `change` or `command`, not both')
  return [given, command === undefined ? 'change' : 'command'] as const
}

const TERMS: Terms = { local: 'apply', receive: 'apply', equals: 'eq', show: 'toJSON', messages: 'updates' }

const describedBy = <S, C>(dataType: DataType<S, C>, options: DataTypeOptions<S, C>) => {
  const { toJSON = dataType.toJSON ?? ((state: S): unknown => state), oracle } = options
  const show = (state: S): unknown => notLater('toJSON', toJSON(state))
  const { keysOf = keysOfCommand, isDelete = isDeletion } = options
  const text = options.toJSON === undefined && dataType.toJSON === undefined ? viewOr : viewOfJson
  const { equals = (a: S, b: S): boolean => sameValue(show(a), show(b)) } = options.eq ?? {}
  const eq = { equals: (a: S, b: S) => notLater('eq', equals(a, b)) }
  const changes = ({ message }: Operation<unknown, Updates<C>>): ReadonlyArray<C> =>
    (message ?? []).map(([made]) => made)
  return {
    name: dataType.name,
    terms: TERMS,
    eq,
    show,
    viewOfState: (state: S): string => text(show(state), tooLarge('toJSON')),
    describe: (command: Local<S, C>, message: Updates<C> | undefined) =>
      textOf(command, () =>
        message === undefined
          ? typeof command === 'function'
            ? 'a command'
            : view(command)
          : message.map(([made, at]) => `${view(dataType.change.encode(made))} at ${String(at)}`).join(),
      ),
    asData: ({ command, message }: Operation<Local<S, C>, Updates<C>>): Local<S, C> =>
      typeof command === 'function' ? (message?.[0]?.[0] ?? command) : command,
    keysOf: (operation: Operation<unknown, Updates<C>>) => changes(operation).flatMap(keysOf),
    isDelete: (operation: Operation<unknown, Updates<C>>) => changes(operation).some(isDelete),
    timestampOf: (message: Updates<C>) => message[0]?.[1] ?? Timestamp.NEVER,
    ...(oracle === undefined
      ? {}
      : {
          oracle: (operations: ReadonlyArray<Operation<unknown, Updates<C>>>) =>
            notLater('oracle', oracle(inOrder(operations))),
        }),
  }
}

/** A state without a replica around it. */
export interface Bare<S> {
  readonly state: S
  /** The greatest timestamp seen. */
  readonly latest: number
}

/** The type's `apply` alone: shows which promises of the core a type needs. */
export const bare = <S, C>(
  dataType: DataType<S, C>,
  options: Source<S, C> & Omit<DataTypeOptions<S, C>, 'qualities'>,
  delivery: Delivery,
): Lawful<Bare<S>, Local<S, C>, Updates<C>> => {
  expectDataType('bare', dataType)
  expectOptions('bare', options, withoutRules(DATA_TYPE, 'qualities'))
  expectOptions('bare', { delivery }, { delivery: aDelivery })
  return applyAlone(dataType, options, delivery)
}

/** As {@link bare}, with what may have other options too. */
export const applyAlone = <S, C>(
  dataType: DataType<S, C>,
  options: Source<S, C> & Omit<DataTypeOptions<S, C>, 'qualities'>,
  delivery: Delivery,
): Lawful<Bare<S>, Local<S, C>, Updates<C>> => {
  const [given, name] = sourceOf(options)
  const { eq, show, viewOfState, ...described } = describedBy(dataType, options)
  const { apply, empty } = keepingContract(dataType)
  const receive =
    (updates: Updates<C>) =>
    ({ state, latest }: Bare<S>): Bare<S> => ({
      state: apply(updates)(state).state,
      latest: updates.reduce((max, [, at]) => Math.max(max, at), latest),
    })
  return {
    ...described,
    create: () => ({ state: empty, latest: Timestamp.NEVER }),
    empty: guarded(empty, viewOfState),
    command: ({ state }) => arbitraryOf(given, state),
    local:
      (command, { id: source, now }) =>
      (replica) => {
        const timestamp = Timestamp.next(now, replica.latest)
        const stamp = { timestamp, source }
        const made: E.Either<unknown, C> =
          typeof command === 'function'
            ? (givingEither(command, name) as Maker<S, C, unknown>)(replica.state, stamp)
            : { _tag: 'Right', right: command }
        if (made._tag === 'Left') return undefined
        const message = [[made.right, timestamp, source] as const]
        return { message, replica: receive(message)(replica) }
      },
    receive,
    isWhole: true,
    broadcasts: true,
    delivery,
    isMutable: false,
    save: (replica) => replica,
    load: (saved) => saved as Bare<S>,
    equals: (a, b) => eq.equals(a.state, b.state),
    show: ({ state }) => show(state),
    view: ({ state }) => viewOfState(state),
    qualities: [],
    laws: ofOperations,
  }
}
