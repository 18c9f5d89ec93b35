/**
 * Lost own updates. A store that wrote on after a restart without its data asks its peer for the
 * updates that it had written before. See {@link Past}.
 */
import * as Clock from '../../core/Clock.js'
import * as Doubt from '../../core/Doubt.js'
import * as Frontier from '../../core/Frontier.js'
import * as Log from '../../core/Log.js'
import type { Arrivals } from '../../core/Arrivals.js'
import type { Past } from '../../core/Past.js'
import type { InUpdate } from '../../core/Rejection.js'
import type { Digest } from '../../core/Digest.js'
import { NEVER, type Timestamp } from '../../core/Timestamp.js'
import type { Update } from '../../core/Update.js'

/** We did not know an update in our name. Another runs under our id, or we lost our data. */
export type Stranger = InUpdate & { readonly _tag: 'Stranger' }

export interface Lost<C> {
  /** What we have asked the peer for. */
  readonly asked: Past | undefined
  /** What the peer asked for and was not sent yet. A peer may ask once. */
  readonly wanted: Frontier.Frontier<C> | undefined
  readonly wantedUntil: Timestamp
  /** A stranger was reported. A session reports one. */
  readonly estranged: boolean
}

const NOTHING: Lost<never> = { asked: undefined, wanted: undefined, wantedUntil: NEVER, estranged: false }

export const empty = <C>(): Lost<C> => NOTHING

/** The peer asks for its lost updates. A second question is ignored. */
export const heard =
  <C>({ source, since, until }: Past, log: Log.Log<C>) =>
  (lost: Lost<C>): Lost<C> =>
    lost.wanted === undefined ? { ...lost, wanted: Frontier.of([[source, since]])(log), wantedUntil: until } : lost

/**
 * Whether to ask the peer now: if it claims updates in our name that we do not know, or has brought
 * one. Not if our digest asks for them, as it does while we are in doubt of ourselves.
 */
export const shouldAsk = (
  { asked, estranged }: Lost<unknown>,
  past: Past | undefined,
  peer: Digest | undefined,
  clock: Clock.Clock,
): past is Past =>
  past !== undefined &&
  asked === undefined &&
  peer !== undefined &&
  !Clock.isDoubted(past.source, clock) &&
  (estranged || claimsMore(peer, past, clock))

/**
 * Whether the peer has seen an update in our name that we have not, be it sure of it or not: from
 * before a restart, or by an impostor.
 */
const claimsMore = ({ clock: claims, doubt }: Digest, { source, since, until }: Past, clock: Clock.Clock): boolean => {
  const sure = Clock.timestampIn(source, claims) ?? NEVER
  const claimed = Math.max(sure, Doubt.end(doubt, source) ?? NEVER)
  return (claimed > since && claimed < until) || claimed > Clock.timestampOf(source, clock)
}

/** Whether the peer asked for something that was not sent yet. */
export const isWanted = ({ wanted }: Lost<unknown>): boolean => wanted !== undefined && !Frontier.isEmpty(wanted)

/**
 * The first update in our name that we did not know. A late one that `log` does not hold was
 * superseded: it may be ours, so it is not reported. `past` is that of before the batch, `log` that
 * of after it. O(u log n).
 */
export const strangerIn = <C>(
  { late, fresh }: Arrivals<C>,
  past: Past | undefined,
  log: Log.Log<C>,
): Stranger | undefined => {
  const isOwn = ([, , source]: Update<unknown>): boolean => source === past?.source
  const update = late.find((one) => isOwn(one) && Log.find(one)(log) !== undefined) ?? fresh.find(isOwn)
  return update && { _tag: 'Stranger', at: '[2]', update }
}
