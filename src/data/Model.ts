/**
 * A map whose keys are set and removed; the last writer wins.
 *
 * On the wire `[key, value]`, as npm `scuttlebutt/model`; `null` removes. A removed key
 * keeps its update, so that the removal wins over older writes that come late.
 *
 * @example
 * const model = scuttlebutt(Model.of(t.number))
 * const [, replica] = unwrap(model.change(Model.set('x', 1), 1000)(model.create('alice')))
 * Model.get('x')(replica.state) // => O.some(1)
 * Model.toJSON(replica.state) // => { x: 1 }
 */
import type { eq, option as O } from 'fp-ts'
import * as t from 'io-ts'
import type { Applied, DataType } from '../core/DataType.js'
import * as Json from '../core/Json.js'
import * as SortedMap from '../structures/SortedMap.js'
import * as Update from '../core/Update.js'
import { nullOr, orNull, pair } from './parts/codecs.js'

export type Change<V> = readonly [key: string, value: V | null]

/** The winning update of every key ever written, by key. */
export interface State<V> {
  readonly winners: SortedMap.SortedMap<string, Update.Update<Change<V>>>
  /** How many keys have a value. */
  readonly size: number
}

const byKey: SortedMap.Less<string> = (a, b) => a < b

const emptyState: State<never> = { winners: SortedMap.empty(), size: 0 }

/**
 * A model of what `value` decodes. Apply: O(u log n) for u updates and n keys; the loser
 * of each key is superseded.
 */
export const of = <V>(value: t.Type<V, unknown, unknown>): DataType<State<V>, Change<V>> => ({
  name: `Model<${value.name}>`,
  change: pair(nullOr(value)),
  empty: emptyState,
  apply,
  toJSON,
})

const apply =
  <V>(updates: ReadonlyArray<Update.Update<Change<V>>>) =>
  (state: State<V>): Applied<State<V>, Change<V>> => {
    const superseded: Update.Update<Change<V>>[] = []
    let size = state.size
    let update = updates[0]!
    /** What is there once the update at hand has come. */
    const won = (winner: Update.Update<Change<V>> | undefined): Update.Update<Change<V>> => {
      if (winner !== undefined) {
        const isLate = Update.before(update, winner)
        superseded.push(isLate ? update : winner)
        if (isLate) return winner
        size -= presence(winner[0][1])
      }
      size += presence(update[0][1])
      return update
    }
    let winners = state.winners
    if (updates.length === 1) winners = SortedMap.update(byKey, winners, update[0][0], won)
    else {
      const draft = new SortedMap.Draft(byKey, winners)
      // not for…of: in a loop that runs once a batch each result of its iterator is allocated
      updates.forEach((one) => {
        update = one
        draft.update(one[0][0], won)
      })
      winners = draft.done()
    }
    return { state: winners === state.winners ? state : { winners, size }, superseded }
  }

const presence = (value: unknown): 0 | 1 => (value === null ? 0 : 1)

/** A change that sets a key. `null` for a value removes it. */
export const set = <V>(key: string, value: V): Change<V> => [key, value]

/** A change that removes a key, known or not. */
export const remove = (key: string): Change<never> => [key, null]

/** The value of a key. O(log n). */
export const get =
  (key: string) =>
  <V>({ winners }: State<V>): O.Option<V> => {
    const value = SortedMap.get(byKey, winners, key)?.[0][1] ?? null
    return value === null ? { _tag: 'None' } : { _tag: 'Some', value }
  }

/** Whether a key has a value. O(log n). */
export const has =
  (key: string) =>
  <V>(state: State<V>): boolean =>
    get(key)(state)._tag === 'Some'

/** How many keys have a value. O(1). */
export const size = <V>(state: State<V>): number => state.size

/** The keys with their values, by key in UTF-16 code unit order. O(n). */
export const entries = <V>({ winners }: State<V>): ReadonlyArray<readonly [string, V]> => {
  const present: (readonly [string, V])[] = []
  SortedMap.forEach(winners, ([[key, value]]) => {
    if (value !== null) present.push([key, value])
  })
  return present
}

/** The keys that have a value, in UTF-16 code unit order. O(n). */
export const keys = <V>(state: State<V>): ReadonlyArray<string> => entries(state).map(([key]) => key)

/** A plain object of the values by key. O(n). A key `__proto__` is a member like any other. */
export const toJSON = <V>(state: State<V>): Readonly<Record<string, V>> => Object.fromEntries(entries(state))

/** Equal where the same updates win and say the same. O(n). */
export const getEq = <V>(value: eq.Eq<V> = Json.Eq): eq.Eq<State<V>> => ({
  equals: (a, b) =>
    a === b ||
    SortedMap.equals(
      a.winners,
      b.winners,
      (x, y) => x === y || (Update.sameStamp(x, y) && x[0][0] === y[0][0] && orNull(value).equals(x[0][1], y[0][1])),
    ),
})
