/**
 * One replica in a process of its own, told by its parent what to do. Run as `replica.ts ours
 * alice`, or as `replica.ts original carol` to put the npm package `scuttlebutt` in the same place.
 */
import { createHash } from 'node:crypto'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import { createRequire } from 'node:module'
import * as t from 'io-ts'
import { Model, Rejection, scuttlebutt } from 'scuttlebutt-ts'
import { createStore } from 'scuttlebutt-ts/store'
import { createStream } from 'scuttlebutt-ts/stream'

export type Order =
  | { readonly do: 'listen' }
  | { readonly do: 'connect'; readonly port: number }
  | { readonly do: 'cut' }
  | { readonly do: 'set'; readonly entries: ReadonlyArray<readonly [key: string, value: unknown]> }
  | { readonly do: 'report' }

export interface Report {
  readonly size: number
  /** Of all keys and values, in order: equal where the data is. */
  readonly hash: string
  /** Over all links, from the start. */
  readonly bytesSent: number
  readonly updatesSent: number
  readonly port: number
}

interface Model {
  readonly set: (key: string, value: unknown) => void
  readonly toJSON: () => Readonly<Record<string, unknown>>
  readonly stream: () => Duplex
}

const ours = (id: string): Model => {
  const store = createStore(scuttlebutt(Model.of(t.unknown)), id)
  return {
    set: (key, value) => {
      const changed = store.change(Model.set(key, value))
      if (changed._tag === 'Left') throw new Error(Rejection.show(changed.left))
    },
    toJSON: () => Model.toJSON(store.getReplica().state),
    stream: () =>
      createStream(store).on('rejection', (rejection) => {
        console.error(id, Rejection.show(rejection))
      }),
  }
}

const original = (id: string): Model => {
  const OriginalModel = createRequire(import.meta.url)('scuttlebutt/model') as new (id: string) => {
    set: (key: string, value: unknown) => void
    toJSON: () => Readonly<Record<string, unknown>>
    createStream: () => Duplex
  }
  const model = new OriginalModel(id)
  return {
    set: (key, value) => {
      model.set(key, value)
    },
    toJSON: () => model.toJSON(),
    // a cut in the midst of a line is an error there, and kills the process if nobody listens
    stream: () => model.createStream().on('error', () => undefined),
  }
}

const [, , kind, id = ''] = process.argv
const model = kind === 'original' ? original(id) : ours(id)
const sockets = new Set<net.Socket>()
let [bytesSent, updatesSent] = [0, 0]

const link = (socket: net.Socket): void => {
  sockets.add(socket)
  socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  const stream = model.stream()
  stream.on('data', (chunk: Buffer | string) => {
    bytesSent += Buffer.byteLength(chunk)
    updatesSent += String(chunk)
      .split('\n')
      .filter((line) => line.startsWith('[')).length
  })
  socket.pipe(stream).pipe(socket)
}

const server = net.createServer(link)

const report = (): Report => {
  const data = Object.entries(model.toJSON()).sort(([a], [b]) => (a < b ? -1 : 1))
  const hash = createHash('sha256').update(JSON.stringify(data)).digest('hex')
  const port = (server.address() as net.AddressInfo | null)?.port ?? 0
  return { size: data.length, hash, bytesSent, updatesSent, port }
}

const obey = (order: Order, done: () => void): void => {
  switch (order.do) {
    case 'listen':
      server.listen(0, '127.0.0.1', done)
      return
    case 'connect': {
      const socket = net.connect(order.port, '127.0.0.1', done)
      link(socket)
      return
    }
    case 'cut':
      for (const socket of sockets) socket.destroy()
      break
    case 'set':
      for (const [key, value] of order.entries) model.set(key, value)
      break
    case 'report':
      break
  }
  done()
}

process.on('message', (order: Order) => {
  obey(order, () => process.send?.(report()))
})

// the parent is gone, for whatever reason: so are we
process.on('disconnect', () => process.exit())
