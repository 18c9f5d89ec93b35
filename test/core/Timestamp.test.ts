import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Timestamp from '../../src/core/Timestamp.js'
import { inMemory } from '../runs.js'

/** Finds the next double by its bits. */
const nextDouble = (x: number): number => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, x)
  view.setBigUint64(0, view.getBigUint64(0) + 1n)
  return view.getFloat64(0)
}

const timestamp = fc.oneof(
  fc.double({ min: 1e-280, max: Timestamp.MAX - 1, noNaN: true }),
  fc.double({ min: 1.7e12, max: 1.9e12, noNaN: true }),
  fc.nat(52).map((exponent) => 2 ** exponent), // where the spacing of doubles changes
  fc.nat(52).map((exponent) => 2 ** exponent * (1 - Number.EPSILON / 2)),
)

describe('Timestamp', () => {
  test('is the wall clock where the wall clock is ahead', () => {
    expect(Timestamp.next(2000, 1000)).toBe(2000)
    expect(Timestamp.next(1795418741399, 0)).toBe(1795418741399)
  })

  test('is the next double after the latest timestamp seen where the wall clock is behind', () => {
    fc.assert(
      fc.property(timestamp, fc.double({ max: 0 }), (latest, now) => {
        expect(Timestamp.next(now, latest)).toBe(nextDouble(latest))
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('finds the double before a timestamp', () => {
    fc.assert(
      fc.property(timestamp, (x) => {
        expect(Timestamp.previous(nextDouble(x))).toBe(x)
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('increases whatever the wall clock says', () => {
    fc.assert(
      fc.property(
        fc.oneof(timestamp, fc.constantFrom(0, Number.MIN_VALUE, 5e-310, 1e-300)),
        fc.double(),
        (latest, now) => {
          expect(Timestamp.next(now, latest)).toBeGreaterThan(latest)
        },
      ),
      { numRuns: inMemory(1000) },
    )
  })

  test('makes a million timestamps in a frozen millisecond, and ends a quarter of a second ahead', () => {
    const now = 1_795_418_741_399
    let latest = now
    for (let i = 0; i < 1_000_000; i++) {
      const next = Timestamp.next(now, latest)
      if (!(next > latest)) throw new Error(`stuck at ${String(latest)}`)
      latest = next
    }
    expect(latest - now).toBeLessThan(250)
  })

  test('accepts numbers above 0 and below 2^53, and nothing else', () => {
    for (const no of [0, -0, -1, 2 ** 53, 1e999, NaN, '1', null, undefined, [1], 1n])
      expect(Timestamp.is(no)).toBe(false)
    for (const yes of [Number.MIN_VALUE, 0.5, 1, 1795418741399.001, 2 ** 53 - 1]) expect(Timestamp.is(yes)).toBe(true)
  })
})
