/** Servers and clients in processes of their own, killed and started again at random. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import * as t from 'io-ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openFile } from '../../src/adapters/file.js'
import { Model, scuttlebutt } from '../../src/index.js'
import { right } from '../right.js'
import { overWire } from '../runs.js'
import { buildCommand, start, type Command } from './cli.js'
import { client, storeOf, until } from './client.js'

const ROUNDS = overWire(4)
const IDS = ['ann', 'ben', 'cy']

let folder = ''
let command = ''
let writer = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-killed-'))
  command = await buildCommand(folder)
  writer = path.join(path.dirname(command), 'writer.mjs')
  const entryPoints = [fileURLToPath(new URL('writer.ts', import.meta.url))]
  await build({ entryPoints, outfile: writer, bundle: true, packages: 'external', platform: 'node', format: 'esm' })
})

afterAll(async () => {
  await rm(folder, { recursive: true })
  await rm(path.dirname(command), { recursive: true })
})

test('Nothing that a client was told is on its disk is lost, whoever is killed', async () => {
  const acknowledged = new Set<string>()
  const fileOf = (id: string): string => path.join(folder, `${id}.sb`)
  let port = 0
  const serving = async (): Promise<Command> => {
    const server = await start(command, 'serve', '--port', String(port), '--data', path.join(folder, 'data'))
    port = server.port!
    return server
  }
  const writing = (id: string) => {
    const args = [writer, fileOf(id), id, `ws://localhost:${String(port)}`]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface(child.stdout).on('line', (key) => acknowledged.add(key))
    return { child, closed: once(child, 'close') }
  }
  let server = await serving()
  const clients = new Map(IDS.map((id) => [id, writing(id)]))
  for (let round = 0; round < ROUNDS; round++) {
    const before = acknowledged.size
    await until('some are acknowledged', () => acknowledged.size >= before + 10 + ((round * 37) % 50))
    const id = IDS[round % (IDS.length + 1)]
    if (id === undefined) {
      server.child.kill('SIGKILL')
      await server.ended
      server = await serving()
    } else {
      const { child, closed } = clients.get(id)!
      child.kill('SIGKILL')
      await closed
      clients.set(id, writing(id))
    }
  }
  for (const { child, closed } of clients.values()) {
    child.kill('SIGKILL')
    await closed
  }
  const sb = scuttlebutt(Model.of(t.unknown))
  const all = storeOf('all')
  const reader = await client(`ws://localhost:${String(port)}`)
  reader.join('notes', all)
  for (const id of IDS) {
    // each has its own, and tells it when it is started again
    const store = right(await openFile(fileOf(id), sb, id)())
    const own = [...acknowledged].filter((key) => key.startsWith(`${id} `))
    for (const key of own) expect(Model.has(key)(store.getReplica().state)).toBe(true)
    const one = await client(`ws://localhost:${String(port)}`)
    one.join('notes', store)
    await until('all have it', () => own.every((key) => Model.has(key)(all.getReplica().state)))
    one.socket.terminate()
    right(await store.close())
  }
  expect(acknowledged.size).toBeGreaterThan(10 * ROUNDS)
  reader.socket.terminate()
  server.child.kill('SIGKILL')
  await server.ended
}, 600_000)
