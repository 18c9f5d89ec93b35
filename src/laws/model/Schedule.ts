/**
 * A network as a value: who does what, and what happens to the messages.
 *
 * A schedule is plain data. It does the same each time it runs.
 */
import type { SourceId } from '../../core/Update.js'
import type { ExchangeStep } from './Exchange.js'

export interface Local<C> {
  readonly _tag: 'local'
  readonly at: number
  readonly now: number
  /** Seed that draws a command for the state of the replica at this step. */
  readonly luck: number
  /** The command; absent while it is still to be drawn. */
  readonly command?: { readonly value: C }
}

/**
 * Delivers one broadcast message: the `pick`-th of those that the delivery promise allows next,
 * or, with `again`, of those already received.
 */
export interface Deliver {
  readonly _tag: 'deliver'
  readonly to: number
  readonly pick: number
  readonly now: number
  readonly again: boolean
  /** The index of the operation, instead of `pick`. No effect if its message may not arrive now. */
  readonly operation?: number
}

/** One replica tells another what it has. */
export interface Send {
  readonly _tag: 'send'
  readonly from: number
  readonly to: number
  /** How many steps later the message arrives. */
  readonly delay: number
  readonly now: number
  /** Seed for the order of its parts. */
  readonly luck: number
  readonly twice: boolean
  readonly lost: boolean
  /** How many parts of the message arrive; undefined for all. */
  readonly keep: number | undefined
}

/** Cuts the network in two: the replicas whose bit is set in `side`, and the others. */
export interface Partition {
  readonly _tag: 'partition'
  readonly side: number
}

export interface Heal {
  readonly _tag: 'heal'
}

/**
 * `save` saves a replica; so does each local command. `crash` goes back to the last save, and loses
 * the messages on their way to the replica.
 */
export interface Crash {
  readonly _tag: 'crash' | 'save'
  readonly at: number
}

export type ScheduleStep<C> = Local<C> | Deliver | Send | Partition | Heal | Crash | ExchangeStep

export interface Schedule<C> {
  readonly ids: ReadonlyArray<SourceId>
  readonly steps: ReadonlyArray<ScheduleStep<C>>
  /**
   * Seed for the order in which replicas hear the rest at the end, and for whether two replicas
   * speak at once. 0: in the order made, one speaks after the other.
   */
  readonly luck?: number
  /** Present: replicas are devices, which exchange messages and sessions. */
  readonly exchanges?: {
    /** The devices that begin with a program that cannot read some of the changes, a bit each. */
    readonly old: number
  }
}

/** What can happen at a replica whose wall clock says `now`. */
interface ReplicaSteps<C> {
  readonly local: (command: C) => ScheduleStep<C>
  /** Draws a command for the state of the replica at that step. */
  readonly draw: (luck: number) => ScheduleStep<C>
  /** Delivers the message of an operation. Operations are numbered from 1. */
  readonly deliver: (operation: number) => ScheduleStep<C>
  readonly deliverAgain: (operation: number) => ScheduleStep<C>
  /** Tells another replica what this one has. */
  readonly send: (to: SourceId, how?: Partial<Omit<Send, '_tag' | 'from' | 'to' | 'now'>>) => ScheduleStep<C>
  readonly save: () => ScheduleStep<C>
  readonly crash: () => ScheduleStep<C>
}

interface NetworkSteps<C> {
  readonly at: (id: SourceId, now?: number) => ReplicaSteps<C>
  /** Cuts the network in two: these replicas, and the others. */
  readonly partition: (...side: ReadonlyArray<SourceId>) => ScheduleStep<C>
  readonly heal: () => ScheduleStep<C>
}

/**
 * A schedule by hand. Counterexamples print their schedule in this form: paste it as the option
 * `schedule` to run it again. Throws a RangeError for an id that is not in `ids`.
 *
 * @example
 * const steps = network(['a', 'b'], ({ at }) => [at('a').local('x'), at('b').deliver(1)]).steps
 * steps.map((step) => step._tag) // => ['local', 'deliver']
 */
