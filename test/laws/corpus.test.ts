/**
 * Everything that is known to be wrong is caught, by the law that it breaks and within the default
 * budget.
 */
import { describe, expect, test } from 'vitest'
import {
  corpus,
  originalArray,
  originalDoc,
  originalExpiryModel,
  originalModel,
  type Broken,
} from '../../src/laws/broken/index.js'
import { familyOf, versions } from '../original/original.js'

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed)

/** The most steps that a shrunk counterexample takes, and what half of them take. */
const MOST_STEPS = 8
const USUAL_STEPS = 4

const median = (numbers: ReadonlyArray<number>): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

const isCaught = (wrong: Broken): void => {
  const steps = SEEDS.map((seed) => {
    const checked = wrong.check({ seed })
    if (checked._tag === 'Right') throw new Error(`${wrong.name} goes unnoticed under seed ${String(seed)}`)
    const { law, schedule } = checked.left
    expect([wrong.law, ...wrong.also]).toContain(law.number)
    if (law.number === wrong.law) expect(law.verdict).toBe(wrong.verdict)
    return schedule.steps.length
  })
  expect(Math.max(...steps)).toBeLessThanOrEqual(MOST_STEPS)
  expect(median(steps)).toBeLessThanOrEqual(USUAL_STEPS)
}

describe.each(corpus.map((wrong) => [wrong.name, wrong] as const))('%s', (_, wrong) => {
  test('is caught, whatever the seed, and shrinks to a few steps', () => {
    isCaught(wrong)
  })

  test('breaks the law that it is said to break', () => {
    expect(wrong.check({ seed: 1, laws: [wrong.law] })).toMatchObject({
      _tag: 'Left',
      left: { law: { number: wrong.law, verdict: wrong.verdict } },
    })
  })

  test('is told with its source or its reason', () => {
    expect(wrong.because).toMatch(/\(.*\)|npm|: /)
  })
})

test('no two of the corpus have one name, and it holds what its module exports', () => {
  expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length)
  expect(corpus.length).toBeGreaterThan(30)
})

describe.each(versions)('the originals on %s', (version) => {
  const family = familyOf(version)

  test.each([
    originalModel(family.model),
    originalArray(family.rarray),
    originalDoc(family.doc),
    originalExpiryModel((id) => family.expiryModel(id, { maxAge: Infinity })),
  ])('$name is caught', (wrong) => {
    isCaught(wrong)
  })
})
