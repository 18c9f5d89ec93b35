/**
 * Stores with security: which updates they apply, in which order, and what they report of the rest.
 */
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { either as E } from 'fp-ts'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test, vi } from 'vitest'
import { ed25519, type Statement, type Disbelief, type Security, type Verifier } from '../../src/adapters/security.js'
import { createStore, type LocalStore } from '../../src/adapters/store.js'
import { portOf } from '../../src/adapters/store/Port.js'
import { createStream } from '../../src/adapters/stream.js'
import { toWebStreams } from '../../src/adapters/web.js'
import { Clock, Events, Model, scuttlebutt, type Rejection, type Update } from '../../src/index.js'
import { eventually } from '../original/tcp.js'
import { inMemory } from '../runs.js'

const sb = scuttlebutt(Model.of(t.unknown))
const events = scuttlebutt(Events.of(t.unknown))

type State = Model.State<unknown>
type Change = Model.Change<unknown>
type AnyStore = LocalStore<State, Change>

const keyPair = async (): Promise<ed25519.KeyPair> => {
  const made = await ed25519.generate()
  if (made._tag === 'Left') throw new Error(made.left._tag)
  return made.right
}

const [annKeys, benKeys, eveKeys] = await Promise.all([keyPair(), keyPair(), keyPair()])
const [annId, benId, eveId] = [annKeys, benKeys, eveKeys].map(({ publicKey }) => ed25519.idOf(publicKey)) as [
  string,
  string,
  string,
]

/** A store that signs, and its reports. */
const secure = (
  keys: ed25519.KeyPair,
  options: Partial<Security<State, Change>> = {},
  now?: () => number,
): { readonly store: AnyStore; readonly told: Rejection[] } => {
  const told: Rejection[] = []
  const security: Security<State, Change> = {
    document: 'notes',
    signer: ed25519.signer(keys),
    verifier: ed25519.verifier(),
    report: (rejection) => told.push(rejection),
    ...options,
  }
  return { store: createStore(sb, ed25519.idOf(keys.publicKey), { security, ...(now && { now }) }), told }
}

const read = (store: AnyStore) => Model.toJSON(store.getReplica().state)

const written = (store: AnyStore, key: string, value: unknown): Update<Change> => {
  const made = store.change(Model.set(key, value))
  if (made._tag === 'Left') throw new Error(JSON.stringify(made.left))
  return made.right
}

/**
 * Brings updates as a stream of one peer does. Gives something to wait for if verdicts take time.
 */
const bring = <S, C>(store: LocalStore<S, C>, updates: ReadonlyArray<Update<C>>): Promise<void> | undefined =>
  portOf(store).receive({ updates }, 'nobody', () => undefined)

/** Passes messages between two stores until both are silent. */
const meet = (a: AnyStore, b: AnyStore): void => {
  let message = sb.open(a.getReplica())
  for (let to = b; ; to = to === a ? b : a) {
    const answer = to.reconcile(message)
    if (answer._tag === 'None') return
    message = answer.value
  }
}

const tags = (rejections: ReadonlyArray<Rejection>) => rejections.map(({ _tag }) => _tag)

/**
 * Believes signatures that begin with `good`. `waits` may delay a verdict. `failing` says how often
 * a signature is unavailable first.
 */
const staged = (
  waits: (signature: string) => Promise<void> | undefined,
  failing = new Map<string, number>(),
): Verifier => ({
  verify: (_, signature) => {
    const verdict = () => {
      const left = failing.get(signature) ?? 0
      failing.set(signature, left - 1)
      const disbelief: Disbelief = { _tag: left > 0 ? 'Unavailable' : 'Forged', reason: 'staged' }
      return signature.startsWith('good') && left <= 0
        ? ({ _tag: 'Right', right: undefined } as const)
        : ({ _tag: 'Left', left: disbelief } as const)
    }
    const waiting = waits(signature)
    return waiting === undefined ? verdict() : () => waiting.then(verdict)
  },
})

