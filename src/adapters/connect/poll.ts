/** A connection by questions and answers. */
import type { Replica } from '../../core/Replica.js'
import { notify } from '../store/Cell.js'
import type { Store } from '../store.js'
import { createBell, FINAL, judge, type Connection, type ConnectOptions, type Status } from './Connection.js'
import type { Refused } from './frames.js'
import { countSince, createIntake, pushOf, type Intake } from './messages.js'
import { clockworkOf, type Clockwork } from './pace.js'
import { typeOf, type PollTransport } from './Transport.js'

/** A round ends after so many questions, and the next one follows at once. */
const MAX_QUESTIONS = 1000

/** So many rounds may begin with what was written since: the peer might have lost what it had. */
const ROUNDS_AN_OPENING = 10

export class PollConnection<S, C> implements Connection {
  readonly subscribe: Connection['subscribe']
  readonly #store: Store<S, C>
  readonly #transport: PollTransport
  readonly #options: ConnectOptions
  readonly #clock: Clockwork
  readonly #intake: Intake<C>
  readonly #bell = createBell()
  readonly #ends: ReadonlyArray<() => void>
  #state: 'going' | 'closed' | 'failed' = 'going'
  #outcome: 'none' | 'talking' | 'done' | 'lost' = 'none'
  #isAsking = false
  #wantsMore = false
  #abort = new AbortController()
  #cancelWait: () => void = () => undefined
  #failures = 0
  /** What the peer was told by the end of a round. */
  #told: Replica<S, C> | undefined
  #refusal: Refused | undefined
  #hasRefused = false
  #rounds = 0
  /** `onPeer` refused the peer. */
  #isBanned = false

  constructor(store: Store<S, C>, transport: PollTransport, options: ConnectOptions) {
    this.#store = store
    this.#transport = transport
    this.#options = options
    this.#clock = clockworkOf(options, transport.pace)
    this.subscribe = this.#bell.subscribe
    this.#intake = createIntake(store, options, (rejection) => {
      this.#hasRefused = true
      if (options.announce) notify(options.announce, { _tag: 'rejection', rejection })
    })
    this.#ends = [
      store.subscribe((updates) => {
        this.#bell.ring()
        if (updates.length > 0 && !this.#intake.isBrought(updates)) this.#poke()
      }),
      this.#clock.network.subscribe((isOnline) => {
        if (isOnline) this.#start()
        else this.#abort.abort()
      }),
    ]
    this.#start()
  }

  status(): Status {
    const [state, outcome, refusal] = [this.#state, this.#outcome, this.#refusal]
    const unsent = countSince(this.#told, this.#store.getReplica())
    const talking = unsent > 0 || outcome === 'talking' ? 'syncing' : 'synced'
    const going = outcome === 'none' ? 'connecting' : outcome === 'lost' ? 'offline' : talking
    return {
      phase: state === 'going' ? going : state === 'failed' ? 'failed' : 'offline',
      unsent,
      refused: this.#hasRefused,
      ...(refusal && { refusal }),
    }
  }

  close(): void {
    if (this.#state === 'going') this.#state = 'closed'
    for (const end of this.#ends) end()
    this.#cancelWait()
    this.#abort.abort()
    this.#bell.ring()
  }

  /** There is something to tell. Waits for the answer under way, or for the end of a backoff. */
  #poke(): void {
    if (this.#isAsking) this.#wantsMore = true
    else if (this.#outcome === 'done') this.#wait(0)
  }

  #wait(ms: number): void {
    this.#cancelWait()
    if (this.#state !== 'going') return
    this.#cancelWait = this.#clock.after(ms, () => {
      this.#start()
    })
  }

  #start(): void {
    if (this.#isAsking || this.#state !== 'going') return
    this.#cancelWait()
    this.#isAsking = true
    this.#wantsMore = false
    void this.#round().then((refusal) => {
      this.#isAsking = false
      this.#end(refusal)
    })
  }

  #end(refusal: Refused | undefined): void {
    if (refusal === undefined) {
      this.#failures = 0
      this.#refusal = undefined
      this.#outcome = 'done'
      this.#wait(this.#wantsMore ? 0 : this.#transport.every)
    } else if (this.#state === 'going') {
      this.#refusal = refusal._tag === 'Lost' ? this.#refusal : refusal
      this.#outcome = 'lost'
      if (FINAL.has(refusal._tag) || this.#isBanned) this.#state = 'failed'
      if (refusal._tag !== 'Lost' && this.#options.onRefusal) notify(this.#options.onRefusal, refusal)
      if (this.#state === 'going') this.#wait(Math.max(this.#clock.delay(this.#failures++), refusal.retryAfter ?? 0))
      else this.close()
    }
    this.#bell.ring()
  }

  /** Asks until nobody has anything to say. Gives why it did not come so far. Never rejects. */
  async #round(): Promise<Refused | undefined> {
    const [store, intake] = [this.#store, this.#intake]
    const { open, encodeMessage } = store.scuttlebutt
    let asked = store.getReplica()
    let question = this.#pushed(asked) ?? encodeMessage(open(asked))
    this.#hasRefused = false
    for (let i = 0; i < MAX_QUESTIONS; i++) {
      const answer = await this.#ask(question)
      if (answer === 'none') {
        this.#tell(asked)
        return
      }
      if ('_tag' in answer) return answer
      const message = intake.decode(answer.message)
      if (message === undefined) return { _tag: 'Lost' }
      const refusal = judge(this.#options.onPeer, message.digest)
      if (refusal !== undefined) {
        this.#isBanned = true
        return refusal
      }
      this.#outcome = 'talking'
      const reply = await intake.take(message)
      if (this.#state !== 'going') return { _tag: 'Lost' }
      asked = store.getReplica()
      if (reply._tag === 'None') {
        this.#tell(asked)
        return
      }
      question = encodeMessage(reply.value)
    }
    this.#wantsMore = true
    return undefined
  }

  /** The peer was told all of a version. */
  #tell(replica: Replica<S, C>): undefined {
    this.#told = replica
    return undefined
  }

  /** A write is told at once. But now and then both say what they have. */
  #pushed(replica: Replica<S, C>): unknown {
    const isPush = this.#outcome === 'done' && this.#rounds++ % ROUNDS_AN_OPENING !== 0
    return isPush && this.#told !== undefined ? pushOf(this.#store, this.#told, replica) : undefined
  }

  /** One question. After `silence` ms it counts as lost. */
  async #ask(message: unknown): Promise<{ readonly message: unknown } | 'none' | Refused> {
    const abort = new AbortController()
    this.#abort = abort
    const cancel = this.#clock.after(this.#clock.silence, () => {
      abort.abort()
    })
    const aborted = new Promise<never>((_, reject) => {
      abort.signal.addEventListener('abort', () => {
        reject(new Error('aborted'))
      })
    })
    try {
      const type = typeOf(this.#store.scuttlebutt.dataType)
      const asking = this.#transport.ask({ type, message, signal: abort.signal })
      const answer = await Promise.race([asking, aborted])
      if (this.#state !== 'going') return { _tag: 'Lost' }
      if (answer._tag === 'None') return 'none'
      return answer._tag === 'Refused' ? answer.refusal : { message: answer.message }
    } catch {
      return { _tag: 'Lost' }
    } finally {
      cancel()
    }
  }
}
