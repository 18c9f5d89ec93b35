/**
 * The updates that a peer might still need, by source and time.
 *
 * Source: van Renesse et al., LADIS 2008, section 3.
 */
import { bySource, type Behind } from './Clock.js'
import * as SourceLog from './SourceLog.js'
import type { Timestamp } from './Timestamp.js'
import * as SortedMap from '../structures/SortedMap.js'
import { compare, sameStamp, type SourceId, type Update } from './Update.js'

export interface Log<C> {
  readonly updatesBySource: SortedMap.SortedMap<SourceId, SourceLog.SourceLog<C>>
  /** The number of updates, forks included. */
  readonly size: number
  /**
   * Other contents for stamps in `updatesBySource`, as proof against the source. Superseding keeps
   * them; a greater content, or a lapse, drops them.
   */
  readonly forks?: Log<C>
  /** Updates that this program cannot read. They are held like others. */
  readonly unread?: Unread
}

/** See `core/Unread`. */
export interface Unread {
  readonly log: Log<unknown>
  /** The bytes of all as JSON, and of each source. */
  readonly bytes: number
  readonly bytesBySource: SortedMap.SortedMap<SourceId, number>
}

const emptyLog: Log<never> = { updatesBySource: SortedMap.empty(), size: 0 }

export const empty = <C>(): Log<C> => emptyLog

/**
 * The log with updates added and superseded ones dropped. A source with nothing left takes no room.
 * O((a + d) log u) for a added and d dropped of u held.
 */
export const evolve = <C>(
  added: ReadonlyArray<Update<C>>,
  superseded: ReadonlyArray<Update<C>>,
  log: Log<C>,
): Log<C> => {
  if (added.length === 1 && superseded.length === 0) return withOne(added[0]!, log)
  const source = (added[0] ?? superseded[0])?.[2]
  if (source === undefined) return log
  const dropped = log.forks === undefined ? superseded : superseded.filter((update) => !isForked(update)(log))
  // most batches are of one source, and supersede updates of that source
  if (areOf(source, added) && areOf(source, dropped)) return withChanges({ source, added, dropped }, log)
  return withEach(bySources(added, dropped), log)
}

/** The changes to one source's updates. */
interface Changes<C> {
  readonly source: SourceId
  readonly added: ReadonlyArray<Update<C>>
  readonly dropped: ReadonlyArray<Update<C>>
}

const bySources = <C>(added: ReadonlyArray<Update<C>>, dropped: ReadonlyArray<Update<C>>): Iterable<Changes<C>> => {
  const all = new Map<SourceId, { source: SourceId } & Record<'added' | 'dropped', Update<C>[]>>()
  const of = (source: SourceId) => {
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
    const held = ofSource(source, log)
    const next = SourceLog.evolve(added, dropped, held)
    const count = SourceLog.size(next)
    size += count - SourceLog.size(held)
    if (count === 0) updatesBySource.remove(source)
    else updatesBySource.set(source, next)
  }
  return beside(log, updatesBySource.done(), size)
}

const areOf = (source: SourceId, updates: ReadonlyArray<Update<unknown>>): boolean => {
  let i = 0
  while (i < updates.length && updates[i]![2] === source) i++
  return i === updates.length
}

/** {@link withEach} for one source, without a draft. */
const withChanges = <C>({ source, added, dropped }: Changes<C>, log: Log<C>): Log<C> =>
  withSource(source, (held) => SourceLog.evolve(added, dropped, held), log)

/** The log after a change to what it holds of one source, in one descent. */
const withSource = <C>(
  source: SourceId,
  change: (held: SourceLog.SourceLog<C>) => SourceLog.SourceLog<C>,
  log: Log<C>,
): Log<C> => {
  const { size, updatesBySource } = log
  let grew = 0
  let count = 0
  const changed = SortedMap.update(bySource, updatesBySource, source, (held = SourceLog.empty<C>()) => {
    const next = change(held)
    count = SourceLog.size(next)
    grew = count - SourceLog.size(held)
    return next
  })
  return beside(log, count > 0 ? changed : SortedMap.remove(bySource, updatesBySource, source), size + grew)
}

/** Other updates beside the forks and the unread ones of a log. */
const beside = <C>({ forks, unread }: Log<C>, updatesBySource: Log<C>['updatesBySource'], size: number): Log<C> =>
  forks === undefined && unread === undefined
    ? { updatesBySource, size }
    : { updatesBySource, size, ...(forks && { forks }), ...(unread && { unread }) }

/** The most frequent step: one update, nothing dropped. */
const withOne = <C>(update: Update<C>, log: Log<C>): Log<C> =>
  withSource(update[2], (held) => SourceLog.set(update, held), log)

/**
 * The log with sorted updates added. Several may have one stamp: see {@link Log.forks}. O(a log u)
 * for a updates.
 */
export const add =
  <C>(updates: ReadonlyArray<Update<C>>) =>
  (log: Log<C>): Log<C> => {
    const first = updates.filter((update, i) => i === 0 || !sameStamp(update, updates[i - 1]!))
    const rest = updates.filter((update, i) => i > 0 && sameStamp(update, updates[i - 1]!))
    return rest.reduce((next, update) => fork(update)(next), evolve(first, [], log))
  }

/** The log with another content under the stamp of an update that it holds. O(log u). */
export const fork =
  <C>(update: Update<C>) =>
  (log: Log<C>): Log<C> =>
    find(update)(log) === undefined
      ? withOne(update, log)
      : { ...log, size: log.size + 1, forks: fork(update)(log.forks ?? empty()) }

