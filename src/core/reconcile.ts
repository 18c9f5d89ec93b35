/**
 * Anti-entropy, one message at a time, over any transport.
 *
 * Source: van Renesse et al., LADIS 2008, sections 2 and 3 (push-pull gossip).
 */
import type { option as O } from 'fp-ts'
import * as Clock from './Clock.js'
import type { DataType } from './DataType.js'
import type { Budget } from './Log.js'
import { applyUpdates, digest, missing, type Digest, type Replica } from './Replica.js'
import type { Update } from './Update.js'

/** What one replica says to another: what I have seen, and what you lack of it. */
export interface Message<C> {
  readonly digest: Digest
  readonly updates: ReadonlyArray<Update<C>>
  /**
   * Set on an answer that brings no updates: I have nothing for you, do you have something for me? Two
   * replicas that each have seen superseded updates of which the other has not would ask for ever without it.
   */
  readonly asks?: true
}

/**
 * Applies a peer's updates, and answers with what the peer lacks by its digest, or with a
 * mere digest if it has something for us, or with none.
 *
 * Start by sending `{ digest, updates: [] }`; pass every answer on; it ends by itself. A
 * message that is lost, doubled or late does no harm. A budget bounds each answer.
 * Costs as `applyUpdates` and `history`, and O(s) for the digest of s sources.
 */
export const reconcile =
  <S, C>(dataType: DataType<S, C>) =>
  (message: Message<C>, budget?: Budget) =>
  (replica: Replica<S, C>): readonly [Replica<S, C>, O.Option<Message<C>>] => {
    const next = applyUpdates(dataType)(message.updates)(replica)
    const updates = missing(dataType)(message.digest, budget)(next)
    if (updates.length > 0) return [next, some({ digest: digest(next), updates })]
    const peerHasNothing = message.updates.length === 0 && message.asks === true
    const mayLack = !peerHasNothing && Clock.lacks(message.digest.clock)(next.clock)
    return [next, mayLack ? some({ digest: digest(next), updates, asks: true }) : { _tag: 'None' }]
  }

const some = <A>(value: A): O.Some<A> => ({ _tag: 'Some', value })
