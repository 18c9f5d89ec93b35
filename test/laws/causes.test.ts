/** What is told of types whose replicas differ for a reason that lies elsewhere. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import type { DataType, Update } from '../../src/index.js'
import {
  bare,
  check,
  checkDataType,
  checkReplicas,
  checkReplicasAsync,
  deltas,
  ofDataType,
  operations,
  states,
  type Lawful,
} from '../../src/laws/index.js'
import { covered, found } from './outcome.js'
import { ofRegister, register } from './register.js'

type Field = readonly [key: string, value: number]
type Fields = Readonly<Record<string, number>>

const change = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))

const ofFields = (apply: DataType<Fields, Field>['apply']): DataType<Fields, Field> => ({
  name: 'fields',
  change: t.readonly(t.tuple([t.string, t.number])),
  empty: {},
  apply,
})

const sum = (fields: Fields, [key, value]: Field): Fields => ({ ...fields, [key]: (fields[key] ?? 0) + value })

const total = (updates: ReadonlyArray<Update<Field>>): Fields => updates.map(([made]) => made).reduce(sum, {})

/** As a newcomer may write it, in JavaScript. */
const addTo = (fields: Fields, [key, value]: Field): Fields =>
  Object.assign(fields, { [key]: (fields[key] ?? 0) + value })

const seeds = Array.from({ length: 10 }, (_, seed) => seed)

type Any = Lawful<never, never, never>

describe('A type that writes into the state that all replicas begin with', () => {
  const delivery = { order: 'source', copies: 'exactly once' } as const
  const inPlace = (): DataType<Fields, Field> =>
    ofFields((updates) => (state) => ({ state: updates.map(([made]) => made).reduce(addTo, state), superseded: [] }))
  const types: ReadonlyArray<readonly [string, () => unknown]> = [
    ['a data type', () => ofDataType(inPlace(), { change })],
    ['a data type with an oracle', () => ofDataType(inPlace(), { change, oracle: total })],
    ['an `apply` alone', () => bare(inPlace(), { change }, delivery)],
    ['operations', () => operations({ empty: {}, command: change, apply: (made) => (held) => addTo(held, made) })],
    [
      'operations on a map',
      () =>
        operations({
          empty: new Map<string, number>(),
          command: change,
          apply:
            ([key, value]) =>
            (held) =>
              held.set(key, (held.get(key) ?? 0) + value),
          show: (held) => Object.fromEntries(held),
        }),
    ],
    [
      'operations on a nested list',
      () =>
        operations({
          empty: { all: [] as Field[] },
          command: change,
          apply: (made) => (held) => {
            held.all.push(made)
            return held
          },
        }),
    ],
    [
      'states',
      () =>
        states({
          empty: {},
          command: change,
          mutate: (made) => (held) => addTo(held, made),
          merge: (other) => (held) => Object.assign(held, other),
        }),
    ],
  ]

  test.each(types)('is told so: %s', (_, make) => {
    for (const seed of seeds) {
      const { law, schedule, remedy } = found(check(make() as Any, { seed }))
      expect(law.name).toBe('versions')
      expect(remedy).toContain('must not write into the state that it is given')
      expect(schedule.steps.length).toBeGreaterThan(0)
      expect(schedule.steps.length).toBeLessThanOrEqual(3)
    }
  })

  test('is told so once, with the verdict of what its replicas make of it', () => {
    const verdictsOf = (oracle?: typeof total): ReadonlySet<string> => {
      const options = { change, ...(oracle && { oracle }) }
      return new Set(seeds.map((seed) => found(checkDataType(inPlace(), { ...options, seed })).law.verdict))
    }
    expect([...verdictsOf()]).toEqual(['lost'])
    expect([...verdictsOf(total)]).toEqual(['wrong value'])
    const type = inPlace()
    const options = { change, oracle: total, seed: 1, runs: 50, all: true }
    const { law, schedule, others = [] } = found(checkDataType(type, options))
    const again = found(checkDataType(type, { ...options, schedule }))
    for (const told of [others, again.others ?? []]) expect(told.map((one) => one.law.name)).not.toContain(law.name)
  })

  test('leaves nothing behind for the next check', () => {
    const type = inPlace()
    const one = found(checkDataType(type, { change, seed: 1 }))
    const again = found(checkDataType(type, { change, seed: 1, schedule: one.schedule }))
    expect(again.states).toEqual(one.states)
  })
})

