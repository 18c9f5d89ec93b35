/**
 * A map that forgets: entries lapse at an age, and only the keys written last are kept.
 *
 * On the wire `[key, value]`, as npm `expiry-model`; `null` removes the key. A plain object is
 * merged into the object that the key holds; the last write to each field wins. Any other value, an
 * array too, replaces what the key holds. Each field lapses `maxAge` after it was written.
 *
 * The `max` keys with the newest stamps count, removed keys among them. The oldest of these stamps
 * is a limit: nothing written before it counts, fields included. Stamps only rise, so what is kept
 * depends on what was written, not on the order of arrival. Queries do not see lapsed entries, but
 * these take memory until `prune(now)`.
 *
 * @example
 * import { option as O } from 'fp-ts'
 * import * as t from 'io-ts'
 * const model = scuttlebutt(ExpiryModel.of(t.UnknownRecord, { maxAge: 1000, max: 100 }))
 * const write = (value, now, replica) =>
 *   unwrap(model.change(ExpiryModel.set('ann', value), now)(replica))[1]
 * const two = write({ y: 2 }, 5500, write({ x: 1 }, 5000, model.create('alice')))
 * ExpiryModel.get('ann', 5999)(two.state) // => O.some({ x: 1, y: 2 })
 * ExpiryModel.get('ann', 6000)(two.state) // => O.some({ y: 2 })
 * ExpiryModel.keys(6500)(two.state) // => []
 * model.history()(model.prune(6500)(two)) // => []
 */
import type { eq, option as O } from 'fp-ts'
import type * as t from 'io-ts'
import type { Applied, DataType } from '../core/DataType.js'
import type { DeepReadonly } from '../core/DeepReadonly.js'
import * as Json from '../core/Json.js'
import { none, some } from '../core/Option.js'
import { between, type Patch, type Replaced } from '../core/Patch.js'
import * as Timestamp from '../core/Timestamp.js'
import { before, compare, sameStamp, type Update } from '../core/Update.js'
import * as SortedMap from '../structures/SortedMap.js'
import { nullOr, orNull, pair, readonly } from './parts/codecs.js'
import { kind, type Named } from './parts/kind.js'
import * as Holdings from './parts/Holdings.js'
import * as Registers from './parts/Registers.js'
import { stable } from './parts/stable.js'

export type Change<V> = readonly [key: string, value: DeepReadonly<V> | null]

export interface Options extends Named {
  /** The age in ms at which an entry lapses. Default: a day. */
  readonly maxAge?: number
  /** The number of keys that are kept, at least 1. Default: 500. */
  readonly max?: number
}

/** What counts of a key. At least one of the two is defined. */
interface Entry<V> {
  /**
   * The newest update that replaced everything: a removal, or a value that is not a plain object.
   */
  readonly whole: Update<Change<V>> | undefined
  /** The fields merged since then. */
  readonly fields: Registers.Registers<Change<V>> | undefined
}

export interface State<V> {
  readonly maxAge: number
  readonly max: number
  readonly entries: SortedMap.SortedMap<string, Entry<V>>
  /** For each key its newest update, oldest first. */
  readonly newest: SortedMap.SortedMap<Update<Change<V>>, true>
  /** All updates that win anything, oldest first. */
  readonly held: SortedMap.SortedMap<Update<Change<V>>, true>
  readonly holdings: Holdings.Holdings<Change<V>>
  /** Everything up to this timestamp has lapsed and never counts again. */
  readonly lapsed: Timestamp.Timestamp
}

/** The data type that {@link of} returns. */
export interface Type<V> extends DataType<State<V>, Change<V>> {
  readonly prune: (now: Timestamp.Timestamp) => (state: State<V>) => Applied<State<V>, Change<V>>
  readonly toJSON: (state: State<V>) => Readonly<Record<string, DeepReadonly<V>>>
}

