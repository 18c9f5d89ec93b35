/**
 * What the peer is told: what the replica's log holds and the peer may lack, by updates and not by
 * stamps. So an update that fills a hole is told too, and one that was superseded meanwhile is not.
 * There is no queue: what is left is a version of the log, and a place in it.
 */
import * as Clock from '../../core/Clock.js'
import type { Digest } from '../../core/Digest.js'
import * as Frontier from '../../core/Frontier.js'
import { doubtedUpdates, fresh } from '../../core/lacking.js'
import * as Json from '../../core/Json.js'
import * as Log from '../../core/Log.js'
import type { Replica } from '../../core/Replica.js'
import type { SourceId, Update } from '../../core/Update.js'
import type { Sure } from '../WireMessage.js'

export interface Telling<C> {
  /** What the peer has, or will have once `pending` is sent. Undefined until we know. */
  readonly told: Log.Log<C> | undefined
  /** What is being told. */
  readonly pending: Frontier.Frontier<C>
  /** What the peer itself brought since `told`, in batches: it is not sent back. */
  readonly brought: ReadonlyArray<ReadonlyArray<Update<unknown>>>
  /** The number of updates in `brought`, and at which number those that are gone are dropped. */
  readonly broughtCount: number
  readonly broughtMost: number
  /** The lines since our last count that began with `[`. */
  readonly lines: number
  /** The newest update of each source since our last count. */
  readonly newest: Clock.Clock
  /** Our clock when we last said how sure we are. */
  readonly claimed: Clock.Clock
  /** How often we have said so. */
  readonly claims: number
}

/**
 * So many updates that the peer brought are kept at least, before those that are gone are dropped.
 */
const BROUGHT = 4096

export const empty = <C>(): Telling<C> => ({
  told: undefined,
  pending: Frontier.empty(),
  brought: [],
  broughtCount: 0,
  broughtMost: BROUGHT,
  lines: 0,
  newest: Clock.empty,
  claimed: Clock.empty,
  claims: 0,
})

/** Begins to tell a peer what it lacks by its digest; without one, all. O(s log u). */
export const begin =
  (peer: Pick<Digest, 'clock' | 'floor' | 'doubt'> = { clock: {} }) =>
  <C>(telling: Telling<C>, { clock, log }: Replica<unknown, C>): Telling<C> => {
    const doubted = doubtedUpdates(peer, log) as ReadonlyArray<Update<C>>
    const pending = Frontier.join(Frontier.of(fresh(peer, clock))(log), Frontier.ofUpdates(doubted))
    return { ...without(telling), told: log, pending }
  }

const without = <C>(telling: Telling<C>): Telling<C> => ({
  ...telling,
  brought: [],
  broughtCount: 0,
  broughtMost: BROUGHT,
})

/**
 * The peer brought updates. O(1), and O(u log n) now and then, to drop those that are superseded:
 * the room is that of the log.
 */
export const brought =
  (updates: ReadonlyArray<Update<unknown>>) =>
  <C>(telling: Telling<C>, { log }: Replica<unknown, C>): Telling<C> => {
    if (telling.told === undefined || updates.length === 0) return telling
    const all = [...telling.brought, updates]
    const count = telling.broughtCount + updates.length
    if (count <= telling.broughtMost) return { ...telling, brought: all, broughtCount: count }
    // the last batch has not reached the replica yet
    const kept = telling.brought.flat().filter((update) => Log.holds(update)(log))
    const broughtCount = kept.length + updates.length
    return { ...telling, brought: [kept, updates], broughtCount, broughtMost: Math.max(BROUGHT, 2 * broughtCount) }
  }

/** Once all that was pending is sent, makes pending what the log has since. O(d log u). */
export const catchUp = <C>(telling: Telling<C>, { log }: Replica<unknown, C>): Telling<C> => {
  const { told } = telling
  if (told === undefined || told === log || !Frontier.isEmpty(telling.pending)) return telling
  const updates: Update<C>[] = []
  const isBrought = finder(telling.brought)
  forEachUntold(told, log, (update) => {
    if (!isBrought(update)) updates.push(update)
  })
  return { ...without(telling), told: log, pending: Frontier.ofUpdates(updates) }
}

