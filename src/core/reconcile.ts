/**
 * Anti-entropy, one message at a time, over any transport. A message that tells all that its
 * receiver may lack is a round: with it the receiver becomes as sure as the sender is.
 *
 * Source: van Renesse et al., LADIS 2008, sections 2 and 3 (push-pull gossip).
 */
import type { option as O } from 'fp-ts'
import type { Batch, Vouching } from './Arrivals.js'
import * as Clock from './Clock.js'
import type { DataType } from './DataType.js'
import * as Digest from './Digest.js'
import * as Doubt from './Doubt.js'
import type { Budget } from './Frontier.js'
import * as Json from './Json.js'
import { lacking } from './lacking.js'
import * as Log from './Log.js'
import { none, some } from './Option.js'
import { take, unchanged, type Received } from './receive.js'
import type { Refusal } from './Rejection.js'
import type { Replica } from './Replica.js'
import { NEVER } from './Timestamp.js'
import { stampOf, type Stamp, type Update } from './Update.js'

/** What one replica says to another: what it has, and the updates that the other may lack. */
export interface Message<C> {
  readonly digest: Digest.Digest
  readonly updates: ReadonlyArray<Update<C>>
  /** The updates that the sender holds and cannot read. */
  readonly unread?: ReadonlyArray<Update<unknown>>
  /** Of `decodeMessage`: what it refused. The receiver then claims nothing by this message. */
  readonly refused?: ReadonlyArray<Refusal>
  /** The digest that this answers, as it came, without its id. */
  readonly since?: Digest.Having
  /** All that the digest's replica lacks is in this message. */
  readonly complete?: true
  /** A budget cut the answer short. */
  readonly more?: true
  /** With `more`: the last doubted update sent. */
  readonly at?: Digest.Place
  /** Marks an answer that wants one, even if it changed nothing. */
  readonly asks?: true
}

/**
 * The first message of a conversation. O(s) for s sources.
 *
 * If the answer is cut by a budget and nobody replies to it, the next conversation begins with the
 * same updates. Put the `at` of the answer into the next `digest` as `after`: then it goes on
 * behind them.
 */
export const open = <S, C>(replica: Replica<S, C>): Message<C> => ({ digest: Digest.of(replica), updates: [] })

/**
 * What came since an older version of the replica, to be told to anybody: it claims nothing beyond
 * what that version had seen. O(d log n) for d new updates, and O(s).
 */
export const push =
  <S, C>(before: Replica<S, C>) =>
  (replica: Replica<S, C>): Message<C> => {
    const updates: Update<C>[] = []
    const unread: Update<unknown>[] = []
    Log.forEachAdded(before.log, replica.log, (update) => updates.push(update))
    if (replica.log.unread !== undefined) {
      const held = before.log.unread?.log ?? Log.empty<unknown>()
      Log.forEachAdded(held, replica.log.unread.log, (update) => unread.push(update))
    }
    const { clock } = before
    const since = { clock: Clock.toRecord(clock), ...(clock.floor !== NEVER && { floor: clock.floor }) }
    return { ...answerOf(Digest.of(replica), Log.sorted(updates), unread, since), complete: true }
  }

/** A message in the making, without what may be absent. */
const answerOf = <C>(
  digest: Digest.Digest,
  updates: ReadonlyArray<Update<C>>,
  unread: ReadonlyArray<Update<unknown>>,
  since: Digest.Having,
): Digest.Mutable<Message<C>> => (unread.length === 0 ? { digest, updates, since } : { digest, updates, unread, since })

/**
 * Whether a message is a round for a replica: it tells all that the replica lacks. Looked at before
 * its updates are taken. O(s log s), and O(d log u) for d updates held in doubt.
 */
export const isRound = <S, C>({ since, complete, refused }: Message<C>, replica: Replica<S, C>): boolean => {
  if (since === undefined || complete !== true || (refused !== undefined && refused.length > 0)) return false
  return isAsSureAs(since, replica)
}

/**
 * Whether a replica is as sure as another was, and holds the same where that was in doubt. O(s log
 * s), and O(d log u) for d updates held in doubt.
 */
export const isAsSureAs = <S, C>(since: Digest.Having, { clock, log }: Replica<S, C>): boolean => {
  if (clock.floor < (since.floor ?? NEVER) || !Clock.isSureOf(since.clock, clock)) return false
  let isSo = true
  Digest.forEachDoubt(since, (source, pieces, sure) => {
    if (Clock.sureOf(source, clock) >= Digest.seenOf(since, source)) return
    if (Doubt.unlike(source, pieces, sure)(log).length > 0) isSo = false
  })
  return isSo
}

/**
 * The stamps of refused updates that a clock passes, so that they do not stand before what is
 * newer: all but those of forged ones and of those from the future.
 */
export const passing = (refused: ReadonlyArray<Refusal>): ReadonlyArray<Stamp> =>
  refused.flatMap(({ _tag, update }) => {
    const stamp = NOT_PASSED.has(_tag) ? undefined : stampOf(update)
    return stamp === undefined ? [] : [stamp]
  })

const NOT_PASSED: ReadonlySet<string> = new Set(['Forged', 'Unsigned', 'NoKey', 'HeldBack', 'TooFarAhead'])

