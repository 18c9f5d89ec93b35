/** A store whose replica is a file. */
import path from 'node:path'
import type { either as E, taskEither as TE } from 'fp-ts'
import * as Clock from '../../core/Clock.js'
import * as Log from '../../core/Log.js'
import { receive, sort } from '../../core/receive.js'
import * as Replica from '../../core/Replica.js'
import type { SourceId, Update } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import * as WireMessage from '../../wire/lines/format.js'
import { createStore, type LocalStore, type StoreOptions } from '../store.js'
import { folderOf, nodeDisk, type Disk, type Handle } from './Disk.js'
import { attempt, right, wrong, type FileError } from './FileError.js'
import { lock } from './lock.js'
import { isUnwritten, readStretches, type Stretch } from './read.js'
import { newPath, Writer, writeNew, type Contents, type Extent, type Fsync } from './Writer.js'

export interface FileOptions<S, C> extends Omit<StoreOptions<S, C>, 'replica'> {
  /** When what is written must be on the disk itself. Default `each`. */
  readonly fsync?: Fsync
  /** Is told how far the reading has come, about every MiB. */
  readonly progress?: (progress: Progress) => void
  /** The file system. Default: Node's. */
  readonly disk?: Disk
}

export interface Progress {
  readonly bytes: number
  /** The length of the file. */
  readonly of: number
  readonly updates: number
}

/** What a file held when it was opened. */
export interface Opened {
  readonly updates: number
  readonly bytes: number
  /** What a crash had left half written, and nobody had been told was there: it was cut off. */
  readonly torn?: { readonly offset: number; readonly bytes: number }
}

/** A store that keeps what is applied. */
export interface DurableStore<S, C, Err> extends LocalStore<S, C> {
  /**
   * Resolves when all that was applied so far is acknowledged: on the disk, as the `fsync` option has it. A `Left` says why it is not;
   * nothing is given up then, and the next call tries again.
   */
  readonly flushed: TE.TaskEither<Err, void>
  /** As `flushed`, and lets go of the file; if that fails, it stays open. Nothing is kept of what is applied afterwards. */
  readonly close: TE.TaskEither<Err, void>
  /** Writes anew what there is, without what was superseded. Happens by itself when that is more than half. O(n). */
  readonly compact: TE.TaskEither<Err, void>
}

export interface FileStore<S, C> extends DurableStore<S, C, FileError> {
  readonly opened: Opened
}

/**
 * Opens a store on a file, or makes the file. It holds wire lines, which `createWriteStream` and the original read as well, and
 * seals on them: see `blocks`. Whatever crashes, what was acknowledged is there when it is opened again.
 * Opens in O(bytes), with memory for the replica and one block; writes what is applied in O(its bytes), in the background.
 *
 * Errors: `Locked`, `Io`, `Corrupt` for what no crash explains, with its offset: see `repair`; `Foreign`; `Rejected` for
 * another data type's file.
 *
 * @example
 * const open = openFile('numbers.sb', scuttlebutt(Model.of(t.number)), 'alice')
 * const store = unwrap(await open())
 * store.change(Model.set('x', 1))
 * await store.flushed() // => E.right(undefined)
 * await store.close()
 * const again = unwrap(await open())
 * Model.toJSON(again.getReplica().state) // => { x: 1 }
 * await again.close()
 */
export const openFile =
  <S, C>(
    file: string,
    scuttlebutt: Scuttlebutt<S, C>,
    id: SourceId,
    options: FileOptions<S, C> = {},
  ): TE.TaskEither<FileError, FileStore<S, C>> =>
  async () => {
    const { disk = nodeDisk, fsync = 'each', progress, ...storeOptions } = options
    const name = path.resolve(file)
    const locked = await lock(name, disk)
    if (locked._tag === 'Left') return locked
    const unlock = locked.right
    const loaded = await load({ file: name, disk, scuttlebutt, id, ...(progress && { progress }) })
    if (loaded._tag === 'Left') {
      await unlock()
      return loaded
    }
    const { replica, handle, extent, opened } = loaded.right
    const store = createStore(scuttlebutt, id, { ...storeOptions, replica })
    const writer = new Writer(name, disk, fsync, contentsOf(scuttlebutt, store.getReplica), handle, extent)
    let before = store.getReplica()
    store.subscribe((updates, after) => {
      // what was lost and has come back must stand before what came since
      const isInOrder = updates.every((update) => !Clock.covers(update)(before.clock) || Log.find(update)(before.log))
      before = after
      if (isInOrder) writer.append(updates)
      else writer.replace()
    })
    const close = async (): Promise<E.Either<FileError, void>> => {
      const closed = await writer.close()
      return closed._tag === 'Left' ? closed : unlock()
    }
    const flushed = (): Promise<E.Either<FileError, void>> => writer.flush()
    return right({ ...store, opened, flushed, close, compact: () => writer.compact() })
  }

const contentsOf = <S, C>(
  { dataType, digest, history }: Scuttlebutt<S, C>,
  replica: () => Replica.Replica<S, C>,
): Contents<Update<C>> => {
  const encode = WireMessage.encode(dataType)
  return {
    digest: () => digest(replica()),
    all: () => history()(replica()),
    line: (update) => encode({ _tag: 'Update', update }),
    size: () => replica().log.size,
  }
}

