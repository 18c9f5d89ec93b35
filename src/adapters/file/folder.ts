/** A folder of replicas, each in a file of its own. */
import { existsSync } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import type { taskEither as TE } from 'fp-ts'
import type { SourceId } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import { nameIn } from './contents.js'
import { nodeDisk, syncFolderOf, within } from './Disk.js'
import { attempt, type FileError } from './FileError.js'
import * as names from './names.js'
import { openNamed, type FileOptions, type FileStore } from './open.js'
import { readStretches } from './read.js'

/** A folder of replicas, each in a file of its own. */
export interface Folder {
  /** Opens or creates the replica of a name, as {@link openFile}. Any string is a name. */
  readonly open: <S, C>(
    name: string,
    scuttlebutt: Scuttlebutt<S, C>,
    id: SourceId,
    options?: FileOptions<S, C>,
  ) => TE.TaskEither<FileError, FileStore<S, C>>
  /** The names of the replicas in the folder, sorted. Reads a block of files with long names. */
  readonly names: TE.TaskEither<FileError, ReadonlyArray<string>>
  /** The path of a replica's file, for {@link repair}. */
  readonly pathOf: (name: string) => string
}

const EXTENSION = '.sb'

/** A folder of replicas. The first `open` creates it. */
export const folder = (directory: string): Folder => {
  const pathIn = (file: string): string => within(directory, file + EXTENSION)
  const pathOf = (name: string): string => {
    const old = names.formerly(name)
    // on Windows the file of a device always exists
    const mayBeOld = old !== undefined && process.platform !== 'win32'
    const present = pathIn(names.encode(name))
    return mayBeOld && !existsSync(present) && existsSync(pathIn(old)) ? pathIn(old) : present
  }
  return {
    pathOf,
    open:
      (name, scuttlebutt, id, options = {}) =>
      async () => {
        const made = await attempt(directory, 'mkdir', () => makeFolder(directory))
        if (made._tag === 'Left') return made
        const isCut = names.decode(names.encode(name)) === undefined
        return openNamed(pathOf(name), scuttlebutt, id, options, isCut ? name : undefined)
      },
    names: () =>
      attempt(directory, 'list', async () => {
        const found = new Set<string>()
        for (const file of await fs.readdir(directory, { withFileTypes: true })) {
          if (!file.name.endsWith(EXTENSION)) continue
          const at = within(directory, file.name)
          if (file.isSymbolicLink() ? !(await isFile(at)) : !file.isFile()) continue
          const stem = file.name.slice(0, -EXTENSION.length)
          const name = names.decode(stem) ?? (await nameInside(at))
          if (name === undefined) continue
          // a copy under another name has the old one inside, and other files have other names
          if ([names.encode(name), names.formerly(name)].includes(stem)) found.add(name)
        }
        return [...found].sort()
      }),
  }
}

/** Makes a folder, and those that it is in, and syncs what holds the name of each new one. */
const makeFolder = async (directory: string): Promise<void> => {
  const first = await fs.mkdir(directory === '' ? '.' : directory, { recursive: true })
  if (first === undefined) return
  const top = await fs.realpath(first)
  for (let made = await fs.realpath(directory); made.length >= top.length; made = path.dirname(made)) {
    await syncFolderOf(nodeDisk, made)
  }
}

const isFile = (at: string): Promise<boolean> =>
  fs.stat(at).then(
    (status) => status.isFile(),
    () => false,
  )

/** The name that a file keeps in its first block. Undefined if it cannot be read. */
const nameInside = async (file: string): Promise<string | undefined> => {
  const handle = await nodeDisk.open(file, 'r').catch(() => undefined)
  if (handle === undefined) return undefined
  try {
    const { value } = await readStretches(handle).next()
    return value?.state === 'intact' ? nameIn(value.bytes.toString('utf8')) : undefined
  } finally {
    await handle.close()
  }
}
