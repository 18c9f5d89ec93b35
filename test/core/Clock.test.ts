import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Clock, type ClockRecord } from '../../src/index.js'
import * as Sure from '../../src/core/Sure.js'
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
        expect(Clock.isSureOf(carried)(b)).toBe(isBelow(seen(a), seen(b)))
      }),
    )
  })
})

/** What was seen of each source, how far that is sure, and a floor below both. */
interface Known {
  readonly clock: Clock.Clock
  readonly floor: number
  readonly seen: (id: string) => number
  readonly sure: (id: string) => number
  readonly ids: ReadonlyArray<string>
}

const ids = ['a', 'b', '__proto__', 'constructor', '', 'unheard of']

const timestamps = fc.dictionary(fc.constantFrom(...ids.slice(0, -1)), fc.integer({ min: 1, max: 9 }))

const at = (map: ClockRecord, id: string): number | undefined => (Object.hasOwn(map, id) ? map[id] : undefined)

/** A clock, and the naive model beside it: three numbers a source. */
const known: fc.Arbitrary<Known> = fc
  .tuple(timestamps, timestamps, fc.integer({ min: 0, max: 6 }), fc.boolean())
  .map(([newest, doubts, floor, floorFirst]) => {
    const raise = Clock.raise(floor)
    const begun = floorFirst ? raise(Clock.fromRecord(newest)) : Clock.fromRecord(newest)
    const doubted = Object.entries(doubts).reduce((one, [id, from]) => Clock.doubtFrom(id, from)(one), begun)
    const seen = (id: string) => Math.max(at(newest, id) ?? 0, floor)
    const sure = (id: string) => Math.min(seen(id), Math.max(at(doubts, id) ?? Infinity, floor))
    return { clock: floorFirst ? doubted : raise(doubted), floor, seen, sure, ids }
  })

/** Compares a clock with what it should know, by every query. */
const expectKnown = (one: Clock.Clock, { floor, seen, sure }: Omit<Known, 'clock' | 'ids'>): void => {
  expect(one.floor).toBe(floor)
  const doubted = ids.filter((id) => sure(id) < seen(id))
  expect(Clock.doubts(one)).toBe(doubted.length)
  const visited: unknown[] = []
  Clock.forEachDoubt(one, (...doubt) => visited.push(doubt))
  expect(visited).toEqual([...doubted].sort().map((id) => [id, sure(id), seen(id)]))
  for (const id of ids) {
    expect(Clock.timestampOf(id)(one)).toBe(seen(id))
    expect(Clock.sureOf(id)(one)).toBe(sure(id))
    expect(Clock.isDoubted(id)(one)).toBe(sure(id) < seen(id))
    expect(at(Clock.toSureRecord(one), id)).toBe(sure(id) > floor ? sure(id) : undefined)
  }
  // no doubt takes no room
  expect('sure' in one).toBe(doubted.length > 0)
}

