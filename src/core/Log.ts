/**
 * The updates that a peer might still need, by source and time.
 *
 * Source: van Renesse et al., LADIS 2008, section 3; its orders `breadth` and `depth`
 * are the paper's scuttle-breadth and scuttle-depth.
 */
import { bySource, type Behind } from './Clock.js'
import * as Run from './SourceLog.js'
import * as SortedMap from '../structures/SortedMap.js'
import * as Update from './Update.js'

export interface Log<C> {
  readonly updatesBySource: SortedMap.SortedMap<Update.SourceId, Run.Run<C>>
  /** How many updates it holds. */
  readonly size: number
  /** Second contents under stamps held above, and in turn third ones: proof against their sources, never dropped. */
  readonly forks?: Log<C>
}

const emptyLog: Log<never> = { updatesBySource: SortedMap.empty(), size: 0 }

export const empty = <C>(): Log<C> => emptyLog

/**
 * The log with updates added and superseded ones dropped; a source with nothing
 * left takes no room. O((a + d) log u) for a added and d dropped of u held.
 */
export const evolve =
  <C>(added: ReadonlyArray<Update.Update<C>>, superseded: ReadonlyArray<Update.Update<C>>) =>
  (log: Log<C>): Log<C> => {
    if (added.length === 1 && superseded.length === 0) return withOne(added[0]!, log)
    const source = (added[0] ?? superseded[0])?.[2]
    if (source === undefined) return log
    const dropped = log.forks === undefined ? superseded : superseded.filter((update) => !isForked(update)(log))
    // most batches are of one source, and supersede what is its own
    if (areOf(source, added) && areOf(source, dropped)) return withChanges({ source, added, dropped }, log)
    return withEach(bySources(added, dropped), log)
  }

/** What becomes of one source's updates. */
interface Changes<C> {
  readonly source: Update.SourceId
  readonly added: ReadonlyArray<Update.Update<C>>
  readonly dropped: ReadonlyArray<Update.Update<C>>
}

const bySources = <C>(
  added: ReadonlyArray<Update.Update<C>>,
  dropped: ReadonlyArray<Update.Update<C>>,
): Iterable<Changes<C>> => {
  const all = new Map<Update.SourceId, { source: Update.SourceId } & Record<'added' | 'dropped', Update.Update<C>[]>>()
  const of = (source: Update.SourceId) => {
    const changes = all.get(source) ?? { source, added: [], dropped: [] }
    all.set(source, changes)
    return changes
  }
  for (const update of added) of(update[2]).added.push(update)
  for (const update of dropped) of(update[2]).dropped.push(update)
  return all.values()
}

const withEach = <C>(changes: Iterable<Changes<C>>, log: Log<C>): Log<C> => {
  const updatesBySource = new SortedMap.Draft(bySource, log.updatesBySource)
  let size = log.size
  for (const { source, added, dropped } of changes) {
    const held = run(source)(log)
    const next = Run.evolve(added, dropped, held)
    const count = Run.size(next)
    size += count - Run.size(held)
    if (count === 0) updatesBySource.remove(source)
    else updatesBySource.set(source, next)
  }
  return withForks({ updatesBySource: updatesBySource.done(), size }, log)
}

const areOf = (source: Update.SourceId, updates: ReadonlyArray<Update.Update<unknown>>): boolean =>
  updates.every((update) => update[2] === source)

/** {@link withEach}, of one. */
const withChanges = <C>({ source, added, dropped }: Changes<C>, log: Log<C>): Log<C> => {
  const held = run(source)(log)
  const next = Run.evolve(added, dropped, held)
  const count = Run.size(next)
  const { updatesBySource } = log
  const changed =
    count === 0
      ? SortedMap.remove(bySource, updatesBySource, source)
      : SortedMap.set(bySource, updatesBySource, source, next)
  return withForks({ updatesBySource: changed, size: log.size + count - Run.size(held) }, log)
}

/** A log with another's {@link Log.forks}, if it has any. */
const withForks = <C>(log: Log<C>, { forks }: Log<C>): Log<C> => (forks === undefined ? log : { ...log, forks })

/** The most usual step, without what it takes to make several at once. */
const withOne = <C>(update: Update.Update<C>, log: Log<C>): Log<C> => {
  const { size, updatesBySource } = log
  let grew = 0
  const added = SortedMap.update(bySource, updatesBySource, update[2], (held = Run.empty<C>()) => {
    const next = Run.set(update, held)
    grew = Run.size(next) - Run.size(held)
    return next
  })
  return withForks({ updatesBySource: added, size: size + grew }, log)
}

