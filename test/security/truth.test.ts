/** Signed updates that a relay leaves out, or a forger hides: both are found out (W5). */
import { once } from 'node:events'
import { either as E, option as O } from 'fp-ts'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { ed25519, type Security, type Verifier } from '../../src/adapters/security.js'
import { createStore, type LocalStore } from '../../src/adapters/store.js'
import { createStream, type StreamOptions } from '../../src/adapters/stream.js'
import { Model, scuttlebutt, type Rejection, type Update } from '../../src/index.js'
import { eventually } from '../original/tcp.js'
import { right } from '../right.js'
import { talk } from '../talk.js'

type Change = Model.Change<unknown>
type AnyStore = LocalStore<Model.State<unknown>, Change>

const sb = scuttlebutt(Model.of(t.unknown))

const keys = right(await ed25519.generate())
const ann = ed25519.idOf(keys.publicKey)

const secured = (id: string, options: Partial<Security<Model.State<unknown>, Change>> = {}): AnyStore =>
  createStore(sb, id, { security: { document: 'notes', verifier: ed25519.verifier(), ...options } })

/** Updates that ann has signed, one for each key, a second apart. */
const signed = (...made: ReadonlyArray<string>): ReadonlyArray<Update<Change>> => {
  let now = 0
  const writer = createStore(sb, ann, {
    now: () => (now += 1000),
    security: { document: 'notes', verifier: ed25519.verifier(), signer: ed25519.signer(keys) },
  })
  return made.map((key, i) => right(writer.change(Model.set(key, i))))
}

/** A relay that believes, and claims, whatever it was given. */
const relay = (id: string, updates: ReadonlyArray<Update<Change>>): AnyStore => {
  const store = createStore(sb, id)
  store.apply(updates)
  return store
}

const read = (store: AnyStore) => Model.toJSON(store.getReplica().state)

const digest = (store: AnyStore) => sb.digest(store.getReplica())

const meet = async (a: AnyStore, b: AnyStore, options: StreamOptions = {}): Promise<void> => {
  const streams = [createStream(a, options), createStream(b)] as const
  streams[0].pipe(streams[1]).pipe(streams[0])
  await Promise.all(streams.map((stream) => once(stream, 'sync')))
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
  for (const stream of streams) stream.destroy()
}

describe('W5: a relay that leaves a signed update out', () => {
  const [first, second, third] = signed('a', 'b', 'c') as [Update<Change>, Update<Change>, Update<Change>]

  test.each([
    ['streams', meet],
    ['messages', (a: AnyStore, b: AnyStore) => { talk(a, b) }], // prettier-ignore
  ] as const)('hides it from nobody who meets another peer: by %s', async (_, way) => {
    const store = secured('me')
    await way(store, relay('liar', [first, third]))
    expect(read(store)).toEqual({ a: 0, c: 2 })
    // the third one says that it follows the second
    expect(digest(store)).toMatchObject({
      clock: { [ann]: first[1] },
      doubt: { [ann]: [[third[1], expect.any(String)]] },
    })
    await way(store, relay('liar', [first, third]))
    expect(digest(store).clock).toEqual({ [ann]: first[1] })
    await way(store, relay('honest', [first, second, third]))
    expect(read(store)).toEqual({ a: 0, b: 1, c: 2 })
    // whoever brings the missing one
    expect(digest(store)).toEqual({ id: 'me', clock: { [ann]: third[1] } })
  })

  test('is believed over a gap by one who trusts it, and by one to whom another says the same', async () => {
    const [trusting, plain] = [secured('trusting'), secured('plain')]
    await meet(trusting, relay('server', [first, third]), { trusted: true })
    expect(digest(trusting).clock).toEqual({ [ann]: third[1] })
    const byMessages = secured('me')
    talk(byMessages, relay('server', [first, third]), { trusted: true })
    expect(digest(byMessages).clock).toEqual({ [ann]: third[1] })
    await meet(plain, relay('one', [first, third]))
    expect(digest(plain).clock).toEqual({ [ann]: first[1] })
    await meet(plain, relay('two', [first, third]))
    expect(digest(plain)).toEqual({ id: 'plain', clock: { [ann]: third[1] } })
  })

  test('leaves no doubt where an update was superseded and both peers know it', async () => {
    const updates = signed('k', 'k', 'x')
    const [store, peers] = [secured('me'), ['one', 'two'].map((id) => relay(id, updates))]
    for (const peer of peers) {
      expect(sb.history()(peer.getReplica())).toHaveLength(2)
      await meet(store, peer)
    }
    expect(digest(store)).toEqual({ id: 'me', clock: { [ann]: updates[2]![1] } })
  })

  test('cannot say for a source what it follows: only what is signed counts', () => {
    const store = secured('me')
    const told: Rejection[] = []
    const strict = secured('strict', { report: (rejection) => told.push(rejection) })
    const [change, timestamp, source, signature] = third
    store.reconcile({ digest: { id: 'liar', clock: {} }, updates: [first] })
    for (const one of [store, strict]) {
      one.reconcile({ digest: { id: 'liar', clock: {} }, updates: [[change, timestamp, source, signature!, first[1]]] })
      one.reconcile({ digest: { id: 'liar', clock: {} }, updates: [[change, timestamp, source, signature!]] })
    }
    expect(told.map(({ _tag }) => _tag)).toEqual(['Forged', 'Forged'])
    expect(read(store)).toEqual({ a: 0 })
  })
})

