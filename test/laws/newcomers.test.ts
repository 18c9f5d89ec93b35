/** Types as newcomers write them, each wrong: their counterexamples are of a few steps. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { expect, test } from 'vitest'
import type { DataType, Update } from '../../src/index.js'
import { check, checkReplicas, ofDataType, operations, states, type Lawful, type Where } from '../../src/laws/index.js'
import { isThorough } from '../runs.js'

const SEEDS = Array.from({ length: isThorough ? 20 : 4 }, (_, seed) => seed)
const MOST_STEPS = 5
const USUAL_STEPS = 3

const item = fc.constantFrom('x', 'y')
const verb = fc.constantFrom('add', 'remove')
const sum = (n: number) => (held: number) => held + n

const arriving: DataType<Readonly<Record<string, number>>, readonly [string, number]> = {
  name: 'map by arrival',
  change: t.readonly(t.tuple([t.string, t.number])),
  empty: {},
  apply: (updates) => (state) => ({
    state: updates.length === 0 ? state : { ...state, ...Object.fromEntries(updates.map(([change]) => change)) },
    superseded: [],
  }),
}

/** Keeps the newest of each key, and forgets a key that is set to 0, with its stamp. */
const forgetting: DataType<ReadonlyMap<string, Update<readonly [string, number]>>, readonly [string, number]> = {
  change: arriving.change,
  name: 'map without tombstones',
  empty: new Map(),
  apply: (updates) => (state) => {
    const next = new Map(state)
    const superseded: Update<readonly [string, number]>[] = []
    for (const update of updates) {
      const [[key, value], at, source] = update
      const held = next.get(key)
      const wins = held === undefined || at > held[1] || (at === held[1] && source > held[2])
      superseded.push(...(wins ? (held === undefined ? [] : [held]) : [update]))
      if (!wins) continue
      if (value === 0) next.delete(key)
      else next.set(key, update)
    }
    return { state: superseded.length === 0 && updates.length === 0 ? state : next, superseded }
  },
  toJSON: (state) => Object.fromEntries([...state].map(([key, [[, value]]]) => [key, value])),
}

const change = fc.tuple(item, fc.nat(3))

type Tagged = ReadonlyArray<readonly [item: string, tag: string]>

const applyTags =
  (message: { readonly add?: Tagged; readonly remove?: ReadonlyArray<string> }) =>
  (set: Tagged): Tagged =>
    [...set, ...(message.add ?? [])].filter(([, tag]) => message.remove?.includes(tag) !== true)

/** An OR-set in which `tagOf` gives the tag of what is added. */
const orSet = (name: string, tagOf: (where: Where, set: Tagged) => string) =>
  operations({
    name,
    empty: [] as Tagged,
    command: fc.tuple(verb, item),
    prepare:
      ([what, one], where) =>
      (set) =>
        what === 'add'
          ? { add: [[one, tagOf(where, set)] as const] }
          : { remove: set.filter(([other]) => other === one).map(([, tag]) => tag) },
    apply: applyTags,
    show: (set) => [...new Set(set.map(([one]) => one))].sort(),
    delivery: { order: 'causal', copies: 'exactly once' },
  })

/** Types that diverge in no run of fewer steps. */
const intricate = [
  orSet('OR-set with tags by size', ({ id }, set) => `${id}${String(set.length)}`),
  orSet('OR-set with tags by time', ({ id, now }) => `${id}@${String(now)}`),
  states({
    name: 'counter of two bits',
    empty: 0,
    command: fc.constant('count'),
    mutate: () => (held) => (held + 1) & 3,
    merge: (other) => (held) => Math.max(other, held),
  }),
] as unknown as ReadonlyArray<Lawful<never, never, never>>

const types = [
  operations({
    name: 'counter that hears messages again',
    empty: 0,
    command: fc.constant(1),
    apply: sum,
    delivery: { order: 'any', copies: 'at least once' },
  }),
  operations({
    name: 'register by time alone',
    empty: { value: 0, at: 0 },
    command: fc.nat(3),
    prepare:
      (value, { now }) =>
      () => ({ value, at: now }),
    apply: (written) => (held) => (written.at >= held.at ? written : held),
  }),
  operations({
    name: 'set by arrival',
    empty: [] as ReadonlyArray<string>,
    command: fc.tuple(verb, item),
    apply:
      ([what, one]) =>
      (set) =>
        [...set.filter((other) => other !== one), ...(what === 'add' ? [one] : [])].sort(),
  }),
  operations({
    name: 'list by arrival',
    empty: [] as ReadonlyArray<string>,
    command: item,
    apply: (one) => (list) => [...list, one],
  }),
  operations({
    name: 'text by index',
    empty: '',
    command: fc.tuple(fc.nat(3), item),
    apply:
      ([at, letter]) =>
      (text) =>
        text.slice(0, at) + letter + text.slice(at),
    delivery: { order: 'causal', copies: 'exactly once' },
  }),
  states({
    name: 'counter that adds up states',
    empty: 0,
    command: fc.constant(1),
    mutate: sum,
    merge: sum,
  }),
  states({
    name: 'object that prefers what it hears',
    empty: {},
    command: change,
    mutate:
      ([key, value]) =>
      (held) => ({ ...held, [key]: value }),
    merge: (other) => (held) => ({ ...held, ...other }),
  }),
  states({
    name: 'set that unites, and lets users remove',
    empty: [] as ReadonlyArray<string>,
    command: fc.tuple(verb, item),
    mutate:
      ([what, one]) =>
      (set) =>
        [...set.filter((other) => other !== one), ...(what === 'add' ? [one] : [])].sort(),
    merge: (other) => (set) => [...new Set([...set, ...other])].sort(),
  }),
  ofDataType(arriving, { change }),
  ofDataType(forgetting, { change }),
] as unknown as ReadonlyArray<Lawful<never, never, never>>

const median = (numbers: ReadonlyArray<number>): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

const stepsOf = (type: Lawful<never, never, never>, runs: number): ReadonlyArray<number> =>
  SEEDS.map((seed) => {
    const checked = check(type, { seed, runs })
    if (checked._tag === 'Right') throw new Error(`nothing was found with seed ${String(seed)}`)
    return checked.left.schedule.steps.length
  })

test.each(types.map((type) => [type.name, type] as const))('%s is caught in a few steps', (_, type) => {
  const steps = stepsOf(type, 300)
  expect(Math.max(...steps)).toBeLessThanOrEqual(MOST_STEPS)
  expect(median(steps)).toBeLessThanOrEqual(USUAL_STEPS)
})

test.each(intricate.map((type) => [type.name, type] as const))('%s is caught in the fewest steps', (_, type) => {
  expect(Math.max(...stepsOf(type, 1000))).toBeLessThanOrEqual(MOST_STEPS)
})

test('a document by arrival is caught in a few steps, too', () => {
  const steps = SEEDS.map((seed) => {
    const checked = checkReplicas({
      create: () => new Set<string>(),
      command: fc.tuple(verb, item),
      local:
        ([what, one]) =>
        (set) => {
          if (what === 'add') set.add(one)
          else set.delete(one)
        },
      send: () => (set) => [...set],
      receive: (heard: ReadonlyArray<string>) => (set) => {
        for (const one of heard) set.add(one)
      },
      show: (set) => [...set].sort(),
      seed,
      runs: 300,
    })
    return checked._tag === 'Left' ? checked.left.schedule.steps.length : Infinity
  })
  expect(Math.max(...steps)).toBeLessThanOrEqual(MOST_STEPS)
})