/** What is to be opened. */
interface Opening<S, C> extends Pick<FileOptions<S, C>, 'progress'> {
  readonly file: string
  readonly disk: Disk
  readonly scuttlebutt: Scuttlebutt<S, C>
  readonly id: SourceId
}

interface Loaded<S, C> {
  readonly replica: Replica.Replica<S, C>
  readonly handle: Handle
  readonly extent: Extent
  readonly opened: Opened
}

const load = async <S, C>(opening: Opening<S, C>): Promise<E.Either<FileError, Loaded<S, C>>> => {
  const { file, disk } = opening
  // what a crash left of a file that was to be
  await disk.remove(newPath(file)).catch(() => undefined)
  const handle = await attempt(file, 'open', () => disk.open(file, 'r+'))
  const size = handle._tag === 'Right' ? await attempt(file, 'open', () => handle.right.size()) : handle
  if (size._tag === 'Left') return isMissing(size.left) ? create(opening) : size
  if (handle._tag === 'Left') return handle
  if (size.right === 0) {
    await handle.right.close()
    return create(opening)
  }
  const read = await attempt(file, 'read', () => readAll(opening, handle.right, size.right))
  const loaded = read._tag === 'Left' ? read : read.right
  if (loaded._tag === 'Left') await handle.right.close().catch(() => undefined)
  return loaded
}

const isMissing = (error: FileError): boolean => error._tag === 'Io' && error.code === 'ENOENT'

const create = async <S, C>({
  file,
  disk,
  scuttlebutt,
  id,
}: Opening<S, C>): Promise<E.Either<FileError, Loaded<S, C>>> => {
  const replica = scuttlebutt.create(id)
  const made = await writeNew(
    file,
    disk,
    contentsOf(scuttlebutt, () => replica),
  )
  if (made._tag === 'Left') return made
  const synced = await attempt(file, 'fsync of the folder', () => disk.syncFolder(folderOf(file)))
  const [handle, extent] = made.right
  if (synced._tag === 'Right') return right({ replica, handle, extent, opened: { updates: 0, bytes: 0 } })
  await handle.close().catch(() => undefined)
  return synced
}

/** Bytes between two reports of progress. */
const REPORT = 1 << 20

const readAll = async <S, C>(
  { file, scuttlebutt, id, progress }: Opening<S, C>,
  handle: Handle,
  size: number,
): Promise<E.Either<FileError, Loaded<S, C>>> => {
  const { dataType } = scuttlebutt
  const decodeLine = WireMessage.decode(dataType)({})
  let replica = scuttlebutt.create(id)
  let header: Replica.Digest | undefined
  let extent: Extent = { length: 0, seed: 0, count: 0 }
  let reported = 0
  for await (const stretch of readStretches(handle)) {
    if (stretch.state !== 'intact') {
      const isTorn = stretch.flip === undefined && (stretch.state === 'open' || isUnwritten(stretch.bytes))
      if (header === undefined && stretch.flip === undefined) {
        return wrong({ _tag: 'Foreign', path: file, reason: 'it does not begin with a sealed header' })
      }
      if (!isTorn) return wrong(corrupt(file, stretch))
      break
    }
    const updates: Update<C>[] = []
    for (const { line, offset } of linesOf(stretch)) {
      const decoded = decodeLine(line)
      if (decoded._tag === 'Left') return wrong({ _tag: 'Rejected', path: file, offset, rejection: decoded.left })
      if (decoded.right._tag === 'Update') updates.push(decoded.right.update)
      else if (decoded.right._tag === 'Header') header ??= decoded.right.header
    }
    if (header === undefined) return wrong({ _tag: 'Foreign', path: file, reason: 'it has no header' })
    replica = receive(dataType)(sort(dataType)(updates)(replica))(replica).replica
    const length = stretch.offset + stretch.bytes.length
    extent = { length, seed: stretch.crc, count: extent.count + updates.length }
    if (progress !== undefined && (length - reported >= REPORT || length === size)) {
      reported = length
      progress({ bytes: length, of: size, updates: extent.count })
    }
  }
  if (header === undefined) return wrong({ _tag: 'Foreign', path: file, reason: 'it has no header' })
  // it has seen more than it holds: what was superseded
  const clock = Clock.join(Clock.fromRecord(header.clock, header.floor))(replica.clock)
  const opened: Opened = { updates: extent.count, bytes: extent.length }
  const torn = { offset: extent.length, bytes: size - extent.length }
  if (torn.bytes > 0) {
    await handle.truncate(extent.length)
    await handle.sync()
  }
  return right({
    replica: { ...replica, clock },
    handle,
    extent,
    opened: torn.bytes > 0 ? { ...opened, torn } : opened,
  })
}

const corrupt = (file: string, { offset, bytes, flip }: Stretch): FileError => ({
  _tag: 'Corrupt',
  path: file,
  offset: flip?.offset ?? offset,
  reason:
    flip === undefined
      ? `the ${String(bytes.length)} bytes from here on are not as they were written`
      : 'one bit of this byte is not as it was written',
})

/** The lines of a block, each with where in the file it begins. */
function* linesOf({ bytes, lines, offset }: Stretch): Generator<{ readonly line: string; readonly offset: number }> {
  for (let start = 0; start < lines;) {
    const end = bytes.indexOf(0x0a, start)
    yield { line: bytes.toString('utf8', start, end), offset: offset + start }
    start = end + 1
  }
}
