/**
 * The kit catches every type that is known to be wrong, by the law that it breaks, within the
 * default budget.
 */
import { describe, expect, test } from 'vitest'
import * as exported from '../../src/laws/broken/index.js'
import {
  corpus,
  originalArray,
  originalDoc,
  originalExpiryModel,
  originalModel,
  type Broken,
} from '../../src/laws/broken/index.js'
import { familyOf, versions } from '../original/original.js'
import { isThorough } from '../runs.js'

/** What a check takes that says nothing, unless fast-check is configured. */
const BUDGET = 1000

const RUNS = isThorough ? 20 : 5

const SEEDS = Array.from({ length: RUNS }, (_, seed) => seed)

/** The most steps of a shrunk counterexample, and of half of them. */
const MOST_STEPS = 5
const USUAL_STEPS = 3

const median = (numbers: ReadonlyArray<number>): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

/** The search goes on after a law of mere hygiene, to the end of its runs. */
const budgetOf = ({ verdict }: Broken) => ({ runs: verdict === 'unlawful' ? 100 : BUDGET })

const isCaught = (wrong: Broken): void => {
  const steps = SEEDS.map((seed) => {
    const checked = wrong.check({ seed, ...budgetOf(wrong) })
    if (checked._tag === 'Right') throw new Error(`nothing was found for ${wrong.name} with seed ${String(seed)}`)
    const { law, schedule } = checked.left
    expect([wrong.law, ...wrong.also]).toContain(law.name)
    if (law.name === wrong.law) expect(law.verdict).toBe(wrong.verdict)
    return schedule.steps.length
  })
  expect(Math.max(...steps)).toBeLessThanOrEqual(MOST_STEPS)
  expect(median(steps)).toBeLessThanOrEqual(USUAL_STEPS)
}

describe.each(corpus.map((wrong) => [wrong.name, wrong] as const))('%s', (_, wrong) => {
  test('is caught with every seed, and shrinks to a few steps', () => {
    isCaught(wrong)
  })

  test('breaks the law that the corpus names', () => {
    expect(wrong.check({ seed: 1, laws: [wrong.law], ...budgetOf(wrong) })).toMatchObject({
      _tag: 'Left',
      left: { law: { name: wrong.law, verdict: wrong.verdict } },
    })
  })

  test('names its source or its reason', () => {
    expect(wrong.because).toMatch(/\(.*\)|npm|: /)
  })
})

test('the names in the corpus are unique, and those of the exports', () => {
  expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length)
  expect(corpus.length).toBeGreaterThan(30)
  expect(corpus.map(({ name }) => (exported as Readonly<Record<string, unknown>>)[name])).toEqual(corpus)
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
