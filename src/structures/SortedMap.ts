/**
 * A persistent sorted map: a B+ tree whose versions share what did not change.
 *
 * The one structure under clocks, logs and states. Every version stays valid for ever. Keys stand
 * in the order of `less`, so two maps with the same entries iterate alike, whatever happened
 * before. No choice of keys makes it slow: there is no hash to flood.
 *
 * Costs for n entries: `get`, `set`, `remove`, `at` and `rank` O(log n), `size` O(1).
 * A version costs the few nodes on one path; a batch made in one {@link Draft}
 * copies each node at most once.
 *
 * Sources: Comer, "The Ubiquitous B-Tree" (1979); owner tokens as in Clojure's
 * transients.
 */

import { Draft } from './Draft.js'
import {
  childIndex,
  emptyMap,
  firstKey,
  insertAt,
  insertInto,
  isAt,
  isOwned,
  leafOf,
  lowerBound,
  NOBODY,
  ownBranch,
  shrunk,
  splitOff,
  twoOf,
  WIDTH,
  withInserted,
  without,
  withoutTail,
  type Leaf,
  type Less,
  type Node,
  type Owner,
  type SortedMap,
  type Write,
} from './Node.js'

export { Draft }
export type { Less, SortedMap, Write } from './Node.js'

/** The order of texts: by UTF-16 code unit. */
export const byText: Less<string> = (a, b) => a < b

export const empty = <K, V>(): SortedMap<K, V> => emptyMap

/** The most keys of {@link ofFew}. */
export const FEW = WIDTH

/** The map in which each of a few keys has one value. Keeps the keys, which ascend. O(keys). */
export const ofFew = <K, V>(keys: K[], value: V): SortedMap<K, V> =>
  keys.length === 0 ? emptyMap : { root: leafOf(NOBODY, keys, new Array<V>(keys.length).fill(value)) }

/**
 * The map of keys, each with the value at its index. The keys must ascend: it is not checked. O(n).
 */
export const ofSorted = <K, V>(keys: ReadonlyArray<K>, values: ReadonlyArray<V>): SortedMap<K, V> => {
  // appending asks for no order
  const draft = new Draft<K, V>(() => false, emptyMap)
  for (let i = 0; i < keys.length; i += WIDTH) draft.append(keys.slice(i, i + WIDTH), values.slice(i, i + WIDTH))
  return draft.done()
}

export const size = <K, V>(map: SortedMap<K, V>): number => map.root.size

/**
 * The map with `value` at `key`. The same map if it has that value there already. O(log n).
 *
 * With an `owner`, an object that nobody else has: edits the nodes that are the owner's, and makes
 * others its own. That spoils the versions that have such nodes.
 */
export const set = <K, V>(
  less: Less<K>,
  map: SortedMap<K, V>,
  key: K,
  value: V,
  owner: Owner = NOBODY,
): SortedMap<K, V> => {
  const root = grown(insert(less, map.root, key, () => value, owner))
  return root === map.root ? map : { root }
}

/**
 * The map after `write` has made the next value of `key` from the present one. The same map if both
 * are the same value. Calls `write` once. O(log n).
 */
export const update = <K, V>(less: Less<K>, map: SortedMap<K, V>, key: K, write: Write<V>): SortedMap<K, V> => {
  const root = grown(insert(less, map.root, key, write, NOBODY))
  return root === map.root ? map : { root }
}

/** The map without `key`. The same map if the key is absent. O(log n). */
export const remove = <K, V>(less: Less<K>, map: SortedMap<K, V>, key: K): SortedMap<K, V> => {
  const root = shrunk(without(less, map.root, key, NOBODY))
  return root === map.root ? map : { root }
}

/** Splits a root that is too wide. */
const grown = <K, V>(root: Node<K, V>): Node<K, V> => {
  if (root.keys.length <= WIDTH) return root
  const right = splitOff(root, NOBODY, true)
  return twoOf(NOBODY, withoutTail(root, right, NOBODY), right)
}

/**
 * Copies the path to `key`, but for nodes of the owner. The node may come out one entry too wide:
 * its parent splits it.
 */
