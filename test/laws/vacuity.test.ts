/** Checks that could not fail say so. */
import { either as E } from 'fp-ts'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Model, RArray } from '../../src/index.js'
import { check, checkDataType, checkReplicas, deltas, operations, states, type Options } from '../../src/laws/index.js'
import { sameValue, view } from '../../src/laws/model/show.js'
import { found } from './outcome.js'

interface Cell {
  value: number
}

/** The last to arrive wins, which diverges. */
const cells = {
  create: (): Cell => ({ value: 0 }),
  command: fc.nat(3),
  local: (n: number) => (cell: Cell) => {
    cell.value = n
  },
  send: () => (cell: Cell) => cell.value,
  receive: (n: number) => (cell: Cell) => {
    cell.value = n
  },
  show: ({ value }: Cell) => value,
  seed: 1,
  runs: 100,
}

const brief: Options<never> = { seed: 1, runs: 100 }
const nothing = () => undefined
const max = (n: number) => (held: number) => Math.max(n, held)
const numbers = { empty: 0, command: fc.nat(3) }

/** As plain JavaScript gives it. */
const forgetful = (f: (n: number) => unknown) => (n: number) => () => void f(n) as unknown as number

describe('replicas that never hear of each other', () => {
  test('because nobody tells anything', () => {
    const silent = { ...cells, send: undefined as never }
    const { law, why, remedy } = found(checkReplicas({ ...silent, told: nothing }))
    expect([law.name, why]).toEqual(['exercised', 'nothing was ever sent'])
    expect(remedy).toContain('`told` must return')
  })

  test('because nobody answers: `receive` is not blamed', () => {
    const { law, why, remedy } = found(checkReplicas({ ...cells, send: () => nothing }))
    expect([law.name, why]).toEqual(['convergence', 'a and b know the same, and differ: nothing was ever sent'])
    expect(remedy).toBe('`send(peer)(replica)` must return what the peer lacks')
    // and if they have nothing to differ by
    const alike = found(checkReplicas({ ...cells, command: fc.constant(0), send: () => nothing }))
    expect([alike.law.name, alike.why]).toEqual(['exercised', 'nothing was ever sent'])
  })

  test('and those that do are told as before', () => {
    expect(found(checkReplicas(cells)).remedy).toContain('`receive` must give the same')
  })
})

describe('functions that forget to return', () => {
  test('`show`', () => {
    const { law, why } = found(checkReplicas({ ...cells, show: nothing }))
    expect([law.name, why]).toEqual(['exercised', '`show` gave undefined for every state'])
    const model = found(
      checkDataType(Model.of(t.number), {
        ...brief,
        change: fc.tuple(fc.constantFrom('x'), fc.nat(3)),
        toJSON: nothing,
      }),
    )
    expect(model.why).toBe('`toJSON` gave undefined for every state')
  })

  test('`apply` and `merge`', () => {
    const types = [
      ['apply', operations({ ...numbers, apply: forgetful(max) })],
      ['apply', operations({ ...numbers, prepare: (n) => () => n, apply: forgetful(max), show: (n) => n.toFixed() })],
      ['merge', states({ ...numbers, mutate: max, merge: forgetful(max) })],
      ['merge', deltas({ ...numbers, delta: (n) => () => n, merge: forgetful(max) })],
    ] as const
    for (const [name, type] of types) {
      const { law, why, remedy } = found(check(type, brief))
      expect([law.name, why]).toEqual(['total', `\`${name}\` has returned undefined`])
      expect(remedy).toContain(`\`${name}(message, where)(state)\` must return the next state`)
    }
    // where undefined is a state, all states are
    const type = operations({ empty: undefined as number | undefined, command: fc.nat(3), apply: () => nothing })
    expect(found(check(type, brief)).why).toBe('`show` gave undefined for every state')
    const written = operations({
      ...numbers,
      empty: undefined as number | undefined,
      apply: (n) => (held) => max(n)(held ?? 0),
    })
    expect(check(written, brief)._tag).toBe('Right')
  })

  test('those that make: every command is refused', () => {
    const gives = 'all commands were refused in all runs: '
    const types = [
      [
        operations({ ...numbers, prepare: () => nothing, apply: max }),
        '`prepare` gave undefined, which refuses a command',
      ],
      [states({ ...numbers, mutate: () => nothing, merge: max }), '`mutate` gave undefined, which refuses a command'],
      [deltas({ ...numbers, delta: () => nothing, merge: max }), '`delta` gave undefined, which refuses a command'],
      [
        operations({ ...numbers, command: fc.constant(undefined), apply: () => (n) => n + 1 }),
        'undefined is a refusal, where there is no `prepare`',
      ],
    ] as const
    for (const [type, why] of types) {
      const { law, why: told } = found(check(type as ReturnType<typeof states<number, number>>, brief))
      expect([law.name, told]).toEqual(['exercised', gives + why])
    }
  })
})

