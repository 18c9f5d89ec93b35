/**
 * A file written from nothing, so that a crash leaves the old file or the new one, never a mixture.
 */
import type { either as E } from 'fp-ts'
import { blocksOf, markOf, seal } from './blocks.js'
import { codeOf, writeAll, type Access, type Disk, type FileStatus, type Handle } from './Disk.js'
import { attempt, type FileError } from './FileError.js'

/** What a file holds, as lines. */
export interface Contents<A> {
  /** The lines of the first block. */
  readonly header: () => string
  /** All items, oldest first of each source. */
  readonly all: () => ReadonlyArray<A>
  readonly line: (item: A) => string
  /** The lines of the last block; empty for none. */
  readonly end: () => string
  /** The number of items. O(1). */
  readonly size: () => number
}

/** How far a file is written. */
export interface Extent {
  /** In bytes. */
  readonly length: number
  /** The CRC of the last seal, from which the next one goes on. */
  readonly seed: number
  /** The number of updates, superseded ones included. */
  readonly count: number
}

const ITEMS_A_WRITE = 8192

/** Where to write, and as what. */
export interface Rewriting<A> {
  readonly path: string
  readonly disk: Disk
  /** Where the new file is written: see `Lock.temporary`. */
  readonly temporary: string
  readonly contents: Contents<A>
  /** The mode and the owner of the file. */
  readonly access: Access
  /** Where the system does not let the owner be set, it is this process's: no old file has it. */
  readonly mayChangeOwner?: boolean
  /** Called just before the file takes the name. A `Left` keeps the old file. */
  readonly mayReplace: () => Promise<E.Either<FileError, unknown>>
  /**
   * Called with the new file's identity before the rename, and again, with false, if the rename
   * surely failed. One that is reported as failed may be done.
   */
  readonly onRename?: (identity: string, isTried: boolean) => void
}

export interface Rewritten {
  readonly handle: Handle
  readonly extent: Extent
  readonly status: FileStatus
}

/**
 * Writes a file with all that `contents` has: beside the old file, synced, then renamed over it.
 * The rename is durable only after a sync of the folder, which is the caller's. O(bytes).
 */
export const writeNew = async <A>({
  path,
  disk,
  temporary,
  contents,
  access,
  mayChangeOwner = false,
  mayReplace,
  onRename = () => undefined,
}: Rewriting<A>): Promise<E.Either<FileError, Rewritten>> => {
  let handle: Handle | undefined
  const written = await attempt(path, 'compact', async () => {
    handle = await createTemporary(temporary, disk)
    await setAccess(handle, access, mayChangeOwner)
    const extent = await writeContents(handle, contents)
    await handle.sync()
    return { handle, extent, status: await handle.status() }
  })
  const allowed = written._tag === 'Left' ? written : await mayReplace()
  const identity = allowed._tag === 'Right' && written._tag === 'Right' ? written.right.status.identity : undefined
  if (identity !== undefined) onRename(identity, true)
  const renamed = allowed._tag === 'Left' ? allowed : await attempt(path, 'compact', () => disk.rename(temporary, path))
  if (renamed._tag === 'Right') return written
  const removed = await attempt(path, 'compact', () => disk.remove(temporary))
  if (identity !== undefined && removed._tag === 'Right') onRename(identity, false)
  else if (identity !== undefined) {
    const found = await attempt(path, 'compact', () => disk.status(path))
    if (found._tag === 'Right' && found.right.identity === identity) return written
  }
  await handle?.close().catch(() => undefined)
  return renamed
}

/** Nobody else reads the file before its mode is set. */
const PRIVATE = 0o600

const setAccess = async (handle: Handle, access: Access, mayChangeOwner: boolean): Promise<void> => {
  try {
    await handle.setAccess(access)
  } catch (error) {
    if (!mayChangeOwner || codeOf(error) !== 'EPERM') throw error
    // not open to another group
    await handle.setAccess({ ...(await handle.status()), mode: access.mode & 0o707 })
  }
}

/** Creates an empty file for a rename. An older one is what its holder failed to remove. */
export const createTemporary = async (temporary: string, disk: Disk, mode = PRIVATE): Promise<Handle> => {
  try {
    return await disk.open(temporary, 'wx', mode)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    await disk.remove(temporary)
    return disk.open(temporary, 'wx', mode)
  }
}

/**
 * The first line says that the file has marks. The last block says that all before it is on the
 * disk: by the rename it is.
 */
const writeContents = async <A>(handle: Handle, contents: Contents<A>): Promise<Extent> => {
  const [header, items, end] = [contents.header(), contents.all(), contents.end()]
  let [bytes, seed] = seal(markOf(0) + header, 0)
  await writeAll(handle, bytes, 0)
  let { length } = bytes
  for (let i = 0; i < items.length; i += ITEMS_A_WRITE) {
    ;[bytes, seed] = blocksOf(items.slice(i, i + ITEMS_A_WRITE), contents.line, seed)
    await writeAll(handle, bytes, length)
    length += bytes.length
  }
  if (end !== '') {
    ;[bytes, seed] = seal(markOf(length) + end, seed)
    await writeAll(handle, bytes, length)
    length += bytes.length
  }
  return { length, seed, count: items.length }
}
