/** Every version of a replica stays as it was: its state, its digest and its history. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scuttlebutt, type Replica } from '../src/index.js'
import { inMemory } from './runs.js'
import { table } from './table.js'

/** The steps of a long run. Most runs are short. */
const STEPS = 400

describe.each(table.map((entry) => [entry.dataType.name, entry] as const))('%s', (_, entry) => {
  const { create, change, applyUpdates, digest, history } = scuttlebutt(entry.dataType)
  type Any = Replica<typeof entry.dataType.empty, unknown>

  const described = (replica: Any): string =>
    JSON.stringify([digest(replica), entry.toJSON(replica.state), history()(replica)])

  const step = fc.record({
    /** Which version to go on from, counted back. Mostly the newest. */
    back: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(200) }),
    id: fc.constantFrom('a', 'b', 'c'),
    made: entry.change,
    now: fc.nat(20),
    /** Which version's history it hears in one batch, counted back. */
    hears: fc.option(fc.nat(200), { freq: 3 }),
  })

  const steps = fc.oneof(
    { weight: 249, arbitrary: fc.array(step, { maxLength: 24, size: 'max' }) },
    { weight: 1, arbitrary: fc.array(step, { minLength: STEPS, maxLength: STEPS, size: 'max' }) },
  )

  test('keeps every version as it was, whatever is made from it', () => {
    fc.assert(
      fc.property(steps, (steps) => {
        const versions: Any[] = [create('a')]
        const before = versions.map(described)
        const keep = (replica: Any): void => {
          versions.push(replica)
          before.push(described(replica))
        }
        const newest = (back: number): Any => versions[Math.max(0, versions.length - 1 - back)]!
        for (const { back, id, made, now, hears } of steps) {
          const changed = change(made, now)({ ...newest(back), id })
          if (changed._tag === 'Right') keep(changed.right[1])
          if (hears !== null) keep(applyUpdates(history()(newest(hears)))(newest(0)))
        }
        for (const [i, version] of versions.entries()) {
          if (described(version) !== before[i]) expect(described(version)).toBe(before[i])
        }
        if (steps.length === STEPS) expect(versions.length).toBeGreaterThan(STEPS / 4)
      }),
      { numRuns: inMemory(1000, table.length) },
    )
  })
})
