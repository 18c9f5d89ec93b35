import { option as O } from 'fp-ts'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { classify, isNews, news } from '../../src/core/Arrivals.js'
import * as Clock from '../../src/core/Clock.js'
import { receive, take } from '../../src/core/receive.js'
import { Events, Model, Replay, scuttlebutt, type Update } from '../../src/index.js'
import { pasts, wholePasts } from '../network.js'
import { inMemory } from '../runs.js'
import { expectSame } from '../same.js'
import { table } from '../table.js'

describe.each(table.map((entry) => [entry.dataType.name, entry] as const))('%s', (_, entry) => {
  const { dataType, eq, toJSON } = entry
  const { applyUpdates, create, history } = scuttlebutt(dataType)

  test('takes a classified batch as `applyUpdates` would, also if the replica went on meanwhile', () => {
    fc.assert(
      fc.property(pasts(entry), fc.nat(), fc.nat(), ({ updates }, from, to) => {
        const [start, end] = [from % (updates.length + 1), to % (updates.length + 1)]
        const before = applyUpdates(updates.slice(0, start))(create('z'))
        const arrivals = classify(dataType, { updates }, 'caller', before)
        const later = applyUpdates(updates.slice(0, end))(before)
        for (const replica of [before, later]) {
          const received = receive(dataType, arrivals, replica)
          const expected = applyUpdates(updates)(replica)
          expect(received).toMatchObject({ isRemade: false, proofs: [], unread: [] })
          expect(eq.equals(received.replica.state, expected.state)).toBe(true)
          expectSame(history()(received.replica), history()(expected))
          expect(Clock.Eq.equals(received.replica.clock, expected.clock)).toBe(true)
          const covered = replica.clock.timestamps
          expect(received.replica === replica).toBe(expected.clock.timestamps === covered)
        }
        expect(news(arrivals)).toEqual(receive(dataType, arrivals, before).taken)
        expect(isNews(arrivals)).toBe(start < updates.length)
      }),
      { numRuns: inMemory(100, table.length) },
    )
  })

  test('C8: is the same after older updates came late as if they had come in order', () => {
    fc.assert(
      fc.property(wholePasts(entry), fc.nat(), fc.boolean(), ({ replicas }, turn, atOnce) => {
        const all = history()(replicas[0]!)
        const sources = [...new Set(all.map(([, , source]) => source))]
        const source = sources[turn % sources.length]
        const its = all.filter(([, , one]) => one === source)
        const lost = its.slice(0, turn % (its.length + 1))
        const left = all.filter((update) => !lost.includes(update))
        const batches = atOnce ? [left, lost] : [left, ...lost.map((update) => [update])]
        const late = batches.reduce(
          (replica, updates) => take(dataType, { updates }, 'nobody', replica).replica,
          create('z'),
        )
        const expected = applyUpdates(all)(create('z'))
        expect(eq.equals(late.state, expected.state)).toBe(true)
        expect(JSON.stringify(toJSON(late.state))).toBe(JSON.stringify(toJSON(expected.state)))
        expectSame(history()(late), history()(expected))
        // nobody vouched: it has seen all, and is sure of nothing
        expectSame(late.clock.timestamps, expected.clock.timestamps)
        for (const id of sources) expect(Clock.sureOf(id, late.clock)).toBe(0)
      }),
      { numRuns: inMemory(100, table.length) },
    )
  })
})

const model = scuttlebutt(Model.of(t.number))
const { dataType: typed } = model

type Numbers = Update<Model.Change<number>>

/** The claim of a peer that is sure of sources up to these timestamps. */
const claim = (clock: Clock.ClockRecord, floor = 0) => ({
  sureOf: (source: string) => (Object.hasOwn(clock, source) ? clock[source]! : floor),
  floor,
})

const [x, y, z]: readonly [Numbers, Numbers, Numbers] = [
  [['x', 1], 1000, 'ann'],
  [['y', 2], 2000, 'ann'],
  [['z', 3], 3000, 'ben'],
]

