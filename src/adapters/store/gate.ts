/** Where updates of others become those of their sources: verified, in each source's order, and within limits. */
import type { either as E } from 'fp-ts'
import * as Clock from '../../core/Clock.js'
import type { Rejection } from '../../core/Rejection.js'
import type { Replica } from '../../core/Replica.js'
import type { SourceId, Update } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import type { Answer, Rate, Security } from '../../trust/Security.js'
import * as Statement from '../../trust/Statement.js'
import { heldBack, judge, type Verdict } from '../../trust/verify.js'
import { utf8Length } from '../../wire/decode.js'

/** Hears of what was refused. */
export type Tell = (rejection: Rejection) => void

export interface Gate<C> {
  /** Lets in what is believed. Nothing to wait for if all was decided at once; else until each was, or cannot be for now. */
  readonly admit: (updates: ReadonlyArray<Update<C>>, tell: Tell) => Promise<void> | undefined
  /** Signs a local update, if it may be. */
  readonly sign: (update: Update<C>) => Answer<Rejection, Update<C>>
}

/** The store behind the gate. */
export interface Host<S, C> {
  readonly getReplica: () => Replica<S, C>
  /** Applies updates; gives the equivocations among them. */
  readonly take: (updates: ReadonlyArray<Update<C>>) => ReadonlyArray<Rejection>
  readonly now: () => number
}

/** An update on its way through, and who brought it. */
interface Arrival<C> {
  readonly update: Update<C>
  readonly tell: Tell
}

/** One that has to wait for its verdict. */
interface Guest<C> extends Arrival<C> {
  /** To be called when it is let in, refused, or must wait for longer than anybody else should. */
  readonly release: (() => void)[]
  verdict: Verdict | undefined
}

/** One source's updates, in order, by their text: what comes twice waits once. */
type Queue<C> = Map<string, Guest<C>>

const WAITING = 10_000

const backOff = (attempt: number): number => Math.min(30_000, 100 * 2 ** attempt)