const insert = <K, V>(less: Less<K>, node: Node<K, V>, key: K, write: Write<V>, owner: Owner): Node<K, V> => {
  if (node.leaf) {
    const i = lowerBound(less, node.keys, key)
    const present = isAt(less, node.keys, i, key)
    const held = present ? node.items[i] : undefined
    const value = write(held)
    if (present && Object.is(held, value)) return node
    if (isOwned(node, owner)) {
      if (present) node.items[i] = value
      else insertInto(node, i, key, value)
      return node
    }
    if (!present) return leafOf(owner, withInserted(node.keys, i, key), withInserted(node.items, i, value))
    const items = node.items.slice()
    items[i] = value
    // nobody owns a leaf that shares its array of keys
    return owner === NOBODY ? leafOf(NOBODY, node.keys, items) : leafOf(owner, node.keys.slice(), items)
  }
  const i = childIndex(less, node.keys, key)
  const child = node.items[i]!
  const { size } = child
  const inserted = insert(less, child, key, write, owner)
  if (inserted === child && inserted.size === size) return node
  const next = ownBranch(node, owner)
  next.size += inserted.size - size
  if (inserted.keys.length <= WIDTH) {
    next.items[i] = inserted
  } else {
    const right = splitOff(inserted, owner, i === node.items.length - 1)
    next.items[i] = withoutTail(inserted, right, owner)
    next.keys = withInserted(next.keys, i + 1, firstKey(right))
    insertAt(next.items, i + 1, right)
  }
  return next
}

const lookup = <K, V>(less: Less<K>, root: Node<K, V>, key: K): V | undefined => {
  let node = root
  while (!node.leaf) node = node.items[childIndex(less, node.keys, key)]!
  const i = lowerBound(less, node.keys, key)
  return isAt(less, node.keys, i, key) ? node.items[i] : undefined
}

/** The value at `key`, or undefined. O(log n). */
export const get = <K, V>(less: Less<K>, map: SortedMap<K, V>, key: K): V | undefined => lookup(less, map.root, key)

/** The value at the greatest key that is not above `key`, or undefined. O(log n). */
export const floor = <K, V>(less: Less<K>, map: SortedMap<K, V>, key: K): V | undefined => {
  let node = map.root
  while (!node.leaf) node = node.items[childIndex(less, node.keys, key)]!
  const { keys, items } = node
  const i = childIndex(less, keys, key)
  // where the least key of a leaf was removed, the one before is in another leaf
  return keys.length > 0 && !less(key, keys[i]!) ? items[i] : at(map, rank(less, map, key) - 1)
}

/** How many keys are not above `key`. O(log n). */
export const rank = <K, V>(less: Less<K>, map: SortedMap<K, V>, key: K): number => {
  let node = map.root
  let before = 0
  while (!node.leaf) {
    const i = childIndex(less, node.keys, key)
    for (let j = 0; j < i; j++) before += node.items[j]!.size
    node = node.items[i]!
  }
  const i = lowerBound(less, node.keys, key)
  return before + (isAt(less, node.keys, i, key) ? i + 1 : i)
}

/** The value at index `i` in key order, or undefined. O(log n). */
export const at = <K, V>(map: SortedMap<K, V>, i: number): V | undefined => entryAt(map, i)?.[1]

/** The key at index `i` in key order with its value, or undefined. O(log n). */
export const entryAt = <K, V>(map: SortedMap<K, V>, i: number): readonly [K, V] | undefined => {
  let node = map.root
  let rest = i
  if (!Number.isInteger(i) || i < 0 || i >= node.size) return undefined
  while (!node.leaf) {
    let child = 0
    while (rest >= node.items[child]!.size) rest -= node.items[child++]!.size
    node = node.items[child]!
  }
  return [node.keys[rest]!, node.items[rest]!]
}

/**
 * Calls `visit` for the entries from index `from` up to but not including `to`, in key order.
 * O(log n + entries visited).
 */
export const forEach = <K, V>(
  map: SortedMap<K, V>,
  visit: (value: V, key: K) => void,
  from = 0,
  to = map.root.size,
): void => {
  walk(map.root, from, to, visit)
}

const walk = <K, V>(node: Node<K, V>, from: number, to: number, visit: (value: V, key: K) => void): void => {
  if (node.leaf) {
    const end = Math.min(to, node.size)
    for (let i = Math.max(from, 0); i < end; i++) visit(node.items[i]!, node.keys[i]!)
    return
  }
  let start = 0
  for (const child of node.items) {
    if (start >= to) return
    if (from < start + child.size) walk(child, from - start, to - start, visit)
    start += child.size
  }
}

/** The entries in key order. O(n) in all. */
export function* entries<K, V>(map: SortedMap<K, V>): IterableIterator<readonly [K, V]> {
  const path: Node<K, V>[] = [map.root]
  for (let node = path.pop(); node !== undefined; node = path.pop()) {
    if (node.leaf) for (let i = 0; i < node.keys.length; i++) yield [node.keys[i]!, node.items[i]!]
    else for (let i = node.items.length - 1; i >= 0; i--) path.push(node.items[i]!)
  }
}

