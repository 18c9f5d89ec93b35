/**
 * An array that any number of replicas edit at once: items under dense keys, in key order. The last
 * write to a key wins.
 *
 * On the wire `{key: value, …}`, as npm `r-array`; `null` removes an item. One update may write
 * several keys. The items that one update inserts stay together, whatever other replicas insert
 * there at the same time. An item is never null or undefined.
 *
 * A limit of this wire format: `move` removes an item and inserts it again, so two concurrent moves
 * of one item leave two of it. Use `Doc.seq` where that matters; a row of it has one place.
 *
 * @example
 * import { either as E, option as O } from 'fp-ts'
 * import * as t from 'io-ts'
 * const list = scuttlebutt(RArray.of(t.string))
 * const [, one] = unwrap(list.change(RArray.push('a', 'c'), 1000)(list.create('alice')))
 * const [, two] = unwrap(list.change(RArray.insert(1, 'b'), 1001)(one))
 * RArray.toArray(two.state) // => ['a', 'b', 'c']
 * RArray.at(1)(two.state) // => O.some('b')
 * const refused = list.change(RArray.set(9, 'x'), 1002)(two)
 * refused // => E.left({ _tag: 'IndexOutOfRange', index: 9, length: 3 })
 */
import type { either as E, eq, option as O } from 'fp-ts'
import type * as t from 'io-ts'
import type { Applied, DataType, Maker } from '../core/DataType.js'
import type { DeepReadonly } from '../core/DeepReadonly.js'
import { left, right } from '../core/Either.js'
import * as Json from '../core/Json.js'
import { none, some } from '../core/Option.js'
import { before, sameStamp, type Stamp, type Update } from '../core/Update.js'
import * as SortedMap from '../structures/SortedMap.js'
import { nullOr, readonly, record } from './parts/codecs.js'
import { kind, type Named } from './parts/kind.js'
import * as DenseKey from './parts/DenseKey.js'
import * as Holdings from './parts/Holdings.js'

export type Change<V> = Readonly<Record<string, DeepReadonly<V> | null>>

/** For each key, the update that wins it. */
type Winners<V> = SortedMap.SortedMap<string, Update<Change<V>>>

/** Each key ever written is in `items` or in `removed`. */
export interface State<V> {
  /** The keys with an item. Their order is that of the array. */
  readonly items: Winners<V>
  /** The keys whose item was removed. */
  readonly removed: Winners<V>
  readonly holdings: Holdings.Holdings<Change<V>>
}

/** The data type that {@link of} returns. */
export interface Type<V> extends DataType<State<V>, Change<V>> {
  readonly toJSON: (state: State<V>) => ReadonlyArray<DeepReadonly<V>>
}

/** An array of `length` items has no item, or no gap, at `index`. */
export interface IndexOutOfRange {
  readonly _tag: 'IndexOutOfRange'
  readonly index: number
  readonly length: number
}

/** The value at `index` of the arguments is null or undefined, and so cannot be an item. */
export interface NoItem {
  readonly _tag: 'NoItem'
  readonly index: number
  readonly value: null | undefined
}

export type { NoRoom } from './parts/DenseKey.js'

/** Why a command failed. `NoRoom` happens only between keys that another library made. */
export type Refusal = IndexOutOfRange | NoItem | DenseKey.NoRoom

/** Reads no values, so it takes an array of any values. */
type Edit<V> = Maker<State<unknown>, Change<V>, Refusal>

const emptyState: State<never> = {
  items: SortedMap.empty(),
  removed: SortedMap.empty(),
  holdings: SortedMap.empty(),
}

/**
 * An array of items that `value` decodes. Apply: O(k log n) for k keys written now and n keys ever
 * written.
 */
export const of = <V>(value: t.Type<V, unknown, unknown>, options: Named = {}): Type<V> => ({
  ...kind('RArray', value.name, options),
  change: record(nullOr(readonly(value))),
  empty: emptyState,
  apply,
  toJSON,
})

