/** Opens a replica in IndexedDB. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { SourceId } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import { Rounds } from '../storage/Rounds.js'
import { attempt } from '../storage/StorageError.js'
import { request } from '../storage/webLocks.js'
import { createWriter } from '../storage/writer.js'
import { create } from '../store/create.js'
import type { Host } from './Host.js'
import { named, type IndexedDbError } from './IndexedDbError.js'
import {
  durable,
  isClosed,
  place,
  readFrom,
  type IndexedDbOptions,
  type IndexedDbStore,
  type Made,
  type Opening,
} from './opening.js'
import { share } from './share.js'
import * as table from './table.js'

export type { IndexedDbOptions, IndexedDbStore } from './opening.js'

type Opened<S, C> = Promise<E.Either<IndexedDbError, IndexedDbStore<S, C>>>

/** See `openIndexedDb`. */
export const open = async <S, C>(
  host: Host,
  name: string,
  scuttlebutt: Scuttlebutt<S, C>,
  id: SourceId,
  options: IndexedDbOptions<S, C>,
): Opened<S, C> => {
  const { tabs = 'alone', takeOver = false } = options
  const { locks } = host
  if (locks === undefined && tabs !== 'unlocked') return left({ _tag: 'NoLocks', name })
  let isOurs = true
  const lose = (): void => {
    isOurs = false
  }
  const isTaking = takeOver && tabs !== 'share'
  const mode = tabs === 'share' ? 'shared' : 'exclusive'
  const how = isTaking ? ({ mode, steal: true } as const) : ({ mode, ifAvailable: true } as const)
  const unlock = locks === undefined ? () => undefined : await request(locks, place(name), how, lose)
  if (unlock === undefined) return left({ _tag: 'Locked', name })
  let lost: () => void
  const gone = new Promise<void>((resolve) => {
    lost = resolve
  })
  const db = named(
    name,
    await attempt('open', async () => {
      const made = await table.open(host.indexedDB, name, () => {
        lost()
      })
      // a batch of the other one that is under way ends before this, and a later one is refused
      if (isTaking) await table.claim(made, id)
      return made
    }),
  )
  if (db._tag === 'Left') {
    unlock()
    return db
  }
  const release = (): void => {
    db.right.close()
    unlock()
  }
  const opening: Opening<S, C> = {
    ...{ name, scuttlebutt, id, options, host, gone, release },
    ...{ db: db.right, table: table.tableOf(db.right), isOurs: () => isOurs },
  }
  const opened = named(name, await (tabs === 'share' ? share(opening, locks!) : alone(opening)))
  if (opened._tag === 'Left') release()
  return opened
}

const alone = async <S, C>(opening: Opening<S, C>): Made<S, C> => {
  const { scuttlebutt, id, options, release } = opening
  const found = await readFrom(opening)
  if (found._tag === 'Left') return found
  const { replica, type } = found.right
  const wasOpen = type !== undefined
  const store = create(scuttlebutt, id, { ...options, replica, wasOpen })
  const getId = (): SourceId => store.getReplica().id
  const rounds = new Rounds(
    createWriter({ ...opening, read: found.right, getReplica: store.getReplica, getId, isClosed }),
  )
  // the next opening must know of this one, even if nothing else is saved
  const recorded = wasOpen ? right(undefined) : await rounds.flush()
  if (recorded._tag === 'Left') return recorded
  return right(durable(opening, store, rounds, release, { isLeader: () => true, leading: Promise.resolve() }))
}
