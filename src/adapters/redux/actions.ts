/** What happens to a replica in Redux, as plain actions, and the pure reducer of them. */
import * as Clock from '../../core/Clock.js'
import { claimOf } from '../../core/Digest.js'
import * as Doubt from '../../core/Doubt.js'
import { reread } from '../../core/apply.js'
import type { News } from '../../core/news.js'
import { isAsSureAs } from '../../core/reconcile.js'
import { take, type Received } from '../../core/receive.js'
import { withdraw } from '../../core/reissue.js'
import type { Replica } from '../../core/Replica.js'
import { NEVER, type Timestamp } from '../../core/Timestamp.js'
import { sameStamp, type SourceId, type Update } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'

/** An action of Redux, as far as the slice reads it. */
export interface Action {
  readonly type: string
  readonly payload?: unknown
  readonly meta?: unknown
}

/**
 * What an action says beside its updates. Without `since`, whoever dispatched it vouches that
 * nothing is missing before them.
 */
export interface Meta {
  /** How far the replica was sure, by source. One that is less sure takes no claim. */
  readonly since?: Clock.ClockRecord
  /** What it held in doubt of these sources. One that holds something else takes no claim. */
  readonly doubt?: Doubt.Doubt | undefined
  /** How far it is sure of them then. */
  readonly sure?: Clock.ClockRecord
  /** Updates of a newer program. */
  readonly unread?: ReadonlyArray<Update<unknown>> | undefined
  /** The wall clock, for `pruned` and `reissued`. */
  readonly now?: Timestamp
  /** The new id, for `reissued`. */
  readonly id?: SourceId | undefined
}

/**
 * The action of a batch, whose size is that of the batch. O(d log s) for d sources that moved, and
 * O(h log u) for h updates held in doubt, of all sources, if it makes the replica surer of one.
 */
export const updated =
  <S, C>(scuttlebutt: Scuttlebutt<S, C>, type: string) =>
  (before: Replica<S, C>, { replica, taken, unread }: Received<S, C>): Action => {
    const since: Record<SourceId, Timestamp> = {}
    const sure: Record<SourceId, Timestamp> = {}
    const visit = (source: SourceId): void => {
      Clock.put(since, source, Clock.sureOf(source, before.clock))
      Clock.put(sure, source, Clock.sureOf(source, replica.clock))
    }
    for (const [, , source] of [...taken, ...unread]) visit(source)
    Clock.forEachSourceChanged(before.clock, replica.clock, visit)
    const settled = Object.keys(sure).filter((one) => sure[one]! > since[one]! && Clock.isDoubted(one, before.clock))
    const prints = settled.length > 0 ? Doubt.of(before.clock, before.log)! : {}
    const doubt = settled.length > 0 ? Object.fromEntries(settled.map((one) => [one, prints[one]!])) : undefined
    return actionWith(scuttlebutt, type, { updates: taken, unread }, { since, doubt, sure })
  }

/** An action that brings updates, and what it says beside them. O(their size). */
export const actionWith = <S, C>(
  { encode }: Scuttlebutt<S, C>,
  type: string,
  { updates, unread }: News<C>,
  meta: Meta,
): Action => ({
  type,
  payload: updates.map(encode),
  meta: { ...meta, unread: unread.length > 0 ? unread : undefined } satisfies Meta,
})

/**
 * What the actions of a slice do to a replica: first what they name, then their updates are taken.
 * So one that was made for another version does no more than it did then. Pure.
 */
export const stepOf =
  <S, C>({ dataType, decodeMessage, prune }: Scuttlebutt<S, C>, name: string) =>
  (replica: Replica<S, C>, { type, payload, meta }: Action): Replica<S, C> => {
    const is = (kind: string): boolean => type === `${name}/${kind}`
    const { since, doubt, sure = {}, unread, now = NEVER, id = '' } = (meta ?? {}) as Meta
    const updates = payload as ReadonlyArray<Update<unknown>>
    let before = is('updated') ? replica : undefined
    if (is('pruned')) before = prune(now)(replica)
    // what was not let in then stays outside
    if (is('reread')) before = reread(dataType, (one) => updates.some((known) => sameStamp(known, one)))(replica)
    if (is('reissued')) before = replica.id === id ? replica : withdraw(dataType)(id, now)(replica)[1]
    if (!before) return replica
    const decoded = decodeMessage()({ digest: { id: '', clock: {} }, updates, unread })
    if (decoded._tag === 'Left') return replica
    // own updates that were lost count, although the clock covers them
    const past = { source: before.id, since: NEVER, until: Infinity }
    const had = { clock: since ?? {}, ...(doubt && { doubt }) }
    const claim = isAsSureAs(had, before) ? claimOf({ clock: sure }) : 'nobody'
    return take(dataType, decoded.right, since ? claim : 'caller', before, past).replica
  }