describe('one object for all replicas', () => {
  test('is told, whoever writes into it', () => {
    const shared = cells.create()
    const { law, why, remedy } = found(checkReplicas({ ...cells, create: () => shared }))
    expect([law.name, why]).toEqual(['total', '`create` gave one object to two replicas'])
    expect(remedy).toContain('`create` must make a new replica')
  })

  test('is fine, if nobody does', () => {
    const zero = { value: 0 }
    const reduced = checkReplicas<Cell, number, number>({
      ...cells,
      create: () => zero,
      local:
        (n) =>
        ({ value }) => ({ value: max(n)(value) }),
      receive: (n) => (cell) => (n > cell.value ? { value: n } : cell),
    })
    expect(reduced._tag).toBe('Right')
  })
})

describe('commands of a data type that are all refused', () => {
  const model = Model.of(t.number)

  test('by the codec: it says what it expects', () => {
    const { why, remedy } = found(checkDataType(model, { ...brief, change: fc.constant('a') as never }))
    expect(why).toMatch(/^all commands were refused in all runs: `change` \(the codec\) refused "a": it expects /)
    expect(remedy).toBe("`change` must draw changes that the type's codec `change` takes")
  })

  test('by themselves: it says the reason', () => {
    const { why } = found(checkDataType(model, { ...brief, command: fc.constant(() => E.left('absent')) }))
    expect(why).toBe('all commands were refused in all runs: `command` gave `E.left("absent")`')
  })

  test.each(['none', 'all'] as const)('because makers give no Either (exchanges: %s)', (exchanges) => {
    for (const bare of [5, ['x', 1], undefined, { _tag: 'Right' }]) {
      const command = fc.constant(() => bare) as never
      const { law, why } = found(checkDataType(model, { ...brief, exchanges, command }))
      expect([law.name, why]).toEqual(['total', expect.stringMatching(/^`command` gave .*, not `E\.right\(change\)`$/)])
    }
  })

  test('because makers give no Either, of `apply` alone', () => {
    const delivery = { order: 'any', copies: 'at least once' } as const
    const { why } = found(checkDataType(model, { ...brief, delivery, command: fc.constant(() => 5) as never }))
    expect(why).toBe('`command` gave 5, not `E.right(change)`')
  })
})

test('a function that gives no function of the state is told by name', () => {
  const uncurried = ((n: number) => n) as never
  const named = [
    ['apply', check(operations({ ...numbers, apply: uncurried }), brief)],
    ['prepare', check(operations({ ...numbers, prepare: uncurried, apply: max }), brief)],
    ['mutate', check(states({ ...numbers, mutate: uncurried, merge: max }), brief)],
    ['merge', check(states({ ...numbers, mutate: max, merge: uncurried }), brief)],
    ['delta', check(deltas({ ...numbers, delta: uncurried, merge: max }), brief)],
    ['local', checkReplicas({ ...cells, local: uncurried })],
    ['receive', checkReplicas({ ...cells, receive: uncurried })],
  ] as const
  for (const [name, checked] of named) {
    const { law, why } = found(checked)
    expect([law.name, why]).toEqual(['total', expect.stringMatching(`^\`${name}\` gave \\d, not a function$`)])
  }
})

test('a command drawn for a state must be an arbitrary', () => {
  const wrong = (() => 3) as never
  for (const checked of [
    check(operations({ ...numbers, command: wrong, apply: max }), brief),
    checkDataType(Model.of(t.number), { ...brief, command: wrong }),
    checkReplicas({ ...cells, command: wrong }),
  ]) {
    const { law, why, remedy } = found(checked)
    expect([law.name, why]).toEqual(['total', '`command` gave 3'])
    expect(remedy).toBe('`command(state)` must return a fast-check arbitrary')
  }
})

