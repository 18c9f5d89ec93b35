/** A check that could not fail: what it asks of nobody, and what its runs never show. */
import type { Broken } from './gravity.js'
import { lawsAsked, type Asked } from './judge.js'
import type { Law, Lawful, LawName } from './model/Law.js'
import type { Run } from './model/Run.js'
import { termsOf, type Subject } from './model/Subject.js'
import type { Remedied } from './model/Violation.js'
import type { Simulated } from './network/simulate.js'
import { FEW_RUNS, type Coverage } from './report/Coverage.js'

type AnySubject = Pick<Subject<never, never, never>, 'oracle' | 'qualities' | 'delivery' | 'dataType'>

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
  private refusing: Simulated<R, C, M> | undefined

  add(run: Simulated<R, C, M>): void {
    const { events, operations, exchanged } = run
    if (!this.isShown) this.isShown = events.some(({ _tag, view }) => _tag !== 'threw' && view !== 'undefined')
    if (operations.length === 0) {
      if (events.some(({ _tag }) => _tag === 'refused')) this.refusing ??= run
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
    if (operations === 0) return exhaustive === undefined ? this.refused(subject) : undefined
    const { show } = termsOf(subject)
    if (this.isWritten && !this.isHeard) return silent(subject)
    if (this.isShown) return undefined
    return { why: `\`${show}\` gave undefined for every state`, remedy: `\`${show}\` must return what users see` }
  }

  private refused(subject: Subject<R, C, M>): Remedied | undefined {
    const { refusing: run } = this
    const event = run?.events.find(({ _tag }) => _tag === 'refused')
    if (run === undefined || event === undefined) return undefined
    const { at, before, step } = event
    const command = run.drawn.find((one) => one.step === step)
    const local = run.schedule.steps[step]
    if (command === undefined || local?._tag !== 'local') return undefined
    const reason = subject.whyRefused?.(command.value.value, { id: run.ids[at]!, now: local.now })(before)
    const why = 'all commands were refused in all runs'
    return reason === undefined ? { why, remedy: FEWER } : { why: `${why}: ${reason.why}`, remedy: reason.remedy }
  }
}

const FEWER = 'give commands on fewer keys that are refused less often, or more `runs`'

/** What breaks convergence, told as the doing of replicas that told each other nothing. */
export const toldOfSilence = <R, C, M>(found: Broken, { events, operations, subject }: Run<R, C, M>): Broken => {
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
