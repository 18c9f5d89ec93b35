/** Reads a replica's file, or writes a first one. */
import type { either as E } from 'fp-ts'
import * as Clock from '../../core/Clock.js'
import * as Sure from '../../core/Sure.js'
import { left, right } from '../../core/Either.js'
import * as Digest from '../../core/Digest.js'
import { take } from '../../core/receive.js'
import type * as Replica from '../../core/Replica.js'
import type { SourceId } from '../../core/Update.js'
import { NEVER, type Timestamp } from '../../core/Timestamp.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import { setAside } from './aside.js'
import { blockReader, type Block, type Reading } from './block.js'
import { markOf } from './blocks.js'
import { contentsOf } from './contents.js'
import { heed, type InFile } from './items.js'
import { syncFolderOf, type Disk, type FileStatus, type Handle } from './Disk.js'
import { attempt, type FileError } from './FileError.js'
import { isMarkedAfter, isUnwritten, readStretches, type Stretch } from './read.js'
import type { Lock } from './lock.js'
import type { Source } from './Target.js'
import { writeNew, type Extent } from './writeNew.js'

export interface Progress {
  readonly bytes: number
  /** The length of the file, in bytes. */
  readonly of: number
  readonly updates: number
}

/** What a file held when it was opened. */
export interface Opened {
  readonly updates: number
  readonly bytes: number
  /**
   * An end that is not as it was written, with no mark behind it, as a crash leaves it. It was
   * moved to the file `to`. It holds nothing that was acknowledged, unless the file was damaged
   * after a crash: then it may hold what was acknowledged last.
   */
  readonly torn?: { readonly offset: number; readonly bytes: number; readonly to: string }
}

/** The file to load, which exists, and what for. */
export interface Opening<S, C> extends Reading<S, C> {
  readonly disk: Disk
  readonly lock: Lock
  readonly id: SourceId
  /** The name that a folder gave it, to be kept in the file. */
  readonly name?: string
  readonly progress?: (progress: Progress) => void
}

export interface Loaded<S, C> {
  readonly replica: Replica.Replica<S, C>
  readonly source: Source
  readonly opened: Opened
  /** The name that a folder gave the file, if it keeps one. */
  readonly name?: string
  /** What the file says of its id and data type: all, nothing of its type, or something else. */
  readonly header: 'whole' | 'untyped' | 'other'
}

/** Reads the file, or writes a first one if it is empty. O(bytes). */
export const load = async <S, C>(opening: Opening<S, C>): Promise<E.Either<FileError, Loaded<S, C>>> => {
  const { file, disk } = opening
  const handle = await attempt(file, 'open', () => disk.open(file, 'r+'))
  if (handle._tag === 'Left') return handle
  const loaded = await loadFrom(opening, handle.right)
  if (loaded._tag === 'Left') await handle.right.close().catch(() => undefined)
  return loaded
}

const loadFrom = async <S, C>(opening: Opening<S, C>, handle: Handle): Promise<E.Either<FileError, Loaded<S, C>>> => {
  const { file } = opening
  const status = await attempt(file, 'open', () => handle.status())
  if (status._tag === 'Left') return status
  if (status.right.size === 0) return create(opening, handle, status.right)
  const read = await attempt(file, 'read', () => readAll(opening, handle, status.right))
  return read._tag === 'Left' ? read : read.right
}

/** Writes a first file in place of the empty one. */
const create = async <S, C>(
  { file, disk, lock, scuttlebutt, id, name }: Opening<S, C>,
  empty: Handle,
  status: FileStatus,
): Promise<E.Either<FileError, Loaded<S, C>>> => {
  const replica = scuttlebutt.create(id)
  const contents = contentsOf(scuttlebutt, () => replica, name)
  const made = await writeNew({
    path: file,
    disk,
    temporary: lock.temporary,
    contents,
    access: status,
    mayReplace: lock.check,
  })
  if (made._tag === 'Left') return made
  const { handle, extent, status: created } = made.right
  const synced = await attempt(file, 'fsync of the folder', () => syncFolderOf(disk, file))
  if (synced._tag === 'Left') {
    await handle.close().catch(() => undefined)
    return synced
  }
  await empty.close().catch(() => undefined)
  const source = { handle, status: created, extent, isNew: true, marks: 'some' as const }
  return right({ replica, source, opened: { updates: 0, bytes: 0 }, header: 'whole' })
}

const BYTES_A_REPORT = 1 << 20

