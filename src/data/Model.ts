/**
 * A map from strings to values; the last write to a key wins.
 *
 * On the wire `[key, value]`, as npm `scuttlebutt/model`; `null` removes the key. The state keeps
 * the removal, so that an older write which arrives late stays removed.
 *
 * @example
 * import { option as O } from 'fp-ts'
 * import * as t from 'io-ts'
 * const model = scuttlebutt(Model.of(t.number))
 * const [, replica] = unwrap(model.change(Model.set('x', 1), 1000)(model.create('alice')))
 * Model.get('x')(replica.state) // => O.some(1)
 * Model.toJSON(replica.state) // => { x: 1 }
 */
import type { eq, option as O } from 'fp-ts'
import type * as t from 'io-ts'
import type { Applied, DataType } from '../core/DataType.js'
import type { DeepReadonly } from '../core/DeepReadonly.js'
import * as Json from '../core/Json.js'
import { none } from '../core/Option.js'
import type { Patch, Replaced } from '../core/Patch.js'
import { before, sameStamp, type Update } from '../core/Update.js'
import * as SortedMap from '../structures/SortedMap.js'
import { nullOr, orNull, pair, readonly } from './parts/codecs.js'
import { kind, type Named } from './parts/kind.js'
import { ofEntries } from './parts/patches.js'
import { someOf, stable } from './parts/stable.js'

export type Change<V> = readonly [key: string, value: DeepReadonly<V> | null]

export interface State<V> {
  /** For each key ever written, the update that wins it. */
  readonly winners: SortedMap.SortedMap<string, Update<Change<V>>>
  /** The number of keys with a value. */
  readonly size: number
}

/** The data type that {@link of} returns. */
export interface Type<V> extends DataType<State<V>, Change<V>> {
  readonly toJSON: (state: State<V>) => Readonly<Record<string, DeepReadonly<V>>>
}

const emptyState: State<never> = { winners: SortedMap.empty(), size: 0 }

/**
 * A map of the values that `value` decodes. Apply: O(u log n) for u updates and n keys; of two
 * writes to a key the older one is superseded.
 */
export const of = <V>(value: t.Type<V, unknown, unknown>, options: Named = {}): Type<V> => ({
  ...kind('Model', value.name, options),
  change: pair(nullOr(readonly(value))),
  empty: emptyState,
  apply,
  toJSON,
  diff,
  patch,
})

const apply =
  <V>(updates: ReadonlyArray<Update<Change<V>>>) =>
  (state: State<V>): Applied<State<V>, Change<V>> => {
    const superseded: Update<Change<V>>[] = []
    let size = state.size
    let update = updates[0]!
    /** The winner of a key, given the winner before `update`. */
    const won = (winner: Update<Change<V>> | undefined): Update<Change<V>> => {
      if (winner !== undefined) {
        const isLate = before(update, winner)
        superseded.push(isLate ? update : winner)
        if (isLate) return winner
        size -= presence(winner[0][1])
      }
      size += presence(update[0][1])
      return update
    }
    let winners = state.winners
    if (updates.length === 1) winners = SortedMap.update(SortedMap.byText, winners, update[0][0], won)
    else {
      const draft = new SortedMap.Draft(SortedMap.byText, winners)
      // by index: see `Arrivals`
      let at = 0
      while (at < updates.length) {
        update = updates[at++]!
        draft.update(update[0][0], won)
      }
      winners = draft.done()
    }
    return { state: winners === state.winners ? state : { winners, size }, superseded }
  }

const presence = (value: unknown): 0 | 1 => (value === null ? 0 : 1)

/** A change that sets a key. The value `null` removes it. O(1). */
export const set = <V>(key: string, value: V): Change<V> => [key, value as DeepReadonly<V>]

/** A change that removes a key, whether it has a value or not. O(1). */
export const remove = (key: string): Change<never> => [key, null]

/** The value of a key. O(log n). */
export const get =
  (key: string) =>
  <V>({ winners }: State<V>): O.Option<DeepReadonly<V>> => {
    const winner = SortedMap.get(SortedMap.byText, winners, key)
    const value = winner?.[0][1] ?? null
    return value === null ? none : someOf(winner!, value)
  }

/** Whether a key has a value. O(log n). */
export const has =
  (key: string) =>
  <V>(state: State<V>): boolean =>
    get(key)(state)._tag === 'Some'

/** The number of keys with a value. O(1). */
export const size = <V>(state: State<V>): number => state.size

/** The keys with their values, in UTF-16 code unit order of the keys. O(n). */
export const entries = <V>(state: State<V>): ReadonlyArray<readonly [string, DeepReadonly<V>]> =>
  stable(state, 'entries', () => entriesIn(state))

const entriesIn = <V>({ winners }: State<V>): ReadonlyArray<readonly [string, DeepReadonly<V>]> => {
  const present: (readonly [string, DeepReadonly<V>])[] = []
  SortedMap.forEach(winners, ([[key, value]]) => {
    if (value !== null) present.push(Object.freeze([key, value] as const))
  })
  return present
}

/** The keys with a value, in UTF-16 code unit order. O(n). */
export const keys = <V>(state: State<V>): ReadonlyArray<string> =>
  stable(state, 'keys', () => entriesIn(state).map(([key]) => key))

/** The values by key, as a plain object. A key `__proto__` is a member like any other. O(n). */
export const toJSON = <V>(state: State<V>): Readonly<Record<string, DeepReadonly<V>>> =>
  stable(state, 'toJSON', () => Object.fromEntries(entriesIn(state)))

/**
 * The keys whose values differ, in order. O(d log n) for d of them.
 *
 * @example
 * import * as t from 'io-ts'
 * const model = scuttlebutt(Model.of(t.number))
 * const [, one] = unwrap(model.change(Model.set('x', 1), 1000)(model.create('alice')))
 * const [, two] = unwrap(model.change(Model.set('x', 2), 1001)(one))
 * Model.diff(one.state)(two.state) // => [{ at: ['x'], before: 1, after: 2 }]
 */
export const diff =
  <V>(before: State<V>) =>
  (after: State<V>): ReadonlyArray<Replaced<readonly [key: string], DeepReadonly<V>>> =>
    ofEntries(before.winners, after.winners, ([[, value]]) => value ?? undefined)

/** A change for each patch. */
export const patch = (patches: ReadonlyArray<Patch>): ReadonlyArray<Change<never>> =>
  (patches as ReadonlyArray<Replaced<readonly [string], never>>).map(({ at: [key], after = null }) => [key, after])

/** Equal if the same updates win with the same values. O(n). */
export const getEq = <V>(value: eq.Eq<V> = Json.Eq): eq.Eq<State<V>> => ({
  equals: (a, b) =>
    a === b ||
    SortedMap.equals(
      a.winners,
      b.winners,
      (x, y) => x === y || (sameStamp(x, y) && x[0][0] === y[0][0] && orNull(value).equals(x[0][1], y[0][1])),
    ),
})