/** Visits what a log holds and an older version does not, unread updates too. */
export const forEachUntold = <C>(told: Log.Log<C>, log: Log.Log<C>, visit: (update: Update<C>) => void): void => {
  Log.forEachAdded(told, log, (update) => {
    // an update that can be read at last was told unread
    if (told.unread === undefined || Log.find(update)(told.unread.log) === undefined) visit(update)
  })
  const { unread } = log
  if (unread === undefined || unread === told.unread) return
  Log.forEachAdded(told.unread?.log ?? Log.empty<unknown>(), unread.log, (update) => {
    visit(update as Update<C>)
  })
}

/**
 * Finds updates by stamp and content. Usually they are asked for as they came: the same objects, in
 * the same order. Then they need no index.
 */
const finder = (batches: ReadonlyArray<ReadonlyArray<Update<unknown>>>): ((update: Update<unknown>) => boolean) => {
  if (batches.length === 0) return () => false
  const all = batches.length === 1 ? batches[0]! : batches.flat()
  let next = 0
  let index: ByStamp | undefined
  return (update) => {
    if (all[next] === update) {
      next++
      return true
    }
    index ??= byStamp(all)
    const found = index.get(update[2])?.get(update[1])
    return found !== undefined && Json.equals(found[0], update[0])
  }
}

type ByStamp = ReadonlyMap<SourceId, ReadonlyMap<number, Update<unknown>>>

/** Of several contents of one stamp, the last: the others are told once more. */
const byStamp = (updates: ReadonlyArray<Update<unknown>>): ByStamp => {
  const bySource = new Map<SourceId, Map<number, Update<unknown>>>()
  for (const update of updates) {
    const [, timestamp, source] = update
    const ofSource = bySource.get(source)
    if (ofSource === undefined) bySource.set(source, new Map([[timestamp, update]]))
    else ofSource.set(timestamp, update)
  }
  return bySource
}

/** Updates were sent. O(u log s). */
export const sent =
  (updates: ReadonlyArray<Update<unknown>>) =>
  <C>(telling: Telling<C>): Telling<C> =>
    updates.length === 0
      ? telling
      : {
          ...telling,
          lines: telling.lines + updates.length,
          newest: Clock.advanceAll(updates)(telling.newest),
        }

/**
 * How sure we are, now that all is told; undefined if the peer learns nothing by it. `known` is how
 * sure the peer said it is. O(d log s) for d sources that changed.
 */
export const claim = <C>(
  telling: Telling<C>,
  { clock }: Replica<unknown, C>,
  known: Clock.Clock,
): readonly [Telling<C>, Sure | undefined] => {
  const { claimed, claims, lines, newest } = telling
  const hasClaimed = claims > 0
  if (clock === claimed && lines === 0 && hasClaimed) return [telling, undefined]
  const record: Record<SourceId, number> = {}
  const news: SourceId[] = []
  const judge = (source: SourceId): void => {
    const sure = Clock.sureOf(source, clock)
    const just = Clock.timestampOf(source, newest)
    if (just === sure) return
    const isNews = sure > Clock.sureOf(source, claimed) && sure > Clock.timestampOf(source, known)
    if (isNews) news.push(source)
    // the peer takes the newest update sent for what we are sure of
    if (isNews || just > 0) Clock.put(record, source, sure)
  }
  Clock.forEachSource(newest, judge)
  Clock.forEachSourceChanged(claimed, clock, judge)
  const hasRisen = clock.floor > claimed.floor
  const next = { ...telling, claimed: clock }
  if (lines === 0 && news.length === 0 && !hasRisen && hasClaimed) return [next, undefined]
  const sure: Sure = {
    _tag: 'Sure',
    count: lines,
    clock: record,
    ...(hasRisen && { floor: clock.floor }),
    ...(hasClaimed && { number: claims + 1 }),
  }
  return [{ ...next, claims: claims + 1, lines: 0, newest: Clock.empty }, sure]
}

/** The number of updates that are still to be told. O(s), and O(d log u) for d new ones. */
export const unsent = <C>({ told, pending, brought: from }: Telling<C>, { log }: Replica<unknown, C>): number => {
  let count = Frontier.count(pending)
  if (told === undefined || told === log) return count
  const isBrought = finder(from)
  forEachUntold(told, log, (update) => {
    if (!isBrought(update)) count++
  })
  return count
}
