/** Edits of a {@link Tree}: a draft copies each node once, and then edits its copy in place. */
import * as Ranges from './Ranges.js'
import * as Runs from './Runs.js'
import {
  childAt,
  Cursor,
  isLeaf,
  labelOf,
  sizes,
  START,
  UNMOVED,
  type Branch,
  type Leaf,
  type Node,
  type Tree,
} from './Tree.js'

/** Between the labels of leaves that are added at the end. */
const GAP = 2 ** 32

const MAX_LABEL = 2 ** 52

export class TreeDraft implements Tree {
  root: Node
  runs: Runs.Runs
  index: Ranges.Ranges<number>
  units: number
  readonly owner: object = {}
  private readonly cursor: Cursor

  constructor(tree: Tree) {
    this.root = tree.root
    this.runs = tree.runs
    this.index = tree.index
    this.units = tree.units
    this.cursor = new Cursor()
  }

  /** A cursor at a unit. It is moved by the next call of this draft. */
  at(serial: number): Cursor {
    this.cursor.seek(this.root, labelOf(this, serial), serial)
    return this.cursor
  }

  /** A cursor at the first unit, or at the end of the empty text. As {@link at}. */
  atStart(): Cursor {
    this.cursor.toStart(this.root)
    return this.cursor
  }

  /**
   * Inserts the units of a run, all visible, behind a unit or at the {@link START}. Amortised
   * O(log n).
   */
  insert(
    behind: number,
    serial: number,
    key: Runs.Key,
    k: number,
    leftUnit: number,
    rightUnit: number,
    text: string,
    from: number,
  ): void {
    const count = text.length - from
    const { cursor } = this
    if (behind === START) cursor.toStart(this.root)
    else this.at(behind)
    const leaf = this.ownLeaf()
    const { items } = leaf
    this.count(count)
    this.units += count
    if (behind === START) open(items, 0, serial, count)
    else {
      const { at, length } = cursor
      if (length > 1) splitRange(items, at, cursor.within + 1)
      if (items[at + 1]! > 0 && behind + 1 === serial) items[at + 1]! += count
      else open(items, at + 2, serial, count)
    }
    const { label } = leaf
    const run = { serial, length: count, key, k, left: leftUnit, right: rightUnit, text, at: from, label }
    this.runs = Runs.append(this.runs, run, this.owner)
    this.fit()
  }

  /**
   * Hides `count` units from a serial on. O(log n) for each range of these that stands apart. The
   * number of ranges that were hidden already.
   */
  hide(serial: number, count: number): number {
    const end = serial + count
    let hidden = 0
    for (let next = serial; next < end;) {
      const cursor = this.at(next)
      const length = Math.min(end - next, cursor.length)
      if (cursor.isVisible) {
        this.ownLeaf()
        this.count(-length)
        this.hideHere(length)
        this.fit()
      } else hidden++
      next += length
    }
    return hidden
  }

  /** Hides the next units of the range at the cursor, in the owned leaf. */
  private hideHere(length: number): void {
    const { items } = this.cursor.leaf
    const { within } = this.cursor
    let { at } = this.cursor
    if (within > 0) {
      splitRange(items, at, within)
      at += 2
    }
    if (items[at + 1]! > length) splitRange(items, at, length)
    items[at + 1] = -length
    joinRanges(items, at)
    joinRanges(items, at - 2)
  }

  /** The leaf at the cursor, owned, below owned branches. */
  private ownLeaf(): Leaf {
    const { cursor, owner } = this
    const { path, steps } = cursor
    if (cursor.leaf.owner === owner) return cursor.leaf
    let above: Branch | undefined
    for (let i = 0; i < path.length; i++) {
      const branch = owned(path[i]!, owner)
      if (above === undefined) this.root = branch
      else above.items[steps[i - 1]!] = branch
      path[i] = above = branch
    }
    const leaf = owned(cursor.leaf, owner)
    if (above === undefined) this.root = leaf
    else above.items[steps[path.length - 1]!] = leaf
    cursor.leaf = leaf
    return leaf
  }

  /** Adds to the visible units of the owned nodes at the cursor. */
  private count(units: number): void {
    const { leaf, path } = this.cursor
    leaf.visible += units
    for (const branch of path) branch.visible += units
  }

  /** Splits the leaf at the cursor, and the branches above it, if they are too wide. */
  private fit(): void {
    const { leaf, path, steps } = this.cursor
    if (leaf.items.length <= 2 * sizes.leaf) return
    const right = splitLeaf(leaf, this.owner)
    const next = this.labelBehind(path.length)
    right.label = next === undefined ? leaf.label + GAP : Math.floor((leaf.label + next) / 2)
    const hasRoom = right.label > leaf.label && right.label <= MAX_LABEL
    // in between for a moment: all other labels are whole
    if (!hasRoom) right.label = leaf.label + 0.5
    let [left, added]: [Node, Node] = [leaf, right]
    let depth = path.length
    for (;;) {
      const above = path[--depth]
      if (above === undefined) {
        const visible = left.visible + added.visible
        const { owner } = this
        this.root = { owner, height: left.height + 1, label: left.label, visible, items: [left, added] }
        break
      }
      Ranges.insertAt(above.items, steps[depth]! + 1, added)
      if (above.items.length <= sizes.branch) break
      left = above
      added = splitBranch(above, this.owner)
    }
    if (hasRoom) this.reindex(right)
    else this.relabel(right.label)
  }

