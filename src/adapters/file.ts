/** scuttlebutt-ts/file: replicas in files, that survive every crash. In Node alone. */
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
import * as names from './names.js'
import type { Store } from './store.js'
import { createReadStream, createWriteStream, type StreamOptions } from './stream.js'

export type { Disk, Handle } from './file/Disk.js'
export { nodeDisk } from './file/Disk.js'
export { show as showFileError, type FileError } from './file/FileError.js'
export {
  openFile,
  type DurableStore,
  type FileOptions,
  type FileStore,
  type Opened,
  type Progress,
} from './file/open.js'
export { repair, type Repaired } from './file/repair.js'
export type { Fsync } from './file/Writer.js'

/** Several replicas, each in a file of its own that is named for it. */
export interface Folder {
  /** Opens one, or makes it. Any string is a name. As {@link openFile}. */
  readonly open: <S, C>(
    name: string,
    scuttlebutt: Scuttlebutt<S, C>,
    id: SourceId,
    options?: FileOptions<S, C>,
  ) => TE.TaskEither<FileError, FileStore<S, C>>
  /** The names of those that are there, sorted. */
  readonly names: TE.TaskEither<FileError, ReadonlyArray<string>>
  /** Where one is, for {@link repair} and the like. */
  readonly pathOf: (name: string) => string
}

const EXTENSION = '.sb'

/** A folder of replicas. It is made when it is not there. */
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

/** What an import did. */
export interface Imported {
  /** What was refused, as a stream has it. The first thousand. */
  readonly rejections: ReadonlyArray<Rejection>
  /** How many were refused in all. */
  readonly refused: number
}

const MAX_REJECTIONS = 1000

/**
 * Takes over the lines of a file: one that `exportLines` wrote, or the original, or `repair` set aside. With memory for one chunk
 * beside the replica. Errors: `Io`; lines that are refused are told, and the rest is taken.
 */
export const importLines =
  <S, C>(
    file: string,
    store: Store<S, C>,
    options: Pick<StreamOptions, 'policy' | 'now'> = {},
  ): TE.TaskEither<FileError, Imported> =>
  () =>
    attempt(file, 'import', async () => {
      const rejections: Rejection[] = []
      let refused = 0
      const into = createWriteStream(store, options)
      into.on('rejection', (rejection) => {
        refused++
        if (rejections.length < MAX_REJECTIONS) rejections.push(rejection)
      })
      await pipeline(readFrom(file), into)
      return { rejections, refused }
    })

/** Writes all updates to a file as lines, which any peer, stream or original reads. Over what was there. Errors: `Io`. */
export const exportLines =
  <S, C>(store: Store<S, C>, file: string): TE.TaskEither<FileError, void> =>
  () =>
    attempt(file, 'export', () => pipeline(createReadStream(store, { tail: false }), writeTo(file, { flush: true })))
