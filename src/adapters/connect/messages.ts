/** What connections by messages share: the limits, and how a store takes a message. */
import type { option as O } from 'fp-ts'
import type { Budget } from '../../core/Frontier.js'
import * as Log from '../../core/Log.js'
import { none } from '../../core/Option.js'
import type { Message } from '../../core/reconcile.js'
import { failed } from '../../core/receive.js'
import type { Replica } from '../../core/Replica.js'
import type { Update } from '../../core/Update.js'
import { MAX_DRIFT, MAX_LINE } from '../../wire/Policy.js'
import { forEachUntold } from '../../wire/session/telling.js'
import type { Rejection } from '../../scuttlebutt.js'
import type { LocalStore, Store } from '../store.js'
import type { ConnectOptions } from './Connection.js'

/** How much one message tells. */
const BUDGET: Budget = { maxBytes: 1 << 20 }

/** The longest push, in characters of JSON. What is longer is asked for instead. */
const MAX_PUSH = 1 << 20

/** Takes messages into a store. */
export interface Intake<C> {
  /** A message from untrusted JSON; undefined if it is none. Refusals are announced. */
  readonly decode: (json: unknown) => Message<C> | undefined
  /** Takes it, once its verdicts are there, and gives the answer. Never rejects. */
  readonly take: (message: Message<C>) => Promise<O.Option<Message<C>>>
  /** Whether all of some updates are in messages that are being taken. */
  readonly isBrought: (updates: ReadonlyArray<Update<C>>) => boolean
}

export const createIntake = <S, C>(
  store: Store<S, C>,
  { policy = {}, now = Date.now, trusted = false }: ConnectOptions,
  refuse: (rejection: Rejection) => void,
): Intake<C> => {
  const { reconcile, reconcileAsync } = store as Store<S, C> & Partial<Pick<LocalStore<S, C>, 'reconcileAsync'>>
  if (reconcile === undefined) {
    throw new TypeError(
      'a store needs `reconcile(message, budget?)` to connect: see src/adapters/store/README.md, "A store of your own"',
    )
  }
  const options = { trusted }
  const brought = new Set<string>()
  return {
    decode: (json) => {
      const { maxBytes = MAX_LINE, maxDrift = MAX_DRIFT, ...limits } = policy
      const decoded = store.scuttlebutt.decodeMessage({ ...limits, maxBytes, maxDrift, now: now() })(json)
      if (decoded._tag === 'Left') {
        refuse(decoded.left)
        return undefined
      }
      for (const refused of decoded.right.refused ?? []) refuse(refused as Rejection)
      return decoded.right
    },
    take: async (message) => {
      const stamps = [...message.updates, ...(message.unread ?? [])].map(textOf)
      for (const stamp of stamps) brought.add(stamp)
      try {
        return await (reconcileAsync?.(message, BUDGET, options) ?? reconcile(message, BUDGET))
      } catch (error) {
        refuse(failed(error))
        return none
      } finally {
        for (const stamp of stamps) brought.delete(stamp)
      }
    },
    isBrought: (updates) => brought.size > 0 && updates.every((update) => brought.has(textOf(update))),
  }
}

const textOf = ([, timestamp, source]: Update<unknown>): string => `${String(timestamp)} ${source}`

/**
 * What came since `told`, as JSON for anybody; or what we have, if that is too long; or undefined,
 * if nothing came.
 */
export const pushOf = <S, C>(
  { scuttlebutt: { push, open, encodeMessage } }: Store<S, C>,
  told: Replica<S, C>,
  replica: Replica<S, C>,
): unknown => {
  const message = push(told)(replica)
  if (message.updates.length === 0 && message.unread === undefined) return undefined
  const json = encodeMessage(message)
  return JSON.stringify(json).length > MAX_PUSH ? encodeMessage(open(replica)) : json
}

/** The number of updates that came since an older version; all, without one. O(d log u). */
export const countSince = <S, C>(told: Replica<S, C> | undefined, { log }: Replica<S, C>): number => {
  let count = 0
  forEachUntold(told?.log ?? Log.empty<C>(), log, () => count++)
  return count
}