test('A type that draws by chance is told so, whatever its replicas make of it', () => {
  const chance = (): number => Math.floor(Math.random() * 1e9)
  const random = operations({ empty: 0, command: fc.nat(3), apply: () => () => chance() })
  const type = ofFields((updates) => (state) => ({
    state: updates.length === 0 ? state : { ...state, chance: chance() },
    superseded: [],
  }))
  for (const seed of seeds) {
    for (const checked of [check(random, { seed }), checkDataType(type, { change, seed, oracle: total })]) {
      expect(found(checked).law.name).toBe('determinism')
    }
    expect(found(check(random, { seed })).law.verdict).toBe('diverged')
  }
})

describe('An `apply` that breaks its contract', () => {
  const type = ofFields((updates) => (state) => (updates.length === 0 ? {} : { state }) as never)

  test('is told by `total` alone, without the stack of the kit', () => {
    const { law, why, stack, beside = [] } = found(checkDataType(type, { change, seed: 1 }))
    expect([law.name, law.says]).toEqual(['total', 'nothing throws, and every function gives what it must'])
    expect(why).toMatch(/`apply` has returned/)
    expect(stack).toBeUndefined()
    expect(beside.filter((one) => one.why.includes('has returned'))).toEqual([])
  })

  test('is told by `total`, and by its test file, if only the check of a law meets it', () => {
    const hidden = ofFields(
      (updates) => (state) =>
        (updates.length === 0
          ? undefined
          : { state: updates.map(([made]) => made).reduce(sum, state), superseded: [] }) as never,
    )
    const { law, why, schedule, toTest } = found(checkDataType(hidden, { change, seed: 1, runs: 50 }))
    expect([law.name, why]).toEqual(['total', '`apply` has returned undefined'])
    expect(toTest()).toContain('assert(subject, { schedule })')
    expect(found(check(ofDataType(hidden, { change }), { schedule })).law.name).toBe('total')
    const asked = { change, seed: 1, runs: 50, laws: ['identity'] }
    expect(found(checkDataType(hidden, asked)).law.name).toBe('identity')
  })

  const broken = (apply: unknown): string => {
    const checked = checkDataType(ofFields(apply as DataType<Fields, Field>['apply']), { change, seed: 1 })
    const { why, remedy = '' } = found(checked)
    return `${why}: ${remedy}`
  }

  test('is told what to return, if it gives the state alone or nothing', () => {
    const returned = /`apply` has returned .*: .* must return `{ state, superseded }`/
    expect(broken(() => (state: Fields) => state)).toMatch(returned)
    expect(broken(() => () => undefined)).toMatch(returned)
    expect(broken(() => (state: Fields) => ({ state }))).toMatch(returned)
  })

  test('is told, if it cannot take an empty list', () => {
    const first = (updates: ReadonlyArray<Update<Field>>) => (state: Fields) => {
      const [[[key]]] = updates as readonly [Update<Field>]
      return { state: key === '' ? state : updates.map(([made]) => made).reduce(sum, state), superseded: [] }
    }
    expect(broken(first)).toMatch(/^`apply\(\[\]\)` threw TypeError: .*: `apply\(\[\]\)` must return the state/)
  })

  test('is told, if it empties or sorts its list', () => {
    const changed = /changed the list of updates that it was given: .* sort or shorten a copy/
    const emptying = (updates: Update<Field>[]) => (state: Fields) => {
      let next = state
      for (let one = updates.shift(); one !== undefined; one = updates.shift()) next = sum(next, one[0])
      return { state: next, superseded: [] }
    }
    const sorting = (updates: Update<Field>[]) => (state: Fields) => ({
      state: updates
        .sort(([a], [b]) => b[1] - a[1])
        .map(([made]) => made)
        .reduce(sum, state),
      superseded: [],
    })
    expect(broken(emptying)).toMatch(changed)
    expect(broken(sorting)).toMatch(changed)
  })
})

