/** One copy of the data: its name, its clock, the updates that peers may need, and its state. */
import type { either as E } from 'fp-ts'
import * as Change from './Change.js'
import * as Clock from './Clock.js'
import type { Command, DataType, Maker } from './DataType.js'
import { left, right } from './Either.js'
import * as Frontier from './Frontier.js'
import * as Json from './Json.js'
import * as Log from './Log.js'
import * as Timestamp from './Timestamp.js'
import type { SourceId, Update } from './Update.js'

/** Plain data that never changes: an old version stays valid. */
export interface Replica<S, C> {
  readonly id: SourceId
  readonly clock: Clock.Clock
  readonly log: Log.Log<C>
  readonly state: S
}

/** Who a replica is and what it has seen. On the wire it is the header. */
export interface Digest {
  readonly id: SourceId
  readonly clock: Clock.ClockRecord
  /**
   * The clock's floor, if it has one. The original ignores it, and may send lapsed updates again.
   */
  readonly floor?: Timestamp.Timestamp
  readonly meta?: unknown
}

/** The clock has seen the last timestamp there is. */
export interface TimestampsExhausted {
  readonly _tag: 'TimestampsExhausted'
  readonly at: string
  readonly latest: Timestamp.Timestamp
}

/** Why {@link change} refuses, beside the command's own errors. */
export type ChangeError = Change.InvalidChange | TimestampsExhausted

/**
 * A replica that has seen nothing. Two replicas that write under one `id` lose data. O(1).
 */
export const create =
  <S, C>(dataType: DataType<S, C>) =>
  (id: SourceId): Replica<S, C> => ({ id, clock: Clock.empty, log: Log.empty(), state: dataType.empty })

/**
 * Makes a local update, stamped after all that the replica has seen, even if the wall clock's
 * `now`, in ms, is behind. The change is copied, so the caller may edit theirs afterwards.
 *
 * Errors: the command's own; `InvalidChange` for a change that the codec refuses or JSON
 * cannot carry; `TimestampsExhausted`. Costs as `applyUpdate`, and the size of the change.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as t from 'io-ts'
 * const model = scuttlebutt(Model.of(t.number))
 * const [update, replica] = unwrap(model.change(Model.set('x', 1), 1000)(model.create('ann')))
 * update // => [['x', 1], 1000, 'ann']
 * const count = (state, { source }) => E.right(Model.set(source, Model.size(state)))
 * unwrap(model.change(count, 10)(replica))[0] // => [['ann', 1], 1000.0000000000001, 'ann']
 */
export const change = <S, C>(dataType: DataType<S, C>) => {
  const make = propose(dataType)
  const own = applyOwn(dataType)
  return <Err = never>(command: Command<S, C, Err>, now: number) =>
    (replica: Replica<S, C>): E.Either<Err | ChangeError, readonly [Update<C>, Replica<S, C>]> => {
      const made = make(command, now)(replica)
      return made._tag === 'Left' ? made : right([made.right, own(made.right)(replica)])
    }
}

/** The update that {@link change} would make, not yet applied: it may have to be signed first. */
export const propose = <S, C>(dataType: DataType<S, C>) => {
  const normalise = Change.normalise(dataType)
  return <Err = never>(command: Command<S, C, Err>, now: number) =>
    (replica: Replica<S, C>): E.Either<Err | ChangeError, Update<C>> => {
      const { id: source, clock, state } = replica
      const timestamp = Timestamp.next(now, clock.latest)
      if (!Timestamp.is(timestamp)) return left({ _tag: 'TimestampsExhausted', at: '', latest: clock.latest })
      const made: E.Either<Err, C> = isMaker(command) ? command(state, { timestamp, source }) : right(command)
      if (made._tag === 'Left') return made
      const normal = normalise(made.right)
      if (normal._tag === 'Right') return right(Object.freeze([normal.right, timestamp, source] as const))
      const update = [made.right, timestamp, source]
      return left({ _tag: 'InvalidChange', at: '[0]', failures: normal.left, update })
    }
}

// a change is JSON, so a function is never one
const isMaker = <S, C, Err>(command: Command<S, C, Err>): command is Maker<S, C, Err> => typeof command === 'function'

/** The replica after an update that {@link propose} made from it. */
export const applyOwn = <S, C>(dataType: DataType<S, C>) => {
  const { own } = dataType
  const transition: Transition<S, C> = own === undefined ? dataType : { apply: ([update]) => own(update!) }
  return (update: Update<C>) =>
    (replica: Replica<S, C>): Replica<S, C> =>
      evolve(transition, [update], Clock.advance(update)(replica.clock), replica)
}

type Transition<S, C> = Pick<DataType<S, C>, 'apply'>

/** The replica after isolated updates that are new to it. `clock` is the clock after them. */
export const evolve = <S, C>(
  dataType: Transition<S, C>,
  fresh: ReadonlyArray<Update<C>>,
  clock: Clock.Clock,
  replica: Replica<S, C>,
): Replica<S, C> => {
  const { state, superseded } = dataType.apply(fresh)(replica.state)
  return { id: replica.id, clock, log: Log.evolve(fresh, superseded)(replica.log), state }
}

/** A reducer: {@link applyUpdates} of one. */
export const applyUpdate =
  <S, C>(dataType: DataType<S, C>) =>
  (update: Update<C>) =>
  (replica: Replica<S, C>): Replica<S, C> => {
    const clock = Timestamp.is(update[1]) ? Clock.advance(update)(replica.clock) : replica.clock
    return clock === replica.clock ? replica : evolve(dataType, [Change.isolate(update)], clock, replica)
  }

