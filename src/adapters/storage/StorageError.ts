/** Why a replica in a database does not open, or why an update is not in the database. */
import type { either as E } from 'fp-ts'
import { left } from '../../core/Either.js'
import * as rejections from '../../core/Rejection.js'
import type { SourceId } from '../../core/Update.js'
import type { Rejection } from '../../scuttlebutt.js'

export type StorageError<Failed> =
  | Failed
  /**
   * The database or the replica is open elsewhere, another writer took the replica over, or, of
   * IndexedDB, the database was closed or deleted.
   */
  | { readonly _tag: 'Locked'; readonly name: string }
  /** The replica is of another data type, or of another version of it. */
  | { readonly _tag: 'OtherType'; readonly name: string; readonly version?: string }
  /** The replica is that of another id. */
  | { readonly _tag: 'OtherId'; readonly name: string; readonly id: SourceId }
  /** The value of a key is not an update of this data type. */
  | { readonly _tag: 'Rejected'; readonly key: string; readonly rejection: Rejection }
  /** The store was closed. */
  | { readonly _tag: 'Closed'; readonly name: string }

/** The database refused. */
export interface Failure<Tag> {
  readonly _tag: Tag
  readonly operation: string
  readonly code: string
  readonly reason: string
}

/** An error in one line. */
export const show = ({ _tag, ...details }: { readonly _tag: string }): string => {
  const parts = Object.values(details).map((detail: unknown) =>
    typeof detail === 'object' ? rejections.show(detail as Rejection) : (detail as string),
  )
  return `${_tag}: ${parts.join(', ')}`
}

/** Calls a database, and turns an exception into a {@link Failure} of this name. */
export const attemptAs =
  <const Tag extends string>(_tag: Tag, codeOf: (error: Error) => string) =>
  async <Err, A>(operation: string, act: () => Promise<E.Either<Err, A>>): Promise<E.Either<Failure<Tag> | Err, A>> => {
    try {
      return await act()
    } catch (error) {
      return left({ _tag, operation, code: codeOf(error as Error), reason: String(error) })
    }
  }
