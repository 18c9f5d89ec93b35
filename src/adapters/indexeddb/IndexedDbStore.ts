/** A store on a replica in IndexedDB. */
import type { DurableStore } from '../store/DurableStore.js'
import type { IndexedDbError } from './IndexedDbError.js'

export interface IndexedDbStore<S, C> extends DurableStore<S, C, IndexedDbError> {
  /** Whether this tab leads: until it closes or loses the database. One alone always does. */
  readonly isLeader: () => boolean
  /**
   * Resolves when this tab leads: the one that should talk to a server for all. Never, if it closes
   * first.
   */
  readonly leading: Promise<void>
}
