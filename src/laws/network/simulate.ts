/** Runs a schedule: one seeded simulator owns the network, the clocks and the crashes. */
import type { Event, Operation, Parting, Run } from '../model/Run.js'
import { draw, type Drawn } from './draw.js'
import type { Deliver, Local, Schedule, Send, Step } from '../model/Schedule.js'
import type { Subject, Where } from '../model/Subject.js'
import { sameValue } from '../model/show.js'

/** `history`: a gossiping replica says what `send` gives. `everything`: all broadcasts that it knows of. */
export type Told = 'history' | 'everything'

interface Lane<R> {
  replica: R
  view: string
  knows: bigint
  /** No transfer to it was cut short: it knows just what `knows` says. */
  isWhole: boolean
  /** The index of its last event. */
  last: number
  saved: { readonly replica: unknown; readonly knows: bigint; readonly isWhole: boolean }
}

interface InFlight<M> {
  readonly due: number
  readonly from: number
  readonly to: number
  readonly sentAt: number
  readonly now: number
  readonly messages: ReadonlyArray<M>
  readonly knows: bigint
  readonly isWhole: boolean
}

/**
 * What comes of it, in O(e) calls of the subject for e events, and O(e r) comparisons among r replicas.
 * Never throws: what the subject throws ends the run, and stands in it.
 */
export const simulate = <R, C, M>(
  subject: Subject<R, C, M>,
  schedule: Schedule<C>,
  told: Told = 'history',
): Run<R, C, M> & { readonly drawn: ReadonlyArray<Drawn<C>> } => {
  const network = new Network(subject, schedule, told)
  network.run()
  return network
}

class Network<R, C, M> implements Run<R, C, M> {
  readonly subject: Subject<R, C, M>
  readonly schedule: Schedule<C>
  readonly ids: ReadonlyArray<string>
  readonly events: Event<R>[] = []
  readonly operations: Operation<C, M>[] = []
  readonly drawn: Drawn<C>[] = []
  parted?: Parting
  threw?: { readonly event: number; readonly error: unknown }
  whole: ReadonlyArray<R> = []
  private readonly told: Told
  private readonly lanes: Lane<R>[] = []
  private inFlight: InFlight<M>[] = []
  private side: number | undefined
  private step = 0

  constructor(subject: Subject<R, C, M>, schedule: Schedule<C>, told: Told) {
    this.subject = subject
    this.schedule = schedule
    this.ids = schedule.ids
    this.told = told
  }

  get replicas(): ReadonlyArray<R> {
    return this.lanes.map(({ replica }) => replica)
  }

  run(): void {
    try {
      for (const id of this.ids) this.lanes.push(this.open(this.subject.create(id)))
      for (const step of this.schedule.steps) {
        this.arrivals()
        this.take(step)
        this.step++
      }
      this.whole = this.lanes.flatMap(({ replica, isWhole }) => (isWhole ? [replica] : []))
      this.settle()
    } catch (error) {
      this.threw = { event: this.events.length - 1, error }
    }
  }

  private open(replica: R): Lane<R> {
    const lane = { replica, view: this.subject.view(replica), knows: 0n, isWhole: true, last: -1 }
    return { ...lane, saved: { replica: this.toSave(replica), knows: 0n, isWhole: true } }
  }

  private toSave(replica: R): unknown {
    return this.subject.save?.(replica)
  }

  private take(step: Step<C>): void {
    switch (step._tag) {
      case 'local':
        this.local(step)
        return
      case 'deliver':
        this.deliver(step)
        return
      case 'send':
        this.gossip(step)
        return
      case 'partition':
        this.side = step.side
        this.record('partition', -1, partitionText(this.ids, step.side))
        return
      case 'heal':
        this.heal()
        return
      case 'crash':
        this.crash(step.at)
        return
      case 'save': {
        const lane = this.lanes[step.at]!
        lane.saved = { replica: this.toSave(lane.replica), knows: lane.knows, isWhole: lane.isWhole }
      }
    }
  }

