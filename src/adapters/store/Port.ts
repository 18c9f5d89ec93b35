/** What streams, files and databases need of a store, beside its public functions. Internal. */
import { classify, type Batch, type Vouching } from '../../core/Arrivals.js'
import * as Clock from '../../core/Clock.js'
import type * as Sure from '../../core/Sure.js'
import type { Message } from '../../core/reconcile.js'
import type { Past } from '../../core/Past.js'
import { failed, unchanged, type Received } from '../../core/receive.js'
import type { Replica } from '../../core/Replica.js'
import type { SourceId, Update } from '../../core/Update.js'
import type { Rejection } from '../../scuttlebutt.js'
import type { Refusal } from '../../wire/WireMessage.js'
import type { Store } from './Store.js'

/** Tells a peer's link of a refusal. */
export type Tell = (rejection: Rejection) => void

/** Who brings a batch. Without it, the caller, whom the store believes. */
export interface Peer {
  readonly id: SourceId
  /** Its word counts for two: see `trust/Chain`. */
  readonly isTrusted: boolean
  /** The bringer does not wait for verdicts: if any is out, the batch claims nothing. */
  readonly isHasty?: boolean
}

/** The outcome of a batch, and the replica before it. */
export type Committed<S, C> = Received<S, C> & { readonly before: Replica<S, C> }

export interface Port<S, C> {
  /** The newest version. The store itself may show an older one: see `scuttlebutt-ts/redux`. */
  readonly getReplica: () => Replica<S, C>
  /**
   * Takes a batch from a peer. Tells refusals; never throws. Gives a promise if verdicts take time.
   */
  readonly receive: (batch: Batch<C>, vouching: Vouching, tell: Tell, peer?: Peer) => Promise<void> | undefined
  /** These were sent to a peer that is an original, or may be one: see `hearsay`. */
  readonly told: (updates: ReadonlyArray<Update<unknown>>, known?: Clock.ClockRecord) => void
  /**
   * Own updates that may be lost, for streams to ask peers for. Undefined before the first local
   * write.
   */
  readonly past: () => Past | undefined
  /**
   * As the store's `subscribe`, with the whole outcome of a batch. Returns the unsubscription.
   */
  readonly subscribe: (listener: (committed: Committed<S, C>) => void) => () => void
  /** Peers refused these updates. `by` is the peer that says so. */
  readonly refused: (refusals: ReadonlyArray<Refusal>, by: string | undefined) => void
  /** Calls for refusals by peers, own ones and those of others. Returns the unsubscription. */
  readonly onRefused: (listener: (refusals: ReadonlyArray<Refusal>, by: string | undefined) => void) => () => void
}

const PORT = Symbol('port')

interface WithPort<S, C> {
  readonly [PORT]?: { readonly port: Port<S, C>; readonly reconcile: Store<S, C>['reconcile'] }
}

/** The store with a port. A spread copy of the store has the port too. */
export const withPort = <S, C, T extends Store<S, C>>(store: T, port: Port<S, C>): T => ({
  ...store,
  [PORT]: { port, reconcile: store.reconcile },
})

/** The port of a store that one of our makers has just made. */
export const ownPortOf = <S, C>(store: Store<S, C>): Port<S, C> => (store as WithPort<S, C>)[PORT]!.port

/**
 * The port of a store: its own, or one made of its public functions for a store made elsewhere. So
 * for a copy with a `reconcile` of its own, which the port would pass by. Throws a `TypeError` for
 * a store without `reconcile`.
 */
export const portOf = <S, C>(store: Store<S, C>): Port<S, C> => {
  const own = (store as WithPort<S, C>)[PORT]
  return own !== undefined && own.reconcile === store.reconcile ? own.port : portFor(store)
}

const portFor = <S, C>(store: Store<S, C>): Port<S, C> => {
  if (typeof store.reconcile !== 'function') {
    throw new TypeError('a store needs `reconcile(message, budget?)` for streams: see README, "A store of your own"')
  }
  const { dataType } = store.scuttlebutt
  return {
    getReplica: store.getReplica,
    receive: (batch, vouching, tell) => {
      const before = store.getReplica()
      const arrivals = classify(dataType, batch, vouching, before)
      try {
        store.reconcile?.(messageOf(batch, vouching, before.clock))
      } catch (error) {
        tell(failed(error))
      }
      for (const { content, held } of arrivals.forked) {
        tell({ _tag: 'Equivocation', at: '[0]', update: content.update, held: held.update })
      }
      return undefined
    },
    told: () => undefined,
    past: () => undefined,
    subscribe: (listener) => {
      let before = store.getReplica()
      return store.subscribe((taken, replica) => {
        listener({ ...unchanged(replica), taken, before })
        before = replica
      })
    },
    refused: () => undefined,
    onRefused: () => () => undefined,
  }
}

/** A batch as a message of a peer that claims just what is vouched for. */
const messageOf = <C>({ updates, unread }: Batch<C>, vouching: Vouching, clock: Clock.Clock): Message<C> => {
  const record: Record<string, number> = {}
  const claim = vouching === 'caller' ? following(updates, clock) : vouching
  const message = { updates, ...(unread && { unread }) }
  if (claim === 'nobody') return { ...message, digest: { id: '', clock: record } }
  for (const [, , source] of updates) Clock.put(record, source, claim.sureOf(source))
  for (const [, , source] of unread ?? []) Clock.put(record, source, claim.sureOf(source))
  Clock.forEachDoubt(clock, (source) => {
    Clock.put(record, source, claim.sureOf(source))
  })
  const floor = claim.floor > 0 ? { floor: claim.floor } : {}
  return { ...message, digest: { id: '', clock: record, ...floor }, since: { clock: {} }, complete: true }
}

/** The claim that each update follows the one before it, for sources without doubt. */
export const following = (updates: ReadonlyArray<Update<unknown>>, clock: Clock.Clock): Sure.Claim => {
  const newest = Clock.advanceAll(updates)(Clock.empty)
  return {
    sureOf: (source) => (Clock.isDoubted(source, clock) ? 0 : Clock.timestampOf(source, newest)),
    floor: 0,
  }
}
