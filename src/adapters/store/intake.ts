/** How a store takes updates from elsewhere: through the gate, if there is one. */
import type { option as O } from 'fp-ts'
import { classify, isNews, news, unreadNews, type Batch, type Vouching } from '../../core/Arrivals.js'
import * as Clock from '../../core/Clock.js'
import * as Sure from '../../core/Sure.js'
import type { DataType } from '../../core/DataType.js'
import type { Budget } from '../../core/Frontier.js'
import * as Log from '../../core/Log.js'
import { failed, receive } from '../../core/receive.js'
import { brought, reply, type Message } from '../../core/reconcile.js'
import type { Update } from '../../core/Update.js'
import type { Rejection } from '../../scuttlebutt.js'
import * as Chain from '../../trust/Chain.js'
import type { Security } from '../../trust/Security.js'
import { refusalsOf } from '../../wire/Session.js'
import { put, type Cell } from './Cell.js'
import { createGate, type Gate } from './gate.js'
import { createHearsay } from './hearsay.js'
import { following, type Peer, type Port } from './Port.js'

export const createIntake = <S, C>(
  dataType: DataType<S, C>,
  cell: Cell<S, C>,
  security: Security<S, C> | undefined,
  now: () => number,
) => {
  const take = taker(dataType, cell)
  const gate =
    security &&
    createGate(dataType, security, {
      getReplica: cell.getReplica,
      now,
      isRestored: cell.isRestored,
      receive: (batch) => {
        const rejections = take(batch, 'nobody')
        const replica = cell.getReplica()
        const clock = Chain.follow(replica)
        put(cell, clock === replica.clock ? replica : { ...replica, clock })
        return rejections
      },
    })

  const receiveGated = gate && createGated(dataType, cell, gate, take, security.verifier.chains === true)
  const hearsay = createHearsay(cell.getReplica)
  const port: Port<S, C> = {
    getReplica: cell.getReplica,
    told: hearsay.told,
    past: cell.past,
    subscribe: cell.subscribe,
    refused: refused(cell),
    onRefused: cell.onPass,
    receive: (batch, vouching, tell, peer) => {
      const believed = hearsay.believed(vouching, batch)
      if (receiveGated !== undefined) return receiveGated(batch, believed, tell, peer)
      try {
        for (const rejection of take(batch, believed)) tell(rejection)
      } catch (error) {
        tell(failed(error))
      }
      return undefined
    },
  }
  /** Takes what the caller vouches for. A data type that throws throws out of it. */
  const apply = (updates: ReadonlyArray<Update<C>>): void => {
    if (receiveGated === undefined) take({ updates }, 'caller')
    else void receiveGated({ updates }, 'caller', () => undefined)
  }
  return { port, gate, hear: hearing(dataType, cell, port), apply }
}

/** Takes a message. The answer comes at once, or once all verdicts are there. */
const hearing =
  <S, C>(dataType: DataType<S, C>, cell: Cell<S, C>, port: Port<S, C>) =>
  (message: Message<C>, how: { readonly isTrusted: boolean; readonly isHasty: boolean }, budget?: Budget) => {
    const before = cell.getReplica()
    const peer = { id: message.digest.id, ...how }
    const { batch, vouching } = brought(message, before)
    const taking = port.receive(batch, vouching, () => undefined, peer)
    return { taking, answer: (): O.Option<Message<C>> => reply(dataType, message, before, cell.getReplica(), budget) }
  }

/** Keeps refusals of own updates, and passes on those of others. */
const refused =
  <S, C>(cell: Cell<S, C>): Port<S, C>['refused'] =>
  (refusals, by) => {
    const { id, log } = cell.getReplica()
    const own = refusals.filter(([, source]) => source === id)
    // a peer may make up others, to push out true ones
    const held = own.filter(([timestamp, source]) => Log.holds([undefined, timestamp, source])(log))
    cell.refuse(held.map(([timestamp, source, reason]) => ({ timestamp, source, reason, ...(by && { by }) })))
    if (own.length < refusals.length) cell.pass(refusals, by)
  }

/**
 * Takes batches through the gate. A claim counts once all of its batch is decided, and nothing of
 * it was refused.
 */
const createGated = <S, C>(
  dataType: DataType<S, C>,
  cell: Cell<S, C>,
  gate: Gate<C>,
  take: (batch: Batch<C>, vouching: Vouching) => unknown,
  mayChain: boolean,
): Port<S, C>['receive'] => {
  const { getReplica } = cell
  let words = Chain.empty
  const believed = (claim: Vouching, peer: Peer | undefined): Vouching => {
    if (typeof claim !== 'object' || peer === undefined) return claim
    const heard = Chain.hear({ claim, by: peer.id, isTrusted: peer.isTrusted, mayChain })(words, getReplica())
    words = heard[0]
    return heard[1]
  }
  return (batch, vouching, tell, peer) => {
    const all = [...batch.updates, ...(batch.unread ?? [])]
    const claim = vouching === 'caller' ? following(all, getReplica().clock) : vouching
    const refusedBefore = gate.refusedOf(tell)
    const finish = (isDecided: boolean): void => {
      // what is refused, or not decided yet, may be missing
      const counts = isDecided && gate.refusedOf(tell) === refusedBefore && claim !== 'nobody'
      const passed = batch.passed ?? []
      if (counts || passed.length > 0) take({ updates: [], passed }, believed(counts ? claim : 'nobody', peer))
    }
    const arrivals = classify(dataType, batch, 'nobody', getReplica(), cell.past())
    const decided = gate.receive({ updates: news(arrivals), unread: unreadNews(arrivals) }, tell)
    if (typeof decided !== 'boolean')
      return decided.then((isDecided) => {
        finish(isDecided && peer?.isHasty !== true)
      })
    finish(decided)
    return undefined
  }
}

/** Takes a batch, and gives what there is to say against it. */
const taker =
  <S, C>(dataType: DataType<S, C>, cell: Cell<S, C>) =>
  (batch: Batch<C>, vouching: Vouching): ReadonlyArray<Rejection> => {
    const past = cell.past()
    const before = cell.getReplica()
    const arrivals = classify(dataType, batch, vouching, before, past)
    const { id, clock } = before
    const isWhole = typeof vouching === 'object' && arrivals.crowdedOut.length === 0
    const endsDoubt = isWhole && cell.isRestored() && vouching.floor <= Clock.sureOf(id, clock)
    if (!isNews(arrivals) && !endsDoubt) return refusalsOf(arrivals, { proofs: [], replica: before }, past)
    const received = receive(dataType, arrivals, before)
    const settled = endsDoubt ? Sure.settle([id])(received.replica.clock) : received.replica.clock
    const replica = settled === received.replica.clock ? received.replica : { ...received.replica, clock: settled }
    if (replica !== before) cell.commit({ ...received, replica })
    if (endsDoubt) cell.begin()
    return refusalsOf(arrivals, received, past)
  }
