/** Random schedules, and how they shrink. */
import * as fc from 'fast-check'
import type { Local, Schedule, ScheduleStep } from '../model/Schedule.js'
import type { Subject } from '../model/Subject.js'
import type { Drawn } from './draw.js'
import { exchangeSteps, simplerExchange, tag } from './exchanges.js'
import { renamed, type Box, type Boxes } from './renamed.js'
import { simulate } from './simulate.js'
import { comingLast, hearingEarlier, hearingLess, merged, moved, plainIds, shorter, without } from './smaller.js'

/** Ids that sort in unexpected ways, and names that every object has. */
const IDS = ['a', 'b', 'c', 'B', '10', '9', '__proto__', 'constructor', '', '\udfff', 'a b', 'é']

export interface Size {
  /** How many replicas. Default 2 to 7, most often 2 or 3: few replicas meet more often. */
  readonly replicas?: number | { readonly min: number; readonly max: number }
  /** The most steps. Default 24. */
  readonly steps?: number
  /**
   * In how many schedules replicas of this library are devices, which exchange messages and
   * sessions. In the others updates are told one by one or as histories. Default: half.
   */
  readonly exchanges?: 'none' | 'half' | 'all'
}

/** Random schedules for a subject. */
export const schedulesFor = <R, C, M>(subject: Subject<R, C, M>, size: Size): fc.Arbitrary<Schedule<C>> =>
  schedulesBy((schedule) => simulate(subject, schedule).drawn, subject, size)

/** As {@link schedulesFor}. `drawnOf` gives the commands that a schedule drew, to be shrunk. */
export const schedulesBy = <R, C, M>(
  drawnOf: (schedule: Schedule<C>) => ReadonlyArray<Drawn<C>>,
  subject: Subject<R, C, M>,
  { replicas = { min: 2, max: 7 }, steps = 24, exchanges = 'half' }: Size,
): fc.Arbitrary<Schedule<C>> => {
  const { min, max } = typeof replicas === 'number' ? { min: replicas, max: replicas } : replicas
  const of = (skeleton: fc.Arbitrary<Schedule<C>>): fc.Arbitrary<Schedule<C>> => new Schedules(skeleton, drawnOf)
  const networks = bySize({ min, max }, (count) => networkOf(subject, count, steps))
  const { dataType } = subject
  if (dataType === undefined || exchanges === 'none') return of(networks)
  const prunes = dataType.prune !== undefined
  const fewer = { min, max: Math.min(max, Math.max(min, MOST_DEVICES)) }
  const devices = bySize(fewer, (count) => devicesOf<C>(count, steps, prunes))
  return of(exchanges === 'all' ? devices : fc.oneof(networks, devices))
}

/** Each talks to each at the end. */
const MOST_DEVICES = 4

/** Few replicas more often than many. The arbitrary of each size is made once. */
const bySize = <A>(
  { min, max }: { readonly min: number; readonly max: number },
  of: (count: number) => fc.Arbitrary<A>,
): fc.Arbitrary<A> => {
  const sizes = Array.from({ length: max - min + 1 }, (_, i) => of(min + i))
  const least = sizes.slice(0, 2)
  return fc.oneof(
    ...least.map((arbitrary) => ({ weight: 3 * sizes.length, arbitrary })),
    ...sizes.map((arbitrary) => ({ weight: least.length, arbitrary })),
  )
}

const idsOf = (count: number): fc.Arbitrary<ReadonlyArray<string>> =>
  fc.shuffledSubarray(IDS, { minLength: count, maxLength: count })

const networkOf = <R, C, M>(subject: Subject<R, C, M>, count: number, steps: number): fc.Arbitrary<Schedule<C>> =>
  fc
    .record({
      ids: idsOf(count),
      steps: fc.array(step(subject, count), { maxLength: steps, size: 'max' }),
      luck: fc.nat(999),
      // in one schedule of three all clocks stand still
      stopped: fc.integer({ min: 1, max: 3 }).map((n) => n === 1),
    })
    .map(({ stopped, steps: drawn, ...rest }) => ({ ...rest, steps: stopped ? drawn.map(atOne) : drawn }))

