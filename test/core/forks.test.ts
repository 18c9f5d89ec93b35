/** B6 for every data type: a source sends several contents under one timestamp. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Clock from '../../src/core/Clock.js'
import * as Json from '../../src/core/Json.js'
import { take } from '../../src/core/receive.js'
import { scuttlebutt, type Replica, type Update } from '../../src/index.js'
import { pasts } from '../network.js'
import { expectSame } from '../same.js'
import { inMemory } from '../runs.js'
import { table } from '../table.js'

type Any = Update<unknown>

const stampOf = ([, timestamp, source]: Any): string => JSON.stringify([timestamp, source])

const canonical = ([change]: Any): string => Json.canonical(change)

/** The naive rule: of each stamp the two contents that sort last count. */
const counting = (updates: ReadonlyArray<Any>): ReadonlyArray<string> =>
  [...contentsByStamp(updates)]
    .flatMap(([stamp, contents]) =>
      [...contents]
        .sort()
        .slice(-2)
        .map((one) => stamp + one),
    )
    .sort()

const contentsByStamp = (updates: ReadonlyArray<Any>): ReadonlyMap<string, ReadonlySet<string>> => {
  const byStamp = new Map<string, Set<string>>()
  for (const update of updates) {
    const contents = byStamp.get(stampOf(update)) ?? new Set()
    byStamp.set(stampOf(update), contents.add(canonical(update)))
  }
  return byStamp
}

const held = (updates: ReadonlyArray<Any>): ReadonlyArray<string> =>
  updates.map((update) => stampOf(update) + canonical(update)).sort()

describe.each(table.map((entry) => [entry.dataType.name, entry] as const))('%s', (_, entry) => {
  const { dataType, eq, toJSON } = entry
  const { change, create, history, digest, merge } = scuttlebutt(dataType)
  const taking = (updates: ReadonlyArray<Any>) => (replica: Replica<unknown, unknown>) =>
    take(dataType, { updates }, 'nobody', replica)

  /** Updates in order, some stamps with up to four contents, and another order of them. */
  const equivocal = fc
    .tuple(pasts(entry), fc.array(fc.tuple(entry.change, fc.nat()), { minLength: 1, maxLength: 6 }))
    .chain(([{ updates }, others]) => {
      const lies = others.flatMap(([command, at]): ReadonlyArray<Any> => {
        const one = updates[(at % Math.max(1, Math.min(updates.length, 3))) * 2]
        const made = change(command, 1)(create('liar'))
        return one === undefined || made._tag === 'Left' ? [] : [[made.right[0][0], one[1], one[2]]]
      })
      const all = [...updates, ...lies]
      return fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
        fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }),
      )
    })

  test('shows the same in whatever order, and in how many batches, two contents of a stamp come', () => {
    fc.assert(
      fc.property(equivocal, fc.boolean(), ([all, order, batches], asOneBatch) => {
        // a third content displaces one that may have superseded something, which stays missing
        fc.pre([...contentsByStamp(all).values()].every(({ size }) => size < 3))
        const one = taking(order)(create('z')).replica
        const two = (asOneBatch ? [batches] : batches.map((update) => [update])).reduce(
          (replica, updates) => taking(updates)(replica).replica,
          create('y'),
        )
        // an update that was superseded when its other content came is forgotten, and so is the
        // fork
        const isKept = (replica: typeof one): boolean =>
          expectedOf(all).every((content) => held(history()(replica)).includes(content))
        fc.pre(isKept(one) && isKept(two))
        expect(eq.equals(one.state, two.state)).toBe(true)
        expect(JSON.stringify(toJSON(one.state))).toBe(JSON.stringify(toJSON(two.state)))
        expectSame(history()(one), history()(two))
        expect(one.log.size).toBe(history()(one).length)
        expectSame(digest(one).doubt, digest(two).doubt)
        // what is held changes nothing, nor does what has lost
        expect(taking(history()(two))(one).replica).toBe(one)
        expect(merge(two)(one)).toBe(one)
      }),
      { numRuns: inMemory(100, table.length) },
    )
  })

  test('two that overheard some of it talk, and end, however small the answers are', () => {
    const { open, reconcile } = scuttlebutt(dataType)
    const budgets = fc.oneof(
      fc.record({ maxUpdates: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ maxBytes: fc.integer({ min: 1, max: 200 }) }),
    )
    const part = (all: ReadonlyArray<Any>): fc.Arbitrary<ReadonlyArray<Any>> => fc.shuffledSubarray([...all])
    const parts = equivocal.chain(([all]) => fc.tuple(part(all), part(all)))
    fc.assert(
      fc.property(parts, budgets, ([one, other], budget) => {
        const replicas = [taking(one)(create('z')).replica, taking(other)(create('y')).replica]
        // an update goes to and fro at most, and each message that brings one has an answer
        const most = 4 * (one.length + other.length) + 4
        let message = open(replicas[0]!)
        for (let count = 1; ; count++) {
          const [next, answer] = reconcile(message, budget)(replicas[count % 2]!)
          replicas[count % 2] = next
          if (answer._tag === 'None') break
          message = answer.value
          expect(count).toBeLessThan(most)
        }
      }),
      { numRuns: inMemory(200, table.length) },
    )
  })

  /** The contents of forked stamps. */
  const expectedOf = (all: ReadonlyArray<Any>): ReadonlyArray<string> => {
    const byStamp = contentsByStamp(all)
    return counting(all.filter((update) => byStamp.get(stampOf(update))!.size > 1))
  }

  test('a log never holds more than the two greatest contents of a stamp, and a newcomer sees the same', () => {
    fc.assert(
      fc.property(equivocal, ([all, order]) => {
        const replica = order.reduce((one, update) => taking([update])(one).replica, create('z'))
        const rights = new Set(held(all))
        for (const content of held(history()(replica))) expect(rights).toContain(content)
        expectSame(counting(history()(replica)), held(history()(replica)))
        const newcomer = taking(history()(replica))(create('y')).replica
        expect(JSON.stringify(toJSON(newcomer.state))).toBe(JSON.stringify(toJSON(replica.state)))
        expectSame(history()(newcomer), history()(replica))
        expect(Clock.leq(newcomer.clock, replica.clock)).toBe(true)
      }),
      { numRuns: inMemory(100, table.length) },
    )
  })
})

