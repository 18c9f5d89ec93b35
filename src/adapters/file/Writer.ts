/**
 * Appends updates to a file. Updates that are not acknowledged stay in memory. After a failure they
 * are written again from the end of the acknowledged ones on, because a disk that failed to sync
 * may have dropped what it was given.
 *
 * Source: Rebello et al., "Can Applications Recover from fsync Failures?" (USENIX ATC 2020), 5.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import { createRounds, type Rounds } from '../storage/Rounds.js'
import { blocksOf, markOf, seal } from './blocks.js'
import { syncFolderOf, writeAll } from './Disk.js'
import { attempt, type FileError } from './FileError.js'
import { Guard } from './Guard.js'
import type { Source, Target } from './Target.js'
import { writeNew, type Extent } from './writeNew.js'

/** Appended updates, or bytes of the file, from which on a compaction pays. */
const COMPACT_FROM = 4096
const COMPACT_FROM_BYTES = 4 << 20

/** So many updates are measured before others have their turn. */
const ITEMS_A_TURN = 4096

/** A mark ends the file this long after the last write. In ms. */
const IDLE = 1000

export class Writer<A> {
  private readonly target: Target<A>
  private readonly rounds: Rounds<FileError>
  private readonly guard: Guard
  /** The part of the file that is acknowledged, and all that is written. */
  private acknowledged: Extent
  private written: Extent
  /** The number of bytes known to be on the disk. Undefined at first. */
  private synced: number | undefined
  /** Where the last write began, until `settle` finds the seal before it intact. */
  private before: Extent | undefined
  /** Updates written but not acknowledged, and updates not written. */
  private unsure: A[] = []
  private pending: A[] = []
  /** A caller asked to compact. */
  private isCompactionAsked = false
  /** The list of pending updates was dropped, so the whole file must be rewritten. */
  private mustRewrite = false
  /** How many updates the file holds before a compaction is due; more after one failed. */
  private compactFrom = COMPACT_FROM
  /** The length of the file, in bytes, above which its updates are measured. */
  private compactFromBytes = COMPACT_FROM_BYTES
  /** The name of the file may not be durable yet. */
  private isFolderUnsure: boolean
  private timer: ReturnType<typeof setTimeout> | undefined
  /** Whether the file has marks, and the length at which one ended it. */
  private hasMarks: boolean
  private marked: number | undefined
  /** A mark is due: the writer is idle, or about to close. */
  private isMarkDue = false
  private readonly idle: ReturnType<typeof setTimeout>

