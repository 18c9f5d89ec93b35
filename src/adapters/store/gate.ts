/** The gate of a store with `security`: asks verifiers, sets timers, and lets updates in. */
import type { either as E } from 'fp-ts'
import type { DataType } from '../../core/DataType.js'
import { left, right } from '../../core/Either.js'
import type { Batch } from '../../core/Arrivals.js'
import * as Json from '../../core/Json.js'
import { reread } from '../../core/apply.js'
import * as Change from '../../core/Change.js'
import * as Clock from '../../core/Clock.js'
import * as Prefix from '../../core/Prefix.js'
import { failed } from '../../core/receive.js'
import type { Replica } from '../../core/Replica.js'
import type { Update } from '../../core/Update.js'
import * as Admission from '../../trust/Admission.js'
import { excess, forbids, isLimited, type LimitError, type Unsignable } from '../../trust/limits.js'
import * as RateLimit from '../../trust/rateLimit.js'
import type { Rejection, Scuttlebutt } from '../../scuttlebutt.js'
import type { Security, TrustError } from '../../trust/Security.js'
import * as Statement from '../../trust/Statement.js'
import type { Answer } from '../../trust/Verifier.js'
import { judge, type SignatureError, type Unavailable, type Verdict } from '../../trust/verify.js'
import type { Tell } from './Port.js'

export interface Gate<C> {
  /**
   * Lets in the updates that are believed. True if none had to wait, whatever was refused; else a
   * promise that resolves when each was decided, or cannot be decided for now: to whether all that
   * waited were let in. `tell` tells one peer from another.
   */
  readonly receive: (batch: Batch<C>, tell: Tell) => Promise<boolean> | boolean
  /** How many updates of a peer were refused so far, also those that had to wait for it. */
  readonly refusedOf: (tell: Tell) => number
  /**
   * Signs a local update, for a version of the replica. Errors: `Unsignable`, `TooLarge`,
   * `Unauthorized`. Default: the present one.
   */
  readonly sign: (update: Update<C>, replica?: Replica<unknown, C>) => Answer<LimitError | Unsignable, Update<C>>
}

/** The store behind the gate. */
export interface Host<S, C> {
  readonly getReplica: () => Replica<S, C>
  /** Takes updates. Gives what there is to say against them. */
  readonly receive: (batch: Batch<C>) => ReadonlyArray<Rejection>
  readonly now: () => number
  /** Own updates may be missing: see `Past`. */
  readonly isRestored: () => boolean
}

type Arrival<C> = Admission.Arrival<C, Tell>
type Waiting<C> = Admission.Waiting<C, Tell>

/** An update whose signature is believed, and who brought it. */
type Entering<C> = Pick<Waiting<C>, 'update' | 'bringers'>

/** Tells peers why an update of theirs is not taken. */
type Refuse = (bringers: ReadonlyArray<Tell>, rejection: Rejection) => void

/** Why a signature is not believed, or not yet. */
type Doubt = SignatureError | Unavailable

const MAX_WAITING = 10_000

const backOff = (attempt: number): number => Math.min(30_000, 100 * 2 ** attempt)

