/**
 * Queries give the same object for the same state. React compares by identity, and so sees no
 * change where there is none. What they gave lives as long as the state.
 */
import type { option as O } from 'fp-ts'
import { some } from '../../core/Option.js'

interface Answer {
  readonly now: number
  readonly value: unknown
}

const answers = new WeakMap<object, Map<string, Answer>>()

/**
 * What `make` gave for this object and query, frozen; made again if `now` is another one. Not for
 * an empty map, which all types share.
 */
export const stable = <A>(of: object, query: string, make: () => A, now = 0): A => {
  let known = answers.get(of)
  if (known === undefined) answers.set(of, (known = new Map<string, Answer>()))
  const held = known.get(query)
  if (held !== undefined && Object.is(held.now, now)) return held.value as A
  const value = Object.freeze(make())
  known.set(query, { now, value })
  return value
}

const options = new WeakMap<object, O.Some<unknown>>()

/** `some(value)`, one object for one `holder` of the value. */
export const someOf = <A>(holder: object, value: A): O.Some<A> => {
  let held = options.get(holder)
  if (held === undefined) options.set(holder, (held = some(value)))
  return held as O.Some<A>
}

/** What a query gives that finds nothing. */
export const nothing: ReadonlyArray<never> = Object.freeze([])
