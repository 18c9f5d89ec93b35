import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Clock, type ClockRecord } from '../../src/index.js'
import { source } from '../table.js'

/** The naive model: the latest timestamp of every source, in a native Map. */
type Seen = ReadonlyMap<string, number>

const record: fc.Arbitrary<ClockRecord> = fc
  .array(fc.tuple(fc.oneof(source, fc.string({ maxLength: 2 })), fc.integer({ min: 1, max: 5 })), { maxLength: 80 })
  .map((entries) => Object.fromEntries(entries))

const clock = record.map(Clock.fromRecord)

const seen = (one: Clock.Clock): Seen => new Map(Object.entries(Clock.toRecord(one)))

const joined = (a: Seen, b: Seen): Seen =>
  new Map([...a, ...b].map(([id]) => [id, Math.max(a.get(id) ?? 0, b.get(id) ?? 0)]))

const isBelow = (a: Seen, b: Seen): boolean => [...a].every(([id, timestamp]) => timestamp <= (b.get(id) ?? 0))

const { equals } = Clock.Eq
const { join, zero } = Clock.JoinSemilattice

describe('Clock', () => {
  test('survives the way into a record and back, with its sources in order', () => {
    fc.assert(
      fc.property(record, (carried) => {
        const one = Clock.fromRecord(carried)
        expect(seen(one)).toEqual(new Map(Object.entries(carried)))
        expect(Clock.size(one)).toBe(Object.keys(carried).length)
        expect(one.latest).toBe(Math.max(0, ...Object.values(carried)))
        for (const [id, timestamp] of Object.entries(carried)) expect(Clock.timestampOf(id)(one)).toBe(timestamp)
      }),
    )
  })

  test('leaves out entries without a valid timestamp', () => {
    expect(Clock.toRecord(Clock.fromRecord({ a: 0, b: -1, c: NaN, d: 1 }))).toEqual({ d: 1 })
  })

  test('covers every timestamp up to its floor, and remembers sources beyond it', () => {
    const floor = fc.integer({ min: -1, max: 6 })
    fc.assert(
      fc.property(clock, clock, floor, floor, (a, b, low, high) => {
        const [raised, other] = [Clock.raise(low)(a), Clock.raise(high)(b)]
        expect(Clock.raise(low)(raised)).toBe(raised)
        expect(seen(raised)).toEqual(new Map([...seen(a)].filter(([, timestamp]) => timestamp > low)))
        expect(raised.latest).toBe(Math.max(0, low, a.latest))
        for (const id of [...seen(a).keys(), ...seen(b).keys(), 'unheard of']) {
          const known = Math.max(seen(a).get(id) ?? 0, low, 0)
          const otherKnown = Math.max(seen(b).get(id) ?? 0, high, 0)
          expect(Clock.timestampOf(id)(raised)).toBe(known)
          expect(Clock.timestampOf(id)(join(raised, other))).toBe(Math.max(known, otherKnown))
          const since = Clock.ahead(other)(raised).find(([source]) => source === id)?.[1]
          expect(since).toBe(known > otherKnown && known > Math.max(low, 0) ? otherKnown : undefined)
        }
        expect(Clock.leq(raised, join(raised, other))).toBe(true)
        expect(Clock.leq(other, join(raised, other))).toBe(true)
        expect(equals(join(raised, other), join(other, raised))).toBe(true)
        expect(Clock.leq(raised, other)).toBe(equals(join(raised, other), other))
        expect(Clock.aheadOfRecord(Clock.toRecord(other), other.floor)(raised)).toEqual(Clock.ahead(other)(raised))
        expect(equals(Clock.fromRecord(Clock.toRecord(raised), raised.floor), raised)).toBe(true)
      }),
    )
  })

  test('joins to the least clock that covers both', () => {
    fc.assert(
      fc.property(clock, clock, (a, b) => {
        expect(seen(join(a, b))).toEqual(joined(seen(a), seen(b)))
        expect(join(a, b).latest).toBe(Math.max(a.latest, b.latest))
      }),
    )
  })

  test('is a semilattice under join, and `leq` is its order', () => {
    fc.assert(
      fc.property(clock, clock, clock, (a, b, c) => {
        expect(equals(join(join(a, b), c), join(a, join(b, c)))).toBe(true)
        expect(equals(join(a, b), join(b, a))).toBe(true)
        expect(join(a, a)).toBe(a)
        expect(join(a, zero)).toBe(a)
        expect(Clock.leq(a, b)).toBe(isBelow(seen(a), seen(b)))
        expect(Clock.leq(a, b)).toBe(equals(join(a, b), b))
        expect(equals(a, b)).toBe(Clock.leq(a, b) && Clock.leq(b, a))
        expect(Clock.leq(a, join(a, b)) && Clock.leq(b, join(a, b))).toBe(true)
      }),
    )
  })

  test('keeps its reference when a join or an update brings nothing', () => {
    fc.assert(
      fc.property(clock, record, (a, carried) => {
        const b = Clock.join(Clock.fromRecord(carried))(a)
        expect(Clock.join(a)(b)).toBe(b)
        for (const [id, timestamp] of Object.entries(carried)) {
          expect(Clock.covers([0, timestamp, id])(b)).toBe(true)
          expect(Clock.advance([0, timestamp, id])(b)).toBe(b)
          expect(seen(Clock.advance([0, 9, id])(b)).get(id)).toBe(9)
        }
        const updates = Object.entries(carried).map(([id, timestamp]) => [0, timestamp, id] as const)
        expect(equals(Clock.advanceAll(updates)(a), b)).toBe(true)
        expect(Clock.advanceAll(updates)(b)).toBe(b)
      }),
    )
  })

  test('lists the sources that one clock has seen further than another clock or record', () => {
    fc.assert(
      fc.property(record, clock, (carried, b) => {
        const a = Clock.fromRecord(carried)
        const expected = [...seen(b)]
          .filter(([id, timestamp]) => timestamp > (seen(a).get(id) ?? 0))
          .map(([id]) => [id, seen(a).get(id) ?? 0])
          .sort(([x], [y]) => (x! < y! ? -1 : 1))
        expect(Clock.ahead(a)(b)).toEqual(expected)
        expect(Clock.ahead(Clock.empty, a)(b)).toEqual(expected)
        expect(Clock.aheadOfRecord(carried)(b)).toEqual(expected)
        expect(Clock.lacks(carried)(b)).toBe(!isBelow(seen(a), seen(b)))
      }),
    )
  })
})
