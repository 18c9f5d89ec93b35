/** The server of `bench:load`. */
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import * as t from 'io-ts'
import { Model, scuttlebutt } from 'scuttlebutt-ts'
import { serve } from 'scuttlebutt-ts/connect'
import { createStore } from 'scuttlebutt-ts/store'
import { WebSocketServer } from 'ws'
import type { Ask, Facts } from './messages.js'

const wss = new WebSocketServer({ port: 0, host: '127.0.0.1', backlog: 4096, perMessageDeflate: false })

if (process.argv[2] === 'ours') {
  const sb = scuttlebutt(Model.of(t.number))
  const stores = new Map<string, ReturnType<typeof createStore<Model.State<number>, Model.Change<number>>>>()
  serve(wss, (_, document) => {
    const store = stores.get(document) ?? createStore(sb, 'server')
    stores.set(document, store)
    return store
  })
} else {
  type Setup = (socket: unknown, request: unknown) => void
  const require = createRequire(import.meta.url)
  const { setupWSConnection } = require('y-websocket/bin/utils') as { readonly setupWSConnection: Setup }
  wss.on('connection', setupWSConnection)
}

const facts = async (): Promise<Facts> => {
  for (let i = 0; i < 3; i++) {
    gc?.()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const { rss, heapUsed: heap } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return { rss, heap, cpu: (user + system) / 1000 }
}

process.on('message', (question: Ask) => {
  if (question === 'facts') void facts().then((answer) => process.send?.(answer))
})

wss.on('listening', () => process.send?.({ port: (wss.address() as AddressInfo).port }))
