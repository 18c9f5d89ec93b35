/**
 * A log of named events, read in total order. No event is ever lost or superseded.
 *
 * On the wire `[name, payload]`, as npm `scuttlebutt/events`. That package may append further
 * arguments; they are kept. Any string is a name.
 *
 * @example
 * import * as t from 'io-ts'
 * const chat = scuttlebutt(Events.of(t.string))
 * const [, replica] = unwrap(chat.change(Events.emit('said', 'hi'), 1000)(chat.create('alice')))
 * Events.events('said')(replica.state) // => [[['said', 'hi'], 1000, 'alice']]
 * Events.toJSON(replica.state) // => [['said', 'hi']]
 */
import type { eq } from 'fp-ts'
import * as t from 'io-ts'
import type { Applied, DataType } from '../core/DataType.js'
import type { DeepReadonly } from '../core/DeepReadonly.js'
import * as Json from '../core/Json.js'
import type { Spliced } from '../core/Patch.js'
import { before, sameStamp, type Update } from '../core/Update.js'
import * as SortedMap from '../structures/SortedMap.js'
import { kind, type Named } from './parts/kind.js'
import { ofLists } from './parts/patches.js'
import { nothing, stable } from './parts/stable.js'

export type Change<P> = readonly [name: string, payload: DeepReadonly<P>, ...more: unknown[]]

/** The update that brought an event: the event and its stamp. */
export type Event<P> = Update<Change<P>>

/** Events in total order. */
type Timeline<P> = SortedMap.SortedMap<Event<P>, true>

export interface State<P> {
  readonly all: Timeline<P>
  readonly byName: SortedMap.SortedMap<string, Timeline<P>>
}

/** The data type that {@link of} returns. */
export interface Type<P> extends DataType<State<P>, Change<P>> {
  readonly toJSON: (state: State<P>) => ReadonlyArray<Change<P>>
}

const emptyState: State<never> = { all: SortedMap.empty(), byName: SortedMap.empty() }

/** Events with payloads that `payload` decodes. Apply: O(u log n) for u updates and n events. */
export const of = <P>(payload: t.Type<P, unknown, unknown>, options: Named = {}): Type<P> => ({
  ...kind('Events', payload.name, options),
  change: changeOf(payload) as unknown as t.Type<Change<P>, unknown, unknown>,
  empty: emptyState,
  apply,
  toJSON,
  diff,
})

type Decoded<P> = readonly [name: string, payload: P, ...more: unknown[]]

/** A name, a payload and anything after them. A missing payload is decoded as undefined. */
const changeOf = <P>(payload: t.Type<P, unknown, unknown>): t.Type<Decoded<P>, unknown, unknown> => {
  const named = t.array(t.unknown).pipe(
    new t.Type<Decoded<P>, unknown[], unknown[]>(
      `[string, ${payload.name}, ...]`,
      (u): u is Decoded<P> => Array.isArray(u) && typeof u[0] === 'string' && payload.is(u[1]),
      (u, context) => {
        const name = t.string.validate(u[0], t.appendContext(context, '0', t.string, u[0]))
        if (name._tag === 'Left') return name
        const decoded = payload.validate(u[1], t.appendContext(context, '1', payload, u[1]))
        if (decoded._tag === 'Left') return decoded
        return t.success(
          decoded.right === u[1] ? (u as unknown as Decoded<P>) : [name.right, decoded.right, ...u.slice(2)],
        )
      },
      (change) => {
        const [name, value] = change
        const json = payload.encode(value)
        if (json === undefined && value === undefined && change.length === 2) return [name]
        return json === value ? (change as unknown as unknown[]) : [name, json, ...change.slice(2)]
      },
    ),
  )
  return named
}

const apply =
  <P>(updates: ReadonlyArray<Event<P>>) =>
  (state: State<P>): Applied<State<P>, Change<P>> => {
    const all = new SortedMap.Draft<Event<P>, true>(before, state.all)
    const byName = new SortedMap.Draft(SortedMap.byText, state.byName)
    const timelines = new Map<string, SortedMap.Draft<Event<P>, true>>()
    for (const update of updates) {
      const name = update[0][0]
      let timeline = timelines.get(name)
      if (timeline === undefined) {
        timeline = new SortedMap.Draft<Event<P>, true>(before, byName.get(name) ?? SortedMap.empty())
        timelines.set(name, timeline)
      }
      all.set(update, true)
      timeline.set(update, true)
    }
    for (const [name, timeline] of timelines) byName.set(name, timeline.done())
    const next = all.done()
    return { state: next === state.all ? state : { all: next, byName: byName.done() }, superseded: [] }
  }

/** A change that emits an event. O(1). */
export const emit = <P>(name: string, payload: P): Change<P> => [name, payload as DeepReadonly<P>]

/** The events with a name, or all events, oldest first. O(log n + events returned). */
export const events =
  (name?: string) =>
  <P>({ all, byName }: State<P>): ReadonlyArray<Event<P>> => {
    const timeline = name === undefined ? all : SortedMap.get(SortedMap.byText, byName, name)
    const isEmpty = timeline === undefined || SortedMap.size(timeline) === 0
    return isEmpty ? nothing : stable(timeline, 'events', () => SortedMap.keys(timeline))
  }

/** The number of events. O(1). */
export const size = <P>({ all }: State<P>): number => SortedMap.size(all)

/** `[name, payload]` of each event, oldest first. O(n). */
export const toJSON = <P>(state: State<P>): ReadonlyArray<Change<P>> =>
  stable(state, 'toJSON', () => SortedMap.keys(state.all).map(([change]) => change))

/** The events that came, as splices of {@link toJSON}. O(d log n) for d of them. */
export const diff =
  <P>(old: State<P>) =>
  (made: State<P>): ReadonlyArray<Spliced<readonly [], Change<P>>> => {
    const [from, to] = [old, made].map(({ all }) => ({ map: all, show: (_: true, [change]: Event<P>) => change }))
    return ofLists(before, from!, to!)
  }

/** Equal if the same events happened, with the same names and payloads. O(n). */
export const getEq = <P>(payload: eq.Eq<P> = Json.Eq): eq.Eq<State<P>> => ({
  equals: (a, b) => {
    if (a === b) return true
    const [some, others] = [events()(a), events()(b)]
    return some.length === others.length && some.every((event, i) => sameEvent(payload)(event, others[i]!))
  },
})

const sameEvent =
  <P>(payload: eq.Eq<P>) =>
  (a: Event<P>, b: Event<P>): boolean => {
    if (a === b) return true
    const [[name, value, ...more], [otherName, otherValue, ...otherMore]] = [a[0], b[0]]
    return (
      sameStamp(a, b) &&
      name === otherName &&
      payload.equals(value as P, otherValue as P) &&
      Json.equals(more, otherMore)
    )
  }