describe('W5: a forger beside a slow verifier', () => {
  /** Believes `good` signatures, once `judge` was called. */
  const slow = () => {
    const pending: (() => void)[] = []
    const verifier: Verifier = {
      verify: (_, signature) => () =>
        new Promise((resolve) => {
          pending.push(() => {
            resolve(signature === 'good' ? E.right(true) : E.left({ _tag: 'Forged', reason: 'no' }))
          })
        }),
    }
    const judge = (): void => {
      for (const each of pending.splice(0)) each()
    }
    return { verifier, judge }
  }

  const line = (key: string, timestamp: number, signature: string): string =>
    `${JSON.stringify([[key, 1], timestamp, 's', signature])}\n`

  test('with two connections it hides no update of the source', async () => {
    const { verifier, judge } = slow()
    const store = secured('me', { verifier })
    const [one, two, honest] = [createStream(store), createStream(store), createStream(store)]
    for (const stream of [one, two, honest]) stream.resume()
    // the first holds up the source with a forgery, the second passes on a true later update
    one.write(`{"id":"one","clock":{"s":3000}}\n${line('forged', 2000, 'bad')}"SYNC"\n`)
    two.write(`{"id":"two","clock":{"s":3000}}\n${line('c', 3000, 'good')}"SYNC"\n`)
    const all = line('a', 1000, 'good') + line('b', 2000, 'good') + line('c', 3000, 'good')
    honest.write(`{"id":"honest","clock":{"s":3000}}\n${all}"SYNC"\n`)
    await eventually(() => {
      judge()
      expect(read(store)).toEqual({ a: 1, b: 1, c: 1 })
    })
    await eventually(() => {
      expect(digest(store)).toEqual({ id: 'me', clock: { s: 3000 } })
    })
    for (const stream of [one, two, honest]) stream.destroy()
  })

  test('who was heard to forge claims nothing: the next honest peer is asked for all', async () => {
    const { verifier, judge } = slow()
    const store = secured('me', { verifier })
    const stream = createStream(store)
    const told: Rejection[] = []
    stream.on('rejection', (rejection) => told.push(rejection))
    stream.resume()
    stream.write(`{"id":"forger","clock":{"s":3000,"q":900}}\n`)
    stream.write(`${line('a', 1000, 'good')}${line('b', 2000, 'bad')}${line('c', 3000, 'good')}"SYNC"\n`)
    stream.write('[["q",1],900,"q","good"]\n')
    await eventually(() => {
      judge()
      expect(read(store)).toEqual({ a: 1, q: 1 })
    })
    expect(told.map(({ _tag }) => _tag)).toEqual(expect.arrayContaining(['Forged', 'HeldBack']))
    // not even for a source of which it brought true updates
    expect(digest(store).clock).toEqual({})
    expect(Object.keys(digest(store).doubt ?? {}).sort()).toEqual(['q', 's'])
    stream.destroy()
    const honest = createStream(store)
    honest.resume()
    const all = line('a', 1000, 'good') + line('b', 2000, 'good') + line('c', 3000, 'good')
    honest.write(`{"id":"honest","clock":{"s":3000,"q":900}}\n${all}[["q",1],900,"q","good"]\n"SYNC"\n`)
    await eventually(() => {
      judge()
      expect(digest(store)).toEqual({ id: 'me', clock: { q: 900, s: 3000 } })
    })
    expect(read(store)).toEqual({ a: 1, b: 1, c: 1, q: 1 })
    honest.destroy()
  })

  test.each([false, true])(
    'what is refused for now counts against all who brought it: streams %s',
    async (byStreams) => {
      const { verifier, judge } = slow()
      let isDown = true
      const authorize = ([[key]]: Update<Change>): E.Either<string, unknown> =>
        isDown && key === 'a' ? E.left('the lookup is down') : E.right(1)
      const told: Rejection[] = []
      const store = secured('me', { verifier, authorize, report: (rejection) => told.push(rejection) })
      const updates = [1, 2, 3].map((n): Update<Change> => [['abc'[n - 1]!, n], n * 1000, 's', 'good'])
      const peers = ['one', 'two', 'three'].map((id) => relay(id, updates))
      const meetAll = async (): Promise<void> => {
        const streams = peers.map((peer) => [createStream(store), createStream(peer)] as const)
        const asking = sb.open(store.getReplica())
        const answers = peers.flatMap((peer) => O.toUndefined(peer.reconcile(asking)) ?? [])
        const done = byStreams
          ? streams.map(([own, theirs]) => once(own.pipe(theirs).pipe(own), 'sync'))
          : answers.map((answer) => store.reconcileAsync(answer))
        for (let i = 0; i < 50; i++) {
          judge()
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
        await Promise.all(done)
        for (const stream of streams.flat()) stream.destroy()
      }
      await meetAll()
      expect(read(store)).toEqual({ b: 2, c: 3 })
      expect(told).toMatchObject([{ _tag: 'Unauthorized' }])
      expect(digest(store).clock).toEqual({})
      isDown = false
      await meetAll()
      expect(read(store)).toEqual({ a: 1, b: 2, c: 3 })
      expect(digest(store)).toEqual({ id: 'me', clock: { s: 3000 } })
    },
  )

  test('a verifier that is away leaves a doubt, which the next meeting ends', async () => {
    let isAway = true
    const verifier: Verifier = {
      verify: () => (isAway ? E.left({ _tag: 'Unavailable', reason: 'away' }) : E.right(true)),
    }
    const store = secured('me', { verifier, retry: () => 5 })
    const stream = createStream(store)
    stream.resume()
    stream.write(`{"id":"peer","clock":{"s":1000}}\n${line('a', 1000, 'good')}"SYNC"\n`)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect([read(store), digest(store).clock]).toEqual([{}, {}])
    isAway = false
    await eventually(() => {
      expect(read(store)).toEqual({ a: 1 })
    })
    expect(digest(store)).toMatchObject({ clock: {}, doubt: { s: [[1000, expect.any(String)]] } })
    stream.destroy()
    const again = createStream(store)
    again.resume()
    again.end('{"id":"peer","clock":{"s":1000}}\n"SYNC"\n')
    await once(again, 'close')
    expect(digest(store)).toEqual({ id: 'me', clock: { s: 1000 } })
  })
})

test('A message with a forgery is no round, whatever it claims', () => {
  const [first, second] = signed('a', 'b') as [Update<Change>, Update<Change>]
  const plain: Verifier = { verify: (_, signature) => (signature === 'good' ? E.right(true) : E.left(NO)) }
  const NO = { _tag: 'Forged', reason: 'no' } as const
  const round = { digest: { id: 'peer', clock: { s: 1000 } }, since: { clock: {} }, complete: true } as const
  const update: Update<Change> = [['x', 1], 1000, 's', 'good']
  const [store, sound] = [secured('me', { verifier: plain }), secured('me', { verifier: plain })]
  store.reconcile({ ...round, updates: [update, [['y', 1], 1000, 'q', 'bad']] })
  expect([read(store), digest(store).clock]).toEqual([{ x: 1 }, {}])
  sound.reconcile({ ...round, updates: [update] })
  expect([read(sound), digest(sound).clock]).toEqual([{ x: 1 }, { s: 1000 }])
  // the chain of signed updates needs no round
  const chained = secured('me')
  chained.reconcile({ digest: { id: 'peer', clock: {} }, updates: [first, second] })
  expect(digest(chained).clock).toEqual({ [ann]: second[1] })
})

test('Several signed changes each follow the one before', () => {
  const security = { document: 'notes', verifier: ed25519.verifier(), signer: ed25519.signer(keys) }
  const store = createStore(sb, ann, { security, now: () => 1000 })
  const updates = right(store.changeAll([Model.set('a', 1), Model.set('b', 2), Model.set('c', 3)]))
  expect(updates.map(([, , , , previous]) => previous)).toEqual([0, updates[0]![1], updates[1]![1]])
  const peer = secured('peer')
  // overheard, in any order: their signatures vouch for them
  peer.reconcile({ digest: { id: '', clock: {} }, updates: [updates[0]!, updates[2]!] })
  expect(digest(peer).clock).toEqual({ [ann]: updates[0]![1] })
  peer.reconcile({ digest: { id: '', clock: {} }, updates: [updates[1]!] })
  expect(digest(peer)).toEqual({ id: 'peer', clock: { [ann]: updates[2]![1] } })
})

describe('Signed updates', () => {
  test('of a writer that was restored from a backup do not say that none is missing before them', () => {
    let now = 1000
    const writer = (replica = sb.create(ann)): AnyStore =>
      createStore(sb, ann, {
        replica,
        now: () => now++,
        security: { document: 'notes', verifier: ed25519.verifier(), signer: ed25519.signer(keys) },
      })
    const first = writer()
    const [ben, cy] = [secured('ben'), secured('cy')]
    right(first.change(Model.set('one', 1)))
    for (const other of [ben, cy]) talk(first, other)
    const backup = first.getReplica()
    right(first.change(Model.set('forgotten', 2)))
    talk(first, ben)
    const again = writer(backup)
    right(again.change(Model.set('three', 3)))
    cy.reconcile(sb.push(backup)(again.getReplica()))
    talk(again, ben)
    for (const [a, b] of [
      [cy, ben],
      [again, cy],
      [again, ben],
    ] as const)
      talk(a, b)
    const all = { one: 1, forgotten: 2, three: 3 }
    expect([again, ben, cy].map(read)).toEqual([all, all, all])
    // it signs chains again
    expect(right(again.change(Model.set('four', 4)))).toHaveLength(5)
  })

  test('are not believed to be all by the word of one, also where the one that came is superseded', async () => {
    const [left, came] = signed('left out', 'k')
    const own = right(await ed25519.generate())
    const store = createStore(sb, ed25519.idOf(own.publicKey), {
      security: { document: 'notes', verifier: ed25519.verifier(), signer: ed25519.signer(own) },
    })
    right(store.change(Model.set('k', 'newer')))
    const since = { clock: digest(store).clock }
    store.reconcile({ digest: { id: 'liar', clock: { [ann]: came![1] } }, updates: [came!], since, complete: true })
    talk(store, relay('honest', [left!, came!]))
    expect(read(store)).toMatchObject({ 'left out': 0 })
  })
})
