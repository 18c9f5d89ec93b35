/**
 * Brings updates to a file, in rounds: what came up during one goes with the next. What is not acknowledged is kept, and after
 * any failure written anew from where the acknowledged ends, for a disk that failed to sync has forgotten what it was given.
 * Source: Rebello et al., "Can Applications Recover from fsync Failures?" (USENIX ATC 2020), section 5.
 */
import type { either as E } from 'fp-ts'
import type { Digest } from '../../core/Replica.js'
import { BLOCK, seal } from './blocks.js'
import { folderOf, writeAll, type Disk, type Handle } from './Disk.js'
import { attempt, right, wrong, type FileError } from './FileError.js'

/** When what is written must be on the disk itself, and not just with the system: a crash of the process alone loses neither. */
export type Fsync =
  /** After every round. */
  | 'each'
  /** When somebody waits for `flushed`, and else so many ms after it was written. */
  | { readonly every: number }
  /** When the system likes. What is acknowledged then survives a crash of the process, not one of the machine. */
  | 'none'

/** What is in a file, and where it ends. */
export interface Extent {
  readonly length: number
  /** The value of the last seal. */
  readonly seed: number
  /** How many updates it holds. */
  readonly count: number
}

/** What the file is to hold, as lines. */
export interface Contents<A> {
  readonly digest: () => Digest
  /** All that there is, oldest first of each source. */
  readonly all: () => ReadonlyArray<A>
  readonly line: (item: A) => string
  /** How many there are. */
  readonly size: () => number
}

/** As many updates are appended before it may be worth while to write what there is anew. */
const COMPACT_FROM = 4096

export class Writer<A> {
  private handle: Handle
  /** What is acknowledged, and what was written in all. */
  private acknowledged: Extent
  private written: Extent
  /** Written but not acknowledged, and not written. */
  private unsure: A[] = []
  private pending: A[] = []
  private readonly waiters: ((outcome: E.Either<FileError, void>) => void)[] = []
  private running: Promise<void> | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  /** Somebody asked for it. Or what is to be written is known no more, but that it is among what there is. */
  private compacting = false
  private mustRewrite = false
  /** How many updates a file must hold before it is tried again, once it failed. */
  private compactFrom = COMPACT_FROM
  private folderUnsure = false
  private closed = false
  private readonly path: string
  private readonly disk: Disk
  private readonly fsync: Fsync
  private readonly contents: Contents<A>

  constructor(path: string, disk: Disk, fsync: Fsync, contents: Contents<A>, handle: Handle, extent: Extent) {
    this.path = path
    this.disk = disk
    this.fsync = fsync
    this.contents = contents
    this.handle = handle
    this.acknowledged = extent
    this.written = extent
  }

  append(items: ReadonlyArray<A>): void {
    for (const item of items) this.pending.push(item)
    const { length } = this.pending
    // more than there is by now, as when a disk has been full for long
    if (length > COMPACT_FROM && length > 2 * this.contents.size()) this.replace()
    else this.run()
  }

  /** What there is now stands for all that was appended: it is written anew. */
  replace(): void {
    this.pending = []
    this.mustRewrite = true
    this.run()
  }

  /** Resolves when all that was appended so far is acknowledged, or cannot be for now: then the next call tries again. */
  flush(): Promise<E.Either<FileError, void>> {
    if (this.closed)
      return Promise.resolve(this.isClean() ? right(undefined) : wrong({ _tag: 'Closed', path: this.path }))
    return new Promise((settle) => {
      this.waiters.push(settle)
      this.run()
    })
  }

  /** Writes what there is into a new file, and puts it in the place of the old. */
  compact(): Promise<E.Either<FileError, void>> {
    this.compacting = true
    return this.flush()
  }

  /** After a {@link flush}; if that fails it stays open, for another try. */
  async close(): Promise<E.Either<FileError, void>> {
    if (this.closed) return right(undefined)
    const flushed = await this.flush()
    if (flushed._tag === 'Left') return flushed
    this.closed = true
    clearTimeout(this.timer)
    return attempt(this.path, 'close', () => this.handle.close())
  }

  private isClean(): boolean {
    return this.pending.length === 0 && this.unsure.length === 0 && !this.folderUnsure && !this.mustRewrite
  }

  private run(): void {
    if (this.closed) return
    this.running ??= this.rounds().finally(() => {
      this.running = undefined
      // somebody came while the last round ended
      if (this.waiters.length > 0) this.run()
    })
  }

  private async rounds(): Promise<void> {
    do {
      await Promise.resolve() // so that what is said in one go is written in one
      const waiting = this.waiters.splice(0)
      const outcome = await this.round(waiting.length > 0)
      for (const settle of waiting) settle(outcome)
      if (outcome._tag === 'Left') return
    } while (this.pending.length > 0 || this.mustRewrite)
  }

