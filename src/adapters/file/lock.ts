/**
 * One writer per file. A writer first creates a file of its own beside the file, then looks for
 * those of others, so two writers never both find themselves alone:
 *
 *     <file>.lock.<pid>.<when it began>.<host>.<machine>.<boot>.<process table>.<token>
 *
 * It is empty until its writer has found itself alone; then it holds a line break. Of two empty
 * ones the one whose name sorts first waits, and the other one gives up. A file with another name
 * or other contents is no lock.
 *
 * It writes to its lock every five seconds. A lock does not count if its process is known to be
 * dead, or if that is not known and nobody wrote to it for thirty seconds. If it is dated ahead,
 * since the clock was put back, it is watched for ten. A writer whose lock is gone writes no more.
 * Locks of 0.1, `….<pid>.<when it began>.<host>.<random>`, are never written
 * to: of another host they count until they are removed, or the next writer takes over.
 *
 * A writer that is shut out may live, and be late. What it acknowledged is kept, because
 * - it looks for its lock before it acknowledges, after it wrote: if the lock was there then, the
 *   next writer, which reads after it removed the lock, reads what was written;
 * - it renames only `<file>.new.<token>`, which the next writer removes after the lock: a rename
 *   was done before the next writer reads, or it fails.
 * What it writes later goes to the old file, as the next writer writes a new one before its first
 * acknowledgement. The next one may die before that. So the lock of a writer that may live is not
 * removed but renamed, to `<file>.shut.<token>`, and whoever finds that writes a new file, and then
 * removes it. See `Lock.hasShutOut`.
 */
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import { decode } from '../storage/names.js'
import { markOf } from './blocks.js'
import { codeOf, folderOf, shortName, writeAll, type Disk, type FileStatus } from './Disk.js'
import { attempt, type FileError } from './FileError.js'
import { lives, nameOf, ownerOf, type Owner } from './Owner.js'

export interface Lock {
  /** Whether the lock is still ours. Errors: `Locked` if another writer took over; `Io`. */
  readonly check: () => Promise<E.Either<FileError, void>>
  /**
   * Releases the lock, if it is not released yet. After a `Left` the next call tries again. Errors:
   * `Io`.
   */
  readonly unlock: () => Promise<E.Either<FileError, void>>
  /** Locks the file again, after all in its folder was removed. Errors: `Locked`, `Io`. */
  readonly lockAgain: () => Promise<E.Either<FileError, void>>
  /** The name under which the holder, and nobody else, writes a file before it renames it. */
  readonly temporary: string
  /** A writer that may still live lost the lock to this one, or to one before. */
  readonly hasShutOut: boolean
  /** Called when the file is a new one: nobody who was shut out writes to that. */
  readonly forget: () => Promise<void>
}

export interface LockOptions {
  /** Removes the locks of others, whoever they are. Their writers then write no more. */
  readonly takeOver?: boolean
}

/** In ms. */
const RENEWED_EACH = 5000
const STALE_AFTER = 30_000

/** How long a lock that is dated ahead is watched: its writer renews it twice meanwhile. In ms. */
const WATCHED_FOR = 2 * RENEWED_EACH

/** Where the locks of a file are, and which one is ours. */
interface Claim {
  readonly folder: string
  /** What the names of locks, and of temporary files, begin with. */
  readonly stem: string
  /** The name of our lock. */
  readonly name: string
  readonly token: string
  readonly disk: Disk
  readonly takeOver: boolean
}

/** Locks a file. Errors: `Locked`, `Io`. O(files in its folder). */
export const lock = async (
  file: string,
  disk: Disk,
  { takeOver = false }: LockOptions = {},
): Promise<E.Either<FileError, Lock>> => {
  const stem = stemOf(path.basename(file))
  const token = randomBytes(8).toString('hex')
  const name = nameOf(stem, disk.host, token)
  const claim: Claim = { folder: folderOf(file), stem, name, token, disk, takeOver }
  const taken = await take(file, claim)
  if (taken._tag === 'Right') {
    const shut = taken.right
    const forget = async (): Promise<void> => {
      for (const one of shut.splice(0)) await removeIfThere(one, disk).catch(() => undefined)
    }
    return right({ ...hold(file, claim), hasShutOut: shut.length > 0, forget })
  }
  await giveUp(claim)
  return taken
}

const pathOf = ({ folder, name }: Claim): string => path.join(folder, name)

/** Removes a lock of ours that was made and not taken. If that fails, it goes stale. */
const giveUp = (claim: Claim): Promise<void> => removeIfThere(pathOf(claim), claim.disk).catch(() => undefined)

/** Bytes of a name behind which there is room for the rest of a lock's name. */
const MAX_BASE = 140

/** The name of a file, or a shorter one that stands for it, so that its locks have a name too. */
const stemOf = (base: string): string => shortName(base, MAX_BASE)

const temporaryOf = ({ folder, stem }: Claim, token: string): string => path.join(folder, `${stem}.new.${token}`)

