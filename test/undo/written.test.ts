/** What counts as one's own work, and steps that are told late or broken off. */
import { ActionCreators } from '@redux-devtools/instrument'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import {
  Doc,
  Model,
  RArray,
  Scuttlebucket,
  scuttlebutt,
  Text,
  unwrap,
  type Scuttlebutt,
  type Update,
} from '../../src/index.js'
import { createStore, part } from '../../src/adapters/store.js'
import { createUndo } from '../../src/adapters/undo.js'
import * as Edit from '../../src/data/undo/Edit.js'
import { inRedux, json, NOW } from '../redux/slices.js'

const { at } = Scuttlebucket
const ticking = (ms = 1000) => {
  let time = NOW
  return () => (time += ms)
}

/** A slice in Redux under DevTools, in which `jump` shows the state after so many actions. */
const inDevTools = <S, C>(sb: Scuttlebutt<S, C>) => {
  const now = ticking()
  const all = inRedux(sb, 'alice', { now })
  const jump = (to: number): void => void all.liftedStore.dispatch(ActionCreators.jumpToState(to) as never)
  return { ...all, now, jump }
}

describe('In Redux', () => {
  test('undo of a part follows the newest version, whatever is shown', () => {
    const { store, jump, now } = inDevTools(
      scuttlebutt(Scuttlebucket.of({ notes: Text, settings: Model.of(t.number) })),
    )
    const notes = part(store, 'notes')
    const { undo, redo } = createUndo(notes, { now })
    const text = () => Text.toString(Scuttlebucket.get('notes')(store.present.getReplica().state))
    unwrap(notes.change(Text.insert(0, 'hello ')))
    unwrap(notes.change(Text.insert(6, 'world')))
    jump(1)
    expect(store.isPast()).toBe(true)
    undo()
    expect(text()).toBe('hello ')
    undo()
    expect(text()).toBe('')
    jump(1)
    redo()
    redo()
    expect(text()).toBe('hello world')
    const { undo: undoInScope } = createUndo(store, { now, scope: 'settings' })
    unwrap(store.change(at('settings')(Model.set('x', 1))))
    unwrap(store.change(at('notes')(Text.insert(0, '!'))))
    undoInScope()
    expect(Scuttlebucket.toJSON(store.present.getReplica().state)).toEqual({ notes: '!hello world', settings: {} })
  })

  test('a listener that throws leaves the steps as they are to be', () => {
    const { redux, store, now } = inDevTools(scuttlebutt(Text))
    const { undo, redo, canUndo } = createUndo(store, { now })
    const text = () => Text.toString(store.getReplica().state)
    unwrap(store.change(Text.insert(0, 'one ')))
    unwrap(store.change(Text.insert(0, 'two ')))
    store.apply([[[0, ['+', 'Bob', 0, 0]], now() + 1000, 'bob']])
    let isBroken = true
    redux.subscribe(() => {
      if (isBroken) throw new Error('broken')
    })
    expect(() => undo()).toThrow('broken')
    expect([text().includes('two'), text().includes('one'), text().includes('Bob')]).toEqual([false, true, true])
    isBroken = false
    undo()
    expect([text(), canUndo()]).toEqual(['Bob', false])
    redo()
    redo()
    expect(text()).toContain('two ')
    expect(text()).toContain('Bob')
  })
})

