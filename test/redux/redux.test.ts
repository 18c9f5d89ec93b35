/** A replica as a slice of stores of Redux and of Redux Toolkit. */
import { configureStore, createSlice, original, type UnknownAction } from '@reduxjs/toolkit'
import { applyMiddleware, combineReducers, legacy_createStore as createRedux, type Middleware } from 'redux'
import { produce } from 'immer'
import * as t from 'io-ts'
import { describe, expect, test, vi } from 'vitest'
import { Events, Model, scuttlebutt, unwrap, type Replica, type ReplicaOf, type Update } from '../../src/index.js'
import { replicaSlice } from '../../src/adapters/redux.js'
import { createStream } from '../../src/adapters/stream.js'
import { eventually } from '../original/tcp.js'
import { createStore, inRedux, NOW, talk } from './slices.js'

const model = scuttlebutt(Model.of(t.number))
const rows = scuttlebutt(Model.of(t.type({ title: t.string })))

type Row = Model.Change<{ readonly title: string }>

const made = new Map<string, ReplicaOf<typeof rows>>()

/** A replica of so many rows, of frozen updates or of others. Each is made once. */
const rowsOf = (count: number, isFrozen = true): ReplicaOf<typeof rows> => {
  const name = `${String(count)} ${String(isFrozen)}`
  const updates = Array.from({ length: made.has(name) ? 0 : count }, (_, i): Update<Row> => {
    const change: Row = [`r${String(i)}`, { title: `row ${String(i)}` }]
    return isFrozen ? Object.freeze([Object.freeze(change), NOW + i, 'ben'] as const) : [change, NOW + i, 'ben']
  })
  const replica = made.get(name) ?? rows.applyUpdates(updates)(rows.create('alice'))
  made.set(name, replica)
  return replica
}

/** A plain Redux store in which `jump` shows any version. */
const withJumps = (...middleware: ReadonlyArray<Middleware>) => {
  const doc = replicaSlice(model, 'alice', { name: 'doc' })
  type State = Replica<Model.State<number>, Model.Change<number>>
  const reducer = (state: State | undefined, action: UnknownAction): State =>
    action.type === 'jump' ? (action['to'] as State) : doc.reducer(state, action)
  const redux = createRedux(combineReducers({ doc: reducer }), applyMiddleware(...middleware))
  return { doc, redux, store: doc.bind(redux), jump: (to: State) => redux.dispatch({ type: 'jump', to }) }
}

