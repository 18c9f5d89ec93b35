/** Text that an undo or a revert brings back has the marks that it had. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scuttlebutt, Text, unwrap, type Replica } from '../../src/index.js'
import { createStore } from '../../src/adapters/store.js'
import { createUndo } from '../../src/adapters/undo.js'
import { inMemory } from '../runs.js'

type Pad = Replica<Text.State, Text.Change>

const sb = scuttlebutt(Text)

const spansOf = ({ state }: Pad) => Text.spans(state).map(({ insert, attributes }) => [insert, attributes] as const)

let time = 1_795_418_741_399

const changed = (replica: Pad, command: Text.Command): Pad => unwrap(sb.change(command, (time += 1000))(replica))[1]

const padOf = (...commands: ReadonlyArray<Text.Command>): Pad => commands.reduce(changed, sb.create('ann'))

const bold = { bold: true }

describe('Text that a revert brings back', () => {
  const taken = (before: Pad, remove: Text.Command) => {
    const after = changed(before, remove)
    return { after, back: changed(after, Text.revert(before.state, after.state)) }
  }

  test('has its marks, in part or whole', () => {
    const before = padOf(Text.insert(0, 'one two three'), Text.mark(4, 7, 'bold', true), Text.mark(5, 9, 'link', 'x'))
    for (const [from, count] of [
      [4, 3],
      [3, 5],
      [5, 1],
      [0, 13],
    ] as const) {
      expect(spansOf(taken(before, Text.remove(from, count)).back)).toEqual(spansOf(before))
    }
  })

  test('has none that it had not, between others that grow', () => {
    const before = padOf(Text.insert(0, 'abc'), Text.mark(0, 1, 'bold', true), Text.mark(2, 3, 'bold', true))
    const { back } = taken(before, Text.remove(1, 1))
    expect(spansOf(back)).toEqual([
      ['a', bold],
      ['b', {}],
      ['c', bold],
    ])
  })

  test('grows at its end where it did', () => {
    for (const [grows, attributes] of [
      [true, bold],
      [false, {}],
    ] as const) {
      const before = padOf(Text.insert(0, 'ab cd'), Text.mark(0, 2, 'bold', true, { grows }))
      const typed = changed(taken(before, Text.remove(0, 2)).back, Text.insert(2, '!'))
      expect(Text.spans(typed.state).find(({ insert }) => insert.includes('!'))).toMatchObject({ attributes })
    }
  })

  test('keeps its marks when others have it too, and the revert is reverted', () => {
    const before = padOf(Text.insert(0, 'ab'), Text.mark(0, 1, 'bold', true))
    const { after, back } = taken(before, Text.remove(0, 2))
    const ben = sb.applyUpdates(sb.history()(back))(sb.create('ben'))
    expect(spansOf(ben)).toEqual(spansOf(before))
    const again = changed(ben, Text.revert(after.state, back.state))
    expect(Text.toString(again.state)).toBe('')
    expect(spansOf(changed(again, Text.revert(back.state, again.state)))).toEqual(spansOf(before))
  })

  test('writes no mark where there is none, and none that what is around gives', () => {
    const plain = padOf(Text.insert(0, 'abc'))
    const marksIn = ({ state }: Pad) => Text.spans(state).length
    expect(marksIn(taken(plain, Text.remove(1, 1)).back)).toBe(1)
    const before = padOf(Text.insert(0, 'abc'), Text.mark(0, 3, 'bold', true))
    const { after } = taken(before, Text.remove(1, 1))
    const [update] = unwrap(sb.change(Text.revert(before.state, after.state), (time += 1000))(after))
    expect(JSON.stringify(update)).not.toContain('"*"')
  })
})

/** A pad with undo. */
const undoable = () => {
  const now = () => (time += 1000)
  const store = createStore(sb, 'ann', { now })
  return { store, shown: () => spansOf(store.getReplica()), ...createUndo(store, { now }) }
}

describe('Text that an undo brings back', () => {
  test('has its marks, and again what a redo brings', () => {
    const { store, undo, redo, shown } = undoable()
    unwrap(store.changeAll([Text.insert(0, 'abcd'), Text.mark(1, 3, 'bold', true)]))
    const before = shown()
    unwrap(store.change(Text.remove(0, 4)))
    unwrap(undo())
    expect(shown()).toEqual(before)
    unwrap(undo())
    expect(shown()).toEqual([])
    unwrap(redo())
    expect(shown()).toEqual(before)
  })

  test('has its marks in between what others type meanwhile', () => {
    const { store, undo, shown } = undoable()
    unwrap(store.changeAll([Text.insert(0, 'abcd'), Text.mark(1, 3, 'bold', true)]))
    unwrap(store.change(Text.remove(1, 2)))
    const ben = createStore(sb, 'ben', { now: () => (time += 1000), replica: { ...store.getReplica(), id: 'ben' } })
    unwrap(ben.change(Text.insert(0, '>>')))
    store.apply(sb.history(sb.digest(store.getReplica()).clock)(ben.getReplica()))
    unwrap(undo())
    expect(shown()).toEqual([
      ['>>a', {}],
      ['bc', bold],
      ['d', {}],
    ])
  })
})

