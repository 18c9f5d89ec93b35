/** What one version of a replica holds and another lacks. */
import type { Batch } from './Arrivals.js'
import * as Json from './Json.js'
import * as Log from './Log.js'
import type { Replica } from './Replica.js'
import type { Update } from './Update.js'

/** The updates of a {@link Batch}, without what a peer says of them. */
export type News<C> = Required<Pick<Batch<C>, 'updates' | 'unread'>>

/**
 * The updates that one version holds and another lacks, sorted; undefined if there are none. O(d
 * log n) for d that differ in versions of one lineage.
 */
export const news = <S, C>(before: Replica<S, C>, after: Replica<S, C>): News<C> | undefined => {
  const updates = added(before.log, after.log)
  const unread = added(before.log.unread?.log, after.log.unread?.log)
  return updates.length + unread.length > 0 ? { updates, unread } : undefined
}

const added = <C>(before: Log.Log<C> = Log.empty(), after: Log.Log<C> = Log.empty()): ReadonlyArray<Update<C>> => {
  const updates: Update<C>[] = []
  Log.forEachAdded(before, after, (update) => {
    // a version from elsewhere has copies
    if (!Log.contents(update)(before).some(([change]) => Json.equals(change, update[0]))) updates.push(update)
  })
  return Log.sorted(updates)
}
