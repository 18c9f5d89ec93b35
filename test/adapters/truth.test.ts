/**
 * Stores whose clock is never wrong: what they claim, what they ask for again, what they report.
 */
import { once } from 'node:events'
import { either as E, option as O } from 'fp-ts'
import * as t from 'io-ts'
import { describe, expect, test, vi } from 'vitest'
import { createStore, type LocalStore, type StoreOptions } from '../../src/adapters/store.js'
import { createStream, type StreamOptions } from '../../src/adapters/stream.js'
import { Clock, Model, scuttlebutt, type Update } from '../../src/index.js'
import { eventually } from '../original/tcp.js'
import { right } from '../right.js'
import { talk } from '../talk.js'

type State = Model.State<unknown>
type Change = Model.Change<unknown>
type AnyStore = LocalStore<State, Change>

const sb = scuttlebutt(Model.of(t.unknown))

/** An older program: it reads numbers alone. */
const older = scuttlebutt(Model.of(t.number)) as unknown as typeof sb

const HOUR = 3_600_000
const NOW = 1_795_418_741_399

const make = (id: string, options: StoreOptions<State, Change> = {}, of = sb): AnyStore => createStore(of, id, options)

const read = (store: AnyStore) => Model.toJSON(store.getReplica().state)

const digest = (store: AnyStore) => sb.digest(store.getReplica())

const write = (store: AnyStore, key: string, value: unknown): Update<Change> =>
  right(store.change(Model.set(key, value)))

type Options = Pick<StreamOptions, 'policy' | 'now'>

const connect = (a: AnyStore, b: AnyStore, ofA: Options = {}, ofB: Options = {}) => {
  const streams = [createStream(a, ofA), createStream(b, ofB)] as const
  streams[0].pipe(streams[1]).pipe(streams[0])
  return streams
}

/** Joins two stores by streams until both have told all, and parts them. */
const meet = async (a: AnyStore, b: AnyStore, ofA: Options = {}, ofB: Options = {}): Promise<void> => {
  const streams = connect(a, b, ofA, ofB)
  await Promise.all(streams.map((stream) => once(stream, 'sync')))
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
  for (const stream of streams) stream.destroy()
}

describe('reconcile of a store', () => {
  test('takes a message and answers it, until both are silent and in sync', () => {
    const [ann, ben] = [make('ann'), make('ben')]
    write(ann, 'x', 1)
    write(ben, 'y', 2)
    talk(ann, ben)
    expect([read(ann), read(ben)]).toEqual([
      { x: 1, y: 2 },
      { x: 1, y: 2 },
    ])
    expect(sb.isSynced(digest(ann), digest(ben))).toBe(true)
    expect(ben.reconcile(sb.open(ann.getReplica()))).toEqual(O.none)
  })

  test('tells its listeners what came, and then, without updates, that it became sure of it', () => {
    const [ann, ben] = [make('ann', { now: () => 1000 }), make('ben')]
    const update = write(ann, 'x', 1)
    const heard: unknown[] = []
    ben.subscribe((updates, replica, before) => {
      heard.push([updates, sb.digest(before).clock, sb.digest(replica).clock])
    })
    // overheard: nobody says that nothing is missing before it
    ben.reconcile({ digest: { id: 'ann', clock: { ann: 1000 } }, updates: [update] })
    talk(ann, ben)
    expect(heard).toEqual([
      [[update], {}, {}],
      [[], {}, { ann: 1000 }],
    ])
  })

  test('W3: asks for a push that was lost, although a later one came', () => {
    const [ann, ben] = [make('ann'), make('ben')]
    const before = ann.getReplica()
    write(ann, 'lost', 1)
    const since = ann.getReplica()
    write(ann, 'came', 2)
    ben.reconcile(sb.push(since)(ann.getReplica()))
    expect(read(ben)).toEqual({ came: 2 })
    talk(ben, ann)
    expect(read(ben)).toEqual({ lost: 1, came: 2 })
    ben.reconcile(sb.push(before)(ann.getReplica()))
    expect(sb.isSynced(digest(ann), digest(ben))).toBe(true)
  })

  test('does not wait for a slow verifier, and claims nothing then; reconcileAsync waits, and is sure', async () => {
    const pending: (() => void)[] = []
    const verify = () => () => new Promise<E.Either<never, true>>((done) => pending.push(() => { done(E.right(true)) })) // prettier-ignore
    const secure = () => make('z', { security: { document: '', verifier: { verify } } })
    const updates: ReadonlyArray<Update<Change>> = [[['x', 1], 1000, 'ann', 'signed']]
    const message = {
      digest: { id: 'peer', clock: { ann: 1000 } },
      updates,
      since: { clock: {} },
      complete: true as const,
    }
    const [now, later, deaf] = [secure(), secure(), secure()]
    expect(now.reconcile(message)).toEqual(O.none)
    deaf.reconcile({ digest: message.digest, updates })
    const answer = later.reconcileAsync(message)
    expect([read(now), read(later)]).toEqual([{}, {}])
    expect(digest(now)).toEqual({ id: 'z', clock: {} })
    for (const judge of pending) judge()
    expect(O.isSome(await answer)).toBe(false)
    expect(read(later)).toEqual({ x: 1 })
    await eventually(() => {
      expect([read(now), read(deaf)]).toEqual([{ x: 1 }, { x: 1 }])
    })
    expect(digest(later)).toEqual({ id: 'z', clock: { ann: 1000 } })
    // nor does what was no round
    for (const store of [now, deaf]) {
      expect(digest(store)).toMatchObject({ clock: {}, doubt: { ann: [[1000, expect.any(String)]] } })
    }
  })
})