describe('A slice', () => {
  test('is written to by its store and by thunks, which give the same Either', () => {
    const { doc, redux, store } = inRedux(model)
    const made = redux.dispatch(doc.change(Model.set('x', 1)))
    expect(unwrap(made)[0]).toEqual(['x', 1])
    expect(unwrap(store.change(Model.set('y', 2)))[2]).toBe('alice')
    expect(Model.toJSON(redux.getState().doc.state)).toEqual({ x: 1, y: 2 })
    expect(store.getReplica()).toBe(redux.getState().doc)
    const refused = redux.dispatch(doc.change(Model.set('x', 'one' as never)))
    expect(refused).toMatchObject({ _tag: 'Left', left: { _tag: 'InvalidChange' } })
  })

  test('needs a bound store for thunks', () => {
    const doc = replicaSlice(model, 'alice', { name: 'doc' })
    const redux = configureStore({ reducer: { doc: doc.reducer }, devTools: false })
    expect(() => redux.dispatch(doc.change(Model.set('x', 1)))).toThrow(TypeError)
    expect(() => redux.dispatch(doc.change(Model.set('x', 1)))).toThrow('not bound')
  })

  test('serves several stores, each with its own head, as a server has one for a request', () => {
    const doc = replicaSlice(model, 'alice', { name: 'doc' })
    const make = () => configureStore({ reducer: { doc: doc.reducer }, devTools: false })
    const [one, two] = [make(), make()]
    doc.bind(one)
    doc.bind(two)
    one.dispatch(doc.change(Model.set('x', 1)))
    two.dispatch(doc.change(Model.set('y', 2)))
    expect(Model.toJSON(one.getState().doc.state)).toEqual({ x: 1 })
    expect(Model.toJSON(two.getState().doc.state)).toEqual({ y: 2 })
  })

  test('stands beside others in one store, deep in its state too', () => {
    const notes = replicaSlice(model, 'alice', { name: 'notes', path: 'pages.notes' })
    const board = replicaSlice(rows, 'alice', { name: 'board' })
    const redux = configureStore({
      reducer: { pages: combineReducers({ notes: notes.reducer }), board: board.reducer },
      middleware: (getDefault) => getDefault(board.checks(notes.checks())),
      devTools: { stateSanitizer: (state) => board.devTools.stateSanitizer(notes.devTools.stateSanitizer(state)) },
    })
    notes.bind(redux, { select: ({ pages }) => pages.notes })
    board.bind(redux, { select: ({ board: replica }) => replica })
    redux.dispatch(notes.change(Model.set('x', 1)))
    redux.dispatch(board.change(Model.set('r', { title: 'a' })))
    const shown = board.devTools.stateSanitizer(notes.devTools.stateSanitizer(redux.getState()))
    expect(shown).toEqual({
      pages: redux.getState().pages,
      board: { r: { title: 'a' } },
    })
    expect(board.devTools.stateSanitizer(redux.getState()).board).toBe(
      board.devTools.stateSanitizer(redux.getState()).board,
    )
  })

  test('makes one action and one notification of a changeAll', () => {
    const { redux, store } = inRedux(model)
    const [notified, listened] = [vi.fn(), vi.fn()]
    redux.subscribe(notified)
    store.subscribe(listened)
    const before = store.getReplica()
    const { count } = redux.getState()
    const updates = unwrap(store.changeAll([Model.set('x', 1), Model.set('y', 2), Model.set('z', 3)]))
    expect(notified).toHaveBeenCalledTimes(1)
    expect(listened.mock.calls).toEqual([[updates, store.getReplica(), before]])
    expect(redux.getState().count).toBe(count + 1)
  })

  test('makes an action of the size of the update, at any number of rows', () => {
    const sizes = [0, 1000].map((count) => {
      const doc = replicaSlice(rows, 'alice', { name: 'doc', replica: rowsOf(count) })
      const actions: unknown[] = []
      const record: Middleware = () => (next) => (action) => {
        actions.push(action)
        return next(action)
      }
      const store = doc.bind(createRedux(combineReducers({ doc: doc.reducer }), applyMiddleware(record)), {
        now: () => NOW + count,
      })
      const update = unwrap(store.change(Model.set('new', { title: 'a' })))
      expect(actions).toEqual([{ type: 'doc/updated', payload: [update], meta: expect.anything() as unknown }])
      return JSON.stringify(actions[0]).length - JSON.stringify(update).length
    })
    expect(Math.max(...sizes)).toBeLessThan(120)
  })

  test('tells listeners of each version once, in order, also of one that a listener makes', () => {
    const { store, redux } = inRedux(model)
    redux.subscribe(() => {
      if (Model.size(store.getReplica().state) === 1) store.change(Model.set('by redux', 1))
    })
    const seen: unknown[] = []
    store.subscribe((updates, replica, before) => {
      seen.push([updates.map(([[key]]) => key), Model.keys(before.state).length, Model.keys(replica.state).length])
      if (Model.size(replica.state) === 2) store.change(Model.set('by a listener', 1))
    })
    store.change(Model.set('x', 1))
    expect(seen).toEqual([
      [['x'], 0, 1],
      [['by redux'], 1, 2],
      [['by a listener'], 2, 3],
    ])
  })

  test('keeps refusals, and tells listeners', () => {
    const { store } = inRedux(model, 'alice', {
      now: () => NOW - 1e9,
      replica: model.applyUpdate([['x', 1], NOW, 'ben'])(model.create('alice')),
    })
    const listened = vi.fn()
    store.subscribe(listened)
    store.change(Model.set('y', 1))
    expect(store.refusals()).toMatchObject([{ reason: 'AheadOfClock', source: 'alice' }])
    expect(listened).toHaveBeenCalledTimes(2)
    expect(store.reissue('alice-2')).toHaveLength(1)
    expect(store.getReplica().id).toBe('alice-2')
    store.settle()
    store.prune()
    expect(store.unread()).toEqual([])
  })
})

