/** Schedules that are smaller than one, or simpler. */
import type { Schedule, ScheduleStep } from '../model/Schedule.js'
import { LATE } from './settle.js'

/** The schedule without one step, or without two. */
export function* shorter<C>(schedule: Schedule<C>, count: 1 | 2): IterableIterator<Schedule<C>> {
  const { steps } = schedule
  for (const i of steps.keys()) {
    if (count === 1) yield { ...schedule, steps: steps.filter((_, k) => k !== i) }
    else
      for (let j = i + 1; j < steps.length; j++)
        yield { ...schedule, steps: steps.filter((_, k) => k !== i && k !== j) }
  }
}

/** Who hears in a step; undefined if nobody does. */
const hearerOf = <C>(step: ScheduleStep<C>): number | undefined =>
  step._tag === 'deliver' || step._tag === 'send' || step._tag === 'talk' ? step.to : undefined

/** A replica makes an operation itself, then or earlier, instead of hearing of it. */
export function* hearingLess<C>(schedule: Schedule<C>): IterableIterator<Schedule<C>> {
  const { steps } = schedule
  for (const [heard, hearing] of steps.entries()) {
    const at = hearerOf(hearing)
    if (at === undefined) continue
    for (const [made, step] of steps.slice(0, heard).entries()) {
      if (step._tag !== 'local' || step.at === at) continue
      const own = { ...step, at }
      yield { ...schedule, steps: steps.map((other, i) => (i === made ? own : other)).filter((_, i) => i !== heard) }
      if (made === heard - 1) continue
      yield { ...schedule, steps: steps.map((other, i) => (i === heard ? own : other)).filter((_, i) => i !== made) }
    }
  }
}

/** A message arrives at an earlier step. */
export function* hearingEarlier<C>(schedule: Schedule<C>): IterableIterator<Schedule<C>> {
  const { steps } = schedule
  if (steps.length > FEW) return
  for (const [i, step] of steps.entries()) {
    if (hearerOf(step) === undefined) continue
    for (let to = 0; to < i; to++) if (hearerOf(steps[to]!) === undefined) yield withMoved(schedule, i, 1, to)
  }
}

/** One step, or two that follow one another, come earlier. */
export function* moved<C>(schedule: Schedule<C>): IterableIterator<Schedule<C>> {
  const { steps } = schedule
  for (const count of [1, 2]) {
    for (let from = 1; from + count <= steps.length; from++) {
      for (let to = 0; to < from; to++) yield withMoved(schedule, from, count, to)
    }
  }
}

const withMoved = <C>(schedule: Schedule<C>, from: number, count: number, to: number): Schedule<C> => {
  const { steps } = schedule
  const block = steps.slice(from, from + count)
  return {
    ...schedule,
    steps: [...steps.slice(0, to), ...block, ...steps.slice(to, from), ...steps.slice(from + count)],
  }
}

/** At most this many steps: O(n²) schedules are tried. */
const FEW = 6

/** Makes one message arrive after all others, and removes another step. */
export function* comingLast<C>(schedule: Schedule<C>): IterableIterator<Schedule<C>> {
  const { steps } = schedule
  if (steps.length > FEW) return
  for (const [i, step] of steps.entries()) {
    if (step._tag !== 'send' || step.delay >= steps.length) continue
    const sent = steps.map((other, j) => (j === i ? { ...step, delay: steps.length } : other))
    for (const j of steps.keys()) {
      if (j === i) continue
      for (const luck of LATE) yield { ...schedule, luck, steps: sent.filter((_, k) => k !== j) }
    }
  }
}

/** The schedule without a replica and without its steps. */
export const without =
  (gone: number) =>
  <C>(schedule: Schedule<C>): Schedule<C> =>
    relaned(schedule, gone, (i) => (i === gone ? undefined : i))

/** The schedule in which one replica does what another did, too. */
export const merged =
  (gone: number, into: number) =>
  <C>(schedule: Schedule<C>): Schedule<C> =>
    relaned(schedule, gone, (i) => (i === gone ? into : i))

/** The schedule without one replica: `laneOf` says who does its steps. Undefined: nobody. */
const relaned = <C>(
  { ids, steps, exchanges, ...rest }: Schedule<C>,
  gone: number,
  laneOf: (i: number) => number | undefined,
): Schedule<C> => {
  const withoutBit = (bits: number): number => (bits & ((1 << gone) - 1)) | ((bits >> (gone + 1)) << gone)
  const kept = steps.flatMap((step): ReadonlyArray<ScheduleStep<C>> => {
    if (step._tag === 'partition') return [{ ...step, side: withoutBit(step.side) }]
    const moved = { ...step } as { at?: number; from?: number; to?: number }
    for (const lane of ['at', 'from', 'to'] as const) {
      const from = moved[lane]
      if (from === undefined) continue
      const to = laneOf(from)
      if (to === undefined) return []
      moved[lane] = to > gone ? to - 1 : to
    }
    return moved.from !== undefined && moved.from === moved.to ? [] : [moved as ScheduleStep<C>]
  })
  return {
    ...rest,
    ...(exchanges && { exchanges: { old: withoutBit(exchanges.old) } }),
    ids: ids.filter((_, i) => i !== gone),
    steps: kept,
  }
}

/**
 * The schedule with the ids `a`, `b`, `c`: in the order of the replicas, or sorted as before. Then
 * with one of these in place of one odd id.
 */
export function* plainIds<C>({ ids, ...rest }: Schedule<C>): IterableIterator<Schedule<C>> {
  for (const plain of plainFor(ids)) {
    if (plain.join() === ids.join()) return
    yield { ...rest, ids: plain }
  }
  const letters = lettersFor(ids)
  const free = letters.filter((letter) => !ids.includes(letter))
  for (const [i, id] of ids.entries()) {
    if (letters.includes(id)) continue
    for (const letter of free) yield { ...rest, ids: ids.map((other, j) => (i === j ? letter : other)) }
  }
}

/** The ids `a`, `b`, `c`: in the order of the replicas, and sorted as these ids are. */
export const plainFor = (ids: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const letters = lettersFor(ids)
  const sorted = [...ids].sort((a, b) => (a < b ? -1 : 1))
  return [letters, ids.map((id) => letters[sorted.indexOf(id)]!)]
}

/** As many letters as there are ids, from `a`. */
export const lettersFor = (ids: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...ids.keys()].map((i) => String.fromCharCode(97 + i))
