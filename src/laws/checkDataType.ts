/** Checks a data type of this library, as the core runs it or its `apply` alone. */
import type { either as E } from 'fp-ts'
import type { Command, DataType } from '../core/DataType.js'
import { checkedAtOnce } from './check.js'
import { aDelivery, expectDataType } from './model/expectSubject.js'
import { expectOptions, type Rules } from './model/Rule.js'
import type { Delivery } from './model/Subject.js'
import type { Counterexample } from './report/Counterexample.js'
import type { Coverage } from './report/Coverage.js'
import { OPTIONS, type Options } from './Options.js'
import { applyAlone, DATA_TYPE, replicasOf, type DataTypeOptions, type Source } from './subjects/dataType.js'

/** The options of {@link checkDataType}. */
export type DataTypeCheck<S, C> = Source<S, C> &
  DataTypeOptions<S, C> &
  Options<Command<S, C, unknown>> & {
    /**
     * Checks the type's `apply` alone, over a network that promises only this. Default: as the core
     * runs it, with every update once and in the order of its source.
     */
    readonly delivery?: Delivery
  }

/**
 * Checks a data type in 1,000 random networks by default, in about a second. Right with what was
 * exercised, or Left with the smallest counterexample found.
 *
 * Give `change`, or `command` for changes that depend on the state. Use few keys, so that changes
 * meet. An `oracle` says what all updates must give, independently of the type: without one, a type
 * that converges to a wrong value passes.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as fc from 'fast-check'
 * import * as t from 'io-ts'
 * const latest = (updates) => Object.fromEntries(updates.map(([change]) => change))
 * const change = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))
 * const checked = checkDataType(Model.of(t.number), { change, oracle: latest, seed: 1 })
 * E.isRight(checked) && checked.right.seen.sameKey > checked.right.runs / 10 // => true
 */
export const checkDataType = <S, C>(
  dataType: DataType<S, C>,
  options: DataTypeCheck<S, C>,
): E.Either<Counterexample, Coverage> => checkedBy('checkDataType', dataType, options)

/** As {@link checkDataType}, named in what is thrown for wrong options. */
export const checkedBy = <S, C>(
  of: string,
  dataType: DataType<S, C>,
  options: DataTypeCheck<S, C>,
): E.Either<Counterexample, Coverage> => {
  expectDataType(of, dataType)
  expectOptions(of, options, RULES)
  return options.delivery === undefined
    ? checkedAtOnce(replicasOf(dataType, options), options)
    : checkedAtOnce(applyAlone(dataType, options, options.delivery), options)
}

const RULES: Rules<DataTypeCheck<never, never>> = { ...DATA_TYPE, ...OPTIONS, delivery: aDelivery }