describe('changeAll of a store', () => {
  test('makes several updates, each on the state after those before it, and calls its listeners once', () => {
    const store = make('ann', { now: () => NOW })
    const [heard, before] = [vi.fn(), store.getReplica()]
    store.subscribe(heard)
    const count = (state: State) => E.right(Model.set('n', Model.size(state)))
    const made = right(store.changeAll([Model.set('x', 1), Model.set('y', 2), count]))
    expect(read(store)).toEqual({ x: 1, y: 2, n: 2 })
    expect(made).toEqual(sb.history()(store.getReplica()))
    expect(heard.mock.calls).toEqual([[made, store.getReplica(), before]])
  })

  test('makes none if one is refused', () => {
    const store = make('ann')
    const before = store.getReplica()
    expect(store.changeAll([Model.set('x', 1), () => E.left('full')])).toEqual(E.left('full'))
    expect(store.changeAll([Model.set('x', 1), Model.set('y', NaN)])).toMatchObject({ left: { _tag: 'InvalidChange' } })
    expect(store.getReplica()).toBe(before)
    expect(store.changeAll([])).toEqual(E.right([]))
    expect(store.getReplica()).toBe(before)
  })
})

describe('W2: an update that this program cannot read', () => {
  test('is kept apart, passed on, and read by the next version of the program', async () => {
    const [ann, ben, cy] = [make('ann'), make('ben', {}, older), make('cy')]
    const update = write(ann, 'x', 'text')
    write(ann, 'n', 1)
    await meet(ann, ben)
    expect(read(ben)).toEqual({ n: 1 })
    expect(ben.unread()).toEqual([update])
    expect(sb.isSynced(digest(ann), digest(ben))).toBe(true)
    await meet(ben, cy)
    expect(read(cy)).toEqual({ x: 'text', n: 1 })
    const upgraded = make('ben', { replica: ben.getReplica() })
    expect(read(upgraded)).toEqual({ x: 'text', n: 1 })
    expect(upgraded.unread()).toEqual([])
    expect(digest(upgraded)).toEqual(digest(ben))
  })

  test('is authorised once it can be read, each on the state after those before it', () => {
    const wrote = make('ann', { now: () => NOW })
    const changes = [Model.set('n', 1), Model.set('role', 'editor'), Model.set('text', 'x'), Model.set('ban', 'x')]
    for (const change of changes) right(wrote.change(change))
    const told = sb.open(wrote.getReplica())
    const old = make('ben', {}, older)
    const message = right(
      older.decodeMessage()(sb.encodeMessage({ ...told, updates: sb.history()(wrote.getReplica()) })),
    )
    old.reconcile({ ...message, since: { clock: {} }, complete: true })
    expect(old.unread()).toHaveLength(3)
    const report = vi.fn()
    const isEditor = (state: State) => O.isSome(Model.get('role')(state))
    const authorize = ([[key]]: Update<Change>, state: State) =>
      key === 'n' || key === 'role' || (key === 'text' && isEditor(state)) ? E.right(true) : E.left(`no ${key}`)
    const verify = () => E.right(true)
    const opened = make('ben', {
      replica: old.getReplica(),
      security: { document: '', verifier: { verify }, authorize, report },
    })
    expect([read(opened), opened.unread()]).toEqual([{ n: 1, role: 'editor', text: 'x' }, []])
    expect(report.mock.calls).toMatchObject([[{ _tag: 'Unauthorized', reason: 'no ban' }]])
    // it is asked for again, as if it had never come
    const [, , text, ban] = sb.history()(wrote.getReplica())
    expect(digest(opened)).toMatchObject({ clock: { ann: text![1] }, doubt: { ann: [[ban![1], expect.any(String)]] } })
  })
})

