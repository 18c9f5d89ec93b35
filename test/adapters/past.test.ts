/** C7, C8 and S6: a source runs twice, or has lost its state. */
import { once } from 'node:events'
import { mkdtemp, copyFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { openFile } from '../../src/adapters/file.js'
import { ed25519 } from '../../src/adapters/security.js'
import { createStore, type Store } from '../../src/adapters/store.js'
import { createStream } from '../../src/adapters/stream.js'
import { take } from '../../src/core/receive.js'
import { Events, Session, WireMessage, scuttlebutt, type Rejection } from '../../src/index.js'
import { wholePasts } from '../network.js'
import { expectSame } from '../same.js'
import { inMemory } from '../runs.js'
import { table } from '../table.js'

const events = scuttlebutt(Events.of(t.unknown))

type AnyStore = Store<Events.State<unknown>, Events.Change<unknown>>

const make = (id: string, now: () => number): AnyStore => createStore(events, id, { now })

const said = (store: AnyStore) => Events.toJSON(store.getReplica().state).map(([, what]) => what)

const say = (store: AnyStore, ...what: ReadonlyArray<unknown>): void => {
  for (const each of what) expect(store.change(Events.emit('said', each))._tag).toBe('Right')
}

/** Joins two stores until both have sent everything. Returns their refusals in order. */
const meet = async (a: AnyStore, b: AnyStore): Promise<ReadonlyArray<Rejection>> => {
  const streams = [createStream(a), createStream(b)] as const
  const rejections: Rejection[] = []
  for (const stream of streams) stream.on('rejection', (rejection) => rejections.push(rejection))
  streams[0].pipe(streams[1]).pipe(streams[0])
  await Promise.all(streams.map((stream) => once(stream, 'sync')))
  // the updates that were asked for come after it
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
  for (const stream of streams) stream.destroy()
  return rejections
}

describe('A source that has lost its state', () => {
  test('C8: gets its updates back before it writes, without a report', async () => {
    const [first, peer] = [make('me', () => 1000), make('peer', () => 1000)]
    say(first, 1, 2)
    await meet(first, peer)
    const again = make('me', () => 500)
    expect(await meet(again, peer)).toEqual([])
    say(again, 3)
    await meet(again, peer)
    expect(said(again)).toEqual([1, 2, 3])
    expect(said(peer)).toEqual([1, 2, 3])
  })

  test.each([
    ['later', 5000],
    ['within the same millisecond', 1000.001],
  ])('C8: gets its updates back even if it wrote first, %s, and reports it', async (_, later) => {
    const [first, peer, other] = [make('me', () => 1000), make('peer', () => 1000), make('other', () => 1)]
    say(first, 1)
    await meet(first, peer)
    const again = make('me', () => later)
    say(again, 'new', 'newer')
    const told = await meet(again, peer)
    expect(told.map(({ _tag }) => _tag)).toEqual(['Stranger'])
    say(peer, 'on')
    await meet(again, peer)
    expect(said(again)).toEqual(said(peer))
    expect([...said(again)].sort()).toEqual([1, 'new', 'newer', 'on'].sort())
    await meet(again, other)
    expect(said(other)).toEqual(said(again))
    // it asks no more once it has them
    expect(await meet(again, peer)).toEqual([])
  })

  test('C8: keeps both updates if it uses a timestamp again, and so do its peers', async () => {
    const [first, peer] = [make('me', () => 1000), make('peer', () => 1)]
    say(first, 'old')
    await meet(first, peer)
    const again = make('me', () => 1000)
    say(again, 'new')
    // neither clock lacks anything, so only a third replica hears of both
    const third = make('third', () => 1)
    await meet(third, peer)
    third.apply(events.history()(again.getReplica()))
    peer.apply(events.history()(again.getReplica()))
    again.apply(events.history()(peer.getReplica()))
    expect([...said(third)].sort()).toEqual(['new', 'old'])
    expect(said(peer)).toEqual(said(third))
    expect(said(again)).toEqual(said(third))
  })

  test('C8: gets lost updates from any peer, and only those', () => {
    const model = events.dataType
    const past = { source: 'me', since: 1000, until: 2000 }
    const updates = [500, 1000, 1500, 1999, 2000, 3000].map((at) => [['n', at], at, 'me'] as const)
    const peer = events.applyUpdates(updates)(events.create('peer'))
    const line = WireMessage.encode(model)({ _tag: 'Lost', past })
    expect(line).toBe('"LOST [\\"me\\",1000,2000]"\n')
    const decoded = WireMessage.decode(model)({})(line.trimEnd())
    const header = WireMessage.decode(model)({})('{"id":"me","clock":{"me":3000}}')
    const { send } = Session.step(model)([header, decoded, decoded])(Session.open(), peer)
    expect(send.flatMap((message) => (message._tag === 'Update' ? [message.update[1]] : []))).toEqual([1500, 1999])
    for (const garbage of ['"LOST"', '"LOST "', '"LOST [1]"', '"LOST {"', '"LOST [\\"me\\",0,-1]"']) {
      expect(WireMessage.decode(model)({})(garbage)).toEqual({ _tag: 'Right', right: { _tag: 'Ignored' } })
    }
  })

  test('C8: gets a long past in pieces', async () => {
    const [first, peer] = [make('me', () => 1000), make('peer', () => 1000)]
    say(first, ...Array.from({ length: 3000 }, (_, i) => i))
    await meet(first, peer)
    const again = make('me', () => 5000)
    say(again, 'new')
    await meet(again, peer)
    for (let i = 0; i < 100 && said(again).length < 3001; i++) await new Promise((resolve) => setImmediate(resolve))
    expect(said(again)).toEqual([...Array.from({ length: 3000 }, (_, i) => i), 'new'])
  })

  test('S6: gets back the updates that a stale backup lacks', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-past-'))
    const [file, backup] = [path.join(folder, 'replica'), path.join(folder, 'backup')]
    let now = 1000
    const open = async () => {
      const opened = await openFile(file, events, 'me', { now: () => now++ })()
      if (opened._tag === 'Left') throw new Error(opened.left._tag)
      return opened.right
    }
    const peer = make('peer', () => 1)
    const first = await open()
    say(first, 1, 2)
    await first.close()
    await copyFile(file, backup)
    const second = await open()
    say(second, 3, 4)
    await meet(second, peer)
    await second.close()
    await copyFile(backup, file)
    const third = await open()
    expect(said(third)).toEqual([1, 2])
    say(third, 5)
    await meet(third, peer)
    say(third, 6)
    await meet(third, peer)
    expect(said(third)).toEqual([1, 2, 3, 4, 5, 6])
    expect(said(peer)).toEqual([1, 2, 3, 4, 5, 6])
    await third.close()
    // the file has it too
    const fourth = await open()
    expect(said(fourth)).toEqual([1, 2, 3, 4, 5, 6])
    await fourth.close()
    await rm(folder, { recursive: true })
  })

  test('C8: believes only updates that its own key has signed', async () => {
    const made = await ed25519.generate()
    if (made._tag === 'Left') throw new Error(made.left._tag)
    const id = ed25519.idOf(made.right.publicKey)
    const secure = (now: number) =>
      createStore(events, id, {
        now: () => now,
        security: { document: 'd', signer: ed25519.signer(made.right), verifier: ed25519.verifier() },
      })
    const [first, peer] = [secure(1000), make('peer', () => 1)]
    say(first, 1)
    await meet(first, peer)
    peer.apply([[['said', 'forged'], 1500, id]])
    const again = secure(5000)
    say(again, 2)
    const told = await meet(again, peer)
    expect(said(again)).toEqual([1, 2])
    expect(told.map(({ _tag }) => _tag)).toContain('Unsigned')
  })
})

