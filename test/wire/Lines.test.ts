import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Lines, Rejection } from '../../src/index.js'
import { inMemory } from '../runs.js'

const LIMIT = 1 << 20

/** All lines of the chunks. A rejection is shown by its tag. */
const decoded = (chunks: ReadonlyArray<Uint8Array | string>, limit = LIMIT): ReadonlyArray<string> => {
  const out: string[] = []
  let state = Lines.empty
  const take = (lines: ReadonlyArray<Lines.Line>): void => {
    for (const line of lines) out.push(line._tag === 'Right' ? line.right : `<${line.left._tag}>`)
  }
  for (const chunk of chunks) {
    const [lines, next] = Lines.push(chunk, limit)(state)
    take(lines)
    state = next
  }
  take(Lines.end(state, limit))
  return out
}

const line = fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', '\u2028', '\ufeff', '"', ' '), maxLength: 12 })

/** Where to cut, as fractions of the length. */
const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })

const cutAt = <A extends { readonly length: number; slice: (from: number, to: number) => A }>(
  whole: A,
  at: ReadonlyArray<number>,
): ReadonlyArray<A> => {
  const places = [0, ...at.map((x) => Math.floor(x * whole.length)).sort((a, b) => a - b), whole.length]
  return places.slice(1).map((to, i) => whole.slice(places[i]!, to))
}

describe('The line decoder', () => {
  test('is right for any chunking of bytes, within characters too', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), cuts, fc.constantFrom('\n', '\r\n'), (lines, at, end) => {
        const bytes = new TextEncoder().encode(lines.map((one) => one + end).join(''))
        expect(decoded(cutAt(bytes, at))).toEqual(lines)
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('is right for any chunking of strings, within surrogate pairs too', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), cuts, (lines, at) => {
        expect(decoded(cutAt(lines.map((one) => `${one}\n`).join(''), at))).toEqual(lines)
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('takes bytes and strings by turns', () => {
    expect(decoded([new Uint8Array([0xc3]), new Uint8Array([0xa9]), 'x\ud83d', '\ude00\n'])).toEqual(['éx😀'])
  })

  test('gives a last line without an end, and none after the last end', () => {
    expect(decoded(['a\nb'])).toEqual(['a', 'b'])
    expect(decoded(['a\n'])).toEqual(['a'])
    expect(decoded([])).toEqual([])
    expect(decoded(['\n\n'])).toEqual(['', ''])
  })

  test('leaves a byte order mark for the parser to refuse', () => {
    expect(decoded([new Uint8Array([0xef, 0xbb, 0xbf, 0x31, 0x0a])])).toEqual(['\ufeff1'])
  })

  test('refuses exactly the lines over the limit in bytes, however they are cut', () => {
    const short = fc.string({ unit: fc.constantFrom('a', 'é', '😀'), maxLength: 20 })
    fc.assert(
      fc.property(fc.array(short, { minLength: 1 }), cuts, (lines, at) => {
        const bytes = new TextEncoder().encode(lines.map((one) => `${one}\n`).join(''))
        const expected = lines.map((one) => (Buffer.byteLength(one) > 16 ? '<LineTooLong>' : one))
        expect(decoded(cutAt(bytes, at), 16)).toEqual(expected)
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('shows how a line over the limit began', () => {
    const [[line]] = Lines.push('x'.repeat(2000), 1000)(Lines.empty)
    expect(line).toEqual({
      _tag: 'Left',
      left: { _tag: 'LineTooLong', at: '', line: 'x'.repeat(200), limit: 1000 },
    })
    expect(line?._tag === 'Left' && Rejection.show(line.left)).toMatch(/^LineTooLong: line "xxx.*…, limit 1000$/)
  })

  test('N9: holds no more of an endless line than the limit, in few pieces', () => {
    let state = Lines.empty
    const chunk = new Uint8Array(1).fill(0x61)
    for (let i = 0; i < LIMIT; i++) state = Lines.push(chunk, LIMIT)(state)[1]
    let pieces = 0
    for (let at = state.rest; at !== undefined; at = at.before) pieces++
    expect(state.rest?.length).toBe(LIMIT)
    expect(pieces).toBeLessThanOrEqual(21)
    const [refused, skipping] = Lines.push(chunk, LIMIT)(state)
    expect(refused).toHaveLength(1)
    expect(skipping.rest).toBeUndefined()
    expect(Lines.push(new Uint8Array(1 << 16).fill(0x61), LIMIT)(skipping)).toEqual([[], skipping])
    expect(Lines.push('rest\nnext\n', LIMIT)(skipping)[0]).toEqual([{ _tag: 'Right', right: 'next' }])
  })
})
