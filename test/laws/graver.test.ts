/** Laws of hygiene that are told as graver: two ways to know the same show different things. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import type { DataType, Update } from '../../src/index.js'
import { checkDataType } from '../../src/laws/index.js'
import { found } from './outcome.js'

type Entry = Update<readonly [string, number]>
type Entries = ReadonlyMap<string, Entry>
type Apply = DataType<Entries, readonly [string, number]>['apply']

const seeds = Array.from({ length: 10 }, (_, seed) => seed)
const change = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))

const isNewer = (a: Entry, b: Entry): boolean => a[1] > b[1] || (a[1] === b[1] && a[2] > b[2])

const newest: Apply = (updates) => (state) => {
  const next = new Map(state)
  const superseded: Entry[] = []
  for (const update of updates) {
    const held = next.get(update[0][0])
    const wins = held === undefined || isNewer(update, held)
    if (wins) next.set(update[0][0], update)
    if (held !== undefined) superseded.push(wins ? held : update)
  }
  return { state: updates.length === 0 ? state : next, superseded }
}

const mapOf = (
  apply: Apply,
  own?: DataType<Entries, readonly [string, number]>['own'],
): DataType<Entries, readonly [string, number]> => ({
  name: 'newest of each key',
  change: t.readonly(t.tuple([t.string, t.number])),
  empty: new Map(),
  apply,
  ...(own && { own }),
  toJSON: (state) => Object.fromEntries([...state].map(([key, [[, value]]]) => [key, value])),
})

describe('An `apply` that looks at the last update of a key in a batch only', () => {
  const lastOfBatch = mapOf((updates) => newest([...new Map(updates.map((one) => [one[0][0], one])).values()]))

  test('is told by `batch`, as a divergence', () => {
    for (const seed of seeds) {
      const { law, remedy, schedule } = found(checkDataType(lastOfBatch, { change, seed, runs: 1000 }))
      expect([law.name, law.verdict]).toEqual(['batch', 'diverged'])
      expect(remedy).toContain('must look at every update')
      expect(schedule.steps.length).toBeLessThanOrEqual(3)
    }
  })

  test('is found by `convergence` alone', () => {
    for (const seed of seeds) {
      const options = { change, seed, laws: ['convergence'], exchanges: 'none', runs: 1000 } as const
      const { law, schedule } = found(checkDataType(lastOfBatch, options))
      expect(law.name).toBe('convergence')
      expect(schedule.steps.length).toBeLessThanOrEqual(3)
    }
  })
})

describe('An `own`', () => {
  const told = (own: NonNullable<DataType<Entries, readonly [string, number]>['own']>, seed: number) =>
    found(checkDataType(mapOf(newest, own), { change, seed, runs: 1000 }))

  test('that forgets a case is told by `own`, as a divergence', () => {
    for (const seed of seeds) {
      const { law, remedy } = told(
        (update) => (state) => {
          if (update[0][1] > 2) return { state, superseded: [] }
          return newest([update])(state)
        },
        seed,
      )
      expect([law.name, law.verdict]).toEqual(['own', 'diverged'])
      expect(remedy).toContain('must give what `apply([update])(state)` gives')
    }
  })

  test('that supersedes too much is told by `own`, with what that does', () => {
    for (const seed of seeds) {
      const { law, why } = told(
        (update) => (state) => {
          const { superseded, ...rest } = newest([update])(state)
          const older = [...state.values()].filter((one) => !superseded.includes(one))
          return { ...rest, superseded: [...superseded, ...older.slice(0, 1)] }
        },
        seed,
      )
      expect(law.name).toBe('own')
      expect(['diverged', 'lost']).toContain(law.verdict)
      expect(why).toContain('names more as `superseded`')
    }
  })
})
