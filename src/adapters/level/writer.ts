/**
 * Writes the difference between the saved replica and the current one, as one atomic batch a round.
 */
import type { AbstractBatchOperation } from 'abstract-level'
import type { either as E } from 'fp-ts'
import * as Clock from '../../core/Clock.js'
import { right } from '../../core/Either.js'
import * as Log from '../../core/Log.js'
import type { Replica } from '../../core/Replica.js'
import type { SourceId, Update } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import * as SortedMap from '../../structures/SortedMap.js'
import * as WireMessage from '../../wire/lines/format.js'
import { Rounds } from '../storage/Rounds.js'
import { doubtKey, FLOOR, TYPE, sourceKey, unreadKey, updateKey, type Sublevel } from './entries.js'
import { attempt, type LevelError } from './LevelError.js'
import { typeText } from './read.js'

/** What to write where. */
export interface Target<S, C> {
  readonly sublevel: Sublevel
  /** The replica's name, for errors. */
  readonly name: string
  readonly scuttlebutt: Scuttlebutt<S, C>
  /** The replica as it was read. */
  readonly read: Replica<S, C>
  readonly getReplica: () => Replica<S, C>
  /** Whether a batch must be on the disk itself. */
  readonly sync: boolean
}

/** The writer of what differs from the replica as it was read. */
export const createWriter = <S, C>({ sublevel, name, scuttlebutt, read, getReplica, sync }: Target<S, C>) => {
  const encode = WireMessage.encode(scuttlebutt.dataType)
  const line = (update: Update<C>): string => encode({ _tag: 'Update', update }).trimEnd()
  let saved = read
  let isNamed = false
  const isSaved = (): boolean => saved === getReplica()
  const write = async (): Promise<E.Either<LevelError, void>> => {
    if (isSaved()) return right(undefined)
    const next = getReplica()
    const operations = difference(saved, next, line)
    if (!isNamed) operations.push({ type: 'put', key: TYPE, value: typeText(scuttlebutt.dataType) })
    const wrote = await attempt('write', () => sublevel.batch(operations, { sync } as object))
    if (wrote._tag === 'Right') [saved, isNamed] = [next, true]
    return wrote
  }
  return new Rounds({ write, isSaved, hasMore: () => !isSaved(), closed: { _tag: 'Closed', name } })
}

type Operation = AbstractBatchOperation<Sublevel, string, string>

/** The operations that turn the entries of one replica into those of a later one. O(d log u). */
const difference = <S, C>(
  before: Replica<S, C>,
  after: Replica<S, C>,
  line: (update: Update<C>) => string,
): Operation[] => {
  const operations: Operation[] = []
  const put = (key: string, value: string): void => void operations.push({ type: 'put', key, value })
  const remove = (key: string): void => void operations.push({ type: 'del', key })
  const changed = <U>(from: Log.Log<U>, to: Log.Log<U>, key: typeof updateKey, text: (update: Update<U>) => string) => {
    Log.forEachAdded(from, to, (update, depth) => {
      put(key(update, depth), text(update))
    })
    Log.forEachAdded(to, from, (update, depth) => {
      if (Log.contents(update)(to).length <= depth) remove(key(update, depth))
    })
  }
  changed(before.log, after.log, updateKey, line)
  const [unread, nowUnread] = [before, after].map(({ log }) => log.unread?.log ?? Log.empty<unknown>())
  changed(unread!, nowUnread!, unreadKey, (update) => JSON.stringify(update))
  const [seen, sees] = [before.clock.timestamps, after.clock.timestamps]
  SortedMap.forEachChange(Clock.bySource, seen, sees, (source, timestamp) => {
    put(sourceKey(source), JSON.stringify([source, timestamp]))
  })
  SortedMap.forEachChange(Clock.bySource, sees, seen, (source) => {
    if (SortedMap.get(Clock.bySource, sees, source) === undefined) remove(sourceKey(source))
  })
  const [sure, nowSure] = [before, after].map(({ clock }) => clock.sure ?? SortedMap.empty<SourceId, number>())
  SortedMap.forEachChange(Clock.bySource, sure!, nowSure!, (source, timestamp) => {
    put(doubtKey(source), JSON.stringify([source, timestamp]))
  })
  SortedMap.forEachChange(Clock.bySource, nowSure!, sure!, (source) => {
    if (SortedMap.get(Clock.bySource, nowSure!, source) === undefined) remove(doubtKey(source))
  })
  if (after.clock.floor !== before.clock.floor) put(FLOOR, String(after.clock.floor))
  return operations
}
