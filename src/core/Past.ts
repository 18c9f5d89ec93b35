/** Own updates that a source lost when it was restarted without its data. */
import * as Clock from './Clock.js'
import type { DataType } from './DataType.js'
import { confront } from './Fork.js'
import * as Log from './Log.js'
import { applyUpdates, create, history, type Replica } from './Replica.js'
import type { Timestamp } from './Timestamp.js'
import type { SourceId, Update } from './Update.js'

/**
 * A source restarted without its data and wrote on. Its updates stamped after `since` (the newest it
 * still knew) and before `until` (the first it wrote after the restart) may be lost. A digest cannot
 * ask for them: its clock already covers them.
 */
export interface Past {
  readonly source: SourceId
  readonly since: Timestamp
  readonly until: Timestamp
}

/** Whether an update is one of those that were lost. O(log u). */
export const isLost =
  (update: Update<unknown>, past: Past | undefined) =>
  <S, C>({ log }: Replica<S, C>): boolean =>
    update[2] === past?.source &&
    update[1] > past.since &&
    update[1] < past.until &&
    Log.find(update)(log) === undefined

/**
 * The replica as though lost updates had come in their time. Makes the state anew, so that the data
 * type gets each source's updates in order: O(u log u) for u updates held.
 *
 * @example
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
