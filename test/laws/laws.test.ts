/**
 * Each law is broken here by a type that keeps all laws before it: a law that nothing breaks shows
 * nothing.
 */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import * as SortedMap from '../../src/structures/SortedMap.js'
import { Clock, Model, type DataType, type Update } from '../../src/index.js'
import {
  bare,
  check,
  checkDataType,
  laws,
  ofDataType,
  operations,
  simulate,
  states,
  network,
} from '../../src/laws/index.js'
import { inNetworks } from '../runs.js'

/** Of a type that keeps all laws. */
const RUNS = inNetworks(1000)

type Change = readonly [string, number]
type State = ReadonlyMap<string, Update<Change>>

const codec: t.Type<Change, unknown> = t.readonly(t.tuple([t.string, t.number]))

const change: fc.Arbitrary<Change> = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))

const wins = (a: Update<Change>, b: Update<Change> | undefined): boolean =>
  b === undefined || a[1] > b[1] || (a[1] === b[1] && a[2] > b[2])

/** A last-writer-wins map: correct and slow. */
const map: DataType<State, Change> = {
  name: 'map',
  change: codec,
  empty: new Map(),
  apply: (updates) => (state) => {
    let next = state
    const superseded: Update<Change>[] = []
    for (const update of updates) {
      const held = next.get(update[0][0])
      if (!wins(update, held)) superseded.push(update)
      else {
        if (held !== undefined) superseded.push(held)
        next = new Map([...next, [update[0][0], update] as const].sort(([a], [b]) => (a < b ? -1 : 1)))
      }
    }
    return { state: next, superseded }
  },
  toJSON: (state) => [...state].map(([key, [[, value]]]) => [key, value]),
}

const eq = {
  equals: (a: State, b: State): boolean =>
    a.size === b.size && [...a].every(([key, [, at, by]]) => b.get(key)?.[1] === at && b.get(key)?.[2] === by),
}

const lawOf = (checked: ReturnType<typeof check>): string | undefined =>
  checked._tag === 'Left' ? checked.left.law.name : undefined

test('a type that keeps all laws passes, with its coverage', () => {
  const checked = checkDataType(map, { change, eq, seed: 1, runs: RUNS })
  expect(checked).toMatchObject({ _tag: 'Right', right: { runs: RUNS } })
})

let calls = 0

