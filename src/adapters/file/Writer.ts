/**
 * Appends updates to a file. Updates that are not acknowledged stay in memory. After a failure they
 * are written again from the end of the acknowledged ones on, because a disk that failed to sync
 * may have dropped what it was given.
 *
 * Source: Rebello et al., "Can Applications Recover from fsync Failures?" (USENIX ATC 2020), 5.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import { Rounds } from '../storage/Rounds.js'
import { blocksOf, markOf, seal, sealText } from './blocks.js'
import { syncFolderOf, writeAll, type Access, type FileStatus, type Handle } from './Disk.js'
import { attempt, type FileError } from './FileError.js'
import { isMissing } from './place.js'
import { endAt, isUnwritten } from './read.js'
import type { Source, Target } from './Target.js'
import { writeNew, type Extent } from './writeNew.js'

/** Appended updates from which on a compaction pays. */
const COMPACT_FROM = 4096

/** So long after the last write a mark ends the file. In ms. */
const IDLE = 1000

export class Writer<A> {
  private readonly target: Target<A>
  private readonly rounds: Rounds<FileError>
  private handle: Handle
  /** The part of the file that is acknowledged, and all that is written. */
  private acknowledged: Extent
  private written: Extent
  /** So many bytes are known to be on the disk. Undefined: nobody knows. */
  private synced: number | undefined
  /** What the file is: another file under its name is not ours. */
  private identity: string
  private access: Access & Pick<FileStatus, 'links'>
  /** The new file, while nobody knows whether it took the name. */
  private candidate: string | undefined
  /** The file as our last write left it. Undefined after a failed write. */
  private expected: Pick<FileStatus, 'size' | 'modified'> | undefined
  /** The end of the file before the last write, until that is known to have met it. */
  private before: Extent | undefined
  /** Nothing has the file's name. */
  private isGone = false
  /** Another writer has the lock. */
  private isShutOut = false
  /** Updates written but not acknowledged, and updates not written. */
  private unsure: A[] = []
  private pending: A[] = []
  /** A caller asked to compact. */
  private isCompactionAsked = false
  /** The list of pending updates was dropped, so the whole file must be rewritten. */
  private mustRewrite = false
  /** How many updates the file holds before a compaction is due; more after one failed. */
  private compactFrom = COMPACT_FROM
  /** A rename may not be durable yet. */
  private isFolderUnsure = false
  private timer: ReturnType<typeof setTimeout> | undefined
  /** Whether the file has marks, and the length at which one ended it. */
  private hasMarks: boolean
  private marked: number | undefined
  /** A mark is due: the writer is idle, or about to close. */
  private isMarkDue = false
  private readonly idle: ReturnType<typeof setTimeout>

  constructor(target: Target<A>, { handle, status, extent, isSynced, marks }: Source) {
    this.target = target
    this.handle = handle
    this.identity = status.identity
    this.access = status
    // who was shut out may write until the file is rewritten
    this.expected = target.lock.hasShutOut ? undefined : status
    this.acknowledged = extent
    this.written = extent
    this.synced = isSynced ? extent.length : undefined
    this.hasMarks = marks !== 'none'
    this.marked = marks === 'end' ? extent.length : undefined
    this.rounds = new Rounds({
      write: (isAwaited) => this.write(isAwaited),
      hasMore: () => this.pending.length > 0 || this.mustRewrite,
      isSaved: () => this.isSaved(),
      closed: { _tag: 'Closed', path: target.path },
    })
    this.idle = setTimeout(() => {
      this.isMarkDue = true
      this.rounds.wake()
    }, IDLE).unref()
  }

  append(items: ReadonlyArray<A>): void {
    for (const item of items) this.pending.push(item)
    // a full disk lets the list grow: all that there is may be shorter by now
    const isMany = this.pending.length > Math.max(COMPACT_FROM, 2 * this.target.contents.size())
    if (isMany && (this.target.linked || this.access.links === 1)) this.replace()
    else this.rounds.wake()
  }

