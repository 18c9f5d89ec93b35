/**
 * The npm packages that this library succeeds, as subjects that talk in their own messages. The
 * caller passes a function that makes one for an id: this library does not depend on them.
 */
import * as fc from 'fast-check'
import type { Update } from '../../core/Update.js'
import { opaque } from '../subjects/forms.js'
import { broken, type Broken } from './Broken.js'

/** An instance of npm `scuttlebutt`. */
export interface Original {
  readonly sources: Readonly<Record<string, number>>
  readonly history: (sources: Readonly<Record<string, number>>) => ReadonlyArray<Update<unknown>>
  readonly toJSON: () => unknown
  readonly _update: (update: Update<unknown>) => unknown
  /** Stamps a change. Replaced, so that the simulator's clock is used. */
  localUpdate: (change: unknown) => unknown
}

interface Driven<O> {
  readonly original: O
  /** The stamp of its last own update. */
  last: number
}

const underTest = <O extends Original, C>(
  name: string,
  because: string,
  make: (id: string) => O,
  command: fc.Arbitrary<C>,
  act: (command: C, original: O) => void,
): Broken =>
  broken(
    { name, because, law: 'convergence', verdict: 'diverged' },
    opaque({
      command,
      create: (id: string): Driven<O> => ({ original: make(`#${id}`), last: 0 }),
      local:
        (made: C, { id, now }) =>
        (driven) => {
          const { original } = driven
          original.localUpdate = (change) => {
            // like npm monotonic-timestamp
            driven.last = now > driven.last ? now : driven.last + 2 ** -10
            original._update([change, driven.last, `#${id}`])
            return original
          }
          act(made, original)
        },
      send:
        ({ original: peer }) =>
        ({ original }) =>
          JSON.parse(JSON.stringify(original.history({ ...peer.sources }))) as ReadonlyArray<Update<unknown>>,
      receive:
        (updates: ReadonlyArray<Update<unknown>>) =>
        ({ original }) => {
          for (const update of updates) original._update(update)
        },
      show: ({ original }) => JSON.parse(JSON.stringify(original.toJSON())) as unknown,
      delivery: { order: 'source', copies: 'at least once' },
    }),
  )

const key = fc.constantFrom('k', 'l')

/** npm `scuttlebutt/model`. */
export const originalModel = (
  make: (id: string) => Original & { set: (key: string, value: unknown) => unknown },
): Broken =>
  underTest(
    'originalModel',
    'scuttlebutt 5.6.15, model.js: of equal timestamps the last to arrive wins',
    make,
    fc.tuple(fc.constant('k'), fc.nat(3)),
    ([at, value], model) => void model.set(at, value),
  )

/** npm `r-array`. */
export const originalArray = (
  make: (id: string) => Original & { set: (key: string, value: unknown) => void },
): Broken =>
  underTest(
    'originalArray',
    'r-array 0.5.3: a write stays local if its clock is behind the value that it overwrites',
    make,
    fc.tuple(key, fc.nat(3)),
    ([at, value], array) => {
      array.set(at, value)
    },
  )

/** npm `crdt`. */
export const originalDoc = (
  make: (id: string) => Original & { set: (row: string, fields: object) => unknown; rm: (row: string) => void },
): Broken =>
  underTest(
    'originalDoc',
    'crdt 3.6.4, doc.js: a row removed here and set there is gone or stays, by the order of arrival',
    make,
    fc.tuple(
      key,
      fc.option(
        fc.dictionary(fc.constantFrom('f', 'g'), fc.nat(3), { minKeys: 1, maxKeys: 1, noNullPrototype: true }),
        { nil: null },
      ),
    ),
    ([row, fields], doc) => {
      if (fields === null) doc.rm(row)
      else doc.set(row, fields)
    },
  )

/**
 * npm `expiry-model`. `maxAge` must exceed the distance between the simulated and the real clock.
 */
export const originalExpiryModel = (
  make: (id: string) => Original & { set: (key: string, value: unknown) => void },
): Broken =>
  underTest(
    'originalExpiryModel',
    'expiry-model 1.0.2: a merged object gets the stamp of the last arrival, so that older fields win',
    make,
    fc.tuple(
      key,
      fc.dictionary(fc.constantFrom('f', 'g'), fc.nat(3), { minKeys: 1, maxKeys: 2, noNullPrototype: true }),
    ),
    ([at, fields], model) => {
      model.set(at, fields)
    },
  )
