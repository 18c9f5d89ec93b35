/** What options take, and what is said of those that they do not take. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Model } from '../../src/index.js'
import {
  assertMutants,
  bare,
  check,
  checkDataType,
  checkDeliveries,
  checkMutants,
  checkReplicas,
  checkReplicasAsync,
  deltas,
  ofDataType,
  opaque,
  operations,
  operationsOf,
  runsOf,
  schedules,
  states,
  updatesOf,
  type Schedule,
} from '../../src/laws/index.js'
import { view } from '../../src/laws/model/show.js'
import { inNetworks } from '../runs.js'

const max = (n: number) => (held: number) => Math.max(n, held)
const largest = states({ name: 'largest', empty: 0, command: fc.nat(3), mutate: max, merge: max })
const model = Model.of(t.number)
const change = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))

const document = {
  create: () => new Set<number>(),
  command: fc.nat(3),
  local: (n: number) => (set: Set<number>) => void set.add(n),
  send: () => (set: Set<number>) => [...set],
  receive: (heard: ReadonlyArray<number>) => (set: Set<number>) => {
    for (const n of heard) set.add(n)
  },
  show: (set: Set<number>) => [...set].sort(),
  runs: 5,
}

/** As plain JavaScript gives it. */
const loosely = (options: unknown): never => options as never

const makers = 'what `operations`, `states`, `deltas`, `opaque` or `ofDataType` gives'

describe('what is no subject is refused', () => {
  test.each<readonly [string, (subject: never) => unknown]>([
    ['check', (subject) => check(subject)],
    ['checkDeliveries', (subject) => checkDeliveries(subject)],
    ['schedules', (subject) => fc.sample(schedules(subject))],
    ['runsOf', (subject) => fc.sample(runsOf(subject))],
    ['operationsOf', (subject) => fc.sample(operationsOf(subject))],
  ])('by %s', (name, use) => {
    for (const wrong of [undefined, null, 3, {}, [], { command: fc.nat(3), apply: max }, document]) {
      expect(() => use(loosely(wrong))).toThrow(
        `${name} takes a subject: ${makers}, not ${wrong === undefined ? 'undefined' : ''}`,
      )
    }
    expect(() => use(loosely(model))).toThrow(`${name} takes a subject: ${makers}, not a data type`)
  })

  test('nor one without laws, where it is judged', () => {
    const rest = { ...largest, laws: undefined }
    expect(() => check(loosely(rest))).toThrow(`check takes a subject: ${makers}. This one has no \`laws\``)
    expect(fc.sample(schedules(rest), 1)).toHaveLength(1)
  })

  test('and what is no data type', () => {
    for (const use of [
      (type: never) => checkDataType(type, { change }),
      (type: never) => checkMutants(type, { change }),
      (type: never) => ofDataType(type, { change }),
      (type: never) => updatesOf(type, { change }),
      (type: never) => bare(type, { change }, { order: 'any', copies: 'exactly once' }),
    ]) {
      expect(() => use(loosely(undefined))).toThrow(/^\w+ takes a data type first, not undefined$/)
      expect(() => use(loosely({}))).toThrow(/^\w+ takes a data type first: `name` must be a text$/)
      const rest = { ...model, apply: undefined }
      expect(() => use(loosely({ ...model, change }))).toThrow(/: `change` must be an io-ts codec$/)
      expect(() => use(loosely(rest))).toThrow(/: `apply` must be a function$/)
      const without = Object.fromEntries(Object.entries(model).filter(([name]) => name !== 'empty'))
      expect(() => use(loosely(without))).toThrow(/: it needs `empty`$/)
    }
  })
})

test('checkDeliveries and schedules refuse options by their own names', () => {
  expect(() => checkDeliveries(largest, loosely({ dilivery: 1 }))).toThrow(/^checkDeliveries has no option `dilivery`/)
  expect(() => schedules(largest, { replicas: 0 })).toThrow(/^`replicas` of schedules is 0/)
})

