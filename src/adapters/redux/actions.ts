/** What happens to a replica in Redux, as plain actions, and the pure reducer of them. */
import * as Clock from '../../core/Clock.js'
import * as Json from '../../core/Json.js'
import * as Log from '../../core/Log.js'
import type { Past } from '../../core/Past.js'
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
  /** How far the replica was sure of the sources that move. A replica less sure claims nothing. */
  readonly since: Clock.ClockRecord
  /** How far it is sure of them then, where that is not their newest update here. */
  readonly sure?: Clock.ClockRecord
  /** Updates of a newer program. */
  readonly unread?: ReadonlyArray<Update<unknown>>
  /** Seen without an update. */
  readonly passed?: ReadonlyArray<readonly [Timestamp, SourceId]>
  /** Own updates that were lost: see `core/Past`. */
  readonly past?: Past
}

/** The action of a batch, whose size is that of the batch. O(d log s) for d sources that moved. */
export const updated =
  <S, C>({ dataType }: Scuttlebutt<S, C>, type: string) =>
  (before: Replica<S, C>, { replica, taken, unread }: Received<S, C>, past: Past | undefined): Action => {
    const payload = taken.map((update) => {
      const [change, ...rest] = update
      const json = dataType.change.encode(change)
      return json === change ? update : [json, ...rest]
    })
    const all = [...taken, ...unread]
    const isLost = past !== undefined && all.some((update) => isSure(update, before.clock))
    const extras = { ...(unread.length > 0 && { unread }), ...(isLost && { past }) }
    return { type, payload, meta: { ...moves(before.clock, replica.clock, all), ...extras } satisfies Meta }
  }

const isSure = ([, timestamp, source]: Update<unknown>, clock: Clock.Clock): boolean =>
  timestamp <= Clock.sureOf(source)(clock)

/** How a clock moved with some updates. */
const moves = (
  before: Clock.Clock,
  after: Clock.Clock,
  updates: ReadonlyArray<Update<unknown>>,
): Pick<Meta, 'since' | 'sure' | 'passed'> => {
  const told = Clock.advanceAll(updates)(Clock.empty)
  const since: Record<SourceId, Timestamp> = {}
  const sure: Record<SourceId, Timestamp> = {}
  const passed: (readonly [Timestamp, SourceId])[] = []
  const visit = (source: SourceId): void => {
    const newest = Clock.timestampOf(source)(told)
    const [was, is] = [Clock.sureOf(source)(before), Clock.sureOf(source)(after)]
    const [old, seen] = [Clock.timestampOf(source)(before), Clock.timestampOf(source)(after)]
    if (newest === NEVER && was === is && old === seen) return
    if (was > NEVER) Clock.put(since, source, was)
    if (is !== newest) Clock.put(sure, source, is)
    if (seen > Math.max(newest, old)) passed.push([seen, source])
  }
  Clock.forEachSource(told, visit)
  Clock.forEachSourceChanged(before, after, visit)
  return { since, ...(Object.keys(sure).length > 0 && { sure }), ...(passed.length > 0 && { passed }) }
}

/** What an action does, undefined if it is of somebody else. */
export const reducers = <S, C>(scuttlebutt: Scuttlebutt<S, C>, name: string) => {
  const { decodeMessage, prune, reissue, reread, dataType } = scuttlebutt
  const decode = decodeMessage()
  const taker = take(dataType)
  const update = (replica: Replica<S, C>, { payload, meta }: Action): Replica<S, C> => {
    const { since, sure = {}, unread, passed = [], past } = (meta ?? {}) as Readonly<Partial<Meta>>
    const decoded = decode({ digest: { id: '', clock: {} }, updates: payload, unread })
    if (decoded._tag === 'Left') return replica
    const { updates, unread: unreadable = [] } = decoded.right
    const batch = {
      updates,
      unread: unreadable,
      passed: passed.map(([timestamp, source]) => ({ timestamp, source })),
    }
    if (since === undefined) return taker(batch, 'caller')(replica).replica
    const newest = Clock.advanceAll([...updates, ...unreadable])(Clock.empty)
    const claim = {
      sureOf: (source: SourceId) => (Object.hasOwn(sure, source) ? sure[source]! : Clock.timestampOf(source)(newest)),
      floor: NEVER,
    }
    return taker(batch, Clock.isSureOf(since)(replica.clock) ? claim : 'nobody', past)(replica).replica
  }
  const steps: Readonly<Record<string, (replica: Replica<S, C>, action: Action) => Replica<S, C>>> = {
    [`${name}/updated`]: update,
    [`${name}/pruned`]: (replica, { payload }) => prune(payload as number)(replica),
    [`${name}/reread`]: reread,
    [`${name}/reissued`]: (replica, { payload }) => {
      const { id, now } = payload as { readonly id: SourceId; readonly now: number }
      return reissue(id, now)(replica)[1]
    },
  }
  return ({ type }: Action) => (Object.hasOwn(steps, type) ? steps[type] : undefined)
}

/** The updates that one log holds and another lacks, sorted. O(d log n) for d that differ. */
export const added = <C>(before: Log.Log<C>, after: Log.Log<C>): ReadonlyArray<Update<C>> => {
  const updates: Update<C>[] = []
  Log.forEachAdded(before, after, (update) => {
    // a version from elsewhere has copies
    const isHeld = Log.contents(update)(before).some(([change]) => Json.equals(change, update[0]))
    if (!isHeld) updates.push(update)
  })
  return Log.sorted(updates)
}

/** {@link added} of the updates that cannot be read. */
export const addedUnread = (before: Log.Log<unknown>, after: Log.Log<unknown>): ReadonlyArray<Update<unknown>> =>
  added(before.unread?.log ?? Log.empty(), after.unread?.log ?? Log.empty())
