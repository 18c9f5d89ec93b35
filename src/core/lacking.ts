/** What another replica may lack, by its digest. */
import { jsonOf } from './Change.js'
import * as Clock from './Clock.js'
import type { DataType } from './DataType.js'
import * as Digest from './Digest.js'
import * as Doubt from './Doubt.js'
import * as Frontier from './Frontier.js'
import * as Json from './Json.js'
import * as Log from './Log.js'
import type { Replica } from './Replica.js'
import { NEVER } from './Timestamp.js'
import * as Unread from './Unread.js'
import { sameStamp, type Update } from './Update.js'

export interface Lacking<C> {
  readonly updates: ReadonlyArray<Update<C>>
  readonly unread: ReadonlyArray<Update<unknown>>
  /** Whether this is all of it: nothing was cut off, and nothing left out as sent before. */
  readonly isWhole: boolean
  /** If it was cut short, the last doubted update in it, or the place before all. */
  readonly at?: Digest.Place
}

const NOTHING: ReadonlyArray<never> = Object.freeze([])

/** The place before all updates. */
const START: Digest.Place = Object.freeze([0, ''] as const)

/**
 * First what is newer than all that the other has seen, in the budget's order; then what is held in
 * those pieces of its doubt whose prints differ, oldest first. O(d log d + s log u) for d updates
 * given, s sources and u updates held, and O(p + h log u) for p pieces and h updates held in doubt.
 */
export const lacking = <S, C>(
  dataType: DataType<S, C>,
  having: Digest.Having,
  { clock, log }: Replica<S, C>,
  budget?: Frontier.Budget,
): Lacking<C> => {
  const behind = fresh(having, clock)
  const { after } = having
  const doubted = doubtedUpdates(having, log)
  const left = after === undefined ? doubted : doubted.filter(isBeyond(after))
  const isSkipped = left.length < doubted.length
  if (budget === undefined) {
    const updates = Log.since(behind, log)
    if (log.unread === undefined && left.length === 0) return { updates, unread: NOTHING, isWhole: !isSkipped }
    const unread = log.unread === undefined ? [] : Log.since(behind, log.unread.log)
    return { ...split([...updates, ...unread, ...left] as Update<C>[], log), isWhole: !isSkipped }
  }
  const [first, rest] = Frontier.next(budget, bytesOf(dataType, log))(Frontier.of(behind, budget.order)(log))
  const more = Frontier.isEmpty(rest) ? within(budget, bytesOf(dataType, log), first, left as Update<C>[]) : []
  const isCut = !Frontier.isEmpty(rest) || more.length < left.length
  const last = more.at(-1)
  return {
    ...split(Log.sorted(first).concat(more), log),
    isWhole: !isCut && !isSkipped,
    ...(isCut && { at: last === undefined ? (after ?? START) : Object.freeze([last[1], last[2]] as const) }),
  }
}

/** The sources of which there is something newer than what the other has seen. O(s). */
export const fresh = (having: Digest.Having, clock: Clock.Clock): ReadonlyArray<Clock.Behind> => {
  const behind = Clock.aheadOfRecord(having.clock, having.floor ?? NEVER, clock)
  if (having.doubt === undefined) return behind
  return behind.flatMap(([source]): ReadonlyArray<Clock.Behind> => {
    const since = Digest.seenOf(having, source)
    return Clock.timestampOf(source, clock) > since ? [[source, since]] : []
  })
}

/** What is held in the pieces whose prints differ, sorted. */
export const doubtedUpdates = (having: Digest.Having, log: Log.Log<unknown>): ReadonlyArray<Update<unknown>> => {
  if (having.doubt === undefined) return []
  const updates: Update<unknown>[] = []
  Digest.forEachDoubt(having, (source, pieces, sure) => {
    for (const { since, upTo } of Doubt.unlike(source, pieces, sure)(log)) {
      for (const one of Log.ofStretch(source, since, upTo)(log)) updates.push(one)
    }
  })
  return Log.sorted(updates)
}

const isBeyond =
  ([timestamp, source]: Digest.Place) =>
  (update: Update<unknown>): boolean =>
    update[1] > timestamp || (update[1] === timestamp && update[2] > source)

/** The number of UTF-8 bytes of an update as JSON. */
const bytesOf =
  <S, C>(dataType: DataType<S, C>, log: Log.Log<C>) =>
  (update: Update<C>): number => {
    const [change, ...stamp] = update
    return Json.bytes(JSON.stringify([Unread.holds(update)(log) ? change : jsonOf(dataType.change)(update), ...stamp]))
  }

/** As many more updates as fit behind those that were taken. */
const within = <C>(
  { maxUpdates = Infinity, maxBytes = Infinity }: Frontier.Budget,
  bytes: (update: Update<C>) => number,
  taken: ReadonlyArray<Update<C>>,
  from: ReadonlyArray<Update<C>>,
): ReadonlyArray<Update<C>> => {
  let room = maxBytes
  if (maxBytes !== Infinity) for (const update of taken) room -= bytes(update)
  const more: Update<C>[] = []
  for (const update of from) {
    if (maxBytes !== Infinity) room -= bytes(update)
    const count = taken.length + more.length
    const last = more.at(-1)
    // contents of one stamp have one place, and go together
    const isFork = last !== undefined && sameStamp(last, update)
    if (count > 0 && !isFork && (count >= maxUpdates || room < 0)) break
    more.push(update)
  }
  return more
}

/** Those that can be read, and the others. */
const split = <C>(
  updates: ReadonlyArray<Update<C>>,
  log: Log.Log<C>,
): { readonly updates: ReadonlyArray<Update<C>>; readonly unread: ReadonlyArray<Update<unknown>> } =>
  log.unread === undefined
    ? { updates, unread: NOTHING }
    : {
        updates: updates.filter((update) => !Unread.holds(update)(log)),
        unread: updates.filter((update) => Unread.holds(update)(log)),
      }

/**
 * The updates that `clock` does not cover, sorted by (timestamp, source), in O(d log d + s log u)
 * for d updates returned, s sources and u updates held. Without a clock, all.
 *
 * A budget cuts the list short, and leaves no gap within a source: a peer may stop midway and go on
 * from its own digest. Source: LADIS 2008, section 3.
 *
 * @example
 * import * as t from 'io-ts'
 * const model = scuttlebutt(Model.of(t.number))
 * const updates = [[['x', 1], 1, 'ann'], [['y', 2], 2, 'ben']]
 * const replica = model.applyUpdates(updates)(model.create('cy'))
 * model.history({ ann: 1 })(replica) // => [[['y', 2], 2, 'ben']]
 * model.history({}, { maxUpdates: 1 })(replica) // => [[['x', 1], 1, 'ann']]
 */
export const history =
  <S, C>(dataType: DataType<S, C>) =>
  (clock: Clock.ClockRecord = {}, budget?: Frontier.Budget) =>
  (replica: Replica<S, C>): ReadonlyArray<Update<C>> =>
    lacking(dataType, { clock }, replica, budget).updates
