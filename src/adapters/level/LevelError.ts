/** Why a replica in a database does not open, or why an update is not in the database. */
import type { either as E } from 'fp-ts'
import { left } from '../../core/Either.js'
import { show, type StorageError } from '../storage/StorageError.js'

export type LevelError = StorageError<LevelFailure>

/** The database refused. `code` is its own, such as LEVEL_CORRUPTION. */
export interface LevelFailure {
  readonly _tag: 'Level'
  readonly operation: string
  readonly code: string
  readonly reason: string
}

/**
 * A level error in one line.
 *
 * @example
 * showLevelError({ _tag: 'Locked', name: 'alice' }) // => 'Locked: alice'
 */
export const showLevelError: (error: LevelError) => string = show

/** The outcome with a failure under its public name. */
export const named = <A>(outcome: E.Either<StorageError, A>): E.Either<LevelError, A> => {
  if (outcome._tag === 'Right') return outcome
  const { left: error } = outcome
  return left(error._tag === 'Failure' ? { ...error, _tag: 'Level' } : error)
}
