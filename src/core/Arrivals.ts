/**
 * A batch of updates from elsewhere, and what each of them is to one version of a replica. It is
 * classified once; the result goes from session to store to file.
 */
import * as Change from './Change.js'
import * as Clock from './Clock.js'
import * as Sure from './Sure.js'
import type { DataType } from './DataType.js'
import { contents, counting, isAmong, type Content } from './Fork.js'
import * as Log from './Log.js'
import type { Past } from './Past.js'
import type { Replica } from './Replica.js'
import * as Timestamp from './Timestamp.js'
import * as Unread from './Unread.js'
import type { SourceId, Stamp, Update } from './Update.js'

/** Updates as a peer brings them. */
export interface Batch<C> {
  readonly updates: ReadonlyArray<Update<C>>
  /** Updates whose change the codec does not know, as frozen JSON. */
  readonly unread?: ReadonlyArray<Update<unknown>>
  /** The stamps of refused updates that will come again: what is newer need not wait for them. */
  readonly passed?: ReadonlyArray<Stamp>
  /**
   * The original that brings them. It tells all of its own updates, and others of its kind claim
   * what they never had: so its own are taken, however sure the replica is.
   */
  readonly original?: SourceId
}

/**
 * Who says that no update is missing before those of a batch: the caller, as for own updates and
 * for whole histories; a peer, with its claim; or nobody.
 */
export type Vouching = 'caller' | 'nobody' | Sure.Claim

export interface Arrivals<C> {
  readonly batch: Batch<C>
  readonly vouching: Vouching
  /** Own updates that may be lost: they are taken although the clock covers them. */
  readonly past: Past | undefined
  /** Newer than all that was seen of their sources, in the order given, isolated. */
  readonly fresh: ReadonlyArray<Update<C>>
  /** Older ones that were missing, isolated. */
  readonly late: ReadonlyArray<Update<C>>
  /** Other contents under stamps that are held, isolated, each with what is held. */
  readonly forked: ReadonlyArray<Forked>
  /** Unread ones that were missing. */
  readonly unread: ReadonlyArray<Update<unknown>>
  /** Unread ones for which there is no room. */
  readonly crowdedOut: ReadonlyArray<Update<unknown>>
  /** The clock after the batch. */
  readonly clock: Clock.Clock
  /** The version that the batch was classified for. */
  readonly replica: Replica<unknown, C>
}

/** A content, and the first one that is held under its stamp. */
export interface Forked {
  readonly content: Content
  readonly held: Content
}

/**
 * Says what each update of a batch is to a replica. An update with an invalid stamp is ignored.
 * O(u log s) if all updates are fresh, else O(u log n) for u updates and n held.
 */
export const classify = <S, C>(
  dataType: DataType<S, C>,
  batch: Batch<C>,
  vouching: Vouching,
  replica: Replica<S, C>,
  past?: Past,
): Arrivals<C> => {
  const sieve = new Sieve(dataType, replica, vouching, past, batch.original)
  sieve.read(batch.updates)
  if (batch.unread !== undefined && batch.unread.length > 0) sieve.unreadable(batch.unread)
  const { late, forked, unread, crowdedOut } = sieve.rest ?? NO_REST
  const { fresh } = sieve
  const clock = sieve.clock(batch.passed)
  return { batch, vouching, past, fresh, late, forked, unread, crowdedOut, clock, replica }
}

/** The updates that a replica would take, in the order in which it applies them. O(u). */
export const news = <C>({ fresh, late, forked }: Arrivals<C>): ReadonlyArray<Update<C>> => {
  if (late.length === 0 && forked.length === 0) return fresh
  const others = forked.flatMap(({ content }) => (content.isUnread ? [] : [content.update as Update<C>]))
  return [...fresh, ...late, ...others]
}

/** The same of those that cannot be read, also those for which there is no room. O(u). */
export const unreadNews = <C>({ unread, crowdedOut, forked }: Arrivals<C>): ReadonlyArray<Update<unknown>> => [
  ...unread,
  ...crowdedOut,
  ...forked.flatMap(({ content }) => (content.isUnread ? [content.update] : [])),
]

/** Whether a replica would change. O(1). */
export const isNews = <C>({ fresh, late, forked, unread, clock, replica }: Arrivals<C>): boolean =>
  fresh.length + late.length + forked.length + unread.length > 0 || clock !== replica.clock

/** What of a batch is not fresh. */
type Rest<C> = { readonly [K in 'late' | 'forked' | 'unread' | 'crowdedOut']: Arrivals<C>[K][number][] }

/** Of most batches: all of it is fresh. */
const NO_REST: Pick<Arrivals<never>, keyof Rest<never>> = { late: [], forked: [], unread: [], crowdedOut: [] }

class Sieve<S, C> {
  fresh: ReadonlyArray<Update<C>> = []
  rest: Rest<C> | undefined
  private readonly dataType: DataType<S, C>
  private readonly replica: Replica<S, C>
  private readonly vouching: Vouching
  private readonly past: Past | undefined
  private readonly original: SourceId | undefined
  private readonly draft: Clock.Draft
  /** The sources of what was missing. One may stand there more than once. */
  private readonly touched: SourceId[] = []
  /** The contents that count so far, by forked stamp. */
  private rivals: Map<string, ReadonlyArray<Content>> | undefined
  /** The replica's log with what was missing so far. Behind while all updates are fresh. */
  private log: Log.Log<C>

