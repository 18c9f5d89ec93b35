/** One document on one socket: a link, between a store's hub and the frames of the socket. */
import type { either as E } from 'fp-ts'
import type { Digest } from '../../core/Digest.js'
import { left, right } from '../../core/Either.js'
import type { Refused } from '../connect/frames.js'
import { createLink, type Announcement, type Link, type LinkOptions } from '../Link.js'
import type { Store } from '../store.js'
import type { Hub, Outlet } from './Hub.js'

/** What a channel needs of its socket. */
export interface ChannelHost {
  /** Sends lines of a document. */
  readonly send: (document: string, text: string) => void
  /** How much may be read for the peer now; at most 0: wait, and `wake` when there is room. */
  readonly room: (channel: Channel) => number
  /** Adds to the characters that were read for the peer and are not sent. Negative: takes away. */
  readonly reserve: (length: number) => void
  /** Adds to the characters that wait for a store. Negative: takes away. */
  readonly queue: (length: number) => void
  /** The channel is over: tells the peer. */
  readonly end: (channel: Channel, refusal?: Refused) => void
  readonly failed: (error: unknown) => void
}

/** A store for a peer, and how its link is to speak. */
export interface Opened {
  readonly store: Store<unknown, unknown>
  readonly hub: Hub
  readonly link: LinkOptions
  /** Why the peer is refused by its header, if it is. Without it nobody is. */
  readonly judge?: (header: Digest) => Refused | undefined
}

/** What one call reads of the link. */
const CHARACTERS_A_READ = 1 << 16

export class Channel implements Outlet {
  readonly document: string
  readonly #host: ChannelHost
  #opened: Opened | undefined
  #inner: Link | undefined
  #queue: string[] = []
  /** The link has not taken the last text yet. */
  #isBusy = false
  #isOver = false
  /** Why the peer is refused, by its header. */
  #refusal: Refused = { _tag: 'Unauthorized' }

  constructor(document: string, host: ChannelHost) {
    this.document = document
    this.#host = host
  }

  /** Begins to speak. What came from the peer by now is heard. */
  open(opened: Opened): void {
    if (this.#isOver) return
    const { hub, store, link, judge } = opened
    this.#opened = opened
    const events = {
      announce: (announcement: Announcement) => {
        this.#announce(announcement)
      },
      wake: () => {
        hub.wake(this)
      },
      silent: () => undefined,
    }
    const onPeer = (header: Digest): E.Either<Refused, unknown> => {
      const refusal = judge!(header)
      if (refusal === undefined) return right(undefined)
      this.#refusal = refusal
      return left(refusal)
    }
    this.#inner = createLink(store, { ...link, ...(judge && { onPeer }) }, events)
    hub.links++
    hub.wake(this)
    void this.#drain()
  }

  /** Takes lines from the peer. Never throws. */
  receive(text: string): void {
    if (this.#isOver) return
    this.#queue.push(text)
    this.#host.queue(text.length)
    if (this.#inner !== undefined && !this.#isBusy) void this.#drain()
  }

  read(): string {
    const room = this.#isOver ? 0 : this.#host.room(this)
    if (room <= 0 || this.#inner === undefined) return ''
    const size = Math.min(room, CHARACTERS_A_READ)
    const text = this.#inner.read(size)
    if (text === undefined) this.#host.end(this)
    // there may be more
    else if (text.length >= size) this.wake()
    if (text !== undefined) this.#host.reserve(text.length)
    return text ?? ''
  }

  send(text: string): void {
    this.#host.reserve(-text.length)
    if (!this.#isOver) this.#host.send(this.document, text)
  }

  wake(): void {
    if (!this.#isOver) this.#opened?.hub.wake(this)
  }

  /** Lets go of the store. After that every call does nothing. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const text of this.#queue) this.#host.queue(-text.length)
    this.#queue = []
    if (this.#inner === undefined) return
    this.#inner.close()
    if (this.#opened !== undefined) this.#opened.hub.links--
  }

  /** Gives the link what waits, one text after the other. */
  async #drain(): Promise<void> {
    this.#isBusy = true
    try {
      for (let text = this.#queue.shift(); text !== undefined; text = this.#queue.shift()) {
        this.#host.queue(-text.length)
        const taking = this.#inner?.write(text)
        if (taking !== undefined) await taking
      }
    } catch (error) {
      this.#host.failed(error)
      this.#host.end(this)
    }
    this.#isBusy = false
  }

  #announce(announcement: Announcement): void {
    if (announcement._tag !== 'rejection') return
    const { rejection } = announcement
    // with an update it is the store's word on that update
    if (rejection._tag === 'Unauthorized' && rejection.update === undefined) this.#host.end(this, this.#refusal)
    if (rejection._tag === 'OtherType') {
      const { _tag, name, version } = rejection
      this.#host.end(this, { _tag, name: name.slice(0, 100), ...(version !== undefined && { version }) })
    }
  }
}