  /** The label of the first leaf behind the branch at this depth of the cursor. */
  private labelBehind(depth: number): number | undefined {
    const { path, steps } = this.cursor
    for (let i = depth - 1; i >= 0; i--) {
      const next = path[i]!.items[steps[i]! + 1]
      if (next !== undefined) return next.label
    }
    return undefined
  }

  /** Tells the index the label of a leaf. */
  private reindex({ items, label }: Leaf): void {
    for (let i = 0; i < items.length; i += 2) {
      const from = items[i]!
      const to = from + Math.abs(items[i + 1]!)
      const behind = Ranges.get(this.index, to) ?? UNMOVED
      this.index = Ranges.clear(this.index, from, to, this.owner)
      this.index = Ranges.set(this.index, from, label, this.owner)
      if (behind !== label) this.index = Ranges.set(this.index, to, behind, this.owner)
    }
  }

  /**
   * Spreads labels anew in the smallest subtree with room that holds a leaf and the one before it.
   * The higher the subtree, the more room there must be.
   */
  private relabel(label: number): void {
    const path: Branch[] = []
    const bounds: number[] = []
    let bound = MAX_LABEL
    for (let node = this.root; !isLeaf(node);) {
      path.push(node)
      bounds.push(bound)
      const step = childAt(node.items, label)
      bound = node.items[step + 1]?.label ?? bound
      node = node.items[step]!
    }
    for (let depth = path.length - 1; depth >= 0; depth--) {
      const branch = path[depth]!
      // a subtree whose first leaf is the one without room
      if (branch.label === label) continue
      const gap = Math.min(GAP, Math.floor((bounds[depth]! - branch.label) / countLeaves(branch)))
      if (depth > 0 && gap < 4 ** (branch.height + 1)) continue
      this.spread(branch, branch.label, gap)
      return
    }
  }

  private spread(branch: Branch, low: number, gap: number): void {
    let next = low
    const walk = (node: Node): Node => {
      const own = owned(node, this.owner)
      own.label = next
      if (isLeaf(own)) {
        this.reindex(own)
        next += gap
      } else for (let i = 0; i < own.items.length; i++) own.items[i] = walk(own.items[i]!)
      return own
    }
    walk(branch)
  }
}

const owned = <N extends Node>(node: N, owner: object): N =>
  node.owner === owner
    ? node
    : ({ owner, height: node.height, label: node.label, visible: node.visible, items: node.items.slice() } as Node as N)

/** Puts a range at an index of a leaf's items. */
const open = (items: number[], at: number, serial: number, length: number): void => {
  items.push(0, 0)
  for (let i = items.length - 1; i > at + 1; i--) items[i] = items[i - 2]!
  items[at] = serial
  items[at + 1] = length
}

/** Cuts a range in two, the first of `length` units. */
const splitRange = (items: number[], at: number, length: number): void => {
  const [serial, all] = [items[at]!, items[at + 1]!]
  open(items, at + 2, serial + length, all > 0 ? all - length : all + length)
  items[at + 1] = all > 0 ? length : -length
}

/** Joins a range with the next if their serials follow on, and both are visible or both hidden. */
const joinRanges = (items: number[], at: number): void => {
  if (at < 0 || at + 2 >= items.length) return
  const [length, next] = [items[at + 1]!, items[at + 3]!]
  if (items[at]! + Math.abs(length) !== items[at + 2]! || length > 0 !== next > 0) return
  items[at + 1] = length + next
  items.splice(at + 2, 2)
}

const splitLeaf = (leaf: Leaf, owner: object): Leaf => {
  const items = leaf.items.splice(2 * (leaf.items.length >> 2))
  let visible = 0
  for (let i = 1; i < items.length; i += 2) if (items[i]! > 0) visible += items[i]!
  leaf.visible -= visible
  return { owner, height: 0, label: leaf.label, visible, items }
}

const splitBranch = (branch: Branch, owner: object): Branch => {
  const items = branch.items.splice(branch.items.length >> 1)
  const visible = items.reduce((sum, child) => sum + child.visible, 0)
  branch.visible -= visible
  return { owner, height: branch.height, label: items[0]!.label, visible, items }
}

const countLeaves = (node: Node): number =>
  isLeaf(node) ? 1 : node.items.reduce((sum, child) => sum + countLeaves(child), 0)