describe("Redux Toolkit's checks", () => {
  /** How many values the checks look at: at a write, and at an action of somebody else. */
  const visits = (count: number, isFrozen: boolean, withChecks: boolean) => {
    let looked = 0
    const looks =
      <A>(check: (value: A) => boolean) =>
      (value: A) => {
        looked++
        return check(value)
      }
    const immutableCheck = {
      isImmutable: looks((value) => typeof value !== 'object' || Object.isFrozen(value)),
      warnAfter: Infinity,
    }
    const serializableCheck = { isSerializable: looks(() => true), warnAfter: Infinity }
    const own = { immutableCheck, serializableCheck }
    const doc = replicaSlice(rows, 'alice', { name: 'doc', replica: rowsOf(count, isFrozen) })
    const redux = configureStore({
      reducer: { doc: doc.reducer },
      middleware: (getDefault) =>
        getDefault(withChecks ? doc.checks(own) : { immutableCheck, serializableCheck: false }),
      devTools: false,
    })
    const store = doc.bind(redux)
    const during = (run: () => unknown): number => {
      looked = 0
      run()
      return looked
    }
    return {
      write: during(() => store.change(Model.set('r1', { title: 'b' }))),
      hear: during(() => {
        store.apply([[['r2', { title: 'c' }], Date.now() + 1, 'ben']])
      }),
      other: during(() => redux.dispatch({ type: 'other/happened' })),
    }
  }

  test.each([true, false])('look at no more at 100,000 rows than at ten, with updates frozen: %s', (isFrozen) => {
    const many = visits(100_000, isFrozen, true)
    expect(many).toEqual(visits(10, isFrozen, true))
    expect(Math.max(...Object.values(many))).toBeLessThan(60)
    // the check of immutability alone needs no help: the records are frozen
    expect(visits(100_000, isFrozen, false)).toEqual(visits(10, isFrozen, false))
  })

  test('keep options of one’s own', () => {
    const doc = replicaSlice(model, 'alice', { name: 'doc' })
    expect(doc.checks()).toEqual({
      immutableCheck: { ignoredPaths: ['doc'] },
      serializableCheck: { ignoredPaths: ['doc'] },
    })
    const own = { thunk: false, immutableCheck: false, serializableCheck: { warnAfter: 5, ignoredPaths: ['a', /b/] } }
    expect(doc.checks(own)).toEqual({
      thunk: false,
      immutableCheck: false,
      serializableCheck: { warnAfter: 5, ignoredPaths: ['a', /b/, 'doc'] },
    })
  })

  test('find nothing wrong with writes, thunks, peers and prunes', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const { doc, redux, store } = inRedux(rows)
    redux.dispatch(doc.change(Model.set('r', { title: 'a' })))
    store.apply([[['r2', { title: 'b' }], NOW, 'ben']])
    store.prune()
    expect(error.mock.calls).toEqual([])
    error.mockRestore()
  })
})

describe('Immer', () => {
  test('passes the slice by: what it does not touch stays the same', () => {
    const doc = replicaSlice(rows, 'alice', { name: 'doc', replica: rowsOf(1000) })
    const counter = createSlice({
      name: 'counter',
      initialState: { count: 0 },
      reducers: {
        more: (state) => {
          state.count++
        },
      },
      extraReducers: (builder) =>
        builder.addCase('doc/updated', (state) => {
          state.count += 10
        }),
    })
    const redux = configureStore({
      reducer: { doc: doc.reducer, counter: counter.reducer },
      devTools: false,
      middleware: (getDefault) => getDefault(doc.checks()),
    })
    doc.bind(redux)
    const before = redux.getState().doc
    redux.dispatch(counter.actions.more())
    expect(redux.getState().doc).toBe(before)
    redux.dispatch(doc.change(Model.set('r1', { title: 'b' })))
    expect(redux.getState().counter.count).toBe(11)
    const next = produce(redux.getState(), (draft) => {
      draft.counter.count = 0
    })
    expect(next.doc).toBe(redux.getState().doc)
  })

  test('may hold the slice in a state of its own', () => {
    const doc = replicaSlice(model, 'alice', { name: 'app', path: 'app.doc' })
    const app = createSlice({
      name: 'other',
      initialState: { doc: doc.reducer(undefined, { type: 'start' }), count: 0 },
      reducers: {},
      extraReducers: (builder) =>
        builder.addDefaultCase((state, action: UnknownAction) => {
          state.doc = doc.reducer(original(state).doc, action) as typeof state.doc
          state.count++
        }),
    })
    const redux = configureStore({
      reducer: { app: app.reducer },
      devTools: false,
      middleware: (getDefault) => getDefault(doc.checks()),
    })
    const store = doc.bind(redux, { select: (state) => state.app.doc as never })
    store.change(Model.set('x', 1))
    store.change(Model.set('x', 2))
    expect(Model.toJSON(redux.getState().app.doc.state)).toEqual({ x: 2 })
    expect(store.isPast()).toBe(false)
  })

  test('cannot be fooled by updates that are changed after they were given', () => {
    const { store, redux } = inRedux(rows)
    const fields = { title: 'a' }
    const update: Update<Row> = [['r', fields], NOW, 'ben']
    store.apply([update])
    fields.title = 'changed'
    redux.dispatch({ type: 'other/happened' })
    expect(Model.toJSON(store.getReplica().state)).toEqual({ r: { title: 'a' } })
    expect(Object.isFrozen(redux.getState().doc) && Object.isFrozen(redux.getState().doc.state)).toBe(true)
  })
})

