/**
 * Looks whether a file is still as its writer left it. Users and other programs may remove,
 * replace, cut or overwrite it, and another writer may take over its lock.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import { setAside } from './aside.js'
import { sealText } from './blocks.js'
import type { Access, FileStatus, Handle } from './Disk.js'
import { attempt, type FileError } from './FileError.js'
import { isMissing } from './place.js'
import { endAt, isUnwritten } from './read.js'
import type { Target } from './Target.js'
import type { Extent } from './writeNew.js'

type Written = Pick<Extent, 'length' | 'seed'>

const OVERWRITTEN = 'another program wrote to it'

export class Guard {
  private readonly target: Pick<Target<never>, 'path' | 'disk' | 'lock'>
  handle: Handle
  access: Access & Pick<FileStatus, 'links'>
  /** The length of the file when it was last looked at. In bytes. */
  size: number
  /** Nothing has the file's name. */
  isGone = false
  /** What the file is: another file under its name is not ours. */
  private identity: string
  /** New files of which nobody knows whether they took the name. */
  private readonly candidates = new Set<string>()
  /** A file that was cut, as it was found. What is left of it may be another program's. */
  private rest: Pick<FileStatus, 'size' | 'modified'> | undefined
  private isRestKept = true
  /** The file as our last write left it. Undefined while that is not known. */
  private expected: Pick<FileStatus, 'size' | 'modified'> | undefined
  /** Another writer has the lock. */
  private isShutOut = false

  constructor(target: Pick<Target<never>, 'path' | 'disk' | 'lock'>, handle: Handle, status: FileStatus) {
    this.target = target
    this.handle = handle
    this.access = status
    this.size = status.size
    this.identity = status.identity
    // who was shut out may write until the file is rewritten
    this.expected = target.lock.hasShutOut ? undefined : status
  }

  /** We write: until {@link wrote} or {@link settle} nobody knows how that leaves the file. */
  writes(): void {
    this.expected = undefined
  }

  /** Our write left the file like this. */
  wrote(status: Pick<FileStatus, 'size' | 'modified'>): void {
    this.expected = status
  }

  /** The new file of this identity is about to take the name, or surely did not. */
  renames(identity: string, isTried: boolean): void {
    if (isTried) this.candidates.add(identity)
    else this.candidates.delete(identity)
  }

  /** The new file has the name. */
  replaced(handle: Handle, status: FileStatus): void {
    this.handle = handle
    this.access = status
    this.size = status.size
    this.identity = status.identity
    this.candidates.clear()
    this.isRestKept = true
    this.expected = status
  }

  /** Before a file that was cut is replaced: sets aside what is left of it. */
  async keepRest(): Promise<E.Either<FileError, void>> {
    const { path, disk } = this.target
    if (this.isRestKept) return right(undefined)
    const kept = await attempt(path, 'set aside', () => setAside(path, disk, this.handle, 0))
    if (kept._tag === 'Left') return kept
    this.isRestKept = true
    return right(undefined)
  }

  /** The file was cut. Other bytes than those that were kept are to be kept too. */
  private wasCut({ size, modified }: Pick<FileStatus, 'size' | 'modified'>): E.Right<false> {
    const isKnown = this.rest?.size === size && this.rest.modified === modified
    this.rest = { size, modified }
    if (size > 0 && !isKnown) this.isRestKept = false
    return right(false)
  }

  /**
   * Before a write: whether the file still has all that is written. False if it is gone, or cut.
   * Errors: `Locked`, `Occupied`, `Io`.
   */
  async look(written: Written): Promise<E.Either<FileError, boolean>> {
    const { path, disk, lock } = this.target
    const [locked, found] = await Promise.all([lock.check(), attempt(path, 'look', () => disk.status(path))])
    this.isGone = found._tag === 'Left' && isMissing(found.left)
    if (locked._tag === 'Left' && locked.left._tag === 'Locked' && !this.isShutOut) {
      // nobody who takes over removes the file: all was removed
      if (this.isGone) {
        const again = await lock.lockAgain()
        return again._tag === 'Left' ? again : right(false)
      }
      // without it nobody knows which of the two happened
      if (found._tag === 'Left') return found
      this.isShutOut = true
    }
    if (locked._tag === 'Left') return locked
    if (found._tag === 'Left') return this.isGone ? right(false) : found
    const { identity, size, modified } = found.right
    if (this.candidates.has(identity)) return right(false)
    if (identity !== this.identity) {
      // it may be the file of a writer that took over since we looked
      const still = await lock.check()
      return still._tag === 'Left' ? still : this.occupied('another file took its place')
    }
    this.access = found.right
    this.size = size
    if (size < written.length) return this.wasCut(found.right)
    if (this.expected?.size === size && this.expected.modified === modified) return right(true)
    return this.recognise(found.right, written)
  }

  /** Whether the file at the path is still ours and holds all that is written. */
  async stands({ length, seed }: Written): Promise<boolean> {
    const { path, disk } = this.target
    const found = await attempt(path, 'look', () => disk.status(path))
    if (found._tag === 'Left' || found.right.identity !== this.identity || found.right.size < length) return false
    const end = await attempt(path, 'look', () => endAt(this.handle, length))
    return end._tag === 'Right' && end.right === sealText(seed)
  }

  /**
   * Whether our last seal still stands: at the end of a file of which only the time has changed, or
   * before what a failed write left.
   */
  private async recognise(status: FileStatus, written: Written): Promise<E.Either<FileError, boolean>> {
    const end = await attempt(this.target.path, 'look', () => endAt(this.handle, written.length))
    if (end._tag === 'Left') return end
    if (this.expected === undefined) return this.sealed(end.right, written)
    if (end.right !== sealText(written.seed) || status.size !== written.length) return this.occupied(OVERWRITTEN)
    this.expected = status
    return right(true)
  }

  /**
   * After a write: the lock must still be ours, else the next writer may have read the file before
   * it. And the seal `before` it must still stand, else the file was overwritten since the look, or
   * cut: then false. Notes what the write left. All is asked at once, as a round waits for it.
   */
  async settle(before: Written, { length }: Written): Promise<E.Either<FileError, boolean>> {
    if (this.expected !== undefined) return right(true)
    const { path, lock } = this.target
    const [locked, status, end] = await Promise.all([
      lock.check(),
      attempt(path, 'write', () => this.handle.status()),
      attempt(path, 'write', () => endAt(this.handle, before.length)),
    ])
    if (locked._tag === 'Left') return locked
    if (status._tag === 'Left') return status
    if (end._tag === 'Left') return end
    const sealed = this.sealed(end.right, before)
    if (sealed._tag === 'Right' && !sealed.right) return this.wasCut(status.right)
    if (sealed._tag === 'Right') this.expected = { size: length, modified: status.right.modified }
    return sealed
  }

  /** Whether `end` is our seal. False if it was cut off; `Occupied` if something else is there. */
  private sealed(end: string, { seed }: Written): E.Either<FileError, boolean> {
    if (end === sealText(seed)) return right(true)
    return isUnwritten(Buffer.from(end)) ? right(false) : this.occupied(OVERWRITTEN)
  }

  private occupied(reason: string): E.Left<FileError> {
    return left({ _tag: 'Occupied', path: this.target.path, reason })
  }
}
