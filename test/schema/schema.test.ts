/** Codecs of real schemas: of zod, valibot and arktype. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type } from 'arktype'
import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  AppendOnly,
  Doc,
  Events,
  ExpiryModel,
  Model,
  RArray,
  Rejection,
  Replay,
  Scuttlebucket,
  scuttlebutt,
  unwrap,
  type Command,
  type DataType,
} from '../../src/index.js'
import { schema, type StandardSchema } from '../../src/adapters/schema.js'
import { inMemory } from '../runs.js'
import { createStore, json, talk } from '../redux/slices.js'

interface Task {
  title: string
  tags: { name: string }[]
}

const schemas: ReadonlyArray<readonly [name: string, schema: StandardSchema<unknown, Task>]> = [
  ['zod', z.object({ title: z.string(), tags: z.array(z.object({ name: z.string() })) })],
  ['valibot', v.object({ title: v.string(), tags: v.array(v.object({ name: v.string() })) })],
  ['arktype', type({ title: 'string', tags: type({ name: 'string' }).array() })],
]

const good: Task = { title: 'a', tags: [{ name: 'b' }] }
const bad = { title: 'a', tags: [{ name: 'b' }, { name: 1 }] }

describe.each(schemas)('A schema of %s', (name, standard) => {
  const codec = schema(standard)

  test('accepts what it accepts, and says where another value is wrong', () => {
    expect(codec.decode(good)).toEqual({ _tag: 'Right', right: good })
    expect([good, bad, undefined].map((value) => codec.is(value))).toEqual([true, false, false])
    expect(codec.encode(good)).toBe(good)
    expect(codec.name).toBe(name)
    const refused = scuttlebutt(RArray.of(codec)).decode()([{ ' ': bad }, 1000, 'ann'])
    const failures = refused._tag === 'Left' && refused.left._tag === 'InvalidChange' ? refused.left.failures : []
    expect(failures.at(-1)).toMatchObject({ at: '[0][" "].tags[1].name', value: 1 })
    expect(Rejection.show((refused as { readonly left: Rejection }).left)).toContain('.tags[1].name')
  })

  test('serves every data type, and its values come frozen', () => {
    const types: ReadonlyArray<readonly [DataType<never, never>, Command<never, never, unknown>]> = [
      [Model.of(codec), Model.set('x', good)],
      [Events.of(codec), Events.emit('x', good)],
      [AppendOnly.of(codec), AppendOnly.push(good)],
      [RArray.of(codec), RArray.push(good)],
      [Doc.of(codec), Doc.set('x', { y: good })],
      [ExpiryModel.of(codec, { maxAge: 1e15 }), ExpiryModel.set('x', good)],
      [Replay.of((count: number) => count + 1, 0, codec), Replay.dispatch(good)],
      [Scuttlebucket.of({ part: Model.of(codec) }), Scuttlebucket.at('part')(Model.set('x', good))],
    ] as never
    for (const [dataType, command] of types) {
      const sb = scuttlebutt(dataType)
      const [alice, bob] = [createStore(sb, 'alice'), createStore(sb, 'bob')]
      expect(alice.change(command)).toMatchObject({ _tag: 'Right' })
      talk(bob, alice)
      expect(json(bob.getReplica().state)).toEqual(json(alice.getReplica().state))
      expect(Object.isFrozen(unwrap(sb.decode()(json(sb.encode(sb.history()(alice.getReplica())[0]!))))[0])).toBe(true)
    }
  })
})

describe('A schema', () => {
  test('may trim and fill in defaults: the value is stored as the schema gives it', () => {
    const trimmed = schema(z.object({ title: z.string().trim(), done: z.boolean().default(false) }))
    const store = createStore(scuttlebutt(Model.of(trimmed)), 'alice')
    const update = unwrap(store.change(Model.set('x', { title: ' a ' } as never)))
    expect(update[0]).toEqual(['x', { title: 'a', done: false }])
  })

  test('of one library reads what the like of another reads', () => {
    const one = schema(z.array(z.object({ a: z.string() })))
    const other = schema(v.array(v.object({ a: v.string() })))
    const near = fc.array(fc.record({ a: fc.oneof({ weight: 9, arbitrary: fc.string() }, fc.jsonValue()) }))
    fc.assert(
      fc.property(fc.oneof(near, fc.jsonValue()), (value) => {
        expect(one.decode(value)._tag).toBe(other.decode(value)._tag)
        expect([one.is(value), other.is(value)]).toEqual(Array(2).fill(one.decode(value)._tag === 'Right'))
      }),
      { numRuns: inMemory(200) },
    )
  })

  test.each([
    ['zod', z.string().refine((text) => Promise.resolve(text !== ''))],
    [
      'valibot',
      v.pipeAsync(
        v.string(),
        v.checkAsync(() => Promise.reject(new Error('no server'))),
      ),
    ],
    [
      'another',
      {
        '~standard': { version: 1, vendor: 'x', validate: () => Promise.resolve({ value: 1 }) },
      } satisfies StandardSchemaV1<unknown, number>,
    ],
  ])('that answers by a promise, of %s, is a typed error', async (_, standard) => {
    const codec = schema(standard as StandardSchema)
    const store = createStore(scuttlebutt(Model.of(codec)), 'alice')
    expect(codec.is('a')).toBe(false)
    const refused = store.change(Model.set('x', 'a'))
    expect(refused).toMatchObject({ _tag: 'Left', left: { _tag: 'InvalidChange' } })
    const failures = refused._tag === 'Left' && refused.left._tag === 'InvalidChange' ? refused.left.failures : []
    expect(failures.at(-1)?.expected).toMatch(/promise/)
    // a rejection of the promise is nobody's
    await new Promise((resolve) => setTimeout(resolve, 5))
  })

  test.each<readonly [string, StandardSchema, unknown]>([
    ['NaN', z.any().transform(() => NaN), 1],
    ['a bigint', z.any().transform(() => 1n), 1],
    ['a Set', z.any().transform(() => new Set([1])), 1],
    ['nothing', z.any().transform(() => undefined), 1],
    ['a member that is none', z.any().transform(() => ({ a: NaN })), { a: 1 }],
  ])('that makes %s refuses the change: JSON cannot carry it', (_, standard, value) => {
    const sb = scuttlebutt(Model.of(schema(standard)))
    const store = createStore(sb, 'alice')
    expect(store.change(Model.set('x', value as never))).toMatchObject({ left: { _tag: 'InvalidChange' } })
    const update = [['x', value], 1000, 'ann'] as const
    expect(sb.decode()(update)).toMatchObject({ left: { _tag: 'InvalidChange' } })
    // a peer's update waits unread, and is passed on as it came
    const message = { digest: sb.digest(store.getReplica()), updates: [update] }
    expect(unwrap(sb.decodeMessage()(message))).toMatchObject({ updates: [], unread: [update] })
  })

  test.each<readonly [string, StandardSchema, unknown]>([
    ['doubles a number', z.number().transform((n) => n * 2), 1],
    ['reads no value of its own', z.string().transform((text) => text.length), 'a'],
  ])('that %s refuses the change: others would read another value', (_, standard, value) => {
    const sb = scuttlebutt(Model.of(schema(standard)))
    const refused = createStore(sb, 'alice').change(Model.set('x', value as never))
    expect(refused).toMatchObject({
      left: { _tag: 'InvalidChange', failures: [{ value: expect.anything() as unknown }] },
    })
    expect(sb.decode()([['x', value], 1000, 'ann'])).toMatchObject({ left: { _tag: 'InvalidChange' } })
  })

  test('whose value is nothing within an object is held as others read it', () => {
    const text = z.string().optional()
    const orNothing = text.transform((given) => (given === '' ? undefined : given))
    const list = scuttlebutt(RArray.of(schema(z.object({ a: orNothing }))))
    const [update, held] = unwrap(list.change(RArray.push({ a: '' }), 1000)(list.create('ann')))
    const heard = list.applyUpdate(unwrap(list.decode()(json(list.encode(update)))))(list.create('ben'))
    expect(RArray.toArray(held.state)).toStrictEqual(RArray.toArray(heard.state))
  })

  test('that throws refuses the change', () => {
    const throwing: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'throwing',
        validate: () => {
          throw new Error('broken')
        },
      },
    }
    const sb = scuttlebutt(Model.of(schema(throwing)))
    expect(sb.decode()([['x', 1], 1000, 'ann'])).toMatchObject({ _tag: 'Left', left: { _tag: 'InvalidChange' } })
  })

  test('may give a path by its segments, and names of any kind', () => {
    const issues = [{ message: 'bad', path: [{ key: 'a' }, 0, Symbol.for('s')] }]
    const codec = schema({ '~standard': { version: 1, vendor: 'x', validate: () => ({ issues }) } })
    const refused = scuttlebutt(Model.of(codec)).decode()([['x', { a: [1] }], 1000, 'ann'])
    const failures = refused._tag === 'Left' && refused.left._tag === 'InvalidChange' ? refused.left.failures : []
    expect(failures.at(-1)).toEqual({ at: '[0][1].a[0]["Symbol(s)"]', value: undefined, expected: 'bad' })
  })

  test('of a newer program leaves an older one with unread updates', () => {
    const older = createStore(scuttlebutt(Model.of(schema(z.object({ a: z.number() })))), 'old')
    const newer = createStore(scuttlebutt(Model.of(schema(z.union([z.object({ a: z.number() }), z.string()])))), 'new')
    unwrap(newer.change(Model.set('x', 'text')))
    talk(older, newer)
    expect(older.unread()).toHaveLength(1)
  })

  test('infers the type of its values', () => {
    const codec = schema(z.object({ a: z.number().default(1) }))
    const value: { a: number } = unwrap(codec.decode({}))
    const ark = schema(type({ a: 'number' }))
    const other: { a: number } = unwrap(ark.decode(value))
    const valibot: { a: number } = unwrap(schema(v.object({ a: v.number() })).decode(other))
    expect(valibot).toEqual({ a: 1 })
    const spec: StandardSchemaV1<unknown, number> = z.number()
    expect(schema(spec).is(1)).toBe(true)
  })

  test('is made of a Standard Schema alone', () => {
    expect(() => schema({} as never)).toThrow('`schema` takes a Standard Schema')
  })
})
