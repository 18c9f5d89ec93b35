/**
 * The npm packages that this library succeeds, under the kit by what they say to each other. They are not here: give them, as
 * makers of one by its id.
 */
import * as fc from 'fast-check'
import type { Update } from '../../core/Update.js'
import { opaque } from '../subjects/forms.js'
import { broken, type Broken } from './Broken.js'

/** What npm `scuttlebutt` calls the thing itself. */
export interface Original {
  readonly sources: Readonly<Record<string, number>>
  readonly history: (sources: Readonly<Record<string, number>>) => ReadonlyArray<Update<unknown>>
  readonly toJSON: () => unknown
  readonly _update: (update: Update<unknown>) => unknown
  /** Stamps a change; replaced, as the wall clock is ours here. */
  localUpdate: (change: unknown) => unknown
}

interface Driven<O> {
  readonly original: O
  /** Its own last stamp. */
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
    { name, because, law: 1, verdict: 'diverged' },
    opaque({
      command,
      create: (id: string): Driven<O> => ({ original: make(`#${id}`), last: 0 }),
      local:
        (made: C, { id, now }) =>
        (driven) => {
          const { original } = driven
          original.localUpdate = (change) => {
            // as monotonic-timestamp has it
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
    'scuttlebutt 5.6.15, model.js: of equal timestamps the later arrival wins',
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
    'r-array 0.5.3: a write under a clock behind what it overwrites stays local',
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
    'crdt 3.6.4, doc.js: a row that is removed here and set there is gone in one order of arrival, and stays in the other',
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

/** npm `expiry-model`, with a `maxAge` beyond the simulated clock's distance from the wall's. */
export const originalExpiryModel = (
  make: (id: string) => Original & { set: (key: string, value: unknown) => void },
): Broken =>
  underTest(
    'originalExpiryModel',
    'expiry-model 1.0.2: objects are merged under the stamp of what came last, so that fields win that are older',
    make,
    fc.tuple(
      key,
      fc.dictionary(fc.constantFrom('f', 'g'), fc.nat(3), { minKeys: 1, maxKeys: 2, noNullPrototype: true }),
    ),
    ([at, fields], model) => {
      model.set(at, fields)
    },
  )
