/**
 * scuttlebutt-ts/laws: the convergence kit. Runs a replicated type through networks that lose, double, delay and reorder, and
 * shows that it converges, or the smallest run found in which it does not, and why. Works by plain calls, so in any test runner.
 *
 * - {@link checkDataType}: a `DataType` of this library, under all {@link laws}.
 * - {@link operations}, {@link states}, {@link deltas}, with {@link check}: any replicated type, by how it is written.
 * - {@link checkReplicas}: anything at all that can be told things.
 *
 * Needs fast-check, a peer dependency.
 */
import type { either as E } from 'fp-ts'
import type { Command, DataType } from '../core/DataType.js'
import { check, type Options } from './check.js'
import { LawBroken, type Counterexample } from './report/Counterexample.js'
import type { Coverage } from './report/Coverage.js'
import { bare, ofDataType, type DataTypeOptions, type Source } from './subjects/dataType.js'
import { opaque, type Opaque } from './subjects/forms.js'
import type { Delivery, Subject } from './model/Subject.js'

export { check, type Options } from './check.js'
export { LawBroken, type Counterexample, type TraceEvent } from './report/Counterexample.js'
export { FEATURES, featuresOf, type Coverage, type Feature } from './report/Coverage.js'
export { bare, ofDataType, type Bare, type DataTypeOptions, type Source } from './subjects/dataType.js'
export { checkDeliveries, DELIVERIES, type Delivered } from './deliveries.js'
export type { Exhausted, Scope } from './network/explore.js'
export {
  deltas,
  opaque,
  operations,
  states,
  type Common,
  type Deltas,
  type Opaque,
  type Operations,
  type States,
} from './subjects/forms.js'
export type { Law, Verdict, Violation } from './model/Law.js'
export * as laws from './laws/laws.js'
export type { Event, Operation, Parting, Run } from './model/Run.js'
export { network, type Schedule, type Step } from './model/Schedule.js'
export { schedules, type Size } from './network/schedules.js'
export { simulate } from './network/simulate.js'
export type { Delivery, Made, Quality, Subject, Where } from './model/Subject.js'

/** What {@link checkDataType} takes beside the type. */
export type DataTypeCheck<S, C> = Source<S, C> &
  DataTypeOptions<S, C> &
  Options<Command<S, C, unknown>> & {
    /**
     * Take the type's `apply` alone, without the core around it, over a network that promises just this. Absent: as
     * the core runs it, every update once and in its source's order, whatever the network did.
     */
    readonly delivery?: Delivery
  }

/**
 * A data type under the {@link laws}, 1,000 random networks by default, which takes about a second: `Right` of what was
 * exercised, or `Left` of the smallest counterexample found.
 *
 * Give `change`, any changes a user may make, or `command`, by the state. Few keys, so that they meet. An `oracle` says
 * independently what all updates ought to come to; without, a type that converges to the wrong value passes.
 *
 * @example
 * const latest = (updates) => Object.fromEntries(updates.map(([change]) => change))
 * const change = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))
 * const checked = checkDataType(Model.of(t.number), { change, oracle: latest, seed: 1 })
 * E.isRight(checked) && checked.right.seen.sameKey > 100 // => true
 */
export const checkDataType = <S, C>(
  dataType: DataType<S, C>,
  options: DataTypeCheck<S, C>,
): E.Either<Counterexample, Coverage> =>
  options.delivery === undefined
    ? check(ofDataType(dataType, options), options)
    : check(bare(dataType, options, options.delivery), options)

/** {@link checkDataType} for a test: throws {@link LawBroken}, which says what its counterexample's `format` says. */
export const assertDataType = <S, C>(dataType: DataType<S, C>, options: DataTypeCheck<S, C>): void => {
  orThrow(checkDataType(dataType, options))
}

/** {@link check} for a test. Throws {@link LawBroken}. */
export const assert = <R, C, M>(subject: Subject<R, C, M>, options?: Options<C>): void => {
  orThrow(check(subject, options))
}

const orThrow = (checked: E.Either<Counterexample, Coverage>): void => {
  if (checked._tag === 'Left') throw new LawBroken(checked.left)
}

/**
 * Anything at all: a document of another library, a service, a reducer made by hand. It may change in place; it needs a way to
 * be told to do something, a way to say what a peer lacks, and a way to hear that.
 *
 * @example
 * const checked = checkReplicas({
 *   create: () => new Set(),
 *   command: fc.nat(3),
 *   local: (n) => (set) => { set.add(n) },
 *   send: () => (set) => [...set],
 *   receive: (heard) => (set) => { for (const n of heard) set.add(n) },
 *   show: (set) => [...set].sort(),
 *   seed: 1,
 * })
 * E.isRight(checked) // => true
 */
export const checkReplicas = <R, C, M>(options: Opaque<R, C, M> & Options<C>): E.Either<Counterexample, Coverage> =>
  check(opaque(options), options)

/** {@link checkReplicas} for a test. Throws {@link LawBroken}. */
export const assertReplicas = <R, C, M>(options: Opaque<R, C, M> & Options<C>): void => {
  orThrow(checkReplicas(options))
}
