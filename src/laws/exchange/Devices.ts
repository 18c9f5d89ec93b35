/**
 * The devices of a network, the record of what happens to them, and what is wrong with them by one
 * who knows every update ever made.
 */
import * as Clock from '../../core/Clock.js'
import type { Command, DataType } from '../../core/DataType.js'
import type { Replica } from '../../core/Replica.js'
import type { Update } from '../../core/Update.js'
import { KEEP, OURS, inAnyOrder } from '../laws/remedies.js'
import type { ExchangeFeature, ExchangeLaw } from '../model/Exchange.js'
import type { Operation } from '../model/Operation.js'
import type { Ongoing, Run, RunEvent, Threw } from '../model/Run.js'
import type { Schedule } from '../model/Schedule.js'
import { nameOf, sameValue } from '../model/show.js'
import type { Subject } from '../model/Subject.js'
import type { Updates } from '../model/updates.js'
import type { Remedied } from '../model/Violation.js'
import type { Drawn } from '../network/draw.js'
import { safely } from '../network/lanes.js'
import type * as Device from './Device.js'
import { programsOf, type Programs } from './programs.js'
import { isSameVersion, textOf, uncertain } from './versions.js'
import { Witness } from './Witness.js'

export type Subjects<S, C> = Subject<Replica<S, C>, Command<S, C, unknown>, Updates<C>>
export type ScheduleOf<S, C> = Schedule<Command<S, C, unknown>>
type Version<S, C> = Device.Device<S, C>

/** Where an event comes from. `sentAt` is by default the last event of the sender. */
type More = Partial<Pick<RunEvent<unknown>, 'from' | 'sentAt' | 'operation'>>

export class Devices<S, C> implements Run<Replica<S, C>, Command<S, C, unknown>, Updates<C>> {
  readonly subject: Subjects<S, C>
  readonly schedule: ScheduleOf<S, C>
  readonly ids: ReadonlyArray<string>
  readonly operations: Operation<Command<S, C, unknown>, Updates<C>>[] = []
  readonly drawn: Drawn<Command<S, C, unknown>>[] = []
  readonly events: RunEvent<Replica<S, C>>[] = []
  readonly whole: ReadonlyArray<Replica<S, C>> = []
  readonly exchanged: { features: Set<ExchangeFeature>; broken?: { law: ExchangeLaw; violation: Remedied } } = {
    features: new Set(),
  }
  replicas: ReadonlyArray<Replica<S, C>> = []
  threw?: Threw
  written?: readonly [string, string]
  protected readonly programs: Programs<S, C>
  protected readonly witness: Witness<S, C>
  protected readonly devices: (Version<S, C> | undefined)[] = []
  protected readonly versions: Version<S, C>[][] = []
  /** The index of the last event of each device. */
  protected readonly last: number[] = []
  /** What each device shows. */
  protected readonly views: string[] = []
  protected step = 0
  protected ongoing: Ongoing | undefined
  /** Own updates that a device forgot when it was restored: what it lacks of them may be lost. */
  protected readonly forgotten = new Set<Update<C>>()
  /** Two contents came under one stamp: only the end of talks is promised. */
  protected isForked = false
  /** Nothing more is promised: see {@link forgotten}. */
  protected isExcused = false

  constructor(subject: Subjects<S, C>, dataType: DataType<S, C>, schedule: ScheduleOf<S, C>) {
    this.subject = subject
    this.schedule = schedule
    this.ids = schedule.ids
    this.programs = programsOf(dataType)
    this.witness = new Witness(dataType)
  }

  protected isOver(): boolean {
    return this.isExcused || this.exchanged.broken !== undefined
  }

  protected alive(): ReadonlyArray<readonly [number, Version<S, C>]> {
    return this.devices.flatMap((device, i) => (device === undefined ? [] : [[i, device] as const]))
  }

