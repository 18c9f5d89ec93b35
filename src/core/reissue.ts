/** The way out for a writer whose wall clock ran ahead, so that peers refuse its updates. */
import * as Clock from './Clock.js'
import * as Sure from './Sure.js'
import type { DataType } from './DataType.js'
import * as Log from './Log.js'
import { remade } from './receive.js'
import { evolve, type Replica } from './Replica.js'
import * as Timestamp from './Timestamp.js'
import * as Unread from './Unread.js'
import type { SourceId, Update } from './Update.js'

/**
 * The own updates stamped after `now` again, in order, under a new id, unsigned. They are stamped
 * from `now`, or after the newest update that another wrote, if that is later: then it is that
 * writer who must reissue. Those that cannot be read are stamped again too, and stay unread.
 *
 * The old ones go, and what the clock had of them. What they superseded is asked for again: the
 * replica is sure of no source beyond `now`, and of nothing of its old id. Changes that name their
 * own stamps, as those of `Text` and the ids of `AppendOnly`, keep the old names: what a peer has
 * of the old stroke of a `Text` stands beside the new one. O(n log n).
 *
 * @example
 * import * as t from 'io-ts'
 * const model = scuttlebutt(Model.of(t.number))
 * const [, ahead] = unwrap(model.change(Model.set('x', 1), 9000)(model.create('ann')))
 * const [updates, replica] = model.reissue('ann-2', 1000)(ahead)
 * updates // => [[['x', 1], 1000, 'ann-2']]
 * model.digest(replica) // => { id: 'ann-2', clock: { 'ann-2': 1000 } }
 */
export const reissue =
  <S, C>(dataType: DataType<S, C>) =>
  (newId: SourceId, now: number) =>
  (replica: Replica<S, C>): readonly [ReadonlyArray<Update<C>>, Replica<S, C>] => {
    const [ahead, begun, unread] = withdraw(dataType)(newId, now)(replica)
    let timestamp = Timestamp.previous(Math.max(now, begun.clock.latest))
    const updates: Update<C>[] = []
    const unreadUpdates: Update<unknown>[] = []
    const isUnread = new Set<unknown>(unread)
    for (const update of Log.sorted<unknown>([...ahead, ...unread])) {
      timestamp = Timestamp.next(now, Math.max(timestamp, begun.clock.latest))
      const again = Object.freeze([update[0], timestamp, newId] as const)
      if (isUnread.has(update)) unreadUpdates.push(again)
      else updates.push(again as Update<C>)
    }
    if (updates.length + unreadUpdates.length === 0) return [updates, begun]
    const clock = Clock.advanceAll([...updates, ...unreadUpdates])(begun.clock)
    const next = updates.length === 0 ? { ...begun, clock } : evolve(dataType, updates, clock, begun)
    return [updates, { ...next, log: unreadUpdates.reduce((log, update) => Unread.add(update)(log), next.log) }]
  }

/**
 * The own updates stamped after `now`, in order, the replica under a new id without them, and those
 * that cannot be read.
 */
export const withdraw =
  <S, C>(dataType: DataType<S, C>) =>
  (newId: SourceId, now: number) =>
  (replica: Replica<S, C>): readonly [ReadonlyArray<Update<C>>, Replica<S, C>, ReadonlyArray<Update<unknown>>] => {
    const { id, clock, log } = replica
    const isAhead = ([, timestamp, source]: Update<unknown>): boolean => source === id && timestamp > now
    const ahead = Log.sorted(Log.all(log).filter(isAhead))
    const kept = ahead.reduce<Log.Log<C>>((next, update) => Log.without(update)(next), log)
    const unread = Unread.all(log)
    const left = Unread.keep(unread.filter((update) => !isAhead(update)))(kept)
    const newest = Log.ofStretch(
      id,
      Timestamp.NEVER,
      now,
    )(left).reduce((to, [, at]) => Math.max(to, at), Timestamp.NEVER)
    const without = { id: newId, clock: Sure.rewind(id, newest, now)(clock), log: left }
    return [ahead, remade(dataType, { ...without, state: dataType.empty }), unread.filter(isAhead)]
  }
