/** The replicas of a running network, and the record of what happens to them. */
import type { SourceId } from '../../core/Update.js'
import { Misuse } from '../model/Misuse.js'
import type { Ongoing, Parting, RunEvent, Threw } from '../model/Run.js'
import { sameValue } from '../model/show.js'
import type { Subject } from '../model/Subject.js'

/** One replica. */
export interface Lane<R> {
  replica: R
  view: string
  /** The set of operations that it knows. */
  knows: bigint
  /** Whether `knows` is exact: false once the replica got a shortened message. */
  isWhole: boolean
  /** The index of its last event; -1 if it had none. */
  last: number
  /** How many times it has come back after a crash. */
  restarts: number
  saved: Saved
}

interface Saved {
  readonly replica: unknown
  readonly knows: bigint
  readonly isWhole: boolean
}

type More<R> = Partial<Pick<RunEvent<R>, 'from' | 'sentAt' | 'operation' | 'heard'>>

export class Lanes<R, C, M> {
  readonly all: Lane<R>[] = []
  readonly events: RunEvent<R>[] = []
  parted: Parting | undefined
  /** The index of the current step; the number of steps, while the network settles. */
  step = 0
  private readonly subject: Subject<R, C, M>
  /** What `create` gave to more than one. */
  private shared: ReadonlySet<R> = new Set()

  constructor(subject: Subject<R, C, M>) {
    this.subject = subject
  }

  open(id: SourceId): void {
    const replica = this.subject.create(id, { index: this.all.length })
    if (this.all.some((lane) => lane.replica === replica)) this.shared = new Set(this.shared).add(replica)
    const saved = { replica: this.subject.save?.(replica), knows: 0n, isWhole: true }
    this.all.push({ replica, view: this.subject.view(replica), knows: 0n, isWhole: true, last: -1, restarts: 0, saved })
  }

  at(i: number): Lane<R> {
    return this.all[i]!
  }

  save(at: number): void {
    const lane = this.at(at)
    lane.saved = { replica: this.subject.save?.(lane.replica), knows: lane.knows, isWhole: lane.isWhole }
  }

  /** Gives a lane its next replica, and records why. */
  put(at: number, replica: R, tag: RunEvent<R>['_tag'], text: string, more?: More<R>): void {
    const lane = this.at(at)
    const { replica: before, view: was } = lane
    lane.replica = replica
    lane.view = this.subject.view(replica)
    if (this.subject.isMutable && replica === before && lane.view !== was && this.shared.has(replica)) throw SHARED()
    lane.last = this.events.length
    this.push(lane, tag, at, text, before, was, more)
  }

  /** Records an event that changes no replica. `at` is -1 for the network. */
  note(tag: RunEvent<R>['_tag'], at: number, text: string, more?: More<R>): void {
    const lane = this.at(Math.max(at, 0))
    this.push(lane, tag, at, text, lane.replica, lane.view, more)
  }

  /** Records what ended the run. */
  ended(ongoing: Ongoing | undefined, error: unknown): Threw {
    if (ongoing !== undefined) {
      const { at, text, from, sentAt, operation } = ongoing
      const place = from === undefined ? {} : { from, sentAt: sentAt ?? -1 }
      this.note('threw', at, safely(text), operation === undefined ? place : { ...place, operation })
    }
    return { event: this.events.length - 1, error, ...(ongoing && { call: ongoing.call }) }
  }

  private push(
    { replica: after, view, knows }: Lane<R>,
    _tag: RunEvent<R>['_tag'],
    at: number,
    text: string,
    before: R,
    was: string,
    more?: More<R>,
  ): void {
    const remembered = this.subject.remember?.(after)
    this.events.push({ _tag, step: this.step, at, text, before, was, after, view, remembered, knows, ...more })
  }

  /** Compares a replica with those that know the same, until two are found that differ. */
  compare(at: number): void {
    const lane = this.at(at)
    if (this.parted !== undefined || !lane.isWhole) return
    for (const [other, peer] of this.all.entries()) {
      if (other === at || !peer.isWhole || peer.knows !== lane.knows) continue
      if (Object.is(lane.replica, peer.replica) || this.areSame(lane, peer)) continue
      // who shows another thing than after its last event was changed by another replica
      const views =
        peer.view === lane.view && this.subject.isMutable
          ? [peer, lane].map(({ replica }) => this.subject.view(replica))
          : [peer.view, lane.view]
      this.parted = { replicas: [other, at], events: [peer.last, lane.last], views: [views[0]!, views[1]!] }
      return
    }
  }

  private areSame(a: Lane<R>, b: Lane<R>): boolean {
    const { equals, show } = this.subject
    return equals(a.replica, b.replica) && (a.view === b.view || sameValue(show(a.replica), show(b.replica)))
  }
}

/** For replicas that are one object, which one of them has changed. */
const SHARED = (): Misuse =>
  new Misuse('`create` gave one object to two replicas', '`create` must make a new replica each time that it is called')

/** A description by a function that may throw, too. */
export const safely = (text: () => string): string => {
  try {
    return text()
  } catch {
    return 'a command'
  }
}
