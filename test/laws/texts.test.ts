/**
 * What a report says: whose replicas it means, and what to do, in the words of who wrote the
 * type.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { corpus, type Broken } from '../../src/laws/broken/index.js'
import { check, checkReplicas, laws, operations, type Schedule } from '../../src/laws/index.js'
import { isThorough } from '../runs.js'
import { found } from './outcome.js'

const SEEDS = Array.from({ length: isThorough ? 10 : 2 }, (_, seed) => seed)

/** Names that are no words of a text, in the order of the alphabet. */
const NAMES = ['Ann', 'Bob', 'Cid', 'Dee', 'Eve', 'Fay', 'Gus']

/** The same run of replicas with such names, sorted as before. */
const renamed = ({ ids, ...rest }: Schedule<unknown>): Schedule<unknown> => {
  const sorted = [...ids].sort((a, b) => (a < b ? -1 : 1))
  return { ...rest, ids: ids.map((id) => NAMES[sorted.indexOf(id)]!) }
}

/** What these laws speak of is no replica, but a value, a function or a call of it. */
const OF_VALUES = ['associativity', 'commutativity', 'mergeIdempotence', 'inflation', 'batch', 'codec', 'diff', 'own']

/** What users of each form have written. */
const WORDS = {
  dataType: ['apply', 'superseded', 'toJSON', 'eq', 'change', 'own', 'diff', 'patchesOf', 'oracle'],
  operations: ['prepare', 'apply', 'show', 'equals', 'oracle', 'delivery', 'same'],
  merge: ['mutate', 'delta', 'merge', 'show', 'equals', 'oracle', 'delivery', 'same', 'a'],
  opaque: ['local', 'receive', 'send', 'show', 'equals', 'oracle', 'delivery', 'same'],
}

const wordsOf = ({ subject }: Broken): ReadonlyArray<string> => {
  if (subject.dataType !== undefined) return WORDS.dataType
  if (subject.terms?.equals === 'eq') return WORDS.dataType
  const given: unknown = subject.laws
  return given === laws.ofMerge ? WORDS.merge : given === laws.ofOpaque ? WORDS.opaque : WORDS.operations
}

describe.each(corpus.map((wrong) => [wrong.name, wrong] as const))('a report of %s', (_, wrong) => {
  const budget = { runs: wrong.verdict === 'unlawful' ? 100 : 1000 }
  const reports = SEEDS.map((seed) => {
    const { schedule } = found(wrong.check({ seed, ...budget }))
    return found(wrong.check({ schedule: renamed(schedule) }))
  })

  test('names replicas as its drawing does', () => {
    for (const { why, law, schedule, trace, format } of reports) {
      expect(why).not.toMatch(/\breplica \d/)
      const named = NAMES.filter((name) => why.includes(name))
      if (!OF_VALUES.includes(law.name) && !/empty (batch|state)/.test(why)) expect([why, named]).not.toEqual([why, []])
      const lanes = trace.length === 0 ? '' : /^ {5}\S.*$/m.exec(format())![0]
      for (const name of named)
        expect([schedule.ids.includes(name), lanes]).toEqual([true, expect.stringContaining(name)])
    }
  })

  test('says what to do, by the names of functions that its writer gave', () => {
    for (const { remedy, format } of reports) {
      const functions = [...(remedy ?? '').matchAll(/`(\w+)/g)].map(([, name]) => name!)
      expect([remedy, functions]).not.toEqual([remedy, []])
      for (const name of functions) expect(wordsOf(wrong)).toContain(name)
      expect(format()).toContain(`\nTo do: ${remedy!}.\n`)
    }
  })
})

describe('a type that throws', () => {
  const counter = { name: 'counter', empty: 0, command: fc.constant('bump') }
  const thrown = (_: unknown, fails: boolean) => {
    if (fails) throw new TypeError('not today')
    return 1
  }

  test('in a command: the drawing ends with it, and the report names the replica and the function', () => {
    const subject = operations({
      ...counter,
      prepare: (command) => (sum) => thrown(command, sum > 0),
      apply: (n: number) => (sum) => sum + n,
    })
    const { why, remedy, trace, format } = found(check(subject, { seed: 1, runs: 50 }))
    expect(why).toMatch(/^[ab] threw TypeError: not today$/)
    expect(remedy).toContain('`prepare` must not throw')
    expect(trace.at(-1)).toMatchObject({ kind: 'threw', text: '"bump", throws' })
    expect(format()).toMatch(/^ +2 {2}.*✗ "bump", throws/m)
  })

  test('in a message: the arrow ends where it was thrown', () => {
    const subject = operations({
      ...counter,
      prepare:
        (_, { id }) =>
        () =>
          id,
      apply:
        (from: string, { id }) =>
        (sum) =>
          sum + thrown(from, from !== id),
    })
    const { why, remedy, trace, format, toSvg, toMermaid } = found(check(subject, { seed: 1, runs: 50 }))
    expect(why).toMatch(/^[ab] threw TypeError: not today$/)
    expect(remedy).toContain('`apply` must leave the state as it is')
    expect(trace.at(-1)).toMatchObject({ kind: 'threw', text: 'm1, throws' })
    expect(format()).toMatch(/(✗◀─+ m1, throws ─+┤|├─+ m1, throws ─+▶✗)/)
    expect([toSvg(), toMermaid()]).toEqual([
      expect.stringContaining('class="threw"'),
      expect.stringContaining('throws'),
    ])
  })

  test('as it is described: the command is printed, and what is wrong is found', () => {
    for (const describe of [() => String(thrown('', true)), () => undefined as unknown as string]) {
      const subject = operations({
        ...counter,
        describe,
        apply:
          (text, { now }) =>
          () =>
            `${text} ${String(now)}`,
        empty: '',
      })
      const { law, trace } = found(check(subject, { seed: 1, runs: 50 }))
      expect([law.name, trace[0]!.text]).toEqual(['convergence', 'm1: "bump"'])
    }
  })

  test('as it is shown: no function is blamed', () => {
    const subject = operations({
      ...counter,
      apply: () => (sum: number) => sum + 1,
      show: (sum) => thrown(sum, sum > 0),
    })
    expect(found(check(subject, { seed: 1, runs: 20 })).remedy).toContain('`show`')
  })
})

test('an id that is no plain word stands in the text as in the drawing', () => {
  const last = operations({ name: 'last', empty: 0, command: fc.nat(3), apply: (n) => () => n })
  const { schedule } = found(check(last, { seed: 1 }))
  const { why, format } = found(check(last, { schedule: { ...schedule, ids: ['', '\udfff'] } }))
  expect(why).toMatch(/^("" and "\\udfff"|"\\udfff" and "") know the same/)
  expect(format()).toMatch(/^ {5}"" +"\\udfff"$/m)
})

test('a document that keeps the order of arrival is told to sort what it shows', () => {
  const checked = checkReplicas({
    create: () => new Set<number>(),
    command: fc.nat(2),
    local: (n) => (set) => void set.add(n),
    send: () => (set) => [...set],
    receive: (heard: ReadonlyArray<number>) => (set) => {
      for (const n of heard) set.add(n)
    },
    show: (set) => [...set],
    seed: 1,
  })
  expect(found(checked).remedy).toMatch(/^`receive` must .*sort in `show`$/)
})
