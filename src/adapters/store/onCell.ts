/** The functions of a store around a cell. */
import { unchanged } from '../../core/receive.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import type { Security } from '../../trust/Security.js'
import { put, type Cell } from './Cell.js'
import { createIntake } from './intake.js'
import { withPort } from './Port.js'
import type { LocalStore } from './Store.js'
import { createWriter, type WriterOptions } from './writer.js'

export interface CellOptions<S, C> extends WriterOptions {
  readonly security?: Security<S, C>
}

/** The store of a cell: all that it does changes the cell, and nothing else. */
export const createOnCell = <S, C>(
  scuttlebutt: Scuttlebutt<S, C>,
  cell: Cell<S, C>,
  options: CellOptions<S, C>,
): LocalStore<S, C> => {
  const { now } = options
  const { getReplica } = cell
  const { gate, port, hear, apply } = createIntake(scuttlebutt.dataType, cell, options.security, now)
  const store: LocalStore<S, C> = {
    scuttlebutt,
    getReplica,
    ...createWriter(scuttlebutt, cell, gate, options),
    apply,
    reconcile: (message, budget, { trusted: isTrusted = false } = {}) =>
      hear(message, { isTrusted, isHasty: true }, budget).answer(),
    reconcileAsync: async (message, budget, { trusted: isTrusted = false } = {}) => {
      const { taking, answer } = hear(message, { isTrusted, isHasty: false }, budget)
      await taking
      return answer()
    },
    prune: () => {
      put(cell, scuttlebutt.prune(now())(getReplica()))
    },
    settle: (sources) => {
      put(cell, scuttlebutt.settle(sources)(getReplica()))
    },
    unread: () => scuttlebutt.unread(getReplica()),
    refusals: cell.refusals,
    reissue: (newId) => {
      const [updates, replica] = scuttlebutt.reissue(newId, now())(getReplica())
      cell.commit({ ...unchanged(replica), taken: updates, isRemade: true })
      cell.begin()
      return updates
    },
    subscribe: subscribedTo(cell),
  }
  return withPort(store, port)
}

/** Tells listeners of a store what a cell was given. */
export const subscribedTo =
  <S, C>({ subscribe }: Cell<S, C>): LocalStore<S, C>['subscribe'] =>
  (listener, options) =>
    subscribe(({ taken, replica, before }) => {
      listener(taken, replica, before)
    }, options)
