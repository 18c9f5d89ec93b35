import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { REdit, scuttlebutt, type Maker, type RArray, type Replica } from '../../src/index.js'
import { inMemory } from '../runs.js'

const { create, change, applyUpdates, history } = scuttlebutt(REdit)

type Pad = Replica<REdit.State, REdit.Change>

const NOW = 1_795_418_741_399

const make = (command: Maker<REdit.State, REdit.Change, RArray.Refusal>, pad: Pad) => {
  const changed = change(command, NOW)(pad)
  if (changed._tag === 'Left') throw new Error(JSON.stringify(changed.left))
  const [[written], next] = changed.right
  return { written, next }
}

const line = fc.constantFrom('a\n', 'b\n', 'c\r\n', '\n', '\r', 'd', '', 'é😀\n', '__proto__\n')
const prose = fc.array(line, { maxLength: 12 }).map((lines) => lines.join(''))

/** The length of the longest common subsequence, by the textbook table. */
const commonLines = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): number => {
  let row = new Array<number>(b.length + 1).fill(0)
  for (const x of a) {
    const next = [0]
    b.forEach((y, j) => next.push(x === y ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!)))
    row = next
  }
  return row.at(-1)!
}

describe('A text', () => {
  test('is exactly the text that was written, and has its lines', () => {
    fc.assert(
      fc.property(fc.array(prose, { maxLength: 6 }), (texts) => {
        let pad: Pad = create('a')
        for (const written of texts) {
          pad = make(REdit.text(written), pad).next
          expect(REdit.toString(pad.state)).toBe(written)
          expect(REdit.lines(pad.state)).toEqual(written.match(/[^\n]*\n|[^\n]+$/g) ?? [])
        }
      }),
      { numRuns: inMemory(2000) },
    )
  })

  test('changes the smallest number of lines', () => {
    fc.assert(
      fc.property(prose, prose, (before, after) => {
        const { next } = make(REdit.text(before), create('a'))
        const { written } = make(REdit.text(after), next)
        const [old, made] = [REdit.lines(next.state), after.match(/[^\n]*\n|[^\n]+$/g) ?? []]
        const kept = commonLines(old, made)
        // to replace a line is one change; so is to add or to remove one
        expect(Object.keys(written).length).toBeLessThanOrEqual(old.length - kept + (made.length - kept))
        expect(Object.keys(written).length).toBeGreaterThanOrEqual(Math.max(old.length, made.length) - kept)
      }),
      { numRuns: inMemory(2000) },
    )
  })

  test('splices like a string', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(), prose), { maxLength: 8 }), (splices) => {
        let pad: Pad = create('a')
        let string = ''
        for (const [at, many, inserted] of splices) {
          const offset = at % (string.length + 1)
          const count = many % (string.length - offset + 1)
          const { written, next } = make(REdit.splice(offset, count, inserted), pad)
          const expected = string.slice(0, offset) + inserted + string.slice(offset + count)
          if (expected === string) expect(written).toEqual({})
          pad = next
          string = expected
          expect(REdit.toString(pad.state)).toBe(string)
          expect(REdit.lines(pad.state)).toEqual(string.match(/[^\n]*\n|[^\n]+$/g) ?? [])
        }
      }),
      { numRuns: inMemory(2000) },
    )
  })

  test('writes only the lines that a splice changes', () => {
    const { next } = make(REdit.text('one\ntwo\nthree\n'), create('a'))
    const { written } = make(REdit.splice(5, 1, 'WW'), next)
    expect(Object.values(written)).toEqual(['tWWo\n'])
    expect(Object.values(make(REdit.splice(3, 1, ''), next).written)).toEqual(['onetwo\n', null])
    expect(Object.values(make(REdit.splice(4, 0, 'x\n'), next).written)).toEqual(['x\n'])
    expect(Object.values(make(REdit.splice(14, 0, 'x'), next).written)).toEqual(['x'])
  })

  test('keeps the concurrent changes of two replicas to different lines', () => {
    const common = make(REdit.text('one\ntwo\nthree\n'), create('c')).next
    const a = make(REdit.text('ONE\ntwo\nthree\n'), { ...common, id: 'a' }).next
    const b = make(REdit.text('one\ntwo\nthree\nfour\n'), { ...common, id: 'b' }).next
    expect(REdit.toString(applyUpdates(history()(a))(b).state)).toBe('ONE\ntwo\nthree\nfour\n')
  })

  test('rewrites all lines if too many differ, with the right text', () => {
    const numbered = (name: string): string => Array.from({ length: 3000 }, (_, i) => `${name} ${String(i)}\n`).join('')
    const { next } = make(REdit.text(`top\n${numbered('a')}end\n`), create('a'))
    const { written, next: rewritten } = make(REdit.text(`top\n${numbered('b')}end\n`), next)
    expect(REdit.toString(rewritten.state)).toBe(`top\n${numbered('b')}end\n`)
    expect(Object.keys(written)).toHaveLength(3000)
  })

  test.each([
    [REdit.splice(-1, 0, ''), -1],
    [REdit.splice(0, 4, ''), 4],
    [REdit.splice(2, -1, ''), 1],
    [REdit.splice(0.5, 0, ''), 0.5],
    [REdit.splice(4, 0, 'x'), 4],
  ])('refuses a splice beyond the text with the values: %#', (command, index) => {
    const { next } = make(REdit.text('abc'), create('a'))
    expect(change(command, NOW)(next)).toEqual({
      _tag: 'Left',
      left: { _tag: 'IndexOutOfRange', index, length: 3 },
    })
  })

  test('goes round two keys of another library that leave no room', () => {
    const narrow = applyUpdates([[{ a: 'x\n', 'a!': 'y\n', 'a!!': 'z\n', b: 'end\n' }, NOW, 'b']])(create('a'))
    for (const command of [REdit.text('x\n1\ny\n2\nz\n3\nend\n'), REdit.text('X\n1\nY\n2\n2\nz\n3\nEND')]) {
      const { next } = make(command, narrow)
      expect([REdit.toString(next.state)]).toEqual([REdit.toString(make(command, create('a')).next.state)])
    }
    expect(REdit.toString(make(REdit.splice(2, 2, 'w\nv\nu\n'), narrow).next.state)).toBe('x\nw\nv\nu\nz\nend\n')
  })

  test('does not fuse a line without a line end with one appended at the same time', () => {
    const common = make(REdit.text('a\nb'), create('c')).next
    const appended = make(REdit.text('a\nb\nc'), { ...common, id: 'a' }).next
    const edited = make(REdit.text('a\nB'), { ...common, id: 'b' }).next
    for (const one of [applyUpdates(history()(appended))(edited), applyUpdates(history()(edited))(appended)]) {
      expect(REdit.lines(one.state)).toEqual(['a\n', 'B\n', 'c'])
    }
  })

  test.each([
    [
      'a change that becomes equal to a line as it is shown',
      { a: 'x\n', b: 'y', c: '\n' },
      [3, 1, 'x\ny'],
      'x\nyx\ny\n',
    ],
    ['a removal of all behind it', { a: 'x', b: 'y\n' }, [2, 2, ''], 'x\n'],
    ['a removal of all behind it but an empty line', { a: 'x', b: 'y\n', c: '' }, [2, 2, ''], 'x\n'],
  ] as const)('keeps the line end of a line that lacks it: %s', (_, lines, [offset, count, string], expected) => {
    const ragged = applyUpdates([[lines, NOW, 'b']])(create('a'))
    expect(REdit.toString(make(REdit.splice(offset, count, string), ragged).next.state)).toBe(expected)
  })

  test('is exactly the text that was written after any merge', () => {
    fc.assert(
      fc.property(prose, fc.array(fc.tuple(fc.nat(2), prose, fc.nat(), fc.nat()), { maxLength: 8 }), (first, edits) => {
        const common = make(REdit.text(first), create('c')).next
        const pads = ['a', 'b', 'c'].map((id) => ({ ...common, id }))
        for (const [by, written, at, count] of edits) {
          pads[by] = make(REdit.text(written), pads[by]!).next
          const merged = applyUpdates(pads.flatMap((pad) => history()(pad)))(pads[by])
          const string = REdit.toString(merged.state)
          expect(REdit.lines(merged.state).filter((line) => line !== '')).toEqual(
            string.match(/[^\n]*\n|[^\n]+$/g) ?? [],
          )
          const [from, gone] = [at % (string.length + 1), count % (string.length + 1)]
          const cut = Math.min(gone, string.length - from)
          const spliced = make(REdit.splice(from, cut, written), merged).next
          expect(REdit.toString(spliced.state)).toBe(string.slice(0, from) + written + string.slice(from + cut))
          expect(REdit.toString(make(REdit.text(written), merged).next.state)).toBe(written)
        }
      }),
      { numRuns: inMemory(500) },
    )
  })

  test('writes only the lines that change, if one line in ten of 20,000 does', () => {
    const numbers = Array.from({ length: 20_000 }, (_, i) => i)
    const { next } = make(REdit.text(numbers.map((i) => `line ${String(i)}\n`).join('')), create('a'))
    const indented = numbers.map((i) => `${i % 10 === 0 ? '  ' : ''}line ${String(i)}\n`)
    const { written } = make(REdit.text(indented.join('')), next)
    expect(Object.keys(written)).toHaveLength(2000)
    const { written: longer, next: shifted } = make(REdit.text(`top\n${indented.join('')}`), next)
    expect(REdit.toString(shifted.state)).toBe(`top\n${indented.join('')}`)
    expect(Object.keys(longer)).toHaveLength(2001)
  })
})
