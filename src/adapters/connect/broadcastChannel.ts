/** Broadcast channels: all tabs and workers of one origin, or all threads of one process. */
import type { BusTransport } from './Transport.js'

/** What is used of a channel. */
export interface ChannelLike {
  readonly postMessage: (message: unknown) => void
  readonly close: () => void
  onmessage: ((event: never) => void) | null
}

export interface ChannelOptions {
  /** Default: the platform's. */
  readonly BroadcastChannel?: new (name: string) => ChannelLike
}

/**
 * A broadcast channel by name: everybody who connects over the same name shares one document.
 * Throws a `TypeError` where there is none.
 *
 * @example
 * import * as t from 'io-ts'
 * const stores = ['ann', 'ben', 'cy'].map((id) => createStore(scuttlebutt(Model.of(t.number)), id))
 * stores[0].change(Model.set('x', 1))
 * const connections = stores.map((store) => connect(store, broadcastChannel('notes')))
 * await new Promise((resolve) => stores[2].subscribe(resolve))
 * Model.toJSON(stores[2].getReplica().state) // => { x: 1 }
 * for (const connection of connections) connection.close()
 */
export const broadcastChannel = (name: string, options: ChannelOptions = {}): BusTransport => {
  const { BroadcastChannel = (globalThis as ChannelOptions).BroadcastChannel } = options
  if (BroadcastChannel === undefined) throw new TypeError('there is no BroadcastChannel here: give one')
  return {
    kind: 'bus',
    open: (received) => {
      const channel = new BroadcastChannel(name)
      channel.onmessage = ({ data }: { readonly data: unknown }) => {
        received(data)
      }
      return {
        send: (message) => {
          channel.postMessage(message)
        },
        close: () => {
          channel.onmessage = null
          channel.close()
        },
      }
    },
  }
}
