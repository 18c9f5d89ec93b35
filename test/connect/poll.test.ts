/** Connections by questions and answers, against a peer by hand; and what a client refuses. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import * as t from 'io-ts'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import {
  connect,
  http,
  serve,
  webSocket,
  type Answer,
  type ConnectOptions,
  type PollTransport,
} from '../../src/adapters/connect.js'
import { createStore } from '../../src/adapters/store.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { until } from './until.js'

const sb = scuttlebutt(Model.of(t.number))

/** A store with one update, whose peer is asked for the next rounds by writes alone. */
const poll = (ask: () => Answer, options: ConnectOptions = {}) => {
  const store = createStore(sb, 'ann')
  right(store.change(Model.set('x', 1)))
  const transport: PollTransport = { kind: 'poll', every: 1e6, ask: () => Promise.resolve(ask()) }
  return connect(store, transport, options)
}

/** What a peer says that has nothing. */
const opening: Answer = { _tag: 'Message', message: sb.encodeMessage(sb.open(sb.create('ben'))) }

test('A round that takes too many questions told nothing for sure, and the next comes at once', async () => {
  let asked = 0
  const unsent: number[] = []
  const connection = poll(() => {
    if (++asked <= 1000) return opening
    unsent.push(connection.status().unsent)
    return { _tag: 'None' }
  })
  await until(() => asked === 1001 && connection.status().phase === 'synced')
  expect(unsent).toEqual([1])
  expect(connection.status()).toEqual({ phase: 'synced', unsent: 0, refused: false })
  connection.close()
})

test('A peer at which `onPeer` throws is refused, for good', async () => {
  const refusals: unknown[] = []
  const connection = poll(() => opening, {
    onRefusal: (refusal) => void refusals.push(refusal),
    onPeer: () => {
      throw new Error('a bug')
    },
  })
  await until(() => connection.status().phase === 'failed')
  expect(refusals).toEqual([{ _tag: 'Unauthorized', reason: 'Error: a bug' }])
  expect(connection.status().unsent).toBe(1)
})

test.each(['', 'no url', 'ws://localhost', 'file:///x'])(
  'A poll of %j, where nothing can be asked, says so',
  async (url) => {
    const connection = connect(createStore(sb, 'ann'), http(url))
    await until(() => connection.status().phase === 'failed')
    expect(connection.status().refusal).toEqual({ _tag: 'InvalidUrl', reason: url })
  },
)

test('A client that refuses a peer with what JSON cannot carry tells the tag alone', async () => {
  const sockets = new WebSocketServer({ port: 0 })
  await once(sockets, 'listening')
  const server = serve(sockets, () => createStore(sb, 'server'))
  const { port } = sockets.address() as AddressInfo
  const connection = connect(createStore(sb, 'ann'), webSocket(`ws://localhost:${String(port)}`, { WebSocket }), {
    onPeer: () => ({ _tag: 'Left', left: { _tag: 'Database', n: 5n } }),
  })
  await until(() => connection.status().refusal !== undefined)
  expect(connection.status().refusal).toEqual({ _tag: 'Database' })
  connection.close()
  await server.close()
  sockets.close()
})
