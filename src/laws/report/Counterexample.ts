/** Why a type does not keep a law: the shortest run found, as a value, as text and as a drawing. */
import { diffJson, diffLines } from 'diff'
import * as diagram from './diagram.js'
import type { Verdict, Violation } from '../model/Law.js'
import type { Run } from '../model/Run.js'
import { toText, type Schedule } from '../model/Schedule.js'
import { view } from '../model/show.js'

/** One thing that happened, as plain data. */
export interface TraceEvent {
  readonly kind: Run<unknown, unknown, unknown>['events'][number]['_tag']
  /** Which replica, by number; -1 for the network. */
  readonly at: number
  readonly from?: number
  /** The index, in the trace, of the event from which it was sent. */
  readonly sentAt?: number
  readonly text: string
  /** What the replica showed then. */
  readonly view: string
  /** Numbers of the operations that it knew, the first being 1. */
  readonly knows: ReadonlyArray<number>
}

export interface Counterexample {
  readonly law: { readonly number: number; readonly name: string; readonly verdict: Verdict }
  readonly why: string
  /** What was done: run it again by the option `schedule`. */
  readonly schedule: Schedule<unknown>
  /** What came of it, up to where the law was seen broken. */
  readonly trace: ReadonlyArray<TraceEvent>
  /** What the two that differ show, or what was found and what ought to have been. */
  readonly states: readonly [unknown, unknown] | undefined
  /** Give both as options and the same is found at once. Undefined where nothing was drawn. */
  readonly seed: number | undefined
  readonly path: string | undefined
  /** Which run it was that found it, and how many times it was made smaller. */
  readonly runs: number
  readonly shrinks: number
  /** For people to read: all of the above. */
  readonly format: () => string
  readonly toSvg: () => string
  readonly toMermaid: () => string
}

export type Found = Pick<Counterexample, 'law' | 'seed' | 'path' | 'runs' | 'shrinks'>

export const counterexample = <R, C, M>(found: Found, violation: Violation, run: Run<R, C, M>): Counterexample => {
  const { ids, schedule, operations } = run
  const last = violation.events === undefined ? run.events.length - 1 : Math.max(...violation.events)
  const trace = run.events
    .slice(0, last + 1)
    .map(({ _tag, at, from, sentAt, text, view, knows, operation }): TraceEvent => ({
      kind: _tag,
      at,
      ...(from === undefined ? {} : { from }),
      ...(sentAt === undefined ? {} : { sentAt }),
      text: _tag === 'local' ? `m${String(operation! + 1)}: ${text}` : text,
      view,
      knows: operations.flatMap(({ index }) => (((knows >> BigInt(index)) & 1n) === 1n ? [index + 1] : [])),
    }))
  const data = {
    ...found,
    why: violation.why,
    schedule: schedule as Schedule<unknown>,
    trace,
    states: violation.states,
  }
  return {
    ...data,
    format: () => format(run.subject.name, ids, data, violation),
    toSvg: () => diagram.toSvg(ids, trace),
    toMermaid: () => diagram.toMermaid(ids, trace),
  }
}

const format = (
  name: string,
  ids: ReadonlyArray<string>,
  {
    law,
    why,
    trace,
    states,
    seed,
    path,
    runs,
    shrinks,
    schedule,
  }: Omit<Counterexample, 'format' | 'toSvg' | 'toMermaid'>,
  { events }: Violation,
): string => {
  const seen = events?.filter((event) => event >= 0).map((event) => String(event + 1))
  const reproduced =
    seed === undefined || path === undefined
      ? []
      : [
          `found in run ${String(runs)}, made smaller ${String(shrinks)} times: { seed: ${String(seed)}, path: '${path}' }`,
        ]
  return [
    `${name}: ${law.verdict}. Law ${String(law.number)}: ${law.name}.`,
    `${why}${seen === undefined || seen.length === 0 ? '' : `, after ${seen.join(' and ')}`}.`,
    '',
    ...(trace.length === 0 ? [] : [diagram.toText(ids, trace), '']),
    ...(states === undefined ? [] : [difference(states), '']),
    ...(schedule.steps.length === 0
      ? []
      : ['do it again by the option schedule:', ...toText(schedule, view).map((line) => `  ${line}`)]),
    ...reproduced,
  ].join('\n')
}

/** Two states, by lines: `-` what only the first has, `+` what only the second has. */
const difference = ([a, b]: readonly [unknown, unknown]): string => {
  const parsed = [parse(a), parse(b)] as const
  const isStructured = parsed.every((one) => typeof one === 'object' && one !== null)
  const changes = isStructured
    ? diffJson(parsed[0] as object, parsed[1] as object)
    : diffLines(`${text(parsed[0])}\n`, `${text(parsed[1])}\n`)
  return changes
    .flatMap(({ added, removed, value }) =>
      value
        .trimEnd()
        .split('\n')
        .map((line) => `  ${added ? '+' : removed ? '-' : ' '} ${line}`),
    )
    .join('\n')
}

/** What a view says, where that is JSON. */
const parse = (shown: unknown): unknown => {
  if (typeof shown !== 'string') return shown
  try {
    return JSON.parse(shown)
  } catch {
    return shown
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : view(value))

/** What {@link Counterexample.format} says, for test runners to print. */
export class LawBroken extends Error {
  readonly counterexample: Counterexample

  constructor(counterexample: Counterexample) {
    super(counterexample.format())
    this.name = 'LawBroken'
    this.counterexample = counterexample
  }
}
