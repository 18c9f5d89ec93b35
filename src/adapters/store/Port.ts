/** What streams, files and databases need of a store, beside its public functions. Internal. */
import { news, type ArrivalsWithPast, type Past } from '../../core/Past.js'
import { failed, type Received } from '../../core/receive.js'
import type { Rejection } from '../../scuttlebutt.js'
import type { Store } from './Store.js'

/** Tells a peer's link of a refusal. */
export type Tell = (rejection: Rejection) => void

export interface Port<S, C> {
  /**
   * Takes updates from a peer. Tells refusals; never throws. Gives a promise if verdicts take time.
   */
  readonly receive: (arrivals: ArrivalsWithPast<C>, tell: Tell) => Promise<void> | undefined
  /**
   * Own updates that may be lost, for streams to ask peers for. Undefined before the first local
   * write.
   */
  readonly past: () => Past | undefined
  /**
   * As the store's `subscribe`, with the whole outcome of a batch. Returns the unsubscription.
   */
  readonly subscribe: (listener: (received: Received<S, C>) => void) => () => void
}

const PORT = Symbol('port')

interface WithPort<S, C> {
  readonly [PORT]?: { readonly port: Port<S, C>; readonly apply: Store<S, C>['apply'] }
}

/** The store with a port. A spread copy of the store has the port too. */
export const withPort = <S, C, T extends Store<S, C>>(store: T, port: Port<S, C>): T => ({
  ...store,
  [PORT]: { port, apply: store.apply },
})

/**
 * The port of a store: its own, or one made of its public functions for a store made elsewhere. So
 * for a copy with an `apply` of its own, which the port would pass by.
 */
export const portOf = <S, C>(store: Store<S, C>): Port<S, C> => {
  const own = (store as WithPort<S, C>)[PORT]
  return own?.apply === store.apply ? own.port : portFor(store)
}

const portFor = <S, C>(store: Store<S, C>): Port<S, C> => ({
  receive: (arrivals, tell) => {
    const updates = news(arrivals)
    if (updates.length === 0) return undefined
    try {
      store.apply(updates)
    } catch (error) {
      tell(failed(error))
    }
    for (const proof of arrivals.forked) tell(proof)
    return undefined
  },
  past: () => undefined,
  subscribe: (listener) =>
    store.subscribe((taken, replica) => {
      listener({ taken, replica, proofs: [], rebuilt: false })
    }),
})
