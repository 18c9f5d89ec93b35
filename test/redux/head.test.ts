/** The newest version beside what Redux shows, where middleware writes and actions come again. */
import { ActionCreators } from '@redux-devtools/instrument'
import { applyMiddleware, combineReducers, legacy_createStore as createRedux, type Middleware } from 'redux'
import { either as E } from 'fp-ts'
import * as t from 'io-ts'
import { describe, expect, test, vi } from 'vitest'
import {
  AppendOnly,
  Doc,
  Events,
  Model,
  Scuttlebucket,
  scuttlebutt,
  unwrap,
  type Scuttlebutt,
} from '../../src/index.js'
import type { Security } from '../../src/adapters/security.js'
import { replicaSlice, type ReduxStore } from '../../src/adapters/redux.js'
import { createStore, inRedux, json, NOW, talk } from './slices.js'

const model = scuttlebutt(Model.of(t.number))

/** Plain Redux with a middleware that may write to the slice, and all actions as JSON. */
const behind = (now: () => number, meddle: (run: () => void) => void, isBefore = true) => {
  const doc = replicaSlice(model, 'alice', { name: 'doc' })
  let isBusy = false
  const middleware: Middleware = () => (next) => (action) => {
    const isOurs = (action as { readonly type: string }).type === 'doc/updated' && !isBusy
    const write = (): void => {
      if (!isOurs) return
      isBusy = true
      meddle(() => store.change(Model.set('log', 1)))
      isBusy = false
    }
    if (isBefore) write()
    const result = next(action)
    if (!isBefore) write()
    return result
  }
  const redux = createRedux(combineReducers({ doc: doc.reducer }), applyMiddleware(middleware))
  const store = doc.bind(redux, { now })
  return { redux, store }
}

describe('A middleware that writes to the same slice', () => {
  test.each([
    ['before it passes an action on, in the same millisecond', () => () => NOW, true],
    [
      'before it passes an action on, while time goes by',
      () =>
        (
          (at) => () =>
            ++at
        )(NOW),
      true,
    ],
    ['after it has passed an action on', () => () => NOW, false],
  ] as const)('%s, loses nothing and gives no stamp twice', (_, clock, isBefore) => {
    const { redux, store } = behind(clock(), (run) => { run() }, isBefore) // prettier-ignore
    const told: unknown[] = []
    store.subscribe((updates) => told.push(...updates.map(([[key]]) => key)))
    const bob = createStore(model, 'bob')
    const made = [unwrap(store.change(Model.set('x', 1))), unwrap(store.change(Model.set('y', 2)))]
    const all = model.history()(store.present.getReplica())
    for (const update of made) expect(all).toContain(update)
    expect(all.map(([change]) => change)).toHaveLength(3)
    expect(new Set(all.map(([, timestamp]) => timestamp)).size).toBe(3)
    expect(model.digest(store.present.getReplica()).doubt).toBeUndefined()
    expect(Model.toJSON(redux.getState().doc.state)).toEqual({ x: 1, log: 1, y: 2 })
    expect(store.isPast()).toBe(false)
    talk(store, bob)
    expect(Model.toJSON(bob.getReplica().state)).toEqual({ x: 1, log: 1, y: 2 })
    expect([...new Set(told)].sort()).toEqual(['log', 'x', 'y'])
  })

  test('hears a peer before it passes an action on', () => {
    let store: ReturnType<typeof behind>['store'] | undefined = undefined
    const behindIt = behind(
      () => NOW,
      () => {
        store!.reconcile({ digest: { id: 'ben', clock: { ben: NOW } }, updates: [[['b', 1], NOW, 'ben']] })
      },
    )
    store = behindIt.store
    unwrap(store.change(Model.set('x', 1)))
    expect(Model.toJSON(behindIt.redux.getState().doc.state)).toEqual({ x: 1, b: 1 })
    expect(model.history()(store.present.getReplica())).toHaveLength(2)
  })
})

