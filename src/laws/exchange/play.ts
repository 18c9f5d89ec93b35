/**
 * Runs a network of devices that exchange messages and sessions, and judges it after each step by
 * one who knows every update ever made.
 */
import * as Clock from '../../core/Clock.js'
import type { Command, DataType } from '../../core/DataType.js'
import type { Replica } from '../../core/Replica.js'
import { sameStamp, type Update } from '../../core/Update.js'
import type { Back, ExchangeFeature, ExchangeLaw, ExchangeStep } from '../model/Exchange.js'
import type { Operation } from '../model/Operation.js'
import type { Run, RunEvent } from '../model/Run.js'
import type { Local, Schedule, ScheduleStep } from '../model/Schedule.js'
import { sameValue } from '../model/show.js'
import type { Subject } from '../model/Subject.js'
import type { Violation } from '../model/Violation.js'
import { draw, type Drawn } from '../network/draw.js'
import * as Device from './Device.js'
import * as Judge from './Judge.js'
import * as Link from './Link.js'
import { Oracle } from './Oracle.js'
import { programsOf, type Programs } from './programs.js'

type Updates<C> = ReadonlyArray<Update<C>>
type Subjects<S, C> = Subject<Replica<S, C>, Command<S, C, unknown>, Updates<C>>
type ScheduleOf<S, C> = Schedule<Command<S, C, unknown>>
type Of<K extends ExchangeStep['_tag']> = ExchangeStep & { readonly _tag: K }

/** A message in the mail. */
interface Mail {
  readonly text: string
  readonly from: number
  readonly sentAt: number
}

/** More messages than these are not kept: the oldest go. */
const MAX_MAIL = 4

/** A conversation with more messages has no end. */
const MAX_TALK = 200

/** Links that have not fallen silent after so many rounds never do. */
const MAX_ROUNDS = 100

/** As `simulate`, for a schedule with `exchanges`. */
export const playExchanges = <S, C>(
  subject: Subjects<S, C>,
  dataType: DataType<S, C>,
  schedule: ScheduleOf<S, C>,
): Run<Replica<S, C>, Command<S, C, unknown>, Updates<C>> & { readonly drawn: Drawns<S, C> } => {
  const network = new Exchanges(subject, dataType, schedule)
  network.run()
  return network
}

type Drawns<S, C> = ReadonlyArray<Drawn<Command<S, C, unknown>>>

class Exchanges<S, C> implements Run<Replica<S, C>, Command<S, C, unknown>, Updates<C>> {
  readonly subject: Subjects<S, C>
  readonly schedule: ScheduleOf<S, C>
  readonly ids: ReadonlyArray<string>
  readonly operations: Operation<Command<S, C, unknown>, Updates<C>>[] = []
  readonly drawn: Drawn<Command<S, C, unknown>>[] = []
  readonly events: RunEvent<Replica<S, C>>[] = []
  readonly whole: ReadonlyArray<Replica<S, C>> = []
  readonly exchanged: { features: Set<ExchangeFeature>; broken?: { law: ExchangeLaw; violation: Violation } } = {
    features: new Set(),
  }
  replicas: ReadonlyArray<Replica<S, C>> = []
  threw?: { readonly event: number; readonly error: unknown }
  private readonly programs: Programs<S, C>
  private readonly oracle: Oracle<S, C>
  private readonly devices: (Device.Device<S, C> | undefined)[] = []
  private readonly versions: Device.Device<S, C>[][] = []
  /** The index of the last event of each device. */
  private readonly last: number[] = []
  /** What each device shows. */
  private readonly views: string[] = []
  private mail: Mail[] = []
  private links: Link.Link<C>[] = []
  private step = 0
  /** The newest stamp made. */
  private newest = 0
  private readonly restored = new Set<number>()
  /** Own updates that a device forgot when it was restored: what it lacks of them may be lost. */
  private readonly forgotten = new Set<Update<C>>()
  /** Two contents came under one stamp: only the end of talks is promised. */
  private isForked = false
  /** Nothing more is promised: see {@link forgotten}. */
  private isExcused = false

