/** Conversations of stores by messages. */
import { open } from '../src/core/reconcile.js'
import type { LocalStore, ReconcileOptions } from '../src/adapters/store/Store.js'

type Peer<C> = Pick<LocalStore<unknown, C>, 'reconcile'>

/** Passes messages between two stores until one has nothing more to say. The other hears first. */
export const talk = <S, C>(
  one: Pick<LocalStore<S, C>, 'getReplica' | 'reconcile'>,
  other: Peer<C>,
  options: ReconcileOptions = {},
): void => {
  let message = other.reconcile(open(one.getReplica()), undefined, options)
  for (let to: Peer<C> = one; message._tag === 'Some'; to = to === one ? other : one) {
    message = to.reconcile(message.value, undefined, options)
  }
}
