/** The entries in which two versions of a replica differ. */
import * as Clock from '../../core/Clock.js'
import * as Log from '../../core/Log.js'
import type { Replica } from '../../core/Replica.js'
import type { Timestamp } from '../../core/Timestamp.js'
import type { SourceId, Update } from '../../core/Update.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { FLOOR, SOURCE, UNREAD_UPDATE, UPDATE, type Key, type Operation } from './entries.js'

/**
 * The operations that turn the entries of one replica into those of a later one: each key once, to
 * be removed or written. O(d log u).
 */
export const difference = <S, C>(
  before: Replica<S, C>,
  after: Replica<S, C>,
  { encode }: Scuttlebutt<S, C>,
): Operation[] => {
  const operations = new Map<string, Operation>()
  const set = (key: Key, text?: string): void => void operations.set(JSON.stringify(key), [key, text])
  // another writer may have put the contents of a stamp in another order: they are written together
  const setContents = (kind: string, update: Update<unknown>): void => {
    const log = kind === UPDATE ? after.log : after.log.unread?.log
    Log.contents(update)(log ?? Log.empty<unknown>()).forEach((content, depth) => {
      const [, timestamp, source] = content
      set([kind, source, timestamp, depth], JSON.stringify(kind === UPDATE ? encode(content as Update<C>) : content))
    })
  }
  // what is gone, then what is new
  forEachAdded(after.log, before.log, (kind, update, depth) => {
    const [, timestamp, source] = update
    set([kind, source, timestamp, depth])
    // a program that could read it has kept it as a readable update
    if (kind === UNREAD_UPDATE && !Log.find(update)(after.log)) set([UPDATE, source, timestamp, depth])
    setContents(kind, update)
  })
  forEachAdded(before.log, after.log, setContents)
  const { timestamps, sure, floor } = after.clock
  forEachChanged(before.clock, after.clock, (source) => {
    const [seen, sureTo] = [timestamps, sure].map((map) => map && SortedMap.get(Clock.bySource, map, source))
    set(
      [SOURCE, source],
      seen ? JSON.stringify(sureTo === undefined ? [source, seen] : [source, seen, sureTo]) : undefined,
    )
  })
  if (floor !== before.clock.floor) set(FLOOR, String(floor))
  return [...operations.values()]
}

/** Visits the updates that a later log has besides those of `before`, by kind. */
const forEachAdded = (
  before: Log.Log<unknown>,
  after: Log.Log<unknown>,
  visit: (kind: string, update: Update<unknown>, depth: number) => void,
): void => {
  for (const [kind, from = Log.empty(), to] of [
    [UNREAD_UPDATE, before.unread?.log, after.unread?.log],
    [UPDATE, before, after],
  ] as const) {
    if (to) {
      Log.forEachAdded(from, to, (update: Update<unknown>, depth) => {
        visit(kind, update, depth)
      })
    }
  }
}

/** Visits the sources of which two clocks say other things. May visit one more than once. */
const forEachChanged = (before: Clock.Clock, after: Clock.Clock, visit: (source: SourceId) => void): void => {
  for (const [one, other] of [
    [before, after],
    [after, before],
  ] as const) {
    SortedMap.forEachChange(Clock.bySource, one.timestamps, other.timestamps, visit)
    SortedMap.forEachChange(Clock.bySource, one.sure ?? NO_STAMPS, other.sure ?? NO_STAMPS, visit)
  }
}

const NO_STAMPS = SortedMap.empty<SourceId, Timestamp>()
