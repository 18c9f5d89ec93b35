/** A file replaced as a whole by the holder of its lock, who does not keep it open. */
import type { either as E } from 'fp-ts'
import { left } from '../../core/Either.js'
import { codeOf, syncFolderOf, type Disk, type Handle } from './Disk.js'
import type { FileError } from './FileError.js'
import type { Lock } from './lock.js'
import { createTemporary } from './writeNew.js'

export interface Replacing {
  readonly file: string
  readonly disk: Disk
  /** The lock of the file: it must still be held when the new file takes the name. */
  readonly lock: Pick<Lock, 'temporary' | 'check' | 'forget'>
  /** The mode of the new file at first. Default: nobody else reads it. */
  readonly mode?: number
}

/**
 * Replaces a file, which may be missing, by what `fill` writes. The new file is written beside it,
 * synced and renamed over it. After a `Left`, or a throw before the rename, the old one is as it
 * was. O(bytes). Errors: those of `fill`; `Locked`; `Occupied` if the old file changes meanwhile.
 */
export const replaceFile = async <A>(
  { file, disk, lock: { temporary, check, forget }, mode }: Replacing,
  fill: (to: Handle) => Promise<E.Either<FileError, A>>,
): Promise<E.Either<FileError, A>> => {
  const before = await seen(file, disk)
  const to = await createTemporary(temporary, disk, mode)
  let isRenamed = false
  try {
    const filled = await fill(to)
    if (filled._tag === 'Left') return filled
    await to.sync()
    const checked = await check()
    if (checked._tag === 'Left') return checked
    if ((await seen(file, disk)) !== before) {
      return left({ _tag: 'Occupied', path: file, reason: 'another program changed it meanwhile' })
    }
    await disk.rename(temporary, file)
    isRenamed = true
    await syncFolderOf(disk, file)
    await forget()
    return filled
  } finally {
    await to.close()
    if (!isRenamed) await disk.remove(temporary).catch(() => undefined)
  }
}

/** What tells whether a file changes. Empty if it is missing. */
const seen = async (file: string, disk: Disk): Promise<string> => {
  try {
    const { identity, size, modified } = await disk.status(file)
    return JSON.stringify([identity, size, modified])
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  }
}
