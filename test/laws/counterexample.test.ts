import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { Model, RArray } from '../../src/index.js'
import {
  assert,
  check,
  checkDataType,
  format,
  LawBroken,
  network,
  operations,
  schedules,
  simulate,
  toMermaid,
  toSvg,
  type Counterexample,
} from '../../src/laws/index.js'
import { corpus, lastToArrive } from '../../src/laws/broken/index.js'
import { found } from './outcome.js'

/** Runs the program that a report prints. */
const programOf = (report: string): ReturnType<typeof network> => {
  const [, text] =
    /^( {2}network\([^]*?^ {2}\]\)|^ {2}network\([^]*?^ {2}\], \d+\)|^ {2}\{ ids: [^]*?^ {4}\] \})$/m.exec(report)!
  // a user pastes this text
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
  return new Function('network', `return ${text!.trim()}`)(network) as ReturnType<typeof network>
}

describe.each(corpus.map((wrong) => [wrong.name, wrong] as const))('the counterexample of %s', (name, wrong) => {
  const counterexample = found(wrong.check({ seed: 7, runs: wrong.verdict === 'unlawful' ? 100 : 1000 }))
  const report = counterexample.format()

  test('names the type, the law, the verdict, the seed and the path', () => {
    const { law, seed, path } = counterexample
    expect(report).toContain(`${name}: ${law.verdict}. The law ${law.name}: ${law.says}.`)
    expect(report).toContain(`{ seed: ${String(seed)}, path: '${path!}' }`)
  })

  test('is found again by its schedule, by its printed program, and by seed and path', () => {
    const { law, schedule, seed, path } = counterexample
    const again = [
      wrong.check({ schedule: schedule }),
      wrong.check({ schedule: programOf(report) }),
      wrong.check({ seed: seed!, path: path! }),
    ]
    for (const one of again) expect(found(one).law).toEqual(law)
    expect(found(again[2]!).schedule).toEqual(schedule)
  })

  test('has a lane for each replica, as text, SVG and Mermaid', () => {
    const { schedule, trace } = counterexample
    const lanes = report.split('\n').filter((line) => /^ {1,2}\d+ {2}/.test(line))
    expect(lanes.length).toBe(trace.length)
    const svg = counterexample.toSvg()
    expect(svg.match(/class="lane"/g)).toHaveLength(schedule.ids.length)
    expect(svg.match(/<(circle|line[^>]*class="cut")/g)).toHaveLength(trace.length)
    const mermaid = counterexample.toMermaid()
    expect(mermaid.match(/^ {2}participant/gm)).toHaveLength(schedule.ids.length)
    expect(mermaid.match(/->>|-x/g) ?? []).toHaveLength(trace.filter(({ from }) => from !== undefined).length)
  })
})

describe('a counterexample', () => {
  const counterexample = found(lastToArrive.check({ seed: 1 }))

  test('is plain data: it survives JSON and structuredClone, and is formatted as before', () => {
    for (const copy of [
      JSON.parse(JSON.stringify(counterexample)) as Counterexample,
      structuredClone(counterexample),
    ]) {
      expect(copy).toEqual(counterexample)
      expect(Object.values(copy).some((value) => typeof value === 'function')).toBe(false)
      expect(format(copy)).toBe(counterexample.format())
      expect(toSvg(copy)).toBe(counterexample.toSvg())
      expect(toMermaid(copy)).toBe(counterexample.toMermaid())
    }
  })

  test('does not list its methods', () => {
    expect(Object.keys(counterexample)).not.toEqual(expect.arrayContaining(['format']))
    expect({ ...counterexample }).not.toHaveProperty('format')
  })

  test('keeps its place in the run: format names the events after JSON', () => {
    expect(counterexample.seenAt).toHaveLength(2)
    expect(format(counterexample)).toContain('know the same, and differ, after 3 and 4.')
  })
})

test('a report shows the run, the difference and the program', () => {
  const checked = lastToArrive.check({
    schedule: network(['a', 'b'], ({ at }) => [
      at('a').local(1),
      at('b').local(2),
      at('a').deliver(2),
      at('b').deliver(1),
    ]),
  })
  expect(found(checked).format()).toBe(
    `lastToArrive: diverged. The law convergence: replicas that know the same are equal.
a and b know the same, and differ, after 3 and 4.
To do: \`apply\` must give the same, whichever of two senders comes first: let a stamp decide, and the id of the writer between equal stamps, or make messages that commute.

     a               b
  1  ● m1: 1         │
  2  │               ● m2: 2
  3  │◀───── m2 ─────┤
  4  ├───── m1 ─────▶│

  - 2
  + 1

run it again with the option schedule:
  network(["a", "b"], ({ at, partition, heal }) => [
    at("a", 1).local(1),
    at("b", 1).local(2),
    at("a", 1).deliver(2),
    at("b", 1).deliver(1),
  ])`,
  )
})

test('the README shows a report as it is printed', async () => {
  const readme = await readFile(new URL('../../src/laws/README.md', import.meta.url), 'utf8')
  const register = operations({
    name: 'register',
    empty: { value: 0, at: 0 },
    command: fc.nat(3),
    prepare:
      (value, { now }) =>
      () => ({ value, at: now }),
    apply: (written) => (held) => (written.at >= held.at ? written : held),
    show: ({ value }) => value,
  })
  expect(readme).toContain(`\`\`\`\n${found(check(register, { seed: 1 })).format()}\n\`\`\``)
})

