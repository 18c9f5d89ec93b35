/** What is needed of the page, which is `globalThis`: the database, the locks, and channels. */
import type { WebLocks } from '../storage/webLocks.js'

export interface Host {
  readonly indexedDB: IDBFactory
  readonly navigator?: { readonly locks?: WebLocks }
  readonly BroadcastChannel: new (name: string) => Channel
}

/** What is needed of a `BroadcastChannel`. */
export interface Channel {
  postMessage: (message: unknown) => void
  onmessage: ((event: MessageEvent) => void) | null
  close: () => void
}
