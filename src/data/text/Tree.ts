/**
 * The units of a text in order, hidden ones too: a persistent B+ tree.
 *
 * Within a state units have dense numbers, serials, in the order of their arrival. A leaf holds
 * ranges of serials. Leaves carry labels, numbers that rise in the order of the text; an index maps
 * serials to labels, so that a unit is found without pointers from a child to its parent. A copy of
 * a leaf keeps its label.
 *
 * Source: labels as in Dietz and Sleator, "Two algorithms for maintaining order in a list" (1987).
 */
import * as Ranges from './Ranges.js'
import * as Runs from './Runs.js'

export interface Leaf {
  readonly owner: object
  readonly height: 0
  /** Rises from leaf to leaf. */
  label: number
  /** How many units are visible. */
  visible: number
  /** For each range its first serial, then its length, negative if its units are hidden. */
  readonly items: number[]
}

export interface Branch {
  readonly owner: object
  readonly height: number
  /** That of its first leaf. */
  label: number
  visible: number
  readonly items: Node[]
}

export type Node = Leaf | Branch

export interface Tree {
  readonly root: Node
  readonly runs: Runs.Runs
  /** For each serial the label of its leaf, or {@link UNMOVED}: then its run has it. */
  readonly index: Ranges.Ranges<number>
  /** How many units there are: the next serial. */
  readonly units: number
}

/** Stands for the label of units that are in the leaf where they were put. */
export const UNMOVED = -1

/** Stands for the start of the text in place of a serial. */
export const START = -1

/** Stands for the end of the text in place of a serial. */
export const END = -2

/** The most ranges of a leaf and children of a branch. Tests lower them. */
export const sizes = { leaf: 32, branch: 16 }

export const isLeaf = (node: Node): node is Leaf => node.height === 0

export const empty: Tree = {
  root: { owner: {}, height: 0, label: 0, visible: 0, items: [] },
  runs: Runs.empty,
  index: Ranges.empty(),
  units: 0,
}

/** The last child whose label is not above `label`. */
export const childAt = (items: readonly Node[], label: number): number => {
  let low = 1
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (items[middle]!.label <= label) low = middle + 1
    else high = middle
  }
  return low - 1
}

const leafAt = (root: Node, label: number): Leaf => {
  let node = root
  while (!isLeaf(node)) node = node.items[childAt(node.items, label)]!
  return node
}

/** The index in `items` of the range that holds a serial. */
export const rangeAt = (items: readonly number[], serial: number): number => {
  for (let i = 0; i < items.length; i += 2) {
    const first = items[i]!
    if (serial >= first && serial < first + Math.abs(items[i + 1]!)) return i
  }
  throw new Error(`The leaf lacks unit ${String(serial)}.`)
}

/** The label of a unit's leaf. O(log n). */
export const labelOf = ({ index, runs }: Pick<Tree, 'index' | 'runs'>, serial: number): number => {
  const moved = Ranges.get(index, serial) ?? UNMOVED
  return moved === UNMOVED ? Runs.get(runs, serial).label : moved
}

/** Whether unit `a`, or an edge, stands before unit `b`, or an edge. O(log n). */
export const isBefore = (tree: Tree, a: number, b: number): boolean => {
  if (a === b || a === END || b === START) return false
  if (a === START || b === END) return true
  const label = labelOf(tree, a)
  const other = labelOf(tree, b)
  if (label !== other) return label < other
  const { items } = leafAt(tree.root, label)
  const [i, j] = [rangeAt(items, a), rangeAt(items, b)]
  return i === j ? a < b : i < j
}

/** How many visible units stand before a unit. O(log n). */
export const offsetOf = (tree: Tree, serial: number): number => count(tree, serial, 0)

/** How many visible units stand up to a unit, that one too. O(log n). */
export const offsetBehind = (tree: Tree, serial: number): number => count(tree, serial, 1)

const count = (tree: Tree, serial: number, itself: number): number => {
  const label = labelOf(tree, serial)
  let offset = 0
  let node = tree.root
  while (!isLeaf(node)) {
    const at = childAt(node.items, label)
    for (let i = 0; i < at; i++) offset += node.items[i]!.visible
    node = node.items[at]!
  }
  const { items } = node
  const at = rangeAt(items, serial)
  for (let i = 0; i < at; i += 2) if (items[i + 1]! > 0) offset += items[i + 1]!
  return items[at + 1]! > 0 ? offset + serial - items[at]! + itself : offset
}

