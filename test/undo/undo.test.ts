/** Undo of one's own work: what a user sees, in each data type. */
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import {
  AppendOnly,
  Doc,
  Events,
  ExpiryModel,
  Model,
  RArray,
  REdit,
  Replay,
  Scuttlebucket,
  scuttlebutt,
  Text,
  unwrap,
  type Command,
  type DataType,
} from '../../src/index.js'
import { createStore, part } from '../../src/adapters/store.js'
import { createUndo, type UndoOptions } from '../../src/adapters/undo.js'

/** Two stores that hear of each other when asked, and the undo of each. Every change is a step. */
const two = <S, C>(dataType: DataType<S, C>, options: UndoOptions = {}) => {
  let time = 1_795_418_741_399
  const now = () => (time += 1000)
  const data = scuttlebutt(dataType)
  const [ann, ben] = [createStore(data, 'ann', { now }), createStore(data, 'ben', { now })]
  const sync = (): void => {
    ben.apply(data.history(data.digest(ben.getReplica()).clock)(ann.getReplica()))
    ann.apply(data.history(data.digest(ann.getReplica()).clock)(ben.getReplica()))
  }
  return { ann, ben, sync, ...createUndo(ann, { now, ...options }), undoBen: createUndo(ben, { now, ...options }) }
}

describe('A text', () => {
  const pad = () => {
    const stores = two(Text)
    const type = (at: number, text: string, who = stores.ann) => unwrap(who.change(Text.insert(at, text)))
    return { ...stores, type, text: () => Text.toString(stores.ann.getReplica().state) }
  }

  test('goes back and forth by steps', () => {
    const { type, text, undo, redo, canUndo, canRedo } = pad()
    expect([canUndo(), canRedo()]).toEqual([false, false])
    type(0, 'a')
    type(1, 'b')
    expect(text()).toBe('ab')
    undo()
    expect([text(), canUndo(), canRedo()]).toEqual(['a', true, true])
    undo()
    expect([text(), canUndo(), canRedo()]).toEqual(['', false, true])
    expect(undo()).toEqual({ _tag: 'Right', right: [] })
    redo()
    redo()
    expect([text(), canUndo(), canRedo()]).toEqual(['ab', true, false])
  })

  test('loses what was undone by a change of one’s own, not of others', () => {
    const { ben, sync, type, text, undo, redo, canRedo } = pad()
    type(0, 'a')
    undo()
    sync()
    type(0, 'B', ben)
    sync()
    expect(canRedo()).toBe(true)
    redo()
    expect(['aB', 'Ba']).toContain(text())
    undo()
    type(0, 'c')
    expect(canRedo()).toBe(false)
  })

  test('keeps what others typed within', () => {
    const { ben, sync, type, text, undo, redo } = pad()
    type(0, 'abc')
    sync()
    type(2, 'XY', ben)
    sync()
    expect(text()).toBe('abXYc')
    undo()
    expect(text()).toBe('XY')
    redo()
    expect(text()).toBe('abXYc')
  })

  test('takes back text that was removed and came back', () => {
    const { ann, type, text, undo, redo } = pad()
    type(0, 'abc')
    unwrap(ann.change(Text.remove(1, 1)))
    undo()
    expect(text()).toBe('abc')
    undo()
    expect(text()).toBe('')
    redo()
    redo()
    expect(text()).toBe('ac')
  })

  test('takes back what others removed meanwhile only in so far as it is there', () => {
    const { ann, ben, sync, type, text, undo, redo } = pad()
    type(0, 'abcd')
    sync()
    unwrap(ben.change(Text.remove(1, 2)))
    sync()
    undo()
    expect(text()).toBe('')
    redo()
    expect(text()).toBe('ad')
    unwrap(ann.change(Text.remove(0, 1)))
    sync()
    type(1, 'Z', ben)
    sync()
    undo()
    expect(text()).toBe('adZ')
  })

  test.each([
    ['Please buy milk', 'Please buy bread'],
    ['two', 'three'],
    ['Milk', 'Melon'],
    ['aaa', 'aaaa'],
  ])('leaves what another wrote in the place of one’s own, however alike: %j, %j', (mine, theirs) => {
    for (const isLive of [true, false]) {
      const { ben, sync, type, text, undo, redo } = pad()
      type(0, `${mine} rest`)
      sync()
      unwrap(ben.change(Text.remove(0, mine.length)))
      if (isLive) sync()
      type(0, theirs, ben)
      sync()
      undo()
      expect(text()).toBe(theirs)
      redo()
      expect(text()).toBe(`${theirs} rest`)
    }
  })

  test('undoes for each what each did', () => {
    const { ben, sync, type, text, undo, undoBen } = pad()
    type(0, 'test')
    sync()
    type(4, 'YZ', ben)
    sync()
    undo()
    expect(text()).toBe('YZ')
    sync()
    undoBen.undo()
    sync()
    expect(text()).toBe('')
  })
})