describe('A secure store', () => {
  test('signs its updates, and believes those that others sign, whoever passes them on', async () => {
    const [ann, ben, eve] = [secure(annKeys), secure(benKeys), secure(eveKeys)]
    const update = written(ann.store, 'x', 1)
    // the signature, and which update it follows
    expect(update.slice(3)).toEqual([expect.any(String), 0])
    expect(Object.isFrozen(update)).toBe(true)
    for (const [left, right] of [
      [ann, ben],
      [ben, eve],
    ] as const) {
      const [one, other] = [createStream(left.store), createStream(right.store)]
      one.pipe(other).pipe(one)
      await once(other, 'sync')
    }
    expect(sb.history()(eve.store.getReplica())).toEqual([update])
    expect([ann.told, ben.told, eve.told]).toEqual([[], [], []])
  })

  test('B1: refuses forged and unsigned updates, keeps its clock and state, and reports to the link', async () => {
    const { store, told } = secure(annKeys)
    const stream = createStream(store)
    const heard: Rejection[] = []
    stream.on('rejection', (rejection) => heard.push(rejection))
    const good = written(secure(benKeys).store, 'k', 'good')
    const lines = [
      [['k', 'unsigned'], 1, benId],
      [['k', 'forged'], 9e12, eveId, good[3]],
      [['k', 'more'], 9e12, 'carol', good[3], 'more'],
    ]
    stream.end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    stream.resume()
    await once(stream, 'close')
    expect(tags(heard)).toEqual(['Unsigned', 'TooFarAhead', 'TooFarAhead'])
    heard.length = 0
    told.length = 0
    const lax = createStream(store, { policy: { maxDrift: Infinity } })
    lax.on('rejection', (rejection) => heard.push(rejection))
    lax.end([...lines, good].map((line) => `${JSON.stringify(line)}\n`).join(''))
    lax.resume()
    await once(lax, 'close')
    expect(tags(heard)).toEqual(['Unsigned', 'Forged', 'Unsigned', 'HeldBack'])
    expect(told).toEqual(heard)
    expect(store.getReplica()).toEqual(sb.create(annId))
    // a refused update leaves no trace, so a later true one is applied
    store.apply([good])
    expect(read(store)).toEqual({ k: 'good' })
  })

  test('B2: verifies updates in its own name as any others, and signs only its own', () => {
    const { store, told } = secure(annKeys)
    const own = written(store, 'k', 'mine')
    store.apply([
      [['k', 'planted'], own[1] + 1, annId],
      [['k', 'planted'], own[1] + 2, annId, own[3]!],
    ])
    expect(tags(told)).toEqual(['Unsigned', 'HeldBack'])
    expect(sb.history()(store.getReplica())).toEqual([own])
    // another process with the same keys may write in its name
    const twin = written(secure(annKeys, {}, () => own[1] + 10).store, 'k', 'twin')
    store.apply([twin])
    expect(read(store)).toEqual({ k: 'twin' })
  })

  test('B3: writes on after an update of its own key from the far future', () => {
    const future = written(secure(annKeys, {}, () => 8e15).store, 'k', 'future')
    const { store } = secure(annKeys)
    store.apply([future])
    written(store, 'k', 'now')
    expect(read(store)).toEqual({ k: 'now' })
  })

  test('B5: refuses updates of another document or data type', () => {
    const ann = secure(annKeys, { document: 'other' })
    const { store, told } = secure(benKeys)
    store.apply([written(ann.store, 'k', 1)])
    const security = { document: 'notes', signer: ed25519.signer(annKeys), verifier: ed25519.verifier() }
    const feed = createStore(events, annId, { security })
    const event = feed.change(Events.emit('k', 1))
    store.apply([event._tag === 'Right' ? (event.right as Update<Change>) : (undefined as never)])
    expect(tags(told)).toEqual(['Forged', 'Forged'])
    expect(read(store)).toEqual({})
  })

  test('writes nothing without a signer, or with one of another id', () => {
    const { verifier } = { verifier: ed25519.verifier() }
    const mute = createStore(sb, annId, { security: { document: 'notes', verifier } })
    const other = createStore(sb, 'someone', {
      security: { document: 'notes', verifier, signer: ed25519.signer(annKeys) },
    })
    for (const store of [mute, other]) {
      expect(store.change(Model.set('k', 1))).toMatchObject({ left: { _tag: 'Unsignable' } })
      expect(read(store)).toEqual({})
    }
    const broken = { id: annId, sign: () => ({ _tag: 'Left', left: 'the card was taken out' }) as const }
    const store = createStore(sb, annId, { security: { document: 'notes', verifier, signer: broken } })
    expect(store.change(Model.set('k', 1))).toMatchObject({
      left: { _tag: 'Unsignable', reason: 'the card was taken out' },
    })
  })

  test('waits for a slow signer, and makes one update after the other', async () => {
    const quick = ed25519.signer(annKeys)
    const signer = {
      id: annId,
      sign: (statement: Statement.Statement) => () =>
        Promise.resolve(quick.sign(statement) as E.Either<string, string>),
    }
    const { store } = secure(annKeys, { signer })
    expect(store.change(Model.set('k', 1))).toMatchObject({ left: { _tag: 'Unsignable' } })
    const count = (state: State) =>
      ({ _tag: 'Right', right: Model.set('n', ((Model.toJSON(state)['n'] as number | undefined) ?? 0) + 1) }) as const
    const made = await Promise.all(Array.from({ length: 10 }, () => store.changeAsync(count)()))
    expect(made.map(({ _tag }) => _tag)).toEqual(Array(10).fill('Right'))
    expect(read(store)).toEqual({ n: 10 })
    const plain = createStore(sb, 'plain')
    expect(await plain.changeAsync(Model.set('k', 1))()).toMatchObject({
      right: [['k', 1], expect.any(Number), 'plain'],
    })
  })

  test('B4: applies updates in the order of each source, whenever their verdicts come', async () => {
    const source = fc.constantFrom('a', 'b', 'c')
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.tuple(source, fc.boolean(), fc.nat(2)), { minLength: 1, maxLength: 15 }),
        fc.integer({ min: 1, max: 4 }),
        async (scheduler, sent, peers) => {
          const failing = new Map<string, number>()
          const verifier = staged(
            (signature) => (signature.includes('slow') ? scheduler.schedule(Promise.resolve(), signature) : undefined),
            failing,
          )
          const security = { document: 'notes', verifier, retry: () => 0 }
          const store = createStore(events, 'z', { security })
          const updates = sent.map(([id, isSlow, fails], i): Update<Events.Change<unknown>> => {
            const signature = `good ${isSlow ? 'slow' : ''} ${String(i)}`
            failing.set(signature, isSlow ? fails : 0)
            return [['said', i], i + 1, id, signature]
          })
          const heard: Update<unknown>[] = []
          store.subscribe((news) => heard.push(...news))
          const size = Math.ceil(updates.length / peers)
          const waits = Array.from({ length: peers }, (_, i) =>
            Promise.resolve(bring(store, updates.slice(i * size, (i + 1) * size))),
          )
          for (let i = 0; i < 50 && heard.length < updates.length; i++) {
            await scheduler.waitIdle()
            await new Promise((resolve) => setTimeout(resolve, 1))
          }
          await Promise.all(waits)
          for (const id of ['a', 'b', 'c']) {
            expect(heard.filter(([, , one]) => one === id)).toEqual(updates.filter(([, , one]) => one === id))
          }
        },
      ),
      { numRuns: inMemory(50) },
    )
  })

  test('B4: holds up a source whose key is unavailable, and no other', async () => {
    let isThere = false
    const lookUp = vi.fn((id: string) =>
      id !== 'ann' || isThere
        ? ({ _tag: 'Right', right: id === 'ann' ? annKeys.publicKey : benKeys.publicKey } as const)
        : ({ _tag: 'Left', left: { _tag: 'Unavailable', reason: 'the directory is down' } } as const),
    )
    const named = (id: string, keys: ed25519.KeyPair) =>
      createStore(sb, id, {
        security: { document: 'notes', signer: ed25519.signer(keys, { id }), verifier: ed25519.verifier() },
      })
    const [ann, ben] = [named('ann', annKeys), named('ben', benKeys)]
    const [first, second] = [written(ann, 'a', 1), written(ann, 'b', 2)]
    const other = written(ben, 'c', 3)
    const told: Rejection[] = []
    const security = {
      document: 'notes',
      verifier: ed25519.verifier({ keys: lookUp }),
      retry: () => 5,
      report: (rejection: Rejection) => void told.push(rejection),
    }
    const store = createStore(sb, 'z', { security })
    const stream = createStream(store)
    stream.resume()
    stream.write([first, second, other, first].map((update) => `${JSON.stringify(update)}\n`).join(''))
    await eventually(() => {
      expect(read(store)).toEqual({ c: 3 })
    })
    expect(Clock.toRecord(store.getReplica().clock)).toEqual({ ben: other[1] })
    isThere = true
    await eventually(() => {
      expect(read(store)).toEqual({ a: 1, b: 2, c: 3 })
    })
    expect(told).toEqual([])
    expect(lookUp.mock.calls.filter(([id]) => id === 'ann').length).toBeGreaterThan(1)
  })

  test('bounds how many updates wait, whoever sends them', () => {
    const verifier: Verifier = { verify: () => ({ _tag: 'Left', left: { _tag: 'Unavailable', reason: '' } }) }
    const told: Rejection[] = []
    const security = {
      document: '',
      verifier,
      maxWaiting: 100,
      retry: () => 1e6,
      report: (one: Rejection) => void told.push(one),
    }
    const store = createStore(sb, 'z', { security })
    for (let i = 0; i < 1000; i++) void bring(store, [[['k', i], i + 1, `s${String(i % 7)}`, 'x']])
    expect(told).toHaveLength(900)
    expect(told[0]).toMatchObject({ _tag: 'TooMany', what: 'waiting', limit: 100 })
  })

  test('ignores a source on a stream that forged it, and accepts it from other streams', async () => {
    const { store } = secure(annKeys)
    const ben = secure(benKeys, {}, () => 1000).store
    const [first, second] = [written(ben, 'a', 1), written(ben, 'b', 2)]
    const liar = createStream(store)
    const heard: Rejection[] = []
    liar.on('rejection', (rejection) => heard.push(rejection))
    liar.resume()
    liar.write(`${JSON.stringify([['a', 'forged'], ...first.slice(1)])}\n`)
    liar.write(`${JSON.stringify(second)}\n`)
    await eventually(() => {
      expect(tags(heard)).toEqual(['Forged', 'HeldBack'])
    })
    // if it applied the second, it would never ask for the first
    expect(store.getReplica().clock).toBe(Clock.empty)
    const honest = createStream(store)
    honest.resume()
    honest.end([first, second].map((update) => `${JSON.stringify(update)}\n`).join(''))
    await eventually(() => {
      expect(read(store)).toEqual({ a: 1, b: 2 })
    })
  })

  test('makes the sender wait for slow verdicts, and syncs once all is applied', async () => {
    const pending: (() => void)[] = []
    const verifier = staged(() => new Promise((resolve) => pending.push(resolve)))
    const store = createStore(sb, 'z', { security: { document: '', verifier } })
    const stream = createStream(store, { highWaterMark: 64 })
    const events: string[] = []
    for (const event of ['syncReceived', 'sync'] as const) stream.on(event, () => events.push(event))
    const source = new PassThrough()
    source.pipe(stream).resume()
    source.write('{"id":"b","clock":{}}\n[["k",1],1000,"b","good"]\n"SYNC"\n')
    await eventually(() => {
      expect(pending).toHaveLength(1)
    })
    source.write('[["k",2],1001,"b","good"]\n')
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect([pending.length, events, read(store)]).toEqual([1, [], {}])
    pending[0]!()
    await eventually(() => {
      expect(pending).toHaveLength(2)
    })
    expect(events).toEqual(['syncReceived', 'sync'])
    pending[1]!()
    await eventually(() => {
      expect(read(store)).toEqual({ k: 2 })
    })
    // web streams do so too
    const web = toWebStreams(store)
    const writer = web.writable.getWriter()
    const writing = writer.write('[["k",3],1002,"b","good"]\n')
    await eventually(() => {
      expect(pending).toHaveLength(3)
    })
    pending[2]!()
    await writing
    expect(read(store)).toEqual({ k: 3 })
  })

  test('B6: keeps and reports both contents of a forked stamp, with the same state in either order', () => {
    const now = () => 1000
    const [one, two] = [
      written(secure(eveKeys, {}, now).store, 'k', 1),
      written(secure(eveKeys, {}, now).store, 'k', 2),
    ]
    const outcomes = [
      [one, two],
      [two, one],
    ].map((order) => {
      const { store, told } = secure(annKeys)
      for (const update of order) store.apply([update])
      expect(tags(told)).toEqual(['Equivocation'])
      expect(told[0]).toMatchObject({ held: order[0], update: order[1] })
      return [read(store), sb.history()(store.getReplica())]
    })
    expect(outcomes[0]).toEqual(outcomes[1])
    expect(outcomes[0]![1]).toHaveLength(2)
    // a forged second content is not a fork
    const { store, told } = secure(annKeys)
    store.apply([one])
    store.apply([[['k', 'forged'], one[1], one[2], one[3]!]])
    expect(tags(told)).toEqual(['Forged'])
  })

  test('ignores replayed updates, and does not verify them again', () => {
    const verify = vi.fn(ed25519.verifier().verify)
    const { store, told } = secure(annKeys, { verifier: { ...ed25519.verifier(), verify } })
    const update = written(secure(benKeys).store, 'k', 1)
    for (let i = 0; i < 100; i++) store.apply([update])
    expect(verify).toHaveBeenCalledTimes(1)
    expect(told).toEqual([])
  })
})

