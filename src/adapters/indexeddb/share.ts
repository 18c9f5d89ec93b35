/** Opens a replica that several tabs share. */
import { right } from '../../core/Either.js'
import type { Replica } from '../../core/Replica.js'
import type { SourceId } from '../../core/Update.js'
import { tabKey } from '../storage/entries.js'
import { attempt } from '../storage/StorageError.js'
import { request, type WebLocks } from '../storage/webLocks.js'
import { createWriter } from '../storage/writer.js'
import type { LocalStore } from '../store.js'
import { create } from '../store/create.js'
import { durable, isClosed, place, readFrom, type Made, type Opening } from './opening.js'
import * as table from './table.js'
import { PATIENCE, TabRounds, type Seat } from './tabs.js'

export const share = async <S, C>(opening: Opening<S, C>, locks: WebLocks): Made<S, C> => {
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
  const store = create(scuttlebutt, source, { ...options, replica: found.right.replica, wasOpen: seat.life > 1 })
  const channel = host.channel(place(name))
  const tab = new TabRounds({ store, seat, saved: store.getReplica(), channel, name, isOurs })
  const leaving = new AbortController()
  let leave: (() => void) | undefined
  const leading = lead(opening, store, tab, locks, leaving.signal).then((unlock) => {
    leave = unlock
  })
  const release = (): void => {
    leaving.abort()
    channel.close()
    leave?.()
    leaveSeat()
    opening.release()
  }
  // from here on this tab knows what earlier tabs of its number wrote and the leader has not saved
  const welcome = await tab.rounds.flush()
  if (welcome._tag === 'Left') {
    release()
    return welcome
  }
  return right(durable(opening, store, tab.rounds, release, { isLeader: () => tab.isLeader, leading }))
}

/** The source of a tab: the first writes under the id itself. */
const sourceOf = (id: SourceId, number: number): SourceId => (number === 0 ? id : `${id}+${String(number)}`)

/** The least number that no tab has: there are as many sources as tabs were ever open at once. */
const takeSeat = async <S, C>({ name, db }: Opening<S, C>, locks: WebLocks) => {
  const page = { refuses: false }
  const refuse = (): void => {
    page.refuses = true
  }
  for (let number = 0; ; number++) {
    const leave = await request(locks, `${place(name)} tab ${String(number)}`, { ifAvailable: true }, refuse)
    if (page.refuses) throw new DOMException('the page gives no locks', 'InvalidStateError')
    if (leave === undefined) continue
    try {
      const seat: Seat = { number, life: await table.countUp(db, tabKey(number)) }
      return { seat, leave }
    } catch (error) {
      leave()
      throw error
    }
  }
}

/**
 * Waits until no other tab leads, then makes this one the leader. If it cannot read the disk it
 * lets others lead, and tries again later. Gives what ends that; never, if the signal comes before.
 */
const lead = async <S, C>(
  opening: Opening<S, C>,
  store: LocalStore<S, C>,
  tab: TabRounds<S, C>,
  locks: WebLocks,
  signal: AbortSignal,
): Promise<() => void> => {
  for (;;) {
    const release = await request(locks, `${place(opening.name)} leader`, { signal })
    if (release === undefined) return never()
    const found = await readFrom(opening)
    // the former leader may have written what this tab was not told
    if (found._tag === 'Right') await meet(store, found.right.replica)
    if (found._tag === 'Right' && !signal.aborted) {
      const { getReplica } = store
      tab.lead(createWriter({ ...opening, read: found.right, getReplica, getId: () => opening.id, isClosed }))
      return release
    }
    if (found._tag === 'Left') tab.fail(found.left)
    release()
    await new Promise((resolve) => setTimeout(resolve, PATIENCE))
  }
}

const never = (): Promise<never> => new Promise(() => undefined)

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
