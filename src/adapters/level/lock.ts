/**
 * One writer a replica. A process knows its own, by database. Tabs of a browser that share a
 * database ask the Web Locks of the platform, which frees the locks of a tab that is gone. The
 * writer also looks, before each round, who wrote last.
 */
import type { Level } from './entries.js'

/** What is needed of the platform's `navigator.locks`. */
export interface WebLocks {
  readonly request: (
    name: string,
    options: { readonly ifAvailable: true } | { readonly steal: true },
    held: (lock: unknown) => Promise<void> | undefined,
  ) => Promise<unknown>
}

export interface Lock {
  /** Whether nobody took over. */
  readonly isOurs: () => boolean
  readonly release: () => void
}

/** The locks of the open replicas, by database and name. */
const held = new WeakMap<Level, Map<string, { isOurs: boolean }>>()

/** Locks a replica; undefined if another writer has it. With `takeOver` that one writes no more. */
export const lock = async (
  db: Level,
  name: string,
  takeOver: boolean,
  locks: WebLocks | undefined,
): Promise<Lock | undefined> => {
  const inUse = held.get(db) ?? new Map<string, { isOurs: boolean }>()
  held.set(db, inUse)
  const other = inUse.get(name)
  if (other !== undefined && !takeOver) return undefined
  const own = { isOurs: true }
  inUse.set(name, own)
  const lose = (): void => {
    own.isOurs = false
    if (inUse.get(name) === own) inUse.delete(name)
  }
  const place = placeOf(db)
  const release = place === undefined ? () => undefined : await request(`${place} ${name}`, takeOver, lose, locks)
  if (release === undefined) {
    lose()
    if (other !== undefined) inUse.set(name, other)
    return undefined
  }
  if (other !== undefined) other.isOurs = false
  return {
    isOurs: () => own.isOurs,
    release: () => {
      lose()
      release()
    },
  }
}

/** Where the database is, if others can open it too. */
const placeOf = (db: Level): string | undefined => {
  const { location, namePrefix = '' } = db as { readonly location?: unknown; readonly namePrefix?: unknown }
  return typeof location === 'string' ? `scuttlebutt-ts ${String(namePrefix)}${location}` : undefined
}

/** Gives what releases the lock; undefined if another one has it. */
const request = (
  name: string,
  steal: boolean,
  lose: () => void,
  locks: WebLocks | undefined,
): Promise<(() => void) | undefined> =>
  new Promise((settle) => {
    if (locks === undefined) {
      settle(() => undefined)
      return
    }
    const held = (lock: unknown): Promise<void> | undefined => {
      if (lock === null) {
        settle(undefined)
        return undefined
      }
      return new Promise((release) => {
        settle(release)
      })
    }
    // rejects when the lock is stolen, or cannot be had at all
    locks.request(name, steal ? { steal: true } : { ifAvailable: true }, held).catch(() => {
      lose()
      settle(undefined)
    })
  })

/** The platform's locks, where it has any. */
export const platformLocks = (): WebLocks | undefined => {
  const { navigator } = globalThis as { readonly navigator?: { readonly locks?: WebLocks } }
  return navigator?.locks
}
