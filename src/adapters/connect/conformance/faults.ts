/** Faults between a connection and its transport, for `checkTransport`. */
import { MAX_UNHEARD } from '../Talk.js'
import type { Answer, BusTransport, PollTransport, Transport, Wire, WireEvents, WireTransport } from '../Transport.js'

/** What becomes of one message, or of a piece of lines: it is passed on, or not, or cut. */
export type Plan = (said: unknown, pass: (said: unknown) => void, cut: () => void) => void

/** The faults of one trial. Each direction of each connection has a plan of its own. */
export class Faults {
  /** Makes the plan of a direction. */
  plan: () => Plan = () => pass
  /** Readers take nothing before this. */
  stalled: Promise<void> | undefined
  /** Ms that a reader takes for each message. */
  slowness = 0
  /** Connections that were open at the time are half-open: nothing passes, and nobody says so. */
  generation = 0
  /** What was thrown into a transport, or by it. */
  readonly thrown: unknown[] = []
  /** How often a wire opened, and was cut. */
  opened = 0
  cuts = 0
  /** Only one end is ours: what the other one sends is counted when it comes. */
  isOneSided = false
  /** The characters that wires have sent and readers have not taken. */
  unread = 0
  /** The most of them, and the most questions at once. */
  mostUnread = 0
  mostAsked = 0
  #asked = 0
  #plans = 0

  /** From now on, other faults; those that hold messages back lose them. */
  begin(plan: () => Plan): void {
    this.plan = plan
    this.#plans++
  }

  /** The plan of a direction, made anew when the faults change. */
  direction(): Plan {
    let made = -1
    let plan = pass
    return (said, on, cut) => {
      if (made !== this.#plans) plan = this.plan()
      made = this.#plans
      plan(said, on, cut)
    }
  }

  wrap(transport: Transport): Transport {
    switch (transport.kind) {
      case 'wire':
        return this.#wire(transport)
      case 'bus':
        return this.#bus(transport)
      case 'poll':
        return this.#poll(transport)
    }
  }

  #wire(transport: WireTransport): WireTransport {
    return { ...transport, open: (events) => new FaultyWire(this, transport, events) }
  }

  #bus(transport: BusTransport): BusTransport {
    return {
      ...transport,
      open: (received) => {
        const [out, back] = [this.direction(), this.direction()]
        const { generation } = this
        const isGone = (): boolean => this.generation === generation + 1
        let last = Promise.resolve()
        const take = (message: unknown): void => {
          if (this.slowness === 0) received(message)
          else
            last = last
              .then(() => sleep(this.slowness))
              .then(() => {
                this.guard(() => {
                  received(message)
                })
              })
        }
        const bus = transport.open((message) => {
          if (!isGone())
            this.guard(() => {
              back(message, take, nothing)
            })
        })
        return {
          send: (message) => {
            if (!isGone())
              this.guard(() => {
                out(message, bus.send, nothing)
              })
          },
          close: () => {
            this.guard(bus.close)
          },
        }
      },
    }
  }

  #poll(transport: PollTransport): PollTransport {
    const [out, back] = [this.direction(), this.direction()]
    return {
      ...transport,
      ask: async (question) => {
        const { generation } = this
        this.mostAsked = Math.max(this.mostAsked, ++this.#asked)
        try {
          const answers: Promise<Answer>[] = []
          out(question.message, (message) => answers.push(transport.ask({ ...question, message })), nothing)
          // a question that was lost, or two: the last answer counts
          const all = await Promise.all(answers)
          await Promise.race([this.stalled ?? sleep(this.slowness), abortOf(question.signal)])
          if (this.generation > generation) await abortOf(question.signal)
          const answer = all.at(-1)
          if (answer === undefined) throw new Error('lost')
          if (answer._tag !== 'Message') return answer
          const passed: unknown[] = []
          back(answer.message, (message) => passed.push(message), nothing)
          if (passed.length === 0) throw new Error('lost')
          return { _tag: 'Message', message: passed[0] }
        } finally {
          this.#asked--
        }
      },
    }
  }

  /** A wire broke: nothing is under way. */
  forget(): void {
    this.unread = 0
  }

  took(characters: number): void {
    this.unread -= characters
  }

  sent(characters: number): void {
    this.unread += characters
    this.mostUnread = Math.max(this.mostUnread, this.unread)
  }

  /** Calls what must not throw. */
  guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.thrown.push(error)
    }
  }
}

