/**
 * Writes the difference between the saved replica and the current one, as one atomic batch a round.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Replica } from '../../core/Replica.js'
import type { SourceId } from '../../core/Update.js'
import { difference } from './difference.js'
import { OWNER, TYPE, textOfType, type Operation, type Table } from './entries.js'
import type { Read, Source } from './read.js'
import type { Sink } from './Rounds.js'
import type { StorageError } from './StorageError.js'

export interface Writer<Failed> extends Pick<Sink<StorageError<Failed>>, 'isSaved'> {
  readonly write: () => Promise<E.Either<StorageError<Failed>, void>>
}

/**
 * The writer of what differs from the replica as it was read. `getId` says whose the replica is,
 * `isOurs` that nobody took it over. Before each round it looks who wrote
 * last, and that nobody emptied the replica: then all is written anew. Each batch has a number of
 * its own: so two writers do not miss one another, and one knows its own batch, of which the
 * database said that it failed. Errors of a round: those of the database, and `Locked`.
 */
export const createWriter = <S, C, Failed>(
  { table, name, scuttlebutt }: Source<S, C> & { readonly table: Table<Failed> },
  read: Read<S, C>,
  getReplica: () => Replica<S, C>,
  getId: () => SourceId,
  isOurs: () => boolean,
): Writer<Failed> => {
  const token = randomText()
  const type = textOfType(scuttlebutt.dataType)
  let batches = 0
  // a copy is not the store's replica: what is new or adopted is written at once
  let saved: Pick<Read<S, C>, 'replica' | 'type' | 'owner'> = read.isOther
    ? { ...read, replica: { ...read.replica } }
    : read
  /** What is saved if the last batch was done after all. */
  let tried = saved
  const isSaved = (): boolean => saved.replica === getReplica()

  const act = (owner: string | undefined): ReadonlyArray<Operation> | undefined => {
    if (owner === tried.owner) saved = tried
    if (owner === undefined && saved.owner) saved = { replica: scuttlebutt.create(''), owner, type: owner }
    // another writer may take over until the very turn of the batch
    if (owner !== saved.owner || !isOurs()) return undefined
    tried = saved
    if (isSaved()) return []
    tried = { replica: getReplica(), owner: JSON.stringify([getId(), token, ++batches]), type }
    const operations = difference(saved.replica, tried.replica, scuttlebutt)
    if (type !== saved.type) operations.push([TYPE, type])
    operations.push([OWNER, tried.owner])
    return operations
  }
  const write = async (): Promise<E.Either<StorageError<Failed>, void>> => {
    const done = await table.attempt('write', async (): Promise<E.Either<StorageError<Failed>, void>> =>
      (await table.update(act)) ? right(undefined) : left({ _tag: 'Locked', name }),
    )
    if (done._tag === 'Right') saved = tried
    // whoever has taken the replica over has all that was saved
    return isSaved() ? right(undefined) : done
  }
  return { write, isSaved }
}

export const randomText = (): string => crypto.getRandomValues(new Uint32Array(2)).join()
