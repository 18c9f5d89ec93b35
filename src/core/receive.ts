/**
 * How a replica takes a batch of updates from elsewhere. The batch is sorted once; the result goes
 * from session to store to file.
 */
import type { Clock } from './Clock.js'
import * as Change from './Change.js'
import type { DataType } from './DataType.js'
import { among, confront, type Equivocation } from './Fork.js'
import { isLost, recover, type Past } from './Past.js'
import { clockAfter, evolve, isolated, sift, type Replica } from './Replica.js'
import type { Update } from './Update.js'

/** A store or a data type threw while it took updates. Nothing more is taken from that peer. */
export interface Failed {
  readonly _tag: 'Failed'
  readonly at: string
  readonly reason: string
}

export const failed = (error: unknown): Failed => ({ _tag: 'Failed', at: '', reason: String(error) })

/** A batch, sorted by what each update is to one version of a replica. */
export interface Arrivals<C> {
  /** All of the batch, as it came. */
  readonly given: ReadonlyArray<Update<C>>
  /** Not covered by the clock, in the order given, isolated. */
  readonly fresh: ReadonlyArray<Update<C>>
  /** Own updates that were lost with the {@link Past}. */
  readonly filled: ReadonlyArray<Update<C>>
  /** Other contents under stamps that are held. */
  readonly forked: ReadonlyArray<Equivocation<C>>
  /** The clock after the batch. */
  readonly clock: Clock
  /** The version that the batch was sorted for. */
  readonly replica: Replica<unknown, C>
  readonly past: Past | undefined
}

const NONE: ReadonlyArray<never> = []

/** Sorts a batch. O(u log s) if all updates are fresh, else O(u log u). */
export const sort =
  <S, C>(dataType: DataType<S, C>) =>
  (given: ReadonlyArray<Update<C>>, past?: Past) =>
  (replica: Replica<S, C>): Arrivals<C> => {
    if (given.length === 1) {
      // the most frequent batch needs no lists
      const clock = clockAfter(given[0]!, replica.clock)
      if (clock !== replica.clock) {
        return { given, fresh: isolated([given[0]!]), filled: NONE, forked: NONE, clock, replica, past }
      }
    }
    const { fresh, stale, clock } = sift(given)(replica)
    const filled = past === undefined ? NONE : stale.filter((update) => isLost(update, past)(replica))
    const forked = stale.length === 0 ? NONE : among(dataType)(stale, fresh)(replica)
    return { given, fresh: isolated(fresh), filled, forked, clock, replica, past }
  }

/** The updates that a replica would take, in the order in which it applies them. */
export const news = <C>({ fresh, filled, forked }: Arrivals<C>): ReadonlyArray<Update<C>> =>
  filled.length === 0 && forked.length === 0 ? fresh : [...filled, ...fresh, ...forked.map(({ update }) => update)]

/** What became of a batch. */
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
 * Takes a sorted batch: applies what is fresh, fills in what was lost, keeps both contents of a fork.
 * The same replica if there is nothing to take. Sorts again if `arrivals` are for another version.
 * Costs as `applyUpdates`; as {@link recover} if anything was lost.
 */
export const receive =
  <S, C>(dataType: DataType<S, C>) =>
  (arrivals: Arrivals<C>) =>
  (replica: Replica<S, C>): Received<S, C> => {
    const { given, fresh, filled, forked, clock } =
      arrivals.replica === replica ? arrivals : sort(dataType)(arrivals.given, arrivals.past)(replica)
    const rebuilt = filled.length > 0
    const whole = rebuilt ? recover(dataType)(filled)(replica) : replica
    if (forked.length > 0) return oneByOne(dataType, given, filled, whole)
    if (fresh.length === 0) return { replica: whole, taken: filled, proofs: NONE, rebuilt }
    const next = evolve(dataType, fresh, clock, whole)
    return { replica: next, taken: rebuilt ? [...filled, ...fresh] : fresh, proofs: NONE, rebuilt }
  }

/** One update after another: else a fresh one could supersede a content before its fork is found. */
const oneByOne = <S, C>(
  dataType: DataType<S, C>,
  given: ReadonlyArray<Update<C>>,
  filled: ReadonlyArray<Update<C>>,
  whole: Replica<S, C>,
): Received<S, C> => {
  const taken = [...filled]
  const proofs: Equivocation<C>[] = []
  let replica = whole
  for (const came of given) {
    const clock = clockAfter(came, replica.clock)
    if (clock !== replica.clock) {
      const update = Change.isolate(came)
      taken.push(update)
      replica = evolve(dataType, [update], clock, replica)
    } else {
      const [forks, next] = confront(dataType)([came])(replica)
      taken.push(...forks.map(({ update }) => update))
      proofs.push(...forks)
      replica = next
    }
  }
  return { replica, taken, proofs, rebuilt: filled.length > 0 }
}