/** A key, or a field of the object that one holds. */
export type EntryPatch<V> =
  Replaced<readonly [key: string], DeepReadonly<V>> | Replaced<readonly [key: string, field: string]>

const MINUTE = 60 * 1000

const DAY = 24 * 60 * MINUTE

/**
 * A map of the values that `value` decodes. Apply: O((u + d + f) log n) for u updates with f
 * fields, d updates dropped and n kept.
 */
export const of = <V>(
  value: t.Type<V, unknown, unknown>,
  { maxAge = DAY, max = 500, ...options }: Options = {},
): Type<V> => ({
  ...kind('ExpiryModel', value.name, options),
  maxDrift: Math.max(maxAge, MINUTE),
  change: pair(nullOr(readonly(value))),
  empty: {
    maxAge,
    max: Math.max(1, max),
    entries: SortedMap.empty(),
    newest: SortedMap.empty(),
    held: SortedMap.empty(),
    holdings: SortedMap.empty(),
    lapsed: Timestamp.NEVER,
  },
  apply,
  prune,
  toJSON: (state) => toJSON(Timestamp.NEVER)(state),
  diff,
  patch,
})

const apply =
  <V>(updates: ReadonlyArray<Update<Change<V>>>) =>
  (state: State<V>): Applied<State<V>, Change<V>> => {
    const draft = new Draft(state)
    for (const update of updates) draft.apply(update)
    draft.evict()
    return draft.done()
  }

const prune =
  (now: Timestamp.Timestamp) =>
  <V>(state: State<V>): Applied<State<V>, Change<V>> => {
    // what is newer than all that came may still come: a clock that runs ahead must not shut it out
    const last = SortedMap.entryAt(state.newest, SortedMap.size(state.newest) - 1)?.[0][1] ?? Timestamp.NEVER
    const lapsed = Math.min(now - state.maxAge, Math.max(last, state.lapsed))
    const draft = new Draft(state)
    draft.lapse(lapsed)
    const oldest = draft.oldest()
    const evicted = oldest === undefined ? Timestamp.NEVER : Timestamp.previous(oldest[1])
    return { ...draft.done(), lapsed: Math.max(lapsed, evicted) }
  }

const newestOf = <V>({ whole, fields }: Entry<V>): Update<Change<V>> => (fields?.newest ?? whole)!

/** The next state, while a batch is applied. */
class Draft<V> {
  private readonly origin: State<V>
  private readonly entries: SortedMap.Draft<string, Entry<V>>
  private readonly newest: SortedMap.Draft<Update<Change<V>>, true>
  private readonly held: SortedMap.Draft<Update<Change<V>>, true>
  private readonly holdings: Holdings.Draft<Change<V>>
  private lapsed: Timestamp.Timestamp

  constructor(origin: State<V>) {
    this.origin = origin
    this.entries = new SortedMap.Draft(SortedMap.byText, origin.entries)
    this.newest = new SortedMap.Draft<Update<Change<V>>, true>(before, origin.newest)
    this.held = new SortedMap.Draft<Update<Change<V>>, true>(before, origin.held)
    this.holdings = new Holdings.Draft(origin.holdings)
    this.lapsed = origin.lapsed
  }

  /**
   * The limit: nothing older than this update counts. Undefined while there is room for more keys.
   */
  oldest(): Update<Change<V>> | undefined {
    return this.newest.size < this.origin.max ? undefined : this.newest.first()
  }

  apply(update: Update<Change<V>>): void {
    const [key, value] = update[0]
    const entry = this.entries.get(key)
    const bounds = [this.oldest(), entry?.whole]
    if (update[1] <= this.lapsed || bounds.some((bound) => bound !== undefined && before(update, bound))) {
      this.holdings.add(update, 0)
      return
    }
    if (Json.isPlain(value)) {
      const fields = Registers.write(entry?.fields, update, this.holdings)
      if (fields === entry?.fields) return
      this.held.set(update, true)
      this.put(key, entry, { whole: entry?.whole, fields })
      return
    }
    this.held.set(update, true)
    if (entry?.whole !== undefined) this.holdings.subtract(entry.whole)
    this.holdings.add(update, 1)
    this.put(key, entry, {
      whole: update,
      fields: entry?.fields && Registers.since(entry.fields, update, this.holdings),
    })
  }

