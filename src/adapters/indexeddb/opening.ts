/** What opening a replica in IndexedDB needs, for one tab and for several. */
import type { either as E } from 'fp-ts'
import type { SourceId } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import type { Table } from '../storage/entries.js'
import { read, type Read } from '../storage/read.js'
import type { Rounds } from '../storage/Rounds.js'
import type { StorageError } from '../storage/StorageError.js'
import type { LocalStore, StoreOptions } from '../store.js'
import type { DurableStore } from '../store/DurableStore.js'
import type { Host } from './Host.js'
import { named, type IndexedDbError } from './IndexedDbError.js'
import { CLOSED } from './table.js'

export interface IndexedDbOptions<S, C> extends Omit<StoreOptions<S, C>, 'replica'> {
  /**
   * `alone`, the default: a second tab gets `Locked`. `share`: tabs follow one leader, and another
   * one leads when it is gone. `unlocked`: for a page without `navigator.locks`. There a second tab
   * opens, and the first round that finds another tab's writes gets `Locked`; that tab writes no
   * more. On a page with locks it is the same as `alone`.
   */
  readonly tabs?: 'alone' | 'share' | 'unlocked'
  /**
   * Takes a replica of another id, data type or version, and writes it anew as one of this id and
   * type. Default false.
   */
  readonly adopt?: boolean
  /**
   * Opens also what other tabs have open. These then write no more. Not with `share`. Default
   * false.
   */
  readonly takeOver?: boolean
  /** Called with how many updates are read: after at most 4,096 more, and at the end. */
  readonly progress?: (progress: { readonly updates: number }) => void
}

export interface IndexedDbStore<S, C> extends DurableStore<S, C, IndexedDbError> {
  /** Whether this tab writes to the disk. Always true but with `share`. */
  readonly isLeader: () => boolean
  /**
   * Resolves when this tab leads: the one that should talk to a server for all. Never, if it closes
   * first. A tab that cannot read the disk lets others lead, and tries again.
   */
  readonly leading: Promise<void>
}

export interface Opening<S, C> {
  readonly name: string
  readonly scuttlebutt: Scuttlebutt<S, C>
  readonly id: SourceId
  readonly options: IndexedDbOptions<S, C>
  readonly host: Host
  readonly db: IDBDatabase
  readonly table: Table
  /** Whether nobody took the database over. */
  readonly isOurs: () => boolean
  /** Resolves if somebody deletes the database, or the browser closes it. */
  readonly gone: Promise<void>
  /** Lets go of the database and its lock. */
  readonly release: () => void
}

/** The names of locks and channels begin so. */
export const place = (name: string): string => `scuttlebutt-ts indexeddb ${name}`

export const readFrom = <S, C>({
  table: entries,
  name,
  scuttlebutt,
  id,
  options,
}: Opening<S, C>): Promise<E.Either<StorageError, Read<S, C>>> => {
  const { adopt: isAdopting = false, progress } = options
  return read({ table: entries, name, scuttlebutt, id, isAdopting, onUpdates: (updates) => progress?.({ updates }) })
}

export type Made<S, C> = Promise<E.Either<StorageError, IndexedDbStore<S, C>>>

/** Whether a failure says that the database is closed: what is saved needs no more. */
export const isClosed = (code: string): boolean => code === CLOSED

/** The store with what writes it. */
export const durable = <S, C>(
  { name, gone }: Opening<S, C>,
  store: LocalStore<S, C>,
  rounds: Rounds<StorageError>,
  release: () => void,
  leadership: Pick<IndexedDbStore<S, C>, 'isLeader' | 'leading'>,
): IndexedDbStore<S, C> => {
  store.subscribe(() => {
    rounds.wake()
  })
  rounds.wake()
  // it can write no more: another tab may
  void gone.then(release)
  const flushed = async (): Promise<E.Either<IndexedDbError, void>> => named(name, await rounds.flush())
  const close = async (): Promise<E.Either<IndexedDbError, void>> => {
    const closed = named(name, await rounds.close())
    if (closed._tag === 'Right') release()
    return closed
  }
  return { ...store, ...leadership, flushed, close, compact: flushed }
}
