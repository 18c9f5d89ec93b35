/** Keeps a store and its peers in step: by the kind of the transport. */
import type { Store } from '../store.js'
import { BusConnection } from './bus.js'
import type { Connection, ConnectOptions } from './Connection.js'
import { PollConnection } from './poll.js'
import type { Transport } from './Transport.js'
import { WireConnection } from './wire.js'

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
