/**
 * A persistent sorted map: a B+ tree whose versions share what did not change.
 *
 * The one structure under clocks, logs and states. Every version stays valid for
 * ever. Keys are kept in the order given, so two maps with the same entries
 * iterate alike whatever happened before, and no choice of keys (hash flooding)
 * makes it slow.
 *
 * Costs for n entries: `get`, `set`, `remove`, `at`, `rank` and `after` O(log n);
 * a map keeps its size. A version costs the few nodes on one path; a batch made
 * in one {@link Draft} copies each node at most once.
 *
 * Sources: Comer, "The Ubiquitous B-Tree" (1979); owner tokens as in Clojure's
 * transients.
 */

/** Says whether `a` sorts before `b`; a strict total order. */
export type Less<K> = (a: K, b: K) => boolean

export interface SortedMap<K, V> {
  readonly root: Node<K, V>
}

interface Leaf<K, V> {
  readonly leaf: true
  readonly owner: Owner
  readonly keys: K[]
  readonly items: V[]
  size: number
}

/**
 * `keys[i]`, for i ≥ 1, is above every key of child i - 1 and not above any of child i. Versions
 * share the array: it is replaced, never edited.
 */
interface Branch<K, V> {
  readonly leaf: false
  readonly owner: Owner
  keys: readonly K[]
  readonly items: Node<K, V>[]
  size: number
}

type Node<K, V> = Leaf<K, V> | Branch<K, V>

/** What to put in the place of a value; of none, where there is none. */
export type Write<V> = (held: V | undefined) => V

/** The most entries or children that a node holds. */
const WIDTH = 32

/** Tells whose a node is, by identity: not a number, which another realm could give out once more. */
type Owner = object

/** Owner of the nodes that no draft may edit. */
const NOBODY: Owner = {}

