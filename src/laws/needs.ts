/** What a fault needs beyond the steps of its run: ids that are odd, a clock that stands still. */
import type { Found } from './Found.js'
import type { Violation } from './model/Law.js'
import type { Run } from './model/Run.js'
import type { Schedule, ScheduleStep } from './model/Schedule.js'
import { view } from './model/show.js'
import { lettersFor, plainFor } from './network/smaller.js'
import type { Waiting } from './waiting.js'

/**
 * What to tell of a run that breaks a law, by what other schedules do. `breaks` gives something if
 * a schedule breaks the same law.
 */
export function* withNeeds<R, C, M>(
  { violation, run }: Pick<Found<R, C, M>, 'violation' | 'run'>,
  breaks: (schedule: Schedule<C>) => Waiting<unknown>,
): Waiting<Violation> {
  const { ids } = run.schedule
  const odd = ids.filter((id) => !lettersFor(ids).includes(id))
  const ofPlainIds = plainFor(ids).map((plain) => ({ ...run.schedule, ids: plain }))
  if (odd.length > 0 && !(yield* some(ofPlainIds, breaks))) return ofIds(odd, violation)
  const ticking = isStanding(run) ? tickings(run.schedule) : []
  if (ticking.length === 0 || (yield* some(ticking, breaks))) return violation
  const remedy = [violation.remedy, TICK].filter((one) => one !== undefined).join('. ')
  return { ...violation, remedy, isTimed: true }
}

function* some<C>(
  schedules: ReadonlyArray<Schedule<C>>,
  breaks: (schedule: Schedule<C>) => Waiting<unknown>,
): Waiting<boolean> {
  for (const schedule of schedules) if ((yield* breaks(schedule)) !== undefined) return true
  return false
}

const ofIds = (odd: ReadonlyArray<string>, violation: Violation): Violation => {
  const why = `with the ${odd.length === 1 ? 'id' : 'ids'} ${odd.map(view).join(' and ')}, ${violation.why}`
  return { ...violation, why, remedy: remedyFor(odd) }
}

const remedyFor = (odd: ReadonlyArray<string>): string => {
  const inherited = odd.find((id) => id in {})
  if (inherited !== undefined) {
    const name = view(inherited)
    return `every object has a member ${name}: keep what belongs to ids in a \`Map\`, or in \`Object.create(null)\``
  }
  if (odd.some((id) => /^\d+$/.test(id))) {
    return 'an object lists the keys that are numbers first: keep what belongs to ids in a `Map`, or sort by id'
  }
  return 'any text may be an id: take ids as they are, compare them by `<`, and join them so that they stay apart'
}

const TICK = 'Two writes of one replica may have one time: count them, or take a time after that of the last'

/** Whether a replica writes twice at one time, and the type makes no stamps that differ. */
const isStanding = <R, C, M>({ subject, operations }: Run<R, C, M>): boolean =>
  subject.timestampOf === undefined &&
  operations.some(({ at, now, index }) =>
    operations.some((other) => other.at === at && other.now === now && other.index < index),
  )

/** The schedule with clocks that go on with each write: all begin, or all end, at one time. */
const tickings = <C>(schedule: Schedule<C>): ReadonlyArray<Schedule<C>> => {
  const { ids, steps } = schedule
  const counts = ids.map((_, i) => steps.filter((step) => step._tag === 'local' && step.at === i).length)
  const most = Math.max(...counts)
  return [(): number => 0, (at: number): number => most - counts[at]!].map((startOf) => {
    const times = ids.map((_, i) => startOf(i))
    return {
      ...schedule,
      steps: steps.map((step): ScheduleStep<C> => (step._tag === 'local' ? { ...step, now: ++times[step.at]! } : step)),
    }
  })
}
