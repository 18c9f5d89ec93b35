/** How a search runs its schedules: at once, or with replicas that answer later. */
import * as fc from 'fast-check'
import type { Answers } from './Answers.js'
import { SILENT } from './configured.js'
import { judge, type Judged, type Reported } from './judge.js'
import type { Law, Lawful } from './model/Law.js'
import type { Schedule } from './model/Schedule.js'
import type { Subject } from './model/Subject.js'
import type { Drawn } from './network/draw.js'
import { simulate } from './network/simulate.js'
import { atOnce, inTime, type Waiting } from './waiting.js'

export interface Runner {
  readonly judge: <R, C, M>(
    subject: Lawful<R, C, M>,
    laws: ReadonlyArray<Law<R, C, M>>,
    schedule: Schedule<C>,
    reported: Reported,
    asked?: ReadonlyArray<Law<R, C, M>>,
  ) => Judged<R, C, M> | Promise<Judged<R, C, M>>
  /** The commands that a schedule drew when it was judged. */
  readonly drawnOf: <R, C, M>(subject: Subject<R, C, M>, schedule: Schedule<C>) => ReadonlyArray<Drawn<C>>
  /** As `fc.check` of a property, without its reports. */
  readonly check: <A>(
    arbitrary: fc.Arbitrary<A>,
    predicate: (value: A) => Waiting<boolean>,
    limits: Limits,
  ) => fc.RunDetails<[A]> | Promise<fc.RunDetails<[A]>>
  /** The part of a path that can be followed: what answers later finds the drawn schedule only. */
  readonly pathOf: (path: string) => string
}

/** How far a search goes. */
export interface Limits extends Pick<fc.Parameters, 'numRuns' | 'endOnFailure' | 'verbose'> {
  readonly seed?: number | undefined
  readonly path?: string
  /** In ms. */
  readonly time?: number | undefined
}

const LONGEST = 2 ** 31 - 1

const parameters = ({ seed, time, ...rest }: Limits) => ({
  ...SILENT,
  ...rest,
  ...(seed === undefined ? {} : { seed }),
  // a timer of more would be due at once
  ...(time === undefined || time > LONGEST ? {} : { interruptAfterTimeLimit: time }),
})

export const AT_ONCE: Runner = {
  judge,
  drawnOf: (subject, schedule) => simulate(subject, schedule).drawn,
  check: (arbitrary, predicate, limits) =>
    fc.check(
      fc.property(arbitrary, (value) => atOnce(predicate(value))),
      parameters(limits),
    ),
  pathOf: (path) => path,
}

/** For subjects whose functions ask for their answers. */
export const later = (answers: Answers): Runner => {
  const drawn = new WeakMap<object, ReadonlyArray<Drawn<unknown>>>()
  return {
    judge: async (subject, laws, schedule, reported, asked) => {
      const judged = await answers.settled(() => judge(subject, laws, schedule, reported, asked))
      drawn.set(schedule, judged.run.drawn)
      return judged
    },
    drawnOf: <R, C, M>(_subject: Subject<R, C, M>, schedule: Schedule<C>) =>
      (drawn.get(schedule) ?? []) as ReadonlyArray<Drawn<C>>,
    check: (arbitrary, predicate, limits) =>
      fc.check(
        fc.asyncProperty(arbitrary, (value) => inTime(predicate(value))),
        parameters(limits),
      ),
    pathOf: (path) => path.split(':')[0]!,
  }
}
