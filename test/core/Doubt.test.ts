/** What a digest says of the sources in doubt. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Clock from '../../src/core/Clock.js'
import * as Digest from '../../src/core/Digest.js'
import * as Doubt from '../../src/core/Doubt.js'
import * as Log from '../../src/core/Log.js'
import type { Update } from '../../src/index.js'
import { inMemory } from '../runs.js'

/** A log that holds these stamps of a source. A stamp that repeats is another content. */
const logOf = (timestamps: ReadonlyArray<number>, source = 'ann'): Log.Log<unknown> =>
  timestamps.reduce<Log.Log<unknown>>((log, at, i) => Log.fork([i, at, source] as Update<unknown>)(log), Log.empty())

const clockOf = (sure: number, seen: number, source = 'ann'): Clock.Clock =>
  Clock.doubtFrom(source, sure)(Clock.fromRecord({ [source]: seen }))

/** Stamps with gaps and repeats, in order. */
const held = fc
  .array(fc.integer({ min: 1, max: 120 }), { maxLength: 100, size: 'max' })
  .map((timestamps) => timestamps.sort((a, b) => a - b))

const between = (timestamps: ReadonlyArray<number>, since: number, upTo: number): ReadonlyArray<number> =>
  timestamps.filter((at) => at > since && at <= upTo)

describe('A print', () => {
  test('is equal just where two logs hold the same stamps, each as often', () => {
    const few = held.map((timestamps) => timestamps.filter((at) => at % 10 < 2))
    fc.assert(
      fc.property(few, few, fc.boolean(), fc.integer({ min: 0, max: 60 }), (one, other, same, sure) => {
        const two = same ? one : other
        const doubt = Doubt.of(clockOf(sure, 130), logOf(one))!['ann']!
        const unlike = Doubt.unlike('ann', doubt, sure)(logOf(two))
        const ends = doubt.map(([upTo]) => upTo)
        const expected = ends.flatMap((upTo, i) => {
          const since = ends[i - 1] ?? sure
          const isEqual = String(between(one, since, upTo)) === String(between(two, since, upTo))
          return isEqual ? [] : [{ source: 'ann', since, upTo }]
        })
        expect(unlike).toEqual(expected)
      }),
      { numRuns: inMemory(500) },
    )
  })

  test('has 128 bits in base64', () => {
    expect(Doubt.of(clockOf(1, 2), logOf([2]))).toEqual({ ann: [[2, expect.stringMatching(/^[\w+/]{22}$/)]] })
  })

  test('is of stamps, not of contents', () => {
    const [one, two] = ['one', 'two'].map((change) => Log.fork([change, 2, 'ann'])(Log.empty<string>()))
    expect(Doubt.of(clockOf(1, 2), one!)).toEqual(Doubt.of(clockOf(1, 2), two!))
  })
})

describe('The pieces of a doubt', () => {
  test('are 16 stamps each, keep contents of one stamp together, and end at what was seen', () => {
    fc.assert(
      fc.property(held, fc.integer({ min: 0, max: 130 }), (timestamps, sure) => {
        const doubt = Doubt.of(clockOf(sure, 131), logOf(timestamps))!
        expect(Object.keys(doubt)).toEqual(['ann'])
        const ends = doubt['ann']!.map(([upTo]) => upTo)
        expect(ends.at(-1)).toBe(131)
        expect(Doubt.end(doubt, 'ann')).toBe(131)
        const sizes = ends.map((upTo, i) => between(timestamps, ends[i - 1] ?? sure, upTo).length)
        for (const [i, size] of sizes.slice(0, -1).entries()) {
          const newest = ends[i]!
          const repeats = between(timestamps, newest - 1, newest).length
          expect(timestamps).toContain(newest)
          expect(size).toBeGreaterThanOrEqual(16)
          expect(size - repeats).toBeLessThan(16)
        }
        expect(sizes.reduce((a, b) => a + b, 0)).toBe(between(timestamps, sure, 131).length)
      }),
      { numRuns: inMemory(300) },
    )
  })

  test('are as many as each has stamps, where these are many', () => {
    const many = Array.from({ length: 70_000 }, (_, i) => i + 1)
    const log = Log.evolve(
      many.map((at): Update<null> => [null, at, 'ann']),
      [],
      Log.empty<null>(),
    )
    const pieces = Doubt.of(clockOf(0, 70_000), log)!['ann']!
    expect(pieces.length).toBe(Math.ceil(70_000 / 265)) // 265² = 70,225
    expect(pieces.slice(0, 2).map(([upTo]) => upTo)).toEqual([265, 530])
    const lost = Log.evolve<null>([], [[null, 300, 'ann']], log)
    expect(Doubt.unlike('ann', pieces, 0)(lost)).toEqual([{ source: 'ann', since: 265, upTo: 530 }])
  })

  test('are none without doubt, and one where nothing is held', () => {
    expect(Doubt.of(Clock.fromRecord({ ann: 5 }), logOf([5]))).toBeUndefined()
    expect(Doubt.of(clockOf(3, 5), logOf([2]))!['ann']).toHaveLength(1)
    expect(Doubt.end(undefined, 'ann')).toBeUndefined()
    expect(Doubt.end({}, 'constructor')).toBeUndefined()
  })
})

describe('A digest', () => {
  test('claims what is sure, and prints what is held beyond', () => {
    const source = fc.constantFrom('ann', '__proto__', 'constructor')
    fc.assert(
      fc.property(source, held, fc.integer({ min: 0, max: 130 }), (id, timestamps, sure) => {
        const clock = Clock.raise(2)(clockOf(sure, 131, id))
        const digest = Digest.of({ id: 'cy', clock, log: logOf(timestamps, id) })
        const carried = JSON.parse(JSON.stringify(digest)) as Digest.Digest
        expect(carried).toEqual(digest)
        expect(digest.floor).toBe(2)
        expect(Digest.sureOf(carried, id)).toBe(Math.max(2, sure))
        expect(Digest.seenOf(carried, id)).toBe(131)
        expect(Digest.sureOf(carried, 'unheard of')).toBe(2)
        expect(Object.hasOwn(digest.clock, id)).toBe(sure > 2)
        expect(Object.keys(digest.doubt!)).toEqual([id])
        const claim = Digest.claimOf(carried)
        expect([claim.sureOf(id), claim.floor]).toEqual([Math.max(2, sure), 2])
      }),
    )
  })
})
