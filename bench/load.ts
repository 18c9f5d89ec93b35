/**
 * A server under load: `npm run bench:load`. A smaller one: `-- --clients 500 --documents 50`. One
 * contestant: `-- --only ours`.
 *
 * Server and clients are processes of their own, on loopback. First all clients are connected and
 * idle: bytes of the server's memory each. Then writers in documents of ten write, each at its
 * rate: the time from when a write is due until all other clients of its document have it or a
 * later one of that writer. Then one writer, and fifty readers on one document.
 */
import { execFileSync, fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Ask, Facts, Load, Told } from './load/messages.js'

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '5000' },
    documents: { type: 'string', default: '500' },
    writers: { type: 'string', default: '200' },
    rate: { type: 'string', default: '20' },
    readers: { type: 'string', default: '50' },
    hot: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '10' },
    only: { type: 'string' },
  },
})

const load: Load = {
  clients: Number(values.clients),
  documents: Number(values.documents),
  writers: Number(values.writers),
  rate: Number(values.rate),
  readers: Number(values.readers),
  hot: Number(values.hot),
  seconds: Number(values.seconds),
}

/** The most open files of a process. */
const files = Number(execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }))
if (files < load.clients + 100) {
  console.error(`ulimit -n is ${String(files)}: too low for ${String(load.clients)} clients`)
  process.exit(1)
}

const process_ = (role: string, ...args: ReadonlyArray<string>): ChildProcess =>
  fork(fileURLToPath(new URL(`load/${role}.js`, import.meta.url)), [...args], { execArgv: ['--expose-gc'] })

const ask = async <A extends Told>(child: ChildProcess, question: Ask): Promise<A> => {
  child.send(question)
  const [answer] = (await once(child, 'message')) as [A]
  return answer
}

const row = (...cells: ReadonlyArray<string | number>): void => {
  console.log(`| ${cells.join(' | ')} |`)
}

const run = async (contestant: string): Promise<void> => {
  const server = process_('server', contestant)
  const [{ port }] = (await once(server, 'message')) as [{ readonly port: number }]
  const clients = process_('clients', contestant, String(port), JSON.stringify(load))
  await once(clients, 'message')
  // one client for each document: the documents are there, and nearly no socket
  await ask(clients, 'first')
  const before = await ask<Facts>(server, 'facts')
  await ask(clients, 'rest')
  const after = await ask<Facts>(server, 'facts')
  const more = load.clients - load.documents
  const [rss, heap] = [(after.rss - before.rss) / more, (after.heap - before.heap) / more]
  const cells = [contestant, (rss / 1000).toFixed(1), (heap / 1000).toFixed(1)]
  for (const phase of ['write', 'hot'] as const) {
    const begun = await ask<Facts>(server, 'facts')
    const { writes, p50, p99, max, lost, cpu } = await ask<Extract<Told, { readonly p99: number }>>(clients, phase)
    const ended = await ask<Facts>(server, 'facts')
    const share = (ms: number): string => ((100 * ms) / (load.seconds * 1000)).toFixed(0)
    cells.push(`${p50.toFixed(0)} / ${p99.toFixed(0)} / ${max.toFixed(0)}`, `${String(writes)}, ${String(lost)}`)
    cells.push(`${share(ended.cpu - begun.cpu)} / ${share(cpu)}`)
  }
  row(...cells)
  for (const child of [clients, server]) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

const { clients, documents, writers, rate, readers, hot, seconds } = load
console.log(
  `${String(clients)} clients, ${String(documents)} documents; ${String(writers)} writers at ${String(rate)} a second;`,
  `${String(readers)} readers of one writer at ${String(hot)} a second; ${String(seconds)} s each`,
)
row(
  'server',
  'kB of RSS a client',
  'kB of heap',
  'writers: p50 / p99 / max, ms',
  'writes, not at all readers 5 s later',
  'CPU %, server / clients',
  'one document: p50 / p99 / max, ms',
  'writes, not at all readers',
  'CPU %, server / clients',
)
row(...Array.from({ length: 9 }, () => '---'))
for (const contestant of ['ours', 'y-websocket']) {
  if (values.only === undefined || values.only === contestant) await run(contestant)
}
