/** One copy of the data: who it is, what it has seen, what it can still tell others, and what it says. */
import type { either as E } from 'fp-ts'
import * as Change from './Change.js'
import * as Clock from './Clock.js'
import type { Command, DataType, Maker } from './DataType.js'
import * as Json from './Json.js'
import * as Log from './Log.js'
import type { Rejection } from './Rejection.js'
import * as Timestamp from './Timestamp.js'
import type { SourceId, Update } from './Update.js'

/** Plain data, never changed: whoever holds one may keep it for ever. */
export interface Replica<S, C> {
  readonly id: SourceId
  readonly clock: Clock.Clock
  readonly log: Log.Log<C>
  readonly state: S
}

/** What a replica tells a peer: who it is and what it has seen. A header, on the wire. */
export interface Digest {
  readonly id: SourceId
  readonly clock: Clock.ClockRecord
  /** The clock's floor, where it has one: the original, which does not know it, may send again what has lapsed. */
  readonly floor?: Timestamp.Timestamp
  readonly meta?: unknown
}

/** A replica that has seen nothing. `id` must be its own: two that write under one id lose data. */
export const create =
  <S, C>(dataType: DataType<S, C>) =>
  (id: SourceId): Replica<S, C> => ({ id, clock: Clock.empty, log: Log.empty(), state: dataType.empty })

/**
 * Makes a local update: stamped after all that the replica has seen, whatever the wall
 * clock's `now` in ms. The change is copied, so the caller may go on with theirs.
 *
 * Errors: the command's own; `InvalidChange` for a change that the codec refuses or JSON
 * cannot carry; `TimestampsExhausted`. Costs as `applyUpdate`, and the size of the change.
 *
 * @example
 * const model = scuttlebutt(Model.of(t.number))
 * const [update, replica] = unwrap(model.change(Model.set('x', 1), 1000)(model.create('ann')))
 * update // => [['x', 1], 1000, 'ann']
 * const count = (state, { source }) => E.right(Model.set(source, Model.size(state)))
 * unwrap(model.change(count, 10)(replica))[0] // => [['ann', 1], 1000.0000000000001, 'ann']
 */
export const change = <S, C>(dataType: DataType<S, C>) => {
  const make = propose(dataType)
  return <Err = never>(command: Command<S, C, Err>, now: number) =>
    (replica: Replica<S, C>): E.Either<Err | Rejection, readonly [Update<C>, Replica<S, C>]> => {
      const made = make(command, now)(replica)
      if (made._tag === 'Left') return made
      const update = made.right
      return {
        _tag: 'Right',
        right: [update, evolve(dataType, [update], Clock.advance(update)(replica.clock), replica)],
      }
    }
}

/** The replica after updates that are new to it, and the clock after them. */
const evolve = <S, C>(
  dataType: DataType<S, C>,
  fresh: ReadonlyArray<Update<C>>,
  clock: Clock.Clock,
  replica: Replica<S, C>,
): Replica<S, C> => {
  const { state, superseded } = dataType.apply(fresh)(replica.state)
  return { id: replica.id, clock, log: Log.evolve(fresh, superseded)(replica.log), state }
}

/** The update that {@link change} would make, not yet applied: to be signed first. */
export const propose = <S, C>(dataType: DataType<S, C>) => {
  const normalise = Change.normalise(dataType)
  return <Err = never>(command: Command<S, C, Err>, now: number) =>
    (replica: Replica<S, C>): E.Either<Err | Rejection, Update<C>> => {
      const { id: source, clock, state } = replica
      const timestamp = Timestamp.next(now, clock.latest)
      if (!Timestamp.is(timestamp)) return left({ _tag: 'TimestampsExhausted', at: '', latest: clock.latest })
      const made: E.Either<Err, C> = isFunction(command)
        ? command(state, { timestamp, source })
        : { _tag: 'Right', right: command }
      if (made._tag === 'Left') return made
      const normal = normalise(made.right)
      if (normal._tag === 'Left') {
        return left({
          _tag: 'InvalidChange',
          at: '[0]',
          failures: normal.left,
          update: [made.right, timestamp, source],
        })
      }
      return { _tag: 'Right', right: Object.freeze([normal.right, timestamp, source] as const) }
    }
}

