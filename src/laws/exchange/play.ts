/**
 * Runs a network of devices that exchange messages and sessions, and judges it after each step by
 * one who knows every update ever made.
 */
import * as Clock from '../../core/Clock.js'
import type { Command, DataType } from '../../core/DataType.js'
import type { Replica } from '../../core/Replica.js'
import { sameStamp } from '../../core/Update.js'
import { BACK, SETTLE, inAnyOrder } from '../laws/remedies.js'
import type { Back, ExchangeStep } from '../model/Exchange.js'
import type { Run } from '../model/Run.js'
import type { Local, ScheduleStep } from '../model/Schedule.js'
import type { Updates } from '../model/updates.js'
import { chosen, type Drawn } from '../network/draw.js'
import * as Device from './Device.js'
import { Devices, type ScheduleOf, type Subjects } from './Devices.js'
import * as Link from './Link.js'
import { textOf } from './versions.js'

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

class Exchanges<S, C> extends Devices<S, C> {
  private mail: Mail[] = []
  private links: Link.Link<C>[] = []
  /** The newest stamp made. */
  private newest = 0
  private readonly restored = new Set<number>()

  run(): void {
    const { empty } = this.subject
    try {
      empty?.restore()
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
      const written = empty?.written()
      if (written !== undefined) this.written = written
    } catch (error) {
      this.threw = this.ended(error)
    }
    // who died may have taken something along, and who went back may have forgotten something
    const { features } = this.exchanged
    const isWhole = !features.has('death') && !features.has('restore') && !this.isForked && !this.isOver()
    this.replicas = isWhole ? this.alive().map(([, { replica }]) => replica) : []
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
    if (step._tag === 'merge') this.put(step.to, Device.merge(to, from), 'receive', 'merges', { from: step.from })
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
      case 'rewind': {
        features.add('oldVersion')
        const older = this.versionOf(step)
        this.put(at, Device.rewind(device, older), 'receive', 'goes back, and catches up')
        // what was there before a restore is not older
        if (Clock.leq(older.replica.clock, device.replica.clock)) this.traveled(at, device)
        return
      }
      case 'fork':
        this.fork(step, device)
        return
      case 'prune': {
        const { replica, program } = device
        this.put(at, { ...device, replica: program.prune(step.now)(replica) }, 'receive', 'prunes')
      }
    }
  }

  /** Who caught up with its head has all that the head had. */
  private traveled(at: number, head: Device.Device<S, C>): void {
    const back = this.devices[at]!
    if (this.isForked || this.isOver() || back === head) return
    const lacks = this.witness.missing(head.replica, back.replica)
    if (lacks.length === 0 && this.showsSame(head.replica, back.replica)) return
    const what = lacks.length === 0 ? 'and differs from it' : `and lacks ${textOf(lacks)}`
    const why = `${this.nameOf(at)} went back, caught up with its head, ${what}`
    this.fail('timeTravel', { why, remedy: BACK, states: this.shown(head, back), events: [this.last[at]!] })
  }

  private versionOf({ at, version }: Pick<Back, 'at' | 'version'>): Device.Device<S, C> {
    const versions = this.versions[at]!
    return versions[version % versions.length]!
  }

  private local(step: Local<Command<S, C, unknown>>, device: Device.Device<S, C>): void {
    const { at } = step
    // nobody restores a device and writes within the millisecond of what it forgot
    const now = this.restored.has(at) ? Math.max(step.now, Math.ceil(this.newest) + 1) : step.now
    const command = chosen(step, this.step, () => this.subject.command(device.replica), this.drawn)
    this.ongoing = { call: 'local', at, text: () => this.subject.describe(command, undefined) }
    const written = Device.write(device, command, now)
    if (written === undefined) {
      this.note('refused', at, this.subject.describe(command, undefined), device)
      return
    }
    const [update, next] = written
    if (!this.isForked && this.witness.made.some((other) => sameStamp(other, update))) {
      const why = `${this.nameOf(at)} made two updates with one stamp: ${textOf([update])}`
      this.fail('timeTravel', { why, remedy: BACK, events: [this.events.length] })
    }
    this.newest = Math.max(this.newest, update[1])
    this.witness.made.push(update)
    const [index, event] = [this.operations.length, this.events.length]
    const message = [update]
    this.operations.push({ index, at, id: this.ids[at]!, now, command, message, sees: 0n, event })
    this.put(at, next, 'local', this.subject.describe(command, message), { operation: index })
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
    for (const update of this.witness.made) {
      const isOwn = update[2] === this.ids[at] && update[1] > Clock.sureOf(update[2], next.replica.clock)
      if (isOwn && !this.witness.isReflected(update, next.replica)) this.forgotten.add(update)
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
    this.asks(to)
    const [next, answer, hasRefused] = Device.hear(device, letter.text, budget, refuses)
    if (hasRefused) features.add('updateRefused')
    if (budget > 0) features.add('budget')
    const { from, sentAt } = letter
    this.put(to, next, 'receive', hasRefused ? 'a message, some refused' : 'a message', { from, sentAt })
    this.send(to, answer)
  }

  private talk({ from, to, budgets, refuses }: Of<'talk'>): void {
    const first = this.devices[from]!
    if (budgets[0] + budgets[1] > 0) this.exchanged.features.add('budget')
    let hasRefused = false
    let text: string | undefined = Device.written(first.program, first.program.open(first.replica))
    for (let count = 1; text !== undefined; count++) {
      if (count > MAX_TALK) {
        const why = `${this.nameOf(from)} and ${this.nameOf(to)} talk without end`
        this.fail('ends', { why, remedy: SETTLE })
        return
      }
      const [at, other] = count % 2 === 1 ? [to, from] : [from, to]
      this.asks(at)
      const heard: ReturnType<typeof Device.hear<S, C>> = Device.hear(
        this.devices[at]!,
        text,
        budgets[count % 2]!,
        at === to ? refuses : undefined,
      )
      text = heard[1]
      hasRefused ||= heard[2]
      this.put(at, heard[0], 'receive', 'a message', { from: other })
      if (this.isOver()) return
    }
    if (!hasRefused) this.agree(from, to)
    else this.exchanged.features.add('updateRefused')
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
    this.asks(at)
    const [next, device] = Link.hear(link, side, this.devices[at]!, refuses)
    if (next === undefined) this.links.splice(i, 1)
    else this.links[i] = next
    this.put(at, device, 'receive', `line ${line.trim()}`, { from })
    return next !== undefined
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
    if (!this.isOver()) this.fail('drains', { why: 'links never fall silent', remedy: SETTLE })
  }

  /** Devices that reflect the same show the same. */
  private converged(): void {
    if (this.isForked || this.isOver()) return
    const [first, ...others] = this.alive()
    if (first === undefined) return
    for (const [i, other] of others) {
      if (this.areEqual(first[0], i) || first[1].replica.clock.floor !== other.replica.clock.floor) continue
      const why = `${this.nameOf(first[0])} and ${this.nameOf(i)} have told each other all, and differ`
      this.fail('agreement', {
        why,
        remedy: inAnyOrder(this),
        states: this.shown(first[1], other),
        events: [this.last[first[0]]!, this.last[i]!],
      })
    }
  }
}
