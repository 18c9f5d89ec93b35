/** Signed originals and our signed replicas believe each other over a socket, and nobody else. */
import { createRequire } from 'node:module'
import * as t from 'io-ts'
import { expect, test } from 'vitest'
import { rsaSha1, type Security } from '../../src/adapters/security.js'
import { createStore } from '../../src/adapters/store.js'
import { createStream } from '../../src/adapters/stream.js'
import { Model, scuttlebutt, type Rejection } from '../../src/index.js'
import type { OriginalModel } from '../original/original.js'
import { connect, eventually } from '../original/tcp.js'

const require = createRequire(import.meta.url)

interface OriginalSecurity {
  readonly createId: () => string
  readonly sign: (update: ReadonlyArray<unknown>) => string
}

const originalSecurity = require('scuttlebutt/security') as (
  keys: Readonly<Record<string, string>>,
  secret: string,
  open: string,
) => OriginalSecurity

const OriginalModelOf = require('scuttlebutt/model') as new (security: OriginalSecurity) => OriginalModel

const keyPair = async (): Promise<rsaSha1.KeyPair> => {
  const made = await rsaSha1.generate()()
  if (made._tag === 'Left') throw new Error(made.left._tag)
  return made.right
}

const [theirs, ours, strangers] = await Promise.all([keyPair(), keyPair(), keyPair()])

const keyring: Readonly<Record<string, string>> = Object.fromEntries(
  [theirs, ours].map(({ publicKey }) => [rsaSha1.idOf(publicKey), publicKey]),
)

const lookUp = (source: string) =>
  Object.hasOwn(keyring, source)
    ? ({ _tag: 'Right', right: keyring[source]! } as const)
    : ({ _tag: 'Left', left: { _tag: 'NoKey', reason: 'not in the keyring' } } as const)

const secure = (pair: rsaSha1.KeyPair, keys = lookUp) => {
  const told: Rejection[] = []
  const security: Security<Model.State<unknown>, Model.Change<unknown>> = {
    document: 'whatever',
    signer: rsaSha1.signer(pair),
    verifier: rsaSha1.verifier({ keys }),
    report: (rejection) => told.push(rejection),
  }
  const store = createStore(scuttlebutt(Model.of(t.unknown)), rsaSha1.idOf(pair.publicKey), { security })
  return { store, told, read: () => Model.toJSON(store.getReplica().state) }
}

const original = ({ secretKey, publicKey }: rsaSha1.KeyPair): OriginalModel =>
  new OriginalModelOf(originalSecurity(keyring, secretKey, publicKey))

test('An original and our replica, each with its key, converge over TCP, with live updates', async () => {
  const [them, us] = [original(theirs), secure(ours)]
  expect(them.id).toBe(rsaSha1.idOf(theirs.publicKey))
  them.set('theirs', { deep: ['é', 1.5] })
  us.store.change(Model.set('ours', null as never))
  us.store.change(Model.set('ours', '\u2028 "quoted"'))
  const wire = await connect(
    () => them.createStream(),
    () => createStream(us.store),
  )
  await wire.synced
  them.set('live', 1)
  us.store.change(Model.set('alive', 2))
  await eventually(() => {
    expect(us.read()).toEqual({ theirs: { deep: ['é', 1.5] }, ours: '\u2028 "quoted"', live: 1, alive: 2 })
    expect(them.toJSON()).toEqual(us.read())
  })
  expect(us.told).toEqual([])
  await wire.cut()
  // an original that hears of the first one through our replica only
  const third = original(strangers)
  const relay = await connect(
    () => third.createStream(),
    () => createStream(us.store),
  )
  await relay.synced
  expect(third.toJSON()).toEqual(us.read())
  await relay.cut()
})

test('Our signatures are byte for byte those of the original, for any key', () => {
  const { sign } = originalSecurity(keyring, theirs.secretKey, theirs.publicKey)
  const id = rsaSha1.idOf(theirs.publicKey)
  for (const change of [['k', 1], { b: 1, a: 2 }, null, ['', { __proto__: null }], '\ud800']) {
    const answer = rsaSha1.signer(theirs).sign({ document: 'd', dataType: 'x', source: id, timestamp: 1.5, change })
    expect(answer).toEqual({ _tag: 'Right', right: sign([change, 1.5, id]) })
  }
})

test('Our replica refuses unknown, weak and other kinds of keys, and altered updates', async () => {
  const [stranger, us] = [original(strangers), secure(ours)]
  stranger.set('k', 'strange')
  const wire = await connect(
    () => stranger.createStream(),
    () => createStream(us.store),
  )
  await eventually(() => {
    expect(us.told).toMatchObject([{ _tag: 'NoKey', reason: 'not in the keyring' }])
  })
  await wire.cut()
  expect(us.store.getReplica().clock.timestamps.root.size).toBe(0)
  const them = original(theirs)
  them.set('k', 1)
  const [update] = them.history() as unknown as [[unknown, number, string, string]]
  const altered = [
    [['k', 2], ...update.slice(1)],
    [update[0], update[1] + 1, update[2], update[3]],
    [update[0], update[1], rsaSha1.idOf(ours.publicKey), update[3]],
    [...update.slice(0, 3), update[3].slice(0, -4)],
    [...update.slice(0, 3), `${update[3]}\n`],
    [...update.slice(0, 3), ''],
    update.slice(0, 3),
  ]
  for (const [i, one] of altered.entries()) {
    us.store.apply([one as never])
    expect(us.told[i + 1]!._tag).toBe(i === altered.length - 1 ? 'Unsigned' : 'Forged')
  }
  expect(us.read()).toEqual({})
  const ed =
    '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n'
  for (const [pem, minBits, reason] of [
    [ed, 2048, /WrongKey/],
    ['no key', 2048, /InvalidKey/],
    [keyring[update[2]]!, 4096, /WeakKey/],
  ] as const) {
    const verifier = rsaSha1.verifier({ keys: () => ({ _tag: 'Right', right: pem }), minBits })
    const [change, timestamp, source, signature] = update
    const verdict = verifier.verify({ document: '', dataType: '', source, timestamp, change }, signature)
    expect(verdict).toMatchObject({ left: { _tag: 'NoKey', reason: expect.stringMatching(reason) as string } })
  }
  const slow = rsaSha1.verifier({ keys: (source) => () => Promise.resolve(lookUp(source)) })
  const [change, timestamp, source, signature] = update
  const answer = slow.verify({ document: '', dataType: '', source, timestamp, change }, signature)
  expect(typeof answer === 'function' && (await answer())._tag).toBe('Right')
  const keyless = rsaSha1.signer({ ...ours, secretKey: 'none' })
  expect(keyless.sign({ document: '', dataType: '', source, timestamp, change })).toMatchObject({ _tag: 'Left' })
})