describe('A message that is written into', () => {
  type Sums = readonly number[]
  const emptying =
    (message: number[]) =>
    (held: Sums): Sums => {
      let next = held
      for (let one = message.pop(); one !== undefined; one = message.pop()) next = [...next, one]
      return next
    }
  const command = fc.nat(3)

  test('is told, if its own sender did it', () => {
    const types = [
      operations<Sums, number, number[]>({
        empty: [],
        command,
        prepare: (made) => () => [made],
        apply: emptying,
      }),
      deltas<number[], number>({ empty: [], command, delta: (made) => () => [made], merge: emptying as never }),
    ]
    for (const type of types) {
      const { why, remedy } = found(check(type as unknown as Any, { seed: 1 }))
      expect(why).toMatch(/has changed \[\d\], which others are still to hear, to \[\]/)
      expect(remedy).toMatch(/must leave (messages|states) as they are, .*: work on a copy/)
    }
  })

  type Numbers = Set<number>
  const document = {
    create: () => new Set<number>(),
    command,
    local: (made: number) => (set: Numbers) => {
      set.add(made)
    },
    show: (set: Numbers) => [...set].sort(),
    seed: 1,
  }
  const takesAll = {
    ...document,
    receive: (message: number[]) => (set: Numbers) => {
      for (let one = message.pop(); one !== undefined; one = message.pop()) set.add(one)
    },
  }
  const changedByReceiver = /know the same, and differ, and \w has changed a message of \w on its way$/

  test('is told with its receiver', () => {
    const { law, why, remedy } = found(checkReplicas({ ...takesAll, told: (set: Numbers) => [...set] }))
    expect(law.name).toBe('convergence')
    expect(why).toMatch(changedByReceiver)
    expect(remedy).toContain('`receive` must leave messages as they are')
  })

  test('is told with its receiver, if that answers later', async () => {
    const slowly = {
      ...takesAll,
      receive: (message: number[]) => async (set: Numbers) => {
        await Promise.resolve()
        takesAll.receive(message)(set)
      },
    }
    for (const speaks of [
      { told: (set: Numbers) => [...set] },
      { told: async (set: Numbers) => Promise.resolve([...set]) },
    ]) {
      const { why, remedy } = found(await checkReplicasAsync({ ...slowly, ...speaks, runs: 100 }))
      expect(why).toMatch(changedByReceiver)
      expect(remedy).toContain('`receive` must leave messages as they are')
    }
  })

  test('is told with its sender, if it is alive', async () => {
    const alive = {
      ...document,
      // what comes late is what the sender has by then
      send: () => (set: Numbers) => set,
      receive: (heard: Numbers) => (set: Numbers) => {
        for (const one of heard) set.add(one)
      },
    }
    const slowly = { ...alive, send: () => (set: Numbers) => Promise.resolve(set) }
    const checks = [checkReplicas(alive), await checkReplicasAsync({ ...slowly, runs: 1000 })]
    for (const { why, remedy } of checks.map(found)) {
      expect(why).toMatch(/know the same, and differ, and a message of \w has changed on its way$/)
      expect(remedy).toContain('`send` must give a copy')
    }
  })
})

describe('After a broken law, a graver one is looked for', () => {
  // every run shows a wrong value, and one in some thirty diverges
  const lossy = operations({
    empty: 0,
    command: fc.nat(2),
    apply: (made) => (held) => (made === 2 ? made : held === 2 ? held + 1 : 1),
    oracle: () => 'another',
  })

  test('in 100 runs at least', () => {
    for (const seed of seeds) {
      const { law, beside = [] } = found(check(lossy, { seed }))
      expect(law.verdict).toBe('diverged')
      for (const one of beside) expect(one.law.verdict).toBe('wrong value')
    }
  })

  test('in as many runs again', () => {
    let made = 0
    // the first fault is met in run 150
    const late = operations({
      empty: 0,
      command: fc.nat(3),
      apply: () => (held) => held,
      oracle: () => (++made > 150 ? 1 : 0),
    })
    const runs: number[] = []
    const known = check(late, { seed: 1, runs: 1000, progress: ({ runs: all }) => runs.push(all), shrinkTime: 0 })
    expect(known._tag).toBe('Left')
    expect(Math.max(...runs)).toBe(256)
  })

  test('not where the first is wanted, and never past the runs', () => {
    const first = found(check(lossy, { seed: 1, stop: 'first' }))
    expect(first.law.verdict).toBe('wrong value')
    const runs: number[] = []
    const wrong = operations({ empty: 0, command: fc.nat(3), apply: () => (held) => held, oracle: () => 1 })
    found(check(wrong, { seed: 1, progress: ({ runs: made }) => runs.push(made), shrinkTime: 0 }))
    expect(Math.max(...runs)).toBeLessThanOrEqual(128)
    const few: number[] = []
    found(check(wrong, { seed: 1, runs: 20, progress: ({ runs: made }) => few.push(made), shrinkTime: 0 }))
    expect(Math.max(...few)).toBe(16)
  })
})

test('A type whose replicas differ by ties is never told as one that loses updates', () => {
  for (const seed of Array.from({ length: 40 }, (_, i) => i)) {
    const { law } = found(checkDataType(register, { ...ofRegister, seed }))
    expect(law.verdict).toBe('diverged')
  }
})

test('A check tells the seed of its runs', () => {
  const counter = operations({ empty: 0, command: fc.constant(1), apply: (n) => (held) => held + n })
  const first = covered(check(counter, { runs: 10 }))
  expect(covered(check(counter, { runs: 10, seed: first.seed! })).format()).toBe(first.format())
})