describe('Time', () => {
  test('joins what follows soon, and stopCapturing parts it', () => {
    let time = 1000
    const store = createStore(scuttlebutt(Text), 'ann', { now: () => time })
    const { undo, redo, stopCapturing } = createUndo(store, { now: () => time })
    const type = (text: string, after: number) => {
      time += after
      unwrap(store.change(Text.insert(Text.length(store.getReplica().state), text)))
    }
    const text = () => Text.toString(store.getReplica().state)
    for (const letter of 'hello') type(letter, 400)
    type(' ', 500)
    for (const letter of 'you') type(letter, 10)
    expect(unwrap(undo())).toHaveLength(1)
    expect(text()).toBe('hello')
    undo()
    expect(text()).toBe('')
    redo()
    type('!', 1)
    stopCapturing()
    type('?', 1)
    undo()
    expect(text()).toBe('hello!')
    undo()
    expect(text()).toBe('hello')
  })

  test('joins over what others write in between', () => {
    const { ann, ben, sync, undo, redo } = two(Text, { captureTimeout: Infinity })
    unwrap(ann.change(Text.insert(0, 'ab')))
    sync()
    unwrap(ben.change(Text.insert(1, 'X')))
    sync()
    unwrap(ann.change(Text.insert(3, 'c')))
    expect(Text.toString(ann.getReplica().state)).toBe('aXbc')
    undo()
    expect(Text.toString(ann.getReplica().state)).toBe('X')
    redo()
    expect(Text.toString(ann.getReplica().state)).toBe('aXbc')
  })
})

describe('A step that puts an equal item beside the one it took', () => {
  const undone = <S, C>(
    dataType: DataType<S, C>,
    [make, take, put]: readonly [Command<S, C, unknown>, Command<S, C, unknown>, Command<S, C, unknown>],
    show: (state: S) => string,
  ): ReadonlyArray<string> => {
    const { ann, stopCapturing, undo, redo } = two(dataType, { captureTimeout: Infinity })
    unwrap(ann.change(make))
    stopCapturing()
    for (const command of [take, put]) unwrap(ann.change(command))
    return [undo, undo, redo].map((step) => {
      unwrap(step())
      return show(ann.getReplica().state)
    })
  }

  test('in a text, keeps the steps before it', () => {
    const commands = [Text.insert(0, 'hello'), Text.remove(2, 1), Text.insert(3, 'l')] as const
    expect(undone(Text, commands, Text.toString)).toEqual(['hello', '', 'hello'])
  })

  test('in lines, keeps the steps before it', () => {
    const commands = [REdit.text('a\nb\nb\n'), REdit.splice(2, 2, ''), REdit.splice(4, 0, 'b\n')] as const
    expect(undone(REdit, commands, REdit.toString)).toEqual(['a\nb\nb\n', '', 'a\nb\nb\n'])
  })

  test('in a list, keeps the steps before it', () => {
    const list = RArray.of(t.string)
    const commands = [RArray.splice(0, 0, 'h', 'e', 'l', 'l', 'o'), RArray.remove(2), RArray.insert(3, 'l')] as const
    expect(undone(list, commands, (state) => RArray.toArray(state).join(''))).toEqual(['hello', '', 'hello'])
  })
})