  private async round(mustSync: boolean): Promise<E.Either<FileError, void>> {
    const asked = this.compacting || this.mustRewrite
    if (asked || this.isCompactionDue()) {
      this.compacting = false
      const compacted = await this.rewrite()
      if (compacted._tag === 'Left') {
        if (asked) return compacted
        // it need not be now, and there may be room enough to append
        this.compactFrom = 2 * (this.written.count + this.pending.length)
      }
    }
    if (this.pending.length > 0) {
      const wrote = await this.writePending()
      if (wrote._tag === 'Left') return this.failed(wrote)
    }
    if (this.fsync === 'none') return this.acknowledge()
    if (!mustSync && this.fsync !== 'each') {
      const { every } = this.fsync
      this.timer ??= setTimeout(() => {
        this.timer = undefined
        void this.flush()
      }, every)
      this.timer.unref()
      return right(undefined)
    }
    clearTimeout(this.timer)
    this.timer = undefined
    if (this.unsure.length > 0) {
      const synced = await attempt(this.path, 'fsync', () => this.handle.sync())
      if (synced._tag === 'Left') return this.failed(synced)
    }
    if (this.folderUnsure) {
      const synced = await attempt(this.path, 'fsync of the folder', () => this.disk.syncFolder(folderOf(this.path)))
      if (synced._tag === 'Left') return synced
    }
    return this.acknowledge()
  }

  private acknowledge(): E.Either<FileError, void> {
    this.acknowledged = this.written
    this.unsure = []
    this.folderUnsure = false
    return right(undefined)
  }

  /** What was not acknowledged may be there or not, in whole or in part: it is written again. */
  private failed(failure: E.Left<FileError>): E.Left<FileError> {
    this.pending = this.unsure.concat(this.pending)
    this.unsure = []
    this.written = this.acknowledged
    return failure
  }

  private async writePending(): Promise<E.Either<FileError, void>> {
    const items = this.pending
    this.pending = []
    // before it is known to be there, so that a failure brings it back
    this.unsure = this.unsure.concat(items)
    const { length, count } = this.written
    const [bytes, seed] = blocksOf(items, this.contents.line, this.written.seed)
    return attempt(this.path, 'write', async () => {
      if ((await this.handle.size()) !== length) await this.handle.truncate(length)
      await writeAll(this.handle, bytes, length)
      this.written = { length: length + bytes.length, seed, count: count + items.length }
    })
  }

  private isCompactionDue(): boolean {
    const [size, total] = [this.contents.size(), this.written.count + this.pending.length]
    return total > this.compactFrom && total > 2 * size
  }

  private async rewrite(): Promise<E.Either<FileError, void>> {
    const before = this.unsure.concat(this.pending)
    this.unsure = []
    this.pending = []
    const created = await writeNew(this.path, this.disk, this.contents)
    if (created._tag === 'Left') {
      this.pending = before.concat(this.pending)
      this.written = this.acknowledged
      return created
    }
    const [handle, extent] = created.right
    await this.handle.close().catch(() => undefined) // it was only read from, or is as good as gone
    this.handle = handle
    this.mustRewrite = false
    this.compactFrom = COMPACT_FROM
    this.written = extent
    this.acknowledged = extent
    this.folderUnsure = this.fsync !== 'none'
    return right(undefined)
  }
}

/** Lines as blocks. O(bytes). */
const blocksOf = <A>(items: Iterable<A>, line: (item: A) => string, seed: number): readonly [Buffer, number] => {
  const blocks: Buffer[] = []
  let lines = ''
  let next = seed
  const flush = (): void => {
    const [block, after] = seal(lines, next)
    blocks.push(block)
    ;[lines, next] = ['', after]
  }
  for (const item of items) {
    lines += line(item)
    if (lines.length >= BLOCK) flush()
  }
  if (lines !== '') flush()
  return [Buffer.concat(blocks), next]
}

/** Where the new file is made before it is put in the place of the old. */
export const newPath = (path: string): string => `${path}.new`

/** Items that are written at once. */
const PIECE = 8192

/**
 * A file of all that there is, whole or not at all: written beside the old one, synced, and renamed. What stands when the
 * machine crashes is the old file or the new one.
 */
export const writeNew = async <A>(
  path: string,
  disk: Disk,
  contents: Contents<A>,
): Promise<E.Either<FileError, readonly [Handle, Extent]>> => {
  const header = `${JSON.stringify(contents.digest())}\n`
  const items = contents.all()
  let handle: Handle | undefined
  const made = await attempt(path, 'compact', async () => {
    handle = await disk.open(newPath(path), 'w+')
    let [bytes, seed] = seal(header, 0)
    await writeAll(handle, bytes, 0)
    let { length } = bytes
    for (let i = 0; i < items.length; i += PIECE) {
      ;[bytes, seed] = blocksOf(items.slice(i, i + PIECE), contents.line, seed)
      await writeAll(handle, bytes, length)
      length += bytes.length
    }
    await handle.sync()
    await disk.rename(newPath(path), path)
    return [handle, { length, seed, count: items.length }] as const
  })
  if (made._tag === 'Left') {
    await handle?.close().catch(() => undefined)
    await disk.remove(newPath(path)).catch(() => undefined)
  }
  return made
}
