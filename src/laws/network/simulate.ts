/** Runs a schedule: one simulator owns the network, the clocks and the crashes. */
import type { Command } from '../../core/DataType.js'
import type { Replica } from '../../core/Replica.js'
import type { Update } from '../../core/Update.js'
import { Pending } from '../Answers.js'
import { playExchanges } from '../exchange/play.js'
import { add, has, type Operation } from '../model/Operation.js'
import type { Altered, Ongoing, Call, Parting, Run, RunEvent, Threw } from '../model/Run.js'
import type { Deliver, Local, Schedule, ScheduleStep, Send } from '../model/Schedule.js'
import { nameOf, sidesOf } from '../model/show.js'
import { lacking, type Subject, type Where } from '../model/Subject.js'
import { chosen, type Drawn } from './draw.js'
import type { InFlight } from './InFlight.js'
import { Lanes } from './lanes.js'
import { settle, type Unsettled } from './settle.js'
import { Watch } from './Watch.js'

export interface Simulating {
  /** What replicas gossip. `history`: what `send` gives. `everything`: all broadcasts they know. */
  readonly gossip?: Gossip
  /**
   * A watched run also finds the first message that was written into: it prints each message before
   * and after it is received.
   */
  readonly isWatched?: boolean
}

type Gossip = 'history' | 'everything'

/**
 * Runs a schedule that was drawn, or checked. Throws nothing but {@link Pending}: an exception of
 * the subject ends the run, and is in its `threw`.
 */
export const simulate = <R, C, M>(
  subject: Subject<R, C, M>,
  schedule: Schedule<C>,
  { gossip = 'history', isWatched = false }: Simulating = {},
): Simulated<R, C, M> => {
  if (schedule.exchanges !== undefined && subject.dataType !== undefined) return exchanged(subject, schedule)
  const network = new Network(subject, schedule, gossip, isWatched)
  network.run()
  return network
}

/** Replicas of a data type of this library, as devices. */
const exchanged = <R, C, M>(subject: Subject<R, C, M>, schedule: Schedule<C>): Simulated<R, C, M> => {
  const devices = subject as unknown as Subject<
    Replica<unknown, unknown>,
    Command<unknown, unknown, unknown>,
    ReadonlyArray<Update<unknown>>
  >
  return playExchanges(devices, devices.dataType!, schedule) as unknown as Simulated<R, C, M>
}

export type Simulated<R, C, M> = Run<R, C, M> & { readonly drawn: ReadonlyArray<Drawn<C>> }

class Network<R, C, M> implements Run<R, C, M>, Unsettled<R, C, M> {
  readonly subject: Subject<R, C, M>
  readonly schedule: Schedule<C>
  readonly ids: ReadonlyArray<string>
  readonly operations: Operation<C, M>[] = []
  readonly drawn: Drawn<C>[] = []
  readonly events: ReadonlyArray<RunEvent<R>>
  parted?: Parting
  threw?: Threw
  written?: readonly [string, string]
  replicas: ReadonlyArray<R> = []
  whole: ReadonlyArray<R> = []
  readonly lanes: Lanes<R, C, M>
  readonly gossips: Gossip
  private readonly watch: Watch<M> | undefined
  /** In a watched run, the message of each operation as text. */
  private readonly texts: string[] = []
  private inFlight: InFlight<M>[] = []
  /** The replicas on one side of a partition, a bit each. */
  private side: number | undefined
  private isSettling = false
  // what is being asked of a replica: fields, as an object for each call costs a tenth of a run
  private call: Call | undefined
  private askedAt = 0
  private askedOf: unknown

  constructor(subject: Subject<R, C, M>, schedule: Schedule<C>, gossips: Gossip, isWatched: boolean) {
    this.subject = subject
    this.schedule = schedule
    this.ids = schedule.ids
    this.gossips = gossips
    this.watch = isWatched ? new Watch(subject) : undefined
    this.lanes = new Lanes(subject)
    this.events = this.lanes.events
  }

  run(): void {
    const { lanes } = this
    const { empty } = this.subject
    try {
      empty?.restore()
      for (const id of this.ids) lanes.open(id)
      for (const step of this.schedule.steps) {
        this.arrivals()
        this.take(step)
        lanes.step++
      }
      this.whole = lanes.all.flatMap(({ replica, isWhole }) => (isWhole ? [replica] : []))
      this.heal()
      this.isSettling = true
      settle(this)
      const written = empty?.written()
      if (written !== undefined) this.written = written
    } catch (error) {
      if (error instanceof Pending) throw error
      this.threw = lanes.ended(this.ongoing(), error)
    }
    this.replicas = lanes.all.map(({ replica }) => replica)
    if (lanes.parted !== undefined) this.parted = lanes.parted
  }

