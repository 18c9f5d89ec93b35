/** The shortest run found that breaks a law: as a value, as text and as a drawing. */
import { diffJson, diffLines } from 'diff'
import type { Violation } from '../model/Law.js'
import { has } from '../model/Operation.js'
import type { Run } from '../model/Run.js'
import { toText, type Schedule } from '../model/Schedule.js'
import { isJson, isWritable, view } from '../model/show.js'
import type { TraceEvent } from '../model/Trace.js'
import * as diagram from './diagram.js'
import { toTest, type Retold, type TestFile } from './TestFile.js'

export { toTest, type TestFile }

/** What another run broke: `why` names the replicas of that run. */
export interface Beside {
  readonly law: CounterexampleData['law']
  readonly why: string
  /** The name of the quality that was missing, if the law is `quality`. */
  readonly quality?: string
}

/**
 * Plain data: it may be kept as JSON, or sent to another thread if its commands may. JSON has no
 * `NaN`, `-0` or `undefined`: commands and states that hold them come back changed. Those that JSON
 * does not take at all, as a bigint, become text.
 */
export interface CounterexampleData extends Retold {
  /** What to do about it, in the terms of who wrote the type. Absent for laws of your own. */
  readonly remedy?: string
  /** Runs again as the option `schedule`. */
  readonly schedule: Schedule<unknown>
  /** What happened, up to the event that shows the law broken. */
  readonly trace: ReadonlyArray<TraceEvent>
  /** The indices, in the trace, of the events that show it; -1 for a replica without events. */
  readonly seenAt: ReadonlyArray<number>
  /** What two replicas show, or the actual and the expected value. */
  readonly states: readonly [unknown, unknown] | undefined
  /** How many times it was made smaller. */
  readonly shrinks: number
  /** Laws of less weight that other runs broke, which the search has passed. */
  readonly beside?: ReadonlyArray<Beside>
  /** The stack of what was thrown, five lines of it. */
  readonly stack?: ReadonlyArray<string>
  /** With the option `all`: one of each other law or quality that is broken, the gravest first. */
  readonly others?: ReadonlyArray<CounterexampleData>
}

/**
 * The methods are not enumerable: a copy does without them and is given to {@link format} and
 * others.
 */
export interface Counterexample extends CounterexampleData {
  readonly others?: ReadonlyArray<Counterexample>
  /** What was thrown, if something was. Not enumerable. */
  readonly cause?: unknown
  /**
   * With a `verbose` fast-check: all runs that broke a law on the way to this one. Not
   * enumerable.
   */
  readonly failures: ReadonlyArray<Schedule<unknown>>
  readonly format: () => string
  readonly toSvg: () => string
  readonly toMermaid: () => string
  /** A test file that runs it again: {@link toTest}. */
  readonly toTest: (options?: TestFile) => string
}

/** Where a counterexample comes from. */
export type Origin = Pick<Counterexample, 'seed' | 'path' | 'runs' | 'shrinks' | 'beside' | 'required'> & {
  readonly failures?: ReadonlyArray<Schedule<unknown>>
}

export const counterexample = <R, C, M>(
  { name, verdict, says }: Counterexample['law'],
  violation: Violation,
  run: Run<R, C, M>,
  { failures = [], ...origin }: Origin,
  others: ReadonlyArray<Counterexample> = [],
): Counterexample => {
  const { events = [], why, remedy, states, cause } = violation
  const stack = stackOf(cause)
  const program = programOf(run.schedule)
  const data: CounterexampleData = {
    subject: run.subject.name,
    law: { name, verdict, says },
    ...origin,
    why,
    ...(remedy !== undefined && { remedy }),
    schedule: run.schedule,
    ...(program !== undefined && { program }),
    trace: traceOf(run, violation, events.length === 0 ? run.events.length : Math.max(...events) + 1),
    seenAt: events,
    states,
    ...(stack.length > 0 && { stack }),
    ...(others.length > 0 && { others }),
  }
  return Object.defineProperties(data as Counterexample, {
    ...(cause !== undefined && { cause: { value: cause } }),
    failures: { value: failures },
    toJSON: { value: () => asJson(data) },
    format: { value: () => format(data) },
    toSvg: { value: () => toSvg(data) },
    toMermaid: { value: () => toMermaid(data) },
    toTest: { value: (options?: TestFile) => toTest(data, options) },
  })
}

const programOf = (schedule: Schedule<unknown>): ReadonlyArray<string> | undefined => {
  const isWritten = schedule.steps.every((step) => step._tag !== 'local' || isWritable(step.command?.value))
  return isWritten ? toText(schedule, view) : undefined
}

/** The same with text for commands and states that JSON does not take. */
const asJson = ({ schedule, states, ...rest }: CounterexampleData): CounterexampleData => ({
  ...rest,
  schedule: {
    ...schedule,
    steps: schedule.steps.map((step) =>
      step._tag === 'local' && step.command ? { ...step, command: { value: orText(step.command.value) } } : step,
    ),
  },
  states: states && [orText(states[0]), orText(states[1])],
})

