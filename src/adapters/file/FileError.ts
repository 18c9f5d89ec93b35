/** Why a file does not open, or why an update is not on the disk. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import * as rejections from '../../core/Rejection.js'
import type { SourceId } from '../../core/Update.js'
import type { Rejection } from '../../scuttlebutt.js'
import { codeOf } from './Disk.js'

export type FileError =
  /**
   * The system refused: no space, no permission, a failing disk. `code` is its own: ENOSPC, EIO.
   */
  | {
      readonly _tag: 'Io'
      readonly path: string
      readonly operation: string
      readonly code: string
      readonly reason: string
    }
  /** Another process, or this one, has the file open; or another writer took it over. */
  | { readonly _tag: 'Locked'; readonly path: string; readonly by: string }
  /** The file has several hard links: a rewritten one would leave the others behind. */
  | { readonly _tag: 'Linked'; readonly path: string; readonly links: number }
  /** A folder, a device or a pipe: it is not opened. */
  | { readonly _tag: 'NotAFile'; readonly path: string }
  /** A file stands there that must not be overwritten. */
  | { readonly _tag: 'Occupied'; readonly path: string; readonly reason: string }
  /** The bytes from `offset` on are not as written, and no crash explains it. See `repair`. */
  | { readonly _tag: 'Corrupt'; readonly path: string; readonly offset: number; readonly reason: string }
  /** Another program's file. `importLines` may be able to read it. */
  | { readonly _tag: 'Foreign'; readonly path: string; readonly reason: string }
  /** The file is of another data type, or of another version of it. */
  | { readonly _tag: 'OtherType'; readonly path: string; readonly name: string; readonly version?: string }
  /** The file is the replica of another id. */
  | { readonly _tag: 'OtherId'; readonly path: string; readonly id: SourceId }
  /** An intact line is not an update of this data type. */
  | {
      readonly _tag: 'Rejected'
      readonly path: string
      readonly offset: number
      readonly rejection: Rejection
    }
  /** The store was closed. */
  | { readonly _tag: 'Closed'; readonly path: string }

/**
 * A file error in one line.
 *
 * @example
 * const error = { _tag: 'Locked', path: 'a.sb', by: 'process 7 on ann' } as const
 * showFileError(error) // => 'Locked: a.sb, process 7 on ann'
 */
export const showFileError = ({ _tag, ...details }: FileError): string => {
  const parts = Object.values(details).map((detail) =>
    typeof detail === 'object' ? rejections.show(detail) : String(detail),
  )
  return `${_tag}: ${parts.join(', ')}`
}

/** Runs a system call, and turns an exception into an `Io` error. */
export const attempt = async <A>(
  path: string,
  operation: string,
  act: () => Promise<A>,
): Promise<E.Either<FileError, A>> => {
  try {
    return right(await act())
  } catch (error) {
    return left({ _tag: 'Io', path, operation, code: codeOf(error), reason: String(error) })
  }
}
