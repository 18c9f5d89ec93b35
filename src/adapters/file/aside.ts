/** What is cut off a file is kept beside it. */
import path from 'node:path'
import { codeOf, shortName, syncFolderOf, writeAll, type Disk, type Handle } from './Disk.js'

const BYTES_A_READ = 1 << 20

export interface Aside {
  /**
   * The path of the new file: `<file>.cut-<offset>`, with a number behind it if that exists. A name
   * of more than 200 bytes is there as a hash.
   */
  readonly to: string
  readonly bytes: number
}

/** Bytes of a name behind which there is room for the rest on usual file systems. */
const MAX_BASE = 200

/** Whether what was cut off a file has this name. */
export const isAside = (file: string): boolean => /\.cut-\d+(?:-\d+)?$/.test(file)

/** Copies a file from `offset` on to a file of its own, and syncs that. O(bytes copied). */
export const setAside = async (file: string, disk: Disk, from: Handle, offset: number): Promise<Aside> => {
  const stem = path.join(path.dirname(file), shortName(path.basename(file), MAX_BASE))
  const [aside, to] = await openFresh(`${stem}.cut-${String(offset)}`, disk)
  try {
    // stays private where the system does not let its owner be set
    await aside.setAccess(await from.status()).catch(() => undefined)
    let bytes = 0
    const piece = Buffer.alloc(BYTES_A_READ)
    for (;;) {
      const count = await from.read(piece, offset + bytes)
      if (count === 0) break
      await writeAll(aside, piece.subarray(0, count), bytes)
      bytes += count
    }
    await aside.sync()
    await aside.close()
    await syncFolderOf(disk, to)
    return { to, bytes }
  } catch (error) {
    await aside.close().catch(() => undefined)
    await disk.remove(to).catch(() => undefined) // half of it may fill the disk
    throw error
  }
}

/** Opens a file that does not exist yet: an earlier one is not overwritten. */
const openFresh = async (name: string, disk: Disk): Promise<readonly [Handle, string]> => {
  for (let n = 1; ; n++) {
    const to = n === 1 ? name : `${name}-${String(n)}`
    try {
      return [await disk.open(to, 'wx', 0o600), to]
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
  }
}
