/** Connections over a bus: many peers, few messages. */
import * as fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { connect, type BusTransport, type ConnectOptions } from '../../src/adapters/connect.js'
import { createStore } from '../../src/adapters/store.js'
import { Events, Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { overWire } from '../runs.js'
import { until } from './until.js'

const sb = scuttlebutt(Model.of(t.number))

/** A bus in memory. Each message reaches everybody else a turn later, unless `loses` says no. */
const busOf = (loses: () => boolean = () => false) => {
  const members = new Set<(message: unknown) => void>()
  const said: Readonly<Record<string, unknown>>[] = []
  const transport: BusTransport = {
    kind: 'bus',
    open: (received) => {
      members.add(received)
      return {
        send: (message) => {
          const text = JSON.stringify(message)
          said.push(JSON.parse(text) as Record<string, unknown>)
          for (const member of members) {
            if (member === received || loses()) continue
            setImmediate(() => {
              if (members.has(member)) member(JSON.parse(text))
            })
          }
        },
        close: () => void members.delete(received),
      }
    },
  }
  return { transport, said, members }
}

const join = (bus: BusTransport, ids: ReadonlyArray<string>, options: ConnectOptions = {}) =>
  ids.map((id) => {
    const store = createStore(sb, id)
    return { store, connection: connect(store, bus, options) }
  })

type Member = ReturnType<typeof join>[number]

const read = ({ store }: Member) => Model.toJSON(store.getReplica().state)

const isSynced = (members: ReadonlyArray<Member>) =>
  members.every(({ connection }) => connection.status().phase === 'synced' && connection.status().unsent === 0)

describe('Many peers on one bus', () => {
  test('hear of a write by one message, which nobody repeats', async () => {
    const { transport, said } = busOf()
    const members = join(transport, ['a', 'b', 'c', 'd', 'e'])
    await until(() => isSynced(members))
    await new Promise((resolve) => setTimeout(resolve, 50))
    said.length = 0
    right(members[0]!.store.change(Model.set('x', 1)))
    right(members[0]!.store.change(Model.set('y', 2)))
    expect(members[0]!.connection.status().unsent).toBe(2)
    await until(() => members.every((one) => Object.keys(read(one)).length === 2))
    expect(isSynced(members)).toBe(true)
    expect(said.length).toBe(1)
    for (const { connection } of members) connection.close()
  })

  test('are in sync, and stay so, though one has seen what was superseded before it was told', async () => {
    const { transport } = busOf()
    const [ben, cy] = [createStore(sb, 'ben'), createStore(sb, 'cy')]
    ben.apply([[['x', 1], 1000, 'ann']])
    right(ben.change(Model.set('x', 2)))
    const members = [ben, cy].map((store) => ({ store, connection: connect(store, transport, { heartbeat: 20 }) }))
    await until(() => isSynced(members) && read(members[1]!)['x'] === 2)
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      expect(isSynced(members)).toBe(true)
    }
    right(ben.change(Model.set('y', 3)))
    await until(() => isSynced(members) && read(members[1]!)['y'] === 3)
    for (const { connection } of members) connection.close()
  })

  test('bring a newcomer what it lacks, mostly once', async () => {
    const { transport, said } = busOf()
    const members = join(transport, ['a', 'b', 'c', 'd', 'e'])
    for (const [i, { store }] of members.entries()) right(store.change(Model.set(`key${String(i)}`, i)))
    await until(() => isSynced(members) && members.every((one) => Object.keys(read(one)).length === 5))
    said.length = 0
    const [late] = join(transport, ['late'])
    await until(() => Object.keys(read(late!)).length === 5)
    const full = said.filter(({ message }) => (message as { updates?: unknown[] } | undefined)?.updates?.length === 5)
    expect(full.length).toBeLessThan(5)
    for (const { connection } of [...members, late!]) connection.close()
  })

  test('come to the same state, whatever is lost, and clocks are never wrong', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 4 }), fc.infiniteStream(fc.boolean()), async (count, coins) => {
        let isLossy = true
        const { transport } = busOf(() => isLossy && coins.next().value === true)
        const ids = Array.from({ length: count }, (_, i) => `m${String(i)}`)
        const members = join(transport, ids, { heartbeat: 20 })
        for (let i = 0; i < 10; i++) {
          right(members[i % count]!.store.change(Model.set(`key${String(i % 4)}`, i)))
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
        isLossy = false
        await until(() => {
          const replicas = members.map(({ store }) => store.getReplica())
          const synced = replicas.filter((one) => sb.isSynced(sb.digest(one), sb.digest(replicas[0]!)))
          for (const one of synced) expect(Model.toJSON(one.state)).toEqual(Model.toJSON(replicas[0]!.state))
          return synced.length === count
        })
        for (const { connection } of members) connection.close()
      }),
      { numRuns: overWire(4) },
    )
  })

  test('are known to be gone when they say so, or say nothing', async () => {
    const { transport, members: open } = busOf()
    const [ann, ben] = join(transport, ['ann', 'ben'], { heartbeat: 10 })
    await until(() => isSynced([ann!, ben!]))
    ben!.connection.close()
    await until(() => ann!.connection.status().phase === 'connecting')
    const [cy] = join(transport, ['cy'], { heartbeat: 10 })
    await until(() => isSynced([ann!, cy!]))
    // cy dies
    open.delete([...open].at(-1)!)
    cy!.connection.close()
    await until(() => ann!.connection.status().phase === 'connecting')
    right(ann!.store.change(Model.set('x', 1)))
    expect(ann!.connection.status().unsent).toBe(1)
    ann!.connection.close()
    expect(ann!.connection.status().phase).toBe('offline')
  })

  test('hear no peer of another type, nor one that is refused', async () => {
    const { transport } = busOf()
    const refusals: unknown[] = []
    const [ann] = join(transport, ['ann'], {
      onRefusal: (refusal) => void refusals.push(refusal),
      onPeer: ({ id }) => (id === 'eve' ? { _tag: 'Left', left: { _tag: 'Banned' } } : { _tag: 'Right', right: 0 }),
    })
    const [eve] = join(transport, ['eve'])
    right(eve!.store.change(Model.set('x', 1)))
    const other = createStore(scuttlebutt(Events.of(t.number)), 'other')
    const connection = connect(other, transport)
    right(other.change(Events.emit('x', 1)))
    const [ben] = join(transport, ['ben'])
    right(ben!.store.change(Model.set('y', 2)))
    await until(() => read(ann!)['y'] === 2 && refusals.length === 2)
    expect(refusals).toEqual(expect.arrayContaining([{ _tag: 'Banned' }, { _tag: 'OtherType', type: 'Events' }]))
    for (const one of [ann!.connection, eve!.connection, ben!.connection, connection]) one.close()
  })

  test('refuse a peer at which `onPeer` throws, and hear the others still', async () => {
    const { transport } = busOf()
    const refusals: unknown[] = []
    const [ann] = join(transport, ['ann'], {
      onRefusal: (refusal) => void refusals.push(refusal),
      onPeer: ({ id }) => {
        if (id === 'eve') throw new Error('a bug')
        return { _tag: 'Right', right: 0 }
      },
    })
    const [eve] = join(transport, ['eve'])
    right(eve!.store.change(Model.set('x', 1)))
    await until(() => refusals.length === 1)
    const [ben] = join(transport, ['ben'])
    right(ben!.store.change(Model.set('y', 2)))
    await until(() => read(ann!)['y'] === 2)
    expect(refusals).toEqual([{ _tag: 'Unauthorized', reason: 'Error: a bug' }])
    for (const one of [ann!, eve!, ben!]) one.connection.close()
  })

  test.each([
    ['of another type', { type: 'Doc' }, ['OtherType']],
    ['that says nothing', { message: null }, []],
    ['of one whom `onPeer` refuses', { message: { digest: { id: 'eve', clock: {} }, updates: [] } }, ['Banned']],
    ['that says it has left', { gone: true }, []],
  ])('keep hearing a peer after a forged message under its name: %s', async (_, odd, tags: ReadonlyArray<string>) => {
    const { transport, said, members: heard } = busOf()
    const refusals: string[] = []
    const [ann, ben] = join(transport, ['ann', 'ben'], {
      heartbeat: 20,
      onRefusal: ({ _tag }) => void refusals.push(_tag),
      onPeer: ({ id }) => (id === 'eve' ? { _tag: 'Left', left: { _tag: 'Banned' } } : { _tag: 'Right', right: 0 }),
    })
    await until(() => isSynced([ann!, ben!]))
    const [own] = said
    for (let i = 0; i < 3; i++) for (const member of heard) member({ ...own, ...odd })
    right(ann!.store.change(Model.set('x', 1)))
    await until(() => read(ben!)['x'] === 1 && isSynced([ann!, ben!]))
    expect(refusals).toEqual(tags)
    for (const { connection } of [ann!, ben!]) connection.close()
  })

  test('survive what is none of their messages', async () => {
    const { transport, members } = busOf()
    const [ann] = join(transport, ['ann'])
    const [received] = members
    for (const garbage of [
      null,
      1,
      'x',
      [],
      {},
      { from: 1 },
      { from: 'x'.repeat(100) },
      { from: 'x', message: null },
    ]) {
      received!(garbage)
    }
    received!(JSON.parse('{"from":"__proto__","message":{"digest":{"id":"p","clock":{}},"updates":[["__proto__"]]}}'))
    await until(() => ann!.connection.status().refused)
    expect(read(ann!)).toEqual({})
    ann!.connection.close()
  })
})