describe('After a reissue', () => {
  const feed = scuttlebutt(AppendOnly.of(t.string))

  const reissued = () => {
    const clock = { now: NOW + 86_400_000 }
    const all = inRedux(feed, 'alice', { now: () => clock.now })
    unwrap(all.store.change(AppendOnly.push('a')))
    unwrap(all.store.change(AppendOnly.push('b')))
    clock.now = NOW
    all.store.reissue('alice-2')
    const items = (): unknown => AppendOnly.toJSON(all.store.present.getReplica().state)
    return { ...all, clock, items, devTools: (action: unknown) => all.liftedStore.dispatch(action as never) }
  }

  test('a jump to before it does not take the old updates back', () => {
    const { store, items, devTools } = reissued()
    devTools(ActionCreators.jumpToState(2))
    expect(store.isPast()).toBe(true)
    expect(items()).toEqual(['a', 'b'])
    expect(store.present.getReplica().clock.latest).toBeLessThan(NOW + 1)
    unwrap(store.change(AppendOnly.push('c')))
    expect(items()).toEqual(['a', 'b', 'c'])
  })

  test.each([1, 2, 3])('nor does skipping action %i, which makes versions that there never were', (index) => {
    const { store, items, liftedStore, devTools } = reissued()
    devTools(ActionCreators.toggleAction(liftedStore.getState().stagedActionIds[index]!))
    unwrap(store.change(AppendOnly.push('c')))
    expect(items()).toEqual(['a', 'b', 'c'])
    const all = feed.history()(store.present.getReplica())
    expect(all).toHaveLength(3)
    expect(new Set(all.map(([, timestamp, source]) => `${String(timestamp)} ${source}`)).size).toBe(3)
    devTools(ActionCreators.toggleAction(liftedStore.getState().stagedActionIds[index]!))
    expect(items()).toEqual(['a', 'b', 'c'])
  })

  test('nor does an import of all that was, as JSON', () => {
    const { store, items, liftedStore, devTools } = reissued()
    devTools(ActionCreators.jumpToState(2))
    const saved = json(liftedStore.getState())
    devTools(ActionCreators.importState(saved, true))
    unwrap(store.change(AppendOnly.push('c')))
    expect(items()).toEqual(['a', 'b', 'c'])
  })
})

describe('revertTo', () => {
  const bound = <S, C>(sb: Scuttlebutt<S, C>) => {
    const doc = replicaSlice(sb, 'alice', { name: 'doc' })
    return doc.bind(createRedux(combineReducers({ doc: doc.reducer })))
  }

  test('of a bucket is refused if a part has no way back and differs; then nothing has changed', () => {
    const store = bound(scuttlebutt(Scuttlebucket.of({ settings: Model.of(t.number), chat: Events.of(t.number) })))
    const old = store.getReplica()
    unwrap(store.change(Scuttlebucket.at('settings')(Model.set('x', 1))))
    const between = store.getReplica()
    unwrap(store.change(Scuttlebucket.at('chat')(Events.emit('said', 1))))
    const newest = store.getReplica()
    expect(store.revertTo(old)).toEqual({ _tag: 'Left', left: { _tag: 'Irrevertible', name: 'Scuttlebucket' } })
    expect(store.getReplica()).toBe(newest)
    expect(store.revertTo(between)._tag).toBe('Left')
    unwrap(store.change(Scuttlebucket.at('settings')(Model.set('x', 2))))
    unwrap(store.revertTo(newest))
    expect(Scuttlebucket.toJSON(store.getReplica().state)).toMatchObject({ settings: { x: 1 } })
  })

  test('of a Doc whose removals win is refused where a row came or went', () => {
    const store = bound(scuttlebutt(Doc.of(t.string, { removeWins: true })))
    unwrap(store.change(Doc.set('r', { title: 'a' })))
    const [old, made] = [store.getReplica(), unwrap(store.change(Doc.set('r', { title: 'b' })))]
    expect(made[0]).toEqual(['r', { title: 'b' }])
    unwrap(store.revertTo(old))
    expect(Doc.toJSON(store.getReplica().state)).toEqual({ r: { title: 'a' } })
    unwrap(store.change(Doc.remove('r')))
    expect(store.revertTo(old)).toEqual({ _tag: 'Left', left: { _tag: 'Irrevertible', name: 'Doc' } })
  })
})

