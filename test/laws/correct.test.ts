import { describe, expect, test } from 'vitest'
import { check, checkDeliveries } from '../../src/laws/index.js'
import { correct } from './correct.js'

describe.each(correct.map((subject) => [subject.name, subject] as const))('%s', (name, subject) => {
  test.each([1, 2, 3, 4, 5])('is not accused: seed %i', (seed) => {
    const checked = check(subject, { seed, runs: 1000 })
    if (checked._tag === 'Left') throw new Error(checked.left.format())
    expect(checked.right.seen.concurrent).toBeGreaterThan(300)
    expect(checked.right.seen.late + checked.right.seen.lost).toBeGreaterThan(100)
  })

  test('needs the delivery that it asks for, and no more', () => {
    const fine = checkDeliveries(subject, { seed: 1, runs: 600 })
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
      // a tag that was removed and comes again is there again
      'OR-set of operations': ['causal, exactly once'],
      RGA: ['causal, exactly once'],
    }
    expect(fine).toEqual(needed[name] ?? everything)
  })
})
