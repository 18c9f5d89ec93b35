/** Two streams joined by a real TCP socket, on the loopback interface. */
import { once } from 'node:events'
import net from 'node:net'
import type { Duplex } from 'node:stream'

export interface Wire {
  /** Resolves when both sides have synced. Never resolves if a side only reads or only writes. */
  readonly synced: Promise<unknown>
  /** Destroys both ends of the socket at once. */
  readonly cut: () => Promise<void>
  readonly left: net.Socket
  readonly right: net.Socket
}

/** Makes the streams once the socket is open, since the original writes in the next tick. */
export const connect = async (makeLeft: () => Duplex, makeRight: () => Duplex): Promise<Wire> => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[net.Socket]>
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  const [[socket]] = await Promise.all([accepted, once(client, 'connect')])
  server.close()
  const [left, right] = [makeLeft(), makeRight()]
  for (const [stream, end] of [
    [left, client],
    [right, socket],
  ] as const) {
    // a cut socket resets, as intended, and the original reports half a line as an error
    for (const emitter of [stream, end]) emitter.on('error', () => undefined)
    end.pipe(stream).pipe(end)
  }
  const sync = (stream: Duplex): Promise<void> =>
    new Promise((resolve) => {
      stream.once('sync', resolve)
    })
  return {
    synced: Promise.all([sync(left), sync(right)]),
    left: client,
    right: socket,
    cut: async () => {
      const closed = [client, socket].filter((end) => !end.closed).map((end) => once(end, 'close'))
      client.destroy()
      socket.destroy()
      await Promise.all(closed)
      // the original lets go of a stream only when it is destroyed
      for (const stream of [left, right]) stream.destroy()
    },
  }
}

/** Waits until the check passes. Fails with its last error after half a minute. */
export const eventually = async (check: () => void): Promise<void> => {
  const end = Date.now() + 30_000
  for (;;) {
    try {
      check()
      return
    } catch (error) {
      if (Date.now() > end) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
