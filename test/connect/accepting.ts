/** The server's side of a socket as a transport: each connection is the next client that comes. */
import type { WebSocket, WebSocketServer } from 'ws'
import type { WireEvents, WireTransport } from '../../src/adapters/connect.js'
import { share } from '../../src/adapters/connect/webSocket.js'

export const accepting = (server: WebSocketServer): WireTransport => {
  const clients: WebSocket[] = []
  let waiting: ((client: WebSocket) => void) | undefined
  server.on('connection', (client) => {
    // until somebody listens, what comes waits in the socket
    client.pause()
    client.on('error', () => undefined)
    if (waiting === undefined) clients.push(client)
    else waiting(client)
  })
  return {
    kind: 'wire',
    open: (events: WireEvents) => {
      let wire: ReturnType<ReturnType<typeof share>['open']> | undefined
      let isOver = false
      const begin = (client: WebSocket): void => {
        waiting = undefined
        const opened = share(() => client).open('', events)
        wire = opened
        client.resume()
        // it may have gone while it waited
        if (client.readyState !== client.OPEN) events.closed()
      }
      waiting = (client) => {
        if (!isOver) begin(client)
      }
      queueMicrotask(() => {
        const next = clients.shift()
        if (next === undefined) return
        if (isOver) clients.unshift(next)
        else begin(next)
      })
      return {
        send: (text) => wire?.send(text),
        buffered: () => wire?.buffered() ?? 0,
        heard: () => wire?.heard?.() ?? 0,
        close: (refusal) => {
          isOver = true
          waiting = undefined
          wire?.close(refusal)
        },
      }
    },
  }
}
