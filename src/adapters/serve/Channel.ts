/** One document on one socket: a link, between a store's hub and the frames of the socket. */
import type { Digest } from '../../core/Digest.js'
import type { Refused } from '../connect/frames.js'
import { createLink, type Announcement, type Link, type LinkOptions } from '../Link.js'
import type { Store } from '../store.js'
import { portOf, withPort } from '../store/Port.js'
import type { Hub, Outlet } from './Hub.js'

/** What a channel needs of its socket. */
export interface Carrier {
  /** Sends lines of a document. */
  readonly send: (document: string, text: string) => void
  /** How much may be read for the peer now; at most 0: wait, and `wake` when there is room. */
  readonly room: (channel: Channel) => number
  /** So many characters wait for the store, or for less than nothing, no longer do. */
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
  /** Refuses the peer by its header. Undefined: nobody is refused. */
  readonly refusal?: (header: Digest) => Refused | undefined
}

/** What one call reads of the link. */
const CHARACTERS_A_READ = 1 << 16

export class Channel implements Outlet {
  readonly document: string
  private readonly carrier: Carrier
  private opened: Opened | undefined
  private inner: Link | undefined
  private queue: string[] = []
  /** The link has not taken the last text yet. */
  private isBusy = false
  private isOver = false
  /** Whether the peer's header was judged, if it is to be. */
  private isWelcome = true

  constructor(document: string, carrier: Carrier) {
    this.document = document
    this.carrier = carrier
  }

  get hasLink(): boolean {
    return this.inner !== undefined
  }

  /** Begins to speak. What came from the peer by now is heard. */
  open(opened: Opened): void {
    if (this.isOver) return
    const { hub, refusal } = opened
    this.opened = opened
    this.isWelcome = refusal === undefined
    const events = {
      announce: (announcement: Announcement) => {
        this.announce(announcement)
      },
      wake: () => {
        hub.wake(this)
      },
      silent: () => undefined,
    }
    const store = this.isWelcome ? opened.store : this.guarded(opened.store)
    this.inner = createLink(store, opened.link, events)
    hub.links++
    hub.wake(this)
    void this.drain()
  }

  /** Takes lines from the peer. Never throws. */
  receive(text: string): void {
    if (this.isOver) return
    this.queue.push(text)
    this.carrier.queue(text.length)
    if (this.inner !== undefined && !this.isBusy) void this.drain()
  }

  read(): string {
    const room = this.isOver ? 0 : this.carrier.room(this)
    if (room <= 0 || this.inner === undefined) return ''
    const size = Math.min(room, CHARACTERS_A_READ)
    const text = this.inner.read(size)
    if (text === undefined) this.carrier.end(this)
    // there may be more
    else if (text.length >= size) this.wake()
    return text ?? ''
  }

  send(text: string): void {
    if (!this.isOver) this.carrier.send(this.document, text)
  }

  wake(): void {
    if (!this.isOver) this.opened?.hub.wake(this)
  }

  /** Lets go of the store. After that every call does nothing. */
  close(): void {
    if (this.isOver) return
    this.isOver = true
    for (const text of this.queue) this.carrier.queue(-text.length)
    this.queue = []
    if (this.inner === undefined) return
    this.inner.close()
    if (this.opened !== undefined) this.opened.hub.links--
  }

  /** Gives the link what waits, one text after the other. */
  private async drain(): Promise<void> {
    this.isBusy = true
    try {
      for (let text = this.queue.shift(); text !== undefined; text = this.queue.shift()) {
        this.carrier.queue(-text.length)
        for (const piece of this.isWelcome ? [text] : linesOf(text)) {
          const taking = this.inner?.write(piece)
          if (taking !== undefined) await taking
        }
      }
    } catch (error) {
      this.carrier.failed(error)
      this.carrier.end(this)
    }
    this.isBusy = false
  }

  private announce(announcement: Announcement): void {
    if (announcement._tag === 'header' && !this.isWelcome) {
      const refusal = this.opened?.refusal?.(announcement.header)
      if (refusal === undefined) this.isWelcome = true
      else this.carrier.end(this, refusal)
    }
    if (announcement._tag === 'rejection' && announcement.rejection._tag === 'OtherType') {
      const { _tag, name, version } = announcement.rejection
      this.carrier.end(this, { _tag, name: name.slice(0, 100), ...(version !== undefined && { version }) })
    }
  }

  /** The store, which takes nothing of the peer before its header was judged. */
  private guarded(store: Store<unknown, unknown>): Store<unknown, unknown> {
    const port = portOf(store)
    const receive: typeof port.receive = (...given) => {
      if (this.isWelcome) return port.receive(...given)
      this.carrier.end(this, { _tag: 'Unauthorized' })
      return undefined
    }
    return withPort(store, { ...port, receive })
  }
}

/** A text cut after each line end: a header is to be judged before what follows it. */
const linesOf = (text: string): ReadonlyArray<string> => text.split(/(?<=\n)/)