/** Takes a message, without an answer to it. Costs as `applyUpdates` and {@link isRound}. */
export const hear = <S, C>(dataType: DataType<S, C>, message: Message<C>, replica: Replica<S, C>): Received<S, C> => {
  const { batch, vouching } = brought(message, replica)
  const hasNothing = message.updates.length === 0 && message.unread === undefined && message.refused === undefined
  if (hasNothing && !(vouching !== 'nobody' && Clock.doubts(replica.clock) > 0)) return unchanged(replica)
  return take(dataType, batch, vouching, replica)
}

/** What a message brings to a replica, and who vouches for it. Costs as {@link isRound}. */
export const brought = <S, C>(
  message: Message<C>,
  replica: Replica<S, C>,
): { readonly batch: Batch<C>; readonly vouching: Vouching } => {
  const { digest, updates, unread, refused } = message
  const vouching = isRound(message, replica) ? Digest.claimOf(digest) : 'nobody'
  if (unread === undefined && refused === undefined) return { batch: { updates }, vouching }
  return { batch: { updates, unread: unread ?? [], passed: passing(refused ?? []) }, vouching }
}

/**
 * Takes a peer's message. Answers with the updates that the peer lacks by its digest; or with a
 * message without updates, if it asks the peer for more or makes the peer surer; or with `none`.
 *
 * Start with {@link open}, or with `{ digest, updates: [] }`. Pass every answer on: the
 * conversation ends by itself. A message that is lost, doubled, late or overheard does no harm. A
 * budget bounds each answer. Has no errors: believes the message, see `decodeMessage`. Costs as
 * `applyUpdates` and `history`, and O(s) for the digest of s sources.
 */
export const reconcile =
  <S, C>(dataType: DataType<S, C>) =>
  (message: Message<C>, budget?: Budget) =>
  (replica: Replica<S, C>): readonly [Replica<S, C>, O.Option<Message<C>>] => {
    const next = hear(dataType, message, replica).replica
    return [next, reply(dataType, message, replica, next, budget)]
  }

/**
 * The answer to a message, which turned `before` into `replica`; `none` ends the conversation.
 * Costs as `history`, and O(s) for the digest of s sources.
 */
export const reply = <S, C>(
  dataType: DataType<S, C>,
  message: Message<C>,
  before: Replica<S, C>,
  replica: Replica<S, C>,
  budget?: Budget,
): O.Option<Message<C>> => {
  const { digest, since, asks, at } = message
  const isAnswer = since !== undefined
  const hasChanged = before !== replica
  const goesOn = message.more === true && (hasChanged || isBefore(since?.after, at))
  // so every conversation ends, whatever is refused or made up
  if (isAnswer && !hasChanged && asks !== true && !goesOn) return none
  const { updates, unread, isWhole, at: cutAt } = lacking(dataType, digest, replica, budget)
  const saysNothing = updates.length === 0 && unread.length === 0 && !goesOn
  if (saysNothing && !(isWhole && makesSurer(digest, replica)) && (isAnswer || !mayLack(digest, replica))) return none
  const own = Digest.of(replica)
  // what was told once in this conversation is not told again
  const after = goesOn && at !== undefined ? at : since?.after
  const asking = after === undefined ? own : { ...own, after }
  const answer = answerOf(asking, updates, unread, Digest.havingOf(digest))
  if (isWhole) answer.complete = true
  if (cutAt !== undefined) {
    answer.more = true
    answer.at = cutAt
  }
  if (!isAnswer || goesOn) answer.asks = true
  return some(answer)
}

/** Whether a place lies before another. No place lies before none. */
const isBefore = (a: Digest.Place = [NEVER, ''], b: Digest.Place | undefined): boolean =>
  b !== undefined && (a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]))

/** Whether a claim of ours would make the peer surer of a source that it is in doubt of. */
const makesSurer = <S, C>(digest: Digest.Digest, { clock }: Replica<S, C>): boolean => {
  if (digest.doubt === undefined) return false
  let isSo = false
  Digest.forEachDoubt(digest, (source, _, sure) => {
    if (Clock.sureOf(source, clock) > sure) isSo = true
  })
  return isSo
}

/** Whether a digest claims or prints what we may lack. */
const mayLack = <S, C>(digest: Digest.Digest, { clock, log }: Replica<S, C>): boolean => {
  if (!Clock.isSureOf(digest.clock, clock)) return true
  let isSo = false
  Digest.forEachDoubt(digest, (source, pieces, since) => {
    const unlike = Doubt.unlike(source, pieces, since)(log)
    if (unlike.some(({ upTo }) => upTo > Clock.sureOf(source, clock))) isSo = true
  })
  return isSo
}

/**
 * Whether two digests are of equal replicas: equal clocks and floors, and no doubt. Never true by
 * mistake, unless somebody settled too early. It may stay false for superseded updates that one has
 * seen and the other has not. O(s).
 */
export const isSynced = (a: Digest.Digest, b: Digest.Digest): boolean =>
  a.doubt === undefined && b.doubt === undefined && a.floor === b.floor && Json.equals(a.clock, b.clock)
