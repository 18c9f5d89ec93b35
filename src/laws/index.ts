/**
 * scuttlebutt-ts/laws, the convergence kit: does a replicated type converge? It runs the type
 * through networks that lose, double, delay and reorder messages, and gives the smallest run that
 * breaks a law, and why. Plain calls, for any test runner.
 *
 * - {@link checkDataType}: a `DataType` of this library, under all {@link laws}.
 * - {@link check}, with {@link operations}, {@link states} or {@link deltas}: any replicated type.
 * - {@link checkReplicas}: anything that sends and receives; {@link checkReplicasAsync}, if it
 *   answers later.
 * - {@link assertMutants}: whether a check of a data type would catch the usual faults.
 *
 * Needs fast-check, a peer dependency.
 */
import type { either as E } from 'fp-ts'
import type { DataType } from '../core/DataType.js'
import { Answers, type GiveUp } from './Answers.js'
import { check, checked, checkedAtOnce } from './check.js'
import { checkDataType, type DataTypeCheck } from './checkDataType.js'
import type { Counterexample } from './report/Counterexample.js'
import type { Coverage } from './report/Coverage.js'
import { report } from './report/details.js'
import { OPTIONS, type Options } from './Options.js'
import { later } from './runner.js'
import { asking, type OpaqueLater } from './subjects/asking.js'
import { NEEDED, opaqueReplicas } from './subjects/forms.js'
import { OPAQUE, type Opaque } from './subjects/options.js'
import { aFunction, expectOptions, withoutRules } from './model/Rule.js'
import { inTime } from './waiting.js'
import type { Lawful } from './model/Law.js'

export { check } from './check.js'
export { checkDataType, type DataTypeCheck } from './checkDataType.js'
export { assertMutants, checkMutants, type Survivors, type Tried } from './mutants/check.js'
export { mutantsOf, type Mutant, type MutantName } from './mutants/Mutant.js'
export type { Asked } from './judge.js'
export type { Options, Profile, Progress } from './Options.js'
export { keptIn, type Files, type Kept, type Replay } from './kept.js'
export type { ExchangeFeature, ExchangeStep } from './model/Exchange.js'
export {
  format,
  LawBroken,
  toMermaid,
  toSvg,
  toTest,
  type Counterexample,
  type CounterexampleData,
  type TestFile,
} from './report/Counterexample.js'
export { FEATURES, featuresOf, type Coverage, type Feature } from './report/Coverage.js'
export { bare, ofDataType, type Bare, type DataTypeOptions, type Given, type Source } from './subjects/dataType.js'
export { checkDeliveries, DELIVERIES, type Delivered } from './deliveries.js'
export type { Exhausted, Scope } from './network/explore.js'
export { deltas, opaque, operations, states } from './subjects/forms.js'
export type { Common, Deltas, Opaque, Operations, States } from './subjects/options.js'
export type { GiveUp, MaybeLater } from './Answers.js'
export type { OpaqueLater, QualityLater } from './subjects/asking.js'
export type { Law, Lawful, LawName, Verdict, Violation } from './model/Law.js'
export * as laws from './laws/index.js'
export type { Operation } from './model/Operation.js'
export type { Parting, Run, RunEvent } from './model/Run.js'
export { operationsOf, runsOf, schedules, updatesOf } from './arbitraries.js'
export { network, type Schedule, type ScheduleStep } from './model/Schedule.js'
export type { EventKind, TraceEvent } from './model/Trace.js'
export type { Size } from './network/schedules.js'
export { simulate } from './simulate.js'
export type { Delivery, Made, Nth, Quality, Restarted, Sides, Subject, Terms, Where } from './model/Subject.js'

/**
 * {@link checkDataType} for a test. Throws {@link LawBroken}; its message is the counterexample.
 */
export const assertDataType = <S, C>(dataType: DataType<S, C>, options: DataTypeCheck<S, C>): void => {
  report(checkDataType(dataType, options))
}

/** {@link check} for a test. Throws {@link LawBroken}, or lets fast-check's `reporter` decide. */
export const assert = <R, C, M>(subject: Lawful<R, C, M>, options?: Options<C>): void => {
  report(check(subject, options))
}

/**
 * Checks anything that sends and receives: a document of another library, a service, a handmade
 * reducer. It may change in place.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as fc from 'fast-check'
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
export const checkReplicas = <R, C, M>(options: Opaque<R, C, M> & Options<C>): E.Either<Counterexample, Coverage> => {
  expectOptions('checkReplicas', options, { ...OPAQUE, ...OPTIONS }, NEEDED)
  return checkedAtOnce(opaqueReplicas(options), options)
}

/** What {@link checkReplicasAsync} takes. */
export interface LaterOptions<C> extends Omit<Options<C>, 'exhaustive'> {
  /**
   * A call that has not answered when this does counts as thrown. With `node:timers/promises`:
   * `(signal) => setTimeout(1000, undefined, { signal })`. Default: waits for ever. A timeout of
   * the test fails the test, and the check goes on.
   */
  readonly giveUp?: GiveUp
}

/**
 * As {@link checkReplicas}, for replicas whose functions give promises: servers, synchronizers,
 * databases. Each step of a network waits until the one before has answered. A run makes each call
 * once; the kit's own work is some ten times that of {@link checkReplicas}. The `path` of a
 * counterexample leads to the run as it was drawn. `command`, `oracle`, `known` and the like answer
 * at once.
 *
 * @example
 * import * as fc from 'fast-check'
 * const checked = await checkReplicasAsync({
 *   create: async () => new Set(),
 *   command: fc.nat(3),
 *   local: (n) => async (set) => { set.add(n) },
 *   send: () => async (set) => [...set],
 *   receive: (heard) => async (set) => { for (const n of heard) set.add(n) },
 *   show: (set) => [...set].sort(),
 *   seed: 1,
 *   runs: 100,
 * })
 * checked._tag // => 'Right'
 */
export const checkReplicasAsync = async <R, C, M>(
  given: OpaqueLater<R, C, M> & LaterOptions<C>,
): Promise<E.Either<Counterexample, Coverage>> => {
  const rules = withoutRules(OPTIONS, 'exhaustive')
  expectOptions('checkReplicasAsync', given, { ...OPAQUE, ...rules, giveUp: aFunction }, NEEDED)
  const { giveUp, ...options } = given
  const answers = new Answers(giveUp)
  return inTime(checked(asking(options, answers), options, later(answers)))
}

/** {@link checkReplicasAsync} for a test. Rejects with {@link LawBroken}. */
export const assertReplicasAsync = async <R, C, M>(options: OpaqueLater<R, C, M> & LaterOptions<C>): Promise<void> => {
  report(await checkReplicasAsync(options))
}

/** {@link checkReplicas} for a test. Throws {@link LawBroken}. */
export const assertReplicas = <R, C, M>(options: Opaque<R, C, M> & Options<C>): void => {
  report(checkReplicas(options))
}
