/** One socket: its frames, its channels, and what it may cost. */
import type { Digest } from '../../core/Digest.js'
import * as Json from '../../core/Json.js'
import { cut, decode, encode, HEARTBEAT, POLICY, TOO_BIG, type Refused } from '../connect/frames.js'
import { Channel, type ChannelHost } from './Channel.js'
import { answerOf, CLOSING, FAILED, refusalOf, type OpenDocument, type ServeOptions } from './hooks.js'
import type { Hub } from './Hub.js'
import type { ServeLimits } from './Limits.js'
import type { Metrics } from './Metrics.js'
import { OPEN, type Bytes, type ServedRequest, type ServedSocket } from './Socket.js'
import type { Store } from '../store.js'

/** What a socket needs of its server. */
export interface PeerHost {
  readonly open: OpenDocument
  readonly options: ServeOptions
  readonly limits: Required<ServeLimits>
  readonly metrics: Metrics
  readonly now: () => number
  readonly hubOf: (store: Store<unknown, unknown>) => Hub
  readonly failed: (error: unknown) => void
  readonly left: (peer: Peer) => void
}

/** The code of a server that stops. Source: RFC 6455, section 7.4.1. */
const GOING_AWAY = 1001

const DONE = 1000

/** So many more documents than a socket may have open wait for the peer to confirm their end. */
const MAX_ENDING = 100

export class Peer implements ChannelHost {
  readonly #socket: ServedSocket
  readonly #request: ServedRequest
  readonly #host: PeerHost
  readonly #channels = new Map<string, Channel>()
  /** Documents that ended here, and whose end the peer has not confirmed: what comes is dropped. */
  readonly #ending = new Set<string>()
  /** Channels with something to send, and no room for it. */
  readonly #waiting = new Set<Channel>()
  /** When the peer last sent something, in ms. */
  #heard: number
  /** When something was last sent to the peer. */
  #said: number
  /** When the peer last took something, or nothing waited for it. */
  #taken: number
  /** When a channel was last open. */
  #used: number
  /** The bytes that the peer may still send. Below 0 nothing is read from it. */
  #allowance: number
  /** When `allowance` was computed. */
  #counted: number
  /** The characters that were read for the peer, and wait until a store has saved. */
  #reserved = 0
  /** The characters that wait for a store. */
  #queued = 0
  /** The calls of the sign-in under way, also for documents that the peer has ended since. */
  #opening = 0
  /** Channels whose store is to be released. */
  readonly #held = new Set<Channel>()
  #isPaused = false
  #isOver = false

  constructor(socket: ServedSocket, request: ServedRequest, host: PeerHost) {
    const now = host.now()
    this.#socket = socket
    this.#request = request
    this.#host = host
    this.#heard = this.#said = this.#taken = this.#used = this.#counted = now
    this.#allowance = burst(host.limits)
    socket.on('message', (data: Bytes, isBinary: boolean) => {
      this.#message(data, isBinary)
    })
    socket.on('close', () => {
      this.#close()
    })
    // a socket that breaks closes too
    socket.on('error', () => undefined)
  }

  send(document: string, text: string): void {
    for (const piece of cut(text)) this.#write(encode({ _tag: 'Piece', document, text: piece }))
  }

  room(channel: Channel): number {
    const room = this.#host.limits.buffer - this.#socket.bufferedAmount - this.#reserved
    if (room <= 0) this.#waiting.add(channel)
    return room
  }

  reserve(length: number): void {
    this.#reserved += length
  }

  queue(length: number): void {
    this.#queued += length
    this.#flow()
  }