const devicesOf = <C>(count: number, steps: number, prunes: boolean): fc.Arbitrary<Schedule<C>> =>
  fc.record({
    ids: idsOf(count),
    steps: exchangeSteps<C>(count, steps, prunes),
    luck: fc.nat(999),
    exchanges: fc.record({ old: fc.nat(2 ** count - 1) }),
  })

const atOne = <C>(one: ScheduleStep<C>): ScheduleStep<C> => ('now' in one ? { ...one, now: 1 } : one)

const step = <R, C, M>(subject: Subject<R, C, M>, count: number): fc.Arbitrary<ScheduleStep<C>> => {
  const { send, broadcasts, mangle, save, delivery } = subject
  const at = fc.nat(count - 1)
  // few times, so that stamps collide
  const now = fc.integer({ min: 1, max: 5 })
  const rarely = <A>(arbitrary: fc.Arbitrary<A>, usual: A): fc.Arbitrary<A> =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary })
  const sometimes = delivery.copies === 'at least once' ? fc.nat(7).map((n) => n === 0) : fc.constant(false)
  const steps: fc.WeightedArbitrary<ScheduleStep<C>>[] = [
    { weight: 8, arbitrary: fc.record({ _tag: tag('local'), at, now, luck: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ _tag: tag('partition'), side: fc.nat(2 ** count - 1) }) },
    { weight: 1, arbitrary: fc.record({ _tag: tag('heal') }) },
  ]
  if (broadcasts) {
    const delivered = fc.record({ _tag: tag('deliver'), to: at, pick: fc.nat(9), now, again: sometimes })
    steps.push({ weight: send === undefined ? 10 : 6, arbitrary: delivered })
  }
  if (send !== undefined) {
    const sent = fc.record({
      _tag: tag('send'),
      from: at,
      to: at,
      delay: fc.oneof(fc.constant(0), fc.nat(6)),
      now,
      luck: fc.nat(999),
      twice: sometimes,
      lost: sometimes,
      keep: mangle === undefined ? fc.constant(undefined) : rarely<number | undefined>(fc.nat(3), undefined),
    })
    steps.push({ weight: broadcasts ? 6 : 10, arbitrary: sent })
  }
  if (save !== undefined) steps.push({ weight: 1, arbitrary: fc.record({ _tag: tag('crash', 'save'), at }) })
  return fc.oneof(...steps)
}

/** At most this many steps: `outOfTheWay` gives O(n⁴) schedules. */
const FEW = 10

class Schedules<C> extends fc.Arbitrary<Schedule<C>> {
  private readonly skeleton: fc.Arbitrary<Schedule<C>>
  private readonly commandsOf: (schedule: Schedule<C>) => ReadonlyArray<Drawn<C>>
  /** What each drawn command can be shrunk with, by the box that holds the command. */
  private readonly origins = new WeakMap<object, Pick<Drawn<C>, 'arbitrary' | 'value'>>()

  constructor(skeleton: fc.Arbitrary<Schedule<C>>, commandsOf: (schedule: Schedule<C>) => ReadonlyArray<Drawn<C>>) {
    super()
    this.skeleton = skeleton
    this.commandsOf = commandsOf
  }

  override generate(random: fc.Random, bias: number | undefined): fc.Value<Schedule<C>> {
    return new fc.Value(this.skeleton.generate(random, bias).value, undefined)
  }

  override canShrinkWithoutContext(value: unknown): value is Schedule<C> {
    return typeof value === 'object' && value !== null && 'steps' in value
  }

  override shrink(schedule: Schedule<C>): fc.Stream<fc.Value<Schedule<C>>> {
    return new fc.Stream(this.smaller(schedule)).map((smaller) => new fc.Value(smaller, undefined))
  }