export const network = <C>(
  ids: ReadonlyArray<SourceId>,
  acts: (can: NetworkSteps<C>) => ReadonlyArray<ScheduleStep<C>>,
  luck = 0,
): Schedule<C> => {
  const numberOf = (id: SourceId): number => {
    const i = ids.indexOf(id)
    if (i < 0) throw new RangeError(`no replica is called ${JSON.stringify(id)}`)
    return i
  }
  const at = (id: SourceId, now = 1): ReplicaSteps<C> => {
    const here = numberOf(id)
    const deliver = (operation: number, again: boolean): ScheduleStep<C> => ({
      _tag: 'deliver',
      to: here,
      pick: 0,
      now,
      again,
      operation: operation - 1,
    })
    return {
      local: (command) => ({ _tag: 'local', at: here, now, luck: 0, command: { value: command } }),
      draw: (drawn) => ({ _tag: 'local', at: here, now, luck: drawn }),
      deliver: (operation) => deliver(operation, false),
      deliverAgain: (operation) => deliver(operation, true),
      send: (to, how = {}) => ({ ...INTACT, from: here, to: numberOf(to), now, ...how }),
      save: () => ({ _tag: 'save', at: here }),
      crash: () => ({ _tag: 'crash', at: here }),
    }
  }
  const partition = (...side: ReadonlyArray<SourceId>): ScheduleStep<C> => ({
    _tag: 'partition',
    side: side.reduce((bits, id) => bits | (1 << numberOf(id)), 0),
  })
  return { ids, steps: acts({ at, partition, heal: () => ({ _tag: 'heal' }) }), luck }
}

/** A message that arrives at once, once, whole and in order. */
export const INTACT = { _tag: 'send', delay: 0, luck: 0, twice: false, lost: false, keep: undefined } as const

/** A schedule as {@link network} takes it, one step a line. `show` prints a command. */
export const toText = (schedule: Schedule<unknown>, show: (command: unknown) => string): ReadonlyArray<string> => {
  const { ids, steps, luck = 0, exchanges } = schedule
  if (exchanges !== undefined) {
    const lines = steps.map((step) => `    ${show(step)},`)
    return [`{ ids: ${show(ids)}, luck: ${String(luck)}, exchanges: ${show(exchanges)}, steps: [`, ...lines, `  ] }`]
  }
  const id = (i: number): string => JSON.stringify(ids[i])
  const lines = steps.map((step) => {
    switch (step._tag) {
      case 'local': {
        const { at, now, luck: drawn, command } = step
        const call = command === undefined ? `draw(${String(drawn)})` : `local(${show(command.value)})`
        return `at(${id(at)}, ${String(now)}).${call}`
      }
      case 'deliver': {
        const { to, now, again, operation = -1 } = step
        return `at(${id(to)}, ${String(now)}).${again ? 'deliverAgain' : 'deliver'}(${String(operation + 1)})`
      }
      case 'send': {
        const { from, to, now } = step
        const how = (Object.keys(INTACT) as (keyof typeof INTACT)[]).filter((key) => step[key] !== INTACT[key])
        const text = how.map((key) => `${key}: ${String(step[key])}`).join(', ')
        return `at(${id(from)}, ${String(now)}).send(${id(to)}${text === '' ? '' : `, { ${text} }`})`
      }
      case 'partition':
        return `partition(${ids.flatMap((_, i) => (((step.side >> i) & 1) === 1 ? [id(i)] : [])).join(', ')})`
      case 'heal':
        return 'heal()'
      case 'crash':
      case 'save':
        return `at(${id(step.at)}).${step._tag}()`
      default:
        return show(step)
    }
  })
  return [
    `network([${ids.map((_, i) => id(i)).join(', ')}], ({ at, partition, heal }) => [`,
    ...lines.map((line) => `  ${line},`),
    `]${luck === 0 ? '' : `, ${String(luck)}`})`,
  ]
}