  end(channel: Channel, refusal?: Refused): void {
    const { document } = channel
    if (this.#channels.get(document) !== channel) return
    this.#drop(channel)
    this.#tell(document, refusal)
  }

  failed(error: unknown): void {
    this.#host.failed(error)
  }

  /** Called about once a second: who is dead or idle goes, and who waited may go on. */
  tick(now: number): void {
    const { limits } = this.#host
    const { bufferedAmount } = this.#socket
    if (bufferedAmount === 0) this.#taken = now
    if (this.#channels.size > 0) this.#used = now
    this.#flow(now)
    if (this.#isPaused) this.#heard = now
    const isDead = now - this.#heard > limits.timeout || now - this.#taken > limits.timeout
    if (isDead) this.#socket.terminate()
    else if (now - this.#used > limits.idle) this.#socket.close(DONE, 'idle')
    else if (now - this.#said >= limits.heartbeat && bufferedAmount === 0) this.#write(HEARTBEAT)
  }

  /** The server stops: tells the peer. */
  stop(): void {
    for (const channel of [...this.#channels.values()]) this.end(channel, CLOSING)
    this.#socket.close(GOING_AWAY, 'the server stops')
  }

  terminate(): void {
    this.#socket.terminate()
  }

  #message(data: Bytes, isBinary: boolean): void {
    const { limits, metrics, now } = this.#host
    const bytes = data.byteLength
    this.#heard = now()
    this.#allowance -= bytes
    metrics.messagesIn++
    metrics.bytesIn += bytes
    if (this.#isOver || this.#socket.readyState !== OPEN) return
    if (bytes > limits.messageBytes) this.#expel(TOO_BIG)
    else if (isBinary) this.#expel(POLICY)
    else this.#frame(String(data))
    if (this.#allowance < 0) this.#flow()
  }

  #frame(text: string): void {
    const frame = decode(text)
    if (frame._tag === 'Left') {
      this.#expel(frame.left.code)
      return
    }
    const message = frame.right
    if (message._tag === 'Heartbeat') return
    const { document } = message
    const channel = this.#channels.get(document)
    if (message._tag === 'End') {
      if (channel !== undefined) this.#drop(channel)
      // each side ends a document once: this may be the answer to our end
      if (this.#ending.delete(document)) return
      if (channel === undefined && this.#isClogged()) this.terminate()
      else this.#write(encode({ _tag: 'End', document }))
    } else if (channel !== undefined) channel.receive(message.text)
    else if (!this.#ending.has(document)) this.#join(document, message.text)
  }

  /** The first text of a document. */
  #join(document: string, text: string): void {
    const { limits, metrics } = this.#host
    if (this.#isClogged()) {
      this.terminate()
      return
    }
    if (Math.max(this.#channels.size, this.#opening) >= limits.documents) {
      this.#tell(document, { _tag: 'TooMany', limit: limits.documents, retryAfter: 10_000 })
      return
    }
    const channel = new Channel(document, this)
    this.#channels.set(document, channel)
    metrics.links++
    channel.receive(text)
    void this.#open(channel)
  }

  /** Whether the peer reads so little that answers to it would pile up. */
  #isClogged(): boolean {
    return this.#socket.bufferedAmount > this.#host.limits.buffer
  }

  async #open(channel: Channel): Promise<void> {
    const { document } = channel
    const { open, options, limits } = this.#host
    this.#opening++
    const answer = await answerOf(open, this.#request, document, this.#host.failed)
    this.#opening--
    if (answer._tag === 'Left') {
      this.end(channel, answer.left)
      return
    }
    if (this.#channels.get(document) !== channel) {
      // the peer went while the store was opened
      this.#release(document)
      return
    }
    this.#held.add(channel)
    const store = answer.right
    try {
      const hub = this.#host.hubOf(store)
      // an option that is there without a value gets the default too
      const { presences = limits.presences, ...given } = options.link?.(this.#request, document) ?? {}
      const isTold = options.presence !== false && given.readable !== false
      const link = { presences, ...(isTold && { presence: hub.presence }), ...given }
      const judge = (header: Digest): Refused | undefined => refusalOf(this.#host, header, this.#request, document)
      channel.open({ store, hub, link, ...(options.onPeer && { judge }) })
    } catch (error) {
      this.failed(error)
      this.end(channel, FAILED)
    }
  }

  #drop(channel: Channel): void {
    const { document } = channel
    this.#channels.delete(document)
    this.#waiting.delete(channel)
    this.#host.metrics.links--
    channel.close()
    if (this.#held.delete(channel)) this.#release(document)
  }

  #release(document: string): void {
    try {
      this.#host.options.release?.(document)
    } catch (error) {
      this.failed(error)
    }
  }

  #tell(document: string, refusal?: Refused): void {
    if (refusal !== undefined) this.#host.metrics.refused(refusal._tag)
    this.#ending.add(document)
    this.#write(encode({ _tag: 'End', document, ...(refusal && { refusal }) }))
    // a peer of ours answers each end
    if (this.#ending.size > MAX_ENDING + this.#host.limits.documents) this.#expel(POLICY)
  }

  /** Ends a socket that breaks the rules. */
  #expel(code: number): void {
    this.#host.metrics.refused(String(code))
    this.#close()
    this.#socket.close(code)
  }

  #write(text: string): void {
    const { metrics, now } = this.#host
    if (this.#isOver || this.#socket.readyState !== OPEN) return
    this.#said = now()
    metrics.messagesOut++
    metrics.bytesOut += Json.bytes(text)
    this.#socket.send(text, this.#onTaken)
  }

  /** The system took a message. Channels that wait for room may go on. */
  readonly #onTaken = (): void => {
    this.#taken = this.#host.now()
    if (this.#waiting.size === 0 || this.#socket.bufferedAmount >= this.#host.limits.buffer / 2) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const channel of waiting) channel.wake()
  }

  /** Reads from the socket, or not: as the peer's share and what waits for stores allow. */
  #flow(now = this.#host.now()): void {
    const { limits } = this.#host
    const earned = ((now - this.#counted) / 1000) * limits.bytesPerSecond
    this.#allowance = Math.min(burst(limits), this.#allowance + earned)
    this.#counted = now
    const isTooMuch = this.#allowance < 0 || this.#queued > limits.messageBytes
    if (isTooMuch === this.#isPaused || this.#isOver) return
    this.#isPaused = isTooMuch
    if (isTooMuch) this.#socket.pause()
    else this.#socket.resume()
  }

  #close(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const channel of [...this.#channels.values()]) this.#drop(channel)
    // a paused socket would not hear that the other side closes
    if (this.#isPaused) this.#socket.resume()
    this.#host.left(this)
  }
}

/** What a peer may send at once: a second's share, or one message. */
const burst = ({ bytesPerSecond, messageBytes }: Required<ServeLimits>): number =>
  Math.max(bytesPerSecond, messageBytes)
