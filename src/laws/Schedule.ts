/**
 * Networks as values: who does what, and what becomes of the messages.
 *
 * A schedule is plain data. Run twice, it does the same twice.
 */
import * as fc from 'fast-check'
import type { SourceId } from '../core/Update.js'
import type { Subject } from './Subject.js'

export interface Local<C> {
  readonly _tag: 'local'
  readonly at: number
  readonly now: number
  /** Draws a command for the state that the replica is in then. */
  readonly luck: number
  /** The command, once it is settled. */
  readonly command?: { readonly value: C }
}

/** One message that was broadcast and may come next arrives, the `pick`th; or, `again`, one that came already. */
export interface Deliver {
  readonly _tag: 'deliver'
  readonly to: number
  readonly pick: number
  readonly now: number
  readonly again: boolean
  /** Which one, by its number among all, instead of `pick`. */
  readonly operation?: number
}

/** One replica tells another what it has: after so many more steps, perhaps twice, perhaps in part, perhaps never. */
export interface Send {
  readonly _tag: 'send'
  readonly from: number
  readonly to: number
  readonly delay: number
  readonly now: number
  readonly luck: number
  readonly twice: boolean
  readonly lost: boolean
  /** How much arrives of a message that can be cut; all, if undefined. */
  readonly keep: number | undefined
}

/** Replicas whose bit is set hear only each other, and so do the rest. */
export interface Partition {
  readonly _tag: 'partition'
  readonly side: number
}

export interface Heal {
  readonly _tag: 'heal'
}

/** The replica as it was when last saved: after its own last command, or by a step. What was on its way to it is lost. */
export interface Crash {
  readonly _tag: 'crash' | 'save'
  readonly at: number
}

export type Step<C> = Local<C> | Deliver | Send | Partition | Heal | Crash

export interface Schedule<C> {
  readonly ids: ReadonlyArray<SourceId>
  readonly steps: ReadonlyArray<Step<C>>
}

/** Ids that sort in ways one does not expect, and names that plain objects have already. */
const IDS = ['a', 'b', 'c', 'B', '10', '9', '__proto__', 'constructor', '', '\udfff', 'a b', 'é']

export interface Size {
  /** How many replicas, 2 to 7. */
  readonly replicas?: number | { readonly min: number; readonly max: number }
  /** How many steps at most. */
  readonly steps?: number
}

/**
 * Schedules for what is to be tested: local commands by the state of the time, under wall clocks that collide, are
 * skewed and step back; deliveries as promised; gossip that is late, doubled or lost; partitions; crashes.
 *
 * They shrink to few steps of few replicas: whole stretches first, then single steps, then what is left of each.
 */
export const schedules = <R, C, M>(
  subject: Subject<R, C, M>,
  { replicas = { min: 2, max: 5 }, steps = 24 }: Size,
  commandsOf: (schedule: Schedule<C>) => ReadonlyArray<Drawn<C>>,
): fc.Arbitrary<Schedule<C>> => {
  const { min, max } = typeof replicas === 'number' ? { min: replicas, max: replicas } : replicas
  const skeleton = fc.shuffledSubarray(IDS, { minLength: min, maxLength: max }).chain((ids) =>
    fc.record({
      ids: fc.constant<ReadonlyArray<string>>(ids),
      steps: fc.array(step(subject, ids.length), { maxLength: steps, size: 'max' }),
    }),
  )
  return new Schedules(skeleton, commandsOf)
}

const step = <R, C, M>({ send, mangle, save, delivery }: Subject<R, C, M>, count: number): fc.Arbitrary<Step<C>> => {
  const at = fc.nat(count - 1)
  // a second or third value for one stamp is as likely as not
  const now = fc.integer({ min: 1, max: 5 })
  const rarely = <A>(arbitrary: fc.Arbitrary<A>, usual: A): fc.Arbitrary<A> =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary })
  const repeats = delivery.copies === 'at least once'
  const sometimes = fc.nat(7).map((n) => n === 0)
  const tag = <T extends string>(name: T): fc.Arbitrary<T> => fc.constant(name)
  const steps: fc.WeightedArbitrary<Step<C>>[] = [
    { weight: 8, arbitrary: fc.record({ _tag: tag('local'), at, now, luck: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ _tag: tag('partition'), side: fc.nat(2 ** count - 1) }) },
    { weight: 1, arbitrary: fc.record({ _tag: tag('heal') }) },
  ]
  steps.push({
    weight: send === undefined ? 10 : 6,
    arbitrary: fc.record({
      _tag: tag('deliver'),
      to: at,
      pick: fc.nat(9),
      now,
      again: repeats ? sometimes : fc.constant(false),
    }),
  })
  if (send !== undefined) {
    steps.push({
      weight: 6,
      arbitrary: fc.record({
        _tag: tag('send'),
        from: at,
        to: at,
        delay: rarely(fc.nat(6), 0),
        now,
        luck: fc.nat(999),
        twice: repeats ? sometimes : fc.constant(false),
        lost: repeats ? sometimes : fc.constant(false),
        keep: mangle === undefined ? fc.constant(undefined) : rarely<number | undefined>(fc.nat(3), undefined),
      }),
    })
  }
  if (save !== undefined) {
    steps.push({ weight: 1, arbitrary: fc.record({ _tag: fc.constantFrom('crash' as const, 'save' as const), at }) })
  }
  return fc.oneof(...steps)
}

/** A command as it was drawn, with what fast-check needs to make it smaller. */
export interface Drawn<C> {
  readonly step: number
  readonly arbitrary: fc.Arbitrary<C>
  readonly value: fc.Value<C>
}

