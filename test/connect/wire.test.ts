/** Connections over wires: when they dial, whom they refuse, how they stand. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import {
  connect,
  createLink,
  messagePort,
  webSocket,
  type Connection,
  type ConnectOptions,
  type WireEvents,
  type WireTransport,
} from '../../src/adapters/connect.js'
import { decode } from '../../src/adapters/connect/frames.js'
import { backoff } from '../../src/adapters/connect/pace.js'
import { share, type SocketLike } from '../../src/adapters/connect/webSocket.js'
import { createStore } from '../../src/adapters/store.js'
import { Events, Model, scuttlebutt } from '../../src/index.js'
import { collectUncaught } from '../adapters/uncaught.js'
import { right } from '../right.js'
import { inMemory } from '../runs.js'
import { until } from './until.js'

const sb = scuttlebutt(Model.of(t.number))

const storeOf = (id: string, values: Readonly<Record<string, number>> = {}) => {
  const store = createStore(sb, id)
  for (const [key, value] of Object.entries(values)) right(store.change(Model.set(key, value)))
  return store
}

const read = (store: ReturnType<typeof storeOf>) => Model.toJSON(store.getReplica().state)

/** Timers that run when they are told to. */
const manual = () => {
  let now = 0
  const timers = new Set<{ readonly due: number; readonly call: () => void }>()
  return {
    after: (ms: number, call: () => void) => {
      const timer = { due: now + ms, call }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    pass: (ms: number) => {
      const end = now + ms
      for (;;) {
        const [next] = [...timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due)
        if (next === undefined) break
        timers.delete(next)
        now = next.due
        next.call()
      }
      now = end
    },
    pending: () => timers.size,
  }
}

/** A wire that the test moves by hand. */
const byHand = () => {
  const dialled: WireEvents[] = []
  const sent: string[] = []
  const told: unknown[] = []
  const transport: WireTransport = {
    kind: 'wire',
    open: (events) => {
      dialled.push(events)
      return {
        send: (text) => void sent.push(text),
        buffered: () => 0,
        close: (refusal) => void told.push(refusal),
      }
    },
  }
  return { transport, dialled, sent, told, last: () => dialled.at(-1)! }
}

const setUp = (options: ConnectOptions = {}, store = storeOf('ann', { x: 1 })) => {
  const [clock, hand] = [manual(), byHand()]
  const connection = connect(store, hand.transport, { after: clock.after, random: () => 1 - 2 ** -53, ...options })
  return { store, connection, ...clock, ...hand }
}

/** Passes lines between a wire by hand and a peer's link, until neither says more. */
const talk = (
  { sent, last }: Pick<ReturnType<typeof byHand>, 'sent' | 'last'>,
  peer: ReturnType<typeof createLink>,
) => {
  for (let said = true; said;) {
    said = false
    for (const text of sent.splice(0)) void peer.write(text)
    const text = peer.read() ?? ''
    said = text !== ''
    if (said) void last().received(text)
    said ||= sent.length > 0
  }
}

describe('A connection over a wire', () => {
  test('waits longer after each failure, and any part of that', () => {
    const { dialled, last, pass, connection } = setUp({ backoff: { min: 100, max: 1000 } })
    for (const wait of [100, 200, 400, 800, 1000, 1000]) {
      const before = dialled.length
      last().closed()
      expect(connection.status().phase).toBe('offline')
      pass(wait * 0.99)
      expect(dialled.length).toBe(before)
      pass(wait * 0.02)
      expect(dialled.length).toBe(before + 1)
      expect(connection.status().phase).toBe('connecting')
    }
    connection.close()
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1000, max: 1e6 }),
        fc.nat(2000),
        (min, max, n) => {
          expect(backoff(min, max, n)).toBeLessThanOrEqual(max)
          expect(backoff(min, max, n + 1)).toBeGreaterThanOrEqual(backoff(min, max, n))
        },
      ),
      { numRuns: inMemory(200) },
    )
  })

  test('says what is unsent, then that both are synced, and begins with short waits again', () => {
    const scene = setUp({ backoff: { min: 100, max: 10_000 } })
    const { connection, store, last, pass, dialled } = scene
    for (let i = 0; i < 4; i++) {
      last().closed()
      pass(10_000)
    }
    expect(connection.status()).toEqual({ phase: 'connecting', unsent: 1, refused: false })
    last().opened()
    const ben = storeOf('ben', { y: 2 })
    talk(scene, createLink(ben))
    expect(connection.status()).toEqual({ phase: 'synced', unsent: 0, refused: false })
    expect(read(store)).toEqual(read(ben))
    const count = dialled.length
    last().closed()
    right(store.change(Model.set('z', 3)))
    expect(connection.status()).toEqual({ phase: 'offline', unsent: 1, refused: false })
    pass(101)
    expect(dialled.length).toBe(count + 1)
    // the peer that was told is remembered until another is heard
    expect(connection.status()).toEqual({ phase: 'connecting', unsent: 1, refused: false })
    connection.close()
    expect(connection.status().phase).toBe('offline')
  })

  test('sends a heartbeat when it is idle, and takes a peer for dead that says nothing', () => {
    const scene = setUp({ heartbeat: 10, silence: 30, backoff: { min: 5 } })
    const { sent, last, pass, dialled, connection } = scene
    last().opened()
    talk(scene, createLink(storeOf('ben')))
    for (let i = 0; i < 20; i++) {
      pass(10)
      void last().received('')
    }
    expect(sent.length).toBeGreaterThan(15)
    expect(new Set(sent)).toEqual(new Set(['']))
    expect(dialled.length).toBe(1)
    pass(45)
    expect(dialled.length).toBe(2)
    connection.close()
  })

  test('comes back at once when the network does', () => {
    let tell: (isOnline: boolean) => void = () => undefined
    const network = { subscribe: (listener: typeof tell) => ((tell = listener), () => void (tell = () => undefined)) }
    const { connection, dialled, last } = setUp({ network })
    last().opened()
    tell(false)
    expect(connection.status().phase).toBe('offline')
    tell(true)
    expect(dialled.length).toBe(2)
    connection.close()
    tell(true)
    expect(dialled.length).toBe(2)
  })

  test('waits as long as a refusal says, and never again after a final one', () => {
    const refusals: unknown[] = []
    const { connection, last, pass, dialled, pending } = setUp({ onRefusal: (refusal) => void refusals.push(refusal) })
    last().closed({ refusal: { _tag: 'TooMany', retryAfter: 60_000 } })
    pass(59_000)
    expect(dialled.length).toBe(1)
    pass(1001)
    expect(dialled.length).toBe(2)
    last().closed({ refusal: { _tag: 'Unauthorized' } })
    pass(1e7)
    expect(dialled.length).toBe(2)
    expect(pending()).toBe(0)
    expect(connection.status()).toMatchObject({ phase: 'failed', refusal: { _tag: 'Unauthorized' } })
    expect(refusals).toEqual([{ _tag: 'TooMany', retryAfter: 60_000 }, { _tag: 'Unauthorized' }])
  })

  test('tries again although `onRefusal` throws', async () => {
    const thrown = collectUncaught()
    const onRefusal = () => {
      throw new Error('a listener')
    }
    const { connection, last, pass, dialled } = setUp({ onRefusal, backoff: { min: 100, max: 100 } })
    last().closed({ refusal: { _tag: 'Busy' } })
    pass(100)
    expect(dialled.length).toBe(2)
    await new Promise(setImmediate)
    expect(thrown).toEqual([new Error('a listener')])
    connection.close()
  })

  test('does not come back at once if it is to come back in a thousand years', async () => {
    const { transport, dialled, last } = byHand()
    const connection = connect(storeOf('ann'), transport, { backoff: { min: 1, max: 1 } })
    last().closed({ refusal: { _tag: 'Busy', retryAfter: 1000 * 365 * 86_400_000 } })
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(dialled.length).toBe(1)
    connection.close()
  })

  test('refuses a peer by its header before it takes or tells anything', () => {
    const onPeer = ({ id }: { readonly id: string }) =>
      id === 'ben' ? ({ _tag: 'Left', left: { _tag: 'Banned', id } } as const) : ({ _tag: 'Right', right: 0 } as const)
    const scene = setUp({ onPeer })
    scene.last().opened()
    const ben = storeOf('ben', { y: 2 })
    talk(scene, createLink(ben))
    expect(read(scene.store)).toEqual({ x: 1 })
    expect(read(ben)).toEqual({ y: 2 })
    expect(scene.told).toEqual([{ _tag: 'Unauthorized' }])
    expect(scene.connection.status()).toMatchObject({ phase: 'failed', refusal: { _tag: 'Banned', id: 'ben' } })
    const other = setUp({ onPeer })
    other.last().opened()
    talk(other, createLink(storeOf('cy', { z: 3 })))
    expect(read(other.store)).toEqual({ x: 1, z: 3 })
    other.connection.close()
  })

  test('takes no updates of a peer that sends them before its header, if it is to be judged', () => {
    const scene = setUp({ onPeer: () => ({ _tag: 'Right', right: 0 }) })
    scene.last().opened()
    void scene.last().received('[["y",2],1000,"ben"]\n{"id":"ben","clock":{"ben":1000}}\n')
    expect(read(scene.store)).toEqual({ x: 1 })
    scene.connection.close()
  })

  test('meets anew when a stamp that was too far ahead falls due', () => {
    const [early, day] = [1_000_000, 86_400_000]
    let now = early
    const scene = setUp({ now: () => now, anew: { min: 5000, max: 10_000 } }, createStore(sb, 'ann'))
    scene.last().opened()
    const ben = createStore(sb, 'ben', { now: () => early + day + 60_000 })
    right(ben.change(Model.set('y', 2)))
    talk(scene, createLink(ben))
    expect(scene.connection.status().refused).toBe(true)
    scene.pass(44_000)
    void scene.last().received('')
    now = early + 60_001
    scene.pass(16_002)
    expect(scene.dialled.length).toBe(2)
    scene.last().opened()
    talk(scene, createLink(ben))
    expect(read(scene.store)).toEqual({ y: 2 })
    expect(scene.connection.status()).toMatchObject({ phase: 'synced', refused: false })
    scene.connection.close()
  })

  test('can be closed in any listener, and leaves no timer', () => {
    for (const when of ['status', 'sync', 'refusal'] as const) {
      const here: { connection?: Connection } = {}
      const close = () => here.connection?.close()
      const scene = setUp({
        announce: ({ _tag }) => {
          if (when === 'sync' && _tag === 'sync') close()
        },
        onRefusal: close,
      })
      here.connection = scene.connection
      if (when === 'status') scene.store.subscribe(close)
      scene.last().opened()
      talk(scene, createLink(storeOf('ben', { y: 2 })))
      if (when === 'refusal') scene.last().closed({ refusal: { _tag: 'TooMany' } })
      expect(scene.connection.status().phase, when).toBe('offline')
      expect(scene.pending(), when).toBe(0)
      scene.connection.close()
    }
  })
})