describe('a promise, where a check asks at once', () => {
  const later = (value: unknown) => Promise.resolve(value) as never
  const failing = () => Promise.reject(new Error('nobody waits for it')) as never

  test.each([
    ['create', { create: failing }],
    ['local', { local: () => failing }],
    ['send', { send: () => failing }],
    ['told', { told: failing }],
    ['receive', { receive: () => failing }],
    ['show', { show: failing }],
    ['equals', { equals: () => later(true) }],
    ['oracle', { oracle: () => later(1) }],
    ['command', { command: () => later(1) }],
    ['the quality "q"', { qualities: [{ name: 'q', afterLocal: () => later(true) }] }],
    ['the quality "q"', { qualities: [{ name: 'q', atEnd: () => failing() }] }],
    ['same["x"]', { same: { x: failing } }],
  ])('of %s is told, and does not end the process', (name, given) => {
    const who = name.startsWith('the') ? name : `\`${name}\``
    const { why } = found(
      checkReplicas({
        ...cells,
        receive: (n: number) => (cell: Cell) => void Object.assign(cell, { value: Math.max(n, cell.value) }),
        local: (n: number) => (cell: Cell) => void Object.assign(cell, { value: Math.max(n, cell.value) }),
        ...given,
      }),
    )
    expect(why).toBe(`${who} gives a promise, which \`checkReplicasAsync\` takes`)
  })

  test('of an immutable type is told of the function that gave it', () => {
    const asynchronous = (() => () => later(1)) as never
    expect(found(check(operations({ ...numbers, apply: asynchronous }), brief)).why).toMatch(/^`apply` gives a promise/)
    expect(found(check(operations({ ...numbers, prepare: asynchronous, apply: max }), brief)).why).toMatch(
      /^`prepare` gives a promise/,
    )
    expect(found(check(states({ ...numbers, mutate: max, merge: asynchronous }), brief)).why).toMatch(
      /^`merge` gives a promise/,
    )
  })
})

describe('what functions are called in a report', () => {
  test('of `operations` without `prepare` is `apply` alone', () => {
    const pushes = operations({
      empty: [] as number[],
      command: fc.nat(3),
      apply: (n: number) => (all) => {
        all.push(n)
        return all
      },
      show: (all) => all.length,
    })
    const { law, remedy } = found(check(pushes, brief))
    expect([law.name, remedy]).toEqual(['versions', expect.stringMatching(/^`apply` must not write/)])
  })
})

describe('typed arrays', () => {
  test.each([
    [new Uint8Array([1, 2]), new Uint8Array([1, 2]), true],
    [new Uint8Array([1, 2]), new Uint8Array([1, 3]), false],
    [new Uint8Array([1, 2]), new Uint8Array([1]), false],
    [new Uint8Array([1]), new Int8Array([1]), false],
    [new Uint8Array([1]), Buffer.from([1]), false],
    [new Float64Array([0]), new Float64Array([-0]), false],
    [new Float64Array([Number.NaN]), new Float64Array([Number.NaN]), true],
    [new BigInt64Array([1n]), new BigInt64Array([1n]), true],
    [new Uint8Array([1]), [1], false],
  ])('%o and %o are the same: %s', (a, b, same) => {
    expect([sameValue(a, b), view(a) === view(b)]).toEqual([same, same])
  })
})

describe('What could fail is not told', () => {
  const refusing = operations({
    name: 'refusing',
    empty: 0,
    command: fc.nat(3),
    prepare: (n: number) => (held: number) => (n === 0 && held === 0 ? undefined : n),
    apply: (n) => (held) => Math.max(n, held),
  })

  test('of a few runs, which may be refused by chance', () => {
    for (let seed = 1; seed < 60; seed++) expect(check(refusing, { seed, runs: 1 })._tag).toBe('Right')
  })

  test('of a small scope alone', () => {
    const exhaustive = { commands: [0, 1], replicas: 2, updates: 2 }
    expect(check(refusing, { runs: 0, exhaustive })).toMatchObject({ right: { exhaustive: { complete: true } } })
  })
})

const beyond = <A>(is: (u: unknown) => boolean, decode: (json: never) => A, encode: (value: A) => unknown) =>
  new t.Type<A, unknown, unknown>(
    'beyond JSON',
    (u): u is A => is(u),
    (json) => t.success(decode(json as never)),
    encode,
  )

test.each([
  ['bigints', beyond((u) => typeof u === 'bigint', BigInt, String), fc.nat(3).map(BigInt)],
  [
    'dates',
    beyond(
      (u) => u instanceof Date,
      (ms) => new Date(ms),
      Number,
    ),
    fc.nat(3).map((ms) => new Date(ms)),
  ],
  [
    'maps',
    beyond(
      (u) => u instanceof Map,
      (all) => new Map(all),
      (map) => [...map],
    ),
    fc.nat(3).map((n) => new Map([['n', n]])),
  ],
  [
    'sets',
    beyond(
      (u) => u instanceof Set,
      (all) => new Set(all),
      (set) => [...set],
    ),
    fc.nat(3).map((n) => new Set([n])),
  ],
] as ReadonlyArray<readonly [string, t.Type<unknown, unknown, unknown>, fc.Arbitrary<unknown>]>)(
  'A Model and an RArray of %s keep every law',
  (_, codec, value) => {
    const change = fc.tuple(fc.constantFrom('x', 'y'), value)
    expect(checkDataType(Model.of(codec), { change, seed: 1, runs: 100 })._tag).toBe('Right')
    const command = value.map((one) => RArray.push(one))
    expect(checkDataType(RArray.of(codec), { change: command, seed: 1, runs: 100 })._tag).toBe('Right')
  },
)
