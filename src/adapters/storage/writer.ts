/**
 * Writes the difference between the saved replica and the current one, as one atomic batch a round.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import * as Clock from '../../core/Clock.js'
import * as Log from '../../core/Log.js'
import type { Replica } from '../../core/Replica.js'
import { NEVER } from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { DOUBTED, FLOOR, OWNER, SOURCE, TYPE, UNREAD_UPDATE, UPDATE, type Key, type Operation } from './entries.js'
import type { Read, Source } from './read.js'
import type { Sink } from './Rounds.js'
import type { StorageError } from './StorageError.js'

export interface Writer<S, C, Failed> extends Pick<Sink<StorageError<Failed>>, 'isSaved'> {
  readonly write: () => Promise<E.Either<StorageError<Failed>, void>>
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
  let operation: string

  const act = (owner: string | undefined): ReadonlyArray<Operation> | undefined => {
    if (owner === tried.owner) saved = tried
    if (owner === undefined && saved.owner) saved = { replica: scuttlebutt.create(''), owner, type: owner }
    // another writer may take over until the very turn of the batch
    if (owner !== saved.owner || !isOurs()) return undefined
    tried = saved
    if (isSaved()) return []
    operation = 'write'
    tried = { replica: getReplica(), owner: JSON.stringify([getId(), token, ++batches]), type }
    const operations = difference(saved.replica, tried.replica, scuttlebutt)
    if (type !== saved.type) operations.push([TYPE, type])
    operations.push([OWNER, tried.owner])
    return operations
  }
  const write = async (): Promise<E.Either<StorageError<Failed>, void>> => {
    operation = 'look'
    const done = await table.attempt(
      () => operation,
      async (): Promise<E.Either<StorageError<Failed>, void>> =>
        (await table.update(act)) ? right(undefined) : left({ _tag: 'Locked', name }),
    )
    if (done._tag === 'Right') saved = tried
    // whoever has taken the replica over has all that was saved
    return isSaved() ? right(undefined) : done
  }
  return { write, isSaved, getSaved: () => saved.replica }
}

export const randomText = (): string => crypto.getRandomValues(new Uint32Array(2)).join()

/**
 * The operations that turn the entries of one replica into those of a later one: each key once, to
 * be removed or written. O(d log u).
 */
const difference = <S, C>(before: Replica<S, C>, after: Replica<S, C>, { encode }: Scuttlebutt<S, C>): Operation[] => {
  const operations = new Map<string, Operation>()
  const put = (key: Key, text?: string): void => void operations.set(JSON.stringify(key), [key, text])
  forEachNew(after, before, ([kind, ...place]) => {
    put([kind, ...place])
    // a program that could read it wrote it under the key of such
    const [source, timestamp = NEVER] = place
    if (kind === UNREAD_UPDATE && !Log.find([0, timestamp, source])(after.log)) put([UPDATE, ...place])
  })
  forEachNew(before, after, (key, value) => {
    put(key, JSON.stringify(key[0] === UPDATE ? encode(value as Update<C>) : value))
  })
  if (after.clock.floor !== before.clock.floor) put(FLOOR, String(after.clock.floor))
  return [...operations.values()]
}

/** Visits the entries of `after` that `before` has not, or has with another value. */
const forEachNew = <S, C>(
  { clock: old, log: before }: Replica<S, C>,
  { clock, log: after }: Replica<S, C>,
  visit: (key: Exclude<Key, string>, value: unknown) => void,
): void => {
  const updates = (kind: string, from: Log.Log<unknown> = Log.empty(), to: Log.Log<unknown> = Log.empty()): void => {
    Log.forEachAdded(from, to, (update, depth) => {
      visit([kind, update[2], update[1], depth], update)
    })
  }
  const stamps = (kind: string, from = NO_STAMPS, to = NO_STAMPS): void => {
    SortedMap.forEachChange(Clock.bySource, from, to, (source, stamp) => {
      visit([kind, source], [source, stamp])
    })
  }
  updates(UNREAD_UPDATE, before.unread?.log, after.unread?.log)
  updates(UPDATE, before, after)
  stamps(SOURCE, old.timestamps, clock.timestamps)
  stamps(DOUBTED, old.sure, clock.sure)
}

const NO_STAMPS = SortedMap.empty<SourceId, number>()
