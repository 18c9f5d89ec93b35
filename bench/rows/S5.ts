/** S5: a full sync to an empty replica over TCP: time and bytes. */
import { once } from 'node:events'
import { createRequire } from 'node:module'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import * as t from 'io-ts'
import { Model, scuttlebutt } from 'scuttlebutt-ts'
import { createStore } from 'scuttlebutt-ts/store'
import { createStream } from 'scuttlebutt-ts/stream'
import { now } from '../clock.js'
import { verify, type Contestant, type Row } from '../harness.js'
import { entriesOf, NOW, type Set } from '../maps.js'

interface Side {
  readonly stream: () => Duplex
  readonly size: () => number
}

const model = scuttlebutt(Model.of(t.number))

const ours = (id: string, entries: ReadonlyArray<Set>): Side => {
  const store = createStore(model, id)
  store.apply(entries.map((entry, i) => [entry, NOW + i, id]))
  return { stream: () => createStream(store), size: () => Model.size(store.getReplica().state) }
}

interface Original {
  _update: (update: readonly [Set, number, string]) => boolean
  keys: () => ReadonlyArray<string>
  createStream: () => Duplex
}

const OriginalModel = createRequire(import.meta.url)('scuttlebutt/model') as new (id: string) => Original

const original = (id: string, entries: ReadonlyArray<Set>): Side => {
  const theirs = new OriginalModel(id)
  entries.forEach((entry, i) => theirs._update([entry, NOW + i, id]))
  return { stream: () => theirs.createStream(), size: () => theirs.keys().length }
}

/** Time until both sides emit `sync`, and the bytes in both directions. */
const sync = async (from: Side, to: Side): Promise<{ readonly ms: number; readonly bytes: number }> => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[net.Socket]>
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  const [[socket]] = await Promise.all([accepted, once(client, 'connect')])
  const start = now()
  const streams = [from.stream(), to.stream()] as const
  const synced = Promise.all(streams.map((stream) => new Promise<void>((resolve) => stream.once('sync', resolve))))
  client.pipe(streams[0]).pipe(client)
  socket.pipe(streams[1]).pipe(socket)
  await synced
  const ms = now() - start
  const bytes = client.bytesWritten + client.bytesRead
  for (const end of [client, socket]) end.destroy()
  for (const stream of streams) stream.destroy()
  server.close()
  return { ms, bytes }
}

const syncing = (make: (id: string, entries: ReadonlyArray<Set>) => Side, of: 'ms' | 'bytes'): Contestant => ({
  work: async (n) => {
    const [from, to] = [make('from', entriesOf(n)), make('to', [])]
    const cost = await sync(from, to)
    verify(to.size() === n, `${String(to.size())} keys`)
    return cost[of]
  },
})

const row = (id: string, title: string, unit: 'ms' | 'bytes', atMost: number): Row => ({
  id,
  title,
  unit,
  sizes: [1e3, 1e4, 1e5, 1e6],
  quick: [1e5],
  // the original takes minutes for a million
  contestants: { 'scuttlebutt-ts': syncing(ours, unit), scuttlebutt: { ...syncing(original, unit), most: 1e5 } },
  goals: [{ peer: 'scuttlebutt', n: 1e5, atMost }],
})

export const rows: ReadonlyArray<Row> = [
  row('S5', 'sync n updates to an empty replica over TCP', 'ms', 0.5),
  row('S5b', 'sync n updates to an empty replica: bytes on the socket, both directions', 'bytes', 1),
]
