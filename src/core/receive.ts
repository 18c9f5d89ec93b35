/**
 * How a replica takes a batch of updates from elsewhere. The batch is classified once; the result
 * goes from session to store to file.
 */
import * as Change from './Change.js'
import type { Clock } from './Clock.js'
import type { DataType } from './DataType.js'
import { among, confront, type Equivocation } from './Fork.js'
import { applyUpdate, evolve, isolated, sift, type Replica } from './Replica.js'
import type { Update } from './Update.js'

/** A store or a data type threw an exception while it took updates. The session ends. */
export interface Failed {
  readonly _tag: 'Failed'
  readonly at: string
  readonly reason: string
}

export const failed = (error: unknown): Failed => ({ _tag: 'Failed', at: '', reason: String(error) })

/** A batch, and what each of its updates is to one version of a replica. */
export interface Arrivals<C> {
  /** All of the batch, as it came. */
  readonly given: ReadonlyArray<Update<C>>
  /** Not covered by the clock, in the order given, isolated. */
  readonly fresh: ReadonlyArray<Update<C>>
  /** Covered by the clock. */
  readonly stale: ReadonlyArray<Update<C>>
  /** Other contents under stamps that are held, among the stale ones. */
  readonly forked: ReadonlyArray<Equivocation<C>>
  /** The clock after the batch. */
  readonly clock: Clock
  /** The version that the batch was classified for. */
  readonly replica: Replica<unknown, C>
}

/**
 * Says what each update of a batch is to a replica. O(u log s) if all updates are fresh, else
 * O(u log u).
 */
export const classify =
  <S, C>(dataType: DataType<S, C>) =>
  (given: ReadonlyArray<Update<C>>) =>
  (replica: Replica<S, C>): Arrivals<C> => {
    const { fresh, stale, clock } = sift(given)(replica)
    const forked = stale.length === 0 ? [] : among(dataType)(stale, fresh)(replica)
    return { given, fresh: isolated(fresh), stale, forked, clock, replica }
  }

/** The outcome of a batch. */
export interface Received<S, C> {
  readonly replica: Replica<S, C>
  /** The updates taken, in the order applied. */
  readonly taken: ReadonlyArray<Update<C>>
  /** The forks found. */
  readonly proofs: ReadonlyArray<Equivocation<C>>
  /** Whether the state was made anew, with updates older than some that it held. */
  readonly rebuilt: boolean
}

/**
 * Takes a classified batch: applies what is fresh, keeps both contents of a fork. The same replica
 * if there is nothing to take. Classifies again if `arrivals` are for another version. Costs as
 * `applyUpdates`.
 */
export const receive =
  <S, C>(dataType: DataType<S, C>) =>
  (arrivals: Arrivals<C>) =>
  (replica: Replica<S, C>): Received<S, C> => {
    const { given, fresh, forked, clock } =
      arrivals.replica === replica ? arrivals : classify(dataType)(arrivals.given)(replica)
    if (forked.length > 0) return oneByOne(dataType, given, replica)
    const next = fresh.length === 0 ? replica : evolve(dataType, fresh, clock, replica)
    return { replica: next, taken: fresh, proofs: forked, rebuilt: false }
  }

/**
 * Takes one update after another. Together, a fresh update could supersede the first content of a
 * fork before the fork is found.
 */
const oneByOne = <S, C>(
  dataType: DataType<S, C>,
  given: ReadonlyArray<Update<C>>,
  before: Replica<S, C>,
): Received<S, C> => {
  const taken: Update<C>[] = []
  const proofs: Equivocation<C>[] = []
  let replica = before
  for (const came of given) {
    const update = Change.isolate(came)
    const [forks, both] = confront(dataType)([update])(replica)
    const next = forks.length > 0 ? both : applyUpdate(dataType)(update)(replica)
    if (next !== replica) taken.push(update)
    proofs.push(...forks)
    replica = next
  }
  return { replica, taken, proofs, rebuilt: false }
}
