/** Joins a store and one peer by a session: the common part of streams, connections and servers. */
import { left } from '../core/Either.js'
import * as Prefix from '../core/Prefix.js'
import { failed } from '../core/receive.js'
import type { either as E } from 'fp-ts'
import type { Batch } from '../core/Arrivals.js'
import type { Digest } from '../core/Digest.js'
import type { Update } from '../core/Update.js'
import type { Rejection } from '../scuttlebutt.js'
import { tooFar } from '../wire/decode.js'
import * as format from '../wire/lines/format.js'
import * as Lines from '../wire/lines/Lines.js'
import { MAX_DRIFT, MAX_LINE, type Policy } from '../wire/Policy.js'
import * as Session from '../wire/Session.js'
import type { Refusal, WireMessage } from '../wire/WireMessage.js'
import { carry, type Carrier } from './presence/carry.js'
import type { PresencePort } from './presence/Port.js'
import type { Store } from './store.js'
import { notify } from './store/Cell.js'
import { portOf, type Port, type Tell } from './store/Port.js'

/** What happened, for listeners. */
export type Announcement = Session.Announcement<Rejection>

export interface LinkOptions extends Session.Options {
  /**
   * The limits for the peer. Default: lines of 1 MiB, timestamps up to a day ahead of our clock.
   */
  readonly policy?: Omit<Policy, 'now'>
  /** The wall clock, in ms. Default `Date.now`. */
  readonly now?: () => number
  /** With `security`: the peer's word counts for two. Default false. */
  readonly trusted?: boolean
  /** Close when the peer has said nothing for so many ms. Default: never. */
  readonly timeout?: number
  /**
   * Judges the peer by its header, before anything of it is taken or told. A `Left` ends the talk,
   * as do updates that come before a header.
   */
  readonly onPeer?: (header: Digest) => E.Either<unknown, unknown>
  /** Who else is here, told beside the session: see `scuttlebutt-ts/presence`. */
  readonly presence?: PresencePort | undefined
  /** The most others that the peer may bring to `presence`. Default: as many as that takes. */
  readonly presences?: number
}

/** What a link tells its adapter. */
export interface LinkEvents {
  readonly announce: (announcement: Announcement) => void
  /** There may be something to {@link Link.read}. */
  readonly wake: () => void
  /** The peer was silent for too long. */
  readonly silent: () => void
}

export interface Link {
  /**
   * Receives bytes from the peer. Never throws. If it gives a promise, call it again only after
   * that.
   */
  readonly write: (chunk: Uint8Array | string) => Promise<void> | undefined
  /** The peer will write no more. Gives a promise as `write` does. */
  readonly end: () => Promise<void> | undefined
  /**
   * About `size` characters of lines for the peer. Empty: nothing for now; undefined: never again.
   */
  readonly read: (size: number) => string | undefined
  /** How the link stands. O(s), and O(d log u) for d updates to be told. */
  readonly status: () => Status
  /** Unsubscribes from the store. After that every call does nothing. */
  readonly close: () => void
}

/** How a link stands. Offline: it was closed, and had not failed. */
export interface Status extends Omit<Session.Status, 'phase'> {
  readonly phase: Session.Status['phase'] | 'offline'
}

/** The messages of one call of the session. A read may exceed its size by as many. */
const MESSAGES_A_READ = 64

/** After these refusals, the source's later updates are held back: see {@link Prefix}. */
const STOPS: ReadonlySet<Rejection['_tag']> = new Set(['Unsigned', 'Forged', 'NoKey', 'HeldBack'])

/** Lines that say something of a replica. The header comes first. */
const TELLING: ReadonlySet<WireMessage<never>['_tag']> = new Set(['Header', 'Update', 'Unread'])

/** With more stopped sources than this, the session fails. */
const MAX_STOPPED = 1000

export const createLink = <S, C>(store: Store<S, C>, options: LinkOptions, events: LinkEvents): Link =>
  new PeerLink(store, options, events)

class PeerLink<S, C> implements Link {
  readonly #store: Store<S, C>
  readonly #port: Port<S, C>
  readonly #events: LinkEvents
  readonly #policy: Policy & { readonly maxBytes: number }
  readonly #now: () => number
  readonly #isTrusted: boolean
  readonly #onPeer: LinkOptions['onPeer']
  readonly #decode: ReturnType<typeof format.decode<S, C>>
  readonly #encode: ReturnType<typeof format.encode<S, C>>
  readonly #unsubscribe: () => void
  readonly #watch: Deadline
  readonly #presence: Carrier | undefined
  #session: Session.Session<C>
  #lines = Lines.empty
  #stopped = Prefix.empty
  #isClosed = false
  /** The store waits for verdicts on the peer's updates. Until then there is nothing to read. */
  #isReceiving = false

