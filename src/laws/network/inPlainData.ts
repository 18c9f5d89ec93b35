/** A schedule as people read it. */
import type { Run } from '../model/Run.js'
import type { Schedule, ScheduleStep } from '../model/Schedule.js'

/**
 * The schedule of a run in readable form: broadcasts by their numbers, drawn commands as data where
 * the subject can tell them, and no deliveries without effect.
 */
export const inPlainData = <R, C, M>({ subject, schedule, events, operations }: Run<R, C, M>): Schedule<C> => {
  const eventOf = new Map(events.map((event) => [event.step, event]))
  const written = schedule.steps.flatMap((step, i): ReadonlyArray<ScheduleStep<C>> => {
    const event = eventOf.get(i)
    const operation = event?.operation === undefined ? undefined : operations[event.operation]
    if (step._tag === 'deliver')
      return operation === undefined ? [] : [{ ...step, pick: 0, operation: operation.index }]
    if (step._tag !== 'local' || operation === undefined) return [step]
    return [{ ...step, luck: 0, command: { value: subject.asData?.(operation) ?? operation.command } }]
  })
  return { ...schedule, steps: written }
}
