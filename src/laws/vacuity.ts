/** A check that could not fail: what it asks of nobody, and what its runs never show. */
import type { Breach } from './gravity.js'
import { lawsAsked, type Asked } from './judge.js'
import type { Law, Lawful, LawName } from './model/Law.js'
import type { Run } from './model/Run.js'
import { termsOf, type Subject } from './model/Subject.js'
import type { Remedied } from './model/Violation.js'
import type { Size } from './network/schedules.js'
import type { Simulated } from './network/simulate.js'
import { FEW_RUNS, FEATURES_OF_DEVICES, type Coverage, type Feature } from './report/Coverage.js'
import { Refusals } from './refusals.js'

type AnySubject = Pick<Subject<never, never, never>, 'oracle' | 'qualities' | 'delivery' | 'dataType' | 'broadcasts'> &
  Readonly<Partial<Record<'send' | 'mangle' | 'save', unknown>>>

/** What a subject must have so that a law can be broken. */
const NEEDS: Readonly<Partial<Record<LawName, readonly [has: (subject: AnySubject) => boolean, says: string]>>> = {
  oracle: [({ oracle }) => oracle !== undefined, 'give an `oracle`'],
  quality: [({ qualities }) => qualities.length > 0, 'give `qualities`'],
  idempotence: [
    ({ delivery, dataType }) => dataType !== undefined || delivery.copies === 'at least once',
    "give a `delivery` of `copies: 'at least once'`",
  ],
  own: [({ dataType }) => dataType?.own !== undefined, 'the type has no `own`'],
  diff: [({ dataType }) => dataType?.diff !== undefined, 'the type has no `diff`'],
}

/** The laws that are asked. Throws a RangeError also if the subject could break none of them. */
export const lawsToAsk = <R, C, M>(subject: Lawful<R, C, M>, asked: Asked): ReadonlyArray<Law<R, C, M>> => {
  const laws = lawsAsked(subject, asked)
  const needs = laws.map(({ name }) => (NEEDS[name]?.[0](subject) === false ? `${name}: ${NEEDS[name][1]}` : undefined))
  if (needs.includes(undefined)) return laws
  throw new RangeError(`${subject.name} cannot break the laws that are asked: ${needs.join('; ')}`)
}

/** Collects from the runs of a check whether they could have shown a fault. */
export class Vacuity<R, C, M> {
  /** Whether anybody had something to tell, and whether anybody was told something. */
  private isWritten = false
  private isHeard = false
  private isShown = false
  private isRefused = false
  readonly refusals = new Refusals<R, C, M>()

  add(run: Simulated<R, C, M>): void {
    const { events, operations, exchanged } = run
    this.refusals.add(run)
    if (!this.isShown) this.isShown = events.some(({ _tag, view }) => _tag !== 'threw' && view !== 'undefined')
    if (operations.length === 0) {
      this.isRefused ||= events.some(({ _tag }) => _tag === 'refused')
      return
    }
    this.isWritten = true
    // a device always has something to say
    if (!this.isHeard) this.isHeard = exchanged !== undefined || events.some(({ from }) => from !== undefined)
  }

  /** What made the whole check show nothing. */
  found(subject: Subject<R, C, M>, { operations, exhaustive, runs }: Coverage): Remedied | undefined {
    // a few runs may show nothing by chance
    if (runs < FEW_RUNS) return undefined
    if (operations === 0) return exhaustive === undefined ? this.refused() : undefined
    const { show } = termsOf(subject)
    if (this.isWritten && !this.isHeard) return silent(subject)
    if (this.isShown) return undefined
    return { why: `\`${show}\` gave undefined for every state`, remedy: `\`${show}\` must return what users see` }
  }

  private refused(): Remedied | undefined {
    if (!this.isRefused) return undefined
    const { first } = this.refusals
    const why = 'all commands were refused in all runs'
    return first === undefined ? { why, remedy: FEWER } : { why: `${why}: ${first.why}`, remedy: first.remedy }
  }
}

const FEWER = 'give commands on fewer keys that are refused less often, or more `runs`'

/** What must be so that a feature can happen. */
const TAKES: Readonly<Partial<Record<Feature, readonly [can: (subject: AnySubject) => boolean, takes: string]>>> = {
  late: [({ broadcasts }) => broadcasts, 'replicas that broadcast: those of `operations`, of `deltas`, or with `told`'],
  again: [isDoubled, "a `delivery` of `copies: 'at least once'`"],
  lost: [
    (subject) => isDoubled(subject) && subject.send !== undefined,
    "a `delivery` of `copies: 'at least once'`, and `send`",
  ],
  cut: [({ mangle }) => mangle !== undefined, 'replicas of a data type, without a `delivery`'],
  crash: [({ save }) => save !== undefined, '`save` and `load`'],
}

function isDoubled({ delivery }: AnySubject): boolean {
  return delivery.copies === 'at least once'
}

/** What a feature takes that no run of this form has; undefined if it may happen. */
export const whatItTakes = (
  feature: Feature,
  subject: AnySubject,
  exchanges: Size['exchanges'] = 'half',
): string | undefined => {
  const hasDevices = subject.dataType !== undefined && exchanges !== 'none'
  if (FEATURES_OF_DEVICES.has(feature)) {
    return hasDevices ? undefined : "devices: replicas of a data type, without `delivery` and `exchanges: 'none'`"
  }
  if (hasDevices && exchanges === 'all') return "networks without devices: leave out `exchanges: 'all'`"
  const [can, takes] = TAKES[feature] ?? []
  return can?.(subject) === false ? takes : undefined
}

/** What breaks convergence, told as the doing of replicas that told each other nothing. */
export const toldOfSilence = <R, C, M>(found: Breach, { events, operations, subject }: Run<R, C, M>): Breach => {
  const isSilent = operations.length > 0 && events.every(({ from }) => from === undefined)
  if (found.law.name !== 'convergence' || !isSilent) return found
  const { law, violation } = found
  const { why, remedy } = silent(subject)
  return { law, violation: { ...violation, why: `${violation.why}: ${why}`, remedy } }
}

/** For replicas that told each other nothing. */
const silent = <R, C, M>({ send, broadcasts }: Subject<R, C, M>): Remedied => ({
  why: 'nothing was ever sent',
  remedy: [
    ...(broadcasts ? ['`told` must return what was written since it was asked last'] : []),
    ...(send === undefined ? [] : ['`send(peer)(replica)` must return what the peer lacks']),
  ].join(', or '),
})
