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

  test('shows how a line over the limit began and ended, once it ends', () => {
    const [none, skipping] = Lines.push('x'.repeat(2000), 1000)(Lines.empty)
    expect(none).toEqual([])
    const [[line, next]] = Lines.push(`${'y'.repeat(5000)}z\nnext\n`, 1000)(skipping)
    expect(line).toEqual({
      _tag: 'Left',
      left: { _tag: 'LineTooLong', at: '', line: 'x'.repeat(200), tail: `${'y'.repeat(4095)}z`, limit: 1000 },
    })
    expect(next).toEqual({ _tag: 'Right', right: 'next' })
    expect(line?._tag === 'Left' && Rejection.show(line.left)).toMatch(/^LineTooLong: line "xxx.*…, limit 1000$/)
  })

  test('keeps the last 4,096 bytes of a line over the limit, however it is cut', () => {
    const body = fc.integer({ min: 257, max: 6000 }).map((n) => '1,2,34"56789[abc]'.repeat(400).slice(-n))
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 3 }), cuts, fc.boolean(), (lines, at, hasEnd) => {
        const bytes = new TextEncoder().encode(
          lines
            .map((one) => `${one}\n`)
            .join('')
            .slice(0, hasEnd ? undefined : -1),
        )
        const all: Lines.Line[] = []
        let state = Lines.empty
        for (const chunk of cutAt(bytes, at)) {
          const [some, next] = Lines.push(chunk, 256)(state)
          all.push(...some)
          state = next
        }
        all.push(...Lines.end(state, 256))
        const ends = all.map((one) => (one._tag === 'Left' ? [one.left.line, one.left.tail] : one.right))
        expect(ends).toEqual(lines.map((one) => [one.slice(0, 200), one.slice(-4096)]))
      }),
      { numRuns: inMemory(300) },
    )
  })

  test('N9: holds no more of an endless line than the limit, in few pieces', () => {
    let state = Lines.empty
    const chunk = new Uint8Array(1).fill(0x61)
    for (let i = 0; i < LIMIT; i++) state = Lines.push(chunk, LIMIT)(state)[1]
    let pieces = 0
    for (let at = state.rest; at !== undefined; at = at.before) pieces++
    expect(state.rest?.length).toBe(LIMIT)
    expect(pieces).toBeLessThanOrEqual(21)
    const [none, skipping] = Lines.push(chunk, LIMIT)(state)
    expect(none).toEqual([])
    expect(skipping.rest).toBeUndefined()
    const [, more] = Lines.push(new Uint8Array(1 << 16).fill(0x61), LIMIT)(skipping)
    expect(more).toEqual(skipping)
    // a view of the chunk would keep all of the chunk
    expect(more.skipping?.tail.buffer.byteLength).toBe(4096)
    const [[refused, next]] = Lines.push('rest\nnext\n', LIMIT)(skipping)
    expect(refused).toMatchObject({ left: { _tag: 'LineTooLong', tail: `${'a'.repeat(4092)}rest` } })
    expect(next).toEqual({ _tag: 'Right', right: 'next' })
  })
})

describe('The stamp of a line that is too long', () => {
  test('is read from its end, whatever the change is', () => {
    const source = fc.oneof(fc.constantFrom('ann', '__proto__', 'a,1', '"],[1,"b"]', ''), fc.string())
    const stamp = fc.oneof(
      fc.integer({ min: 1, max: 2 ** 53 - 1 }),
      fc.constantFrom(0.5, 1e-7, 1e15, 1000.0000000000001),
    )
    fc.assert(
      fc.property(fc.json(), stamp, source, fc.array(fc.json(), { maxLength: 1 }), (change, timestamp, id, more) => {
        const line = JSON.stringify([[change, 'x'.repeat(5000), change], timestamp, id, ...more])
        expect(Lines.stampIn(line.slice(-4096))).toEqual({ timestamp, source: id })
      }),
      { numRuns: inMemory(300) },
    )
  })

  test.each(['', 'xxx', '1000,"ann"]', ',0,"ann"]', ',1000,7]', ',1000,"ann"', ',1000,"ann"] ,', ',1e400,"ann"]'])(
    'is none in %j',
    (tail) => {
      expect(Lines.stampIn(tail)).toBeUndefined()
    },
  )
})
