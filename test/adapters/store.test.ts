import * as t from 'io-ts'
import { describe, expect, test, vi } from 'vitest'
import { createStore } from '../../src/adapters/store.js'
import { Clock, Model, scuttlebutt, type Update } from '../../src/index.js'

const sb = scuttlebutt(Model.of(t.unknown))

const make = () => createStore(sb, 'alice', { now: () => 1000 })

describe('A store', () => {
  test('applies a change, stamps it by its clock, and tells its listeners', () => {
    const store = make()
    const [listener, before] = [vi.fn(), store.getReplica()]
    store.subscribe(listener)
    const changed = store.change(Model.set('x', 1))
    expect(changed).toEqual({ _tag: 'Right', right: [['x', 1], 1000, 'alice'] })
    expect(Model.toJSON(store.getReplica().state)).toEqual({ x: 1 })
    expect(listener.mock.calls).toEqual([[[[['x', 1], 1000, 'alice']], store.getReplica(), before]])
  })

  test('takes a command that reads the state and the timestamp', () => {
    const store = make()
    const append = (state: Model.State<unknown>, { timestamp, source }: { timestamp: number; source: string }) =>
      Model.size(state) < 1
        ? ({ _tag: 'Right', right: Model.set(`${source}:${String(timestamp)}`, 1) } as const)
        : ({ _tag: 'Left', left: 'full' } as const)
    expect(store.change(append)).toMatchObject({ _tag: 'Right' })
    const replica = store.getReplica()
    expect(store.change(append)).toEqual({ _tag: 'Left', left: 'full' })
    expect(store.getReplica()).toBe(replica)
    expect(Model.keys(replica.state)).toEqual(['alice:1000'])
  })

  test('refuses a change that no peer could read, and changes nothing', () => {
    const store = make()
    const before = store.getReplica()
    for (const value of [NaN, undefined, () => 1, new Date(), [undefined], { x: Infinity }, 1n]) {
      expect(store.change(Model.set('x', value))).toMatchObject({ _tag: 'Left', left: { _tag: 'InvalidChange' } })
    }
    expect(store.change(Model.set(1 as never, 1))).toMatchObject({ left: { _tag: 'InvalidChange', at: '[0]' } })
    expect(store.getReplica()).toBe(before)
  })

  test('tells its listeners of the new updates in a batch, and of no batch without any', () => {
    const store = make()
    const seen: ReadonlyArray<Update<unknown>>[] = []
    store.subscribe((updates) => seen.push(updates))
    const [a, b]: Update<Model.Change<unknown>>[] = [
      [['x', 1], 1, 'bob'],
      [['y', 2], 2, 'bob'],
    ]
    store.apply([a!])
    store.apply([a!, b!])
    store.apply([a!, b!])
    expect(seen).toEqual([[a], [b]])
  })

  test('tells every listener of every change in order, even of a change that a listener makes', () => {
    const store = make()
    const seen: unknown[] = []
    store.subscribe(([update]) => {
      if (update?.[0][0] === 'first') store.change(Model.set('second', 2))
    })
    store.subscribe((updates) => seen.push(...updates.map(([[key]]) => key)))
    store.change(Model.set('first', 1))
    expect(seen).toEqual(['first', 'second'])
  })

  test('goes on when a listener throws, and the error surfaces as uncaught', async () => {
    const uncaught = new Promise((resolve) => {
      const others = process.listeners('uncaughtException')
      process.removeAllListeners('uncaughtException')
      process.once('uncaughtException', (error) => {
        for (const other of others) process.on('uncaughtException', other)
        resolve(error)
      })
    })
    const store = make()
    const listener = vi.fn()
    store.subscribe(() => {
      throw new Error('mine')
    })
    store.subscribe(listener)
    store.change(Model.set('x', 1))
    expect(listener).toHaveBeenCalledOnce()
    expect(await uncaught).toMatchObject({ message: 'mine' })
  })

  test('forgets a listener at once, even while it tells its listeners', () => {
    const store = make()
    const second = vi.fn()
    const first = store.subscribe(() => {
      forget()
    })
    const forget = store.subscribe(second)
    store.change(Model.set('x', 1))
    expect(second).not.toHaveBeenCalled()
    first()
    first()
  })

  test('goes on from a saved replica', () => {
    const store = make()
    store.change(Model.set('x', 1))
    const next = createStore(sb, 'alice', { now: () => 1, replica: store.getReplica() })
    next.change(Model.set('x', 2))
    expect(Clock.toRecord(next.getReplica().clock)['alice']).toBeGreaterThan(1000)
    expect(Model.toJSON(store.getReplica().state)).toEqual({ x: 1 })
    const other = createStore(sb, 'bob', { replica: store.getReplica() })
    expect(other.change(Model.set('x', 3))).toMatchObject({ right: [['x', 3], expect.any(Number), 'bob'] })
  })

  test('B13: does not change when an object that was set changes', () => {
    const store = make()
    const value = { list: [1] }
    store.change(Model.set('x', value))
    value.list.push(2)
    const raw = { deep: { n: 1 } }
    store.apply([[['y', raw], 2000, 'bob']])
    raw.deep.n = 2
    const { state } = store.getReplica()
    for (const [, held] of Model.entries(state)) {
      expect(() => {
        Object.assign(held as object, { polluted: true })
      }).toThrow(TypeError)
    }
    expect(Model.toJSON(state)).toEqual({ x: { list: [1] }, y: { deep: { n: 1 } } })
  })
})
