/** What happens to a replica in Redux, as plain actions, and the pure reducer of them. */
import type { Batch } from '../../core/Arrivals.js'
import * as Clock from '../../core/Clock.js'
import { claimOf } from '../../core/Digest.js'
import * as Json from '../../core/Json.js'
import * as Log from '../../core/Log.js'
import { take, type Received } from '../../core/receive.js'
import type { Replica } from '../../core/Replica.js'
import { NEVER, type Timestamp } from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'

/** An action of Redux, as far as the slice reads it. */
export interface Action {
  readonly type: string
  readonly payload?: unknown
  readonly meta?: unknown
}

/**
 * What an `updated` action says beside its updates. Without it, whoever dispatched the action
 * vouches that nothing is missing before them.
 */
interface Meta {
  /** How far the replica was sure of what moves. One that is less sure claims nothing. */
  readonly since: Clock.ClockRecord
  /** How far it is sure of them then. */
  readonly sure: Clock.ClockRecord
  /** Updates of a newer program. */
  readonly unread?: ReadonlyArray<Update<unknown>>
}

/** The action of a batch, whose size is that of the batch. O(d log s) for d sources that moved. */
export const updated =
  <S, C>({ encode }: Scuttlebutt<S, C>, type: string) =>
  (before: Replica<S, C>, { replica, taken, unread }: Received<S, C>): Action => {
    const since: Record<SourceId, Timestamp> = {}
    const sure: Record<SourceId, Timestamp> = {}
    const visit = (source: SourceId): void => {
      Clock.put(since, source, Clock.sureOf(source)(before.clock))
      Clock.put(sure, source, Clock.sureOf(source)(replica.clock))
    }
    for (const [, , source] of [...taken, ...unread]) visit(source)
    Clock.forEachSourceChanged(before.clock, replica.clock, visit)
    const meta: Meta = unread.length > 0 ? { since, sure, unread } : { since, sure }
    return { type, payload: taken.map(encode), meta }
  }

type Step<S, C> = (replica: Replica<S, C>, action: Action) => Replica<S, C>

/** What the action of a kind does to a replica. Pure. */
export const steps = <S, C>({
  dataType,
  decodeMessage,
  prune,
  reissue,
  reread,
}: Scuttlebutt<S, C>): Readonly<Record<string, Step<S, C>>> => ({
  updated: (replica, { payload, meta }) => {
    const { since, sure = {}, unread } = (meta ?? {}) as Readonly<Partial<Meta>>
    const decoded = decodeMessage()({ digest: { id: '', clock: {} }, updates: payload, unread })
    if (decoded._tag === 'Left') return replica
    // own updates that were lost count, although the clock covers them
    const past = { source: replica.id, since: NEVER, until: Infinity }
    const claim = Clock.isSureOf(since ?? {})(replica.clock) ? claimOf({ clock: sure }) : 'nobody'
    return take(dataType)(decoded.right, since ? claim : 'caller', past)(replica).replica
  },
  pruned: (replica, { payload }) => prune((payload as Called).now)(replica),
  reread,
  reissued: (replica, { payload }) => {
    const { id, now } = payload as Called
    return reissue(id, now)(replica)[1]
  },
})

/** The payload of the actions that are no batch of updates. */
export interface Called {
  readonly now: Timestamp
  /** The new id, for `reissued`. */
  readonly id: SourceId
}

/**
 * The updates that one version holds and another lacks, sorted; undefined if there are none. O(d
 * log n) for d that differ.
 */
export const news = <S, C>(before: Replica<S, C>, after: Replica<S, C>): Batch<C> | undefined => {
  const updates = added(before.log, after.log)
  const unread = added(before.log.unread?.log, after.log.unread?.log)
  return updates.length + unread.length > 0 ? { updates, unread } : undefined
}

const added = <C>(before: Log.Log<C> = Log.empty(), after: Log.Log<C> = Log.empty()): ReadonlyArray<Update<C>> => {
  const updates: Update<C>[] = []
  Log.forEachAdded(before, after, (update) => {
    // a version from elsewhere has copies
    if (!Log.contents(update)(before).some(([change]) => Json.equals(change, update[0]))) updates.push(update)
  })
  return Log.sorted(updates)
}
