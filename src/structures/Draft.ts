/** Many edits of a sorted map as one: a draft edits the nodes that it has made in place. */
import {
  appended,
  childIndex,
  firstKey,
  insertAt,
  insertInto,
  isAt,
  joined,
  leafOf,
  lowerBound,
  NOBODY,
  ownBranch,
  ownLeaf,
  shrunk,
  splitOff,
  truncate,
  twoOf,
  WIDTH,
  withInserted,
  without,
  type Branch,
  type Leaf,
  type Less,
  type Node,
  type Owner,
  type SortedMap,
  type Write,
} from './Node.js'

/**
 * A version in the making. {@link Draft.done} gives the version; the draft may then go on, and
 * copies what it edits.
 *
 * The draft remembers where it last looked, so one descent serves to read a key and then write it.
 */
export class Draft<K, V> {
  private readonly less: Less<K>
  private readonly origin: SortedMap<K, V>
  private root: Node<K, V>
  private owner: Owner
  /** The leaf with `key`, or its place in one, at `index`. Undefined once that may have moved. */
  private place: Leaf<K, V> | undefined
  private key: K | undefined
  private index = 0
  private isPresent = false
  /** Keys from `low` up to but not `high` belong to the place; undefined means no bound. */
  private low: K | undefined
  private high: K | undefined
  /** The branches from the root to the place, and the index of the child taken in each. */
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

  /** Sets `key` to `write(value there)`, in one descent. Calls `write` once. */
  update(key: K, write: Write<V>): void {
    const leaf = this.seek(key)
    this.put(leaf, key, write(this.isPresent ? leaf.items[this.index] : undefined))
  }

  /** Sets the value at the place, just after {@link seek} found it for the key. */
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

  /**
   * Splits the full leaf at the place, and each branch above that is then too wide. Seeks again.
   */
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

  /** The leaf at the place, owned by this draft, as are all branches above it. */
  private owned(leaf: Leaf<K, V>): Leaf<K, V> {
    const { owner, path, steps } = this
    // an owned leaf hangs below owned branches
    if (leaf.owner === owner) return leaf
    let above: Branch<K, V> | undefined
    let step = 0
    for (let i = 0; i < path.length; i++) {
      const branch = ownBranch(path[i]!, owner)
      path[i] = branch
      this.hang(branch, above, step)
      above = branch
      step = steps[i]!
    }
    const own = ownLeaf(leaf, owner)
    this.hang(own, above, step)
    this.place = own
    return own
  }

  private hang(node: Node<K, V>, above: Branch<K, V> | undefined, step: number): void {
    if (above === undefined) this.root = node
    else above.items[step] = node
  }

  /**
   * Adds at most {@link WIDTH} entries, in order, all above the greatest key. Keeps both arrays and
   * never edits them, so they may be one array. O(log n).
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

  /** The finished version: the one that the draft started from if nothing changed. */
  done(): SortedMap<K, V> {
    this.owner = {}
    return this.root === this.origin.root ? this.origin : { root: this.root }
  }

  private seek(key: K): Leaf<K, V> {
    const { less, place } = this
    if (place !== undefined) {
      if (this.key === key) return place
      // keys mostly come in order: look right behind the last one
      const { keys } = place
      const next = this.index + 1
      const above = keys[next] ?? this.high
      const isNext = keys[next] === key
      if (isNext || (this.isPresent && less(keys[next - 1]!, key) && (above === undefined || less(key, above)))) {
        this.key = key
        this.index = next
        this.isPresent = isNext
        return place
      }
      const { low, high } = this
      if ((high === undefined || less(key, high)) && (low === undefined || !less(key, low)))
        return this.settle(place, key)
    }
    const { path, steps } = this
    if (path.length > 0) path.length = steps.length = 0
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
    this.isPresent = isAt(this.less, leaf.keys, this.index, key)
    return leaf
  }
}