describe('What a clock is sure of', () => {
  test('is at most what it has seen, and at least the floor', () => {
    fc.assert(
      fc.property(known, (one) => {
        expectKnown(one.clock, one)
      }),
    )
  })

  test('is, after a join, as much as either is sure of', () => {
    fc.assert(
      fc.property(known, known, (a, b) => {
        const both = join(a.clock, b.clock)
        const floor = Math.max(a.floor, b.floor)
        const seen = (id: string) => Math.max(a.seen(id), b.seen(id))
        expectKnown(both, { floor, seen, sure: (id) => Math.max(a.sure(id), b.sure(id)) })
        expect(equals(both, join(b.clock, a.clock))).toBe(true)
        expect(join(both, a.clock)).toBe(both)
        expect(join(both, b.clock)).toBe(both)
      }),
    )
  })

  test('orders clocks too: `leq` compares floors, what is seen and what is sure', () => {
    fc.assert(
      fc.property(known, known, known, (a, b, c) => {
        const isLess = a.floor <= b.floor && ids.every((id) => a.seen(id) <= b.seen(id) && a.sure(id) <= b.sure(id))
        expect(Clock.leq(a.clock, b.clock)).toBe(isLess)
        expect(Clock.leq(a.clock, b.clock)).toBe(equals(join(a.clock, b.clock), b.clock))
        expect(equals(join(join(a.clock, b.clock), c.clock), join(a.clock, join(b.clock, c.clock)))).toBe(true)
      }),
    )
  })

  test('covers a record if it reaches as far in each source', () => {
    fc.assert(
      fc.property(known, timestamps, ({ clock: one, sure }, claimed) => {
        expect(Clock.isSureOf(claimed)(one)).toBe(Object.entries(claimed).every(([id, to]) => to <= sure(id)))
      }),
    )
  })

  test('rises with the floor', () => {
    fc.assert(
      fc.property(known, fc.integer({ min: 0, max: 10 }), (one, to) => {
        const above = (of: (id: string) => number) => (id: string) => Math.max(of(id), to)
        const floor = Math.max(one.floor, to)
        expectKnown(Clock.raise(to)(one.clock), { floor, seen: above(one.seen), sure: above(one.sure) })
      }),
    )
  })

  test('moves, after a batch, to what a peer claims of it, unless the peer let go what we lack', () => {
    const claim = fc.option(fc.tuple(timestamps, fc.integer({ min: 0, max: 9 })))
    fc.assert(
      fc.property(known, timestamps, claim, (before, batch, claimed) => {
        const updates = Object.entries(batch).map(([id, timestamp]) => [0, timestamp, id] as const)
        const advanced = Clock.advanceAll(updates)(before.clock)
        const touched = Object.keys(batch)
        const sureOf = (id: string) => (claimed === null ? 0 : (at(claimed[0], id) ?? claimed[1]))
        const vouched = claimed === null ? undefined : { sureOf, floor: claimed[1] }
        const after = Sure.doubting(touched, vouched, before.clock, advanced)
        const seen = (id: string) => Math.max(before.seen(id), at(batch, id) ?? 0)
        const sure = (id: string) => {
          const own = before.sure(id)
          const theirs = claimed === null || own < claimed[1] ? 0 : sureOf(id)
          return Math.max(own, Math.min(theirs, seen(id)))
        }
        expectKnown(after, { floor: before.floor, seen, sure })
      }),
    )
  })

  test('is all that was seen, of the sources that are settled', () => {
    fc.assert(
      fc.property(known, fc.option(fc.subarray(ids)), (one, sources) => {
        const settled = Sure.settle(sources ?? undefined)(one.clock)
        const isSettled = (id: string) => sources === null || sources.includes(id)
        expectKnown(settled, { ...one, sure: (id) => (isSettled(id) ? one.seen(id) : one.sure(id)) })
        const isNothing = ids.every((id) => !isSettled(id) || one.sure(id) === one.seen(id))
        expect(settled === one.clock).toBe(isNothing)
      }),
    )
  })

  test('falls to a timestamp, and never rises, by a new doubt', () => {
    fc.assert(
      fc.property(known, fc.constantFrom(...ids), fc.integer({ min: 0, max: 10 }), (one, source, from) => {
        const doubted = Clock.doubtFrom(source, from)(one.clock)
        const sure = (id: string) => (id === source ? Math.min(one.sure(id), Math.max(from, one.floor)) : one.sure(id))
        expectKnown(doubted, { ...one, sure })
        expect(doubted === one.clock).toBe(Math.max(from, one.floor) >= one.sure(source))
      }),
    )
  })

  test('ends, for every source, where one source is taken back to; nothing newer of that one is seen', () => {
    const bound = fc.integer({ min: 0, max: 10 })
    fc.assert(
      fc.property(known, fc.constantFrom(...ids), bound, bound, (one, source, now, below) => {
        const upTo = Math.min(below, now)
        const back = Sure.rewind(source, upTo, now)(one.clock)
        const seen = (id: string) => (id === source ? Math.max(one.floor, Math.min(one.seen(id), upTo)) : one.seen(id))
        // what went may have superseded any other of its source
        const hasGone = one.seen(source) > now
        const sure = (id: string) =>
          id === source && hasGone ? one.floor : Math.min(seen(id), Math.max(one.floor, Math.min(one.sure(id), now)))
        expectKnown(back, { floor: one.floor, seen, sure })
        expect(back.latest).toBe(Math.max(...ids.map(seen)))
      }),
    )
  })

  test('changes just where a newer version has seen or is sure of more', () => {
    fc.assert(
      fc.property(known, known, (a, b) => {
        const newer = join(a.clock, b.clock)
        const changed = new Set<string>()
        Clock.forEachSourceChanged(a.clock, newer, (id) => changed.add(id))
        for (const id of ids) {
          // a source that was heard of below the floor only has no entry
          const isNews = Math.max(a.seen(id), b.seen(id)) > a.seen(id) || Math.max(a.sure(id), b.sure(id)) > a.sure(id)
          if (isNews && Clock.timestampOf(id)(newer) > newer.floor) expect([id, changed.has(id)]).toEqual([id, true])
        }
        // and nowhere else: a stream asks after each chunk, whatever is in doubt
        const says = (clock: Clock.Clock, id: string) => [Clock.timestampOf(id)(clock), Clock.sureOf(id)(clock)]
        for (const id of changed) expect(says(newer, id)).not.toEqual(says(a.clock, id))
      }),
    )
  })
})