  private *smaller(schedule: Schedule<C>): IterableIterator<Schedule<C>> {
    const { ids, steps, luck = 0 } = schedule
    yield* plainIds(schedule)
    const undecided = steps.some((step) => step._tag === 'local' && step.command === undefined)
    if (undecided) yield this.settled(schedule)
    const clocked = steps.filter((step) => 'now' in step && step.now > 1)
    if (clocked.length > 0) yield { ...schedule, steps: steps.map(atOne) }
    for (let size = steps.length; size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from + size <= steps.length; from += size) {
        yield { ...schedule, steps: [...steps.slice(0, from), ...steps.slice(from + size)] }
      }
      const rest = steps.length % size
      if (rest > 0 && size > 1) yield { ...schedule, steps: steps.slice(0, steps.length - rest) }
    }
    if (ids.length > 2) {
      for (let i = ids.length - 1; i >= 0; i--) yield without(i)(schedule)
      for (let i = ids.length - 1; i > 0; i--) for (let into = 0; into < i; into++) yield merged(i, into)(schedule)
    }
    if ((schedule.exchanges?.old ?? 0) > 0) yield { ...schedule, exchanges: { old: 0 } }
    for (let smaller = 0; smaller < Math.min(luck, 8); smaller++) yield { ...schedule, luck: smaller }
    for (const [i, step] of steps.entries()) {
      for (const simpler of this.simpler(step))
        yield { ...schedule, steps: steps.map((other, j) => (i === j ? simpler : other)) }
    }
    yield* hearingLess(schedule)
    yield* hearingEarlier(schedule)
    yield* comingLast(schedule)
    if (steps.length < 16) yield* shorter(schedule, 2)
    if (steps.length <= FEW && !undecided) yield* this.outOfTheWay(schedule)
  }

  /** Changes that only together with the loss of a step lead on. */
  private *outOfTheWay(schedule: Schedule<C>): IterableIterator<Schedule<C>> {
    for (const { schedule: other, isSimpler } of renamed(schedule, this.boxes)) {
      if (isSimpler) yield other
      for (const count of [1, 2] as const) yield* shorter(other, count)
    }
    for (const other of hearingLess(schedule)) for (const count of [1, 2] as const) yield* shorter(other, count)
    for (const other of moved(schedule)) yield* shorter(other, 1)
  }

  private readonly boxes: Boxes<C> = (command) => {
    const origin = this.origins.get(command)
    return origin === undefined ? [] : this.simplerCommands(origin)
  }

  private *simplerCommands({ arbitrary, value }: Pick<Drawn<C>, 'arbitrary' | 'value'>): IterableIterator<Box<C>> {
    for (const simpler of arbitrary.shrink(value.value_, value.context)) {
      const command = { value: simpler.value }
      this.origins.set(command, { arbitrary, value: simpler })
      yield command
    }
  }

  /** The same schedule with its drawn commands written into it. */
  private settled(schedule: Schedule<C>): Schedule<C> {
    const steps: (ScheduleStep<C> | undefined)[] = schedule.steps.map((step) =>
      step._tag === 'local' ? undefined : step,
    )
    for (const { step: i, arbitrary, value } of this.commandsOf(schedule)) {
      const command = { value: value.value }
      this.origins.set(command, { arbitrary, value })
      steps[i] = { ...(schedule.steps[i] as Local<C>), luck: 0, command }
    }
    return { ...schedule, steps: steps.filter((step) => step !== undefined) }
  }

  private *simpler(step: ScheduleStep<C>): IterableIterator<ScheduleStep<C>> {
    if ('now' in step) for (const now of [1, step.now - 1]) if (now > 0 && now < step.now) yield { ...step, now }
    yield* simplerExchange(step)
    switch (step._tag) {
      case 'local': {
        if (step.command !== undefined) for (const command of this.boxes(step.command)) yield { ...step, command }
        return
      }
      case 'deliver':
        for (let pick = 0; pick < step.pick; pick++) yield { ...step, pick }
        return
      case 'send':
        if (step.twice) yield { ...step, twice: false }
        if (step.keep !== undefined) yield { ...step, keep: undefined }
        for (let delay = 0; delay < step.delay; delay++) yield { ...step, delay }
        if (step.luck > 0) yield { ...step, luck: 0 }
    }
  }
}
