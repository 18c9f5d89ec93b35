/** What the laws of exchanges say of one version, and of two. */
import * as Clock from '../../core/Clock.js'
import type { Replica } from '../../core/Replica.js'
import type { Update } from '../../core/Update.js'
import { view } from '../model/show.js'
import { KEEP } from '../laws/remedies.js'
import type { Remedied } from '../model/Violation.js'

/** Equal digests, of replicas that doubt nothing and can read everything. */
export const isSameVersion = <S, C>(a: Replica<S, C>, b: Replica<S, C>): boolean =>
  a.log.unread === undefined &&
  b.log.unread === undefined &&
  Clock.doubts(a.clock) + Clock.doubts(b.clock) === 0 &&
  a.clock.floor === b.clock.floor &&
  Clock.Eq.equals(a.clock, b.clock)

/** Updates as text: change, stamp and source. */
export const textOf = (updates: ReadonlyArray<Update<unknown>>): string => updates.map(view).join(' and ')

export const uncertain = (id: string, updates: ReadonlyArray<Update<unknown>>, event: number): Remedied => ({
  why: `the clock of ${id} claims ${textOf(updates)}, which ${id} neither holds nor has superseded`,
  remedy: KEEP,
  events: [event],
})