/** What a seed draws from an arbitrary. The same, for the same. */
export const draw = <A>(arbitrary: fc.Arbitrary<A>, luck: number): fc.Value<A> =>
  fc.sample(new Unopened(arbitrary), { seed: luck, numRuns: 1 })[0]!

/** Gives values with what they need to shrink. */
class Unopened<A> extends fc.Arbitrary<fc.Value<A>> {
  private readonly arbitrary: fc.Arbitrary<A>

  constructor(arbitrary: fc.Arbitrary<A>) {
    super()
    this.arbitrary = arbitrary
  }

  override generate(random: fc.Random): fc.Value<fc.Value<A>> {
    return new fc.Value(this.arbitrary.generate(random, undefined), undefined)
  }

  override canShrinkWithoutContext(value: unknown): value is fc.Value<A> {
    return value instanceof fc.Value
  }

  override shrink(): fc.Stream<fc.Value<fc.Value<A>>> {
    return fc.Stream.nil()
  }
}

class Schedules<C> extends fc.Arbitrary<Schedule<C>> {
  private readonly skeleton: fc.Arbitrary<Schedule<C>>
  private readonly commandsOf: (schedule: Schedule<C>) => ReadonlyArray<Drawn<C>>
  /** Where a command came from, by the box that holds it: from there it can be made smaller. */
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
    const { ids, steps } = schedule
    const undecided = steps.some((step) => step._tag === 'local' && step.command === undefined)
    if (undecided) yield this.settled(schedule)
    const clocked = steps.filter((step) => 'now' in step && step.now > 1)
    if (clocked.length > 0) yield { ids, steps: steps.map((step) => ('now' in step ? { ...step, now: 1 } : step)) }
    for (let size = steps.length; size >= 1; size = Math.floor(size / 2)) {
      for (let from = 0; from + size <= steps.length; from += size) {
        yield { ids, steps: [...steps.slice(0, from), ...steps.slice(from + size)] }
      }
      const rest = steps.length % size
      if (rest > 0 && size > 1) yield { ids, steps: steps.slice(0, steps.length - rest) }
    }
    if (ids.length > 2) for (let i = ids.length - 1; i >= 0; i--) yield without(i)(schedule)
    yield* plainIds(schedule)
    for (const [i, step] of steps.entries()) {
      for (const simpler of this.simpler(step))
        yield { ids, steps: steps.map((other, j) => (i === j ? simpler : other)) }
    }
    // in pairs, what none of the two can go without the other
    for (let i = 0; i < steps.length && steps.length < 16; i++) {
      for (let j = i + 1; j < steps.length; j++) {
        yield { ids, steps: steps.filter((_, k) => k !== i && k !== j) }
      }
    }
  }

  /** The same schedule with the commands that it draws written down. */
  private settled(schedule: Schedule<C>): Schedule<C> {
    const steps: (Step<C> | undefined)[] = schedule.steps.map((step) => (step._tag === 'local' ? undefined : step))
    for (const { step: i, arbitrary, value } of this.commandsOf(schedule)) {
      const command = { value: value.value }
      this.origins.set(command, { arbitrary, value })
      steps[i] = { ...(schedule.steps[i] as Local<C>), luck: 0, command }
    }
    return { ids: schedule.ids, steps: steps.filter((step) => step !== undefined) }
  }

  private *simpler(step: Step<C>): IterableIterator<Step<C>> {
    if ('now' in step) for (const now of [1, step.now - 1]) if (now > 0 && now < step.now) yield { ...step, now }
    switch (step._tag) {
      case 'local': {
        const origin = step.command === undefined ? undefined : this.origins.get(step.command)
        if (origin === undefined) return
        for (const value of origin.arbitrary.shrink(origin.value.value_, origin.value.context)) {
          const command = { value: value.value }
          this.origins.set(command, { arbitrary: origin.arbitrary, value })
          yield { ...step, command }
        }
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

/** One replica fewer: its steps go with it. */
const without =
  (gone: number) =>
  <C>({ ids, steps }: Schedule<C>): Schedule<C> => {
    const renumber = (i: number): number => (i > gone ? i - 1 : i)
    const kept = steps.flatMap((step): ReadonlyArray<Step<C>> => {
      switch (step._tag) {
        case 'deliver':
          return step.to === gone ? [] : [{ ...step, to: renumber(step.to) }]
        case 'send':
          return step.from === gone || step.to === gone
            ? []
            : [{ ...step, from: renumber(step.from), to: renumber(step.to) }]
        case 'partition':
          return [{ ...step, side: (step.side & ((1 << gone) - 1)) | ((step.side >> (gone + 1)) << gone) }]
        case 'heal':
          return [step]
        default:
          return step.at === gone ? [] : [{ ...step, at: renumber(step.at) }]
      }
    })
    return { ids: ids.filter((_, i) => i !== gone), steps: kept }
  }

/** `a`, `b`, `c` for names, in the order that they sort in, or in that of the lanes. */
function* plainIds<C>({ ids, steps }: Schedule<C>): IterableIterator<Schedule<C>> {
  const plain = [...ids.keys()].map((i) => String.fromCharCode(97 + i))
  const sorted = [...ids].sort((a, b) => (a < b ? -1 : 1))
  for (const renamed of [plain, ids.map((id) => plain[sorted.indexOf(id)]!)]) {
    if (renamed.join() === ids.join()) return
    yield { ids: renamed, steps }
  }
}
