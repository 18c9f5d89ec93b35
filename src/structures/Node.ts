/**
 * The nodes of the tree under {@link SortedMap}, and how one node is split, joined and copied.
 *
 * A node with an owner may be edited in place, by that owner alone. Internal to this folder.
 */

/** Whether `a` sorts before `b`. A strict total order. */
export type Less<K> = (a: K, b: K) => boolean

/** One version of a map. Never edited once somebody holds it. */
export interface SortedMap<out K, out V> {
  readonly root: Node<K, V>
}

/** The next value for a key, made from the present one, if there is one. */
export type Write<V> = (held: V | undefined) => V

export interface Leaf<out K, out V> {
  readonly leaf: true
  readonly owner: Owner
  readonly keys: K[]
  readonly items: V[]
  size: number
}

/**
 * For i ≥ 1, `keys[i]` is above every key of child i - 1 and not above any key of child i.
 * Versions share the array of keys: it is replaced, never edited.
 */
export interface Branch<out K, out V> {
  readonly leaf: false
  readonly owner: Owner
  keys: readonly K[]
  readonly items: Node<K, V>[]
  size: number
}

export type Node<K, V> = Leaf<K, V> | Branch<K, V>

/** The most entries or children that a node holds. */
export const WIDTH = 32

/**
 * Compared by identity. It is no number, because two copies of this module would count alike.
 */
export type Owner = object

/** The owner of nodes that nobody may edit. */
export const NOBODY: Owner = {}

export const leafOf = <K, V>(owner: Owner, keys: K[], items: V[]): Leaf<K, V> => ({
  leaf: true,
  owner,
  keys,
  items,
  size: keys.length,
})

const branchOf = <K, V>(owner: Owner, keys: readonly K[], items: Node<K, V>[], size: number): Branch<K, V> => ({
  leaf: false,
  owner,
  keys,
  items,
  size,
})

export const emptyMap: SortedMap<never, never> = { root: leafOf<never, never>(NOBODY, [], []) }

export const firstKey = <K, V>(node: Node<K, V>): K => node.keys[0]!

export const isOwned = <K, V>(node: Node<K, V>, owner: Owner): boolean => owner !== NOBODY && node.owner === owner

/** The leaf itself if it is the owner's, else a copy that is. */
export const ownLeaf = <K, V>(node: Leaf<K, V>, owner: Owner): Leaf<K, V> =>
  isOwned(node, owner) ? node : leafOf(owner, node.keys.slice(), node.items.slice())

export const ownBranch = <K, V>(node: Branch<K, V>, owner: Owner): Branch<K, V> =>
  isOwned(node, owner) ? node : branchOf(owner, node.keys, node.items.slice(), node.size)

/** The first i with keys[i] ≥ key. */
export const lowerBound = <K>(less: Less<K>, keys: readonly K[], key: K): number => {
  let low = 0
  let high = keys.length
  if (high > 0 && less(keys[high - 1]!, key)) return high
  while (low < high) {
    const middle = (low + high) >> 1
    if (less(keys[middle]!, key)) low = middle + 1
    else high = middle
  }
  return low
}

/** Whether `keys[i]` is `key`, for i its {@link lowerBound}. Mostly it is the very same key. */
export const isAt = <K>(less: Less<K>, keys: readonly K[], i: number, key: K): boolean =>
  i < keys.length && (keys[i] === key || !less(key, keys[i]!))

/** The only child that can hold `key`: the last i with keys[i] ≤ key, or 0. */
export const childIndex = <K>(less: Less<K>, keys: readonly K[], key: K): number => {
  let low = 1
  let high = keys.length
  if (high > 1 && !less(key, keys[high - 1]!)) return high - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (less(key, keys[middle]!)) high = middle
    else low = middle + 1
  }
  return low - 1
}

/** Adds an entry at index i of an owned leaf. */
export const insertInto = <K, V>(leaf: Leaf<K, V>, i: number, key: K, value: V): void => {
  insertAt(leaf.keys, i, key)
  insertAt(leaf.items, i, value)
  leaf.size++
}

/** A copy with x at i. Its length is exact: an array that is pushed to reserves more. */
export const withInserted = <A>(array: readonly A[], i: number, x: A): A[] => {
  const copy = new Array<A>(array.length + 1)
  for (let j = 0; j < i; j++) copy[j] = array[j]!
  copy[i] = x
  for (let j = i; j < array.length; j++) copy[j + 1] = array[j]!
  return copy
}

/** `array.splice(i, 0, x)` without the array that splice returns. */
export const insertAt = <A>(array: A[], i: number, x: A): void => {
  array.push(x)
  for (let j = array.length - 1; j > i; j--) array[j] = array[j - 1]!
  array[i] = x
}

/** The end of a leaf's array. An owned leaf gets room for WIDTH at once: pushes do not grow it. */
const endOf = <A>(array: readonly A[], from: number, owner: Owner): A[] => {
  if (owner === NOBODY) return array.slice(from)
  const copy = new Array<A>(WIDTH)
  for (let i = from; i < array.length; i++) copy[i - from] = array[i]!
  copy.length = array.length - from
  return copy
}

