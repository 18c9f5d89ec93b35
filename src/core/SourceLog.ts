/**
 * One source's updates, oldest first: what a log holds of it. A clock lets in none but newer ones, so most steps append: the
 * newest few stand in an array of their own, which is cheaper to copy than a path of the tree that holds the others.
 */
import * as SortedMap from '../structures/SortedMap.js'
import { NEVER, type Timestamp } from './Timestamp.js'
import type { Update } from './Update.js'

export interface Run<C> {
  /** By themselves, for their stamps are in them: keys of their own would take as much room again. */
  readonly older: SortedMap.SortedMap<Update<C>, Update<C>>
  /** All newer than those, oldest first: fewer than {@link FEW}. */
  readonly newest: ReadonlyArray<Update<C>>
}

/** As many go into the tree together, as one node. */
const FEW = 32

const byTime: SortedMap.Less<Update<unknown>> = (a, b) => a[1] < b[1]

/** Stands where an update of a timestamp does, or would. */
const placeOf = (timestamp: Timestamp): Update<never> => [undefined as never, timestamp, '']

const emptyRun: Run<never> = { older: SortedMap.empty(), newest: [] }

export const empty = <C>(): Run<C> => emptyRun

/** How many it holds. O(1). */
export const size = ({ older, newest }: Run<unknown>): number => SortedMap.size(older) + newest.length

/** How many are not after a timestamp. O(log u). */
export const rank = (timestamp: Timestamp, { older, newest }: Run<unknown>): number => {
  let i = newest.length
  while (i > 0 && newest[i - 1]![1] > timestamp) i--
  return i > 0 ? SortedMap.size(older) + i : SortedMap.rank(byTime, older, placeOf(timestamp))
}

/** The update of a timestamp, or undefined. O(log u). */
export const get = <C>(timestamp: Timestamp, { older, newest }: Run<C>): Update<C> | undefined => {
  for (let i = newest.length - 1; i >= 0 && newest[i]![1] >= timestamp; i--) {
    if (newest[i]![1] === timestamp) return newest[i]
  }
  return SortedMap.get(byTime, older, placeOf(timestamp))
}

/** The update at an index, or undefined. O(log u). */
export const at = <C>({ older, newest }: Run<C>, i: number): Update<C> | undefined =>
  i < SortedMap.size(older) ? SortedMap.at(older, i) : newest[i - SortedMap.size(older)]

/** Calls `visit` for the updates from index `from` on, up to but not at index `to`. O(log u + updates visited). */
export const forEach = <C>(
  { older, newest }: Run<C>,
  visit: (update: Update<C>) => void,
  from = 0,
  to = Infinity,
): void => {
  const start = SortedMap.size(older)
  if (from < start) SortedMap.forEach(older, visit, from, Math.min(to, start))
  for (let i = Math.max(0, from - start); i < newest.length && start + i < to; i++) visit(newest[i]!)
}

/** The newest timestamp, or `NEVER`. */
const newestOf = ({ older, newest }: Run<unknown>): Timestamp => {
  if (newest.length > 0) return newest[newest.length - 1]![1]
  return SortedMap.at(older, SortedMap.size(older) - 1)?.[1] ?? NEVER
}

/** With an update; in the place of one of its timestamp. O(1) amortized where it is newer than all, else O(log u). */
export const set = <C>(update: Update<C>, run: Run<C>): Run<C> => {
  const { older, newest } = run
  const { length } = newest
  if (length + 1 >= FEW || update[1] <= newestOf(run)) return evolve([update], [], run)
  const next = new Array<Update<C>>(length + 1)
  for (let i = 0; i < length; i++) next[i] = newest[i]!
  next[length] = update
  return { older, newest: next }
}

/**
 * With some updates added, then others taken out, by their timestamps: as {@link set} each would have it. O((a + d) log u).
 */
export const evolve = <C>(added: ReadonlyArray<Update<C>>, dropped: ReadonlyArray<Update<C>>, run: Run<C>): Run<C> => {
  let draft: SortedMap.Draft<Update<C>, Update<C>> | undefined
  const tree = (): SortedMap.Draft<Update<C>, Update<C>> => (draft ??= new SortedMap.Draft(byTime, run.older))
  let newest = run.newest.concat(added)
  if (areLater(added, newestOf(run))) {
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
  return { older: draft?.done() ?? run.older, newest: gone === 0 ? newest : left(newest, gone) }
}

/** Whether each is later than the one before it, and the first than a timestamp. */
const areLater = (updates: ReadonlyArray<Update<unknown>>, timestamp: Timestamp): boolean => {
  let last = timestamp
  return updates.every((update) => {
    const isLater = update[1] > last
    last = update[1]
    return isLater
  })
}

/** Where the update of another's timestamp is, or -1. It is that very one more often than not. */
const indexIn = (updates: ReadonlyArray<Update<unknown>>, update: Update<unknown>): number => {
  if (updates.length === 0 || update[1] < updates[0]![1]) return -1
  const i = updates.lastIndexOf(update)
  return i < 0 ? updates.findIndex((other) => other[1] === update[1]) : i
}

/** Stands for an update that was dropped: no timestamp is equal to its own. */
const GONE = placeOf(NaN)

/** Those that are not gone, in an array of just the length it needs. */
const left = <C>(updates: ReadonlyArray<Update<C>>, gone: number): ReadonlyArray<Update<C>> => {
  const rest = new Array<Update<C>>(updates.length - gone)
  let i = 0
  for (const update of updates) if (update !== GONE) rest[i++] = update
  return rest
}

/** Calls `visit` for every update of `next` that `previous` does not hold. O(d log u) for d between versions of one run. */
export const forEachAdded = <C>(previous: Run<C>, next: Run<C>, visit: (update: Update<C>) => void): void => {
  const visitNew = (update: Update<C>): void => {
    if (get(update[1], previous) !== update) visit(update)
  }
  SortedMap.forEachChange(byTime, previous.older, next.older, (_, update) => {
    visitNew(update)
  })
  if (previous.newest !== next.newest) next.newest.forEach(visitNew)
}
