/**
 * The calls to the file system that a store makes. They are few, so a test can make each one fail.
 */
import fs from 'node:fs/promises'
import path from 'node:path'

export interface Handle {
  /** Fills the buffer from `position` on; returns how many bytes it read, 0 at the end. */
  readonly read: (into: Uint8Array, position: number) => Promise<number>
  /** Writes some of the bytes at `position`; returns how many. */
  readonly write: (bytes: Uint8Array, position: number) => Promise<number>
  readonly sync: () => Promise<void>
  readonly truncate: (length: number) => Promise<void>
  readonly size: () => Promise<number>
  readonly close: () => Promise<void>
}

export interface Disk {
  /** `r` and `r+` need an existing file; `w+` creates or empties one; `wx` fails if it exists. */
  readonly open: (path: string, flags: 'r' | 'r+' | 'w+' | 'wx') => Promise<Handle>
  readonly rename: (from: string, to: string) => Promise<void>
  readonly remove: (path: string) => Promise<void>
  /** The names in a folder. */
  readonly list: (folder: string) => Promise<ReadonlyArray<string>>
  /** Makes the renames and removals in a folder durable. */
  readonly syncFolder: (folder: string) => Promise<void>
}

export const folderOf = (file: string): string => path.dirname(file)

/** Node's file system. */
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
    // Windows cannot open a folder
    if (process.platform === 'win32') return
    const handle = await fs.open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
}

/** Writes all of the bytes, in as many calls as it takes. */
export const writeAll = async (handle: Handle, bytes: Uint8Array, position: number): Promise<void> => {
  for (let done = 0; done < bytes.length;) {
    const count = await handle.write(bytes.subarray(done), position + done)
    if (count <= 0) throw Object.assign(new Error('no byte was written'), { code: 'EIO' })
    done += count
  }
}