describe('A listener that writes', () => {
  test('adds a step, and older ones stay', () => {
    const bucket = Scuttlebucket.of({ notes: Text, log: RArray.of(t.string) })
    const store = createStore(scuttlebutt(bucket), 'ann', { now: ticking() })
    store.subscribe((updates) => {
      if (updates.some(([[name]]) => name === 'notes')) unwrap(store.change(at('log')(RArray.push('edited'))))
    })
    const { undo, canUndo, stopCapturing } = createUndo(store, { now: ticking(), captureTimeout: Infinity })
    for (const [i, letter] of ['a', 'b', 'c'].entries()) {
      unwrap(store.change(at('notes')(Text.insert(i, letter))))
      stopCapturing()
    }
    const shown: unknown[] = []
    while (canUndo() && shown.length < 9) {
      undo()
      shown.push(Text.toString(Scuttlebucket.get('notes')(store.getReplica().state)))
      // what the listener wrote
      undo()
    }
    expect(shown).toEqual(['ab', 'a', ''])
  })

  test('is not taken back, nor done again, by a redo of what it heard', () => {
    const store = createStore(scuttlebutt(Model.of(t.number)), 'ann', { now: ticking() })
    let heard = 0
    const { undo, redo } = createUndo(store, { now: ticking(), scope: 'x' })
    unwrap(store.change(Model.set('x', 1)))
    store.subscribe((updates) => {
      if (updates.some(([[key]]) => key === 'x')) unwrap(store.change(Model.set('log', ++heard)))
    })
    undo()
    expect(Model.toJSON(store.getReplica().state)).toEqual({ log: 1 })
    redo()
    expect(Model.toJSON(store.getReplica().state)).toEqual({ x: 1, log: 2 })
    undo()
    redo()
    expect(Model.toJSON(store.getReplica().state)).toEqual({ x: 1, log: 4 })
  })

  test('may undo at once', () => {
    const store = createStore(scuttlebutt(Model.of(t.number)), 'ann', { now: ticking() })
    const { undo, redo, canUndo } = createUndo(store, { now: ticking() })
    unwrap(store.change(Model.set('x', 1)))
    unwrap(store.change(Model.set('y', 2)))
    const unsubscribe = store.subscribe(() => {
      unsubscribe()
      undo()
      undo()
    })
    store.apply([[['z', 3], NOW + 10_000, 'ben']])
    expect([Model.toJSON(store.getReplica().state), canUndo()]).toEqual([{ z: 3 }, false])
    redo()
    expect(Model.toJSON(store.getReplica().state)).toEqual({ x: 1, z: 3 })
  })
})

describe.each(['store', 'part', 'Redux'])('A listener of a %s', (kind) => {
  const make = () => {
    const bucket = scuttlebutt(Scuttlebucket.of({ settings: Model.of(t.number) }))
    const model = scuttlebutt(Model.of(t.number))
    if (kind === 'part') return part(createStore(bucket, 'ann', { now: ticking() }), 'settings')
    return kind === 'Redux' ? inDevTools(model).store : createStore(model, 'ann', { now: ticking() })
  }
  const shown = (store: ReturnType<typeof make>) => Model.toJSON(store.getReplica().state)

  test.each([true, false])('may undo at once what it has written itself; it came before the undo: %s', (isBefore) => {
    const store = make()
    const undone: unknown[] = []
    const listen = (): void => {
      store.subscribe((updates) => {
        if (!updates.some(([[key]]) => key === 'x')) return
        unwrap(store.change(Model.set('log', 1)))
        undone.push(manager.canUndo(), unwrap(manager.undo()).length, shown(store))
      })
    }
    if (isBefore) listen()
    const manager = createUndo(store, { now: ticking() })
    if (!isBefore) listen()
    unwrap(store.change(Model.set('x', 1)))
    expect(undone).toEqual([true, 1, { x: 1 }])
    manager.redo()
    expect(shown(store)).toEqual({ x: 1, log: 1 })
    manager.undo()
    manager.undo()
    expect([shown(store), manager.canUndo()]).toEqual([{}, false])
  })

  test.each([true, false])('may undo at once what it hears of; it came before the undo: %s', (isBefore) => {
    const store = make()
    const listen = (): void => {
      store.subscribe((updates) => {
        if (updates.some(([[key, value]]) => key === 'x' && value === 2)) manager.undo()
      })
    }
    if (isBefore) listen()
    const manager = createUndo(store, { now: ticking() })
    if (!isBefore) listen()
    unwrap(store.change(Model.set('x', 1)))
    unwrap(store.change(Model.set('x', 2)))
    expect([shown(store), manager.canUndo(), manager.canRedo()]).toEqual([{ x: 1 }, true, true])
  })
})

test('who is told first is told before all others, each batch in its turn', () => {
  const store = createStore(scuttlebutt(Model.of(t.number)), 'ann', { now: ticking() })
  const told: string[] = []
  const tell = (who: string) => (updates: ReadonlyArray<Update<Model.Change<number>>>) =>
    void told.push(...updates.map(([[key]]) => `${who} ${key}`))
  store.subscribe((updates) => {
    if (updates.some(([[key]]) => key === 'x')) unwrap(store.change(Model.set('y', 1)))
  })
  store.subscribe(tell('second'))
  const unsubscribe = store.subscribe(tell('first'), { first: true })
  unwrap(store.change(Model.set('x', 1)))
  expect(told).toEqual(['first x', 'first y', 'second x', 'second y'])
  unsubscribe()
  unwrap(store.change(Model.set('z', 1)))
  expect(told.slice(4)).toEqual(['second z'])
})