const leafOf = <K, V>(owner: Owner, keys: K[], items: V[]): Leaf<K, V> => ({
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

const emptyMap: SortedMap<never, never> = { root: leafOf<never, never>(NOBODY, [], []) }

export const empty = <K, V>(): SortedMap<K, V> => emptyMap

export const size = <K, V>(map: SortedMap<K, V>): number => map.root.size

/**
 * A version in the making: the nodes that it owns are edited in place. Never kept after {@link Draft.done}.
 *
 * It remembers the place of the key that was last looked at: to read a key and then write it takes one descent.
 */
export class Draft<K, V> {
  private readonly less: Less<K>
  private readonly origin: SortedMap<K, V>
  private root: Node<K, V>
  private owner: Owner
  /** The leaf in which `key` is, or would be, at `index`. None where it may have moved. */
  private place: Leaf<K, V> | undefined
  private key: K | undefined
  private index = 0
  private isPresent = false
  /** What is not below the first and below the second belongs to the place; undefined where there is no leaf on that side. */
  private low: K | undefined
  private high: K | undefined
  /** The branches that lead to the place, and which child of each does. */
  private readonly path: Branch<K, V>[] = []
  private readonly steps: number[] = []

  constructor(less: Less<K>, origin: SortedMap<K, V>) {
    this.less = less
    this.origin = origin
    this.root = origin.root
    this.owner = {}
  }

  get size(): number {
    return this.root.size
  }

  get(key: K): V | undefined {
    const leaf = this.seek(key)
    return this.isPresent ? leaf.items[this.index] : undefined
  }

  /** The least key, or undefined. */
  first(): K | undefined {
    let node = this.root
    while (!node.leaf) node = node.items[0]!
    return node.keys[0]
  }

  set(key: K, value: V): void {
    this.put(this.seek(key), key, value)
  }

  /** Puts at `key` what `write` makes of the value there, in one descent. Asked once; what it gives back unchanged stays. */
  update(key: K, write: Write<V>): void {
    const leaf = this.seek(key)
    this.put(leaf, key, write(this.isPresent ? leaf.items[this.index] : undefined))
  }

  /** A value at the place, which was just sought for the key. */
  private put(leaf: Leaf<K, V>, key: K, value: V): void {
    if (this.isPresent) {
      if (!Object.is(leaf.items[this.index], value)) this.owned(leaf).items[this.index] = value
    } else {
      const roomy = leaf.keys.length < WIDTH ? leaf : this.roomFor(key, leaf)
      insertInto(this.owned(roomy), this.index, key, value)
      for (const branch of this.path) branch.size++
      this.isPresent = true
    }
  }

  /** The leaf for a key once the full one at the place was split, and each branch above that is too wide then. */
  private roomFor(key: K, leaf: Leaf<K, V>): Leaf<K, V> {
    const { owner, path, steps } = this
    let node: Node<K, V> = this.owned(leaf)
    let depth = path.length
    do {
      const above = path[--depth]
      const step = steps[depth]!
      const right = splitOff(node, owner, above === undefined || step === above.items.length - 1)
      truncate(node, right)
      if (above === undefined) {
        this.root = twoOf(owner, node, right)
        break
      }
      above.keys = withInserted(above.keys, step + 1, firstKey(right))
      insertAt(above.items, step + 1, right)
      node = above
    } while (node.keys.length > WIDTH)
    this.place = undefined
    return this.seek(key)
  }

  /** The leaf at the place, and what leads to it, as this draft's own. */
  private owned(leaf: Leaf<K, V>): Leaf<K, V> {
    const { owner, path, steps } = this
    // who owns a leaf owns what leads to it
    if (leaf.owner === owner) return leaf
    let above: Branch<K, V> | undefined
    for (let i = 0; i < path.length; i++) {
      const branch = ownBranch(path[i]!, owner)
      path[i] = branch
      this.hang(branch, above, steps[i - 1])
      above = branch
    }
    const own = ownLeaf(leaf, owner)
    this.hang(own, above, steps[path.length - 1])
    this.place = own
    return own
  }

  private hang(node: Node<K, V>, above: Branch<K, V> | undefined, step: number | undefined): void {
    if (above === undefined) this.root = node
    else above.items[step!] = node
  }

  /**
   * Adds entries whose keys come in order, above all that are there; few enough for one node. The arrays are kept, and never
   * edited: they may be one. O(log n).
   */
  append(keys: K[], items: V[]): void {
    this.place = undefined
    const leaf = leafOf(NOBODY, keys, items)
    this.root = this.root.size === 0 ? leaf : joined(appended(this.root, leaf, this.owner), this.owner)
  }

  remove(key: K): void {
    this.place = undefined
    this.root = shrunk(without(this.less, this.root, key, this.owner))
  }

  /** The finished version; the one it started from if nothing changed. The draft may go on, on copies. */
  done(): SortedMap<K, V> {
    this.owner = {}
    return this.root === this.origin.root ? this.origin : { root: this.root }
  }

  private seek(key: K): Leaf<K, V> {
    const { less, place } = this
    if (place !== undefined) {
      if (this.key === key) return place
      // keys that come in order, as they do more often than not, are right behind the one before
      const { keys } = place
      let next = this.index
      if (this.isPresent && less(keys[next]!, key)) next++
      const above = next < keys.length ? keys[next] : this.high
      if (next > this.index) {
        const isBelow = above === undefined || less(key, above)
        if (isBelow || (next < keys.length && !less(above, key))) {
          this.key = key
          this.index = next
          this.isPresent = !isBelow
          return place
        }
      }
      const { low, high } = this
      if ((high === undefined || less(key, high)) && (low === undefined || !less(key, low)))
        return this.settle(place, key)
    }
    const { path, steps } = this
    path.length = 0
    steps.length = 0
    this.low = undefined
    this.high = undefined
    let node = this.root
    while (!node.leaf) {
      path.push(node)
      const { keys, items }: Branch<K, V> = node
      const step = childIndex(less, keys, key)
      steps.push(step)
      if (step > 0) this.low = keys[step]
      if (step + 1 < keys.length) this.high = keys[step + 1]
      node = items[step]!
    }
    this.place = node
    return this.settle(node, key)
  }

  private settle(leaf: Leaf<K, V>, key: K): Leaf<K, V> {
    this.key = key
    this.index = lowerBound(this.less, leaf.keys, key)
    this.isPresent = this.index < leaf.keys.length && !this.less(key, leaf.keys[this.index]!)
    return leaf
  }
}

/** A map with `key` at `value`; the same map if it is there already. */
export const set = <K, V>(less: Less<K>, map: SortedMap<K, V>, key: K, value: V): SortedMap<K, V> =>
  update(less, map, key, () => value)

/** A map with what `write` makes of the value at `key`; the same map if that is what is there. Asks once. */
export const update = <K, V>(less: Less<K>, map: SortedMap<K, V>, key: K, write: Write<V>): SortedMap<K, V> => {
  const root = grown(insert(less, map.root, key, write))
  return root === map.root ? map : { root }
}

/** A map without `key`; the same map if it was not there. */
export const remove = <K, V>(less: Less<K>, map: SortedMap<K, V>, key: K): SortedMap<K, V> => {
  const root = shrunk(without(less, map.root, key, NOBODY))
  return root === map.root ? map : { root }
}

/** A root that has outgrown its width becomes a root of two halves. */
const grown = <K, V>(root: Node<K, V>): Node<K, V> => {
  if (root.keys.length <= WIDTH) return root
  const right = splitOff(root, NOBODY, true)
  return twoOf(NOBODY, withoutTail(root, right), right)
}

const twoOf = <K, V>(owner: Owner, left: Node<K, V>, right: Node<K, V>): Branch<K, V> =>
  branchOf(owner, [firstKey(left), firstKey(right)], [left, right], left.size + right.size)

/** A node, and another on its right where one is too narrow for what is below. */
type OneOrTwo<K, V> = readonly [Node<K, V>, Node<K, V>?]

const joined = <K, V>([left, right]: OneOrTwo<K, V>, owner: Owner): Node<K, V> =>
  right === undefined ? left : twoOf(owner, left, right)

/** A node with a leaf behind its last one. */
const appended = <K, V>(node: Node<K, V>, leaf: Leaf<K, V>, owner: Owner): OneOrTwo<K, V> => {
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

/** A root with a single child gives way to that child. */
const shrunk = <K, V>(root: Node<K, V>): Node<K, V> => {
  let node = root
  while (!node.leaf && node.items.length === 1) node = node.items[0]!
  return !node.leaf && node.items.length === 0 ? emptyMap.root : node
}

const firstKey = <K, V>(node: Node<K, V>): K => node.keys[0]!

const isOwned = <K, V>(node: Node<K, V>, owner: Owner): boolean => owner !== NOBODY && node.owner === owner

/** A leaf that `owner` may edit: itself if it is theirs already. */
const ownLeaf = <K, V>(node: Leaf<K, V>, owner: Owner): Leaf<K, V> =>
  isOwned(node, owner) ? node : leafOf(owner, node.keys.slice(), node.items.slice())

const ownBranch = <K, V>(node: Branch<K, V>, owner: Owner): Branch<K, V> =>
  isOwned(node, owner) ? node : branchOf(owner, node.keys, node.items.slice(), node.size)

/** The node with `key` at what `write` makes of it, one entry too wide at most: its parent splits it. Copies the path. */
const insert = <K, V>(less: Less<K>, node: Node<K, V>, key: K, write: Write<V>): Node<K, V> => {
  if (node.leaf) {
    const i = lowerBound(less, node.keys, key)
    const present = i < node.keys.length && !less(key, node.keys[i]!)
    const held = present ? node.items[i] : undefined
    const value = write(held)
    if (!present) return leafOf(NOBODY, withInserted(node.keys, i, key), withInserted(node.items, i, value))
    if (Object.is(held, value)) return node
    const items = node.items.slice()
    items[i] = value
    return leafOf(NOBODY, node.keys, items) // nobody edits the keys
  }
  const i = childIndex(less, node.keys, key)
  const child = node.items[i]!
  const inserted = insert(less, child, key, write)
  if (inserted === child) return node
  const next = ownBranch(node, NOBODY)
  next.size += inserted.size - child.size
  if (inserted.keys.length <= WIDTH) {
    next.items[i] = inserted
  } else {
    const right = splitOff(inserted, NOBODY, i === node.items.length - 1)
    next.items[i] = withoutTail(inserted, right)
    next.keys = withInserted(next.keys, i + 1, firstKey(right))
    insertAt(next.items, i + 1, right)
  }
  return next
}

/** A new entry at i of a leaf that may be edited. */
const insertInto = <K, V>(leaf: Leaf<K, V>, i: number, key: K, value: V): void => {
  insertAt(leaf.keys, i, key)
  insertAt(leaf.items, i, value)
  leaf.size++
}

/** A copy with x at i, of just the length it needs. */
const withInserted = <A>(array: readonly A[], i: number, x: A): A[] => {
  const copy = new Array<A>(array.length + 1)
  for (let j = 0; j < i; j++) copy[j] = array[j]!
  copy[i] = x
  for (let j = i; j < array.length; j++) copy[j + 1] = array[j]!
  return copy
}

/** `array.splice(i, 0, x)`, without the array that it returns. */
const insertAt = <A>(array: A[], i: number, x: A): void => {
  array.push(x)
  for (let j = array.length - 1; j > i; j--) array[j] = array[j - 1]!
  array[i] = x
}

/** The end of a leaf's array, with room for as much as a leaf may come to hold if it may be edited: what is pushed to takes more. */
const endOf = <A>(array: readonly A[], from: number, owner: Owner): A[] => {
  if (owner === NOBODY) return array.slice(from)
  const copy = new Array<A>(WIDTH)
  for (let i = from; i < array.length; i++) copy[i - from] = array[i]!
  copy.length = array.length - from
  return copy
}

/** The right part of a node that is too wide. At the right end of the map little moves, so that appends fill their nodes. */
const splitOff = <K, V>(node: Node<K, V>, owner: Owner, last: boolean): Node<K, V> => {
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

/** What {@link splitOff} left. */
const withoutTail = <K, V>(node: Node<K, V>, tail: Node<K, V>): Node<K, V> => {
  const length = node.keys.length - tail.keys.length
  return node.leaf
    ? leafOf(NOBODY, node.keys.slice(0, length), node.items.slice(0, length))
    : branchOf(NOBODY, node.keys.slice(0, length), node.items.slice(0, length), node.size - tail.size)
}

/** Likewise, of a node that may be edited. A leaf keeps its room. */
const truncate = <K, V>(node: Node<K, V>, tail: Node<K, V>): void => {
  const length = node.keys.length - tail.keys.length
  if (node.leaf) node.keys.length = length
  else node.keys = node.keys.slice(0, length)
  node.items.length = length
  node.size -= tail.size
}

/** The node without `key`: the same node if it was not there, a node of no keys if nothing is left. */
const without = <K, V>(less: Less<K>, node: Node<K, V>, key: K, owner: Owner): Node<K, V> => {
  if (node.leaf) {
    const i = lowerBound(less, node.keys, key)
    if (i === node.keys.length || less(key, node.keys[i]!)) return node
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

/** Puts child i and a neighbour into one node where they fit. */
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
          // the first key of a branch may be lower than its own child: the parent's is exact
          a.keys.concat([from], b.keys.slice(1)),
          (a as Branch<K, V>).items.concat((b as Branch<K, V>).items),
          a.size + b.size,
        )
  dropChild(node, left + 1)
}

/** The first i with keys[i] ≥ key. */
const lowerBound = <K>(less: Less<K>, keys: readonly K[], key: K): number => {
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

/** The child that holds `key` if any does: the last i with keys[i] ≤ key, or 0. */
const childIndex = <K>(less: Less<K>, keys: readonly K[], key: K): number => {
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

const lookup = <K, V>(less: Less<K>, root: Node<K, V>, key: K): V | undefined => {
  let node = root
  while (!node.leaf) node = node.items[childIndex(less, node.keys, key)]!
  const i = lowerBound(less, node.keys, key)
  return i < node.keys.length && !less(key, node.keys[i]!) ? node.items[i] : undefined
}

/** The value at `key`, or undefined. O(log n). */
export const get = <K, V>(less: Less<K>, map: SortedMap<K, V>, key: K): V | undefined => lookup(less, map.root, key)

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
  return before + (i < node.keys.length && !less(key, node.keys[i]!) ? i + 1 : i)
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

/** Calls `visit` for the entries from index `from` on, up to but not at index `to`, in key order. O(log n + entries visited). */
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

/** The entries in key order. */
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

/** Whether both hold the same entries, in order, by `same`. O(n). */
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
 * value, in key order. What the two share is skipped: O(d log n) for d differences
 * between versions of one map, O(n log n) between strangers.
 */
export const forEachChange = <K, V>(
  less: Less<K>,
  previous: SortedMap<K, V>,
  next: SortedMap<K, V>,
  visit: (key: K, value: V, before: V | undefined) => void,
): void => {
  /** `low` is a key that is not above any in b, undefined where b begins the map; `taller` by how many levels b is. */
  const compare = (a: Node<K, V>, b: Node<K, V>, low: K | undefined, taller: number): void => {
    if (a === b) return
    if (b.leaf) {
      walk(b, 0, b.size, (value, key) => {
        const before = lookup(less, previous.root, key)
        if (!Object.is(before, value)) visit(key, value, before)
      })
    } else if (!a.leaf && taller < 0) {
      compare(childAt(less, a, low), b, low, taller + 1)
    } else {
      for (let i = 0; i < b.items.length; i++) {
        const from = i === 0 ? low : b.keys[i]
        // the node that held these keys, if they did not move: the same node needs no look inside
        const before = a.leaf || taller > 0 ? a : childAt(less, a, from)
        compare(before, b.items[i]!, from, Math.max(taller - 1, 0))
      }
    }
  }
  compare(previous.root, next.root, undefined, height(next.root) - height(previous.root))
}

const height = <K, V>(node: Node<K, V>): number => (node.leaf ? 0 : 1 + height(node.items[0]!))

const childAt = <K, V>(less: Less<K>, { keys, items }: Branch<K, V>, key: K | undefined): Node<K, V> =>
  items[key === undefined ? 0 : childIndex(less, keys, key)]!
