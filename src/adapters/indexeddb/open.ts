/** Opens a replica in IndexedDB, for one tab alone or for several that share it. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Replica } from '../../core/Replica.js'
import type { SourceId } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import { tabKey, type Table } from '../storage/entries.js'
import { read, type Read } from '../storage/read.js'
import { Rounds } from '../storage/Rounds.js'
import { attempt, type StorageError } from '../storage/StorageError.js'
import { request, type WebLocks } from '../storage/webLocks.js'
import { createWriter } from '../storage/writer.js'
import { createStore, type LocalStore, type StoreOptions } from '../store.js'
import type { DurableStore } from '../store/DurableStore.js'
import type { Host } from './Host.js'
import { named, type IndexedDbError } from './IndexedDbError.js'
import * as table from './table.js'
import { TabRounds, type Seat } from './tabs.js'

export interface IndexedDbOptions<S, C> extends Omit<StoreOptions<S, C>, 'replica'> {
  /**
   * `alone`, the default: a second tab gets `Locked`. `share`: tabs follow one leader, and another
   * one leads when it is gone. `unlocked`: for a page without `navigator.locks`. There a tab that
   * finds at a round that another one wrote meanwhile gets `Locked`, and writes no more.
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
  /** Called with how many updates are read, after every 4,096 and at the end. */
  readonly progress?: (progress: { readonly updates: number }) => void
}

export interface IndexedDbStore<S, C> extends DurableStore<S, C, IndexedDbError> {
  /** Whether this tab writes to the disk. Always true but with `share`. */
  readonly isLeader: () => boolean
  /** Resolves when this tab leads: the one that should talk to a server for all. */
  readonly leading: Promise<void>
}

interface Opening<S, C> {
  readonly name: string
  readonly scuttlebutt: Scuttlebutt<S, C>
  readonly id: SourceId
  readonly options: IndexedDbOptions<S, C>
  readonly host: Host
  readonly db: IDBDatabase
  readonly table: Table
  /** Whether nobody took the database over. */
  readonly isOurs: () => boolean
  /** Lets go of the database and its lock. */
  readonly release: () => void
}

type Opened<S, C> = Promise<E.Either<IndexedDbError, IndexedDbStore<S, C>>>

const place = (name: string): string => `scuttlebutt-ts indexeddb ${name}`

/** See `openIndexedDb`. */
export const open = async <S, C>(
  host: Host,
  name: string,
  scuttlebutt: Scuttlebutt<S, C>,
  id: SourceId,
  options: IndexedDbOptions<S, C>,
): Opened<S, C> => {
  const { tabs = 'alone', takeOver = false } = options
  const { locks } = host
  if (locks === undefined && tabs !== 'unlocked') return left({ _tag: 'NoLocks', name })
  let isOurs = true
  const lose = (): void => {
    isOurs = false
  }
  const mode = tabs === 'share' ? 'shared' : 'exclusive'
  const how = takeOver && tabs !== 'share' ? ({ mode, steal: true } as const) : ({ mode, ifAvailable: true } as const)
  const unlock = locks === undefined ? lose : await request(locks, place(name), how, lose)
  if (unlock === undefined) return left({ _tag: 'Locked', name })
  const db = named(name, await attempt('open', () => table.open(host.indexedDB, name)))
  if (db._tag === 'Left') {
    unlock()
    return db
  }
  const release = (): void => {
    db.right.close()
    unlock()
  }
  const opening: Opening<S, C> = {
    ...{ name, scuttlebutt, id, options, host, release },
    ...{ db: db.right, table: table.tableOf(db.right), isOurs: () => isOurs },
  }
  const opened = named(name, await (tabs === 'share' ? share(opening, locks!) : alone(opening)))
  if (opened._tag === 'Left') release()
  return opened
}

const readFrom = <S, C>({
  table: entries,
  name,
  scuttlebutt,
  id,
  options,
}: Opening<S, C>): Promise<E.Either<StorageError, Read<S, C>>> => {
  const { adopt: isAdopting = false, progress } = options
  return read({ table: entries, name, scuttlebutt, id, isAdopting, onUpdates: (updates) => progress?.({ updates }) })
}

type Made<S, C> = Promise<E.Either<StorageError, IndexedDbStore<S, C>>>

