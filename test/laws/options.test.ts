/** What options take, and what is said of those that they do not take. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Model } from '../../src/index.js'
import {
  assertMutants,
  bare,
  check,
  checkDataType,
  checkReplicas,
  checkReplicasAsync,
  deltas,
  ofDataType,
  opaque,
  operations,
  runsOf,
  states,
  updatesOf,
} from '../../src/laws/index.js'

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

describe('a check refuses at once', () => {
  test.each<readonly [unknown, RegExp]>([
    [{ runs: 1.5 }, /^`runs` of check is 1\.5: it must be a whole number from 0 on$/],
    [{ runs: -1 }, /^`runs` of check is -1: it must be a whole number from 0 on$/],
    [{ runs: Number.NaN }, /^`runs` of check is Number\.NaN/],
    [{ runs: '10' }, /^`runs` of check is "10"/],
    [{ time: Number.NaN }, /^`time` of check is Number\.NaN: it must be a number from 0 on$/],
    [{ shrinkTime: -1 }, /^`shrinkTime` of check is -1/],
    [{ seed: 'x' }, /^`seed` of check is "x": it must be a number$/],
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
