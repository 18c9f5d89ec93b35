/** How a counterexample tells its run: its ids, times, neighbours, and its test file. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  assert,
  check,
  checkReplicas,
  format,
  network,
  operations,
  states,
  toTest,
  type Counterexample,
  type Lawful,
} from '../../src/laws/index.js'
import { corpus } from '../../src/laws/broken/index.js'
import { found } from './outcome.js'

const seeds = Array.from({ length: 10 }, (_, seed) => seed)

type Counts = Readonly<Record<string, number>>

const NONE: Counts = {}

const counterOf = (join: (a: number, b: number) => number) =>
  states({
    name: 'counter',
    empty: NONE,
    command: fc.constantFrom(1, 2),
    mutate:
      (n, { id }) =>
      (counts) => ({ ...counts, [id]: (counts[id] ?? 0) + n }),
    merge: (other) => (counts) => {
      const next: Record<string, number> = { ...counts }
      for (const id of Object.keys(other)) next[id] = join(next[id] ?? 0, other[id] ?? 0)
      return next
    },
    show: (counts) => Object.values(counts).reduce((a, b) => a + b, 0),
  })

describe('ids', () => {
  test('that a fault needs are told, with a remedy for them', () => {
    for (const seed of seeds) {
      const { why, remedy, schedule } = found(check(counterOf(Math.max), { seed, runs: 1000 }))
      const odd = schedule.ids.filter((id) => id.length > 1)
      expect(odd).toHaveLength(1)
      expect(why).toContain(`with the id ${JSON.stringify(odd[0])}, `)
      expect(remedy).toContain('in a `Map`, or in `Object.create(null)`')
    }
  })

  test('are plain where plain ids show the fault', () => {
    for (const seed of seeds) {
      const { schedule, why } = found(
        check(
          counterOf((a, b) => a + b),
          { seed, runs: 1000 },
        ),
      )
      expect(schedule.ids.every((id) => /^[a-g]$/.test(id))).toBe(true)
      expect(why).not.toContain('with the id')
    }
  })
})

test('What other runs broke is told without their replicas', () => {
  for (const seed of seeds) {
    const { format: text, beside = [] } = found(
      check(
        counterOf((a, b) => a + b),
        { seed, runs: 1000 },
      ),
    )
    const lines = text()
      .split('\n')
      .filter((line) => line.startsWith('also broken'))
    expect(lines).toEqual(beside.map(({ law: { name, says } }) => `also broken, ${name}: ${says}`))
  }
})

test('A standing clock is drawn and told where the fault needs it', () => {
  const written = (tagOf: (now: number, set: ReadonlyArray<string>) => string) =>
    operations({
      name: 'writes',
      empty: [] as ReadonlyArray<string>,
      command: fc.constant('write'),
      prepare:
        (_, { id, now }) =>
        (set) =>
          `${id}@${tagOf(now, set)}`,
      apply: (tag) => (set) => [...new Set([...set, tag])].sort(),
      oracle: (made) => made.length,
      show: (set) => set.length,
    })
  const standing = found(check(written(String), { seed: 1, runs: 1000 }))
  expect(standing.remedy).toContain('Two writes of one replica may have one time: count them')
  expect(standing.trace.map(({ text }) => text)).toContain('m2: "write" at 1')
  const wrong = found(check({ ...written((_, set) => String(set.length)), oracle: () => -1 }, { seed: 1, runs: 1000 }))
  expect(format(wrong)).not.toMatch(/one time|at 1$/m)
})

test('A receiver that empties a live message is shown with both sides', () => {
  const { states: shown } = found(
    checkReplicas({
      create: (): number[] => [],
      command: fc.nat(3),
      local: (n) => (list) => {
        list.push(n)
      },
      send: () => (list) => list,
      receive: (heard) => (list) => {
        list.push(...heard.splice(0))
      },
      show: (list) => [...new Set(list)].sort(),
      seed: 1,
      runs: 300,
    }),
  )
  expect(shown![0]).not.toEqual(shown![1])
})

/** Runs the body of a made test: whether it fails. */
const fails = (text: string, subject: unknown): boolean => {
  const [, body] = /^test\([^\n]*\n([^]*)^\}\)$/m.exec(text)!
  // a user saves this file
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const run = new Function('network', 'assert', 'subject', body!) as (...given: unknown[]) => void
  try {
    run(network, assert, subject)
    return false
  } catch (error) {
    return (error as Error).name === 'LawBroken'
  }
}

