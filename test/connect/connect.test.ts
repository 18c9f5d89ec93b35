import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as t from 'io-ts'
import { expect, test } from 'vitest'
import { broadcastChannel, connect, http, messagePort } from '../../src/adapters/connect.js'
import { createStore } from '../../src/adapters/store.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'

const sb = scuttlebutt(Model.of(t.number))
const pair = () => [createStore(sb, 'ann'), createStore(sb, 'ben')] as const
const until = async (is: () => boolean) => {
  for (let i = 0; i < 300 && !is(); i++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(is()).toBe(true)
}

test('port', async () => {
  const [ann, ben] = pair()
  right(ann.change(Model.set('x', 1)))
  const { port1, port2 } = new MessageChannel()
  const a = connect(ann, messagePort(port1))
  const b = connect(ben, messagePort(port2))
  await until(() => a.status().phase === 'synced' && b.status().phase === 'synced')
  right(ben.change(Model.set('y', 1)))
  await until(() => Model.toJSON(ann.getReplica().state)['y'] === 1)
  expect(a.status()).toEqual({ phase: 'synced', unsent: 0, refused: false })
  a.close()
  b.close()
  port1.close()
})

test('bus', async () => {
  const [ann, ben] = pair()
  right(ann.change(Model.set('x', 1)))
  const a = connect(ann, broadcastChannel('t'))
  const b = connect(ben, broadcastChannel('t'))
  await until(() => a.status().phase === 'synced' && b.status().phase === 'synced')
  right(ben.change(Model.set('y', 1)))
  await until(() => Model.toJSON(ann.getReplica().state)['y'] === 1)
  expect(a.status()).toEqual({ phase: 'synced', unsent: 0, refused: false })
  expect(b.status()).toEqual({ phase: 'synced', unsent: 0, refused: false })
  a.close()
  b.close()
})

test('http', async () => {
  const [ann, ben] = pair()
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    void request.toArray().then((chunks) => {
      const message = right(sb.decodeMessage()(JSON.parse(Buffer.concat(chunks as Buffer[]).toString())))
      const answer = ben.reconcile(message)
      if (answer._tag === 'None') response.writeHead(204).end()
      else response.end(JSON.stringify(sb.encodeMessage(answer.value)))
    })
  })
  await once(server.listen(0), 'listening')
  right(ben.change(Model.set('x', 1)))
  const a = connect(ann, http(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/a`, { every: 50 }))
  await until(() => a.status().phase === 'synced')
  expect(requests).toBe(1)
  right(ann.change(Model.set('y', 1)))
  await until(() => Model.toJSON(ben.getReplica().state)['y'] === 1)
  await until(() => a.status().unsent === 0)
  expect(requests).toBeLessThan(5)
  a.close()
  server.close()
  server.closeAllConnections()
})
