/** Where a file really is: one file has one place, whatever path leads to it. */
import path from 'node:path'
import type { either as E } from 'fp-ts'
import { left } from '../../core/Either.js'
import { codeOf, type Disk } from './Disk.js'
import { attempt, type FileError } from './FileError.js'

export interface PlaceOptions {
  /** Takes a file that has several hard links. */
  readonly linked?: boolean
}

/** The real path of a file. Errors: `Linked`, `Io`. */
export const placeOf = async (
  file: string,
  disk: Disk,
  { linked = false }: PlaceOptions,
): Promise<E.Either<FileError, string>> => {
  const found = await attempt(file, 'open', () => disk.realPath(path.resolve(file)))
  if (found._tag === 'Left' || linked) return found
  const status = await attempt(found.right, 'open', () => disk.status(found.right))
  if (status._tag === 'Left') return isMissing(status.left) ? found : status
  const { links } = status.right
  return links > 1 ? left({ _tag: 'Linked', path: found.right, links }) : found
}

/**
 * The real path of a file, which is created if it is missing: only a file that exists has one
 * spelling. Errors as `placeOf`.
 */
export const createPlace = async (
  file: string,
  disk: Disk,
  { mode, ...options }: PlaceOptions & { readonly mode?: number },
): Promise<E.Either<FileError, string>> => {
  const found = await attempt(file, 'open', async () => {
    const place = await disk.realPath(path.resolve(file))
    await createEmpty(place, disk, mode)
    return place
  })
  return found._tag === 'Left' ? found : placeOf(found.right, disk, options)
}

/** Creates a file, unless it exists. */
const createEmpty = async (file: string, disk: Disk, mode: number | undefined): Promise<void> => {
  const handle = await disk.open(file, 'wx', mode).catch((error: unknown) => {
    if (codeOf(error) === 'EEXIST') return undefined
    throw error
  })
  if (handle === undefined) return
  try {
    // the system took bits from it
    if (mode !== undefined) await handle.setAccess({ ...(await handle.status()), mode })
  } finally {
    await handle.close()
  }
}

export const isMissing = (error: FileError): boolean => error._tag === 'Io' && error.code === 'ENOENT'
