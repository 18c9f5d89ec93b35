/** A server on loopback, and clients that speak its frames with no code of the server. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as t from 'io-ts'
import { WebSocket, WebSocketServer } from 'ws'
import { createLink, serve, type OpenDocument, type ServeOptions, type Server } from '../../src/adapters/connect.js'
import { createStore, type LocalStore, type Store } from '../../src/adapters/store.js'
import { Model, scuttlebutt } from '../../src/index.js'

export const sb = scuttlebutt(Model.of(t.unknown))

export type Numbers = LocalStore<Model.State<unknown>, Model.Change<unknown>>

export const storeOf = (id: string): Numbers => createStore(sb, id)

export interface Running {
  readonly server: Server
  readonly port: number
  readonly url: string
  readonly wss: WebSocketServer
  /** Stops without a word to the peers. */
  readonly end: () => Promise<void>
}

/** A server for `open`, on any free port, with HTTP on the same one. */
export const run = async (open: OpenDocument, options: ServeOptions = {}): Promise<Running> => {
  const http = createServer()
  const wss = new WebSocketServer({ server: http })
  const server = serve(wss, open, options)
  http.on('request', (request, response) => void server.handle(request, response))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const end = async (): Promise<void> => {
    for (const socket of wss.clients) socket.terminate()
    wss.close()
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
    await server.close()
  }
  return { server, port, url: `ws://127.0.0.1:${String(port)}`, wss, end }
}

/** A plain socket that keeps what it hears. */
export interface Raw {
  readonly socket: WebSocket
  readonly heard: unknown[]
  readonly closed: Promise<number>
}

export const raw = async (url: string): Promise<Raw> => {
  const socket = new WebSocket(url)
  const heard: unknown[] = []
  socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString())))
  const closed = new Promise<number>((resolve) => socket.on('close', resolve))
  socket.on('error', () => undefined)
  await new Promise((resolve) => {
    socket.once('open', resolve)
    socket.once('close', resolve)
  })
  return { socket, heard, closed }
}

export interface Client extends Raw {
  /** Joins a store and a document on this socket. */
  readonly join: <S, C>(document: string, store: Store<S, C>) => void
  readonly leave: (document: string) => void
}

/** A socket with links on it. */
export const client = async (url: string): Promise<Client> => {
  const plain = await raw(url)
  const { socket } = plain
  const links = new Map<string, ReturnType<typeof createLink>>()
  socket.on('message', (data: Buffer) => {
    const [document, text] = JSON.parse(data.toString()) as [string?, (string | null)?]
    if (document === undefined) return
    if (typeof text === 'string') void links.get(document)?.write(text)
    else links.get(document)?.close()
  })
  socket.on('close', () => {
    for (const link of links.values()) link.close()
  })
  const join = <S, C>(document: string, store: Store<S, C>): void => {
    const link = createLink(store)
    links.set(document, link)
    const pump = (): void => {
      for (let text = link.read(); text !== undefined && text !== ''; text = link.read()) {
        for (let i = 0; i < text.length; i += 30_000) socket.send(JSON.stringify([document, text.slice(i, i + 30_000)]))
      }
    }
    link.onWake(pump)
    pump()
  }
  const leave = (document: string): void => {
    links.get(document)?.close()
    socket.send(JSON.stringify([document, null]))
  }
  return { ...plain, join, leave }
}

/** Waits until something holds. Says what, if it never does. */
export const until = async (what: string, holds: () => boolean, ms = 30_000): Promise<void> => {
  const deadline = Date.now() + ms
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export const contentOf = ({ getReplica }: Pick<Numbers, 'getReplica'>): unknown => Model.toJSON(getReplica().state)
