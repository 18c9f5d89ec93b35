#!/usr/bin/env node
/** `npx scuttlebutt-ts serve`: a small server of documents in a folder. */
import { createServer } from 'node:http'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { AddressInfo } from 'node:net'
import { folder } from '../file.js'
import { openLevel } from '../level.js'
import { createDocuments, type Documents } from './documents.js'
import { HELP, parse, type CommandLine } from './options.js'
import { serve } from './serve.js'

/**
 * How long a request may take to arrive, in ms. `serve` ends slow bodies itself, so these are for
 * what never reaches it.
 */
const TIMEOUTS = { headersTimeout: 15_000, requestTimeout: 300_000, connectionsCheckingInterval: 5000 }

/** How long a connection may be silent, in ms. Sockets have limits of their own. */
const SILENCE = 60_000

const complain = (error: unknown): void => {
  process.stderr.write(`scuttlebutt-ts: ${error instanceof Error ? error.message : JSON.stringify(error)}\n`)
}

const fail = (sentence: string): never => {
  process.stderr.write(`scuttlebutt-ts: ${sentence}\n`)
  process.exit(1)
}

/** A package that only some servers need. */
const need = async <A>(name: string, load: () => Promise<A>): Promise<A> => {
  try {
    return await load()
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error
    return fail(`the package "${name}" is missing: npm install ${name}`)
  }
}

/** Documents in files, or all of them in one LevelDB. */
const documentsOf = async ({ store, data, scuttlebutt, id }: CommandLine): Promise<Documents> => {
  if (store === 'file') {
    const files = folder(data)
    return createDocuments((document) => files.open(document, scuttlebutt, id)(), { onError: complain })
  }
  await mkdir(data, { recursive: true })
  const { ClassicLevel } = await need('classic-level', () => import('classic-level'))
  const db = new ClassicLevel(path.join(data, 'level'))
  const documents = createDocuments((name) => openLevel(db, scuttlebutt, id, { name })(), { onError: complain })
  return {
    ...documents,
    close: async () => {
      await documents.close()
      await db.close()
    },
  }
}

const run = async (command: CommandLine): Promise<void> => {
  const { WebSocketServer } = await need('ws', () => import('ws'))
  const documents = await documentsOf(command)
  const http = createServer(TIMEOUTS)
  http.timeout = SILENCE
  const wss = new WebSocketServer({ server: http })
  const { origin } = command
  const server = serve(wss, (_, document) => documents.open(document), {
    release: documents.release,
    onError: complain,
    ...(origin !== undefined && { origin }),
  })
  http.on('request', (request, response) => void server.handle(request, response))
  wss.on('error', (error) => fail(error.message))
  http.listen(command.port, command.host, () => {
    const { port } = http.address() as AddressInfo
    process.stdout.write(`listening on http://${command.host}:${String(port)}, documents in ${command.data}\n`)
  })
  const stop = async (): Promise<void> => {
    http.close()
    await server.close()
    await documents.close()
    http.closeAllConnections()
    process.exit(0)
  }
  process.once('SIGTERM', () => void stop())
  process.once('SIGINT', () => void stop())
}

const parsed = parse(process.argv.slice(2))
if (parsed._tag === 'Left') {
  process.stderr.write(`scuttlebutt-ts: ${parsed.left}\n\n${HELP}`)
  process.exit(1)
}
if (parsed.right === undefined) process.stdout.write(HELP)
else await run(parsed.right)
