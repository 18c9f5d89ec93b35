/** The options of every check, and what each takes. */
import type { Asked } from './judge.js'
import { isPath, type Kept } from './kept.js'
import {
  aFlag,
  aFunction,
  anything,
  aNumber,
  aText,
  aValue,
  aWholeNumber,
  list,
  oneOf,
  record,
  type Rule,
  type Rules,
} from './model/Rule.js'
import type { Schedule } from './model/Schedule.js'
import { aSchedule } from './model/ScheduleRule.js'
import type { Scope } from './network/explore.js'
import type { Size } from './network/schedules.js'
import type { CounterexampleData } from './report/Counterexample.js'
import { FEATURES, type Coverage, type Feature } from './report/Coverage.js'

export interface Options<C = unknown> extends Size, Asked {
  /** `fast` for watch mode: 50 runs, or what 200 ms give. `thorough`: 20,000 runs. */
  readonly profile?: Profile
  /**
   * The same seed gives the same runs. Default: that of `fc.configureGlobal`, or else a new one
   * each time. The outcome names it.
   */
  readonly seed?: number | undefined
  /** With the `seed` of a counterexample: finds only that one, and shrinks it as far. */
  readonly path?: string | undefined
  /**
   * The number of random runs. Default: the `numRuns` of `fc.configureGlobal`, or else 1000;
   * without end, if `time` is given.
   */
  readonly runs?: number
  /**
   * The most ms that the search takes in random runs. Default: the `interruptAfterTimeLimit` of
   * `fc.configureGlobal`, or else no limit.
   */
  readonly time?: number
  /** The most ms that making a counterexample smaller takes. Default 10,000. */
  readonly shrinkTime?: number
  /**
   * `first`: stops at the first broken law, hygiene included. Default: stops at the first run that
   * diverges. After another law it goes on for as many runs again, at least 100; after hygiene, to
   * the end.
   */
  readonly stop?: 'first' | 'gravest'
  /**
   * Goes on to the end of the random runs, and gives a smallest counterexample of each law and each
   * quality that is broken: the gravest, with the `others` in it. Laws are not asked of replicas
   * that differ, nor of what threw. What `path`, `kept` or `exhaustive` finds is given alone.
   * Default false.
   */
  readonly all?: boolean
  /** Visits every run of a small scope before the random runs. */
  readonly exhaustive?: Scope<C>
  /** Keeps what breaks a law, and tries that first the next time: {@link keptIn}. */
  readonly kept?: Kept
  /** Runs this schedule only. */
  readonly schedule?: Schedule<unknown> | undefined
  /** The part of the runs, from 0 to 1, in which each feature must happen. */
  readonly required?: Partial<Record<Feature, number>>
  /**
   * Called after each thousand random runs, and after each thousand runs of shrinking; of the first
   * thousand after 1, 2, 4, 8 and so on. While it shrinks, `shrinking` counts, and `runs` stays.
   */
  readonly progress?: (progress: Progress) => void
  /** A fault for which this says true is passed over, and counted in the coverage. */
  readonly known?: (counterexample: CounterexampleData) => boolean
}

export type Profile = 'fast' | 'thorough'

/** What was exercised so far. */
export interface Progress extends Coverage {
  /** While a counterexample is made smaller: how many smaller runs were tried. */
  readonly shrinking?: number
}

const aPath = aValue("the path of a counterexample, such as '0:3:1'", isPath)

/** There are so many ids to draw from. */
const MOST_REPLICAS = 12

/** One replica alone never differs. */
const replicas = aWholeNumber(2, MOST_REPLICAS)

const aRange: Rule = (value, place) => {
  if (typeof value !== 'object') {
    replicas(value, place)
    return
  }
  record<keyof Range>({ min: replicas, max: replicas }, ['min', 'max'])(value, place)
  const { min, max } = value as Range
  if (min > max) throw new RangeError(`\`${place.path}\` of ${place.of} has a \`min\` above its \`max\``)
}

type Range = Exclude<NonNullable<Size['replicas']>, number>

export const SIZE: Rules<Size> = {
  replicas: aRange,
  steps: aWholeNumber(1, 10_000),
  exchanges: oneOf('none', 'half', 'all'),
}

const SCOPE: Rules<Scope<never>> = {
  replicas: aWholeNumber(2, 26),
  updates: aWholeNumber(1),
  commands: list(anything, 1),
  maxStates: aWholeNumber(1),
}

/** Parts of the runs, by features. */
const PARTS = Object.fromEntries(Object.keys(FEATURES).map((name) => [name, aNumber(0, 1)]))

/** It may have members of its own. */
const aKeeper = aValue('what `keptIn` gives: `get` and `set`', (kept) => {
  const { get, set } = (kept ?? {}) as Partial<Kept>
  return typeof get === 'function' && typeof set === 'function'
})

export const OPTIONS: Rules<Options<never>> = {
  ...SIZE,
  laws: list(aText),
  except: list(aText),
  profile: oneOf('fast', 'thorough'),
  seed: aWholeNumber(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  path: aPath,
  runs: aWholeNumber(0),
  time: aNumber(0),
  shrinkTime: aNumber(0),
  stop: oneOf('first', 'gravest'),
  all: aFlag,
  exhaustive: record(SCOPE, ['commands']),
  kept: aKeeper,
  schedule: aSchedule,
  required: record(PARTS),
  progress: aFunction,
  known: aFunction,
}
