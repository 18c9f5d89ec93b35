/** A log as JSON that names each update once, and back. */
import { MAX_DEPTH } from '../../core/Change.js'
import { bySource } from '../../core/Clock.js'
import * as Json from '../../core/Json.js'
import type { Log, Unread } from '../../core/Log.js'
import * as SourceLog from '../../core/SourceLog.js'
import * as Timestamp from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { check, checkUnread, type Test } from './savedForm.js'

export interface SavedLog {
  /** Each source, then the timestamp and the change of each of its updates, oldest first. */
  readonly sources: ReadonlyArray<readonly [source: SourceId, ...updates: ReadonlyArray<unknown>]>
  readonly forks?: SavedLog
  readonly unread?: Omit<Unread, 'log'> & { readonly log: SavedLog }
}

/** O(u) for u updates. */
export const savedLog = ({ updatesBySource, forks, unread }: Log<unknown>): SavedLog => {
  const sources: [SourceId, ...unknown[]][] = []
  SortedMap.forEach(updatesBySource, (held, source) => {
    const saved: [SourceId, ...unknown[]] = [source]
    SourceLog.forEach(held, ([change, timestamp]) => saved.push(timestamp, change))
    sources.push(saved)
  })
  return {
    sources,
    ...(forks && { forks: savedLog(forks) }),
    ...(unread && { unread: { ...unread, log: savedLog(unread.log) } }),
  }
}

/**
 * The log that was saved, if no timestamp is above `latest`. Throws for what is no saved log, and
 * for changes that fail a test. O(u).
 */
export const logOf = <C>({ sources, forks, unread }: SavedLog, latest: number, isChange: Test): Log<C> => {
  check(Array.isArray(sources))
  const updatesBySource = new SortedMap.Draft<SourceId, SourceLog.SourceLog<C>>(bySource, SortedMap.empty())
  let size = 0
  let last: SourceId | undefined
  for (const saved of sources) {
    check(Array.isArray(saved))
    const [source] = saved
    check(typeof source === 'string' && (last === undefined || bySource(last, source)))
    const updates = updatesOf<C>(saved, latest, isChange)
    updatesBySource.set(source, SourceLog.evolve(updates, [], SourceLog.empty()))
    size += updates.length
    last = source
  }
  const inner = forks && logOf<C>(forks, latest, isChange)
  if (unread !== undefined) checkUnread(unread)
  return {
    updatesBySource: updatesBySource.done(),
    size: size + (inner?.size ?? 0),
    ...(inner && { forks: inner }),
    ...(unread && { unread: { ...unread, log: logOf<unknown>(unread.log, latest, () => true) } }),
  }
}

const updatesOf = <C>(saved: SavedLog['sources'][number], latest: number, isChange: Test): ReadonlyArray<Update<C>> => {
  const source = saved[0]
  check(saved.length % 2 === 1 && saved.length > 1)
  const updates = new Array<Update<C>>((saved.length - 1) / 2)
  let last = Timestamp.NEVER
  for (let i = 0; i < updates.length; i++) {
    const timestamp = saved[2 * i + 1] as number
    const change = saved[2 * i + 2] as C
    check(Timestamp.is(timestamp) && timestamp > last && timestamp <= latest && isChange(change))
    check(!(Json.freeze(change, MAX_DEPTH) instanceof Json.Unfit))
    updates[i] = Object.freeze<Update<C>>([change, timestamp, source])
    last = timestamp
  }
  return updates
}
