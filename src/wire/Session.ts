/**
 * The handshake with one peer, as a pure state machine. Every adapter drives this one.
 *
 * A session keeps no queue: it knows what the peer has (its header's clock, moved on by all
 * that went either way), and {@link send} gives what the replica has beyond that, a piece at
 * a time. So a peer that reads slowly costs O(s) memory for s sources and one old version
 * of the log, is never sent what was superseded meanwhile, and gets nothing back that it sent.
 *
 * Source: the protocol of npm `scuttlebutt` 5.6.15; flow control as in LADIS 2008, section 4.
 */
import type { either as E } from 'fp-ts'
import * as Clock from '../core/Clock.js'
import type { DataType } from '../core/DataType.js'
import * as Log from '../core/Log.js'
import type { Rejection } from '../core/Rejection.js'
import * as Replica from '../core/Replica.js'
import * as SortedMap from '../structures/SortedMap.js'
import type { Update } from '../core/Update.js'
import type { Past } from '../core/Replica.js'
import { NEVER, type Timestamp } from '../core/Timestamp.js'
import type { WireMessage } from './WireMessage.js'

export interface Options {
  /** Rides in the header. JSON. */
  readonly meta?: unknown
  /** Go on with live updates after SYNC. Default true; false ends when both have synced. */
  readonly tail?: boolean
  /** Send updates and SYNC. Default true. */
  readonly readable?: boolean
  /** Take updates. Default true; false sends all without waiting for a header (but see `clock`). */
  readonly writable?: boolean
  /** With `readable: false`: send the header all the same, so that the peer sends just what is missing. */
  readonly sendClock?: boolean
  /** With `writable: false`: wait for the peer's header, and send just what it lacks. */
  readonly clock?: boolean
  /**
   * For a transport that may lose or swap lines: say after every few updates how many they were, and
   * apply what the peer sent only once it has said so too. Both sides must set it; the original cannot.
   */
  readonly checked?: boolean
}

/** As many updates a checked peer may send before it says how many they were. */
const MAX_UNCONFIRMED = 1024

export interface Session<C> {
  readonly options: Options
  readonly headerSent: boolean
  /** The peer's header, once it came. */
  readonly peer: Replica.Digest | undefined
  /** What the peer has said that it has, by its header and its updates; undefined while we must wait for that. */
  readonly known: Clock.Clock | undefined
  /** What we are about to send, and what of ours the peer has after it. */
  readonly pending: Log.Frontier<C>
  readonly target: Clock.Clock
  /** The newest update that the peer sent of each source. */
  readonly received: Clock.Clock
  readonly syncSent: boolean
  readonly syncReceived: boolean
  readonly synced: boolean
  /** With `checked`: what the peer sent since it last said how much. */
  readonly unconfirmed: ReadonlyArray<Update<C>>
  /** With `checked`: how many of these were refused. They came, all the same. */
  readonly refused: number
  /** We have asked for what of our own we may have lost. */
  readonly asked: Past | undefined
  /** What the peer asked for of its own; once, and nothing once it is sent. */
  readonly wanted: Log.Frontier<C> | undefined
  readonly wantedUntil: Timestamp
  /** Told that another writes in our name. */
  readonly estranged: boolean
  /** Something is missing: nothing more is believed or said, and the next session repairs it. */
  readonly failed: boolean
  /** The peer will say no more. */
  readonly peerEnded: boolean
}

/** What happened, for whoever cares. */
export type Announcement =
  | { readonly _tag: 'header'; readonly header: Replica.Digest }
  | { readonly _tag: 'syncSent' }
  | { readonly _tag: 'syncReceived' }
  | { readonly _tag: 'sync' }
  | { readonly _tag: 'rejection'; readonly rejection: Rejection }

/** The outcome of a transition. */
export interface Step<S, C> {
  readonly session: Session<C>
  readonly replica: Replica.Replica<S, C>
  /** What to write to the peer, in order. */
  readonly send: ReadonlyArray<WireMessage<C>>
  readonly announce: ReadonlyArray<Announcement>
}

