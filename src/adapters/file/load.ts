/** Reads a replica's file, or creates it. */
import type { either as E } from 'fp-ts'
import * as Clock from '../../core/Clock.js'
import * as Sure from '../../core/Sure.js'
import { left, right } from '../../core/Either.js'
import * as Digest from '../../core/Digest.js'
import * as Log from '../../core/Log.js'
import { take } from '../../core/receive.js'
import type * as Replica from '../../core/Replica.js'
import type { SourceId, Update } from '../../core/Update.js'
import { NEVER } from '../../core/Timestamp.js'
import type { Rejection, Scuttlebutt } from '../../scuttlebutt.js'
import * as WireMessage from '../../wire/lines/format.js'
import { folderOf, type Disk, type Handle } from './Disk.js'
import { attempt, type FileError } from './FileError.js'
import { doubtIn, doubtLine, lineOf, wholeDoubt, type Item } from './items.js'
import { isUnwritten, readStretches, type Stretch } from './read.js'
import { newPath, writeNew, type Contents, type Extent } from './writeNew.js'

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
  /** The unfinished end that a crash left. It was cut off; none of it was acknowledged. */
  readonly torn?: { readonly offset: number; readonly bytes: number }
}

/** The file to load, and what for. */
export interface Opening<S, C> {
  readonly file: string
  readonly disk: Disk
  readonly scuttlebutt: Scuttlebutt<S, C>
  readonly id: SourceId
  readonly progress?: (progress: Progress) => void
}

export interface Loaded<S, C> {
  readonly replica: Replica.Replica<S, C>
  readonly handle: Handle
  readonly extent: Extent
  readonly opened: Opened
}

