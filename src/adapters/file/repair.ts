/** What can be saved of a file that was damaged. */
import path from 'node:path'
import type { either as E, taskEither as TE } from 'fp-ts'
import type { Flip } from './blocks.js'
import { folderOf, nodeDisk, writeAll, type Disk, type Handle } from './Disk.js'
import { attempt, right, wrong, type FileError } from './FileError.js'
import { lock } from './lock.js'
import { isUnwritten, readStretches, type Stretch } from './read.js'
import { newPath } from './Writer.js'

export interface Repaired {
  /** Bits that were turned back, in place: nothing was lost by them. */
  readonly flips: ReadonlyArray<Flip>
  /** What could not be, and all after it: in a file of its own now. Absent if nothing was cut. */
  readonly cut?: { readonly offset: number; readonly bytes: number; readonly reason: string; readonly to: string }
  /** How long the file is now. */
  readonly bytes: number
}

/**
 * Makes a damaged file one that opens. A single wrong bit in a block is found and turned back. From a block on that is beyond
 * that, the file is cut: what is cut goes to `<file>.cut-<offset>`, whence `importLines` takes what lines are whole, best after a
 * sync with others, who know what came between. For updates taken from after a gap would hide what was in it, for good.
 * The file as it was stays until the new one is whole. O(bytes). Errors: `Locked`, `Io`, `Foreign`.
 */
export const repair =
  (file: string, disk: Disk = nodeDisk): TE.TaskEither<FileError, Repaired> =>
  async () => {
    const name = path.resolve(file)
    const locked = await lock(name, disk)
    if (locked._tag === 'Left') return locked
    const repaired = await attempt(name, 'repair', () => rebuild(name, disk))
    const unlocked = await locked.right()
    if (repaired._tag === 'Left') return repaired
    return repaired.right._tag === 'Right' && unlocked._tag === 'Left' ? unlocked : repaired.right
  }

const rebuild = async (file: string, disk: Disk): Promise<E.Either<FileError, Repaired>> => {
  const from = await disk.open(file, 'r')
  let to: Handle | undefined
  try {
    to = await disk.open(newPath(file), 'w+')
    const flips: Flip[] = []
    let length = 0
    let cut: Repaired['cut']
    for await (const stretch of readStretches(from)) {
      if (stretch.flip !== undefined) {
        flips.push(stretch.flip) // what it should be comes next
        continue
      }
      if (stretch.state !== 'intact') {
        if (length === 0)
          return wrong({ _tag: 'Foreign', path: file, reason: 'it does not begin with a sealed header' })
        cut = await setAside(file, disk, from, stretch)
        break
      }
      await writeAll(to, stretch.bytes, length)
      length += stretch.bytes.length
    }
    await to.sync()
    await disk.rename(newPath(file), file)
    await disk.syncFolder(folderOf(file))
    return right({ flips, bytes: length, ...(cut !== undefined && { cut }) })
  } finally {
    await from.close()
    await to?.close()
  }
}

const PIECE = 1 << 20

/** Keeps the rest of a file elsewhere. */
const setAside = async (
  file: string,
  disk: Disk,
  from: Handle,
  { offset, state, bytes }: Stretch,
): Promise<NonNullable<Repaired['cut']>> => {
  const to = `${file}.cut-${String(offset)}`
  const aside = await disk.open(to, 'w+')
  try {
    let done = 0
    const piece = Buffer.alloc(PIECE)
    for (;;) {
      const count = await from.read(piece, offset + done)
      if (count === 0) break
      await writeAll(aside, piece.subarray(0, count), done)
      done += count
    }
    await aside.sync()
    const reason =
      state === 'open' || isUnwritten(bytes)
        ? 'a write that was not finished'
        : 'more than one bit is not as it was written'
    return { offset, bytes: done, reason, to }
  } finally {
    await aside.close()
  }
}
