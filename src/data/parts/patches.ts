/** The patches between two versions of a sorted map: of its keys, or of the list of its values. */
import { between, isSame, type Replaced, type Spliced } from '../../core/Patch.js'
import * as SortedMap from '../../structures/SortedMap.js'

/** A patch for each key that `show` shows another value for, undefined for none. O(d log n). */
export const ofEntries = <V, A>(
  before: SortedMap.SortedMap<string, V>,
  after: SortedMap.SortedMap<string, V>,
  show: (value: V) => A | undefined,
): ReadonlyArray<Replaced<readonly [key: string], A>> =>
  SortedMap.differences(SortedMap.byText, before, after).flatMap(([key, old, made]) =>
    between([key], old && show(old), made && show(made)),
  )

/** A list whose items are the values of a sorted map, in its order. */
export interface List<K, V, A> {
  readonly map: SortedMap.SortedMap<K, V>
  readonly show: (value: V, key: K) => A
}

/**
 * The splices from one list to another, whose keys are in the order of `less`. `also` are keys that
 * show another item although their values are the same. O(d log n); O(n log n) if only the last
 * of the splices tells that the lists differ.
 */
export const ofLists = <K, V, A>(
  less: SortedMap.Less<K>,
  before: List<K, V, A>,
  after: List<K, V, A>,
  also: ReadonlyArray<K> = [],
  ends?: (both: Both<A>) => Ends,
): ReadonlyArray<Spliced<readonly [], A>> => {
  const more = also.flatMap((key): SortedMap.Difference<K, V>[] => {
    const value = SortedMap.get(less, before.map, key)
    return value !== undefined && value === SortedMap.get(less, after.map, key) ? [[key, value, value]] : []
  })
  const changed = [...SortedMap.differences(less, before.map, after.map), ...more]
  if (more.length > 0) changed.sort(([x], [y]) => (less(x, y) ? -1 : 1))
  const splices = new Splices<A>(ends)
  for (const [key, old, made] of changed) {
    const index = SortedMap.rank(less, after.map, key) - (made === undefined ? 0 : 1)
    const removed = old === undefined ? [] : [before.show(old, key)]
    const inserted = made === undefined ? [] : [after.show(made, key)]
    // an item that is shown as before parts two splices
    if (!isSame(removed, inserted)) splices.add(index, removed, inserted)
  }
  const itemOf =
    ({ map, show }: List<K, V, A>) =>
    (index: number): A | undefined => {
      const entry = SortedMap.entryAt(map, index)
      return entry && show(entry[1], entry[0])
    }
  return splices.done(itemOf(before), itemOf(after))
}

type Same = (x: unknown, y: unknown) => boolean

/** How many items at the beginning and at the end are the same in both. */
type Ends = readonly [head: number, tail: number]

type Both<A> = readonly [removed: ReadonlyArray<A>, inserted: ReadonlyArray<A>]

const endsOf = <A>([removed, inserted]: Both<A>, same: Same): Ends => {
  const least = Math.min(removed.length, inserted.length)
  let head = 0
  while (head < least && same(removed[head], inserted[head])) head++
  let tail = 0
  while (tail < least - head && same(removed.at(-1 - tail), inserted.at(-1 - tail))) tail++
  return [head, tail]
}

/**
 * Leaves a splice whole, unless it puts back just what it takes: for undo, to which an item that
 * another wrote is not one's own, however alike. O(removed).
 */
export const wholly = <A>([removed, inserted]: Both<A>): Ends =>
  isSame(removed, inserted) ? [removed.length, 0] : [0, 0]

/** The one splice from one list to another. O(n). */
export const spliced = <A>(
  [removed, inserted]: Both<A>,
  [head, tail]: Ends = endsOf([removed, inserted], Object.is),
  index = 0,
): Spliced<readonly [], A> => ({
  at: [],
  splice: index + head,
  removed: removed.slice(head, removed.length - tail),
  inserted: inserted.slice(head, inserted.length - tail),
})

/** Splices in the making, in ascending order. */
export class Splices<A> {
  private readonly ends: (both: Both<A>) => Ends
  private readonly made: { readonly index: number; readonly removed: A[]; readonly inserted: A[] }[] = []

  constructor(ends: (both: Both<A>) => Ends = (both) => endsOf(both, isSame)) {
    this.ends = ends
  }

  /** `index` is in the list after. A splice joins the one that it follows on. */
  add(index: number, removed: ReadonlyArray<A>, inserted: ReadonlyArray<A>): void {
    const last = this.made.at(-1)
    if (last !== undefined && last.index + last.inserted.length === index) {
      for (const item of removed) last.removed.push(item)
      for (const item of inserted) last.inserted.push(item)
    } else this.made.push({ index, removed: [...removed], inserted: [...inserted] })
  }

  /** The splices, each without what it takes out and puts back at its ends. */
  all(): ReadonlyArray<Spliced<readonly [], A>> {
    return this.made
      .map(({ index, removed, inserted }) => spliced([removed, inserted], this.ends([removed, inserted]), index))
      .filter(({ removed, inserted }) => removed.length + inserted.length > 0)
  }

  /** The splices, without what they take out and put back. None if both lists are the same. */
  done(
    itemBefore: (index: number) => A | undefined,
    itemAfter: (index: number) => A | undefined,
  ): ReadonlyArray<Spliced<readonly [], A>> {
    const all = this.all()
    const [first, last] = [all[0], all.at(-1)]
    if (first === undefined || last === undefined) return all
    // items that are alike may have changed places
    if (all.reduce((sum, { removed, inserted }) => sum + inserted.length - removed.length, 0) !== 0) return all
    const end = last.splice + last.inserted.length
    for (let i = first.splice; i < end; i++) if (!isSame(itemBefore(i), itemAfter(i))) return all
    return []
  }
}
