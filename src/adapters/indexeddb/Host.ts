/** What a page gives: the database, the locks, and a channel to other tabs. */
import { platformLocks, type WebLocks } from '../storage/webLocks.js'

export interface Host {
  readonly indexedDB: IDBFactory
  readonly locks: WebLocks | undefined
  readonly channel: (name: string) => Channel
}

/** What is needed of a `BroadcastChannel`. */
export interface Channel {
  postMessage: (message: unknown) => void
  onmessage: ((event: MessageEvent) => void) | null
  close: () => void
}

export const page = (): Host => ({
  indexedDB,
  locks: platformLocks(),
  channel: (name) => new BroadcastChannel(name),
})
