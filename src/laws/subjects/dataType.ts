/** Data types of this library under the laws: whole replicas of theirs, or, for other deliveries than they are promised, bare. */
import type { either as E, eq as Eq } from 'fp-ts'
import type * as fc from 'fast-check'
import * as Clock from '../../core/Clock.js'
import type { Command, DataType, Maker } from '../../core/DataType.js'
import type { Replica } from '../../core/Replica.js'
import * as Timestamp from '../../core/Timestamp.js'
import * as Update from '../../core/Update.js'
import { scuttlebutt } from '../../scuttlebutt.js'
import { isDeletion, keysOfCommand } from './forms.js'
import type { Law, Verdict, Violation } from '../model/Law.js'
import * as laws from '../laws/laws.js'
import type { Operation, Run } from '../model/Run.js'
import { sameValue, view, viewOfJson } from '../model/show.js'
import type { Delivery, Quality, Subject } from '../model/Subject.js'

export type Updates<C> = ReadonlyArray<Update.Update<C>>

type Local<S, C> = Command<S, C, unknown>

/** What a user of the type does: any change, or what the state suggests. A command that is refused is none. */
export type Source<S, C> =
  { readonly change: fc.Arbitrary<Local<S, C>> } | { readonly command: (state: S) => fc.Arbitrary<Local<S, C>> }

export interface DataTypeOptions<S, C> {
  /** Default: what is shown is the same. */
  readonly eq?: Eq.Eq<S>
  /** What users see. Default: the type's own `toJSON`, or else the state. */
  readonly toJSON?: (state: S) => unknown
  /** What all updates, in total order, ought to show: a naive model of the type. */
  readonly oracle?: (updates: Updates<C>) => unknown
  readonly qualities?: ReadonlyArray<Quality<Replica<S, C>, Local<S, C>, Updates<C>>>
  /** Which parts of the data a change touches. Default: the first string in it, or else its members. */
  readonly keysOf?: (change: C) => ReadonlyArray<string>
  /** Default: where something is null, or there is a `remove`. */
  readonly isDelete?: (change: C) => boolean
}

/**
 * Replicas of a data type, as the core runs them: every update reaches everybody in its source's own order, by itself
 * or by histories, which leave out what was superseded and arrive late, twice, shuffled and cut short.
 */
export const ofDataType = <S, C>(
  dataType: DataType<S, C>,
  options: Source<S, C> & DataTypeOptions<S, C>,
): Subject<Replica<S, C>, Local<S, C>, Updates<C>> => {
  const { create, change, applyUpdates, history, digest } = scuttlebutt(dataType)
  const { eq, show, ...described } = describedBy(dataType, options)
  return {
    ...described,
    create,
    command: ({ state }) => commandOf(options)(state),
    local:
      (command, { now }) =>
      (replica) => {
        const changed = change(command, now)(replica)
        if (changed._tag === 'Left') return undefined
        return { message: [changed.right[0]], replica: changed.right[1] }
      },
    send: (peer) => history(digest(peer).clock),
    receive: applyUpdates,
    mangle: (updates, luck, keep) => acrossSources(luck)(updates).slice(0, keep),
    isWhole: true,
    broadcasts: true,
    delivery: { order: 'source', copies: 'at least once' },
    isMutable: false,
    save: (replica) => replica,
    load: (saved) => saved as Replica<S, C>,
    equals: (a, b) => eq.equals(a.state, b.state),
    show: ({ state }) => show(state),
    view: ({ state }) => viewOf(options, dataType)(show(state)),
    remember: (replica) => [digest(replica), history()(replica)],
    qualities: options.qualities ?? [],
    laws: lawsOf(dataType, eq),
  }
}

const commandOf = <S, C>(source: Source<S, C>): ((state: S) => fc.Arbitrary<Local<S, C>>) =>
  'command' in source ? source.command : () => source.change

const viewOf = <S, C>({ toJSON }: DataTypeOptions<S, C>, dataType: DataType<S, C>): ((shown: unknown) => string) =>
  toJSON === undefined && dataType.toJSON === undefined ? view : viewOfJson

const describedBy = <S, C>(dataType: DataType<S, C>, options: DataTypeOptions<S, C>) => {
  const { toJSON: show = dataType.toJSON ?? ((state: S): unknown => state), oracle } = options
  const { keysOf = keysOfCommand, isDelete = isDeletion } = options
  const eq = options.eq ?? { equals: (a: S, b: S) => sameValue(show(a), show(b)) }
  const changes = ({ message }: Operation<unknown, Updates<C>>): ReadonlyArray<C> =>
    (message ?? []).map(([made]) => made)
  return {
    name: dataType.name,
    eq,
    show,
    describe: (command: Local<S, C>, message: Updates<C> | undefined) =>
      message === undefined
        ? typeof command === 'function'
          ? 'a command'
          : view(command)
        : message.map(([made, at]) => `${view(dataType.change.encode(made))} at ${String(at)}`).join(),
    asData: ({ command, message }: Operation<Local<S, C>, Updates<C>>): Local<S, C> =>
      typeof command === 'function' ? (message?.[0]?.[0] ?? command) : command,
    keysOf: (operation: Operation<unknown, Updates<C>>) => changes(operation).flatMap(keysOf),
    isDelete: (operation: Operation<unknown, Updates<C>>) => changes(operation).some(isDelete),
    timestampOf: (message: Updates<C>) => message[0]?.[1] ?? Timestamp.NEVER,
    ...(oracle === undefined
      ? {}
      : { oracle: (operations: ReadonlyArray<Operation<unknown, Updates<C>>>) => oracle(inOrder(operations)) }),
  }
}