test('Two data types part at once, and neither tries again', async () => {
  const { port1, port2 } = new MessageChannel()
  const events = createStore(scuttlebutt(Events.of(t.number)), 'ben')
  const [left, right2] = [connect(storeOf('ann', { x: 1 }), messagePort(port1)), connect(events, messagePort(port2))]
  await until(() => left.status().phase === 'failed' && right2.status().phase === 'failed')
  expect(left.status().refusal).toMatchObject({ _tag: 'OtherType' })
  port1.close()
})

test('A document that another connection took meanwhile fails, and harms nobody', async () => {
  const socket: SocketLike = {
    ...{ readyState: 1, bufferedAmount: 0, send: () => undefined, close: () => undefined },
    ...{ onopen: null, onmessage: null, onclose: null, onerror: null },
  }
  const { open } = share(() => socket)
  const { after, pass, pending } = manual()
  const join = (id: string, document: string): Connection => {
    const transport: WireTransport = { kind: 'wire', open: (events) => open(document, events) }
    return connect(storeOf(id), transport, { after, backoff: { min: 100, max: 100 } })
  }
  const [other, first] = [join('other', 'other'), join('first', 'notes')]
  const receive = socket.onmessage as unknown as (event: { readonly data: string }) => void
  receive({ data: '["notes",null]' })
  expect(first.status().phase).toBe('offline')
  const second = join('second', 'notes')
  await new Promise(setImmediate)
  pass(100)
  expect(first.status()).toMatchObject({ phase: 'failed', refusal: { _tag: 'Failed' } })
  expect([other, second].map((one) => one.status().phase)).toEqual(['connecting', 'connecting'])
  for (const one of [other, first, second]) one.close()
  expect(pending()).toBe(0)
})

