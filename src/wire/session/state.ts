/** What a session knows, and what it announces. */
import type { Digest } from '../../core/Digest.js'
import type { Equivocation } from '../../core/Fork.js'
import type { Failed } from '../../core/receive.js'
import type { InUpdate } from '../../core/Rejection.js'
import type { Replica } from '../../core/Replica.js'
import type { Stamp } from '../../core/Update.js'
import type { LineError } from '../lines/format.js'
import type { LineTooLong } from '../lines/Lines.js'
import type { Refusal, WireMessage } from '../WireMessage.js'
import * as Hearing from './hearing.js'
import * as Lost from './lost.js'
import type { Options } from './Options.js'
import * as Telling from './telling.js'

/** A second header came. It means two peers on one stream, or an attack. */
export interface SecondHeader {
  readonly _tag: 'SecondHeader'
  readonly at: string
  readonly header: unknown
}

/** The peer's stream carries another data type, or another version of it. The session ends. */
export interface OtherType {
  readonly _tag: 'OtherType'
  readonly at: string
  readonly name: string
  readonly version?: string
}

/** Nothing came for `timeout` ms. */
export interface Silent {
  readonly _tag: 'Silent'
  readonly at: string
  readonly timeout: number
}

/** More updates that cannot be read here than there is room for: see `core/Unread`. */
export type Crowded = InUpdate & { readonly _tag: 'Crowded' }

/** Why a session refuses something from the peer. */
export type SessionError =
  | LineTooLong
  | LineError
  | SecondHeader
  | OtherType
  | Hearing.Gap
  | Lost.Stranger
  | Silent
  | Crowded
  | Failed
  | Equivocation<unknown>

export interface Session<C> {
  readonly options: Options
  readonly headerSent: boolean
  /** The peer's header, once it came. */
  readonly peer: Digest | undefined
  readonly telling: Telling.Telling<C>
  readonly hearing: Hearing.Hearing
  readonly syncSent: boolean
  readonly syncReceived: boolean
  readonly synced: boolean
  readonly lost: Lost.Lost<C>
  /** What the peer is to be told that it, or one of its peers, was refused. */
  readonly refusals: ReadonlyArray<Refusal>
  /**
   * The places of refused lines whose stamp nobody can read: their numbers since the last count.
   */
  readonly places: ReadonlyArray<number>
  /** Nothing more is received or sent; the next session repairs what is missing. */
  readonly failed: boolean
  /** The peer will say no more. */
  readonly peerEnded: boolean
}

/** What happened, for listeners. `R` is the type of refusals. */
export type Announcement<R = SessionError> =
  | { readonly _tag: 'header'; readonly header: Digest }
  | { readonly _tag: 'syncSent' }
  | { readonly _tag: 'syncReceived' }
  | { readonly _tag: 'sync' }
  | { readonly _tag: 'rejection'; readonly rejection: R }
  /** The peer, or a peer of it, refused updates. */
  | { readonly _tag: 'refused'; readonly refusals: ReadonlyArray<Refusal> }

/** The outcome of a transition. */
export interface Step<S, C> {
  readonly session: Session<C>
  readonly replica: Replica<S, C>
  /** What to write to the peer, in order. */
  readonly send: ReadonlyArray<WireMessage<C>>
  readonly announce: ReadonlyArray<Announcement>
}

/** A session that has said nothing yet. {@link send} begins it. O(1). */
export const open = <C>(options: Options = {}): Session<C> => ({
  options,
  headerSent: false,
  peer: undefined,
  telling: Telling.empty(),
  hearing: Hearing.empty,
  syncSent: options.readable === false,
  syncReceived: false,
  synced: false,
  lost: Lost.empty(),
  refusals: [],
  places: [],
  failed: false,
  peerEnded: false,
})

/** So many refusals are kept for the peer, and so many go in one line. */
const MAX_REFUSALS = 1000
export const REFUSALS_A_LINE = 100

/**
 * The session after updates of the peer were refused: from now on none of its claims counts, and it
 * is told. `place` is the number of the line since the last count.
 */
export const refuse =
  (refused: ReadonlyArray<readonly [stamp: Stamp | undefined, reason: string]>, place = 0) =>
  <C>(session: Session<C>): Session<C> => {
    const refusals = refused.flatMap(([stamp, reason]): ReadonlyArray<Refusal> =>
      stamp === undefined ? [] : [[stamp.timestamp, stamp.source, reason]],
    )
    const places = refusals.length < refused.length ? [...session.places, place].slice(0, MAX_REFUSALS) : session.places
    const hearing = session.hearing.hasRefused ? session.hearing : { ...session.hearing, hasRefused: true }
    return pass(refusals)({ ...session, hearing, places })
  }

/** The session with refusals to be told to the peer. Beyond 1,000 they are dropped. O(r). */
export const pass =
  (refusals: ReadonlyArray<Refusal>) =>
  <C>(session: Session<C>): Session<C> =>
    refusals.length === 0 || session.refusals.length >= MAX_REFUSALS
      ? session
      : { ...session, refusals: session.refusals.concat(refusals).slice(0, MAX_REFUSALS) }

export const bothSynced = <C>(session: Session<C>, announce: Announcement[]): Session<C> => {
  if (session.synced || !session.syncSent || !hasAll(session)) return session
  announce.push({ _tag: 'sync' })
  return { ...session, synced: true }
}

/** Whether the peer has sent all that it had at first. A side that takes no updates needs none. */
export const hasAll = <C>({ options, syncReceived }: Session<C>): boolean => syncReceived || options.writable === false

/** The session after updates from {@link receive} could not be applied: it ends. O(1). */
export const fail = <C>(session: Session<C>): Session<C> => ({ ...session, failed: true })

/** The session after the peer has said all. It still sends what the peer lacks. O(1). */
export const peerEnds = <C>(session: Session<C>): Session<C> => ({ ...session, peerEnded: true })
