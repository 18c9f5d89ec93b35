import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import {
  codecs,
  Events,
  Model,
  Rejection,
  scuttlebutt,
  WireMessage,
  type DataType,
  type Policy,
} from '../../src/index.js'
import { right } from '../right.js'
import { inMemory } from '../runs.js'

const numbers = Model.of(t.number)
const { decode, decodeMessage, encodeMessage } = scuttlebutt(numbers)

const tag = (input: unknown, policy: Policy = {}): string => {
  const decoded = decode(policy)(input)
  return decoded._tag === 'Right' ? 'ok' : decoded.left._tag
}

const nested = (depth: number): unknown => {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

describe('decode', () => {
  test('says what is wrong, where, and in which update', () => {
    const update = [['x', 'one'], 1000, 'a']
    const decoded = decode()(update)
    expect(decoded).toEqual({
      _tag: 'Left',
      left: {
        _tag: 'InvalidChange',
        at: '[0][1]',
        failures: [
          { at: '[0][1]', value: 'one', expected: 'null' },
          { at: '[0][1]', value: 'one', expected: 'number' },
        ],
        update,
      },
    })
  })

  test('shows a rejection in a sentence', () => {
    const decoded = decode()([['x', 1], 0, 'a'])
    expect(decoded._tag === 'Left' && Rejection.show(decoded.left)).toBe(
      'InvalidTimestamp at [1]: timestamp 0; in [["x",1],0,"a"]',
    )
    const cyclic: unknown[] = []
    cyclic.push(cyclic)
    for (const value of [cyclic, undefined, () => 1, 1n, NaN, true, 'x'.repeat(1000)]) {
      const rejection: Rejection = { _tag: 'InvalidUpdate', at: '', value, expected: 'an update', update: [] }
      expect(Rejection.show(rejection).length).toBeLessThan(400)
    }
  })

  test.each([0, -0, -1, 1e999, -1e999, NaN, 2 ** 53, '1000', null, undefined, [1], {}])(
    'C6: refuses the timestamp %s',
    (timestamp) => {
      expect(tag([['x', 1], timestamp, 'a'])).toBe('InvalidTimestamp')
    },
  )

  test.each([null, 1, 'SYNC', {}, [], [['x', 1]], [['x', 1], 1000], [['x', 1], 1000, 7], undefined, () => 1, 1n])(
    'refuses %s, which is no update',
    (input) => {
      expect(['InvalidUpdate', 'InvalidTimestamp']).toContain(tag(input))
    },
  )

  test('C5: refuses a timestamp too far ahead of now, whatever was seen last', () => {
    const policy = { now: 1_000_000, maxDrift: 1000 }
    expect(tag([['x', 1], 1_001_000, 'a'], policy)).toBe('ok')
    expect(tag([['x', 1], 1_001_001, 'a'], policy)).toBe('TooFarAhead')
    expect(tag([['x', 1], 1, 'a'], policy)).toBe('ok')
    expect(tag([['x', 1], 2 ** 52, 'a'])).toBe('ok')
  })

  test('refuses an update over the limit of bytes', () => {
    const update = [['é', 1], 1000, 'a']
    const bytes = Buffer.byteLength(JSON.stringify(update))
    expect(tag(update, { maxBytes: bytes })).toBe('ok')
    expect(tag(update, { maxBytes: bytes - 1 })).toBe('TooLarge')
  })

  test('N10: refuses changes that nest too deep for some peer to read', () => {
    const { decode: decodeAny, change, create } = scuttlebutt(Model.of(t.unknown))
    const at = (depth: number, policy?: Policy) => decodeAny(policy)([['x', nested(depth)], 1000, 'a'])
    expect(at(127)._tag).toBe('Right')
    expect(at(128)).toMatchObject({ left: { _tag: 'TooDeep', limit: 128 } })
    expect(at(100_000)).toMatchObject({ left: { _tag: 'TooDeep' } })
    expect(at(3, { maxDepth: 3 })).toMatchObject({ left: { _tag: 'TooDeep', limit: 3 } })
    expect(change(Model.set('x', nested(127)), 1)(create('a'))._tag).toBe('Right')
    expect(change(Model.set('x', nested(128)), 1)(create('a'))).toMatchObject({ left: { _tag: 'InvalidChange' } })
  })

  test('keeps members after the source, and passes them on', () => {
    for (const update of [
      [['x', 1], 1000, 'a', 'signature'],
      [['x', 1], 1000, 'a', 'signature', { more: [1] }],
      [['x', 1], 1000, 'a', null],
    ]) {
      const decoded = decode()(update)
      expect(decoded).toEqual({ _tag: 'Right', right: update })
      if (decoded._tag === 'Right') expect(codecs.update(numbers).encode(decoded.right)).toEqual(update)
    }
  })

  test('B13: gives a frozen copy', () => {
    const value = { deep: [1, { x: -0 }] }
    const decoded = scuttlebutt(Model.of(t.unknown)).decode()([['k', value], 1000, 'a'])
    if (decoded._tag === 'Left') throw new Error(decoded.left._tag)
    value.deep.push(2)
    const [[, kept]] = decoded.right
    expect(kept).toStrictEqual({ deep: [1, { x: 0 }] })
    expect(Object.isFrozen(decoded.right) && Object.isFrozen(decoded.right[0]) && Object.isFrozen(kept)).toBe(true)
    expect(Object.isFrozen((kept as typeof value).deep[1])).toBe(true)
  })

  test('freezes values that the codec makes, too', () => {
    const trimming = scuttlebutt(Model.of(t.exact(t.type({ x: t.number }))))
    const decoded = trimming.decode()([['k', { x: 1, y: 2 }], 1000, 'a', 'sig'])
    expect(decoded).toEqual({ _tag: 'Right', right: [['k', { x: 1 }], 1000, 'a', 'sig'] })
    expect(decoded._tag === 'Right' && Object.isFrozen(decoded.right[0][1])).toBe(true)
  })

  test('B8: takes __proto__ as a key and as an id', () => {
    const hostile: unknown = JSON.parse('[["__proto__",{"__proto__":{"polluted":1}}],1000,"__proto__"]')
    const any = scuttlebutt(Model.of(t.unknown))
    const decoded = any.decode()(hostile)
    expect(JSON.stringify(decoded)).toContain('"__proto__"')
    if (decoded._tag === 'Left') throw new Error(decoded.left._tag)
    const replica = any.applyUpdate(decoded.right)(any.create('constructor'))
    expect(Object.entries(any.digest(replica).clock)).toEqual([['__proto__', 1000]])
    expect(JSON.stringify(Model.toJSON(replica.state))).toBe('{"__proto__":{"__proto__":{"polluted":1}}}')
    expect(any.history(any.digest(replica).clock)(replica)).toEqual([])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('B9: gives a value or an error value for any input, and never throws', () => {
    const hostile = new Proxy([], {
      get: () => {
        throw new Error('gotcha')
      },
    })
    const cyclic: unknown[] = [['x', 1], 1000, 'a']
    cyclic.push(cyclic)
    const throwing = new t.Type<never, unknown, unknown>(
      'throwing',
      (u): u is never => u === decode,
      () => {
        throw new Error('codec')
      },
      t.identity,
    )
    const types: ReadonlyArray<DataType<never, never>> = [
      numbers,
      Model.of(t.unknown),
      Events.of(t.string),
      Model.of(throwing),
    ] as never
    for (const dataType of types) {
      const any = scuttlebutt(dataType)
      expect(any.decode()(hostile)._tag).toBe('Left')
      expect(any.decode()(cyclic)._tag).toBe('Left')
      fc.assert(
        fc.property(
          fc.oneof(
            fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
            fc.tuple(fc.anything(), fc.constant(1000), fc.constant('a')),
            fc.tuple(fc.tuple(fc.string(), fc.anything()), fc.constant(1000), fc.constant('a')),
          ),
          (input) => {
            const decoded = any.decode({ now: 1, maxDrift: 1, maxBytes: 1000 })(input)
            const [message] = [any.decodeMessage()({ digest: { id: 'x', clock: {} }, updates: [input] })]
            expect(['Left', 'Right']).toContain(decoded._tag)
            expect(['Left', 'Right']).toContain(message._tag)
            if (decoded._tag === 'Left') expect(Rejection.show(decoded.left)).toContain(decoded.left._tag)
          },
        ),
        { numRuns: inMemory(500) },
      )
    }
    expect(scuttlebutt(Model.of(throwing)).decode()([['x', 1], 1000, 'a'])).toMatchObject({
      left: { _tag: 'InvalidChange', at: '[0]' },
    })
  })

  test('B10: takes any event name', () => {
    const any = scuttlebutt(Events.of(t.unknown))
    for (const name of ['error', 'dispose', '_update', 'newListener', '__proto__', '']) {
      expect(any.decode()([[name, 1], 1000, 'a'])._tag).toBe('Right')
    }
  })

  test('takes events with no argument or several, and refuses one without a name', () => {
    const any = scuttlebutt(Events.of(t.union([t.undefined, t.number])))
    const of = (change: unknown) => any.decode()([change, 1000, 'a'])
    expect(of(['x'])).toEqual({ _tag: 'Right', right: [['x'], 1000, 'a'] })
    expect(of(['x', 1, 'more', { y: 1 }])).toEqual({ _tag: 'Right', right: [['x', 1, 'more', { y: 1 }], 1000, 'a'] })
    expect(of([])).toMatchObject({ left: { _tag: 'InvalidChange', at: '[0][0]' } })
    expect(of([1, 1])).toMatchObject({ left: { _tag: 'InvalidChange', at: '[0][0]' } })
    expect(of(['x', 'y'])).toMatchObject({ left: { _tag: 'InvalidChange', at: '[0][1]' } })
    expect(of({ 0: 'x' })).toMatchObject({ left: { _tag: 'InvalidChange', at: '[0]' } })
  })

  test('decodes and encodes by a codec whose values are not JSON', () => {
    const date = new t.Type<Date, string, unknown>(
      'Date',
      (u): u is Date => u instanceof Date,
      (u, context) => {
        const time = typeof u === 'string' ? Date.parse(u) : NaN
        return Number.isNaN(time) ? t.failure(u, context) : t.success(new Date(time))
      },
      (value) => value.toISOString(),
    )
    for (const dataType of [Model.of(date), Events.of(date)] as unknown as ReadonlyArray<
      DataType<unknown, [string, Date]>
    >) {
      const { create, change, history, decode: decodeDate } = scuttlebutt(dataType)
      const when = new Date(86_400_000)
      const changed = change(['k', when], 1000)(create('a'))
      if (changed._tag === 'Left') throw new Error('refused')
      const wire = history()(changed.right[1]).map((update) => codecs.update(dataType).encode(update))
      expect(wire).toEqual([[['k', '1970-01-02T00:00:00.000Z'], 1000, 'a']])
      expect(decodeDate()(wire[0])).toEqual({ _tag: 'Right', right: [['k', when], 1000, 'a'] })
      expect(codecs.update(dataType).is(changed.right[0])).toBe(true)
      expect(codecs.update(dataType).is(wire[0])).toBe(false)
    }
  })
})

describe('A message for reconcile', () => {
  const digest = { id: 'a', clock: { a: 1000 } }

  test('is decoded as it was sent', () => {
    const message = { digest, updates: [[['x', 1], 1000, 'a']] }
    expect(decodeMessage()(message)).toEqual({ _tag: 'Right', right: message })
    const full = {
      ...message,
      digest: {
        ...digest,
        floor: 5,
        doubt: {
          b: [
            [3, 'p'],
            [4, 'q'],
          ],
        },
        after: [3, 'b'],
      },
      since: { clock: { a: 1 }, floor: 2, doubt: { c: [[9, '']] }, after: [0, ''] },
      more: true,
      at: [2, 'c'],
      asks: true,
      complete: true,
    }
    expect(decodeMessage()(JSON.parse(JSON.stringify(full)))).toEqual({ _tag: 'Right', right: full })
    expect(Object.keys(right(decodeMessage()(message)))).toEqual(['digest', 'updates'])
  })

  test('keeps what cannot be read, and names what is refused, with its place', () => {
    const updates = [[['x', 1], 1, 'a'], [['x', 'y'], 2, 'a'], 'SYNC', [['x', 1], 0, 'a'], [['x', 2], 3, 'a', 'sig']]
    const message = right(
      decodeMessage({ now: 100, maxDrift: 10 })({
        digest,
        updates: [...updates, [['x', 3], 111, 'a'], [['x', 'z'], 111, 'a']],
      }),
    )
    expect(message.updates).toEqual([updates[0], updates[4]])
    expect(message.unread).toEqual([updates[1]])
    expect(message.refused?.map(({ _tag, at }) => `${_tag} at ${at}`)).toEqual([
      'InvalidUpdate at .updates[2]',
      'InvalidTimestamp at .updates[3][1]',
      'TooFarAhead at .updates[5][1]',
      'TooFarAhead at .updates[6][1]',
    ])
  })

  test('takes unread updates from among the updates or from beside them, and reads what it can', () => {
    const [known, unknown] = [
      [['x', 1], 1, 'a'],
      [['x', 'y'], 2, 'a'],
    ]
    for (const lists of [{ updates: [unknown, known] }, { updates: [], unread: [unknown, known] }]) {
      const message = right(decodeMessage()({ digest, ...lists }))
      expect(message).toEqual({ digest, updates: [known], unread: [unknown] })
      expect(encodeMessage(message)).toEqual({ digest, updates: [known, unknown] })
    }
  })

  test('refuses, and does not keep, what the data type says is wrong for good', () => {
    const strict = scuttlebutt({ ...numbers, final: (change) => Array.isArray(change) && change[0] === 'never' })
    const unread = (change: unknown) => right(strict.decodeMessage()({ digest, updates: [[change, 1, 'a']] })).unread
    expect(unread(['x', 'later'])).toEqual([[['x', 'later'], 1, 'a']])
    expect(unread(['never', 'later'])).toBeUndefined()
    const faulty = scuttlebutt({
      ...numbers,
      final: () => {
        throw new Error('gotcha')
      },
    })
    expect(right(faulty.decodeMessage()({ digest, updates: [[['x', 'y'], 1, 'a']] })).unread).toHaveLength(1)
  })

  test('leaves the refusals out when it is encoded', () => {
    const message = right(decodeMessage()({ digest, updates: ['SYNC'], complete: true, since: { clock: {} } }))
    expect(message.refused).toHaveLength(1)
    expect(encodeMessage(message)).toEqual({ digest, updates: [], complete: true, since: { clock: {} } })
  })

  test('is refused, if it is no message, with the place of the error', () => {
    const of = (message: unknown) => {
      const decoded = decodeMessage()(message)
      return decoded._tag === 'Left' ? `${decoded.left._tag} at ${decoded.left.at}` : 'ok'
    }
    const empty = { digest, updates: [] }
    expect(of(empty)).toBe('ok')
    expect(of(null)).toBe('InvalidMessage at .updates')
    expect(of({ digest })).toBe('InvalidMessage at .updates')
    expect(of({ digest: { clock: {} }, updates: [] })).toBe('InvalidHeader at .digest.id')
    expect(of({ digest: { id: 'a', clock: { b: NaN } }, updates: [] })).toBe('InvalidHeader at .digest.clock.b')
    expect(of({ digest: { id: 'a', clock: { b: '1' } }, updates: [] })).toBe('InvalidHeader at .digest.clock.b')
    for (const doubt of [
      1,
      [],
      { b: 1 },
      { b: [[1]] },
      { b: [['1', 'p']] },
      {
        b: [
          [2, 'p'],
          [2, 'q'],
        ],
      },
      { b: [[null, 'p']] },
    ]) {
      expect(of({ ...empty, digest: { ...digest, doubt } })).toBe('InvalidHeader at .digest.doubt')
      expect(of({ ...empty, since: { clock: {}, doubt } })).toBe('InvalidMessage at .since.doubt')
    }
    for (const floor of [0, -1, '1', null]) {
      expect(of({ ...empty, digest: { ...digest, floor } })).toBe('InvalidHeader at .digest.floor')
    }
    expect(of({ ...empty, since: 1 })).toMatch('InvalidMessage at .since')
    expect(of({ ...empty, complete: 'yes' })).toBe('InvalidMessage at .complete')
    expect(of({ ...empty, more: false })).toBe('InvalidMessage at .more')
    expect(of({ ...empty, at: [1] })).toBe('InvalidMessage at .at[1]')
    expect(of({ ...empty, asks: 1 })).toBe('InvalidMessage at .asks')
    const hostile = new Proxy([], {
      get: () => {
        throw new Error('gotcha')
      },
    })
    expect(of(hostile)).toBe('InvalidMessage at .updates')
    expect(of({ digest: hostile, updates: [] })).toBe('InvalidMessage at .updates')
    expect(of({ digest, updates: hostile })).toBe('InvalidMessage at .updates')
    expect(of({ ...empty, since: hostile })).toMatch('InvalidMessage')
  })
})

describe('A line', () => {
  const read = WireMessage.decode(numbers)({})
  const said = (line: string): string => {
    const message = read(line)
    return message._tag === 'Right' ? message.right._tag : message.left._tag
  }

  test.each([
    ['{"id":"a","clock":{}}', 'Header'],
    ['{"id":"a","clock":{"__proto__":1}}', 'Header'],
    ['[["x",1],1000,"a"]', 'Update'],
    ['[["x",1],1000,"a"]\t ', 'Update'],
    ['"SYNC"', 'Sync'],
    ['"sync"', 'Ignored'],
    ['null', 'Ignored'],
    ['17', 'Ignored'],
    ['true', 'Ignored'],
    ['', 'InvalidJson'],
    ['GET / HTTP/1.1', 'InvalidJson'],
    ['[["x",1],1000,"a"] "SYNC"', 'InvalidJson'],
    ['\ufeff"SYNC"', 'InvalidJson'],
    ['{}', 'InvalidHeader'],
    ['{"id":1,"clock":{}}', 'InvalidHeader'],
    ['{"id":"a"}', 'InvalidHeader'],
    ['{"id":"a","clock":[]}', 'InvalidHeader'],
    ['{"id":"a","clock":null}', 'InvalidHeader'],
    ['{"id":"a","clock":{"b":"1"}}', 'InvalidHeader'],
    ['{"id":"a","clock":{"b":1e999}}', 'InvalidHeader'],
    ['[["x",1],1e999,"a"]', 'InvalidTimestamp'],
    ['[["x"],1000,"a"]', 'Unread'],
    [String.raw`"SURE {\"name\":\"Model\"}"`, 'Opening'],
    [String.raw`"SURE {\"name\":\"Model\",\"version\":\"2\",\"later\":1}"`, 'Opening'],
    [String.raw`"SURE {\"name\":1}"`, 'Ignored'],
    ['"SURE [3,{}]"', 'Sure'],
    [String.raw`"SURE [3,{\"__proto__\":1},5]"`, 'Sure'],
    ['"SURE [3]"', 'Ignored'],
    ['"SURE [3,[]]"', 'Ignored'],
    ['"SURE [3,{},5,7]"', 'Sure'],
    ['"SURE"', 'Ignored'],
    ['"SURE {"', 'Ignored'],
    [String.raw`"REFUSED {\"updates\":[[1,\"a\",\"TooMany\"]],\"places\":[2]}"`, 'Refused'],
    [String.raw`"REFUSED {\"updates\":[[0,\"a\",\"TooMany\"]],\"places\":[]}"`, 'Ignored'],
    ['"REFUSED {}"', 'Ignored'],
    [String.raw`"LOST [\"a\",0,5]"`, 'Lost'],
    [String.raw`"LOST [\"a\",0]"`, 'Ignored'],
    ['[]', 'InvalidUpdate'],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'TooDeep'],
    [`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'TooDeep'],
  ])('%.60s is of the kind %s', (line, kind) => {
    expect(said(line)).toBe(kind)
  })

  test('is the same after decoding and encoding', () => {
    for (const line of [
      '{"id":"a","clock":{"b":1.5},"meta":{"v":1}}',
      '[["x",1],1000,"a","signature"]',
      '[["x"],1000,"a","signature"]',
      '{"id":"a","clock":{},"floor":1,"doubt":{"b":[[2,"p"],[3,"q"]]}}',
      '"SYNC"',
      String.raw`"SURE {\"name\":\"Model\"}"`,
      String.raw`"SURE {\"name\":\"Model\",\"version\":\"2\"}"`,
      String.raw`"SURE [3,{\"a\":1000}]"`,
      String.raw`"SURE [3,{},5]"`,
      String.raw`"REFUSED {\"updates\":[[1,\"a\",\"TooMany\"]],\"places\":[2]}"`,
      String.raw`"LOST [\"a\",0,5]"`,
      'null',
    ]) {
      const message = read(line)
      expect(message._tag === 'Right' && WireMessage.encode(numbers)(message.right)).toBe(`${line}\n`)
    }
  })

  test('decodes to a frozen update, with -0 as 0', () => {
    const message = WireMessage.decode(Model.of(t.unknown))({})('[["x",{"y":[-0,-0.5]}],1000,"a"]')
    if (message._tag === 'Left' || message.right._tag !== 'Update') throw new Error('no update')
    const [[, value]] = message.right.update
    expect(value).toStrictEqual({ y: [0, -0.5] })
    expect(Object.isFrozen(message.right.update) && Object.isFrozen(value)).toBe(true)
  })
})