/** A session that has said nothing yet: {@link send} begins it. */
export const open = <C>(options: Options = {}): Session<C> => ({
  options,
  headerSent: false,
  peer: undefined,
  known: options.writable === false && options.clock !== true ? Clock.empty : undefined,
  pending: SortedMap.empty(),
  target: Clock.empty,
  received: Clock.empty,
  syncSent: options.readable === false,
  syncReceived: false,
  synced: false,
  unconfirmed: [],
  refused: 0,
  asked: undefined,
  wanted: undefined,
  wantedUntil: NEVER,
  estranged: false,
  failed: false,
  peerEnded: false,
})

/** The outcome of {@link receive}. */
export interface Received<C> {
  readonly session: Session<C>
  /**
   * The updates that are new to the replica, for it to apply; those that it had lost, to recover; and those that
   * {@link Received.equivocations} are about, to confront.
   */
  readonly updates: ReadonlyArray<Update<C>>
  /** Other contents under stamps that are held: as true as the updates are, if these are verified. */
  readonly equivocations: ReadonlyArray<Rejection>
  readonly announce: ReadonlyArray<Announcement>
}

/**
 * Takes what the peer sent: decoded lines, or why they are none. Whatever is refused is
 * announced, and changes nothing. Applying the updates is the caller's, {@link send} next.
 * O(m (log s + log u)) for m messages; a header, O(s log s).
 */
export const receive =
  <S, C>(dataType: DataType<S, C>) =>
  (messages: ReadonlyArray<E.Either<Rejection, WireMessage<C>>>) =>
  (session: Session<C>, replica: Replica.Replica<S, C>, past?: Past): Received<C> => {
    let next = session
    const announce: Announcement[] = []
    const refuse = (rejection: Rejection): void => void announce.push({ _tag: 'rejection', rejection })
    const updates: Update<C>[] = []
    for (const message of messages) {
      if (next.failed) break
      if (message._tag === 'Left') {
        refuse(message.left)
        if ('update' in message.left) next = { ...next, refused: next.refused + 1 }
        continue
      }
      switch (message.right._tag) {
        case 'Header':
          if (next.peer !== undefined) refuse({ _tag: 'SecondHeader', at: '', header: message.right.header })
          else next = headerReceived(next, message.right.header, announce)
          break
        case 'Update':
          if (next.options.checked !== true) updates.push(message.right.update)
          else next = { ...next, unconfirmed: [...next.unconfirmed, message.right.update] }
          if (next.unconfirmed.length > MAX_UNCONFIRMED) next = gap(next, 0, refuse)
          break
        case 'Count': {
          if (next.options.checked !== true) break
          const { count } = message.right
          if (count !== next.unconfirmed.length + next.refused) next = gap(next, count, refuse)
          else updates.push(...Log.sorted(next.unconfirmed))
          next = { ...next, unconfirmed: [], refused: 0 }
          break
        }
        case 'Sync':
          next = next.unconfirmed.length > 0 ? gap(next, 0, refuse) : syncReceived(next, announce)
          break
        case 'Lost': {
          const { source, since, until } = message.right.past
          if (next.wanted === undefined) {
            next = { ...next, wanted: Log.frontier([[source, since]])(replica.log), wantedUntil: until }
          }
          break
        }
        case 'Ignored':
          break
      }
    }
    if (updates.length === 0 || session.options.writable === false) {
      return { session: next, updates: [], equivocations: [], announce }
    }
    const { fresh, stale } = Replica.sift(updates)(replica)
    const found = stale.filter((update) => Replica.isLost(update, next.asked)(replica))
    const [late, received] = latecomers(updates, fresh.concat(found), next.received, replica)
    const equivocations = stale.length === 0 ? [] : Replica.equivocations(dataType)(updates)(replica)
    for (const rejection of late) refuse(rejection)
    const stranger = next.estranged ? undefined : strangerIn(fresh, found, past)
    if (stranger !== undefined) refuse({ _tag: 'Stranger', at: '[2]', update: stranger })
    const known = next.known && Clock.advanceAll(updates)(next.known)
    return {
      session: { ...next, received, known, estranged: next.estranged || stranger !== undefined },
      updates: stale.length === 0 ? fresh : [...fresh, ...found, ...equivocations.map(({ update }) => update)],
      equivocations,
      announce,
    }
  }

