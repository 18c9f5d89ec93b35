/**
 * Every data type under the properties: one entry each. A new type joins by one line at the
 * bottom, and by saying independently of its own code what its updates come to.
 */
import type { eq } from 'fp-ts'
import fc from 'fast-check'
import * as t from 'io-ts'
import { Events, Model, type DataType, type Update } from '../src/index.js'

export interface Entry<S, C> {
  readonly dataType: DataType<S, C>
  readonly eq: eq.Eq<S>
  readonly toJSON: (state: S) => unknown
  readonly change: fc.Arbitrary<C>
  /** What all updates come to, in total order: the naive model. */
  readonly oracle: (updates: ReadonlyArray<Update<C>>) => unknown
}

/** Few, so that they collide; nasty, so that nothing is special. */
export const key = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString', '', '\ud800', 'é')

export const source = fc.constantFrom('a', 'b', 'B', '__proto__', 'constructor', '', '\udfff', 'a b', '10', '9')

export const json = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom('', 'x', '__proto__', '\ud83d', true, false, -0.5),
  fc.dictionary(key, fc.nat(2), { maxKeys: 2 }),
  fc.array(fc.nat(2), { maxLength: 2 }),
)

const model: Entry<Model.State<unknown>, Model.Change<unknown>> = {
  dataType: Model.of(t.unknown),
  eq: Model.getEq(),
  toJSON: Model.toJSON,
  change: fc.tuple(key, fc.option(json)),
  oracle: (updates) =>
    Object.fromEntries([...new Map(updates.map(([change]) => change))].filter(([, value]) => value !== null)),
}

const events: Entry<Events.State<unknown>, Events.Change<unknown>> = {
  dataType: Events.of(t.unknown),
  eq: Events.getEq(),
  toJSON: Events.toJSON,
  change: fc.oneof(fc.tuple(key, json), fc.tuple(key, json, json)),
  oracle: (updates) => updates.map(([change]) => change),
}

export const table = [model, events] as unknown as ReadonlyArray<Entry<unknown, unknown>>
