/** Joins stores to sockets and HTTP requests. A server has many documents; so may a socket. */
import type { Store } from '../store.js'
import { CLOSING, type OpenDocument, type ServeOptions } from './hooks.js'
import { Hub } from './Hub.js'
import { createHandler, type Arriving, type HttpRequest, type HttpResponse } from './http.js'
import { limitsOf, type ServeLimits } from './Limits.js'
import { Metrics } from './Metrics.js'
import { Peer } from './Peer.js'
import type { ServedRequest, ServedSocket, SocketServer } from './Socket.js'

/** What {@link serve} gives. */
export interface Server {
  /** Answers a request of `node:http`: POST for a document, GET for `/metrics`. Never throws. */
  readonly handle: (request: HttpRequest, response: HttpResponse) => Promise<void>
  /** What the server counts, in the exposition format of Prometheus. O(documents). */
  readonly metrics: () => string
  /**
   * Tells all peers, closes their sockets, and resolves when the stores in use are saved, or have
   * told `onError` why not. Stores and the `WebSocketServer` stay open: they are the caller's.
   */
  readonly close: () => Promise<void>
}

/** How long peers may take to close their sockets, in ms. */
const GRACE = 1000

/** The code of a server without room. Source: RFC 6455, section 7.4.1, and IANA's registry. */
const TRY_AGAIN = 1013

/**
 * Serves the documents that `open` gives, to sockets of a `WebSocketServer` of npm `ws` and to HTTP
 * requests. Nothing that a peer sends throws here, or takes more room than {@link ServeLimits} say.
 * What a peer is sent, the store has saved. A socket costs no timer.
 *
 * @example
 * import * as t from 'io-ts'
 * import { WebSocketServer } from 'ws'
 * const store = createStore(scuttlebutt(Model.of(t.number)), 'server')
 * const wss = new WebSocketServer({ port: 0 })
 * const server = serve(wss, () => store)
 * server.metrics().includes('scuttlebutt_sockets 0') // => true
 * await server.close()
 * wss.close()
 */
export const serve = (wss: SocketServer, open: OpenDocument, options: ServeOptions = {}): Server => {
  const server = new Serving(open, options)
  if (wss.options !== undefined) {
    const { messageBytes } = server.limits
    wss.options.maxPayload = Math.min(messageBytes, wss.options.maxPayload ?? messageBytes)
  }
  wss.on('connection', (socket: ServedSocket, request: ServedRequest) => {
    server.join(socket, request)
  })
  let closing: Promise<void> | undefined
  return {
    handle: createHandler(server),
    metrics: () => server.text(),
    close: () => (closing ??= server.close()),
  }
}

class Serving {
  readonly open: OpenDocument
  readonly options: ServeOptions
  readonly limits: Required<ServeLimits>
  readonly metrics = new Metrics()
  readonly now: () => number
  readonly arriving = new Set<Arriving>()
  isClosing = false
  readonly #peers = new Set<Peer>()
  readonly #hubs = new Map<Store<unknown, unknown>, Hub>()
  readonly #ticker: ReturnType<typeof setInterval>
  #waking: (() => void)[] = []

  constructor(open: OpenDocument, options: ServeOptions) {
    this.open = open
    this.options = options
    this.limits = limitsOf(options.limits)
    this.now = options.now ?? Date.now
    const { heartbeat, timeout, idle } = this.limits
    const period = Math.max(10, Math.min(1000, heartbeat / 4, timeout / 4, idle / 4))
    this.#ticker = setInterval(() => {
      this.#tick()
    }, period)
  }

  join(socket: ServedSocket, request: ServedRequest): void {
    if (this.isClosing || this.#peers.size >= this.limits.sockets) {
      this.metrics.refused('Full')
      // a socket without this listener throws when it breaks
      socket.on('error', () => undefined)
      socket.close(TRY_AGAIN, 'no room')
      return
    }
    this.#peers.add(new Peer(socket, request, this))
    this.metrics.sockets++
  }

  left(peer: Peer): void {
    if (this.#peers.delete(peer)) this.metrics.sockets--
    if (this.isClosing && this.#peers.size === 0) this.#wake()
  }

  readonly hubOf = (store: Store<unknown, unknown>): Hub => {
    const known = this.#hubs.get(store)
    if (known !== undefined) return known
    const hub = new Hub(store, this)
    this.#hubs.set(store, hub)
    return hub
  }

  readonly failed = (error: unknown): void => {
    this.metrics.failures++
    try {
      this.options.onError?.(error)
    } catch {
      // there is nobody left to tell
    }
  }

  /** Resolves at the next tick. */
  pause(): Promise<void> {
    return new Promise((resolve) => this.#waking.push(resolve))
  }

  text(): string {
    let documents = 0
    for (const { links } of this.#hubs.values()) if (links > 0) documents++
    return this.metrics.text(documents)
  }

  async close(): Promise<void> {
    this.isClosing = true
    const hubs = [...this.#hubs.values()]
    for (const peer of this.#peers) peer.stop()
    for (const body of this.arriving) body.stop(CLOSING)
    await Promise.all(hubs.map((hub) => hub.save()))
    const deadline = this.now() + GRACE
    while (this.#peers.size > 0 && this.now() < deadline) await this.pause()
    for (const peer of this.#peers) peer.terminate()
    clearInterval(this.#ticker)
  }

  #tick(): void {
    const now = this.now()
    for (const peer of this.#peers) peer.tick(now)
    const { timeout } = this.limits
    for (const body of this.arriving) if (now > body.deadline) body.stop({ _tag: 'TooSlow', timeout })
    for (const [store, { links, presence }] of this.#hubs) {
      if (links === 0) this.#hubs.delete(store)
      else presence.tick()
    }
    this.#wake()
  }

  #wake(): void {
    const waking = this.#waking
    this.#waking = []
    for (const wake of waking) wake()
  }
}
