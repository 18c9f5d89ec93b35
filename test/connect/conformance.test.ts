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
  webSocket,
  type CheckOptions,
  type MakeTransport,
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
  ['WebSocket by ws', overSocket, few({ reconnects: 40, unread: 9 << 20 })],
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

afterAll(() => {
  if (process.env['TABLE'] !== undefined) console.table(Object.fromEntries(rows))
})
