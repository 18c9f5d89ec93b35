/** Makes a damaged file one that opens, and keeps what it had to cut. */
import path from 'node:path'
import type { either as E, taskEither as TE } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Flip } from './blocks.js'
import { folderOf, nodeDisk, writeAll, type Disk, type Handle } from './Disk.js'
import { attempt, type FileError } from './FileError.js'
import { lock } from './lock.js'
import { isUnwritten, readStretches, type Stretch } from './read.js'
import { newPath } from './writeNew.js'

export interface Repaired {
  /** The wrong bits that were corrected: they lost nothing. */
  readonly flips: ReadonlyArray<Flip>
  /**
   * The first block beyond repair and all after it, now in the file `to`. Absent if all is well.
   */
  readonly cut?: { readonly offset: number; readonly bytes: number; readonly reason: string; readonly to: string }
  /** The new length of the file. */
  readonly bytes: number
}

/**
 * Repairs a damaged file, so that it opens. Corrects a single wrong bit in a block. At the first
 * block with more damage it cuts the file, and moves the rest to `<file>.cut-<offset>`.
 *
 * `importLines` reads the intact lines of that rest. Peers are asked for what was lost: a file
 * whose end was cut is not sure of its own updates, nor of those that are imported. One of 0.1 is
 * sure of all that its header claims, so sync with peers before the import.
 *
 * The old file stays until the new one is complete. O(bytes). Errors: `Locked`, `Io`, `Foreign`.
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
        flips.push(stretch.flip) // the corrected block comes next
        continue
      }
      if (stretch.state !== 'intact') {
        if (length === 0) return left({ _tag: 'Foreign', path: file, reason: 'it does not begin with a sealed header' })
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

const BYTES_A_READ = 1 << 20

/** Copies the file from the stretch on to a file of its own. */
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
    const piece = Buffer.alloc(BYTES_A_READ)
    for (;;) {
      const count = await from.read(piece, offset + done)
      if (count === 0) break
      await writeAll(aside, piece.subarray(0, count), done)
      done += count
    }
    await aside.sync()
    const reason = state === 'open' || isUnwritten(bytes) ? 'a write did not finish' : 'more than one bit is wrong'
    return { offset, bytes: done, reason, to }
  } finally {
    await aside.close()
  }
}
