/** A log as JSON that names each update once, and back. */
import { MAX_DEPTH } from '../../core/Change.js'
import * as Json from '../../core/Json.js'
import * as Log from '../../core/Log.js'
import * as SourceLog from '../../core/SourceLog.js'
import * as Timestamp from '../../core/Timestamp.js'
import * as Unread from '../../core/Unread.js'
import type { SourceId, Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { check, mapOf } from './savedForm.js'

export interface SavedLog {
  /** Each source, then the timestamp and the change of each of its updates, oldest first. */
  readonly sources: ReadonlyArray<readonly [source: SourceId, ...updates: ReadonlyArray<unknown>]>
  readonly forks?: SavedLog
  /** Their bytes are counted anew. */
  readonly unread?: SavedLog
}

type Test = (u: unknown) => boolean

/** The log for JSON: {@link logOf} makes it again. O(u) for u updates. */
export const savedLog = ({ updatesBySource, forks, unread }: Log.Log<unknown>): SavedLog => {
  const sources: [SourceId, ...unknown[]][] = []
  SortedMap.forEach(updatesBySource, (held, source) => {
    const saved: [SourceId, ...unknown[]] = [source]
    SourceLog.forEach(held, ([change, timestamp]) => saved.push(timestamp, change))
    sources.push(saved)
  })
  return {
    sources,
    ...(forks && { forks: savedLog(forks) }),
    ...(unread && { unread: savedLog(unread.log) }),
  }
}

/**
 * The log that was saved. Throws for what is no saved log, for a timestamp above `latest`, and for
 * a change that fails the test. O(size), and O(u log u) for u unread updates.
 */
export const logOf = <C>({ sources, forks, unread }: SavedLog, latest: number, isChange: Test): Log.Log<C> => {
  let size = 0
  const updatesBySource = mapOf(sources, (saved) => {
    const updates = updatesOf<C>(saved, latest, isChange)
    size += updates.length
    return SourceLog.evolve(updates, [], SourceLog.empty())
  })
  const inner = forks === undefined ? undefined : logOf<C>(forks, latest, isChange)
  const others = unread === undefined ? [] : Log.all(logOf(unread, latest, () => true))
  return Unread.keep(others)({ updatesBySource, size: size + (inner?.size ?? 0), ...(inner && { forks: inner }) })
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
