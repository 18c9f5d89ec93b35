/**
 * Forks: two contents under one stamp, from a source that equivocates, or from two programs that
 * run under one id.
 */
import type { DataType } from './DataType.js'
import * as Change from './Change.js'
import * as Log from './Log.js'
import type { InUpdate } from './Rejection.js'
import { sift, type Replica } from './Replica.js'
import { sameContent, type Update } from './Update.js'

/** Another content for the stamp of an update that is held. The two together are the proof. */
export interface Equivocation<C> extends InUpdate {
  readonly _tag: 'Equivocation'
  readonly update: Update<C>
  readonly held: Update<C>
}

/** The most proofs kept against one source. More prove nothing new, and would fill the memory. */
const MAX_FORKS = 64

/**
 * The forks among updates that the clock covers: each other content once, isolated. `fresh` are
 * updates that came before them in the batch. Finds nothing under a stamp whose first content was
 * superseded. O(u log u).
 */
export const among =
  <S, C>(dataType: DataType<S, C>) =>
  (stale: ReadonlyArray<Update<C>>, fresh: ReadonlyArray<Update<C>>) =>
  (replica: Replica<S, C>): ReadonlyArray<Equivocation<C>> => {
    const { encode } = dataType.change
    const proofs: Equivocation<C>[] = []
    let log = Log.evolve(fresh, [])(replica.log)
    for (const given of stale) {
      if (Log.forksOf(given[2])(log) >= MAX_FORKS) continue
      const held = Log.contents(given)(log)
      if (held.length === 0 || held.some((one) => sameContent(encode, one, given))) continue
      const update = Change.isolate(given)
      log = Log.fork(update)(log)
      proofs.push({ _tag: 'Equivocation', at: '[0]', update, held: held[0]! })
    }
    return proofs
  }

/**
 * Keeps both contents of a forked stamp and applies them in update order, so that all replicas that
 * have seen both agree. This holds for data types that do not depend on the order within a source;
 * all of ours are such. Moves no clock. Keeps 64 forks a source; after that the first content
 * stays. Costs as {@link among} and as the data type's `apply`.
 *
 * @example
 * import * as t from 'io-ts'
 * const model = scuttlebutt(Model.of(t.number))
 * const [one, two] = [['x', 1], ['x', 2]].map((change) => [change, 1000, 'liar'])
 * const replicas = [[one, two], [two, one]].map(([first, second]) => {
 *   const replica = model.applyUpdate(first)(model.create('ann'))
 *   return confront(model.dataType)([second])(replica)[1]
 * })
 * replicas.map(({ state }) => Model.toJSON(state)) // => [{ x: 2 }, { x: 2 }]
 */
export const confront =
  <S, C>(dataType: DataType<S, C>) =>
  (updates: ReadonlyArray<Update<C>>) =>
  (replica: Replica<S, C>): readonly [ReadonlyArray<Equivocation<C>>, Replica<S, C>] => {
    const { fresh, stale } = sift(updates)(replica)
    const proofs = stale.length === 0 ? [] : among(dataType)(stale, fresh)(replica)
    return [proofs, proofs.reduce((next, { update }) => withFork(dataType, update, next), replica)]
  }

/**
 * If the first content is no longer in the log, do nothing: the fork is found when both come again.
 */
const withFork = <S, C>(dataType: DataType<S, C>, update: Update<C>, replica: Replica<S, C>): Replica<S, C> => {
  if (Log.find(update)(replica.log) === undefined) return replica
  const { state, superseded } = dataType.apply([update])(replica.state)
  const log = Log.evolve([], superseded)(Log.fork(update)(replica.log))
  return { id: replica.id, clock: replica.clock, log, state }
}
