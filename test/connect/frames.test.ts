import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cut, decode, encode, MAX_FRAME, MAX_PIECE, type Frame } from '../../src/adapters/connect/frames.js'
import { right } from '../right.js'
import { inMemory } from '../runs.js'

const texts = fc.string({ unit: 'binary' })
const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ _tag: fc.constant('Piece' as const), document: texts, text: texts }),
  fc.record({ _tag: fc.constant('End' as const), document: texts }),
  fc.record({
    _tag: fc.constant('End' as const),
    document: texts,
    refusal: fc.record({ _tag: texts, retryAfter: fc.nat() }),
  }),
  fc.constant({ _tag: 'Heartbeat' as const }),
)

describe('A message of a socket', () => {
  test('is JSON, as other programs read it', () => {
    expect(encode({ _tag: 'Piece', document: 'a', text: '"SYNC"\n' })).toBe(JSON.stringify(['a', '"SYNC"\n']))
    expect(encode({ _tag: 'End', document: 'a' })).toBe('["a",null]')
    expect(encode({ _tag: 'End', document: 'a', refusal: { _tag: 'TooMany' } })).toBe('["a",null,{"_tag":"TooMany"}]')
    expect(encode({ _tag: 'Heartbeat' })).toBe('[]')
  })

  test('comes out as it went in', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(right(decode(encode(frame)))).toEqual(frame)
      }),
      { numRuns: inMemory(500) },
    )
  })

  test('that is none of ours is refused, and nothing throws', () => {
    for (const data of [
      '',
      '{',
      '{}',
      'null',
      '[1]',
      '["a"]',
      '["a",1]',
      '["a","b","c"]',
      '["a",null,1]',
      '[null,"b"]',
    ]) {
      expect(decode(data), data).toMatchObject({ left: { _tag: 'InvalidFrame', code: 1008 } })
    }
    expect(decode(new Uint8Array(3))).toMatchObject({ left: { _tag: 'InvalidFrame', code: 1008 } })
    expect(decode(`["${'a'.repeat(1025)}","b"]`)).toMatchObject({ left: { _tag: 'InvalidFrame' } })
    expect(decode('['.repeat(1 << 20))).toMatchObject({ left: { _tag: 'InvalidFrame' } })
    fc.assert(
      fc.property(fc.oneof(fc.json(), texts), (data) => {
        expect(['Left', 'Right']).toContain(decode(data)._tag)
      }),
      { numRuns: inMemory(500) },
    )
  })

  test('that is too long is refused, counted in bytes', () => {
    const long = JSON.stringify(['a', 'é'.repeat(MAX_FRAME / 2)])
    expect(long.length).toBeLessThan(MAX_FRAME)
    expect(decode(long)).toMatchObject({ left: { _tag: 'FrameTooLong', code: 1009 } })
    expect(decode('x'.repeat(MAX_FRAME + 1))).toMatchObject({ left: { _tag: 'FrameTooLong', code: 1009 } })
    expect(decode(JSON.stringify(['a', 'é'.repeat(1 << 20)]))._tag).toBe('Right')
  })

  test('has room for a piece, whatever its characters', () => {
    const text = '\ud800'.repeat(MAX_PIECE * 2 + 1)
    const pieces = cut(text)
    expect(pieces.join('')).toBe(text)
    for (const piece of pieces)
      expect(right(decode(encode({ _tag: 'Piece', document: '', text: piece })))).toBeDefined()
  })
})
