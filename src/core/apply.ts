/** Updates and replicas that the caller vouches for: see README, "Who vouches". */
import { classify } from './Arrivals.js'
import * as Change from './Change.js'
import * as Clock from './Clock.js'
import * as Sure from './Sure.js'
import type { DataType } from './DataType.js'
import * as Log from './Log.js'
import { news } from './news.js'
import { receive, take, withLogged } from './receive.js'
import { evolve, type Replica } from './Replica.js'
import * as Timestamp from './Timestamp.js'
import * as Unread from './Unread.js'
import type { SourceId, Update } from './Update.js'

/** A reducer: {@link applyUpdates} of one. */
export const applyUpdate =
  <S, C>(dataType: DataType<S, C>) =>
  (update: Update<C>) =>
  (replica: Replica<S, C>): Replica<S, C> => {
    const clock = Timestamp.is(update[1]) ? Clock.advance(update)(replica.clock) : replica.clock
    return clock === replica.clock
      ? applyAll(dataType, [update], replica)
      : evolve(dataType, [Change.isolate(update)], clock, replica)
  }

/**
 * Applies what the replica does not have, in the order given. The same replica if that is nothing.
 * Total: an update with an invalid stamp is ignored.
 *
 * For updates of which the caller knows that none is missing before them: own ones, or a whole
 * `history` of a peer without doubt. Of several contents of one stamp it takes the first alone:
 * with forks, as all that was overheard, cut short or pushed, go through `reconcile`. Believes the
 * updates: see `decode`. Objects within their changes are copied unless frozen. O(u (log n + log
 * s)) for u updates, n held and s sources, and the data type's `apply`.
 */
export const applyUpdates =
  <S, C>(dataType: DataType<S, C>) =>
  (updates: Iterable<Update<C>>) =>
  (replica: Replica<S, C>): Replica<S, C> =>
    applyAll(dataType, Array.isArray(updates) ? (updates as ReadonlyArray<Update<C>>) : Array.from(updates), replica)

const applyAll = <S, C>(
  dataType: DataType<S, C>,
  updates: ReadonlyArray<Update<C>>,
  replica: Replica<S, C>,
): Replica<S, C> => {
  const arrivals = classify(dataType, { updates }, 'caller', replica)
  // an update that the clock covers has no effect, so that a batch equals its updates one by one
  return receive(dataType, { ...arrivals, forked: [] }, replica).replica
}

/**
 * The join of two replicas of one document: as sure as either. Has no errors: believes the other
 * replica, so a peer goes through `reconcile`. O(d log n) for d updates in which versions of one
 * replica differ, O(n log n) between strangers.
 */
export const merge =
  <S, C>(dataType: DataType<S, C>) =>
  (other: Replica<S, C>) =>
  (replica: Replica<S, C>): Replica<S, C> => {
    if (other === replica) return replica
    // what one floor covers must not stay in the other state
    if (replica.clock.floor < other.clock.floor) return { ...merge(dataType)(replica)(other), id: replica.id }
    const merged = take(dataType, news(replica, other) ?? { updates: [] }, 'nobody', replica).replica
    const clock = Clock.join(other.clock)(Clock.join(replica.clock)(merged.clock))
    return clock === merged.clock ? merged : { ...merged, clock }
  }

/**
 * The word of the user that nobody else lives who knows more: sure of these sources, or of all, as
 * far as they were seen. The way out of a doubt that nobody can end; it costs prints in each
 * digest. If somebody does know more, the replica and all whom it tells may lack that for ever.
 * O(d log s) for d sources in doubt.
 */
export const settle =
  (sources?: Iterable<SourceId>) =>
  <S, C>(replica: Replica<S, C>): Replica<S, C> => {
    const clock = Sure.settle(sources)(replica.clock)
    return clock === replica.clock ? replica : { ...replica, clock }
  }

/**
 * Reads what could not be read before, with the codec of a newer data type, and completes a state
 * that an older program made: see `DataType.complete`. The same replica if there is nothing to do.
 * O(u log n) for u unread updates, and as `applyUpdates`.
 *
 * With `isAllowed`, each update meets the state after those before it. One that is not allowed
 * goes, and is in doubt as if it had never come.
 */
export const reread = <S, C>(dataType: DataType<S, C>, isAllowed?: (update: Update<C>, state: S) => boolean) => {
  const decode = Change.decode(dataType)
  const readAll = (updates: ReadonlyArray<Update<C>>, replica: Replica<S, C>): Replica<S, C> => {
    const log = updates.reduce((next, update) => Log.fork(update)(next), replica.log)
    return withLogged(dataType, updates, false, { ...replica, log })
  }
  return (saved: Replica<S, C>): Replica<S, C> => {
    const state = dataType.complete?.(saved.state) ?? saved.state
    const replica = state === saved.state ? saved : { ...saved, state }
    const read: Update<C>[] = []
    const left: Update<unknown>[] = []
    for (const update of Unread.all(replica.log)) {
      const [json, ...stamp] = update
      const decoded = decode(json)
      if (decoded._tag === 'Right') read.push(Change.saying(Object.freeze([decoded.right, ...stamp] as const), json))
      else left.push(update)
    }
    if (read.length === 0) return replica
    const kept = { ...replica, log: Unread.keep(left)(replica.log) }
    if (isAllowed === undefined) return readAll(read, kept)
    return read.reduce(
      (next, update) => (isAllowed(update, next.state) ? readAll([update], next) : doubting(update, next)),
      kept,
    )
  }
}

/** The replica, sure of an update's source only up to what it holds before the update. */
const doubting = <S, C>([, timestamp, source]: Update<C>, replica: Replica<S, C>): Replica<S, C> => {
  const before = Log.timestamps(source, Timestamp.NEVER, timestamp)(replica.log).filter((held) => held < timestamp)
  return { ...replica, clock: Clock.doubtFrom(source, before.at(-1) ?? Timestamp.NEVER)(replica.clock) }
}
