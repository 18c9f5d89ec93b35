/** What a search finds. */
import type { Breach } from './gravity.js'
import { deterministic } from './laws/laws.js'
import type { Run } from './model/Run.js'
import type { Origin } from './report/Counterexample.js'

/** A run that breaks a law. */
export interface Found<R, C, M> extends Breach {
  readonly run: Run<R, C, M>
  readonly origin: Origin
  /** One of each other law or quality that runs broke, if all are wanted. */
  readonly others?: ReadonlyArray<Found<R, C, M>>
}

/** The origin of a run whose schedule was given, or visited. */
export const NOTHING_DRAWN: Origin = { seed: undefined, path: undefined, runs: 1, shrinks: 0 }

/** A law that was broken once, and not when the same schedule ran again. */
export const RANDOM: Breach = {
  law: deterministic,
  violation: {
    why: 'a law was broken in one run and not when the same ran again: something is random',
    remedy: 'give `command` and every function nothing but their arguments: no clock, no random number, no variable',
  },
}
