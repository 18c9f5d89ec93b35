/**
 * The own updates that a source lost in a restart without its data.
 *
 * A store that is opened on what it had is not sure of its own updates until its first whole round,
 * so that peers bring back what it lost. A store that began empty under a used id cannot know that
 * it lost something; it learns it from a peer, and asks.
 */
import * as Clock from './Clock.js'
import type { Replica } from './Replica.js'
import type { Timestamp } from './Timestamp.js'
import type { SourceId, Update } from './Update.js'

/**
 * A source restarted without its data and wrote on. Its updates stamped after `since` (the newest
 * it still knew) and before `until` (the first it wrote after the restart) may be lost. A digest
 * cannot ask for them, because its clock covers them already.
 */
export interface Past {
  readonly source: SourceId
  readonly since: Timestamp
  readonly until: Timestamp
}

/** What a store remembers of its own updates, so that it knows its {@link Past}. */
export interface Began {
  readonly source: SourceId
  /** The newest own update at the start. */
  readonly since: Timestamp
  /** The first own update since. */
  readonly until?: Timestamp
}

/** What a store remembers when it begins with a replica. O(log s). */
export const begin = <S, C>({ id, clock }: Replica<S, C>): Began => ({
  source: id,
  since: Clock.timestampOf(id, clock),
})

/** What it remembers after it has made an update. O(1). */
export const wrote =
  ([, until]: Update<unknown>) =>
  (began: Began): Began =>
    began.until === undefined ? { ...began, until } : began

/** The past of a store. Undefined before its first update. */
export const of = ({ source, since, until }: Began): Past | undefined =>
  until === undefined ? undefined : { source, since, until }