describe('A store that is opened on what it had', () => {
  test('brings back what a stale backup forgot, also if it wrote first', async () => {
    for (const way of [talk, meet]) {
      let now = NOW
      const [first, peer] = [make('me', { now: () => now++ }), make('peer', { now: () => now++ })]
      write(first, 'a', 1)
      await way(first, peer)
      const backup = first.getReplica()
      write(first, 'b', 2)
      write(first, 'c', 3)
      await way(first, peer)
      const again = make('me', { replica: backup, now: () => now++ })
      write(again, 'd', 4)
      // until it has heard a peer it does not claim its own updates
      expect(digest(again)).toMatchObject({ clock: { me: backup.clock.latest }, doubt: { me: [expect.anything()] } })
      await way(again, peer)
      expect(read(again)).toEqual({ a: 1, b: 2, c: 3, d: 4 })
      expect(read(peer)).toEqual(read(again))
      expect(sb.isSynced(digest(again), digest(peer))).toBe(true)
      write(again, 'e', 5)
      expect(digest(again).doubt).toBeUndefined()
    }
  })

  test('is in no doubt if it began empty', () => {
    const store = make('me', { replica: sb.create('me') })
    write(store, 'a', 1)
    expect(digest(store).doubt).toBeUndefined()
  })

  test('does not believe a peer that has let go of what it forgot', () => {
    const first = make('me', { now: () => 1000 })
    write(first, 'a', 1)
    const again = make('me', { replica: first.getReplica(), now: () => 3000 })
    write(again, 'b', 2)
    const round = { updates: [], since: { clock: { me: 1000 } }, complete: true as const }
    again.reconcile({ ...round, digest: { id: 'peer', clock: { me: 4000 }, floor: 2000 } })
    expect(digest(again).doubt).toBeDefined()
    again.reconcile({ ...round, digest: { id: 'peer', clock: { me: 4000 }, floor: 1000 } })
    expect(digest(again)).toEqual({ id: 'me', clock: { me: 3000 } })
  })
})