  private where(at: number, now: number): Where {
    return { id: this.ids[at]!, now }
  }

  private local(step: Local<C>): void {
    const { at, now } = step
    const { subject } = this
    const lane = this.lanes[at]!
    const command = this.commandOf(step, lane.replica)
    const made = subject.local(command, this.where(at, now))(lane.replica)
    if (made === undefined) {
      this.record('refused', at, subject.describe(command, undefined))
      return
    }
    const { message } = made
    const index = this.operations.length
    this.operations.push({
      index,
      at,
      id: this.ids[at]!,
      now,
      command,
      message,
      sees: lane.knows,
      event: this.events.length,
    })
    lane.knows |= 1n << BigInt(index)
    this.put(at, made.replica, 'local', subject.describe(command, message), { operation: index })
    lane.saved = { replica: this.toSave(lane.replica), knows: lane.knows, isWhole: lane.isWhole }
  }

  private commandOf(step: Local<C>, replica: R): C {
    if (step.command !== undefined) return step.command.value
    const arbitrary = this.subject.command(replica)
    const value = draw(arbitrary, step.luck)
    this.drawn.push({ step: this.step, arbitrary, value })
    return value.value
  }

  /** The broadcasts that may come next, by what was promised. */
  private next(to: number): ReadonlyArray<Operation<C, M>> {
    const { knows } = this.lanes[to]!
    const { order } = this.subject.delivery
    const held = new Set<number>()
    return this.operations.filter(({ index, at, sees, message }) => {
      if (at === to || message === undefined || has(knows, index)) return false
      const waits = (order === 'source' && held.has(at)) || (order === 'causal' && (sees & ~knows) !== 0n)
      held.add(at)
      return !waits && this.hears(at, to)
    })
  }

  private deliver({ to, pick, now, again, operation: chosen }: Deliver): void {
    const lane = this.lanes[to]!
    const choices = again
      ? this.operations.filter((one) => one.at !== to && one.message !== undefined && has(lane.knows, one.index))
      : this.next(to)
    const operation =
      chosen === undefined ? choices[pick % choices.length] : choices.find(({ index }) => index === chosen)
    if (operation !== undefined) this.hand(operation, to, now, again ? 'again' : 'receive')
  }

  private hand(
    { index, at, event, message }: Operation<C, M>,
    to: number,
    now: number,
    tag: 'again' | 'receive',
  ): void {
    const lane = this.lanes[to]!
    const received = this.subject.receive(message as M, this.where(to, now))(lane.replica)
    lane.knows |= 1n << BigInt(index)
    this.put(to, received, tag, `m${String(index + 1)}`, { from: at, sentAt: event, operation: index })
  }

  private gossip({ from, to, delay, now, luck, twice, lost, keep }: Send): void {
    if (this.subject.send === undefined || from === to || !this.hears(from, to)) return
    const messages = this.said(from, to)
    if (messages === undefined) return
    if (lost) {
      this.record('lost', to, `what ${this.ids[from]!} has`, from)
      return
    }
    const { mangle } = this.subject
    const arriving =
      mangle === undefined || this.told === 'everything'
        ? messages
        : messages.map((message) => mangle(message, luck, keep ?? Infinity))
    const sender = this.lanes[from]!
    const isWhole = sender.isWhole && (keep === undefined || this.told === 'everything')
    const sent = { from, to, sentAt: sender.last, now, messages: arriving, knows: sender.knows, isWhole }
    // one that was promised in order does not overtake another
    const queued =
      this.subject.delivery.order === 'any'
        ? []
        : this.inFlight.flatMap((one) => (one.from === from && one.to === to ? [one.due] : []))
    const due = Math.max(this.step + delay, ...queued)
    this.inFlight.push({ ...sent, due })
    if (twice) this.inFlight.push({ ...sent, due: due + 2 })
    this.arrivals()
  }

