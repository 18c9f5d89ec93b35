import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Model, type DataType, type Update } from '../../src/index.js'
import {
  assertDataType,
  assertReplicas,
  check,
  checkDataType,
  checkReplicas,
  featuresOf,
  network,
  ofDataType,
  operations,
  simulate,
  type Coverage,
  type Opaque,
  type Progress,
} from '../../src/laws/index.js'
import { covered, found } from './outcome.js'

const RUNS = { few: 50, progress: 2500 }

const change = fc.tuple(fc.constantFrom('x', 'y'), fc.option(fc.nat(2), { nil: null }))

describe('the report of the coverage', () => {
  const model = ofDataType(Model.of(t.number), { change })

  const seenIn = (...acts: Parameters<typeof network<readonly [string, number | null]>>): ReadonlyArray<string> =>
    [...featuresOf(simulate(model, network(...acts)))].sort()

  test('counts which operations met', () => {
    expect(
      seenIn(
        ['a', 'b'],
        ({ at }) => [at('a', 5).local(['x', 1]), at('b', 5).local(['x', null]), at('b', 3).local(['y', 1])],
        1,
      ),
    ).toEqual(['clockBack', 'concurrent', 'deleteAgainstSet', 'late', 'sameKey', 'ties'].sort())
    // b hears a before it writes: the writes are not concurrent
    expect(
      seenIn(['a', 'b'], ({ at }) => [at('a').local(['x', 1]), at('b').deliver(1), at('b').local(['x', null])]),
    ).toEqual([])
    expect(seenIn(['a', 'b'], ({ at }) => [at('a').local(['x', 1]), at('b').local(['y', 1])])).not.toContain('sameKey')
  })

  test('counts what the network did', () => {
    const seen = seenIn(['a', 'b', 'c'], ({ at, partition, heal }) => [
      at('a').local(['x', 1]),
      at('b').deliver(1),
      at('b').deliverAgain(1),
      at('a').send('c', { lost: true }),
      at('a').send('c', { keep: 0 }),
      partition('c'),
      heal(),
      at('c').crash(),
    ])
    expect(seen).toEqual(['again', 'crash', 'cut', 'lost', 'partition'])
  })

  test('is printed in words, in percent', () => {
    const exhaustive = { replicas: 2, updates: 2, commands: [Model.set('x', 1)] }
    const lines = covered(checkDataType(Model.of(t.number), { change, seed: 1, runs: RUNS.few, exhaustive }))
      .format()
      .split('\n')
    expect(lines[0]).toMatch(/^\d+ runs \(\d+ of devices that exchange messages\), \d+ operations, \d+ events$/)
    expect(lines).toContainEqual(expect.stringMatching(/^ +[\d.]+ % {2}equal timestamps from two replicas$/))
    expect(lines.at(-1)).toMatch(/^exhaustive: 2 replicas, 2 updates: \d+ states, \d+ ends; complete$/)
  })

  test('is given each thousand runs, and more often at first', () => {
    const told: number[] = []
    const progress = ({ runs }: Coverage): void => void told.push(runs)
    covered(checkDataType(Model.of(t.number), { change, replicas: 2, steps: 4, runs: RUNS.progress, progress }))
    expect(told).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 2000])
  })

  test('says of shrinking how many smaller runs were tried', () => {
    const told: (readonly [number, number | undefined])[] = []
    const last = operations({ empty: 0, command: fc.nat(3), apply: (n) => () => n })
    const progress = ({ runs, shrinking }: Progress): void => void told.push([runs, shrinking])
    found(check(last, { seed: 1, progress }))
    const shrinking = told.flatMap(([, tried]) => tried ?? [])
    expect(told[0]![1]).toBeUndefined()
    expect(shrinking.slice(0, 4)).toEqual([1, 2, 4, 8])
    expect(new Set(told.slice(-shrinking.length).map(([runs]) => runs)).size).toBe(1)
  })

  test('the profile `fast` ends in time, however slow the type is', () => {
    const slow = operations({
      empty: 0,
      command: fc.nat(3),
      apply: (n: number) => (sum) => {
        const until = performance.now() + 5
        while (performance.now() < until);
        return Math.max(n, sum)
      },
    })
    expect(covered(check(slow, { profile: 'fast', seed: 1 })).runs).toBeLessThan(20)
  })

  test('a time limits the runs', () => {
    const { runs } = covered(checkDataType(Model.of(t.number), { change, time: 100 }))
    expect(runs).toBeGreaterThan(0)
  })

  test('a missing feature that is required breaks the law exercised, with figures', () => {
    const { law, why, format } = found(
      checkDataType(Model.of(t.number), {
        change: fc.constant(['x', 1] as const),
        required: { deleteAgainstSet: 0.5 },
        runs: RUNS.few,
      }),
    )
    expect(law.name).toBe('exercised')
    expect(why).toBe(
      'a removal concurrent with a write of one part of the data: in 0 % of the runs, but 50 % are required',
    )
    expect(format()).toContain(why)
  })
})

