/** Opens a replica in IndexedDB. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { SourceId } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import { read, type Read, type ReadOptions, type Source } from '../storage/read.js'
import type { StorageError } from '../storage/StorageError.js'
import { request, type LockRequest, type WebLocks } from '../storage/webLocks.js'
import { createWriter } from '../storage/writer.js'
import type { LocalStore, StoreOptions } from '../store.js'
import { create } from '../store/create.js'
import type { DurableStore } from '../store/DurableStore.js'
import type { Channel, Host } from './Host.js'
import { attempt, type IndexedDbError, type IndexedDbFailure } from './IndexedDbError.js'
import * as table from './table.js'
import { createTab, PATIENCE } from './tabs.js'

export interface IndexedDbOptions<S, C> extends Omit<StoreOptions<S, C>, 'replica'>, ReadOptions {
  /**
   * `alone`, the default: a second tab gets `Locked`. `share`: tabs follow one leader, and another
   * one leads when it is gone. `unlocked`: for a page without `navigator.locks`. There a second tab
   * opens, and the first round that finds another tab's writes gets `Locked`; that tab writes no
   * more. On a page with locks it is the same as `alone`.
   */
  readonly tabs?: 'alone' | 'share' | 'unlocked'
  /**
   * Opens also what other tabs have open. These then write no more. Not with `share`. Default
   * false.
   */
  readonly takeOver?: boolean
}

export interface IndexedDbStore<S, C> extends DurableStore<S, C, IndexedDbError> {
  /** Whether this tab writes to the disk: until it closes or loses the database. */
  readonly isLeader: () => boolean
  /**
   * Resolves when this tab leads: the one that should talk to a server for all. Never, if it closes
   * first. A tab that cannot read the disk lets others lead, and tries again.
   */
  readonly leading: Promise<void>
}

type Opened<S, C> = Promise<E.Either<IndexedDbError, IndexedDbStore<S, C>>>

/** See `openIndexedDb`. */
export const open = async <S, C>(
  host: Host,
  name: string,
  scuttlebutt: Scuttlebutt<S, C>,
  id: SourceId,
  options: IndexedDbOptions<S, C>,
): Opened<S, C> => {
  const { tabs = 'alone', takeOver = false } = options
  const { locks, indexedDB: factory, channel } = host
  if (locks === undefined && tabs !== 'unlocked') return left({ _tag: 'NoLocks', name })
  const place = `scuttlebutt-ts indexeddb ${name}`
  const isShared = tabs === 'share'
  const isTaking = takeOver && !isShared
  const hold = createHold(locks, place)
  const [lock, , leave, atEnd] = hold
  const opened = await attempt(
    () => 'open',
    async (): Opened<S, C> => {
      const mode = isShared ? 'shared' : 'exclusive'
      if (locks && !(await lock('', { mode, steal: isTaking, ifAvailable: !isTaking }))) {
        return left({ _tag: 'Locked', name })
      }
      const db = await table.open(factory, name, leave)
      atEnd(() => {
        db.close()
      })
      // a batch of the other one that is under way ends before this, and a later one is refused
      if (isTaking) await table.claim(db, id)
      const source = { table: table.tableOf(db), name, scuttlebutt, id, options }
      return join(source, db, hold, isShared ? () => channel(place) : undefined)
    },
  )
  if (opened._tag === 'Left') leave()
  return opened
}

/** What a tab holds until it leaves the replica. */
type Hold = readonly [
  /** Takes a lock of the replica. Gives what lets it go before the tab leaves; or undefined. */
  lock: (of: string, how: LockRequest) => Promise<(() => void) | undefined>,
  /** Whether nobody took the database over. */
  isOurs: () => boolean,
  leave: () => void,
  /** Calls when the tab leaves. */
  atEnd: (call: () => void) => void,
  /** Ends when the tab leaves. */
  signal: AbortSignal,
]

const createHold = (locks: WebLocks | undefined, place: string): Hold => {
  const leaving = new AbortController()
  const { signal } = leaving
  let isOurs = true
  const atEnd = (call: () => void): void => {
    signal.addEventListener('abort', call)
  }
  const lock: Hold[0] = async (of, how) => {
    const free = await request(locks!, place + of, how, () => {
      isOurs = false
    })
    if (free) atEnd(free)
    return free
  }
  return [
    lock,
    () => isOurs,
    () => {
      leaving.abort()
    },
    atEnd,
    signal,
  ]
}

/** Opens the store. With a channel it is shared. */
const join = async <S, C>(
  source: Source<S, C, IndexedDbFailure> & { readonly options: IndexedDbOptions<S, C> },
  db: IDBDatabase,
  hold: Hold,
  channelOf: (() => Channel) | undefined,
): Opened<S, C> => {
  const { name, scuttlebutt, id, options } = source
  const [, isOurs, leave, atEnd, signal] = hold
  const number = channelOf ? await takeNumber(hold) : 0
  const life = await table.countUp(db, number)
  const found = await read(source)
  if (found._tag === 'Left') return found
  const { replica } = found.right
  const own = number === 0 ? id : `${id}+${String(number)}`
  const store = create(scuttlebutt, own, { ...options, replica, wasOpen: life > 1 })
  const { getReplica } = store
  const channel = channelOf?.()
  atEnd(() => {
    channel?.close()
  })
  const [{ flush, close }, leads, lead, fail] = createTab(store, [number, life], channel, name, isOurs, leave)
  const leadFrom = (as: Read<S, C>): void => {
    lead(createWriter(source, as, getReplica, () => (channel ? id : getReplica().id), isOurs))
  }
  const leading = channel ? succeed(source, hold, store, leadFrom, fail) : Promise.resolve()
  if (!channel) leadFrom(found.right)
  // from here on the disk knows of this tab, and this tab what earlier ones of its number wrote
  const welcome = await flush()
  return welcome._tag === 'Left'
    ? welcome
    : right({
        ...store,
        isLeader: () => leads() && isOurs() && !signal.aborted,
        leading,
        flushed: flush,
        close,
        compact: flush,
      })
}

/** The least number that no tab has: there are as many sources as tabs were ever open at once. */
const takeNumber = async ([lock, isOurs]: Hold): Promise<number> => {
  for (let number = 0; ; number++) {
    if (await lock(` tab ${String(number)}`, { ifAvailable: true })) return number
    if (!isOurs()) throw new DOMException('', 'InvalidStateError')
  }
}

/**
 * Waits until no other tab leads, then makes this one the leader. If it cannot read the disk it
 * lets others lead, and tries again later. Never ends if the tab leaves before.
 */
const succeed = async <S, C>(
  source: Source<S, C, IndexedDbFailure>,
  [lock, , , , signal]: Hold,
  { scuttlebutt, getReplica, reconcileAsync }: LocalStore<S, C>,
  lead: (as: Read<S, C>) => void,
  fail: (outcome: E.Left<StorageError<IndexedDbFailure>>) => void,
): Promise<void> => {
  for (;;) {
    const free = await lock(' leader', { signal })
    if (free === undefined) return new Promise(() => undefined)
    const found = await read(source)
    if (found._tag === 'Left') fail(found)
    else {
      // the former leader may have written what this tab was not told
      const known = scuttlebutt.merge(getReplica())({ ...found.right.replica, id: '' })
      const [, lacked] = scuttlebutt.reconcile(scuttlebutt.open(getReplica()))(known)
      if (lacked._tag === 'Some') await reconcileAsync(lacked.value, undefined, { trusted: true })
      if (!signal.aborted) {
        lead(found.right)
        return
      }
    }
    free()
    await new Promise((resolve) => setTimeout(resolve, PATIENCE))
  }
}