  constructor(subject: Subjects<S, C>, dataType: DataType<S, C>, schedule: ScheduleOf<S, C>) {
    this.subject = subject
    this.schedule = schedule
    this.ids = schedule.ids
    this.programs = programsOf(dataType)
    this.oracle = new Oracle(dataType)
  }

  run(): void {
    try {
      const old = this.schedule.exchanges?.old ?? 0
      for (const [i, id] of this.ids.entries()) {
        const program = ((old >> i) & 1) === 1 ? this.programs.old : this.programs.new
        const device = { program, replica: program.create(id), isRestored: false }
        this.devices.push(device)
        this.versions.push([device])
        this.last.push(-1)
        this.views.push(this.subject.view(device.replica))
      }
      for (const step of this.schedule.steps) {
        this.take(step)
        if (this.isOver()) break
        this.step++
      }
      if (!this.isOver()) this.settle()
    } catch (error) {
      this.threw = { event: this.events.length - 1, error }
    }
    // who died may have taken something along, and who went back may have forgotten something
    const { features } = this.exchanged
    const isWhole = !features.has('death') && !features.has('restore') && !this.isForked && !this.isOver()
    this.replicas = isWhole ? this.alive().map(([, { replica }]) => replica) : []
  }

  private isOver(): boolean {
    return this.isExcused || this.exchanged.broken !== undefined
  }

  private alive(): ReadonlyArray<readonly [number, Device.Device<S, C>]> {
    return this.devices.flatMap((device, i) => (device === undefined ? [] : [[i, device] as const]))
  }

  private take(step: ScheduleStep<Command<S, C, unknown>>): void {
    if ('link' in step) this.onLink(step)
    else if ('to' in step) this.between(step)
    else if ('at' in step) this.at(step)
  }

  private between(step: ScheduleStep<unknown> & { readonly to: number }): void {
    const to = this.devices[step.to]
    if (to === undefined) return
    if (step._tag === 'hear') {
      this.hear(step, to)
      return
    }
    if (!('from' in step) || step.from === step.to) return
    const from = this.devices[step.from]
    if (from === undefined) return
    if (step._tag === 'talk') this.talk(step)
    if (step._tag === 'merge') this.put(step.to, Device.merge(to, from), 'receive', 'merges', step.from)
    if (step._tag === 'connect') this.connect(step.from, step.to)
  }

  private at(step: ScheduleStep<Command<S, C, unknown>> & { readonly at: number }): void {
    const { at } = step
    const device = this.devices[at]
    const features = this.exchanged.features
    if (step._tag === 'restore') {
      this.restore(step)
      return
    }
    if (device === undefined) return
    switch (step._tag) {
      case 'local':
        this.local(step, device)
        return
      case 'open':
        this.send(at, Device.written(device.program, device.program.open(device.replica)))
        return
      case 'push': {
        features.add('push')
        const { replica, program } = device
        const before = this.versionOf(step)
        // one process holds both versions
        if (before.program !== program) return
        this.send(at, Device.written(program, program.push(before.replica)(replica)))
        return
      }
      case 'die':
        features.add('death')
        this.devices[at] = undefined
        this.links = this.links.filter(({ who }) => !who.includes(at))
        this.note('crash', at, 'dies', device)
        return
      case 'upgrade':
        features.add('upgrade')
        this.put(at, Device.upgrade(device, this.programs.new), 'receive', 'upgraded')
        return
      case 'rewind':
        features.add('oldVersion')
        this.put(at, Device.rewind(device, this.versionOf(step)), 'receive', 'goes back, and catches up')
        return
      case 'fork':
        this.fork(step, device)
        return
      case 'prune': {
        const { replica, program } = device
        this.put(at, { ...device, replica: program.prune(step.now)(replica) }, 'receive', 'prunes')
      }
    }
  }

  private versionOf({ at, version }: Pick<Back, 'at' | 'version'>): Device.Device<S, C> {
    const versions = this.versions[at]!
    return versions[version % versions.length]!
  }

