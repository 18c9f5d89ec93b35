/**
 * The handshake with one peer, as a pure state machine.
 *
 * A session keeps no queue. It knows what the peer has: the clock of the peer's header, advanced by
 * all updates sent and received. {@link send} gives what the replica has beyond that, a piece at a
 * time. So a slow peer costs O(s) memory for s sources, and one old version of the log. It is not
 * sent updates that came and were superseded meanwhile, nor its own updates.
 *
 * {@link step} is a whole transition, for your own transport. The links of `adapters` call
 * {@link receive} and {@link send} apart, because verification may take time in between.
 *
 * Source: the protocol of npm `scuttlebutt` 5.6.15; flow control as in LADIS 2008, section 4.
 */
import type { either as E } from 'fp-ts'
import * as Clock from '../core/Clock.js'
import type { DataType } from '../core/DataType.js'
import type { Equivocation } from '../core/Fork.js'
import * as Frontier from '../core/Frontier.js'
import * as Log from '../core/Log.js'
import * as Past from '../core/Past.js'
import type { Failed } from '../core/receive.js'
import type { InUpdate } from '../core/Rejection.js'
import * as Replica from '../core/Replica.js'
import type { Timestamp } from '../core/Timestamp.js'
import type { Update } from '../core/Update.js'
import type { LineError } from './lines/format.js'
import type { LineTooLong } from './lines/Lines.js'
import * as Counting from './session/counting.js'
import * as Lost from './session/lost.js'
import type { Options } from './session/Options.js'
import type { WireMessage } from './WireMessage.js'

export type { Options } from './session/Options.js'

/** A second header came. It means two peers on one stream, or an attack. */
export interface SecondHeader {
  readonly _tag: 'SecondHeader'
  readonly at: string
  readonly header: unknown
}

/**
 * An update is older than another of its source that came earlier on this stream. It is ignored.
 */
export type OutOfOrder = InUpdate & { readonly _tag: 'OutOfOrder'; readonly after: Timestamp }

/** Nothing came for `timeout` ms. */
export interface Silent {
  readonly _tag: 'Silent'
  readonly at: string
  readonly timeout: number
}

/** Why a session refuses something from the peer. */
export type SessionError =
  | LineTooLong
  | LineError
  | SecondHeader
  | OutOfOrder
  | Counting.Gap
  | Lost.Stranger
  | Silent
  | Failed
  | Equivocation<unknown>

export interface Session<C> {
  readonly options: Options
  readonly headerSent: boolean
  /** The peer's header, once it came. */
  readonly peer: Replica.Digest | undefined
  /** What the peer has, by its header and its updates. Undefined while we wait for the header. */
  readonly known: Clock.Clock | undefined
  /** What is to be sent next, and the clock that covers all of it. */
  readonly pending: Frontier.Frontier<C>
  readonly target: Clock.Clock
  /** The newest update that the peer sent of each source. */
  readonly received: Clock.Clock
  readonly syncSent: boolean
  readonly syncReceived: boolean
  readonly synced: boolean
  /** With `checked`: what the peer sent since its last count. */
  readonly counting: Counting.Counting<C>
  readonly lost: Lost.Lost<C>
  /** Updates are missing. Nothing more is received or sent; the next session repairs it. */
  readonly failed: boolean
  /** The peer will say no more. */
  readonly peerEnded: boolean
}

/** What happened, for listeners. `R` is the type of refusals. */
export type Announcement<R = SessionError> =
  | { readonly _tag: 'header'; readonly header: Replica.Digest }
  | { readonly _tag: 'syncSent' }
  | { readonly _tag: 'syncReceived' }
  | { readonly _tag: 'sync' }
  | { readonly _tag: 'rejection'; readonly rejection: R }

/** The outcome of a transition. */
export interface Step<S, C> {
  readonly session: Session<C>
  readonly replica: Replica.Replica<S, C>
  /** What to write to the peer, in order. */
  readonly send: ReadonlyArray<WireMessage<C>>
  readonly announce: ReadonlyArray<Announcement>
}

/** A session that has said nothing yet. {@link send} begins it. O(1). */
export const open = <C>(options: Options = {}): Session<C> => ({
  options,
  headerSent: false,
  peer: undefined,
  known: options.writable === false && options.clock !== true ? Clock.empty : undefined,
  pending: Frontier.empty(),
  target: Clock.empty,
  received: Clock.empty,
  syncSent: options.readable === false,
  syncReceived: false,
  synced: false,
  counting: Counting.empty(),
  lost: Lost.empty(),
  failed: false,
  peerEnded: false,
})

/** The outcome of {@link receive}. */
export interface Received<C> {
  readonly session: Session<C>
  /** The updates, for the replica to receive. Undefined if none came. */
  readonly arrivals: Past.ArrivalsWithPast<C> | undefined
  readonly announce: ReadonlyArray<Announcement>
}

