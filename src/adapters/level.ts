/** scuttlebutt-ts/level: replicas in LevelDB (Node), in IndexedDB (browsers), or in memory. */
import type { AbstractLevel } from 'abstract-level'
import type { either as E, taskEither as TE } from 'fp-ts'
import { left, right } from '../core/Either.js'
import type { SourceId } from '../core/Update.js'
import type { Scuttlebutt } from '../scuttlebutt.js'
import { attempt, type LevelError } from './level/LevelError.js'
import { lock } from './level/lock.js'
import { tableOf, type Level, type Sublevel } from './level/table.js'
import * as names from './storage/names.js'
import { read, type ReadOptions } from './storage/read.js'
import { createRounds } from './storage/Rounds.js'
import { platformLocks, type WebLocks } from './storage/webLocks.js'
import { createWriter } from './storage/writer.js'
import type { StoreOptions } from './store.js'
import { create } from './store/create.js'
import type { DurableStore } from './store/DurableStore.js'

export { showLevelError, type LevelError, type LevelFailure } from './level/LevelError.js'
export type { Level } from './level/table.js'
export type { LockRequest, WebLocks } from './storage/webLocks.js'

export interface LevelOptions<S, C> extends Omit<StoreOptions<S, C>, 'replica'>, ReadOptions {
  /** The replica's name in the database; any string. Default: the replica's id. */
  readonly name?: string
  /** Whether a round must be on the disk itself, if the database can say so. Default true. */
  readonly sync?: boolean
  /** Opens also what another writer has open. That one then writes no more. Default false. */
  readonly takeOver?: boolean
  /** What keeps tabs of a browser apart. Default: the platform's `navigator.locks`, if any. */
  readonly locks?: WebLocks
}

export type LevelStore<S, C> = DurableStore<S, C, LevelError>

/** The sublevel of all replicas. */
const ROOT = 'scuttlebutt'

/**
 * Opens a store on a replica in a database, or creates the replica. The database holds updates that
 * are not superseded, and no others, so opening is O(updates held).
 *
 * A round writes the changes since the round before as one atomic batch: O(d log u) for d updates
 * that came or went among u. `close` closes the store, not the caller's database.
 *
 * A replica that somebody emptied is written anew, whole, at the next flush. Of two stores on one
 * replica that know nothing of each other, as in a browser without Web Locks, the first to write
 * stays: the other gets `Locked` at its next round. Of two rounds at one time both may give
 * `Right`, and what one of them wrote is lost.
 *
 * Errors: `Level`, `Locked`; `OtherType`, or `Rejected` for a replica of 0.1, if it is of another
 * data type; `OtherId`. A flush has `Level` and `Locked`.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as t from 'io-ts'
 * import { MemoryLevel } from 'memory-level'
 * const db = new MemoryLevel()
 * const store = unwrap(await openLevel(db, scuttlebutt(Model.of(t.number)), 'alice')())
 * store.change(Model.set('x', 1))
 * await store.close() // => E.right(undefined)
 * const again = unwrap(await openLevel(db, scuttlebutt(Model.of(t.number)), 'alice')())
 * Model.toJSON(again.getReplica().state) // => { x: 1 }
 * await namesIn(db)() // => E.right(['alice'])
 */
export const openLevel =
  <S, C>(
    db: Level,
    scuttlebutt: Scuttlebutt<S, C>,
    id: SourceId,
    options: LevelOptions<S, C> = {},
  ): TE.TaskEither<LevelError, LevelStore<S, C>> =>
  async () => {
    const { name = id, sync = true, takeOver = false, locks } = options
    const locked = await lock(db, name, takeOver, locks ?? platformLocks())
    if (locked === undefined) return left({ _tag: 'Locked', name })
    const table = await attempt('open', async () => right(tableOf(await openSublevel(db, name), sync, locked.write)))
    const found =
      table._tag === 'Left'
        ? table
        : await attempt('read', () => read({ table: table.right, name, scuttlebutt, id, options }, options.progress))
    if (table._tag === 'Left' || found._tag === 'Left') {
      locked.release()
      const failed = found as E.Left<LevelError>
      return isLocked(failed) ? left({ _tag: 'Locked', name }) : failed
    }
    const { replica, type } = found.right
    const wasOpen = type !== undefined
    const store = create(scuttlebutt, id, { ...options, replica, wasOpen })
    const { getReplica } = store
    const source = { table: table.right, name, scuttlebutt, id, options }
    const writer = createWriter(source, found.right, getReplica, () => getReplica().id, locked.isOurs)
    const rounds = createRounds<LevelError>({ ...writer, closed: { _tag: 'Closed', name } })
    store.subscribe(rounds.wake)
    // the next opening must know of this one, even if nothing else is saved
    const recorded = wasOpen ? right(undefined) : await rounds.flush()
    if (recorded._tag === 'Left') {
      locked.release()
      return recorded
    }
    rounds.wake()
    const close = async (): Promise<E.Either<LevelError, void>> => {
      const closed = await rounds.close()
      if (closed._tag === 'Right') locked.release()
      return closed
    }
    return right({ ...store, flushed: rounds.flush, close, compact: rounds.flush })
  }

/** Another process has the database open. */
const isLocked = ({ left: error }: E.Left<LevelError>): boolean =>
  error._tag === 'Level' && error.code === 'LEVEL_LOCKED'

const openSublevel = async (db: Level, name: string): Promise<Sublevel> => {
  await db.open()
  const sublevel = db.sublevel([ROOT, names.encode(name)]) as Sublevel
  await sublevel.open()
  return sublevel
}

/** The names of the replicas in a database, sorted. O(replicas). Errors: `Level`. */
export const namesIn =
  (db: Level): TE.TaskEither<LevelError, ReadonlyArray<string>> =>
  () =>
    attempt('list', async () => {
      await db.open()
      return right(await listed(db.sublevel(ROOT) as AbstractLevel<unknown, string, string>))
    })

/** The keys of a sublevel begin with `!<its name>!`; each look-up skips all others of one name. */
const listed = async (root: AbstractLevel<unknown, string, string>): Promise<ReadonlyArray<string>> => {
  const found: string[] = []
  let after = '!'
  for (;;) {
    const [key] = await root.keys({ gt: after, lt: '"', limit: 1 }).all()
    if (key === undefined) return found.sort()
    const name = key.slice(1, key.indexOf('!', 1))
    found.push(names.decode(name))
    after = `!${name}"`
  }
}