/** Whether a unit is visible. O(log n). */
export const isVisible = (tree: Tree, serial: number): boolean => {
  const { items } = leafAt(tree.root, labelOf(tree, serial))
  return items[rangeAt(items, serial) + 1]! > 0
}

/** The visible unit at an offset, which must exist. O(log n). */
export const visibleAt = (root: Node, offset: number): number => {
  let rest = offset
  let node = root
  while (!isLeaf(node)) {
    let step = 0
    while (rest >= node.items[step]!.visible) rest -= node.items[step++]!.visible
    node = node.items[step]!
  }
  const { items } = node
  let at = 0
  for (; items[at + 1]! < 0 || rest >= items[at + 1]!; at += 2) if (items[at + 1]! > 0) rest -= items[at + 1]!
  return items[at]! + rest
}

/**
 * A place in the tree: a range, and a unit within it. It goes forward, range by range. Nowhere at
 * first.
 */
export class Cursor {
  readonly path: Branch[] = []
  readonly steps: number[] = []
  leaf!: Leaf
  /** The index of the range in the leaf's items. */
  at = 0
  /** The place of the unit within the range. */
  within = 0

  /** At the first range; there is none in an empty text. */
  toStart(root: Node): void {
    this.path.length = this.steps.length = 0
    this.descend(root)
  }

  /** To the first unit below a node, which hangs below the path. */
  private descend(top: Node): void {
    let node = top
    while (!isLeaf(node)) {
      this.path.push(node)
      this.steps.push(0)
      node = node.items[0]!
    }
    this.leaf = node
    this.at = 0
    this.within = 0
  }

  /** At a unit. O(log n). */
  seek(root: Node, label: number, serial: number): void {
    const { path, steps } = this
    path.length = 0
    steps.length = 0
    let node = root
    while (!isLeaf(node)) {
      const step = childAt(node.items, label)
      path.push(node)
      steps.push(step)
      node = node.items[step]!
    }
    this.leaf = node
    this.at = rangeAt(node.items, serial)
    this.within = serial - node.items[this.at]!
  }

  /** At the visible unit of this offset, which must exist. O(log n). */
  seekVisible(root: Node, offset: number): void {
    const { path, steps } = this
    path.length = 0
    steps.length = 0
    let rest = offset
    let node = root
    while (!isLeaf(node)) {
      let step = 0
      while (rest >= node.items[step]!.visible) rest -= node.items[step++]!.visible
      path.push(node)
      steps.push(step)
      node = node.items[step]!
    }
    const { items } = node
    let at = 0
    for (; items[at + 1]! < 0 || rest >= items[at + 1]!; at += 2) if (items[at + 1]! > 0) rest -= items[at + 1]!
    this.leaf = node
    this.at = at
    this.within = rest
  }

  /** Whether there is a range here, and not the end of the text. */
  get isAtRange(): boolean {
    return this.at < this.leaf.items.length
  }

  get serial(): number {
    return this.leaf.items[this.at]! + this.within
  }

  /** How many units of the range begin here. */
  get length(): number {
    return Math.abs(this.leaf.items[this.at + 1]!) - this.within
  }

  get isVisible(): boolean {
    return this.leaf.items[this.at + 1]! > 0
  }

  /** How many visible units stand before this place. O(log n). */
  get offset(): number {
    const { path, steps, leaf, at } = this
    let offset = this.isAtRange && this.isVisible ? this.within : 0
    for (let depth = 0; depth < path.length; depth++) {
      const { items } = path[depth]!
      for (let i = steps[depth]! - 1; i >= 0; i--) offset += items[i]!.visible
    }
    for (let i = at - 1; i > 0; i -= 2) if (leaf.items[i]! > 0) offset += leaf.items[i]!
    return offset
  }

  /** To the first unit of the next range, or to the end of the text. Amortised O(1). */
  next(): void {
    this.within = 0
    this.at += 2
    if (this.at >= this.leaf.items.length) this.nextLeaf()
  }

  /** By `count` units, at most to the end of the range. */
  move(count: number): void {
    if (count === this.length) this.next()
    else this.within += count
  }

  private nextLeaf(): void {
    const { path, steps } = this
    let depth = path.length - 1
    while (depth >= 0 && steps[depth]! + 1 >= path[depth]!.items.length) depth--
    if (depth < 0) return
    steps[depth]!++
    path.length = steps.length = depth + 1
    this.descend(path[depth]!.items[steps[depth]!]!)
  }
}
