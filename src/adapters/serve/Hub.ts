/**
 * The links of one store. What is read from them is sent after the store has saved it: a peer never
 * sees an update that a crash of the server could lose.
 */
import type { either as E } from 'fp-ts'
import { LIMITS, Relay } from '../presence/relay.js'
import type { Store } from '../store.js'

/** A document on a socket, as its hub sees it. */
export interface Outlet {
  /** The next lines for the peer. Empty: nothing for now, or no room. */
  readonly read: () => string
  /** Sends what was read, in order. */
  readonly send: (text: string) => void
}

/** What a hub needs of its server. */
export interface HubHost {
  /** The store could not save. */
  readonly failed: (error: unknown) => void
  /** The wall clock, in ms. */
  readonly now: () => number
  /** Resolves when it is time to try again. */
  readonly pause: () => Promise<void>
}

/** A store that is saved somewhere. */
interface Saved {
  readonly flushed?: () => Promise<E.Either<unknown, void>>
}

export class Hub {
  /** The links of the store. */
  links = 0
  /** Who is here, for the links that are given it. */
  readonly presence: Relay
  readonly #store: Store<unknown, unknown> & Saved
  readonly #host: HubHost
  readonly #ready = new Set<Outlet>()
  #isRunning = false
  #saved: unknown

  constructor(store: Store<unknown, unknown>, host: HubHost) {
    this.#store = store
    this.#host = host
    this.presence = new Relay(LIMITS, host.now)
  }

  /**
   * There may be something to read. It is read in the next turn of the event loop, so that all that
   * came in this one goes out together.
   */
  wake(outlet: Outlet): void {
    this.#ready.add(outlet)
    if (this.#isRunning) return
    this.#isRunning = true
    this.#runSoon()
  }

  /** Saves all that the store holds by now. False: it failed, and the server was told. */
  async save(): Promise<boolean> {
    try {
      const replica = this.#store.getReplica()
      const outcome = await this.#store.flushed?.()
      if (outcome?._tag === 'Left') {
        this.#host.failed(outcome.left)
        return false
      }
      this.#saved = replica
      return true
    } catch (error) {
      this.#host.failed(error)
      return false
    }
  }

  #runSoon(): void {
    setImmediate(() => {
      this.#run()
    })
  }

  #run(): void {
    const parcels: (readonly [Outlet, string])[] = []
    const ready = [...this.#ready]
    this.#ready.clear()
    for (const outlet of ready) {
      const text = outlet.read()
      if (text !== '') parcels.push([outlet, text])
    }
    const send = (): void => {
      for (const [outlet, text] of parcels) outlet.send(text)
      this.#isRunning = this.#ready.size > 0
      if (this.#isRunning) this.#runSoon()
    }
    const isSaved =
      parcels.length === 0 || this.#store.flushed === undefined || this.#store.getReplica() === this.#saved
    if (isSaved) send()
    else void this.#flush().then(send)
  }

  async #flush(): Promise<void> {
    while (!(await this.save())) await this.#host.pause()
  }
}
