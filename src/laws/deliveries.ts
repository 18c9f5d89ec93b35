/** Which promises a type needs of its network: each broken on purpose, to see what comes of it. */
import type { either as E } from 'fp-ts'
import { check, type Options } from './check.js'
import type { Counterexample } from './report/Counterexample.js'
import type { Coverage } from './report/Coverage.js'
import type { Delivery, Subject } from './model/Subject.js'

/** From what promises most to what promises nothing. */
export const DELIVERIES: ReadonlyArray<Delivery> = (['causal', 'source', 'any'] as const).flatMap((order) =>
  (['exactly once', 'at least once'] as const).map((copies) => ({ order, copies })),
)

/** What one delivery came to. */
export type Delivered = readonly [delivery: Delivery, checked: E.Either<Counterexample, Coverage>]

/**
 * Checks a subject under each of the {@link DELIVERIES} in turn, whatever it declares: those that are Right it does not need
 * more than. Costs six checks.
 *
 * @example
 * const counter = operations({ empty: 0, command: fc.constant(1), apply: (n) => (sum) => sum + n })
 * const fine = checkDeliveries(counter, { seed: 1 }).filter(([, checked]) => E.isRight(checked))
 * fine.map(([{ order, copies }]) => `${order}, ${copies}`)
 * // => ['causal, exactly once', 'source, exactly once', 'any, exactly once']
 */
export const checkDeliveries = <R, C, M>(
  subject: Subject<R, C, M>,
  options: Options<C> = {},
): ReadonlyArray<Delivered> => DELIVERIES.map((delivery) => [delivery, check({ ...subject, delivery }, options)])
