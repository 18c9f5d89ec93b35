/** Lines of other files into a store, and a store's updates into a file of lines. */
import { createReadStream as readFrom } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { either as E, taskEither as TE } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Rejection } from '../../scuttlebutt.js'
import type { Store } from '../store.js'
import { createReadStream, createWriteStream, type StreamOptions } from '../stream.js'
import { codeOf, nodeDisk, writeAll, type Disk, type Handle } from './Disk.js'
import { attempt, type FileError } from './FileError.js'
import { isAside } from './aside.js'
import { isNameOfOurs, lock, type Lock } from './lock.js'
import { placeOf } from './place.js'
import { isReplica } from './read.js'
import { replaceFile } from './replaceFile.js'

export interface Imported {
  /** Why lines were refused, in order: the first thousand. */
  readonly rejections: ReadonlyArray<Rejection>
  /** How many rejections there were in all. */
  readonly refused: number
}

const MAX_REJECTIONS = 1000

/** A clock before which no stamp lies ahead. */
const never = (): number => Infinity

/**
 * Applies the lines of a file, which `exportLines`, the original or `repair` wrote. A refused line
 * is reported, and the rest is applied. The file is the caller's, so lines may be of any length and
 * stamps of any time, unless a `policy` says else. Holds one chunk in memory beside the replica.
 * Errors: `Io`.
 */
export const importLines =
  <S, C>(
    file: string,
    store: Store<S, C>,
    { policy = {}, now = policy.maxDrift === undefined ? never : Date.now }: Pick<StreamOptions, 'policy' | 'now'> = {},
  ): TE.TaskEither<FileError, Imported> =>
  () =>
    attempt(file, 'import', async () => {
      const rejections: Rejection[] = []
      let refused = 0
      const into = createWriteStream(store, { policy: { maxBytes: Infinity, maxDrift: Infinity, ...policy }, now })
      into.on('rejection', (rejection) => {
        refused++
        if (rejections.length < MAX_REJECTIONS) rejections.push(rejection)
      })
      await pipeline(readFrom(file), into)
      return { rejections, refused }
    })

export interface ExportOptions {
  /** The file system. Default: Node's. */
  readonly disk?: Disk
  /** The permissions of a new file. Default: the system's. An old file keeps its own. */
  readonly mode?: number
}

/**
 * Writes all updates to a file, as lines that any write stream and the original read. The lines are
 * written beside it, and take the place of an older file when they are complete. A replica is never
 * overwritten. O(bytes). Errors: `Occupied` for a replica's file, for what was cut off one, and for
 * the name of a lock or temporary file; `Locked` for a file that is open; `NotAFile`, `Io`.
 */
export const exportLines =
  <S, C>(
    store: Store<S, C>,
    file: string,
    { disk = nodeDisk, mode }: ExportOptions = {},
  ): TE.TaskEither<FileError, void> =>
  async () => {
    // a rename takes one name of several: the other links keep what they had
    const place = await placeOf(file, disk, { linked: true })
    if (place._tag === 'Right' && isNameOfOurs(place.right))
      return occupied(place.right, 'such names are for locks and temporary files')
    const locked = place._tag === 'Left' ? place : await lock(place.right, disk)
    if (place._tag === 'Left' || locked._tag === 'Left') return locked as E.Left<FileError>
    const exported = await attempt(place.right, 'export', () => exportTo(store, place.right, locked.right, disk, mode))
    const unlocked = await locked.right.unlock()
    if (exported._tag === 'Left') return exported
    return exported.right._tag === 'Left' ? exported.right : unlocked
  }

const exportTo = async <S, C>(
  store: Store<S, C>,
  file: string,
  held: Lock,
  disk: Disk,
  mode: number | undefined,
): Promise<E.Either<FileError, void>> => {
  const old = await openOld(file, disk)
  try {
    if (old !== undefined && isAside(file)) return occupied(file, 'it was cut off the file of a replica')
    if (old !== undefined && (await isReplica(old))) return occupied(file, 'it is the file of a replica')
    const forNew = old === undefined ? { mode: mode ?? 0o666 } : {}
    return await replaceFile({ file, disk, lock: held, ...forNew }, async (to) => {
      const access = await (old ?? to).status()
      await to.setAccess(old === undefined && mode !== undefined ? { ...access, mode } : access)
      let length = 0
      for await (const chunk of createReadStream(store, { tail: false })) {
        const bytes = Buffer.from(chunk as string | Uint8Array)
        await writeAll(to, bytes, length)
        length += bytes.length
      }
      return right(undefined)
    })
  } finally {
    await old?.close()
  }
}

const occupied = (path: string, reason: string): E.Left<FileError> => left({ _tag: 'Occupied', path, reason })

const openOld = (file: string, disk: Disk): Promise<Handle | undefined> =>
  disk.open(file, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
