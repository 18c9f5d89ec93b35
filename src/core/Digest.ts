/** What a replica says of itself: what it is sure of, and what it holds beyond. */
import * as Clock from './Clock.js'
import type * as Sure from './Sure.js'
import * as Doubt from './Doubt.js'
import type { Log } from './Log.js'
import { NEVER, type Timestamp } from './Timestamp.js'
import type { SourceId } from './Update.js'

/** Who a replica is and what it has. On the wire it is the header. */
export interface Digest extends Having {
  readonly id: SourceId
  readonly meta?: unknown
}

/** What a replica has. */
export interface Having {
  /** What the replica is sure of: up to there it misses no update of the source. */
  readonly clock: Clock.ClockRecord
  /**
   * The clock's floor, if it has one. The original ignores it, and may send lapsed updates again.
   */
  readonly floor?: Timestamp
  /** What it holds beyond `clock`. Absent if it is sure of all that it has seen. */
  readonly doubt?: Doubt.Doubt
  /**
   * On the reply to an answer that was cut short: the last doubted update that came. A hint to go
   * on there.
   */
  readonly after?: Place
}

/** A place among updates in their order. */
export type Place = readonly [timestamp: Timestamp, source: SourceId]

/** The digest of a replica. O(s) for s sources, and O(d log u) for d updates held in doubt. */
export const of = ({
  id,
  clock,
  log,
}: {
  readonly id: SourceId
  readonly clock: Clock.Clock
  readonly log: Log<unknown>
}): Digest => {
  const digest: Mutable<Digest> = { id, clock: Clock.toSureRecord(clock) }
  if (clock.floor !== NEVER) digest.floor = clock.floor
  const doubt = Doubt.of(clock, log)
  if (doubt !== undefined) digest.doubt = doubt
  return digest
}

/** A record in the making. Members set one by one cost a tenth of a spread. */
export type Mutable<A> = { -readonly [K in keyof A]: A[K] }

/** Without the id: what an answer says that it answers. */
export const havingOf = ({ clock, floor, doubt, after }: Having): Having => {
  const having: Mutable<Having> = { clock }
  if (floor !== undefined) having.floor = floor
  if (doubt !== undefined) having.doubt = doubt
  if (after !== undefined) having.after = after
  return having
}

/** How far a digest's replica is sure of a source. O(1). */
export const sureOf = ({ clock, floor = NEVER }: Having, source: SourceId): Timestamp => {
  const sure = Clock.timestampIn(source, clock) ?? floor
  return sure > floor ? sure : floor
}

/** The newest update that it has seen of a source. O(1). */
export const seenOf = (having: Having, source: SourceId): Timestamp =>
  Math.max(sureOf(having, source), Doubt.end(having.doubt, source) ?? NEVER)

/** What its replica vouches for when it has told all that it has. */
export const claimOf = (having: Having): Sure.Claim => ({
  sureOf: (source) => sureOf(having, source),
  floor: having.floor ?? NEVER,
})

/** Visits the sources that it is in doubt of. O(1) for each. */
export const forEachDoubt = (
  having: Having,
  visit: (source: SourceId, pieces: ReadonlyArray<Doubt.Piece>, since: Timestamp) => void,
): void => {
  if (having.doubt === undefined) return
  for (const source of Object.keys(having.doubt)) visit(source, having.doubt[source]!, sureOf(having, source))
}