const apply =
  <V>(updates: ReadonlyArray<Update<Change<V>>>) =>
  (state: State<V>): Applied<State<V>, Change<V>> => {
    const items = new SortedMap.Draft(SortedMap.byText, state.items)
    const removed = new SortedMap.Draft(SortedMap.byText, state.removed)
    const holdings = new Holdings.Draft(state.holdings)
    for (const update of updates) {
      let won = 0
      for (const key of Object.keys(update[0])) {
        const item = items.get(key)
        const winner = item ?? removed.get(key)
        if (winner !== undefined && before(update, winner)) continue
        if (winner !== undefined) holdings.subtract(winner)
        const isRemoval = update[0][key] === null
        if (isRemoval && item !== undefined) items.remove(key)
        if (!isRemoval && item === undefined) removed.remove(key)
        if (isRemoval) removed.set(key, update)
        else items.set(key, update)
        won++
      }
      holdings.add(update, won)
    }
    const next: State<V> = { items: items.done(), removed: removed.done(), holdings: holdings.done() }
    const unchanged = next.items === state.items && next.removed === state.removed
    return { state: unchanged ? state : next, superseded: holdings.superseded }
  }

const changeOf = <V>(entries: ReadonlyArray<readonly [key: string, value: V | null]>): E.Right<Change<V>> =>
  right(Object.fromEntries(entries) as Change<V>)

/**
 * A command on the `count` items from an index on, all of which must exist. If `count` is 0 it is
 * on the gap before the index.
 */
const within =
  <V>(
    indexIn: (length: number) => number,
    count: number,
    edit: (keys: ReadonlyArray<string>, index: number) => Edit<V>,
  ): Edit<V> =>
  (state, stamp) => {
    const size = length(state)
    const index = indexIn(size)
    if (!isIndex(index, count === 0 ? size : size - 1)) return outside(index, size)
    if (!isIndex(count, size - index)) return outside(index + count - 1, size)
    const keys: string[] = []
    SortedMap.forEach(state.items, (_, key) => keys.push(key), index, index + count)
    return edit(keys, index)(state, stamp)
  }

const isIndex = (index: number, most: number): boolean => Number.isInteger(index) && index >= 0 && index <= most

const outside = (index: number, length: number): E.Left<Refusal> => left({ _tag: 'IndexOutOfRange', index, length })

const removals = (keys: ReadonlyArray<string>) => keys.map((key) => [key, null] as const)

/** Fresh keys between the item before index `from` and the item at index `to`. */
const keysIn = <V>({ items }: State<V>, from: number, to: number, count: number, stamp: Stamp) =>
  DenseKey.between(DenseKey.neighbourAt(items, from - 1), DenseKey.neighbourAt(items, to), count, stamp)

/** Appends values. O(log n + values). Errors: `NoItem`, `NoRoom`. */
export const push = <V>(...values: ReadonlyArray<V>): Edit<V> => replace((length) => length, 0, values)

/** Inserts values at the start. O(log n + values). Errors: `NoItem`, `NoRoom`. */
export const unshift = <V>(...values: ReadonlyArray<V>): Edit<V> => insert(0, ...values)

/** Removes the last item. O(log n). Errors: `IndexOutOfRange` if the array is empty. */
export const pop = (): Edit<never> => replace((length) => length - 1, 1, [])

/** Removes the first item. O(log n). Errors: `IndexOutOfRange` if the array is empty. */
export const shift = (): Edit<never> => remove(0)

/**
 * Inserts values before the item at `index`, or at the end if `index` is the length.
 * O(log n + values). Errors: all of {@link Refusal}.
 */
export const insert = <V>(index: number, ...values: ReadonlyArray<V>): Edit<V> => splice(index, 0, ...values)

/**
 * Replaces `count` items from `index` on by values. Unlike `Array.prototype.splice` it fails unless
 * all these items exist. O(log n + count + values). Errors: all of {@link Refusal}.
 */
