/**
 * The rules hold in random networks, and in all runs of tiny scopes. Without any one of their
 * ingredients they break, each by the smallest run that the search found.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inMemory, inNetworks, isSoak } from '../runs.js'
import { allRules, type Rules } from './model.js'
import { modelOf } from './implementation.js'
import { runNetwork, type Step } from './networks.js'
import { budgets, scopes, searchAll, stepsOf, streamSteps, wide } from './search.js'
import { runStreams, type StreamStep } from './streams.js'

const holds = ['holds', 'forgot', 'holed']

const maxPiece = fc.constantFrom(1, 2, 3, 16)

describe('Random networks', () => {
  test.each([
    ['with restores, floors, refusals, merges and old versions', wide],
    ['that fork: conversations end', { ...wide, size: 3, forks: true }],
    ['of two that write one key', { ...wide, size: 2, keys: 'x' }],
  ])('%s', (_, scope) => {
    fc.assert(
      fc.property(stepsOf(scope), budgets, maxPiece, (steps, limits, size) => {
        expect(holds).toContainEqual(runNetwork(modelOf({ ...allRules, maxPiece: size }), scope.size, steps, limits))
      }),
      { numRuns: inNetworks(300) },
    )
  })

  test.each([undefined, '5.6', '5.5'] as const)('of streams, with an original: %s', (original) => {
    fc.assert(
      fc.property(streamSteps(4), maxPiece, (steps, size) => {
        expect(holds).toContainEqual(runStreams({ rules: { ...allRules, maxPiece: size }, size: 4, original }, steps))
      }),
      { numRuns: inNetworks(300) },
    )
  })
})

describe('All runs, breadth first', () => {
  test.each(Object.entries(scopes))('%s', (_, { size, steps, before, depth }) => {
    const { worlds, broken } = searchAll(modelOf(allRules), size, steps, isSoak ? depth + 1 : depth, before)
    expect(broken).toBeUndefined()
    expect(worlds).toBeGreaterThan(200)
  })
})

interface Mutant {
  readonly lacks: Exclude<keyof Rules, 'maxPiece'>
  readonly law: string
  readonly steps: ReadonlyArray<Step>
}

const mutants: ReadonlyArray<Mutant> = [
  {
    lacks: 'prints',
    law: 'invariant I',
    // c overhears an answer that leaves out what b holds
    steps: [
      { do: 'write', at: 0, keys: 'x' },
      { do: 'write', at: 0, keys: 'x' },
      { do: 'tell', at: 0, update: 0 },
      { do: 'deliver', mail: 0, to: 1 },
      { do: 'lose', mail: 0 },
      { do: 'write', at: 0, keys: 'z' },
      { do: 'open', at: 1 },
      { do: 'deliver', mail: 0, to: 0 },
      { do: 'deliver', mail: 0, to: 2 },
    ],
  },
  {
    lacks: 'refusal',
    law: 'invariant I',
    steps: [
      { do: 'write', at: 1, keys: 'y', kind: 'big' },
      { do: 'run', at: 0, program: 'small' },
    ],
  },
  {
    lacks: 'floors',
    law: 'invariant I',
    steps: [
      { do: 'write', at: 1, keys: 'x' },
      { do: 'prune', at: 1, upTo: 1 },
      { do: 'write', at: 1, keys: 'y' },
    ],
  },
  {
    lacks: 'sinceFloor',
    law: 'invariant I',
    // c overhears an answer to b, which had let go of a's first update
    steps: [
      { do: 'write', at: 0, keys: 'x' },
      { do: 'talk', at: 1, to: 0, budgets: [9, 9] },
      { do: 'prune', at: 1, upTo: 1 },
      { do: 'write', at: 0, keys: 'y' },
      { do: 'open', at: 1 },
      { do: 'deliver', mail: 0, to: 0 },
      { do: 'deliver', mail: 0, to: 2 },
    ],
  },
  {
    lacks: 'complete',
    law: 'invariant I',
    steps: [
      { do: 'write', at: 0, keys: 'y', kind: 'big' },
      { do: 'write', at: 0, keys: 'x' },
      { do: 'run', at: 1, program: 'small' },
    ],
  },
  {
    lacks: 'after',
    law: 'conversations end',
    steps: [
      { do: 'write', at: 0, keys: 'y', kind: 'big' },
      { do: 'write', at: 0, keys: 'x' },
      { do: 'run', at: 1, program: 'small' },
    ],
  },
  {
    lacks: 'silence',
    law: 'conversations end',
    steps: [
      { do: 'write', at: 1, keys: 'x' },
      { do: 'restore', at: 1, version: 0 },
      { do: 'run', at: 1, program: 'late' },
      { do: 'write', at: 1, keys: 'x' },
      { do: 'write', at: 0, keys: 'x' },
    ],
  },
  {
    lacks: 'asks',
    law: 'conversations end',
    // each refuses what the other sends first, as too far ahead
    steps: [
      { do: 'run', at: 0, program: 'late' },
      { do: 'run', at: 1, program: 'late' },
      ...[0, 1].flatMap((at): ReadonlyArray<Step> => [
        { do: 'write', at, keys: 'x' },
        { do: 'write', at, keys: at === 0 ? 'y' : 'z' },
      ]),
    ],
  },
]

interface StreamMutant {
  readonly lacks: Exclude<keyof Rules, 'maxPiece'>
  readonly steps: ReadonlyArray<StreamStep>
}

const exchange = (link: number): ReadonlyArray<StreamStep> =>
  [0, 1, 2].flatMap((): ReadonlyArray<StreamStep> => [
    { do: 'hear', link, side: 0, lines: 9 },
    { do: 'hear', link, side: 1, lines: 9 },
    { do: 'send', link, side: 0, max: 9 },
    { do: 'send', link, side: 1, max: 9 },
  ])

const streamMutants: ReadonlyArray<StreamMutant> = [
  {
    lacks: 'count',
    steps: [
      { do: 'write', at: 0, keys: 'z' },
      { do: 'write', at: 0, keys: 'y' },
      { do: 'connect', at: 0, to: 1 },
      { do: 'hear', link: 0, side: 0, lines: 2 },
      { do: 'send', link: 0, side: 0, max: 1 },
      { do: 'lose', link: 0, side: 1, line: 5 },
    ],
  },
  {
    lacks: 'distrust',
    steps: [
      { do: 'run', at: 3, program: 'small' },
      { do: 'write', at: 0, keys: 'z', kind: 'big' },
      { do: 'connect', at: 3, to: 0 },
    ],
  },
  {
    lacks: 'claims',
    // a has b's second update and is not sure of b; so it must not make c sure
    steps: [
      { do: 'write', at: 1, keys: 'yz' },
      { do: 'prune', at: 1, upTo: 1 },
      { do: 'write', at: 1, keys: 'z' },
    ],
  },
  {
    lacks: 'byUpdates',
    // b and c refuse a's first update; b, upgraded, gets it while the stream to c is open
    steps: [
      { do: 'write', at: 0, keys: 'x', kind: 'big' },
      { do: 'write', at: 0, keys: 'y' },
      { do: 'run', at: 1, program: 'small' },
      { do: 'run', at: 2, program: 'small' },
      ...[1, 2].flatMap((to): ReadonlyArray<StreamStep> => [
        { do: 'connect', at: 0, to },
        ...exchange(0),
        { do: 'cut', link: 0 },
      ]),
      { do: 'connect', at: 1, to: 2 },
      ...exchange(0),
      { do: 'run', at: 1, program: 'new' },
      { do: 'run', at: 2, program: 'new' },
      { do: 'connect', at: 0, to: 1 },
      ...exchange(1),
      ...exchange(0),
    ],
  },
]

describe('Each ingredient is needed', () => {
  test.each(mutants)('messages without: $lacks', ({ lacks, law, steps }) => {
    expect(runNetwork(modelOf(allRules), 3, steps, [1, 1])).toBe('holds')
    const verdict = runNetwork(modelOf({ ...allRules, [lacks]: false }), 3, steps, [1, 1])
    expect(verdict).toMatchObject({ law })
  })

  test.each(streamMutants)('streams without: $lacks', ({ lacks, steps }) => {
    const setting = { size: 4, original: undefined }
    expect(runStreams({ ...setting, rules: allRules }, steps)).toBe('holds')
    const verdict = runStreams({ ...setting, rules: { ...allRules, [lacks]: false } }, steps)
    expect(verdict).toMatchObject({ law: 'invariant I' })
  })

  const randomly = ['refusal', 'floors', 'complete', 'after', 'silence'] as const

  test.each(randomly)('random networks find one without: %s', (lacks) => {
    const property = fc.property(stepsOf(wide), budgets, (steps, limits) =>
      holds.includes(runNetwork(modelOf({ ...allRules, [lacks]: false }), wide.size, steps, limits) as string),
    )
    expect(fc.check(property, { seed: 1, numRuns: inMemory(10_000), endOnFailure: true }).failed).toBe(true)
  })
})