/** Reads the file, or creates it if it is missing or empty. O(bytes). */
export const load = async <S, C>(opening: Opening<S, C>): Promise<E.Either<FileError, Loaded<S, C>>> => {
  const { file, disk } = opening
  // a crash may have left an unfinished one
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

const create = async <S, C>(opening: Opening<S, C>): Promise<E.Either<FileError, Loaded<S, C>>> => {
  const { file, disk, scuttlebutt, id } = opening
  const replica = scuttlebutt.create(id)
  const contents = contentsOf(scuttlebutt, () => replica)
  const made = await writeNew(file, disk, contents)
  if (made._tag === 'Left') return made
  const synced = await attempt(file, 'fsync of the folder', () => disk.syncFolder(folderOf(file)))
  const [handle, extent] = made.right
  if (synced._tag === 'Right') return right({ replica, handle, extent, opened: { updates: 0, bytes: 0 } })
  await handle.close().catch(() => undefined)
  return synced
}

/**
 * The contents of a replica's file: the data type, its digest as the header, then its updates. The
 * header claims more than is there until all updates are: see `items`.
 */
export const contentsOf = <S, C>(
  { dataType, digest, history, unread }: Scuttlebutt<S, C>,
  replica: () => Replica.Replica<S, C>,
): Contents<Item<C>> => ({
  header: () => {
    const now = replica()
    const encode = WireMessage.encode(dataType)
    const opening = encode({ _tag: 'Opening', ...kindOf(dataType) })
    const header = encode({ _tag: 'Header', header: digest(now) })
    return opening + header + (isEmpty(now.log) ? '' : doubtLine(null))
  },
  all: () => {
    const now = replica()
    if (isEmpty(now.log)) return []
    return [...history()(now), ...unread(now).map((update) => ({ unread: update })), wholeDoubt(now)]
  },
  line: lineOf(dataType),
  size: () => replica().log.size,
})

const isEmpty = ({ size, unread }: Log.Log<unknown>): boolean => size === 0 && unread === undefined

/** What a file says of its data type. */
const kindOf = ({ name, version }: { readonly name: string; readonly version?: string }) => ({
  name,
  ...(version !== undefined && { version }),
})

const BYTES_A_REPORT = 1 << 20

const readAll = async <S, C>(
  opening: Opening<S, C>,
  handle: Handle,
  size: number,
): Promise<E.Either<FileError, Loaded<S, C>>> => {
  const { file, scuttlebutt, id, progress } = opening
  const read = blockReader(opening)
  let replica = scuttlebutt.create(id)
  let found: Omit<Block<C>, 'updates' | 'unread'> = {}
  let extent: Extent = { length: 0, seed: 0, count: 0 }
  let reported = 0
  for await (const stretch of readStretches(handle)) {
    if (stretch.state !== 'intact') {
      if (found.header === undefined && stretch.flip === undefined) {
        return left(foreign(file, 'it does not begin with a sealed header'))
      }
      if (!isTorn(stretch)) return left(corrupt(file, stretch))
      break
    }
    const block = read(stretch)
    if (block._tag === 'Left') return block
    const { updates, unread, ...said } = block.right
    // the first header and the last doubt count
    found = { ...said, ...found, ...(said.doubt !== undefined && { doubt: said.doubt }) }
    if (found.header === undefined) return left(foreign(file, 'it has no header'))
    // nobody vouches, so that a line is taken whatever stands before it
    replica = take(scuttlebutt.dataType)({ updates, unread }, 'nobody')(replica).replica
    const length = stretch.offset + stretch.bytes.length
    extent = { length, seed: stretch.crc, count: extent.count + updates.length + unread.length }
    if (progress !== undefined && (length - reported >= BYTES_A_REPORT || length === size)) {
      reported = length
      progress({ bytes: length, of: size, updates: extent.count })
    }
  }
  const { header, doubt, opened: kind, unreadable } = found
  if (header === undefined) return left(foreign(file, 'it has no header'))
  // a file of 0.1 does not say what it is
  const isOther = kind === undefined && unreadable !== undefined && replica.log.size === 0
  if (isOther) return left({ _tag: 'Rejected', path: file, ...unreadable })
  const clock = clockOf(header, doubt, replica.clock)
  const opened = await cutTorn(handle, extent, size)
  return right({ replica: { ...replica, clock }, handle, extent, opened })
}

/** What the lines of a block say. */
interface Block<C> {
  readonly updates: ReadonlyArray<Update<C>>
  readonly unread: ReadonlyArray<Update<unknown>>
  readonly opened?: true
  readonly header?: Digest.Digest
  readonly doubt?: Clock.ClockRecord | null
  /** The first update that cannot be read. */
  readonly unreadable?: { readonly offset: number; readonly rejection: Rejection }
}

const blockReader = <S, C>({ file, scuttlebutt }: Opening<S, C>) => {
  const { dataType } = scuttlebutt
  const decode = WireMessage.decode(dataType)({})
  return (stretch: Stretch): E.Either<FileError, Block<C>> => {
    const updates: Update<C>[] = []
    const unread: Update<unknown>[] = []
    let said: Omit<Block<C>, 'updates' | 'unread'> = {}
    for (const { line, offset } of linesOf(stretch)) {
      const decoded = decode(line)
      if (decoded._tag === 'Left') return left({ _tag: 'Rejected', path: file, offset, rejection: decoded.left })
      const message = decoded.right
      if (message._tag === 'Update') updates.push(message.update)
      else if (message._tag === 'Unread') {
        said = { unreadable: { offset, rejection: rejectionOf(scuttlebutt, message.update) }, ...said }
        unread.push(message.update)
      } else if (message._tag === 'Header') said = { header: message.header, ...said }
      else if (message._tag === 'Opening') {
        const { name, version } = message
        if (name !== dataType.name || version !== dataType.version) {
          return left({ _tag: 'OtherType', path: file, ...kindOf(message) })
        }
        said = { ...said, opened: true }
      } else {
        const doubt = doubtIn(line)
        if (doubt !== undefined) said = { ...said, doubt }
      }
    }
    return right({ updates, unread, ...said })
  }
}

/** The rejection of an update that cannot be read. */
const rejectionOf = <S, C>({ decode }: Scuttlebutt<S, C>, update: Update<unknown>): Rejection => {
  const decoded = decode()(update)
  return decoded._tag === 'Left' ? decoded.left : { _tag: 'InvalidChange', at: '[0]', failures: [], update }
}

/**
 * The clock of a file: the header covers superseded updates too, which the file does not hold. The
 * last line for doubt stands, else what the header says of it.
 */
const clockOf = (
  header: Digest.Digest,
  doubt: Clock.ClockRecord | null | undefined,
  read: Clock.Clock,
): Clock.Clock => {
  const { floor = NEVER } = header
  const draft = new Clock.Draft(Sure.settle()(Clock.raise(floor)(read)))
  for (const source of Object.keys(header.clock)) draft.advance(source, header.clock[source]!)
  const sure: Record<SourceId, number> = {}
  Digest.forEachDoubt(header, (source, _, since) => {
    draft.advance(source, Digest.seenOf(header, source))
    Clock.put(sure, source, since)
  })
  const clock = draft.done()
  if (doubt === null) {
    let unsure = clock
    Clock.forEachSource(clock, (source) => (unsure = Clock.doubtFrom(source, floor)(unsure)))
    return unsure
  }
  const doubted = doubt ?? sure
  return Object.keys(doubted).reduce((next, source) => Clock.doubtFrom(source, doubted[source]!)(next), clock)
}

/** A crash leaves an unsealed end, or zeros in place of bytes that were never written. */
const isTorn = ({ state, bytes, flip }: Stretch): boolean =>
  flip === undefined && (state === 'open' || isUnwritten(bytes))

const foreign = (file: string, reason: string): FileError => ({ _tag: 'Foreign', path: file, reason })

const corrupt = (file: string, { offset, bytes, flip }: Stretch): FileError => ({
  _tag: 'Corrupt',
  path: file,
  offset: flip?.offset ?? offset,
  reason:
    flip === undefined
      ? `more than one bit is wrong in the ${String(bytes.length)} bytes from here on`
      : 'one bit of this byte is wrong',
})

/** The lines of a block, each with its offset in the file. */
function* linesOf({ bytes, lines, offset }: Stretch): Generator<{ readonly line: string; readonly offset: number }> {
  for (let start = 0; start < lines;) {
    const end = bytes.indexOf(0x0a, start)
    yield { line: bytes.toString('utf8', start, end), offset: offset + start }
    start = end + 1
  }
}

const cutTorn = async (handle: Handle, { length, count }: Extent, size: number): Promise<Opened> => {
  const opened = { updates: count, bytes: length }
  if (size <= length) return opened
  await handle.truncate(length)
  await handle.sync()
  return { ...opened, torn: { offset: length, bytes: size - length } }
}