const left = (rejection: Rejection): E.Left<Rejection> => ({ _tag: 'Left', left: rejection })

// a change is JSON, so a function is never one
const isFunction = <S, C, Err>(command: Command<S, C, Err>): command is Maker<S, C, Err> =>
  typeof command === 'function'

/** A reducer: {@link applyUpdates} of one. */
export const applyUpdate =
  <S, C>(dataType: DataType<S, C>) =>
  (update: Update<C>) =>
  (replica: Replica<S, C>): Replica<S, C> =>
    admitOne(dataType, update, replica)[1]

/**
 * Applies what the replica has not seen yet, in the order given; the same replica if
 * that is nothing. Total: an update without a valid stamp is as one seen already.
 *
 * The updates are believed: see `decode`. Objects within their changes are copied unless frozen.
 * O(u (log n + log s)) for u updates, n held and s sources, and what the data type takes.
 */
export const applyUpdates =
  <S, C>(dataType: DataType<S, C>) =>
  (updates: Iterable<Update<C>>) =>
  (replica: Replica<S, C>): Replica<S, C> =>
    admit(dataType)(updates)(replica)[1]

/** As {@link applyUpdates}, with the updates that were new, in order. */
export const admit =
  <S, C>(dataType: DataType<S, C>) =>
  (updates: Iterable<Update<C>>) =>
  (replica: Replica<S, C>): readonly [ReadonlyArray<Update<C>>, Replica<S, C>] => {
    if (Array.isArray(updates) && updates.length === 1) return admitOne(dataType, updates[0] as Update<C>, replica)
    const { fresh, clock } = sift(updates)(replica)
    if (fresh.length === 0) return [fresh, replica]
    for (let i = 0; i < fresh.length; i++) fresh[i] = Change.isolate(fresh[i]!)
    return [fresh, evolve(dataType, fresh, clock, replica)]
  }

/** The most usual batch, without what it takes to sift one. */
const admitOne = <S, C>(
  dataType: DataType<S, C>,
  update: Update<C>,
  replica: Replica<S, C>,
): readonly [ReadonlyArray<Update<C>>, Replica<S, C>] => {
  const clock = Timestamp.is(update[1]) ? Clock.advance(update)(replica.clock) : replica.clock
  if (clock === replica.clock) return [[], replica]
  const fresh = [Change.isolate(update)]
  return [fresh, evolve(dataType, fresh, clock, replica)]
}

interface Sifted<C> {
  /** What the replica has not seen, in the order given. */
  readonly fresh: Update<C>[]
  /** What it has, or what came earlier in the batch. */
  readonly stale: Update<C>[]
  /** The clock after the batch. */
  readonly clock: Clock.Clock
}

/** What of a batch is new to a replica. An update without a valid stamp is neither new nor seen. O(u log s). */
export const sift =
  <C>(updates: Iterable<Update<C>>) =>
  <S>(replica: Replica<S, C>): Sifted<C> => {
    const clock = new Clock.Draft(replica.clock)
    const given: ReadonlyArray<Update<C>> = Array.isArray(updates) ? updates : Array.from(updates)
    // of just the length it needs, if all are new, as they are more often than not; and no iterator, whose results are allocated
    const fresh = new Array<Update<C>>(given.length)
    const stale: Update<C>[] = []
    let count = 0
    given.forEach((update) => {
      if (!Timestamp.is(update[1])) return
      if (clock.advance(update[2], update[1])) fresh[count++] = update
      else stale.push(update)
    })
    fresh.length = count
    return { fresh, stale, clock: clock.done() }
  }

