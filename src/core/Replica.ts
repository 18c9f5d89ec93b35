/** One copy of the data: its name, its clock, the updates that peers may need, and its state. */
import type { either as E } from 'fp-ts'
import * as Change from './Change.js'
import * as Clock from './Clock.js'
import type { Applied, Command, DataType, Maker } from './DataType.js'
import { left, right } from './Either.js'
import * as Json from './Json.js'
import * as Log from './Log.js'
import * as Timestamp from './Timestamp.js'
import * as Unread from './Unread.js'
import type { SourceId, Update } from './Update.js'

/** Plain data that never changes: an old version stays valid. */
export interface Replica<S, C> {
  readonly id: SourceId
  readonly clock: Clock.Clock
  readonly log: Log.Log<C>
  readonly state: S
}

/** The clock has seen the last timestamp there is. */
export interface TimestampsExhausted {
  readonly _tag: 'TimestampsExhausted'
  readonly at: string
  readonly latest: Timestamp.Timestamp
}

/** Why {@link change} refuses, beside the command's own errors. */
export type ChangeError = Change.InvalidChange | Change.TooLarge | TimestampsExhausted

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
 * Errors: the command's own; `InvalidChange` for a change that the codec refuses or JSON cannot
 * carry; `TooLarge` for more than a peer takes; `TimestampsExhausted`. Costs as `applyUpdate`, and
 * the size of the change.
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
export const change = <S, C>(dataType: DataType<S, C>, maxBytes = MAX_BYTES) => {
  const make = proposing(dataType, maxBytes)
  return <Err = never>(command: Command<S, C, Err>, now: number) =>
    (replica: Replica<S, C>): E.Either<Err | ChangeError, readonly [Update<C>, Replica<S, C>]> => {
      const made = make(command, now, replica)
      return made._tag === 'Left' ? made : right([made.right, withOwn(dataType, made.right, replica)])
    }
}

/**
 * Several local updates, each command on the state after those before it: all or nothing. The error
 * is that of the first command that fails. Costs as {@link change} for each.
 *
 * @example
 * import * as t from 'io-ts'
 * const list = scuttlebutt(RArray.of(t.string))
 * const commands = [RArray.push('a'), RArray.push('b')]
 * const [updates] = unwrap(list.changeAll(commands, 1000)(list.create('ann')))
 * updates.length // => 2
 */
export const changeAll = <S, C>(dataType: DataType<S, C>, maxBytes = MAX_BYTES) => {
  const changeOne = change(dataType, maxBytes)
  return <Err = never>(commands: Iterable<Command<S, C, Err>>, now: number) =>
    (replica: Replica<S, C>): E.Either<Err | ChangeError, readonly [ReadonlyArray<Update<C>>, Replica<S, C>]> => {
      const updates: Update<C>[] = []
      let next = replica
      for (const command of commands) {
        const changed = changeOne(command, now)(next)
        if (changed._tag === 'Left') return changed
        updates.push(changed.right[0])
        next = changed.right[1]
      }
      return right([updates, next])
    }
}

/** No update is larger, in bytes of JSON: peers take no longer line. 1 MiB. */
export const MAX_BYTES = 1 << 20

/** The bytes of a timestamp, brackets and commas. */
const STAMP_ROOM = 64

/** The update that {@link change} would make, not yet applied: it may have to be signed first. */
export const propose = <S, C>(dataType: DataType<S, C>, maxBytes = MAX_BYTES) => {
  const make = proposing(dataType, maxBytes)
  return <Err = never>(command: Command<S, C, Err>, now: number) =>
    (replica: Replica<S, C>): E.Either<Err | ChangeError, Update<C>> =>
      make(command, now, replica)
}

