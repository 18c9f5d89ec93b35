/**
 * Networks as values: who does what, and what becomes of the messages.
 *
 * A schedule is plain data. Run twice, it does the same twice.
 */
import type { SourceId } from '../../core/Update.js'

export interface Local<C> {
  readonly _tag: 'local'
  readonly at: number
  readonly now: number
  /** Draws a command for the state that the replica is in then. */
  readonly luck: number
  /** The command, once it is settled. */
  readonly command?: { readonly value: C }
}

/** One message that was broadcast, and may come by what is promised, arrives: the `pick`th of these; or, `again`, of those that came. */
export interface Deliver {
  readonly _tag: 'deliver'
  readonly to: number
  readonly pick: number
  readonly now: number
  readonly again: boolean
  /** Which one, by its index among all operations, instead of `pick`. Nothing, if it may not come. */
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
  /** In which order each replica hears, in the end, of what it has not heard yet, and whether what two say crosses. 0: as it was made, one after the other. */
  readonly luck?: number
}

/** What can be done at a replica, its wall clock being at `now`. */
interface Lane<C> {
  /** A command. */
  readonly local: (command: C) => Step<C>
  /** A command for the state of the time, by luck. */
  readonly draw: (luck: number) => Step<C>
  /** The broadcast of an operation comes in, the first being 1; or comes in again. */
  readonly deliver: (operation: number) => Step<C>
  readonly deliverAgain: (operation: number) => Step<C>
  /** It tells another what it has. */
  readonly send: (to: SourceId, how?: Partial<Omit<Send, '_tag' | 'from' | 'to' | 'now'>>) => Step<C>
  readonly save: () => Step<C>
  readonly crash: () => Step<C>
}

interface Acts<C> {
  readonly at: (id: SourceId, now?: number) => Lane<C>
  /** These hear only each other from now on, and so do the rest. */
  readonly partition: (...side: ReadonlyArray<SourceId>) => Step<C>
  readonly heal: () => Step<C>
}

/**
 * A schedule by hand, in the words in which a counterexample prints it: what it prints, given back as the option `schedule`,
 * does the same again.
 *
 * @example
 * const steps = network(['a', 'b'], ({ at }) => [at('a').local('x'), at('b').deliver(1)]).steps
 * steps.map((step) => step._tag) // => ['local', 'deliver']
 */
export const network = <C>(
  ids: ReadonlyArray<SourceId>,
  acts: (can: Acts<C>) => ReadonlyArray<Step<C>>,
  luck = 0,
): Schedule<C> => {
  const lane = (id: SourceId): number => {
    const i = ids.indexOf(id)
    if (i < 0) throw new RangeError(`no replica is called ${JSON.stringify(id)}`)
    return i
  }
  const at = (id: SourceId, now = 1): Lane<C> => {
    const here = lane(id)
    const deliver = (operation: number, again: boolean): Step<C> => ({
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
      send: (to, how = {}) => ({ ...AT_ONCE, from: here, to: lane(to), now, ...how }),
      save: () => ({ _tag: 'save', at: here }),
      crash: () => ({ _tag: 'crash', at: here }),
    }
  }
  const partition = (...side: ReadonlyArray<SourceId>): Step<C> => ({
    _tag: 'partition',
    side: side.reduce((bits, id) => bits | (1 << lane(id)), 0),
  })
  return { ids, steps: acts({ at, partition, heal: () => ({ _tag: 'heal' }) }), luck }
}

/** Whole, in time and in order. */
export const AT_ONCE = { _tag: 'send', delay: 0, luck: 0, twice: false, lost: false, keep: undefined } as const

/** A schedule as {@link network} takes it, a step a line. `show` writes commands. */
export const toText = (
  { ids, steps, luck = 0 }: Schedule<unknown>,
  show: (command: unknown) => string,
): ReadonlyArray<string> => {
  const id = (i: number): string => JSON.stringify(ids[i])
  const lines = steps.map((step) => {
    switch (step._tag) {
      case 'local': {
        const { at, now, luck: drawn, command } = step
        return `at(${id(at)}, ${String(now)}).${command === undefined ? `draw(${String(drawn)})` : `local(${show(command.value)})`}`
      }
      case 'deliver': {
        const { to, now, again, operation = -1 } = step
        return `at(${id(to)}, ${String(now)}).${again ? 'deliverAgain' : 'deliver'}(${String(operation + 1)})`
      }
      case 'send': {
        const { from, to, now } = step
        const how = (Object.keys(AT_ONCE) as (keyof typeof AT_ONCE)[]).filter((key) => step[key] !== AT_ONCE[key])
        const text = how.map((key) => `${key}: ${String(step[key])}`).join(', ')
        return `at(${id(from)}, ${String(now)}).send(${id(to)}${text === '' ? '' : `, { ${text} }`})`
      }
      case 'partition':
        return `partition(${ids.flatMap((_, i) => (((step.side >> i) & 1) === 1 ? [id(i)] : [])).join(', ')})`
      case 'heal':
        return 'heal()'
      default:
        return `at(${id(step.at)}).${step._tag}()`
    }
  })
  return [
    `network([${ids.map((_, i) => id(i)).join(', ')}], ({ at, partition, heal }) => [`,
    ...lines.map((line) => `  ${line},`),
    `]${luck === 0 ? '' : `, ${String(luck)}`})`,
  ]
}