/**
 * Receives from the peer: decoded lines, or why they were refused. Errors are announced, and change
 * nothing. The caller gives the arrivals to the replica, then calls {@link send}. `past` is what
 * the store may have lost. O(m (log s + log u)) for m messages; O(s log s) for a header.
 */
export const receive =
  <S, C>(dataType: DataType<S, C>) =>
  (messages: ReadonlyArray<E.Either<SessionError, WireMessage<C>>>, past?: Past.Past) =>
  (session: Session<C>, replica: Replica.Replica<S, C>): Received<C> => {
    const announce: Announcement[] = []
    const updates: Update<C>[] = []
    let next = session
    for (const message of messages) {
      if (next.failed) break
      next =
        message._tag === 'Left'
          ? refused(next, message.left, announce)
          : heard(next, message.right, replica, updates, announce)
    }
    if (updates.length === 0 || session.options.writable === false)
      return { session: next, arrivals: undefined, announce }
    const arrivals = Past.classify(dataType)(updates, next.lost.asked)(replica)
    const [late, received] = latecomers(arrivals, next.received)
    const stranger = next.lost.estranged ? undefined : Lost.strangerIn(arrivals, past)
    for (const rejection of stranger === undefined ? late : [...late, stranger]) refuse(rejection, announce)
    const known = next.known && Clock.advanceAll(updates)(next.known)
    const lost = stranger === undefined ? next.lost : { ...next.lost, estranged: true }
    return { session: { ...next, received, known, lost }, arrivals, announce }
  }

const refuse = (rejection: SessionError, announce: Announcement[]): void => {
  announce.push({ _tag: 'rejection', rejection })
}

const refused = <C>(session: Session<C>, rejection: SessionError, announce: Announcement[]): Session<C> => {
  refuse(rejection, announce)
  if (!('update' in rejection)) return session
  return { ...session, counting: { ...session.counting, refused: session.counting.refused + 1 } }
}

/** The session after one message. Adds the updates for the replica to `updates`. */
const heard = <S, C>(
  session: Session<C>,
  message: WireMessage<C>,
  { log }: Replica.Replica<S, C>,
  updates: Update<C>[],
  announce: Announcement[],
): Session<C> => {
  const { counting, lost, options, peer } = session
  switch (message._tag) {
    case 'Header':
      if (peer === undefined) return headerReceived(session, message.header, announce)
      refuse({ _tag: 'SecondHeader', at: '', header: message.header }, announce)
      return session
    case 'Update': {
      if (options.checked !== true) {
        updates.push(message.update)
        return session
      }
      const waiting = Counting.heard(message.update)(counting)
      return waiting._tag === 'Left' ? broken(session, waiting.left, announce) : { ...session, counting: waiting.right }
    }
    case 'Count': {
      if (options.checked !== true) return session
      const confirmed = Counting.counted(message.count)(counting)
      if (confirmed._tag === 'Left') return broken(session, confirmed.left, announce)
      updates.push(...confirmed.right)
      return { ...session, counting: Counting.empty() }
    }
    case 'Sync':
      if (counting.updates.length > 0) return broken(session, Counting.gap(0, counting), announce)
      return syncReceived(session, announce)
    case 'Lost':
      return { ...session, lost: Lost.heard(message.past, log)(lost) }
    case 'Ignored':
      return session
  }
}