describe('Two stores that write under one id', () => {
  test('C7: hear of each other through a peer that has heard of both', async () => {
    const [one, two, peer] = [make('me', () => 1000), make('me', () => 2000), make('peer', () => 1)]
    say(one, 'one')
    say(two, 'two')
    expect(await meet(one, peer)).toEqual([])
    const told = await meet(two, peer)
    expect(told).toMatchObject([{ _tag: 'Stranger', update: [['said', 'one'], 1000, 'me'] }])
    const back = await meet(one, peer)
    expect(back).toMatchObject([{ _tag: 'Stranger', update: [['said', 'two'], 2000, 'me'] }])
    for (const store of [one, two, peer]) expect(said(store)).toEqual(['one', 'two'])
  })

  test('C7: hear of each other while both are connected', async () => {
    const [one, two] = [make('me', () => 1000), make('me', () => 2000)]
    const streams = [createStream(one), createStream(two)] as const
    const told: string[] = []
    for (const stream of streams) stream.on('rejection', ({ _tag }) => told.push(_tag))
    streams[0].pipe(streams[1]).pipe(streams[0])
    say(one, 1)
    await once(streams[0], 'sync')
    expect(told).toEqual([])
    say(two, 2)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(told).toEqual(['Stranger'])
    expect(said(one)).toEqual(said(two))
  })
})

describe.each(table.map((entry) => [entry.dataType.name, entry] as const))('%s', (_, entry) => {
  const { dataType, eq, toJSON } = entry
  const { applyUpdates, create, history } = scuttlebutt(dataType)

  test('C8: is the same after lost updates came back as if it had never lost them', () => {
    fc.assert(
      fc.property(wholePasts(entry), fc.nat(), ({ replicas }, turn) => {
        const all = history()(replicas[0]!)
        const sources = [...new Set(all.map(([, , source]) => source))]
        const source = sources[turn % sources.length]
        const its = all.filter(([, , one]) => one === source)
        const lost = its.slice(0, turn % (its.length + 1))
        const left = applyUpdates(all.filter((update) => !lost.includes(update)))(create('z'))
        const past = { source: source ?? '', since: 0, until: Infinity }
        const back = take(dataType, { updates: lost }, 'nobody', left, past)
        expect(back.taken).toEqual(lost)
        const again = back.replica
        const expected = applyUpdates(all)(create('z'))
        expect(eq.equals(again.state, expected.state)).toBe(true)
        expect(JSON.stringify(toJSON(again.state))).toBe(JSON.stringify(toJSON(expected.state)))
        expectSame(history()(again), history()(expected))
      }),
      { numRuns: inMemory(100, table.length) },
    )
  })
})
