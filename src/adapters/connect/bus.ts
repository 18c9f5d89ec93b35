/**
 * A connection to many peers on one bus.
 *
 * A message is `{ from, type, message }`, with `to` if it answers one peer; `{ from, gone: true }`
 * when a peer leaves. `from` is a name that a connection makes up; `type` is the data type.
 *
 * Every peer takes every message, also one for another peer: a message claims nothing that its
 * receiver was not told. A peer answers a message to itself at once. It answers a message to all
 * after a random wait, unless another peer answers first. A peer that got something asks again,
 * until nobody answers.
 */
import * as Clock from '../../core/Clock.js'
import { isRound, type Message } from '../../core/reconcile.js'
import type { Replica } from '../../core/Replica.js'
import type { Rejection } from '../../scuttlebutt.js'
import { notify } from '../store/Cell.js'
import type { Store } from '../store.js'
import { createBell, judge, type Connection, type ConnectOptions, type Status } from './Connection.js'
import type { Refused } from './frames.js'
import { countSince, createIntake, pushOf, type Intake } from './messages.js'
import { clockworkOf, type Clockwork } from './pace.js'
import { typeOf, type Bus, type BusTransport } from './Transport.js'

/** The longest wait before an answer to what went to all, in ms. Others may answer meanwhile. */
const SPREAD = 20

/** The wait before one who was brought something asks again, in ms. */
const SETTLE = 100

/** A peer that was not heard for so many beats is gone. */
const BEATS = 3

/** More peers are not heard, and more messages do not wait: they are lost, which does no harm. */
const [MAX_PEERS, MAX_WAITING] = [10_000, 1000]

/** The longest name of a peer. */
const MAX_NAME = 64

interface Peer {
  /** Beats since it was heard. */
  quiet: number
  /** Neither has anything left to say. */
  isDone: boolean
  /** Its clock when it last told all that it has. What we lack of that was superseded. */
  claimed: Clock.Clock
  /** A message of it was taken. Only then it counts as a peer. */
  isMet: boolean
  /** A message under its name was refused, and `onRefusal` knows it. */
  wasRefused: boolean
  /** Ends the wait for an answer to it. */
  cancelAnswer: (() => void) | undefined
}

interface Said {
  readonly from: string
  readonly to?: unknown
  readonly type?: unknown
  readonly gone?: unknown
  readonly message?: unknown
}

export class BusConnection<S, C> implements Connection {
  readonly subscribe: Connection['subscribe']
  readonly #store: Store<S, C>
  readonly #options: ConnectOptions
  readonly #clock: Clockwork
  readonly #intake: Intake<C>
  readonly #bell = createBell()
  readonly #ends: ReadonlyArray<() => void>
  readonly #name: string
  readonly #type: string
  readonly #bus: Bus
  readonly #peers = new Map<string, Peer>()
  readonly #waiting: Said[] = []
  #isTaking = false
  #isClosed = false
  #isPushing = false
  #cancelBeat: () => void = () => undefined
  #cancelAsk: (() => void) | undefined
  /** The version that all were told of. */
  #pushed: Replica<S, C>
  /** The version that a living peer was told of. */
  #told: Replica<S, C> | undefined
  #hasRefused = false

