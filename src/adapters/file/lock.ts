/**
 * One writer a file. Each who wants to be it leaves a file of a name of its own beside it, `<file>.lock.<pid>.<uuid>`, then looks
 * who else has: so no two can both find themselves alone, and those whose process is gone are in nobody's way.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import type { either as E } from 'fp-ts'
import { folderOf, writeAll, type Disk } from './Disk.js'
import { attempt, right, wrong, type FileError } from './FileError.js'

export type Unlock = () => Promise<E.Either<FileError, void>>

/** Takes the lock of a file. Errors: `Locked`, `Io`. O(files in its folder). */
export const lock = async (file: string, disk: Disk): Promise<E.Either<FileError, Unlock>> => {
  const folder = folderOf(file)
  const prefix = `${path.basename(file)}.lock.`
  const mine = `${prefix}${String(process.pid)}.${randomUUID()}`
  const unlock: Unlock = () => attempt(file, 'unlock', () => disk.remove(path.join(folder, mine)))
  const taken = await attempt(file, 'lock', async () => {
    const handle = await disk.open(path.join(folder, mine), 'wx')
    try {
      await writeAll(handle, Buffer.from(JSON.stringify(self)), 0)
    } finally {
      await handle.close()
    }
    for (const name of await disk.list(folder)) {
      if (!name.startsWith(prefix) || name === mine) continue
      const holder = await holderOf(path.join(folder, name), disk)
      if (isAlive(name.slice(prefix.length), holder))
        return `process ${String(holder?.pid ?? '?')} on ${holder?.host ?? '?'}`
      await disk.remove(path.join(folder, name)).catch(() => undefined) // or another did
    }
    return undefined
  })
  if (taken._tag === 'Right' && taken.right === undefined) return right(unlock)
  await unlock()
  return taken._tag === 'Left' ? taken : wrong({ _tag: 'Locked', path: file, by: taken.right! })
}

interface Holder {
  readonly pid: number
  readonly host: string
  /** When its process began, where the system says: another may have got its number since. */
  readonly began: string
}

const beginOf = (pid: number): string => {
  try {
    // the 22nd field; the second may hold anything, but ends with the last parenthesis
    return (
      readFileSync(`/proc/${String(pid)}/stat`, 'latin1')
        .split(') ')
        .pop()!
        .split(' ')[19] ?? ''
    )
  } catch {
    return ''
  }
}

const self: Holder = { pid: process.pid, host: hostname(), began: beginOf(process.pid) }

/** Nothing if it is gone, or was not written to the end. */
const holderOf = async (file: string, disk: Disk): Promise<Holder | undefined> => {
  try {
    const handle = await disk.open(file, 'r')
    try {
      const bytes = Buffer.alloc(1024)
      return JSON.parse(bytes.toString('utf8', 0, await handle.read(bytes, 0))) as Holder
    } finally {
      await handle.close()
    }
  } catch {
    return undefined
  }
}

/** By its name alone, where its maker is just about to write it, or died then. What is on another host nobody here can tell. */
const isAlive = (name: string, holder: Holder | undefined): boolean => {
  const pid = Number.parseInt(name, 10)
  if (holder !== undefined && holder.host !== self.host) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as { readonly code?: string }).code === 'EPERM'
  }
  const began = beginOf(pid)
  return holder === undefined || holder.began === '' || began === '' || holder.began === began
}
