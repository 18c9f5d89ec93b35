/** One connection of a wire, from the call of `open` until it closes. */
import type { Rejection } from '../../scuttlebutt.js'
import type { Announcement } from '../Link.js'
import type { Store } from '../store.js'
import { refusalBy, type ConnectOptions } from './Connection.js'
import { createLink, type Link } from './createLink.js'
import { MAX_PIECE, type Refused } from './frames.js'
import type { Clockwork } from './pace.js'
import type { Closing, Wire, WireEvents, WireTransport } from './Transport.js'

/** The link is not read while so much waits in the wire: it waits in the store, at no cost. */
const MAX_BUFFERED = 1 << 18

/** So many characters may wait for the store's verdicts, if the transport does not wait. */
export const MAX_UNHEARD = 4 << 20

/** The ms between two looks at a wire that is full. */
const LOOK = 50

/** What time may mend: who refused it meets the peer anew. */
const MENDED: ReadonlySet<string> = new Set([
  ...['TooFarAhead', 'TooMany', 'NoKey', 'HeldBack', 'Crowded'],
  // a line was damaged
  ...['InvalidJson', 'InvalidUpdate', 'InvalidTimestamp'],
])

/** The bounds of the wait until a stamp that is too far ahead falls due, in ms. */
const [LONGEST_DUE, SHORTEST_DUE] = [600_000, 1000]

/** How a talk ended. */
export interface Ended extends Closing {
  /** The two meet anew at once, as something was refused that time may mend. */
  readonly isAnew?: boolean
  /** No later try can mend it. */
  readonly isFinal?: boolean
}

export interface TalkEvents {
  readonly announce: (announcement: Announcement) => void
  /** The status may be another one. */
  readonly changed: () => void
  /** Called once. */
  readonly over: (ended: Ended) => void
}

export class Talk<S, C> {
  readonly link: Link
  /** The peer's header came. */
  isMet = false
  isOpen = false
  readonly #wire: Wire
  readonly #clock: Clockwork
  readonly #events: TalkEvents
  /** Ms until the two meet anew, if something was refused that time may mend. */
  readonly #anewAfter: number
  #pending = ''
  #unheard: string[] = []
  #unheardLength = 0
  #isTaking = false
  #taking: Promise<void> | undefined
  #isPumping = false
  #isOver = false
  #failure: Refused | undefined
  #received = 0
  #heardBefore = 0
  #quiet = 0
  #met = 0
  #hasSent = false
  readonly #timers = new Map<'look' | 'tick' | 'anew', () => void>()

  constructor(
    store: Store<S, C>,
    transport: WireTransport,
    options: ConnectOptions,
    clock: Clockwork,
    anewAfter: number,
    events: TalkEvents,
  ) {
    this.#clock = clock
    this.#events = events
    this.#anewAfter = anewAfter
    const { meta, policy, trusted, now, presence } = options
    this.link = createLink(store, {
      ...(meta !== undefined && { meta }),
      ...(policy && { policy }),
      ...(trusted !== undefined && { trusted }),
      ...(now && { now }),
      ...(presence && { presence }),
      ...(options.onPeer && { onPeer: this.#judge(options.onPeer) }),
      announce: (announcement) => {
        this.#heardOf(announcement)
      },
    })
    this.link.onWake(() => {
      this.#pump()
      events.changed()
    })
    this.#wire = this.#openWire(transport, {
      opened: () => {
        this.isOpen = true
        this.#pump()
        events.changed()
      },
      received: (text) => this.#hear(text),
      drained: () => {
        this.#pump()
      },
      closed: (closing = {}) => {
        this.end(closing)
      },
    })
    this.#tick()
  }

