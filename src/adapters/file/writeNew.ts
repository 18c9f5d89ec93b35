/**
 * A file written from nothing, so that a crash leaves the old file or the new one, never a mixture.
 */
import type { either as E } from 'fp-ts'
import { blocksOf, markOf, seal } from './blocks.js'
import { writeAll, type Access, type Disk, type Handle } from './Disk.js'
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

/** Where the new file is written before it takes the old one's name. */
export const newPath = (path: string): string => `${path}.new`

const ITEMS_A_WRITE = 8192

/** Where to write, and as what. */
export interface Rewriting<A> {
  readonly path: string
  readonly disk: Disk
  readonly contents: Contents<A>
  /** The mode and the owner of the file. */
  readonly access: Access
  /** Called just before the file takes the name. A `Left` keeps the old file. */
  readonly mayReplace: () => Promise<E.Either<FileError, unknown>>
}

export interface Rewritten {
  readonly handle: Handle
  readonly extent: Extent
  /** See {@link FileStatus}. */
  readonly identity: string
}

/**
 * Writes a file with all that `contents` has: beside the old file, synced, then renamed over it.
 * The rename is durable only after a sync of the folder, which is the caller's. O(bytes).
 */
export const writeNew = async <A>({
  path,
  disk,
  contents,
  access,
  mayReplace,
}: Rewriting<A>): Promise<E.Either<FileError, Rewritten>> => {
  let handle: Handle | undefined
  const written = await attempt(path, 'compact', async () => {
    handle = await disk.open(newPath(path), 'w+', PRIVATE)
    await handle.setAccess(access)
    const extent = await writeContents(handle, contents)
    await handle.sync()
    return { handle, extent, identity: (await handle.status()).identity }
  })
  const allowed = written._tag === 'Left' ? written : await mayReplace()
  const renamed =
    allowed._tag === 'Left' ? allowed : await attempt(path, 'compact', () => disk.rename(newPath(path), path))
  if (renamed._tag === 'Right') return written
  await handle?.close().catch(() => undefined)
  await disk.remove(newPath(path)).catch(() => undefined)
  return renamed
}

/** Nobody else reads the file before its mode is set. */
const PRIVATE = 0o600

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
