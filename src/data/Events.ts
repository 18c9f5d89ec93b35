/**
 * A log of named events, read in total order: no event is ever lost or superseded.
 *
 * On the wire `[name, payload]`, as npm `scuttlebutt/events`, which may append further
 * arguments: they are kept. Any string is a name; none is special.
 *
 * @example
 * const chat = scuttlebutt(Events.of(t.string))
 * const [, replica] = unwrap(chat.change(Events.emit('said', 'hi'), 1000)(chat.create('alice')))
 * Events.events('said')(replica.state) // => [[['said', 'hi'], 1000, 'alice']]
 * Events.toJSON(replica.state) // => [['said', 'hi']]
 */
import type { eq } from 'fp-ts'
import * as t from 'io-ts'
import type { Applied, DataType } from '../core/DataType.js'
import * as Json from '../core/Json.js'
import * as SortedMap from '../structures/SortedMap.js'
import * as Update from '../core/Update.js'

export type Change<P> = readonly [name: string, payload: P, ...more: unknown[]]

/** An event with its stamp: the update that brought it. */
export type Event<P> = Update.Update<Change<P>>

/** Events in total order. */
type Timeline<P> = SortedMap.SortedMap<Event<P>, true>

export interface State<P> {
  readonly all: Timeline<P>
  readonly byName: SortedMap.SortedMap<string, Timeline<P>>
}

const alphabetically: SortedMap.Less<string> = (a, b) => a < b

const emptyState: State<never> = { all: SortedMap.empty(), byName: SortedMap.empty() }

/** Events with payloads that `payload` decodes. Apply: O(u log n) for u updates and n events. */
export const of = <P>(payload: t.Type<P, unknown, unknown>): DataType<State<P>, Change<P>> => ({
  name: `Events<${payload.name}>`,
  change: changeOf(payload),
  empty: emptyState,
  apply,
  toJSON,
})

/** A name and a payload, and whatever follows. A payload that is missing is decoded as undefined. */
const changeOf = <P>(payload: t.Type<P, unknown, unknown>): t.Type<Change<P>, unknown, unknown> => {
  const named = t.array(t.unknown).pipe(
    new t.Type<Change<P>, unknown[], unknown[]>(
      `[string, ${payload.name}, ...]`,
      (u): u is Change<P> => Array.isArray(u) && typeof u[0] === 'string' && payload.is(u[1]),
      (u, context) => {
        const name = t.string.validate(u[0], t.appendContext(context, '0', t.string, u[0]))
        if (name._tag === 'Left') return name
        const decoded = payload.validate(u[1], t.appendContext(context, '1', payload, u[1]))
        if (decoded._tag === 'Left') return decoded
        return t.success(
          decoded.right === u[1] ? (u as unknown as Change<P>) : [name.right, decoded.right, ...u.slice(2)],
        )
      },
      ([name, value, ...more]) => (value === undefined ? [name] : [name, payload.encode(value), ...more]),
    ),
  )
  return named
}

const apply =
  <P>(updates: ReadonlyArray<Event<P>>) =>
  (state: State<P>): Applied<State<P>, Change<P>> => {
    const all = new SortedMap.Draft<Event<P>, true>(Update.before, state.all)
    const byName = new SortedMap.Draft(alphabetically, state.byName)
    const timelines = new Map<string, SortedMap.Draft<Event<P>, true>>()
    for (const update of updates) {
      const name = update[0][0]
      let timeline = timelines.get(name)
      if (timeline === undefined) {
        timeline = new SortedMap.Draft<Event<P>, true>(Update.before, byName.get(name) ?? SortedMap.empty())
        timelines.set(name, timeline)
      }
      all.set(update, true)
      timeline.set(update, true)
    }
    for (const [name, timeline] of timelines) byName.set(name, timeline.done())
    const next = all.done()
    return { state: next === state.all ? state : { all: next, byName: byName.done() }, superseded: [] }
  }

/** A change that emits an event. */
export const emit = <P>(name: string, payload: P): Change<P> => [name, payload]

/** The events of a name, or all, oldest first. O(log n + events returned). */
export const events =
  (name?: string) =>
  <P>({ all, byName }: State<P>): ReadonlyArray<Event<P>> => {
    const timeline = name === undefined ? all : SortedMap.get(alphabetically, byName, name)
    return timeline === undefined ? [] : SortedMap.keys(timeline)
  }

/** How many events there are. O(1). */
export const size = <P>({ all }: State<P>): number => SortedMap.size(all)

/** `[name, payload]` of every event, oldest first. O(n). */
export const toJSON = <P>(state: State<P>): ReadonlyArray<Change<P>> => events()(state).map(([change]) => change)

/** Equal where the same events happened and say the same. O(n). */
export const getEq = <P>(payload: eq.Eq<P> = Json.Eq): eq.Eq<State<P>> => ({
  equals: (a, b) => {
    if (a === b) return true
    const [left, right] = [events()(a), events()(b)]
    return left.length === right.length && left.every((event, i) => sameEvent(payload)(event, right[i]!))
  },
})

const sameEvent =
  <P>(payload: eq.Eq<P>) =>
  (a: Event<P>, b: Event<P>): boolean => {
    if (a === b) return true
    const [[name, value, ...more], [otherName, otherValue, ...otherMore]] = [a[0], b[0]]
    return (
      Update.sameStamp(a, b) && name === otherName && payload.equals(value, otherValue) && Json.equals(more, otherMore)
    )
  }
