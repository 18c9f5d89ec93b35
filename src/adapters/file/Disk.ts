/**
 * The calls to the file system that a store makes. They are few, so a test can make each one fail.
 */
import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import fs from 'node:fs/promises'
import path from 'node:path'
import { thisHost, type Host } from './Host.js'

/** Who may do what with a file. */
export interface Access {
  /** The permission bits: `0o600`. */
  readonly mode: number
  /** The number of the user that owns it, and of the group. */
  readonly owner: number
  readonly group: number
}

/** What the system says of a file. */
export interface FileStatus extends Access {
  /** Two paths of one file have the same. */
  readonly identity: string
  /** Whether it is a file, and no folder, device or pipe. */
  readonly isFile: boolean
  /** The number of hard links: names that the file has. */
  readonly links: number
  /** In bytes. */
  readonly size: number
  /** When the file was last written, in ms, by the clock of the file system. */
  readonly modified: number
}

export interface Handle {
  /** Fills the buffer from `position` on; returns how many bytes it read, 0 at the end. */
  readonly read: (into: Uint8Array, position: number) => Promise<number>
  /** Writes some of the bytes at `position`; returns how many. */
  readonly write: (bytes: Uint8Array, position: number) => Promise<number>
  readonly sync: () => Promise<void>
  readonly truncate: (length: number) => Promise<void>
  readonly status: () => Promise<FileStatus>
  /** Sets what differs. */
  readonly setAccess: (access: Access) => Promise<void>
  readonly close: () => Promise<void>
}

export interface Disk {
  /**
   * `r` and `r+` need an existing file. `wx` creates one, and fails if the name exists, also as a
   * link.
   * `mode` is for a new file; the system may take bits from it.
   */
  readonly open: (path: string, flags: 'r' | 'r+' | 'wx', mode?: number) => Promise<Handle>
  readonly rename: (from: string, to: string) => Promise<void>
  readonly remove: (path: string) => Promise<void>
  /** The names in a folder. */
  readonly list: (folder: string) => Promise<ReadonlyArray<string>>
  /** Makes the renames and removals in a folder durable. */
  readonly syncFolder: (folder: string) => Promise<void>
  /** Of a symbolic link: its own, not that of what it leads to. */
  readonly status: (path: string) => Promise<FileStatus>
  /**
   * The path without symbolic links, spelt as the file system spells it. Of a file that does not
   * exist: the path at which opening it would create it.
   */
  readonly realPath: (path: string) => Promise<string>
  /** Where this process runs, for locks. */
  readonly host: Host
  /** Calls `act` every so many ms; returns the end of it. Keeps no process alive. */
  readonly every: (ms: number, act: () => void) => () => void
}

/** Whether a path ends with a separator, so that it names a folder. */
export const namesFolder = (file: string): boolean => file.endsWith('/') || file.endsWith(path.sep)

/** The path of a name in a folder, not normalised: behind a link the system must resolve `..`. */
export const within = (folder: string, name: string): string => {
  if (folder === '') return name
  return namesFolder(folder) ? `${folder}${name}` : `${folder}${path.sep}${name}`
}

/** A file's name, or its hash if the name has more than `most` bytes: so a suffix finds room. */
export const shortName = (base: string, most: number): string =>
  Buffer.byteLength(base) <= most ? base : createHash('sha256').update(base).digest('hex')

export const folderOf = (file: string): string => path.dirname(file)

/** Node's file system. */
export const nodeDisk: Disk = {
  open: async (name, flags, mode) => {
    const file = await fs.open(name, flags === 'wx' ? 'wx+' : flags, mode)
    const status = async (): Promise<FileStatus> => statusOf(await file.stat({ bigint: true }))
    return {
      read: async (into, position) => (await file.read(into, 0, into.length, position)).bytesRead,
      write: async (bytes, position) => (await file.write(bytes, 0, bytes.length, position)).bytesWritten,
      sync: () => file.sync(),
      truncate: (length) => file.truncate(length),
      status,
      setAccess: async ({ mode: wanted, owner, group }) => {
        const now = await status()
        // before the mode: a new owner clears bits of it
        if (owner !== now.owner || group !== now.group) await file.chown(owner, group)
        if (wanted !== now.mode) await file.chmod(wanted)
      },
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
  status: async (name) => statusOf(await fs.lstat(name, { bigint: true })),
  realPath: async (name) => {
    try {
      return await fs.realpath(name)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
    const target = await fs.readlink(name).catch(() => undefined)
    const folder = await fs.realpath(folderOf(name))
    if (target === undefined) return path.join(folder, path.basename(name))
    // not resolved as text: `..` behind a link is the folder above what that leads to
    return nodeDisk.realPath(path.isAbsolute(target) ? target : within(folder, target))
  },
  host: thisHost,
  every: (ms, act) => {
    const timer = setInterval(act, ms).unref()
    return () => {
      clearInterval(timer)
    }
  },
}

const statusOf = (stats: BigIntStats): FileStatus => ({
  identity: `${String(stats.dev)}:${String(stats.ino)}`,
  isFile: stats.isFile(),
  // a folder has one for each folder in it
  links: stats.isFile() ? Number(stats.nlink) : 1,
  size: Number(stats.size),
  mode: Number(stats.mode) & 0o7777,
  owner: Number(stats.uid),
  group: Number(stats.gid),
  modified: Number(stats.mtimeNs) / 1e6,
})

/** The system's code of an error, such as `ENOENT`. Empty if it has none. */
export const codeOf = (error: unknown): string => {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' ? code : ''
}

/** Writes all of the bytes, in as many calls as it takes. */
export const writeAll = async (handle: Handle, bytes: Uint8Array, position: number): Promise<void> => {
  for (let done = 0; done < bytes.length;) {
    const count = await handle.write(bytes.subarray(done), position + done)
    if (count <= 0) throw Object.assign(new Error('no byte was written'), { code: 'EIO' })
    done += count
  }
}

/** The codes of file systems that cannot sync a folder. */
const NO_SYNC_OF_FOLDERS: ReadonlyArray<string> = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR']

/** Makes renames beside a file durable, as far as its file system can. */
export const syncFolderOf = async (disk: Disk, file: string): Promise<void> => {
  try {
    await disk.syncFolder(folderOf(file))
  } catch (error) {
    if (!NO_SYNC_OF_FOLDERS.includes(codeOf(error))) throw error
  }
}
