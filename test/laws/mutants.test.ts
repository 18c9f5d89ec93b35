/** Does a test bite? Mutants of our own types, and of a newcomer's, under their checks. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Model, type DataType, type Update } from '../../src/index.js'
import { assertMutants, checkMutants, mutantsOf } from '../../src/laws/index.js'
import { inNetworks } from '../runs.js'
import { table } from '../table.js'

const RUNS = inNetworks(2000, table.length)

test.each(table.map((entry) => [entry.dataType.name, entry] as const))(
  'the check of %s kills every mutant',
  (_, { dataType, ...entry }) => {
    assertMutants(dataType, { ...entry, seed: 1, runs: RUNS })
  },
)

/** The newest number wins. Written as a newcomer would. */
const newest: DataType<Update<number> | null, number> = {
  name: 'newest',
  change: t.number,
  empty: null,
  apply: (updates) => (state) => {
    let held = state
    const superseded: Update<number>[] = []
    for (const update of updates) {
      const wins = held === null || update[1] > held[1] || (update[1] === held[1] && update[2] > held[2])
      if (!wins) superseded.push(update)
      else {
        if (held !== null) superseded.push(held)
        held = update
      }
    }
    return { state: held, superseded }
  },
  toJSON: (held) => held?.[0] ?? null,
}

describe('a check', () => {
  const options = { change: fc.nat(9), seed: 1, runs: inNetworks(500) }
  const last = (updates: ReadonlyArray<Update<number>>) => updates.at(-1)?.[0] ?? null

  const fates = (...given: Parameters<typeof checkMutants<Update<number> | null, number>>) =>
    new Map(checkMutants(...given).map(({ name, outcome, law }) => [name, law ?? outcome]))

  test('that has an oracle kills all that can differ', () => {
    const fate = fates(newest, { ...options, oracle: last })
    expect([...fate].filter(([, outcome]) => outcome === 'survived')).toEqual([])
    expect(fate.get('losesUpdates')).toBe('oracle')
    expect(fate.get('copiesAlways')).toBe('identity')
    // whoever keeps the newest may keep it twice
    expect(fate.get('appliesTwice')).toBe('idle')
    // there is no such function to break
    expect([fate.has('ownDoesNothing'), fate.has('diffsNothing')]).toEqual([false, false])
  })

  test('without an oracle lets replicas agree on what is wrong, and says so', () => {
    expect(fates(newest, options).get('losesUpdates')).toBe('survived')
    expect(() => {
      assertMutants(newest, options)
    }).toThrow(/^Mutants of newest:\n {2}losesUpdates survives: one update of three .*: an `oracle`/)
  })

  test('that asks one law only kills what breaks it', () => {
    const fate = fates(newest, { ...options, laws: ['identity'], runs: inNetworks(100) })
    expect([...fate].flatMap(([name, law]) => (law === 'identity' ? [name] : []))).toContain('copiesAlways')
    expect(fate.get('supersedesAll')).toBe('survived')
  })

  test('may name those that live, and is told when they do not any more', () => {
    const survivors = { copiesAlways: 'nobody compares by reference here' }
    const some = { ...options, oracle: last, survivors }
    expect(() => {
      assertMutants(newest, { ...some, except: ['identity'] })
    }).not.toThrow()
    expect(() => {
      assertMutants(newest, some)
    }).toThrow('copiesAlways does not survive: it is killed by identity')
    // whoever keeps the newest may keep it twice
    expect(() => {
      assertMutants(newest, { ...options, oracle: last, survivors: { appliesTwice: 'it is no fault' } })
    }).toThrow('appliesTwice does not survive: it is idle: it did what the type does in every call')
  })

  test('of a delivery meets the mutants of `apply` alone', () => {
    const delivery = { order: 'any', copies: 'at least once' } as const
    const fate = fates(newest, { ...options, oracle: last, delivery })
    expect(['convergence', 'oracle']).toContain(fate.get('lastToArrive'))
    // nobody is asked for a history
    expect(fate.get('supersedesAll')).toBe('survived')
  })
})

describe('a mutant', () => {
  const updates = (...values: ReadonlyArray<number>): ReadonlyArray<Update<number>> =>
    values.map((value, i) => [value, i + 1, 'a'])

  test('leaves the type alone, and what all replicas begin with', () => {
    const map: DataType<Map<string, number>, number> = {
      name: 'map',
      change: t.number,
      empty: new Map(),
      apply: (given) => (state) => ({
        state: new Map([...state, ...given.map(([value]) => [String(value), value] as const)]),
        superseded: [],
      }),
    }
    for (const { dataType } of mutantsOf(map)) {
      const first = dataType.apply(updates(1))(dataType.empty).state
      dataType.apply(updates(2, 3))(first)
      expect(dataType.empty.size).toBe(0)
    }
    expect(map.empty.size).toBe(0)
  })

  test.each([
    ['an array', [], (state: unknown, value: number) => [...(state as number[]), value]],
    ['a Set', new Set(), (state: unknown, value: number) => new Set([...(state as Set<number>), value])],
    [
      'a Map',
      new Map(),
      (state: unknown, value: number) => new Map([...(state as Map<number, number>), [value, value]]),
    ],
    ['an object', {}, (state: unknown, value: number) => ({ ...(state as object), [value]: value })],
  ])('that writes in place writes into %s', (_, empty: unknown, add) => {
    const type: DataType<unknown, number> = {
      name: 'growing',
      change: t.number,
      empty,
      apply: (given) => (state) => ({ state: given.reduce((all, [value]) => add(all, value), state), superseded: [] }),
    }
    const mutant = mutantsOf(type).find(({ name }) => name === 'writesInPlace')!
    const first = mutant.dataType.apply(updates(1))(empty).state
    expect(mutant.dataType.apply(updates(2))(first).state).toBe(first)
    expect(first).toEqual(add(add(empty, 1), 2))
    expect(mutant.hasDiffered()).toBe(true)
  })

  test('says its fault and what kills it', () => {
    const all = mutantsOf(Model.of(t.number))
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
    for (const { says, killedBy } of all) expect([says, killedBy].every((text) => text.length > 2)).toBe(true)
  })
})
