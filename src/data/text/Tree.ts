/**
 * The units of a text in order, hidden ones too: a persistent B+ tree of pieces.
 *
 * Within a state units have dense numbers, serials, in the order of their arrival. Leaves carry
 * labels, numbers that rise in the order of the text; an index maps the first serial of each piece
 * to the label of its leaf, so that a unit is found without pointers from a child to its parent. A
 * copy of a leaf keeps its label.
 *
 * Source: labels as in Dietz and Sleator, "Two algorithms for maintaining order in a list" (1987).
 */
import type { SourceId } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'

/** Names a stroke: the timestamp of the update that began it, and its source. */
export interface Key {
  readonly first: number
  readonly source: SourceId
}

/** Units of one operation that stand side by side: `k` and serials follow on. */
export interface Piece {
  readonly serial: number
  readonly length: number
  /** Its length, or 0 if its units are hidden. */
  readonly visible: number
  readonly key: Key
  readonly k: number
  /** To the right of which unit the first unit was put; each other one behind the one before. */
  readonly left: number
  readonly right: number
  /** The text of the operation; that of the piece begins at `at`. */
  readonly text: string
  readonly at: number
}

interface Top<Item> {
  readonly owner: object
  readonly height: number
  /** Rises from leaf to leaf. That of a branch is the label of its first leaf. */
  label: number
  /** How many units are visible. */
  visible: number
  /** The piece that `seek` finds first, once it has looked. */
  soonest: Piece | undefined
  readonly items: Item[]
}

export interface Leaf extends Top<Piece> {
  readonly height: 0
}

export type Branch = Top<Node>

export type Node = Leaf | Branch

export interface Tree {
  readonly root: Node
  /** The label of its leaf for the first serial of each piece. */
  readonly index: SortedMap.SortedMap<number, number>
  /** How many units there are: the next serial. */
  readonly units: number
}

/** Stands for the start of the text in place of a serial. */
export const START = -1

/** Stands for the end of the text in place of a serial. */
export const END = -2

/** The most pieces of a leaf and children of a branch. Tests lower it. */
export const sizes = { width: 10 }

export const isLeaf = (node: Node): node is Leaf => node.height === 0

export const nodeOf = <N extends Node>(
  owner: object,
  height: number,
  label: number,
  items: N['items'],
  visible = sum(items),
): N => ({ owner, height, label, visible, soonest: undefined, items }) as unknown as N

export const leafOf = (owner: object, label: number, items: Piece[]): Leaf => nodeOf<Leaf>(owner, 0, label, items)

export const sum = (items: ReadonlyArray<{ readonly visible: number }>): number => {
  let visible = 0
  for (const item of items) visible += item.visible
  return visible
}

export const empty: Tree = { root: leafOf({}, 0, []), index: SortedMap.empty(), units: 0 }

export const byNumber: SortedMap.Less<number> = (a, b) => a < b

/** The label of a unit's leaf. O(log n). */
export const labelOf = ({ index }: Tree, serial: number): number => SortedMap.floor(byNumber, index, serial)!

