/** Undo of marks of a text: bold, links, colours. */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Scuttlebucket, scuttlebutt, Text, unwrap } from '../../src/index.js'
import { createStore, part, type Store } from '../../src/adapters/store.js'
import { createUndo } from '../../src/adapters/undo.js'
import { inMemory } from '../runs.js'
import { inRedux } from '../redux/slices.js'

type Pad = Store<Text.State, Text.Change>

const marked = (store: Pad) => Text.spans(store.getReplica().state).map(({ insert, attributes: all }) => [insert, all])

/** A pad that holds a text by somebody else. */
const pad = (text: string) => {
  let time = 1_795_418_741_399
  const now = () => (time += 1000)
  const store = createStore(scuttlebutt(Text), 'ann', { now })
  store.apply([[[0, ['+', text, 0, 0]], 1000, 'cy']])
  return { store, now, ...createUndo(store, { now }) }
}

describe('A mark', () => {
  test('goes and comes by undo and redo, and what it covered shows again', () => {
    const { store, undo, redo, canUndo } = pad('abcd')
    unwrap(store.change(Text.mark(0, 4, 'color', 'red')))
    unwrap(store.change(Text.mark(1, 3, 'color', 'blue')))
    unwrap(store.change(Text.unmark(0, 2, 'color')))
    const [red, blue, bare] = [{ color: 'red' }, { color: 'blue' }, {}]
    const shown = [marked(store)]
    while (canUndo()) {
      unwrap(undo())
      shown.push(marked(store))
    }
    expect(shown).toEqual([
      [
        ['ab', bare],
        ['c', blue],
        ['d', red],
      ],
      [
        ['a', red],
        ['bc', blue],
        ['d', red],
      ],
      [['abcd', red]],
      [['abcd', bare]],
    ])
    for (const before of shown.slice(0, -1).reverse()) {
      unwrap(redo())
      expect(marked(store)).toEqual(before)
    }
  })

  test('joins the step of the text that is typed with it', () => {
    const { store, undo, redo } = pad('ab')
    unwrap(store.changeAll([Text.insert(2, 'cd'), Text.mark(1, 3, 'bold', true)]))
    expect(marked(store)).toEqual([
      ['a', {}],
      ['bc', { bold: true }],
      ['d', {}],
    ])
    unwrap(undo())
    expect(marked(store)).toEqual([['ab', {}]])
    unwrap(redo())
    expect(Text.toString(store.getReplica().state)).toBe('abcd')
  })

  test('of somebody else stays, also that which one’s own covered', () => {
    const { store, undo } = pad('abcd')
    const other = createStore(scuttlebutt(Text), 'ben', { now: () => 2000, replica: store.getReplica() })
    unwrap(other.change(Text.mark(0, 2, 'bold', 'ben')))
    store.reconcile({ digest: { id: 'ben', clock: {} }, updates: scuttlebutt(Text).history()(other.getReplica()) })
    unwrap(store.change(Text.mark(1, 4, 'bold', 'ann')))
    unwrap(undo())
    expect(marked(store)).toEqual([
      ['ab', { bold: 'ben' }],
      ['cd', {}],
    ])
  })

  test('is undone in a part of a bucket, and in its scope alone', () => {
    const bucket = scuttlebutt(Scuttlebucket.of({ notes: Text, title: Text }))
    const store = createStore(bucket, 'ann')
    const [notes, title] = [part(store, 'notes'), part(store, 'title')]
    for (const text of [notes, title]) unwrap(text.change(Text.insert(0, 'ab')))
    const undos = [createUndo(notes).undo, createUndo(store, { scope: 'title' }).undo]
    for (const text of [notes, title]) unwrap(text.change(Text.mark(0, 1, 'bold', true)))
    for (const [i, text] of [notes, title].entries()) {
      expect(marked(text)).toHaveLength(2)
      undos[i]!()
      expect(marked(text)).toEqual([['ab', {}]])
    }
  })

  test('goes when Redux reverts to a version before it, whoever made it', () => {
    const { store } = inRedux(scuttlebutt(Text), 'ann')
    unwrap(store.change(Text.insert(0, 'ab')))
    const old = store.getReplica()
    const ben = createStore(scuttlebutt(Text), 'ben', { replica: old })
    unwrap(ben.change(Text.mark(0, 1, 'bold', 'ben')))
    store.apply(scuttlebutt(Text).history()(ben.getReplica()))
    unwrap(store.change(Text.mark(0, 2, 'italic', true)))
    expect(marked(store)).toHaveLength(2)
    unwrap(store.revertTo(old))
    expect(marked(store)).toEqual([['ab', {}]])
  })
})