const wrong: ReadonlyArray<readonly [string, string, () => ReturnType<typeof check>]> = [
  [
    'idempotence',
    'adds a repeated message again',
    () =>
      check(
        operations({
          empty: 0,
          command: fc.constant(1),
          apply: (n) => (sum) => sum + n,
          delivery: { order: 'source', copies: 'at least once' },
        }),
        { seed: 1, laws: ['idempotence'] },
      ),
  ],
  [
    'batch',
    'applies only one update of a batch for each key',
    () =>
      checkDataType(
        {
          ...map,
          apply: (updates) => map.apply([...new Map([...updates].reverse().map((one) => [one[0][0], one])).values()]),
        },
        { change, eq, seed: 1, laws: ['batch'] },
      ),
  ],
  [
    'identity',
    'copies the state for a losing update',
    () =>
      checkDataType(
        {
          ...map,
          apply: (updates) => (state) => {
            const applied = map.apply(updates)(state)
            return { ...applied, state: updates.length === 0 ? applied.state : new Map(applied.state) }
          },
        },
        { change, eq, seed: 1 },
      ),
  ],
  [
    'versions',
    'writes into the state',
    () =>
      checkDataType(
        {
          ...map,
          empty: new Map(),
          apply: (updates) => (state) => {
            const applied = map.apply(updates)(state)
            for (const [key, update] of applied.state) (state as Map<string, Update<Change>>).set(key, update)
            return { ...applied, state }
          },
        },
        { change, eq, seed: 1, laws: ['versions'] },
      ),
  ],
  [
    'superseded',
    'supersedes updates that it still needs',
    () =>
      checkDataType(
        {
          ...map,
          apply: (updates) => (state) => ({ ...map.apply(updates)(state), superseded: updates }),
        },
        { change, eq, seed: 1 },
      ),
  ],
  [
    'codec',
    'decodes another change than it encodes',
    () =>
      checkDataType(
        {
          ...map,
          change: new t.Type<Change, unknown>(
            'shouting',
            codec.is,
            (input, context) => {
              const decoded = codec.validate(input, context)
              return decoded._tag === 'Right' ? t.success([`${decoded.right[0]}!`, decoded.right[1]]) : decoded
            },
            (made) => made,
          ),
        },
        { change, eq, seed: 1 },
      ),
  ],
  [
    'eq',
    'equals states that show other things',
    () => checkDataType(map, { change, eq: { equals: (a, b) => a.size === b.size }, seed: 1, laws: ['eq'] }),
  ],
  [
    'eq',
    'is not equal to itself',
    () => checkDataType(map, { change, eq: { equals: () => false }, seed: 1, laws: ['eq'] }),
  ],
  [
    'eq',
    'has a one-sided equality',
    () => checkDataType(map, { change, eq: { equals: (a, b) => a.size >= b.size }, seed: 1, laws: ['eq'] }),
  ],
  [
    'associativity',
    'averages',
    () =>
      check(
        states({
          empty: 0,
          command: fc.nat(9),
          mutate: (n) => () => n,
          merge: (other) => (held) => (held + other) / 2,
        }),
        { seed: 1, laws: ['associativity'] },
      ),
  ],
  [
    'commutativity',
    'keeps its own value in a merge',
    () =>
      check(
        states({
          empty: 0,
          command: fc.integer({ min: 1, max: 9 }),
          mutate: (n) => () => n,
          merge: (other) => (held) => (held === 0 ? other : held),
        }),
        { seed: 1, laws: ['commutativity'] },
      ),
  ],
  [
    'mergeIdempotence',
    'adds up',
    () =>
      check(
        states({
          empty: 0,
          command: fc.nat(9),
          mutate: (n) => (sum) => sum + n,
          merge: (other) => (held) => held + other,
        }),
        { seed: 1, laws: ['mergeIdempotence'] },
      ),
  ],
  [
    'inflation',
    'merges to the greater value, and lets users write a smaller one',
    () =>
      check(
        states({
          empty: 0,
          command: fc.nat(9),
          mutate: (n) => () => n,
          merge: (other) => (held) => Math.max(held, other),
        }),
        { seed: 1, laws: ['inflation'] },
      ),
  ],
  [
    'total',
    'throws',
    () =>
      check(
        operations({
          empty: 0,
          command: fc.nat(3),
          apply: (n) => (sum) => {
            if (sum === 3) throw new Error('no more')
            return Math.max(sum, n)
          },
        }),
        { seed: 1 },
      ),
  ],
  [
    'total',
    'throws when it is shown',
    () =>
      check(
        operations({
          empty: 0,
          command: fc.nat(3),
          apply: (n) => (sum) => Math.max(sum, n),
          show: (sum) => {
            if (sum === 3) throw new Error('do not look')
            return sum
          },
        }),
        { seed: 1 },
      ),
  ],
  [
    'determinism',
    'depends on a counter outside of the state',
    () =>
      checkDataType(
        {
          ...map,
          apply: (updates) => (state) => {
            const numbered = updates.map(([[key], ...stamp]): Update<Change> => [[key, calls++], ...stamp])
            return { state: map.apply(numbered)(state).state, superseded: [] }
          },
        },
        { change, seed: 1, laws: ['determinism'] },
      ),
  ],
  ['oracle', 'disagrees with the oracle', () => checkDataType(map, { change, eq, oracle: () => [], seed: 1 })],
  [
    'quality',
    'lacks a quality',
    () =>
      checkDataType(map, {
        change,
        eq,
        qualities: [{ name: 'has no two keys', atEnd: ({ state }) => state.size < 2 }],
        seed: 1,
      }),
  ],
  [
    'exercised',
    'never exercises what is required',
    () =>
      check(operations({ empty: 0, command: fc.constant(1), apply: () => () => 0 }), {
        seed: 1,
        required: { deleteAgainstSet: 0.1 },
      }),
  ],
]

test.each(wrong)('the law %s is broken by a type that %s', (law, _, checked) => {
  expect(lawOf(checked())).toBe(law)
})

test('the laws clock and history, which the core keeps, reject a run that was tampered with', () => {
  const subject = ofDataType(map, { change, eq })
  const run = simulate(
    subject,
    network<Change>(['a', 'b'], ({ at }) => [
      at('a', 5).local(['x', 1]),
      at('b').deliver(1),
      at('b').local(['x', 2]),
      at('a').deliver(2),
    ]),
  )
  const of = (name: string) => subject.laws.find((law) => law.name === name)!
  const tampered = (change: (event: (typeof run.events)[number], i: number) => (typeof run.events)[number]) => ({
    ...run,
    subject,
    ids: run.ids,
    operations: run.operations,
    events: run.events.map(change),
  })
  const clock = of('clock')
  const history = of('history')
  expect([clock.check(run), history.check(run)]).toEqual([undefined, undefined])
  // b goes back to the state before it heard a
  expect(
    clock.check(tampered((event, i) => (i === 1 ? { ...event, before: event.after, after: event.before } : event))),
  ).toMatchObject({ why: 'the clock of b went back' })
  expect(
    clock.check(tampered((event, i) => (i === 2 ? { ...event, after: { ...event.after, id: 'a' } } : event))),
  ).toMatchObject({ why: 'b made a stamp that is not after all that it had seen' })
  // an update filed under a wrong timestamp is not found
  const update: Update<Change> = [['x', 1], 5, 'a']
  const filed = <K, V>(key: K, value: V) => SortedMap.set((a: K, b: K) => a < b, SortedMap.empty<K, V>(), key, value)
  const misfiled = {
    size: 1,
    updatesBySource: filed('a', {
      older: filed<Update<Change>, Update<Change>>([update[0], 1, 'a'], update),
      newest: [],
    }),
  }
  const [{ after }] = run.events as [(typeof run.events)[number]]
  const behind = { ...after, clock: Clock.fromRecord({ a: 3 }), log: { size: 0, updatesBySource: SortedMap.empty() } }
  const holds = { ...after, log: misfiled } as typeof after
  expect(
    history.check(tampered((event, i) => ({ ...event, after: i === 0 ? (behind as typeof after) : holds }))),
  ).toMatchObject({ why: 'the history of a is not exactly the updates that a clock lacks' })
})