/**
 * Which of the updates have a stamp under which the replica, or the batch itself, holds another content: an
 * `Equivocation` each, with both as proof. Not seen once the one held is superseded.
 * O(u log u) if any of the updates is not new, else O(u log s).
 *
 * @example
 * const model = scuttlebutt(Model.of(t.number))
 * const replica = model.applyUpdate([['x', 1], 1000, 'ann'])(model.create('ben'))
 * const [proof] = model.equivocations([[['x', 2], 1000, 'ann']])(replica)
 * proof.held // => [['x', 1], 1000, 'ann']
 */
export const equivocations =
  <S, C>(dataType: DataType<S, C>) =>
  (updates: Iterable<Update<C>>) =>
  (replica: Replica<S, C>): ReadonlyArray<Equivocation<C>> =>
    confront(dataType)(updates)(replica)[0]

/** As many proofs against one source are kept: more prove no more, and would let it fill our memory. */
const MAX_FORKS = 64

/** Another content under a stamp that is held. */
export type Equivocation<C> = Extract<Rejection, { readonly _tag: 'Equivocation' }> & {
  readonly update: Update<C>
  readonly held: Update<C>
}

/**
 * Takes up the {@link equivocations} among some updates as well, each content once: it counts and is passed on beside the one
 * held, as the order of updates tells them apart. So replicas that have seen the same contents show the same, whichever came
 * first, of any type to which the order within a source is all one; all in this library are. No clock moves. Costs as
 * {@link equivocations}, and what the data type takes. Of one source 64 are taken up; beyond, what came first stands.
 *
 * @example
 * const model = scuttlebutt(Model.of(t.number))
 * const [one, two] = [['x', 1], ['x', 2]].map((change) => [change, 1000, 'liar'])
 * const replicas = [[one, two], [two, one]].map(([first, second]) => {
 *   const replica = model.applyUpdate(first)(model.create('ann'))
 *   return confront(model.dataType)([second])(replica)[1]
 * })
 * replicas.map(({ state }) => Model.toJSON(state)) // => [{ x: 2 }, { x: 2 }]
 */
export const confront =
  <S, C>(dataType: DataType<S, C>) =>
  (updates: Iterable<Update<C>>) =>
  (replica: Replica<S, C>): readonly [ReadonlyArray<Equivocation<C>>, Replica<S, C>] => {
    const { fresh, stale } = sift(updates)(replica)
    if (stale.length === 0) return [[], replica]
    const { encode } = dataType.change
    const proofs: Equivocation<C>[] = []
    let log = Log.evolve(fresh, [])(replica.log)
    for (const given of stale) {
      if (Log.forksOf(given[2])(log) >= MAX_FORKS) continue
      const held = Log.contents(given)(log)
      if (held.length === 0 || held.some((one) => one === given || Json.equals(encode(one[0]), encode(given[0]))))
        continue
      const update = Change.isolate(given)
      log = Log.fork(update)(log)
      proofs.push({ _tag: 'Equivocation', at: '[0]', update, held: held[0]! })
    }
    if (proofs.length === 0) return [proofs, replica]
    return [proofs, proofs.reduce((next, { update }) => withFork(dataType, update, next), replica)]
  }

/** What {@link take} would take of a batch. Costs as {@link equivocations}. */
export const news =
  <S, C>(dataType: DataType<S, C>) =>
  (updates: ReadonlyArray<Update<C>>, past?: Past) =>
  (replica: Replica<S, C>): ReadonlyArray<Update<C>> => {
    const { fresh, stale } = sift(updates)(replica)
    if (stale.length === 0) return fresh
    const lost = stale.filter((update) => isLost(update, past)(replica))
    return [...lost, ...fresh, ...equivocations(dataType)(updates)(replica).map(({ update }) => update)]
  }

