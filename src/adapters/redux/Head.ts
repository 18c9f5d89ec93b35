/**
 * The newest version, kept beside what Redux shows. Time travel moves what is shown, and never the
 * head. Whoever writes, or hears a peer, does it on the head.
 */
import * as Clock from '../../core/Clock.js'
import type { Batch, Vouching } from '../../core/Arrivals.js'
import type { Past } from '../../core/Past.js'
import { unchanged, type Received } from '../../core/receive.js'
import type { Replica } from '../../core/Replica.js'
import { createCell, type Cell } from '../store/Cell.js'
import { added, addedUnread, type Action } from './actions.js'
import { remember } from './outcomes.js'

/** What a head needs of Redux, and of the store around it. */
export interface Host<S, C> {
  /** The version that Redux shows. */
  readonly read: () => Replica<S, C>
  readonly dispatch: (action: Action) => unknown
  /** Makes a version ready for Redux. */
  readonly keep: (replica: Replica<S, C>) => Replica<S, C>
  /** The action that leads from one version to the next. */
  readonly actionOf: (before: Replica<S, C>, received: Received<S, C>, past: Past | undefined) => Action
  /** Takes what a peer brings, on the head. */
  readonly receive: (batch: Batch<C>, vouching: Vouching) => unknown
  /** A saved version has become the head. */
  readonly restored: () => void
}

export interface Head<S, C> {
  /** For the store: reads the head, and writes by actions. */
  readonly cell: Cell<S, C>
  /** What Redux shows, for those who listen. */
  readonly shown: Cell<S, C>
  /** Sees whether Redux shows another version. To be called whenever it may. */
  readonly sync: () => void
  /** Whether what Redux shows lacks what the head holds. O(d log n), once a version. */
  readonly isPast: () => boolean
}

/** A batch on its way through Redux. */
interface Pending<S, C> {
  readonly received: Received<S, C>
  /** Whether it goes to the newest version, and not to an older one that is shown. */
  readonly isNext: boolean
}

export const createHead = <S, C>({ read, dispatch, keep, actionOf, receive, restored }: Host<S, C>): Head<S, C> => {
  const head = createCell(read())
  const shown = createCell(read())
  /** Versions that were the head. Nothing in them is new to it. */
  const versions = new WeakSet([read()])
  let met = read()
  let pending: Pending<S, C> | undefined
  let isRestored = false

  /** Listeners hear of versions in order, although one that writes is in the midst of another. */
  const untold: Received<S, C>[] = []
  const tell = (): void => {
    for (let next = untold.shift(); next !== undefined; next = untold.shift()) shown.commit(next)
  }
  /** What is on its way has arrived at the head. */
  const promote = ({ received }: Pending<S, C>): void => {
    pending = undefined
    versions.add(received.replica)
    head.commit(received)
  }
  const sync = (): void => {
    const now = read()
    if (now === met) return
    const before = met
    met = now
    const arriving = pending
    if (arriving?.received.replica === now) {
      const { isNext, received } = arriving
      untold.push({ ...unchanged(now), taken: isNext ? received.taken : added(before.log, now.log) })
    }
    if (arriving !== undefined) promote(arriving)
    if (arriving?.received.replica !== now) {
      if (!versions.has(now)) meet(now)
      if (now === met) untold.push(unchanged(now))
    }
    tell()
  }
  /** A version that the head does not know: a saved one, an imported one, one of another timeline. */
  const meet = (now: Replica<S, C>): void => {
    const replica = head.getReplica()
    const { clock, log } = replica
    if (Clock.size(clock) === 0 && clock.floor === 0 && log.size === 0) {
      versions.add(now)
      head.set(now)
      head.begin()
      isRestored = Clock.size(now.clock) > 0 || now.clock.floor > 0
      restored()
      return
    }
    const batch = { updates: added(log, now.log), unread: addedUnread(log, now.log) }
    // what another timeline is sure of, ours may lack
    if (batch.updates.length + batch.unread.length > 0) receive(batch, 'nobody')
    else if (!lacks(now, replica) && Clock.Eq.equals(now.clock, clock)) {
      versions.add(now)
      head.set(now)
    }
  }
  const commit = (received: Received<S, C>): void => {
    const [before, replica] = [head.getReplica(), keep(received.replica)]
    const action = actionOf(before, { ...received, replica }, head.past())
    remember(action, [before, met], replica)
    const mine = { received: { ...received, replica }, isNext: met === before }
    pending = mine
    let isDispatched = false
    try {
      dispatch(action)
      isDispatched = true
    } finally {
      sync()
      if (pending === mine) {
        if (isDispatched) {
          // what is shown stays in the past
          untold.push({ ...unchanged(met), taken: received.taken })
          promote(mine)
          tell()
        } else pending = undefined
      }
    }
  }
  const newest = (): Replica<S, C> => {
    sync()
    return head.getReplica()
  }
  const cell: Cell<S, C> = {
    ...head,
    getReplica: newest,
    commit,
    set: (next) => {
      if (next !== head.getReplica()) commit(unchanged(next))
    },
    isRestored: () => isRestored || head.isRestored(),
    begin: () => {
      isRestored = false
      head.begin()
    },
  }
  // of a refusal nothing changes but that it is there
  head.subscribe(({ replica, before }) => {
    if (replica !== before) return
    untold.push(unchanged(met))
    tell()
  })
  return { cell, shown, sync, isPast: pastOf(read, head.getReplica) }
}

/** Whether one version lacks something of another. */
const lacks = <S, C>({ log }: Replica<S, C>, other: Replica<S, C>): boolean =>
  log !== other.log && added(log, other.log).length + addedUnread(log, other.log).length > 0

const pastOf = <S, C>(read: () => Replica<S, C>, newest: () => Replica<S, C>) => {
  let last = { shown: read(), head: newest(), isPast: false }
  return (): boolean => {
    const [shown, head] = [read(), newest()]
    if (shown !== last.shown || head !== last.head) last = { shown, head, isPast: lacks(shown, head) }
    return last.isPast
  }
}
