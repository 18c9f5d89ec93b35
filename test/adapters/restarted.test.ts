/** What restarted stores, and programs of other versions, are told and keep: each was once lost. */
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { createLink, type Link } from '../../src/adapters/connect.js'
import { createStore, type LocalStore } from '../../src/adapters/store.js'
import { take } from '../../src/core/receive.js'
import { MAX_OF_SOURCE } from '../../src/core/Unread.js'
import { Events, Model, scuttlebutt, type Scuttlebutt, type Update } from '../../src/index.js'
import { overTheWire } from '../network.js'
import { right } from '../right.js'

const model = scuttlebutt(Model.of(t.number))

/** Two links that talk until neither says anything. Gives the tags of what they refused. */
const meet = <S, C>(a: LocalStore<S, C>, b: LocalStore<S, C>): ReadonlyArray<string> => {
  const refused: string[] = []
  const linkOf = (store: LocalStore<S, C>): Link =>
    createLink(store, {
      announce: (one) => {
        if (one._tag === 'rejection') refused.push(one.rejection._tag)
      },
    })
  const links = [linkOf(a), linkOf(b)] as const
  for (let i = 0; i < 12; i++) {
    for (const [from, to] of [links, [links[1], links[0]] as const]) {
      const said = from.read()
      if (said !== undefined && said !== '') void to.write(said)
    }
  }
  for (const link of links) link.close()
  return refused
}

/** `to` hears what came to a store since a version, as by a bus: no answer goes back. */
const overhear = <S, C>(
  sb: Scuttlebutt<S, C>,
  before: ReturnType<typeof sb.create>,
  from: LocalStore<S, C>,
  to: LocalStore<S, C>,
): void => {
  const pushed = sb.encodeMessage(sb.push(before)(from.getReplica()))
  to.reconcile(right(sb.decodeMessage()(overTheWire(pushed))))
}

describe('A store that began empty under a used id', () => {
  test('gets back what its peer holds in doubt too, and is told', () => {
    const events = scuttlebutt(Events.of(t.string))
    let now = 1000
    const options = { now: () => now++ }
    const [lost, bob] = [createStore(events, 'ann', options), createStore(events, 'bob', options)]
    right(lost.change(Events.emit('e', 'zero')))
    const before = lost.getReplica()
    for (const word of ['one', 'two']) right(lost.change(Events.emit('e', word)))
    overhear(events, before, lost, bob)
    expect(events.digest(bob.getReplica()).clock).toEqual({})
    const ann = createStore(events, 'ann', options)
    right(ann.change(Events.emit('e', 'three')))
    expect(meet(ann, bob)).toEqual(['Stranger'])
    for (const store of [ann, bob]) {
      expect(Events.toJSON(store.getReplica().state).map(([, word]) => word)).toEqual(['one', 'two', 'three'])
    }
  })
})

describe('A store that began empty under a used id, its clock behind', () => {
  test.each([[[5000]], [[1000, 5000]], [[1000, 2000, 5000]]])(
    'gets back what it forgot of %j, and is told which of its own its peers may never take',
    (forgotten) => {
      for (const at of [500, 1500, 9000]) {
        const bob = createStore(model, 'bob', { now: () => 9000 })
        bob.apply(forgotten.map((timestamp) => [[`k${String(timestamp)}`, 1], timestamp, 'ann'] as const))
        const ann = createStore(model, 'ann', { now: () => at })
        right(ann.change(Model.set('own', 7)))
        for (let i = 0; i < 2; i++) meet(ann, bob)
        const held = forgotten.map((timestamp) => [`k${String(timestamp)}`, 1] as const)
        expect(Model.toJSON(ann.getReplica().state)).toEqual(Object.fromEntries([...held, ['own', 7]]))
        const isTaken = Model.has('own')(bob.getReplica().state)
        expect(isTaken).toBe(at === 9000)
        expect(ann.refusals().map(({ timestamp, reason }) => [timestamp, reason])).toEqual(
          isTaken ? [] : [[at, 'Overtaken']],
        )
      }
    },
  )
})