/** What is not held is left to those who apply it: its second content comes again with the next confrontation. */
const withFork = <S, C>(dataType: DataType<S, C>, update: Update<C>, replica: Replica<S, C>): Replica<S, C> => {
  if (Log.find(update)(replica.log) === undefined) return replica
  const { state, superseded } = dataType.apply([update])(replica.state)
  const log = Log.evolve([], superseded)(Log.fork(update)(replica.log))
  return { id: replica.id, clock: replica.clock, log, state }
}

/**
 * The updates that a source may have made before it began anew, without what it had: between `since`, the newest that it knew then,
 * and `until`, the first that it made since. A digest cannot ask for them, as it claims all up to the newest.
 */
export interface Past {
  readonly source: SourceId
  readonly since: Timestamp.Timestamp
  readonly until: Timestamp.Timestamp
}

/** Whether an update is one of those that were lost. O(log u). */
export const isLost =
  (update: Update<unknown>, past: Past | undefined) =>
  <S, C>({ log }: Replica<S, C>): boolean =>
    update[2] === past?.source &&
    update[1] > past.since &&
    update[1] < past.until &&
    Log.find(update)(log) === undefined

/**
 * Takes up updates that were lost, though the clock covers them: as though they had come in their time. O(u log u) for u updates
 * held: the state is made anew, for its data type to get each source's updates in order.
 *
 * @example
 * const model = scuttlebutt(Model.of(t.number))
 * const began = model.applyUpdate([['x', 1], 2000, 'ann'])(model.create('ann'))
 * Model.toJSON(recover(model.dataType)([[['y', 2], 1000, 'ann']])(began).state) // => { x: 1, y: 2 }
 */
export const recover =
  <S, C>(dataType: DataType<S, C>) =>
  (lost: ReadonlyArray<Update<C>>) =>
  (replica: Replica<S, C>): Replica<S, C> => {
    const all = Log.sorted([...history(dataType)()(replica), ...lost])
    const again = applyUpdates(dataType)(all)(create(dataType)(replica.id))
    const [, confronted] = confront(dataType)(all)(again)
    return { ...confronted, clock: Clock.join(confronted.clock)(replica.clock) }
  }

/**
 * As {@link admit}, with what it leaves: {@link recover}s what was lost of the `past`, and {@link confront}s what equivocates.
 * Gives all that was taken, in that order, the replica, and the equivocations.
 */
export const take =
  <S, C>(dataType: DataType<S, C>) =>
  (updates: ReadonlyArray<Update<C>>, past?: Past) =>
  (
    replica: Replica<S, C>,
  ): readonly [taken: ReadonlyArray<Update<C>>, replica: Replica<S, C>, proofs: ReadonlyArray<Equivocation<C>>] => {
    const lost = past === undefined ? [] : updates.filter((update) => isLost(update, past)(replica))
    const whole = lost.length === 0 ? replica : recover(dataType)(lost)(replica)
    const [fresh, admitted] = admit(dataType)(updates)(whole)
    if (fresh.length === updates.length || equivocations(dataType)(updates)(whole).length === 0) {
      return [lost.concat(fresh), admitted, []]
    }
    // one by one, so that none is superseded and forgotten before its other content comes
    const taken = [...lost]
    const proofs: Equivocation<C>[] = []
    let next = whole
    for (const update of updates) {
      const [isNew, one] = admitOne(dataType, update, next)
      const [forks, both] = isNew.length > 0 ? [[], one] : confront(dataType)([update])(next)
      taken.push(...isNew, ...forks.map((fork) => fork.update))
      proofs.push(...forks)
      next = both
    }
    return [taken, next, proofs]
  }

/** O(s) for s sources. */
export const digest = <S, C>({ id, clock }: Replica<S, C>): Digest => {
  const { floor } = clock
  return floor === Timestamp.NEVER ? { id, clock: Clock.toRecord(clock) } : { id, clock: Clock.toRecord(clock), floor }
}

