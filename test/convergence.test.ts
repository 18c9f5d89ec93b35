/** Every data type under the convergence kit, and under budgets. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scuttlebutt } from '../src/index.js'
import { checkDataType, type Coverage, type Feature } from '../src/laws/index.js'
import { scopeOf } from './laws/scope.js'
import { budget, converse, inOrder, pasts, wholePasts } from './network.js'
import { inMemory, isThorough } from './runs.js'
import { expectSame } from './same.js'
import { table } from './table.js'

/**
 * Networks for each data type, half of them of devices. `npm run soak -- --runs 1000000` plays
 * more.
 */
const CASES = inMemory(1500, table.length)

/** The least share of runs that must exercise a feature, or a passed run shows little. */
const IN_MANY_RUNS: Partial<Record<Feature, number>> = {
  concurrent: 0.35,
  sameKey: 0.05,
  ties: 0.2,
  clockBack: 0.12,
  late: 0.2,
  again: 0.2,
  lost: 0.1,
  cut: 0.3,
  partition: 0.25,
  crash: 0.12,
  // of the networks of devices
  doubt: 0.3,
  upgrade: 0.12,
  push: 0.15,
  overheard: 0.05,
  linkCut: 0.05,
  lineHarmed: 0.03,
  updateRefused: 0.01,
  budget: 0.3,
  death: 0.05,
  restore: 0.02,
  oldVersion: 0.15,
}

/** In few runs chance takes some of a share away, and may take all of a small one. */
const REQUIRED = isThorough
  ? IN_MANY_RUNS
  : Object.fromEntries(
      Object.entries(IN_MANY_RUNS).flatMap(([name, share]) => (share < 0.02 ? [] : [[name, share / 2]])),
    )

/**
 * Updates and commands in which every run is visited: some 30,000 states for four updates of one
 * command, and 16 times as many of two. `npm run soak -- --exhaustive 5` goes further.
 */
const SCOPES: ReadonlyArray<readonly [updates: number, commands: number]> = isThorough
  ? ([[4, 2]] as const)
  : ([
      [3, 2],
      [4, 1],
    ] as const)

describe.each(table.map((entry) => [entry.dataType.name, entry] as const))('%s', (_, entry) => {
  const { dataType, ...options } = entry
  const { history, digest } = scuttlebutt(dataType)

  const rightOf = (checked: ReturnType<typeof checkDataType>): Coverage => {
    if (checked._tag === 'Left') throw new Error(checked.left.format())
    return checked.right
  }

  test('N5: keeps every law of convergence, whatever the network does', () => {
    const coverage = rightOf(checkDataType(dataType, { ...options, runs: CASES, required: REQUIRED }))
    expect(coverage.runs).toBe(CASES)
  })

  test.each(SCOPES)(
    'keeps every law in all runs of three replicas that write %i times, %i commands',
    (updates, commands) => {
      const exhaustive = scopeOf(entry, updates, commands)
      const visited = rightOf(checkDataType(dataType, { ...options, runs: 1, seed: 1, exhaustive })).exhaustive
      expect(exhaustive.commands).toHaveLength(commands)
      expect(visited).toMatchObject({ complete: true, replicas: 3, updates })
      expect(visited!.states).toBeGreaterThan(1000)
    },
    600_000,
  )

  test('R3: leaves no gap within a source when a budget cuts a history', () => {
    fc.assert(
      fc.property(pasts(entry), fc.nat(), budget, ({ versions, replicas }, some, limits) => {
        const clock = versions.length === 0 ? {} : digest(versions[some % versions.length]!).clock
        for (const replica of replicas) {
          const whole = history(clock)(replica)
          const part = history(clock, limits)(replica)
          const bytes = part.reduce((sum, update) => sum + Buffer.byteLength(JSON.stringify(update)), 0)
          expect(part.length > 0).toBe(whole.length > 0)
          expect(part.length).toBeLessThanOrEqual(Math.max(1, limits.maxUpdates ?? Infinity))
          if (part.length > 1) expect(bytes).toBeLessThanOrEqual(limits.maxBytes ?? Infinity)
          expectSame(part, inOrder(part))
          for (const source of new Set(whole.map(([, , id]) => id))) {
            const of = (updates: typeof whole) => updates.filter(([, , id]) => id === source)
            expectSame(of(part), of(whole).slice(0, of(part).length))
          }
          if (limits.order === 'oldest-first') expect(part).toEqual(whole.slice(0, part.length))
        }
      }),
      { numRuns: inMemory(1000, table.length) },
    )
  })

  test('R3: reaches by reconciles with a budget what one without reaches, and falls silent', () => {
    const said = entry.toJSON
    fc.assert(
      fc.property(wholePasts(entry), budget, ({ replicas: [a, b] }, limits) => {
        const [boundedA, boundedB] = converse(entry, a!, b!, limits)
        const [freeA, freeB, messages] = converse(entry, a!, b!)
        for (const [bounded, free] of [
          [boundedA, freeA],
          [boundedB, freeB],
        ] as const) {
          expect(entry.eq.equals(bounded.state, free.state)).toBe(true)
          expectSame(history()(bounded), history()(free))
        }
        expect(messages).toBeLessThanOrEqual(4)
        expect(JSON.stringify(said(freeA.state))).toBe(JSON.stringify(said(freeB.state)))
      }),
      { numRuns: inMemory(1000, table.length) },
    )
  })
})
