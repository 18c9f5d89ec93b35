/**
 * Counting, for transports that may lose or swap lines. A `checked` peer says after every few
 * updates how many they were. Updates wait for their count. A wrong count ends the session, and the
 * next one repairs it.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import * as Log from '../../core/Log.js'
import type { Update } from '../../core/Update.js'

/**
 * A `checked` stream brought a wrong number of updates. None of them was applied. `sent` is 0 if
 * the peer said no count.
 */
export interface Gap {
  readonly _tag: 'Gap'
  readonly at: string
  readonly sent: number
  readonly received: number
}

/** What came since the last count of the peer. */
export interface Counting<C> {
  readonly updates: ReadonlyArray<Update<C>>
  /** The number of updates that were refused. They came, so they count. */
  readonly refused: number
}

/** The most updates before a count. */
export const MAX_UNCONFIRMED = 1024

const NOTHING: Counting<never> = { updates: [], refused: 0 }

export const empty = <C>(): Counting<C> => NOTHING

/** An update came. Errors: `Gap` if too many came without a count. O(updates that wait). */
export const heard =
  <C>(update: Update<C>) =>
  (counting: Counting<C>): E.Either<Gap, Counting<C>> => {
    const updates = [...counting.updates, update]
    return updates.length > MAX_UNCONFIRMED ? left(gap(0, { ...counting, updates })) : right({ ...counting, updates })
  }

/** The updates, sorted, if the peer's count is right. Errors: `Gap`. O(n log n). */
export const counted =
  (count: number) =>
  <C>(counting: Counting<C>): E.Either<Gap, ReadonlyArray<Update<C>>> =>
    count === counting.updates.length + counting.refused
      ? right(Log.sorted(counting.updates))
      : left(gap(count, counting))

/** The rejection for a wrong or missing count. */
export const gap = (sent: number, { updates, refused }: Counting<unknown>): Gap => ({
  _tag: 'Gap',
  at: '',
  sent,
  received: updates.length + refused,
})
