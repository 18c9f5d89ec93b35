/** Limits on updates: on their number, on their size, and on what a source may do. */
import type { either as E } from 'fp-ts'
import * as Clock from '../core/Clock.js'
import { jsonOf, type TooLarge } from '../core/Change.js'
import type { DataType } from '../core/DataType.js'
import { left, right } from '../core/Either.js'
import * as Json from '../core/Json.js'
import type { InUpdate } from '../core/Rejection.js'
import type { Update } from '../core/Update.js'
import * as RateLimit from './rateLimit.js'

/** What a store lets one source do. */
export interface Limits<S, C> {
  /**
   * Whether an update is allowed in the present state, or why not. Asked for local updates too; for
   * others once the signature is verified. If it throws, the update is refused.
   */
  readonly authorize?: (update: Update<C>, state: S) => E.Either<string, unknown>
  /** The largest change, in UTF-8 bytes of JSON. Default: what the line limit lets through. */
  readonly maxChange?: number
  /** The most sources in the clock. Updates of further sources are refused. Default: any number. */
  readonly maxSources?: number
  /** How often one source may update. Default: any number of updates at any time. */
  readonly rate?: RateLimit.Rate
}

/** More sources, updates of one source, or updates that wait for a verdict, than allowed. */
export type TooMany = InUpdate & {
  readonly _tag: 'TooMany'
  readonly what: 'sources' | 'updates' | 'waiting'
  readonly limit: number
}

/** `authorize` refused the update. */
export type Unauthorized = InUpdate & { readonly _tag: 'Unauthorized'; readonly reason: string }

/** Nobody can sign a local update here, or the signer refuses. */
export interface Unsignable {
  readonly _tag: 'Unsignable'
  readonly at: string
  readonly reason: string
}

/** Why a limit refuses. */
export type LimitError = TooMany | TooLarge | Unauthorized

/** Whether any limit is set. */
export const isLimited = ({ authorize, maxChange, maxSources, rate }: Limits<never, never>): boolean =>
  authorize !== undefined || maxChange !== undefined || maxSources !== undefined || rate !== undefined

/**
 * Why an update is too much at `now`, or else the buckets after it. Depends on when the update
 * comes: the same one may be taken later. O(log s).
 */
export const excess =
  ({ maxSources, rate }: Limits<never, never>, update: Update<unknown>, now: () => number) =>
  (clock: Clock.Clock, buckets: RateLimit.Buckets): E.Either<TooMany, RateLimit.Buckets> => {
    const isNew = Clock.timestampOf(update[2], clock) === clock.floor
    if (maxSources !== undefined && isNew && Clock.size(clock) >= maxSources) {
      return tooMany(update, '[2]', 'sources', maxSources)
    }
    if (rate === undefined) return right(buckets)
    const spent = RateLimit.spend(rate, update[2], now())(buckets)
    return spent === undefined ? tooMany(update, '[2]', 'updates', rate.updates) : right(spent)
  }

export const tooMany = (update: Update<unknown>, at: string, what: TooMany['what'], limit: number): E.Left<TooMany> =>
  left({ _tag: 'TooMany', at, what, limit, update })

/**
 * Why an update is not allowed in a state; undefined if it is. One that cannot be read is measured
 * only. O(size), and the cost of `authorize`.
 */
export const forbids =
  <S, C>({ change }: DataType<S, C>, { authorize, maxChange }: Limits<S, C>) =>
  (update: Update<C>, state: S, isUnread = false): TooLarge | Unauthorized | undefined => {
    if (maxChange !== undefined) {
      const bytes = Json.bytes(JSON.stringify(isUnread ? update[0] : jsonOf(change)(update)))
      if (bytes > maxChange) return { _tag: 'TooLarge', at: '[0]', bytes, maxBytes: maxChange, update }
    }
    const verdict = isUnread ? undefined : authorize && answerOf(() => authorize(update, state))
    return verdict?._tag === 'Left' ? { _tag: 'Unauthorized', at: '[0]', reason: verdict.left, update } : undefined
  }

/** The answer of the user's function. An exception is a refusal. */
const answerOf = (ask: () => E.Either<string, unknown>): E.Either<string, unknown> => {
  try {
    return ask()
  } catch (error) {
    return left(String(error))
  }
}
