/** A bucket's part as a store. */
import * as t from 'io-ts'
import { describe, expect, test, vi } from 'vitest'
import { Doc, Model, RArray, Scuttlebucket, scuttlebutt, unwrap, type DataType } from '../../src/index.js'
import { createStream } from '../../src/adapters/stream.js'
import { createStore, part } from '../../src/adapters/store.js'

const high: DataType<number, number> = {
  name: 'High',
  change: t.number,
  empty: 0,
  apply: (updates) => (state) => ({ state: Math.max(state, ...updates.map(([n]) => n)), superseded: [] }),
}

const bucket = Scuttlebucket.of({
  settings: Model.of(t.number),
  high,
  inner: Scuttlebucket.of({ list: RArray.of(t.string), rows: Doc.of(t.string) }),
})

const open = () => createStore(scuttlebutt(bucket), 'ann', { now: () => 1000 })

describe('A part', () => {
  test('writes to the bucket, and gives its own update', () => {
    const store = open()
    const settings = part(store, 'settings')
    expect(unwrap(settings.change(Model.set('x', 1)))).toEqual([['x', 1], 1000, 'ann'])
    expect(Model.toJSON(settings.getReplica().state)).toEqual({ x: 1 })
    expect(Scuttlebucket.get('settings')(store.getReplica().state)).toBe(settings.getReplica().state)
    expect(settings.getReplica().id).toBe('ann')
  })

  test('takes commands that are functions, and refuses as the part does', () => {
    const list = part(part(open(), 'inner'), 'list')
    unwrap(list.change(RArray.push('a')))
    unwrap(list.changeAll([RArray.push('b'), RArray.unshift('c')]))
    expect(RArray.toJSON(list.getReplica().state)).toEqual(['c', 'a', 'b'])
    expect(list.change(RArray.set(9, 'x'))).toEqual({
      _tag: 'Left',
      left: { _tag: 'IndexOutOfRange', index: 9, length: 3 },
    })
  })

  test('keeps its replica as long as its state stays', () => {
    const store = open()
    const [settings, highest] = [part(store, 'settings'), part(store, 'high')]
    unwrap(highest.change(3))
    const [replica, number] = [settings.getReplica(), highest.getReplica()]
    unwrap(store.change(Scuttlebucket.at('high')(2)))
    unwrap(store.change(Scuttlebucket.at('inner')(Scuttlebucket.at('list')(RArray.push('a')))))
    expect(settings.getReplica()).toBe(replica)
    expect(highest.getReplica()).toBe(number)
    unwrap(store.change(Scuttlebucket.at('high')(5)))
    expect(highest.getReplica().state).toBe(5)
    expect(settings.getReplica()).toBe(replica)
  })

  test('tells its listeners of its own changes only, with the replica before', () => {
    const store = open()
    const settings = part(store, 'settings')
    const [listener, other] = [vi.fn(), vi.fn()]
    const before = settings.getReplica()
    const unsubscribe = settings.subscribe(listener)
    settings.subscribe(other)
    unwrap(store.change(Scuttlebucket.at('high')(3)))
    expect(listener).not.toHaveBeenCalled()
    store.apply([[['settings', ['x', 1]], 2000, 'ben']])
    expect(listener.mock.calls).toEqual([[[[['x', 1], 2000, 'ben']], settings.getReplica(), before]])
    expect(listener.mock.calls[0]![1]).toBe(settings.getReplica())
    expect(listener.mock.calls[0]![2]).toBe(before)
    expect(other.mock.calls[0]![1]).toBe(settings.getReplica())
    unsubscribe()
    settings.apply([[['x', 2], 3000, 'ben']])
    expect(listener).toHaveBeenCalledTimes(1)
    expect(Model.toJSON(settings.getReplica().state)).toEqual({ x: 2 })
  })

  test('claims nothing to peers, and opens no stream', () => {
    const settings = part(open(), 'settings')
    unwrap(settings.change(Model.set('x', 1)))
    expect(settings.scuttlebutt.digest(settings.getReplica())).toEqual({ id: 'ann', clock: {} })
    expect(() => createStream(settings)).toThrow(TypeError)
  })

  test('is of a name that the bucket has', () => {
    expect(() => part(open(), 'else' as 'settings')).toThrow('the bucket has no part "else"')
    const model = createStore(scuttlebutt(Model.of(t.number)), 'ann')
    expect(() => part(model as never, 'settings' as never)).toThrow('`part` takes the store of a bucket')
  })
})
