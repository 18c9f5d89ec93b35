/**
 * A feed: items in total order, each removable by its id.
 *
 * On the wire `{push: item}` and `{remove: id}`, as npm `append-only`. The id of an item is
 * `source:timestamp` of the update that pushed it. A removal is final, even if it arrives before
 * its item.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as t from 'io-ts'
 * const feed = scuttlebutt(AppendOnly.of(t.string))
 * const [, one] = unwrap(feed.change(AppendOnly.push('hi'), 1000)(feed.create('alice')))
 * AppendOnly.items(one.state) // => [{ id: 'alice:1000', item: 'hi' }]
 * const [, two] = unwrap(feed.change(AppendOnly.remove('alice:1000'), 1001)(one))
 * AppendOnly.toJSON(two.state) // => []
 * const refused = feed.change(AppendOnly.remove('nobody:1'), 1002)(two)
 * refused // => E.left({ _tag: 'UnknownItem', id: 'nobody:1' })
 */
import type { eq } from 'fp-ts'
import * as t from 'io-ts'
import type { Applied, DataType, Maker } from '../core/DataType.js'
import type { DeepReadonly } from '../core/DeepReadonly.js'
import { left, right } from '../core/Either.js'
import * as Json from '../core/Json.js'
import type { Patch, Spliced } from '../core/Patch.js'
import * as Timestamp from '../core/Timestamp.js'
import { before, sameStamp, stampedBefore, type Update } from '../core/Update.js'
import * as SortedMap from '../structures/SortedMap.js'
import { readonly } from './parts/codecs.js'
import { kind, type Named } from './parts/kind.js'
import { ofLists } from './parts/patches.js'
import { stable } from './parts/stable.js'

export type Change<I> = { readonly push: DeepReadonly<I> } | { readonly remove: string }

/** The id of an item: `source:timestamp` of the update that pushed it. */
export type ItemId = string

export interface Item<I> {
  readonly id: ItemId
  readonly item: DeepReadonly<I>
}

/** Updates by a stamp: their own, or the stamp of the item that they remove. */
type ByStamp<C> = SortedMap.SortedMap<Update<unknown>, Update<C>>

export interface State<I> {
  /** The present items, each as the update that pushed it. */
  readonly pushes: ByStamp<Change<I>>
  /** For each item ever removed, by its stamp, the newest removal. */
  readonly removals: ByStamp<Change<I>>
}

/** The state of a feed of any items. To TypeScript before 6.0 `State<unknown>` is another type. */
export interface AnyState {
  readonly pushes: ByStamp<unknown>
  readonly removals: ByStamp<unknown>
}

/** The data type that {@link of} returns. */
export interface Type<I> extends DataType<State<I>, Change<I>> {
  readonly toJSON: (state: State<I>) => ReadonlyArray<DeepReadonly<I>>
}

/** The feed has no item with this id. */
export interface UnknownItem {
  readonly _tag: 'UnknownItem'
  readonly id: ItemId
}

const emptyState: State<never> = { pushes: SortedMap.empty(), removals: SortedMap.empty() }

/**
 * A feed of items that `item` decodes. Apply: O(u log n) for u updates and n items and removals.
 */
export const of = <I>(item: t.Type<I, unknown, unknown>, options: Named = {}): Type<I> => ({
  ...kind('AppendOnly', item.name, options),
  change: pushOrRemove.pipe(
    t.union([t.readonly(t.type({ remove: t.string })), t.readonly(t.type({ push: readonly(item) }))]),
  ),
  empty: emptyState,
  apply,
  toJSON,
  diff,
  patch,
})

type Wire = Readonly<Record<string, unknown>>

const isPushOrRemove = (u: unknown): u is Wire =>
  typeof u === 'object' &&
  u !== null &&
  (Object.hasOwn(u, 'push') ? !Object.hasOwn(u, 'remove') : typeof (u as Wire)['remove'] === 'string')

/**
 * Has exactly one of the two members, and an id to remove. Without this check, an item codec that
 * accepts undefined would let `{}` and `{ remove: 1 }` in.
 */