/**
 * The updates that `clock` does not cover, sorted by (timestamp, source), in
 * O(d log d + s log u) for d updates returned, s sources and u updates held.
 * Without a clock, all.
 *
 * A budget cuts it short, and never leaves a gap within a source: sent in this order, a
 * peer may stop midway and go on from its own digest. Source: LADIS 2008, section 3.
 *
 * @example
 * const model = scuttlebutt(Model.of(t.number))
 * const replica = model.applyUpdates([[['x', 1], 1, 'ann'], [['y', 2], 2, 'ben']])(model.create('cy'))
 * model.history({ ann: 1 })(replica) // => [[['y', 2], 2, 'ben']]
 * model.history({}, { maxUpdates: 1 })(replica) // => [[['x', 1], 1, 'ann']]
 */
export const history =
  <S, C>(dataType: DataType<S, C>) =>
  (clock: Clock.ClockRecord = {}, budget?: Log.Budget) =>
  (replica: Replica<S, C>): ReadonlyArray<Update<C>> =>
    missing(dataType)({ clock }, budget)(replica)

/** The {@link history} that the replica of a digest lacks. */
export const missing =
  <S, C>(dataType: DataType<S, C>) =>
  ({ clock, floor }: Pick<Digest, 'clock' | 'floor'>, budget?: Log.Budget) =>
  (replica: Replica<S, C>): ReadonlyArray<Update<C>> => {
    const behind = Clock.aheadOfRecord(clock, floor)(replica.clock)
    if (budget === undefined) return Log.since(behind)(replica.log)
    const [updates] = Log.take(budget, bytes(dataType))(Log.frontier(behind, budget.order)(replica.log))
    return Log.sorted(updates)
  }

/** UTF-8 bytes of an update as JSON. */
const bytes =
  <S, C>(dataType: DataType<S, C>) =>
  ([made, ...stamp]: Update<C>): number =>
    new TextEncoder().encode(JSON.stringify([dataType.change.encode(made), ...stamp])).length

/**
 * Takes over all that another replica of the same document knows, its clock included: the
 * join of the two. For replicas that one trusts as oneself; a peer goes through `reconcile`.
 * O(d log d + s log u) for d updates that were new.
 */
export const merge =
  <S, C>(dataType: DataType<S, C>) =>
  (other: Replica<S, C>) =>
  (replica: Replica<S, C>): Replica<S, C> => {
    const missing = Log.since(Clock.ahead(replica.clock)(other.clock))(other.log)
    const merged = applyUpdates(dataType)(missing)(replica)
    const clock = Clock.join(other.clock)(merged.clock)
    return clock === merged.clock ? merged : { ...merged, clock }
  }

/**
 * Lets go of what has lapsed at `now`, in ms since the epoch: from the state, from the log, and from the clock the sources
 * of which nothing newer was seen. None of it comes back: the clock covers it still, by its floor. The same
 * replica if there is nothing to let go of, or the data type forgets nothing. O(d log u + s) for d updates dropped.
 *
 * @example
 * const model = scuttlebutt(ExpiryModel.of(t.number, { maxAge: 1000 }))
 * const replica = model.applyUpdate([['x', 1], 5000, 'ann'])(model.create('ben'))
 * const pruned = model.prune(7000)(replica)
 * model.digest(pruned) // => { id: 'ben', clock: {}, floor: 6000 }
 * model.applyUpdate([['x', 1], 5000, 'ann'])(pruned) === pruned // => true
 */
export const prune =
  <S, C>(dataType: DataType<S, C>) =>
  (now: number) =>
  (replica: Replica<S, C>): Replica<S, C> => {
    if (dataType.prune === undefined) return replica
    const { state, superseded, lapsed = Timestamp.NEVER } = dataType.prune(now)(replica.state)
    const raised = Clock.raise(lapsed)(replica.clock)
    const forgot = Clock.size(raised) < Clock.size(replica.clock)
    if (state === replica.state && superseded.length === 0 && !forgot) return replica
    return { id: replica.id, clock: raised, log: Log.evolve([], superseded)(replica.log), state }
  }
