/**
 * The newest version, kept beside what Redux shows. Time travel moves what is shown, and never the
 * head. Whoever writes, or hears a peer, does it on the head.
 */
import type { Batch, Vouching } from '../../core/Arrivals.js'
import * as Clock from '../../core/Clock.js'
import { news } from '../../core/news.js'
import { unchanged, type Received } from '../../core/receive.js'
import type { Replica } from '../../core/Replica.js'
import type { Timestamp } from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'
import { createCell, type Cell, type Outcome } from '../store/Cell.js'
import { subscribedTo } from '../store/onCell.js'
import type { LocalStore } from '../store/Store.js'
import type { Action } from './actions.js'
import { remember } from './outcomes.js'

/**
 * What a head needs of Redux, and of the store around it. Binding again replaces its members in
 * place.
 */
export interface Host<S, C> {
  /** The version that Redux shows. */
  readonly read: () => Replica<S, C>
  readonly dispatch: (action: Action) => unknown
  /** Makes a version ready for Redux. */
  readonly keep: (replica: Replica<S, C>) => Replica<S, C>
  /** The action that leads from one version to the next. */
  readonly actionOf: (before: Replica<S, C>, received: Received<S, C>) => Action
  /** Takes what a peer brings, on the head. */
  readonly receive: (batch: Batch<C>, vouching: Vouching) => unknown
  /** A saved version has become the head. */
  readonly restored: () => void
}

export interface Head<S, C> {
  /** For the store: reads the head, and writes by actions. Listeners hear of what Redux shows. */
  readonly cell: Cell<S, C>
  /** Goes on with a version, by an action. Default: that of the batch. */
  readonly commit: (received: Outcome<S, C>, action?: Action) => void
  /** Sees whether Redux shows another version. To be called whenever it may. */
  readonly sync: () => void
  /** Whether what Redux shows lacks what the head holds. O(d log n) for d that it lacks. */
  readonly isPast: () => boolean
  /**
   * The time of the reissue, by the source that it ended. Newer updates of that source are not
   * taken from what Redux shows.
   */
  readonly withdrawn: Map<SourceId, Timestamp>
  /** The head itself, and what it meets. */
  readonly present: Pick<LocalStore<S, C>, 'getReplica' | 'subscribe'>
}

export const createHead = <S, C>(host: Host<S, C>): Head<S, C> => {
  let met = host.read() // what Redux showed last
  const [head, shown] = [createCell(met), createCell(met)]
  /** What is on its way through Redux. Whoever writes meanwhile makes it the head. */
  let pending: Outcome<S, C> | undefined
  const withdrawn = new Map<SourceId, Timestamp>()
  const become = (received: Outcome<S, C>): void => {
    pending = undefined
    head.commit(received)
  }
  const tell = (taken: ReadonlyArray<Update<C>> = []): void => {
    shown.commit({ ...unchanged(met), taken, isOwn: true }) // the head has marked what returned
  }
  const sync = (): void => {
    const [now, before, arriving] = [look(host, met), met, pending]
    if (now === before) return
    met = now
    const isNext = before === head.getReplica()
    if (arriving) become(arriving)
    const isMine = arriving?.replica === now
    if (!isMine) meet(host, head, withdrawn, now)
    if (isMine) tell(isNext ? arriving.taken : withMissed(arriving.taken, before, now))
    else if (now === met) tell() // else a `sync` within has told
  }
  const commit: Head<S, C>['commit'] = (received, action): void => {
    if (pending) become(pending)
    const before = head.getReplica()
    const mine = { ...received, replica: host.keep(received.replica) }
    const sent = action ?? host.actionOf(before, mine)
    remember(sent, [before, met], mine.replica)
    pending = mine
    try {
      host.dispatch(sent)
    } catch (error) {
      sync() // it is written if the reducer was done
      pending = undefined
      throw error
    }
    sync()
    if (pending !== mine) return
    become(mine)
    tell(received.taken) // what is shown stays in the past
  }
  // a refusal commits the same replica
  head.subscribe(({ replica, before }) => {
    if (replica === before) tell()
  })
  const getReplica = (): Replica<S, C> => {
    sync()
    return pending?.replica ?? head.getReplica()
  }
  return {
    cell: { ...head, subscribe: shown.subscribe, getReplica, commit },
    commit,
    sync,
    isPast: () => !!news(host.read(), getReplica()),
    withdrawn,
    present: { getReplica, subscribe: subscribedTo(head) },
  }
}

/** What one version lacks, and what has just come: some of that may be superseded already. */
const withMissed = <S, C>(
  taken: ReadonlyArray<Update<C>>,
  before: Replica<S, C>,
  now: Replica<S, C>,
): ReadonlyArray<Update<C>> => [...new Set([...(news(before, now)?.updates ?? []), ...taken])]

/** What Redux shows. While a hot reload moves the slice it is nowhere. */
const look = <S, C>(host: Host<S, C>, last: Replica<S, C>): Replica<S, C> => {
  try {
    return host.read()
  } catch {
    return last
  }
}

/**
 * Takes what another version holds and the head lacks: a saved or imported one, or one of another
 * timeline. An older one brings nothing. A head without updates becomes it.
 */
const meet = <S, C>(
  host: Host<S, C>,
  head: Cell<S, C>,
  withdrawn: Head<S, C>['withdrawn'],
  now: Replica<S, C>,
): void => {
  const stays = ([, timestamp, source]: Update<unknown>): boolean => timestamp <= (withdrawn.get(source) ?? Infinity)
  const mine = head.getReplica()
  const batch = news(mine, now)
  if (mine.clock.latest === 0) {
    head.commit(unchanged(now))
    head.begin(now.clock.latest > 0)
    host.restored()
  } else if (batch) {
    const [updates, unread] = [batch.updates.filter(stays), batch.unread.filter(stays)]
    const isSaved = [...updates, ...unread].some((update) => update[2] === mine.id)
    // what was written after it was saved, and before a write of our own, may be missing
    const clock = isSaved ? Clock.doubtFrom(mine.id, Clock.sureOf(mine.id, now.clock))(mine.clock) : mine.clock
    if (clock !== mine.clock) head.commit(unchanged({ ...mine, clock }))
    // another timeline may be sure of updates that ours lacks: nobody vouches
    host.receive({ updates, unread }, 'nobody')
    if (isSaved) head.begin(true)
  }
}
