/**
 * The handshake with one peer, as a pure state machine.
 *
 * A session keeps no queue. It knows which version of the log the peer was told, and {@link send}
 * gives what the replica has beyond that, a piece at a time. So a slow peer costs O(s) memory for s
 * sources, and one old version of the log. It is not sent updates that came and were superseded
 * meanwhile, nor those that it brought.
 *
 * A session claims how sure we are whenever all is told, and counts the lines before that. The peer
 * becomes as sure, unless a line was lost or refused.
 *
 * {@link step} is a whole transition, for your own transport. The links of `adapters` call
 * {@link receive} and {@link send} apart, because verification may take time in between.
 *
 * Source: the protocol of npm `scuttlebutt` 5.6.15; flow control as in LADIS 2008, section 4.
 */
import type { either as E } from 'fp-ts'
import { classify, type Arrivals } from '../core/Arrivals.js'
import type { DataType } from '../core/DataType.js'
import type { Past } from '../core/Past.js'
import * as Batch from '../core/receive.js'
import type { Replica } from '../core/Replica.js'
import { stampOf } from '../core/Update.js'
import * as Lost from './session/lost.js'
import { receive } from './session/receive.js'
import { send } from './session/send.js'
import { hasAll, refuse, type Session, type SessionError, type Step } from './session/state.js'
import * as Telling from './session/telling.js'
import type { WireMessage } from './WireMessage.js'

export type { Options } from './session/Options.js'
export type { Announcement, Session, SessionError, Step } from './session/state.js'
export { fail, open, pass, peerEnds, refuse } from './session/state.js'
export { receive, type Brought, type Received } from './session/receive.js'
export { send, type Sent } from './session/send.js'

/** Whether our side will never send more. O(1). */
export const isDone = <C>(session: Session<C>): boolean => {
  const { options, failed, peer, peerEnded, telling, syncSent, lost } = session
  if (!failed && Lost.isWanted(lost)) return false
  const isAwaiting = peer === undefined && telling.told === undefined
  if (failed || (peerEnded && (syncSent || isAwaiting))) return true
  return options.tail === false && syncSent && hasAll(session)
}

/** How a session stands. */
export interface Status {
  readonly phase: 'connecting' | 'syncing' | 'synced' | 'failed'
  /** The number of updates that the peer is still to be told. */
  readonly unsent: number
  /** Whether something from the peer was refused: the two may differ until a later session. */
  readonly refused: boolean
}

/** How a session stands. O(s), and O(d log u) for d updates to be told. */
export const status = <S, C>(session: Session<C>, replica: Replica<S, C>): Status => {
  const { failed, synced, peer, hearing, options } = session
  const hasBegun = session.telling.told !== undefined || peer === undefined || options.readable === false
  const telling = hasBegun ? session.telling : Telling.begin(peer)(session.telling, replica)
  const phase = failed ? 'failed' : synced ? 'synced' : peer === undefined ? 'connecting' : 'syncing'
  return { phase, unsent: Telling.unsent(telling, replica), refused: hearing.hasRefused }
}

/**
 * What a replica has to say against a batch that it took: forks, strangers, want of room. O(u log
 * n).
 */
export const refusalsOf = <S, C>(
  arrivals: Arrivals<C>,
  { proofs, replica }: Pick<Batch.Received<S, C>, 'proofs' | 'replica'>,
  past: Past | undefined,
): ReadonlyArray<SessionError> => {
  const stranger = past && Lost.strangerIn(arrivals, past, replica.log)
  const crowded = arrivals.crowdedOut.map((update) => ({ _tag: 'Crowded', at: '', update }) as const)
  return [...proofs, ...(stranger ? [stranger] : []), ...crowded]
}

/** The session after a store or a replica refused something that the peer brought. O(1). */
export const told =
  (rejection: { readonly _tag: string; readonly update?: unknown }) =>
  <C>(session: Session<C>): Session<C> => {
    switch (rejection._tag) {
      case 'Equivocation':
        return session
      case 'Stranger':
        return { ...session, lost: { ...session.lost, estranged: true } }
      default:
        return refuse([[stampOf(rejection.update), rejection._tag]])(session)
    }
  }

/**
 * A whole step: receives from the peer, applies the updates, and answers with all that the peer
 * lacks. Errors are announced. Costs as {@link receive}, `applyUpdates` and {@link send}.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as t from 'io-ts'
 * const model = scuttlebutt(Model.of(t.number))
 * const ann = model.applyUpdate([['x', 1], 1000, 'ann'])(model.create('ann'))
 * const header = E.right({ _tag: 'Header', header: model.digest(model.create('ben')) })
 * const { send: lines } = step(model.dataType)([header])(open(), ann)
 * lines.map(({ _tag }) => _tag) // => ['Opening', 'Header', 'Update', 'Sure', 'Sync']
 */
export const step =
  <S, C>(dataType: DataType<S, C>) =>
  (messages: ReadonlyArray<E.Either<SessionError, WireMessage<C>>>, past?: Past) =>
  (session: Session<C>, replica: Replica<S, C>): Step<S, C> => {
    const heard = receive(dataType)(messages)(session, replica)
    const announce = [...heard.announce]
    let next = replica
    let listening: Session<C> = { ...heard.session, options: { kind: dataType, ...heard.session.options } }
    for (const { batch, vouching } of heard.brought) {
      const arrivals = classify(dataType, batch, vouching, next, listening.lost.asked)
      const received = Batch.receive(dataType, arrivals, next)
      for (const rejection of refusalsOf(arrivals, received, past)) {
        if (rejection._tag === 'Stranger' && listening.lost.estranged) continue
        announce.push({ _tag: 'rejection', rejection })
        listening = told(rejection)(listening)
      }
      next = received.replica
    }
    const sent = send<C>(Infinity, past)(listening, next)
    return { session: sent.session, replica: next, send: sent.send, announce: [...announce, ...sent.announce] }
  }
