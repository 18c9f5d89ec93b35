/**
 * Anti-entropy, one message at a time, over any transport.
 *
 * Source: van Renesse et al., LADIS 2008, sections 2 and 3 (push-pull gossip).
 */
import type { option as O } from 'fp-ts'
import * as Clock from './Clock.js'
import type { DataType } from './DataType.js'
import type { Budget } from './Frontier.js'
import { none, some } from './Option.js'
import { classify, receive } from './receive.js'
import { digest, missing, type Digest, type Replica } from './Replica.js'
import type { Update } from './Update.js'

/** What one replica says to another: what it has seen, and the updates that the other lacks. */
export interface Message<C> {
  readonly digest: Digest
  readonly updates: ReadonlyArray<Update<C>>
  /**
   * Only on an answer without updates. It says: I have nothing for you, do you have something for
   * me? Two replicas that have nothing for each other would else ask for ever, if each has seen a
   * superseded update that the other has not.
   */
  readonly asks?: true
}

/**
 * Takes a peer's updates, both contents of a fork included. Answers with the updates that the peer
 * lacks by its digest; or with a digest alone, if the peer has updates for us; or with `none`.
 *
 * Start by sending `{ digest, updates: [] }`. Pass every answer on: the conversation ends by
 * itself. A message that is lost, doubled or late does no harm. A budget bounds each answer. Has no
 * errors: believes the message, see `decodeMessage`. Costs as `applyUpdates` and `history`, and
 * O(s) for the digest of s sources.
 */
export const reconcile =
  <S, C>(dataType: DataType<S, C>) =>
  (message: Message<C>, budget?: Budget) =>
  (replica: Replica<S, C>): readonly [Replica<S, C>, O.Option<Message<C>>] => {
    const { replica: next } = receive(dataType)(classify(dataType)(message.updates)(replica))(replica)
    const updates = missing(dataType)(message.digest, budget)(next)
    if (updates.length > 0) return [next, some({ digest: digest(next), updates })]
    const peerHasNothing = message.updates.length === 0 && message.asks === true
    const mayLack = !peerHasNothing && Clock.lacks(message.digest.clock)(next.clock)
    return [next, mayLack ? some({ digest: digest(next), updates, asks: true }) : none]
  }