/** The log with all of these, of which some may be other contents under one stamp. O(a log u) for a of them. */
export const hold =
  <C>(updates: ReadonlyArray<Update.Update<C>>) =>
  (log: Log<C>): Log<C> => {
    const first = updates.filter((update, i) => i === 0 || !Update.sameStamp(update, updates[i - 1]!))
    const rest = updates.filter((update, i) => i > 0 && Update.sameStamp(update, updates[i - 1]!))
    return rest.reduce((next, update) => fork(update)(next), evolve(first, [])(log))
  }

/** The log with another content under the stamp of an update that it holds. O(log u). */
export const fork =
  <C>(update: Update.Update<C>) =>
  (log: Log<C>): Log<C> =>
    find(update)(log) === undefined
      ? withOne(update, log)
      : { ...log, size: log.size + 1, forks: fork(update)(log.forks ?? empty()) }

/** How many contents of a source are held beside the first of their stamps. O(log u) each. */
export const forksOf =
  (source: Update.SourceId) =>
  ({ forks }: Log<unknown>): number =>
    forks === undefined ? 0 : Run.size(run(source)(forks)) + forksOf(source)(forks)

const isForked =
  (update: Update.Update<unknown>) =>
  ({ forks }: Log<unknown>): boolean =>
    forks !== undefined && find(update)(forks) !== undefined

/** All contents that are held under the stamp of an update. O(log u) each. */
export const contents =
  (update: Update.Update<unknown>) =>
  <C>(log: Log<C>): ReadonlyArray<Update.Update<C>> => {
    const held = find(update)(log)
    return held === undefined ? [] : [held, ...(log.forks === undefined ? [] : contents(update)(log.forks))]
  }

const run =
  (source: Update.SourceId) =>
  <C>(log: Log<C>): Run.Run<C> =>
    SortedMap.get(bySource, log.updatesBySource, source) ?? Run.empty()

/** The update that is held under the stamp of another, if there is one. O(log u). */
export const find =
  ([, timestamp, source]: Update.Update<unknown>) =>
  <C>(log: Log<C>): Update.Update<C> | undefined =>
    Run.get(timestamp, run(source)(log))

/** An update that one log holds and another does not. `depth` is 0, or how many other contents stand before it under its stamp. */
export type Visit<C> = (update: Update.Update<C>, depth: number) => void

/** Visits what `next` holds beyond `previous`. O(d log u) for d differences between versions of one log. */
export const forEachAdded = <C>(previous: Log<C>, next: Log<C>, visit: Visit<C>, depth = 0): void => {
  if (previous === next) return
  SortedMap.forEachChange(bySource, previous.updatesBySource, next.updatesBySource, (_, updates, before) => {
    Run.forEachAdded(before ?? Run.empty<C>(), updates, (update) => {
      visit(update, depth)
    })
  })
  if (next.forks !== undefined) forEachAdded(previous.forks ?? empty<C>(), next.forks, visit, depth + 1)
}

/** All updates of the sources given that are newer than each one's `since`, sorted. O(d log d + s log u) for d returned of s sources. */
export const since =
  (sources: ReadonlyArray<Behind>) =>
  <C>(log: Log<C>): ReadonlyArray<Update.Update<C>> => {
    const updates: Update.Update<C>[] = []
    for (const [source, timestamp] of sources) {
      const held = run(source)(log)
      Run.forEach(held, (update) => updates.push(update), Run.rank(timestamp, held))
    }
    if (log.forks !== undefined) for (const update of since(sources)(log.forks)) updates.push(update)
    return sources.length < 2 && log.forks === undefined ? updates : sorted(updates)
  }

/** By (timestamp, source). Near linear for a few sources: the engine's merge sort finds runs that are sorted already. */
export const sorted = <C>(updates: ReadonlyArray<Update.Update<C>>): ReadonlyArray<Update.Update<C>> =>
  [...updates].sort(Update.compare)

/** Which update goes first when not all can go. */
export type Order = 'oldest-first' | 'breadth' | 'depth'

/**
 * How much a reply may carry. Whatever it says, one update always goes: a reply that carries none never ends.
 *
 * A transfer cut short, by a budget or by a lost connection, may leave a clock that covers an update which never came,
 * because what superseded that one was still to come. The replica agrees with the others once it has come.
 */
export interface Budget {
  readonly maxUpdates?: number
  /** UTF-8 bytes of the updates as JSON. */
  readonly maxBytes?: number
  /**
   * `oldest-first` by stamp; `breadth` every source's oldest first, then every
   * source's second, so that a quiet source is not starved by a busy one; `depth` the
   * source that is furthest behind first. Default `oldest-first`.
   */
  readonly order?: Order
}

