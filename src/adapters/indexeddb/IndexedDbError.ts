/** Why a replica in IndexedDB does not open, or why an update is not in it. */
import { attemptAs, show, type StorageError } from '../storage/StorageError.js'

export type IndexedDbError =
  | StorageError<IndexedDbFailure>
  /** The page has no `navigator.locks` to keep tabs apart, as one served without https. */
  | { readonly _tag: 'NoLocks'; readonly name: string }

/** The database refused. `code` is the name of its exception, such as QuotaExceededError. */
export interface IndexedDbFailure {
  readonly _tag: 'IndexedDb'
  readonly operation: string
  readonly code: string
  readonly reason: string
}

/**
 * An error in one line.
 *
 * @example
 * showIndexedDbError({ _tag: 'NoLocks', name: 'notes' }) // => 'NoLocks: notes'
 */
export const showIndexedDbError: (error: IndexedDbError) => string = show

export const attempt = attemptAs('IndexedDb', ({ name }) => name)
