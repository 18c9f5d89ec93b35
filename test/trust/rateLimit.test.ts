import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as RateLimit from '../../src/trust/rateLimit.js'

const rate = { updates: 5, per: 1000 }

test('takes a burst at once, then goes on at the rate, each source on its own', () => {
  let buckets = RateLimit.full
  const spend = (source: string, now: number): boolean => {
    const next = RateLimit.spend(rate, source, now)(buckets)
    buckets = next ?? buckets
    return next !== undefined
  }
  expect(Array.from({ length: 7 }, () => spend('ann', 0))).toEqual([true, true, true, true, true, false, false])
  expect(spend('ben', 0)).toBe(true)
  expect([spend('ann', 199), spend('ann', 200), spend('ann', 201)]).toEqual([false, true, false])
})

test('never takes more of a source than the rate in any stretch of time, and forgets full buckets', () => {
  const step = fc.record({ source: fc.constantFrom('a', 'b', 'c'), wait: fc.nat(400) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let [buckets, now] = [RateLimit.full, 0]
      const taken: { readonly source: string; readonly at: number }[] = []
      for (const { source, wait } of steps) {
        now += wait
        const next = RateLimit.spend(rate, source, now)(buckets)
        if (next === undefined) continue
        buckets = next
        taken.push({ source, at: now })
      }
      for (const [i, first] of taken.entries()) {
        for (let j = i; j < taken.length; j++) {
          const within = taken.slice(i, j + 1).filter(({ source }) => source === first.source).length
          expect(within).toBeLessThanOrEqual(
            rate.updates + ((taken[j]!.at - first.at) * rate.updates) / rate.per + 1e-6,
          )
        }
      }
    }),
  )
  let many = RateLimit.full
  for (let i = 0; i < 10_000; i++) many = RateLimit.spend(rate, `source ${String(i)}`, i * 1000)(many) ?? many
  expect(many.sweepAt).toBe(1024)
})
