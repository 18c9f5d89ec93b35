/** Saved and served state: redux-persist, server-side rendering, migrations. */
import { configureStore } from '@reduxjs/toolkit'
import * as t from 'io-ts'
import { combineReducers } from 'redux'
import {
  createMigrate,
  createTransform,
  FLUSH,
  persistReducer,
  persistStore,
  REHYDRATE,
  type Storage,
} from 'redux-persist'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import {
  Model,
  RArray,
  Scuttlebucket,
  scuttlebutt,
  Text,
  unwrap,
  type Replica,
  type Scuttlebutt,
} from '../../src/index.js'
import { replicaSlice } from '../../src/adapters/redux.js'
import { createStore, json, NOW, talk } from './slices.js'
import { eventually } from '../original/tcp.js'

const model = scuttlebutt(Model.of(t.number))
type Doc = Replica<Model.State<number>, Model.Change<number>>

let saved = new Map<string, string>()

/** A storage of one test: a program of an earlier one may still be saving. */
const storageIn = (texts: Map<string, string>): Storage => ({
  getItem: (key) => Promise.resolve(texts.get(key)),
  setItem: (key, value: string) => Promise.resolve(texts.set(key, value)),
  removeItem: (key) => Promise.resolve(texts.delete(key)),
})

/** Two that write under one id in one millisecond would make one stamp. */
let time = NOW
const now = (): number => time++

beforeEach(() => {
  saved = new Map()
})

interface Config {
  readonly version?: number
  readonly migrate?: ReturnType<typeof createMigrate>
  readonly transforms?: ReturnType<typeof createTransform<never, never>>[]
}

/** A program that keeps its state by redux-persist, the slice alone or the whole state. */
const started = <S, C>(sb: Scuttlebutt<S, C>, config: Config = {}, isWhole = true) => {
  const doc = replicaSlice(sb, 'alice', { name: 'doc' })
  const storage = storageIn(saved)
  const whole = combineReducers({ doc: doc.reducer })
  const reducer = isWhole
    ? persistReducer({ key: 'root', storage, ...config } as never, whole)
    : combineReducers({ doc: persistReducer({ key: 'doc', storage, ...config } as never, doc.reducer as never) })
  const redux = configureStore({
    reducer: reducer as unknown as typeof whole,
    devTools: false,
    middleware: (getDefault) =>
      getDefault(
        doc.checks({ serializableCheck: { ignoredActions: [FLUSH, REHYDRATE, 'persist/PERSIST', 'persist/PURGE'] } }),
      ),
  })
  const store = doc.bind(redux, { select: (state) => state.doc, now })
  const persistor = persistStore(redux)
  const ready = eventually(() => {
    expect(persistor.getState().bootstrapped).toBe(true)
  })
  return { doc, redux, store, persistor, ready }
}