const [{ dataType }] = table as readonly [(typeof table)[0]]
const { applyUpdates, create, digest, history, merge, reconcile } = scuttlebutt(dataType)
const entry = table[0]!

const content = (value: unknown, source = 'liar'): Any => [['k', value], 1000, source]

describe('Of the contents of one stamp', () => {
  test('the two greatest count, and a third displaces the least', () => {
    const { taken, replica, proofs, isRemade } = take(
      dataType,
      { updates: [content(1), content(2)] },
      'nobody',
      create('z'),
    )
    expect(taken).toEqual([content(1), content(2)])
    expect(proofs.map(({ held, update }) => [held, update])).toEqual([[content(1), content(2)]])
    expect(isRemade).toBe(false)
    const third = take(dataType, { updates: [content(3)] }, 'nobody', replica)
    expect(third.isRemade).toBe(true)
    expect(history()(third.replica)).toEqual([content(2), content(3)])
    expect(entry.toJSON(third.replica.state)).toEqual({ k: 3 })
    for (const least of [content(0), content(1), content(2), content(3)]) {
      expect(take(dataType, { updates: [least] }, 'nobody', third.replica).replica).toBe(third.replica)
    }
  })

  test('both are proof: a later update supersedes what they say, and every reply with room carries both', () => {
    const forked = take(
      dataType,
      { updates: [content(1), content(2), [['x', 1], 1001, 'liar']] },
      'nobody',
      create('z'),
    )
    const next = forked.replica
    expect(history()(next)).toHaveLength(3)
    for (const order of ['oldest-first', 'breadth', 'depth'] as const) {
      expect(held(history({}, { order, maxUpdates: 3 })(next))).toEqual(held(history()(next)))
    }
    expect(history({ liar: 1000 })(next)).toHaveLength(1)
    const later = applyUpdates([[['k', 9], 2000, 'b']])(next)
    expect(history()(later)).toHaveLength(4)
    expect(entry.toJSON(later.state)).toEqual({ k: 9, x: 1 })
  })

  test('however many there are, a log holds two, and still takes proofs against others', () => {
    const lies = Array.from({ length: 20_000 }, (_, i) => content(i))
    const { replica } = take(dataType, { updates: lies }, 'nobody', create('z'))
    expect(held(history()(replica))).toEqual(counting(lies))
    expect(take(dataType, { updates: lies }, 'nobody', replica).replica).toBe(replica)
    const others = { updates: [content(1, 'other'), content(2, 'other')] }
    expect(take(dataType, others, 'nobody', replica).proofs).toHaveLength(1)
  })

  test('W8: both are taken up by a merge and by a message, whichever is held', () => {
    const [one, two] = [content(1), content(2)].map((update, i) => applyUpdates([update])(create(String(i)))) as [
      ReturnType<typeof create>,
      ReturnType<typeof create>,
    ]
    const [heard] = reconcile({ digest: digest(two), updates: history()(two) })(one)
    for (const both of [merge(two)(one), merge(one)(two), heard]) {
      expect(history()(both)).toEqual([content(1), content(2)])
      expect(entry.toJSON(both.state)).toEqual({ k: 2 })
    }
    // an update that the clock covers has no effect on who vouches for it
    expect(applyUpdates([content(2)])(one)).toBe(one)
  })

  test('an unread one counts like any other', () => {
    const unread: Any = [['k', { later: true }], 1000, 'liar']
    for (const [first, second] of [
      [{ updates: [content(1)] }, { updates: [], unread: [unread] }],
      [{ updates: [], unread: [unread] }, { updates: [content(1)] }],
    ] as const) {
      const replica = [first, second].reduce((at, batch) => take(dataType, batch, 'nobody', at).replica, create('z'))
      expect(history()(replica)).toEqual([content(1)])
      expect(scuttlebutt(dataType).unread(replica)).toEqual([unread])
      const third = take(dataType, { updates: [content('z')] }, 'nobody', replica).replica
      const sorted = [content(1), unread, content('z')].sort((a, b) => (canonical(a) < canonical(b) ? 1 : -1))
      const all = [...history()(third), ...scuttlebutt(dataType).unread(third)]
      expect(new Set(all.map(canonical))).toEqual(new Set(sorted.slice(0, 2).map(canonical)))
    }
  })
})
