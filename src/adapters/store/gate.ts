/** The gate of a store with `security`: asks verifiers, sets timers, and lets updates in. */
import type { either as E } from 'fp-ts'
import type { DataType } from '../../core/DataType.js'
import { left, right } from '../../core/Either.js'
import type { Equivocation } from '../../core/Fork.js'
import * as Prefix from '../../core/Prefix.js'
import { failed } from '../../core/receive.js'
import type { Replica } from '../../core/Replica.js'
import type { Update } from '../../core/Update.js'
import * as Admission from '../../trust/Admission.js'
import { excess, forbids, isLimited, type LimitError, type Unsignable } from '../../trust/limits.js'
import * as RateLimit from '../../trust/rateLimit.js'
import type { Security, TrustError } from '../../trust/Security.js'
import * as Statement from '../../trust/Statement.js'
import type { Answer } from '../../trust/Verifier.js'
import { judge, type SignatureError, type Unavailable, type Verdict } from '../../trust/verify.js'
import type { Tell } from './Port.js'

export interface Gate<C> {
  /**
   * Lets in the updates that are believed. Gives no promise if all were decided at once. Else the
   * promise resolves when each update was decided, or cannot be decided for now.
   */
  readonly receive: (updates: ReadonlyArray<Update<C>>, tell: Tell) => Promise<void> | undefined
  /** Signs a local update. Errors: `Unsignable`, `TooLarge`, `Unauthorized`. */
  readonly sign: (update: Update<C>) => Answer<LimitError | Unsignable, Update<C>>
}

/** The store behind the gate. */
export interface Host<S, C> {
  readonly getReplica: () => Replica<S, C>
  /** Takes updates. Gives the forks among them. */
  readonly receive: (updates: ReadonlyArray<Update<C>>) => ReadonlyArray<Equivocation<C>>
  readonly now: () => number
}

type Arrival<C> = Admission.Arrival<C, Tell>
type Waiting<C> = Admission.Waiting<C, Tell>

/** Why a signature is not believed, or not yet. */
type Doubt = SignatureError | Unavailable

const MAX_WAITING = 10_000

const backOff = (attempt: number): number => Math.min(30_000, 100 * 2 ** attempt)

export const createGate = <S, C>(dataType: DataType<S, C>, security: Security<S, C>, host: Host<S, C>): Gate<C> => {
  const refuse = (tell: Tell, rejection: TrustError): void => {
    security.report?.(rejection)
    tell(rejection)
  }
  const letIn = createDoor(dataType, security, host, refuse)
  const queues = createQueues<C>(judge(dataType, security), security, letIn, refuse)
  const textOf = (update: Update<C>): string => JSON.stringify([dataType.change.encode(update[0]), ...update.slice(1)])

  const receive: Gate<C>['receive'] = (updates, tell) => {
    const believed: Arrival<C>[] = []
    const undecided: Promise<void>[] = []
    let prefix = Prefix.empty
    const stop = (update: Update<C>, rejection: TrustError): void => {
      prefix = Prefix.stop(update)(prefix)
      refuse(tell, rejection)
    }
    for (const update of updates) {
      const heldBack = Prefix.heldBack(update)(prefix)
      const answer = heldBack === undefined ? queues.judge(update) : left(heldBack)
      const verdict = typeof answer === 'function' ? undefined : answer
      if (verdict?._tag === 'Right') believed.push({ update, from: tell })
      else if (verdict !== undefined && verdict.left._tag !== 'Unavailable') stop(update, verdict.left)
      else {
        const waiting = queues.wait({ update, from: tell }, textOf(update), answer)
        if (waiting._tag === 'Right') undecided.push(waiting.right)
        else stop(update, waiting.left)
      }
    }
    for (const stopped of letIn(believed)) queues.holdBack(stopped)
    return undecided.length === 0 ? undefined : Promise.all(undecided).then(() => undefined)
  }

  return { receive, sign: signer(dataType, security, host) }
}

/**
 * Lets in updates whose signatures are believed. Each one meets the state after those before it.
 * Gives the refused updates that stop their source.
 */
const createDoor = <S, C>(
  dataType: DataType<S, C>,
  security: Security<S, C>,
  host: Host<S, C>,
  refuse: (tell: Tell, rejection: TrustError) => void,
) => {
  const forbidden = forbids(dataType, security)
  let buckets = RateLimit.full

  /** Turns an exception of the data type or of a listener into a `Failed`. */
  const enter = (arrivals: ReadonlyArray<Arrival<C>>): void => {
    try {
      for (const proof of host.receive(arrivals.map(({ update }) => update))) {
        const bringer = arrivals.find(({ update }) => Object.is(update, proof.update))
        refuse(bringer?.from ?? (() => undefined), proof)
      }
    } catch (error) {
      for (const tell of new Set(arrivals.map(({ from }) => from))) refuse(tell, failed(error))
    }
  }

  return (arrivals: ReadonlyArray<Arrival<C>>): ReadonlyArray<Arrival<C>> => {
    if (arrivals.length === 0) return []
    if (!isLimited(security)) {
      enter(arrivals)
      return []
    }
    const stopped: Arrival<C>[] = []
    let prefix = Prefix.empty
    for (const arrival of arrivals) {
      const { update, from } = arrival
      const { clock, state } = host.getReplica()
      const heldBack = Prefix.heldBack(update)(prefix)
      const room = heldBack === undefined ? excess(security, update, host.now)(clock, buckets) : left(heldBack)
      if (room._tag === 'Left') {
        if (heldBack === undefined) stopped.push(arrival)
        prefix = Prefix.stop(update)(prefix)
        refuse(from, room.left)
        continue
      }
      buckets = room.right
      const refusal = forbidden(update, state)
      if (refusal === undefined) enter([arrival])
      else refuse(from, refusal)
    }
    return stopped
  }
}