describe.each([
  ['the whole state', true],
  ['the slice alone', false],
])('redux-persist of %s', (_, isWhole) => {
  test('brings the replica back, and the store goes on', async () => {
    const first = started(model, {}, isWhole)
    await first.ready
    unwrap(first.store.change(Model.set('x', 1)))
    first.store.apply([[['y', 2], NOW, 'ben']])
    await first.persistor.flush()

    const again = started(model, {}, isWhole)
    await again.ready
    expect(Model.toJSON(again.store.getReplica().state)).toEqual({ x: 1, y: 2 })
    expect(again.store.isPast()).toBe(false)
    const digest = model.digest(again.store.getReplica())
    expect(digest).toEqual(model.digest(first.store.getReplica()))
    again.redux.dispatch({ type: 'other/happened' })
    const settled = again.redux.getState().doc
    again.redux.dispatch({ type: 'other/happened' })
    expect(again.redux.getState().doc).toBe(settled)
    unwrap(again.store.change(Model.set('x', 3)))
    expect(again.store.isPast()).toBe(false)

    const bob = createStore(model, 'bob')
    talk(again.store, bob)
    expect(Model.toJSON(bob.getReplica().state)).toEqual({ x: 3, y: 2 })
    const updates = model.history()(bob.getReplica())
    expect(updates.map(([change]) => change)).toEqual([
      ['y', 2],
      ['x', 3],
    ])
  })

  test('loses nothing that was written before it was there', async () => {
    const first = started(model, {}, isWhole)
    await first.ready
    unwrap(first.store.change(Model.set('x', 1)))
    await first.persistor.flush()

    const again = started(model, {}, isWhole)
    unwrap(again.store.change(Model.set('y', 2)))
    await again.ready
    unwrap(again.store.change(Model.set('z', 3)))
    const shown = Model.toJSON(again.store.getReplica().state)
    expect(shown).toMatchObject({ y: 2, z: 3 })
    const bob = createStore(model, 'bob')
    talk(first.store, bob)
    talk(again.store, bob)
    expect(Model.toJSON(bob.getReplica().state)).toEqual({ x: 1, y: 2, z: 3 })
    expect(Model.toJSON(again.store.getReplica().state)).toEqual({ x: 1, y: 2, z: 3 })
  })

  test('asks for what was told and never saved, if a write came before it', async () => {
    const bob = createStore(model, 'bob')
    const first = started(model, {}, isWhole)
    await first.ready
    unwrap(first.store.change(Model.set('saved', 1)))
    await first.persistor.flush()
    first.persistor.pause()
    unwrap(first.store.change(Model.set('told', 2)))
    talk(first.store, bob)

    const again = started(model, {}, isWhole)
    unwrap(again.store.change(Model.set('early', 3)))
    await again.ready
    talk(again.store, bob)
    talk(again.store, bob)
    const all = { saved: 1, told: 2, early: 3 }
    expect(Model.toJSON(again.store.getReplica().state)).toEqual(all)
    expect(Model.toJSON(bob.getReplica().state)).toEqual(all)
    expect(model.digest(again.store.getReplica()).doubt).toBeUndefined()
  })

  test('tells which writes before it peers may never take, as the clock was set back', async () => {
    const bob = createStore(model, 'bob')
    const first = started(model, {}, isWhole)
    await first.ready
    time += 10_000
    unwrap(first.store.change(Model.set('saved', 1)))
    await first.persistor.flush()
    talk(first.store, bob)
    time -= 10_000

    const again = started(model, {}, isWhole)
    const [, timestamp, source] = unwrap(again.store.change(Model.set('early', 3)))
    await again.ready
    talk(again.store, bob)
    expect(Model.has('early')(bob.getReplica().state)).toBe(false)
    expect(again.store.refusals()).toEqual([{ timestamp, source, reason: 'Overtaken' }])
    time += 10_000
  })
})

describe('redux-persist of a bucket', () => {
  const parts = { settings: Model.of(t.number), list: RArray.of(t.string), notes: Text }
  const { at, get } = Scuttlebucket

  test('brings its parts back, and a newer program finds its new part there', async () => {
    const old = scuttlebutt(Scuttlebucket.of(parts))
    const newer = scuttlebutt(Scuttlebucket.of({ ...parts, votes: Model.of(t.number) }))
    const first = started(old, {}, true)
    await first.ready
    unwrap(first.store.changeAll([at('settings')(Model.set('x', 1)), at('list')(RArray.push('item'))]))
    unwrap(first.store.change(at('notes')(Text.insert(0, 'text'))))
    const eve = createStore(newer, 'eve', { now })
    unwrap(eve.change(at('votes')(Model.set('yes', 5))))
    talk(first.store, eve as never)
    await first.persistor.flush()

    const again = started(newer, {}, true)
    await again.ready
    const { state } = again.store.getReplica()
    expect(Model.toJSON(get('settings')(state))).toEqual({ x: 1 })
    expect(RArray.toArray(get('list')(state))).toEqual(['item'])
    expect(Text.toString(get('notes')(state))).toBe('text')
    expect(Model.toJSON(get('votes')(state))).toEqual({ yes: 5 })
    unwrap(again.store.change(at('notes')(Text.insert(4, ', more'))))
    talk(again.store, eve)
    expect(Text.toString(get('notes')(eve.getReplica().state))).toBe('text, more')
    expect(newer.digest(eve.getReplica()).clock).toEqual(newer.digest(again.store.getReplica()).clock)
  })
})

