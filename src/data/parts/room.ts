/** Room for new items in an array of keyed items, whatever keys other libraries or enemies made. */
import type { Stamp, Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import * as DenseKey from './DenseKey.js'

interface Item {
  readonly value: unknown
  readonly update: Update<unknown>
}

interface Items {
  readonly items: SortedMap.SortedMap<string, Item>
  readonly removed: SortedMap.SortedMap<string, unknown>
}

export interface Room {
  /** The keys of the new items, ascending. */
  readonly keys: ReadonlyArray<string>
  /** Items beside the gap that need new keys, so that there is room: almost always none. */
  readonly moved: ReadonlyArray<readonly [index: number, key: string]>
}

const NONE: Room['moved'] = []

/**
 * Room for `count` items between the item before index `from` and the one at index `to`.
 *
 * If their keys leave no room, or are almost as long as keys may be, the items beside the gap get
 * new keys, one after the other until there is room. A write that another replica makes to such an
 * item at the same time brings it back under its old key, beside the new one.
 *
 * O(log n + count), and O(m k) for m moved items and keys of k characters.
 */
export const between = (array: Items, from: number, to: number, count: number, stamp: Stamp): Room => {
  const size = SortedMap.size(array.items)
  let [low, high] = [from, to]
  for (;;) {
    const before = neighbourAt(array.items, low - 1)
    const after = neighbourAt(array.items, high)
    const surroundings = { removed: array.removed, beyond: beyond(array.items, low - 2, high + 1) }
    const made = DenseKey.between(before, after, count + from - low + high - to, stamp, surroundings)
    if (made._tag === 'Right' && !DenseKey.isTooLong(made.right[made.right.length - 1]!)) {
      const keys = made.right
      if (low === from && high === to) return { keys, moved: NONE }
      const first = from - low
      const moved = keys.flatMap((key, i): [number, string][] =>
        i < first ? [[low + i, key]] : i < first + count ? [] : [[to + i - first - count, key]],
      )
      return { keys: keys.slice(first, first + count), moved }
    }
    // the longer key is to blame; with neither neighbour there is always room
    const isAfter = low === 0 || (high < size && after!.key.length >= before!.key.length)
    if (isAfter) high++
    else low--
  }
}

const neighbourAt = (items: Items['items'], index: number): DenseKey.Neighbour | undefined => {
  const entry = SortedMap.entryAt(items, index)
  return entry && { key: entry[0], update: entry[1].update }
}

const beyond = (items: Items['items'], before: number, after: number) => (): DenseKey.Beyond => [
  SortedMap.at(items, before)?.update,
  SortedMap.at(items, after)?.update,
]