const nothing = (): void => undefined

const pass: Plan = (said, on) => {
  on(said)
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const abortOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(new Error('aborted'))
    })
  })

class FaultyWire implements Wire {
  readonly #faults: Faults
  readonly #events: WireEvents
  readonly #wire: Wire
  readonly #generation: number
  readonly #out: Plan
  #last: Promise<void> = Promise.resolve()
  #waiting = 0
  #isOver = false
  #count = 0

  constructor(faults: Faults, transport: WireTransport, events: WireEvents) {
    this.#faults = faults
    this.#events = events
    this.#generation = faults.generation
    this.#out = faults.direction()
    const back = faults.direction()
    this.#wire = transport.open({
      opened: () => {
        faults.opened++
        this.#tell(events.opened)
      },
      received: (text) => {
        if (this.#isGone()) return undefined
        this.#count++
        if (text === '') return events.received('')
        let taking: Promise<void> | undefined
        faults.guard(() => {
          back(
            text,
            (said) => {
              taking = this.#take(String(said))
            },
            this.#cut,
          )
        })
        return taking
      },
      drained: () => {
        this.#tell(events.drained)
      },
      closed: (end) => {
        this.#forget()
        this.#tell(() => {
          events.closed(end)
        })
      },
    })
  }

  send(text: string): void {
    if (this.#isGone() || this.#isOver) return
    this.#faults.guard(() => {
      if (text === '') this.#wire.send('')
      else this.#out(text, this.#sendOn, this.#cut)
    })
  }

  buffered(): number {
    return this.#wire.buffered()
  }

  heard(): number {
    if (this.#wire.heard !== undefined && !this.#isGone()) this.#count = this.#wire.heard()
    return this.#count
  }

  close(...refusal: Parameters<Wire['close']>): void {
    this.#forget()
    this.#faults.guard(() => {
      this.#wire.close(...refusal)
    })
  }

  readonly #sendOn = (said: unknown): void => {
    const text = String(said)
    // a wire that is closed takes nothing more, and does no harm
    if (!this.#faults.isOneSided) this.#faults.sent(text.length)
    this.#wire.send(text)
  }

  /** What waits for the reader. Too much cuts the wire, as a connection does. */
  #take(text: string): Promise<void> | undefined {
    const [faults, events] = [this.#faults, this.#events]
    const deliver = (): Promise<void> | undefined => {
      this.#waiting -= text.length
      faults.took(text.length)
      let taking: Promise<void> | undefined
      faults.guard(() => {
        taking = events.received(text)
      })
      return taking
    }
    this.#waiting += text.length
    if (faults.isOneSided) faults.sent(text.length)
    if (faults.stalled === undefined && faults.slowness === 0 && this.#waiting === text.length) return deliver()
    if (this.#waiting > MAX_UNHEARD) this.#cut()
    const before = this.#last
    this.#last = before.then(() => faults.stalled ?? sleep(faults.slowness)).then(deliver)
    return this.#last
  }

  #tell(call: () => void): void {
    if (!this.#isGone()) this.#faults.guard(call)
  }

  #isGone(): boolean {
    return this.#faults.generation > this.#generation
  }

  /** The wire breaks, and both sides are told. */
  readonly #cut = (): void => {
    if (this.#isOver) return
    this.#faults.cuts++
    this.close()
    this.#tell(() => {
      this.#events.closed()
    })
  }

  #forget(): void {
    this.#isOver = true
    this.#faults.forget()
  }
}
