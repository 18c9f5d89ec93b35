/** Why a file cannot be opened, or what was written is not on the disk. */
import type { either as E } from 'fp-ts'
import * as rejections from '../../core/Rejection.js'
import type { Rejection } from '../../scuttlebutt.js'

export type FileError =
  /** The system refused: no space, no permission, a failing disk. `code` is its own: ENOSPC, EACCES, EIO. */
  | {
      readonly _tag: 'Io'
      readonly path: string
      readonly operation: string
      readonly code: string
      readonly reason: string
    }
  /** Another process, or this one, has the file open. */
  | { readonly _tag: 'Locked'; readonly path: string; readonly by: string }
  /** Bytes are not as they were written, from `offset` on, and it was no crash. `repair` knows what to do. */
  | { readonly _tag: 'Corrupt'; readonly path: string; readonly offset: number; readonly reason: string }
  /** No file of ours: `importLines` may read it. */
  | { readonly _tag: 'Foreign'; readonly path: string; readonly reason: string }
  /** A line, as it was written, is no update of this data type. */
  | {
      readonly _tag: 'Rejected'
      readonly path: string
      readonly offset: number
      readonly rejection: Rejection
    }
  /** The store was closed. */
  | { readonly _tag: 'Closed'; readonly path: string }

/**
 * A file error in a sentence.
 *
 * @example
 * show({ _tag: 'Corrupt', path: 'a.sb', offset: 70, reason: 'a bit was flipped' }) // => 'Corrupt: a.sb, 70, a bit was flipped'
 */
export const show = ({ _tag, ...details }: FileError): string => {
  const parts = Object.values(details).map((detail) =>
    typeof detail === 'object' ? rejections.show(detail) : String(detail),
  )
  return `${_tag}: ${parts.join(', ')}`
}

export const wrong = (error: FileError): E.Left<FileError> => ({ _tag: 'Left', left: error })

export const right = <A>(value: A): E.Right<A> => ({ _tag: 'Right', right: value })

/** Does what may be refused by the system. */
export const attempt = async <A>(
  path: string,
  operation: string,
  act: () => Promise<A>,
): Promise<E.Either<FileError, A>> => {
  try {
    return right(await act())
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    return wrong({ _tag: 'Io', path, operation, code: typeof code === 'string' ? code : '', reason: String(error) })
  }
}