  get altered(): Altered | undefined {
    return this.watch?.altered
  }

  private take(step: ScheduleStep<C>): void {
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
        this.lanes.note('partition', -1, sidesOf(this.ids, step.side))
        return
      case 'heal':
        this.heal()
        return
      case 'crash':
        this.crash(step.at)
        return
      case 'save':
        this.lanes.save(step.at)
    }
  }

  private ask(call: Call, at: number, of: unknown): void {
    this.call = call
    this.askedAt = at
    this.askedOf = of
  }

  private ongoing(): Ongoing | undefined {
    const { call, askedAt: at, askedOf: of } = this
    if (call === undefined) return undefined
    if (call === 'local') return { call, at, text: () => this.subject.describe(of as C, undefined) }
    if ('event' in (of as object)) {
      const { index, at: from, event: sentAt } = of as Operation<C, M>
      return { call, at, text: () => `m${String(index + 1)}`, from, sentAt, operation: index }
    }
    const { from, sentAt } = of as InFlight<M>
    return { call, at, text: () => `what ${nameOf(this.ids[from]!)} had`, from, sentAt }
  }

  private put(...put: Parameters<Lanes<R, C, M>['put']>): void {
    this.call = undefined
    this.lanes.put(...put)
    // replicas that tell a part at a time are compared only at the end
    if (this.subject.isWhole && !this.isSettling) this.lanes.compare(put[0])
  }

  private where(at: number, now: number): Where {
    return { id: this.ids[at]!, now }
  }

  private local(step: Local<C>): void {
    const { at, now } = step
    const { subject } = this
    const lane = this.lanes.at(at)
    const command = chosen(step, this.lanes.step, () => subject.command(lane.replica), this.drawn)
    this.ask('local', at, command)
    const made = subject.local(command, this.where(at, now))(lane.replica)
    if (made === undefined) {
      this.lanes.note('refused', at, subject.describe(command, undefined))
      return
    }
    const { message, replica } = made
    const [index, event] = [this.operations.length, this.events.length]
    if (message !== undefined && this.watch !== undefined) this.texts[index] = this.watch.textOf([message])
    const operation = { index, at, id: this.ids[at]!, now, command, message, sees: lane.knows, event }
    this.operations.push(
      subject.isMutable ? { ...operation, lacks: lacking(subject, operation, lane.replica, replica) } : operation,
    )
    lane.knows = add(lane.knows, index)
    this.put(at, replica, 'local', subject.describe(command, message), { operation: index })
    this.lanes.save(at)
  }

  private deliver({ to, pick, now, again, operation: chosen }: Deliver): void {
    const { knows } = this.lanes.at(to)
    const choices = again
      ? this.operations.filter((one) => one.at !== to && one.message !== undefined && has(knows, one.index))
      : this.next(to)
    const operation =
      chosen === undefined ? choices[pick % choices.length] : choices.find(({ index }) => index === chosen)
    if (operation !== undefined) this.hand(operation, to, now, again ? 'again' : 'receive')
  }

  /** The broadcasts that the delivery promise allows next. */
  next(to: number): ReadonlyArray<Operation<C, M>> {
    const { knows } = this.lanes.at(to)
    const { order } = this.subject.delivery
    const held = new Set<number>()
    return this.operations.filter(({ index, at, sees, message }) => {
      if (at === to || message === undefined || has(knows, index)) return false
      const waits = (order === 'source' && held.has(at)) || (order === 'causal' && (sees & ~knows) !== 0n)
      held.add(at)
      return !waits && this.hears(at, to)
    })
  }

  hand(operation: Operation<C, M>, to: number, now: number, tag: 'again' | 'receive'): void {
    const { index, at, event, message } = operation
    const lane = this.lanes.at(to)
    this.ask('receive', to, operation)
    const received = this.receive([message as M], this.texts[index], at, to, now)
    lane.knows = add(lane.knows, index)
    this.put(to, received, tag, `m${String(index + 1)}`, { from: at, sentAt: event, operation: index })
  }

  handAll(operations: ReadonlyArray<Operation<C, M>>, to: number): void {
    const messages = operations.map(({ message }) => message as M)
    this.ask('receive', to, operations[0])
    const heard = [this.subject.joined!(messages)]
    const received = this.receive(heard, undefined, operations[0]!.at, to, 1)
    const text = `${operations.map(({ index }) => `m${String(index + 1)}`).join(', ')} in one batch`
    this.put(to, received, 'receive', text, { heard })
  }

  private gossip({ from, to, delay, now, luck, twice, lost, keep }: Send): void {
    if (this.subject.send === undefined || from === to || !this.hears(from, to)) return
    const messages = this.said(from, to)
    if (messages === undefined) return
    const sender = this.lanes.at(from)
    if (lost) {
      this.lanes.note('lost', to, `what ${nameOf(this.ids[from]!)} has`, { from, sentAt: sender.last })
      return
    }
    const { mangle } = this.subject
    const arriving =
      mangle === undefined || this.gossips === 'everything'
        ? messages
        : messages.map((message) => mangle(message, luck, keep ?? Infinity))
    const isWhole = sender.isWhole && (keep === undefined || this.gossips === 'everything')
    const text = this.watch?.textOf(arriving)
    const sent = { from, to, sentAt: sender.last, now, messages: arriving, text, knows: sender.knows, isWhole }
    // no message overtakes another, if an order was promised
    const ahead =
      this.subject.delivery.order === 'any' ? [] : this.inFlight.filter((one) => one.from === from && one.to === to)
    const due = Math.max(this.lanes.step + delay, ...ahead.map((one) => one.due))
    this.inFlight.push({ ...sent, due })
    if (twice) this.inFlight.push({ ...sent, due: due + 2 })
    this.arrivals()
  }

  private said(from: number, to: number): ReadonlyArray<M> | undefined {
    const [{ replica, knows }, peer] = [this.lanes.at(from), this.lanes.at(to)]
    if (this.gossips === 'everything') {
      return this.operations.flatMap(({ index, message }) =>
        has(knows, index) && message !== undefined ? [message] : [],
      )
    }
    const message = this.subject.send!(peer.replica)(replica)
    return message === undefined ? undefined : [message]
  }

  /** `text` is that of the messages when they were told. */
  private receive(messages: ReadonlyArray<M>, text: string | undefined, from: number, to: number, now: number): R {
    let { replica } = this.lanes.at(to)
    if (text !== undefined) this.watch?.look(text, messages, from)
    for (const message of messages) replica = this.subject.receive(message, this.where(to, now))(replica)
    if (text !== undefined) this.watch?.look(text, messages, from, to)
    return replica
  }

  arrivals(): void {
    if (this.inFlight.length === 0) return
    const isDue = (one: InFlight<M>): boolean =>
      (this.isSettling || one.due <= this.lanes.step) && this.hears(one.from, one.to)
    const due = this.inFlight.filter(isDue)
    this.inFlight = this.inFlight.filter((one) => !due.includes(one))
    for (const one of due) this.arrive(one)
  }

  private arrive(letter: InFlight<M>): void {
    const { from, to, sentAt, now, messages, text, knows, isWhole } = letter
    const lane = this.lanes.at(to)
    this.ask('receive', to, letter)
    const replica = this.receive(messages, text, from, to, now)
    if (isWhole && lane.isWhole) lane.knows |= knows
    else lane.isWhole = false
    this.put(to, replica, 'receive', `what ${nameOf(this.ids[from]!)} had`, { from, sentAt, heard: messages })
  }

  private crash(at: number): void {
    if (this.subject.load === undefined) return
    const lane = this.lanes.at(at)
    const { replica, knows, isWhole } = lane.saved
    lane.knows = knows
    lane.isWhole = isWhole
    this.inFlight = this.inFlight.filter(({ to }) => to !== at)
    const nth = { index: at, restarts: ++lane.restarts }
    this.put(at, this.subject.load(replica, this.ids[at]!, nth), 'crash', 'crash, restart')
  }

  private hears(from: number, to: number): boolean {
    return this.side === undefined || ((this.side >> from) & 1) === ((this.side >> to) & 1)
  }

  private heal(): void {
    if (this.side === undefined) return
    this.side = undefined
    this.lanes.note('heal', -1, 'healed')
    this.arrivals()
  }

  /** All pairs speak before any message arrives. Gives whether anybody had something to say. */
  exchange(...pairs: ReadonlyArray<readonly [from: number, to: number]>): boolean {
    const said = pairs.flatMap(([from, to]): ReadonlyArray<InFlight<M>> => {
      const [a, b] = [this.lanes.at(from), this.lanes.at(to)]
      if (this.subject.isWhole && a.isWhole && b.isWhole && (a.knows & ~b.knows) === 0n) return []
      const messages = this.said(from, to)
      if (messages === undefined) return []
      const { last: sentAt, knows, isWhole } = a
      const text = this.watch?.textOf(messages)
      return [{ due: 0, from, to, sentAt, now: 1, messages, text, knows, isWhole }]
    })
    for (const one of said) this.arrive(one)
    return said.length > 0
  }
}
