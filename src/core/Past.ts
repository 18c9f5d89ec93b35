/** The own updates that a source lost in a restart without its data, and how it takes them back. */
import * as Clock from './Clock.js'
import type { DataType } from './DataType.js'
import { confront } from './Fork.js'
import * as Log from './Log.js'
import * as Batch from './receive.js'
import { applyUpdates, create, history, type Replica } from './Replica.js'
import type { Timestamp } from './Timestamp.js'
import type { SourceId, Update } from './Update.js'

/**
 * A source restarted without its data and wrote on. Its updates stamped after `since` (the newest
 * it still knew) and before `until` (the first it wrote after the restart) may be lost. A digest
 * cannot ask for them, because its clock covers them already.
 */
export interface Past {
  readonly source: SourceId
  readonly since: Timestamp
  readonly until: Timestamp
}

/** What a store remembers of its own updates, so that it knows its {@link Past}. */
export interface Began {
  readonly source: SourceId
  /** The newest own update at the start. */
  readonly since: Timestamp
  /** The first own update since. */
  readonly until?: Timestamp
}

/** What a store remembers when it begins with a replica. O(log s). */
export const begin = <S, C>({ id, clock }: Replica<S, C>): Began => ({
  source: id,
  since: Clock.timestampOf(id)(clock),
})

/** What it remembers after it has made an update. O(1). */
export const wrote =
  ([, until]: Update<unknown>) =>
  (began: Began): Began =>
    began.until === undefined ? { ...began, until } : began

/** The past of a store. Undefined before its first update. */
export const of = ({ source, since, until }: Began): Past | undefined =>
  until === undefined ? undefined : { source, since, until }

/** Whether an update was lost. O(log u). */
const isLost =
  (update: Update<unknown>, past: Past | undefined) =>
  <S, C>({ log }: Replica<S, C>): boolean =>
    update[2] === past?.source &&
    update[1] > past.since &&
    update[1] < past.until &&
    Log.find(update)(log) === undefined

/**
 * The replica as if the lost updates had come in their time. Makes the state anew, so that the data
 * type gets each source's updates in order: O(u log u) for u updates held.
 *
 * @example
 * import * as t from 'io-ts'
 * const model = scuttlebutt(Model.of(t.number))
 * const began = model.applyUpdate([['x', 1], 2000, 'ann'])(model.create('ann'))
 * const whole = recover(model.dataType)([[['y', 2], 1000, 'ann']])(began)
 * Model.toJSON(whole.state) // => { x: 1, y: 2 }
 */
export const recover =
  <S, C>(dataType: DataType<S, C>) =>
  (lost: ReadonlyArray<Update<C>>) =>
  (replica: Replica<S, C>): Replica<S, C> => {
    const all = Log.sorted([...history(dataType)()(replica), ...lost])
    const again = applyUpdates(dataType)(all)(create(dataType)(replica.id))
    const [, confronted] = confront(dataType)(all)(again)
    return { ...confronted, clock: Clock.join(confronted.clock)(replica.clock) }
  }

/** A batch that may bring back what was lost. */
export interface ArrivalsWithPast<C> extends Batch.Arrivals<C> {
  /** The lost updates among the stale ones. */
  readonly filled: ReadonlyArray<Update<C>>
  readonly past: Past | undefined
}

/** As `receive.classify`, and finds the lost updates that came back. */
export const classify =
  <S, C>(dataType: DataType<S, C>) =>
  (given: ReadonlyArray<Update<C>>, past: Past | undefined) =>
  (replica: Replica<S, C>): ArrivalsWithPast<C> => {
    const arrivals = Batch.classify(dataType)(given)(replica)
    const filled = past === undefined ? [] : arrivals.stale.filter((update) => isLost(update, past)(replica))
    return { ...arrivals, filled, past }
  }

/** The updates that a replica would take, in the order in which it applies them. O(u). */
export const news = <C>({ fresh, filled, forked }: ArrivalsWithPast<C>): ReadonlyArray<Update<C>> =>
  filled.length === 0 && forked.length === 0 ? fresh : [...filled, ...fresh, ...forked.map(({ update }) => update)]

/** As `receive.receive`. Also fills in lost updates; then it costs as {@link recover}. */
export const receive =
  <S, C>(dataType: DataType<S, C>) =>
  (arrivals: ArrivalsWithPast<C>) =>
  (replica: Replica<S, C>): Batch.Received<S, C> => {
    const current = arrivals.replica === replica ? arrivals : classify(dataType)(arrivals.given, arrivals.past)(replica)
    const { given, filled } = current
    if (filled.length === 0) return Batch.receive(dataType)(current)(replica)
    const whole = recover(dataType)(filled)(replica)
    const { taken, ...received } = Batch.receive(dataType)(Batch.classify(dataType)(given)(whole))(whole)
    return { ...received, taken: [...filled, ...taken], rebuilt: true }
  }
