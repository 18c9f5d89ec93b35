/** B6 for every data type: a source sends two contents under one timestamp. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Clock from '../../src/core/Clock.js'
import * as Json from '../../src/core/Json.js'
import { classify, receive } from '../../src/core/receive.js'
import type { DataType } from '../../src/core/DataType.js'
import type { Replica } from '../../src/core/Replica.js'
import { scuttlebutt, type Update } from '../../src/index.js'
import { pasts } from '../network.js'
import { expectSame } from '../same.js'
import { inMemory } from '../runs.js'
import { table } from '../table.js'

/** What is taken of a batch, the replica after it, and the forks found. */
const taking =
  <S, C>(dataType: DataType<S, C>) =>
  (updates: ReadonlyArray<Update<C>>) =>
  (replica: Replica<S, C>) => {
    const { taken, replica: next, proofs } = receive(dataType)(classify(dataType)(updates)(replica))(replica)
    return [taken, next, proofs] as const
  }

type Pair = readonly [one: Update<unknown>, other: Update<unknown>]

const isPair = (one: Update<unknown> | Pair): one is Pair => Array.isArray(one[0]) && Array.isArray(one[1])

describe.each(table.map((entry) => [entry.dataType.name, entry] as const))('%s', (_, entry) => {
  const { dataType, eq, toJSON } = entry
  const { change, create, history, digest } = scuttlebutt(dataType)
  const take = taking(dataType)

  /** Updates in order. A pair is two contents under one timestamp. */
  const equivocal = fc
    .tuple(pasts(entry), fc.array(fc.tuple(entry.change, fc.nat()), { minLength: 1, maxLength: 4 }))
    .map(([past, others]) => {
      const updates: (Update<unknown> | Pair)[] = [...past.updates]
      for (const [command, at] of others) {
        const one = updates[at % updates.length]
        const made = change(command, 1)(create('liar'))
        if (one === undefined || isPair(one) || made._tag === 'Left') continue
        const [, timestamp, source] = one
        const other = [made.right[0][0], timestamp, source] as const
        if (Json.canonical(other[0]) !== Json.canonical(one[0])) updates[at % updates.length] = [one, other]
      }
      return updates
    })

  test('shows the same to all that have seen both contents, whichever came first, and to newcomers', () => {
    fc.assert(
      fc.property(equivocal, fc.boolean(), (told, asOneBatch) => {
        const orders = [false, true].map((turned) =>
          told.flatMap((one) => (isPair(one) ? (turned ? [one[1], one[0]] : one) : [one])),
        )
        const outcomes = orders.map((order) => {
          if (asOneBatch) return take(order)(create('z'))
          return order.reduce<ReturnType<ReturnType<typeof take>>>(
            ([taken, replica, proofs], update) => {
              const [more, next, others] = take([update])(replica)
              return [[...taken, ...more], next, [...proofs, ...others]]
            },
            [[], create('z'), []],
          )
        })
        // an update that is superseded on arrival is forgotten, so its other content is no fork
        const pairs = told.filter(isPair).length
        fc.pre(outcomes.every(([, , proofs]) => proofs.length === pairs))
        const replicas = outcomes.map(([, replica]) => replica)
        const [first, second] = replicas as [(typeof replicas)[number], (typeof replicas)[number]]
        expect(eq.equals(first.state, second.state)).toBe(true)
        expect(JSON.stringify(toJSON(first.state))).toBe(JSON.stringify(toJSON(second.state)))
        expectSame(history()(first), history()(second))
        expect(first.log.size).toBe(history()(first).length)
        const newcomer = take(history()(first))(create('z'))[1]
        expect(JSON.stringify(toJSON(newcomer.state))).toBe(JSON.stringify(toJSON(first.state)))
        expectSame(history()(newcomer), history()(first))
        // neither order moves a clock further, and a repeat changes nothing
        expect(Clock.leq(newcomer.clock, first.clock)).toBe(true)
        expectSame(digest(first), digest(second))
        expect(take(history()(first))(first)[1]).toBe(first)
      }),
      { numRuns: inMemory(100, table.length) },
    )
  })
})

test('keeps both contents as proof, and every reply with room carries both', () => {
  const [entry] = table
  const { applyUpdates, create, history } = scuttlebutt(entry!.dataType)
  const [one, two, three] = [1, 2, 3].map((value) => [['k', value], 1000, 'liar'] as const)
  const replica = applyUpdates([one, [['x', 1], 1001, 'liar']] as never)(create('z'))
  const [taken, next, proofs] = taking(entry!.dataType)([two, three, two] as never)(replica)
  expect(taken).toEqual([two, three])
  expect(proofs.map(({ held, update }) => [held, update])).toEqual([
    [one, two],
    [one, three],
  ])
  expect(history()(next)).toHaveLength(4)
  for (const order of ['oldest-first', 'breadth', 'depth'] as const) {
    expect(history({}, { order, maxUpdates: 4 })(next)).toEqual(history()(next))
  }
  expect(history({ liar: 1000 })(next)).toHaveLength(1)
  expect(taking(entry!.dataType)([one, two, three] as never)(next)).toEqual([[], next, []])
  // a later honest update drops what it supersedes, but no proof
  const later = applyUpdates([[['k', 9], 2000, 'b']] as never)(next)
  expect(history()(later)).toHaveLength(5)
})

test('keeps at most 64 proofs against one source, and still takes proofs against others', () => {
  const [entry] = table
  const take = taking(entry!.dataType)
  const lies = Array.from({ length: 20_000 }, (_, i) => [['k', i], 1000, 'liar'] as const)
  const replica = take(lies)(scuttlebutt(entry!.dataType).create('z'))[1]
  expect(replica.log.size).toBe(65)
  expect(take(lies as never)(replica)).toEqual([[], replica, []])
  const [, , proofs] = take([
    [['k', 1], 1000, 'other'],
    [['k', 2], 1000, 'other'],
  ] as never)(replica)
  expect(proofs).toHaveLength(1)
})
