/** Types whose older versions mislead: by what they share, or by what `diff` says of them. */
import * as fc from 'fast-check'
import * as t from 'io-ts'
import type { Patch } from '../../core/Patch.js'
import { compare, type Update } from '../../core/Update.js'
import { ofDataType } from '../subjects/dataType.js'
import { broken } from './Broken.js'

interface Shared {
  readonly log: Update<string>[]
  /** How much of the log is of this version. */
  readonly length: number
}

const ITEMS = fc.constantFrom('x', 'y', 'z')

export const sharedTail = broken(
  {
    name: 'sharedTail',
    because:
      'versions share one array, each with its length, and append in place: who goes back and appends ' +
      'overwrites what newer versions hold (The Go Programming Language Specification, "Appending to and ' +
      'copying slices")',
    law: 'timeTravel',
    also: ['digests', 'agreement', 'versions'],
    verdict: 'lost',
  },
  ofDataType<Shared, string>(
    {
      name: 'feed',
      change: t.string,
      empty: { log: [], length: 0 },
      apply: (updates) => (state) => {
        const log = state.length === 0 ? [] : state.log
        for (const [i, update] of updates.entries()) log[state.length + i] = update
        return { state: { log, length: state.length + updates.length }, superseded: [] }
      },
      toJSON: ({ log, length }) => shown(log.slice(0, length)),
    },
    { change: ITEMS },
  ),
)

const shown = (updates: ReadonlyArray<Update<string>>): ReadonlyArray<string> =>
  [...updates].sort(compare).map(([item]) => item)

export const oldIndices = broken(
  {
    name: 'oldIndices',
    because:
      'each patch names its place in the old list, though the patches before it have moved that place (RFC ' +
      '6902, section 3)',
    law: 'diff',
    verdict: 'unlawful',
  },
  ofDataType<ReadonlyArray<Update<string>>, string>(
    {
      name: 'sorted list',
      change: t.string,
      empty: [],
      apply: (updates) => (state) => ({
        state: updates.length === 0 ? state : [...state, ...updates].sort(compare),
        superseded: [],
      }),
      toJSON: shown,
      diff: (before) => (after) => [
        ...[...before.entries()]
          .filter(([, update]) => !after.includes(update))
          .map(([splice, [item]]): Patch => ({ at: [], splice, removed: [item], inserted: [] })),
        ...after
          .filter((update) => !before.includes(update))
          .map((update): Patch => {
            const splice = before.filter((one) => compare(one, update) < 0).length
            return { at: [], splice, removed: [], inserted: [update[0]] }
          }),
      ],
    },
    { change: ITEMS },
  ),
)

type Values = Readonly<Record<string, Update<readonly [string, number | null]>>>

export const nullMeansNone = broken(
  {
    name: 'nullMeansNone',
    because:
      'a patch says null for a member that is gone, so that a member whose value is null is gone, too (RFC ' +
      '7396, section 1)',
    law: 'diff',
    verdict: 'unlawful',
  },
  ofDataType<Values, readonly [string, number | null]>(
    {
      name: 'nullable map',
      change: t.readonly(t.tuple([t.string, t.union([t.number, t.null])])),
      empty: {},
      apply: (updates) => (state) => {
        const newest = [...Object.values(state), ...updates].sort(compare)
        const values = Object.fromEntries(newest.map((update) => [update[0][0], update]))
        const superseded = newest.filter((update) => values[update[0][0]] !== update)
        return { state: updates.every((update) => superseded.includes(update)) ? state : values, superseded }
      },
      toJSON: (state) => Object.fromEntries(Object.values(state).map(([set]) => set)),
      diff: (before) => (after) =>
        [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key): ReadonlyArray<Patch> => {
          const [old, now] = [before, after].map((state) => state[key]?.[0][1] ?? null)
          if (old === now) return []
          return [{ at: [key], ...(old !== null && { before: old }), ...(now !== null && { after: now }) }]
        }),
    },
    { change: fc.tuple(fc.constantFrom('a', 'b'), fc.option(fc.nat(2), { nil: null })) },
  ),
)