/** The keys, in order. O(n). */
export const keys = <K, V>(map: SortedMap<K, V>): ReadonlyArray<K> => {
  const all: K[] = []
  forEach(map, (_, key) => all.push(key))
  return all
}

/** Whether both have the same entries by `same`. O(n), and O(1) for one version. */
export const equals = <K, V>(
  a: SortedMap<K, V>,
  b: SortedMap<K, V>,
  same: (x: V, y: V, keyOfX: K, keyOfY: K) => boolean,
): boolean => {
  if (a.root === b.root) return true
  if (size(a) !== size(b)) return false
  const others = entries(b)
  for (const [key, value] of entries(a)) {
    const [otherKey, other] = others.next().value as readonly [K, V]
    if (!same(value, other, key, otherKey)) return false
  }
  return true
}

/**
 * Calls `visit` for every entry of `next` that `previous` lacks or holds at another
 * value, in key order. Skips the nodes that both share: O(d log n) for d differences
 * between versions of one map, O(n log n) between unrelated maps.
 */
export const forEachChange = <K, V>(
  less: Less<K>,
  previous: SortedMap<K, V>,
  next: SortedMap<K, V>,
  visit: (key: K, value: V, before: V | undefined) => void,
): void => {
  const top = height(previous.root)
  const end = lastKey(previous.root)
  // `twin` is likely the node's place in `previous`: if it is not, there are more look-ups
  const compare = (node: Node<K, V>, level: number, twin: Node<K, V> | undefined): void => {
    // a split or a join may have moved the node to another parent
    const held = twin ?? nodeAt(less, previous.root, top - level, leastKey(node))
    if (held === node) return
    // what both share stands in the same order, most of it at the same place
    let from = 0
    if (!node.leaf) {
      const old = held?.leaf === false ? held : undefined
      for (let i = 0; i < node.items.length; i++) {
        const child = node.items[i]!
        const likely = old && old.keys[i] === node.keys[i] ? old.items[i] : undefined
        if (likely === child) continue
        const at = old ? old.items.indexOf(child, from) : -1
        if (at < 0) compare(child, level - 1, likely)
        else from = at + 1
      }
      return
    }
    const isLater = end === undefined || less(end, firstKey(node))
    for (let i = 0; i < node.items.length; i++) {
      const [key, value] = [node.keys[i]!, node.items[i]!]
      const at = !held?.leaf ? -1 : held.keys[from] === key ? from : held.keys.indexOf(key, from)
      if (at >= 0) from = at + 1
      const before = at >= 0 ? (held as Leaf<K, V>).items[at] : isLater ? undefined : lookup(less, previous.root, key)
      if (!Object.is(before, value)) visit(key, value, before)
    }
  }
  if (next.root.size > 0) compare(next.root, height(next.root), undefined)
}

const height = <K, V>(node: Node<K, V>): number => (node.leaf ? 0 : 1 + height(node.items[0]!))

/** The least key below a node. The first key of a branch may be less, and belong to no entry. */
const leastKey = <K, V>(node: Node<K, V>): K => (node.leaf ? firstKey(node) : leastKey(node.items[0]!))

/** The greatest key below a node. Undefined in an empty map. */
const lastKey = <K, V>(node: Node<K, V>): K | undefined => (node.leaf ? node.keys.at(-1) : lastKey(node.items.at(-1)!))

/** The node on the way to `key`, so many levels below the root. Undefined above it. O(depth). */
const nodeAt = <K, V>(less: Less<K>, root: Node<K, V>, depth: number, key: K): Node<K, V> | undefined => {
  if (depth < 0) return undefined
  let node = root
  for (let i = 0; i < depth && !node.leaf; i++) node = node.items[childIndex(less, node.keys, key)]!
  return node
}

/** The value of a key in one map and in another: undefined where it is absent. */
export type Difference<K, V> = readonly [key: K, before: V | undefined, after: V | undefined]

/** The keys with different values in two maps, in order. Costs as {@link forEachChange}. */
export const differences = <K, V>(
  less: Less<K>,
  before: SortedMap<K, V>,
  after: SortedMap<K, V>,
): ReadonlyArray<Difference<K, V>> => {
  const all: Difference<K, V>[] = []
  let added = 0
  forEachChange(less, before, after, (key, made, old) => {
    if (old === undefined) added++
    all.push([key, old, made])
  })
  if (size(before) + added === size(after)) return all
  forEachChange(less, after, before, (key, old, made) => {
    if (made === undefined) all.push([key, old, made])
  })
  return all.sort(([x], [y]) => (less(x, y) ? -1 : 1))
}
