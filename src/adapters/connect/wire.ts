/** A connection over a wire: it dials, and dials again. */
import { notify } from '../store/Cell.js'
import type { Store } from '../store.js'
import { createBell, FINAL, type Connection, type ConnectOptions, type Status } from './Connection.js'
import type { Link } from './createLink.js'
import type { Refused } from './frames.js'
import { countSince } from './messages.js'
import { clockworkOf, type Clockwork } from './pace.js'
import { Talk, type Ended } from './Talk.js'
import type { WireTransport } from './Transport.js'

/** Source for how long to wait: `pace.ts`, and RFC 6455, section 7.2.3. */
export class WireConnection<S, C> implements Connection {
  readonly subscribe: Connection['subscribe']
  readonly #store: Store<S, C>
  readonly #transport: WireTransport
  readonly #options: ConnectOptions
  readonly #clock: Clockwork
  readonly #bell = createBell()
  readonly #endNetwork: () => void
  #talk: Talk<S, C> | undefined
  /** The last link whose peer was heard: it knows what that peer was told. */
  #known: Link | undefined
  #state: 'going' | 'closed' | 'failed' = 'going'
  #cancelWait: () => void = () => undefined
  #failures = 0
  #anewAfter: number
  #refusal: Refused | undefined
  #hasRefused = false

  constructor(store: Store<S, C>, transport: WireTransport, options: ConnectOptions) {
    this.#store = store
    this.#transport = transport
    this.#options = options
    this.#clock = clockworkOf(options, transport.pace)
    this.#anewAfter = this.#clock.anew.min
    this.subscribe = this.#bell.subscribe
    this.#dial()
    this.#endNetwork = this.#clock.network.subscribe((isOnline) => {
      if (!isOnline) this.#talk?.end({})
      else if (this.#talk === undefined) this.#dialNow()
    })
  }

  status(): Status {
    const [talk, state, refusal] = [this.#talk, this.#state, this.#refusal]
    const link = talk?.isMet === true ? talk.link : this.#known
    // without a peer that was ever heard, nobody was told anything
    const { unsent, refused, phase } = link?.status() ?? {
      ...NOTHING,
      unsent: countSince(undefined, this.#store.getReplica()),
    }
    const linked = talk?.isOpen === true && talk.isMet && phase !== 'failed' ? phase : 'connecting'
    const going = talk === undefined ? 'offline' : linked
    return {
      phase: state === 'going' ? going : state === 'failed' ? 'failed' : 'offline',
      unsent,
      refused: refused || this.#hasRefused,
      ...(refusal && { refusal }),
    }
  }

  close(): void {
    if (this.#state === 'going') this.#state = 'closed'
    this.#stop()
  }

  #stop(): void {
    this.#endNetwork()
    this.#cancelWait()
    this.#talk?.end({})
    this.#bell.ring()
  }

  #dialNow(): void {
    this.#cancelWait()
    if (this.#state === 'going') this.#redial()
  }

  /** Nobody is there to catch what `open` throws, such as a document that another one took. */
  #redial(): void {
    try {
      this.#dial()
    } catch (error) {
      this.#refusal = { _tag: 'Failed', reason: String(error) }
      this.#state = 'failed'
      this.#stop()
    }
  }

  #dial(): void {
    const [store, transport, options, clock, anewAfter] = [
      this.#store,
      this.#transport,
      this.#options,
      this.#clock,
      this.#anewAfter,
    ]
    const talk = new Talk<S, C>(store, transport, options, clock, anewAfter, {
      announce: (announcement) => {
        if (announcement._tag === 'header') this.#meet()
        if (announcement._tag === 'sync') this.#synced()
        if (announcement._tag === 'rejection') this.#hasRefused = true
        options.announce?.(announcement)
      },
      changed: this.#bell.ring,
      over: (ended) => {
        this.#over(talk, ended)
      },
    })
    this.#talk = talk
    this.#bell.ring()
  }

  #meet(): void {
    this.#known = this.#talk?.link
    this.#refusal = undefined
    this.#hasRefused = false
  }

  #synced(): void {
    this.#failures = 0
    if (!this.#hasRefused) this.#anewAfter = this.#clock.anew.min
  }

  #over(
    talk: Talk<S, C>,
    { refusal, isAnew = false, isFinal = refusal !== undefined && FINAL.has(refusal._tag) }: Ended,
  ): void {
    if (this.#talk !== talk) return
    this.#talk = undefined
    this.#bell.ring()
    if (refusal !== undefined) {
      this.#refusal = refusal
      if (this.#options.onRefusal) notify(this.#options.onRefusal, refusal)
    }
    // a listener may have closed it
    if (this.#state !== 'going') return
    if (isFinal) {
      this.#state = 'failed'
      this.#stop()
      return
    }
    this.#anewAfter = isAnew ? Math.min(this.#clock.anew.max, this.#anewAfter * 2) : this.#anewAfter
    const wait = isAnew ? 0 : Math.max(this.#clock.delay(this.#failures++), refusal?.retryAfter ?? 0)
    this.#cancelWait = this.#clock.after(wait, () => {
      this.#redial()
    })
  }
}

const NOTHING = { phase: 'offline', refused: false } as const
