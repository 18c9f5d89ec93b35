/**
 * One writer per file. A writer first creates a file of its own beside the file, then looks for
 * those of others, so two writers never both find themselves alone:
 *
 *     <file>.lock.<pid>.<when it began>.<host>.<machine>.<boot>.<process table>.<random>
 *
 * It writes to its lock every five seconds. A lock does not count if its process is known to be
 * dead, or if nothing is known and nobody wrote to it for thirty seconds. A writer whose lock is
 * gone writes no more. Locks of 0.1, `….<pid>.<when it began>.<host>.<random>`, are never written
 * to: of another host they count until they are removed, or the next writer takes over.
 */
import { createHash, randomBytes } from 'node:crypto'
import path from 'node:path'
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import * as names from '../storage/names.js'
import { codeOf, folderOf, writeAll, type Disk } from './Disk.js'
import { attempt, type FileError } from './FileError.js'
import type { Host } from './Host.js'

export interface Lock {
  /** Whether the lock is still ours. Errors: `Locked` if another writer took over; `Io`. */
  readonly check: () => Promise<E.Either<FileError, void>>
  /** Releases the lock, if it is not released yet. After a `Left` the next call tries again. */
  readonly unlock: () => Promise<E.Either<FileError, void>>
}

export interface LockOptions {
  /** Removes the locks of others, whoever they are. Their writers then write no more. */
  readonly takeOver?: boolean
}

/** In ms. */
const RENEWED_EACH = 5000
const STALE_AFTER = 30_000

/** Locks a file. Errors: `Locked`, `Io`. O(files in its folder). */
export const lock = async (
  file: string,
  disk: Disk,
  { takeOver = false }: LockOptions = {},
): Promise<E.Either<FileError, Lock>> => {
  const folder = folderOf(file)
  const prefix = `${stemOf(path.basename(file))}.lock.`
  const name = prefix + ownName(disk.host)
  const mine = path.join(folder, name)
  const held = hold(file, mine, disk)
  const taken = await attempt(file, 'lock', async () => {
    const handle = await disk.open(mine, 'wx')
    const { modified: now } = await handle.status().finally(() => handle.close())
    for (const other of await disk.list(folder)) {
      if (!other.startsWith(prefix) || other === name) continue
      const at = path.join(folder, other)
      const owner = ownerOf(other.slice(prefix.length))
      if (!takeOver && (await isHeld(owner, at, now, disk)))
        return `process ${owner.pid} on ${names.decode(owner.host)}`
      await disk.remove(at).catch(() => undefined) // another writer removed it
    }
    return undefined
  })
  if (taken._tag === 'Right' && taken.right === undefined) return right(held)
  await held.unlock()
  return taken._tag === 'Left' ? taken : left({ _tag: 'Locked', path: file, by: taken.right! })
}

/** No name is longer on usual file systems. */
const MAX_BASE = 140 // bytes

/** The name of a file, or a shorter one that stands for it, so that its locks have a name too. */
const stemOf = (base: string): string =>
  Buffer.byteLength(base) <= MAX_BASE ? base : createHash('sha256').update(base).digest('hex')

const MAX_HOST = 40

const ownName = ({ pid, beganAt, name, machine, boot, processes }: Host): string => {
  const host = names.encode(name).slice(0, MAX_HOST)
  return [pid, beganAt(pid), host, machine, boot, processes, randomBytes(8).toString('hex')].join('.')
}

/** Keeps the lock file `mine` fresh until it is released or gone. */
const hold = (file: string, mine: string, disk: Disk): Lock => {
  let state: 'held' | 'gone' | 'released' = 'held'
  const stop = disk.every(RENEWED_EACH, () => void renew(mine, disk))
  const end = (how: 'gone' | 'released'): void => {
    state = how
    stop()
  }
  const check: Lock['check'] = async () => {
    const found = state === 'held' ? await attempt(file, 'lock', () => isThere(mine, disk)) : right(false)
    if (found._tag === 'Left') return found
    if (found.right) return right(undefined)
    if (state === 'held') end('gone')
    return left({ _tag: 'Locked', path: file, by: 'a writer that took over: our lock is gone' })
  }
  const unlock: Lock['unlock'] = async () => {
    if (state !== 'held') return right(undefined)
    const removed = await attempt(file, 'unlock', () => disk.remove(mine))
    if (removed._tag === 'Left' && !(removed.left._tag === 'Io' && removed.left.code === 'ENOENT')) return removed
    end('released')
    return right(undefined)
  }
  return { check, unlock }
}

const isThere = async (file: string, disk: Disk): Promise<boolean> => {
  try {
    await disk.status(file)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

/** Writes to the lock: so its time is that of the file system. */
const renew = async (mine: string, disk: Disk): Promise<void> => {
  try {
    const handle = await disk.open(mine, 'r+')
    await writeAll(handle, Buffer.from('\n'), 0).finally(() => handle.close())
  } catch {
    // a disk that is away for a while may come back; a lock that is gone is found at the next write
  }
}

interface Owner {
  readonly pid: string
  readonly began: string
  readonly host: string
  /** Absent in a lock of 0.1. */
  readonly place?: Pick<Host, 'machine' | 'boot' | 'processes'>
}

const ownerOf = (text: string): Owner => {
  const [pid = '', began = '', host = '', machine = '', boot = '', processes = '', random] = text.split('.')
  return { pid, began, host, ...(random !== undefined && { place: { machine, boot, processes } }) }
}

/** Whether the lock at `at` counts. `now` is the time by the clock of the file system. */
const isHeld = async (owner: Owner, at: string, now: number, disk: Disk): Promise<boolean> => {
  const isAlive = lives(owner, disk.host)
  if (isAlive !== undefined) return isAlive
  // opened, so that a network file system asks the server for the time
  const handle = await disk.open(at, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return false
  const { modified } = await handle.status().finally(() => handle.close())
  return now - modified <= STALE_AFTER
}

/** Whether the owner of a lock lives; undefined if this process cannot know. */
const lives = ({ pid, began, host, place }: Owner, here: Host): boolean | undefined => {
  const isNamesake = host === names.encode(here.name).slice(0, MAX_HOST)
  if (place === undefined) {
    if (!isNamesake) return true
  } else {
    if (!isNamesake) return undefined
    if (place.boot !== here.boot) return place.machine !== '' && place.machine === here.machine ? false : undefined
    if (place.processes !== here.processes) return undefined
  }
  if (!here.isRunning(Number(pid))) return false
  // this process may have failed to remove one
  if (Number(pid) === here.pid && began === here.beganAt(here.pid)) return place === undefined ? true : undefined
  const begins = here.beganAt(Number(pid))
  if (began !== '' && begins !== '') return began === begins
  return place === undefined ? true : undefined
}
