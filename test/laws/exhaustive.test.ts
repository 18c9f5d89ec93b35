import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Model, RArray } from '../../src/index.js'
import {
  check,
  checkDataType,
  operations,
  states,
  type Delivery,
  type Exhausted,
  type Scope,
} from '../../src/laws/index.js'

const union = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set([...a, ...b])].sort()

/** Keeps every item, with a name of the replica that added it. */
const bag = (delivery: Delivery) =>
  operations({
    empty: [] as ReadonlyArray<string>,
    command: fc.constantFrom<string[]>('x', 'y'),
    prepare:
      (item, { id }) =>
      (items) =>
        `${id}${String(items.length)}${item}`,
    apply: (item) => (items) => union(items, [item]),
    delivery,
  })

const set = states({
  empty: [] as ReadonlyArray<string>,
  command: fc.constantFrom<string[]>('x', 'y'),
  mutate: (item) => (items) => union(items, [item]),
  merge: (other) => (items) => union(items, other),
})

const exhausted = (checked: ReturnType<typeof check>): Exhausted => {
  if (checked._tag === 'Left') throw new Error(checked.left.format())
  return checked.right.exhaustive!
}

/** The events of each replica in order: two runs with the same lanes are one run. */
type Lanes = ReadonlyArray<ReadonlyArray<string>>

/** Counts naively: tries every order, and compares. */
const countNaively = (
  writes: ReadonlyArray<number>,
  commands: number,
  order: Delivery['order'],
): { readonly states: number; readonly ends: number } => {
  interface Op {
    readonly name: string
    readonly lane: number
    readonly sees: ReadonlyArray<string>
  }
  const seen = new Set<string>()
  let ends = 0
  const total = writes.reduce((sum, n) => sum + n, 0)
  const go = (lanes: Lanes, ops: ReadonlyArray<Op>): void => {
    const key = JSON.stringify(lanes)
    if (seen.has(key)) return
    seen.add(key)
    if (lanes.every(({ length }) => length === total)) ends++
    for (const [lane, events] of lanes.entries()) {
      const after = (event: string): Lanes => lanes.map((one, i) => (i === lane ? [...one, event] : one))
      const own = ops.filter((op) => op.lane === lane).length
      if (own < writes[lane]!) {
        for (let i = 0; i < commands; i++) {
          // the same command after the same events is the same operation
          const name = `${String(lane)}:${String(own)}:${String(i)}:${events.join('/')}`
          go(after(name), [...ops, { name, lane, sees: events }])
        }
      }
      for (const op of ops) {
        if (op.lane === lane || events.includes(op.name)) continue
        const first =
          order === 'any' ? [] : op.sees.filter((name) => order === 'causal' || name.startsWith(`${String(op.lane)}:`))
        if (first.every((name) => events.includes(name))) go(after(op.name), ops)
      }
    }
  }
  go(
    writes.map(() => []),
    [],
  )
  // the first state does not count
  return { states: seen.size - 1, ends }
}

/**
 * How often each replica writes. Writers come first: which replicas only listen makes no
 * difference.
 */
const allotments = (replicas: number, updates: number): ReadonlyArray<ReadonlyArray<number>> => {
  const all: ReadonlyArray<number>[] = []
  const go = (rest: number, chosen: ReadonlyArray<number>): void => {
    if (chosen.length === replicas) {
      const writers = chosen.filter((n) => n > 0).length
      if (rest === 0 && chosen.slice(0, writers).every((n) => n > 0)) all.push(chosen)
      return
    }
    for (let n = 0; n <= rest; n++) go(rest - n, [...chosen, n])
  }
  go(updates, [])
  return all
}

describe('exhaustive mode', () => {
  const scopes: ReadonlyArray<readonly [Delivery['order'], number, number, number]> = [
    ['any', 2, 2, 1],
    ['any', 2, 3, 1],
    ['any', 3, 2, 1],
    ['any', 3, 3, 1],
    ['source', 2, 3, 2],
    ['source', 3, 3, 1],
    ['causal', 2, 3, 2],
    ['causal', 3, 3, 1],
    ['causal', 4, 2, 1],
  ]

  test.each(scopes)('visits every run once: %s order, %i replicas, %i updates, %i commands', (...scope) => {
    const [order, replicas, updates, commands] = scope
    const counted = allotments(replicas, updates).map((writes) => countNaively(writes, commands, order))
    const sum = (of: 'states' | 'ends'): number => counted.reduce((total, one) => total + one[of], 0)
    const exhaustive = { replicas, updates, commands: ['x', 'y'].slice(0, commands) }
    const found = exhausted(check(bag({ order, copies: 'exactly once' }), { exhaustive, runs: 1, seed: 1 }))
    expect(found).toMatchObject({ states: sum('states'), ends: sum('ends'), complete: true, replicas, updates })
  })

  test('says if it did not visit the whole scope', () => {
    const exhaustive: Scope<string> = { commands: ['x', 'y'], maxStates: 1000 }
    const found = exhausted(check(bag({ order: 'any', copies: 'exactly once' }), { exhaustive, runs: 1, seed: 1 }))
    expect(found).toMatchObject({ complete: false, states: 1000 })
  })

  test('visits a type whose states merge', () => {
    const exhaustive: Scope<string> = { replicas: 3, updates: 3, commands: ['x', 'y'] }
    const found = exhausted(check(set, { exhaustive, runs: 1, seed: 1 }))
    expect(found.complete).toBe(true)
    expect(found.ends).toBeGreaterThan(1000)
  })

  test('visits a data type of this library', () => {
    const exhaustive: Scope<readonly [string, number]> = {
      updates: 3,
      commands: [
        ['x', 1],
        ['x', 2],
      ],
    }
    const change = fc.tuple(fc.constant('x'), fc.nat(2))
    const found = exhausted(checkDataType(Model.of(t.number), { change, exhaustive, runs: 1, seed: 1 }))
    expect(found).toMatchObject({ replicas: 3, updates: 3, complete: true })
    expect(found.states).toBeGreaterThan(5000)
  })

  test('finds a shortest counterexample, without a seed', () => {
    const last = operations({ empty: 0, command: fc.nat(3), apply: (n) => () => n })
    const checked = check(last, { exhaustive: { replicas: 2, updates: 2, commands: [1, 2] } })
    if (checked._tag === 'Right') throw new Error('not found')
    const { law, schedule, seed } = checked.left
    expect([law.name, seed]).toEqual(['convergence', undefined])
    // both write, and each hears the other
    expect(schedule.steps).toHaveLength(4)
  })

  test('ignores refused commands', () => {
    const exhaustive = { replicas: 2, updates: 2, commands: [RArray.remove(5), RArray.push('x')] }
    const checked = checkDataType(RArray.of(t.string), {
      change: fc.constant(RArray.push('x')),
      exhaustive,
      runs: 1,
      seed: 1,
    })
    expect(exhausted(checked)).toMatchObject({ complete: true })
  })
})
