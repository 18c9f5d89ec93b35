/** What of a file system a store needs: few enough calls that a test can fail each of them. */
import fs from 'node:fs/promises'
import path from 'node:path'

export interface Handle {
  /** Fills the buffer from a position on, as far as there is anything; how many bytes there were. */
  readonly read: (into: Uint8Array, position: number) => Promise<number>
  /** Writes some of the bytes at a position, and says how many. */
  readonly write: (bytes: Uint8Array, position: number) => Promise<number>
  readonly sync: () => Promise<void>
  readonly truncate: (length: number) => Promise<void>
  readonly size: () => Promise<number>
  readonly close: () => Promise<void>
}

export interface Disk {
  /** `r+` a file that is there; `w+` an empty one, made or emptied; `wx` one that was not there. */
  readonly open: (path: string, flags: 'r' | 'r+' | 'w+' | 'wx') => Promise<Handle>
  readonly rename: (from: string, to: string) => Promise<void>
  readonly remove: (path: string) => Promise<void>
  /** The names in a folder. */
  readonly list: (folder: string) => Promise<ReadonlyArray<string>>
  /** Makes what was renamed and removed in a folder stay so. */
  readonly syncFolder: (folder: string) => Promise<void>
}

export const folderOf = (file: string): string => path.dirname(file)

/** Node's. */
export const nodeDisk: Disk = {
  open: async (name, flags) => {
    const file = await fs.open(name, flags)
    return {
      read: async (into, position) => (await file.read(into, 0, into.length, position)).bytesRead,
      write: async (bytes, position) => (await file.write(bytes, 0, bytes.length, position)).bytesWritten,
      sync: () => file.sync(),
      truncate: (length) => file.truncate(length),
      size: async () => (await file.stat()).size,
      close: () => file.close(),
    }
  },
  rename: fs.rename,
  remove: fs.unlink,
  list: (folder) => fs.readdir(folder),
  syncFolder: async (folder) => {
    // Windows has no such thing
    if (process.platform === 'win32') return
    const handle = await fs.open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
}

/** Writes all of the bytes, however little goes at a time. */
export const writeAll = async (handle: Handle, bytes: Uint8Array, position: number): Promise<void> => {
  for (let done = 0; done < bytes.length;) {
    const count = await handle.write(bytes.subarray(done), position + done)
    if (count <= 0) throw Object.assign(new Error('nothing could be written'), { code: 'EIO' })
    done += count
  }
}
