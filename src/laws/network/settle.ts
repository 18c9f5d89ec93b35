/** The end of a run: everybody hears everything. */
import { add, type Operation } from '../model/Operation.js'
import type { Schedule } from '../model/Schedule.js'
import type { Subject } from '../model/Subject.js'
import type { Lanes } from './lanes.js'

/** A network after its last step, without a partition. */
export interface Unsettled<R, C, M> {
  readonly subject: Subject<R, C, M>
  readonly schedule: Schedule<C>
  readonly operations: ReadonlyArray<Operation<C, M>>
  readonly lanes: Lanes<R, C, M>
  readonly gossips: 'history' | 'everything'
  /** What is under way arrives. */
  readonly arrivals: () => void
  /** The broadcasts that the delivery promise allows next. */
  readonly next: (to: number) => ReadonlyArray<Operation<C, M>>
  /** Gives a broadcast to a replica. */
  readonly hand: (operation: Operation<C, M>, to: number, now: number, tag: 'receive') => void
  /** Gives broadcasts to a replica that counts them as known, joined to one message. */
  readonly handAll: (operations: ReadonlyArray<Operation<C, M>>, to: number) => void
  /** All pairs speak before any message arrives. Gives whether anybody had something to say. */
  readonly exchange: (...pairs: ReadonlyArray<readonly [from: number, to: number]>) => boolean
}

/** For these values of `luck % 8`, messages that are under way at the end arrive last. */
export const LATE: ReadonlyArray<number> = [4, 5, 6, 7]

/** For this value of `luck % 4`, what a replica lacks at the end reaches it as one message. */
const AT_ONCE = 3

/** More rounds than the backlog of any schedule takes. */
const MAX_ROUNDS = 100

export const settle = <R, C, M>(network: Unsettled<R, C, M>): void => {
  const { lanes, operations } = network
  const { luck = 0 } = network.schedule
  const { send, broadcasts, isWhole, delivery } = network.subject
  const isLate = delivery.order === 'any' && LATE.includes(luck % 8)
  if (!isLate) network.arrivals()
  const isGossiping = send !== undefined && network.gossips === 'history' && (!broadcasts || luck % 2 === 0)
  if (!isGossiping) for (const to of lanes.all.keys()) hearAll(network, to, luck + to)
  else if (isWhole) aroundTheRing(network)
  else untilQuiet(network)
  if (isLate) network.arrivals()
  const all = (1n << BigInt(operations.length)) - 1n
  for (const lane of lanes.all) {
    if (isGossiping) lane.knows = all
    lane.isWhole = true
  }
  // the first with the second, and so on
  for (const i of lanes.all.keys()) if (i > 0) lanes.compare(i)
}

/**
 * Delivers all broadcasts that a replica lacks, in a promised order chosen by luck: one by one, or
 * as one message.
 */
const hearAll = <R, C, M>(network: Unsettled<R, C, M>, to: number, luck: number): void => {
  const { schedule, subject, lanes } = network
  const isJoined = subject.joined !== undefined && (schedule.luck ?? 0) % 4 === AT_ONCE
  const joined: Operation<C, M>[] = []
  const lane = lanes.at(to)
  let random = schedule.luck === 0 ? 0 : luck
  for (let next = network.next(to); next.length > 0; next = network.next(to)) {
    const one = next[random % next.length]!
    if (isJoined) {
      lane.knows = add(lane.knows, one.index)
      joined.push(one)
    } else network.hand(one, to, 1, 'receive')
    random = (random * 1103515245 + 12345) & 0x7fffffff
    if (schedule.luck === 0) random = 0
  }
  if (joined.length === 1) network.hand(joined[0]!, to, 1, 'receive')
  else if (joined.length > 1) network.handAll(joined, to)
}

/** Each replica exchanges with the next, twice: one after the other, or both at once. */
const aroundTheRing = <R, C, M>(network: Unsettled<R, C, M>): void => {
  const [count, { luck = 0 }] = [network.lanes.all.length, network.schedule]
  for (let i = 0; i < 2 * count; i++) {
    const [one, next] = [i % count, (i + 1) % count]
    if (luck % 4 < 2) {
      network.exchange([one, next])
      network.exchange([next, one])
    } else {
      network.exchange([one, next], [next, one])
    }
  }
}

/** For replicas that tell a part at a time: all speak until none has more to say. */
const untilQuiet = <R, C, M>(network: Unsettled<R, C, M>): void => {
  const all = network.lanes.all
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let isQuiet = true
    for (const from of all.keys()) {
      for (const to of all.keys()) if (from !== to && network.exchange([from, to])) isQuiet = false
    }
    if (isQuiet) return
  }
}
