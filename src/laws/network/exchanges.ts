/** Random schedules of devices that exchange messages and sessions, and how their steps shrink. */
import * as fc from 'fast-check'
import type { ExchangeStep, Refusing } from '../model/Exchange.js'
import type { ScheduleStep } from '../model/Schedule.js'

/** What a network of devices mostly does. */
type Kind = 'mail' | 'links' | 'both'

const KINDS: ReadonlyArray<Kind> = ['mail', 'links', 'both']

/** The steps of a network of `count` devices: some writes, then anything. */
export const exchangeSteps = <C>(
  count: number,
  most: number,
  prunes: boolean,
): fc.Arbitrary<ReadonlyArray<ScheduleStep<C>>> =>
  fc.oneof(...KINDS.map((kind) => stepsOf<C>(kind, count, most, prunes)))

const stepsOf = <C>(
  kind: Kind,
  count: number,
  most: number,
  prunes: boolean,
): fc.Arbitrary<ReadonlyArray<ScheduleStep<C>>> => {
  const at = fc.nat(count - 1)
  const write = fc.record({ _tag: tag('local'), at, now: fc.integer({ min: 1, max: 5 }), luck: fc.nat() })
  const first = fc.array<ScheduleStep<C>>(write, { minLength: Math.min(1, most), maxLength: Math.min(4, most) })
  const rest = fc.oneof(
    { weight: 12, arbitrary: write },
    ...(kind === 'links' ? [] : byMail(at)),
    ...(kind === 'mail' ? [] : byLinks(at)),
    ...fates(at, prunes),
  )
  const others = fc.array<ScheduleStep<C>>(rest, {
    minLength: Math.max(0, Math.min(most >> 2, most - 4)),
    maxLength: Math.max(0, most - 4),
    size: 'max',
  })
  // without a link there is nothing to carry
  const linked: ReadonlyArray<ScheduleStep<C>> = kind === 'mail' ? [] : [{ _tag: 'connect', from: 0, to: 1 }]
  return fc.tuple(first, others).map(([a, b]) => [...a, ...linked, ...b])
}

/** A member of a record: one of some names. */
export const tag = <T extends string>(...names: T[]): fc.Arbitrary<T> => fc.constantFrom(...names)

type Weighted = fc.WeightedArbitrary<ExchangeStep>

const few = fc.nat(3)

/** In two of three cases nothing goes wrong. */
const usually = <A extends string>(...wrong: A[]): fc.Arbitrary<A | undefined> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.constantFrom(...wrong) })

const refuses: fc.Arbitrary<Refusing | undefined> = usually<Refusing>('many', 'many', 'long', 'early')

const byMail = (at: fc.Arbitrary<number>): ReadonlyArray<Weighted> => {
  const keep = fc.nat(2).map((n) => n === 0)
  return [
    { weight: 6, arbitrary: fc.record({ _tag: tag('open'), at }) },
    { weight: 5, arbitrary: fc.record({ _tag: tag('push'), at, version: fc.nat(9) }) },
    { weight: 20, arbitrary: fc.record({ _tag: tag('hear'), to: at, mail: few, budget: few, keep, refuses }) },
    { weight: 3, arbitrary: fc.record({ _tag: tag('talk'), from: at, to: at, budgets: fc.tuple(few, few), refuses }) },
  ]
}

const byLinks = (at: fc.Arbitrary<number>): ReadonlyArray<Weighted> => {
  const side = fc.nat(1) as fc.Arbitrary<0 | 1>
  const lines = fc.integer({ min: 1, max: 4 })
  const harm = usually<'lost' | 'damaged'>('lost', 'damaged')
  return [
    { weight: 8, arbitrary: fc.record({ _tag: tag('connect'), from: at, to: at }) },
    { weight: 8, arbitrary: fc.record({ _tag: tag('say'), link: few, side, most: lines }) },
    { weight: 14, arbitrary: fc.record({ _tag: tag('carry'), link: few, side, lines }) },
    { weight: 6, arbitrary: fc.record({ _tag: tag('carry'), link: few, side, lines, harm, refuses }) },
    { weight: 2, arbitrary: fc.record({ _tag: tag('cut'), link: few }) },
  ]
}

const fates = (at: fc.Arbitrary<number>, prunes: boolean): ReadonlyArray<Weighted> => [
  { weight: 2, arbitrary: fc.record({ _tag: tag('merge'), from: at, to: at }) },
  { weight: 3, arbitrary: fc.record({ _tag: tag('die', 'upgrade', 'upgrade'), at }) },
  {
    weight: 5,
    arbitrary: fc.record({ _tag: tag('restore', 'restore', 'rewind', 'rewind', 'fork'), at, version: fc.nat(9) }),
  },
  ...(prunes ? [{ weight: 2, arbitrary: fc.record({ _tag: tag('prune'), at, now: fc.nat(6) }) }] : []),
]

/** The step with less of what may go wrong. */
export function* simplerExchange<C>(step: ScheduleStep<C>): IterableIterator<ScheduleStep<C>> {
  if ('refuses' in step && step.refuses !== undefined) yield { ...step, refuses: undefined }
  if ('harm' in step && step.harm !== undefined) yield { ...step, harm: undefined }
  if ('keep' in step && step._tag === 'hear' && step.keep) yield { ...step, keep: false }
  if ('budget' in step && step.budget > 0) yield { ...step, budget: 0 }
  if ('mail' in step) for (let mail = 0; mail < step.mail; mail++) yield { ...step, mail }
  if ('link' in step) for (let link = 0; link < step.link; link++) yield { ...step, link }
  if ('version' in step) for (let version = 0; version < step.version; version++) yield { ...step, version }
  if (step._tag === 'carry' && step.lines > 1) yield { ...step, lines: step.lines - 1 }
  if (step._tag === 'say' && step.most < 9) yield { ...step, most: 9 }
  if (step._tag === 'talk' && step.budgets.some((budget) => budget > 0)) yield { ...step, budgets: [0, 0] }
}