  protected agree(from: number, to: number): void {
    if (this.isForked || this.isOver()) return
    const [a, b] = [this.devices[from]!, this.devices[to]!]
    const lacks = [...this.witness.missing(a.replica, b.replica), ...this.witness.missing(b.replica, a.replica)]
    if (lacks.length === 0) return
    const [x, y] = [this.nameOf(from), this.nameOf(to)]
    const why = `${x} and ${y} have nothing more to say, and only one of them has ${textOf(lacks)}`
    const remedy = KEEP
    this.fail('agreement', { why, remedy, states: this.shown(a, b), events: [this.last[from]!, this.last[to]!] })
  }

  protected shown(a: Version<S, C>, b: Version<S, C>): readonly [unknown, unknown] {
    return [this.subject.show(a.replica), this.subject.show(b.replica)]
  }

  /** Gives a device its next version, and judges it. Nothing happens if it is the same. */
  protected put(
    at: number,
    device: Version<S, C>,
    tag: RunEvent<Replica<S, C>>['_tag'],
    text: string,
    { from, sentAt = this.last[from ?? at]!, operation }: More = {},
  ): void {
    this.ongoing = undefined
    const before = this.devices[at]
    if (device === before) return
    this.devices[at] = device
    this.versions[at]!.push(device)
    const place = { step: this.step, at, ...(from !== undefined && { from, sentAt }) }
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

  protected note(tag: RunEvent<Replica<S, C>>['_tag'], at: number, text: string, { replica }: Version<S, C>): void {
    const view = this.views[at]!
    const versions = { before: replica, was: view, after: replica, view, remembered: undefined, knows: 0n }
    this.events.push({ _tag: tag, text, step: this.step, at, ...versions })
  }

  protected asks(at: number): void {
    this.ongoing = { call: 'receive', at, text: () => 'a message' }
  }

  /** Records what ended the run. */
  protected ended(error: unknown): Threw {
    const { ongoing } = this
    const device = ongoing && this.devices[ongoing.at]
    if (device !== undefined) this.note('threw', ongoing!.at, safely(ongoing!.text), device)
    return { event: this.events.length - 1, error, ...(ongoing && { call: ongoing.call }) }
  }

  protected judge(at: number, before: Version<S, C> | undefined, device: Version<S, C>): void {
    const { replica } = device
    const { features } = this.exchanged
    if (replica.log.unread !== undefined) features.add('unread')
    if (Clock.doubts(replica.clock) > 0) features.add('doubt')
    if (this.isForked || this.isOver()) return
    const uncovered = this.witness.uncovered(replica)
    if (uncovered.length > 0) {
      if (uncovered.some((update) => this.forgotten.has(update))) this.isExcused = true
      else this.fail('certainty', uncertain(this.nameOf(at), uncovered, this.last[at]!))
      return
    }
    if (before !== undefined && !Clock.leq(before.replica.clock, replica.clock)) {
      const why = `the clock of ${this.nameOf(at)} went back`
      this.fail('clock', { why, remedy: OURS, events: [this.last[at]!] })
      return
    }
    for (const [i, other] of this.alive()) {
      if (i === at || !isSameVersion(replica, other.replica)) continue
      if (this.areEqual(at, i)) continue
      const why = `${this.nameOf(at)} and ${this.nameOf(i)} have equal digests, and differ`
      this.fail('digests', {
        why,
        remedy: inAnyOrder(this),
        states: this.shown(device, other),
        events: [this.last[at]!, this.last[i]!],
      })
    }
  }

  protected areEqual(a: number, b: number): boolean {
    const [x, y] = [this.devices[a]!.replica, this.devices[b]!.replica]
    return this.views[a] === this.views[b] ? this.subject.equals(x, y) : this.showsSame(x, y)
  }

  protected showsSame(a: Replica<S, C>, b: Replica<S, C>): boolean {
    const { equals, show } = this.subject
    return equals(a, b) && sameValue(show(a), show(b))
  }

  protected nameOf(at: number): string {
    return nameOf(this.ids[at]!)
  }

  protected fail(law: ExchangeLaw, violation: Remedied): void {
    this.exchanged.broken ??= { law, violation }
  }
}
