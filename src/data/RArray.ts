/**
 * An array that any number of replicas edit at once: items under dense keys, in key order; the last
 * writer of a key wins.
 *
 * On the wire `{key: value, …}`, as npm `r-array`; `null` removes. One update may write several keys. A run of
 * items inserted by one update stays together, whatever others insert there at the same time.
 * Items are never null or undefined: null says that there is none.
 *
 * What this wire cannot give: a `move` removes an item and inserts it anew, so two concurrent moves
 * of one item leave two. Where that matters use `Doc.seq`, in which a row moves by its `_sort`.
 *
 * @example
 * const list = scuttlebutt(RArray.of(t.string))
 * const [, one] = unwrap(list.change(RArray.push('a', 'c'), 1000)(list.create('alice')))
 * const [, two] = unwrap(list.change(RArray.insert(1, 'b'), 1001)(one))
 * RArray.toArray(two.state) // => ['a', 'b', 'c']
 * RArray.at(1)(two.state) // => O.some('b')
 * list.change(RArray.set(9, 'x'), 1002)(two) // => E.left({ _tag: 'IndexOutOfRange', index: 9, length: 3 })
 */
import type { either as E, eq, option as O } from 'fp-ts'
import * as t from 'io-ts'
import type { Applied, DataType, Maker } from '../core/DataType.js'
import * as Json from '../core/Json.js'
import * as SortedMap from '../structures/SortedMap.js'
import * as Update from '../core/Update.js'
import * as DenseKey from './parts/DenseKey.js'
import * as Holdings from './parts/Holdings.js'
import { nullOr, record } from './parts/codecs.js'

export type Change<V> = Readonly<Record<string, V | null>>

type Winners<V> = SortedMap.SortedMap<string, Update.Update<Change<V>>>

/** Every key ever written is in one of the two, with the update that wins it. */
export interface State<V> {
  /** The keys that have an item. Their order is the array's. */
  readonly items: Winners<V>
  /** The keys whose item was removed. */
  readonly removed: Winners<V>
  readonly holdings: Holdings.Holdings<Change<V>>
}

/** No item, or no gap, is at `index` of an array of `length`. */
export interface IndexOutOfRange {
  readonly _tag: 'IndexOutOfRange'
  readonly index: number
  readonly length: number
}

/** The `index`-th of the values given is null or undefined: no array of this kind holds those. */
export interface NoItem {
  readonly _tag: 'NoItem'
  readonly index: number
  readonly value: null | undefined
}

export type { NoRoom } from './parts/DenseKey.js'

/** Why a command was not done. `NoRoom`: only keys made by others leave a gap without a key between them. */
export type Refusal = IndexOutOfRange | NoItem | DenseKey.NoRoom

/** Reads no items, so it fits arrays of any kind that hold the values that it writes. */
type Command<V> = Maker<State<unknown>, Change<V>, Refusal>

const byKey: SortedMap.Less<string> = (a, b) => a < b

const emptyState: State<never> = {
  items: SortedMap.empty(),
  removed: SortedMap.empty(),
  holdings: SortedMap.empty(),
}

/** An array of what `value` decodes. Apply: O(k log n) for k keys written and n ever written. */
export const of = <V>(value: t.Type<V, unknown, unknown>): DataType<State<V>, Change<V>> => ({
  name: `RArray<${value.name}>`,
  change: record(nullOr(value)),
  empty: emptyState,
  apply,
  toJSON,
})

const apply =
  <V>(updates: ReadonlyArray<Update.Update<Change<V>>>) =>
  (state: State<V>): Applied<State<V>, Change<V>> => {
    const items = new SortedMap.Draft(byKey, state.items)
    const removed = new SortedMap.Draft(byKey, state.removed)
    const holdings = new Holdings.Draft(state.holdings)
    for (const update of updates) {
      let won = 0
      for (const key of Object.keys(update[0])) {
        const item = items.get(key)
        const winner = item ?? removed.get(key)
        if (winner !== undefined && Update.before(update, winner)) continue
        if (winner !== undefined) holdings.release(winner)
        const isRemoval = update[0][key] === null
        if (isRemoval && item !== undefined) items.remove(key)
        if (!isRemoval && item === undefined) removed.remove(key)
        if (isRemoval) removed.set(key, update)
        else items.set(key, update)
        won++
      }
      holdings.hold(update, won)
    }
    const next: State<V> = { items: items.done(), removed: removed.done(), holdings: holdings.done() }
    const unchanged = next.items === state.items && next.removed === state.removed
    return { state: unchanged ? state : next, superseded: holdings.superseded }
  }

const left = (refusal: Refusal): E.Left<Refusal> => ({ _tag: 'Left', left: refusal })

const right = <V>(entries: ReadonlyArray<readonly [key: string, value: V | null]>): E.Right<Change<V>> => ({
  _tag: 'Right',
  right: Object.fromEntries(entries),
})

/** A command on `count` items from `index` on, which must all be there, or on the gap before `index` if `count` is 0. */
const within =
  <V>(
    indexIn: (length: number) => number,
    count: number,
    command: (keys: ReadonlyArray<string>, index: number) => Command<V>,
  ): Command<V> =>
  (state, stamp) => {
    const size = length(state)
    const index = indexIn(size)
    if (!isIndex(index, count === 0 ? size : size - 1)) return outside(index, size)
    if (!isIndex(count, size - index)) return outside(index + count - 1, size)
    const keys: string[] = []
    SortedMap.forEach(state.items, (_, key) => keys.push(key), index, index + count)
    return command(keys, index)(state, stamp)
  }