/**
 * Applies what the replica has not seen yet, in the order given. The same replica if that is
 * nothing. Total: an update with an invalid stamp is ignored.
 *
 * Believes the updates: see `decode`. Objects within their changes are copied unless frozen.
 * O(u (log n + log s)) for u updates, n held and s sources, and the data type's `apply`.
 */
export const applyUpdates =
  <S, C>(dataType: DataType<S, C>) =>
  (updates: Iterable<Update<C>>) =>
  (replica: Replica<S, C>): Replica<S, C> => {
    const given: ReadonlyArray<Update<C>> = Array.isArray(updates) ? updates : Array.from(updates)
    if (given.length === 1) return applyUpdate(dataType)(given[0]!)(replica)
    const { fresh, clock } = sift(given)(replica)
    return fresh.length === 0 ? replica : evolve(dataType, isolated(fresh), clock, replica)
  }

/**
 * The updates with changes that nobody else can edit. Writes them into the array that it is given.
 */
export const isolated = <C>(updates: Update<C>[]): ReadonlyArray<Update<C>> => {
  for (let i = 0; i < updates.length; i++) updates[i] = Change.isolate(updates[i]!)
  return updates
}

/** A batch, by what the replica's clock covers. */
export interface Sifted<C> {
  /** Not covered, in the order given. */
  readonly fresh: Update<C>[]
  /** Covered by the clock, or by an earlier update of the batch. */
  readonly stale: Update<C>[]
  /** The clock after the batch. */
  readonly clock: Clock.Clock
}

/** Sifts a batch. An update with an invalid stamp is in neither list. O(u log s). */
export const sift =
  <C>(updates: ReadonlyArray<Update<C>>) =>
  <S>(replica: Replica<S, C>): Sifted<C> => {
    const clock = new Clock.Draft(replica.clock)
    // usually all are fresh, so the array has their length; `forEach` allocates no iterator results
    const fresh = new Array<Update<C>>(updates.length)
    const stale: Update<C>[] = []
    let count = 0
    updates.forEach((update) => {
      if (!Timestamp.is(update[1])) return
      if (clock.advance(update[2], update[1])) fresh[count++] = update
      else stale.push(update)
    })
    fresh.length = count
    return { fresh, stale, clock: clock.done() }
  }

/** What a replica tells a peer about itself. O(s) for s sources. */
export const digest = <S, C>({ id, clock }: Replica<S, C>): Digest => {
  const { floor } = clock
  return floor === Timestamp.NEVER ? { id, clock: Clock.toRecord(clock) } : { id, clock: Clock.toRecord(clock), floor }
}

/**
 * The updates that `clock` does not cover, sorted by (timestamp, source), in O(d log d + s log u)
 * for d updates returned, s sources and u updates held. Without a clock, all.
 *
 * A budget cuts the list short, and leaves no gap within a source: a peer may stop midway and go on
 * from its own digest. Source: LADIS 2008, section 3.
 *
 * @example
 * import * as t from 'io-ts'
 * const model = scuttlebutt(Model.of(t.number))
 * const updates = [[['x', 1], 1, 'ann'], [['y', 2], 2, 'ben']]
 * const replica = model.applyUpdates(updates)(model.create('cy'))
 * model.history({ ann: 1 })(replica) // => [[['y', 2], 2, 'ben']]
 * model.history({}, { maxUpdates: 1 })(replica) // => [[['x', 1], 1, 'ann']]
 */
export const history =
  <S, C>(dataType: DataType<S, C>) =>
  (clock: Clock.ClockRecord = {}, budget?: Frontier.Budget) =>
  (replica: Replica<S, C>): ReadonlyArray<Update<C>> =>
    missing(dataType)({ clock }, budget)(replica)

/** The {@link history} that a digest's replica lacks. */
export const missing =
  <S, C>(dataType: DataType<S, C>) =>
  ({ clock, floor }: Pick<Digest, 'clock' | 'floor'>, budget?: Frontier.Budget) =>
  (replica: Replica<S, C>): ReadonlyArray<Update<C>> => {
    const behind = Clock.aheadOfRecord(clock, floor)(replica.clock)
    if (budget === undefined) return Log.since(behind)(replica.log)
    const [updates] = Frontier.next(budget, bytes(dataType))(Frontier.of(behind, budget.order)(replica.log))
    return Log.sorted(updates)
  }

/** The number of UTF-8 bytes of an update as JSON. */
const bytes =
  <S, C>(dataType: DataType<S, C>) =>
  ([made, ...stamp]: Update<C>): number =>
    Json.bytes(JSON.stringify([dataType.change.encode(made), ...stamp]))

/**
 * The join of two replicas of one document, clocks included. Has no errors: believes the other
 * replica, so a peer goes through `reconcile`. O(d log d + s log u) for d new updates.
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
 * Drops what has lapsed at `now`, in ms since the epoch: entries of the state, updates of the log,
 * and sources of the clock that have nothing newer. None of it comes back, because the clock's
 * floor covers it. The same replica if nothing has lapsed, or if the data type has no `prune`.
 * O(d log u + s) for d updates dropped.
 *
 * @example
 * import * as t from 'io-ts'
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
