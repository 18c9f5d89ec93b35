/** The clock of a saved text, and the checks of all its parts: what is damaged is not believed. */
import { bySource, type Clock } from '../../core/Clock.js'
import * as Timestamp from '../../core/Timestamp.js'
import type { SourceId } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'

/** A number for each source, by source. */
type Numbers = ReadonlyArray<readonly [source: SourceId, value: number]>

/** A clock with its maps as entries. */
export type SavedClock = Pick<Clock, 'latest' | 'floor'> & {
  readonly timestamps: Numbers
  readonly sure?: Numbers
}

/** The clock for JSON: {@link clockOf} makes it again. O(s) for s sources. */
export const savedClock = ({ timestamps, sure, ...rest }: Clock): SavedClock => ({
  ...rest,
  timestamps: [...SortedMap.entries(timestamps)],
  ...(sure && { sure: [...SortedMap.entries(sure)] }),
})

/** The clock that was saved. Throws for what is no saved clock. O(s). */
export const clockOf = ({ timestamps, latest, floor, sure }: SavedClock): Clock => {
  const timesOf = (saved: Numbers): Clock['timestamps'] => mapOf(saved, ([, timestamp]) => timeOf(timestamp, latest))
  return {
    timestamps: timesOf(timestamps),
    latest: timeOf(latest, Timestamp.MAX),
    floor: timeOf(floor, latest),
    ...(sure !== undefined && { sure: timesOf(sure) }),
  }
}

/** The time. Throws if it is neither a timestamp nor `NEVER`, or above `most`. */
const timeOf = (time: number, most: number): number => {
  check((time === Timestamp.NEVER || Timestamp.is(time)) && time <= most)
  return time
}

/** The map of entries that begin with their sources, in order. O(s), and s calls of `valueOf`. */
export const mapOf = <E extends readonly [SourceId, ...unknown[]], V>(
  entries: ReadonlyArray<E>,
  valueOf: (entry: E) => V,
): SortedMap.SortedMap<SourceId, V> => {
  check(Array.isArray(entries))
  const sources: SourceId[] = []
  const values: V[] = []
  for (const entry of entries) {
    const [source] = entry
    const last = sources.at(-1)
    check(typeof source === 'string' && (last === undefined || bySource(last, source)))
    sources.push(source)
    values.push(valueOf(entry))
  }
  return SortedMap.ofSorted(sources, values)
}

/** Throws if something is not so. */
export const check = (isRight: boolean): void => {
  if (!isRight) damaged()
}

/** The number. Throws if it is not whole, or not from `least` to `most`. */
export const wholeOf = (number: number, least: number, most: number): number => {
  check(Number.isInteger(number) && number >= least && number <= most)
  return number
}

export const damaged = (): never => {
  throw new Error('The saved text is damaged.')
}