/** The last child whose label is not above `label`. */
const childAt = (items: readonly Node[], label: number): number => {
  let low = 1
  let high = items.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (items[middle]!.label <= label) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The index of the piece that holds a unit. */
const pieceAt = (items: readonly Piece[], serial: number): number =>
  items.findIndex((piece) => serial >= piece.serial && serial < piece.serial + piece.length)

/** Whether unit `a`, or an edge, stands before unit `b`, or an edge. O(log n). */
export const isBefore = (tree: Tree, a: number, b: number): boolean => {
  if (a === b || a === END || b === START) return false
  if (a === START || b === END) return true
  const label = labelOf(tree, a)
  const other = labelOf(tree, b)
  if (label !== other) return label < other
  let node = tree.root
  while (!isLeaf(node)) node = node.items[childAt(node.items, label)]!
  const i = pieceAt(node.items, a)
  const j = pieceAt(node.items, b)
  return i === j ? a < b : i < j
}

/** A place in the text: a unit of a piece, or the end. It moves. */
export interface Place {
  /** From the root to the leaf. */
  readonly nodes: Node[]
  /** The index of the next node in each branch, and that of the piece in the leaf. */
  readonly steps: number[]
  /** Undefined at the end of the text. */
  piece: Piece | undefined
  /** The number of the unit within its piece. */
  within: number
}

export const placeOf = (): Place => ({ nodes: [], steps: [], piece: undefined, within: 0 })

const settle = (place: Place, leaf: Leaf, depth: number, step: number, within: number): void => {
  const { nodes, steps } = place
  nodes[depth] = leaf
  steps[depth] = step
  nodes.length = steps.length = depth + 1
  place.piece = leaf.items[step]
  place.within = within
}

/** To the first unit below the node that hangs at this depth. */
const descend = (place: Place, top: Node, depth: number): void => {
  let node = top
  let at = depth
  for (; !isLeaf(node); at++) {
    place.nodes[at] = node
    place.steps[at] = 0
    node = node.items[0]!
  }
  settle(place, node, at, 0, 0)
}

/** To a unit. O(log n). */
export const toUnit = (place: Place, tree: Tree, serial: number): void => {
  const label = labelOf(tree, serial)
  let node = tree.root
  let depth = 0
  for (; !isLeaf(node); depth++) {
    const step = childAt(node.items, label)
    place.nodes[depth] = node
    place.steps[depth] = step
    node = node.items[step]!
  }
  const step = pieceAt(node.items, serial)
  settle(place, node, depth, step, serial - node.items[step]!.serial)
}

/** To the visible unit of this offset, which must exist. O(log n). */
export const toOffset = (place: Place, tree: Tree, offset: number): void => {
  let rest = offset
  const stepIn = (items: ReadonlyArray<{ readonly visible: number }>): number => {
    let step = 0
    while (rest >= items[step]!.visible) rest -= items[step++]!.visible
    return step
  }
  let node = tree.root
  let depth = 0
  for (; !isLeaf(node); depth++) {
    place.nodes[depth] = node
    node = node.items[(place.steps[depth] = stepIn(node.items))]!
  }
  const step = stepIn(node.items)
  settle(place, node, depth, step, rest)
}

/** To the place right behind a unit, or to the START. O(log n). */
export const toBehind = (place: Place, tree: Tree, serial: number): void => {
  if (serial === START) descend(place, tree.root, 0)
  else {
    toUnit(place, tree, serial)
    move(place, 1)
  }
}

/** On by `count` units, at most to the end of the piece. Amortised O(1). */
export const move = (place: Place, count: number): void => {
  place.within += count
  if (place.within < place.piece!.length) return
  const { nodes, steps } = place
  place.within = 0
  let depth = nodes.length - 1
  place.piece = (nodes[depth] as Leaf).items[++steps[depth]!]
  if (place.piece !== undefined) return
  while (--depth >= 0) {
    const next = (nodes[depth] as Branch).items[steps[depth]! + 1]
    if (next === undefined) continue
    steps[depth]!++
    descend(place, next, depth + 1)
    return
  }
}

/** The unit at a place, or END. */
export const serialAt = ({ piece, within }: Place): number => (piece === undefined ? END : piece.serial + within)

/** How many visible units stand before a place. O(log n). */
export const offsetAt = ({ nodes, steps, piece, within }: Place): number => {
  let offset = piece !== undefined && piece.visible > 0 ? within : 0
  for (let depth = 0; depth < nodes.length; depth++) {
    const { items } = nodes[depth]!
    for (let i = steps[depth]! - 1; i >= 0; i--) offset += items[i]!.visible
  }
  return offset
}

/** The code unit at a place. */
export const codeAt = ({ piece, within }: Place): number =>
  piece === undefined ? NaN : piece.text.charCodeAt(piece.at + within)

/** Calls `visit` for each piece in the order of the text. O(n). */
export const forEach = (node: Node, visit: (piece: Piece) => void): void => {
  if (isLeaf(node)) node.items.forEach(visit)
  else for (const child of node.items) forEach(child, visit)
}