/** An update in our own name that is none of those that we have made since we began, nor known from before. */
const strangerIn = <C>(
  fresh: ReadonlyArray<Update<C>>,
  found: ReadonlyArray<Update<C>>,
  past: Past | undefined,
): Update<C> | undefined => found[0] ?? (past && fresh.find((update) => update[2] === past.source))

/** Fewer updates came than were sent, or more: those not confirmed are forgotten, and come again next time. */
const gap = <C>(session: Session<C>, sent: number, refuse: (rejection: Rejection) => void): Session<C> => {
  refuse({ _tag: 'Gap', at: '', sent, received: session.unconfirmed.length + session.refused })
  return { ...session, failed: true, unconfirmed: [] }
}

const headerReceived = <C>(session: Session<C>, header: Replica.Digest, announce: Announcement[]): Session<C> => {
  announce.push({ _tag: 'header', header })
  const claimed = Clock.join(session.received)(Clock.fromRecord(header.clock, header.floor))
  return { ...session, peer: header, known: session.known === undefined ? claimed : Clock.join(claimed)(session.known) }
}

const syncReceived = <C>(session: Session<C>, announce: Announcement[]): Session<C> => {
  if (session.syncReceived) return session
  announce.push({ _tag: 'syncReceived' })
  return bothSynced({ ...session, syncReceived: true }, announce)
}

const bothSynced = <C>(session: Session<C>, announce: Announcement[]): Session<C> => {
  if (session.synced || !session.syncSent || !hasAll(session)) return session
  announce.push({ _tag: 'sync' })
  return { ...session, synced: true }
}

/** Whether the peer has sent what it had at first; a side that takes no updates waits for none. */
const hasAll = <C>({ options, syncReceived }: Session<C>): boolean => syncReceived || options.writable === false

/**
 * The updates older than one of their source that came before on this stream, and not held: they came too late to
 * count. Told from what comes twice, as far as what came first was not superseded. And the clock of all that came.
 */
const latecomers = <S, C>(
  updates: ReadonlyArray<Update<C>>,
  fresh: ReadonlyArray<Update<C>>,
  received: Clock.Clock,
  replica: Replica.Replica<S, C>,
): readonly [ReadonlyArray<Rejection>, Clock.Clock] => {
  const heard = new Clock.Draft(received)
  const late: (readonly [update: Update<C>, rejection: Rejection])[] = []
  for (const update of updates) {
    const after = heard.timestampOf(update[2])
    if (heard.advance(update[2], update[1]) || update[1] === after) continue
    late.push([update, { _tag: 'OutOfOrder', at: '[1]', update, after }])
  }
  if (late.length === 0) return [[], heard.done()]
  const log = Log.evolve(fresh, [])(replica.log)
  const missing = late.filter(([update]) => Log.find(update)(log) === undefined)
  return [missing.map(([, rejection]) => rejection), heard.done()]
}

/** Nothing more is believed or said: the updates that {@link receive} gave could not be applied. */
export const fail = <C>(session: Session<C>): Session<C> => ({ ...session, failed: true })

/** The peer will say no more: what it lacks is still sent, then the session is done. */
export const peerEnds = <C>(session: Session<C>): Session<C> => ({ ...session, peerEnded: true })

/** Whether all is said on our side, for good. */
export const isDone = <C>(session: Session<C>): boolean => {
  const { options, failed, peerEnded, known, syncSent, wanted } = session
  if (!failed && wanted !== undefined && SortedMap.size(wanted) > 0) return false
  if (failed || (peerEnded && (syncSent || known === undefined))) return true
  return options.tail === false && syncSent && hasAll(session)
}

/**
 * What to write next: the header, what the peer lacks up to `maxUpdates`, SYNC. Empty when
 * there is nothing more for now: try again after the next update or message.
 * O(m (log s + log u)) for m messages, and O(s log s) once for the history over s sources.
 */
