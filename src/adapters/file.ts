/** scuttlebutt-ts/file: replicas in files, which survive every crash. For Node only. */
import { createReadStream as readFrom, createWriteStream as writeTo } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { taskEither as TE } from 'fp-ts'
import type { Rejection } from '../scuttlebutt.js'
import type { SourceId } from '../core/Update.js'
import type { Scuttlebutt } from '../scuttlebutt.js'
import { attempt, type FileError } from './file/FileError.js'
import { openFile, type FileOptions, type FileStore } from './file/open.js'
import * as names from './storage/names.js'
import type { Store } from './store.js'
import { createReadStream, createWriteStream, type StreamOptions } from './stream.js'

export type { Disk, Handle } from './file/Disk.js'
export { nodeDisk } from './file/Disk.js'
export { showFileError, type FileError } from './file/FileError.js'
export type { Opened, Progress } from './file/load.js'
export { openFile, type FileOptions, type FileStore } from './file/open.js'
export { repair, type Repaired } from './file/repair.js'
export type { Fsync } from './file/Writer.js'
export type { DurableStore } from './store/DurableStore.js'

/** A folder of replicas, each in a file of its own. */
export interface Folder {
  /** Opens or creates the replica of a name, as {@link openFile}. Any string is a name. */
  readonly open: <S, C>(
    name: string,
    scuttlebutt: Scuttlebutt<S, C>,
    id: SourceId,
    options?: FileOptions<S, C>,
  ) => TE.TaskEither<FileError, FileStore<S, C>>
  /** The names of the replicas in the folder, sorted. */
  readonly names: TE.TaskEither<FileError, ReadonlyArray<string>>
  /** The path of a replica's file, for {@link repair}. */
  readonly pathOf: (name: string) => string
}

const EXTENSION = '.sb'

/** A folder of replicas. The first `open` creates it. */
export const folder = (directory: string): Folder => {
  const pathOf = (name: string): string => path.join(directory, names.encode(name) + EXTENSION)
  return {
    pathOf,
    open: (name, scuttlebutt, id, options) => async () => {
      const made = await attempt(directory, 'mkdir', () => fs.mkdir(directory, { recursive: true }))
      return made._tag === 'Left' ? made : openFile(pathOf(name), scuttlebutt, id, options)()
    },
    names: () =>
      attempt(directory, 'list', async () => {
        const files = await fs.readdir(directory)
        return files
          .flatMap((file) => (file.endsWith(EXTENSION) ? [names.decode(file.slice(0, -EXTENSION.length))] : []))
          .sort()
      }),
  }
}

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

/**
 * Writes all updates to a file, as lines that any write stream and the original read. Overwrites
 * the file. Errors: `Io`.
 */
export const exportLines =
  <S, C>(store: Store<S, C>, file: string): TE.TaskEither<FileError, void> =>
  () =>
    attempt(file, 'export', () => pipeline(createReadStream(store, { tail: false }), writeTo(file, { flush: true })))
