/** The library beside the independent model, step by step; and alone, under the same laws. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inNetworks, isSoak } from '../runs.js'
import { beside } from './beside.js'
import { modelOf } from './implementation.js'
import { library } from './library.js'
import { allRules } from './model.js'
import { runNetwork } from './networks.js'
import { budgets, scopes, searchAll, stepsOf, wide } from './search.js'
import { traces } from './traces.js'

const both = beside(modelOf(allRules), library)

const holds = ['holds', 'forgot', 'holed']

describe('The library', () => {
  test.each(traces.filter(({ steps }) => steps.every((step) => step.do !== 'prune')))(
    'does as the model: $name',
    ({ size, steps }) => {
      expect(holds).toContainEqual(runNetwork(both, size, steps))
      expect(holds).toContainEqual(runNetwork(both, size, steps, [1, 1]))
    },
  )

  test.each([
    ['of four', { ...wide, floors: false }],
    ['of two that write one key', { ...wide, floors: false, size: 2, keys: 'x' }],
    ['that fork', { ...wide, floors: false, size: 3, forks: true }],
  ])('does as the model in random networks %s', (_, scope) => {
    fc.assert(
      fc.property(stepsOf(scope), budgets, (steps, limits) => {
        expect(holds).toContainEqual(runNetwork(both, scope.size, steps, limits))
      }),
      { numRuns: inNetworks(60) },
    )
  })

  test('ends its conversations in networks that fork', () => {
    fc.assert(
      fc.property(stepsOf({ ...wide, floors: false, size: 3, forks: true }), budgets, (steps, limits) => {
        expect(holds).toContainEqual(runNetwork(library, 3, steps, limits))
      }),
      { numRuns: inNetworks(60) },
    )
  })

  test.each(Object.entries(scopes).filter(([, { steps }]) => steps.every((step) => step.do !== 'prune')))(
    'holds the laws in all runs of a tiny scope: %s',
    (_, { size, steps, before, depth }) => {
      const { worlds, broken } = searchAll(library, size, steps, isSoak ? depth : depth - 1, before)
      expect(broken).toBeUndefined()
      expect(worlds).toBeGreaterThan(50)
    },
  )
})
