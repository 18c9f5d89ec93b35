/**
 * A law of lists: what one replica writes item by item, each right beside its last, stays together
 * when others write at the same place at the same time.
 *
 * Source: Weidner, Gentle and Kleppmann, "The Art of the Fugue" (arXiv 2305.00583).
 */
import type { Law, Remedied } from '../model/Law.js'
import type { Operation } from '../model/Operation.js'
import type { Run } from '../model/Run.js'
import { nameOf } from '../model/show.js'

type Items = ReadonlyArray<string>

/** Where an item was written. */
interface Placed {
  readonly by: Operation<unknown, unknown>
  /** The items that its replica had ever held. */
  readonly saw: ReadonlySet<string>
  /** The items beside it when it was written. */
  readonly beside: ReadonlyArray<string | undefined>
}

/**
 * The law, for a list whose replicas do not change in place. `items` gives the items of a replica
 * in their order; the name of each must be its own. An operation may write several items.
 *
 * Between two items that one replica wrote side by side, one right after the other, may come its
 * own items, those of replicas that had seen one of the two, and those written beside such items.
 * O(n²) for n items and events.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as fc from 'fast-check'
 * import * as t from 'io-ts'
 * const write = (i) => (state, stamp) =>
 *   RArray.push(`${stamp.source} ${stamp.timestamp}`)(state, stamp)
 * const subject = ofDataType(RArray.of(t.string), { command: () => fc.nat(3).map(write) })
 * const law = laws.runsStayTogether(({ state }) => RArray.toArray(state))
 * E.isRight(check({ ...subject, laws: [law] }, { seed: 1 })) // => true
 */
export const runsStayTogether = <R>(items: (replica: R) => Items): Law<R, never, never> => ({
  name: 'runsStayTogether',
  says: 'what is written item by item stays together',
  verdict: 'quality',
  check: (run) => (run.replicas.length === 0 ? undefined : broken(items, run)),
})

const broken = <R>(items: (replica: R) => Items, run: Run<R, never, never>): Remedied | undefined => {
  const { placed, pairs } = written(items, run)
  for (const replica of run.replicas) {
    const order = items(replica)
    const places = new Map(order.map((item, i) => [item, i]))
    for (const [first, second] of pairs) {
      const [low, high] = [first, second].map((item) => places.get(item) ?? -1).sort((a, b) => a - b) as [
        number,
        number,
      ]
      if (low < 0) continue
      const between = order.slice(low + 1, high)
      const stranger = between.find((item) => !belongs(item, [first, second], between, placed))
      if (stranger === undefined) continue
      const { id } = placed.get(first)!.by
      return {
        why: `${stranger} is between ${first} and ${second}, which ${nameOf(id)} wrote side by side`,
        remedy:
          'place an item by the id of the one it was written beside, as Fugue does: `apply` must not sort by keys alone',
        states: [order, undefined],
        events: [placed.get(second)!.by.event],
      }
    }
  }
  return undefined
}

/** Where each item was written, and the pairs that one replica wrote side by side. */
const written = <R>(items: (replica: R) => Items, { operations, events }: Run<R, never, never>) => {
  const placed = new Map<string, Placed>()
  const pairs: (readonly [first: string, second: string])[] = []
  const last = new Map<number, Items>()
  const held = new Map<number, ReadonlySet<string>>()
  for (const { at, after, operation, _tag } of events) {
    if (at < 0) continue
    const saw = held.get(at) ?? new Set()
    const order = items(after)
    const fresh = order.filter((item) => !saw.has(item))
    if (fresh.length === 0) continue
    held.set(at, new Set([...saw, ...fresh]))
    if (_tag !== 'local' || operation === undefined) continue
    const by = operations[operation]!
    for (const item of fresh) {
      const at = order.indexOf(item)
      placed.set(item, { by, saw, beside: [order[at - 1], order[at + 1]] })
    }
    const from = order.indexOf(fresh[0]!)
    const to = order.indexOf(fresh[fresh.length - 1]!)
    // not one stretch: nothing is known of what belongs to what
    if (to - from !== fresh.length - 1) continue
    fresh.slice(1).forEach((item, i) => pairs.push([fresh[i]!, item]))
    const previous = last.get(by.at) ?? []
    const [left, right] = [order[from - 1], order[to + 1]]
    if (left !== undefined && left === previous[previous.length - 1]) pairs.push([left, fresh[0]!])
    if (right !== undefined && right === previous[0]) pairs.push([fresh[fresh.length - 1]!, right])
    last.set(by.at, fresh)
  }
  return { placed, pairs }
}

/** Whether an item may be between two others: see {@link runsStayTogether}. */
const belongs = (
  item: string,
  pair: readonly [string, string],
  between: Items,
  placed: ReadonlyMap<string, Placed>,
): boolean => {
  const place = placed.get(item)
  if (place === undefined) return true
  const { by, saw, beside } = place
  if (pair.some((one) => by.at === placed.get(one)!.by.at || saw.has(one))) return true
  // it saw its neighbours, so they are older than it, and this ends
  return beside.some(
    (one) =>
      one !== undefined &&
      between.includes(one) &&
      placed.get(one) !== undefined &&
      placed.get(one)!.by.index < by.index &&
      belongs(one, pair, between, placed),
  )
}
