/**
 * A persistent sorted map from whole numbers, read by the greatest key that is not above a number:
 * each key begins a range. A B+ tree.
 *
 * Whoever owns a node may edit it in place; the owner is an object that one draft holds.
 */

export interface Leaf<V> {
  readonly owner: object
  readonly height: 0
  readonly keys: number[]
  readonly items: V[]
}

/** `keys[i]` is the least key below `items[i]`. */
export interface Branch<V> {
  readonly owner: object
  readonly height: number
  readonly keys: number[]
  readonly items: Ranges<V>[]
}

export type Ranges<V> = Leaf<V> | Branch<V>

const isLeaf = <V>(node: Ranges<V>): node is Leaf<V> => node.height === 0

/** The most keys of a node. Tests lower it. */
export const sizes = { width: 32 }

export const empty = <V>(): Ranges<V> => ({ owner: {}, height: 0, keys: [], items: [] })

/** The last i with keys[i] ≤ key, or -1. */
const indexOf = (keys: readonly number[], key: number): number => {
  let high = keys.length
  // new keys mostly are the greatest
  if (high > 0 && keys[high - 1]! <= key) return high - 1
  let low = 0
  while (low < high) {
    const middle = (low + high) >> 1
    if (keys[middle]! <= key) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The value of the range that holds `key`, or undefined below the first key. O(log n). */
export const get = <V>(ranges: Ranges<V>, key: number): V | undefined => {
  let node = ranges
  while (!isLeaf(node)) {
    const i = indexOf(node.keys, key)
    if (i < 0) return undefined
    node = node.items[i]!
  }
  return node.items[indexOf(node.keys, key)]
}

/** Where the range that holds `key` begins, or -1. O(log n). */
export const start = <V>(ranges: Ranges<V>, key: number): number => {
  let node = ranges
  while (!isLeaf(node)) {
    const i = indexOf(node.keys, key)
    if (i < 0) return -1
    node = node.items[i]!
  }
  return node.keys[indexOf(node.keys, key)] ?? -1
}

/** The least key above `key`, or -1. O(log n). */
export const above = <V>(ranges: Ranges<V>, key: number): number => {
  let node = ranges
  let found = -1
  for (;;) {
    const i = indexOf(node.keys, key)
    if (i + 1 < node.keys.length) found = node.keys[i + 1]!
    if (isLeaf(node) || i < 0) return found
    node = node.items[i]!
  }
}

/** Calls `visit` for each range in order. O(n). */
export const forEach = <V>(ranges: Ranges<V>, visit: (value: V, key: number) => void): void => {
  if (isLeaf(ranges))
    ranges.items.forEach((value, i) => {
      visit(value, ranges.keys[i]!)
    })
  else for (const child of ranges.items) forEach(child, visit)
}

/** Begins a range at `key`. Copies the nodes on the path that `owner` does not own. O(log n). */
export const set = <V>(ranges: Ranges<V>, key: number, value: V, owner: object): Ranges<V> => {
  const root = put(ranges, key, value, owner)
  if (root.keys.length <= sizes.width) return root
  const right = splitOff(root, true, owner)
  return { owner, height: root.height + 1, keys: [root.keys[0]!, right.keys[0]!], items: [root, right] }
}

const put = <V>(node: Ranges<V>, key: number, value: V, owner: object): Ranges<V> => {
  const own = owned(node, owner)
  const { keys } = own
  const i = indexOf(keys, key)
  if (isLeaf(own)) {
    if (i >= 0 && keys[i] === key) own.items[i] = value
    else {
      insertAt(keys, i + 1, key)
      insertAt(own.items, i + 1, value)
    }
    return own
  }
  const at = Math.max(i, 0)
  if (i < 0) keys[0] = key
  const child = put(own.items[at]!, key, value, owner)
  own.items[at] = child
  if (child.keys.length > sizes.width) {
    const right = splitOff(child, at === keys.length - 1, owner)
    insertAt(keys, at + 1, right.keys[0]!)
    insertAt(own.items, at + 1, right)
  }
  return own
}

const owned = <V>(node: Ranges<V>, owner: object): Ranges<V> =>
  node.owner === owner
    ? node
    : ({ owner, height: node.height, keys: node.keys.slice(), items: node.items.slice() } as Ranges<V>)

/** `array.splice(i, 0, x)` without the array that splice returns. */
export const insertAt = <A>(array: A[], i: number, x: A): void => {
  array.push(x)
  for (let j = array.length - 1; j > i; j--) array[j] = array[j - 1]!
  array[i] = x
}

/** The end of an owned node. The last node gives away little: appends leave full nodes behind. */
const splitOff = <V>(node: Ranges<V>, last: boolean, owner: object): Ranges<V> => {
  const from = last ? sizes.width - 1 : sizes.width >> 1
  return { owner, height: node.height, keys: node.keys.splice(from), items: node.items.splice(from) } as Ranges<V>
}

/** Without the range that begins at `key`: the one before takes its place. O(log n). */
export const remove = <V>(ranges: Ranges<V>, key: number, owner: object): Ranges<V> => {
  const own = owned(ranges, owner)
  const i = indexOf(own.keys, key)
  if (i < 0) return own
  if (isLeaf(own)) {
    if (own.keys[i] === key) drop(own, i)
    return own
  }
  const child = remove(own.items[i]!, key, owner)
  if (child.keys.length === 0) drop(own, i)
  else {
    own.items[i] = child
    own.keys[i] = child.keys[0]!
  }
  return own.keys.length === 0 ? { owner, height: 0, keys: [], items: [] } : own
}

const drop = <V>(node: Ranges<V>, i: number): void => {
  node.keys.splice(i, 1)
  node.items.splice(i, 1)
}

/** Without all ranges that begin above `from` and not above `to`. O(k log n) for k of them. */
export const clear = <V>(ranges: Ranges<V>, from: number, to: number, owner: object): Ranges<V> => {
  let next = ranges
  for (let key = above(next, from); key >= 0 && key <= to; key = above(next, from)) next = remove(next, key, owner)
  return next
}

/** From keys in order. O(n). */
export const of = <V>(keys: readonly number[], items: readonly V[]): Ranges<V> => {
  const owner = {}
  let nodes: Ranges<V>[] = []
  const width = Math.max(2, (sizes.width * 3) >> 2)
  for (let i = 0; i < keys.length || i === 0; i += width) {
    nodes.push({ owner, height: 0, keys: keys.slice(i, i + width), items: items.slice(i, i + width) })
  }
  for (let height = 1; nodes.length > 1; height++) {
    const above: Ranges<V>[] = []
    for (let i = 0; i < nodes.length; i += width) {
      const below = nodes.slice(i, i + width)
      above.push({ owner, height, keys: below.map((node) => node.keys[0]!), items: below })
    }
    nodes = above
  }
  return nodes[0]!
}