const orText = (value: unknown): unknown => {
  try {
    JSON.stringify(value)
    return value
  } catch {
    return view(value)
  }
}

/** Where an error was thrown: five lines at most. */
const stackOf = (cause: unknown): ReadonlyArray<string> =>
  cause instanceof Error && cause.stack !== undefined
    ? cause.stack
        .split('\n')
        .filter((line) => /^\s+at /.test(line))
        .slice(0, 5)
        .map((line) => line.trim())
    : []

const traceOf = <R, C, M>(
  { events, operations }: Run<R, C, M>,
  { isTimed = false }: Violation,
  length: number,
): ReadonlyArray<TraceEvent> => {
  const timeOf = (i: number): string => (isTimed ? ` at ${String(operations[i]!.now)}` : '')
  return events.slice(0, length).map(({ _tag, at, from, sentAt, text, view: shown, knows, operation }) => ({
    kind: _tag,
    at,
    ...(from === undefined ? {} : { from }),
    ...(sentAt === undefined ? {} : { sentAt }),
    text:
      _tag === 'threw'
        ? `${text}, throws`
        : _tag === 'local'
          ? `m${String(operation! + 1)}: ${text}${timeOf(operation!)}`
          : text,
    view: shown,
    knows: operations.flatMap(({ index }) => (has(knows, index) ? [index + 1] : [])),
  }))
}

/**
 * A counterexample for people to read: the law, the run as a drawing, the difference, and how to
 * run it again.
 *
 * @example
 * import * as fc from 'fast-check'
 * const last = operations({ empty: 0, command: fc.nat(3), apply: (n) => () => n })
 * const { left } = check(last, { seed: 1 })
 * format(JSON.parse(JSON.stringify(left))) === left.format() // => true
 */
export const format = (counterexample: CounterexampleData): string => {
  const { subject, law, why, remedy, trace, states, schedule, seenAt } = counterexample
  const seen = seenAt.filter((event) => event >= 0).map((event) => String(event + 1))
  return [
    `${subject}: ${law.verdict}. The law ${law.name}: ${law.says}.`,
    `${why}${seen.length === 0 ? '' : `, after ${seen.join(' and ')}`}.`,
    ...(remedy === undefined ? [] : [`To do: ${remedy}.`]),
    ...(counterexample.stack ?? []).map((line) => `  ${line}`),
    '',
    ...(trace.length === 0 ? [] : [diagram.toText(schedule.ids, trace), '']),
    ...(states === undefined ? [] : [difference(states), '']),
    ...againText(counterexample),
    ...originText(counterexample),
    // another run broke it, whose replicas are not in the drawing
    ...(counterexample.beside ?? []).map(
      ({ law: { name, says }, quality }) =>
        `also broken, ${name}: ${quality === undefined ? says : `"${quality}" holds`}`,
    ),
    ...(counterexample.others ?? []).flatMap((other) => ['', 'and beside that:', '', format(other)]),
  ].join('\n')
}

const againText = ({ schedule, program }: CounterexampleData): ReadonlyArray<string> => {
  if (schedule.steps.length === 0) return []
  if (program === undefined) return ['its commands cannot be written as text: run it again with seed and path']
  return ['run it again with the option schedule:', ...program.map((line) => `  ${line}`)]
}

const originText = ({ seed, path, runs, shrinks }: Origin): ReadonlyArray<string> => {
  if (seed === undefined || path === undefined) return []
  const options = `{ seed: ${String(seed)}, path: '${path}' }`
  return [`found in run ${String(runs)}, made smaller ${String(shrinks)} times: ${options}`]
}

/** Two states by lines: `-` marks a line of the first only, `+` a line of the second only. */
const difference = ([a, b]: readonly [unknown, unknown]): string => {
  const parsed = [parse(a), parse(b)] as const
  const isStructured = parsed.every((one) => typeof one === 'object' && one !== null && isJson(one))
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

/** The value of a view that is JSON. */
const parse = (shown: unknown): unknown => {
  if (typeof shown !== 'string') return shown
  try {
    return JSON.parse(shown)
  } catch {
    return shown
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : view(value))

/** The run as a drawing of its own. */
export const toSvg = ({ schedule, trace }: CounterexampleData): string => diagram.toSvg(schedule.ids, trace)

/** The run as a sequence diagram, for Markdown. */
export const toMermaid = ({ schedule, trace }: CounterexampleData): string => diagram.toMermaid(schedule.ids, trace)

/**
 * What a test throws. Its message is the counterexample's `format()`. With a `verbose` fast-check
 * it also lists the failures on the way there.
 */
export class LawBroken extends Error {
  readonly counterexample: Counterexample

  constructor(counterexample: Counterexample) {
    const { cause } = counterexample
    super([counterexample.format(), ...failuresOf(counterexample)].join('\n'), cause === undefined ? {} : { cause })
    this.name = 'LawBroken'
    this.counterexample = counterexample
  }
}

/** As fast-check lists them. */
const failuresOf = ({ failures }: Counterexample): ReadonlyArray<string> =>
  failures.length === 0 ? [] : ['', 'Encountered failures were:', ...failures.map((one) => `- ${view(one)}`)]
