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
import { none } from '../core/Option.js'
import type { Patch, Spliced } from '../core/Patch.js'
import { before, compare, sameStamp, type Stamp, type Update } from '../core/Update.js'
import * as SortedMap from '../structures/SortedMap.js'
import { nullOr, readonly, record } from './parts/codecs.js'
import { kind, type Named } from './parts/kind.js'
import * as DenseKey from './parts/DenseKey.js'
import * as Holdings from './parts/Holdings.js'
import { ofLists, wholly } from './parts/patches.js'
import { pieces } from './parts/pieces.js'
import * as Room from './parts/room.js'
import { someOf, stable } from './parts/stable.js'

export type Change<V> = Readonly<Record<string, DeepReadonly<V> | null>>

/** An item, and the update that wrote it. */
export interface Item<V> {
  readonly value: DeepReadonly<V>
  readonly update: Update<Change<V>>
}

/** Each key ever written is in `items` or in `removed`. */
export interface State<V> {
  /** By key. Their order is that of the array. */
  readonly items: SortedMap.SortedMap<string, Item<V>>
  /** For each key whose item was removed, the update that removed it. */
  readonly removed: SortedMap.SortedMap<string, Update<Change<V>>>
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

/** Why a command failed. */
export type Refusal = IndexOutOfRange | NoItem

/**
 * The state of an array of any items. `State<unknown>` is not the same to TypeScript before 6.0,
 * which compares `DeepReadonly` of two types by the types alone.
 */
export interface AnyState {
  readonly items: SortedMap.SortedMap<string, { readonly value: unknown; readonly update: Update<unknown> }>
  readonly removed: SortedMap.SortedMap<string, Update<unknown>>
  readonly holdings: Holdings.Holdings<unknown>
}

/** Reads no values, so it takes an array of any values. */
type Edit<V> = Maker<AnyState, Change<V>, Refusal>

const emptyState: State<never> = { items: SortedMap.empty(), removed: SortedMap.empty(), holdings: SortedMap.empty() }

/**
 * An array of items that `value` decodes. Refuses keys of more than 4,096 bytes. Apply: O(k log n)
 * for k keys written now and n keys ever written.
 */
export const of = <V>(value: t.Type<V, unknown, unknown>, options: Named = {}): Type<V> => ({
  ...kind('RArray', value.name, options),
  change: record(nullOr(readonly(value)), DenseKey.isTooLong),
  final,
  empty: emptyState,
  apply,
  toJSON,
  diff,
  fullDiff,
  patch,
})

/** Whether a key is too long. */
export const final = (change: unknown): boolean => Json.isPlain(change) && Object.keys(change).some(DenseKey.isTooLong)

const apply =
  <V>(updates: ReadonlyArray<Update<Change<V>>>) =>
  (state: State<V>): Applied<State<V>, Change<V>> => {
    const [first] = updates
    if (updates.length === 1 && first !== undefined) {
      const keys = Object.keys(first[0])
      if (keys.length === 1) return applyOne(first, keys[0]!, state)
    }
    const draft = new Draft(state)
    for (const update of updates) draft.apply(update)
    return draft.done()
  }

/** The most frequent step: an update of one key, without a draft. */
const applyOne = <V>(update: Update<Change<V>>, key: string, state: State<V>): Applied<State<V>, Change<V>> => {
  const { items, removed } = state
  const value = update[0][key] as DeepReadonly<V> | null
  const removal = SortedMap.size(removed) === 0 ? undefined : SortedMap.get(SortedMap.byText, removed, key)
  if (value !== null && removal === undefined) {
    let loser: Update<Change<V>> | undefined
    const next = SortedMap.update<string, Item<V>>(SortedMap.byText, items, key, (held) => {
      if (held !== undefined && before(update, held.update)) return held
      loser = held?.update
      return { value, update }
    })
    if (next === items) return { state, superseded: [update] }
    if (loser === undefined) return { state: { items: next, removed, holdings: state.holdings }, superseded: [] }
  }
  const draft = new Draft(state)
  draft.apply(update)
  return draft.done()
}

/** The next state, while a batch is applied. */
class Draft<V> {
  private readonly origin: State<V>
  private readonly items: SortedMap.Draft<string, Item<V>>
  private readonly removed: SortedMap.Draft<string, Update<Change<V>>>
  private readonly holdings: Holdings.Draft<Change<V>>

  constructor(origin: State<V>) {
    this.origin = origin
    this.items = new SortedMap.Draft(SortedMap.byText, origin.items)
    this.removed = new SortedMap.Draft(SortedMap.byText, origin.removed)
    this.holdings = new Holdings.Draft(origin.holdings)
  }