const alone = async <S, C>(opening: Opening<S, C>): Made<S, C> => {
  const { scuttlebutt, id, options, release } = opening
  const found = await readFrom(opening)
  if (found._tag === 'Left') return found
  const store = createStore(scuttlebutt, id, { ...options, replica: found.right.replica })
  const getId = (): SourceId => store.getReplica().id
  const rounds = new Rounds(createWriter({ ...opening, read: found.right, getReplica: store.getReplica, getId }))
  return right(durable(opening, store, rounds, release, { isLeader: () => true, leading: Promise.resolve() }))
}

/** The store with what writes it. */
const durable = <S, C>(
  { name }: Opening<S, C>,
  store: LocalStore<S, C>,
  rounds: Rounds<StorageError>,
  release: () => void,
  leadership: Pick<IndexedDbStore<S, C>, 'isLeader' | 'leading'>,
): IndexedDbStore<S, C> => {
  store.subscribe(() => {
    rounds.wake()
  })
  rounds.wake()
  const flushed = async (): Promise<E.Either<IndexedDbError, void>> => named(name, await rounds.flush())
  const close = async (): Promise<E.Either<IndexedDbError, void>> => {
    const closed = named(name, await rounds.close())
    if (closed._tag === 'Right') release()
    return closed
  }
  return { ...store, ...leadership, flushed, close, compact: flushed }
}

const share = async <S, C>(opening: Opening<S, C>, locks: WebLocks): Made<S, C> => {
  const { name, scuttlebutt, id, options, host, isOurs } = opening
  const taken = await attempt('open', () => takeSeat(opening, locks))
  if (taken._tag === 'Left') return taken
  const { seat, leave: leaveSeat } = taken.right
  const found = await readFrom(opening)
  if (found._tag === 'Left') {
    leaveSeat()
    return found
  }
  const source = sourceOf(id, seat.number)
  const store = createStore(scuttlebutt, source, { ...options, replica: found.right.replica })
  const channel = host.channel(place(name))
  const tab = new TabRounds({ store, seat, saved: store.getReplica(), channel, name, isOurs })
  const leaving = new AbortController()
  let leave: (() => void) | undefined
  const leading = lead(opening, store, tab, locks, leaving.signal).then((release) => {
    leave = release
  })
  const release = (): void => {
    leaving.abort()
    channel.close()
    leave?.()
    leaveSeat()
    opening.release()
  }
  // what the number's former tabs wrote, and the leader still has to write, is known from here on
  const welcome = await tab.rounds.flush()
  if (welcome._tag === 'Left') {
    release()
    return welcome
  }
  return right(durable(opening, store, tab.rounds, release, { isLeader: () => tab.isLeader, leading }))
}

/** The source of a tab: the first writes under the id itself. */
const sourceOf = (id: SourceId, number: number): SourceId => (number === 0 ? id : `${id}+${String(number)}`)

/** The least number that no tab has. So there are as many sources as tabs were ever open at once. */
const takeSeat = async <S, C>({ name, db }: Opening<S, C>, locks: WebLocks) => {
  for (let number = 0; ; number++) {
    const leave = await request(locks, `${place(name)} tab ${String(number)}`, { ifAvailable: true })
    if (leave === undefined) continue
    const seat: Seat = { number, life: await table.next(db, tabKey(number)) }
    return { seat, leave }
  }
}

/**
 * Waits until no other tab leads, then makes this one the leader. Gives what ends that; never, if
 * the signal comes before.
 */
const lead = async <S, C>(
  opening: Opening<S, C>,
  store: LocalStore<S, C>,
  tab: TabRounds<S, C>,
  locks: WebLocks,
  signal: AbortSignal,
): Promise<() => void> => {
  const release = await request(locks, `${place(opening.name)} leader`, { signal })
  if (release === undefined || signal.aborted) return new Promise(() => undefined)
  const found = await readFrom(opening)
  if (found._tag === 'Left') {
    tab.fail(found.left)
    release()
    return () => undefined
  }
  // the former leader may have written what this tab was not told
  await meet(store, found.right.replica)
  const { getReplica } = store
  tab.lead(createWriter({ ...opening, read: found.right, getReplica, getId: () => opening.id }))
  return release
}

/** Brings a store what a replica has. */
const meet = async <S, C>(store: LocalStore<S, C>, saved: Replica<S, C>): Promise<void> => {
  const { open: ask, reconcile } = store.scuttlebutt
  let other = { ...saved, id: '' }
  let message = await store.reconcileAsync(ask(other), undefined, { trusted: true })
  while (message._tag === 'Some') {
    const [next, answer] = reconcile(message.value)(other)
    if (answer._tag === 'None') return
    other = next
    message = await store.reconcileAsync(answer.value, undefined, { trusted: true })
  }
}