/** Marks as layers, oldest first: of those that are not taken back the uppermost shows. */
interface Layer {
  readonly from: number
  readonly to: number
  readonly key: string
  readonly value: unknown
  isBack: boolean
}

const SIZE = 6
const KEYS = ['bold', 'color']

/** For each letter, what the uppermost layer says of each key. */
const shownBy = (layers: ReadonlyArray<Layer>): ReadonlyArray<unknown> =>
  Array.from({ length: SIZE }, (_, i) => {
    const there = layers.filter(({ from, to, isBack }) => !isBack && from <= i && i < to)
    const values = new Map(there.map(({ key, value }) => [key, value]))
    return Object.fromEntries([...values].filter(([, value]) => value !== null))
  })

const move = fc.oneof(
  fc.record({
    by: fc.constantFrom('ann', 'ann', 'ben'),
    from: fc.nat(SIZE - 1),
    many: fc.integer({ min: 1, max: SIZE }),
    key: fc.constantFrom(...KEYS),
    value: fc.constantFrom('x', 'y', null),
    isSoon: fc.boolean(),
  }),
  fc.constantFrom('undo' as const, 'undo' as const, 'redo' as const),
)

test('Undo of marks shows what layers show of which one’s own are taken away and put back', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
      let time = 1_795_418_741_399
      const now = () => time
      const sb = scuttlebutt(Text)
      const ann = createStore(sb, 'ann', { now })
      const ben = createStore(sb, 'ben', { now })
      ann.apply([[[0, ['+', 'abcdef', 0, 0]], 1000, 'cy']])
      const manager = createUndo(ann, { now })
      const layers: Layer[] = []
      const done: Layer[][] = []
      let undone: Layer[][] = []
      let isOpen = false
      for (const one of moves) {
        ben.apply(sb.history(sb.digest(ben.getReplica()).clock)(ann.getReplica()))
        if (typeof one === 'string') {
          unwrap(manager[one]())
          const step = (one === 'undo' ? done : undone).pop()
          const before = shownBy(layers)
          for (const layer of step ?? []) layer.isBack = one === 'undo'
          // what somebody else covers is no step
          if (step && !isDeepStrictEqual(shownBy(layers), before)) (one === 'undo' ? undone : done).push(step)
          isOpen &&= !step
        } else {
          const { by, from, many, key, value, isSoon } = one
          if (by === 'ann') time += isSoon ? 1 : 1000
          const to = Math.min(SIZE, from + many)
          const layer = { from, to, key, value, isBack: false }
          unwrap((by === 'ann' ? ann : ben).change(Text.mark(from, to, key, value)))
          layers.push(layer)
          if (by === 'ben') ann.apply(sb.history(sb.digest(ann.getReplica()).clock)(ben.getReplica()))
          else {
            if (isSoon && isOpen) done.at(-1)!.push(layer)
            else done.push([layer])
            undone = []
            isOpen = true
          }
        }
        const shown = Text.spans(ann.getReplica().state)
        expect(shown.flatMap(({ insert, attributes }) => insert.split('').map(() => attributes))).toEqual(
          shownBy(layers),
        )
      }
      expect([manager.canUndo(), manager.canRedo()]).toEqual([done.length > 0, undone.length > 0])
    }),
    { numRuns: inMemory(300) },
  )
})
