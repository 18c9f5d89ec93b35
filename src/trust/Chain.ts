/**
 * Signed updates that say which one of their source they follow. So a replica sees by itself that
 * none is missing, and a relay that leaves one out is found out. Over a gap, which is there as well
 * where an update was superseded, it believes what two peers say: one liar alone makes nobody lose
 * an update.
 *
 * All updates of a replica that this is used for were verified: a fifth member that nobody signed
 * is refused.
 */
import * as Clock from '../core/Clock.js'
import * as Sure from '../core/Sure.js'
import * as Log from '../core/Log.js'
import type { Replica } from '../core/Replica.js'
import * as SourceLog from '../core/SourceLog.js'
import { NEVER, type Timestamp } from '../core/Timestamp.js'
import type { SourceId, Update } from '../core/Update.js'
import * as SortedMap from '../structures/SortedMap.js'

/** A peer, and how sure it said it is of a source. */
type Word = readonly [peer: SourceId, sure: Timestamp]

/** For each source in doubt, what the two surest peers said. */
export type Words = SortedMap.SortedMap<SourceId, ReadonlyArray<Word>>

export const empty: Words = SortedMap.empty()

/** A claim, who made it, and whether that peer counts for two. */
export interface Claimed {
  readonly claim: Sure.Claim
  readonly by: SourceId
  readonly isTrusted: boolean
  /** Updates may say which one they follow: the verifier knows such statements. */
  readonly mayChain: boolean
}

/**
 * Whether the updates of a source say which one they follow: the newest one that is held, read or
 * not, or one that is held in doubt. If none is held any more, they may have said so. O(log u), and
 * O(d) for d held in doubt.
 */
const isChained =
  (source: SourceId, mayChain: boolean) =>
  ({ clock, log }: Replica<unknown, unknown>): boolean => {
    const held = [log, log.unread?.log].flatMap((one) => (one === undefined ? [] : [Log.ofSource(source, one)]))
    const newest = held.flatMap((one) =>
      SourceLog.size(one) === 0 ? [] : [SourceLog.at(one, SourceLog.size(one) - 1)!],
    )
    if (newest.length === 0) return mayChain
    const hasChain = (updates: ReadonlyArray<Update<unknown>>): boolean =>
      updates.some((update) => previousOf(update) !== undefined)
    return hasChain(newest) || hasChain(Log.ofStretch(source, Clock.sureOf(source, clock), Infinity)(log))
  }

const previousOf = (update: Update<unknown>): Timestamp | undefined => update[4]

/**
 * The claim as far as it is believed: of a source with a chain, what a second peer said too. Also
 * the words to be remembered. O(d log s) for d sources in doubt.
 */
export const hear =
  ({ claim, by, isTrusted, mayChain }: Claimed) =>
  (words: Words, replica: Replica<unknown, unknown>): readonly [Words, Sure.Claim] => {
    if (isTrusted) return [words, claim]
    const { clock } = replica
    const draft = new SortedMap.Draft<SourceId, ReadonlyArray<Word>>(Clock.bySource, SortedMap.empty())
    Clock.forEachDoubt(clock, (source) => {
      const said = SortedMap.get(Clock.bySource, words, source) ?? []
      const others = said.filter(([peer]) => peer !== by)
      const own = said.find(([peer]) => peer === by)?.[1] ?? NEVER
      const all: ReadonlyArray<Word> = [...others, [by, Math.max(own, claim.sureOf(source))]]
      draft.set(source, [...all].sort((a, b) => b[1] - a[1]).slice(0, 2))
    })
    const next = draft.done()
    const sureOf = (source: SourceId): Timestamp =>
      isChained(source, mayChain)(replica)
        ? (SortedMap.get(Clock.bySource, next, source)?.[1]?.[1] ?? NEVER)
        : claim.sureOf(source)
    return [next, { sureOf, floor: claim.floor }]
  }

/**
 * The clock, sure of each source as far as its updates follow one another from what it was sure of.
 * O(d log s), and O(u) for u updates held in doubt.
 */
export const follow = (replica: Replica<unknown, unknown>): Clock.Clock => {
  const { clock, log } = replica
  const reached: (readonly [SourceId, Timestamp])[] = []
  Clock.forEachDoubt(clock, (source, sure, seen) => {
    let at = sure
    const held = Log.ofStretch(source, sure, seen)(log)
    for (const update of [...held].sort((a, b) => a[1] - b[1])) {
      const previous = previousOf(update)
      if (previous !== undefined && previous <= at) at = update[1]
    }
    if (at > sure) reached.push([source, at])
  })
  if (reached.length === 0) return clock
  const sureOf = new Map(reached)
  const claim = { sureOf: (source: SourceId) => sureOf.get(source) ?? NEVER, floor: NEVER }
  return Sure.doubting([], claim, clock, clock)
}
