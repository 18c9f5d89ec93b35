/** Marks, by the examples of "Peritext" (CSCW 2022), sections 2 and 3. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Text, type Update } from '../../../src/index.js'
import { right } from '../../right.js'
import { inMemory } from '../../runs.js'
import { shrink } from './invariants.js'

shrink()

type Made = Update<Text.Change>

let now = 1000

class Writer {
  state: Text.State = Text.empty
  readonly made: Made[] = []
  readonly id: string

  constructor(id: string, ...heard: ReadonlyArray<Made>) {
    this.id = id
    if (heard.length > 0) this.hears(...heard)
  }

  does(command: Text.Command): Made {
    const timestamp = now++
    const update = [right(command(this.state, { timestamp, source: this.id })), timestamp, this.id] as const
    this.state = Text.own(update)(this.state).state
    this.made.push(update)
    return update
  }

  hears(...updates: ReadonlyArray<Made>): void {
    this.state = Text.apply(updates)(this.state).state
  }

  get spans(): ReadonlyArray<readonly [string, unknown]> {
    return Text.spans(this.state).map(({ insert, attributes }) => [insert, attributes])
  }
}

/** Two who start from one text, do one thing each, and hear each other. */
const both = (text: string, a: Text.Command, b: Text.Command): Writer['spans'] => {
  const base = new Writer('base')
  base.does(Text.insert(0, text))
  const [ann, ben] = [new Writer('ann', ...base.made), new Writer('ben', ...base.made)]
  const [first, second] = [ann.does(a), ben.does(b)]
  ann.hears(second)
  ben.hears(first)
  expect(ann.spans).toEqual(ben.spans)
  return ann.spans
}

const BOLD: unknown = { bold: true }
const FOX = 'The fox jumped.'

describe('Marks of two writers', () => {
  test('example 1: text that one inserts into what the other makes bold is bold', () => {
    expect(both(FOX, Text.mark(0, 15, 'bold', true), Text.insert(4, 'brown '))).toEqual([
      ['The brown fox jumped.', BOLD],
    ])
  })

  test('example 2: bold ranges that overlap are bold where either is', () => {
    expect(both(FOX, Text.mark(0, 7, 'bold', true), Text.mark(4, 15, 'bold', true))).toEqual([[FOX, BOLD]])
  })

  test('example 3: bold and italic that overlap are both where both are', () => {
    expect(both(FOX, Text.mark(0, 7, 'bold', true), Text.mark(4, 15, 'italic', true))).toEqual([
      ['The ', { bold: true }],
      ['fox', { bold: true, italic: true }],
      [' jumped.', { italic: true }],
    ])
  })

  test('example 4: of two colours, the later one counts where both are', () => {
    expect(both(FOX, Text.mark(0, 7, 'color', 'red'), Text.mark(4, 15, 'color', 'blue'))).toEqual([
      ['The ', { color: 'red' }],
      ['fox jumped.', { color: 'blue' }],
    ])
  })

  test('example 5: what one makes bold and the other plain is as the later says', () => {
    const base = new Writer('base')
    base.does(Text.insert(0, FOX))
    base.does(Text.mark(0, 15, 'bold', true))
    const [ann, ben] = [new Writer('ann', ...base.made), new Writer('ben', ...base.made)]
    const [plain, again] = [ann.does(Text.unmark(0, 7, 'bold')), ben.does(Text.mark(4, 7, 'bold', true))]
    ann.hears(again)
    ben.hears(plain)
    expect(ann.spans).toEqual([
      ['The ', {}],
      ['fox jumped.', { bold: true }],
    ])
    expect(ben.spans).toEqual(ann.spans)
  })

  test('example 6: comments that overlap are both there', () => {
    expect(both(FOX, Text.mark(0, 7, 'comment:1', 'a'), Text.mark(4, 15, 'comment:2', 'b'))).toEqual([
      ['The ', { 'comment:1': 'a' }],
      ['fox', { 'comment:1': 'a', 'comment:2': 'b' }],
      [' jumped.', { 'comment:2': 'b' }],
    ])
  })

  test('example 7: bold grows at its end and not at its start', () => {
    const ann = new Writer('ann')
    ann.does(Text.insert(0, FOX))
    ann.does(Text.mark(4, 7, 'bold', true))
    ann.does(Text.insert(7, 'es'))
    ann.does(Text.insert(4, 'red '))
    expect(ann.spans).toEqual([
      ['The red ', {}],
      ['foxes', { bold: true }],
      [' jumped.', {}],
    ])
  })

  test('example 8: a link grows at neither end', () => {
    const ann = new Writer('ann')
    ann.does(Text.insert(0, FOX))
    ann.does(Text.mark(4, 7, 'link', 'https://fox', { grows: false }))
    ann.does(Text.insert(7, 'es'))
    ann.does(Text.insert(4, 'red '))
    expect(ann.spans).toEqual([
      ['The red ', {}],
      ['fox', { link: 'https://fox' }],
      ['es jumped.', {}],
    ])
  })

  test('example 9: text typed behind a link whose last letters are deleted is no link', () => {
    const base = new Writer('base')
    base.does(Text.insert(0, FOX))
    base.does(Text.mark(4, 7, 'link', 'x', { grows: false }))
    const ann = new Writer('ann', ...base.made)
    ann.does(Text.remove(6, 1))
    ann.does(Text.insert(7, 's'))
    expect(ann.spans).toEqual([
      ['The ', {}],
      ['fo', { link: 'x' }],
      [' sjumped.', {}],
    ])
  })

  test('a mark to the end of the text grows with it', () => {
    const ann = new Writer('ann')
    ann.does(Text.insert(0, 'ab'))
    ann.does(Text.mark(1, 2, 'bold', true))
    ann.does(Text.insert(2, 'c'))
    expect(ann.spans).toEqual([
      ['a', {}],
      ['bc', { bold: true }],
    ])
  })
})

