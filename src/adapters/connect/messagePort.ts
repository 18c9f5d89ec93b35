/**
 * Message ports: a worker, an iframe, another thread. A port has no backpressure and does not say
 * that the other side is gone. So each side says how much it has taken, and a number stands for
 * each connection.
 *
 * A message is `[to, from, said]`: two numbers of connections, 0 for one not known yet, and a piece
 * of lines, or how many characters were taken in all, or null for the end. A message to another
 * connection than the present one is dropped.
 */
import { isRefused, type Refused } from './frames.js'
import type { Pace, Wire, WireEvents, WireTransport } from './Transport.js'

/** What is used of a port, a worker, or node's parent port. */
export interface PortLike {
  readonly postMessage: (message: unknown) => void
  /** Ports begin to deliver by it. A worker has none. */
  readonly start?: () => void
  readonly addEventListener?: (type: 'message', listener: (event: Event) => void) => void
  readonly removeEventListener?: (type: 'message', listener: (event: Event) => void) => void
  /** Of node's ports and workers, which have no `addEventListener`, or not for all. */
  readonly on?: (type: 'message', listener: (data: unknown) => void) => unknown
  readonly off?: (type: 'message', listener: (data: unknown) => void) => unknown
}

export interface PortOptions extends Pace {
  /** Default `Math.random`. */
  readonly random?: () => number
}

/**
 * A port to another thread, or a worker itself. Each side connects over its end. If one side closes
 * and connects again over the same port, the other follows. Does not close the port.
 *
 * @example
 * import * as t from 'io-ts'
 * const [ann, ben] = ['ann', 'ben'].map((id) => createStore(scuttlebutt(Model.of(t.number)), id))
 * ann.change(Model.set('x', 1))
 * const { port1, port2 } = new MessageChannel()
 * const connections = [connect(ann, messagePort(port1)), connect(ben, messagePort(port2))]
 * await new Promise((resolve) => ben.subscribe(resolve))
 * Model.toJSON(ben.getReplica().state) // => { x: 1 }
 * for (const connection of connections) connection.close()
 * port1.close()
 */
export const messagePort = (port: PortLike, { random = Math.random, ...pace }: PortOptions = {}): WireTransport => ({
  kind: 'wire',
  pace,
  open: (events) => new PortWire(port, 1 + Math.floor(random() * Number.MAX_SAFE_INTEGER), events),
})

class PortWire implements Wire {
  readonly #port: PortLike
  readonly #events: WireEvents
  readonly #own: number
  readonly #stop: () => void
  #peer = 0
  #sent = 0
  #takenByPeer = 0
  #taken = 0
  #isOver = false

  constructor(port: PortLike, own: number, events: WireEvents) {
    this.#port = port
    this.#own = own
    this.#events = events
    this.#stop = listen(port, (data) => {
      this.#receive(data)
    })
    port.start?.()
    // no event comes before the constructor returns: a port delivers in a later turn
    this.#post(0)
  }

  send(text: string): void {
    this.#sent += text.length
    this.#post(text)
  }

  buffered(): number {
    return this.#sent - this.#takenByPeer
  }

  close(refusal?: Refused): void {
    if (this.#isOver) return
    this.#post(refusal ?? null)
    this.#finish()
  }

  #post(said: unknown): void {
    if (!this.#isOver) this.#port.postMessage([this.#peer, this.#own, said])
  }

  #receive(data: unknown): void {
    if (this.#isOver || !isMessage(data)) return
    const [to, from, said] = data
    if (to !== this.#own && to !== 0) return
    if (this.#peer === 0) {
      // the end of a connection before this one
      if (typeof said === 'object') {
        if (to === this.#own) this.#over(said)
        return
      }
      this.#peer = from
      // the other side learns our number, if it does not know it
      if (to === 0) this.#post(0)
      this.#events.opened()
    } else if (from !== this.#peer) {
      // the other side has begun anew
      if (to === 0 && said === 0) this.#over(null)
      return
    }
    this.#take(said)
  }

  #take(said: unknown): void {
    if (typeof said === 'string') {
      const taking = this.#events.received(said)
      const take = (): void => {
        this.#taken += said.length
        if (said !== '') this.#post(this.#taken)
      }
      if (taking === undefined) take()
      else void taking.then(take)
    } else if (typeof said === 'number') {
      // no peer takes more than was sent
      if (said > this.#takenByPeer) this.#takenByPeer = Math.min(said, this.#sent)
      this.#events.drained()
    } else this.#over(said)
  }

  #over(said: unknown): void {
    this.#finish()
    this.#events.closed(isRefused(said) ? { refusal: said } : {})
  }

  #finish(): void {
    this.#isOver = true
    this.#stop()
  }
}

const isMessage = (data: unknown): data is readonly [to: number, from: number, said: unknown] =>
  Array.isArray(data) && data.length === 3 && typeof data[0] === 'number' && typeof data[1] === 'number' && data[1] > 0

/** Calls with each message. Returns the end of that. */
const listen = (port: PortLike, call: (data: unknown) => void): (() => void) => {
  if (port.on !== undefined) {
    port.on('message', call)
    return () => {
      port.off?.('message', call)
    }
  }
  const listener = (event: Event): void => {
    call((event as MessageEvent).data)
  }
  port.addEventListener?.('message', listener)
  return () => {
    port.removeEventListener?.('message', listener)
  }
}
