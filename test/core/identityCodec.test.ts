import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { isIdentity } from '../../src/core/identityCodec.js'
import { pair, record } from '../../src/data/parts/codecs.js'
import { Events, ExpiryModel, Model, RArray, REdit, scuttlebutt } from '../../src/index.js'
import { inMemory } from '../runs.js'

const shape = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.tuple(fc.constantFrom('x', '__proto__', ''), fc.oneof(fc.nat(3), fc.constant(null), fc.string())),
  fc.dictionary(fc.constantFrom('a', '__proto__', 'constructor'), fc.oneof(fc.nat(3), fc.constant(null))),
  fc.array(fc.nat(3), { maxLength: 3 }),
)

const checked: ReadonlyArray<t.Any> = [
  t.string,
  t.number,
  t.boolean,
  t.null,
  t.unknown,
  t.literal('x'),
  t.keyof({ x: null, y: null }),
  t.array(t.number),
  t.readonlyArray(t.number),
  t.readonly(t.tuple([t.string, t.number])),
  t.union([t.null, t.array(t.string)]),
  pair(t.number),
  pair(t.union([t.null, t.unknown])),
  record(t.union([t.null, t.number])),
  Model.of(t.number).change,
  ExpiryModel.of(t.unknown).change,
  RArray.of(t.number).change,
  REdit.change,
]

describe.each(checked.map((codec) => [codec.name, codec] as const))('%s', (_, codec) => {
  test('is known as a check only: it decodes every value to that very value', () => {
    expect(isIdentity(codec)).toBe(true)
    fc.assert(
      fc.property(shape, (value) => {
        if (!codec.is(value)) return
        const decoded = codec.decode(value)
        if (decoded._tag === 'Left') expect.unreachable('it is one, and is refused')
        else expect(decoded.right).toBe(value)
      }),
      { numRuns: inMemory(500) },
    )
  })
})

const trimmed = new t.Type<string, string, unknown>(
  'trimmed',
  t.string.is,
  (u, context) => (typeof u === 'string' ? t.success(u.trim()) : t.failure(u, context)),
  t.identity,
)

test.each([
  trimmed,
  t.array(trimmed),
  t.union([t.null, trimmed]),
  pair(trimmed),
  record(trimmed),
  t.type({ a: t.string }),
  t.partial({ a: t.string }),
  t.exact(t.type({ a: t.string })),
])('does not count a codec as a check if it may change what it decodes: $name', (codec) => {
  expect(isIdentity(codec)).toBe(false)
})

test('a change decodes alike by a codec that checks only and by one that converts', () => {
  const short = scuttlebutt(Model.of(t.string)).decode()
  const long = scuttlebutt(Model.of(trimmed)).decode()
  fc.assert(
    fc.property(shape, fc.oneof(fc.nat(5), fc.constant('1')), fc.oneof(fc.constant('a'), fc.nat(3)), (...update) => {
      const [one, other] = [short(update), long(update)]
      expect(one._tag).toBe(other._tag)
    }),
    { numRuns: inMemory(2000) },
  )
  expect(long([['k', ' v '], 1, 'a'])).toEqual({ _tag: 'Right', right: [['k', 'v'], 1, 'a'] })
  expect(scuttlebutt(Events.of(t.string)).decode()([['e', 'v'], 1, 'a'])).toMatchObject({ _tag: 'Right' })
})