/**
 * The right part of a node that is too wide. The last node of the map gives away only a few
 * entries, so that appends leave full nodes behind.
 */
export const splitOff = <K, V>(node: Node<K, V>, owner: Owner, last: boolean): Node<K, V> => {
  const from = last ? WIDTH - 2 : WIDTH >> 1
  return node.leaf
    ? leafOf(owner, endOf(node.keys, from, owner), endOf(node.items, from, owner))
    : branchOf(owner, node.keys.slice(from), node.items.slice(from), sizeOf(node.items, from))
}

const sizeOf = <K, V>(children: readonly Node<K, V>[], from: number): number => {
  let total = 0
  for (let i = from; i < children.length; i++) total += children[i]!.size
  return total
}

/** A copy of the node without what {@link splitOff} took. */
export const withoutTail = <K, V>(node: Node<K, V>, tail: Node<K, V>, owner: Owner): Node<K, V> => {
  const length = node.keys.length - tail.keys.length
  return node.leaf
    ? leafOf(owner, node.keys.slice(0, length), node.items.slice(0, length))
    : branchOf(owner, node.keys.slice(0, length), node.items.slice(0, length), node.size - tail.size)
}

/** As {@link withoutTail}, in place, for an owned node. A leaf keeps its reserved room. */
export const truncate = <K, V>(node: Node<K, V>, tail: Node<K, V>): void => {
  const length = node.keys.length - tail.keys.length
  if (node.leaf) node.keys.length = length
  else node.keys = node.keys.slice(0, length)
  node.items.length = length
  node.size -= tail.size
}

export const twoOf = <K, V>(owner: Owner, left: Node<K, V>, right: Node<K, V>): Branch<K, V> =>
  branchOf(owner, [firstKey(left), firstKey(right)], [left, right], left.size + right.size)

/** A root with a single child gives way to that child. */
export const shrunk = <K, V>(root: Node<K, V>): Node<K, V> => {
  let node = root
  while (!node.leaf && node.items.length === 1) node = node.items[0]!
  return !node.leaf && node.items.length === 0 ? emptyMap.root : node
}

/** The node without `key`. The same node if the key is absent, an empty one if nothing is left. */
export const without = <K, V>(less: Less<K>, node: Node<K, V>, key: K, owner: Owner): Node<K, V> => {
  if (node.leaf) {
    const i = lowerBound(less, node.keys, key)
    if (!isAt(less, node.keys, i, key)) return node
    const next = ownLeaf(node, owner)
    next.keys.splice(i, 1)
    next.items.splice(i, 1)
    next.size--
    return next
  }
  const i = childIndex(less, node.keys, key)
  const child = node.items[i]!
  const size = child.size
  const rest = without(less, child, key, owner)
  if (rest === child && rest.size === size) return node
  const next = ownBranch(node, owner)
  next.size += rest.size - size
  next.items[i] = rest
  if (rest.keys.length === 0) dropChild(next, i)
  else if (rest.keys.length < WIDTH >> 1) joinWithNeighbour(next, i, owner)
  return next
}

const dropChild = <K, V>(node: Branch<K, V>, i: number): void => {
  node.keys = node.keys.filter((_, j) => j !== i)
  node.items.splice(i, 1)
}

/** Joins child i with a neighbour if both fit into one node. */
const joinWithNeighbour = <K, V>(node: Branch<K, V>, i: number, owner: Owner): void => {
  const left = i > 0 ? i - 1 : i
  const [a, b] = [node.items[left], node.items[left + 1]]
  if (a === undefined || b === undefined || a.keys.length + b.keys.length > WIDTH) return
  const from = node.keys[left + 1]!
  node.items[left] =
    a.leaf && b.leaf
      ? leafOf(owner, a.keys.concat(b.keys), a.items.concat(b.items))
      : branchOf(
          owner,
          // a branch's first key may be below its first child's: the parent's key is exact
          a.keys.concat([from], b.keys.slice(1)),
          (a as Branch<K, V>).items.concat((b as Branch<K, V>).items),
          a.size + b.size,
        )
  dropChild(node, left + 1)
}

/** A node, or two neighbours if one is too narrow. */
type OneOrTwo<K, V> = readonly [Node<K, V>, Node<K, V>?]

export const joined = <K, V>([left, right]: OneOrTwo<K, V>, owner: Owner): Node<K, V> =>
  right === undefined ? left : twoOf(owner, left, right)

/** The node with one more leaf, after its last one. */
export const appended = <K, V>(node: Node<K, V>, leaf: Leaf<K, V>, owner: Owner): OneOrTwo<K, V> => {
  if (node.leaf) return [node, leaf]
  const last = node.items.length - 1
  const before = node.items[last]!.size
  const [child, more] = appended(node.items[last]!, leaf, owner)
  const next = ownBranch(node, owner)
  next.size += child.size - before
  next.items[last] = child
  if (more === undefined) return [next]
  if (next.items.length >= WIDTH) return [next, branchOf(owner, [firstKey(more)], [more], more.size)]
  next.size += more.size
  next.keys = [...next.keys, firstKey(more)]
  next.items.push(more)
  return [next]
}
