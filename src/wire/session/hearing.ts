/**
 * What the peer says of itself: how many lines it sent, and how sure it is. A peer of ours says
 * both when it has told all (`Sure`). An original says it by SYNC: it has told all that its header
 * claims. After that, each of its updates follows the one before.
 */
import * as Clock from '../../core/Clock.js'
import type { Digest } from '../../core/Digest.js'
import type { Vouching } from '../../core/Arrivals.js'
import type { Update } from '../../core/Update.js'
import type { Sure } from '../WireMessage.js'

/**
 * A wrong number of updates came, or of counts: a line was lost or doubled. The session ends, and
 * the next one repairs it.
 */
export interface Gap {
  readonly _tag: 'Gap'
  readonly at: string
  readonly sent: number
  readonly received: number
}

export interface Hearing {
  /** Whether the peer is of ours: it has said how sure it is. */
  readonly isOurs: boolean
  /** The lines since its last count that began with `[`. */
  readonly lines: number
  /**
   * How many counts came. Infinite once one behind the first came without a number: then no number
   * may follow.
   */
  readonly counts: number
  /** The newest update of each source since its last count. */
  readonly newest: Clock.Clock
  /** How sure the peer said it is of each source. */
  readonly sure: Clock.Clock
  /** An update was refused: after that no claim of the peer counts. */
  readonly hasRefused: boolean
  /** The peer has told all that its header claims. */
  readonly hasSynced: boolean
}

export const empty: Hearing = {
  isOurs: false,
  lines: 0,
  counts: 0,
  newest: Clock.empty,
  sure: Clock.empty,
  hasRefused: false,
  hasSynced: false,
}

/** The peer's header came. O(s log s). */
export const header =
  ({ clock, floor }: Digest) =>
  (hearing: Hearing): Hearing => ({ ...hearing, sure: Clock.join(Clock.fromRecord(clock, floor))(hearing.sure) })

/**
 * An original has told all. It misses none of its own updates, although the clock in the header of
 * its Scuttlebucket is behind by one. O(log s).
 */
export const synced =
  ({ id }: Digest) =>
  (hearing: Hearing): Hearing => {
    const draft = new Clock.Draft(hearing.sure)
    draft.advance(id, Clock.timestampOf(id, hearing.newest))
    return { ...hearing, sure: draft.done() }
  }

/** Lines with updates came. O(u log s). */
export const updates =
  (count: number, came: ReadonlyArray<Update<unknown>>) =>
  (hearing: Hearing): Hearing => ({
    ...hearing,
    lines: hearing.lines + count,
    newest: Clock.advanceAll(came)(hearing.newest),
  })

/** The peer has said how sure it is. Undefined if a line was lost. O(u log s) for u sources. */
export const sure =
  ({ count, clock, floor, number }: Sure) =>
  (hearing: Hearing): Hearing | undefined => {
    if (count !== hearing.lines || (number !== undefined && number !== hearing.counts + 1)) return undefined
    const counts = number ?? (hearing.counts === 0 ? 1 : Infinity)
    const draft = new Clock.Draft(floor === undefined ? hearing.sure : Clock.raise(floor)(hearing.sure))
    Clock.forEachSource(hearing.newest, (source, timestamp) => {
      if (!Object.hasOwn(clock, source)) draft.advance(source, timestamp)
    })
    for (const source of Object.keys(clock)) draft.advance(source, clock[source]!)
    return { ...hearing, isOurs: true, lines: 0, counts, newest: Clock.empty, sure: draft.done() }
  }

/** Why {@link sure} gave nothing: of lines, or else of counts, so many were sent and came. */
export const gap = ({ count, number = NaN }: Sure, { counts, lines }: Hearing): Gap =>
  count === lines
    ? { _tag: 'Gap', at: '', sent: number, received: counts + 1 }
    : { _tag: 'Gap', at: '', sent: count, received: lines }

/** What the peer vouches for when it has told all. */
export const claim = ({ sure: clock, hasRefused }: Hearing): Vouching =>
  hasRefused ? 'nobody' : { sureOf: (source) => Clock.timestampOf(source, clock), floor: clock.floor }

/** Who vouches for an update that comes now, before any further claim. */
export const vouching = ({ isOurs, hasSynced, hasRefused }: Hearing): Vouching =>
  hasSynced && !isOurs && !hasRefused ? 'caller' : 'nobody'
