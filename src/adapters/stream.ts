/**
 * Node streams of the wire protocol: a Duplex for a peer, a Readable to save, a Writable to load.
 */
import { Duplex, type Readable, type Writable } from 'node:stream'
import type { Digest } from '../core/Digest.js'
import type { Rejection } from '../scuttlebutt.js'
import { createLink, type Announcement, type Link, type LinkEvents, type LinkOptions, type Status } from './Link.js'
import type { Refusal } from '../wire/WireMessage.js'
import type { Store } from './store.js'

export interface StreamOptions extends LinkOptions {
  /** Bytes buffered each way before backpressure. Default: node's. */
  readonly highWaterMark?: number
}

/** The events of a stream, beside node's own. Nobody has to listen. */
export interface StreamEvents {
  /** The peer's header came. */
  readonly header: [header: Digest]
  /** All that the peer's header lacked was written. */
  readonly syncSent: []
  /** The peer wrote all that our header lacked. */
  readonly syncReceived: []
  /** Both have happened. */
  readonly sync: []
  /** Something from the peer was refused. It changed nothing; the stream goes on. */
  readonly rejection: [rejection: Rejection]
  /** The peer, or a peer of it, refused updates: stamps and reasons. */
  readonly refused: [refusals: ReadonlyArray<Refusal>]
}

type Listening<This> = <K extends keyof StreamEvents>(event: K, listener: (...args: StreamEvents[K]) => void) => This

/** A node stream with {@link StreamEvents}. */
export type Emitting<Stream> = {
  readonly on: Listening<Emitting<Stream>>
  readonly once: Listening<Emitting<Stream>>
  readonly off: Listening<Emitting<Stream>>
  /** How the stream stands. O(s), and O(d log u) for d updates to be told. */
  readonly status: () => Status
} & Stream

export type ScuttlebuttStream = Emitting<Duplex>

/**
 * A stream for one peer: `socket.pipe(stream).pipe(socket)`. Make a new one for every peer. Piping
 * one stream to two peers throws a `TypeError`: they would take each other's clock for their own.
 *
 * Honours backpressure: while the peer does not read, nothing piles up. A peer's mistakes are
 * `rejection` events. If a piped side closes midway, the stream is destroyed and unsubscribes from
 * the store. Costs as `Session`.
 *
 * @example
 * import * as t from 'io-ts'
 * const [ann, ben] = ['ann', 'ben'].map((id) => createStore(scuttlebutt(Model.of(t.number)), id))
 * ann.change(Model.set('x', 1))
 * const [left, right] = [createStream(ann), createStream(ben)]
 * left.pipe(right).pipe(left)
 * await new Promise((resolve) => right.once('sync', resolve))
 * Model.toJSON(ben.getReplica().state) // => { x: 1 }
 */
export const createStream = <S, C>(store: Store<S, C>, options: StreamOptions = {}): ScuttlebuttStream =>
  new PeerStream(store, options) as ScuttlebuttStream

/**
 * All updates as lines, then live ones: for a file, or any stream of lines. Ends after SYNC with
 * `tail: false`. With `clock: true` it is a Duplex that waits for the peer's header. Costs as
 * `Session`.
 *
 * @example
 * import * as t from 'io-ts'
 * const sb = scuttlebutt(Model.of(t.number))
 * const [saved, loaded] = [createStore(sb, 'ann'), createStore(sb, 'ben')]
 * saved.change(Model.set('x', 1))
 * const loading = createReadStream(saved, { tail: false }).pipe(createWriteStream(loaded))
 * await new Promise((resolve) => loading.once('finish', resolve))
 * Model.toJSON(loaded.getReplica().state) // => { x: 1 }
 */
export const createReadStream: {
  <S, C>(store: Store<S, C>, options: StreamOptions & { readonly clock: true }): ScuttlebuttStream
  <S, C>(store: Store<S, C>, options?: StreamOptions): Emitting<Readable>
} = <S, C>(store: Store<S, C>, options: StreamOptions = {}): ScuttlebuttStream => {
  const sides = { readable: true, writable: options.clock === true }
  return new PeerStream(store, { ...options, readable: true, writable: false }, sides) as ScuttlebuttStream
}

/**
 * Takes lines and sends nothing: loads what {@link createReadStream}, or the original, saved. With
 * `sendClock: true` it is a Duplex that tells the peer what it has. Lines that are refused are
 * `rejection` events. Costs as `applyUpdates`.
 */