describe('A wall clock that is wrong', () => {
  test('behind: the write is made and told, or refused with strict', () => {
    const [lax, strict] = [false, true].map((strict) => make('me', { strict, now: () => NOW, maxDrift: HOUR }))
    for (const store of [lax!, strict!]) store.apply([[['x', 1], NOW + HOUR, 'peer']])
    write(strict!, 'near', 1)
    for (const store of [lax!, strict!]) store.apply([[['x', 2], NOW + HOUR + 2, 'peer']])
    const heard = vi.fn()
    lax!.subscribe(heard)
    const [, timestamp] = write(lax!, 'y', 1)
    expect(lax!.refusals()).toEqual([{ timestamp, source: 'me', reason: 'AheadOfClock' }])
    expect(heard).toHaveBeenCalledTimes(2)
    const ahead = { left: { _tag: 'AheadOfClock', latest: NOW + HOUR + 2, now: NOW } }
    expect(strict!.change(Model.set('y', 1))).toMatchObject(ahead)
    expect(strict!.changeAll([Model.set('y', 1)])).toMatchObject(ahead)
    expect(strict!.refusals()).toEqual([])
    expect(read(strict!)).toEqual({ x: 2, near: 1 })
  })

  test('in 1970: a device loses nothing of the history that it refused before its clock was set', async () => {
    let now = 1000
    const [device, peer] = [make('device', { now: () => now }), make('peer', { now: () => NOW })]
    write(peer, 'history', 1)
    write(device, 'booted', 1)
    await meet(device, peer, { now: () => now }, { now: () => NOW })
    expect(read(device)).toEqual({ booted: 1 })
    // what is refused from the future is not passed either
    expect(Clock.toRecord(device.getReplica().clock)).toEqual({ device: 1000 })
    now = NOW
    await meet(device, peer, { now: () => now }, { now: () => NOW })
    expect(read(device)).toEqual({ booted: 1, history: 1 })
    expect(sb.isSynced(digest(device), digest(peer))).toBe(true)
  })

  test('25 h ahead: a phone learns it from its peers, and is put right by reissue', async () => {
    let now = NOW
    const [phone, peer] = [make('phone', { now: () => now }), make('peer', { now: () => NOW })]
    const at = (): [Options, Options] => [{ now: () => now }, { now: () => NOW }]
    write(peer, 'theirs', 0)
    write(phone, 'before', 1)
    await meet(phone, peer, ...at())
    now = NOW + 25 * HOUR
    const refused = [write(phone, 'theirs', 'mine'), write(phone, 'after', 2)]
    await meet(phone, peer, ...at())
    expect(read(peer)).toEqual({ theirs: 0, before: 1 })
    const told = refused.map(([, timestamp, source]) => ({ timestamp, source, reason: 'TooFarAhead', by: 'peer' }))
    expect(phone.refusals()).toEqual(told)
    // the same again is no news
    await meet(phone, peer, ...at())
    expect(phone.refusals()).toEqual(told)
    now = NOW + 1000
    const updates = phone.reissue('phone-2')
    expect(updates).toEqual([
      [['theirs', 'mine'], expect.closeTo(NOW + 1000, 1), 'phone-2'],
      [['after', 2], expect.closeTo(NOW + 1000, 1), 'phone-2'],
    ])
    expect(phone.getReplica()).toMatchObject({ id: 'phone-2', clock: { latest: updates[1]![1] } })
    await meet(phone, peer, ...at())
    expect(read(peer)).toEqual({ theirs: 'mine', before: 1, after: 2 })
    expect(sb.history()(peer.getReplica())).toEqual(sb.history()(phone.getReplica()))
    expect([digest(phone).doubt, digest(peer).doubt]).toEqual([undefined, undefined])
    write(phone, 'on', 1)
    expect(digest(phone).doubt).toBeUndefined()
  })
})

describe('An update that a peer refuses', () => {
  const large = 'x'.repeat(2000)

  test('W2: comes once the limit is raised, and stands before nothing until then', async () => {
    const [ann, ben] = [make('ann'), make('ben')]
    write(ann, 'photo', large)
    write(ann, 'note', 1)
    await meet(ann, ben, {}, { policy: { maxBytes: 1000 } })
    expect(read(ben)).toEqual({ note: 1 })
    expect(sb.isSynced(digest(ann), digest(ben))).toBe(false)
    await meet(ann, ben)
    expect(read(ben)).toEqual({ photo: large, note: 1 })
    expect(sb.isSynced(digest(ann), digest(ben))).toBe(true)
  })

  test('is reported to its writer, also by a relay', async () => {
    const [writer, relay, peer] = [make('writer'), make('relay'), make('peer')]
    const streams = [...connect(writer, relay), ...connect(relay, peer, {}, { policy: { maxBytes: 1000 } })]
    const heard = vi.fn()
    streams[0]!.on('refused', heard)
    const [, timestamp] = write(writer, 'photo', large)
    await eventually(() => {
      expect(writer.refusals()).toEqual([{ timestamp, source: 'writer', reason: 'LineTooLong', by: 'relay' }])
    })
    expect(heard).toHaveBeenCalledWith([[timestamp, 'writer', 'LineTooLong']])
    expect([relay.refusals(), peer.refusals()]).toEqual([[], []])
    for (const stream of streams) stream.destroy()
  })

  test('keeps the newest 1,000 reports', async () => {
    const [ann, ben] = [make('ann'), make('ben')]
    for (let i = 0; i < 1001; i++) write(ann, `k${String(i)}`, large)
    const streams = connect(ann, ben, {}, { policy: { maxBytes: 1000 } })
    await eventually(() => {
      expect(ann.refusals()).toHaveLength(1000)
    })
    for (const stream of streams) stream.destroy()
    await meet(ann, make('cy'), {}, { policy: { maxBytes: 1000 } })
    await eventually(() => {
      expect(ann.refusals().at(-1)).toMatchObject({ by: 'cy' })
    })
    expect(ann.refusals()).toHaveLength(1000)
  })
})

