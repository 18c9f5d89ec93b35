/**
 * The updates that a log holds of one source, oldest first.
 *
 * Most steps append, since a replica applies a source's updates in order of time. So the newest few
 * are in an array: it is cheaper to copy than a path of the tree, which holds the others.
 */
import * as SortedMap from '../structures/SortedMap.js'
import { NEVER, type Timestamp } from './Timestamp.js'
import type { Update } from './Update.js'

export interface SourceLog<C> {
  /** Each update is its own key: separate keys would take as much room again. */
  readonly older: SortedMap.SortedMap<Update<C>, Update<C>>
  /** Newer than all of {@link SourceLog.older}, oldest first, fewer than {@link FEW}. */
  readonly newest: ReadonlyArray<Update<C>>
}

/** The number of updates that go into the tree together, as one node. */
const FEW = 32

const byTime: SortedMap.Less<Update<unknown>> = (a, b) => a[1] < b[1]

/** A key that sorts where an update of this timestamp does. */
const placeOf = (timestamp: Timestamp): Update<never> => [undefined as never, timestamp, '']

const emptyLog: SourceLog<never> = { older: SortedMap.empty(), newest: [] }

export const empty = <C>(): SourceLog<C> => emptyLog

/** The number of updates. O(1). */
export const size = ({ older, newest }: SourceLog<unknown>): number => SortedMap.size(older) + newest.length

/** The number of updates up to and including a timestamp. O(log u). */
export const rank = (timestamp: Timestamp, { older, newest }: SourceLog<unknown>): number => {
  let i = newest.length
  while (i > 0 && newest[i - 1]![1] > timestamp) i--
  return i > 0 ? SortedMap.size(older) + i : SortedMap.rank(byTime, older, placeOf(timestamp))
}

/** The update of a timestamp, or undefined. O(log u). */
export const get = <C>(timestamp: Timestamp, { older, newest }: SourceLog<C>): Update<C> | undefined => {
  for (let i = newest.length - 1; i >= 0 && newest[i]![1] >= timestamp; i--) {
    if (newest[i]![1] === timestamp) return newest[i]
  }
  return SortedMap.get(byTime, older, placeOf(timestamp))
}

/** The update at an index, or undefined. O(log u). */
export const at = <C>({ older, newest }: SourceLog<C>, i: number): Update<C> | undefined =>
  i < SortedMap.size(older) ? SortedMap.at(older, i) : newest[i - SortedMap.size(older)]

/** Visits the updates from index `from` up to but not including `to`. O(log u + visited). */
export const forEach = <C>(
  { older, newest }: SourceLog<C>,
  visit: (update: Update<C>) => void,
  from = 0,
  to = Infinity,
): void => {
  const start = SortedMap.size(older)
  if (from < start) SortedMap.forEach(older, visit, from, Math.min(to, start))
  for (let i = Math.max(0, from - start); i < newest.length && start + i < to; i++) visit(newest[i]!)
}

/** The newest timestamp, or `NEVER`. */
const newestOf = ({ older, newest }: SourceLog<unknown>): Timestamp => {
  if (newest.length > 0) return newest[newest.length - 1]![1]
  return SortedMap.at(older, SortedMap.size(older) - 1)?.[1] ?? NEVER
}

/**
 * The log with an update, in place of one of the same timestamp. O(1) amortized for an update newer
 * than all held, else O(log u).
 */
export const set = <C>(update: Update<C>, log: SourceLog<C>): SourceLog<C> => {
  const { older, newest } = log
  const { length } = newest
  if (length + 1 >= FEW || update[1] <= newestOf(log)) return evolve([update], [], log)
  const next = new Array<Update<C>>(length + 1)
  for (let i = 0; i < length; i++) next[i] = newest[i]!
  next[length] = update
  return { older, newest: next }
}