/** All updates that were made, in total order. */
export const inOrder = <C>(operations: ReadonlyArray<Operation<unknown, Updates<C>>>): Updates<C> =>
  operations.flatMap(({ message }) => message ?? []).sort(Update.compare)

/** Any order that keeps each source's own, by luck. O(n s) for n updates of s sources. */
export const acrossSources =
  (luck: number) =>
  <C>(updates: Updates<C>): Updates<C> => {
    const queues = [...new Set(updates.map(([, , source]) => source))].map((id) =>
      updates.filter(([, , source]) => source === id),
    )
    const shuffled: Update.Update<C>[] = []
    const taken = queues.map(() => 0)
    for (let random = luck; shuffled.length < updates.length; random = Math.floor(random / 3) + shuffled.length) {
      const left = [...queues.keys()].filter((i) => taken[i]! < queues[i]!.length)
      const next = left[random % left.length]!
      shuffled.push(queues[next]![taken[next]!++]!)
    }
    return shuffled
  }

/** A state without the core around it. */
export interface Bare<S> {
  readonly state: S
  /** The greatest timestamp seen. */
  readonly latest: number
}

/**
 * The type's `apply` alone, under a delivery of one's own choice: to see which promises a type
 * needs of those that the core makes to it.
 */
export const bare = <S, C>(
  dataType: DataType<S, C>,
  options: Source<S, C> & Omit<DataTypeOptions<S, C>, 'qualities'>,
  delivery: Delivery,
): Subject<Bare<S>, Local<S, C>, Updates<C>> => {
  const { eq, show, ...described } = describedBy(dataType, options)
  const receive =
    (updates: Updates<C>) =>
    ({ state, latest }: Bare<S>): Bare<S> => ({
      state: dataType.apply(updates)(state).state,
      latest: updates.reduce((max, [, at]) => Math.max(max, at), latest),
    })
  return {
    ...described,
    create: () => ({ state: dataType.empty, latest: Timestamp.NEVER }),
    command: ({ state }) => commandOf(options)(state),
    local:
      (command, { id: source, now }) =>
      (replica) => {
        const timestamp = Timestamp.next(now, replica.latest)
        const stamp = { timestamp, source }
        const made: E.Either<unknown, C> =
          typeof command === 'function'
            ? (command as Maker<S, C, unknown>)(replica.state, stamp)
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
    view: ({ state }) => viewOf(options, dataType)(show(state)),
    qualities: [],
    laws: laws.ofOperations,
  }
}

/** The laws that only replicas of this library can be held to. */
const lawsOf = <S, C>(
  dataType: DataType<S, C>,
  eq: Eq.Eq<S>,
): ReadonlyArray<Law<Replica<S, C>, Local<S, C>, Updates<C>>> => {
  type Any = Replica<S, C>
  const { create, applyUpdate, applyUpdates, history, digest, merge, decode } = scuttlebutt(dataType)
  const law = (
    number: number,
    name: string,
    check: (run: Run<Any, Local<S, C>, Updates<C>>) => Violation | undefined,
    verdict: Verdict = 'unlawful',
  ) => ({ number, name, verdict, check })

  const differ = (
    { subject }: Run<Any, Local<S, C>, Updates<C>>,
    why: string,
    a: Any,
    b: Any,
  ): Violation | undefined =>
    eq.equals(a.state, b.state) && sameShown(subject, a, b)
      ? undefined
      : { why, states: [subject.view(a), subject.view(b)] }

  /** As {@link differ}, and what they can still tell others. */
  const differAtAll = (run: Run<Any, Local<S, C>, Updates<C>>, why: string, a: Any, b: Any): Violation | undefined => {
    const states = differ(run, why, a, b)
    if (states !== undefined) return states
    const [x, y] = [history()(a), history()(b)]
    return sameValue(x, y) ? undefined : { why: `${why}, by their histories`, states: [x, y] }
  }

  const idempotence = law(2, 'what comes again changes nothing', (run) => {
    for (const [i, { _tag, before, after }] of run.events.entries()) {
      if (_tag !== 'again') continue
      const violation = differ(run, 'what came again has changed a replica', before, after)
      if (violation !== undefined) return { ...violation, events: [i] }
    }
    for (const replica of laws.sample(run)) {
      if (applyUpdates(history()(replica))(replica) !== replica || merge(replica)(replica) !== replica) {
        return { why: 'a replica told what it has told is another one' }
      }
    }
    return undefined
  })

  const batch = law(3, 'a batch comes to what its updates come to one at a time', (run) => {
    const shuffled = acrossSources(run.events.length)(inOrder(run.operations))
    for (const start of [create(''), ...laws.sample(run, 2)]) {
      const one = applyUpdates(shuffled)(start)
      let each = start
      for (const update of shuffled) each = applyUpdate(update)(each)
      const violation = differAtAll(run, 'a batch and its updates one at a time come to', one, each)
      if (violation !== undefined) return violation
      if (!Clock.Eq.equals(one.clock, each.clock)) {
        return {
          why: 'a batch and its updates one at a time come to other clocks',
          states: [digest(one), digest(each)],
        }
      }
    }
    return undefined
  })

  const reference = law(4, 'where nothing changes, the reference is the same', (run) => {
    for (const [i, { before, after, operation }] of run.events.entries()) {
      if (dataType.apply([])(after.state).state !== after.state) return { why: 'no update at all has changed a state' }
      // a batch may undo what it did
      if (operation === undefined || before.state === after.state || !eq.equals(before.state, after.state)) continue
      // more may be in a state than is shown
      if (!sameValue(before.state, after.state)) continue
      return { why: 'an update that changed nothing has replaced the state by one that is the same', events: [i] }
    }
    return undefined
  })

  const clock = law(6, 'the clock moves on by just what was seen, and never back', (run) => {
    for (const [i, { _tag, before, after, operation }] of run.events.entries()) {
      if (_tag !== 'crash' && !Clock.leq(before.clock, after.clock))
        return { why: 'a clock went back', states: [digest(before), digest(after)], events: [i] }
      if (_tag !== 'local') continue
      const [[, timestamp, source]] = run.operations[operation!]!.message as readonly [Update.Update<C>]
      if (source !== after.id || timestamp <= before.clock.latest || timestamp !== after.clock.latest) {
        return {
          why: 'a local stamp is not after all that was seen',
          states: [digest(before), digest(after)],
          events: [i],
        }
      }
    }
    return undefined
  })

  const histories = law(7, 'the history is complete, minimal and sorted', (run) => {
    const some = laws.sample(run)
    for (const replica of some) {
      const whole = history()(replica)
      if (!sameValue(whole, [...whole].sort(Update.compare)))
        return { why: 'a history is out of order', states: [whole, undefined] }
      for (const peer of some) {
        const known = digest(peer).clock
        const lacked = whole.filter(([, at, source]) => !(Object.hasOwn(known, source) && known[source]! >= at))
        const told = history(known)(replica)
        if (!sameValue(told, lacked)) return { why: 'a history is not just what a clock lacks', states: [told, lacked] }
      }
    }
    return undefined
  })

  const superseded = law(8, 'what is superseded is not needed', (run) => {
    for (const replica of run.whole) {
      const newcomer = applyUpdates(history()(replica))(create(''))
      const violation = differAtAll(run, 'a replica, and one that was told its history alone, are', replica, newcomer)
      if (violation !== undefined) return violation
    }
    return undefined
  })

  const codec = law(9, 'a change is decoded to what was encoded', ({ operations }) => {
    for (const update of inOrder(operations)) {
      const encoded: unknown = JSON.parse(JSON.stringify([dataType.change.encode(update[0]), update[1], update[2]]))
      const decoded = decode()(encoded)
      if (decoded._tag === 'Left')
        return { why: `what was encoded is refused: ${decoded.left._tag}`, states: [update, encoded] }
      if (!sameValue(decoded.right, update))
        return { why: 'a change is not what it was encoded from', states: [decoded.right, update] }
    }
    return undefined
  })

  const replicaMerge = law(11, 'merge is associative, commutative, idempotent and inflationary', (run) => {
    const [a, b, c] = [run.whole[0], run.whole[1], run.whole[2] ?? run.whole[0]]
    if (a === undefined || b === undefined || c === undefined) return undefined
    const both = merge(b)(a)
    if (!Clock.Eq.equals(both.clock, Clock.join(b.clock)(a.clock)))
      return { why: 'a merge has not the join of both clocks' }
    return (
      differAtAll(run, 'merge is not associative:', merge(c)(both), merge(merge(c)(b))(a)) ??
      differAtAll(run, 'merge is not commutative:', both, merge(a)(b)) ??
      differAtAll(run, 'merge is not idempotent:', both, merge(b)(both))
    )
  })

  const deterministic = law(16, 'the same call gives the same result', (run) => {
    const updates = acrossSources(run.operations.length)(inOrder(run.operations))
    const [x, y] = [applyUpdates(updates)(create('')), applyUpdates(updates)(create(''))]
    return differ(run, 'one batch, applied twice to one state, gives', x, y)
  })

  return [
    laws.total,
    laws.versions,
    deterministic,
    laws.convergence,
    laws.oracle,
    idempotence,
    batch,
    reference,
    clock,
    histories,
    superseded,
    codec,
    laws.equivalence,
    replicaMerge,
    laws.qualities,
  ]
}

const sameShown = <R>({ show, view: text }: Pick<Subject<R, never, never>, 'show' | 'view'>, a: R, b: R): boolean =>
  text(a) === text(b) || sameValue(show(a), show(b))