export const createGate = <S, C>(dataType: DataType<S, C>, security: Security<S, C>, host: Host<S, C>): Gate<C> => {
  const refusedByPeer = new WeakMap<Tell, number>()
  const refusedOf = (tell: Tell): number => refusedByPeer.get(tell) ?? 0
  const refuse: Refuse = (bringers, rejection) => {
    if (rejection._tag !== 'Stranger' && rejection._tag !== 'Crowded') security.report?.(rejection as TrustError)
    for (const tell of bringers) {
      if (!isTaken(rejection)) refusedByPeer.set(tell, refusedOf(tell) + 1)
      tell(rejection)
    }
  }
  const unread = new WeakSet<Update<C>>()
  const encoded = Change.jsonOf(dataType.change)
  const jsonOf = (update: Update<C>): unknown => (unread.has(update) ? update[0] : encoded(update))
  const letIn = createDoor(dataType, security, host, refuse, unread)
  const verdictOn = judge(dataType, security, jsonOf)
  const queues = createQueues<C>(verdictOn, security, letIn, refuse)
  const { maxChange = Infinity } = security

  const receive: Gate<C>['receive'] = (batch, tell) => {
    const believed: Entering<C>[] = []
    const undecided: Promise<boolean>[] = []
    let prefix = Prefix.empty
    const meet = (update: Update<C>): void => {
      const heldBack = Prefix.heldBack(update)(prefix)
      const answer = heldBack === undefined ? queues.judge(update) : left(heldBack)
      const verdict = typeof answer === 'function' ? undefined : answer
      if (verdict?._tag === 'Right') believed.push({ update, bringers: [tell] })
      else if (verdict !== undefined && verdict.left._tag !== 'Unavailable') {
        // who forges is not heard further
        prefix = Prefix.stop(update)(prefix)
        refuse([tell], verdict.left)
      } else {
        const text = JSON.stringify([jsonOf(update), ...update.slice(1)])
        const bytes = Json.bytes(text)
        const waiting =
          bytes > maxChange + STAMP_ROOM
            ? left({ _tag: 'TooLarge', at: '[0]', bytes, maxBytes: maxChange, update } as const)
            : queues.wait({ update, from: tell }, text, answer)
        if (waiting._tag === 'Right') undecided.push(waiting.right)
        else refuse([tell], waiting.left)
      }
    }
    for (const update of batch.updates) meet(update)
    for (const update of batch.unread ?? []) {
      unread.add(update as Update<C>)
      meet(update as Update<C>)
    }
    letIn(believed)
    if (undecided.length === 0) return true
    return Promise.all(undecided).then((all) => all.every((isLetIn) => isLetIn))
  }

  return { receive, refusedOf, sign: signer(dataType, security, host) }
}

/** The bytes of an update that are not its change: stamp, source, signature. */
const STAMP_ROOM = 1024

/**
 * Lets in updates whose signatures are believed. Each one meets the state after those before it.
 * Those that cannot be read are authorised when they can.
 */
const createDoor = <S, C>(
  dataType: DataType<S, C>,
  security: Security<S, C>,
  host: Host<S, C>,
  refuse: Refuse,
  unread: WeakSet<Update<C>>,
) => {
  const forbidden = forbids(dataType, security)
  let buckets = RateLimit.full

  /**
   * Has the host take updates, and notes in `keptOut` those that it did not. Turns an exception of
   * the data type or of a listener into a `Failed`.
   */
  const enter = (entering: ReadonlyArray<Entering<C>>, keptOut: Set<unknown>): void => {
    const updates = entering.map(({ update }) => update)
    const isUnread = (update: Update<C>): boolean => unread.has(update)
    const batch = { updates: updates.filter((one) => !isUnread(one)), unread: updates.filter(isUnread) }
    const everybody = (): ReadonlyArray<Tell> => [...new Set(entering.flatMap(({ bringers }) => bringers))]
    try {
      for (const rejection of host.receive(batch)) {
        const about = 'update' in rejection ? rejection.update : undefined
        if (!isTaken(rejection)) keptOut.add(about)
        refuse(entering.find(({ update }) => update === about)?.bringers ?? everybody(), rejection)
      }
    } catch (error) {
      for (const update of updates) keptOut.add(update)
      refuse(everybody(), failed(error))
    }
  }

  /** Gives the updates that were kept out. */
  return (entering: ReadonlyArray<Entering<C>>): ReadonlySet<unknown> => {
    const keptOut = new Set<unknown>()
    if (entering.length === 0) return keptOut
    if (!isLimited(security)) {
      enter(entering, keptOut)
      return keptOut
    }
    for (const one of entering) {
      const { update, bringers } = one
      const { clock, state } = host.getReplica()
      const room = excess(security, update, host.now)(clock, buckets)
      const refusal = room._tag === 'Left' ? room.left : forbidden(update, state, unread.has(update))
      if (room._tag === 'Right') buckets = room.right
      if (refusal === undefined) enter([one], keptOut)
      else {
        keptOut.add(update)
        refuse(bringers, refusal)
      }
    }
    return keptOut
  }
}

/** Whether an update was taken although there is something to say against it. */
const isTaken = ({ _tag }: Rejection): boolean => _tag === 'Stranger' || _tag === 'Equivocation'