describe('An exception', () => {
  test.each([true, false])(
    'of authorize or apply is reported to the link and stops nothing; verified at once: %s',
    async (isSync) => {
      const verifier = staged(() => (isSync ? undefined : Promise.resolve()))
      const broken = {
        ...sb.dataType,
        apply: (updates: ReadonlyArray<Update<Change>>) => {
          if (updates.some(([[key]]) => key === 'bomb')) throw new Error('not total')
          return sb.dataType.apply(updates)
        },
      }
      const authorize: Security<State, Change>['authorize'] = ([[key]]) => {
        if (key === 'odd') throw new Error('no idea')
        return { _tag: 'Right', right: undefined }
      }
      const store = createStore(scuttlebutt(broken), 'z', { security: { document: '', verifier, authorize } })
      const stream = createStream(store)
      const told: Rejection[] = []
      stream.on('rejection', (rejection) => told.push(rejection))
      stream.resume()
      const closed = once(stream, 'close')
      stream.end(['odd', 'a', 'bomb', 'b'].map((key, i) => `[["${key}",1],${String(i + 1)},"s","good"]\n`).join(''))
      await eventually(() => {
        expect(told).toMatchObject([
          { _tag: 'Unauthorized', reason: 'Error: no idea' },
          { _tag: 'Failed', reason: 'Error: not total' },
        ])
      })
      await closed
      expect(Model.has('a')(store.getReplica().state)).toBe(true)
    },
  )
})