export const createGate = <S, C>(
  { dataType }: Scuttlebutt<S, C>,
  security: Security<S, C>,
  host: Host<S, C>,
): Gate<C> => {
  const { authorize, maxChange, maxSources, maxWaiting = WAITING, retry = backOff, report } = security
  const verdictOn = judge(dataType, security)
  const queues = new Map<SourceId, Queue<C>>()
  const isWithin = security.rate === undefined ? () => true : rateLimit(security.rate, host.now)
  let waiting = 0

  const refuse = (tell: Tell, rejection: Rejection): void => {
    report?.(rejection)
    tell(rejection)
  }

  const tooLarge = (update: Update<C>): Rejection | undefined => {
    if (maxChange === undefined) return undefined
    const bytes = utf8Length(JSON.stringify(dataType.change.encode(update[0])))
    return bytes > maxChange ? { _tag: 'TooLarge', at: '[0]', bytes, maxBytes: maxChange, update } : undefined
  }

  const forbids = (update: Update<C>): Rejection | undefined => {
    const large = tooLarge(update)
    if (large !== undefined || authorize === undefined) return large
    const verdict = askedFor(() => authorize(update, host.getReplica().state))
    return verdict._tag === 'Right' ? undefined : { _tag: 'Unauthorized', at: '[0]', reason: verdict.left, update }
  }

  /** Of what is believed: whether it would be too much. Judged by when it comes, unlike all else. */
  const tooMany = (update: Update<C>): Rejection | undefined => {
    const { clock } = host.getReplica()
    const isNew = Clock.timestampOf(update[2])(clock) === clock.floor
    if (maxSources !== undefined && isNew && Clock.size(clock) >= maxSources) {
      return { _tag: 'TooMany', at: '[2]', what: 'sources', limit: maxSources, update }
    }
    if (isWithin(update[2])) return undefined
    return { _tag: 'TooMany', at: '[2]', what: 'updates', limit: security.rate?.updates ?? 0, update }
  }

  const isLimited =
    authorize !== undefined || maxChange !== undefined || maxSources !== undefined || security.rate !== undefined

  /** Lets in updates whose signatures are believed, each into the state that those before it made. */
  const letIn = (guests: ReadonlyArray<Arrival<C>>): void => {
    if (guests.length === 0) return
    if (!isLimited) {
      take(guests)
      return
    }
    const stopped = new Map<SourceId, Update<C>>()
    for (const guest of guests) {
      const { update, tell } = guest
      const before = stopped.get(update[2])
      const excess = before === undefined ? tooMany(update) : heldBack(update, before)
      const refusal = excess ?? forbids(update)
      if (refusal === undefined) take([guest])
      else refuse(tell, refusal)
      if (excess === undefined || before !== undefined) continue
      stopped.set(update[2], update)
      holdBack(guest)
    }
  }

  /** Nothing that came from others throws through here, even where it meets a data type that is not total. */
  const take = (guests: ReadonlyArray<Arrival<C>>): void => {
    try {
      for (const proof of host.take(guests.map(({ update }) => update))) {
        const guest = guests.find(({ update }) => 'update' in proof && update === proof.update)
        refuse(guest?.tell ?? (() => undefined), proof)
      }
    } catch (error) {
      const failed: Rejection = { _tag: 'Failed', at: '', reason: String(error) }
      for (const tell of new Set(guests.map((guest) => guest.tell))) refuse(tell, failed)
    }
  }

  /** Moves a source's queue on, as far as the verdicts go. */
  const advance = (source: SourceId): void => {
    const queue = queues.get(source)
    if (queue === undefined) return
    const believed: Guest<C>[] = []
    for (const [text, guest] of queue) {
      if (guest.verdict === undefined) break
      leave(queue, text)
      if (guest.verdict._tag === 'Right') believed.push(guest)
      else {
        refuse(guest.tell, guest.verdict.left as Rejection)
        release(guest)
        holdBack(guest)
      }
    }
    letIn(believed)
    for (const guest of believed) release(guest)
    if (queue.size === 0) queues.delete(source)
  }

  const leave = (queue: Queue<C>, text: string): void => {
    queue.delete(text)
    waiting--
  }

  /** Turns away what the same peer brought of a source after an update of it that was refused. */
  const holdBack = ({ update, tell }: Arrival<C>): void => {
    const queue = queues.get(update[2])
    if (queue === undefined) return
    for (const [text, next] of queue) {
      if (next.tell !== tell) continue
      leave(queue, text)
      refuse(tell, heldBack(next.update, update))
      release(next)
    }
  }

  const release = (guest: Guest<C>): void => {
    for (const call of guest.release.splice(0)) call()
  }

  /** Has a signature judged, as often as it takes. Who waits for longer than that is released, and what they brought stays. */
  const ask = (guest: Guest<C>, attempt = 0, answer = verdictOn(guest.update)): void => {
    const source = guest.update[2]
    const decide = (verdict: Verdict): void => {
      if (verdict._tag === 'Left' && verdict.left._tag === 'Unavailable') {
        for (const each of queues.get(source)?.values() ?? []) release(each)
        const timer = setTimeout(() => {
          ask(guest, attempt + 1)
        }, retry(attempt)) as unknown as { readonly unref?: () => void }
        timer.unref?.()
      } else {
        guest.verdict = verdict
        advance(source)
      }
    }
    if (typeof answer === 'function') void answer().then(decide)
    else decide(answer)
  }

  const admit = (updates: ReadonlyArray<Update<C>>, tell: Tell): Promise<void> | undefined => {
    const believed: Arrival<C>[] = []
    const stopped = new Map<SourceId, Update<C>>()
    const undecided: Promise<void>[] = []
    const stop = (update: Update<C>, rejection: Rejection): void => {
      stopped.set(update[2], stopped.get(update[2]) ?? update)
      refuse(tell, rejection)
    }
    for (const update of updates) {
      const before = stopped.get(update[2])
      if (before !== undefined) {
        stop(update, heldBack(update, before))
        continue
      }
      let queue = queues.get(update[2])
      const answer = queue === undefined ? verdictOn(update) : undefined
      const verdict = typeof answer === 'function' ? undefined : answer
      if (verdict?._tag === 'Right') believed.push({ update, tell })
      else if (verdict !== undefined && verdict.left._tag !== 'Unavailable') stop(update, verdict.left)
      else if (waiting >= maxWaiting) {
        stop(update, { _tag: 'TooMany', at: '', what: 'waiting', limit: maxWaiting, update })
      } else {
        queue ??= new Map()
        queues.set(update[2], queue)
        const text = JSON.stringify([dataType.change.encode(update[0]), ...update.slice(1)])
        const guest = queue.get(text) ?? { update, tell, release: [], verdict: undefined }
        undecided.push(new Promise((resolve) => guest.release.push(resolve)))
        if (queue.has(text)) continue
        queue.set(text, guest)
        waiting++
        ask(guest, 0, answer)
      }
    }
    letIn(believed)
    return undecided.length === 0 ? undefined : Promise.all(undecided).then(() => undefined)
  }

  const { signer } = security
  const statementOf = Statement.of(dataType, security.document)

  const sign = (update: Update<C>): Answer<Rejection, Update<C>> => {
    const refusal = forbids(update)
    if (refusal !== undefined) return { _tag: 'Left', left: refusal }
    if (signer?.id !== update[2]) return unsigned(`there is no signer for ${update[2]}`)
    const withSignature = (signature: E.Either<string, string>): E.Either<Rejection, Update<C>> =>
      signature._tag === 'Left'
        ? unsigned(signature.left)
        : { _tag: 'Right', right: Object.freeze([update[0], update[1], update[2], signature.right] as const) }
    const answer = signer.sign(statementOf(update))
    return typeof answer === 'function' ? () => answer().then(withSignature) : withSignature(answer)
  }

  return { admit, sign }
}

/** What somebody's function says; where it throws, it refuses. */
const askedFor = (ask: () => E.Either<string, unknown>): E.Either<string, unknown> => {
  try {
    return ask()
  } catch (error) {
    return { _tag: 'Left', left: String(error) }
  }
}

const unsigned = (reason: string): E.Left<Rejection> => ({ _tag: 'Left', left: { _tag: 'Unsignable', at: '', reason } })

/** A bucket of tokens a source, full at first. Those that are full again are forgotten. */
const rateLimit = ({ updates, per }: Rate, now: () => number): ((source: SourceId) => boolean) => {
  const buckets = new Map<SourceId, { tokens: number; at: number }>()
  let sweepAt = 1024
  const fill = (bucket: { tokens: number; at: number }, time: number): void => {
    bucket.tokens = Math.min(updates, bucket.tokens + (Math.max(0, time - bucket.at) * updates) / per)
    bucket.at = time
  }
  return (source) => {
    const time = now()
    const bucket = buckets.get(source) ?? { tokens: updates, at: time }
    fill(bucket, time)
    if (bucket.tokens < 1) return false
    bucket.tokens--
    buckets.set(source, bucket)
    if (buckets.size >= sweepAt) {
      for (const [other, its] of buckets) {
        fill(its, time)
        if (its.tokens >= updates) buckets.delete(other)
      }
      sweepAt = Math.max(1024, 2 * buckets.size)
    }
    return true
  }
}
