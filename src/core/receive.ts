/** How a replica takes a batch of updates from elsewhere. */
import { classify, type Arrivals, type Batch, type Vouching } from './Arrivals.js'
import type { DataType } from './DataType.js'
import { put, type Equivocation } from './Fork.js'
import * as Log from './Log.js'
import type { Past } from './Past.js'
import { evolve, type Replica } from './Replica.js'
import * as Unread from './Unread.js'
import type { Update } from './Update.js'

/** A store or a data type threw an exception while it took updates. The session ends. */
export interface Failed {
  readonly _tag: 'Failed'
  readonly at: string
  readonly reason: string
}

export const failed = (error: unknown): Failed => ({ _tag: 'Failed', at: '', reason: String(error) })

/** The outcome of a batch. */
export interface Received<S, C> {
  readonly replica: Replica<S, C>
  /** The updates taken, in the order applied. */
  readonly taken: ReadonlyArray<Update<C>>
  /** The updates taken that cannot be read. */
  readonly unread: ReadonlyArray<Update<unknown>>
  /** The forks found. */
  readonly proofs: ReadonlyArray<Equivocation<C>>
  /** Whether an update that was held has gone without being superseded. */
  readonly isRemade: boolean
}

/**
 * Takes a classified batch: applies what is fresh and what was missing, keeps two contents of a
 * forked stamp. The same replica if there is nothing to take. Classifies again if `arrivals` are
 * for another version. Costs as `applyUpdates`; if the data type needs each source in order and
 * something older came, or if a third content displaced another, the state is made anew, in
 * O(n log n).
 */
export const receive = <S, C>(
  dataType: DataType<S, C>,
  arrivals: Arrivals<C>,
  replica: Replica<S, C>,
): Received<S, C> => {
  if (arrivals.replica !== replica) return take(dataType, arrivals.batch, arrivals.vouching, replica, arrivals.past)
  const { fresh, late, forked, unread, clock } = arrivals
  if (late.length + forked.length + unread.length > 0) return receiveAll(dataType, arrivals, replica)
  if (fresh.length === 0) return unchanged(clock === replica.clock ? replica : { ...replica, clock })
  return taking(fresh, evolve(dataType, fresh, clock, replica))
}

const receiveAll = <S, C>(dataType: DataType<S, C>, arrivals: Arrivals<C>, replica: Replica<S, C>): Received<S, C> => {
  const { fresh, late, forked, unread, clock } = arrivals
  let log = Log.evolve([...fresh, ...late], [], replica.log)
  for (const update of unread) log = Unread.add(update)(log)
  const taken = [...fresh, ...late]
  const takenUnread = [...unread]
  const proofs: Equivocation<C>[] = []
  let isRemade = false
  for (const { content, held } of forked) {
    const next = put(dataType)(content)(log)
    log = next.log
    isRemade ||= next.isDisplaced
    if (content.isUnread) takenUnread.push(content.update)
    else taken.push(content.update as Update<C>)
    proofs.push({
      _tag: 'Equivocation',
      at: '[0]',
      update: content.update as Update<C>,
      held: held.update as Update<C>,
    })
  }
  const reached = { ...replica, clock, log }
  const isAnew = isRemade || (taken.length > fresh.length && dataType.anyOrder !== true)
  const next = isAnew ? remade(dataType, reached) : withLogged(dataType, taken, true, reached)
  return hasNews(next, taken, takenUnread, isAnew, replica)
    ? { replica: next, taken, unread: takenUnread, proofs, isRemade }
    : unchanged(clock === replica.clock ? replica : { ...replica, clock })
}

/**
 * Whether a batch changed anything but the clock. An update in doubt that was superseded comes
 * again and again, and is news to nobody. A state that was made anew is another object, though the
 * same log gives the same state.
 */
const hasNews = <S, C>(
  next: Replica<S, C>,
  taken: ReadonlyArray<Update<C>>,
  unread: ReadonlyArray<unknown>,
  isAnew: boolean,
  before: Replica<S, C>,
): boolean =>
  unread.length > 0 ||
  (!isAnew && next.state !== before.state) ||
  next.log.size !== before.log.size ||
  taken.some((update) => Log.find(update)(next.log) !== undefined)

/**
 * The replica after updates that its log holds already. Makes the state anew if they are out of
 * order and the data type minds.
 */
export const withLogged = <S, C>(
  dataType: DataType<S, C>,
  updates: ReadonlyArray<Update<C>>,
  isInOrder: boolean,
  replica: Replica<S, C>,
): Replica<S, C> => {
  if (updates.length === 0) return replica
  if (!isInOrder && dataType.anyOrder !== true) return remade(dataType, replica)
  const { state, superseded } = dataType.apply(updates)(replica.state)
  return { ...replica, state, log: Log.evolve([], superseded, replica.log) }
}

/** The replica with its state made anew from its log, each source in order. O(n log n). */
export const remade = <S, C>(dataType: DataType<S, C>, replica: Replica<S, C>): Replica<S, C> =>
  withLogged(dataType, Log.sorted(Log.all(replica.log)), true, { ...replica, state: dataType.empty })

/** The outcome of nothing. */
export const unchanged = <S, C>(replica: Replica<S, C>): Received<S, C> => taking(NOTHING, replica)

const NOTHING: ReadonlyArray<never> = Object.freeze([])

const taking = <S, C>(taken: ReadonlyArray<Update<C>>, replica: Replica<S, C>): Received<S, C> => ({
  replica,
  taken,
  unread: NOTHING,
  proofs: NOTHING,
  isRemade: false,
})

/** {@link receive} of a batch that is not classified yet. */
export const take = <S, C>(
  dataType: DataType<S, C>,
  batch: Batch<C>,
  vouching: Vouching,
  replica: Replica<S, C>,
  past?: Past,
): Received<S, C> => receive(dataType, classify(dataType, batch, vouching, replica, past), replica)
