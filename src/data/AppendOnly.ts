/**
 * A feed: items in total order, each removable by its id.
 *
 * On the wire `{push: item}` and `{remove: id}`, as npm `append-only`; an item's id is `source:timestamp` of the
 * update that pushed it. A removal counts for good, also when it comes before the item that it removes.
 *
 * @example
 * const feed = scuttlebutt(AppendOnly.of(t.string))
 * const [, one] = unwrap(feed.change(AppendOnly.push('hi'), 1000)(feed.create('alice')))
 * AppendOnly.items(one.state) // => [{ id: 'alice:1000', item: 'hi' }]
 * const [, two] = unwrap(feed.change(AppendOnly.remove('alice:1000'), 1001)(one))
 * AppendOnly.toJSON(two.state) // => []
 * feed.change(AppendOnly.remove('nobody:1'), 1002)(two) // => E.left({ _tag: 'UnknownItem', id: 'nobody:1' })
 */
import type { eq } from 'fp-ts'
import * as t from 'io-ts'
import type { Applied, DataType, Maker } from '../core/DataType.js'
import * as Json from '../core/Json.js'
import * as SortedMap from '../structures/SortedMap.js'
import * as Timestamp from '../core/Timestamp.js'
import * as Update from '../core/Update.js'

export type Change<I> = { readonly push: I } | { readonly remove: string }

/** An item's id: `source:timestamp` of the update that pushed it. */
export type ItemId = string

export interface Item<I> {
  readonly id: ItemId
  readonly item: I
}

/** Updates by a stamp: their own, or that of the item they remove. */
type ByStamp<C> = SortedMap.SortedMap<Update.Update<unknown>, Update.Update<C>>

export interface State<I> {
  /** The items that are there, each the update that pushed it. */
  readonly pushes: ByStamp<Change<I>>
  /** The newest removal of every item ever removed, by the item's stamp. */
  readonly removals: ByStamp<Change<I>>
}

/** No item of that id is there. */
export interface UnknownItem {
  readonly _tag: 'UnknownItem'
  readonly id: ItemId
}

const emptyState: State<never> = { pushes: SortedMap.empty(), removals: SortedMap.empty() }

/** A feed of what `item` decodes. Apply: O(u log n) for u updates and n items and removals. */
export const of = <I>(item: t.Type<I, unknown, unknown>): DataType<State<I>, Change<I>> => ({
  name: `AppendOnly<${item.name}>`,
  change: pushOrRemove.pipe(t.union([t.readonly(t.type({ remove: t.string })), t.readonly(t.type({ push: item }))])),
  empty: emptyState,
  apply,
  toJSON,
})

type Wire = Readonly<Record<string, unknown>>

const isPushOrRemove = (u: unknown): u is Wire =>
  typeof u === 'object' && u !== null && Object.hasOwn(u, 'push') !== Object.hasOwn(u, 'remove')

/** A codec of an item that is optional would take an object without any for a push. */
const pushOrRemove = new t.Type<Wire, Wire, unknown>(
  '{ push } | { remove }',
  isPushOrRemove,
  (u, context) => (isPushOrRemove(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

const apply =
  <I>(updates: ReadonlyArray<Update.Update<Change<I>>>) =>
  (state: State<I>): Applied<State<I>, Change<I>> => {
    const pushes = new SortedMap.Draft(Update.stampedBefore, state.pushes)
    const removals = new SortedMap.Draft(Update.stampedBefore, state.removals)
    const superseded: Update.Update<Change<I>>[] = []
    for (const update of updates) {
      const [change] = update
      if ('push' in change) {
        const other = pushes.get(update)
        if (removals.get(update) !== undefined) superseded.push(update)
        // two items of one id, by a source that equivocates: one is shown
        else if (other === undefined || Update.before(other, update)) pushes.set(update, update)
        continue
      }
      const target = stampOf(change.remove)
      const earlier = target && removals.get(target)
      if (target === undefined || (earlier !== undefined && Update.before(update, earlier))) {
        superseded.push(update)
        continue
      }
      const gone = earlier ?? pushes.get(target)
      if (gone !== undefined) superseded.push(gone)
      pushes.remove(target)
      removals.set(target, update)
    }
    const next = { pushes: pushes.done(), removals: removals.done() }
    const unchanged = next.pushes === state.pushes && next.removals === state.removals
    return { state: unchanged ? state : next, superseded }
  }

const idOf = ([, timestamp, source]: Update.Update<unknown>): ItemId => `${source}:${String(timestamp)}`

/** Sources may hold colons, timestamps not. Nothing where no update has such an id. */
const stampOf = (id: ItemId): Update.Update<unknown> | undefined => {
  const colon = id.lastIndexOf(':')
  const update: Update.Update<unknown> = [null, Number(id.slice(colon + 1)), id.slice(0, colon)]
  return Timestamp.is(update[1]) && idOf(update) === id ? update : undefined
}

/** A change that appends an item. */
export const push = <I>(item: I): Change<I> => ({ push: item })

/** Removes the item of an id. O(log n). Errors: `UnknownItem`. */
export const remove =
  (id: ItemId): Maker<State<unknown>, Change<never>, UnknownItem> =>
  ({ pushes }) => {
    const target = stampOf(id)
    const isThere = target !== undefined && SortedMap.get(Update.stampedBefore, pushes, target) !== undefined
    return isThere ? { _tag: 'Right', right: { remove: id } } : { _tag: 'Left', left: { _tag: 'UnknownItem', id } }
  }

/** The items with their ids, oldest first. O(n). */
export const items = <I>({ pushes }: State<I>): ReadonlyArray<Item<I>> => {
  const all: Item<I>[] = []
  SortedMap.forEach(pushes, (update) => all.push({ id: idOf(update), item: (update[0] as { readonly push: I }).push }))
  return all
}

/** How many items there are. O(1). */
export const size = <I>({ pushes }: State<I>): number => SortedMap.size(pushes)

/** The items, oldest first. O(n). */
export const toJSON = <I>(state: State<I>): ReadonlyArray<I> => items(state).map(({ item }) => item)

/** Equal where the same items are there and the same updates removed others. O(n). */
export const getEq = <I>(item: eq.Eq<I> = Json.Eq): eq.Eq<State<I>> => ({
  equals: (a, b) =>
    a === b ||
    (SortedMap.equals(a.pushes, b.pushes, (x, y) => x === y || (Update.sameStamp(x, y) && samePush(item)(x, y))) &&
      SortedMap.equals(
        a.removals,
        b.removals,
        (x, y, target, otherTarget) => Update.sameStamp(x, y) && Update.sameStamp(target, otherTarget),
      )),
})

const samePush =
  <I>(item: eq.Eq<I>) =>
  ([x]: Update.Update<Change<I>>, [y]: Update.Update<Change<I>>): boolean =>
    'push' in x && 'push' in y && item.equals(x.push, y.push)