describe('A batch', () => {
  test('says which updates fill a hole, and applies them after those that are new', () => {
    const seen = take(typed, { updates: [y] }, 'nobody', model.create('cy')).replica
    const arrivals = classify(typed, { updates: [x, z] }, 'nobody', seen)
    expect([arrivals.fresh, arrivals.late]).toEqual([[z], [x]])
    expect(receive(typed, arrivals, seen).taken).toEqual([z, x])
    expect(model.history()(receive(typed, arrivals, seen).replica)).toEqual([x, y, z])
  })

  test('of a caller who vouches, holds nothing that the clock covers', () => {
    const sure = model.applyUpdate(y)(model.create('cy'))
    const arrivals = classify(typed, { updates: [x] }, 'caller', sure)
    expect(isNews(arrivals)).toBe(false)
    expect(receive(typed, arrivals, sure).replica).toBe(sure)
  })

  test('makes sure, by a claim, of what the peer claims and no more', () => {
    const { replica } = take(typed, { updates: [x, y, z] }, claim({ ann: 1000, ben: 9000 }), model.create('cy'))
    expect(model.digest(replica)).toMatchObject({ clock: { ann: 1000, ben: 3000 } })
    expect(Object.keys(model.digest(replica).doubt!)).toEqual(['ann'])
  })

  test('makes sure of nothing, for all sources, if a part of it was refused', () => {
    const passed = [{ timestamp: 2000, source: 'ann' }]
    const { replica } = take(typed, { updates: [x, z], passed }, claim({ ann: 2000, ben: 3000 }), model.create('cy'))
    expect(model.digest(replica).clock).toEqual({})
    expect(Clock.timestampOf('ann', replica.clock)).toBe(2000)
  })

  test('of a peer that let updates go, makes nobody sure who lacks them', () => {
    const told = claim({ ann: 2000 }, 1500)
    const { replica } = take(typed, { updates: [y] }, told, model.create('cy'))
    expect(model.digest(replica).clock).toEqual({})
    const informed = model.applyUpdate([['x', 0], 1500, 'ann'])(model.create('cy'))
    expect(model.digest(take(typed, { updates: [y] }, told, informed).replica).clock).toEqual({ ann: 2000 })
  })

  test('takes own updates that a restart lost, although the clock covers them, and no others', () => {
    const began = model.applyUpdate([['x', 1], 2000, 'ann'])(model.create('ann'))
    const past = { source: 'ann', since: 500, until: 2000 }
    const lost: ReadonlyArray<Numbers> = [500, 1000, 1999].map((at) => [[String(at), at], at, 'ann'])
    const arrivals = classify(typed, { updates: lost }, 'nobody', began, past)
    expect(arrivals.late).toEqual(lost.slice(1))
    expect(Model.toJSON(receive(typed, arrivals, began).replica.state)).toEqual({ x: 1, 1000: 1000, 1999: 1999 })
  })

  test('leaves the replica as it is, by reference, if it brings nothing', () => {
    const replica = model.applyUpdate([['x', 1], 2000, 'ann'])(model.create('ben'))
    for (const updates of [[], [[['x', 1], 2000, 'ann']]] as ReadonlyArray<ReadonlyArray<Numbers>>) {
      const { replica: after, taken } = take(typed, { updates }, 'nobody', replica)
      expect(after).toBe(replica)
      expect(taken).toEqual([])
    }
  })

  test('lets a data type that needs each source in order see it in order', () => {
    const order: string[] = []
    const inOrder = scuttlebutt({
      name: 'inOrder',
      change: t.string,
      empty: '',
      apply: (updates: ReadonlyArray<Update<string>>) => (state: string) => {
        order.push(updates.map(([change]) => change).join(''))
        return { state: updates.reduce((text, [change]) => text + change, state), superseded: [] }
      },
    })
    const later = take(inOrder.dataType, { updates: [['b', 2, 'ann']] }, 'nobody', inOrder.create('cy')).replica
    const { replica, isRemade } = take(inOrder.dataType, { updates: [['a', 1, 'ann']] }, 'nobody', later)
    expect(replica.state).toBe('ab')
    expect(order).toEqual(['b', 'ab'])
    // nothing that was held has gone
    expect(isRemade).toBe(false)
  })
})

test('A replica reads what it could not read before, and a conversation passes it on meanwhile', () => {
  const newer = scuttlebutt(Model.of(t.union([t.number, t.string])))
  const old = take(typed, { updates: [x], unread: [[['y', 'two'], 2000, 'ann']] }, 'nobody', model.create('cy')).replica
  expect(Model.toJSON(old.state)).toEqual({ x: 1 })
  expect(model.unread(old)).toEqual([[['y', 'two'], 2000, 'ann']])
  expect(model.history()(old)).toEqual([x])
  const [, answer] = model.reconcile(model.open(model.create('ben')))(old)
  expect(O.isSome(answer) && answer.value).toMatchObject({ updates: [x], unread: [[['y', 'two'], 2000, 'ann']] })
  const upgraded = newer.reread(old)
  expect(Model.toJSON(upgraded.state)).toEqual({ x: 1, y: 'two' })
  expect(newer.unread(upgraded)).toEqual([])
  expect(newer.history()(upgraded)).toEqual([x, [['y', 'two'], 2000, 'ann']])
  expect(newer.reread(upgraded)).toBe(upgraded)
  expect(model.reread(old)).toBe(old)
})

test('An original is believed about its own updates, whatever other originals have claimed of them', () => {
  const claim = { sureOf: () => 2000, floor: 0 }
  const known = take(typed, { updates: [[['y', 2], 2000, 'ann']] }, claim, model.create('cy')).replica
  const updates: ReadonlyArray<Update<Model.Change<number>>> = [x]
  expect(take(typed, { updates, original: 'ben' }, 'nobody', known).replica).toBe(known)
  const { replica, taken } = take(typed, { updates, original: 'ann' }, 'nobody', known)
  expect([taken, Model.toJSON(replica.state)]).toEqual([[x], { x: 1, y: 2 }])
  expect(model.digest(replica)).toEqual(model.digest(known))
  // but not below the floor
  const pruned = { ...known, clock: Clock.raise(1500)(known.clock) }
  expect(take(typed, { updates, original: 'ann' }, 'nobody', pruned).replica).toBe(pruned)
})

test('Replay and Events agree on what came late with those that had it in order', () => {
  const log = scuttlebutt(Events.of(t.number))
  const sum = scuttlebutt(Replay.of((total: number, n: number) => total * 10 + n, 0, t.number))
  const late = <S, C>({ dataType, create }: ReturnType<typeof scuttlebutt<S, C>>, changes: readonly [C, C]): S => {
    const second = take(dataType, { updates: [[changes[1], 2, 'ann']] }, 'nobody', create('cy')).replica
    return take(dataType, { updates: [[changes[0], 1, 'ann']] }, 'nobody', second).replica.state
  }
  expect(
    Events.toJSON(
      late(log, [
        ['e', 1],
        ['e', 2],
      ]),
    ),
  ).toEqual([
    ['e', 1],
    ['e', 2],
  ])
  expect(Replay.toJSON(late(sum, [1, 2]))).toBe(12)
})