const pushOrRemove = new t.Type<Wire, Wire, unknown>(
  '{ push } | { remove }',
  isPushOrRemove,
  (u, context) => (isPushOrRemove(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
)

const apply =
  <I>(updates: ReadonlyArray<Update<Change<I>>>) =>
  (state: State<I>): Applied<State<I>, Change<I>> => {
    const pushes = new SortedMap.Draft(stampedBefore, state.pushes)
    const removals = new SortedMap.Draft(stampedBefore, state.removals)
    const superseded: Update<Change<I>>[] = []
    for (const update of updates) {
      const [change] = update
      if ('push' in change) {
        // a source that forks its history may push two items with one id: the greater update wins
        const held = pushes.get(update)
        const isLater = held === undefined || before(held, update)
        if (removals.get(update) !== undefined || (!isLater && before(update, held))) superseded.push(update)
        else if (isLater) {
          if (held !== undefined) superseded.push(held)
          pushes.set(update, update)
        }
        continue
      }
      const target = stampOf(change.remove)
      const earlier = target && removals.get(target)
      if (target === undefined || (earlier !== undefined && before(update, earlier))) {
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

const idOf = ([, timestamp, source]: Update<unknown>): ItemId => `${source}:${String(timestamp)}`

/** The stamp in an id, or undefined if no update has such an id. A source may contain colons. */
const stampOf = (id: ItemId): Update<unknown> | undefined => {
  const colon = id.lastIndexOf(':')
  const update: Update<unknown> = [null, Number(id.slice(colon + 1)), id.slice(0, colon)]
  return Timestamp.is(update[1]) && idOf(update) === id ? update : undefined
}

/** A change that appends an item. O(1). */
export const push = <I>(item: I): Change<I> => ({ push: item as DeepReadonly<I> })

/** Removes the item with an id. O(log n). Errors: `UnknownItem`. */
export const remove =
  (id: ItemId): Maker<AnyState, Change<never>, UnknownItem> =>
  ({ pushes }) => {
    const target = stampOf(id)
    const isThere = target !== undefined && SortedMap.get(stampedBefore, pushes, target) !== undefined
    return isThere ? right({ remove: id }) : left({ _tag: 'UnknownItem', id })
  }

/** The items with their ids, oldest first. O(n). */
export const items = <I>(state: State<I>): ReadonlyArray<Item<I>> =>
  stable(state, 'items', () => listed(state, (update) => Object.freeze({ id: idOf(update), item: itemIn(update) })))

const listed = <I, A>({ pushes }: State<I>, show: (update: Update<Change<I>>) => A): ReadonlyArray<A> => {
  const all: A[] = []
  SortedMap.forEach(pushes, (update) => all.push(show(update)))
  return all
}

const itemIn = <I>([change]: Update<Change<I>>): DeepReadonly<I> => (change as { readonly push: DeepReadonly<I> }).push

/** The number of items. O(1). */
export const size = <I>({ pushes }: State<I>): number => SortedMap.size(pushes)

/** The items, oldest first. O(n). */
export const toJSON = <I>(state: State<I>): ReadonlyArray<DeepReadonly<I>> =>
  stable(state, 'toJSON', () => listed(state, itemIn))

/** The items that came or went, as splices of {@link toJSON}. O(d log n) for d of them. */
export const diff =
  <I>(old: State<I>) =>
  (made: State<I>): ReadonlyArray<Spliced<readonly [], DeepReadonly<I>>> => {
    const [from, to] = [old, made].map(({ pushes }) => ({ map: pushes, show: itemIn<I> }))
    return ofLists(stampedBefore, from!, to!)
  }

/**
 * Removes items and pushes others. A removal is final: an item that comes back comes last.
 */
export const patch = (
  patches: ReadonlyArray<Patch>,
): ReadonlyArray<Change<never> | Maker<AnyState, Change<never>, UnknownItem>> => {
  /** Where the patches have the items that they inserted; they stand at the end instead. */
  let back: ReadonlyArray<number> = []
  return (patches as ReadonlyArray<Spliced<readonly [], never>>).flatMap(({ splice, removed, inserted }) => {
    const [low, high] = [back.filter((i) => i < splice), back.filter((i) => i >= splice + removed.length)]
    const index = splice - low.length
    const gone = removed.slice(back.length - low.length - high.length)
    back = [...low, ...inserted.map((_, i) => splice + i), ...high.map((i) => i + inserted.length - removed.length)]
    const removals = gone.map((): Maker<AnyState, Change<never>, UnknownItem> => (state, stamp) => {
      const update = SortedMap.at(state.pushes, index)
      return remove(update === undefined ? '' : idOf(update))(state, stamp)
    })
    return [...removals, ...inserted.map((item) => push(item))]
  })
}

/** Equal if the same items are present, and the same updates removed the others. O(n). */
export const getEq = <I>(item: eq.Eq<I> = Json.Eq): eq.Eq<State<I>> => ({
  equals: (a, b) =>
    a === b ||
    (SortedMap.equals(a.pushes, b.pushes, (x, y) => x === y || (sameStamp(x, y) && samePush(item)(x, y))) &&
      SortedMap.equals(
        a.removals,
        b.removals,
        (x, y, target, otherTarget) => sameStamp(x, y) && sameStamp(target, otherTarget),
      )),
})

const samePush =
  <I>(item: eq.Eq<I>) =>
  ([x]: Update<Change<I>>, [y]: Update<Change<I>>): boolean =>
    'push' in x && 'push' in y && item.equals(x.push as I, y.push as I)
