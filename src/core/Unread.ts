/**
 * Updates whose change this program does not know: kept as JSON, passed on, and read by a later
 * version. They are held like others, but reach no state. Their room is bounded.
 */
import * as SortedMap from '../structures/SortedMap.js'
import { bySource } from './Clock.js'
import * as Json from './Json.js'
import * as Log from './Log.js'
import type { Timestamp } from './Timestamp.js'
import type { SourceId, Update } from './Update.js'

/** The most bytes that are kept of one source, as JSON: 1 MiB. */
export const MAX_OF_SOURCE = 1 << 20

/** The most bytes that are kept of all sources, as JSON: 16 MiB. */
export const MAX_OF_ALL = 1 << 24

const nothing: Log.Unread = { log: Log.empty(), bytes: 0, bytesBySource: SortedMap.empty() }

/** The updates that a log holds unread, sorted. O(u log u) for u of them. */
export const all = ({ unread }: Log.Log<unknown>): ReadonlyArray<Update<unknown>> =>
  unread === undefined ? [] : Log.sorted(Log.all(unread.log))

/** Whether this very update is held unread. O(log u). */
export const holds =
  (update: Update<unknown>) =>
  ({ unread }: Log.Log<unknown>): boolean =>
    unread !== undefined && Log.contents(update)(unread.log).includes(update)

/** Whether there is room for an update. O(size), and O(log s). */
export const hasRoom =
  (update: Update<unknown>) =>
  ({ unread = nothing }: Log.Log<unknown>): boolean => {
    const bytes = bytesOf(update)
    return unread.bytes + bytes <= MAX_OF_ALL && bytesHeld(update[2], unread) + bytes <= MAX_OF_SOURCE
  }

const bytesOf = (update: Update<unknown>): number => Json.bytes(JSON.stringify(update))

const bytesHeld = (source: SourceId, { bytesBySource }: Log.Unread): number =>
  SortedMap.get(bySource, bytesBySource, source) ?? 0

/** The log with one more unread update: a second content under its stamp too. O(size, log u). */
export const add =
  (update: Update<unknown>) =>
  <C>(log: Log.Log<C>): Log.Log<C> => {
    const { unread = nothing } = log
    const [, , source] = update
    const bytes = bytesOf(update)
    const ofSource = bytesHeld(source, unread) + bytes
    return {
      ...log,
      unread: {
        log: Log.fork(update)(unread.log),
        bytes: unread.bytes + bytes,
        bytesBySource: SortedMap.set(bySource, unread.bytesBySource, source, ofSource),
      },
    }
  }

/** The log without the unread updates under a stamp. O(their bytes, and log u). */
export const without =
  (update: Update<unknown>) =>
  <C>(log: Log.Log<C>): Log.Log<C> => {
    const { unread, ...read } = log
    const gone = unread === undefined ? [] : Log.contents(update)(unread.log)
    if (unread === undefined || gone.length === 0) return log
    const rest = Log.without(update)(unread.log)
    if (rest.size === 0) return read
    const bytes = gone.reduce((sum, one) => sum + bytesOf(one), 0)
    const ofSource = bytesHeld(update[2], unread) - bytes
    const bytesBySource = SortedMap.set(bySource, unread.bytesBySource, update[2], ofSource)
    return { ...read, unread: { log: rest, bytes: unread.bytes - bytes, bytesBySource } }
  }

/** The log with just these of its unread updates. O(their size, u log u). */
export const keep =
  (updates: ReadonlyArray<Update<unknown>>) =>
  <C>({ updatesBySource, size, forks }: Log.Log<C>): Log.Log<C> =>
    updates.reduce<Log.Log<C>>((next, update) => add(update)(next), {
      updatesBySource,
      size,
      ...(forks && { forks }),
    })

/** The log without its unread updates up to a timestamp. O(u) if there are any. */
export const dropUpTo =
  (floor: Timestamp) =>
  <C>(log: Log.Log<C>): Log.Log<C> =>
    log.unread === undefined ? log : keep(all(log).filter(([, timestamp]) => timestamp > floor))(log)
