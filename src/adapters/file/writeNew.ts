/**
 * A file written from nothing, so that a crash leaves the old file or the new one, never a mixture.
 */
import type { either as E } from 'fp-ts'
import { blocksOf, seal } from './blocks.js'
import { writeAll, type Disk, type Handle } from './Disk.js'
import { attempt, type FileError } from './FileError.js'

/** What a file holds, as lines. */
export interface Contents<A> {
  /** The lines of the first block. */
  readonly header: () => string
  /** All items, oldest first of each source. */
  readonly all: () => ReadonlyArray<A>
  readonly line: (item: A) => string
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

/**
 * Writes a file with all that `contents` has: beside the old file, synced, then renamed over it.
 * The rename is durable only after a sync of the folder, which is the caller's. O(bytes).
 */
export const writeNew = async <A>(
  path: string,
  disk: Disk,
  contents: Contents<A>,
): Promise<E.Either<FileError, readonly [Handle, Extent]>> => {
  const header = contents.header()
  const items = contents.all()
  let handle: Handle | undefined
  const made = await attempt(path, 'compact', async () => {
    handle = await disk.open(newPath(path), 'w+')
    let [bytes, seed] = seal(header, 0)
    await writeAll(handle, bytes, 0)
    let { length } = bytes
    for (let i = 0; i < items.length; i += ITEMS_A_WRITE) {
      ;[bytes, seed] = blocksOf(items.slice(i, i + ITEMS_A_WRITE), contents.line, seed)
      await writeAll(handle, bytes, length)
      length += bytes.length
    }
    await handle.sync()
    await disk.rename(newPath(path), path)
    return [handle, { length, seed, count: items.length }] as const
  })
  if (made._tag === 'Left') {
    await handle?.close().catch(() => undefined)
    await disk.remove(newPath(path)).catch(() => undefined)
  }
  return made
}
