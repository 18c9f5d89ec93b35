/** Where a file really is: one file has one place, whatever path leads to it. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import { codeOf, namesFolder, type Disk, type Handle } from './Disk.js'
import { attempt, type FileError } from './FileError.js'
import { lock, type Lock, type LockOptions } from './lock.js'

export interface PlaceOptions {
  /** Takes a file that has several hard links. */
  readonly linked?: boolean
}

/** The real path of a file, which may be missing. Errors: `NotAFile`, `Linked`, `Io`. */
export const placeOf = async (
  file: string,
  disk: Disk,
  { linked = false }: PlaceOptions,
): Promise<E.Either<FileError, string>> => {
  if (namesFolder(file)) return left({ _tag: 'NotAFile', path: file })
  const found = await attempt(file, 'open', () => disk.realPath(file))
  if (found._tag === 'Left') return found
  const status = await attempt(found.right, 'open', () => disk.status(found.right))
  if (status._tag === 'Left') return isMissing(status.left) ? found : status
  const { isFile, links } = status.right
  if (!isFile) return left({ _tag: 'NotAFile', path: found.right })
  return links > 1 && !linked ? left({ _tag: 'Linked', path: found.right, links }) : found
}

export interface LockedPlace {
  readonly path: string
  readonly lock: Lock
}

/**
 * Locks a file, and creates it if it is missing. Nothing is opened or created before the lock is
 * ours. An empty file stays, whatever fails later: by then it may be the next writer's. Errors as
 * {@link placeOf} and {@link lock}.
 */
export const lockPlace = async (
  file: string,
  disk: Disk,
  { mode, ...options }: PlaceOptions & LockOptions & { readonly mode?: number },
): Promise<E.Either<FileError, LockedPlace>> => {
  const place = await placeOf(file, disk, options)
  if (place._tag === 'Left') return place
  const locked = await lock(place.right, disk, options)
  if (locked._tag === 'Left') return locked
  const created = await attempt(place.right, 'open', () => createEmpty(place.right, disk, mode))
  // only a file that exists has one spelling
  const again = created._tag === 'Left' ? created : await placeOf(place.right, disk, options)
  if (again._tag === 'Right' && again.right === place.right) return right({ path: place.right, lock: locked.right })
  await locked.right.unlock()
  return again._tag === 'Left' ? again : lockPlace(again.right, disk, options)
}

/** Creates a file, unless it exists. */
const createEmpty = async (file: string, disk: Disk, mode: number | undefined): Promise<void> => {
  if (await isTaken(file, disk)) return
  const handle = await disk.open(file, 'wx', mode).catch((error: unknown) => {
    if (codeOf(error) === 'EEXIST') return undefined
    throw error
  })
  await setMode(handle, mode).finally(() => handle?.close())
}

/** Sets the mode from which the system may have taken bits. */
const setMode = async (handle: Handle | undefined, mode: number | undefined): Promise<void> => {
  if (handle !== undefined && mode !== undefined) await handle.setAccess({ ...(await handle.status()), mode })
}

/** Whether something has the name, also if that cannot be looked at: opening it gives the error. */
const isTaken = (file: string, disk: Disk): Promise<boolean> =>
  disk.status(file).then(
    () => true,
    (error: unknown) => codeOf(error) !== 'ENOENT',
  )

export const isMissing = (error: FileError): boolean => error._tag === 'Io' && error.code === 'ENOENT'
