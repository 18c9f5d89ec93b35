/** Makes a damaged file one that opens, and keeps what it had to cut. */
import type { either as E, taskEither as TE } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Flip } from './blocks.js'
import { setAside } from './aside.js'
import { nodeDisk, writeAll, type Disk, type Handle } from './Disk.js'
import { attempt, type FileError } from './FileError.js'
import { lock, type Lock, type LockOptions } from './lock.js'
import { placeOf, type PlaceOptions } from './place.js'
import { isMarkedAfter, isUnwritten, readStretches } from './read.js'
import { replaceFile } from './replaceFile.js'

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

export interface RepairOptions extends LockOptions, PlaceOptions {
  /** The file system. Default: Node's. */
  readonly disk?: Disk
}

/**
 * Repairs a damaged file, so that it opens. Corrects a single wrong bit in a block. At the first
 * block with more damage it cuts the file, and moves the rest to `<file>.cut-<offset>`. A file
 * whose header is damaged is moved whole, and opens as a new one.
 *
 * `importLines` reads the intact lines of that rest. Peers are asked for what was lost: a file
 * whose end was cut is not sure of its own updates, nor of those that are imported. One of 0.1 is
 * sure of all that its header claims, so sync with peers before the import.
 *
 * The old file stays until the new one is complete. O(bytes). Errors: `Locked`, `Linked`,
 * `NotAFile`, `Io`, `Foreign`.
 */
export const repair =
  (file: string, options: RepairOptions | Disk = {}): TE.TaskEither<FileError, Repaired> =>
  async () => {
    const { disk = nodeDisk, ...others }: RepairOptions = 'open' in options ? { disk: options } : options
    const place = await placeOf(file, disk, others)
    const locked = place._tag === 'Left' ? place : await lock(place.right, disk, others)
    if (place._tag === 'Left' || locked._tag === 'Left') return locked as E.Left<FileError>
    const repaired = await attempt(place.right, 'repair', () => rebuild(place.right, locked.right, disk))
    const unlocked = await locked.right.unlock()
    if (repaired._tag === 'Left') return repaired
    return repaired.right._tag === 'Right' && unlocked._tag === 'Left' ? unlocked : repaired.right
  }

const rebuild = async (file: string, held: Lock, disk: Disk): Promise<E.Either<FileError, Repaired>> => {
  const from = await disk.open(file, 'r')
  try {
    return await replaceFile({ file, disk, lock: held }, async (to) => {
      await to.setAccess(await from.status())
      return copyIntact(file, disk, from, to)
    })
  } finally {
    await from.close()
  }
}

/** Copies what is intact or can be corrected, and sets the rest aside. */
const copyIntact = async (
  file: string,
  disk: Disk,
  from: Handle,
  to: Handle,
): Promise<E.Either<FileError, Repaired>> => {
  const flips: Flip[] = []
  let bytes = 0
  for await (const stretch of readStretches(from)) {
    if (stretch.flip !== undefined) {
      flips.push(stretch.flip) // the corrected block comes next
      continue
    }
    if (stretch.state !== 'intact') {
      if (bytes === 0 && !(await isMarkedAfter(from, 0))) {
        return left({ _tag: 'Foreign', path: file, reason: 'it does not begin with a sealed header' })
      }
      const isTorn = stretch.state === 'open' || isUnwritten(stretch.bytes)
      const reason = isTorn ? 'a write did not finish' : 'more than one bit is wrong'
      const cut = { offset: stretch.offset, reason, ...(await setAside(file, disk, from, stretch.offset)) }
      return right({ flips, bytes, cut })
    }
    await writeAll(to, stretch.bytes, bytes)
    bytes += stretch.bytes.length
  }
  return right({ flips, bytes })
}
