/**
 * The newest version, kept beside what Redux shows. Time travel moves what is shown, and never the
 * head. Whoever writes, or hears a peer, does it on the head.
 */
import type { Batch, Vouching } from '../../core/Arrivals.js'
import * as Clock from '../../core/Clock.js'
import { unchanged, type Received } from '../../core/receive.js'
import type { Replica } from '../../core/Replica.js'
import { createCell, type Cell } from '../store/Cell.js'
import { lacks, news, type Action } from './actions.js'
import { remember } from './outcomes.js'

/** What a head needs of Redux, and of the store that was bound last. */
export interface Host<S, C> {
  /** The version that Redux shows. */
  read: () => Replica<S, C>
  dispatch: (action: Action) => unknown
  /** Makes a version ready for Redux. */
  keep: (replica: Replica<S, C>) => Replica<S, C>
  /** The action that leads from one version to the next. */
  actionOf: (before: Replica<S, C>, received: Received<S, C>) => Action
  /** Takes what a peer brings, on the head. */
  receive: (batch: Batch<C>, vouching: Vouching) => unknown
  /** A saved version has become the head. */
  restored: () => void
}

export interface Head<S, C> {
  readonly host: Host<S, C>
  /** For the store: reads the head, and writes by actions. */
  readonly cell: Cell<S, C>
  /** What Redux shows, for those who listen. */
  readonly shown: Cell<S, C>
  /** Sees whether Redux shows another version. To be called whenever it may. */
  readonly sync: () => void
  /** Whether what Redux shows lacks what the head holds. O(d log n), once a version. */
  readonly isPast: () => boolean
}

export const createHead = <S, C>(host: Host<S, C>): Head<S, C> => {
  let met = host.read()
  const head = createCell(met)
  const shown = createCell(met)
  /** What is on its way through Redux. */
  let pending: Received<S, C> | undefined
  let isRestored = false

  const become = (received: Received<S, C>): void => {
    pending = undefined
    head.commit(received)
  }
  const sync = (): void => {
    const [now, before, arriving] = [host.read(), met, pending]
    if (now === before) return
    met = now
    const isNext = before === head.getReplica()
    if (arriving !== undefined) become(arriving)
    if (arriving?.replica === now) {
      shown.commit({ ...unchanged(now), taken: isNext ? arriving.taken : news(before, now).updates })
      return
    }
    meet(now)
    if (now === met) shown.commit(unchanged(now))
  }
  /** Another version: an older one, a saved one, an imported one, one of another timeline. */
  const meet = (now: Replica<S, C>): void => {
    const replica = head.getReplica()
    const { clock, log } = replica
    if (clock.latest === 0 && log.size === 0) {
      become(unchanged(now))
      head.begin()
      isRestored = now.clock.latest > 0
      host.restored()
      return
    }
    // what another timeline is sure of, ours may lack
    if (lacks(replica, now)) host.receive(news(replica, now), 'nobody')
    else if (!lacks(now, replica) && Clock.Eq.equals(now.clock, clock)) become(unchanged(now))
  }
  const commit = (received: Received<S, C>): void => {
    const before = head.getReplica()
    const mine = { ...received, replica: host.keep(received.replica) }
    const action = host.actionOf(before, mine)
    remember(action, [before, met], mine.replica)
    pending = mine
    let isDispatched = false
    try {
      host.dispatch(action)
      isDispatched = true
    } finally {
      sync()
      if (pending === mine) {
        pending = undefined
        // what is shown stays in the past
        if (isDispatched) {
          become(mine)
          shown.commit({ ...unchanged(met), taken: received.taken })
        }
      }
    }
  }
  // of a refusal nothing changes but that it is there
  head.subscribe(({ replica, before }) => {
    if (replica === before) shown.commit(unchanged(met))
  })
  const cell: Cell<S, C> = {
    ...head,
    getReplica: () => {
      sync()
      return head.getReplica()
    },
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
  return { host, cell, shown, sync, isPast: pastOf(host, head.getReplica) }
}

const pastOf = <S, C>(host: Host<S, C>, newest: () => Replica<S, C>) => {
  let last: readonly [shown: unknown, head: unknown, isPast: boolean] | undefined
  return (): boolean => {
    const [shown, head] = [host.read(), newest()]
    if (shown !== last?.[0] || head !== last[1]) last = [shown, head, lacks(shown, head)]
    return last[2]
  }
}