const readAll = async <S, C>(
  opening: Opening<S, C>,
  handle: Handle,
  status: FileStatus,
): Promise<E.Either<FileError, Loaded<S, C>>> => {
  const { file, scuttlebutt, id, isAdopting, progress } = opening
  const { size } = status
  const read = blockReader(opening)
  let replica = scuttlebutt.create(id)
  let found: Omit<Block<C>, 'updates' | 'unread' | 'clockLines'> = {}
  let inFile: InFile | undefined
  let extent: Extent = { length: 0, seed: 0, count: 0 }
  let [reported, endOfMark] = [0, -1]
  for await (const stretch of readStretches(handle)) {
    if (stretch.state !== 'intact') {
      const damaged = await damageOf(file, handle, stretch, found)
      if (damaged !== undefined) return left(damaged)
      break
    }
    const block = read(stretch)
    if (block._tag === 'Left') return block
    const { updates, unread, clockLines, ...said } = block.right
    // the first header counts
    found = { ...said, ...found }
    if (found.header === undefined) return left(foreign(file, 'it has no header'))
    if (found.header.id !== id && !isAdopting) return left({ _tag: 'OtherId', path: file, id: found.header.id })
    inFile ??= inHeader(found.header)
    for (const line of clockLines) heed(line, inFile)
    // nobody vouches, so that a line is taken whatever stands before it
    replica = take(scuttlebutt.dataType, { updates, unread }, 'nobody', replica).replica
    const length = stretch.offset + stretch.bytes.length
    if (said.isMarked === true && stretch.lines === markOf(stretch.offset).length) endOfMark = length
    extent = { length, seed: stretch.crc, count: extent.count + updates.length + unread.length }
    if (progress !== undefined && (length - reported >= BYTES_A_REPORT || length === size)) {
      reported = length
      progress({ bytes: length, of: size, updates: extent.count })
    }
  }
  const { header, isOurs, unreadable } = found
  if (header === undefined || inFile === undefined) return left(foreign(file, 'it has no header'))
  // a file of 0.1 does not say what it is
  const isOther = isOurs !== true && unreadable !== undefined && replica.log.size === 0
  if (isOther) return left({ _tag: 'Rejected', path: file, ...unreadable })
  const clock = clockOf(header, inFile, replica.clock)
  if (clock.floor > (header.floor ?? NEVER)) replica = withoutLapsed(scuttlebutt, clock.floor, replica)
  const opened = await cutTorn(opening, handle, extent, size)
  if (opened === undefined) return left({ _tag: 'Occupied', path: file, reason: 'it changed while it was opened' })
  const marks = endOfMark === extent.length ? 'end' : found.isMarked === true ? 'some' : 'none'
  return right({
    replica: { ...replica, clock },
    source: { handle, status, extent, isNew: false, marks },
    opened,
    ...(found.name !== undefined && { name: found.name }),
    header: header.id !== id || isOurs === false ? 'other' : isOurs === undefined ? 'untyped' : 'whole',
  })
}

/** What the header says of doubt and floor. The lines behind it may change that. */
const inHeader = (header: Digest.Digest): InFile => {
  const sure = new Map<SourceId, Timestamp>()
  Digest.forEachDoubt(header, (source, _, timestamp) => {
    sure.set(source, timestamp)
  })
  return { sure, floor: header.floor ?? NEVER }
}

/** The clock of a file: the header covers superseded updates too, which the file does not hold. */
const clockOf = (header: Digest.Digest, { sure, floor }: InFile, read: Clock.Clock): Clock.Clock => {
  const draft = new Clock.Draft(Sure.settle()(read))
  for (const source of Object.keys(header.clock)) draft.advance(source, header.clock[source]!)
  Digest.forEachDoubt(header, (source) => {
    draft.advance(source, Digest.seenOf(header, source))
  })
  const seen = Clock.raise(floor)(draft.done())
  let clock = seen
  if (sure === undefined) Clock.forEachSource(seen, (source) => (clock = Clock.doubtFrom(source, floor)(clock)))
  else for (const [source, timestamp] of sure) clock = Clock.doubtFrom(source, timestamp)(clock)
  return clock
}

/**
 * The replica without what lies at or below `floor`, which was raised since the file was written
 * whole. O(n log n).
 */
const withoutLapsed = <S, C>(
  { create: empty, merge }: Scuttlebutt<S, C>,
  floor: Timestamp,
  replica: Replica.Replica<S, C>,
): Replica.Replica<S, C> => merge(replica)({ ...empty(replica.id), clock: Clock.raise(floor)(Clock.empty) })

/**
 * Why a stretch is damaged. Undefined if it is torn: a crash leaves an end that was never synced in
 * any state, and no mark stands behind that. In a file without marks it leaves no seal, or zeros in
 * place of bytes that were never written. A single wrong bit is no crash.
 */
const damageOf = async (
  file: string,
  handle: Handle,
  { offset, bytes, flip, state }: Stretch,
  { header, isMarked }: Pick<Block<unknown>, 'header' | 'isMarked'>,
): Promise<FileError | undefined> => {
  if (flip !== undefined) return corrupt(file, flip.offset, 'one bit of this byte is wrong')
  if (await isMarkedAfter(handle, offset)) {
    return corrupt(file, offset, 'what was on the disk from here on is damaged, and more was written after it')
  }
  if (header === undefined) return foreign(file, 'it does not begin with a sealed header')
  if (isMarked === true || state === 'open' || isUnwritten(bytes)) return undefined
  return corrupt(file, offset, `more than one bit is wrong in the ${String(bytes.length)} bytes from here on`)
}

const foreign = (file: string, reason: string): FileError => ({ _tag: 'Foreign', path: file, reason })

const corrupt = (file: string, offset: number, reason: string): FileError => ({
  _tag: 'Corrupt',
  path: file,
  offset,
  reason,
})

/** Sets the torn end aside, if there is one, and cuts it off. Undefined if the file changes. */
const cutTorn = async (
  { file, disk }: Pick<Opening<never, never>, 'file' | 'disk'>,
  handle: Handle,
  { length, count }: Extent,
  size: number,
): Promise<Opened | undefined> => {
  const opened = { updates: count, bytes: length }
  if (size <= length) return opened
  const aside = await setAside(file, disk, handle, length)
  if ((await handle.status()).size !== length + aside.bytes) return undefined
  await handle.truncate(length)
  await handle.sync()
  return { ...opened, torn: { offset: length, ...aside } }
}
