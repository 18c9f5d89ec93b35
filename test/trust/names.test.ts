/** Under which name of the data type a signature counts. */
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import type { DataType } from '../../src/core/DataType.js'
import { unwrap } from '../../src/core/Either.js'
import { Events, Model, RArray, Replay, Scuttlebucket } from '../../src/index.js'
import { ed25519 } from '../../src/adapters/security.js'
import { verifyUpdates } from '../../src/trust/verify.js'
import type { Update } from '../../src/core/Update.js'

const keys = unwrap(await ed25519.generate())
const signer = ed25519.signer(keys)
const verifier = ed25519.verifier()

/** An update that was signed under a name of its data type. */
const signedAs = async (dataType: string, change: unknown, version?: string): Promise<Update<unknown>> => {
  const [source, timestamp] = [signer.id, 1000]
  const statement = { document: 'd', dataType, source, timestamp, change, ...(version !== undefined && { version }) }
  const answer = signer.sign(statement)
  const signature = unwrap(typeof answer === 'function' ? await answer() : answer)
  return [change, timestamp, source, signature]
}

const isBelieved = async (dataType: DataType<never, never>, update: Update<unknown>): Promise<boolean> => {
  const answer = verifyUpdates(dataType, { document: 'd', verifier })([update as Update<never>])
  const { believed } = typeof answer === 'function' ? await answer() : answer
  return believed.length === 1
}

const asAny = (dataType: unknown): DataType<never, never> => dataType as DataType<never, never>

describe('A signature', () => {
  test('names the kind, so that a codec may grow', async () => {
    const small = t.type({ title: t.string })
    const grown = t.intersection([small, t.partial({ done: t.boolean })])
    const update = await signedAs(Model.of(small).name, ['k', { title: 'x' }])
    expect(await isBelieved(asAny(Model.of(grown)), update)).toBe(true)
    expect(await isBelieved(asAny(Events.of(grown)), update)).toBe(false)
  })

  test.each([
    ['Model<number>', Model.of(t.number), ['x', 1]],
    ['RArray<string>', RArray.of(t.string), { a: 'x' }],
    ['Replay<number>', Replay.of((sum: number, n: number) => sum + n, 0, t.number), 5],
    [
      'Scuttlebucket<chat: Events<string>, settings: Model<number>>',
      Scuttlebucket.of({ chat: Events.of(t.string), settings: Model.of(t.number) }),
      ['settings', ['x', 1]],
    ],
  ])('of 0.1 counts, which named its type %s', async (name, dataType, change) => {
    expect(await isBelieved(asAny(dataType), await signedAs(name, change))).toBe(true)
  })

  test('of 0.1 under another codec counts if its name is given', async () => {
    const grown = t.intersection([t.type({ title: t.string }), t.partial({ done: t.boolean })])
    const name = 'Model<{ title: string }>'
    const update = await signedAs(name, ['k', { title: 'x' }])
    expect(await isBelieved(asAny(Model.of(grown)), update)).toBe(false)
    const model = Model.of(grown, { formerly: [name] })
    expect(await isBelieved(asAny(model), update)).toBe(true)
    const inBucket = await signedAs(`Scuttlebucket<model: ${name}>`, ['model', ['k', { title: 'x' }]])
    expect(await isBelieved(asAny(Scuttlebucket.of({ model })), inBucket)).toBe(true)
  })

  test('of another version does not count', async () => {
    const [second, third] = ['2', '3'].map((version) => Model.of(t.number, { version }))
    const update = await signedAs('Model', ['x', 1], '2')
    expect(await isBelieved(asAny(second), update)).toBe(true)
    expect(await isBelieved(asAny(third), update)).toBe(false)
    expect(await isBelieved(asAny(Model.of(t.number)), update)).toBe(false)
  })
})

describe('A bucket', () => {
  test('has the versions of its parts, in whatever order they are given', () => {
    const a = Model.of(t.number, { version: '2' })
    const b = Events.of(t.string)
    expect(Scuttlebucket.of({ a, b }).version).toBe(Scuttlebucket.of({ b, a }).version)
    expect(Scuttlebucket.of({ a, b }).version).not.toBe(Scuttlebucket.of({ a: b, b: a }).version)
    expect(Scuttlebucket.of({ a, b }, { version: '1' }).version).not.toBe(Scuttlebucket.of({ a, b }).version)
    expect(Scuttlebucket.of({ b })).not.toHaveProperty('version')
  })
})