describe('A policy', () => {
  const now = { time: 1_000_000 }
  const clock = (): number => now.time

  test('decides who may write what, locally and for peers, and skips only what it refuses', () => {
    const authorize: Security<State, Change>['authorize'] = ([[key], , source], state) =>
      key === 'locked' && Model.has('locked')(state) && source !== annId
        ? { _tag: 'Left', left: 'only Ann may' }
        : { _tag: 'Right', right: undefined }
    const [ann, ben] = [secure(annKeys, { authorize }), secure(benKeys, { authorize })]
    ben.store.apply([written(ann.store, 'locked', 1)])
    expect(ben.store.change(Model.set('locked', 2))).toMatchObject({
      left: { _tag: 'Unauthorized', reason: 'only Ann may' },
    })
    const rogue = secure(benKeys)
    const updates = [written(rogue.store, 'locked', 'rogue'), written(rogue.store, 'free', 1)]
    ann.store.apply(updates)
    expect(read(ann.store)).toEqual({ locked: 1, free: 1 })
    expect(ann.told).toMatchObject([{ _tag: 'Unauthorized', at: '[0]', update: updates[0] }])
  })

  test('bounds the size of a change', () => {
    const { store, told } = secure(annKeys, { maxChange: 20 })
    const large = written(secure(benKeys).store, 'k', 'é'.repeat(10))
    expect(store.change(Model.set('k', 'x'.repeat(20)))).toMatchObject({ left: { _tag: 'TooLarge', maxBytes: 20 } })
    store.apply([large])
    expect(told).toMatchObject([{ _tag: 'TooLarge', bytes: 28, maxBytes: 20 }])
    expect(read(store)).toEqual({})
  })

  test('R1: bounds the number of sources, at the cost of one look-up for each of 100,000', () => {
    const verifier: Verifier = { verify: () => ({ _tag: 'Right', right: undefined }) }
    const refused: Rejection[] = []
    const security = { document: '', verifier, maxSources: 100, report: (one: Rejection) => void refused.push(one) }
    const store = createStore(sb, 'z', { security })
    const flood = Array.from({ length: 100_000 }, (_, i): Update<Change> => [
      ['k', i],
      i + 1,
      `source ${String(i)}`,
      'x',
    ])
    store.apply(flood)
    expect(Clock.size(store.getReplica().clock)).toBe(100)
    expect(refused).toHaveLength(99_900)
    expect(refused[0]).toMatchObject({ _tag: 'TooMany', what: 'sources', limit: 100 })
    // known sources still write
    store.apply([[['k', 'on'], 1_000_000, 'source 7', 'x']])
    expect(read(store)).toEqual({ k: 'on' })
  })

  test('bounds how often a source may write, and asks for what it refused until it has it', () => {
    const { store, told } = secure(annKeys, { rate: { updates: 10, per: 1000 } }, clock)
    const ben = secure(benKeys, {}, clock).store
    const updates = Array.from({ length: 30 }, (_, i) => written(ben, `k${String(i)}`, i))
    store.apply(updates)
    expect(Model.size(store.getReplica().state)).toBe(10)
    expect(tags(told)).toEqual(Array<string>(20).fill('TooMany'))
    now.time += 500
    meet(store, ben)
    expect(Model.size(store.getReplica().state)).toBe(15)
    // it is sure of what it took, and of no more
    expect(sb.digest(store.getReplica()).clock).toEqual({ [benId]: updates[14]![1] })
    now.time += 1000
    meet(store, ben)
    now.time += 1000
    meet(store, ben)
    expect(Model.size(store.getReplica().state)).toBe(30)
    expect(sb.digest(store.getReplica()).doubt).toBeUndefined()
    const other = secure(eveKeys, {}, clock).store
    store.apply([written(other, 'other', 1)])
    expect(Model.size(store.getReplica().state)).toBe(31)
  })

  test('forgets the rates of quiet sources', () => {
    const verifier: Verifier = { verify: () => ({ _tag: 'Right', right: undefined }) }
    const store = createStore(sb, 'z', {
      security: { document: '', verifier, rate: { updates: 1, per: 1 } },
      now: clock,
    })
    for (let i = 0; i < 5000; i++) {
      now.time += 2
      store.apply([[['k', i], i + 1, `s${String(i)}`, 'x']])
    }
    expect(Model.toJSON(store.getReplica().state)).toEqual({ k: 4999 })
  })
})