test('what `authorize` forbids is not shown, where a middleware copies actions, nor when they are played again', () => {
  const newer = scuttlebutt(Model.of(t.union([t.number, t.string])))
  const [bob, eve] = [createStore(newer, 'bob'), createStore(newer, 'eve')]
  unwrap(bob.change(Model.set('x', 'from bob')))
  unwrap(eve.change(Model.set('y', 'from eve')))
  const older = createStore(model, 'alice')
  talk(older, bob)
  talk(older, eve)
  expect(older.unread()).toHaveLength(2)
  const saved = json(older.getReplica())
  const doc = replicaSlice(newer, 'alice', { name: 'doc' })
  const actions: unknown[] = []
  const copies: Middleware = () => (next) => (action) => {
    actions.push(json(action))
    return next(json(action))
  }
  const preloadedState = { doc: saved as never }
  const redux = createRedux(combineReducers({ doc: doc.reducer }), preloadedState, applyMiddleware(copies))
  const refused: string[] = []
  const security: Security<Model.State<number | string>, Model.Change<number | string>> = {
    document: 'doc',
    verifier: { verify: () => E.right(undefined) },
    authorize: ([, , source]) => (source === 'eve' ? E.left('no') : E.right(undefined)),
    report: ({ _tag }) => refused.push(_tag),
  }
  const store = doc.bind(redux, { security })
  expect(Model.toJSON(store.present.getReplica().state)).toEqual({ x: 'from bob' })
  expect(Model.toJSON(redux.getState().doc.state)).toEqual({ x: 'from bob' })
  expect(refused).toEqual(['Unauthorized'])
  const again = replicaSlice(newer, 'alice', { name: 'doc' })
  const played = (actions as { type: string }[]).reduce(
    again.reducer,
    again.reducer(json(saved) as never, { type: 'start' }),
  )
  expect(Model.toJSON(played.state)).toEqual({ x: 'from bob' })
})

describe('Bound again', () => {
  test('a slice hears of Redux once, however often', () => {
    const doc = replicaSlice(model, 'alice', { name: 'doc' })
    const redux = createRedux(combineReducers({ doc: doc.reducer }))
    const subscribe = vi.spyOn(redux, 'subscribe')
    for (let i = 0; i < 10; i++) doc.bind(redux)
    expect(subscribe).toHaveBeenCalledTimes(1)
  })

  test('a slice that has moved is read and written where it is now, by both stores', () => {
    const first = replicaSlice(model, 'alice', { name: 'doc' })
    const redux = createRedux(combineReducers({ doc: first.reducer }))
    const store = first.bind(redux)
    unwrap(store.change(Model.set('x', 1)))
    const next = replicaSlice(model, 'alice', { name: 'doc', path: 'pages.doc', replica: store.getReplica() })
    redux.replaceReducer(combineReducers({ pages: combineReducers({ doc: next.reducer }) }) as never)
    const moved = next.bind(redux as unknown as ReduxStore<{ readonly pages: { readonly doc: never } }>, {
      select: ({ pages }) => pages.doc,
    })
    unwrap(moved.change(Model.set('y', 2)))
    unwrap(store.change(Model.set('z', 3)))
    expect(Model.toJSON(store.getReplica().state)).toEqual({ x: 1, y: 2, z: 3 })
    expect(store.getReplica()).toBe(moved.getReplica())
    expect(moved.isPast()).toBe(false)
  })
})