describe('A map', () => {
  const map = () => {
    const stores = two(Model.of(t.unknown))
    return { ...stores, json: () => Model.toJSON(stores.ann.getReplica().state) }
  }

  test('has its values back', () => {
    const { ann, json, undo, redo } = map()
    unwrap(ann.change(Model.set('a', 0)))
    unwrap(ann.change(Model.set('a', 1)))
    unwrap(ann.change(Model.remove('a')))
    undo()
    expect(json()).toEqual({ a: 1 })
    undo()
    expect(json()).toEqual({ a: 0 })
    undo()
    expect(json()).toEqual({})
    redo()
    redo()
    redo()
    expect(json()).toEqual({})
    undo()
    expect(json()).toEqual({ a: 1 })
  })

  test('keeps what others wrote over it, and goes on to the step before', () => {
    const { ann, ben, sync, json, undo, redo } = map()
    unwrap(ann.change(Model.set('b', 0)))
    unwrap(ann.change(Model.set('a', 1)))
    sync()
    unwrap(ben.change(Model.set('a', 44)))
    sync()
    expect(unwrap(undo())).toHaveLength(1)
    expect(json()).toEqual({ a: 44 })
    redo()
    expect(json()).toEqual({ a: 44, b: 0 })
  })

  test('takes back to what others wrote, not to one’s own before it', () => {
    const { ann, ben, sync, json, undo } = map()
    unwrap(ann.change(Model.set('a', 1)))
    sync()
    unwrap(ben.change(Model.set('a', 2)))
    sync()
    unwrap(ann.change(Model.set('a', 3)))
    undo()
    expect(json()).toEqual({ a: 2 })
    undo()
    expect(json()).toEqual({ a: 2 })
  })
})

describe('A list', () => {
  test('moves with what others insert and remove', () => {
    const { ann, ben, sync, undo, redo } = two(RArray.of(t.unknown))
    const list = () => RArray.toJSON(ann.getReplica().state)
    unwrap(ann.change(RArray.push(1, 2, 3)))
    sync()
    unwrap(ben.change(RArray.unshift('x')))
    unwrap(ben.change(RArray.remove(2)))
    sync()
    expect(list()).toEqual(['x', 1, 3])
    undo()
    expect(list()).toEqual(['x'])
    redo()
    expect(list()).toEqual(['x', 1, 3])
    unwrap(ann.change(RArray.set(1, 'one')))
    undo()
    expect(list()).toEqual(['x', 1, 3])
    unwrap(ann.change(RArray.move(2, 0)))
    undo()
    expect(list()).toEqual(['x', 1, 3])
  })

  test('leaves what another wrote in the place of one’s own, however alike', () => {
    const { ann, ben, sync, undo, redo } = two(RArray.of(t.string))
    const items = () => RArray.toArray(ann.getReplica().state)
    unwrap(ann.change(RArray.push('milk', 'eggs', 'tea')))
    sync()
    unwrap(ben.change(RArray.splice(0, 2, 'milk', 'bread')))
    sync()
    undo()
    expect(items()).toEqual(['milk', 'bread'])
    redo()
    expect(items()).toEqual(['milk', 'bread', 'tea'])
  })

  test('keeps older steps where the other has removed an item beside what comes back', () => {
    const { ann, ben, sync, undo, canUndo, stopCapturing } = two(RArray.of(t.string), { captureTimeout: 1e6 })
    const list = () => RArray.toJSON(ann.getReplica().state)
    unwrap(ann.change(RArray.push('a0', 'a1')))
    unwrap(ben.change(RArray.push('b2', 'b3')))
    sync()
    const [first, own] = list()[0] === 'a0' ? [0, 3] : [2, 1]
    stopCapturing()
    unwrap(ann.change(RArray.remove(first)))
    unwrap(ann.change(RArray.remove(first)))
    unwrap(ann.change(RArray.unshift('a4', 'a5')))
    unwrap(ann.change(RArray.remove(own)))
    const [beside] = RArray.toJSON(ben.getReplica().state).flatMap((item, i) => (item === 'b2' ? [i] : []))
    unwrap(ben.change(RArray.remove(beside!)))
    sync()
    undo()
    expect([[...list()].sort(), canUndo()]).toEqual([['a0', 'a1', 'b3'], true])
    undo()
    expect(list()).toEqual(['b3'])
  })

  test('sets an item back under its key', () => {
    const { ann, undo } = two(RArray.of(t.unknown))
    unwrap(ann.change(RArray.push(1, 2)))
    const keys = RArray.keys(ann.getReplica().state)
    unwrap(ann.change(RArray.set(0, 'one')))
    undo()
    expect(RArray.keys(ann.getReplica().state)).toEqual(keys)
  })

  test('of lines is undone by lines', () => {
    const { ann, ben, sync, undo } = two(REdit)
    const text = () => REdit.toString(ann.getReplica().state)
    unwrap(ann.change(REdit.text('a\nb\n')))
    unwrap(ann.change(REdit.text('a\nB\nc\n')))
    sync()
    unwrap(ben.change(REdit.splice(0, 0, 'top\n')))
    sync()
    undo()
    expect(text()).toBe('top\na\nb\n')
    undo()
    expect(text()).toBe('top\n')
  })
})

