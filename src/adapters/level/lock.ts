/**
 * One writer a replica. A process knows its own, by database. Tabs of a browser that share a
 * database ask the Web Locks of the platform, which frees the locks of a tab that is gone. The
 * writer also looks, before each round, who wrote last.
 *
 * Who takes over waits for the batch that is under way, and reads after it: so it has whatever that
 * batch saved, acknowledged or not. No batch starts later, as the lock is looked at in the turn in
 * which one starts. Of another tab it cannot know when a batch ends.
 */
import { request, type WebLocks } from '../storage/webLocks.js'
import type { Level } from './table.js'

export interface Lock {
  /** Whether nobody took over. */
  readonly isOurs: () => boolean
  /** Starts a batch. Who takes over waits for the end of it. */
  readonly write: <A>(batch: () => Promise<A>) => Promise<A>
  readonly release: () => void
}

interface Holder {
  isOurs: boolean
  /** Settles when no batch of it is under way. */
  writing: Promise<unknown>
}

/** The locks of the open replicas, by root database and key. */
const held = new WeakMap<Level, Map<string, Holder>>()

/** Locks a replica; undefined if another writer has it. With `takeOver` that one writes no more. */
export const lock = async (
  db: Level,
  name: string,
  takeOver: boolean,
  locks: WebLocks | undefined,
): Promise<Lock | undefined> => {
  const { root, key } = rootOf(db, name)
  const inUse = held.get(root) ?? new Map<string, Holder>()
  held.set(root, inUse)
  const other = inUse.get(key)
  if (other !== undefined && !takeOver) return undefined
  const own: Holder = { isOurs: true, writing: other?.writing ?? Promise.resolve() }
  inUse.set(key, own)
  const lose = (): void => {
    own.isOurs = false
    if (inUse.get(key) === own) inUse.delete(key)
  }
  const place = placeOf(root)
  const isAlone = place === undefined || locks === undefined
  const how = takeOver ? { steal: true } : { ifAvailable: true }
  const release = isAlone ? () => undefined : await request(locks, `${place} ${key}`, how, lose)
  if (release === undefined) {
    lose()
    if (other !== undefined) inUse.set(key, other)
    return undefined
  }
  if (other !== undefined) {
    other.isOurs = false
    await other.writing
  }
  return {
    isOurs: () => own.isOurs,
    write: (batch) => {
      const done = batch()
      // also after one that failed, and after those that were taken over from
      own.writing = Promise.allSettled([own.writing, done]).then(() => undefined)
      return done
    },
    release: () => {
      lose()
      release()
    },
  }
}

/** The database below all sublevels, and a key in it: each `sublevel` makes a new object. */
const rootOf = (db: Level, name: string): { readonly root: Level; readonly key: string } => {
  const { db: root, prefix } = db as { readonly db?: Partial<Level> | null; readonly prefix?: unknown }
  const isSublevel = typeof prefix === 'string' && typeof root?.sublevel === 'function'
  return isSublevel ? { root: root as Level, key: JSON.stringify([prefix, name]) } : { root: db, key: name }
}

/** Where the database is, if others can open it too. */
const placeOf = (root: object): string | undefined => {
  const { location, namePrefix = '' } = root as { readonly location?: unknown; readonly namePrefix?: unknown }
  return typeof location === 'string' ? `scuttlebutt-ts ${String(namePrefix)}${location}` : undefined
}