  private local(step: Local<Command<S, C, unknown>>, device: Device.Device<S, C>): void {
    const { at } = step
    // nobody restores a device and writes within the millisecond of what it forgot
    const now = this.restored.has(at) ? Math.max(step.now, Math.ceil(this.newest) + 1) : step.now
    const command = this.commandOf(step, device)
    const written = Device.write(device, command, now)
    if (written === undefined) {
      this.note('refused', at, this.subject.describe(command, undefined), device)
      return
    }
    const [update, next] = written
    this.isForked ||= this.oracle.made.some((other) => sameStamp(other, update))
    this.newest = Math.max(this.newest, update[1])
    this.oracle.made.push(update)
    const [index, event] = [this.operations.length, this.events.length]
    const message = [update]
    this.operations.push({ index, at, id: this.ids[at]!, now, command, message, sees: 0n, event })
    this.put(at, next, 'local', this.subject.describe(command, message), undefined, index)
  }

  private commandOf(step: Local<Command<S, C, unknown>>, device: Device.Device<S, C>): Command<S, C, unknown> {
    if (step.command !== undefined) return step.command.value
    const arbitrary = this.subject.command(device.replica)
    const value = draw(arbitrary, step.luck)
    this.drawn.push({ step: this.step, arbitrary, value })
    return value.value
  }

  /** Writes to an older version carelessly, and forgets the newer one. */
  private fork(step: Back, device: Device.Device<S, C>): void {
    const older = this.versionOf(step)
    if (older.replica.clock === device.replica.clock || older.program !== device.program) return
    this.exchanged.features.add('oldVersion')
    // two contents may come under one stamp, and clocks that are equal cover other updates
    this.isForked = true
    this.put(step.at, older, 'crash', 'goes back, carelessly')
  }

  private restore(step: Back): void {
    const { at } = step
    const older = this.versionOf(step)
    const program = this.devices[at]?.program ?? this.programs.new
    const next = Device.restore({ ...older, program }, older)
    if (!next.isRestored) return
    this.exchanged.features.add('restore')
    this.restored.add(at)
    for (const update of this.oracle.made) {
      const isOwn = update[2] === this.ids[at] && update[1] > Clock.sureOf(update[2])(next.replica.clock)
      if (isOwn && !this.oracle.isReflected(update, next.replica)) this.forgotten.add(update)
    }
    this.links = this.links.filter(({ who }) => !who.includes(at))
    this.put(at, next, 'crash', 'restored')
  }

  private send(from: number, text: string | undefined): void {
    if (text === undefined) return
    this.mail = [...this.mail, { text, from, sentAt: this.last[from]! }].slice(-MAX_MAIL)
  }

  private hear({ to, mail, budget, keep, refuses }: Of<'hear'>, device: Device.Device<S, C>): void {
    const letter = this.mail[mail % Math.max(1, this.mail.length)]
    if (letter === undefined || letter.from === to) return
    const { features } = this.exchanged
    if (keep) features.add('overheard')
    else this.mail = this.mail.filter((other) => other !== letter)
    const [next, answer, hasRefused] = Device.hear(device, letter.text, budget, refuses)
    if (hasRefused) features.add('updateRefused')
    if (budget > 0) features.add('budget')
    this.put(to, next, 'receive', hasRefused ? 'a message, some refused' : 'a message', letter.from, undefined, letter)
    this.send(to, answer)
  }

  private talk({ from, to, budgets, refuses }: Of<'talk'>): void {
    const first = this.devices[from]!
    if (budgets[0] + budgets[1] > 0) this.exchanged.features.add('budget')
    let hasRefused = false
    let text: string | undefined = Device.written(first.program, first.program.open(first.replica))
    for (let count = 1; text !== undefined; count++) {
      if (count > MAX_TALK) {
        this.fail('ends', { why: `${this.ids[from]!} and ${this.ids[to]!} talk without end` })
        return
      }
      const [at, other] = count % 2 === 1 ? [to, from] : [from, to]
      const heard: ReturnType<typeof Device.hear<S, C>> = Device.hear(
        this.devices[at]!,
        text,
        budgets[count % 2]!,
        at === to ? refuses : undefined,
      )
      text = heard[1]
      hasRefused ||= heard[2]
      this.put(at, heard[0], 'receive', 'a message', other)
      if (this.isOver()) return
    }
    if (!hasRefused) this.agree(from, to)
    else this.exchanged.features.add('updateRefused')
  }

