/**
 * scuttlebutt-ts/laws: the convergence kit. Proves by running that a replicated type converges, or shows why not.
 *
 * The laws and their numbers: see {@link laws}.
 */
import type { either as E } from 'fp-ts'
import type { DataType } from '../core/DataType.js'
import { check, type Options } from './check.js'
import { LawBroken, type Counterexample } from './Counterexample.js'
import type { Coverage } from './Coverage.js'
import { bare, ofDataType, type DataTypeOptions, type Source } from './dataType.js'
import { opaque, type Opaque } from './forms.js'
import type { Delivery } from './Subject.js'
import type { Command } from '../core/DataType.js'

export { check, type Options } from './check.js'
export { LawBroken, type Counterexample, type TraceEvent } from './Counterexample.js'
export { FEATURES, featuresOf, type Coverage, type Feature } from './Coverage.js'
export { bare, ofDataType, type Bare, type DataTypeOptions, type Source } from './dataType.js'
export type { Exhausted, Scope } from './explore.js'
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
} from './forms.js'
export type { Law, Verdict, Violation } from './Law.js'
export * as laws from './laws.js'
export type { Event, Operation, Parting, Run } from './Run.js'
export { schedules, type Schedule, type Size, type Step } from './Schedule.js'
export { simulate } from './simulate.js'
export type { Delivery, Made, Quality, Subject, Where } from './Subject.js'

export const checkDataType = <S, C>(
  dataType: DataType<S, C>,
  options: Source<S, C> & DataTypeOptions<S, C> & Options<Command<S, C, unknown>> & { readonly delivery?: Delivery },
): E.Either<Counterexample, Coverage> =>
  options.delivery === undefined
    ? check(ofDataType(dataType, options), options)
    : check(bare(dataType, options, options.delivery), options)

export const assertDataType = <S, C>(...args: Parameters<typeof checkDataType<S, C>>): void => {
  orThrow(checkDataType(...args))
}

const orThrow = (checked: E.Either<Counterexample, Coverage>): void => {
  if (checked._tag === 'Left') throw new LawBroken(checked.left)
}

export const checkReplicas = <R, C, M>(options: Opaque<R, C, M> & Options<C>): E.Either<Counterexample, Coverage> =>
  check(opaque(options), options)

export const assertReplicas = <R, C, M>(options: Opaque<R, C, M> & Options<C>): void => {
  orThrow(checkReplicas(options))
}