test('every kind of step is printed as a user writes it', () => {
  const everything = network<readonly [string, number]>(
    ['a', 'b', '"c"'],
    ({ at, partition, heal }) => [
      at('a', 3).local(['x', 1]),
      at('"c"').draw(7),
      partition('a', '"c"'),
      at('b').deliver(1),
      heal(),
      at('b').deliver(1),
      at('b').deliverAgain(1),
      at('a').save(),
      at('a').send('b', { delay: 2, luck: 3, keep: 1 }),
      at('"c"').send('b', { twice: true }),
      at('b').send('a', { lost: true }),
      at('a').crash(),
    ],
    5,
  )
  const options = { change: fc.constant(['y', 2] as const), oracle: () => -1, laws: ['oracle'] }
  const { schedule, format } = found(checkDataType(Model.of(t.number), { ...options, schedule: everything }))
  const again = programOf(format())
  expect(again).toEqual(schedule)
  const kinds = everything.steps.map(({ _tag }) => _tag)
  // the delivery that the partition stopped is left out
  expect(again.steps.map(({ _tag }) => _tag)).toEqual(kinds.filter((_, i) => i !== 3))
  expect(() => network(['a'], ({ at }) => [at('z').save()])).toThrow(RangeError)
})

test('a report shows the change that a command made, if the command is a function', () => {
  const checked = checkDataType(RArray.of(t.string), {
    change: fc.constant(RArray.push('x')),
    oracle: () => [],
    seed: 1,
  })
  const { schedule, format } = found(checked)
  const [step] = schedule.steps
  expect(Object.values((step as { readonly command: { readonly value: object } }).command.value)).toEqual(['x'])
  expect(
    found(
      checkDataType(RArray.of(t.string), {
        change: fc.constant(RArray.push('x')),
        oracle: () => [],
        schedule: programOf(format()),
      }),
    ).law.name,
  ).toBe('oracle')
})

test('assert throws the report', () => {
  const last = operations({ empty: 0, command: fc.nat(3), apply: (n) => () => n })
  expect(() => {
    assert(last, { seed: 1 })
  }).toThrow(LawBroken)
  try {
    assert(last, { seed: 1 })
  } catch (error) {
    expect((error as LawBroken).message).toBe(found(check(last, { seed: 1 })).format())
    expect((error as LawBroken).counterexample.law.name).toBe('convergence')
  }
})

describe('drawings', () => {
  const last = operations({ empty: '', command: fc.string({ unit: 'binary' }), apply: (s) => () => s })
  const drawn = (text: string) =>
    found(
      check(last, {
        schedule: network(['a', 'b'], ({ at }) => [
          at('a').local(text),
          at('b').local('other'),
          at('a').deliver(2),
          at('b').deliver(1),
        ]),
      }),
    )

  test('stay well-formed with any text', () => {
    fc.assert(
      fc.property(
        fc
          .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('</text>', '-->', '"', '\0', '\ud800', '#;:%%'))
          .filter((text) => text !== 'other'),
        (text) => {
          const counterexample = drawn(text)
          const svg = counterexample.toSvg()
          const inside = svg.replaceAll(/<[^<>]*>/g, '').replaceAll(/&(amp|lt|gt|quot);/g, '')
          expect(inside).not.toMatch(/[<>&]/)
          expect(svg).not.toMatch(/[\0-\x08\x0b\x0c\x0e-\x1f]/)
          expect(Buffer.from(svg).toString()).toBe(svg)
          for (const line of counterexample.toMermaid().split('\n').slice(1)) {
            expect(line).toMatch(/^ {2}( {2})?(participant|Note|r\d)/)
          }
        },
      ),
    )
  })

  test('are no wider than a terminal', () => {
    const lines = drawn('x'.repeat(500)).format().split('\n')
    for (const line of lines.filter((one) => /^ {1,2}\d+ {2}/.test(one))) expect(line.length).toBeLessThanOrEqual(120)
  })
})

describe('schedules', () => {
  const counter = operations({ empty: 0, command: fc.nat(3), apply: (n) => (sum) => sum + n })

  test('do the same each time they run', () => {
    fc.assert(
      fc.property(schedules(counter), (schedule) => {
        const [one, other] = [simulate(counter, schedule), simulate(counter, schedule)]
        expect(one.events).toEqual(other.events)
        expect(one.replicas).toEqual(other.replicas)
      }),
    )
  })

  test('have 2 to 7 replicas, or the number asked for', () => {
    const counts = new Set(fc.sample(schedules(counter), { numRuns: 500, seed: 1 }).map(({ ids }) => ids.length))
    expect([...counts].sort()).toEqual([2, 3, 4, 5, 6, 7])
    for (const { ids } of fc.sample(schedules(counter, { replicas: 4 }), 50)) expect(ids).toHaveLength(4)
  })

  test('let every replica hear everything at the end', () => {
    fc.assert(
      fc.property(schedules(counter), (schedule) => {
        const { replicas, operations: made } = simulate(counter, schedule)
        const sum = made.reduce((total, { command }) => total + command, 0)
        for (const replica of replicas) expect(replica).toBe(sum)
      }),
    )
  })
})