describe('What is typed after an undo', () => {
  const link = Text.mark(2, 6, 'link', 'u', { grows: false })
  const bolded = Text.mark(2, 6, 'bold', true)
  test.each<readonly [string, Text.Command, Text.Command, number, unknown]>([
    ['in bold whose first letter was deleted', bolded, Text.remove(2, 1), 3, bold],
    ['behind a link whose last letter was deleted', link, Text.remove(5, 1), 6, {}],
    ['behind the letter behind bold that was deleted', bolded, Text.remove(6, 1), 7, {}],
    ['behind bold, where the next letter was deleted', bolded, Text.remove(6, 1), 6, bold],
  ])('has its marks as before: %s', (_, mark, remove, offset, attributes) => {
    const { store, undo } = undoable()
    for (const one of [Text.insert(0, 'a word b'), mark, remove]) unwrap(store.change(one))
    unwrap(undo())
    unwrap(store.change(Text.insert(offset, 'X')))
    const spans = Text.spans(store.getReplica().state)
    expect(spans.find(({ insert }) => insert.includes('X'))).toMatchObject({ attributes })
  })
})

describe('A mark', () => {
  const runs = (...commands: ReadonlyArray<Text.Command>) => {
    const pad = undoable()
    for (const one of [Text.insert(0, 'abc'), ...commands]) unwrap(pad.store.change(one))
    return pad
  }

  test('comes back when what took it is undone, though its letter was deleted and came back before', () => {
    const { undo, shown } = runs(Text.mark(2, 3, 'bold', true), Text.unmark(2, 3, 'bold'), Text.remove(2, 1))
    unwrap(undo())
    unwrap(undo())
    expect(shown()).toEqual([
      ['ab', {}],
      ['c', bold],
    ])
  })

  test('is done again on text that is done again, and undone before it', () => {
    for (const grows of [true, false]) {
      const { undo, redo, shown } = runs(Text.insert(3, 'x'), Text.mark(3, 4, 'bold', true, { grows }))
      const after = shown()
      for (const step of [undo, undo, redo, redo]) unwrap(step())
      expect(shown()).toEqual(after)
      unwrap(undo())
      expect(shown()).toEqual([['abcx', {}]])
    }
  })
})

test('An undo of 2,000 scattered keystrokes of one step is in time, and each keystroke', () => {
  const now = () => time
  const store = createStore(sb, 'ann', { now })
  unwrap(store.change(Text.insert(0, 'x'.repeat(10_000))))
  const { undo } = createUndo(store, { now })
  for (let i = 0; i < 2000; i++) unwrap(store.change(Text.insert((i * 7919) % 9000, 'y')))
  unwrap(undo())
  expect(Text.toString(store.getReplica().state)).toBe('x'.repeat(10_000))
})

const place = fc.nat({ max: 1000 })
const step = fc.oneof(
  fc.record({ what: fc.constant('type' as const), place, text: fc.constantFrom('x', 'yz', '😀', 'w w') }),
  fc.record({ what: fc.constant('remove' as const), place, many: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    what: fc.constant('mark' as const),
    place,
    many: fc.integer({ min: 1, max: 6 }),
    key: fc.constantFrom('bold', 'link'),
    value: fc.constantFrom(true, 'x', null),
    grows: fc.boolean(),
  }),
)

type Step = typeof step extends fc.Arbitrary<infer A> ? A : never

/** A command within the text, which cuts no pair. */
const commandOf = (one: Step, state: Text.State): Text.Command => {
  const letters = Array.from(Text.toString(state))
  const offsetOf = (index: number): number => letters.slice(0, index).join('').length
  const from = one.place % (letters.length + 1)
  if (one.what === 'type') return Text.insert(offsetOf(from), one.text)
  const to = Math.min(letters.length, from + one.many)
  if (one.what === 'remove') return Text.remove(offsetOf(from), offsetOf(to) - offsetOf(from))
  const { key, value, grows } = one
  return Text.mark(offsetOf(from), offsetOf(to), key, value, { grows })
}

describe('Whoever writes alone', () => {
  test('sees what was before a change by an undo, and the change by a redo', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const { store, undo, redo, shown } = undoable()
        unwrap(store.change(Text.insert(0, 'some text')))
        for (const one of steps) {
          const before = shown()
          unwrap(store.change(commandOf(one, store.getReplica().state)))
          const after = shown()
          if (JSON.stringify(before) === JSON.stringify(after)) continue
          unwrap(undo())
          expect(shown()).toEqual(before)
          unwrap(redo())
          expect(shown()).toEqual(after)
        }
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('sees each text again by undo and redo of all, whatever is marked', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const { store, undo, redo, canUndo, canRedo } = undoable()
        const text = () => Text.toString(store.getReplica().state)
        const texts = [text()]
        for (const one of steps) {
          unwrap(store.change(commandOf(one, store.getReplica().state)))
          texts.push(text())
        }
        // a mark changes no text
        const distinct = (all: ReadonlyArray<string>) => all.filter((one, i) => one !== all[i - 1])
        const seen = [text()]
        while (canUndo()) {
          unwrap(undo())
          seen.push(text())
        }
        expect(distinct(seen.reverse())).toEqual(distinct(texts))
        const again = [text()]
        while (canRedo()) {
          unwrap(redo())
          again.push(text())
        }
        expect(distinct(again)).toEqual(distinct(texts))
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('sees any version again by a revert to it', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), place, (steps, chosen) => {
        const versions = [padOf(Text.insert(0, 'some text'))]
        for (const one of steps) versions.push(changed(versions.at(-1)!, commandOf(one, versions.at(-1)!.state)))
        const [now, old] = [versions.at(-1)!, versions[chosen % versions.length]!]
        expect(spansOf(changed(now, Text.revert(old.state, now.state)))).toEqual(spansOf(old))
      }),
      { numRuns: inMemory(1000) },
    )
  })
})
