/** What networks run: replicas that exchange messages, by any implementation. The model is one. */
import { digest, open, push, reconcile, type Digest, type Message, type Rules } from './model.js'
import * as Model from './replica.js'
import type { Policy, Replica, Stamp, Update, Writes } from './replica.js'

/** What a network needs of replicas `R` that exchange messages `M`. */
export interface Implementation<R, M> {
  readonly create: (id: string, policy: Policy) => R
  readonly write: (writes: Writes, now: number) => (replica: R) => readonly [Update, R]
  /** The replica as a store opens it from storage. */
  readonly restore: (replica: R) => R
  readonly open: (replica: R) => M
  /** The answer is undefined if none is due. Refuses by the policy of the replica. */
  readonly reconcile: (message: M, budget: number) => (replica: R) => readonly [R, M | undefined]
  readonly push: (before: R) => (replica: R) => M
  /** A message made by hand: the digest, and one update that the replica holds. */
  readonly tell: (stamp: Stamp) => (replica: R) => M
  readonly merge: (other: R) => (replica: R) => R
  readonly prune: (upTo: number) => (replica: R) => R
  readonly settle: (sources?: ReadonlyArray<string>) => (replica: R) => R
  readonly reread: (policy: Policy) => (replica: R) => R
  readonly digest: (replica: R) => Digest
  readonly state: (replica: R) => unknown
  /** Everything held, read or unread, in order. */
  readonly holds: (replica: R) => ReadonlyArray<Update>
  readonly unread: (replica: R) => number
  /** What a message says beside its digest; left out by one who does not want to compare that. */
  readonly says?: (message: M) => Said
}

export interface Said {
  /** By {@link Model.nameOf}, in the order sent. */
  readonly updates: ReadonlyArray<string>
  readonly complete: boolean
  readonly more: boolean
  readonly asks: boolean
  readonly at: Stamp | undefined
}

export const modelOf = (rules: Rules): Implementation<Replica, Message> => ({
  ...Model,
  holds: Model.held,
  open: open(rules),
  digest: digest(rules),
  push: (before) => push(rules, before),
  reconcile: (message, budget) => reconcile(rules, message, budget),
  tell: (stamp) => (r) => ({
    digest: digest(rules)(r),
    updates: Model.held(r).filter((update) => Model.compareStamps(Model.stampOf(update), stamp) === 0),
  }),
  unread: (r) => Model.held(r).filter((update) => !Model.isRead(update, r)).length,
  says: ({ updates, complete, more, asks, at }) => ({
    updates: updates.map(Model.nameOf),
    complete: complete ?? false,
    more: more ?? false,
    asks: asks ?? false,
    at,
  }),
})
