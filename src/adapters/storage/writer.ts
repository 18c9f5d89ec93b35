/**
 * Writes the difference between the saved replica and the current one, as one atomic batch a round.
 */
import type { either as E } from 'fp-ts'
import * as Clock from '../../core/Clock.js'
import { left, right } from '../../core/Either.js'
import * as Log from '../../core/Log.js'
import type { Replica } from '../../core/Replica.js'
import type { SourceId, Update } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { doubtKey, FLOOR, OWNER, TYPE, sourceKey, unreadKey, updateKey, type Operation, type Table } from './entries.js'
import { typeText, type Header, type Read } from './read.js'
import type { Sink } from './Rounds.js'
import { attempt, type StorageError } from './StorageError.js'

/** What to write where. */
export interface Target<S, C> {
  readonly table: Table
  /** The replica's name, for errors. */
  readonly name: string
  readonly scuttlebutt: Scuttlebutt<S, C>
  /** The replica as it was read, and what the database said of it. */
  readonly read: Read<S, C>
  readonly getReplica: () => Replica<S, C>
  /** Whose the replica is. */
  readonly getId: () => SourceId
  /** Whether nobody took the replica over. */
  readonly isOurs: () => boolean
  /** Whether a failure's code says that the database was closed by whoever it belongs to. */
  readonly isClosed?: (code: string) => boolean
}

/**
 * The writer of what differs from the replica as it was read. Before each round it looks who wrote
 * last, and that nobody emptied the replica: then all is written anew. Each batch has a number of
 * its own: so two writers do not miss one another, and one knows its own batch, of which the
 * database said that it failed. Errors of a round: `Failure`, `Locked`.
 */
export const createWriter = <S, C>(target: Target<S, C>): Writer<S, C> => {
  const { table, name, scuttlebutt, read, getReplica, getId, isOurs, isClosed } = target
  const line = (update: Update<C>): string => JSON.stringify(scuttlebutt.encode(update))
  const type = typeText(scuttlebutt.dataType)
  const token = randomText()
  let batches = 0
  // a replica that is new, or was adopted, says at once what it is
  const isWhole = !read.isAdopted && read.type !== undefined
  let saved: Saved<S, C> = { replica: read.replica, type: read.type, owner: read.owner, isWhole }
  /** What is saved if the last batch was done after all. */
  let tried = saved
  const isSaved = (): boolean => saved.replica === getReplica() && saved.isWhole
  const locked = left<StorageError>({ _tag: 'Locked', name })

  const look = async (): Promise<E.Either<StorageError, void>> => {
    if (!isOurs()) return locked
    const found = await attempt('look', () => table.getMany([TYPE, OWNER]))
    if (found._tag === 'Left') return found
    const [typeThere, owner] = found.right
    const isThere = typeThere !== undefined
    if (isThere && owner === tried.owner) saved = tried
    if (owner === saved.owner && (isThere || saved.type === undefined)) return right(undefined)
    if (isThere) return locked
    saved = { replica: scuttlebutt.create(getReplica().id), type: undefined, owner, isWhole: false }
    return right(undefined)
  }
  const write = async (isAwaited: boolean): Promise<E.Either<StorageError, void>> => {
    if (isSaved() && !isAwaited) return right(undefined)
    const looked = await look()
    if (looked._tag === 'Left') return isSaved() && isLoss(looked.left, isClosed) ? right(undefined) : looked
    if (isSaved()) return right(undefined)
    const replica = getReplica()
    const operations = difference(saved.replica, replica, line)
    const owner = JSON.stringify([getId(), token, ++batches])
    tried = { replica, type, owner, isWhole: true }
    if (type !== saved.type) operations.push({ type: 'put', key: TYPE, value: type })
    operations.push({ type: 'put', key: OWNER, value: owner })
    // in the same turn as the batch: another writer may take over during any wait before it
    if (!isOurs()) return locked
    const wrote = await attempt('write', () => table.batch(operations, saved.owner))
    if (wrote._tag === 'Right') saved = tried
    return wrote
  }
  return { write, isSaved, hasMore: () => !isSaved(), closed: { _tag: 'Closed', name }, getSaved: () => saved.replica }
}

interface Saved<S, C> extends Header {
  readonly replica: Replica<S, C>
  /** The type and the owner are there too. */
  readonly isWhole: boolean
}

export interface Writer<S, C> extends Sink<StorageError> {
  /** The replica as it is in the database. */
  readonly getSaved: () => Replica<S, C>
}

/** Whether nothing can be written any more: nothing more is lost if all is saved. */
const isLoss = (error: StorageError, isClosed?: (code: string) => boolean): boolean =>
  error._tag === 'Locked' || (error._tag === 'Failure' && isClosed?.(error.code) === true)

export const randomText = (): string =>
  [...crypto.getRandomValues(new Uint32Array(2))].map((word) => word.toString(16).padStart(8, '0')).join('')

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
  // a program that could read it wrote it under the key of such
  Log.forEachAdded(nowUnread!, unread!, (update, depth) => {
    if (Log.find(update)(after.log) === undefined) remove(updateKey(update, depth))
  })
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
