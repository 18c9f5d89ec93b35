/** Old versions: a replica never changes, so to keep one is to keep its reference. */
import type { BoardStore, Replica } from './board.js'

export interface Version {
  readonly replica: Replica
  /** When it was made or came, in ms since the epoch. */
  readonly time: number
}

export interface Versions {
  /** The same array until there is another version. The last is the present one. */
  readonly all: () => ReadonlyArray<Version>
  readonly subscribe: (listener: () => void) => () => void
}

/** Changes within so many ms of the first of them make one version. */
export const BURST = 400

/** So many versions are kept, the newest ones. */
const MOST = 500

/** Keeps the versions of a store from now on. Versions share all that did not change. */
export const keepVersions = (store: BoardStore, now: () => number = Date.now): Versions => {
  let all: ReadonlyArray<Version> = [{ replica: store.getReplica(), time: now() }]
  let burstSince = -Infinity
  const listeners = new Set<() => void>()
  store.subscribe((_, replica) => {
    if (replica.state === all.at(-1)!.replica.state) return
    const time = now()
    const isBurst = all.length > 1 && time - burstSince < BURST
    if (!isBurst) burstSince = time
    all = [...(isBurst ? all.slice(0, -1) : all), { replica, time }].slice(-MOST)
    for (const listener of listeners) listener()
  })
  return {
    all: () => all,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
