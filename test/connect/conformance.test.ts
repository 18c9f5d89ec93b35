/** The conformance suite over each of our transports. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MessageChannel as NodeChannel } from 'node:worker_threads'
import { afterAll, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import {
  broadcastChannel,
  checkTransport,
  http,
  messagePort,
  serve,
  webSocket,
  type CaseName,
  type CheckOptions,
  type MakeTransport,
  type WireEvents,
  type WireTransport,
} from '../../src/adapters/connect.js'
import { CASE } from '../../src/adapters/connect/conformance/cases.js'
import { isThorough } from '../runs.js'
import { accepting } from './accepting.js'
import { reconciler } from './reconciler.js'

const overPorts =
  (Channel: typeof MessageChannel | typeof NodeChannel): MakeTransport =>
  ({ stores: [ann, ben], connect }) => {
    const { port1, port2 } = new Channel()
    connect(ann, messagePort(port1))
    connect(ben, messagePort(port2))
    return () => {
      port1.close()
    }
  }

let channels = 0

const overChannel: MakeTransport = ({ stores: [ann, ben], connect }) => {
  const name = `conformance-${String(channels++)}`
  connect(ann, broadcastChannel(name))
  connect(ben, broadcastChannel(name))
  return () => undefined
}

const overSocket: MakeTransport = async ({ stores: [ann, ben], connect }) => {
  const server = new WebSocketServer({ port: 0 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  connect(ben, accepting(server))
  connect(ann, webSocket(`ws://127.0.0.1:${String(port)}`, { WebSocket }))
  return () => {
    for (const client of server.clients) client.terminate()
    server.close()
  }
}

const overHttp: MakeTransport = async ({ stores: [ann, ben], connect }) => {
  const server = createServer(reconciler(ben))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  connect(ann, http(`http://127.0.0.1:${String(port)}/notes`, { every: 20 }))
  return () => {
    server.close()
    server.closeAllConnections()
  }
}

/** Enough to see each fault. CI takes more. */
const few = (options: CheckOptions): CheckOptions => (isThorough ? {} : options)

const TRANSPORTS: ReadonlyArray<readonly [string, MakeTransport, CheckOptions]> = [
  ['MessagePort', overPorts(MessageChannel), few({ reconnects: 40, unread: 1 << 20, mostUnread: 1 << 19 })],
  ['MessagePort of node:worker_threads', overPorts(NodeChannel), few({ cases: ['sync', 'half-open'] })],
  ['BroadcastChannel', overChannel, few({ reconnects: 40 })],
  ['WebSocket by ws', overSocket, few({ reconnects: 40 })],
  ['HTTP', overHttp, few({ reconnects: 40, unread: 1 << 20 })],
]

const rows = new Map<string, ReadonlyArray<string>>()

describe.concurrent.each(TRANSPORTS)('Stores over %s', (name, make, options) => {
  test('are kept in step, whatever goes wrong', async () => {
    const results = await checkTransport(make, options)
    rows.set(
      name,
      results.map(({ outcome, ms }) => `${outcome} ${String(ms)}`),
    )
    expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(results.map(({ name: of }) => of)).toEqual(options.cases ?? Object.keys(CASE))
  })
})

const overServe: MakeTransport = async ({ stores: [ann, ben], connect }) => {
  const wss = new WebSocketServer({ port: 0 })
  await once(wss, 'listening')
  const server = serve(wss, () => ben)
  connect(ann, webSocket(`ws://127.0.0.1:${String((wss.address() as AddressInfo).port)}`, { WebSocket }))
  return async () => {
    await server.close()
    wss.close()
  }
}

test('A server of ours holds for one that does not read what it should', async () => {
  const results = await checkTransport(overServe, { cases: ['sync', 'idle', 'no reader'] })
  expect(results.map(({ outcome }) => outcome)).toEqual(['passed', 'not applicable', 'passed'])
})

/** Two wires in memory that wait for their readers. What is sent goes through `change` before. */
const inMemory =
  (change: (text: string) => string | undefined, isBounded = true): MakeTransport =>
  ({ stores: [ann, ben], connect }) => {
    const ends: (WireEvents | undefined)[] = [undefined, undefined]
    const wire = (own: 0 | 1): WireTransport => ({
      kind: 'wire',
      open: (events) => {
        ends[own] = events
        let [last, held] = [Promise.resolve(), 0]
        queueMicrotask(() => {
          if (ends[own] === events && ends[1 - own] !== undefined) for (const end of ends) end?.opened()
        })
        const deliver = async (text: string): Promise<void> => {
          if (ends[own] === events) await ends[1 - own]?.received(text)
          held -= text.length
          events.drained()
        }
        return {
          send: (text) => {
            const changed = change(text)
            if (changed === undefined) return
            held += changed.length
            last = last.then(() => deliver(changed))
          },
          buffered: () => (isBounded ? held : 0),
          close: () => {
            if (ends[own] !== events) return
            const other = ends[1 - own]
            ends[0] = ends[1] = undefined
            queueMicrotask(() => other?.closed())
          },
        }
      },
    })
    connect(ann, wire(0))
    connect(ben, wire(1))
    return () => undefined
  }

const CASES: ReadonlyArray<CaseName> = ['sync', 'idle', 'cuts', 'no reader']

test.each<readonly [string, MakeTransport, ReadonlyArray<CaseName>]>([
  ['keeps the rules', inMemory((text) => text), []],
  ['takes characters for bytes', inMemory((text) => Buffer.from(text, 'latin1').toString('latin1')), ['sync', 'cuts']],
  ['encodes each piece by itself', inMemory((text) => Buffer.from(text).toString()), ['cuts']],
  ['carries no empty piece', inMemory((text) => (text === '' ? undefined : text)), ['idle']],
  ['says that it holds nothing', inMemory((text) => text, false), ['no reader']],
])('A wire that %s fails where it should', async (_, make, expected) => {
  const results = await checkTransport(make, { cases: CASES, reconnects: 40, unread: 16 << 20, patience: 1000 })
  const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name)
  // garbled text may show earlier than in these
  expect(failed).toEqual(expect.arrayContaining([...expected]))
  if (!expected.includes('sync')) expect(failed).toEqual(expected)
})

afterAll(() => {
  if (process.env['TABLE'] !== undefined) console.table(Object.fromEntries(rows))
})