/** The members of steps that count or number something, by tag. */
const COUNTS: Readonly<Record<string, ReadonlyArray<string>>> = {
  local: ['at', 'luck'],
  deliver: ['to', 'pick', 'operation'],
  send: ['from', 'to', 'delay', 'luck', 'keep'],
  partition: ['side'],
  crash: ['at'],
  save: ['at'],
  open: ['at'],
  push: ['at', 'version'],
  hear: ['to', 'mail', 'budget'],
  talk: ['from', 'to', 'budgets[1]'],
  merge: ['from', 'to'],
  die: ['at'],
  upgrade: ['at'],
  restore: ['at', 'version'],
  rewind: ['at', 'version'],
  fork: ['at', 'version'],
  prune: ['at'],
  connect: ['from', 'to'],
  say: ['link', 'side', 'most'],
  carry: ['link', 'side', 'lines'],
  cut: ['link'],
}

/** A member, or the second of a list. */
const member = (name: string, value: unknown) =>
  name.endsWith('[1]') ? { [name.slice(0, -3)]: [0, value] } : { [name]: value }

describe('a check refuses at once', () => {
  test.each<readonly [unknown, RegExp]>([
    [{ runs: 1.5 }, /^`runs` of check is 1\.5: it must be a whole number from 0 on$/],
    [{ runs: -1 }, /^`runs` of check is -1: it must be a whole number from 0 on$/],
    [{ runs: Number.NaN }, /^`runs` of check is Number\.NaN/],
    [{ runs: '10' }, /^`runs` of check is "10"/],
    [{ time: Number.NaN }, /^`time` of check is Number\.NaN: it must be a number from 0 on$/],
    [{ shrinkTime: -1 }, /^`shrinkTime` of check is -1/],
    [{ seed: 'x' }, /^`seed` of check is "x": it must be a whole number from -9007199254740991 to 9007199254740991$/],
    [{ schedule: { ids: ['a'], steps: [null] } }, /^`schedule\.steps\[0\]` of check is null: it must be a step$/],
    [
      { schedule: { ids: ['a'], steps: [{ _tag: 'lokal' }] } },
      /^`schedule\.steps\[0\]\._tag` of check is "lokal": it must be 'local' or 'deliver' or /,
    ],
    [
      { schedule: { ids: ['a', 'b'], steps: [{ _tag: 'local', at: 2, now: 1, luck: 0 }] } },
      /^`schedule\.steps\[0\]\.at` of check is 2: it must be a whole number from 0 to 1$/,
    ],
    [
      { schedule: { ids: ['a', 'b'], steps: [{ _tag: 'save', at: 0, now: 1 }] } },
      /^`schedule\.steps\[0\]` of check has no option `now`: it has at$/,
    ],
    [
      { schedule: { ids: ['a', 'b'], steps: [{ _tag: 'local', at: 0, luck: 0 }] } },
      /^`schedule\.steps\[0\]` of check needs `now`$/,
    ],
    [
      { schedule: { ids: ['a', 'b'], steps: [{ _tag: 'talk', from: 0, to: 1, budgets: [0] }] } },
      /^`schedule\.steps\[0\]\.budgets` of check is \[0\]: it must be two numbers$/,
    ],
    [
      { schedule: { ids: ['a', 'b'], steps: [{ _tag: 'carry', link: 0, side: 0, lines: 1, harm: 'burnt' }] } },
      /^`schedule\.steps\[0\]\.harm` of check is "burnt": it must be 'lost' or 'damaged'$/,
    ],
    [{ profile: 'slow' }, /^`profile` of check is "slow": it must be 'fast' or 'thorough'$/],
    [{ stop: 'last' }, /^`stop` of check is "last": it must be 'first' or 'gravest'$/],
    [{ exchanges: 'maybe' }, /^`exchanges` of check is "maybe": it must be 'none' or 'half' or 'all'$/],
    [{ replicas: 1 }, /^`replicas` of check is 1: it must be a whole number from 2 to 12$/],
    [{ replicas: { min: 1, max: 3 } }, /^`replicas\.min` of check is 1/],
    [{ replicas: { min: 5, max: 2 } }, /^`replicas` of check has a `min` above its `max`$/],
    [{ replicas: { min: 5 } }, /^`replicas` of check needs `max`$/],
    [{ steps: 0 }, /^`steps` of check is 0/],
    [{ exhaustive: {} }, /^`exhaustive` of check needs `commands`$/],
    [
      { exhaustive: { commands: [] } },
      /^`exhaustive\.commands` of check is \[\]: it must be an array that is not empty$/,
    ],
    [
      { exhaustive: { commands: [1], update: 2 } },
      /^`exhaustive` of check has no option `update`: do you mean `updates`\?/,
    ],
    [{ exhaustive: { commands: [1], replicas: 1 } }, /^`exhaustive\.replicas` of check is 1/],
    [{ exhaustive: true }, /^`exhaustive` of check takes an object of options, not true$/],
    [{ schedule: {} }, /^`schedule` of check needs `ids`$/],
    [
      { schedule: { ids: ['a', 'a'], steps: [] } },
      /^`schedule\.ids` of check is \["a","a"\]: it must be ids that differ$/,
    ],
    [{ schedule: null }, /^`schedule` of check takes an object of options, not null$/],
    [{ path: '0:1' }, /^`path` needs the `seed` of its counterexample: give both$/],
    [{ seed: 1, path: 'x' }, /^`path` of check is "x": it must be the path of a counterexample/],
    [{ required: { tie: 1 } }, /^`required` of check has no option `tie`: do you mean `ties`\? It has concurrent, /],
    [{ required: { ties: 2 } }, /^`required\.ties` of check is 2: it must be a number from 0 to 1$/],
    [{ required: { ties: Number.NaN } }, /^`required\.ties` of check is Number\.NaN/],
    [{ laws: 'convergence' }, /^`laws` of check is "convergence": it must be an array$/],
    [{ kept: {} }, /^`kept` of check is \{\}: it must be what `keptIn` gives/],
    [{ known: true }, /^`known` of check is true: it must be a function$/],
    [{ all: 'yes' }, /^`all` of check is "yes": it must be true or false$/],
    [{ rnus: 5 }, /^check has no option `rnus`: do you mean `runs`\? It has /],
    [{ numRuns: 5 }, /^check has no option `numRuns`: do you mean `runs`\?/],
    [{ requierd: {} }, /^check has no option `requierd`: do you mean `required`\?/],
    [{ interruptAfterTimeLimit: 5 }, /^check has no option `interruptAfterTimeLimit`: it has replicas, /],
    [null, /^check takes an object of options, not null$/],
  ])('%j', (options, message) => {
    expect(() => check(largest, loosely(options))).toThrow(message)
  })

  const step = (given: object) => ({ schedule: { ids: ['a', 'b'], steps: [given] } })
  const nested = (name: string) => (value: unknown) => ({ [name.split('.')[0]!]: { [name.split('.')[1]!]: value } })
  test.each<readonly [string, (value: unknown) => object, isWhole: boolean]>([
    ...['runs', 'steps', 'replicas', 'seed'].map((name) => [name, (v: unknown) => ({ [name]: v }), true] as const),
    ...['time', 'shrinkTime'].map((name) => [name, (v: unknown) => ({ [name]: v }), false] as const),
    ...['updates', 'replicas', 'maxStates'].map(
      (name) => [`exhaustive.${name}`, (v: unknown) => ({ exhaustive: { commands: [1], [name]: v } }), true] as const,
    ),
    ['replicas.max', (v) => ({ replicas: { min: 2, max: v } }), true],
    ['required.late', nested('required.late'), false],
    ['schedule.luck', (v) => ({ schedule: { ids: ['a'], steps: [], luck: v } }), true],
    ...Object.entries(COUNTS).flatMap(([_tag, names]) =>
      names.map(
        (name) => [`schedule.steps[0].${name}`, (v: unknown) => step({ _tag, ...member(name, v) }), true] as const,
      ),
    ),
  ])('`%s` that is no such number', (name, given, isWhole) => {
    for (const value of [NaN, -Infinity, -1e300, '5', '', 5n, [5], true, null, ...(isWhole ? [1.5, -0.1] : [])]) {
      // `replicas` may be a range, and says what that lacks
      if (name === 'replicas' && typeof value === 'object') continue
      const says = isWhole ? 'a whole number from ' : 'a number from '
      expect(() => check(largest, loosely(given(value)))).toThrow(
        `\`${name}\` of check is ${view(value)}: it must be ${says}`,
      )
    }
  })

  test('no schedule that was drawn', () => {
    for (const exchanges of ['none', 'all'] as const) {
      fc.assert(
        fc.property(schedules(ofDataType(model, { change }), { exchanges, steps: 12 }), (schedule) => {
          const given = { schedule: schedule as Schedule<unknown>, laws: ['total'] }
          expect(checkDataType(model, { change, ...given })._tag).toBe('Right')
        }),
        { numRuns: inNetworks(50) },
      )
    }
  })

  test('no time that is longer than a timer can be', async () => {
    for (const time of [Infinity, 2 ** 31]) {
      const slow = {
        ...document,
        receive: (heard: ReadonlyArray<number>) => async (set: Set<number>) => {
          await setTimeout(2)
          for (const n of heard) set.add(n)
        },
      }
      const checked = await checkReplicasAsync({ ...slow, time, runs: 5, seed: 1 })
      expect(checked).toMatchObject({ _tag: 'Right', right: { runs: 5 } })
    }
  })

  test('laws that the type cannot break', () => {
    expect(() => check(largest, { laws: ['oracle'] })).toThrow(
      'largest cannot break the laws that are asked: oracle: give an `oracle`',
    )
    expect(() => check(largest, { laws: ['quality', 'oracle'] })).toThrow(/give `qualities`/)
    const once = operations({ empty: 0, command: fc.nat(3), apply: max })
    expect(() => check(once, { laws: ['idempotence'] })).toThrow(/give a `delivery`/)
    expect(check(largest, { laws: ['oracle', 'convergence'], runs: 5 })._tag).toBe('Right')
  })

  test('nothing that is absent', () => {
    const absent = { runs: undefined, rnus: undefined, laws: undefined, replicas: undefined, time: 50 }
    expect(check(largest, loosely(absent))._tag).toBe('Right')
    expect(check(largest, { runs: Infinity, time: 50 })._tag).toBe('Right')
  })
})