  /** Rewrites the file from `contents`, in place of all that was appended and not yet written. */
  replace(): void {
    this.pending = []
    this.mustRewrite = true
    this.rounds.wake()
  }

  /**
   * Resolves when all that was appended is acknowledged. After a `Left` the next call tries again.
   */
  flush(): Promise<E.Either<FileError, void>> {
    return this.rounds.flush()
  }

  /** A {@link flush} that rewrites the file from `contents`. */
  compact(): Promise<E.Either<FileError, void>> {
    this.isCompactionAsked = true
    return this.flush()
  }

  /** A {@link flush}, then closes the file. After a failed flush it stays open, unless `force`. */
  async close(force: boolean): Promise<E.Either<FileError, void>> {
    if (this.rounds.isClosed) return right(undefined)
    this.isMarkDue = true
    const flushed = await this.rounds.close()
    if (flushed._tag === 'Left') {
      // it writes no more
      if (force || flushed.left._tag === 'Locked') await this.handle.close().catch(() => undefined)
      if (!force) return flushed
      this.rounds.stop()
    }
    clearTimeout(this.timer)
    clearTimeout(this.idle)
    if (flushed._tag === 'Left') return flushed
    return attempt(this.target.path, 'close', () => this.handle.close())
  }

  private isSaved(): boolean {
    return this.pending.length === 0 && this.unsure.length === 0 && !this.isFolderUnsure && !this.mustRewrite
  }

  private async write(isAwaited: boolean): Promise<E.Either<FileError, void>> {
    const written = await this.writeRound(isAwaited)
    if (written._tag === 'Right') await this.mark(isAwaited)
    return written
  }

  /**
   * Ends the file with a mark, if it is due and all is on the disk. From then on no damage to what
   * is before it looks like a torn write. Nothing depends on the mark, so a failure is none of the
   * round: the next write goes over what it left.
   */
  private async mark(isAwaited: boolean): Promise<void> {
    if (!this.isMarkDue) return
    this.isMarkDue = false
    const { acknowledged, written } = this
    const isQuiet = this.isSaved() && acknowledged.length === written.length
    if (!isQuiet || !this.lacksMark()) return
    try {
      if (this.synced !== written.length) await this.syncFile()
      const [bytes, seed] = seal(markOf(written.length), written.seed)
      this.expected = undefined
      await writeAll(this.handle, bytes, written.length)
      // an idle writer leaves it to the system, or to the next round, to sync the mark
      if (isAwaited) await this.handle.sync()
      const length = written.length + bytes.length
      this.written = { ...written, seed, length }
      this.acknowledged = this.written
      this.marked = length
      if (isAwaited) this.synced = length
      this.expected = { size: length, modified: (await this.handle.status()).modified }
    } catch {
      await this.handle.truncate(written.length).catch(() => undefined)
    }
  }

  /** Whether the file should end with a mark, and does not. */
  private lacksMark(): boolean {
    return this.hasMarks && this.target.fsync !== 'none' && this.marked !== this.written.length
  }

  private async writeRound(isAwaited: boolean): Promise<E.Either<FileError, void>> {
    const looked = await this.look()
    if (looked._tag === 'Left') {
      // who took over has all that was acknowledged
      const isDone = looked.left._tag === 'Locked' && this.isSaved() && !this.isCompactionAsked
      this.isMarkDue = false
      return isDone ? right(undefined) : this.restored(looked)
    }
    this.mustRewrite ||= !looked.right
    const compacted = await this.compactIfDue()
    if (compacted._tag === 'Left') return compacted
    if (this.pending.length > 0) {
      const wrote = await this.writePending()
      if (wrote._tag === 'Left') return this.restored(wrote)
    }
    const { fsync } = this.target
    const isSyncing = fsync === 'each' || (isAwaited && fsync !== 'none')
    if (isSyncing) {
      const synced = await this.sync()
      if (synced._tag === 'Left') return synced
    }
    const settled = await this.settle()
    if (settled._tag === 'Left') return this.restored(settled)
    // `settle` may have rewritten the file
    const again = isSyncing && this.isFolderUnsure ? await this.sync() : settled
    if (again._tag === 'Left') return again
    if (isSyncing || fsync === 'none') return this.acknowledge()
    this.timer ??= setTimeout(() => {
      this.timer = undefined
      void this.flush()
    }, fsync.every)
    this.timer.unref()
    return right(undefined)
  }

