/**
 * Writes the difference between the saved replica and the current one, as one atomic batch a round.
 */
import { left, right } from '../../core/Either.js'
import * as Clock from '../../core/Clock.js'
import * as Log from '../../core/Log.js'
import type { Replica } from '../../core/Replica.js'
import type { SourceId, Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import {
  DOUBTED,
  FLOOR,
  OWNER,
  SOURCE,
  TYPE,
  UNREAD_UPDATE,
  UPDATE,
  type Key,
  type Operation,
  type Table,
} from './entries.js'
import type { Read, Source } from './read.js'
import type { Sink } from './Rounds.js'
import type { StorageError } from './StorageError.js'

export interface Writer<S, C, Failed> extends Sink<StorageError<Failed>> {
  /** The replica as it is in the database. */
  readonly getSaved: () => Replica<S, C>
}

/**
 * The writer of what differs from the replica as it was read. `getId` says whose the replica is,
 * `isOurs` that nobody took it over. Before each round it looks who wrote
 * last, and that nobody emptied the replica: then all is written anew. Each batch has a number of
 * its own: so two writers do not miss one another, and one knows its own batch, of which the
 * database said that it failed. Errors of a round: those of the database, and `Locked`.
 */
export const createWriter = <S, C, Failed>(
  { table, name, scuttlebutt }: Source<S, C, Failed>,
  read: Read<S, C>,
  getReplica: () => Replica<S, C>,
  getId: () => SourceId,
  isOurs: () => boolean,
): Writer<S, C, Failed> => {
  const token = randomText()
  const { name: typeName, version = [] } = scuttlebutt.dataType
  const type = JSON.stringify([typeName, version].flat())
  let batches = 0
  // a copy is not the store's replica: what is new or adopted is written at once
  let saved: Pick<Read<S, C>, 'replica' | 'type' | 'owner'> = read.isOther
    ? { ...read, replica: { ...read.replica } }
    : read
  /** What is saved if the last batch was done after all. */
  let tried = saved
  const isSaved = (): boolean => saved.replica === getReplica()

  const write: Sink<StorageError<Failed>>['write'] = async (isAwaited) => {
    if (isSaved() && !isAwaited) return right(undefined)
    let operation = 'look'
    const act: Parameters<Table<Failed>['update']>[0] = (owner) => {
      if (owner === tried.owner) saved = tried
      if (owner === undefined && saved.owner !== undefined) {
        saved = { replica: scuttlebutt.create(''), owner, type: owner }
      }
      // another writer may take over until the very turn of the batch
      if (owner !== saved.owner || !isOurs()) return undefined
      tried = saved
      if (isSaved()) return []
      operation = 'write'
      tried = { replica: getReplica(), owner: JSON.stringify([getId(), token, ++batches]), type }
      const operations = difference(saved.replica, tried.replica, (update) =>
        JSON.stringify(scuttlebutt.encode(update)),
      )
      if (type !== saved.type) operations.push([TYPE, type])
      return [...operations, [OWNER, tried.owner]]
    }
    const done = await table.attempt<never, boolean>(
      () => operation,
      async () => right(await table.update(act)),
    )
    const isDone = done._tag === 'Right' && done.right
    if (isDone) saved = tried
    // whoever has taken the replica over has all that was saved
    if (isDone || isSaved()) return right(undefined)
    return done._tag === 'Left' ? done : left({ _tag: 'Locked', name })
  }
  return { write, isSaved, closed: { _tag: 'Closed', name }, getSaved: () => saved.replica }
}

export const randomText = (): string => crypto.getRandomValues(new Uint32Array(2)).join()

/**
 * The operations that turn the entries of one replica into those of a later one. What differs is
 * removed first, and then written. O(d log u).
 */
const difference = <S, C>(
  before: Replica<S, C>,
  after: Replica<S, C>,
  line: (update: Update<C>) => string,
): Operation[] => {
  const operations: Operation[] = []
  const put = (key: Key, text?: string): void => void operations.push([key, text])
  const logs = <U>(kind: string, from: Log.Log<U>, to: Log.Log<U>, text: (update: Update<U>) => string): void => {
    Log.forEachAdded(to, from, (update, depth) => {
      put(keyOf(kind, update, depth))
    })
    Log.forEachAdded(from, to, (update, depth) => {
      put(keyOf(kind, update, depth), text(update))
    })
  }
  const stamps = (kind: string, from = SortedMap.empty<SourceId, number>(), to: typeof from = SortedMap.empty()) => {
    SortedMap.forEachChange(Clock.bySource, to, from, (source, _, now) => {
      if (now === undefined) put([kind, source])
    })
    SortedMap.forEachChange(Clock.bySource, from, to, (source, stamp) => {
      put([kind, source], JSON.stringify([source, stamp]))
    })
  }
  const [unread, nowUnread] = [before, after].map(({ log }) => log.unread?.log ?? Log.empty<unknown>())
  logs(UNREAD_UPDATE, unread!, nowUnread!, JSON.stringify)
  // a program that could read it wrote it under the key of such
  Log.forEachAdded(nowUnread!, unread!, (update, depth) => {
    if (Log.find(update)(after.log) === undefined) put(keyOf(UPDATE, update, depth))
  })
  logs(UPDATE, before.log, after.log, line)
  stamps(SOURCE, before.clock.timestamps, after.clock.timestamps)
  stamps(DOUBTED, before.clock.sure, after.clock.sure)
  if (after.clock.floor !== before.clock.floor) put(FLOOR, String(after.clock.floor))
  return operations
}

const keyOf = (kind: string, [, timestamp, source]: Update<unknown>, depth: number): Key => [
  kind,
  source,
  timestamp,
  depth,
]