describe('A restarted writer', () => {
  test.each([false, true])('is no stranger to itself, if its update comes back superseded: twice %s', (isTwice) => {
    let now = 1000
    const options = { now: () => now++ }
    const restarted = (store: ReturnType<typeof createStore<Model.State<number>, Model.Change<number>>>) =>
      createStore(model, 'ann', { ...options, replica: overTheWire(store.getReplica()) })
    const bob = createStore(model, 'bob', options)
    const first = createStore(model, 'ann', options)
    right(first.change(Model.set('w', 0)))
    meet(first, bob)
    let ann = restarted(first)
    const before = ann.getReplica()
    right(ann.change(Model.set('x', 1)))
    overhear(model, before, ann, bob)
    if (isTwice) ann = restarted(ann)
    right(ann.change(Model.set('x', 2)))
    expect(meet(ann, bob)).toEqual([])
    expect(model.digest(ann.getReplica()).doubt).toBeUndefined()
    expect(Model.toJSON(bob.getReplica().state)).toEqual({ w: 0, x: 2 })
  })

  test('whose backup forgot an update that still stands is told', () => {
    let now = 1000
    const options = { now: () => now++ }
    const bob = createStore(model, 'bob', options)
    const first = createStore(model, 'ann', options)
    right(first.change(Model.set('w', 0)))
    const backup = first.getReplica()
    right(first.change(Model.set('x', 1)))
    meet(first, bob)
    const ann = createStore(model, 'ann', { ...options, replica: backup })
    right(ann.change(Model.set('y', 2)))
    expect(meet(ann, bob)).toEqual(['Stranger'])
    expect(Model.toJSON(ann.getReplica().state)).toEqual({ w: 0, x: 1, y: 2 })
  })
})

describe('What a program cannot read', () => {
  const text: Update<unknown> = [['title', 'Plans'], 1000, 'ben']
  const number: Update<Model.Change<number>> = [['size', 4], 2000, 'ben']

  test('is kept where an original brings it in one batch with a later one that can be read', () => {
    const heard = take(model.dataType, { updates: [number], unread: [text] }, 'caller', model.create('ann')).replica
    expect(model.unread(heard)).toEqual([text])
    expect(model.digest(heard).clock).toEqual({ ben: 2000 })
    // what was seen before the batch, and is not there, was superseded
    const known = model.applyUpdate(number)(model.create('ann'))
    expect(take(model.dataType, { updates: [], unread: [text] }, 'caller', known).replica).toBe(known)
  })

  test('is in doubt where there is no room for it, whoever brings it', () => {
    const large: Update<unknown> = [['title', 'x'.repeat(MAX_OF_SOURCE)], 1000, 'ben']
    const heard = take(model.dataType, { updates: [number], unread: [large] }, 'caller', model.create('ann')).replica
    expect(model.unread(heard)).toEqual([])
    expect(model.digest(heard)).toMatchObject({ clock: {}, doubt: { ben: [[2000, expect.any(String)]] } })
  })

  test('is issued again, unread, with what can be read', () => {
    const own: ReadonlyArray<Update<unknown>> = [
      [['title', 'Plans'], 9000, 'ann'],
      [['size', 4], 9001, 'ann'],
    ]
    const ahead = take(
      model.dataType,
      { updates: own.slice(1) as never, unread: own.slice(0, 1) },
      'caller',
      model.create('ann'),
    ).replica
    const [updates, again] = model.reissue('ann-2', 1000)(ahead)
    expect(updates).toEqual([[['size', 4], 1000.0000000000001, 'ann-2']])
    expect(model.unread(again)).toEqual([[['title', 'Plans'], 1000, 'ann-2']])
    expect(model.digest(again)).toEqual({ id: 'ann-2', clock: { 'ann-2': 1000.0000000000001 } })
  })
})