  /**
   * Whether the file still has all that is written: it may be gone, or cut. Errors: `Locked`,
   * `Occupied`, `Io`.
   */
  private async look(): Promise<E.Either<FileError, boolean>> {
    const { path, disk, lock } = this.target
    const [locked, found] = await Promise.all([lock.check(), attempt(path, 'look', () => disk.status(path))])
    this.isGone = found._tag === 'Left' && isMissing(found.left)
    if (locked._tag === 'Left' && locked.left._tag === 'Locked' && !this.isShutOut) {
      // nobody who takes over removes the file: all was removed
      if (this.isGone) {
        const again = await lock.lockAgain()
        return again._tag === 'Left' ? again : right(false)
      }
      this.isShutOut = true
    }
    if (locked._tag === 'Left') return locked
    if (found._tag === 'Left') return this.isGone ? right(false) : found
    const { identity, size } = found.right
    if (identity === this.candidate) return right(false)
    if (identity !== this.identity) return this.occupied('another file took its place')
    this.access = found.right
    if (size < this.written.length) return right(false)
    const { expected } = this
    const isOurs = expected === undefined || (expected.size === size && expected.modified === found.right.modified)
    return isOurs ? right(true) : this.recognise(found.right)
  }

  /** If only the time of the file has changed, our last seal still stands at its end. */
  private async recognise(status: FileStatus): Promise<E.Either<FileError, boolean>> {
    const { length, seed } = this.written
    const found = await attempt(this.target.path, 'look', () => endAt(this.handle, length))
    if (found._tag === 'Left') return found
    const isOurs = status.size === length && found.right === sealText(seed)
    if (!isOurs) return this.occupied('another program wrote to it')
    this.expected = status
    return right(true)
  }

  private occupied(reason: string): E.Left<FileError> {
    return left({ _tag: 'Occupied', path: this.target.path, reason })
  }

  private async compactIfDue(): Promise<E.Either<FileError, void>> {
    const isAsked = this.isCompactionAsked || this.mustRewrite
    const total = this.written.count + this.pending.length
    const isDue = total > this.compactFrom && total > 2 * this.target.contents.size()
    if (!isAsked && !isDue) return right(undefined)
    this.isCompactionAsked = false
    const compacted = await this.rewrite()
    const mayWait = compacted._tag === 'Left' && (compacted.left._tag === 'Io' || compacted.left._tag === 'Linked')
    if (isAsked || !mayWait) return compacted
    // it can wait, and the disk may have room to append
    this.compactFrom = 2 * (this.written.count + this.pending.length)
    return right(undefined)
  }

  private async rewrite(): Promise<E.Either<FileError, void>> {
    const { path, disk, fsync, contents, lock, linked } = this.target
    if (this.access.links > 1 && !linked) return left({ _tag: 'Linked', path, links: this.access.links })
    const before = this.unsure.concat(this.pending)
    const { mustRewrite } = this
    this.unsure = []
    this.pending = []
    // before the contents are read: a `replace` meanwhile asks for another rewrite
    this.mustRewrite = false
    const created = await writeNew({
      path,
      disk,
      temporary: lock.temporary,
      contents,
      access: this.access,
      mayChangeOwner: this.isGone,
      mayReplace: () => this.look(),
      onRename: (identity) => (this.candidate = identity),
    })
    if (created._tag === 'Left') {
      this.pending = before.concat(this.pending)
      this.mustRewrite ||= mustRewrite
      this.written = this.acknowledged
      this.expected = undefined
      return created
    }
    const { handle, extent, status } = created.right
    // the old file is gone: its failure to close loses nothing
    await this.handle.close().catch(() => undefined)
    this.handle = handle
    this.identity = status.identity
    this.candidate = undefined
    this.access = status
    this.expected = status
    this.compactFrom = COMPACT_FROM
    this.written = extent
    this.acknowledged = extent
    this.synced = extent.length
    this.hasMarks = true
    this.marked = undefined
    this.isFolderUnsure = fsync !== 'none'
    return right(undefined)
  }

