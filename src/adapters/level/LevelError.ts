/** Why a replica in a database does not open, or why an update is not in the database. */
import { attemptAs, show, type StorageError } from '../storage/StorageError.js'

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

export const attempt = attemptAs('Level', (error) => {
  const { code, cause, name } = error as { readonly code?: string; readonly cause?: { readonly code?: string } } & Error
  return cause?.code ?? code ?? name
})
