/** What a schedule takes: ids that differ, and steps with the members of their tags alone. */
import {
  aFlag,
  anything,
  aText,
  aValue,
  aWholeNumber,
  both,
  list,
  oneOf,
  record,
  type Rule,
  type Rules,
} from './Rule.js'
import type { Schedule, ScheduleStep } from './Schedule.js'

type Tag = ScheduleStep<never>['_tag']
type MembersOf<K extends Tag> = Omit<ScheduleStep<never> & { readonly _tag: K }, '_tag'>

const fromZero = aWholeNumber(0, Number.MAX_SAFE_INTEGER)

const aTime = aValue('a number', Number.isFinite)

const aSide = aWholeNumber(0, 1)

const aRefusal = oneOf('long', 'early', 'many')

const areTwo = aValue('two numbers', (budgets) => (budgets as ReadonlyArray<unknown>).length === 2)

/** The members of each step, among so many replicas. */
const stepsAmong = (replicas: number): { readonly [K in Tag]: Rules<MembersOf<K>> } => {
  const at = aWholeNumber(0, replicas - 1)
  const between = { from: at, to: at }
  const back = { at, version: fromZero }
  return {
    local: { at, now: aTime, luck: fromZero, command: record({ value: anything }) },
    deliver: {
      to: at,
      pick: fromZero,
      now: aTime,
      again: aFlag,
      operation: aWholeNumber(-1, Number.MAX_SAFE_INTEGER),
    },
    send: { ...between, delay: fromZero, now: aTime, luck: fromZero, twice: aFlag, lost: aFlag, keep: fromZero },
    partition: { side: fromZero },
    heal: {},
    crash: { at },
    save: { at },
    open: { at },
    push: back,
    hear: { to: at, mail: fromZero, budget: fromZero, keep: aFlag, refuses: aRefusal },
    talk: { ...between, budgets: both(list(fromZero), areTwo), refuses: aRefusal },
    merge: between,
    die: { at },
    upgrade: { at },
    restore: back,
    rewind: back,
    fork: back,
    prune: { at, now: aTime },
    connect: between,
    say: { link: fromZero, side: aSide, most: fromZero },
    carry: { link: fromZero, side: aSide, lines: fromZero, harm: oneOf('lost', 'damaged'), refuses: aRefusal },
    cut: { link: fromZero },
  }
}

/** What a step may lack: nothing goes wrong, or it is left to luck. */
const OPTIONAL = ['command', 'operation', 'keep', 'harm', 'refuses']

const aStep = (replicas: number): Rule => {
  const steps: Readonly<Record<string, Readonly<Record<string, Rule>>>> = stepsAmong(replicas)
  const aTag = oneOf(...Object.keys(steps))
  return (step, { path, of }) => {
    aValue('a step', (value) => typeof value === 'object' && value !== null)(step, { path, of })
    const { _tag, ...members } = step as { readonly _tag?: unknown }
    aTag(_tag, { path: `${path}._tag`, of })
    const rules = steps[_tag as Tag]!
    const needed = Object.keys(rules).filter((name) => !OPTIONAL.includes(name))
    record(rules, needed)(members, { path, of })
  }
}

const areDistinct = aValue('ids that differ', (ids) => {
  const { length } = ids as ReadonlyArray<string>
  return new Set(ids as ReadonlyArray<string>).size === length
})

const SCHEDULE: Rules<Schedule<never>> = {
  ids: both(list(aText, 1), areDistinct),
  // by their number of replicas: see `ofItsReplicas`
  steps: anything,
  luck: fromZero,
  exchanges: record({ old: fromZero }, ['old']),
}

const ofItsReplicas: Rule = (schedule, { path, of }) => {
  const { ids, steps } = schedule as Schedule<unknown>
  list(aStep(ids.length))(steps, { path: `${path}.steps`, of })
}

export const aSchedule = both(record(SCHEDULE, ['ids', 'steps']), ofItsReplicas)
