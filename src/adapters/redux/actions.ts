/** What happens to a replica in Redux, as plain actions, and the pure reducer of them. */
import type { Batch, Vouching } from '../../core/Arrivals.js'
import * as Clock from '../../core/Clock.js'
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
  /**
   * For each source that moves, how far the replica was sure of it, and is then. A replica that is
   * less sure before claims nothing.
   */
  readonly sure: Readonly<Record<SourceId, readonly [before: Timestamp, after: Timestamp]>>
  /** Updates of a newer program. */
  readonly unread?: ReadonlyArray<Update<unknown>>
}

/** The action of a batch, whose size is that of the batch. O(d log s) for d sources that moved. */
export const updated =
  <S, C>({ encode }: Scuttlebutt<S, C>, type: string) =>
  (before: Replica<S, C>, { replica, taken, unread }: Received<S, C>): Action => {
    const sure: Record<SourceId, readonly [Timestamp, Timestamp]> = {}
    const visit = (source: SourceId): void => {
      const sureOf = Clock.sureOf(source)
      Clock.put(sure, source, [sureOf(before.clock), sureOf(replica.clock)] as const)
    }
    for (const [, , source] of [...taken, ...unread]) visit(source)
    Clock.forEachSourceChanged(before.clock, replica.clock, visit)
    const meta: Meta = unread.length > 0 ? { sure, unread } : { sure }
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
    const { sure, unread } = (meta ?? {}) as Readonly<Partial<Meta>>
    const decoded = decodeMessage()({ digest: { id: '', clock: {} }, updates: payload, unread })
    if (decoded._tag === 'Left') return replica
    // own updates that were lost count, although the clock covers them
    const past = { source: replica.id, since: NEVER, until: Infinity }
    return take(dataType)(decoded.right, vouching(replica.clock, sure), past)(replica).replica
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

const vouching = (clock: Clock.Clock, sure: Meta['sure'] | undefined): Vouching => {
  if (sure === undefined) return 'caller'
  if (Object.entries(sure).some(([source, [before]]) => before > Clock.sureOf(source)(clock))) return 'nobody'
  return { sureOf: (source) => (Object.hasOwn(sure, source) ? sure[source]![1] : NEVER), floor: NEVER }
}

/** The updates that one version holds and another lacks, sorted. O(d log n) for d that differ. */
export const news = <S, C>(before: Replica<S, C>, after: Replica<S, C>) => ({
  updates: added(before.log, after.log),
  unread: added(before.log.unread?.log, after.log.unread?.log),
})

const added = <C>(before: Log.Log<C> = Log.empty(), after: Log.Log<C> = Log.empty()): ReadonlyArray<Update<C>> => {
  const updates: Update<C>[] = []
  Log.forEachAdded(before, after, (update) => {
    // a version from elsewhere has copies
    if (!Log.contents(update)(before).some(([change]) => Json.equals(change, update[0]))) updates.push(update)
  })
  return Log.sorted(updates)
}

export const isNothing = ({ updates, unread }: Required<Pick<Batch<unknown>, 'updates' | 'unread'>>): boolean =>
  updates.length + unread.length === 0