describe('A made test', () => {
  test.each(corpus.map((wrong) => [wrong.name, wrong] as const))('fails while %s is wrong', (_, wrong) => {
    for (const seed of [0, 1, 2, 3, 4]) {
      const { toTest: made } = found(wrong.check({ seed, runs: wrong.verdict === 'unlawful' ? 100 : 1000 }))
      expect(fails(made(), wrong.subject)).toBe(true)
    }
  })

  class Point {
    readonly x: number
    constructor(x: number) {
      this.x = x
    }
  }

  test.each([
    ['instances of a class', fc.nat(3).map((n) => new Point(n)), (point: unknown) => (point as Point).x],
    ['functions', fc.nat(3).map((n) => () => n), (f: unknown) => (f as () => number)()],
  ] as const)('runs again by seed and path, if commands are %s', (_, command, valueOf) => {
    const last = operations<unknown, unknown, unknown>({
      name: 'last',
      empty: 0,
      command,
      prepare: (one) => () => valueOf(one),
      apply: (n) => () => n,
    })
    const { toTest: made, format: text, seed, path } = found(check(last, { seed: 1, runs: 300 }))
    expect(made()).toContain('cannot be written as text')
    expect(made()).toContain(`assert(subject, {"seed":${String(seed)},"path":"${path!}"})`)
    expect(text()).toContain('cannot be written as text: run it again with seed and path')
    expect(fails(made(), last)).toBe(true)
  })

  const last = operations({ name: 'last', empty: 0, command: fc.nat(3), apply: (n) => () => n })

  test('takes the names of runners', () => {
    const { toTest: made } = found(check(last, { seed: 1, runs: 300 }))
    const modules = ['node', 'bun', 'jest', 'vitest', './mine.js'].map((runner) => made({ runner }).split('\n')[0])
    expect(modules).toEqual(
      ['node:test', 'bun:test', '@jest/globals', 'vitest', './mine.js'].map((name) => `import { test } from '${name}'`),
    )
  })

  test('asks again for what was required', () => {
    const sum = operations({ name: 'sum', empty: 0, command: fc.nat(3), apply: (n) => (held) => held + n })
    const { law, toTest: made } = found(check(sum, { seed: 1, runs: 20, required: { clockBack: 1 } }))
    expect(law.name).toBe('exercised')
    expect(fails(made(), sum)).toBe(true)
  })
})

test('A counterexample of bigints survives JSON', () => {
  const last = operations({ name: 'last', empty: 0n, command: fc.bigInt(0n, 3n), apply: (n) => () => n })
  const counterexample = found(check(last as unknown as Lawful<never, never, never>, { seed: 1, runs: 300 }))
  const copy = JSON.parse(JSON.stringify(counterexample)) as Counterexample
  expect(format(copy)).toBe(counterexample.format())
  expect(toTest(copy)).toBe(counterexample.toTest())
})

describe('Shown values', () => {
  interface Deep {
    readonly n: number
    readonly within?: Deep
  }
  const deep = (n: number): Deep => {
    let value: Deep = { n }
    for (let depth = 0; depth < 10_000; depth++) value = { n, within: value }
    return value
  }
  const cyclic = (n: number): { readonly n: number } => {
    const value: { readonly n: number; self?: unknown } = { n }
    value.self = value
    return value
  }

  test.each([
    ['have themselves as a part', cyclic],
    ['are very deep', deep],
  ] as const)('may be such as %s', (_, of) => {
    const type = (join: (a: number, b: number) => number) =>
      states<{ readonly n: number }, number>({
        empty: of(0),
        command: fc.nat(3),
        mutate: (n) => (held) => of(Math.max(n, held.n)),
        merge: (other) => (held) => of(join(other.n, held.n)),
      })
    // both hear each other at once
    const schedule = network(['a', 'b'], ({ at }) => [at('a').local(1), at('b').local(2)], 2)
    const options = { schedule, laws: ['total', 'convergence'] } as const
    expect(check(type(Math.max), options)._tag).toBe('Right')
    expect(
      found(
        check(
          type((n) => n),
          options,
        ),
      ).law.name,
    ).toBe('convergence')
  })
})