describe('Own updates that come back', () => {
  const model = scuttlebutt(Model.of(t.number))

  test('from a peer are no steps, and redo stays', () => {
    const before = createStore(model, 'ann', { now: () => NOW })
    unwrap(before.change(Model.set('saved', 1)))
    const store = createStore(model, 'ann', { now: ticking() })
    const { undo, redo, canUndo, canRedo } = createUndo(store, { now: ticking() })
    unwrap(store.change(Model.set('x', 1)))
    undo()
    store.reconcile({ digest: model.digest(before.getReplica()), updates: model.history()(before.getReplica()) })
    expect(Model.toJSON(store.getReplica().state)).toEqual({ saved: 1 })
    expect([canUndo(), canRedo()]).toEqual([false, true])
    redo()
    expect(Model.toJSON(store.getReplica().state)).toEqual({ saved: 1, x: 1 })
  })

  test.each([true, false])('from a saved state are none either, in a part: %s', (isPart) => {
    const bucket = scuttlebutt(Scuttlebucket.of({ settings: Model.of(t.number) }))
    const saved = createStore(bucket, 'alice', { now: () => NOW - 5000 })
    unwrap(saved.change(at('settings')(Model.set('saved', 1))))
    const { store, liftedStore, now } = inDevTools(bucket)
    const { undo, canUndo } = isPart ? createUndo(part(store, 'settings'), { now }) : createUndo(store, { now })
    unwrap(store.change(at('settings')(Model.set('x', 1))))
    const lifted = json(liftedStore.getState())
    lifted.computedStates.at(-1)!.state.doc = json(saved.getReplica())
    liftedStore.dispatch(ActionCreators.importState(lifted, true) as never)
    const shown = () => Model.toJSON(Scuttlebucket.get('settings')(store.present.getReplica().state))
    expect(shown()).toEqual({ saved: 1, x: 1 })
    undo()
    expect([shown(), canUndo()]).toEqual([{ saved: 1 }, false])
  })

  test('by a reissue are none', () => {
    const clock = { now: NOW + 86_400_000 }
    const store = createStore(model, 'ann', { now: () => clock.now })
    unwrap(store.change(Model.set('x', 1)))
    const { canUndo } = createUndo(store)
    clock.now = NOW
    store.reissue('ann-2')
    expect(canUndo()).toBe(false)
  })
})

test('a row that was removed for good is no step: neither its coming nor its going', () => {
  const store = createStore(scuttlebutt(Doc.of(t.string, { removeWins: true })), 'ann', { now: ticking() })
  const { undo, redo, canUndo } = createUndo(store, { now: ticking() })
  const shown = () => Doc.toJSON(store.getReplica().state)
  unwrap(store.change(Doc.set('r', { title: 'a' })))
  expect(canUndo()).toBe(false)
  unwrap(store.change(Doc.set('r', { title: 'b' })))
  undo()
  expect(shown()).toEqual({ r: { title: 'a' } })
  redo()
  expect(shown()).toEqual({ r: { title: 'b' } })
  unwrap(store.change(Doc.remove('r')))
  expect(unwrap(undo())).toEqual([])
  expect(shown()).toEqual({})
})

describe('Many', () => {
  test('steps cost no more than few: a write copies no stack', () => {
    const cost = (steps: number): number => {
      const store = createStore(scuttlebutt(Model.of(t.number)), 'ann', { now: ticking() })
      const { undo } = createUndo(store, { now: ticking() })
      for (let i = 0; i < steps; i++) unwrap(store.change(Model.set('x', i)))
      undo()
      expect(Model.toJSON(store.getReplica().state)).toEqual({ x: steps - 2 })
      return steps
    }
    expect(cost(3000)).toBe(3000)
  })

  test('keys that two wrote at once pass each other at a cost of both, not of one times the other', () => {
    let lookups = 0
    const edit = (who: string): Edit.Edit => {
      const made = Edit.of(Array.from({ length: 3000 }, (_, i) => ({ at: [`${who}${String(i)}`], after: i })))
      // each path is looked at a few times
      for (const patch of made.values.values()) {
        Object.defineProperty(patch, 'at', { get: ((place) => () => (lookups++, place))(patch.at) })
      }
      return made
    }
    const [one, other] = [edit('a'), edit('b')]
    expect(Edit.over(one, other, true).values.size).toBe(3000)
    expect(Edit.both(one, other)!.values.size).toBe(6000)
    expect(lookups).toBeLessThan(100_000)
  })
})