  private said(from: number, to: number): ReadonlyArray<M> | undefined {
    const [{ replica, knows }, peer] = [this.lanes[from]!, this.lanes[to]!]
    if (this.told === 'everything') {
      return this.operations.flatMap(({ index, message }) =>
        has(knows, index) && message !== undefined ? [message] : [],
      )
    }
    const message = this.subject.send!(peer.replica)(replica)
    return message === undefined ? undefined : [message]
  }

  private arrivals(): void {
    const due = this.inFlight.filter((one) => one.due <= this.step && this.hears(one.from, one.to))
    if (due.length === 0) return
    this.inFlight = this.inFlight.filter((one) => !due.includes(one))
    for (const one of due) this.arrive(one)
  }

  private arrive({ from, to, sentAt, now, messages, knows, isWhole }: InFlight<M>): void {
    const lane = this.lanes[to]!
    let { replica } = lane
    for (const message of messages) replica = this.subject.receive(message, this.where(to, now))(replica)
    if (isWhole && lane.isWhole) lane.knows |= knows
    else lane.isWhole = false
    this.put(to, replica, 'receive', `what ${this.ids[from]!} had`, { from, sentAt })
  }

  private crash(at: number): void {
    if (this.subject.load === undefined) return
    const lane = this.lanes[at]!
    const { replica, knows, isWhole } = lane.saved
    lane.knows = knows
    lane.isWhole = isWhole
    this.inFlight = this.inFlight.filter(({ to }) => to !== at)
    this.put(at, this.subject.load(replica, this.ids[at]!), 'crash', 'crash, restart')
  }

  private hears(from: number, to: number): boolean {
    return this.side === undefined || ((this.side >> from) & 1) === ((this.side >> to) & 1)
  }

  private heal(): void {
    if (this.side === undefined) return
    this.side = undefined
    this.record('heal', -1, 'healed')
    this.arrivals()
  }

  /** In the end everybody hears everything. */
  private settle(): void {
    this.heal()
    this.step = Infinity
    this.arrivals()
    const { luck = 0 } = this.schedule
    const { send, broadcasts, isWhole } = this.subject
    const gossips = send !== undefined && this.told === 'history' && (!broadcasts || luck % 2 === 0)
    if (!gossips) {
      for (const [to, lane] of this.lanes.entries()) {
        this.hearAll(to, luck + to)
        lane.isWhole = true
        this.compare(to)
      }
      return
    }
    if (isWhole) this.aroundTheRing()
    else this.untilQuiet()
    const all = (1n << BigInt(this.operations.length)) - 1n
    for (const [i, lane] of this.lanes.entries()) {
      lane.knows = all
      lane.isWhole = true
      this.compare(i)
    }
  }

  /** All broadcasts that a replica has not heard, in an order that was promised, by luck. */
  private hearAll(to: number, luck: number): void {
    let random = this.schedule.luck === 0 ? 0 : luck
    for (let next = this.next(to); next.length > 0; next = this.next(to)) {
      this.hand(next[random % next.length]!, to, 1, 'receive')
      random = (random * 1103515245 + 12345) & 0x7fffffff
      if (this.schedule.luck === 0) random = 0
    }
  }

  /** Each with the next, twice: one after the other, or, as on a wire, both at once, so that what they say crosses. */
  private aroundTheRing(): void {
    const [count, { luck = 0 }] = [this.lanes.length, this.schedule]
    for (let i = 0; i < 2 * count; i++) {
      const [one, next] = [i % count, (i + 1) % count]
      if (luck % 4 < 2) {
        this.exchange([one, next])
        this.exchange([next, one])
      } else {
        this.exchange([one, next], [next, one])
      }
    }
  }

  /** All is said before any of it arrives. Whether there was anything to say. */
  private exchange(...pairs: ReadonlyArray<readonly [from: number, to: number]>): boolean {
    const said = pairs.flatMap(([from, to]): ReadonlyArray<InFlight<M>> => {
      const [a, b] = [this.lanes[from]!, this.lanes[to]!]
      if (this.subject.isWhole && a.isWhole && b.isWhole && (a.knows & ~b.knows) === 0n) return []
      const messages = this.said(from, to)
      if (messages === undefined) return []
      const { last: sentAt, knows, isWhole } = a
      return [{ due: 0, from, to, sentAt, now: 1, messages, knows, isWhole }]
    })
    for (const one of said) this.arrive(one)
    return said.length > 0
  }