// one call, and no function made on the way: it is the hot path of all writers
const proposing = <S, C>(dataType: DataType<S, C>, maxBytes: number) => {
  const normalise = Change.normalise(dataType)
  return <Err>(
    command: Command<S, C, Err>,
    now: number,
    { id: source, clock, state }: Replica<S, C>,
  ): E.Either<Err | ChangeError, Update<C>> => {
    const timestamp = Timestamp.next(now, clock.latest)
    if (!Timestamp.is(timestamp)) return left({ _tag: 'TimestampsExhausted', at: '', latest: clock.latest })
    const made: E.Either<Err, C> = isMaker(command) ? command(state, { timestamp, source }) : right(command)
    if (made._tag === 'Left') return made
    const size = { most: 6 * source.length + STAMP_ROOM }
    const normal = normalise(made.right, size)
    if (normal._tag === 'Right') {
      const update = Object.freeze([normal.right, timestamp, source] as const)
      if (size.most <= maxBytes) return right(update)
      // it may be too large: only now is it worth a text
      const bytes = Json.bytes(JSON.stringify([dataType.change.encode(normal.right), timestamp, source]))
      return bytes <= maxBytes ? right(update) : left({ _tag: 'TooLarge', at: '', bytes, maxBytes, update })
    }
    const update = [made.right, timestamp, source]
    return left({ _tag: 'InvalidChange', at: '[0]', failures: normal.left, update })
  }
}

// a change is JSON, so a function is never one
const isMaker = <S, C, Err>(command: Command<S, C, Err>): command is Maker<S, C, Err> => typeof command === 'function'

/** The replica after an update that {@link propose} made from it. */
export const applyOwn =
  <S, C>(dataType: DataType<S, C>) =>
  (update: Update<C>) =>
  (replica: Replica<S, C>): Replica<S, C> =>
    withOwn(dataType, update, replica)

const withOwn = <S, C>(dataType: DataType<S, C>, update: Update<C>, replica: Replica<S, C>): Replica<S, C> => {
  const { state } = replica
  const fresh = [update]
  const applied = dataType.own === undefined ? dataType.apply(fresh)(state) : dataType.own(update)(state)
  return evolved(applied, fresh, Clock.advance(update)(replica.clock), replica)
}

/** The replica after isolated updates that are new to it. `clock` is the clock after them. */
export const evolve = <S, C>(
  dataType: DataType<S, C>,
  fresh: ReadonlyArray<Update<C>>,
  clock: Clock.Clock,
  replica: Replica<S, C>,
): Replica<S, C> => evolved(dataType.apply(fresh)(replica.state), fresh, clock, replica)

const evolved = <S, C>(
  { state, superseded }: Applied<S, C>,
  fresh: ReadonlyArray<Update<C>>,
  clock: Clock.Clock,
  { id, log }: Replica<S, C>,
): Replica<S, C> => ({ id, clock, log: Log.evolve(fresh, superseded, log), state })

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
 * model.digest(pruned) // => { id: 'ben', clock: {}, floor: 5000 }
 * model.applyUpdate([['x', 1], 5000, 'ann'])(pruned) === pruned // => true
 */
export const prune =
  <S, C>(dataType: DataType<S, C>) =>
  (now: number) =>
  (replica: Replica<S, C>): Replica<S, C> => {
    if (dataType.prune === undefined) return replica
    const { state, superseded, lapsed = Timestamp.NEVER } = dataType.prune(now)(replica.state)
    // never above what was seen: a floor in the future would make the replica deaf
    const raised = Clock.raise(Math.min(lapsed, replica.clock.latest))(replica.clock)
    const forgot = Clock.size(raised) < Clock.size(replica.clock)
    if (state === replica.state && superseded.length === 0 && !forgot) return replica
    // the contents of a stamp lapse together
    const forked = superseded.filter((update) => Log.isForked(update)(replica.log))
    const kept = forked.reduce((log, update) => Log.without(update)(log), Log.evolve([], superseded, replica.log))
    const log = Unread.dropUpTo(raised.floor)(kept)
    return { id: replica.id, clock: raised, log, state }
  }
