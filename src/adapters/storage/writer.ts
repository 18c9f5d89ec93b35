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
}

/**
 * The writer of what differs from the replica as it was read. Before each round it looks who wrote
 * last, and that nobody emptied the replica: then all is written anew. Errors of a round:
 * `Failure`, `Locked`.
 */
export const createWriter = <S, C>(target: Target<S, C>): Writer<S, C> => {
  const { table, name, scuttlebutt, read, getReplica, getId, isOurs } = target
  const line = (update: Update<C>): string => JSON.stringify(scuttlebutt.encode(update))
  const type = typeText(scuttlebutt.dataType)
  const token = randomText()
  const ownerText = (): string => JSON.stringify([getId(), token])
  let saved = read.replica
  let header: Header = read
  // a replica that was adopted says at once what it is
  let isSavedWhole = !read.isAdopted
  const isSaved = (): boolean => saved === getReplica() && isSavedWhole

  const look = async (): Promise<E.Either<StorageError, void>> => {
    if (!isOurs()) return left({ _tag: 'Locked', name })
    const found = await attempt('look', () => table.getMany([TYPE, OWNER]))
    if (found._tag === 'Left') return found
    const [type, owner] = found.right
    if (owner === header.owner && (type !== undefined || header.type === undefined)) return right(undefined)
    if (type !== undefined) return left({ _tag: 'Locked', name })
    ;[saved, header, isSavedWhole] = [scuttlebutt.create(getReplica().id), { type, owner: undefined }, false]
    return right(undefined)
  }
  const write = async (isAwaited: boolean): Promise<E.Either<StorageError, void>> => {
    if (isSaved() && !isAwaited) return right(undefined)
    const looked = await look()
    if (looked._tag === 'Left') return isSaved() && isLoss(looked.left) ? right(undefined) : looked
    if (isSaved()) return right(undefined)
    const next = getReplica()
    const operations = difference(saved, next, line)
    const after = { type, owner: ownerText() }
    if (after.type !== header.type) operations.push({ type: 'put', key: TYPE, value: after.type })
    if (after.owner !== header.owner) operations.push({ type: 'put', key: OWNER, value: after.owner })
    // in the same turn as the batch: another writer may take over during any wait before it
    if (!isOurs()) return left({ _tag: 'Locked', name })
    const wrote = await attempt('write', () => table.batch(operations, header.owner))
    if (wrote._tag === 'Right') [saved, header, isSavedWhole] = [next, after, true]
    return wrote
  }
  return { write, isSaved, hasMore: () => !isSaved(), closed: { _tag: 'Closed', name }, getSaved: () => saved }
}

export interface Writer<S, C> extends Sink<StorageError> {
  /** The replica as it is in the database. */
  readonly getSaved: () => Replica<S, C>
}

/** Whether nothing can be written any more: nothing more is lost if all is saved. */
const isLoss = (error: StorageError): boolean =>
  error._tag === 'Locked' || (error._tag === 'Failure' && error.code === 'LEVEL_DATABASE_NOT_OPEN')

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