  private async writePending(): Promise<E.Either<FileError, void>> {
    // a failed write may have left more
    const mayBeLonger = this.expected === undefined
    this.expected = undefined
    const items = this.pending
    this.pending = []
    // before the write, so that a failure brings them back
    this.unsure = this.unsure.concat(items)
    const { length, count } = this.written
    return attempt(this.target.path, 'write', async () => {
      if (this.synced === undefined && this.target.fsync !== 'none') await this.syncFile()
      const mark = this.synced === length ? markOf(length) : ''
      this.hasMarks ||= mark !== ''
      const [bytes, seed] = blocksOf(items, this.target.contents.line, this.written.seed, mark)
      if (mayBeLonger && (await this.handle.status()).size > length) await this.handle.truncate(length)
      await writeAll(this.handle, bytes, length)
      this.before = this.written
      this.written = { length: length + bytes.length, seed, count: count + items.length }
    })
  }

  private async sync(): Promise<E.Either<FileError, void>> {
    const { path, disk } = this.target
    clearTimeout(this.timer)
    this.timer = undefined
    if (this.unsure.length > 0) {
      const synced = await attempt(path, 'fsync', () => this.syncFile())
      if (synced._tag === 'Left') return this.restored(synced)
    }
    if (this.isFolderUnsure) {
      const synced = await attempt(path, 'fsync of the folder', () => syncFolderOf(disk, path))
      if (synced._tag === 'Left') return synced
      this.isFolderUnsure = false
    }
    return right(undefined)
  }

  /**
   * After a write: the lock must still be ours, else the next writer may have read the file before
   * it. And the seal before it must still stand, else the file was cut, or overwritten, since the
   * round began. Notes what the write left. All is asked at once, as a round has to wait for it.
   */
  private async settle(): Promise<E.Either<FileError, void>> {
    if (this.expected !== undefined) return right(undefined)
    const { path, lock } = this.target
    const { before = this.written } = this
    const [locked, status, end] = await Promise.all([
      lock.check(),
      attempt(path, 'write', () => this.handle.status()),
      attempt(path, 'write', () => endAt(this.handle, before.length)),
    ])
    if (locked._tag === 'Left') return locked
    if (status._tag === 'Left') return status
    if (end._tag === 'Left') return end
    this.before = undefined
    if (end.right !== sealText(before.seed)) {
      return isUnwritten(Buffer.from(end.right)) ? this.rewrite() : this.occupied('another program wrote to it')
    }
    this.expected = { size: this.written.length, modified: status.right.modified }
    return right(undefined)
  }

  private async syncFile(): Promise<void> {
    await this.handle.sync()
    this.synced = this.written.length
  }

  private acknowledge(): E.Either<FileError, void> {
    this.acknowledged = this.written
    this.unsure = []
    // an idle writer does nothing
    if (!this.rounds.isClosed && !this.isMarkDue && this.lacksMark()) this.idle.refresh()
    return right(undefined)
  }

  /**
   * After a failure: makes unacknowledged updates pending again, as the file may hold part of them.
   */
  private restored(failure: E.Left<FileError>): E.Left<FileError> {
    this.pending = this.unsure.concat(this.pending)
    this.unsure = []
    this.written = this.acknowledged
    this.expected = undefined
    return failure
  }
}
