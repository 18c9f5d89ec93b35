/** Why a replica in a database does not open, or why an update is not in the database. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import * as rejections from '../../core/Rejection.js'
import type { SourceId } from '../../core/Update.js'
import type { Rejection } from '../../scuttlebutt.js'

export type StorageError<Failed = Failure> =
  | Failed
  /** The database or the replica is open elsewhere, or another writer took the replica over. */
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
export interface Failure {
  readonly _tag: 'Failure'
  readonly operation: string
  readonly code: string
  readonly reason: string
}

/** An error in one line. */
export const show = ({ _tag, ...details }: StorageError<{ readonly _tag: string }>): string => {
  const parts = Object.values(details).map((detail: unknown) =>
    typeof detail === 'object' && detail !== null ? rejections.show(detail as Rejection) : String(detail),
  )
  return `${_tag}: ${parts.join(', ')}`
}

/** Calls the database, and turns an exception into a `Failure`. */
export const attempt = async <A>(operation: string, act: () => Promise<A>): Promise<E.Either<StorageError, A>> => {
  try {
    return right(await act())
  } catch (error) {
    const { code, cause, name } = error as Error & {
      readonly code?: unknown
      readonly cause?: { readonly code?: string }
    }
    // a DOMException says what it is by its name; its code is a number
    const said = cause?.code ?? (typeof code === 'string' ? code : name)
    return left({ _tag: 'Failure', operation, code: said, reason: String(error) })
  }
}
