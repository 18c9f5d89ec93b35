/**
 * A map that forgets: entries lapse at an age, and only the newest so many keys are kept.
 *
 * On the wire `[key, value]`, as npm `expiry-model`; `null` removes. A plain object is merged into what its key holds, the last
 * writer of each field winning; any other value, arrays too, replaces it. Every field lapses `maxAge` after it was written.
 *
 * Of the keys, those with the `max` newest stamps count, removed ones among them, and nothing that was written before
 * the oldest of these does, fields of theirs included. So what is kept is a function of what was written, whatever
 * order it came in: stamps only rise. Lapsed entries take room until `prune(now)`; queries do not see them.
 *
 * @example
 * const model = scuttlebutt(ExpiryModel.of(t.UnknownRecord, { maxAge: 1000, max: 100 }))
 * const [, one] = unwrap(model.change(ExpiryModel.set('ann', { x: 1 }), 5000)(model.create('alice')))
 * const [, two] = unwrap(model.change(ExpiryModel.set('ann', { y: 2 }), 5500)(one))
 * ExpiryModel.get('ann', 5999)(two.state) // => O.some({ x: 1, y: 2 })
 * ExpiryModel.get('ann', 6000)(two.state) // => O.some({ y: 2 })
 * ExpiryModel.keys(6500)(two.state) // => []
 * model.history()(model.prune(6500)(two)) // => []
 */
import type { eq, option as O } from 'fp-ts'
import * as t from 'io-ts'
import type { Applied, DataType } from '../core/DataType.js'
import * as Json from '../core/Json.js'
import * as SortedMap from '../structures/SortedMap.js'
import * as Timestamp from '../core/Timestamp.js'
import * as Update from '../core/Update.js'
import * as Registers from './parts/Registers.js'
import * as Holdings from './parts/Holdings.js'
import { isPlain, nullOr, orNull, pair } from './parts/codecs.js'

export type Change<V> = readonly [key: string, value: V | null]

export interface Options {
  /** How long an entry counts, in ms: one that is as old does not. Default: a day. */
  readonly maxAge?: number
  /** How many keys are kept, at least 1. Default 500. */
  readonly max?: number
}

/** What counts of a key: at least one of the two. */
interface Entry<V> {
  /** The newest update that replaced all: a removal, or a value that is no plain object. */
  readonly whole: Update.Update<Change<V>> | undefined
  /** What was merged since. */
  readonly fields: Registers.Registers<Change<V>> | undefined
}

export interface State<V> {
  readonly maxAge: number
  readonly max: number
  readonly entries: SortedMap.SortedMap<string, Entry<V>>
  /** The newest update of every key, oldest first. */
  readonly newest: SortedMap.SortedMap<Update.Update<Change<V>>, true>
  /** All updates that count for anything, oldest first. */
  readonly held: SortedMap.SortedMap<Update.Update<Change<V>>, true>
  readonly holdings: Holdings.Holdings<Change<V>>
  /** Everything up to this timestamp has lapsed, and stays away. */
  readonly lapsed: Timestamp.Timestamp
}

const DAY = 24 * 60 * 60 * 1000

const byKey: SortedMap.Less<string> = (a, b) => a < b

/** A model of what `value` decodes. Apply: O((u + d + f) log n) for u updates of f fields and d dropped, of n held. */
export const of = <V>(
  value: t.Type<V, unknown, unknown>,
  { maxAge = DAY, max = 500 }: Options = {},
): DataType<State<V>, Change<V>> => ({
  name: `ExpiryModel<${value.name}>`,
  change: pair(nullOr(value)),
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
})

const apply =
  <V>(updates: ReadonlyArray<Update.Update<Change<V>>>) =>
  (state: State<V>): Applied<State<V>, Change<V>> => {
    const draft = new Draft(state)
    for (const update of updates) draft.apply(update)
    draft.evict()
    return draft.done()
  }

const prune =
  (now: Timestamp.Timestamp) =>
  <V>(state: State<V>): Applied<State<V>, Change<V>> => {
    const draft = new Draft(state)
    draft.lapse(now - state.maxAge)
    const oldest = draft.oldest()
    const evicted = oldest === undefined ? Timestamp.NEVER : Timestamp.previous(oldest[1])
    return { ...draft.done(), lapsed: Math.max(now - state.maxAge, evicted) }
  }

const newestOf = <V>({ whole, fields }: Entry<V>): Update.Update<Change<V>> => (fields?.newest ?? whole)!

/** A state in the making. */
class Draft<V> {
  private readonly origin: State<V>
  private readonly entries: SortedMap.Draft<string, Entry<V>>
  private readonly newest: SortedMap.Draft<Update.Update<Change<V>>, true>
  private readonly held: SortedMap.Draft<Update.Update<Change<V>>, true>
  private readonly holdings: Holdings.Draft<Change<V>>
  private lapsed: Timestamp.Timestamp

  constructor(origin: State<V>) {
    this.origin = origin
    this.entries = new SortedMap.Draft(byKey, origin.entries)
    this.newest = new SortedMap.Draft<Update.Update<Change<V>>, true>(Update.before, origin.newest)
    this.held = new SortedMap.Draft<Update.Update<Change<V>>, true>(Update.before, origin.held)
    this.holdings = new Holdings.Draft(origin.holdings)
    this.lapsed = origin.lapsed
  }