  private put(key: string, entry: Entry<V> | undefined, next: Entry<V>): void {
    this.entries.set(key, next)
    const [old, newest] = [entry && newestOf(entry), newestOf(next)]
    if (old === newest) return
    if (old !== undefined) this.newest.remove(old)
    this.newest.set(newest, true)
  }

  /** Drops the keys beyond `max`, and everything older than the keys that stay. */
  evict(): void {
    for (const update of this.holdings.superseded) this.held.remove(update)
    while (this.newest.size > this.origin.max) this.newest.remove(this.newest.first()!)
    const oldest = this.oldest()
    if (oldest !== undefined) this.dropWhile((update) => before(update, oldest))
  }

  /** Drops everything up to a timestamp. */
  lapse(timestamp: Timestamp.Timestamp): void {
    if (this.dropWhile((update) => update[1] <= timestamp)) this.lapsed = timestamp
  }

  /** Drops updates, oldest first, while they pass the test. Returns whether it dropped any. */
  private dropWhile(test: (update: Update<Change<V>>) => boolean): boolean {
    const size = this.held.size
    for (let update = this.held.first(); update !== undefined && test(update); update = this.held.first()) {
      this.drop(update)
    }
    return this.held.size < size
  }

  private drop(update: Update<Change<V>>): void {
    const key = update[0][0]
    const { whole, fields } = this.entries.get(key)!
    // in a JSON clone they are equal, but not one object
    const isWhole = whole !== undefined && compare(whole, update) === 0
    if (isWhole) this.holdings.subtract(whole)
    const rest = {
      whole: isWhole ? undefined : whole,
      fields: isWhole ? fields : Registers.without(fields!, update, this.holdings),
    }
    this.held.remove(update)
    if (rest.whole !== undefined || rest.fields !== undefined) {
      this.entries.set(key, rest)
    } else {
      this.entries.remove(key)
      this.newest.remove(update)
    }
  }

  done(): Applied<State<V>, Change<V>> {
    const { origin, holdings, lapsed } = this
    const next = { entries: this.entries.done(), newest: this.newest.done(), held: this.held.done() }
    const unchanged = next.entries === origin.entries && next.newest === origin.newest && next.held === origin.held
    return {
      state: unchanged ? origin : { ...origin, ...next, holdings: holdings.done(), lapsed },
      superseded: holdings.superseded,
    }
  }
}

/**
 * A change that sets a key, or merges a plain object into it. The value `null` removes the key.
 * O(1).
 */
export const set = <V>(key: string, value: V): Change<V> => [key, value as DeepReadonly<V>]

/** A change that removes a key, whether it has a value or not. O(1). */
export const remove = (key: string): Change<never> => [key, null]

/** The part of an entry that has not lapsed. */
const valueAt = <V>({ whole, fields }: Entry<V>, now: number, maxAge: number): O.Option<DeepReadonly<V>> => {
  const counts = (update: Update<Change<V>>): boolean => update[1] > now - maxAge
  if (fields !== undefined && counts(fields.newest)) {
    return some(Object.freeze(Registers.toRecord(fields, counts)) as DeepReadonly<V>)
  }
  const value = whole !== undefined && counts(whole) ? whole[0][1] : null
  return value === null ? none : some(value)
}

/**
 * The value of a key at a time in ms since the epoch, without lapsed fields. O(log n + f) for f
 * fields.
 */