export const createWriteStream: {
  <S, C>(store: Store<S, C>, options: StreamOptions & { readonly sendClock: true }): ScuttlebuttStream
  <S, C>(store: Store<S, C>, options?: StreamOptions): Emitting<Writable>
} = <S, C>(store: Store<S, C>, options: StreamOptions = {}): ScuttlebuttStream => {
  const sides = { readable: options.sendClock === true, writable: true }
  return new PeerStream(store, { ...options, readable: false, writable: true }, sides) as ScuttlebuttStream
}

/** Small enough to yield, large enough to be cheap. */
const CHARACTERS_A_READ = 1 << 14

/** As for `new Duplex`: a side that is off ends by itself. */
interface Sides {
  readonly readable?: boolean
  readonly writable?: boolean
}

class PeerStream<S, C> extends Duplex {
  private readonly link: Link
  private readonly onlySends: boolean
  private wanted = false
  private pumping = false
  private source: unknown
  private sink: unknown

  constructor(store: Store<S, C>, { highWaterMark, ...options }: StreamOptions, sides: Sides = {}) {
    // strings stay strings, because only the line decoder joins the halves of a surrogate pair
    super({ ...sides, ...(highWaterMark === undefined ? {} : { highWaterMark }), decodeStrings: false })
    const events: LinkEvents = {
      announce: (announcement) => {
        this.announce(announcement)
      },
      wake: () => {
        this.pump()
      },
      silent: () => {
        this.destroy()
      },
    }
    this.onlySends = sides.writable === false
    this.link = createLink(store, options, events)
    this.on('pipe', (source: Readable) => {
      this.joinSource(source)
    })
    // nobody reads a side that sends nothing, yet the stream closes only after that side ends
    if (options.readable === false && options.sendClock !== true) this.resume()
  }

  override _read(): void {
    this.wanted = true
    this.pump()
  }

  override _write(chunk: Uint8Array | string, encoding: BufferEncoding, done: () => void): void {
    const isForeign = typeof chunk === 'string' && encoding !== 'utf8' && encoding !== 'utf-8'
    after(this.link.write(isForeign ? Buffer.from(chunk, encoding) : chunk), done)
  }

  override _final(done: () => void): void {
    after(this.link.end(), done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.link.close()
    done(error)
  }

  /** Ends a stream that only sends, too: all that the store has by now is still sent. */
  override end(...given: unknown[]): this {
    if (!this.onlySends) return super.end(...(given as []))
    after(this.link.end(), () => {
      this.pump()
    })
    return this
  }

  override pipe<Sink extends NodeJS.WritableStream>(sink: Sink, options?: { readonly end?: boolean }): Sink {
    if (this.sink !== undefined && this.sink !== sink) throw twoPeers()
    this.sink = sink
    sink.once('close', () => {
      if (!this.readableEnded) this.destroy()
    })
    return super.pipe(sink, options)
  }

  status(): Status {
    return this.link.status()
  }

  private joinSource(source: Readable): void {
    if (this.source !== undefined && this.source !== source) throw twoPeers()
    this.source = source
    source.once('close', () => {
      if (!source.readableEnded) this.destroy()
    })
  }

  /**
   * Reads from the link while the reader wants more. Not reentrant, as a listener may write midway.
   */
  private pump(): void {
    if (this.pumping) return
    this.pumping = true
    while (this.wanted && !this.destroyed) {
      const text = this.link.read(CHARACTERS_A_READ)
      if (text === '') break
      this.wanted = this.push(text ?? null) && text !== undefined
    }
    this.pumping = false
  }

  private announce(announcement: Announcement): void {
    switch (announcement._tag) {
      case 'header':
        this.emit('header', announcement.header)
        break
      case 'rejection':
        this.emit('rejection', announcement.rejection)
        break
      case 'refused':
        this.emit('refused', announcement.refusals)
        break
      default:
        this.emit(announcement._tag)
    }
  }
}

/** Calls when the link is ready for more: at once, if it gives nothing to wait for. */
const after = (ready: Promise<void> | undefined, call: () => void): void => {
  if (ready === undefined) call()
  else void ready.then(call)
}

const twoPeers = (): TypeError =>
  new TypeError('a scuttlebutt stream is for one peer: it is piped already; call createStream once for each peer')
