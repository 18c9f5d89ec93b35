import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { classify, news, receive } from '../../src/core/Past.js'
import { Model, scuttlebutt, type Update } from '../../src/index.js'
import { pasts } from '../network.js'
import { inMemory } from '../runs.js'
import { table } from '../table.js'

describe.each(table.map((entry) => [entry.dataType.name, entry] as const))('%s', (_, entry) => {
  const { dataType } = entry
  const { applyUpdates, create, history } = scuttlebutt(dataType)

  test('takes a sorted batch as `applyUpdates` would, also if the replica went on meanwhile', () => {
    fc.assert(
      fc.property(pasts(entry), fc.nat(), fc.nat(), ({ updates }, from, to) => {
        const [start, end] = [from % (updates.length + 1), to % (updates.length + 1)]
        const before = applyUpdates(updates.slice(0, start))(create('z'))
        const arrivals = classify(dataType)(updates, undefined)(before)
        const later = applyUpdates(updates.slice(0, end))(before)
        for (const replica of [before, later]) {
          const received = receive(dataType)(arrivals)(replica)
          const expected = applyUpdates(updates)(replica)
          expect(received).toMatchObject({ rebuilt: false, proofs: [] })
          expect(entry.eq.equals(received.replica.state, expected.state)).toBe(true)
          expect(history()(received.replica)).toEqual(history()(expected))
          const covered = replica.clock.timestamps
          expect(received.replica === replica).toBe(expected.clock.timestamps === covered)
        }
        expect(news(arrivals)).toEqual(receive(dataType)(arrivals)(before).taken)
      }),
      { numRuns: inMemory(100, table.length) },
    )
  })
})

const model = scuttlebutt(Model.of(t.unknown))
const { dataType: typed } = model

test('says that it rebuilt the state when it fills in what was lost, and gives what it took in order', () => {
  const began = model.applyUpdate([['x', 1], 2000, 'ann'])(model.create('ann'))
  const past = { source: 'ann', since: 0, until: 2000 }
  const lost: Update<Model.Change<unknown>> = [['y', 2], 1000, 'ann']
  const fresh: Update<Model.Change<unknown>> = [['z', 3], 3000, 'ben']
  const { replica, taken, rebuilt } = receive(typed)(classify(typed)([fresh, lost], past)(began))(began)
  expect([taken, rebuilt]).toEqual([[lost, fresh], true])
  expect(Model.toJSON(replica.state)).toEqual({ x: 1, y: 2, z: 3 })
})

test('leaves the replica as it is, by reference, for a batch without news', () => {
  const replica = model.applyUpdate([['x', 1], 2000, 'ann'])(model.create('ben'))
  const { replica: after, taken } = receive(typed)(classify(typed)([[['x', 1], 2000, 'ann']], undefined)(replica))(
    replica,
  )
  expect(after).toBe(replica)
  expect(taken).toEqual([])
})