describe('Rows', () => {
  const doc = (options?: UndoOptions) => {
    const stores = two(Doc.of(t.unknown), options)
    return { ...stores, json: () => Doc.toJSON(stores.ann.getReplica().state) }
  }

  test('come and go, and have their fields back', () => {
    const { ann, json, undo, redo } = doc()
    unwrap(ann.change(Doc.set('r', { a: 1, b: 2 })))
    unwrap(ann.change(Doc.set('r', { a: 2, c: 3 })))
    unwrap(ann.change(Doc.remove('r')))
    expect(unwrap(undo())).toHaveLength(1)
    expect(json()).toEqual({ r: { a: 2, b: 2, c: 3 } })
    expect(unwrap(undo())).toHaveLength(1)
    expect(json()).toEqual({ r: { a: 1, b: 2, c: null } })
    undo()
    expect(json()).toEqual({})
    redo()
    redo()
    expect(json()).toEqual({ r: { a: 2, b: 2, c: 3 } })
  })

  test('that go and come in one step keep nothing of it', () => {
    const { ann, undo, redo, stopCapturing } = two(Doc.of(t.unknown), { captureTimeout: 1e6 })
    const json = () => Doc.toJSON(ann.getReplica().state)
    unwrap(ann.change(Doc.set('r', { a: 'old' })))
    stopCapturing()
    unwrap(ann.change(Doc.remove('r')))
    unwrap(ann.change(Doc.set('r', { b: 'new' })))
    undo()
    expect(json()).toEqual({ r: { a: 'old', b: null } })
    redo()
    expect(json()).toEqual({ r: { a: null, b: 'new' } })
  })

  test('that come and go in one step are no step', () => {
    const { ann, undo, canUndo, stopCapturing } = two(Doc.of(t.unknown), { captureTimeout: 1e6 })
    unwrap(ann.change(Doc.set('p', { f: 'p' })))
    stopCapturing()
    unwrap(ann.change(Doc.set('q', { f: 'x', g: 'y' })))
    unwrap(ann.change(Doc.remove('q')))
    expect(unwrap(undo()).map(([change]) => change)).toEqual([['p', null]])
    expect(canUndo()).toBe(false)
  })

  test('stay with what others wrote to them', () => {
    const { ann, ben, sync, json, undo } = doc()
    unwrap(ann.change(Doc.set('r', { a: 1, b: 2 })))
    sync()
    unwrap(ben.change(Doc.set('r', { b: 'ben' })))
    sync()
    undo()
    expect(json()).toEqual({ r: { a: null, b: 'ben' } })
  })

  test('come back beside the fields that others wrote to them anew', () => {
    const { ann, ben, sync, json, undo, redo } = doc()
    unwrap(ben.change(Doc.set('r', { a: 1, b: 2 })))
    sync()
    unwrap(ann.change(Doc.remove('r')))
    sync()
    unwrap(ben.change(Doc.set('r', { a: 'ben' })))
    sync()
    undo()
    expect(json()).toEqual({ r: { a: 'ben', b: 2 } })
    redo()
    expect(json()).toEqual({ r: { a: 'ben', b: null } })
  })

  test('that go and come in one step leave the fields that others wrote meanwhile', () => {
    const { ann, ben, sync, json, undo } = doc({ captureTimeout: 1e6 })
    unwrap(ben.change(Doc.set('r', { a: 'old' })))
    sync()
    unwrap(ann.change(Doc.remove('r')))
    unwrap(ann.change(Doc.set('r', { b: 'new' })))
    sync()
    unwrap(ben.change(Doc.set('r', { c: 'ben' })))
    sync()
    undo()
    expect(json()).toEqual({ r: { a: 'old', b: null, c: 'ben' } })
  })

  test('stay away if others removed them', () => {
    const { ann, ben, sync, json, undo } = doc()
    unwrap(ann.change(Doc.set('r', { a: 1 })))
    unwrap(ann.change(Doc.set('r', { a: 2 })))
    sync()
    unwrap(ben.change(Doc.remove('r')))
    sync()
    undo()
    expect(json()).toEqual({})
  })
})

