/** Changes whose codec makes values beyond JSON, and a source that says two things at once. */
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import {
  AppendOnly,
  Doc,
  Events,
  ExpiryModel,
  Model,
  RArray,
  Scuttlebucket,
  scuttlebutt,
  unwrap,
  type Command,
  type DataType,
} from '../../src/index.js'

class Money {
  readonly cents: number

  constructor(cents: number) {
    this.cents = cents
  }
}

type Value = t.Type<unknown, unknown, unknown>

const codec = <A>(
  name: string,
  is: (u: unknown) => boolean,
  decode: (json: never) => A,
  encode: (value: A) => unknown,
): Value =>
  new t.Type<A, unknown, unknown>(
    name,
    (u): u is A => is(u),
    (json) => t.success(decode(json as never)),
    encode,
  ) as never

const VALUES: ReadonlyArray<readonly [name: string, codec: Value, one: unknown, other: unknown]> = [
  ['bigint', codec('bigint', (u) => typeof u === 'bigint', BigInt, String), 1n, 2n],
  [
    'Map',
    codec(
      'Map',
      (u) => u instanceof Map,
      (all) => new Map(all),
      (map) => [...map],
    ),
    new Map([['x', 1]]),
    new Map([['x', 2]]),
  ],
  [
    'Set',
    codec(
      'Set',
      (u) => u instanceof Set,
      (all) => new Set(all),
      (set) => [...set],
    ),
    new Set(['x']),
    new Set(['y']),
  ],
  [
    'Date',
    codec(
      'Date',
      (u) => u instanceof Date,
      (ms) => new Date(ms),
      Number,
    ),
    new Date(1),
    new Date(2),
  ],
  [
    'class',
    codec(
      'Money',
      (u) => u instanceof Money,
      (cents) => new Money(cents),
      ({ cents }) => cents,
    ),
    new Money(1),
    new Money(2),
  ],
  [
    'buffer',
    codec(
      'ArrayBuffer',
      (u) => u instanceof ArrayBuffer,
      (all) => Uint8Array.from(all).buffer,
      (buffer) => [...new Uint8Array(buffer)],
    ),
    Uint8Array.of(1).buffer,
    Uint8Array.of(2).buffer,
  ],
]

type Row = readonly [
  name: string,
  of: (codec: Value) => DataType<unknown, unknown>,
  command: (value: unknown) => Command<unknown, unknown, unknown>,
]

const row = <S, C>(
  name: string,
  of: (codec: Value) => DataType<S, C>,
  command: (value: unknown) => Command<S, C, unknown>,
): Row => [name, of, command] as never

const TYPES: ReadonlyArray<Row> = [
  row('Model', Model.of, (value) => Model.set('k', value)),
  row('RArray', RArray.of, (value) => RArray.push(value)),
  row(
    'ExpiryModel',
    (value) => ExpiryModel.of(value, { maxAge: 1e12 }),
    (value) => ExpiryModel.set('k', value),
  ),
  row('Doc', Doc.of, (value) => Doc.set('row', { k: value })),
  row('AppendOnly', AppendOnly.of, (value) => AppendOnly.push(value)),
  row('Events', Events.of, (value) => Events.emit('said', value)),
  row(
    'Scuttlebucket',
    (value) => Scuttlebucket.of({ part: Model.of(value) }),
    (value) => Scuttlebucket.at('part')(Model.set('k', value)) as never,
  ),
]

const stateOf = (value: Value, made: unknown) => {
  const { change, create } = scuttlebutt(Model.of(value))
  return unwrap(change(Model.set('k', made), 1000)(create('ann')))[1].state
}

describe.each(VALUES)('Two contents of one stamp, with a %s in each', (_, value, one, other) => {
  test.each(TYPES)('show the same in %s, whichever comes first', (_name, of, command) => {
    const dataType = of(value)
    const { change, create, decodeMessage, encode, encodeMessage, history, open, reconcile } = scuttlebutt(dataType)
    const said = [one, other].map((made) => unwrap(change(command(made), 1000)(create('liar')))[0])
    const heard = (order: typeof said) =>
      order.reduce((replica, update) => {
        const message = { ...(encodeMessage(open(create('liar'))) as object), updates: [encode(update)] }
        return reconcile(unwrap(decodeMessage()(message)))(replica)[0]
      }, create('z'))
    const [a, b] = [heard(said), heard([...said].reverse())]
    expect(history()(a)).toHaveLength(2)
    expect(history()(b)).toHaveLength(2)
    expect(JSON.stringify(history()(a).map(encode))).toBe(JSON.stringify(history()(b).map(encode)))
    expect(dataType.toJSON?.(a.state)).toEqual(dataType.toJSON?.(b.state))
  })

  test.each(TYPES)('are both there after a merge in %s', (_name, of, command) => {
    const { applyUpdate, change, create, history, merge } = scuttlebutt(of(value))
    const [a, b] = [one, other].map((made) => {
      const [update] = unwrap(change(command(made), 1000)(create('liar')))
      return applyUpdate(update)(create('z'))
    })
    expect(history()(merge(a!)(b!))).toHaveLength(2)
    expect(history()(merge(b!)(a!))).toHaveLength(2)
  })

  test('are not equal', () => {
    expect(Model.getEq().equals(...([one, other].map((made) => stateOf(value, made)) as [never, never]))).toBe(false)
    expect(Model.getEq().equals(...([one, one].map((made) => stateOf(value, made)) as [never, never]))).toBe(true)
  })
})
