/** Opens a replica in IndexedDB. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { SourceId } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import { OWNER } from '../storage/entries.js'
import { read, type ReadOptions } from '../storage/read.js'
import { request } from '../storage/webLocks.js'
import type { StoreOptions } from '../store.js'
import { createWithCell } from '../store/create.js'
import type { Host } from './Host.js'
import type { IndexedDbStore } from './IndexedDbStore.js'
import { attempt, type IndexedDbError } from './IndexedDbError.js'
import { open as openTable } from './table.js'
import { LEADER, share, type Place } from './tabs.js'

export interface IndexedDbOptions<S, C> extends Omit<StoreOptions<S, C>, 'replica'>, ReadOptions {
  /**
   * `alone`, the default: a second tab gets `Locked`. `share`: tabs share the replica, and one of
   * them leads; another one when it is gone. `unlocked`: for a page without `navigator.locks`.
   * There a second tab opens, and the first round that finds another tab's writes gets `Locked`;
   * that tab writes no more. On a page with locks it is the same as `alone`.
   */
  readonly tabs?: 'alone' | 'share' | 'unlocked'
  /**
   * Opens also what other tabs have open. These then write no more. Not with `share`. Default
   * false.
   */
  readonly takeOver?: boolean
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
  const of = `scuttlebutt-ts indexeddb ${name}`
  const channel = tabs === 'share' ? new host.BroadcastChannel(of) : undefined
  const steal = takeOver && !channel
  const leaving = new AbortController()
  const { signal } = leaving
  const leave = (): void => {
    leaving.abort()
  }
  signal.addEventListener('abort', () => channel?.close())
  const ping = (): void => {
    if (!signal.aborted) channel?.postMessage('')
  }
  const hold: Place['hold'] = async (what, how) => {
    if (!locks) return true
    const free = await request(locks, of + what, how, leave)
    if (signal.aborted) free?.()
    else if (free) signal.addEventListener('abort', free)
    return free !== undefined && !signal.aborted
  }
  const opened = await attempt('open', async (): Opened<S, C> => {
    const mode = channel ? 'shared' : 'exclusive'
    if (!(await hold('', { mode, steal, ifAvailable: !steal }))) return left({ _tag: 'Locked', name })
    const table = await openTable(host.indexedDB, name, leaving)
    // a batch of the other one that is under way ends before this; then it finds that another wrote
    if (steal) await table.update(() => Promise.resolve(right([[OWNER, JSON.stringify([id])] as const])))
    // the least number that no tab has: there are as many sources as tabs were ever open at once
    let number = 0
    if (channel) while (!(await hold(` tab ${String(number)}`, { ifAvailable: true })) && !signal.aborted) number++
    const isFirst = !channel || (await hold(LEADER, { ifAvailable: true }))
    // who joins others adopts nothing
    const source = { table, name, scuttlebutt, id, options: isFirst ? options : {} }
    const found = await read(source, options.progress)
    if (found._tag === 'Left') return found
    const { replica, type } = found.right
    const own = number > 0 ? `${id}+${String(number)}` : id
    // who joins others has all that they know: it is in no doubt of what it wrote before
    const made = createWithCell(scuttlebutt, own, { ...options, replica, wasOpen: isFirst && type !== undefined })
    return share(source, found.right, made, { table, channel, ping, leaving, hold, isFirst })
  })
  if (opened._tag === 'Left') leave()
  return opened
}