/** Forgets the updates that were not confirmed: the next session brings them again. */
const broken = <C>(session: Session<C>, gap: Counting.Gap, announce: Announcement[]): Session<C> => {
  refuse(gap, announce)
  return { ...session, failed: true, counting: Counting.empty() }
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

/** Whether the peer has sent all that it had at first. A side that takes no updates needs none. */
const hasAll = <C>({ options, syncReceived }: Session<C>): boolean => syncReceived || options.writable === false

/**
 * Updates older than one that this peer sent before, and not in the log. A repeat is not reported
 * unless the first copy was superseded. Also gives the clock of everything received.
 */
const latecomers = <C>(
  { fresh, filled, given, replica }: Past.ArrivalsWithPast<C>,
  received: Clock.Clock,
): readonly [ReadonlyArray<OutOfOrder>, Clock.Clock] => {
  const clock = new Clock.Draft(received)
  const late: OutOfOrder[] = []
  for (const update of given) {
    const after = clock.timestampOf(update[2])
    if (clock.advance(update[2], update[1]) || update[1] === after) continue
    late.push({ _tag: 'OutOfOrder', at: '[1]', update, after })
  }
  if (late.length === 0) return [late, clock.done()]
  const log = Log.evolve(fresh.concat(filled), [])(replica.log)
  return [late.filter(({ update }) => Log.find(update as Update<C>)(log) === undefined), clock.done()]
}

/** The session after updates from {@link receive} could not be applied: it ends. O(1). */
export const fail = <C>(session: Session<C>): Session<C> => ({ ...session, failed: true })

/** The session after the peer has said all. It still sends what the peer lacks. O(1). */
export const peerEnds = <C>(session: Session<C>): Session<C> => ({ ...session, peerEnded: true })

/** Whether our side will never send more. O(1). */
export const isDone = <C>(session: Session<C>): boolean => {
  const { options, failed, peerEnded, known, syncSent, lost } = session
  if (!failed && Lost.isWanted(lost)) return false
  if (failed || (peerEnded && (syncSent || known === undefined))) return true
  return options.tail === false && syncSent && hasAll(session)
}

/** The outcome of {@link send}. */
export type Sent<C> = Omit<Step<never, C>, 'replica'>

/**
 * What to write next: the header, up to `maxUpdates` of the updates that the peer lacks, SYNC.
 * Empty if there is nothing for now: try again after the next update or message. Has no errors.
 * O(m (log s + log u)) for m messages, and O(s log s) once for the history over s sources.
 */
export const send =
  <C>(maxUpdates = Infinity, past?: Past.Past) =>
  <S>(session: Session<C>, replica: Replica.Replica<S, C>): Sent<C> => {
    const messages: WireMessage<C>[] = []
    const announce: Announcement[] = []
    let next = sendHeader(session, replica, messages)
    if (next.headerSent && Lost.shouldAsk(next.lost, past, next.peer, replica.clock)) {
      next = { ...next, lost: { ...next.lost, asked: past } }
      messages.push({ _tag: 'Lost', past })
    }
    if (next.options.readable === false) return { session: bothSynced(next, announce), send: messages, announce }
    next = sendWanted(next, maxUpdates, messages)
    next = sendLacking(next, replica, maxUpdates, messages, announce)
    return { session: next, send: messages, announce }
  }

const sendHeader = <S, C>(
  session: Session<C>,
  replica: Replica.Replica<S, C>,
  messages: WireMessage<C>[],
): Session<C> => {
  const { meta, readable = true, sendClock = false } = session.options
  if (session.headerSent || !(readable || sendClock)) return session
  const digest = Replica.digest(replica)
  messages.push({ _tag: 'Header', header: meta === undefined ? digest : { ...digest, meta } })
  return { ...session, headerSent: true }
}

/** Sends what the peer has lost and asked for. */
const sendWanted = <C>(session: Session<C>, maxUpdates: number, messages: WireMessage<C>[]): Session<C> => {
  const { options, failed, lost } = session
  if (lost.wanted === undefined || !Lost.isWanted(lost) || options.checked === true || failed) return session
  const [updates, rest] = pieceOf(lost.wanted, Math.max(1, maxUpdates - messages.length))
  const within = updates.filter(([, timestamp]) => timestamp < lost.wantedUntil)
  for (const update of within) messages.push({ _tag: 'Update', update })
  return { ...session, lost: { ...lost, wanted: within.length < updates.length ? Frontier.empty() : rest } }
}

/** Sends what the peer lacks, then SYNC, then what is new since. */
const sendLacking = <S, C>(
  session: Session<C>,
  replica: Replica.Replica<S, C>,
  maxUpdates: number,
  messages: WireMessage<C>[],
  announce: Announcement[],
): Session<C> => {
  const { tail = true, checked = false } = session.options
  let next = session
  while (next.known !== undefined && !next.failed && (tail || !next.syncSent)) {
    next = catchUp(next, next.known, replica)
    const room = maxUpdates - messages.length
    if (room <= 0) break
    if (!Frontier.isEmpty(next.pending)) {
      const [updates, pending] = pieceOf(next.pending, checked ? Math.min(room, Counting.MAX_UNCONFIRMED) : room)
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
  return next
}

const pieceOf = <C>(frontier: Frontier.Frontier<C>, maxUpdates: number) =>
  Frontier.next<C>({ maxUpdates }, () => 0)(frontier)

/** Once all that was pending is sent, makes pending what is new since. */
const catchUp = <S, C>(session: Session<C>, known: Clock.Clock, { clock, log }: Replica.Replica<S, C>): Session<C> => {
  if (!Frontier.isEmpty(session.pending) || clock === session.target) return session
  return { ...session, pending: Frontier.of(Clock.ahead(session.target, known)(clock))(log), target: clock }
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
 * lines.map(({ _tag }) => _tag) // => ['Header', 'Update', 'Sync']
 */
export const step =
  <S, C>(dataType: DataType<S, C>) =>
  (messages: ReadonlyArray<E.Either<SessionError, WireMessage<C>>>, past?: Past.Past) =>
  (session: Session<C>, replica: Replica.Replica<S, C>): Step<S, C> => {
    const { session: listening, arrivals, announce } = receive(dataType)(messages, past)(session, replica)
    const taken = arrivals && Past.receive(dataType)(arrivals)(replica)
    const next = taken?.replica ?? replica
    const sent = send<C>(Infinity, past)(listening, next)
    const proofs = (taken?.proofs ?? []).map((rejection) => ({ _tag: 'rejection', rejection }) as const)
    return {
      session: sent.session,
      replica: next,
      send: sent.send,
      announce: [...announce, ...proofs, ...sent.announce],
    }
  }
