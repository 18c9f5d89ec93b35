/** The kit's networks as fast-check arbitraries, for tests of one's own. */
import type * as fc from 'fast-check'
import type { DataType } from '../core/DataType.js'
import { expectDataType, expectSubject } from './model/expectSubject.js'
import { expectOptions } from './model/Rule.js'
import { SIZE } from './Options.js'
import type { Operation } from './model/Operation.js'
import type { Run } from './model/Run.js'
import type { Schedule } from './model/Schedule.js'
import type { Subject } from './model/Subject.js'
import { inOrder, type Updates } from './model/updates.js'
import { schedulesFor, type Size } from './network/schedules.js'
import { simulate } from './network/simulate.js'
import { DATA_TYPE, replicasOf, type Source } from './subjects/dataType.js'

/** Networks that have run: their events, operations and replicas. They shrink as schedules do. */
export const runsOf = <R, C, M>(subject: Subject<R, C, M>, size: Size = {}): fc.Arbitrary<Run<R, C, M>> => {
  expectSubject('runsOf', subject)
  expectOptions('runsOf', size, SIZE)
  return networks(subject, size)
}

const networks = <R, C, M>(subject: Subject<R, C, M>, size: Size): fc.Arbitrary<Run<R, C, M>> =>
  schedulesFor(subject, size).map((schedule) => simulate(subject, schedule))

/**
 * Random schedules for a subject: local commands that fit the state, under wall clocks that
 * collide, differ and step back; deliveries as promised; gossip that is late, doubled or lost;
 * partitions; crashes.
 *
 * Shrinking removes stretches of steps first, then single steps and replicas, then makes each step
 * simpler.
 *
 * @example
 * import * as fc from 'fast-check'
 * const add = (n) => (sum) => sum + n
 * const counter = operations({ empty: 0, command: fc.constant(1), apply: add })
 * const areEqual = (schedule) => new Set(simulate(counter, schedule).replicas).size === 1
 * fc.assert(fc.property(schedules(counter, { replicas: 3 }), areEqual))
 */
export const schedules = <R, C, M>(subject: Subject<R, C, M>, size: Size = {}): fc.Arbitrary<Schedule<C>> => {
  expectSubject('schedules', subject)
  expectOptions('schedules', size, SIZE)
  return schedulesFor(subject, size)
}

/** The operations of a network, in the order made. */
export const operationsOf = <R, C, M>(
  subject: Subject<R, C, M>,
  size: Size = {},
): fc.Arbitrary<ReadonlyArray<Operation<C, M>>> => {
  expectSubject('operationsOf', subject)
  expectOptions('operationsOf', size, SIZE)
  return networks(subject, size).map(({ operations }) => operations)
}

/**
 * Updates of a data type as replicas make them that hear of each other, in total order. Stamps
 * collide.
 *
 * @example
 * import * as fc from 'fast-check'
 * import * as t from 'io-ts'
 * const type = Model.of(t.number)
 * const change = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))
 * const isSorted = (updates) => updates.every(([, at], i) => i === 0 || updates[i - 1][1] <= at)
 * fc.assert(fc.property(updatesOf(type, { change }), isSorted))
 */
export const updatesOf = <S, C>(
  dataType: DataType<S, C>,
  source: Source<S, C>,
  size: Size = {},
): fc.Arbitrary<Updates<C>> => {
  expectDataType('updatesOf', dataType)
  expectOptions('updatesOf', source, DATA_TYPE)
  expectOptions('updatesOf', size, SIZE)
  return networks(replicasOf(dataType, source), { ...size, exchanges: 'none' }).map(({ operations }) =>
    inOrder(operations),
  )
}
