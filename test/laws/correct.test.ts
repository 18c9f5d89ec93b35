import { describe, expect, test } from 'vitest'
import { check, checkDeliveries } from '../../src/laws/index.js'
import { correct } from './correct.js'
import { inMemory } from '../runs.js'

/** Of each subject: for one of five seeds, and for one of six deliveries. */
const RUNS = { check: inMemory(1000, 5), delivery: inMemory(600, 6) }

describe.each(correct.map((subject) => [subject.name, subject] as const))('%s', (name, subject) => {
  test.each([1, 2, 3, 4, 5])('breaks no law: seed %i', (seed) => {
    const checked = check(subject, { seed, runs: RUNS.check })
    if (checked._tag === 'Left') throw new Error(checked.left.format())
    expect(checked.right.seen.concurrent).toBeGreaterThan(0.3 * RUNS.check)
    expect(checked.right.seen.late + checked.right.seen.lost).toBeGreaterThan(0.1 * RUNS.check)
  })

  test('needs the delivery that it declares, and no more', () => {
    const fine = checkDeliveries(subject, { seed: 1, runs: RUNS.delivery })
      .filter(([, checked]) => checked._tag === 'Right')
      .map(([{ order, copies }]) => `${order}, ${copies}`)
    const everything = [
      'causal, exactly once',
      'causal, at least once',
      'source, exactly once',
      'source, at least once',
      'any, exactly once',
      'any, at least once',
    ]
    const needed: Readonly<Record<string, ReadonlyArray<string>>> = {
      // a removed tag that arrives again is added again
      'OR-set of operations': ['causal, exactly once'],
      RGA: ['causal, exactly once'],
    }
    expect(fine).toEqual(needed[name] ?? everything)
  })
})