/** The log without what it holds under the stamp of an update, read, in all contents. O(log u). */
export const without =
  (update: Update<unknown>) =>
  <C>(log: Log<C>): Log<C> => {
    const { forks, unread, ...rest } = log
    const left = forks && without(update)(forks)
    const source = update[2]
    const one = withChanges({ source, added: [], dropped: [update as Update<C>] }, rest)
    const size = one.size - (forks?.size ?? 0) + (left?.size ?? 0)
    const kept = left !== undefined && left.size > 0 ? { forks: left } : undefined
    return { ...one, ...kept, ...(unread && { unread }), size }
  }

/** Whether an update that is held has another content beside it. O(log u), O(1) without forks. */
export const isForked =
  (update: Update<unknown>) =>
  ({ forks }: Log<unknown>): boolean =>
    forks !== undefined && find(update)(forks) !== undefined

/** The contents held under the stamp of an update, read, the first one first. O(log u) each. */
export const contents =
  (update: Update<unknown>) =>
  <C>(log: Log<C>): ReadonlyArray<Update<C>> => {
    const held = find(update)(log)
    return held === undefined ? [] : [held, ...(log.forks === undefined ? [] : contents(update)(log.forks))]
  }

/** Whether an update is held under the stamp of another, read or unread. O(log u). */
export const holds =
  (update: Update<unknown>) =>
  (log: Log<unknown>): boolean =>
    find(update)(log) !== undefined || (log.unread !== undefined && find(update)(log.unread.log) !== undefined)

/**
 * The timestamps of what is held of a source, above `since` and up to `upTo`, in order: once for
 * each content. O(log u) and their number.
 */
export const timestamps =
  (source: SourceId, since: Timestamp, upTo: Timestamp) =>
  (log: Log<unknown>): ReadonlyArray<Timestamp> => {
    const found = ofStretch(source, since, upTo)(log).map(([, timestamp]) => timestamp)
    return log.forks === undefined && log.unread === undefined ? found : found.sort((a, b) => a - b)
  }

/**
 * What is held of a source above `since` and up to `upTo`, read and unread, by kind. O(log u +
 * found).
 */
export const ofStretch =
  (source: SourceId, since: Timestamp, upTo: Timestamp) =>
  (log: Log<unknown>): ReadonlyArray<Update<unknown>> => {
    const found: Update<unknown>[] = []
    for (let at: Log<unknown> | undefined = log; at !== undefined; at = at.forks) {
      const held = ofSource(source, at)
      SourceLog.forEach(held, (update) => found.push(update), SourceLog.rank(since, held), SourceLog.rank(upTo, held))
    }
    return log.unread === undefined ? found : found.concat(ofStretch(source, since, upTo)(log.unread.log))
  }

/** The updates held of one source. O(log s). */
export const ofSource = <C>(source: SourceId, log: Log<C>): SourceLog.SourceLog<C> =>
  SortedMap.get(bySource, log.updatesBySource, source) ?? SourceLog.empty()

/** The update held under the stamp of another, or undefined. O(log u). */
export const find =
  ([, timestamp, source]: Update<unknown>) =>
  <C>(log: Log<C>): Update<C> | undefined =>
    SourceLog.get(timestamp, ofSource(source, log))

/** `depth` is the number of contents of the same stamp that came before: usually 0. */
export type Visit<C> = (update: Update<C>, depth: number) => void

/**
 * Visits the updates of `next` that `previous` lacks. O(d log u) for d differences between versions
 * of one log.
 */
export const forEachAdded = <C>(previous: Log<C>, next: Log<C>, visit: Visit<C>, depth = 0): void => {
  if (previous === next) return
  SortedMap.forEachChange(bySource, previous.updatesBySource, next.updatesBySource, (_, updates, before) => {
    SourceLog.forEachAdded(before ?? SourceLog.empty<C>(), updates, (update) => {
      visit(update, depth)
    })
  })
  if (next.forks !== undefined) forEachAdded(previous.forks ?? empty<C>(), next.forks, visit, depth + 1)
}

/** All updates that are read, forks included, by source. O(u). */
export const all = <C>(log: Log<C>): ReadonlyArray<Update<C>> => {
  const updates: Update<C>[] = []
  SortedMap.forEach(log.updatesBySource, (held) => {
    SourceLog.forEach(held, (update) => updates.push(update))
  })
  return log.forks === undefined ? updates : updates.concat(all(log.forks))
}

/**
 * The updates of each source that are newer than its `since`, sorted. O(d log d + s log u) for d
 * updates returned of s sources.
 */
export const since = <C>(sources: ReadonlyArray<Behind>, log: Log<C>): ReadonlyArray<Update<C>> => {
  const updates: Update<C>[] = []
  for (const [source, timestamp] of sources) {
    const held = ofSource(source, log)
    SourceLog.forEach(held, (update) => updates.push(update), SourceLog.rank(timestamp, held))
  }
  if (log.forks !== undefined) for (const update of since(sources, log.forks)) updates.push(update)
  return sources.length < 2 && log.forks === undefined ? updates : sorted(updates)
}

/**
 * The updates by (timestamp, source). Near linear for a few sources: the engine's merge sort makes
 * use of runs that are sorted already.
 */
export const sorted = <C>(updates: ReadonlyArray<Update<C>>): ReadonlyArray<Update<C>> => [...updates].sort(compare)