export const splice = <V>(index: number, count: number, ...values: ReadonlyArray<V>): Edit<V> =>
  replace(() => index, count, values)

const replace = <V>(indexIn: (length: number) => number, count: number, values: ReadonlyArray<V>): Edit<V> =>
  within(indexIn, count, (keys, index) => (state, stamp) => {
    const none = values.findIndex(isNone)
    if (none >= 0) return left({ _tag: 'NoItem', index: none, value: values[none] as null | undefined })
    if (values.length === 0) return changeOf<V>(removals(keys))
    const fresh = keysIn(state, index, index + count, values.length, stamp)
    if (fresh._tag === 'Left') return fresh
    return changeOf<V>([...removals(keys), ...values.map((value, i) => [fresh.right[i]!, value] as const)])
  })

const isNone = (value: unknown): value is null | undefined => value === null || value === undefined

/** Replaces the item at `index`, whose key stays. O(log n). Errors: `IndexOutOfRange`, `NoItem`. */
export const set = <V>(index: number, value: V): Edit<V> =>
  within(
    () => index,
    1,
    ([key]) =>
      () =>
        isNone(value) ? left({ _tag: 'NoItem', index: 0, value }) : changeOf([[key!, value]]),
  )

/** Removes the item at `index`. O(log n). Errors: `IndexOutOfRange`. */
export const remove = (index: number): Edit<never> => splice<never>(index, 1)

/**
 * Moves the item at `from` to `to`. O(log n). Errors: `IndexOutOfRange`, `NoRoom`.
 *
 * If another replica moves the item at the same time, the array holds it twice.
 */
export const move =
  (from: number, to: number) =>
  <V>(state: State<V>, stamp: Stamp): E.Either<Refusal, Change<V>> => {
    const size = length(state)
    const entry = SortedMap.entryAt(state.items, from)
    if (entry === undefined) return outside(from, size)
    if (!isIndex(to, size - 1)) return outside(to, size)
    if (from === to) return right({})
    const gap = to < from ? to : to + 1
    const fresh = keysIn(state, gap, gap, 1, stamp)
    return fresh._tag === 'Left' ? fresh : changeOf<V>([...removals([entry[0]]), [fresh.right[0]!, itemOf(entry) as V]])
  }

/** The item at an index. O(log n). */
export const at =
  (index: number) =>
  <V>({ items }: State<V>): O.Option<DeepReadonly<V>> => {
    const entry = SortedMap.entryAt(items, index)
    return entry === undefined ? none : some(itemOf(entry))
  }

const itemOf = <V>([key, update]: readonly [string, Update<Change<V>>]): DeepReadonly<V> =>
  update[0][key] as DeepReadonly<V>

/** The number of items. O(1). */
export const length = <V>({ items }: State<V>): number => SortedMap.size(items)

/** The items in order. O(n). */
export const toArray = <V>({ items }: State<V>): ReadonlyArray<DeepReadonly<V>> => {
  const all: DeepReadonly<V>[] = []
  SortedMap.forEach(items, (update, key) => all.push(update[0][key] as DeepReadonly<V>))
  return all
}

/** The keys of the items, in order. O(n). */
export const keys = <V>({ items }: State<V>): ReadonlyArray<string> => SortedMap.keys(items)

/** The same as {@link toArray}. O(n). */
export const toJSON = toArray

/** Equal if the same updates win the same keys with the same values. O(n). */
export const getEq = <V>(value: eq.Eq<V> = Json.Eq): eq.Eq<State<V>> => ({
  equals: (a, b) =>
    a === b ||
    (SortedMap.equals(
      a.items,
      b.items,
      (x, y, key, otherKey) =>
        sameWinner(x, y, key, otherKey) && (x === y || value.equals(x[0][key] as V, y[0][key] as V)),
    ) &&
      SortedMap.equals(a.removed, b.removed, sameWinner)),
})

const sameWinner = (x: Update<unknown>, y: Update<unknown>, key: string, otherKey: string): boolean =>
  key === otherKey && sameStamp(x, y)