describe('A mark', () => {
  test('keeps its age while its author types on', () => {
    const [ann, ben] = [new Writer('ann'), new Writer('ben')]
    ann.does(Text.insert(0, 'abc'))
    ann.does(Text.mark(0, 3, 'color', 'red'))
    ben.hears(...ann.made)
    const blue = ben.does(Text.mark(0, 3, 'color', 'blue'))
    const typed = ann.does(Text.insert(3, 'd'))
    ann.hears(blue)
    ben.hears(typed)
    expect(ann.spans).toEqual([['abcd', { color: 'blue' }]])
    expect(ben.spans).toEqual(ann.spans)
  })

  test('is refused beyond the text, and within a pair', () => {
    const ann = new Writer('ann')
    ann.does(Text.insert(0, 'a😀'))
    const at = { timestamp: 1, source: 'ann' }
    const beyond = (index: number) => ({ _tag: 'Left', left: { _tag: 'IndexOutOfRange', index, length: 3 } })
    expect(Text.mark(0, 4, 'b', 1)(ann.state, at)).toEqual(beyond(4))
    expect(Text.mark(-1, 2, 'b', 1)(ann.state, at)).toEqual(beyond(-1))
    expect(Text.mark(3, 1, 'b', 1)(ann.state, at)).toEqual(beyond(1))
    expect(Text.mark(0, 2, 'b', 1)(ann.state, at)).toEqual({ _tag: 'Left', left: { _tag: 'SplitsPair', offset: 2 } })
    expect(Text.mark(1, 1, 'b', 1)(ann.state, at)).toEqual({ _tag: 'Right', right: [0] })
  })

  test('of a form that nobody knows does nothing', () => {
    const made: ReadonlyArray<Text.Operation> = [
      ['+', 'ab', 0, 0],
      ['*', [0, -1], [0, 1], 'bold'],
      ['*', [0, -1], [0, 2], 'bold', true],
      ['*', 'x', [0, 1], 'bold', true],
      ['*', [0, -1], [1, 0, 'a', 1], 'bold', true],
      ['*', [0, -1], [9, 1, 'a', 1], 'bold', true],
    ]
    expect(Text.spans(Text.apply([[[0, ...made], 1, 'a']])(Text.empty).state)).toEqual([
      { insert: 'ab', attributes: {} },
    ])
    expect(Text.spans(Text.empty)).toEqual([])
  })

  test('is undone by revert, and done again', () => {
    const ann = new Writer('ann')
    ann.does(Text.insert(0, FOX))
    ann.does(Text.mark(0, 7, 'color', 'red'))
    const before = ann.state
    const shown = ann.spans
    ann.does(Text.mark(4, 15, 'color', 'blue'))
    const after = ann.state
    ann.does(Text.revert(before, after))
    expect(ann.spans).toEqual(shown)
    ann.does(Text.revert(after, ann.state))
    expect(ann.spans).toEqual([
      ['The ', { color: 'red' }],
      ['fox jumped.', { color: 'blue' }],
    ])
  })
})

const action = fc.tuple(
  fc.boolean(),
  fc.constantFrom('type', 'erase', 'mark', 'unmark', 'link', 'hear'),
  fc.nat(12),
  fc.nat(5),
  fc.constantFrom('bold', 'color'),
  fc.constantFrom('x', 'yz'),
)