  /** For replicas that say a part at a time, and nothing when they have nothing more to say. */
  private untilQuiet(): void {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      let quiet = true
      for (const from of this.lanes.keys()) {
        for (const to of this.lanes.keys()) if (from !== to && this.exchange([from, to])) quiet = false
      }
      if (quiet) return
    }
  }

  private put(at: number, replica: R, tag: Event<R>['_tag'], text: string, more: Partial<Event<R>> = {}): void {
    const lane = this.lanes[at]!
    const [before, was] = [lane.replica, lane.view]
    lane.replica = replica
    lane.view = this.subject.view(replica)
    lane.last = this.events.length
    this.push({ _tag: tag, at, text, before, was, after: replica, ...more })
    if (Number.isFinite(this.step)) this.compare(at)
  }

  private record(tag: Event<R>['_tag'], at: number, text: string, from?: number): void {
    const { replica, view: was } = this.lanes[Math.max(at, 0)]!
    const lane = from === undefined ? {} : { from, sentAt: this.lanes[from]!.last }
    this.push({ _tag: tag, at, text, before: replica, was, after: replica, ...lane })
  }

  private push(event: Omit<Event<R>, 'step' | 'view' | 'remembered' | 'knows'>): void {
    const { view, knows } = this.lanes[Math.max(event.at, 0)]!
    const step = Math.min(this.step, this.schedule.steps.length)
    this.events.push({ ...event, step, view, remembered: this.subject.remember?.(event.after), knows })
  }

  /** Holds a replica against those that know the same. */
  private compare(at: number): void {
    const lane = this.lanes[at]!
    if (this.parted !== undefined || !lane.isWhole) return
    for (const [other, peer] of this.lanes.entries()) {
      if (other === at || !peer.isWhole || peer.knows !== lane.knows) continue
      if (!this.subject.isWhole && Number.isFinite(this.step)) continue
      if (Object.is(lane.replica, peer.replica) || same(this.subject, lane, peer)) continue
      this.parted = {
        replicas: [other, at],
        events: [peer.last, lane.last],
        views: [peer.view, lane.view],
      }
      return
    }
  }
}

/** More rounds than any backlog of a schedule takes. */
const MAX_ROUNDS = 100

const same = <R, C, M>({ equals, show }: Subject<R, C, M>, a: Lane<R>, b: Lane<R>): boolean =>
  equals(a.replica, b.replica) && (a.view === b.view || sameValue(show(a.replica), show(b.replica)))

const has = (set: bigint, index: number): boolean => ((set >> BigInt(index)) & 1n) === 1n

const partitionText = (ids: ReadonlyArray<string>, side: number): string => {
  const names = (bit: number): string => ids.filter((_, i) => ((side >> i) & 1) === bit).join(', ')
  return `${names(0)} | ${names(1)}`
}

/**
 * The schedule of a run, to be read: broadcasts by their numbers and commands by what they came to, as far as the
 * subject can tell; what was without effect left out.
 */
export const inPlainData = <R, C, M>({ subject, schedule, events, operations }: Run<R, C, M>): Schedule<C> => {
  const eventOf = new Map(events.map((event) => [event.step, event]))
  const written = schedule.steps.flatMap((step, i): ReadonlyArray<Step<C>> => {
    const event = eventOf.get(i)
    const operation = event?.operation === undefined ? undefined : operations[event.operation]
    if (step._tag === 'deliver')
      return operation === undefined ? [] : [{ ...step, pick: 0, operation: operation.index }]
    if (step._tag !== 'local' || operation === undefined) return [step]
    return [{ ...step, luck: 0, command: { value: subject.asData?.(operation) ?? operation.command } }]
  })
  return { ...schedule, steps: written }
}