  /** Lets go of the store if the transport throws. */
  #openWire(transport: WireTransport, events: WireEvents): Wire {
    try {
      return transport.open(events)
    } catch (error) {
      this.link.close()
      throw error
    }
  }

  /** Ends it: later events do nothing. */
  end(ended: Ended, told?: Refused): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const cancel of this.#timers.values()) cancel()
    this.#unheard = []
    this.#pending = ''
    this.link.close()
    this.#wire.close(told)
    this.#events.over(ended)
  }

  /** Keeps why the peer is refused. */
  #judge(onPeer: NonNullable<ConnectOptions['onPeer']>): typeof onPeer {
    return (header) => {
      const judged = onPeer(header)
      if (judged._tag === 'Left') this.#failure = refusalBy(judged.left)
      return judged
    }
  }

  #heardOf(announcement: Announcement): void {
    if (announcement._tag === 'header') this.isMet = true
    if (announcement._tag === 'rejection') this.#refused(announcement.rejection)
    if (announcement._tag === 'refused' && announcement.refusals.some(([, , reason]) => MENDED.has(reason))) {
      this.#meetAnew(this.#anewAfter)
    }
    this.#events.announce(announcement)
    this.#events.changed()
  }

  #refused(rejection: Rejection): void {
    if (rejection._tag === 'OtherType') this.#failure = { ...rejection }
    else if (rejection._tag === 'Unauthorized' && !this.isMet) this.#failure ??= refusalBy(rejection)
    if (rejection._tag === 'TooFarAhead') {
      const due = rejection.timestamp - rejection.now - rejection.maxDrift
      this.#meetAnew(Math.min(Math.max(due, SHORTEST_DUE), LONGEST_DUE))
    } else if (MENDED.has(rejection._tag)) this.#meetAnew(this.#anewAfter)
  }

  #meetAnew(ms: number): void {
    this.#timer('anew', ms, () => {
      this.end({ isAnew: true })
    })
  }

  /** Takes a piece, each after the one before. */
  #hear(text: string): Promise<void> | undefined {
    this.#received++
    if (text === '' || this.#isOver) return undefined
    this.#unheard.push(text)
    this.#unheardLength += text.length
    if (this.#unheardLength > MAX_UNHEARD) this.end({ refusal: { _tag: 'Overrun', limit: MAX_UNHEARD } })
    else if (!this.#isTaking) {
      this.#isTaking = true
      this.#taking = this.#take()
    }
    return this.#taking
  }

  #take(): Promise<void> | undefined {
    while (this.#unheard.length > 0) {
      const text = this.#unheard.shift()!
      this.#unheardLength -= text.length
      const writing = this.link.write(text)
      if (writing !== undefined) return writing.then(() => this.#take())
    }
    this.#isTaking = false
    this.#taking = undefined
    return undefined
  }

  /** Sends as fast as the wire takes it. Not reentrant: a listener may write midway. */
  #pump(): void {
    if (this.#isPumping || !this.isOpen) return
    this.#isPumping = true
    while (!this.#isOver && this.#wire.buffered() < MAX_BUFFERED) {
      const text = this.#pending === '' ? this.link.read() : this.#pending
      if (text === undefined) {
        const told = this.#failure && (this.#failure._tag === 'OtherType' ? this.#failure : { _tag: 'Unauthorized' })
        this.end(this.#failure === undefined ? {} : { refusal: this.#failure, isFinal: true }, told)
      }
      if (text === undefined || text === '') break
      this.#pending = text.slice(MAX_PIECE)
      this.#hasSent = true
      this.#wire.send(text.slice(0, MAX_PIECE))
    }
    this.#isPumping = false
    if (this.#isOver || this.#wire.buffered() < MAX_BUFFERED || this.#timers.has('look')) return
    this.#timer('look', LOOK, () => {
      this.#pump()
    })
  }

  /** Sends a heartbeat if nothing else was sent, and sees whether the peer lives. */
  #tick(): void {
    const { heartbeat, silence } = this.#clock
    this.#timer('tick', heartbeat, () => {
      const heard = this.#wire.heard?.() ?? this.#received
      this.#quiet = heard === this.#heardBefore ? this.#quiet + heartbeat : 0
      this.#met = this.isMet ? 0 : this.#met + heartbeat
      this.#heardBefore = heard
      if (this.#quiet >= silence || this.#met >= silence) {
        this.end({})
        return
      }
      if (this.isOpen && !this.#hasSent && this.#wire.buffered() < MAX_BUFFERED) this.#wire.send('')
      this.#hasSent = false
      this.#tick()
    })
  }

  /** A timer of each name runs at most once at a time. */
  #timer(name: 'look' | 'tick' | 'anew', ms: number, call: () => void): void {
    if (this.#isOver || this.#timers.has(name)) return
    const cancel = this.#clock.after(ms, () => {
      this.#timers.delete(name)
      if (!this.#isOver) call()
    })
    this.#timers.set(name, cancel)
  }
}