  private agree(from: number, to: number): void {
    if (this.isForked || this.isOver()) return
    const [a, b] = [this.devices[from]!, this.devices[to]!]
    const lacks = [...this.oracle.missing(a.replica, b.replica), ...this.oracle.missing(b.replica, a.replica)]
    if (lacks.length === 0) return
    const [x, y] = [this.ids[from]!, this.ids[to]!]
    const why = `${x} and ${y} have nothing more to say, and only one of them has ${Judge.textOf(lacks)}`
    this.fail('agreement', { why, states: this.shown(a, b), events: [this.last[from]!, this.last[to]!] })
  }

  private shown(a: Device.Device<S, C>, b: Device.Device<S, C>): readonly [unknown, unknown] {
    return [this.subject.show(a.replica), this.subject.show(b.replica)]
  }

  private connect(from: number, to: number): void {
    if (this.links.some(({ who }) => who.includes(from) && who.includes(to))) return
    const link = Link.open([from, to], this.devices[from]!)
    this.links.push(Link.say(Link.say(link, 0, this.devices[from]!, 2), 1, this.devices[to]!, 2))
  }

  private onLink(step: Of<'say' | 'carry' | 'cut'>): void {
    const i = step.link % Math.max(1, this.links.length)
    const link = this.links[i]
    if (link === undefined) return
    const { features } = this.exchanged
    if (step._tag === 'cut') {
      features.add('linkCut')
      this.links.splice(i, 1)
      return
    }
    if (step._tag === 'say') {
      this.links[i] = Link.say(link, step.side, this.devices[link.who[step.side]]!, step.most)
      return
    }
    const { side, lines, harm, refuses } = step
    if (harm !== undefined && link.lines[side].length > 0) {
      features.add('lineHarmed')
      this.links[i] = Link.harmed(link, side, harm)
    }
    for (let n = 0; n < lines && !this.isOver(); n++) if (!this.carry(i, side, refuses)) return
  }

  /** One end hears a line. False once the link is gone. */
  private carry(i: number, side: 0 | 1, refuses?: Of<'carry'>['refuses']): boolean {
    const link = this.links[i]!
    const [at, from] = [link.who[side], link.who[1 - side]!]
    const line = link.lines[side][0]
    if (line === undefined) return true
    const [next, device] = Link.hear(link, side, this.devices[at]!, refuses)
    if (next === undefined) this.links.splice(i, 1)
    else this.links[i] = next
    this.put(at, device, 'receive', `line ${line.trim()}`, from)
    return next !== undefined
  }

  /** Gives a device its next version, and judges it. Nothing happens if it is the same. */
  private put(
    at: number,
    device: Device.Device<S, C>,
    tag: RunEvent<Replica<S, C>>['_tag'],
    text: string,
    from?: number,
    operation?: number,
    sent?: Mail,
  ): void {
    const before = this.devices[at]
    if (device === before) return
    this.devices[at] = device
    this.versions[at]!.push(device)
    const place = { step: this.step, at, ...(from !== undefined && { from, sentAt: sent?.sentAt ?? this.last[from]! }) }
    const { replica } = device
    const was = this.views[at]!
    const view = before?.replica.state === replica.state ? was : this.subject.view(replica)
    this.last[at] = this.events.length
    this.views[at] = view
    const what = { ...place, ...(operation !== undefined && { operation }) }
    const versions = { before: before?.replica ?? replica, was, after: replica, view }
    this.events.push({ _tag: tag, text, ...what, ...versions, remembered: undefined, knows: 0n })
    if (before?.replica === replica) return
    this.judge(at, tag === 'crash' ? undefined : before, device)
  }

  private note(tag: RunEvent<Replica<S, C>>['_tag'], at: number, text: string, { replica }: Device.Device<S, C>): void {
    const view = this.views[at]!
    const versions = { before: replica, was: view, after: replica, view, remembered: undefined, knows: 0n }
    this.events.push({ _tag: tag, text, step: this.step, at, ...versions })
  }

