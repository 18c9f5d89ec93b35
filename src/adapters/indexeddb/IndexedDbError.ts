/** Why a replica in IndexedDB does not open, or why an update is not in it. */
import type { either as E } from 'fp-ts'
import { left } from '../../core/Either.js'
import { show, type StorageError } from '../storage/StorageError.js'
import { TAKEN } from './table.js'

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

/** The outcome with a failure under its public name. */
export const named = <A>(name: string, outcome: E.Either<StorageError, A>): E.Either<IndexedDbError, A> => {
  if (outcome._tag === 'Right') return outcome
  const { left: error } = outcome
  if (error._tag !== 'Failure') return left(error)
  return left(error.code === TAKEN ? { _tag: 'Locked', name } : { ...error, _tag: 'IndexedDb' })
}
