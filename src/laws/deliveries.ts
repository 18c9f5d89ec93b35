/** Shows which promises of the network a type needs: checks it with and without each. */
import type { either as E } from 'fp-ts'
import { checkedAtOnce } from './check.js'
import { expectSubject } from './model/expectSubject.js'
import type { Lawful } from './model/Law.js'
import type { Delivery } from './model/Subject.js'
import type { Counterexample } from './report/Counterexample.js'
import type { Coverage } from './report/Coverage.js'
import { expectOptions } from './model/Rule.js'
import { OPTIONS, type Options } from './Options.js'

/** All deliveries, from the strongest promise to the weakest. */
export const DELIVERIES: ReadonlyArray<Delivery> = (['causal', 'source', 'any'] as const).flatMap((order) =>
  (['exactly once', 'at least once'] as const).map((copies) => ({ order, copies })),
)

/** The result of a check under one delivery. */
export type Delivered = readonly [delivery: Delivery, checked: E.Either<Counterexample, Coverage>]

/**
 * Checks a subject under each of the {@link DELIVERIES}, whatever it declares. Under the Right
 * ones it converges. Costs six checks.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as fc from 'fast-check'
 * const counter = operations({ empty: 0, command: fc.constant(1), apply: (n) => (sum) => sum + n })
 * const fine = checkDeliveries(counter, { seed: 1 }).filter(([, checked]) => E.isRight(checked))
 * fine.map(([{ order, copies }]) => `${order}, ${copies}`)
 * // => ['causal, exactly once', 'source, exactly once', 'any, exactly once']
 */
export const checkDeliveries = <R, C, M>(
  subject: Lawful<R, C, M>,
  options: Options<C> = {},
): ReadonlyArray<Delivered> => {
  expectSubject('checkDeliveries', subject, true)
  expectOptions('checkDeliveries', options, OPTIONS)
  return DELIVERIES.map((delivery) => [delivery, checkedAtOnce({ ...subject, delivery }, options)])
}
