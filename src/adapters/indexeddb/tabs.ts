/**
 * Tabs that share a replica in IndexedDB. Each writes what it has beyond the disk, and in the same
 * transaction takes what others wrote. Then it tells the others that the disk has news. README says
 * why nothing is lost.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import { news } from '../../core/news.js'
import { unchanged } from '../../core/receive.js'
import { difference } from '../storage/difference.js'
import { FLOOR, OWNER, TYPE, textOfType, type Entry, type Operation } from '../storage/entries.js'
import { read, type Read, type Source } from '../storage/read.js'
import { inTurn } from '../storage/Rounds.js'
import type { StorageError } from '../storage/StorageError.js'
import { randomText } from '../storage/writer.js'
import type { LockRequest } from '../storage/webLocks.js'
import type { Cell } from '../store/Cell.js'
import type { LocalStore } from '../store/Store.js'
import type { Channel } from './Host.js'
import { attempt, type IndexedDbFailure } from './IndexedDbError.js'
import type { IndexedDbStore } from './IndexedDbStore.js'
import type { IndexedDbTable } from './table.js'

type Outcome<A = void> = E.Either<StorageError<IndexedDbFailure>, A>

/** The lock of the tab that leads. */
export const LEADER = ' leader'

/** What a tab holds of the page. */
export interface Place {
  readonly table: IndexedDbTable
  /** To the other tabs, if the replica is shared. */
  readonly channel: Channel | undefined
  /** Tells them that there is something new on the disk. */
  readonly ping: () => void
  /** Aborted when the tab leaves. */
  readonly leaving: AbortController
  /** There was no leader when the tab came: it leads. */
  readonly isFirst: boolean
  /** Takes a lock of the replica until the tab leaves. Gives whether it was to be had. */
  readonly hold: (of: string, how: LockRequest) => Promise<boolean>
}

/** Keeps a replica and the disk equal, while other tabs write there too. */
const createDisk = <S, C>(
  source: Source<S, C>,
  found: Read<S, C>,
  { getReplica, commit }: Cell<S, C>,
  { table, channel, ping }: Place,
) => {
  const { name, scuttlebutt, id } = source
  const { create, merge } = scuttlebutt
  const token = randomText()
  // a copy is not the store's replica: what is new or adopted is written at once
  let saved = found.isOther ? { ...found.replica } : found.replica
  const isSaved = (): boolean => saved === getReplica()
  const takeOthers = async (entries: ReadonlyArray<Entry>): Promise<Outcome<unknown>> => {
    // a floor covers what is below it, and these are not all: each tab prunes for itself
    const above = entries.filter(([key]) => key !== FLOOR)
    const others = await read({ ...source, table: { entries: () => [above] } })
    if (others._tag === 'Left') return others
    const { replica, owner } = others.right
    if (!channel && !owner?.includes(token)) return left({ _tag: 'Locked', name })
    const before = getReplica()
    const next = merge(replica)(before)
    saved = saved === before ? next : merge(replica)(saved)
    const fresh = news(before, next)
    if (next !== before) commit({ ...unchanged(next), ...fresh, taken: fresh?.updates ?? [] })
    return others
  }
  const write = (): Promise<Outcome<unknown>> =>
    attempt('write', async () => {
      let written = saved
      const done = await table.update(async (entries, isEmptied): Promise<Outcome<ReadonlyArray<Operation>>> => {
        if (isEmptied) saved = create('')
        const taken = entries.length > 0 ? await takeOthers(entries) : right([])
        if (taken._tag === 'Left') return taken
        written = getReplica()
        if (isSaved()) return right([])
        return right([
          ...difference(saved, written, scuttlebutt),
          [TYPE, textOfType(scuttlebutt.dataType)],
          [OWNER, JSON.stringify([channel ? id : written.id, token])],
        ])
      })
      if (done._tag === 'Right' && written !== saved) {
        saved = written
        ping()
      }
      return done
    })
  return { isSaved, write }
}

/** Saves a store, beside those of other tabs. */
export const share = async <S, C>(
  source: Source<S, C>,
  found: Read<S, C>,
  [store, cell]: readonly [LocalStore<S, C>, Cell<S, C>],
  place: Place,
): Promise<Outcome<IndexedDbStore<S, C>>> => {
  const { channel, ping, leaving, hold, isFirst } = place
  const { signal } = leaving
  const { isSaved, write } = createDisk(source, found, cell, place)
  let isClosed = false
  // as `createRounds`, without what a page would load for nothing
  const flushed = inTurn(async (): Promise<Outcome> => {
    const outcome = signal.aborted
      ? left({ _tag: isClosed ? 'Closed' : 'Locked', name: source.name } as const)
      : await write()
    // whoever has taken the replica over has all that was saved
    return outcome._tag === 'Right' || isSaved() ? right(undefined) : outcome
  })
  const close = async (): Promise<Outcome> => {
    const outcome = await flushed()
    if (outcome._tag === 'Right') {
      isClosed = true
      leaving.abort()
    }
    return outcome
  }
  store.subscribe(() => {
    if (!isSaved()) void flushed()
  })
  if (channel) channel.onmessage = () => void flushed()
  let leads = isFirst
  const lead = async (): Promise<void> => {
    if (isFirst) return
    // closed before it led: `leading` never resolves
    if (!(await hold(LEADER, { signal }))) await new Promise(() => undefined)
    // what the one before it did not live to tell
    ping()
    await flushed()
    leads = true
  }
  // from here on the disk knows of this tab
  const welcome = await flushed()
  return welcome._tag === 'Left'
    ? welcome
    : right({ ...store, isLeader: () => leads && !signal.aborted, leading: lead(), flushed, close, compact: flushed })
}
