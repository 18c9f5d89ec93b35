/**
 * Which others are here, as a value. Each peer counts what it says of itself; only a greater count
 * is news, and only news is passed on, so lines end also where links form circles.
 *
 * Source: the awareness protocol of Yjs (y-protocols, awareness.js), with ages added: an entry
 * lapses everywhere a `timeout` after its own peer spoke, not after it was last passed on.
 */
import * as Json from '../../core/Json.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { MAX_DRIFT } from '../../wire/Policy.js'

/** What is said of a peer: null if it has left. `age`: so many ms ago. */
export type Said = readonly [id: string, count: number, value: unknown, age: number]

interface Entry {
  readonly count: number
  /** When the peer itself said so, in ms by our clock. */
  readonly at: number
  /** The connection that brought this count. */
  readonly via: symbol
}

export interface State {
  readonly entries: SortedMap.SortedMap<string, Entry>
  /**
   * The values of those who are here, frozen JSON. One that left keeps its entry for a while, so
   * that a late copy does not bring it back.
   */
  readonly values: SortedMap.SortedMap<string, unknown>
  /** How many of the entries each connection brought. */
  readonly shares: ReadonlyMap<symbol, number>
}

export interface Limits {
  /** An entry lapses so many ms after its peer spoke. */
  readonly timeout: number
  /** The most entries; more are refused. */
  readonly maxPeers: number
  /** The most bytes of JSON that an id and its value may take. */
  readonly maxBytes: number
}

/** No value is nested deeper. */
export const MAX_DEPTH = 32

const byId = SortedMap.byText

export const empty: State = { entries: SortedMap.empty(), values: SortedMap.empty(), shares: new Map() }

/** Drops what has lapsed. O(peers). */
export const lapse =
  (now: number, { timeout }: Limits) =>
  (state: State): State => {
    const lapsed: string[] = []
    let { entries } = state
    for (const [id, entry] of SortedMap.entries(state.entries)) {
      if (now - entry.at >= timeout) lapsed.push(id)
      // the clock was set back
      else if (entry.at > now) entries = SortedMap.set(byId, entries, id, { ...entry, at: now })
    }
    return without(lapsed)(entries === state.entries ? state : { ...state, entries })
  }

const without =
  (ids: ReadonlyArray<string>) =>
  (state: State): State => {
    if (ids.length === 0) return state
    let { entries, values } = state
    const shares = new Map(state.shares)
    for (const id of ids) {
      add(-1, SortedMap.get(byId, entries, id)?.via, shares)
      entries = SortedMap.remove(byId, entries, id)
      values = SortedMap.remove(byId, values, id)
    }
    return { entries, values, shares }
  }

const add = (change: number, via: symbol | undefined, shares: Map<symbol, number>): void => {
  if (via === undefined) return
  const share = (shares.get(via) ?? 0) + change
  if (share === 0) shares.delete(via)
  else shares.set(via, share)
}

/** All that is known, for a new connection. O(peers). */
export const known =
  (now: number) =>
  ({ entries, values }: State): ReadonlyArray<Said> =>
    [...SortedMap.entries(entries)].map(([id, entry]) =>
      saidOf(id, entry, SortedMap.get(byId, values, id) ?? null, now),
    )

const saidOf = (id: string, { count, at }: Entry, value: unknown, now: number): Said => [
  id,
  count,
  value,
  Math.max(0, now - at),
]

/**
 * Takes what a connection tells. A new state is news for every other connection. Nothing changes by
 * what is old, nor by a new peer beyond `maxPeers`, or beyond the `most` that this connection may
 * bring. O(log peers); O(connections) for a peer that this connection had not brought.
 */
export const hear =
  ([id, count, value, age]: Said, via: symbol, most: number, now: number, { maxPeers }: Limits) =>
  (state: State): State => {
    const { entries, values, shares } = state
    const [held, shown] = [SortedMap.get(byId, entries, id), SortedMap.get(byId, values, id)]
    if (held === undefined) {
      if (SortedMap.size(entries) >= maxPeers) return state
    } else {
      // a connection takes back what it brought: the peer behind it is gone
      const isTakenBack = count === held.count && value === null && shown !== undefined && via === held.via
      if (count <= held.count && !isTakenBack) return state
    }
    const isAnothers = held?.via !== via
    if (isAnothers && (shares.get(via) ?? 0) >= most) return state
    return {
      entries: SortedMap.set(byId, entries, id, { count, at: now - age, via }),
      values: value === null ? SortedMap.remove(byId, values, id) : withValue(id, value, shown)(values),
      shares: isAnothers ? moved(held?.via, via)(shares) : shares,
    }
  }

/** An entry of one connection, if there is one, becomes an entry of another. */
const moved =
  (from: symbol | undefined, to: symbol) =>
  (shares: State['shares']): State['shares'] => {
    const next = new Map(shares)
    add(-1, from, next)
    add(1, to, next)
    return next
  }

/** An equal value stays the same object. */
const withValue =
  (id: string, value: unknown, shown: unknown) =>
  (values: State['values']): State['values'] =>
    shown !== undefined && Json.equals(shown, value) ? values : SortedMap.set(byId, values, id, value)

/** A connection is over: who was known by it is gone. Gives what to tell of that. O(peers). */
export const gone =
  (via: symbol, now: number) =>
  (state: State): readonly [state: State, told: ReadonlyArray<Said>] => {
    const theirs = [...SortedMap.entries(state.entries)].filter(([, entry]) => entry.via === via)
    const present = theirs.filter(([id]) => SortedMap.get(byId, state.values, id) !== undefined)
    return [without(theirs.map(([id]) => id))(state), present.map(([id, entry]) => saidOf(id, entry, null, now))]
  }

/** What is said as a line, without a line end. */
export const encode = ([id, count, value, age]: Said): string =>
  JSON.stringify(age === 0 ? [id, count, value] : [id, count, value, age])

/** The beginning of the string that carries a line on a link. */
export const PREFIX = 'PRESENCE '

/** What a line says, with or without {@link PREFIX}; undefined if it is none, or too long. */
export const decode = (line: string, now: number, { maxBytes, timeout }: Limits): Said | undefined => {
  if (line.length > maxBytes + SLACK) return undefined
  let json: unknown
  try {
    json = Json.freeze(JSON.parse(line.startsWith(PREFIX) ? line.slice(PREFIX.length) : line), MAX_DEPTH + 1)
  } catch {
    return undefined
  }
  if (!Array.isArray(json)) return undefined
  const [id, count, value, age = 0] = json as ReadonlyArray<unknown>
  const isSaid =
    typeof id === 'string' &&
    value !== undefined &&
    isCount(count, now) &&
    isAge(age, timeout) &&
    bytes(id, value) <= maxBytes
  return isSaid ? [id, count, value, age] : undefined
}

/** The prefix, digits and commas of a line. */
const SLACK = 80

/**
 * A count goes on from the wall clock. One far ahead of it would keep its peer from ever being
 * heard again, as a peer answers with a greater one.
 */
const isCount = (count: unknown, now: number): count is number =>
  Number.isSafeInteger(count) && (count as number) >= 0 && (count as number) <= now + MAX_DRIFT

const isAge = (age: unknown, timeout: number): age is number => typeof age === 'number' && age >= 0 && age < timeout

/** The bytes that count: of an id and its value as JSON. */
export const bytes = (id: string, value: unknown): number => Json.bytes(JSON.stringify([id, value]))
