/**
 * One writer a file. Each who wants to be it leaves an empty file of a name of its own beside it,
 * `<file>.lock.<pid>.<when its process began>.<host>.<uuid>`, then looks who else has: so no two can both find themselves alone,
 * and those whose process is gone, or whose machine lost its power, are in nobody's way.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import type { either as E } from 'fp-ts'
import * as names from '../names.js'
import { folderOf, type Disk } from './Disk.js'
import { attempt, right, wrong, type FileError } from './FileError.js'

/** Lets go of a lock; once it has, again does nothing. */
export type Unlock = () => Promise<E.Either<FileError, void>>

/** Takes the lock of a file. Errors: `Locked`, `Io`. O(files in its folder). */
export const lock = async (file: string, disk: Disk): Promise<E.Either<FileError, Unlock>> => {
  const folder = folderOf(file)
  const prefix = `${path.basename(file)}.lock.`
  const mine = `${prefix}${[process.pid, beginOf(process.pid), names.encode(hostname()), randomUUID()].join('.')}`
  let isHeld = true
  const unlock: Unlock = async () => {
    if (!isHeld) return right(undefined)
    const removed = await attempt(file, 'unlock', () => disk.remove(path.join(folder, mine)))
    isHeld = removed._tag === 'Left'
    return removed
  }
  const taken = await attempt(file, 'lock', async () => {
    await (await disk.open(path.join(folder, mine), 'wx')).close()
    for (const name of await disk.list(folder)) {
      if (!name.startsWith(prefix) || name === mine) continue
      const [pid = '', began = '', host = ''] = name.slice(prefix.length).split('.')
      if (isAlive(Number(pid), began, host)) return `process ${pid} on ${names.decode(host)}`
      await disk.remove(path.join(folder, name)).catch(() => undefined) // or another did
    }
    return undefined
  })
  if (taken._tag === 'Right' && taken.right === undefined) return right(unlock)
  await unlock()
  return taken._tag === 'Left' ? taken : wrong({ _tag: 'Locked', path: file, by: taken.right! })
}

/** When a process began, where the system says: its number may be another's by now. Empty if it does not. */
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

/** What is on another host nobody here can tell: it is taken to be. */
const isAlive = (pid: number, began: string, host: string): boolean => {
  if (host !== names.encode(hostname())) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as { readonly code?: string }).code !== 'EPERM') return false
  }
  const begins = beginOf(pid)
  return began === '' || begins === '' || began === begins
}
