/** A store whose replica is a file. */
import path from 'node:path'
import type { either as E, taskEither as TE } from 'fp-ts'
import { right } from '../../core/Either.js'
import type { SourceId } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import { createStore, type StoreOptions } from '../store.js'
import type { DurableStore } from '../store/DurableStore.js'
import { portOf } from '../store/Port.js'
import { nodeDisk, type Disk } from './Disk.js'
import type { FileError } from './FileError.js'
import { contentsOf, load, type Opened, type Progress } from './load.js'
import { itemsOf } from './items.js'
import { lock } from './lock.js'
import { Writer, type Fsync } from './Writer.js'

export interface FileOptions<S, C> extends Omit<StoreOptions<S, C>, 'replica'> {
  /** When updates are synced to the disk itself. Default `each`. */
  readonly fsync?: Fsync
  /** Called with how far the reading is, about once per MiB and at the end. */
  readonly progress?: (progress: Progress) => void
  /** The file system. Default: Node's. */
  readonly disk?: Disk
}

export interface FileStore<S, C> extends DurableStore<S, C, FileError> {
  readonly opened: Opened
}

/**
 * Opens a store on a file, or creates the file. Acknowledged updates are there when it is opened
 * again, whatever crashes. The file holds wire lines and seals on them (see `blocks`); write
 * streams and the original read it as well.
 *
 * Opens in O(bytes), with memory for the replica and one block. Writes in the background, in
 * O(bytes of the updates).
 *
 * Errors: `Locked`; `Io`; `Corrupt` for damage that no crash explains, with its offset, see
 * `repair`; `Foreign`; `OtherType`, or `Rejected` for a file of 0.1, if it is of another data type.
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
    const contents = contentsOf(scuttlebutt, store.getReplica)
    const writer = new Writer({ path: name, disk, fsync, contents }, handle, extent)
    portOf(store).subscribe((committed) => {
      // what has gone must not come back with the file
      if (committed.isRemade) writer.replace()
      else writer.append(itemsOf(committed))
    })
    const close = async (): Promise<E.Either<FileError, void>> => {
      const closed = await writer.close()
      return closed._tag === 'Left' ? closed : unlock()
    }
    const flushed = (): Promise<E.Either<FileError, void>> => writer.flush()
    return right({ ...store, opened, flushed, close, compact: () => writer.compact() })
  }