describe('A migration', () => {
  test('moves a slice to another key', async () => {
    const replica = unwrap(model.change(Model.set('x', 1), NOW)(model.create('alice')))[1]
    saved.set(
      'persist:root',
      JSON.stringify({ notes: JSON.stringify(replica), _persist: '{"version":0,"rehydrated":true}' }),
    )
    const migrate = createMigrate({
      1: (({ notes, ...rest }: { notes: Doc; _persist: never }) => ({ ...rest, doc: notes })) as never,
    })
    const { store, ready } = started(model, { version: 1, migrate })
    await ready
    expect(Model.toJSON(store.getReplica().state)).toEqual({ x: 1 })
  })

  test('to a newer codec reads what could not be read before', async () => {
    const newer = scuttlebutt(Model.of(t.union([t.number, t.string])))
    const first = started(model)
    await first.ready
    const eve = createStore(newer, 'eve')
    unwrap(eve.change(Model.set('x', 'new')))
    talk(first.store, eve)
    expect(first.store.unread()).toHaveLength(1)
    await first.persistor.flush()

    const again = started(newer)
    await again.ready
    expect(again.store.unread()).toEqual([])
    expect(Model.toJSON(again.store.getReplica().state)).toEqual({ x: 'new' })
    expect(Model.toJSON(again.redux.getState().doc.state)).toEqual({ x: 'new' })
  })

  test('may save the updates alone', async () => {
    const compact = createTransform<Doc, unknown>(
      (replica) => model.encodeMessage({ digest: model.digest(replica), updates: model.history()(replica) }),
      (message) => {
        const { updates } = unwrap(model.decodeMessage()(message))
        return model.applyUpdates(updates)(model.create('alice'))
      },
      { whitelist: ['doc'] },
    )
    const config = { transforms: [compact as never] }
    const first = started(model, config)
    await first.ready
    unwrap(first.store.change(Model.set('x', 1)))
    await first.persistor.flush()
    expect(saved.get('persist:root')).not.toContain('winners')
    const again = started(model, config)
    await again.ready
    expect(Model.toJSON(again.store.getReplica().state)).toEqual({ x: 1 })
  })
})

describe('State from a server', () => {
  test('goes on under the id of the slice in the browser', () => {
    const onServer = replicaSlice(model, 'server', { name: 'doc' })
    const served = configureStore({ reducer: { doc: onServer.reducer }, devTools: false })
    unwrap(onServer.bind(served).change(Model.set('x', 1)))

    for (const preloadedState of [served.getState(), json(served.getState())]) {
      const doc = replicaSlice(model, 'alice', { name: 'doc' })
      const redux = configureStore({ reducer: { doc: doc.reducer }, preloadedState, devTools: false })
      const store = doc.bind(redux)
      expect(Model.toJSON(store.getReplica().state)).toEqual({ x: 1 })
      expect(unwrap(store.change(Model.set('y', 2)))[2]).toBe('alice')
      expect(Object.isFrozen(redux.getState().doc)).toBe(true)
      expect(served.getState().doc.id).toBe('server')
    }
  })

  test('that the client knows already is no news', () => {
    const doc = replicaSlice(model, 'alice', { name: 'doc' })
    const redux = configureStore({ reducer: { doc: doc.reducer }, devTools: false })
    const store = doc.bind(redux)
    const listened = vi.fn()
    store.subscribe(listened)
    redux.dispatch({ type: 'other/happened' })
    store.apply([])
    expect(listened).not.toHaveBeenCalled()
  })
})
