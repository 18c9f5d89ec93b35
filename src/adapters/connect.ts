/**
 * Connections: they keep a store and its peers in step over sockets, ports, tabs and HTTP, and come
 * back by themselves.
 */
import { BusConnection } from './connect/bus.js'
import type { Connection, ConnectOptions } from './connect/Connection.js'
import { PollConnection } from './connect/poll.js'
import type { Transport } from './connect/Transport.js'
import { WireConnection } from './connect/wire.js'
import type { Store } from './store.js'

export { broadcastChannel, type ChannelLike, type ChannelOptions } from './connect/broadcastChannel.js'
export type { Connection, ConnectOptions, Status } from './connect/Connection.js'
export { createLink, type Link, type LinkOptions } from './connect/createLink.js'
export type { Refused } from './connect/frames.js'
export { http, type HttpOptions } from './connect/http.js'
export { messagePort, type PortLike, type PortOptions } from './connect/messagePort.js'
export type { After, Network, PaceOptions } from './connect/pace.js'
export type {
  Answer,
  Bus,
  BusTransport,
  Closing,
  Pace,
  PollTransport,
  Question,
  Transport,
  Wire,
  WireEvents,
  WireTransport,
} from './connect/Transport.js'
export {
  webSocket,
  type SocketConstructor,
  type SocketLike,
  type WebSocketOptions,
  type WebSocketTransport,
} from './connect/webSocket.js'
export { createDocuments, type ClosableStore, type Documents, type DocumentsOptions } from './serve/documents.js'
export type { AnyStore, DocumentAnswer, OpenDocument, ServeOptions } from './serve/hooks.js'
export type { HttpRequest, HttpResponse } from './serve/http.js'
export type { ServeLimits } from './serve/Limits.js'
export { serve, type Server } from './serve/serve.js'
export type { ServedRequest, ServedSocket, SocketServer } from './serve/Socket.js'

/**
 * Keeps a store in step with its peers, until `close`. Has no errors: `status()` tells. Throws a
 * `TypeError` for a store without `reconcile`, or one document twice on one socket. A store may
 * have many connections, and passes on what each brings.
 *
 * @example
 * import * as t from 'io-ts'
 * const [ann, ben] = ['ann', 'ben'].map((id) => createStore(scuttlebutt(Model.of(t.number)), id))
 * const connections = [ann, ben].map((store) => connect(store, broadcastChannel('numbers')))
 * ann.change(Model.set('x', 1))
 * await new Promise((resolve) => ben.subscribe(resolve))
 * Model.toJSON(ben.getReplica().state) // => { x: 1 }
 * for (const connection of connections) connection.close()
 */
export const connect = <S, C>(store: Store<S, C>, transport: Transport, options: ConnectOptions = {}): Connection => {
  const connection = connectionOf(store, transport, options)
  const { subscribe } = connection
  return {
    status: () => connection.status(),
    subscribe,
    close: () => {
      connection.close()
    },
  }
}

const connectionOf = <S, C>(store: Store<S, C>, transport: Transport, options: ConnectOptions): Connection => {
  switch (transport.kind) {
    case 'wire':
      return new WireConnection(store, transport, options)
    case 'bus':
      return new BusConnection(store, transport, options)
    case 'poll':
      return new PollConnection(store, transport, options)
  }
}