describe('After a jump into the past', () => {
  test('the store shows it, says so, and a write catches up first', () => {
    const { store, jump, redux } = withJumps()
    const empty = store.getReplica()
    store.change(Model.set('x', 1))
    store.change(Model.set('y', 2))
    expect(store.isPast()).toBe(false)
    const listened = vi.fn()
    store.subscribe(listened)
    const newest = store.getReplica()
    jump(empty)
    expect(listened.mock.lastCall).toEqual([[], empty, newest])
    expect(store.isPast()).toBe(true)
    expect(Model.toJSON(store.getReplica().state)).toEqual({})
    const update = unwrap(store.change(Model.set('z', 3)))
    expect(store.isPast()).toBe(false)
    expect(Model.toJSON(redux.getState().doc.state)).toEqual({ x: 1, y: 2, z: 3 })
    const [updates, replica, before] = listened.mock.lastCall as Parameters<Parameters<typeof store.subscribe>[0]>
    expect(updates).toHaveLength(3)
    expect(updates).toContain(update)
    expect([replica, before]).toEqual([store.getReplica(), empty])
  })

  test('what a peer says goes to the newest version, and peers are told of that', async () => {
    const { store, jump } = withJumps()
    const bob = createStore(model, 'bob')
    const empty = store.getReplica()
    const [ours, theirs] = [createStream(store), createStream(bob)]
    ours.pipe(theirs).pipe(ours)
    store.change(Model.set('x', 1))
    await eventually(() => {
      expect(Model.keys(bob.getReplica().state)).toEqual(['x'])
    })
    jump(empty)
    bob.change(Model.set('y', 2))
    await eventually(() => {
      expect(Model.keys(store.getReplica().state)).toEqual(['x', 'y'])
    })
    jump(empty)
    store.change(Model.set('z', 3))
    await eventually(() => {
      expect(Model.keys(bob.getReplica().state)).toEqual(['x', 'y', 'z'])
    })
    ours.destroy()
    theirs.destroy()
  })

  test('a version that was never shown brings what is new in it', () => {
    const { store, jump } = withJumps()
    store.change(Model.set('x', 1))
    const elsewhere = model.applyUpdate([['y', 2], NOW, 'ben'])(model.create('ben'))
    jump(elsewhere)
    expect(Model.toJSON(store.getReplica().state)).toEqual({ x: 1, y: 2 })
    // of what is below it, nobody has vouched
    expect(model.digest(store.getReplica()).doubt).toBeDefined()
    expect(store.getReplica().id).toBe('alice')
  })
})

describe('revertTo', () => {
  test('makes an older version one’s own edit, for peers too', () => {
    const { store, jump } = withJumps()
    const bob = createStore(model, 'bob')
    unwrap(store.changeAll([Model.set('x', 1), Model.set('y', 1)]))
    const old = store.getReplica()
    unwrap(store.changeAll([Model.set('x', 2), Model.remove('y'), Model.set('z', 2)]))
    jump(old)
    const updates = unwrap(store.revertTo(store.getReplica()))
    expect(updates.map(([change]) => change)).toEqual([
      ['x', 1],
      ['y', 1],
      ['z', null],
    ])
    expect(store.isPast()).toBe(false)
    talk(store, bob)
    expect(Model.toJSON(bob.getReplica().state)).toEqual({ x: 1, y: 1 })
    expect(unwrap(store.revertTo(store.getReplica()))).toEqual([])
  })

  test('is refused where a data type has no way back', () => {
    const events = scuttlebutt(Events.of(t.number))
    const doc = replicaSlice(events, 'alice', { name: 'doc' })
    const store = doc.bind(createRedux(combineReducers({ doc: doc.reducer })))
    const old = store.getReplica()
    store.change(Events.emit('a', 1))
    expect(store.revertTo(old)).toEqual({ _tag: 'Left', left: { _tag: 'Irrevertible', name: 'Events' } })
  })
})

