/** WebSockets: the platform's own, or npm `ws`. Several documents share one. */
import * as frames from './frames.js'
import type { Closing, Pace, Wire, WireEvents, WireTransport } from './Transport.js'

/** What is used of a WebSocket. */
export interface SocketLike {
  readonly readyState: number
  readonly bufferedAmount: number
  readonly send: (data: string) => void
  readonly close: (code?: number, reason?: string) => void
  /** Of `ws`: reads no more, until `resume`. */
  readonly pause?: () => void
  readonly resume?: () => void
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
}

export type SocketConstructor = new (url: string, protocols?: string | string[]) => SocketLike

export interface WebSocketOptions extends Pace {
  /** Default: the platform's. On Node before 22 there is none: give that of npm `ws`. */
  readonly WebSocket?: SocketConstructor
  readonly protocols?: string | string[]
}

/** A socket, as the wire of the document `''`. */
export interface WebSocketTransport extends WireTransport {
  /** The wire of a document by name, on the same socket. A name has at most 1,024 characters. */
  readonly document: (name: string) => WireTransport
}

/**
 * A WebSocket to a server of ours. It opens with the first document that connects, is shared by all
 * documents of this value, and closes with the last. A function as `url` is called for each try,
 * for one with a fresh token. Throws a `TypeError` where there is no WebSocket.
 *
 * @example
 * import * as t from 'io-ts'
 * import { WebSocket } from 'ws'
 * const store = createStore(scuttlebutt(Model.of(t.number)), 'ann')
 * const socket = webSocket('ws://127.0.0.1:9', { WebSocket })
 * const connection = connect(store, socket.document('notes'))
 * connection.status().phase // => 'connecting'
 * connection.close()
 */
export const webSocket = (
  url: string | URL | (() => string | URL),
  options: WebSocketOptions = {},
): WebSocketTransport => {
  const { WebSocket = (globalThis as WebSocketOptions).WebSocket, protocols, ...pace } = options
  if (WebSocket === undefined) throw new TypeError('there is no WebSocket here: give `{ WebSocket }` of npm ws')
  const shared = share(() => new WebSocket(String(typeof url === 'function' ? url() : url), protocols))
  const document = (name: string): WireTransport => ({
    kind: 'wire',
    pace,
    open: (events) => shared.open(name, events),
  })
  return { ...document(''), document }
}

/** One socket at a time, and the documents on it. */
interface Shared {
  readonly open: (document: string, events: WireEvents) => Wire
}

/** Exported for tests. */
export const share = (dial: () => SocketLike): Shared => {
  let hub: SharedSocket | undefined
  return {
    open: (document, events) => {
      if (document.length > frames.MAX_DOCUMENT) throw new TypeError('the name of a document is too long')
      if (hub === undefined || hub.isOver) hub = new SharedSocket(dial)
      return hub.open(document, events)
    },
  }
}

/** `readyState` of a socket that is open. */
const OPEN = 1

/** The documents of one socket, until it closes. */
class SharedSocket {
  isOver = false
  readonly #socket: SocketLike | undefined
  readonly #events = new Map<string, WireEvents>()
  /** Documents that ended here, and whose end the peer has not confirmed: what comes is dropped. */
  readonly #ending = new Map<string, () => void>()
  #heard = 0
  #waits = 0

  constructor(dial: () => SocketLike) {
    try {
      this.#socket = dial()
    } catch (error) {
      const refusal = { _tag: 'InvalidUrl', reason: String(error) }
      queueMicrotask(() => {
        this.#over({ refusal })
      })
      return
    }
    const socket = this.#socket
    socket.onopen = () => {
      for (const events of [...this.#events.values()]) events.opened()
    }
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      this.#receive(data)
    }
    socket.onclose = () => {
      this.#over({})
    }
    // a close event follows; without a listener `ws` would throw
    socket.onerror = () => undefined
  }

  open(document: string, events: WireEvents): Wire {
    if (this.#events.has(document)) throw new TypeError(`the socket carries the document "${document}" already`)
    this.#events.set(document, events)
    if (this.#socket?.readyState === OPEN) this.#begin(document, events)
    return {
      send: (text) => {
        if (text === '') this.#send({ _tag: 'Heartbeat' })
        else this.#send({ _tag: 'Piece', document, text })
      },
      buffered: () => this.#socket?.bufferedAmount ?? 0,
      heard: () => this.#heard,
      close: (refusal) => {
        if (this.#events.get(document) === events) this.#close(document, refusal)
      },
    }
  }

  /** Tells that a document may be used, once the peer has ended the one before. */
  #begin(document: string, events: WireEvents): void {
    const begin = (): void => {
      if (this.#events.get(document) === events) events.opened()
    }
    if (this.#ending.has(document)) this.#ending.set(document, begin)
    else queueMicrotask(begin)
  }

  #send(frame: frames.Frame): void {
    if (this.#socket?.readyState === OPEN) this.#socket.send(frames.encode(frame))
  }

  #close(document: string, refusal: frames.Refused | undefined): void {
    this.#events.delete(document)
    const isWaiting = this.#ending.has(document)
    if (isWaiting || this.#socket?.readyState === OPEN) this.#ending.set(document, () => undefined)
    if (!isWaiting) this.#send({ _tag: 'End', document, ...(refusal && { refusal }) })
    if (this.#events.size > 0) return
    this.#shut()
    this.isOver = true
  }

  #receive(data: unknown): void {
    if (this.isOver) return
    this.#heard++
    const decoded = frames.decode(data)
    if (decoded._tag === 'Left') {
      const { _tag, code } = decoded.left
      this.#shut(code, _tag)
      this.#over({ refusal: { _tag } })
      return
    }
    const frame = decoded.right
    if (frame._tag === 'Piece') this.#piece(frame.document, frame.text)
    else if (frame._tag === 'End') this.#ended(frame.document, frame.refusal)
  }

  #piece(document: string, text: string): void {
    // what was under way when the document ended here is of no use
    if (this.#ending.has(document)) return
    const taking = this.#events.get(document)?.received(text)
    if (taking === undefined) return
    if (this.#waits++ === 0) this.#socket?.pause?.()
    void taking.then(() => {
      if (--this.#waits === 0) this.#socket?.resume?.()
    })
  }

  #ended(document: string, refusal: frames.Refused | undefined): void {
    const begin = this.#ending.get(document)
    if (begin !== undefined) {
      this.#ending.delete(document)
      begin()
      return
    }
    const events = this.#events.get(document)
    if (events === undefined) return
    this.#events.delete(document)
    this.#send({ _tag: 'End', document })
    if (this.#events.size === 0) {
      this.#shut()
      this.isOver = true
    }
    events.closed(refusal === undefined ? {} : { refusal })
  }

  #shut(code?: number, reason?: string): void {
    const socket = this.#socket
    if (socket === undefined) return
    socket.onclose = null
    socket.onmessage = null
    socket.onopen = null
    // a paused socket would never hear the answer to its close
    socket.resume?.()
    socket.close(code ?? 1000, reason)
  }

  #over(closing: Closing): void {
    if (this.isOver) return
    this.isOver = true
    const all = [...this.#events.values()]
    this.#events.clear()
    for (const events of all) events.closed(closing)
  }
}