  constructor(target: Target<A>, { handle, status, extent, isNew, marks }: Source) {
    this.target = target
    this.guard = new Guard(target, handle, status)
    this.acknowledged = extent
    this.written = extent
    this.synced = isNew ? extent.length : undefined
    this.isFolderUnsure = !isNew && target.fsync !== 'none'
    // What a process failed to sync before it died, no later sync writes to the disk, or says so.
    this.mustRewrite = !isNew && marks === 'some' && target.fsync !== 'none'
    this.hasMarks = marks !== 'none'
    this.marked = marks === 'end' ? extent.length : undefined
    this.rounds = createRounds({
      write: (isAwaited) => this.write(isAwaited),
      hasMore: () => this.pending.length > 0 || this.mustRewrite || this.isMarkDue,
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
    if (isMany && (this.target.linked || this.guard.access.links === 1)) this.replace()
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
      const isGivenUp = force || flushed.left._tag === 'Locked' // it writes no more
      if (force) this.rounds.stop()
      if (isGivenUp) await this.guard.handle.close().catch(() => undefined)
      if (!force) return flushed
    }
    clearTimeout(this.timer)
    clearTimeout(this.idle)
    if (flushed._tag === 'Left') return flushed
    return attempt(this.target.path, 'close', () => this.guard.handle.close())
  }

  private isSaved(): boolean {
    return this.isWritten() && !this.isFolderUnsure
  }

  private isWritten(): boolean {
    return this.pending.length === 0 && this.unsure.length === 0 && !this.mustRewrite
  }

  private async write(isAwaited: boolean): Promise<E.Either<FileError, void>> {
    const written = await this.writeRound(isAwaited)
    if (written._tag === 'Right') await this.mark(isAwaited)
    return written
  }

  /**
   * Ends the file with a mark, if it is due and all of the file is on the disk. From then on no
   * damage to what is before it looks like a torn write. No update depends on the mark, so its
   * failure does not fail the round. The next write overwrites its remains.
   */
  private async mark(isAwaited: boolean): Promise<void> {
    if (!this.isMarkDue) return
    this.isMarkDue = false
    const { acknowledged, written } = this
    const isQuiet = this.unsure.length === 0 && !this.mustRewrite && acknowledged.length === written.length
    if (!isQuiet || this.isFolderUnsure || !this.lacksMark()) return
    try {
      if (this.synced !== written.length) await this.syncFile()
      const [bytes, seed] = seal(markOf(written.length), written.seed)
      const { handle } = this.guard
      this.guard.writes()
      await writeAll(handle, bytes, written.length)
      // an idle writer leaves it to the system, or to the next round, to sync the mark
      if (isAwaited) await handle.sync()
      const length = written.length + bytes.length
      this.written = { ...written, seed, length }
      this.acknowledged = this.written
      this.marked = length
      if (isAwaited) this.synced = length
      this.guard.wrote({ size: length, modified: (await handle.status()).modified })
    } catch {
      await this.guard.handle.truncate(written.length).catch(() => {
        this.mustRewrite = true
      })
    }
  }

  /** Whether the file should end with a mark, and does not. */
  private lacksMark(): boolean {
    return this.hasMarks && this.target.fsync !== 'none' && this.marked !== this.written.length
  }

  private async writeRound(isAwaited: boolean): Promise<E.Either<FileError, void>> {
    const looked = await this.guard.look(this.written)
    if (looked._tag === 'Left') {
      this.isMarkDue = false
      const isDone = looked.left._tag === 'Locked' && this.isWritten() && !this.isCompactionAsked
      // who took over may be late: then the file is still as we left it
      return isDone && (await this.guard.stands(this.written)) ? right(undefined) : looked
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

  private async compactIfDue(): Promise<E.Either<FileError, void>> {
    const isAsked = this.isCompactionAsked || this.mustRewrite
    if (!isAsked && !(await this.isCompactionDue())) return right(undefined)
    this.isCompactionAsked = false
    const compacted = await this.rewrite()
    const mayWait = compacted._tag === 'Left' && (compacted.left._tag === 'Io' || compacted.left._tag === 'Linked')
    if (isAsked || !mayWait) return compacted
    // it can wait, and the disk may have room to append
    this.compactFrom = 2 * (this.written.count + this.pending.length)
    this.compactFromBytes = 2 * this.written.length
    return right(undefined)
  }

  /** Whether more than half of the file is superseded: of its updates, or of its bytes. */
  private async isCompactionDue(): Promise<boolean> {
    const { contents } = this.target
    const total = this.written.count + this.pending.length
    const isLong = this.written.length > this.compactFromBytes
    if ((isLong || total > this.compactFrom) && total > 2 * contents.size()) return true
    if (!isLong) return false
    // asked again at twice the length: all measuring reads at most twice what was written
    const { length } = this.written
    this.compactFromBytes = 2 * length
    let bytes = 0
    for (const [i, item] of contents.all().entries()) {
      bytes += Buffer.byteLength(contents.line(item))
      if (i % ITEMS_A_TURN === ITEMS_A_TURN - 1) await new Promise(setImmediate)
    }
    return length > 2 * bytes
  }

  private async rewrite(): Promise<E.Either<FileError, void>> {
    const { path, disk, fsync, lock, linked } = this.target
    const { access, isGone } = this.guard
    if (access.links > 1 && !linked && !isGone) return left({ _tag: 'Linked', path, links: access.links })
    const kept = await this.guard.keepRest()
    if (kept._tag === 'Left') return kept
    const read: { items?: ReadonlyArray<A>; mustRewrite?: boolean } = {}
    const contents = {
      ...this.target.contents,
      // all contents are read in one turn: what comes after it is not among them
      header: () => {
        read.items = this.unsure.concat(this.pending)
        read.mustRewrite = this.mustRewrite
        ;[this.unsure, this.pending, this.mustRewrite] = [[], [], false]
        return this.target.contents.header()
      },
    }
    const created = await writeNew({
      path,
      disk,
      temporary: lock.temporary,
      contents,
      access,
      mayChangeOwner: isGone,
      mayReplace: () => this.guard.look(this.written),
      onRename: (identity, isTried) => {
        this.guard.renames(identity, isTried)
      },
    })
    if (created._tag === 'Left') {
      if (read.items !== undefined) {
        this.pending = [...read.items, ...this.pending]
        this.mustRewrite ||= read.mustRewrite === true
        this.restored(created)
      }
      // who took over removes the file that we were writing
      const locked = await lock.check()
      return locked._tag === 'Left' && locked.left._tag === 'Locked' ? locked : created
    }
    const { handle, extent, status } = created.right
    // the old file is gone: its failure to close loses nothing
    await this.guard.handle.close().catch(() => undefined)
    this.guard.replaced(handle, status)
    this.compactFrom = COMPACT_FROM
    // twice as long, so that a few large updates are not copied again and again
    this.compactFromBytes = Math.max(COMPACT_FROM_BYTES, 2 * extent.length)
    this.written = extent
    this.acknowledged = extent
    this.synced = extent.length
    this.hasMarks = true
    this.marked = undefined
    this.isFolderUnsure = fsync !== 'none'
    if (fsync === 'none') await lock.forget()
    return right(undefined)
  }

  private async writePending(): Promise<E.Either<FileError, void>> {
    this.guard.writes()
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
      const { handle, size } = this.guard
      // a failed write may have left more
      if (size > length) await handle.truncate(length)
      await writeAll(handle, bytes, length)
      this.before = this.written
      this.written = { length: length + bytes.length, seed, count: count + items.length }
    })
  }

  private async sync(): Promise<E.Either<FileError, void>> {
    const { path, disk } = this.target
    clearTimeout(this.timer)
    this.timer = undefined
    if (this.unsure.length > 0 || this.synced === undefined) {
      const synced = await attempt(path, 'fsync', () => this.syncFile())
      if (synced._tag === 'Left') return this.restored(synced)
    }
    if (this.isFolderUnsure) {
      const synced = await attempt(path, 'fsync of the folder', () => syncFolderOf(disk, path))
      if (synced._tag === 'Left') {
        // the name may be lost, and no later sync says so
        this.mustRewrite = true
        return synced
      }
      this.isFolderUnsure = false
      await this.target.lock.forget()
    }
    return right(undefined)
  }

  /** After a write: see `Guard.settle`. What another program cut off meanwhile is written again. */
  private async settle(): Promise<E.Either<FileError, void>> {
    const settled = await this.guard.settle(this.before ?? this.written, this.written)
    if (settled._tag === 'Left') return settled
    this.before = undefined
    return settled.right ? right(undefined) : this.rewrite()
  }

  /**
   * After a first sync that fails, what was read may not be on the disk, and no later sync says so.
   */
  private async syncFile(): Promise<void> {
    try {
      await this.guard.handle.sync()
      this.synced = this.written.length
    } catch (error) {
      this.mustRewrite ||= this.synced === undefined
      throw error
    }
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
    this.synced &&= Math.min(this.synced, this.written.length)
    return failure
  }
}