/** The next update of one source, and where it stands. */
interface Head<C> {
  readonly update: Update.Update<C>
  readonly run: Run.Run<C>
  readonly index: number
  /** How many updates of the source went before it, and how many there were at first. */
  readonly taken: number
  readonly missing: number
}

/**
 * What is still to be sent, as a value: the next update of each source, first one
 * first. Holds the version of the log that it was made from, and takes O(s) beside.
 */
export type Frontier<C> = SortedMap.SortedMap<Head<C>, true>

const earlier = (a: Head<unknown>, b: Head<unknown>): boolean => Update.before(a.update, b.update)

const orders: Readonly<Record<Order, SortedMap.Less<Head<unknown>>>> = {
  'oldest-first': earlier,
  breadth: (a, b) => a.taken < b.taken || (a.taken === b.taken && earlier(a, b)),
  depth: (a, b) =>
    a.missing > b.missing ||
    (a.missing === b.missing && (bySource(a.update[2], b.update[2]) || (a.update[2] === b.update[2] && earlier(a, b)))),
}

/** The updates that {@link since} gives, to be taken piece by piece. O(s log u). */
export const frontier =
  (sources: ReadonlyArray<Behind>, order: Order = 'oldest-first') =>
  <C>(log: Log<C>): Frontier<C> => {
    const draft = new SortedMap.Draft<Head<C>, true>(orders[order], SortedMap.empty())
    for (const [source, timestamp] of sources) {
      const updates = run(source)(log)
      const index = Run.rank(timestamp, updates)
      const update = Run.at(updates, index)
      const missing = Run.size(updates) - index
      if (update !== undefined) draft.set({ update, run: updates, index, taken: 0, missing }, true)
    }
    if (log.forks !== undefined) {
      SortedMap.forEach(frontier(sources, order)(log.forks), (_, head) => {
        draft.set(head, true)
      })
    }
    return draft.done()
  }

/**
 * What a budget lets through, in the order chosen and so a prefix of every source's
 * updates, and the frontier after it. O(d (log s + log u)) for d taken.
 */
export const take =
  <C>(
    { maxUpdates = Infinity, maxBytes = Infinity, order = 'oldest-first' }: Budget,
    bytes: (update: Update.Update<C>) => number,
  ) =>
  (from: Frontier<C>): readonly [ReadonlyArray<Update.Update<C>>, Frontier<C>] => {
    const less = orders[order]
    const taken: Update.Update<C>[] = []
    const rest = new SortedMap.Draft(less, from)
    let room = maxBytes
    const fits = (update: Update.Update<C>): boolean => {
      if (maxBytes !== Infinity) room -= bytes(update)
      return taken.length === 0 || (taken.length < maxUpdates && room >= 0)
    }
    let head = rest.first()
    while (head !== undefined && fits(head.update)) {
      rest.remove(head)
      const rival = rest.first()
      if (rival === undefined && maxBytes === Infinity) {
        const [all, after] = takeOfOne(head, maxUpdates - taken.length)
        if (after !== undefined) rest.set(after, true)
        return [taken.concat(all), rest.done()]
      }
      let next: Head<C> | undefined = head
      // so long as a source stays first, the others need no look
      do {
        taken.push(next.update)
        next = following(next)
      } while (next !== undefined && (rival === undefined || less(next, rival)) && fits(next.update))
      if (next !== undefined) rest.set(next, true)
      head = next === undefined || (rival !== undefined && less(rival, next)) ? rival : undefined
    }
    return [taken, rest.done()]
  }

/** Up to `count` updates, and at least one, of the only source that has any; and where it stands then. O(log u + count). */
const takeOfOne = <C>(
  { run: updates, index, taken, missing }: Head<C>,
  count: number,
): readonly [ReadonlyArray<Update.Update<C>>, Head<C> | undefined] => {
  const all: Update.Update<C>[] = []
  const end = Math.min(Run.size(updates), index + Math.max(count, 1))
  Run.forEach(updates, (update) => all.push(update), index, end)
  const update = Run.at(updates, end)
  return [all, update && { update, run: updates, index: end, taken: taken + end - index, missing }]
}

const following = <C>({ run: updates, index, taken, missing }: Head<C>): Head<C> | undefined => {
  const update = Run.at(updates, index + 1)
  return update && { update, run: updates, index: index + 1, taken: taken + 1, missing }
}