/** The log with `added` put in, then `dropped` taken out, by timestamps. O((a + d) log u). */
export const evolve = <C>(
  added: ReadonlyArray<Update<C>>,
  dropped: ReadonlyArray<Update<C>>,
  log: SourceLog<C>,
): SourceLog<C> => {
  const end = newestOf(log)
  const isLater = areLater(added, end)
  // as when one stroke of a text takes the place of the one before it
  const exchanged = isLater ? exchange(added, dropped, log.newest) : undefined
  if (exchanged !== undefined) return { older: log.older, newest: exchanged }
  // what comes and goes in one batch never enters the tree
  if (added.length > 1 && isLater && dropped.some((update) => update[1] > end)) {
    const [stay, gone] = apart(added, dropped)
    if (stay.length < added.length) return evolve(stay, gone, log)
  }
  let draft: SortedMap.Draft<Update<C>, Update<C>> | undefined
  const tree = (): SortedMap.Draft<Update<C>, Update<C>> => (draft ??= new SortedMap.Draft(byTime, log.older))
  let newest = log.newest.concat(added)
  if (isLater) {
    let from = 0
    for (; newest.length - from >= FEW; from += FEW) {
      const few = newest.slice(from, from + FEW)
      tree().append(few, few)
    }
    newest = newest.slice(from)
  } else {
    for (const update of newest) tree().set(update, update)
    newest = []
  }
  let gone = 0
  for (const update of dropped) {
    const i = indexIn(newest, update)
    if (i < 0) tree().remove(update)
    else {
      newest[i] = GONE
      gone++
    }
  }
  return { older: draft?.done() ?? log.older, newest: gone === 0 ? newest : kept(newest, gone) }
}

/** Both without what is in both. O(a + d); without a set where the dropped stand in their order. */
const apart = <C>(added: ReadonlyArray<Update<C>>, dropped: ReadonlyArray<Update<C>>) => {
  let at = 0
  const stay = added.filter((update) => {
    const isDropped = update === dropped[at]
    if (isDropped) at++
    return !isDropped
  })
  const gone = new Set(dropped.slice(at))
  return [gone.size === 0 ? stay : stay.filter((update) => !gone.delete(update)), [...gone]] as const
}

/**
 * The newest updates without those that are dropped, and with those that are added behind.
 * Undefined if they are too many, or if those to be dropped are not there in order.
 */
const exchange = <C>(
  added: ReadonlyArray<Update<C>>,
  dropped: ReadonlyArray<Update<C>>,
  newest: ReadonlyArray<Update<C>>,
): ReadonlyArray<Update<C>> | undefined => {
  const count = newest.length - dropped.length + added.length
  if (count < added.length || count >= FEW) return undefined
  const next = new Array<Update<C>>(count)
  let [i, at, gone] = [0, 0, 0]
  // by index: see `Arrivals`
  while (i < newest.length) {
    const update = newest[i++]!
    if (update === dropped[gone]) gone++
    else next[at++] = update
  }
  if (gone < dropped.length) return undefined
  for (i = 0; at < count; i++) next[at++] = added[i]!
  return next
}

/** Whether the timestamps rise, and the first is above `timestamp`. */
const areLater = (updates: ReadonlyArray<Update<unknown>>, timestamp: Timestamp): boolean => {
  let last = timestamp
  let i = 0
  while (i < updates.length) {
    const next = updates[i++]![1]
    if (!(next > last)) return false
    last = next
  }
  return true
}

/** The index of the update with the same timestamp, or -1. Usually it is the same object. */
const indexIn = (updates: ReadonlyArray<Update<unknown>>, update: Update<unknown>): number => {
  if (updates.length === 0 || update[1] < updates[0]![1]) return -1
  const i = updates.lastIndexOf(update)
  return i < 0 ? updates.findIndex((other) => other[1] === update[1]) : i
}

/** Marks a dropped update. NaN equals no timestamp. */
const GONE = placeOf(NaN)

/** The updates that were not dropped. The array's length is exact. */
const kept = <C>(updates: ReadonlyArray<Update<C>>, gone: number): ReadonlyArray<Update<C>> => {
  const rest = new Array<Update<C>>(updates.length - gone)
  let i = 0
  for (const update of updates) if (update !== GONE) rest[i++] = update
  return rest
}

/**
 * Visits each update of `next` that `previous` lacks. O(d log u) for d differences between versions
 * of one log.
 */
export const forEachAdded = <C>(
  previous: SourceLog<C>,
  next: SourceLog<C>,
  visit: (update: Update<C>) => void,
): void => {
  const end = newestOf(previous)
  const visitNew = (update: Update<C>): void => {
    if (update[1] > end || get(update[1], previous) !== update) visit(update)
  }
  SortedMap.forEachChange(byTime, previous.older, next.older, (_, update) => {
    visitNew(update)
  })
  next.newest.forEach((update, i) => {
    // most often the one has grown from the other
    if (previous.newest[i] !== update) visitNew(update)
  })
}