export const send =
  <C>(maxUpdates = Infinity, past?: Past) =>
  <S>(session: Session<C>, replica: Replica.Replica<S, C>): Omit<Step<S, C>, 'replica'> => {
    const messages: WireMessage<C>[] = []
    const announce: Announcement[] = []
    let next = session
    const { meta, readable = true, sendClock = false, tail = true, checked = false } = session.options
    if (!next.headerSent && (readable || sendClock)) {
      const digest = Replica.digest(replica)
      messages.push({ _tag: 'Header', header: meta === undefined ? digest : { ...digest, meta } })
      next = { ...next, headerSent: true }
    }
    if (past !== undefined && next.asked === undefined && next.headerSent && hasMore(next.peer, past, replica.clock)) {
      next = { ...next, asked: past }
      messages.push({ _tag: 'Lost', past })
    }
    if (!readable) return { session: bothSynced(next, announce), send: messages, announce }
    if (next.wanted !== undefined && SortedMap.size(next.wanted) > 0 && !checked && !next.failed) {
      const [updates, rest] = Log.take<C>(
        { maxUpdates: Math.max(1, maxUpdates - messages.length) },
        () => 0,
      )(next.wanted)
      const within = updates.filter(([, timestamp]) => timestamp < next.wantedUntil)
      for (const update of within) messages.push({ _tag: 'Update', update })
      next = { ...next, wanted: within.length < updates.length ? SortedMap.empty() : rest }
    }
    while (next.known !== undefined && !next.failed && (tail || !next.syncSent)) {
      next = catchUp(next, next.known, replica)
      const room = maxUpdates - messages.length
      if (room <= 0) break
      if (SortedMap.size(next.pending) > 0) {
        const [updates, pending] = Log.take<C>(
          { maxUpdates: checked ? Math.min(room, MAX_UNCONFIRMED) : room },
          () => 0,
        )(next.pending)
        for (const update of updates) messages.push({ _tag: 'Update', update })
        if (checked) messages.push({ _tag: 'Count', count: updates.length })
        next = { ...next, pending }
      } else if (next.syncSent) {
        break
      } else {
        messages.push({ _tag: 'Sync' })
        announce.push({ _tag: 'syncSent' })
        next = bothSynced({ ...next, syncSent: true }, announce)
      }
    }
    return { session: next, send: messages, announce }
  }

/** Whether a peer has heard of us what we know nothing of: from before we began, or from another in our name. */
const hasMore = (peer: Replica.Digest | undefined, { source, since, until }: Past, clock: Clock.Clock): boolean => {
  if (peer === undefined || !Object.hasOwn(peer.clock, source)) return false
  const claimed = peer.clock[source]!
  return (claimed > since && claimed < until) || claimed > Clock.timestampOf(source)(clock)
}

/** Once what was pending is sent, the peer has all up to `target`; what came up meanwhile is pending next. */
const catchUp = <S, C>(session: Session<C>, known: Clock.Clock, { clock, log }: Replica.Replica<S, C>): Session<C> => {
  if (SortedMap.size(session.pending) > 0 || clock === session.target) return session
  return { ...session, pending: Log.frontier(Clock.ahead(session.target, known)(clock))(log), target: clock }
}

/**
 * A whole step: takes what the peer sent, applies it, and answers with all that the peer lacks.
 * Costs as {@link receive} and {@link send}.
 *
 * @example
 * const model = scuttlebutt(Model.of(t.number))
 * const ann = model.applyUpdate([['x', 1], 1000, 'ann'])(model.create('ann'))
 * const header = E.right({ _tag: 'Header', header: model.digest(model.create('ben')) })
 * const { send: lines } = step(model.dataType)([header])(open(), ann)
 * lines.map(({ _tag }) => _tag) // => ['Header', 'Update', 'Sync']
 */
export const step =
  <S, C>(dataType: DataType<S, C>) =>
  (messages: ReadonlyArray<E.Either<Rejection, WireMessage<C>>>) =>
  (session: Session<C>, replica: Replica.Replica<S, C>, past?: Past): Step<S, C> => {
    const { session: heard, updates, equivocations, announce } = receive(dataType)(messages)(session, replica, past)
    const [, next] = Replica.take(dataType)(updates, past)(replica)
    const sent = send<C>(Infinity, past)(heard, next)
    const proofs = equivocations.map((rejection) => ({ _tag: 'rejection', rejection }) as const)
    return {
      session: sent.session,
      replica: next,
      send: sent.send,
      announce: [...announce, ...proofs, ...sent.announce],
    }
  }
