/**
 * What is still to be sent, and in which order.
 *
 * Source: van Renesse et al., LADIS 2008, section 3; the orders `breadth` and `depth` are the
 * paper's scuttle-breadth and scuttle-depth.
 */
import * as SortedMap from '../structures/SortedMap.js'
import { bySource, type Behind } from './Clock.js'
import * as Log from './Log.js'
import * as SourceLog from './SourceLog.js'
import { NEVER } from './Timestamp.js'
import { before, type Update } from './Update.js'

/** The order in which updates go when not all can go at once. */
export type Order = 'oldest-first' | 'breadth' | 'depth'

/**
 * The size of a reply. At least one update always goes: a conversation of empty replies never ends.
 * The contents of one doubted stamp go together, even beyond it.
 */
export interface Budget {
  readonly maxUpdates?: number
  /** UTF-8 bytes of the updates as JSON. */
  readonly maxBytes?: number
  /**
   * `oldest-first` goes by stamp. `breadth` sends every source's oldest update, then every source's
   * second: a busy source cannot starve a quiet one. `depth` sends the source that is furthest
   * behind first. Default `oldest-first`.
   */
  readonly order?: Order
}

/** The next update of one source, and its place in the source's log. */
interface Head<C> {
  readonly update: Update<C>
  readonly log: SourceLog.SourceLog<C>
  readonly index: number
  /** How many updates of the source were sent before. */
  readonly sent: number
  /** How many updates of the source were missing at first. */
  readonly missing: number
}

/**
 * What is still to be sent: the next update of each source, in sending order. Holds the version of
 * the log that it was made from, and O(s) memory beside.
 */
export type Frontier<C> = SortedMap.SortedMap<Head<C>, true>

export const empty = <C>(): Frontier<C> => SortedMap.empty()

export const isEmpty = <C>(frontier: Frontier<C>): boolean => SortedMap.size(frontier) === 0

const earlier = (a: Head<unknown>, b: Head<unknown>): boolean => before(a.update, b.update)

const orders: Readonly<Record<Order, SortedMap.Less<Head<unknown>>>> = {
  'oldest-first': earlier,
  breadth: (a, b) => a.sent < b.sent || (a.sent === b.sent && earlier(a, b)),
  depth: (a, b) =>
    a.missing > b.missing ||
    (a.missing === b.missing && (bySource(a.update[2], b.update[2]) || (a.update[2] === b.update[2] && earlier(a, b)))),
}

/** The updates that `Log.since` gives, to be sent piece by piece. O(s log u). */
export const of =
  (sources: ReadonlyArray<Behind>, order: Order = 'oldest-first') =>
  <C>(log: Log.Log<C>): Frontier<C> => {
    const draft = new SortedMap.Draft<Head<C>, true>(orders[order], SortedMap.empty())
    for (const [source, timestamp] of sources) {
      const updates = Log.ofSource(source, log)
      const index = SourceLog.rank(timestamp, updates)
      const update = SourceLog.at(updates, index)
      const missing = SourceLog.size(updates) - index
      if (update !== undefined) draft.set({ update, log: updates, index, sent: 0, missing }, true)
    }
    // an update that cannot be read goes like any other
    for (const more of [log.forks, log.unread?.log as Log.Log<C> | undefined]) {
      if (more === undefined) continue
      SortedMap.forEach(of(sources, order)(more), (_, head) => {
        draft.set(head, true)
      })
    }
    return draft.done()
  }

/** Updates of any places, to be sent oldest first. O(u log u). */
export const ofUpdates = <C>(updates: ReadonlyArray<Update<C>>): Frontier<C> => {
  if (updates.length === 0) return empty()
  const log = Log.add(Log.sorted(updates))(Log.empty<C>())
  const all: Behind[] = []
  SortedMap.forEach(log.updatesBySource, (_, source) => all.push([source, NEVER]))
  return of(all)(log)
}

/** Both, oldest first. O(s log s). */
export const join = <C>(a: Frontier<C>, b: Frontier<C>): Frontier<C> => {
  if (isEmpty(b)) return a
  const draft = new SortedMap.Draft(earlier, a)
  SortedMap.forEach(b, (_, head) => {
    draft.set(head, true)
  })
  return draft.done()
}

/** The number of updates in it. O(s). */
export const count = (frontier: Frontier<unknown>): number => {
  let sum = 0
  SortedMap.forEach(frontier, (_, { log, index }) => {
    sum += SourceLog.size(log) - index
  })
  return sum
}

/**
 * The next updates within a budget, in its order, and the frontier behind them. They leave no gap
 * within a source. O(d (log s + log u)) for d updates given.
 */
export const next =
  <C>(
    { maxUpdates = Infinity, maxBytes = Infinity, order = 'oldest-first' }: Budget,
    bytes: (update: Update<C>) => number,
  ) =>
  (from: Frontier<C>): readonly [ReadonlyArray<Update<C>>, Frontier<C>] => {
    const less = orders[order]
    const updates: Update<C>[] = []
    const rest = new SortedMap.Draft(less, from)
    let room = maxBytes
    const fits = (update: Update<C>): boolean => {
      if (maxBytes !== Infinity) room -= bytes(update)
      return updates.length === 0 || (updates.length < maxUpdates && room >= 0)
    }
    let head = rest.first()
    while (head !== undefined && fits(head.update)) {
      rest.remove(head)
      const rival = rest.first()
      if (rival === undefined && maxBytes === Infinity) {
        const [all, after] = nextOfOne(head, maxUpdates - updates.length)
        if (after !== undefined) rest.set(after, true)
        return [updates.concat(all), rest.done()]
      }
      let at: Head<C> | undefined = head
      // while a source stays first, the others need no look
      do {
        updates.push(at.update)
        at = following(at)
      } while (at !== undefined && (rival === undefined || less(at, rival)) && fits(at.update))
      if (at !== undefined) rest.set(at, true)
      head = at === undefined || (rival !== undefined && less(rival, at)) ? rival : undefined
    }
    return [updates, rest.done()]
  }

/**
 * Up to `count` updates, at least one, of the only source that has any, and its head behind them.
 * O(log u + count).
 */
const nextOfOne = <C>(
  { log: updates, index, sent, missing }: Head<C>,
  count: number,
): readonly [ReadonlyArray<Update<C>>, Head<C> | undefined] => {
  const all: Update<C>[] = []
  const end = Math.min(SourceLog.size(updates), index + Math.max(count, 1))
  SourceLog.forEach(updates, (update) => all.push(update), index, end)
  const update = SourceLog.at(updates, end)
  return [all, update && { update, log: updates, index: end, sent: sent + end - index, missing }]
}

const following = <C>({ log: updates, index, sent, missing }: Head<C>): Head<C> | undefined => {
  const update = SourceLog.at(updates, index + 1)
  return update && { update, log: updates, index: index + 1, sent: sent + 1, missing }
}