/** Updates that wait for their verdict. Asks verifiers and sets timers around {@link Admission}. */
const createQueues = <C>(
  verdictOn: (update: Update<C>) => Answer<Doubt, unknown>,
  { retry = backOff, maxWaiting = MAX_WAITING }: Pick<Security<never, never>, 'retry' | 'maxWaiting'>,
  letIn: (entering: ReadonlyArray<Entering<C>>) => ReadonlySet<unknown>,
  refuse: Refuse,
) => {
  let admission = Admission.empty<C, Tell>()
  const callers = createCallers<C>()

  const carryOut = ({ admission: next, believed, refused, released }: Admission.Decided<C, Tell>): void => {
    admission = next
    for (const { bringers, rejection } of refused) refuse(bringers, rejection)
    const keptOut = letIn(believed)
    const taken = new Set(believed.filter(({ update }) => !keptOut.has(update)))
    for (const waiting of released) callers.release(waiting, taken.has(waiting))
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
      for (const each of Admission.waitingOf(waiting.update[2])(admission)) callers.release(each, false)
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
  ): E.Either<TrustError, Promise<boolean>> => {
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
  }
}

/** Calls after so many ms. Does not keep a Node process alive. */
const later = (ms: number, call: () => void): void => {
  const timer = setTimeout(call, ms) as unknown as { readonly unref?: () => void }
  timer.unref?.()
}

/** The callers that wait until an update is decided. */
const createCallers = <C>() => {
  const callsByTicket = new Map<number, ((isLetIn: boolean) => void)[]>()
  return {
    wait: (ticket: number): Promise<boolean> =>
      new Promise((resolve) => {
        const calls = callsByTicket.get(ticket)
        if (calls === undefined) callsByTicket.set(ticket, [resolve])
        else calls.push(resolve)
      }),
    release: ({ ticket }: Waiting<C>, isLetIn: boolean): void => {
      const calls = callsByTicket.get(ticket) ?? []
      callsByTicket.delete(ticket)
      for (const call of calls) call(isLetIn)
    },
  }
}

const signer = <S, C>(dataType: DataType<S, C>, security: Security<S, C>, host: Host<S, C>): Gate<C>['sign'] => {
  const statementOf = Statement.of(dataType, security.document)
  const forbidden = forbids(dataType, security)
  return (update, replica = host.getReplica()) => {
    const refusal = forbidden(update, replica.state as S)
    if (refusal !== undefined) return left(refusal)
    const { signer: own } = security
    if (own?.id !== update[2]) return unsignable(`there is no signer for ${update[2]}`)
    // who signs chains says which own update came before, if it knows
    const chained = own.chains === true && !host.isRestored() ? [Clock.timestampOf(update[2], replica.clock)] : []
    const signed = (signature: string) => [update[0], update[1], update[2], signature, ...chained]
    const withSignature = (signature: E.Either<string, string>): E.Either<Unsignable, Update<C>> =>
      signature._tag === 'Left'
        ? unsignable(signature.left)
        : right(Object.freeze([...signed(signature.right)] as unknown as Update<C>))
    const thrown = (error: unknown): E.Left<Unsignable> => unsignable(`the signer threw: ${String(error)}`)
    try {
      const [previous] = chained
      const answer = own.sign({ ...statementOf(update), ...(previous !== undefined && { previous }) })
      return typeof answer === 'function' ? () => answer().then(withSignature, thrown) : withSignature(answer)
    } catch (error) {
      return thrown(error)
    }
  }
}

/** Reads what could not be read before. What `authorize` does not allow goes, and is reported. */
export const rereadAllowed = <S, C>(
  { dataType, reread: readAll }: Pick<Scuttlebutt<S, C>, 'dataType' | 'reread'>,
  security: Security<S, C> | undefined,
): Scuttlebutt<S, C>['reread'] => {
  if (security === undefined) return readAll
  const forbidden = forbids(dataType, security)
  return reread(dataType, (update, state) => {
    const refusal = forbidden(update, state)
    if (refusal !== undefined) security.report?.(refusal)
    return refusal === undefined
  })
}

export const unsignable = (reason: string): E.Left<Unsignable> => left({ _tag: 'Unsignable', at: '', reason })