describe('What is larger than an update', () => {
  const unit = '0123456789abcdef\n'
  const store = <S, C>(dataType: DataType<S, C>) => {
    const alone = createStore(scuttlebutt(dataType), 'ann')
    return { ...alone, ...createUndo(alone, { captureTimeout: 1e6 }) }
  }

  test('comes back as a text, no pair of surrogates apart', () => {
    const { change, getReplica, undo, redo, stopCapturing } = store(Text)
    const pieces = ['😀'.repeat(120_000), `x${'😀'.repeat(120_000)}`, unit.repeat(20_000)]
    for (const piece of pieces) unwrap(change(Text.insert(0, piece)))
    const all = Text.toString(getReplica().state)
    stopCapturing()
    unwrap(change(Text.remove(0, all.length)))
    expect(unwrap(undo()).length).toBeGreaterThan(1)
    expect(Text.toString(getReplica().state)).toBe(all)
    unwrap(redo())
    expect(Text.length(getReplica().state)).toBe(0)
  })

  test('comes back as lines', () => {
    const { change, getReplica, undo, redo, stopCapturing } = store(REdit)
    const lines = unit.repeat(15_000)
    for (let i = 0; i < 4; i++) unwrap(change(REdit.splice(0, 0, lines)))
    const all = REdit.toString(getReplica().state)
    stopCapturing()
    for (let i = 0; i < 4; i++) unwrap(change(REdit.splice(0, lines.length, '')))
    expect(unwrap(undo()).length).toBeGreaterThan(1)
    expect(REdit.toString(getReplica().state)).toBe(all)
    unwrap(redo())
    expect(REdit.toString(getReplica().state)).toBe('')
  })

  test('comes back as a row', () => {
    const { change, getReplica, undo, stopCapturing } = store(Doc.of(t.string))
    for (const field of ['a', 'b', 'c']) unwrap(change(Doc.set('r', { [field]: unit.repeat(29_000) })))
    const all = Doc.toJSON(getReplica().state)
    stopCapturing()
    unwrap(change(Doc.remove('r')))
    expect(unwrap(undo())).toHaveLength(3)
    expect(Doc.toJSON(getReplica().state)).toEqual(all)
  })
})

describe('What cannot be taken back', () => {
  test('is no step: an event, an action', () => {
    const { ann, canUndo } = two(Events.of(t.unknown))
    unwrap(ann.change(Events.emit('said', 1)))
    expect(canUndo()).toBe(false)
    const counter = two(Replay.of((n: number, by: number) => n + by, 0, t.number))
    unwrap(counter.ann.change(Replay.dispatch(1)))
    expect(counter.canUndo()).toBe(false)
  })

  test('comes back last in a feed, and older steps are forgotten', () => {
    const { ann, undo, redo, canUndo } = two(AppendOnly.of(t.unknown))
    const feed = () => AppendOnly.toJSON(ann.getReplica().state)
    unwrap(ann.change(AppendOnly.push('a')))
    unwrap(ann.change(AppendOnly.push('b')))
    undo()
    expect(feed()).toEqual(['a'])
    redo()
    expect(feed()).toEqual(['a', 'b'])
    unwrap(ann.change(AppendOnly.remove(AppendOnly.items(ann.getReplica().state)[0]!.id)))
    undo()
    expect([feed(), canUndo()]).toEqual([['b', 'a'], false])
    redo()
    expect(feed()).toEqual(['b'])
  })

  test('stays in a map that forgets: a field that is new', () => {
    const { ann, undo } = two(ExpiryModel.of(t.unknown, { maxAge: Infinity }))
    const json = () => ExpiryModel.toJSON(0)(ann.getReplica().state)
    unwrap(ann.change(ExpiryModel.set('a', { x: 1 })))
    unwrap(ann.change(ExpiryModel.set('a', { x: 2, y: 2 })))
    undo()
    expect(json()).toEqual({ a: { x: 1, y: 2 } })
    undo()
    expect(json()).toEqual({})
  })
})

