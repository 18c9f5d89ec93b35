import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { broadcastChannel, connect, http, messagePort } from '../../src/adapters/connect.js'
import { createStore } from '../../src/adapters/store.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { until } from './until.js'

const sb = scuttlebutt(Model.of(t.number))
const pair = () => [createStore(sb, 'ann'), createStore(sb, 'ben')] as const

test('Stores come in step over a port, live writes too', async () => {
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

test('Stores that hold two contents under one stamp are synced, and differ: clocks do not see a forgery', async () => {
  const [ann, ben] = pair()
  const [, at] = right(ann.change(Model.set('k', 1)))
  ben.apply([[['k', 2], at, 'ann']])
  const { port1, port2 } = new MessageChannel()
  const [a, b] = [connect(ann, messagePort(port1)), connect(ben, messagePort(port2))]
  await until(() => a.status().phase === 'synced' && b.status().phase === 'synced')
  expect([a.status().unsent, b.status().unsent]).toEqual([0, 0])
  expect([ann, ben].map(({ getReplica }) => Model.toJSON(getReplica().state))).toEqual([{ k: 1 }, { k: 2 }])
  a.close()
  b.close()
  port1.close()
})

test('Stores come in step over a channel, live writes too', async () => {
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

test('Stores come in step over HTTP, by one request if they can', async () => {
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

describe('HTTP', () => {
  const answering = (...responses: ReadonlyArray<() => Response>) => {
    const asked: { readonly at: number; readonly init: RequestInit }[] = []
    const fetch = (_: string | URL, init: RequestInit): Promise<Response> => {
      asked.push({ at: performance.now(), init })
      return Promise.resolve(responses[Math.min(asked.length, responses.length) - 1]!())
    }
    return { fetch, asked }
  }

  test.each([
    [409, 'OtherType'],
    [401, 'Unauthorized'],
    [403, 'Unauthorized'],
  ])('%i ends the connection for good: %s', async (status, tag) => {
    const { fetch, asked } = answering(() => new Response(null, { status }))
    const connection = connect(createStore(sb, 'ann'), http('http://x/notes', { fetch, every: 1, backoff: { min: 1 } }))
    await until(() => connection.status().phase === 'failed')
    expect(connection.status().refusal).toMatchObject({ _tag: tag, status })
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(asked.length).toBe(1)
    expect(asked[0]!.init.headers).toMatchObject({ 'scuttlebutt-type': 'Model', 'content-type': 'application/json' })
  })

  test('a busy server is asked again after the time that it names', async () => {
    const busy = () => new Response(null, { status: 429, headers: { 'retry-after': '0.2' } })
    const { fetch, asked } = answering(busy, () => new Response(null, { status: 204 }))
    const connection = connect(createStore(sb, 'ann'), http('http://x/notes', { fetch, backoff: { min: 1 } }))
    await until(() => connection.status().phase === 'offline')
    await until(() => connection.status().phase === 'synced')
    expect(asked[1]!.at - asked[0]!.at).toBeGreaterThan(195)
    connection.close()
  })

  test('an answer that is none, or too long, changes nothing, and is asked for again', async () => {
    const store = createStore(sb, 'ann')
    const { fetch, asked } = answering(
      () => new Response('{'),
      () => new Response('null'),
      () => new Response('x'.repeat((2 << 20) + 1)),
      () => new Response(null, { status: 204 }),
    )
    const connection = connect(store, http('http://x/notes', { fetch, backoff: { min: 1, max: 2 } }))
    await until(() => connection.status().phase === 'synced')
    expect(asked.length).toBe(4)
    expect(Model.toJSON(store.getReplica().state)).toEqual({})
    connection.close()
  })
})