describe('Nothing is lost', () => {
  test('where a middleware swallows the action', () => {
    const swallow: Middleware = () => (next) => (action) => (isSwallowing ? action : next(action))
    const { store, redux } = withJumps(swallow)
    let isSwallowing = false
    store.change(Model.set('x', 1))
    isSwallowing = true
    expect(store.change(Model.set('y', 2))._tag).toBe('Right')
    expect(store.isPast()).toBe(true)
    isSwallowing = false
    const bob = createStore(model, 'bob')
    talk(store, bob)
    expect(Model.toJSON(bob.getReplica().state)).toEqual({ x: 1, y: 2 })
    store.change(Model.set('z', 3))
    expect(Model.toJSON(redux.getState().doc.state)).toEqual({ x: 1, y: 2, z: 3 })
  })

  test('where a middleware copies the action', () => {
    const copies: Middleware = () => (next) => (action) => next({ ...(action as object) })
    const { store } = withJumps(copies)
    store.change(Model.set('x', 1))
    store.change(Model.set('y', 2))
    expect(Model.toJSON(store.getReplica().state)).toEqual({ x: 1, y: 2 })
    expect(store.isPast()).toBe(false)
    expect(model.digest(store.getReplica()).doubt).toBeUndefined()
  })

  test('where a reducer throws: then nothing is written', () => {
    let isThrowing = false
    const doc = replicaSlice(model, 'alice', { name: 'doc' })
    const broken = (): null => {
      if (isThrowing) throw new Error('broken')
      return null
    }
    const redux = createRedux(combineReducers({ doc: doc.reducer, broken }))
    const store = doc.bind(redux)
    isThrowing = true
    expect(() => store.change(Model.set('x', 1))).toThrow('broken')
    isThrowing = false
    unwrap(store.change(Model.set('y', 2)))
    expect(Model.toJSON(store.getReplica().state)).toEqual({ y: 2 })
    expect(model.history()(store.getReplica())).toHaveLength(1)
  })

  test('where a listener of Redux throws: then it is written', () => {
    const { store, redux } = withJumps()
    const unsubscribe = redux.subscribe(() => {
      throw new Error('broken')
    })
    expect(() => store.change(Model.set('x', 1))).toThrow('broken')
    unsubscribe()
    expect(Model.toJSON(store.getReplica().state)).toEqual({ x: 1 })
    unwrap(store.change(Model.set('y', 2)))
    expect(store.isPast()).toBe(false)
  })
})

describe('A hot reload', () => {
  test('binds a new slice of the same name to the same newest version', () => {
    const { store, redux, jump } = withJumps()
    const empty = store.getReplica()
    store.change(Model.set('x', 1))
    jump(empty)
    const doc = replicaSlice(model, 'alice', { name: 'doc' })
    redux.replaceReducer(combineReducers({ doc: doc.reducer }))
    const reloaded = doc.bind(redux)
    unwrap(reloaded.change(Model.set('y', 2)))
    unwrap(store.change(Model.set('z', 3)))
    reloaded.prune()
    expect(Model.toJSON(reloaded.getReplica().state)).toEqual({ x: 1, y: 2, z: 3 })
    expect(model.digest(store.getReplica()).doubt).toBeUndefined()
    expect(
      new Set(
        model
          .history()(store.getReplica())
          .map(([, timestamp]) => timestamp),
      ).size,
    ).toBe(3)
  })
})

test('a slice that is bound where it is not says so', () => {
  const doc = replicaSlice(model, 'alice', { name: 'doc' })
  const elsewhere = configureStore({ reducer: { page: doc.reducer } })
  expect(() => doc.bind(elsewhere as never)).toThrow('no replica: see path')
})
