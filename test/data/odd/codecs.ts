/** Codecs of users that read or write what a data type or JSON has another use for. */
import { option as O } from 'fp-ts'
import fc from 'fast-check'
import * as t from 'io-ts'
import type { Value } from './subjects.js'

/** A codec, values to write with it, and JSON that a peer may send. */
export interface Case {
  readonly codec: Value
  readonly values: ReadonlyArray<unknown>
  readonly wire: ReadonlyArray<unknown>
}

/** What a codec does with a value, or a JSON value. Undefined means that it fails. */
type Table = ReadonlyArray<readonly [value: unknown] | undefined>

class Money {
  readonly cents = 1
}

const VALUES: ReadonlyArray<unknown> = [undefined, null, NaN, -0, 1, 'a', Object.freeze({ x: 1 }), new Money()]

const WIRE: ReadonlyArray<unknown> = [null, 0, 1, 'a', { x: 1 }, ['a']]

const tableOf = (from: ReadonlyArray<unknown>, to: ReadonlyArray<unknown>): fc.Arbitrary<Table> =>
  fc.array(fc.option(fc.tuple(fc.constantFrom(...to)), { nil: undefined, freq: 9 }), {
    minLength: from.length,
    maxLength: from.length,
  })

/** Reads and writes by tables. If `isInverse`, it writes what it has read as it was. */
const byTables: fc.Arbitrary<Case> = fc
  .record({
    read: tableOf(WIRE, VALUES),
    written: tableOf(VALUES, [...WIRE, undefined, NaN]),
    isInverse: fc.boolean(),
  })
  .map(({ read, written, isInverse }) => {
    const jsonOf = (value: unknown): readonly [unknown] | undefined => {
      const at = read.findIndex((found) => isInverse && found !== undefined && isOne(found[0], value))
      return at >= 0 ? [WIRE[at]] : written[VALUES.findIndex((one) => isOne(one, value))]
    }
    const codec = new t.Type<unknown, unknown, unknown>(
      'ByTables',
      (u): u is unknown => typeof u !== 'symbol',
      (json, context) => {
        const text = JSON.stringify(json)
        const found = read[WIRE.findIndex((one) => JSON.stringify(one) === text)]
        return found === undefined ? t.failure(json, context) : t.success(found[0])
      },
      (value) => {
        const found = jsonOf(value)
        if (found === undefined) throw new Error('no JSON for it')
        return found[0]
      },
    )
    return { codec, values: VALUES, wire: WIRE }
  })

/** Whether two values are one. -0 is 0. */
const isOne = (a: unknown, b: unknown): boolean => a === b || Object.is(a, b)

/** An option of a text, which is the text on the wire, or `none`. */
const optionAs = (none: null | undefined): t.Type<O.Option<string>, unknown, unknown> =>
  new t.Type<O.Option<string>, unknown, unknown>(
    'Option',
    (u): u is O.Option<string> => typeof u === 'object' && u !== null && '_tag' in u,
    (json, context) => {
      if (typeof json === 'string') return t.success(O.some(json))
      return json === none ? t.success(O.none) : t.failure(json, context)
    },
    (option) => (O.isSome(option) ? option.value : none),
  )

/** The text `none` is read as no value at all. */
export const maybe = new t.Type<O.Option<string>, unknown, unknown>(
  'Maybe',
  (u): u is O.Option<string> => typeof u === 'object',
  (json, context) => {
    if (json === 'none') return t.success(null as never)
    return typeof json === 'string' ? t.success(O.some(json)) : t.failure(json, context)
  },
  (option) => (O.isSome(option) ? option.value : null),
)

const date = new t.Type<Date, string, unknown>(
  'Date',
  (u): u is Date => u instanceof Date,
  (json, context) => {
    const read = new Date(String(json))
    return typeof json === 'string' && !Number.isNaN(read.getTime()) ? t.success(read) : t.failure(json, context)
  },
  (value) => value.toISOString(),
)

/** Reads JSON as it stands, and writes it otherwise. */
export const small = new t.Type<string, string, unknown>('Small', t.string.is, t.string.validate, (text) =>
  text.toLowerCase(),
)

const digits = new t.Type<number, string, unknown>(
  'Digits',
  t.number.is,
  (json, context) => (/^[\d.]+$/.test(String(json)) ? t.success(Number(json)) : t.failure(json, context)),
  String,
)

interface Positive {
  readonly Positive: unique symbol
}

const positive = t.brand(t.number, (n): n is t.Branded<number, Positive> => n > 0, 'Positive')

const circle = t.type({ kind: t.literal('circle'), since: date })

const [DAY, NIGHT] = ['2026-12-01T00:00:00.000Z', '2026-12-01T21:00:00.000Z'] as const

const of = (codec: t.Mixed, values: ReadonlyArray<unknown>, wire: ReadonlyArray<unknown>): Case => ({
  codec: codec,
  values: [...values, null, undefined],
  wire: [...wire, null],
})

/** Codecs as programs have them. */
const NAMED: ReadonlyArray<Case> = [
  of(optionAs(null), [O.some('a'), O.none], ['a', 1]),
  of(optionAs(undefined), [O.some('a'), O.none], ['a', 1]),
  of(maybe, [O.some('a'), O.some('none'), O.none], ['a', 'none', 1]),
  of(t.union([t.string, t.null, t.undefined]), ['a'], ['a', 1]),
  of(t.union([date, t.null, t.undefined]), [new Date(DAY)], [NIGHT, 'never']),
  of(small, ['a', 'A'], ['a', 'A', 1]),
  of(digits, [1, 2.5, NaN, -1], ['1', '01', 'a', 1]),
  of(t.union([circle, digits, small]), [{ kind: 'circle', since: new Date(DAY) }, 1, 'A'], ['A', '1', '01']),
  of(circle, [{ kind: 'circle', since: new Date(DAY) }], [{ kind: 'circle', since: DAY, more: 1 }, { kind: 'circle' }]),
  of(t.exact(t.type({ x: t.number })), [{ x: 1 }, { x: 1, y: 2 }], [{ x: 1, y: 2 }, { y: 2 }]),
  of(positive, [1, -1], [1, -1]),
  of(t.array(date), [[new Date(DAY)], []], [[NIGHT, '2026-12-01'], [null]]),
]

export const cases: fc.Arbitrary<Case> = fc.oneof(byTables, fc.constantFrom(...NAMED))