describe('settle of a store', () => {
  test('ends a doubt that nobody alive can end, of the sources named', () => {
    const store = make('me')
    const overheard = (source: string, timestamp: number): Update<Change> => [['x', source], timestamp, source]
    store.reconcile({ digest: { id: 'dead', clock: {} }, updates: [overheard('a', 10), overheard('b', 20)] })
    expect(Object.keys(digest(store).doubt ?? {})).toEqual(['a', 'b'])
    const heard = vi.fn()
    store.subscribe(heard)
    store.settle(['a'])
    expect(digest(store)).toMatchObject({ clock: { a: 10 }, doubt: { b: [expect.anything()] } })
    store.settle()
    expect(digest(store)).toEqual({ id: 'me', clock: { a: 10, b: 20 } })
    store.settle()
    expect(heard).toHaveBeenCalledTimes(2)
  })
})

describe('status of a stream', () => {
  test('says how far it is, how many updates are unsent, and whether something was refused', async () => {
    const [ann, ben] = [make('ann'), make('ben')]
    write(ann, 'x', 1)
    write(ann, 'photo', 'x'.repeat(2000))
    const alone = createStream(ann)
    expect(alone.status()).toEqual({ phase: 'connecting', unsent: 0, refused: false })
    alone.write('{"id":"ben","clock":{}}\n')
    expect(alone.status()).toEqual({ phase: 'syncing', unsent: 2, refused: false })
    alone.destroy()
    const [left, right] = connect(ann, ben, {}, { policy: { maxBytes: 1000 } })
    await Promise.all([once(left, 'sync'), once(right, 'sync')])
    expect(left.status()).toEqual({ phase: 'synced', unsent: 0, refused: false })
    expect(right.status()).toEqual({ phase: 'synced', unsent: 0, refused: true })
    left.destroy()
    expect(left.status().phase).toBe('offline')
  })

  test('says that peers of two data types have parted, which tell each other nothing', async () => {
    const ann = make('ann')
    const other = make('ben', {}, scuttlebutt({ ...Model.of(t.unknown), version: '2' }))
    for (const store of [ann, other]) write(store, store.getReplica().id, 1)
    const [left, right] = connect(ann, other)
    const told: unknown[] = []
    left.on('rejection', (rejection) => told.push(rejection))
    await Promise.all([once(left, 'close'), once(right, 'close')])
    expect(told).toEqual([{ _tag: 'OtherType', at: '', name: 'Model', version: '2' }])
    expect([left.status().phase, right.status().phase]).toEqual(['failed', 'failed'])
    expect([read(ann), read(other)]).toEqual([{ ann: 1 }, { ben: 1 }])
  })
})