const isIndex = (index: number, most: number): boolean => Number.isInteger(index) && index >= 0 && index <= most

const outside = (index: number, length: number): E.Left<Refusal> => left({ _tag: 'IndexOutOfRange', index, length })

const removals = (keys: ReadonlyArray<string>) => keys.map((key) => [key, null] as const)

/** Keys between the last item before index `from` and the item at `to`. */
const keysIn = <V>({ items }: State<V>, from: number, to: number, count: number, stamp: Update.Stamp) =>
  DenseKey.between(DenseKey.neighbourAt(items, from - 1), DenseKey.neighbourAt(items, to), count, stamp)

/** Appends values. O(log n + values). Errors: `NoItem`, `NoRoom`. */
export const push = <V>(...values: ReadonlyArray<V>): Command<V> => replace((length) => length, 0, values)

/** Puts values before all. O(log n + values). Errors: `NoItem`, `NoRoom`. */
export const unshift = <V>(...values: ReadonlyArray<V>): Command<V> => insert(0, ...values)

/** Removes the last item. O(log n). Errors: `IndexOutOfRange` if there is none. */
export const pop = (): Command<never> => replace((length) => length - 1, 1, [])

/** Removes the first item. O(log n). Errors: `IndexOutOfRange` if there is none. */
export const shift = (): Command<never> => remove(0)

/** Puts values before the item at `index`, or at the end. O(log n + values). Errors: all of {@link Refusal}. */
export const insert = <V>(index: number, ...values: ReadonlyArray<V>): Command<V> => splice(index, 0, ...values)

/**
 * Replaces `count` items from `index` on by values. Unlike an array's own, it wants all these items to be there.
 * O(log n + count + values). Errors: all of {@link Refusal}.
 */
export const splice = <V>(index: number, count: number, ...values: ReadonlyArray<V>): Command<V> =>
  replace(() => index, count, values)

const replace = <V>(indexIn: (length: number) => number, count: number, values: ReadonlyArray<V>): Command<V> =>
  within(indexIn, count, (keys, index) => (state, stamp) => {
    const none = values.findIndex(isNone)
    if (none >= 0) return left({ _tag: 'NoItem', index: none, value: values[none] as null | undefined })
    if (values.length === 0) return right<V>(removals(keys))
    const fresh = keysIn(state, index, index + count, values.length, stamp)
    if (fresh._tag === 'Left') return fresh
    return right<V>([...removals(keys), ...values.map((value, i) => [fresh.right[i]!, value] as const)])
  })

const isNone = (value: unknown): value is null | undefined => value === null || value === undefined

/** Puts a value into the place of the item at `index`, under its key. O(log n). Errors: `IndexOutOfRange`, `NoItem`. */
export const set = <V>(index: number, value: V): Command<V> =>
  within(
    () => index,
    1,
    ([key]) =>
      () =>
        isNone(value) ? left({ _tag: 'NoItem', index: 0, value }) : right([[key!, value]]),
  )

/** Removes the item at `index`. O(log n). Errors: `IndexOutOfRange`. */
export const remove = (index: number): Command<never> => splice<never>(index, 1)

/**
 * Moves the item at `from` so that it ends up at `to`. O(log n). Errors: `IndexOutOfRange`, `NoRoom`.
 *
 * Another replica that moves the same item at the same time leaves two of it: see above.
 */
export const move =
  (from: number, to: number) =>
  <V>(state: State<V>, stamp: Update.Stamp): E.Either<Refusal, Change<V>> => {
    const size = length(state)
    const entry = SortedMap.entryAt(state.items, from)
    if (entry === undefined) return outside(from, size)
    if (!isIndex(to, size - 1)) return outside(to, size)
    if (from === to) return right([])
    const gap = to < from ? to : to + 1
    const fresh = keysIn(state, gap, gap, 1, stamp)
    return fresh._tag === 'Left' ? fresh : right([...removals([entry[0]]), [fresh.right[0]!, itemOf(entry)]])
  }

/** The item at an index. O(log n). */
export const at =
  (index: number) =>
  <V>({ items }: State<V>): O.Option<V> => {
    const entry = SortedMap.entryAt(items, index)
    return entry === undefined ? { _tag: 'None' } : { _tag: 'Some', value: itemOf(entry) }
  }

const itemOf = <V>([key, update]: readonly [string, Update.Update<Change<V>>]): V => update[0][key] as V

/** How many items there are. O(1). */
export const length = <V>({ items }: State<V>): number => SortedMap.size(items)

/** The items in order. O(n). */
export const toArray = <V>({ items }: State<V>): ReadonlyArray<V> => {
  const all: V[] = []
  SortedMap.forEach(items, (update, key) => all.push(update[0][key] as V))
  return all
}

/** The keys of the items, in order. O(n). */
export const keys = <V>({ items }: State<V>): ReadonlyArray<string> => SortedMap.keys(items)

/** As {@link toArray}. O(n). */
export const toJSON = toArray

/** Equal where the same updates win the same keys, and say the same. O(n). */
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

const sameWinner = (x: Update.Update<unknown>, y: Update.Update<unknown>, key: string, otherKey: string): boolean =>
  key === otherKey && Update.sameStamp(x, y)
