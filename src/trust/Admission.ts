/**
 * The updates that wait for a verdict on their signature: the state machine of the gate.
 *
 * It believes each source's updates in the order in which they came. The gate around it asks
 * verifiers and sets timers. `P` names the peer that brought an update.
 */
import * as SortedMap from '../structures/SortedMap.js'
import { bySource } from '../core/Clock.js'
import * as Prefix from '../core/Prefix.js'
import type { SourceId, Update } from '../core/Update.js'
import { tooMany, type TooMany } from './limits.js'
import type { SignatureError, Verdict } from './verify.js'

/** An update, and the peer that brought it. */
export interface Arrival<C, P> {
  readonly update: Update<C>
  readonly from: P
}

/** An update that waits. */
export interface Waiting<C, P> {
  readonly update: Update<C>
  /** The peers that brought it: if it is refused, each is told. */
  readonly bringers: ReadonlyArray<P>
  /** Rises with every arrival. */
  readonly ticket: number
  /** The whole update as text. A second arrival of the same text waits under the same ticket. */
  readonly text: string
  readonly verdict: Verdict | undefined
}

/** A source's waiting updates by ticket: in the order in which they came. */
type Queue<C, P> = SortedMap.SortedMap<number, Waiting<C, P>>

export interface Admission<C, P> {
  readonly queues: SortedMap.SortedMap<SourceId, Queue<C, P>>
  readonly tickets: SortedMap.SortedMap<string, number>
  readonly nextTicket: number
}

const byTicket: SortedMap.Less<number> = (a, b) => a < b

const NOBODY: Admission<never, never> = { queues: SortedMap.empty(), tickets: SortedMap.empty(), nextTicket: 0 }

export const empty = <C, P>(): Admission<C, P> => NOBODY

/** The number of updates that wait. O(1). */
export const size = <C, P>({ tickets }: Admission<C, P>): number => SortedMap.size(tickets)

/** A source's updates that wait, oldest arrival first. O(its updates + log s). */
export const waitingOf =
  (source: SourceId) =>
  <C, P>({ queues }: Admission<C, P>): ReadonlyArray<Waiting<C, P>> => {
    const all: Waiting<C, P>[] = []
    SortedMap.forEach(queueOf(source, queues), (waiting) => all.push(waiting))
    return all
  }

const queueOf = <C, P>(source: SourceId, queues: Admission<C, P>['queues']): Queue<C, P> =>
  SortedMap.get(bySource, queues, source) ?? SortedMap.empty()

/** Whether updates of a source wait. A further one must then wait behind them. O(log s). */
export const isBusy =
  (source: SourceId) =>
  <C, P>({ queues }: Admission<C, P>): boolean =>
    SortedMap.get(bySource, queues, source) !== undefined

/** The outcome of {@link arrive}. */
export interface Arrived<C, P> {
  readonly admission: Admission<C, P>
  /** The ticket under which it waits, or why this peer's does not. */
  readonly ticket: number | TooMany
  /** The update to be verified, unless it waits already. */
  readonly toVerify: Waiting<C, P> | undefined
}

/** So many peers may bring one update while it waits. */
const MAX_BRINGERS = 1000

/**
 * Lets an update wait, if fewer than `limit` do. One that waits already gets a further bringer, up
 * to {@link MAX_BRINGERS}. Errors: `TooMany`. O(b + log w) for b bringers of it and w that wait.
 */
export const arrive =
  <C, P>({ update, from }: Arrival<C, P>, text: string, limit: number) =>
  (admission: Admission<C, P>): Arrived<C, P> => {
    const { queues, tickets, nextTicket: ticket } = admission
    const refused = (most: number): Arrived<C, P> => ({
      admission,
      ticket: tooMany(update, '', 'waiting', most).left,
      toVerify: undefined,
    })
    const known = SortedMap.get(SortedMap.byText, tickets, text)
    const waiting = known === undefined ? undefined : SortedMap.get(byTicket, queueOf(update[2], queues), known)
    if (waiting !== undefined) {
      const { bringers } = waiting
      const arrived = { admission, ticket: waiting.ticket, toVerify: undefined }
      if (bringers.includes(from)) return arrived
      if (bringers.length >= MAX_BRINGERS) return refused(MAX_BRINGERS)
      const next = withWaiting({ ...waiting, bringers: [...bringers, from] }, queues)
      return { ...arrived, admission: { ...admission, queues: next } }
    }
    if (SortedMap.size(tickets) >= limit) return refused(limit)
    const toVerify: Waiting<C, P> = { update, bringers: [from], ticket, text, verdict: undefined }
    const next: Admission<C, P> = {
      queues: withWaiting(toVerify, queues),
      tickets: SortedMap.set(SortedMap.byText, tickets, text, ticket),
      nextTicket: ticket + 1,
    }
    return { admission: next, ticket, toVerify }
  }