/** Renews our lock until it is released. Stops while it is gone, goes on if it is there again. */
const hold = (file: string, claim: Claim): Omit<Lock, 'hasShutOut' | 'forget'> => {
  const { disk } = claim
  const mine = pathOf(claim)
  let isReleased = false
  /** A look that is under way must not renew a lock that is being released. */
  let isEnding = false
  let stop: (() => void) | undefined
  const renewing = (isOn: boolean): void => {
    if (isOn) stop ??= disk.every(RENEWED_EACH, () => void renew(mine, disk).catch(() => undefined))
    else {
      stop?.()
      stop = undefined
    }
  }
  renewing(true)
  const check: Lock['check'] = async () => {
    const found = isReleased ? right(false) : await attempt(file, 'lock', () => isThere(mine, disk))
    if (found._tag === 'Left') return found
    // it comes back with its folder, if that was away
    if (!isEnding) renewing(found.right)
    if (found.right) return right(undefined)
    return left({ _tag: 'Locked', path: file, by: 'a writer that took over: our lock is gone' })
  }
  const unlock: Lock['unlock'] = async () => {
    if (isReleased) return right(undefined)
    // not renewed any more: a lock that cannot be removed goes stale
    isEnding = true
    renewing(false)
    const removed = await attempt(file, 'unlock', async () => {
      await removeIfThere(mine, disk)
      // fails if the folder is away: the lock would come back with it
      await disk.list(claim.folder)
    })
    isReleased = removed._tag === 'Right'
    return removed
  }
  const lockAgain: Lock['lockAgain'] = async () => {
    const taken = await take(file, { ...claim, takeOver: false })
    if (taken._tag === 'Left') {
      await giveUp(claim)
      return taken
    }
    isReleased = false
    isEnding = false
    renewing(true)
    return right(undefined)
  }
  return { check, unlock, lockAgain, temporary: temporaryOf(claim, claim.token) }
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

/** Another writer may have removed it. */
const removeIfThere = (file: string, disk: Disk): Promise<void> =>
  disk.remove(file).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error
  })

/**
 * Writes to the lock: so its time is that of the file system. A disk that is away for a while may
 * come back; a lock that is gone is found at the next write.
 */
const renew = async (mine: string, disk: Disk): Promise<void> => {
  const handle = await disk.open(mine, 'r+')
  await writeAll(handle, Buffer.from('\n'), 0).finally(() => handle.close())
}

/** How long, and how often, a writer waits for another one that also found it was not alone. */
const WAIT = 10 // ms
const MAX_WAITS = 100

/** Makes our lock, and looks for others until there is none. Gives those that were shut out. */
const take = async (file: string, claim: Claim): Promise<E.Either<FileError, string[]>> => {
  const { disk } = claim
  const taken = await attempt(file, 'lock', async () => {
    const handle = await disk.open(pathOf(claim), 'wx')
    const { modified: now } = await handle.status().finally(() => handle.close())
    let shut: string[]
    for (let waits = 0; ;) {
      const found = await look(claim, now, waits < MAX_WAITS)
      shut = found.shut
      if (found.by !== undefined) return left<FileError>({ _tag: 'Locked', path: file, by: found.by })
      if (found.isAlone) break
      if (found.isWaiting) {
        waits++
        await new Promise((resolve) => setTimeout(resolve, WAIT))
      }
    }
    const isOurs = await announce(pathOf(claim), disk)
    return isOurs ? right(shut) : left<FileError>({ _tag: 'Locked', path: file, by: 'a writer that took over' })
  })
  return taken._tag === 'Left' ? taken : taken.right
}

/** Says that its writer found itself alone. False if another one took over since. */
const announce = async (mine: string, disk: Disk): Promise<boolean> => {
  try {
    await renew(mine, disk)
    return true
  } catch (error) {
    // a full disk: the next renewal says it
    return codeOf(error) !== 'ENOENT'
  }
}

interface Others {
  readonly isAlone: boolean
  /** Another one gives up soon, or says that it has the lock. */
  readonly isWaiting: boolean
  /** The locks of those that were shut out and may live. */
  readonly shut: string[]
  /** Who has the lock. */
  readonly by?: string
}