test('A listener of `onWake` that throws throws nothing at who writes, and harms no other', async () => {
  const thrown = collectUncaught()
  const [ann, ben] = [createLink(storeOf('ann', { x: 1 })), createLink(storeOf('ben'))]
  let calls = 0
  ben.onWake(() => {
    throw new Error('a listener')
  })
  ben.onWake(() => calls++)
  expect(() => ben.write(ann.read()!)).not.toThrow()
  expect(calls).toBeGreaterThan(0)
  await new Promise(setImmediate)
  expect(thrown).toHaveLength(calls)
  for (const link of [ann, ben]) link.close()
})

describe('A WebSocket', () => {
  const serverOf = async () => {
    const server = new WebSocketServer({ port: 0 })
    await once(server, 'listening')
    return { server, url: `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}` }
  }

  test('carries several documents, and closes with the last', async () => {
    const { server, url } = await serverOf()
    const said: unknown[] = []
    const links = new Map<string, ReturnType<typeof createLink>>()
    const stores = new Map(['a', 'b', ''].map((name) => [name, storeOf(`server-${name}`, { [`of ${name}`]: 1 })]))
    server.on('connection', (socket) => {
      socket.on('message', (data: Buffer) => {
        const frame = right(decode(String(data)))
        if (frame._tag === 'Heartbeat') return
        const { document } = frame
        if (frame._tag === 'End') {
          said.push(document)
          links.delete(document)
          socket.send(JSON.stringify([document, null]))
          return
        }
        const link = links.get(document) ?? createLink(stores.get(document)!)
        if (!links.has(document)) {
          links.set(document, link)
          link.onWake(() => {
            const text = link.read() ?? ''
            if (text !== '') socket.send(JSON.stringify([document, text]))
          })
        }
        void link.write(frame.text)
      })
    })
    const socket = webSocket(url, { WebSocket })
    const own = ['a', 'b', ''].map((name) => [name, storeOf(`own-${name}`, { mine: 1 })] as const)
    const connections = own.map(([name, store]) => connect(store, name === '' ? socket : socket.document(name)))
    await until(() => connections.every((one) => one.status().phase === 'synced'))
    for (const [name, store] of own) {
      expect(read(store)).toEqual({ mine: 1, [`of ${name}`]: 1 })
      await until(() => Object.keys(read(stores.get(name)!)).length === 2)
    }
    expect(server.clients.size).toBe(1)
    expect(() => connect(storeOf('x'), socket.document('a'))).toThrow(TypeError)
    connections[0]!.close()
    const again = connect(own[0]![1], socket.document('a'))
    await until(() => again.status().phase === 'synced')
    expect(said).toEqual(['a'])
    expect(server.clients.size).toBe(1)
    for (const connection of [...connections, again]) connection.close()
    await until(() => server.clients.size === 0)
    server.close()
  })

  test.each([
    ['{"no":"frame"}', 1008],
    [Buffer.from([1, 2, 3]), 1008],
    ['x'.repeat((2 << 20) + 64_001), 1009],
  ])('closes on a message that is none of ours, and comes back', async (data, code) => {
    const { server, url } = await serverOf()
    const codes: number[] = []
    let sockets = 0
    server.on('connection', (socket) => {
      if (++sockets === 1) socket.send(data)
      socket.on('close', (closed) => void codes.push(closed))
    })
    const connection = connect(storeOf('ann'), webSocket(url, { WebSocket, backoff: { min: 1, max: 5 } }))
    await until(() => sockets === 2 && codes.length > 0)
    expect(codes[0]).toBe(code)
    connection.close()
    server.close()
  })

  test('that nobody can make, or to no place, says so', async () => {
    if (typeof globalThis.WebSocket === 'undefined') expect(() => webSocket('ws://x')).toThrow(TypeError)
    const connection = connect(storeOf('ann'), webSocket('no url', { WebSocket }))
    await until(() => connection.status().phase === 'failed')
    expect(connection.status().refusal).toMatchObject({ _tag: 'InvalidUrl' })
  })
})