describe('A stream of a store made elsewhere', () => {
  test('needs its reconcile, and says so', () => {
    const { scuttlebutt, getReplica, change, apply, subscribe } = make('me')
    expect(() => createStream({ scuttlebutt, getReplica, change, apply, subscribe })).toThrow(/`reconcile/)
  })

  test('is as sure as the peer says', async () => {
    const [ann, inner] = [make('ann'), make('me')]
    const { scuttlebutt, getReplica, change, apply, subscribe, reconcile } = inner
    write(ann, 'x', 1)
    const [left, mine] = [
      createStream(ann),
      createStream({ scuttlebutt, getReplica, change, apply, subscribe, reconcile }),
    ]
    left.pipe(mine).pipe(left)
    await Promise.all([once(left, 'sync'), once(mine, 'sync')])
    write(ann, 'y', 2)
    await eventually(() => {
      expect(read(inner)).toEqual({ x: 1, y: 2 })
      expect(sb.isSynced(digest(ann), digest(inner))).toBe(true)
    })
    left.destroy()
    // without a count nobody says that nothing is missing
    const cut = createStream({ scuttlebutt, getReplica, change, apply, subscribe, reconcile })
    cut.end('{"id":"b","clock":{"b":2000}}\n[["z",3],2000,"b"]\n')
    cut.resume()
    await once(cut, 'close')
    expect(read(inner)).toMatchObject({ z: 3 })
    expect(digest(inner).clock).not.toHaveProperty('b')
  })
})

test('An original misses none of its own updates, even if its header claims fewer than it sends', async () => {
  const [store, doubting] = [make('me'), make('doubting')]
  const lines = '[["x",1],1000,"b"]\n[["y",2],2000,"c"]\n"SYNC"\n'
  for (const [to, id] of [
    [store, 'b'],
    [doubting, 'd'],
  ] as const) {
    const stream = createStream(to)
    stream.resume()
    stream.end(`{"id":"${id}","clock":{}}\n${lines}`)
    await once(stream, 'close')
  }
  // of others it may
  expect(digest(store).clock).toEqual({ b: 1000 })
  expect(digest(doubting).clock).toEqual({})
})

test('W7: a live update of an original that comes before its header hides nothing of its history', async () => {
  const store = make('me')
  const stream = createStream(store)
  stream.resume()
  stream.write('[["live",2],2000,"b"]\n')
  expect(digest(store).clock).toEqual({})
  stream.write('{"id":"b","clock":{"b":1000}}\n[["history",1],1000,"b"]\n"SYNC"\n')
  await eventually(() => {
    expect(read(store)).toEqual({ history: 1, live: 2 })
  })
  stream.write('[["more",3],3000,"b"]\n')
  await eventually(() => {
    expect(read(store)).toHaveProperty('more')
  })
  expect(digest(store)).toEqual({ id: 'me', clock: { b: 3000 } })
  stream.destroy()
})

describe('W7: an original that knows of an early update from us alone', () => {
  /** The lines that a peer gets on a stream of its own, on which it first says its own. */
  const visit = async (store: AnyStore, lines: string, isCut = false): Promise<string> => {
    const stream = createStream(store)
    let got = ''
    stream.on('data', (chunk: Buffer) => (got += String(chunk)))
    stream.write(lines)
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
    if (isCut) stream.destroy()
    else stream.end()
    return got
  }
  const LIVE = '[["live",2],2000,"b"]\n'

  test('is not believed to have what came before it', async () => {
    const store = make('me')
    const other = createStream(store)
    other.resume()
    other.write('{"id":"c","clock":{}}\n"SYNC"\n')
    await visit(store, LIVE, true)
    other.destroy()
    await visit(store, `{"id":"c","clock":{"b":2000}}\n${LIVE}"SYNC"\n`)
    expect(read(store)).toEqual({ live: 2 })
    expect(digest(store).clock).toEqual({})
    await visit(store, `{"id":"b","clock":{"b":2000}}\n[["history",1],1000,"b"]\n${LIVE}"SYNC"\n`)
    expect(read(store)).toEqual({ history: 1, live: 2 })
    expect(digest(store)).toEqual({ id: 'me', clock: { b: 2000 } })
  })

  test('is believed once it knows more of that source than we told it', async () => {
    const store = make('me')
    await visit(store, LIVE, true)
    await visit(store, `{"id":"c","clock":{}}\n"SYNC"\n`)
    const lines = `[["history",1],1000,"b"]\n${LIVE}[["more",3],3000,"b"]\n`
    await visit(store, `{"id":"c","clock":{"b":3000}}\n${lines}"SYNC"\n`)
    expect(digest(store)).toEqual({ id: 'me', clock: { b: 3000 } })
  })

  test('is believed if we told it nothing of that source', async () => {
    const store = make('me')
    await visit(store, LIVE, true)
    await visit(store, `{"id":"c","clock":{"b":2000}}\n[["history",1],1000,"b"]\n${LIVE}"SYNC"\n`)
    expect(digest(store)).toEqual({ id: 'me', clock: { b: 2000 } })
  })
})
