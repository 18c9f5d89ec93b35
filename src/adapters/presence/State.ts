/**
 * Who is here, as a value. Each peer counts what it says of itself; only a greater count is news,
 * and only news is passed on, so lines end also where links form circles.
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
  /** The connection that brought it first. */
  readonly via: symbol
}

export interface State {
  readonly id: string
  /** The own count; the own value, null for none; and when it was last told. */
  readonly count: number
  readonly value: unknown
  readonly toldAt: number
  readonly entries: SortedMap.SortedMap<string, Entry>
  /**
   * The values of those who are here, frozen JSON. One that left keeps its entry for a while, so
   * that a late copy does not bring it back.
   */
  readonly values: SortedMap.SortedMap<string, unknown>
}

export interface Limits {
  /** An entry lapses so many ms after its peer spoke. */
  readonly timeout: number
  /** The most entries; more are refused. */
  readonly maxPeers: number
  /** The most bytes of JSON that an id and its value may take. */
  readonly maxBytes: number
}

/** The next state, and what to tell. */
export type Step = readonly [state: State, told: ReadonlyArray<Said>]

/** A value is told again so many times a timeout, or a little less often. */
const BEATS = 4

/** No value is nested deeper. */
export const MAX_DEPTH = 32

const byId = SortedMap.byText

export const open = (id: string): State => ({
  id,
  count: 0,
  value: null,
  toldAt: 0,
  entries: SortedMap.empty(),
  values: SortedMap.empty(),
})

/** Says a new value of oneself, null for leaving. O(1). */
export const set =
  (value: unknown, now: number) =>
  (state: State): Step => {
    // a later life under the same id goes on above what peers remember
    const count = Math.max(state.count + 1, Math.floor(now))
    return [{ ...state, count, value, toldAt: now }, [[state.id, count, value, 0]]]
  }

/** The beat: tells the own value again if it is time, and drops what has lapsed. O(peers). */
export const tick =
  (now: number, { timeout }: Limits) =>
  (state: State): Step => {
    let next = state
    for (const [id, entry] of SortedMap.entries(state.entries)) {
      if (now - entry.at >= timeout) next = without(id)(next)
      // the clock was set back
      else if (entry.at > now) {
        next = { ...next, entries: SortedMap.set(byId, next.entries, id, { ...entry, at: now }) }
      }
    }
    const isDue = state.value !== null && Math.abs(now - state.toldAt) >= timeout / BEATS
    return isDue ? set(state.value, now)(next) : [next, []]
  }

const without =
  (id: string) =>
  (state: State): State => ({
    ...state,
    entries: SortedMap.remove(byId, state.entries, id),
    values: SortedMap.remove(byId, state.values, id),
  })

/** All that is known, for a new connection. O(peers). */
export const known =
  (now: number) =>
  ({ id, count, value, entries, values }: State): ReadonlyArray<Said> => [
    ...(value === null ? [] : [[id, count, value, 0] as const]),
    ...[...SortedMap.entries(entries)].map(([peer, entry]) =>
      saidOf(peer, entry, SortedMap.get(byId, values, peer) ?? null, now),
    ),
  ]

const saidOf = (id: string, { count, at }: Entry, value: unknown, now: number): Said => [
  id,
  count,
  value,
  Math.max(0, now - at),
]

/**
 * Takes a line of a peer. The result is told to every connection but `via`. A line that is
 * malformed, too long or old changes nothing; nor does one of a new peer beyond `maxPeers`.
 * O(size + log peers).
 */
export const hear =
  (line: string, via: symbol, now: number, limits: Limits) =>
  (state: State): Step => {
    const said = decode(line, now, limits)
    if (said === undefined) return [state, []]
    const [id, count, value, age] = said
    if (id === state.id) return hearOfOneself(said, now)(state)
    const { entries, values } = state
    const [held, shown] = [SortedMap.get(byId, entries, id), SortedMap.get(byId, values, id)]
    if (held === undefined) {
      if (SortedMap.size(entries) >= limits.maxPeers) return [state, []]
    } else {
      // a connection takes back what it brought: the peer behind it is gone
      const isTakenBack = count === held.count && value === null && shown !== undefined && via === held.via
      if (count <= held.count && !isTakenBack) return [state, []]
    }
    const next = {
      ...state,
      entries: SortedMap.set(byId, entries, id, { count, at: now - age, via }),
      values: value === null ? SortedMap.remove(byId, values, id) : withValue(id, value, shown)(values),
    }
    return [next, [said]]
  }

/** An equal value stays the same object. */
const withValue =
  (id: string, value: unknown, shown: unknown) =>
  (values: State['values']): State['values'] =>
    shown !== undefined && Json.equals(shown, value) ? values : SortedMap.set(byId, values, id, value)

/** Somebody took us for gone, or remembers us from an earlier life. */
const hearOfOneself =
  ([, count, value]: Said, now: number) =>
  (state: State): Step => {
    if (count < state.count || (count === state.count && value !== null)) return [state, []]
    const next = { ...state, count }
    return value === null && state.value !== null ? set(state.value, now)(next) : [next, []]
  }

/** A connection is over: drops who was known by it, and tells that. O(peers). */
export const gone =
  (via: symbol, now: number) =>
  (state: State): Step => {
    let next = state
    const told: Said[] = []
    for (const [id, entry] of SortedMap.entries(state.entries)) {
      if (entry.via !== via) continue
      next = without(id)(next)
      if (SortedMap.get(byId, state.values, id) !== undefined) told.push(saidOf(id, entry, null, now))
    }
    return [next, told]
  }

/** What is said as a line, without a line end. */
export const encode = ([id, count, value, age]: Said): string =>
  JSON.stringify(age === 0 ? [id, count, value] : [id, count, value, age])

const decode = (line: string, now: number, { maxBytes, timeout }: Limits): Said | undefined => {
  if (line.length > maxBytes + SLACK) return undefined
  let json: unknown
  try {
    json = Json.freeze(JSON.parse(line), MAX_DEPTH + 1)
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

/** The digits and commas of a line. */
const SLACK = 64

/**
 * A count goes on from the wall clock. One far ahead of it would keep its peer from ever being
 * heard again, as a peer answers with a greater one.
 */
const isCount = (count: unknown, now: number): count is number =>
  Number.isSafeInteger(count) && (count as number) >= 0 && (count as number) <= now + MAX_DRIFT

const isAge = (age: unknown, timeout: number): age is number => typeof age === 'number' && age >= 0 && age < timeout

/** The bytes that count: of an id and its value as JSON. */
export const bytes = (id: string, value: unknown): number => Json.bytes(JSON.stringify([id, value]))
