/** Runs one schedule, for tests of one's own. */
import { expectSubject } from './model/expectSubject.js'
import { aFlag, expectOptions, oneOf, type Rules } from './model/Rule.js'
import type { Schedule } from './model/Schedule.js'
import { aSchedule } from './model/ScheduleRule.js'
import type { Subject } from './model/Subject.js'
import { simulate as run, type Simulated, type Simulating } from './network/simulate.js'

/**
 * Runs a schedule in O(e) calls of the subject for e events, and O(e r) comparisons for r replicas.
 * An exception of the subject ends the run, and is in its `threw`. What is no schedule, or no step,
 * is a TypeError or a RangeError.
 *
 * @example
 * import * as fc from 'fast-check'
 * const counter = operations({ empty: 0, command: fc.constant(1), apply: (n) => (sum) => sum + n })
 * const { replicas } = simulate(counter, network(['a', 'b'], ({ at }) => [at('a').local(2)]))
 * replicas // => [2, 2]
 */
export const simulate = <R, C, M>(
  subject: Subject<R, C, M>,
  schedule: Schedule<C>,
  how: Simulating = {},
): Simulated<R, C, M> => {
  expectSubject('simulate', subject)
  expectOptions('simulate', { schedule }, { schedule: aSchedule }, ['schedule'])
  expectOptions('simulate', how, SIMULATING)
  return run(subject, schedule, how)
}

const SIMULATING: Rules<Simulating> = { gossip: oneOf('history', 'everything'), isWatched: aFlag }