describe('the makers of subjects refuse', () => {
  const of = { empty: 0, command: fc.nat(3) }

  test.each<readonly [string, () => unknown, RegExp]>([
    [
      'a misspelt name',
      () => operations(loosely({ ...of, apply: max, orcale: max })),
      /^operations has no option `orcale`: do you mean `oracle`\?/,
    ],
    ['a missing function', () => operations(loosely(of)), /^operations needs `apply`$/],
    ['no beginning', () => operations(loosely({ command: fc.nat(3), apply: max })), /^operations needs `empty`$/],
    ['another missing one', () => states(loosely({ ...of, mutate: max })), /^states needs `merge`$/],
    [
      'what is no function',
      () => deltas(loosely({ ...of, delta: 1, merge: max })),
      /^`delta` of deltas is 1: it must be a function$/,
    ],
    [
      'an order that is none',
      () => operations(loosely({ ...of, apply: max, delivery: { order: 'casual', copies: 'exactly once' } })),
      /^`delivery\.order` of operations is "casual": it must be 'source' or 'causal' or 'any'$/,
    ],
    [
      'copies that are none',
      () => operations(loosely({ ...of, apply: max, delivery: { order: 'any', copies: 'at-least-once' } })),
      /^`delivery\.copies` of operations is "at-least-once"/,
    ],
    [
      'half a delivery',
      () => operations(loosely({ ...of, apply: max, delivery: { order: 'any' } })),
      /^`delivery` of operations needs `copies`$/,
    ],
    [
      'a command that is no arbitrary',
      () => operations(loosely({ ...of, command: 3, apply: max })),
      /^`command` of operations is 3: it must be a fast-check arbitrary, or a function that gives one$/,
    ],
    ['no command', () => operations(loosely({ empty: 0, apply: max })), /^operations needs `command`$/],
    [
      'a quality with a misspelt name',
      () => states(loosely({ ...of, mutate: max, merge: max, qualities: [{ name: 'x', atEnds: max }] })),
      /^`qualities\[0\]` of states has no option `atEnds`: do you mean `atEnd`\?/,
    ],
    [
      'a quality that asks nothing',
      () => states(loosely({ ...of, mutate: max, merge: max, qualities: [{ name: 'x' }] })),
      /^`qualities\[0\]` of states is .*: it must be a quality that has `afterLocal` or `atEnd`$/,
    ],
    [
      'another way that is no function',
      () => states(loosely({ ...of, mutate: max, merge: max, same: { x: 1 } })),
      /^`same\.x` of states is 1: it must be a function$/,
    ],
    [
      'replicas that say nothing',
      () => opaque(loosely({ ...document, runs: undefined, send: undefined })),
      /^give `send` or `told`/,
    ],
    [
      '`save` alone',
      () => opaque(loosely({ ...document, runs: undefined, save: () => 1 })),
      /^give both `save` and `load`/,
    ],
    ['neither `change` nor `command`', () => ofDataType(model, loosely({})), /^give `change`, or `command`/],
    [
      'both `change` and `command`',
      () => ofDataType(model, loosely({ change, command: change })),
      /^give `change` or `command`, not both$/,
    ],
    [
      'what is not for `apply` alone',
      () => bare(model, loosely({ change, qualities: [] }), { order: 'any', copies: 'at least once' }),
      /^bare has no option `qualities`/,
    ],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message)
  })
})