  apply(update: Update<Change<V>>): void {
    const keys = Object.keys(update[0])
    let won = 0
    for (const key of keys) {
      const item = this.items.get(key)
      const winner = item === undefined ? this.removed.get(key) : item.update
      if (winner !== undefined && before(update, winner)) continue
      const value = update[0][key] as DeepReadonly<V> | null
      if (value === null) {
        if (item !== undefined) this.items.remove(key)
        this.removed.set(key, update)
      } else {
        if (item === undefined && winner !== undefined) this.removed.remove(key)
        this.items.set(key, { value, update })
      }
      if (winner !== undefined) this.lose(winner)
      won++
    }
    this.holdings.add(update, won, keys.length)
  }

  private lose(loser: Update<Change<V>>): void {
    this.holdings.subtract(loser, () =>
      Object.keys(loser[0]).some((key) => {
        const winner = this.items.get(key)?.update ?? this.removed.get(key)
        return winner !== undefined && (winner === loser || compare(winner, loser) === 0)
      }),
    )
  }

  done(): Applied<State<V>, Change<V>> {
    const { origin, holdings } = this
    const next: State<V> = { items: this.items.done(), removed: this.removed.done(), holdings: holdings.done() }
    const unchanged = next.items === origin.items && next.removed === origin.removed
    return { state: unchanged ? origin : next, superseded: holdings.superseded }
  }
}

const changeOf = <V>(entries: ReadonlyArray<readonly [key: string, value: V | null]>): E.Right<Change<V>> =>
  right(Object.freeze(Object.fromEntries(entries)) as Change<V>)

/** {@link changeOf} for one entry. Frozen, a flat change is not copied again. */
const one = <V>(key: string, value: V): E.Right<Change<V>> => right(Object.freeze({ [key]: value }) as Change<V>)

const isIndex = (index: number, most: number): boolean => Number.isInteger(index) && index >= 0 && index <= most
const outside = (index: number, length: number): E.Left<Refusal> => left({ _tag: 'IndexOutOfRange', index, length })

/** Appends values. O(log n + values). Errors: `NoItem`. */
export const push = <V>(...values: ReadonlyArray<V>): Edit<V> => replace((length) => length, 0, values)

/** Inserts values at the start. O(log n + values). Errors: `NoItem`. */
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

/**
 * {@link push} of any number of values, as commands whose updates have at most 512 kB each: for
 * `changeAll`. O(size of the values). Errors: those of `push`; the index of a `NoItem` counts from
 * the first value of its command.
 */
export const pushAll = <V>(values: ReadonlyArray<V>): ReadonlyArray<Edit<V>> =>
  Array.from(pieces(values), (piece) => replace((length) => length, 0, piece))

/**
 * {@link splice} of any numbers of items, as commands whose updates have at most 512 kB each: for
 * `changeAll`. O(size of the values). Errors: as {@link pushAll}. What is to be removed goes first.
 *
 * @example
 * import * as t from 'io-ts'
 * const list = scuttlebutt(RArray.of(t.number))
 * const [first] = RArray.spliceAll(0, 0, Array.from({ length: 1e5 }, (_, i) => i))
 * const [update, replica] = unwrap(list.change(first, 1000)(list.create('alice')))
 * JSON.stringify(update).length < 512 * 1024 // => true
 */
export const spliceAll = <V>(index: number, count: number, values: ReadonlyArray<V>): ReadonlyArray<Edit<V>> => {
  const commands: Edit<V>[] = []
  for (let rest = count; rest > 0; rest -= REMOVED_AT_ONCE) {
    commands.push(replace(() => index, Math.min(rest, REMOVED_AT_ONCE), []))
  }
  let at = index
  for (const piece of pieces(values)) {
    const place = at
    commands.push(replace(() => place, 0, piece))
    at += piece.length
  }
  return commands
}

/** The most items that one command of several removes. */
export const REMOVED_AT_ONCE = 1500

/** Replaces `count` items from an index on, all of which must exist. */
const replace =
  <V>(indexIn: (length: number) => number, count: number, values: ReadonlyArray<V>): Edit<V> =>
  (state, stamp) => {
    const size = length(state)
    const index = indexIn(size)
    if (!isIndex(index, count === 0 ? size : size - 1)) return outside(index, size)
    if (!isIndex(count, size - index)) return outside(index + count - 1, size)
    const none = values.findIndex(isNone)
    if (none >= 0) return left({ _tag: 'NoItem', index: none, value: values[none] as null | undefined })
    const entries: [key: string, value: V | null][] = []
    SortedMap.forEach(state.items, (_, key) => entries.push([key, null]), index, index + count)
    if (values.length === 0) return changeOf(entries)
    const { keys, moved } = Room.between(state, index, index + count, values.length, stamp)
    if (values.length === 1 && count === 0 && moved.length === 0) return one<V>(keys[0]!, values[0] as V)
    for (const [i, key] of moved) entries.push(...rekeyed<V>(state, i, key))
    for (let i = 0; i < values.length; i++) entries.push([keys[i]!, values[i]!])
    return changeOf(entries)
  }

const isNone = (value: unknown): value is null | undefined => value === null || value === undefined

/** The entries that give an item another key. */
const rekeyed = <V>({ items }: AnyState, index: number, key: string): [key: string, value: V | null][] => {
  const [old, { value }] = SortedMap.entryAt(items, index)!
  return [
    [old, null],
    [key, value as V],
  ]
}

/** Replaces the item at `index`, whose key stays. O(log n). Errors: `IndexOutOfRange`, `NoItem`. */
export const set =
  <V>(index: number, value: V): Edit<V> =>
  (state) => {
    const entry = SortedMap.entryAt(state.items, index)
    if (entry === undefined) return outside(index, length(state))
    return isNone(value) ? left({ _tag: 'NoItem', index: 0, value }) : one<V>(entry[0], value)
  }

/** Removes the item at `index`. O(log n). Errors: `IndexOutOfRange`. */
export const remove = (index: number): Edit<never> => splice<never>(index, 1)

/**
 * Moves the item at `from` to `to`. O(log n). Errors: `IndexOutOfRange`.
 *
 * A move removes the item and inserts it again under a new key. So if another replica moves the
 * item at the same time, the array holds it twice. If another replica sets it at the same time, and
 * later by its stamp, the array holds the edited item at the old place and the moved one at the new
 * place; if earlier, the edit is lost. A row of `Doc.seq` keeps one place and the edit.
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
    const { keys, moved } = Room.between(state, gap, gap, 1, stamp)
    const others = moved.filter(([i]) => i !== from).flatMap(([i, key]) => rekeyed<V>(state, i, key))
    return changeOf<V>([...others, [entry[0], null], [keys[0]!, entry[1].value as V]])
  }

/** The item at an index. O(log n). */
export const at =
  (index: number) =>
  <V>({ items }: State<V>): O.Option<DeepReadonly<V>> => {
    const item = SortedMap.at(items, index)
    return item === undefined ? none : someOf(item, item.value)
  }

/** The number of items. O(1). */
export const length = ({ items }: AnyState): number => SortedMap.size(items)

/** The items in order. O(n). */
export const toArray = <V>(state: State<V>): ReadonlyArray<DeepReadonly<V>> =>
  stable(state, 'toArray', () => valuesIn(state))

const valuesIn = <V>({ items }: State<V>): ReadonlyArray<DeepReadonly<V>> => {
  const all = new Array<DeepReadonly<V>>(SortedMap.size(items))
  let i = 0
  SortedMap.forEach(items, ({ value }) => {
    all[i++] = value
  })
  return all
}

/** The keys of the items, in order. O(n). */
export const keys = <V>(state: State<V>): ReadonlyArray<string> =>
  stable(state, 'keys', () => SortedMap.keys(state.items))

/** The same as {@link toArray}. O(n). */
export const toJSON = toArray

const diffing =
  (ends?: typeof wholly) =>
  <V>(old: State<V>) =>
  (made: State<V>): ReadonlyArray<Spliced<readonly [], DeepReadonly<V>>> =>
    ofLists(SortedMap.byText, listOf(old), listOf(made), [], ends)
const listOf = <V>({ items }: State<V>) => ({ map: items, show: ({ value }: Item<V>) => value })

/** The splices of the array, in ascending order. O(d log n) for d items that differ. */
export const diff = diffing()
/** The same by key: an item in the place of an equal one is another. */
export const fullDiff = diffing(wholly)

/** Items that take the place of others keep their keys. */
export const patch = (patches: ReadonlyArray<Patch>): ReadonlyArray<Edit<never>> =>
  (patches as ReadonlyArray<Spliced<readonly [], never>>).flatMap(({ splice: index, removed, inserted }) => {
    const both = Math.min(removed.length, inserted.length)
    const sets = inserted.slice(0, both).map((value, i) => set(index + i, value))
    return [...sets, ...spliceAll(index + both, removed.length - both, inserted.slice(both))]
  })

/** Equal if the same updates win the same keys with the same values. O(n). */
export const getEq = <V>(value: eq.Eq<V> = Json.Eq): eq.Eq<State<V>> => ({
  equals: (a, b) =>
    a === b ||
    (SortedMap.equals(
      a.items,
      b.items,
      (x, y, key, otherKey) =>
        sameWinner(x.update, y.update, key, otherKey) && (x === y || value.equals(x.value as V, y.value as V)),
    ) &&
      SortedMap.equals(a.removed, b.removed, sameWinner)),
})

const sameWinner = (x: Update<unknown>, y: Update<unknown>, key: string, otherKey: string): boolean =>
  key === otherKey && sameStamp(x, y)