/** Updates that wait for their verdict. Asks verifiers and sets timers around {@link Admission}. */
const createQueues = <C>(
  verdictOn: (update: Update<C>) => Answer<Doubt, unknown>,
  { retry = backOff, maxWaiting = MAX_WAITING }: Pick<Security<never, never>, 'retry' | 'maxWaiting'>,
  letIn: (arrivals: ReadonlyArray<Arrival<C>>) => ReadonlyArray<Arrival<C>>,
  refuse: (tell: Tell, rejection: TrustError) => void,
) => {
  let admission = Admission.empty<C, Tell>()
  const callers = createCallers<C>()

  const carryOut = ({ admission: next, believed, refused, released }: Admission.Decided<C, Tell>): void => {
    admission = next
    for (const { from, rejection } of refused) refuse(from, rejection)
    for (const stopped of letIn(believed)) holdBack(stopped)
    for (const waiting of released) callers.release(waiting)
  }

  const holdBack = (arrival: Arrival<C>): void => {
    carryOut(Admission.holdBack(arrival)(admission))
  }

  /**
   * Verifies, and retries while the answer is `Unavailable`. After the first such answer the
   * callers stop waiting; the update stays queued.
   */
  const ask = (waiting: Waiting<C>, attempt = 0, answer = verdictOn(waiting.update)): void => {
    const decide = (verdict: Verdict): void => {
      if (verdict._tag === 'Right' || verdict.left._tag !== 'Unavailable') {
        carryOut(Admission.decide(waiting, verdict)(admission))
        return
      }
      for (const each of Admission.waitingOf(waiting.update[2])(admission)) callers.release(each)
      later(retry(attempt), () => {
        ask(waiting, attempt + 1)
      })
    }
    if (typeof answer === 'function') void answer().then(decide)
    else decide(answer)
  }

  /** Lets an update wait. The promise resolves when it was decided, or cannot be for now. */
  const wait = (
    arrival: Arrival<C>,
    text: string,
    answer: Answer<Doubt, unknown> | undefined,
  ): E.Either<TrustError, Promise<void>> => {
    const arrived = Admission.arrive(arrival, text, maxWaiting)(admission)
    admission = arrived.admission
    if (typeof arrived.ticket !== 'number') return left(arrived.ticket)
    const decided = callers.wait(arrived.ticket)
    if (arrived.toVerify !== undefined) ask(arrived.toVerify, 0, answer)
    return right(decided)
  }

  return {
    /** The verdict on an update, or nothing if it must wait behind others of its source. */
    judge: (update: Update<C>) => (Admission.isBusy(update[2])(admission) ? undefined : verdictOn(update)),
    wait,
    holdBack,
  }
}

/** Calls after so many ms. Does not keep a Node process alive. */
const later = (ms: number, call: () => void): void => {
  const timer = setTimeout(call, ms) as unknown as { readonly unref?: () => void }
  timer.unref?.()
}

/** The callers that wait until an update is decided. */
const createCallers = <C>() => {
  const callsByTicket = new Map<number, (() => void)[]>()
  return {
    wait: (ticket: number): Promise<void> =>
      new Promise((resolve) => {
        const calls = callsByTicket.get(ticket)
        if (calls === undefined) callsByTicket.set(ticket, [resolve])
        else calls.push(resolve)
      }),
    release: ({ ticket }: Waiting<C>): void => {
      const calls = callsByTicket.get(ticket) ?? []
      callsByTicket.delete(ticket)
      for (const call of calls) call()
    },
  }
}

const signer = <S, C>(dataType: DataType<S, C>, security: Security<S, C>, host: Host<S, C>): Gate<C>['sign'] => {
  const statementOf = Statement.of(dataType, security.document)
  const forbidden = forbids(dataType, security)
  return (update) => {
    const refusal = forbidden(update, host.getReplica().state)
    if (refusal !== undefined) return left(refusal)
    const { signer: own } = security
    if (own?.id !== update[2]) return unsignable(`there is no signer for ${update[2]}`)
    const withSignature = (signature: E.Either<string, string>): E.Either<Unsignable, Update<C>> =>
      signature._tag === 'Left'
        ? unsignable(signature.left)
        : right(Object.freeze([update[0], update[1], update[2], signature.right] as const))
    const answer = own.sign(statementOf(update))
    return typeof answer === 'function' ? () => answer().then(withSignature) : withSignature(answer)
  }
}

export const unsignable = (reason: string): E.Left<Unsignable> => left({ _tag: 'Unsignable', at: '', reason })