test('Marked texts agree, whoever hears what first, and say for each letter what its newest mark says', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 25, size: 'max' }), (actions) => {
      const [ann, ben] = [new Writer('ann'), new Writer('ben')]
      const all: Made[] = []
      for (const [isBen, what, at, many, key, value] of actions) {
        const writer = isBen ? ben : ann
        const size = Text.length(writer.state)
        const from = at % (size + 1)
        const to = Math.min(size, from + many)
        if (what === 'hear') writer.hears(...all.filter(([, , source]) => source !== writer.id))
        else if (what === 'type') all.push(writer.does(Text.insert(from, value)))
        else if (what === 'erase') all.push(writer.does(Text.remove(from, to - from)))
        else if (what === 'mark') all.push(writer.does(Text.mark(from, to, key, value)))
        else if (what === 'link') all.push(writer.does(Text.mark(from, to, 'link', value, { grows: false })))
        else all.push(writer.does(Text.unmark(from, to, key)))
      }
      ann.hears(...all.filter(([, , source]) => source === 'ben'))
      ben.hears(...all.filter(([, , source]) => source === 'ann'))
      expect(ann.spans).toEqual(ben.spans)
      expect(ann.spans.map(([text]) => text).join('')).toBe(Text.toString(ann.state))
      expect(letters(ann.state)).toEqual(byHand(ann.state, all))
    }),
    { numRuns: inMemory(1000) },
  )
})

test('What is typed after a revert has the marks that it would have had before', () => {
  const offsets = fc.tuple(fc.nat(4), fc.nat(4)).map((two) => two.sort((a, b) => a - b))
  const marking = fc.tuple(fc.constantFrom('x', 'y', null), offsets, fc.boolean())
  const marked = (value: string | null, [from, to]: number[], grows: boolean): Text.Command =>
    Text.mark(from!, to!, 'key', value, { grows })
  const typedAt = (state: Text.State, offset: number): ReadonlyArray<unknown> => {
    const zoe = new Writer('zoe')
    zoe.state = state
    zoe.does(Text.insert(offset, 'z'))
    return letters(zoe.state)
  }
  fc.assert(
    fc.property(fc.array(marking, { maxLength: 4 }), marking, fc.nat(4), (marks, last, offset) => {
      const ann = new Writer('ann')
      ann.does(Text.insert(0, 'abcd'))
      for (const one of marks) ann.does(marked(...one))
      const before = ann.state
      ann.does(marked(...last))
      const after = ann.state
      ann.does(Text.revert(before, after))
      const back = ann.state
      expect(typedAt(back, offset)).toEqual(typedAt(before, offset))
      ann.does(Text.revert(after, back))
      expect(typedAt(ann.state, offset)).toEqual(typedAt(after, offset))
    }),
    { numRuns: inMemory(1000) },
  )
})

const letters = (state: Text.State): ReadonlyArray<unknown> =>
  Text.spans(state).flatMap(({ insert, attributes }) => insert.split('').map(() => attributes))

test('20,000 marks within each other are read one by one: all at every end would be 400 million', () => {
  const count = 20_000
  const writer = new Writer('base')
  writer.does(Text.insert(0, 'x'.repeat(2 * count + 1)))
  const [[, first]] = writer.made as [Made]
  const nested = Array.from({ length: count }, (_, i): Text.Operation => {
    const [from, to] = [i + 1, 2 * count - i + 1]
    return ['*', [first, from, 'base', 1], [first, to, 'base', 1], 'depth', i + 1]
  })
  writer.hears([[0, ...nested], first + 1, 'liar'])
  const depths = writer.spans.map(([, attributes]) => (attributes as { readonly depth?: number }).depth)
  const down = Array.from({ length: count }, (_, i) => i + 1)
  expect(depths).toEqual([...down, ...down.slice(0, -1).reverse(), undefined])
})

/** For each letter and key, the mark of the greatest stamp whose ends stand around it. */
const byHand = (state: Text.State, all: ReadonlyArray<Made>): ReadonlyArray<unknown> => {
  const marks = all.flatMap(([change, at, source]) =>
    change[0] === 0
      ? (change.slice(1) as ReadonlyArray<Text.Operation>)
          .filter(([kind]) => kind === '*')
          .map((one) => ({
            at,
            source,
            operation: one as unknown as readonly [string, Text.Cursor, Text.Cursor, string, unknown],
          }))
      : [],
  )
  marks.sort((a, b) => a.at - b.at)
  const offset = (cursor: Text.Cursor): number => {
    const found = Text.offsetOf(cursor)(state)
    return found._tag === 'Some' ? found.value : -1
  }
  return Array.from({ length: Text.length(state) }, (_, i) => {
    const attributes = new Map<string, unknown>()
    for (const {
      operation: [, from, to, key, value],
    } of marks) {
      if (offset(from) <= i && i < offset(to)) attributes.set(key, value)
    }
    return Object.fromEntries(
      [...attributes].filter(([, value]) => value !== null).sort(([a], [b]) => (a < b ? -1 : 1)),
    )
  })
}