export const get =
  (key: string, now: number) =>
  <V>({ entries, maxAge }: State<V>): O.Option<DeepReadonly<V>> => {
    const entry = SortedMap.get(SortedMap.byText, entries, key)
    return entry === undefined ? none : stable(entry, 'value', () => valueAt(entry, now, maxAge), now)
  }

/** The keys with their values at a time, in UTF-16 code unit order of the keys. O(n). */
export const entries =
  (now: number) =>
  <V>(state: State<V>): ReadonlyArray<readonly [string, DeepReadonly<V>]> =>
    stable(state, 'entries', () => entriesAt(now, state), now)

const entriesAt = <V>(now: number, state: State<V>): ReadonlyArray<readonly [string, DeepReadonly<V>]> => {
  const present: (readonly [string, DeepReadonly<V>])[] = []
  SortedMap.forEach(state.entries, (_, key) => {
    const value = get(key, now)(state)
    if (value._tag === 'Some') present.push(Object.freeze([key, value.value] as const))
  })
  return present
}

/** The keys with a value at a time, in UTF-16 code unit order. O(n). */
export const keys =
  (now: number) =>
  <V>(state: State<V>): ReadonlyArray<string> =>
    stable(state, 'keys', () => entriesAt(now, state).map(([key]) => key), now)

/** The values by key at a time, as a plain object. O(n). */
export const toJSON =
  (now: number) =>
  <V>(state: State<V>): Readonly<Record<string, DeepReadonly<V>>> =>
    stable(state, 'toJSON', () => Object.fromEntries(entriesAt(now, state)), now)

/**
 * What differs of all that is kept, lapsed or not: each field where a key holds merged objects in
 * both, else the key. O(d log n) for d keys and fields that differ.
 */
export const diff =
  <V>(old: State<V>) =>
  (made: State<V>): ReadonlyArray<EntryPatch<V>> =>
    SortedMap.differences(SortedMap.byText, old.entries, made.entries).flatMap(
      ([key, from, to]): ReadonlyArray<EntryPatch<V>> =>
        from?.fields !== undefined && to?.fields !== undefined
          ? Registers.diff(key, from.fields, to.fields)
          : between([key], shownIn(from), shownIn(to)),
    )

const shownIn = <V>(entry: Entry<V> | undefined): DeepReadonly<V> | undefined => {
  const value = entry === undefined ? none : valueAt(entry, Timestamp.NEVER, 0)
  return value._tag === 'Some' ? value.value : undefined
}

/** A change for each patch, but for fields that would go: only a whole key can be removed. */
export const patch = (patches: ReadonlyArray<Patch>): ReadonlyArray<Change<never>> =>
  (patches as ReadonlyArray<Replaced>).flatMap(({ at, after }): Change<never>[] => {
    const [key, field] = at as readonly [string, string?]
    if (field === undefined) return [[key, (after ?? null) as null]]
    return after === undefined ? [] : [[key, Object.fromEntries([[field, after]]) as never]]
  })

/**
 * Equal if the same updates win with the same values. `value` compares values that are not plain
 * objects. Lapsed entries count until they are pruned. O(n).
 */
export const getEq = <V>(value: eq.Eq<V> = Json.Eq): eq.Eq<State<V>> => {
  const sameWhole = (x: Entry<V>['whole'], y: Entry<V>['whole']): boolean =>
    x === y || (x !== undefined && y !== undefined && sameStamp(x, y) && orNull(value).equals(x[0][1], y[0][1]))
  const sameFields = (x: Entry<V>['fields'], y: Entry<V>['fields']): boolean =>
    x === y || (x !== undefined && y !== undefined && Registers.equals(x, y, Json.equals))
  return {
    equals: (a, b) =>
      a === b ||
      SortedMap.equals(
        a.entries,
        b.entries,
        (x, y, key, otherKey) =>
          key === otherKey && (x === y || (sameWhole(x.whole, y.whole) && sameFields(x.fields, y.fields))),
      ),
  }
}