describe('each other function refuses, too', () => {
  test('checkReplicas', () => {
    expect(() => checkReplicas(loosely({ ...document, send: undefined }))).toThrow(/^give `send` or `told`/)
    expect(() => checkReplicas(loosely({ ...document, recieve: 1 }))).toThrow(
      /^checkReplicas has no option `recieve`: do you mean `receive`\?/,
    )
    expect(() => checkReplicas(loosely({ ...document, show: undefined }))).toThrow(/^checkReplicas needs `show`$/)
    expect(() => checkReplicas({ ...document, runs: 1.5 })).toThrow(/^`runs` of checkReplicas is 1\.5/)
    // @ts-expect-error they would say nothing
    expect(() => checkReplicas({ ...document, send: undefined })).toThrow()
  })

  test('checkReplicasAsync, by its promise', async () => {
    await expect(checkReplicasAsync(loosely({ ...document, rnus: 1 }))).rejects.toThrow(
      /^checkReplicasAsync has no option `rnus`/,
    )
    await expect(checkReplicasAsync(loosely({ ...document, send: undefined }))).rejects.toThrow(
      /^give `send` or `told`/,
    )
    await expect(checkReplicasAsync(loosely({ ...document, exhaustive: { commands: [1] } }))).rejects.toThrow(
      /^checkReplicasAsync has no option `exhaustive`/,
    )
  })

  test('checkDataType and assertMutants', () => {
    expect(() => checkDataType(model, loosely({ change, orcale: max }))).toThrow(
      /^checkDataType has no option `orcale`/,
    )
    expect(() => checkDataType(model, loosely({ change: 3 }))).toThrow(
      /^`change` of checkDataType is 3: it must be a fast-check arbitrary$/,
    )
    expect(() => checkDataType(model, loosely({ change, delivery: { order: 'any' } }))).toThrow(/needs `copies`$/)
    expect(() => {
      assertMutants(model, { change, runs: 5, survivors: loosely({ loosesUpdates: 'x' }) })
    }).toThrow(/^survivors of assertMutants has no option `loosesUpdates`: do you mean `losesUpdates`\?/)
  })

  test('those that draw', () => {
    expect(() => runsOf(largest, { replicas: 0 })).toThrow(/^`replicas` of runsOf is 0/)
    expect(() => updatesOf(model, { change }, loosely({ stpes: 3 }))).toThrow(
      /^updatesOf has no option `stpes`: do you mean `steps`\?/,
    )
  })
})