const withWaiting = <C, P>(waiting: Waiting<C, P>, queues: Admission<C, P>['queues']): Admission<C, P>['queues'] => {
  const [, , source] = waiting.update
  return SortedMap.set(
    bySource,
    queues,
    source,
    SortedMap.set(byTicket, queueOf(source, queues), waiting.ticket, waiting),
  )
}

const without = <C, P>(
  { update: [, , source], ticket, text }: Waiting<C, P>,
  admission: Admission<C, P>,
): Admission<C, P> => {
  const queue = SortedMap.remove(byTicket, queueOf(source, admission.queues), ticket)
  const queues =
    SortedMap.size(queue) === 0
      ? SortedMap.remove(bySource, admission.queues, source)
      : SortedMap.set(bySource, admission.queues, source, queue)
  return { ...admission, queues, tickets: SortedMap.remove(SortedMap.byText, admission.tickets, text) }
}

/** A refusal, and the peers to tell. */
export interface Refused<P> {
  readonly bringers: ReadonlyArray<P>
  readonly rejection: SignatureError
}

/** The outcome for updates that waited. */
export interface Decided<C, P> {
  readonly admission: Admission<C, P>
  /** Believed, in their source's order. */
  readonly believed: ReadonlyArray<Waiting<C, P>>
  readonly refused: ReadonlyArray<Refused<P>>
  /** All that wait no more, believed ones included. */
  readonly released: ReadonlyArray<Waiting<C, P>>
}

/**
 * A verdict came. Believes or refuses the source's updates up to the first that still waits. Who
 * brought a refused one is not heard further: its later updates of the source are refused, unless
 * another peer brought them too. Does nothing if the update was held back meanwhile.
 * O(r q (b + log w)) for r refused, at least one, of q updates of the source with b bringers each.
 */
export const decide =
  <C, P>({ update: [, , source], ticket }: Waiting<C, P>, verdict: Verdict) =>
  (admission: Admission<C, P>): Decided<C, P> => {
    const waiting = SortedMap.get(byTicket, queueOf(source, admission.queues), ticket)
    if (waiting === undefined) return { admission, believed: [], refused: [], released: [] }
    let next: Admission<C, P> = { ...admission, queues: withWaiting({ ...waiting, verdict }, admission.queues) }
    const [believed, refused, released]: [Waiting<C, P>[], Refused<P>[], Waiting<C, P>[]] = [[], [], []]
    for (let first = firstOf(source, next); first?.verdict !== undefined; first = firstOf(source, next)) {
      next = without(first, next)
      released.push(first)
      if (first.verdict._tag === 'Right') believed.push(first)
      else {
        refused.push({ bringers: first.bringers, rejection: first.verdict.left as SignatureError })
        const heldBack = holdBack(first)(next)
        next = heldBack.admission
        refused.push(...heldBack.refused)
        released.push(...heldBack.released)
      }
    }
    return { admission: next, believed, refused, released }
  }

const firstOf = <C, P>(source: SourceId, { queues }: Admission<C, P>): Waiting<C, P> | undefined =>
  SortedMap.at(queueOf(source, queues), 0)

/**
 * Refuses what the bringers of a refused update brought of its source after it. O(q (b + log w))
 * for q updates of the source, each with b bringers.
 */
const holdBack =
  <C, P>({ update, bringers }: Waiting<C, P>) =>
  (admission: Admission<C, P>): Omit<Decided<C, P>, 'believed'> => {
    const prefix = Prefix.stop(update)(Prefix.empty)
    const stopped = new Set(bringers)
    const refused: Refused<P>[] = []
    const released: Waiting<C, P>[] = []
    let next = admission
    for (const waiting of waitingOf(update[2])(admission)) {
      const told = waiting.bringers.filter((peer) => stopped.has(peer))
      const rejection = told.length === 0 ? undefined : Prefix.heldBack(waiting.update)(prefix)
      if (rejection === undefined) continue
      refused.push({ bringers: told, rejection })
      if (told.length === waiting.bringers.length) {
        next = without(waiting, next)
        released.push(waiting)
      } else {
        const left = waiting.bringers.filter((peer) => !stopped.has(peer))
        next = { ...next, queues: withWaiting({ ...waiting, bringers: left }, next.queues) }
      }
    }
    return { admission: next, refused, released }
  }
