/** Several faults in one type: the smallest counterexample of each, and known ones passed over. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { check, checkReplicasAsync, format, operations, type CounterexampleData } from '../../src/laws/index.js'
import { found } from './outcome.js'

interface Row {
  readonly key: string
  readonly value: number
}

type State = Readonly<Record<string, number>>

/** A map with a fault for each key. */
const faulty = operations<State, Row>({
  name: 'faulty',
  empty: {},
  command: fc.record({ key: fc.constantFrom('last', 'lost', 'thrown', 'fine'), value: fc.nat(3) }),
  apply:
    ({ key, value }) =>
    (state) => {
      if (key === 'last') return { ...state, last: value } // the last to arrive wins
      if (key === 'thrown' && value === 3) throw new RangeError('three')
      return { ...state, [key]: Math.max(state[key] ?? 0, value) }
    },
  show: (state) => ({ ...state }),
  same: {
    saved: (state) => Object.fromEntries(Object.entries(state).filter(([key]) => key !== 'lost')),
    copied: (state) => ({ ...state }),
  },
  qualities: [{ name: 'is small', atEnd: (state) => (state['fine'] ?? 0) < 3 }],
})

const keysOf = ({ schedule }: CounterexampleData): ReadonlyArray<string> =>
  schedule.steps.flatMap((step) => (step._tag === 'local' ? [(step.command!.value as Row).key] : []))

describe('With `all`, a check', () => {
  const worst = found(check(faulty, { seed: 1, all: true }))
  const every = [worst, ...(worst.others ?? [])]

  test('gives one example of each law and each quality, the gravest first', () => {
    expect(every.map(({ law, why }) => [law.verdict, law.name, why.replace(/^\w+/, 'one')])).toEqual([
      ['diverged', 'convergence', 'one and b know the same, and differ'],
      ['quality', 'quality', expect.stringContaining('saved shows the same')],
      ['quality', 'quality', expect.stringContaining('is small')],
      ['unlawful', 'total', 'one threw RangeError: three'],
    ])
  })

  test('makes each as small as it goes: one key, that of its fault', () => {
    expect(every.map(keysOf)).toEqual([['last', 'last'], ['lost'], ['fine'], ['thrown']])
  })

  test('gives examples that run again by their schedule', () => {
    for (const { law, why, schedule } of every) {
      expect(check(faulty, { schedule: schedule })).toMatchObject({ left: { law, why } })
    }
  })

  test('gives examples that are plain data, and are all told', () => {
    const copy = structuredClone(worst)
    expect(format(copy)).toBe(worst.format())
    for (const { why } of every) expect(worst.format()).toContain(why)
    for (const other of worst.others!) expect(worst.format()).toContain(other.format())
  })

  test('goes on to the end of its runs, and tells of nothing where there is nothing', () => {
    const sound = check({ ...faulty, command: () => fc.constant({ key: 'fine', value: 1 }) }, { all: true, runs: 200 })
    expect(sound).toMatchObject({ _tag: 'Right', right: { runs: 200 } })
  })

  test('gives the same of replicas that answer later', async () => {
    const type = {
      create: () => Promise.resolve(new Map<string, number>()),
      command: fc.tuple(fc.constantFrom('x', 'y'), fc.nat(2)),
      local:
        ([key, value]: readonly [string, number]) =>
        (map: Map<string, number>) => {
          map.set(key, value)
          return Promise.resolve()
        },
      send: () => (map: Map<string, number>) => Promise.resolve([...map]),
      receive: (heard: ReadonlyArray<readonly [string, number]>) => (map: Map<string, number>) => {
        for (const [key, value] of heard) map.set(key, key === 'x' ? value : Math.max(value, map.get(key) ?? 0))
        return Promise.resolve()
      },
      show: (map: Map<string, number>) => [...map].sort(),
      same: { sized: (map: Map<string, number>) => Promise.resolve(map.size === 2 ? [] : [...map].sort()) },
    }
    const checked = await checkReplicasAsync({ ...type, seed: 1, all: true })
    expect(checked).toMatchObject({
      left: { law: { name: 'convergence' }, others: [{ law: { name: 'quality' } }] },
    })
  })
})

test('Without `all`, the laws of less weight are told by name', () => {
  const worst = found(check(faulty, { seed: 2 }))
  expect(worst.others).toBeUndefined()
  expect(worst.law.verdict).toBe('diverged')
  expect(worst.beside!.map(({ law }) => law.verdict)).toEqual(['quality', 'quality', 'unlawful'])
  expect(structuredClone(worst).beside).toEqual(worst.beside)
})

describe('Several qualities that each run lacks', () => {
  const three = operations<number, number>({
    empty: 0,
    command: fc.nat(3),
    apply: (n) => (held) => Math.max(held, n),
    oracle: () => 'something else',
    qualities: ['one', 'two', 'three'].map((name) => ({ name, atEnd: () => false })),
  })
  const named = ({ law, why }: CounterexampleData): string => /"(\w+)"/.exec(why)?.[1] ?? law.name

  test('are each told, and what the oracle says beside them', () => {
    const { others = [], ...worst } = found(check(three, { seed: 1, all: true }))
    expect([worst, ...others].map(named)).toEqual(['oracle', 'one', 'two', 'three'])
  })

  test('are passed over one by one, if they are known', () => {
    const known = (one: CounterexampleData): boolean => ['oracle', 'one'].includes(named(one))
    expect(named(found(check(three, { seed: 1, known })))).toBe('two')
    const all = check(three, { seed: 1, runs: 50, known: () => true })
    expect(all).toMatchObject({ _tag: 'Right', right: { runs: 50, known: 50 } })
  })
})

test('What is made smaller does not become a fault that is known', () => {
  // keys shrink towards the first, which is the known one
  const type = operations<State, Row>({
    empty: {},
    command: fc.record({ key: fc.constantFrom('known', 'new'), value: fc.nat(3) }),
    apply: () => {
      throw new Error('never')
    },
  })
  const known = ({ trace }: CounterexampleData): boolean => trace.some(({ text }) => text.includes('known'))
  const smallest = found(check(type, { seed: 1, known }))
  expect(keysOf(smallest)).toEqual(['new'])
})