/** Looks at the locks of others once, and removes those that do not count, or are taken over. */
const look = async (claim: Claim, now: number, mayWait: boolean): Promise<Others> => {
  const { folder, stem, name, disk, takeOver } = claim
  let [isAlone, isWaiting] = [true, false]
  const [orphans, shut]: [string[], string[]] = [[], []]
  const found = await disk.list(folder)
  if (!found.includes(name)) return { isAlone, isWaiting, shut, by: 'a writer that took over' }
  for (const other of found) {
    if (other === name) continue
    if (isPartOf(other, `${stem}.new.`)) orphans.push(path.join(folder, other))
    if (isPartOf(other, `${stem}.shut.`)) shut.push(path.join(folder, other))
    const owner = ownerOf(other, stem)
    const state = owner === undefined ? 'none' : await stateOf(owner, path.join(folder, other), now, disk)
    if (owner === undefined || state === 'none') continue
    if (state === 'dead') {
      await removeLock(claim, other, owner)
      continue
    }
    isAlone = false
    if (state === 'stale') {
      await shutOut(claim, other, owner)
      continue
    }
    const isWanted = state === 'wanted' && mayWait
    if (isWanted && name < other) isWaiting = true
    else if (takeOver && !isWanted) await shutOut(claim, other, owner)
    else return { isAlone, isWaiting, shut, by: `process ${owner.pid} on ${decode(owner.host)}` }
  }
  if (isAlone) for (const orphan of orphans) await removeOrphan(orphan, disk)
  return { isAlone, isWaiting, shut }
}

/** Takes the lock from a writer that may live, and then what it could still rename: see above. */
const shutOut = async (claim: Claim, other: string, owner: Owner): Promise<void> => {
  const { folder, stem, disk } = claim
  const token = owner.token === '' ? randomBytes(8).toString('hex') : owner.token
  await disk.rename(path.join(folder, other), path.join(folder, `${stem}.shut.${token}`)).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error
  })
  await removeLock(claim, other, owner)
}

/** Removes a lock, and what its writer did not finish. */
const removeLock = async (claim: Claim, other: string, { token }: Owner): Promise<void> => {
  await removeIfThere(path.join(claim.folder, other), claim.disk)
  if (token !== '') await removeIfThere(temporaryOf(claim, token), claim.disk)
}

/** Whether a file has a name that locks, and writers with a lock, give to files. */
export const isNameOfOurs = (file: string): boolean =>
  /\.(?:lock\..*|new|shut)\.[0-9a-f]{16}$/.test(path.basename(file))

const isPartOf = (name: string, prefix: string): boolean =>
  name.startsWith(prefix) && /^[0-9a-f]{16}$/.test(name.slice(prefix.length))

/** Removes what a writer that is dead did not finish: nothing, or what begins as our files do. */
const removeOrphan = async (orphan: string, disk: Disk): Promise<void> => {
  const status = await disk.status(orphan).catch(() => undefined)
  if (status?.isFile !== true) return
  const handle = await disk.open(orphan, 'r')
  const begin = Buffer.alloc(FIRST_LINE.length)
  const count = await handle.read(begin, 0).finally(() => handle.close())
  if (count === 0 || begin.equals(FIRST_LINE)) await removeIfThere(orphan, disk)
}

const FIRST_LINE = Buffer.from(markOf(0))

/** What a lock holds at most: more of it is another file. */
const MAX_LOCK = 1 // byte

/** A lock is looked at within less, so one that is further ahead is wrongly dated. In ms. */
const AHEAD = WAIT * MAX_WAITS

/** Whether nobody writes to a lock while it is watched. */
const isLeftAlone = async (at: string, modified: number, disk: Disk): Promise<boolean> => {
  // the disk's timers keep no process alive
  const alive = setInterval(() => undefined, WATCHED_FOR)
  await new Promise<void>((resolve) => {
    const stop = disk.every(WATCHED_FOR, () => {
      stop()
      clearInterval(alive)
      resolve()
    })
  })
  return (await disk.status(at)).modified === modified
}

/**
 * The status of a file. It is opened, so that a network file system asks the server for the time;
 * if this user may not read it, it is what was `seen`, which may be out of date.
 */
const freshStatus = async (at: string, disk: Disk, seen: FileStatus): Promise<FileStatus> => {
  try {
    const handle = await disk.open(at, 'r')
    return await handle.status().finally(() => handle.close())
  } catch (error) {
    if (codeOf(error) === 'EACCES') return seen
    throw error
  }
}

/**
 * The state of a lock at the time `now` of the file system. `none`: the file is no lock. `dead`:
 * its process has ended. `stale`: nobody wrote to it for {@link STALE_AFTER} ms, or, if it is dated
 * ahead, for {@link WATCHED_FOR} ms. `wanted`: its writer still looks for others.
 */
const stateOf = async (
  owner: Owner,
  at: string,
  now: number,
  disk: Disk,
): Promise<'none' | 'dead' | 'stale' | 'wanted' | 'held'> => {
  try {
    const seen = await disk.status(at)
    if (!seen.isFile) return 'none'
    const { modified, size } = await freshStatus(at, disk, seen)
    if (size > MAX_LOCK) return 'none'
    const isAlive = lives(owner, disk.host)
    if (isAlive === false) return 'dead'
    if (isAlive === undefined && now - modified > STALE_AFTER) return 'stale'
    if (isAlive === undefined && modified - now > AHEAD && (await isLeftAlone(at, modified, disk))) return 'stale'
    const isNew = size === 0 && owner.place !== undefined && Math.abs(now - modified) <= WAIT * MAX_WAITS
    return isNew ? 'wanted' : 'held'
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'none'
    throw error
  }
}
