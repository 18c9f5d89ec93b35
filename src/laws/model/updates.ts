/** The messages of this library's replicas: batches of updates. */
import { compare, type Update } from '../../core/Update.js'

export type Updates<C> = ReadonlyArray<Update<C>>

/** The updates of all messages, in total order. */
export const inOrder = <C>(operations: ReadonlyArray<{ readonly message: Updates<C> | undefined }>): Updates<C> =>
  operations.flatMap(({ message }) => message ?? []).sort(compare)

/** For each source, the order in which its updates come after all others. O(n s). */
export const bySource = <C>(updates: Updates<C>): ReadonlyArray<Updates<C>> =>
  [...new Set(updates.map(([, , source]) => source))].map((last) => [
    ...updates.filter(([, , source]) => source !== last),
    ...updates.filter(([, , source]) => source === last),
  ])

/** Some order that keeps the order of each source, by luck. O(n s) for n updates of s sources. */
export const acrossSources =
  (luck: number) =>
  <C>(updates: Updates<C>): Updates<C> => {
    const queues = [...new Set(updates.map(([, , source]) => source))].map((id) =>
      updates.filter(([, , source]) => source === id),
    )
    const shuffled: Update<C>[] = []
    const taken = queues.map(() => 0)
    for (let random = luck; shuffled.length < updates.length; random = Math.floor(random / 3) + shuffled.length) {
      const left = [...queues.keys()].filter((i) => taken[i]! < queues[i]!.length)
      const next = left[random % left.length]!
      shuffled.push(queues[next]![taken[next]!++]!)
    }
    return shuffled
  }