  constructor(
    dataType: DataType<S, C>,
    replica: Replica<S, C>,
    vouching: Vouching,
    past: Past | undefined,
    original: SourceId | undefined,
  ) {
    this.dataType = dataType
    this.replica = replica
    this.vouching = vouching
    this.past = past
    this.original = original
    this.draft = new Clock.Draft(replica.clock)
    this.log = replica.log
  }

  read(given: ReadonlyArray<Update<C>>): void {
    const { draft, touched } = this
    // usually all are fresh, so the array has their length
    const fresh = new Array<Update<C>>(given.length)
    const behind: Update<C>[] = []
    let count = 0
    let at = 0
    let last: SourceId | undefined
    // by index, as in other hot loops: `for…of` allocates an iterator result for each update
    while (at < given.length) {
      const update = given[at++]!
      // each member is read once: an engine is slow to read frozen arrays
      const timestamp = update[1]
      const source = update[2]
      if (!Timestamp.is(timestamp)) continue
      if (draft.advance(source, timestamp)) {
        fresh[count++] = Change.isolate(update)
        if (source !== last) touched.push((last = source))
      } else behind.push(update)
    }
    if (count < fresh.length) fresh.length = count
    this.fresh = fresh
    if (behind.length === 0) return
    this.log = Log.evolve(fresh, [], this.log)
    for (const update of behind) this.older(update)
  }

  /** An update that is not newer than all that was seen of its source. */
  private older(given: Update<C>): void {
    if (Log.find(given)(this.log) === given) return
    const held = contents(this.dataType)(given)(this.log)
    const [first] = held
    if (first === undefined && !this.isMissing(given)) return
    const update = Change.isolate(given)
    if (first === undefined) {
      this.others().late.push(update)
      this.touched.push(update[2])
      this.log = Log.evolve([update], [], this.log)
      return
    }
    this.other({ update, json: Change.jsonOf(this.dataType.change)(given), isUnread: false }, held, first)
  }

  /** Where what is not fresh is put. */
  private others(): Rest<C> {
    return (this.rest ??= { late: [], forked: [], unread: [], crowdedOut: [] })
  }

  /** Another content under a held stamp, if it is another and counts. */
  private other(content: Content, held: ReadonlyArray<Content>, first: Content): void {
    const [, timestamp, source] = content.update
    const stamp = `${String(timestamp)} ${source}`
    const rivals = this.rivals?.get(stamp) ?? held
    if (isAmong(content, rivals)) return
    const left = counting([...rivals, content])
    if (!left.includes(content)) return
    if (content.isUnread && !this.takeUnread(content.update)) return
    this.rivals ??= new Map()
    this.rivals.set(stamp, left)
    this.others().forked.push({ content, held: first })
  }

  /**
   * Whether an unread update that is not held may be missing. It also may if only this batch, whose
   * read updates advanced the draft first, has something newer.
   */
  private isUnreadMissing(update: Update<unknown>): boolean {
    const [, timestamp, source] = update
    return this.isMissing(update) || timestamp > Clock.timestampOf(source, this.replica.clock)
  }

  /** Whether an update that is not held may be missing, although something newer was seen. */
  private isMissing([, timestamp, source]: Update<unknown>): boolean {
    const { past, replica, vouching } = this
    if (source === past?.source && timestamp > past.since && timestamp < past.until) return true
    if (source === this.original) return timestamp > replica.clock.floor
    // a caller who vouches says that nothing is missing between the updates given
    if (vouching === 'caller' && !Clock.isDoubted(source, replica.clock)) return false
    return timestamp > Clock.sureOf(source, replica.clock)
  }

  unreadable(given: ReadonlyArray<Update<unknown>>): void {
    if (this.log === this.replica.log) this.log = Log.evolve(this.fresh, [], this.log)
    for (const update of given) {
      const [json, timestamp, source] = update
      if (!Timestamp.is(timestamp)) continue
      const isFresh = this.draft.advance(source, timestamp)
      const held = isFresh ? [] : contents(this.dataType)(update)(this.log)
      const [first] = held
      if (first !== undefined) {
        this.other({ update, json, isUnread: true }, held, first)
        continue
      }
      if (!isFresh && !this.isUnreadMissing(update)) continue
      this.touched.push(source)
      if (this.takeUnread(update)) this.others().unread.push(update)
    }
  }

  /** Adds an unread update to the log, or to those for which there is no room; says which. */
  private takeUnread(update: Update<unknown>): boolean {
    const hasRoom = Unread.hasRoom(update)(this.log)
    if (hasRoom) this.log = Unread.add(update)(this.log)
    else this.others().crowdedOut.push(update)
    return hasRoom
  }

  clock(passed: ReadonlyArray<Stamp> = []): Clock.Clock {
    for (const { source, timestamp } of passed) {
      if (this.draft.advance(source, timestamp)) this.touched.push(source)
    }
    const advanced = this.draft.done()
    const { crowdedOut } = this.rest ?? NO_REST
    const isWhole = passed.length === 0 && crowdedOut.length === 0
    if (this.vouching === 'caller') {
      if (isWhole) return advanced
      // what was refused, or has no room, is not there
      const lacking = [...passed.map(({ source }) => source), ...crowdedOut.map(([, , source]) => source)]
      return Sure.doubting(new Set(lacking), undefined, this.replica.clock, advanced)
    }
    // who lacks a part of a round is as sure as before
    const claim = isWhole && typeof this.vouching === 'object' ? this.vouching : undefined
    const { touched } = this
    return Sure.doubting(touched.length > 1 ? new Set(touched) : touched, claim, this.replica.clock, advanced)
  }
}