describe('verdicts are told apart', () => {
  const verdictOf = (checked: ReturnType<typeof check>) => (checked._tag === 'Left' ? checked.left.law.verdict : '')

  test('diverged, wrong value, quality', () => {
    const counter = { command: fc.constant(1), apply: (n: number) => (sum: number) => sum + n, empty: 0 }
    const byArrival = operations({ empty: 0, command: fc.nat(3), apply: (n: number) => () => n })
    const low = operations({ ...counter, oracle: (made) => made.length + 1 })
    const wished = operations({ ...counter, qualities: [{ name: 'stays small', atEnd: (sum) => sum < 2 }] })
    expect([byArrival, low, wished].map((subject) => verdictOf(check(subject as never, { seed: 1 })))).toEqual([
      'diverged',
      'wrong value',
      'quality',
    ])
  })
})

test('a check under a weaker delivery shows what a type needs', () => {
  const type = Model.of(t.number)
  const of = (copies: 'exactly once' | 'at least once', order: 'any' | 'source') =>
    checkDataType(type, { change, delivery: { copies, order }, seed: 1 })._tag
  // a map with stamps accepts any order
  expect([of('at least once', 'any'), of('exactly once', 'source')]).toEqual(['Right', 'Right'])
  const appended: DataType<ReadonlyArray<string>, string> = {
    name: 'appended',
    change: t.string,
    empty: [],
    apply: (updates) => (state) => ({
      state: updates.length === 0 ? state : [...state, ...updates.map(([item, , by]) => `${by} ${item}`)].sort(),
      superseded: [],
    }),
  }
  const options = { change: fc.constantFrom('x', 'y'), seed: 1 }
  const under = (copies: 'exactly once' | 'at least once') =>
    lawOf(checkDataType(appended, { ...options, delivery: { copies, order: 'any' } }))
  expect(under('exactly once')).toBeUndefined()
  expect(['convergence', 'idempotence']).toContain(under('at least once'))
})

test('a random failure breaks the law determinism, and is not thrown', () => {
  let count = 0
  const flaky = operations({
    empty: 0,
    command: fc.constant(1),
    apply: () => (sum) => {
      if (++count === 50) throw new Error('once in a while')
      return sum
    },
  })
  expect(check(flaky, { seed: 1 })).toMatchObject({ _tag: 'Left', left: { law: { name: 'determinism' } } })
})

test('each form has its laws', () => {
  const names = (all: ReadonlyArray<{ readonly name: string }>) => [...new Set(all.map(({ name }) => name))].sort()
  const any = ['convergence', 'idempotence', 'oracle', 'quality', 'total']
  const ofMerge = ['associativity', 'commutativity', 'eq', 'inflation', 'mergeIdempotence', 'versions']
  const ofCore = [
    'batch',
    'clock',
    'codec',
    'determinism',
    'diff',
    'eq',
    'history',
    'identity',
    'merge',
    'own',
    'superseded',
    'timeTravel',
    'versions',
  ]
  const ofExchanges = ['agreement', 'certainty', 'digests', 'drains', 'ends']
  expect(names(laws.ofOpaque)).toEqual(any)
  expect(names(laws.ofOperations)).toEqual([...any, 'determinism', 'eq', 'versions'].sort())
  expect(names(laws.ofMerge)).toEqual([...any, ...ofMerge].sort())
  expect(names(laws.ofExchanges)).toEqual(ofExchanges)
  expect(names(ofDataType(map, { change, eq }).laws)).toEqual([...any, ...ofCore, ...ofExchanges].sort())
  expect(names(bare(map, { change, eq }, { order: 'any', copies: 'at least once' }).laws)).toEqual(
    names(laws.ofOperations),
  )
})
