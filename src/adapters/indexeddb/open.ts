/** Opens a replica in IndexedDB. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { SourceId } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import { OWNER } from '../storage/entries.js'
import { read, type ReadOptions, type Source } from '../storage/read.js'
import { request, type LockRequest } from '../storage/webLocks.js'
import type { StoreOptions } from '../store.js'
import { create } from '../store/create.js'
import type { DurableStore } from '../store/DurableStore.js'
import type { Channel, Host } from './Host.js'
import { attempt, type IndexedDbError, type IndexedDbFailure } from './IndexedDbError.js'
import { open as openTable, type IndexedDbTable } from './table.js'
import { createTab, later, type Leaving } from './tabs.js'

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
  const locks = host.navigator?.locks
  if (!locks && tabs !== 'unlocked') return left({ _tag: 'NoLocks', name })
  const place = `scuttlebutt-ts indexeddb ${name}`
  const isShared = tabs === 'share'
  const steal = takeOver && !isShared
  const controller = new AbortController()
  const { signal } = controller
  const leave = (): void => {
    controller.abort()
  }
  const lock: Lock = async (of, how) => {
    const free = await request(locks!, place + of, how, leave)
    if (free) signal.addEventListener('abort', free)
    if (signal.aborted) free?.()
    return free
  }
  const opened = await attempt(
    () => 'open',
    async (): Opened<S, C> => {
      const mode = isShared ? 'shared' : 'exclusive'
      if (locks && !(await lock('', { mode, steal, ifAvailable: !steal }))) return left({ _tag: 'Locked', name })
      const table = await openTable(host.indexedDB, name, { leave, signal })
      // A batch of the other one that is under way ends before this. A later one is refused, as the
      // text is another, although it says the same.
      if (steal) await table.update<string>((owner) => [[OWNER, owner ? ` ${owner}` : JSON.stringify([id])]])
      const source = { table, name, scuttlebutt, id, options }
      return join(source, lock, isShared ? new host.BroadcastChannel(place) : undefined, { leave, signal })
    },
  )
  if (opened._tag === 'Left') leave()
  return opened
}

/**
 * Takes a lock of the replica. Gives what lets it go before the tab leaves; or undefined. A tab
 * that loses a lock leaves.
 */
type Lock = (of: string, how: LockRequest) => Promise<(() => void) | undefined>

/** Opens the store. With a channel it is shared. */
const join = async <S, C>(
  source: Source<S, C, IndexedDbFailure> & {
    readonly table: IndexedDbTable
    readonly options: IndexedDbOptions<S, C>
  },
  lock: Lock,
  channel: Channel | undefined,
  leaving: Leaving,
): Opened<S, C> => {
  const { table, scuttlebutt, id, options } = source
  const { signal } = leaving
  signal.addEventListener('abort', () => channel?.close())
  // the least number that no tab has: there are as many sources as tabs were ever open at once
  let number = 0
  if (channel) while (!(await lock(` tab ${String(number)}`, { ifAvailable: true })) && !signal.aborted) number++
  let life = 0
  const lives = `x${String(number)}`
  await table.update<number>((count = 0) => [[lives, (life = count + 1)]], lives)
  const found = await read<S, C, IndexedDbFailure>(source)
  if (found._tag === 'Left') return found
  const own = number === 0 ? id : `${id}+${String(number)}`
  const store = create(scuttlebutt, own, { ...options, replica: found.right.replica, wasOpen: life > 1 })
  const { lead, fail, ...tab } = createTab(source, store, [number, life], channel, leaving)
  const succeed = async (): Promise<void> => {
    for (;;) {
      const free = await lock(' leader', { signal })
      if (!free) return
      const latest = await read<S, C, IndexedDbFailure>(source)
      if (latest._tag === 'Right') {
        // the former leader may have written what this tab was not told
        const [, lacked] = scuttlebutt.reconcile(scuttlebutt.open(store.getReplica()))(latest.right.replica)
        if (lacked._tag === 'Some') await store.reconcileAsync(lacked.value, undefined, { trusted: true })
        lead(latest.right)
        return
      }
      // others may lead meanwhile
      fail(latest)
      free()
      await later()
    }
  }
  if (channel) void succeed()
  else lead(found.right)
  // from here on the disk knows of this tab, and this tab what earlier ones of its number wrote
  const welcome = await tab.flushed()
  return welcome._tag === 'Left' ? welcome : right({ ...store, ...tab })
}