  constructor(store: Store<S, C>, transport: BusTransport, options: ConnectOptions) {
    this.#store = store
    this.#options = options
    this.#clock = clockworkOf(options)
    this.subscribe = this.#bell.subscribe
    this.#name = nameBy(this.#clock.random)
    this.#type = typeOf(store.scuttlebutt.dataType)
    this.#intake = createIntake(store, options, (rejection) => {
      this.#refuse(rejection)
    })
    this.#pushed = store.getReplica()
    this.#bus = transport.open((message) => {
      this.#hear(message)
    })
    this.#ends = [
      store.subscribe((updates, replica, before) => {
        this.#changed(updates.length > 0 && this.#intake.isBrought(updates), replica, before)
      }),
    ]
    this.#ask()
    this.#beat()
  }

  status(): Status {
    const peers = [...this.#peers.values()].filter(({ isMet }) => isMet)
    const phase = peers.length === 0 ? 'connecting' : peers.every(({ isDone }) => isDone) ? 'synced' : 'syncing'
    return {
      phase: this.#isClosed ? 'offline' : phase,
      unsent: countSince(this.#told, this.#store.getReplica()),
      refused: this.#hasRefused,
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#push(this.#store.getReplica())
    this.#bus.send({ from: this.#name, gone: true })
    this.#isClosed = true
    for (const end of this.#ends) end()
    this.#cancelBeat()
    this.#cancelAsk?.()
    for (const { cancelAnswer } of this.#peers.values()) cancelAnswer?.()
    this.#bus.close()
    this.#bell.ring()
  }

  /** The store has changed. What the bus brought is not told again. */
  #changed(isBrought: boolean, replica: Replica<S, C>, before: Replica<S, C>): void {
    this.#bell.ring()
    if (isBrought) {
      this.#push(before)
      this.#keep(replica)
      return
    }
    if (this.#isPushing) return
    this.#isPushing = true
    // once for all that is written in one turn
    queueMicrotask(() => {
      this.#isPushing = false
      this.#push(this.#store.getReplica())
    })
  }

  /** All is told up to a version. */
  #keep(replica: Replica<S, C>): void {
    this.#pushed = replica
    if (this.#isHeard()) this.#told = replica
  }

  #isHeard(): boolean {
    for (const { isMet } of this.#peers.values()) if (isMet) return true
    return false
  }

  #push(replica: Replica<S, C>): void {
    if (this.#isClosed || replica === this.#pushed) return
    const message = pushOf(this.#store, this.#pushed, replica)
    this.#keep(replica)
    if (message !== undefined) this.#send(message)
  }

  #send(message: unknown, to?: string): void {
    this.#bus.send({ from: this.#name, ...(to !== undefined && { to }), type: this.#type, message })
  }

  /** Asks everybody for what we lack. */
  #ask(): void {
    const { open, encodeMessage } = this.#store.scuttlebutt
    this.#send(encodeMessage(open(this.#store.getReplica())))
  }

  /** Now and then all say what they have: then what was lost is found. */
  #beat(): void {
    const { heartbeat, random, after } = this.#clock
    this.#cancelBeat = after(heartbeat * (0.5 + random()), () => {
      for (const [from, peer] of this.#peers) if (++peer.quiet > BEATS) this.#forget(from)
      this.#hasRefused = false
      this.#ask()
      this.#beat()
    })
  }

  #forget(from: string): void {
    this.#peers.get(from)?.cancelAnswer?.()
    this.#peers.delete(from)
    this.#bell.ring()
  }

  #hear(data: unknown): void {
    if (this.#isClosed || !isSaid(data) || data.from === this.#name) return
    if (data.gone === true) {
      this.#forget(data.from)
      return
    }
    if (this.#waiting.length >= MAX_WAITING) return
    this.#waiting.push(data)
    if (!this.#isTaking) void this.#takeAll()
  }

  /** Takes the messages one after the other: verdicts take time. */
  async #takeAll(): Promise<void> {
    this.#isTaking = true
    for (let said = this.#waiting.shift(); said !== undefined && !this.#isClosed; said = this.#waiting.shift()) {
      await this.#take(said)
    }
    this.#isTaking = false
  }

  async #take({ from, to, type, message: json }: Said): Promise<void> {
    // anybody may use any name: a message that is refused says nothing of the others of that name
    if (type !== undefined && type !== this.#type) {
      this.#drop(from, { _tag: 'OtherType', type })
      return
    }
    const message = this.#intake.decode(json)
    if (message === undefined) return
    const refusal = judge(this.#options.onPeer, message.digest)
    if (refusal !== undefined) {
      this.#drop(from, refusal)
      return
    }
    const peer = this.#peerOf(from)
    if (peer === undefined) return
    const isNew = !peer.isMet
    peer.isMet = true
    peer.quiet = 0
    const before = this.#store.getReplica()
    const answer = await this.#intake.take(message)
    if (this.#isClosed) return
    if (typeof to === 'string') this.#overhear(to)
    // others may be able to bring more
    if (message.since !== undefined && this.#store.getReplica() !== before) this.#askSoon()
    const { more } = answer._tag === 'Some' ? answer.value : {}
    if (isRound(message, before)) peer.claimed = Clock.fromRecord(message.digest.clock)
    const { clock } = this.#store.getReplica()
    const isIn = (all: Clock.Clock): boolean => Clock.isSureOf(message.digest.clock, all)
    const hasAll = (): boolean => isIn(clock) || isIn(Clock.join(peer.claimed)(clock))
    peer.isDone = answer._tag === 'None' || (more !== true && hasAll())
    if (answer._tag === 'Some' && to === this.#name)
      this.#send(this.#store.scuttlebutt.encodeMessage(answer.value), from)
    // a newcomer that lacks nothing is greeted: else it would not know that anybody is here
    else if ((answer._tag === 'Some' || isNew) && to === undefined) this.#answerSoon(from, peer, message)
    if (peer.isDone && to === this.#name) this.#told = this.#pushed
    this.#bell.ring()
  }

  #peerOf(from: string): Peer | undefined {
    const known = this.#peers.get(from)
    if (known !== undefined || this.#peers.size >= MAX_PEERS) return known
    const peer: Peer = {
      quiet: 0,
      isDone: false,
      claimed: Clock.empty,
      isMet: false,
      wasRefused: false,
      cancelAnswer: undefined,
    }
    this.#peers.set(from, peer)
    return peer
  }

  /** Drops a message. `onRefusal` hears of a name once, and again after it was silent a while. */
  #drop(from: string, refusal: Refused): void {
    const peer = this.#peerOf(from)
    if (peer === undefined) return
    // a name that nobody was met under lapses only once it falls silent
    if (!peer.isMet) peer.quiet = 0
    if (peer.wasRefused) return
    peer.wasRefused = true
    if (this.#options.onRefusal) notify(this.#options.onRefusal, refusal)
  }

  #refuse(rejection: Rejection): void {
    this.#hasRefused = true
    if (this.#options.announce) notify(this.#options.announce, { _tag: 'rejection', rejection })
  }

  /** Somebody answers a peer: our answer would mostly say the same. */
  #overhear(to: string): void {
    const peer = this.#peers.get(to)
    peer?.cancelAnswer?.()
    if (peer !== undefined) peer.cancelAnswer = undefined
  }

  /** Answers what went to all, unless somebody else does first. */
  #answerSoon(from: string, peer: Peer, { digest }: Message<C>): void {
    peer.cancelAnswer?.()
    peer.cancelAnswer = this.#clock.after(SPREAD * this.#clock.random(), () => {
      peer.cancelAnswer = undefined
      void this.#intake.take({ digest, updates: [] }).then((answer) => {
        if (this.#isClosed) return
        const { open, encodeMessage } = this.#store.scuttlebutt
        const said = answer._tag === 'Some' ? answer.value : open(this.#store.getReplica())
        this.#send(encodeMessage(said), from)
        if (said.more !== true) this.#keep(this.#pushed)
      })
    })
  }

  #askSoon(): void {
    this.#cancelAsk?.()
    this.#cancelAsk = this.#clock.after(SETTLE * (1 + this.#clock.random()), () => {
      this.#cancelAsk = undefined
      this.#ask()
    })
  }
}

const isSaid = (data: unknown): data is Said => {
  if (typeof data !== 'object' || data === null) return false
  const { from } = data as { readonly from?: unknown }
  return typeof from === 'string' && from.length <= MAX_NAME
}

/** A name that nobody else on the bus has, by 104 bits of chance. */
const nameBy = (random: () => number): string => [random(), random()].map((one) => one.toString(36).slice(2)).join('')
