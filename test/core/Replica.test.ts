/** Faults that the pure core must withstand. Sessions and streams have tests of the network. */
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { take } from '../../src/core/receive.js'
import { Events, Model, scuttlebutt, type Update } from '../../src/index.js'

const model = scuttlebutt(Model.of(t.unknown))
const { applyUpdate, applyUpdates, change, create, digest, history, reconcile } = model

type AnyUpdate = Update<Model.Change<unknown>>

const taken = (updates: ReadonlyArray<AnyUpdate>, replica = create('a')) =>
  take(model.dataType, { updates }, 'nobody', replica)

const forksIn = (updates: ReadonlyArray<AnyUpdate>, replica = create('a')) => taken(updates, replica).proofs

const changed = (key: string, value: unknown, now: number, replica = create('a')) => {
  const made = change(Model.set(key, value), now)(replica)
  if (made._tag === 'Left') throw new Error(made.left._tag)
  return made.right
}

describe('A replica', () => {
  test('is plain data without functions, and works on from a structured clone', () => {
    const [, replica] = changed('x', { y: [1] }, 1000)
    const clone = structuredClone(replica)
    expect(clone).toEqual(replica)
    const [, next] = changed('x', 2, 1000, clone)
    expect(Model.toJSON(next.state)).toEqual({ x: 2 })
    expect(Model.toJSON(clone.state)).toEqual({ x: { y: [1] } })
  })

  test('equals, as plain data, a replica with the same id and updates', () => {
    const updates: ReadonlyArray<AnyUpdate> = [
      [['x', 1], 1, 'b'],
      [['y', 1], 2, 'c'],
      [['x', 2], 3, 'c'],
    ]
    const one = applyUpdates(updates)(create('a'))
    const two = applyUpdates([updates[1]!, updates[2]!, updates[0]!])(create('a'))
    expect(two).toEqual(one)
    expect(history()(one)).toEqual([updates[1], updates[2]])
  })

  test('C1: lets the source that sorts last by UTF-16 code units win a tie', () => {
    for (const [loser, winner] of [
      ['a', 'b'],
      ['B', 'a'],
      ['10', '9'],
      ['', 'a'],
      ['\ud83d\ude00', '\uffff'],
    ] as const) {
      const updates: ReadonlyArray<AnyUpdate> = [
        [['k', winner], 1000, winner],
        [['k', loser], 1000, loser],
      ]
      for (const order of [updates, [...updates].reverse()]) {
        const { state, log } = applyUpdates(order)(create('z'))
        expect(Model.toJSON(state)).toEqual({ k: winner })
        expect(log.size).toBe(1)
      }
    }
  })

  test('C2, C3: stamps a local write after everything seen, whatever the wall clock says', () => {
    let replica = applyUpdate([['k', 'theirs'], 5000, 'b'])(create('a'))
    let latest = 5000
    for (const now of [6000, 6000, 10, -1, 0, NaN, -Infinity, 5999]) {
      const [[, timestamp], next] = changed('k', now > 0 ? now : 'odd', now, replica)
      expect(timestamp).toBeGreaterThan(latest)
      latest = timestamp
      replica = next
    }
    expect(latest).toBeLessThan(6000.001)
    expect(change(Model.set('k', 1), Infinity)(replica)).toMatchObject({ left: { _tag: 'TimestampsExhausted' } })
  })

  test.each([0, -0, -1, NaN, Infinity, 2 ** 53, '1000', null, undefined])(
    'C6: never stores an update with the timestamp %s, even if it was not decoded',
    (timestamp) => {
      const replica = create('a')
      expect(applyUpdate([['x', 1], timestamp as number, 'b'])(replica)).toBe(replica)
      const odd: AnyUpdate = [['x', 1], timestamp as number, 'b']
      expect(taken([odd], replica)).toMatchObject({ taken: [], proofs: [] })
      expect(taken([odd], replica).replica).toBe(replica)
      const unread = { updates: [], unread: [odd] }
      expect(take(model.dataType, unread, 'nobody', replica).replica).toBe(replica)
    },
  )

  test('B3: can still write after an update from the future under its own id', () => {
    const replica = applyUpdate([['k', 'forged'], 8e15, 'a'])(create('a'))
    const [[, timestamp], next] = changed('k', 'mine', 1000, replica)
    expect(timestamp).toBe(8e15 + 1)
    expect(Model.toJSON(next.state)).toEqual({ k: 'mine' })
  })

  test('B6: reports two contents under one timestamp, held or in one batch, but not a repeat', () => {
    const held: AnyUpdate = [['k', { n: 1 }], 1000, 'b']
    const other: AnyUpdate = [['k', { n: 2 }], 1000, 'b']
    const replica = applyUpdate(held)(create('a'))
    expect(forksIn([held, [['k', { n: 1 }], 1000, 'b']], replica)).toEqual([])
    expect(forksIn([other], replica)).toEqual([{ _tag: 'Equivocation', at: '[0]', update: other, held }])
    expect(forksIn([held, other])).toMatchObject([{ update: other, held }])
    expect(applyUpdate(other)(replica)).toBe(replica)
  })

  test('B7: sends nothing to a digest that claims everything, and stops asking', () => {
    const [, replica] = changed('x', 1, 1000)
    const liar = { id: 'liar', clock: { a: 1e300, x: 1e300 } }
    const [next, answer] = reconcile({ digest: liar, updates: [] })(replica)
    expect(next).toBe(replica)
    expect(answer).toMatchObject({ value: { updates: [], asks: true } })
    const { clock } = digest(replica)
    const nothing = { digest: liar, updates: [], since: { clock }, complete: true } as const
    expect(reconcile(nothing)(replica)).toEqual([replica, { _tag: 'None' }])
    expect(reconcile({ ...nothing, asks: true })(replica)).toEqual([replica, { _tag: 'None' }])
    expect(reconcile({ digest: digest(create('b')), updates: [] })(replica)[1]).toMatchObject({
      value: { updates: [[['x', 1], 1000, 'a']] },
    })
  })

  test('falls silent even if each side has seen superseded updates that the other has not', () => {
    const one = applyUpdates([
      [['k', 1], 1, 'p'],
      [['k', 2], 9, 'q'],
    ])(create('a'))
    const two = applyUpdates([
      [['l', 1], 1, 'x'],
      [['l', 2], 9, 'y'],
    ])(create('b'))
    const [two1, toOne] = reconcile({ digest: digest(one), updates: [] })(two)
    if (toOne._tag === 'None') throw new Error('silent too soon')
    const [one1, toTwo] = reconcile(toOne.value)(one)
    if (toTwo._tag === 'None') throw new Error('silent too soon')
    const [two2, last] = reconcile(toTwo.value)(two1)
    expect(history()(two2)).toEqual(history()(one1))
    const [, afterwards] = last._tag === 'Some' ? reconcile(last.value)(one1) : [one1, last]
    expect(afterwards).toEqual({ _tag: 'None' })
  })

  test('B13: does not change when the objects that it was given change', () => {
    const value = { list: [1] }
    const [update, replica] = changed('x', value, 1000)
    value.list.push(2)
    expect(update[0]).toEqual(['x', { list: [1] }])
    const raw = { list: [1] }
    const next = applyUpdate([['y', raw], 1001, 'b'])(replica)
    raw.list.push(2)
    const events = scuttlebutt(Events.of(t.unknown))
    const payload = [{ n: 1 }]
    const told = events.applyUpdate([['e', payload], 1, 'b'])(events.create('a'))
    payload[0]!.n = 2
    expect(Model.toJSON(next.state)).toEqual({ x: { list: [1] }, y: { list: [1] } })
    expect(Events.toJSON(told.state)).toEqual([['e', [{ n: 1 }]]])
  })

  test('forgets superseded updates and sources without any left, but keeps their timestamps', () => {
    let replica = create('a')
    for (let i = 1; i <= 1000; i++) replica = applyUpdate([['k', i], i, String(i % 10)])(replica)
    expect(replica.log.size).toBe(1)
    expect(Object.keys(digest(replica).clock)).toHaveLength(10)
    expect(history()(replica)).toEqual([[['k', 1000], 1000, '0']])
  })
})