  constructor(store: Store<S, C>, options: LinkOptions, events: LinkEvents) {
    const { dataType } = store.scuttlebutt
    this.#store = store
    this.#port = portOf(store)
    this.#events = events
    // an option that is there without a value gets the default too
    const { maxBytes = MAX_LINE, maxDrift = MAX_DRIFT, ...limits } = options.policy ?? {}
    this.#policy = { ...limits, maxBytes, maxDrift }
    this.#now = options.now ?? Date.now
    this.#isTrusted = options.trusted === true
    this.#onPeer = options.onPeer
    this.#decode = format.decode(dataType)
    this.#encode = format.encode(dataType)
    this.#session = Session.open<C>({ kind: dataType, ...options })
    const unsubscribe = store.subscribe(() => {
      if (!this.#isClosed) events.wake()
    })
    const unhear = this.#port.onRefused((refusals) => {
      this.#pass(refusals)
    })
    const unsubscribeBoth = (): void => {
      unsubscribe()
      unhear()
    }
    this.#unsubscribe = unsubscribeBoth
    this.#presence =
      options.presence &&
      carry(options.presence, options.presences, () => {
        if (!this.#isClosed) events.wake()
      })
    this.#watch = deadline(options.timeout, () => {
      this.#refuse({ _tag: 'Silent', at: '', timeout: options.timeout ?? 0 })
      events.silent()
    })
  }

  write(chunk: Uint8Array | string): Promise<void> | undefined {
    if (this.#isClosed) return undefined
    this.#watch.postpone()
    const [complete, rest] = Lines.push(chunk, this.#policy.maxBytes)(this.#lines)
    this.#lines = rest
    if (complete.length === 0) return undefined
    const hearing = this.#hear(complete)
    this.#presenceNow()?.hear(complete)
    return hearing
  }

  end(): Promise<void> | undefined {
    if (this.#isClosed) return undefined
    this.#watch.cancel()
    const last = Lines.end(this.#lines, this.#policy.maxBytes)
    this.#lines = Lines.empty
    this.#session = Session.peerEnds(this.#session)
    return this.#hear(last)
  }

  read(size: number): string | undefined {
    if (this.#isClosed) return undefined
    if (this.#isReceiving) return ''
    let text = ''
    while (text.length < size) {
      const sent = Session.send<C>(MESSAGES_A_READ, this.#port.past())(this.#session, this.#port.getReplica())
      this.#session = sent.session
      text += this.#linesOf(sent.send)
      // before it says what it is, it may be an original
      if (!this.#session.hearing.isOurs) this.#port.told(sent.send.flatMap(updateOf), this.#session.peer?.clock)
      this.#announce(sent.announce)
      if (sent.send.length === 0) break
    }
    if (text === '' && Session.isDone(this.#session)) return undefined
    // after the header, by which the peer tells who speaks
    return text + (this.#presenceNow()?.take() ?? '')
  }

  /** A peer that may be refused by its header says and hears nothing of others before that. */
  #presenceNow(): Carrier | undefined {
    const { failed, peer } = this.#session
    const isWelcome = !failed && (this.#onPeer === undefined || peer !== undefined)
    return isWelcome && !this.#isClosed ? this.#presence : undefined
  }

  status(): Status {
    const status = Session.status(this.#session, this.#port.getReplica())
    return this.#isClosed && status.phase !== 'failed' ? { ...status, phase: 'offline' } : status
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#presence?.close()
    this.#unsubscribe()
    this.#watch.cancel()
    this.#lines = Lines.empty
  }

  /** Whatever throws fails the session alone: a codec may not know a value that is held. */
  #linesOf(messages: ReadonlyArray<WireMessage<C>>): string {
    try {
      return messages.map((message) => this.#encode(message)).join('')
    } catch (error) {
      this.#refuseFromPeer(failed(error))
      return ''
    }
  }

  #hear(lines: ReadonlyArray<Lines.Line>): Promise<void> | undefined {
    const policy = { ...this.#policy, now: this.#now() }
    const decodeLine = this.#decode(policy)
    const far = tooFar(this.#store.scuttlebutt.dataType, policy)
    const messages = lines.map((line) => {
      if (line._tag === 'Right') return decodeLine(line.right)
      const stamp = Lines.stampIn(line.left.tail)
      // the session reads the stamp from the tail: without one, no clock moves up to it
      return stamp && far([null, stamp.timestamp, stamp.source]) ? left({ ...line.left, tail: '' }) : line
    })
    if (!this.#isWelcome(messages)) {
      this.#session = Session.fail(this.#session)
      this.#refuse({ _tag: 'Unauthorized', at: '', reason: 'onPeer refused the peer', update: undefined })
      this.#events.wake()
      return undefined
    }
    const { dataType } = this.#store.scuttlebutt
    const heard = Session.receive(dataType)(messages)(this.#session, this.#port.getReplica())
    this.#session = heard.session
    const receiving = this.#receive(heard.brought)
    this.#isReceiving = receiving !== undefined
    const finish = (): void => {
      this.#isReceiving = false
      this.#announce(heard.announce)
      if (!this.#isClosed) this.#events.wake()
    }
    if (receiving !== undefined) return receiving.then(finish)
    finish()
    return undefined
  }

  /** Whether `onPeer` takes the peer whose lines these are. One that throws refuses it. */
  #isWelcome(messages: ReadonlyArray<E.Either<unknown, WireMessage<C>>>): boolean {
    if (this.#onPeer === undefined || this.#session.peer !== undefined) return true
    const first = messages.find((one) => one._tag === 'Right' && TELLING.has(one.right._tag))
    if (first?._tag !== 'Right') return true
    if (first.right._tag !== 'Header') return false
    try {
      return this.#onPeer(first.right.header)._tag === 'Right'
    } catch {
      return false
    }
  }

  /** Gives the store what the peer brought, one batch after the other. */
  #receive([first, ...others]: ReadonlyArray<Session.Brought<C>>): Promise<void> | undefined {
    if (first === undefined) return undefined
    const receiving = this.#receiveOne(first)
    return receiving === undefined ? this.#receive(others) : receiving.then(() => this.#receive(others))
  }

  /** Whatever throws on the way fails the session alone. */
  #receiveOne({ batch, vouching }: Session.Brought<C>): Promise<void> | undefined {
    const fail = (error: unknown): void => {
      this.#refuseFromPeer(failed(error))
    }
    try {
      // a batch before this one may have been refused
      const { hasRefused } = this.#session.hearing
      const peer = { id: this.#session.peer?.id ?? '', isTrusted: this.#isTrusted }
      const believed = hasRefused ? 'nobody' : vouching
      return this.#port.receive(this.#allowed(batch), believed, this.#refuseFromPeer, peer)?.catch(fail)
    } catch (error) {
      fail(error)
      return undefined
    }
  }

  /** The batch without updates of stopped sources, which are refused. */
  #allowed(batch: Batch<C>): Batch<C> {
    if (Prefix.size(this.#stopped) === 0) return batch
    const isAllowed = (update: Update<unknown>): boolean => {
      const heldBack = Prefix.heldBack(update)(this.#stopped)
      if (heldBack !== undefined) this.#refuse(heldBack)
      return heldBack === undefined
    }
    return { ...batch, updates: batch.updates.filter(isAllowed), unread: (batch.unread ?? []).filter(isAllowed) }
  }

  /** One function for all updates of this peer: the gate tells peers apart by it. */
  readonly #refuseFromPeer: Tell = (rejection) => {
    if (rejection._tag === 'Stranger' && this.#session.lost.estranged) return
    this.#session = Session.told(rejection)(this.#session)
    if (STOPS.has(rejection._tag) && 'update' in rejection) {
      this.#stopped = Prefix.stop(rejection.update as Update<unknown>)(this.#stopped)
    }
    const isHopeless = rejection._tag === 'Failed' || Prefix.size(this.#stopped) > MAX_STOPPED
    if (isHopeless) this.#session = Session.fail(this.#session)
    this.#refuse(rejection)
  }

  #refuse(rejection: Rejection): void {
    this.#announce([{ _tag: 'rejection', rejection }])
  }

  #announce(announcements: ReadonlyArray<Announcement>): void {
    for (const announcement of announcements) {
      if (announcement._tag === 'refused') this.#port.refused(announcement.refusals, this.#session.peer?.id)
      // a listener that throws must not stall the stream
      notify(this.#events.announce, announcement)
    }
  }

  /** Tells the peer of refusals of its updates that others have reported. */
  #pass(refusals: ReadonlyArray<Refusal>): void {
    const { peer } = this.#session
    const theirs = refusals.filter(([, source]) => source === peer?.id)
    if (theirs.length === 0 || this.#isClosed) return
    this.#session = Session.pass(theirs)(this.#session)
    this.#events.wake()
  }
}

const updateOf = (message: WireMessage<unknown>): ReadonlyArray<Update<unknown>> =>
  message._tag === 'Update' || message._tag === 'Unread' ? [message.update] : []

interface Deadline {
  readonly postpone: () => void
  readonly cancel: () => void
}

/** Calls once, `ms` after the last postponement; never, if `ms` is undefined. */
const deadline = (ms: number | undefined, call: () => void): Deadline => {
  const start = (): ReturnType<typeof setTimeout> | undefined => (ms === undefined ? undefined : setTimeout(call, ms))
  let timer = start()
  const cancel = (): void => {
    clearTimeout(timer)
  }
  return {
    cancel,
    postpone: () => {
      cancel()
      timer = start()
    },
  }
}
