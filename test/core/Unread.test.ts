/** Updates that cannot be read here: kept, within bounds. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import * as Clock from '../../src/core/Clock.js'
import * as Log from '../../src/core/Log.js'
import { take } from '../../src/core/receive.js'
import * as Unread from '../../src/core/Unread.js'
import { ExpiryModel, Model, scuttlebutt, type Update } from '../../src/index.js'
import { inMemory } from '../runs.js'

type Any = Update<unknown>

/** Measured apart from the library. */
const bytesOf = (updates: ReadonlyArray<Any>): number =>
  updates.reduce((sum, update) => sum + Buffer.byteLength(JSON.stringify(update)), 0)

const id = fc.constantFrom('a', 'b', '__proto__', 'é')

const unreads = fc
  .array(fc.tuple(id, fc.integer({ min: 1, max: 9 }), fc.constantFrom('x', 'é', '😀')), { maxLength: 20 })
  .map((made) => made.map(([source, at, letter], i): Any => [[letter, i], at, source]))

describe('The unread updates of a log', () => {
  test('are given in order, counted in bytes, and dropped by stamp or by age', () => {
    fc.assert(
      fc.property(unreads, fc.nat(), fc.integer({ min: 0, max: 10 }), (updates, which, floor) => {
        const log = updates.reduce((at, update) => Unread.add(update)(at), Log.empty<never>())
        const check = (of: Log.Log<never>, kept: ReadonlyArray<Any>): void => {
          expect(new Set(Unread.all(of))).toEqual(new Set(kept))
          expect(Unread.all(of).map(([, at]) => at)).toEqual(kept.map(([, at]) => at).sort((a, b) => a - b))
          expect(of.unread?.bytes ?? 0).toBe(bytesOf(kept))
        }
        check(log, updates)
        const one = updates[which % Math.max(1, updates.length)]
        if (one !== undefined) {
          const isOther = ([, at, source]: Any): boolean => at !== one[1] || source !== one[2]
          check(Unread.without(one)(log), updates.filter(isOther))
        }
        expect(Unread.without([0, 100, 'a'])(log)).toBe(log)
        check(
          Unread.dropUpTo(floor)(log),
          updates.filter(([, at]) => at > floor),
        )
        check(Unread.keep(updates.slice(0, 3))(log), updates.slice(0, 3))
      }),
      { numRuns: inMemory(300) },
    )
  })

  test('have room for 1 MiB of a source, to the byte', () => {
    const overhead = bytesOf([['', 1, 'a']])
    const full: Any = ['x'.repeat(Unread.MAX_OF_SOURCE - overhead), 1, 'a']
    const over: Any = ['x'.repeat(Unread.MAX_OF_SOURCE - overhead + 1), 1, 'a']
    expect(Unread.MAX_OF_SOURCE).toBe(1024 * 1024)
    expect(Unread.hasRoom(full)(Log.empty())).toBe(true)
    expect(Unread.hasRoom(over)(Log.empty())).toBe(false)
    const log = Unread.add(full)(Log.empty<never>())
    expect(Unread.hasRoom(['', 2, 'a'])(log)).toBe(false)
    expect(Unread.hasRoom(['', 2, 'b'])(log)).toBe(true)
    expect(Unread.hasRoom(['', 2, 'a'])(Unread.without(full)(log))).toBe(true)
  })

  test('have room for 16 MiB of all sources', () => {
    const half = 'x'.repeat(Unread.MAX_OF_SOURCE / 2)
    let log = Log.empty<never>()
    for (let i = 0; Unread.hasRoom([half, 1, String(i)])(log); i++) log = Unread.add([half, 1, String(i)])(log)
    expect(Unread.MAX_OF_ALL).toBe(16 * 1024 * 1024)
    expect(log.unread!.bytes).toBeLessThanOrEqual(Unread.MAX_OF_ALL)
    expect(log.unread!.bytes).toBeGreaterThan(Unread.MAX_OF_ALL - half.length - 100)
  })
})

const model = scuttlebutt(Model.of(t.number))

describe('A replica', () => {
  test('refuses an unread update without room, and becomes sure of nothing by that round', () => {
    const big: Any = [['k', 'x'.repeat(Unread.MAX_OF_SOURCE)], 1000, 'ann']
    const small: Any = [['k', 'later'], 2000, 'ann']
    const claim = { sureOf: () => 9000, floor: 0 }
    const batch = { updates: [[['y', 1], 1500, 'ben'] as const], unread: [big, small] }
    const { replica } = take(model.dataType, batch, claim, model.create('cy'))
    expect(model.unread(replica)).toEqual([small])
    expect(Clock.toSureRecord(replica.clock)).toEqual({})
    // what has no room does not stand before what is newer
    expect(Clock.timestampOf('ann', replica.clock)).toBe(2000)
    const alone = take(model.dataType, { updates: [], unread: [big] }, claim, model.create('cy')).replica
    expect(Clock.timestampOf('ann', alone.clock)).toBe(1000)
    expect(model.digest(alone).clock).toEqual({})
  })

  test('counts unread contents of a readable stamp towards the room of its source', () => {
    const stamps = [1000, 1001, 1002]
    const updates = stamps.map((at) => [['k', at], at, 'ann'] as const)
    const unread = stamps.map((at): Any => [['k', 'x'.repeat(600_000)], at, 'ann'])
    const inOne = take(model.dataType, { updates, unread }, 'nobody', model.create('cy')).replica
    const begun = take(model.dataType, { updates }, 'nobody', model.create('cy')).replica
    const byOne = unread.reduce(
      (replica, one) => take(model.dataType, { updates: [], unread: [one] }, 'nobody', replica).replica,
      begun,
    )
    for (const replica of [inOne, byOne]) expect(model.unread(replica)).toEqual([unread[0]])
  })

  test('forgets unread updates that have lapsed', () => {
    const expiring = scuttlebutt(ExpiryModel.of(t.number, { maxAge: 10 }))
    const unread: ReadonlyArray<Any> = [100, 120].map((at) => [['k', 'later'], at, 'ann'])
    const batch = { updates: [[['k', 1], 100, 'ben'] as const], unread }
    const { replica } = take(expiring.dataType, batch, 'nobody', expiring.create('cy'))
    expect(expiring.unread(replica)).toEqual(unread)
    expect(expiring.unread(expiring.prune(115)(replica))).toEqual([unread[1]])
  })
})

test('keeps two of three contents of 4,000 stamps that cannot be read, without a copy of all for each', () => {
  const sb = scuttlebutt(Model.of(t.number))
  const updates = ['a', 'b', 'c'].flatMap((value) =>
    Array.from({ length: 4000 }, (_, i): Any => [['x', value], 1000 + i, 'liar']),
  )
  // with a copy of all for each stamp it takes minutes
  const { replica } = take(sb.dataType, { updates: [], unread: updates }, 'nobody', sb.create('me'))
  const held = sb.unread(replica)
  expect(held.length).toBe(8000)
  expect(held.every(([change]) => (change as readonly string[])[1] !== 'a')).toBe(true)
  expect(replica.log.unread!.bytes).toBe(bytesOf(held))
})
