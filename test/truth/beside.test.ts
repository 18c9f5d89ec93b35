/** The model beside itself does not differ; beside a mutant it does, before any law breaks. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inMemory, inNetworks } from '../runs.js'
import { beside, Difference } from './beside.js'
import { allRules, type Rules } from './model.js'
import { modelOf } from './implementation.js'
import { runNetwork, type Verdict } from './networks.js'
import { budgets, stepsOf, wide } from './search.js'
import { traces } from './traces.js'

const model = modelOf(allRules)

/** The model with prints of another form, which need not be equal to be compared. */
const spelled: typeof model = {
  ...model,
  digest: (r) => {
    const { doubt, ...position } = model.digest(r)
    const pieces = Object.entries(doubt ?? {}).map(([source, all]) => [
      source,
      all.map(([upTo, print]) => [upTo, `print of ${print}`]),
    ])
    return { ...position, ...(doubt !== undefined && { doubt: Object.fromEntries(pieces) as typeof doubt }) }
  },
}

const isFound = (mutant: typeof model, steps: (typeof traces)[number]['steps'], size: number): boolean => {
  let verdict: Verdict
  try {
    verdict = runNetwork(beside(model, mutant), size, steps, [1, 1])
  } catch (error) {
    if (error instanceof Difference) return true
    throw error
  }
  return typeof verdict === 'object'
}

describe('Side by side', () => {
  test.each(traces)('the model does as itself: $name', ({ size, steps }) => {
    expect(runNetwork(beside(model, spelled), size, steps)).toBe('holds')
  })

  test('the model does as itself in random networks', () => {
    fc.assert(
      fc.property(stepsOf({ ...wide, forks: true }), budgets, (steps, limits) => {
        expect(runNetwork(beside(model, spelled), wide.size, steps, limits)).not.toBeTypeOf('object')
      }),
      { numRuns: inNetworks(100) },
    )
  })

  const mutants: ReadonlyArray<keyof Rules> = ['prints', 'refusal', 'floors', 'complete', 'after', 'silence', 'asks']

  test.each(mutants)('a mutant is found without: %s', (lacks) => {
    const mutant = modelOf({ ...allRules, [lacks]: false })
    const property = fc.property(stepsOf(wide), (steps) => !isFound(mutant, steps, wide.size))
    expect(fc.check(property, { seed: 1, numRuns: inMemory(10_000), endOnFailure: true }).failed).toBe(true)
  })
})
