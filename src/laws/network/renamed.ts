/** Schedules in which one value in the commands stands in for another. */
import * as Json from '../../core/Json.js'
import type { Local, Schedule, ScheduleStep } from '../model/Schedule.js'
import { isTree, view } from '../model/show.js'

export type Box<C> = NonNullable<Local<C>['command']>

/** Commands simpler than one that was drawn, as fast-check gives them. */
export type Boxes<C> = (command: Box<C>) => Iterable<Box<C>>

interface Renamed<C> {
  readonly schedule: Schedule<C>
  /** Whether each command is the same or simpler. */
  readonly isSimpler: boolean
}

/** More values than these are not tried: each pair is. */
const MOST_VALUES = 8
const MOST_SIMPLER = 30

/**
 * One value in place of another in all commands, as the key `x` for `y`. The commands are such as
 * are drawn: simpler ones, or others of the run.
 */
export function* renamed<C>(schedule: Schedule<C>, simplerThan: Boxes<C>): IterableIterator<Renamed<C>> {
  const boxes = schedule.steps.flatMap((step) => (step._tag === 'local' && step.command ? [step.command] : []))
  if (!boxes.every(({ value }) => isTree(value))) return
  const values = [...new Set(boxes.flatMap(({ value }) => valuesIn(value)))]
  if (values.length > MOST_VALUES) return
  const others = new Map(boxes.map((box) => [view(box.value), box]))
  for (const from of values) {
    for (const to of values) {
      if (typeof from !== typeof to || Object.is(from, to)) continue
      const found = inPlaceOf(boxes, simplerThan, others, (value) => replaced(value, from, to))
      if (found === undefined) continue
      const steps = schedule.steps.map((step): ScheduleStep<C> => {
        const command = step._tag === 'local' && step.command ? found.boxes.get(step.command) : undefined
        return command === undefined ? step : { ...(step as Local<C>), command }
      })
      yield { schedule: { ...schedule, steps }, isSimpler: found.isSimpler }
    }
  }
}

/** A command for each that changes; undefined if one of them is never drawn. */
const inPlaceOf = <C>(
  boxes: ReadonlyArray<Box<C>>,
  simplerThan: Boxes<C>,
  others: ReadonlyMap<string, Box<C>>,
  change: (value: unknown) => unknown,
): { readonly boxes: ReadonlyMap<Box<C>, Box<C>>; readonly isSimpler: boolean } | undefined => {
  const next = new Map<Box<C>, Box<C>>()
  let isSimpler = true
  for (const box of boxes) {
    const wanted = view(change(box.value))
    if (wanted === view(box.value)) continue
    const simpler = firstOf(simplerThan(box), wanted)
    isSimpler &&= simpler !== undefined
    const command = simpler ?? others.get(wanted)
    if (command === undefined) return undefined
    next.set(box, command)
  }
  return { boxes: next, isSimpler }
}

const firstOf = <C>(boxes: Iterable<Box<C>>, wanted: string): Box<C> | undefined => {
  let tried = 0
  for (const box of boxes) {
    if (view(box.value) === wanted) return box
    if (++tried === MOST_SIMPLER) return undefined
  }
  return undefined
}

type Leaf = string | number | boolean

/** The texts, numbers and booleans in arrays and plain objects. */
const valuesIn = (value: unknown): ReadonlyArray<Leaf> => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return [value]
  if (Array.isArray(value)) return value.flatMap(valuesIn)
  return Json.isPlain(value) ? Object.values(value).flatMap(valuesIn) : []
}

const replaced = (value: unknown, from: Leaf, to: Leaf): unknown => {
  if (Object.is(value, from)) return to
  if (Array.isArray(value)) return value.map((member) => replaced(member, from, to))
  if (!Json.isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, replaced(member, from, to)]))
}
