/** A store whose replica is a file. */
import type { either as E, taskEither as TE } from 'fp-ts'
import { right } from '../../core/Either.js'
import type { SourceId } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import type { StoreOptions } from '../store.js'
import { create } from '../store/create.js'
import type { DurableStore } from '../store/DurableStore.js'
import { portOf } from '../store/Port.js'
import { nodeDisk, type Disk } from './Disk.js'
import type { FileError } from './FileError.js'
import { contentsOf } from './contents.js'
import { itemsOf } from './items.js'
import { load, type Loaded, type Opened, type Progress } from './load.js'
import type { Lock, LockOptions } from './lock.js'
import { lockPlace, type PlaceOptions } from './place.js'
import type { Fsync } from './Target.js'
import { Writer } from './Writer.js'

export interface FileOptions<S, C> extends Omit<StoreOptions<S, C>, 'replica'>, LockOptions, PlaceOptions {
  /** When updates are synced to the disk itself. Default `each`. */
  readonly fsync?: Fsync
  /**
   * Takes a file of another id, data type or version, and writes it anew as one of this id and
   * type. Default false.
   */
  readonly adopt?: boolean
  /** The permissions of a new file, such as `0o600`. Default: the system's. */
  readonly mode?: number
  /**
   * Called with how far the reading is: about once per MiB, and at the end of a file that is not
   * torn. Not called for a new file.
   */
  readonly progress?: (progress: Progress) => void
  /** The file system. Default: Node's. */
  readonly disk?: Disk
}

export interface FileStore<S, C> extends DurableStore<S, C, FileError> {
  readonly opened: Opened
  /**
   * As every durable store's. With `force` it gives up: the file is closed and its lock released
   * also if an update is not saved, and the `Left` says why.
   */
  readonly close: (options?: { readonly force?: boolean }) => Promise<E.Either<FileError, void>>
}

/**
 * Opens a store on a file, or creates the file. Acknowledged updates are there when it is opened
 * again, whatever crashes. The file holds wire lines and seals on them (see `blocks`); write
 * streams and the original read it as well.
 *
 * Opens in O(bytes), with memory for the replica and one block. Writes in the background, in
 * O(bytes of the updates).
 *
 * A path stands for the file that it leads to, through symbolic links too. The mode and the owner
 * of the file stay. It is locked until `close`, by a file beside it. A file that is gone at a flush
 * is written anew, whole.
 *
 * Errors: `Locked`; `Linked`; `NotAFile`; `Io`; `Corrupt` for damage that no crash explains, with
 * its offset, see `repair`; `Foreign`; `OtherType`, or `Rejected` for a file of 0.1, if it is of
 * another data type; `OtherId`. A flush has `Io`, `Locked`, `Linked` and `Occupied`.
 * Rejects with a `TypeError` what the types forbid: another id than a string, another `fsync`.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as t from 'io-ts'
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
  () =>
    openNamed(file, scuttlebutt, id, options)

/** What callers without types may give, and nobody could make sense of. Throws a `TypeError`. */
const checkArguments = (id: unknown, options: unknown): void => {
  if (typeof id !== 'string') throw new TypeError(`the id of a replica is a string, not ${String(id)}`)
  if (typeof options !== 'object' || options === null) throw new TypeError('the options are an object')
  const { fsync = 'each' } = options as { readonly fsync?: unknown }
  const every = (fsync as { readonly every?: unknown } | null)?.every
  if (fsync === 'each' || fsync === 'none') return
  if (typeof every === 'number' && every >= 0 && every <= MAX_TIMEOUT) return
  throw new TypeError(`fsync is 'each', 'none' or { every: ms }, of at most ${String(MAX_TIMEOUT)} ms`)
}

/** The longest time that `setTimeout` waits, in ms. */
const MAX_TIMEOUT = 2 ** 31 - 1

/** {@link openFile}; the file also keeps the `name` that a folder gave it. */
export const openNamed = async <S, C>(
  file: string,
  scuttlebutt: Scuttlebutt<S, C>,
  id: SourceId,
  options: FileOptions<S, C>,
  name?: string,
): Promise<E.Either<FileError, FileStore<S, C>>> => {
  checkArguments(id, options)
  const { disk = nodeDisk, adopt: isAdopting = false, progress } = options
  const place = await lockPlace(file, disk, options)
  if (place._tag === 'Left') return place
  const { path, lock } = place.right
  const named = { ...(progress && { progress }), ...(name !== undefined && { name }) }
  const loaded = await load({ file: path, disk, lock, scuttlebutt, id, isAdopting, ...named })
  if (loaded._tag === 'Right')
    return right(storeOf(scuttlebutt, id, options, { ...named, disk, path, lock }, loaded.right))
  await lock.unlock()
  return loaded
}

/** Where a store writes. */
interface Place {
  readonly path: string
  readonly disk: Disk
  readonly lock: Lock
  readonly name?: string
}

const storeOf = <S, C>(
  scuttlebutt: Scuttlebutt<S, C>,
  id: SourceId,
  { fsync = 'each', linked = false, ...options }: FileOptions<S, C>,
  { path, disk, lock, name }: Place,
  { replica, source, opened, header, name: kept }: Loaded<S, C>,
): FileStore<S, C> => {
  const store = create(scuttlebutt, id, { ...options, replica, wasOpen: !source.isNew })
  const contents = contentsOf(scuttlebutt, store.getReplica, name ?? kept)
  const writer = new Writer({ path, disk, fsync, contents, lock, linked }, source)
  // who had the lock may still write to the old file
  if (header === 'other' || lock.hasShutOut) writer.replace()
  let isUntyped = header === 'untyped'
  portOf(store).subscribe((committed) => {
    // what has gone must not come back with the file; and with its first change it says what it is
    if (committed.isRemade || isUntyped) writer.replace()
    else writer.append(itemsOf(committed))
    isUntyped = false
  })
  const close: FileStore<S, C>['close'] = async ({ force = false } = {}) => {
    const closed = await writer.close(force)
    if (closed._tag === 'Left' && !force) return closed
    const unlocked = await lock.unlock()
    return closed._tag === 'Left' ? closed : unlocked
  }
  return { ...store, opened, flushed: () => writer.flush(), close, compact: () => writer.compact() }
}