describe('replicas that change in place', () => {
  const set = (add: (set: Set<number>, n: number) => void): Opaque<Set<number>, number, ReadonlyArray<number>> => ({
    create: () => new Set(),
    command: fc.nat(2),
    local: (n) => (replica) => {
      add(replica, n)
    },
    send: () => (replica) => [...replica],
    receive: (heard) => (replica) => {
      for (const n of heard) add(replica, n)
    },
    show: (replica) => [...replica],
  })

  const sorted = set((replica, n) => {
    const all = [...replica, n].sort()
    replica.clear()
    for (const one of all) replica.add(one)
  })
  const unsorted = set((replica, n) => {
    replica.add(n)
  })

  test('run from the beginning for every state of a small scope', () => {
    const exhaustive = { replicas: 2, updates: 3, commands: [1, 2] }
    expect(covered(checkReplicas({ ...sorted, exhaustive, runs: 10 })).exhaustive).toMatchObject({ complete: true })
    const { law, schedule } = found(checkReplicas({ ...unsorted, exhaustive }))
    expect([law.name, schedule.steps.length]).toEqual(['convergence', 4])
  })

  test('make an assertion throw, if they diverge', () => {
    expect(() => {
      assertReplicas({ ...sorted, runs: 100 })
    }).not.toThrow()
    expect(() => {
      assertReplicas({ ...unsorted, name: 'unsorted', seed: 1 })
    }).toThrow(/^unsorted: diverged/)
  })
})

describe('assertDataType', () => {
  test('throws what checkDataType finds, as the core runs it or under a delivery', () => {
    const appended: DataType<ReadonlyArray<number>, number> = {
      name: 'appended',
      change: t.number,
      empty: [],
      apply: (updates) => (state) => ({
        state: updates.length === 0 ? state : [...state, ...updates.map(([n]) => n)].sort(),
        superseded: [],
      }),
    }
    const options = { change: fc.nat(3), seed: 1 }
    expect(() => {
      assertDataType(appended, { ...options, runs: RUNS.few })
    }).not.toThrow()
    expect(() => {
      assertDataType(appended, { ...options, delivery: { order: 'any', copies: 'at least once' } })
    }).toThrow(/^appended: /)
  })
})

describe('laws that few types break', () => {
  const last: DataType<Update<number> | null, number> = {
    name: 'last',
    change: t.number,
    empty: null,
    apply: (updates) => (state) => {
      let held = state
      for (const update of updates) {
        if (held === null || held[1] < update[1] || (held[1] === update[1] && held[2] < update[2])) held = update
      }
      return { state: held, superseded: [] }
    },
    toJSON: (held) => held?.[0] ?? null,
  }

  test('exercised: every command is refused', () => {
    const shy = new t.Type<number, unknown>('shy', t.number.is, t.number.validate, (n) => `no ${String(n)}`)
    const { law, why } = found(checkDataType({ ...last, change: shy }, { change: fc.constant(1), seed: 1 }))
    // the codec refuses every change, so nothing is written: a green run would show nothing
    expect([law.name, why]).toEqual([
      'exercised',
      'all commands were refused in all runs: `change` (the codec) refused 1: it expects shy',
    ])
  })

  test('eq: Eq is not transitive', () => {
    const near = {
      equals: (a: Update<number> | null, b: Update<number> | null) => Math.abs((a?.[0] ?? 0) - (b?.[0] ?? 0)) < 2,
    }
    const { law, why } = found(
      checkDataType(last, { change: fc.nat(3), eq: near, toJSON: () => null, seed: 1, laws: ['eq'] }),
    )
    expect([law.name, why]).toEqual(['eq', 'x equals y, y equals z, and x does not equal z'])
  })

  test('determinism: one message has two results', () => {
    let count = 0
    const odd = operations({ empty: 0, command: fc.nat(3), apply: (n) => (sum) => Math.max(sum, n) + (count++ % 2) })
    expect(found(check(odd, { seed: 1, laws: ['determinism'] })).law.name).toBe('determinism')
  })
})

test('every kind of event is drawn in every form', () => {
  const everything = network<readonly [string, number]>(['a', 'b'], ({ at, partition, heal }) => [
    at('a').local(['x', 1]),
    at('a').local(['x', NaN]),
    partition('a'),
    heal(),
    at('b').deliver(1),
    at('b').deliverAgain(1),
    at('a').send('b', { lost: true }),
    at('b').crash(),
  ])
  const options = { change, oracle: () => 'nothing' }
  const { trace, format, toSvg, toMermaid } = found(
    checkDataType(Model.of(t.number), { ...options, schedule: everything }),
  )
  const kinds = ['local', 'refused', 'partition', 'heal', 'receive', 'again', 'lost', 'crash']
  expect(trace.slice(0, kinds.length).map(({ kind }) => kind)).toEqual(kinds)
  expect(format()).toMatch(/○ .*[^]*╌╌╌ b \| a[^]*═══ healed[^]*m1[^]*what a has ─+╳[^]*✗ crash/)
  for (const kind of ['local', 'refused', 'cut', 'message again', 'message lost', 'crash']) {
    expect(toSvg()).toContain(`class="${kind}"`)
  }
  expect(toMermaid()).toMatch(/refused[^]*Note over r0,r1: b \| a[^]*r0-xr1/)
})