  /** The update of the last key that there is room for: nothing before it counts. */
  oldest(): Update.Update<Change<V>> | undefined {
    return this.newest.size < this.origin.max ? undefined : this.newest.first()
  }

  apply(update: Update.Update<Change<V>>): void {
    const [key, value] = update[0]
    const entry = this.entries.get(key)
    const bounds = [this.oldest(), entry?.whole]
    if (update[1] <= this.lapsed || bounds.some((bound) => bound !== undefined && Update.before(update, bound))) {
      this.holdings.hold(update, 0)
      return
    }
    if (isPlain(value)) {
      const fields = Registers.write(entry?.fields, update, this.holdings)
      if (fields === entry?.fields) return
      this.held.set(update, true)
      this.put(key, entry, { whole: entry?.whole, fields })
      return
    }
    this.held.set(update, true)
    if (entry?.whole !== undefined) this.holdings.release(entry.whole)
    this.holdings.hold(update, 1)
    this.put(key, entry, {
      whole: update,
      fields: entry?.fields && Registers.since(entry.fields, update, this.holdings),
    })
  }

  private put(key: string, before: Entry<V> | undefined, after: Entry<V>): void {
    this.entries.set(key, after)
    const [old, newest] = [before && newestOf(before), newestOf(after)]
    if (old === newest) return
    if (old !== undefined) this.newest.remove(old)
    this.newest.set(newest, true)
  }

  /** Lets go of the keys that are too many, and of all that was written before those that are not. */
  evict(): void {
    for (const update of this.holdings.superseded) this.held.remove(update)
    while (this.newest.size > this.origin.max) this.newest.remove(this.newest.first()!)
    const oldest = this.oldest()
    if (oldest !== undefined) this.dropWhile((update) => Update.before(update, oldest))
  }

  /** Lets go of all up to a timestamp. */
  lapse(timestamp: Timestamp.Timestamp): void {
    if (this.dropWhile((update) => update[1] <= timestamp)) this.lapsed = timestamp
  }

  /** Whether there was any. */
  private dropWhile(test: (update: Update.Update<Change<V>>) => boolean): boolean {
    const size = this.held.size
    for (let update = this.held.first(); update !== undefined && test(update); update = this.held.first()) {
      this.drop(update)
    }
    return this.held.size < size
  }

  private drop(update: Update.Update<Change<V>>): void {
    const key = update[0][0]
    const { whole, fields } = this.entries.get(key)!
    // in a JSON clone they are equal, but not the same object
    const isWhole = whole !== undefined && Update.compare(whole, update) === 0
    if (isWhole) this.holdings.release(whole)
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

/** A change that sets a key, or merges an object into it. `null` for a value removes the key. */
export const set = <V>(key: string, value: V): Change<V> => [key, value]

/** A change that removes a key, known or not. */
export const remove = (key: string): Change<never> => [key, null]

/** What of an entry has not lapsed. */
const valueAt = <V>({ whole, fields }: Entry<V>, now: number, maxAge: number): O.Option<V> => {
  const counts = (update: Update.Update<Change<V>>): boolean => update[1] > now - maxAge
  if (fields !== undefined && counts(fields.newest)) {
    return { _tag: 'Some', value: Registers.toRecord(fields, counts) as V }
  }
  const value = whole !== undefined && counts(whole) ? whole[0][1] : null
  return value === null ? { _tag: 'None' } : { _tag: 'Some', value }
}

/** The value of a key at a time, in ms since the epoch: what has not lapsed by then. O(log n + f) for f fields. */
export const get =
  (key: string, now: number) =>
  <V>({ entries, maxAge }: State<V>): O.Option<V> => {
    const entry = SortedMap.get(byKey, entries, key)
    return entry === undefined ? { _tag: 'None' } : valueAt(entry, now, maxAge)
  }

/** The keys with their values at a time, by key in UTF-16 code unit order. O(n). */
export const entries =
  (now: number) =>
  <V>({ entries: all, maxAge }: State<V>): ReadonlyArray<readonly [string, V]> => {
    const present: (readonly [string, V])[] = []
    SortedMap.forEach(all, (entry, key) => {
      const value = valueAt(entry, now, maxAge)
      if (value._tag === 'Some') present.push([key, value.value])
    })
    return present
  }

/** The keys that have a value at a time, in UTF-16 code unit order. O(n). */
export const keys =
  (now: number) =>
  <V>(state: State<V>): ReadonlyArray<string> =>
    entries(now)(state).map(([key]) => key)

/** A plain object of the values by key, at a time. O(n). */
export const toJSON =
  (now: number) =>
  <V>(state: State<V>): Readonly<Record<string, V>> =>
    Object.fromEntries(entries(now)(state))

/** Equal where the same updates win and say the same, by `value` for what is no plain object. Lapsed ones count until pruned. O(n). */
export const getEq = <V>(value: eq.Eq<V> = Json.Eq): eq.Eq<State<V>> => {
  const sameWhole = (x: Entry<V>['whole'], y: Entry<V>['whole']): boolean =>
    x === y || (x !== undefined && y !== undefined && Update.sameStamp(x, y) && orNull(value).equals(x[0][1], y[0][1]))
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
