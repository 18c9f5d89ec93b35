/**
 * One writer per file. A writer first creates an empty file of its own beside the file,
 * `<file>.lock.<pid>.<when the process began>.<host>.<uuid>`, then looks for those of others. So
 * two writers never both find themselves alone. A lock whose process is gone does not count.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import * as names from '../storage/names.js'
import { folderOf, type Disk } from './Disk.js'
import { attempt, type FileError } from './FileError.js'

/** Releases a lock. Does nothing once it is released; after a `Left` the next call tries again. */
export type Unlock = () => Promise<E.Either<FileError, void>>

/** Locks a file. Errors: `Locked`, `Io`. O(files in its folder). */
export const lock = async (file: string, disk: Disk): Promise<E.Either<FileError, Unlock>> => {
  const folder = folderOf(file)
  const prefix = `${path.basename(file)}.lock.`
  const mine = `${prefix}${[process.pid, ownBegin(), names.encode(hostname()), randomUUID()].join('.')}`
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
      await disk.remove(path.join(folder, name)).catch(() => undefined) // another writer removed it
    }
    return undefined
  })
  if (taken._tag === 'Right' && taken.right === undefined) return right(unlock)
  await unlock()
  return taken._tag === 'Left' ? taken : left({ _tag: 'Locked', path: file, by: taken.right! })
}

let began: string | undefined

/** When this process began, read once. */
const ownBegin = (): string => (began ??= beginOf(process.pid))

/** When a process began, as its number may be used again. Empty if the system does not say. */
const beginOf = (pid: number): string => {
  try {
    // field 22; field 2 is free text that ends with the last parenthesis
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

/** A process on another host counts as alive, as this host cannot tell. */
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