const board = Scuttlebucket.of({ notes: Text, cards: Doc.of(t.unknown), chat: Events.of(t.unknown) })

describe('A bucket', () => {
  test('is undone in all its parts', () => {
    const { ann, undo, canUndo } = two(board)
    unwrap(ann.change(Scuttlebucket.at('notes')(Text.insert(0, 'hi'))))
    unwrap(ann.change(Scuttlebucket.at('cards')(Doc.add({ id: 'r', a: 1 }))))
    unwrap(ann.change(Scuttlebucket.at('chat')(Events.emit('said', 1))))
    undo()
    expect(board.toJSON(ann.getReplica().state)).toEqual({ notes: 'hi', cards: {}, chat: [['said', 1]] })
    undo()
    expect(board.toJSON(ann.getReplica().state)).toEqual({ notes: '', cards: {}, chat: [['said', 1]] })
    expect(canUndo()).toBe(false)
  })

  test.each([['notes'], [['notes']], [[['notes']]]])('is undone in its scope alone: %j', (scope) => {
    const { ann, undo } = two(board, { scope })
    unwrap(ann.change(Scuttlebucket.at('notes')(Text.insert(0, 'hi'))))
    unwrap(ann.change(Scuttlebucket.at('cards')(Doc.add({ id: 'r', a: 1 }))))
    undo()
    expect(board.toJSON(ann.getReplica().state)).toEqual({ notes: '', cards: { r: { id: 'r', a: 1 } }, chat: [] })
  })

  test('is undone in a part, as a store of its own', () => {
    const { ann } = two(board)
    const notes = part(ann, 'notes')
    const { undo, redo } = createUndo(notes)
    unwrap(notes.change(Text.insert(0, 'hi')))
    unwrap(ann.change(Scuttlebucket.at('cards')(Doc.add({ id: 'r', a: 1 }))))
    undo()
    expect(board.toJSON(ann.getReplica().state)).toEqual({ notes: '', cards: { r: { id: 'r', a: 1 } }, chat: [] })
    redo()
    expect(Text.toString(notes.getReplica().state)).toBe('hi')
  })
})

describe('The manager', () => {
  test('forgets, and lets go', () => {
    const { ann, undo, redo, canUndo, clear, close } = two(Model.of(t.unknown))
    unwrap(ann.change(Model.set('a', 1)))
    clear()
    expect(canUndo()).toBe(false)
    undo()
    unwrap(ann.change(Model.set('b', 2)))
    close()
    unwrap(ann.change(Model.set('b', 3)))
    undo()
    redo()
    expect(Model.toJSON(ann.getReplica().state)).toEqual({ a: 1, b: 3 })
  })

  test('tells listeners once, and changes nothing if the store refuses', () => {
    let time = 1000
    const store = createStore(scuttlebutt(Doc.of(t.unknown)), 'ann', { now: () => time, strict: true })
    const { undo, canUndo } = createUndo(store, { captureTimeout: Infinity, now: () => time })
    unwrap(store.change(Doc.set('a', { x: 1 })))
    unwrap(store.change(Doc.set('b', { x: 1 })))
    let told = 0
    store.subscribe(() => told++)
    time = -1e12
    expect(undo()._tag).toBe('Left')
    expect([told, canUndo()]).toEqual([0, true])
    time = 1000
    undo()
    expect([told, Doc.toJSON(store.getReplica().state)]).toEqual([1, {}])
  })

  test('undoes from within a listener', () => {
    const store = createStore(scuttlebutt(Doc.of(t.unknown)), 'ann')
    const { undo, redo } = createUndo(store, { captureTimeout: Infinity })
    unwrap(store.change(Doc.set('a', { x: 1 })))
    let isUndone = false
    const unsubscribe = store.subscribe(() => {
      if (!isUndone) {
        isUndone = true
        undo()
      }
    })
    unwrap(store.change(Doc.set('b', { x: 1 })))
    unsubscribe()
    expect(Doc.toJSON(store.getReplica().state)).toEqual({})
    redo()
    expect(Doc.toJSON(store.getReplica().state)).toEqual({ a: { x: 1 }, b: { x: 1 } })
  })
})
