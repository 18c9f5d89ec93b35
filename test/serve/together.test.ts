/** The connections of `scuttlebutt-ts/connect` and the server, over real sockets. */
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { connect, http, webSocket, type Connection, type Transport } from '../../src/adapters/connect.js'
import { left } from '../../src/core/Either.js'
import { Model, unwrap } from '../../src/index.js'
import { contentOf, run, storeOf, until, type Numbers, type Running } from './client.js'

const running: Running[] = []
const connections: Connection[] = []

afterEach(async () => {
  for (const connection of connections.splice(0)) connection.close()
  await Promise.all(running.splice(0).map(({ end }) => end()))
})

const joined = (store: Numbers, transport: Transport): Connection => {
  const connection = connect(store, transport)
  connections.push(connection)
  return connection
}

test('Documents on one socket and by HTTP converge, through a restart of the server', async () => {
  const stores = new Map<string, Numbers>()
  const open = (_: unknown, document: string): Numbers => {
    const store = stores.get(document) ?? storeOf('server')
    stores.set(document, store)
    return store
  }
  const first = await run(open)
  let at = first
  const socket = webSocket(() => at.url, { WebSocket })
  const names = ['a', 'b']
  const [anns, bens] = ['ann', 'ben'].map((id) => names.map(() => storeOf(id))) as [Numbers[], Numbers[]]
  const talks = names.map((name, i) => joined(anns[i]!, socket.document(name)))
  for (const store of anns) unwrap(store.change(Model.set('x', 1)))
  await until('synced', () => talks.every((talk) => talk.status().phase === 'synced'))
  expect(first.wss.clients.size).toBe(1)
  for (const [i, name] of names.entries()) {
    const url = `http://127.0.0.1:${String(first.port)}/${name}`
    joined(bens[i]!, http(url, { every: 20 }))
  }
  await until('ben has all', () => bens.every((store) => Model.size(store.getReplica().state) === 1))
  await first.end()
  for (const store of anns) unwrap(store.change(Model.set('y', 2)))
  at = await run(open)
  running.push(at)
  await until('the new server has all', () =>
    [...stores.values()].every((store) => Model.size(store.getReplica().state) === 2),
  )
  expect(contentOf(stores.get('b')!)).toEqual({ x: 1, y: 2 })
})

test('A refusal reaches the connection, and the other documents of the socket go on', async () => {
  const store = storeOf('server')
  const at = await run((_, document) => (document === 'secret' ? left({ _tag: 'Unauthorized' }) : store))
  running.push(at)
  const socket = webSocket(at.url, { WebSocket })
  const ann = storeOf('ann')
  const allowed = joined(ann, socket.document('notes'))
  const refused = joined(storeOf('ann'), socket.document('secret'))
  await until('a refusal', () => refused.status().phase === 'failed')
  unwrap(ann.change(Model.set('x', 1)))
  await until('it came', () => Model.size(store.getReplica().state) === 1)
  expect([allowed.status().phase, at.wss.clients.size]).toEqual(['synced', 1])
})
