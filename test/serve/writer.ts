/**
 * A client in a process of its own, with a file: `writer.mjs <file> <id> <url>`. It writes as fast
 * as its file takes it, and prints each key once it is on the disk.
 */
import * as t from 'io-ts'
import { WebSocket } from 'ws'
import { connect, webSocket } from '../../src/adapters/connect.js'
import { openFile } from '../../src/adapters/file.js'
import { Model, scuttlebutt, unwrap } from '../../src/index.js'

const [file, id, url] = process.argv.slice(2) as [string, string, string]
const store = unwrap(await openFile(file, scuttlebutt(Model.of(t.unknown)), id)())
const socket = webSocket(url, { WebSocket })
connect(store, socket.document('notes'), { backoff: { min: 20, max: 100 } })
for (let n = Model.size(store.getReplica().state); ; n++) {
  const key = `${id} ${String(n)}`
  unwrap(store.change(Model.set(key, n)))
  unwrap(await store.flushed())
  process.stdout.write(`${key}\n`)
  await new Promise((resolve) => setTimeout(resolve, 2))
}