  private judge(at: number, before: Device.Device<S, C> | undefined, device: Device.Device<S, C>): void {
    const { replica } = device
    const { features } = this.exchanged
    if (replica.log.unread !== undefined) features.add('unread')
    if (Clock.doubts(replica.clock) > 0) features.add('doubt')
    if (this.isForked || this.isOver()) return
    const uncovered = this.oracle.uncovered(replica)
    if (uncovered.length > 0) {
      if (uncovered.some((update) => this.forgotten.has(update))) this.isExcused = true
      else this.fail('certainty', Judge.uncertain(this.ids[at]!, uncovered, this.last[at]!))
      return
    }
    if (before !== undefined && !Clock.leq(before.replica.clock, replica.clock)) {
      this.fail('clock', { why: `the clock of ${this.ids[at]!} went back`, events: [this.last[at]!] })
      return
    }
    for (const [i, other] of this.alive()) {
      if (i === at || !Judge.isSameVersion(replica, other.replica)) continue
      if (this.areEqual(at, i)) continue
      const why = `${this.ids[at]!} and ${this.ids[i]!} have equal digests, and differ`
      this.fail('digests', { why, states: this.shown(device, other), events: [this.last[at]!, this.last[i]!] })
    }
  }

  private areEqual(a: number, b: number): boolean {
    const [x, y] = [this.devices[a]!.replica, this.devices[b]!.replica]
    const { equals, show } = this.subject
    return equals(x, y) && (this.views[a] === this.views[b] || sameValue(show(x), show(y)))
  }

  private fail(law: ExchangeLaw, violation: Violation): void {
    this.exchanged.broken ??= { law, violation }
  }

  /** All links fall silent. Then the survivors, upgraded, tell each other all they have. */
  private settle(): void {
    this.drain()
    this.links = []
    for (const [i, device] of this.alive()) {
      if (device.program !== this.programs.new)
        this.put(i, Device.upgrade(device, this.programs.new), 'receive', 'upgraded')
    }
    const alive = this.alive().map(([i]) => i)
    const { luck = 0 } = this.schedule
    // there and back: what the last one says may be news to the first
    const chain = alive.slice(1).map((i, before) => [alive[before]!, i] as const)
    if (luck % 2 === 1) {
      for (const [i, j] of chain) this.connect(i, j)
      this.drain()
    } else {
      for (const [from, to] of [...chain, ...[...chain].reverse()]) {
        if (this.isOver()) return
        this.talk({ _tag: 'talk', from, to, budgets: [luck % 5, (luck % 3) + 1] })
      }
    }
    const pairs = alive.flatMap((i) => alive.flatMap((j) => (i < j ? [[i, j] as const] : [])))
    for (const [i, j] of pairs) this.agree(i, j)
    this.converged()
  }

  /** All links carry all lines, until none is left. */
  private drain(): void {
    for (let round = 0; round < MAX_ROUNDS && !this.isOver(); round++) {
      for (const [i, link] of this.links.entries()) {
        const said = Link.say(link, 0, this.devices[link.who[0]]!, 8)
        this.links[i] = Link.say(said, 1, this.devices[link.who[1]]!, 8)
      }
      if (this.links.every(Link.isSilent)) return
      for (let i = 0; i < this.links.length; i++) {
        for (const side of [0, 1] as const) {
          const link = this.links[i]
          for (let left = link?.lines[side].length ?? 0; left > 0; left--) if (!this.carry(i, side)) break
          if (this.isOver()) return
        }
      }
    }
    if (!this.isOver()) this.fail('drains', { why: 'links never fall silent' })
  }

  /** Devices that reflect the same show the same. */
  private converged(): void {
    if (this.isForked || this.isOver()) return
    const [first, ...others] = this.alive()
    if (first === undefined) return
    for (const [i, other] of others) {
      if (this.areEqual(first[0], i) || first[1].replica.clock.floor !== other.replica.clock.floor) continue
      const why = `${this.ids[first[0]]!} and ${this.ids[i]!} have told each other all, and differ`
      this.fail('agreement', {
        why,
        states: this.shown(first[1], other),
        events: [this.last[first[0]]!, this.last[i]!],
      })
    }
  }
}
