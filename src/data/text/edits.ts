/** Edits of a {@link Tree}: a draft copies each node once, and then edits its copy in place. */
import * as SortedMap from '../../structures/SortedMap.js'
import {
  byNumber,
  isLeaf,
  leafOf,
  nodeOf,
  sizes,
  toUnit,
  type Branch,
  type Leaf,
  type Node,
  type Piece,
  type Place,
  type Tree,
} from './Tree.js'

/** A tree in the making. */
export type Draft = { -readonly [P in keyof Tree]: Tree[P] } & {
  /** Nodes with this owner may be edited. */
  readonly owner: object
  /** The owner of nodes of maps, if there are many updates: a map of few has no room to spare. */
  readonly mapOwner: object | undefined
  /** Where the draft looks. Any edit makes it stale. */
  readonly place: Place
}

/** Between the labels of leaves that are added at the end. */
export const GAP = 2 ** 14

// labels up to here are small integers to the engine
const MAX_LABEL = 2 ** 30

/** Inserts a visible piece at the draft's place. Amortised O(log n). */
export const insert = (draft: Draft, piece: Piece): void => {
  const { leaf, at } = opened(draft, piece.length)
  const { items, label } = leaf
  draft.units += piece.length
  const before = items[at - 1]
  if (before !== undefined && isContinued(before, piece)) {
    const length = before.length + piece.length
    items[at - 1] = { ...before, text: piece.text, length, visible: length }
  } else {
    items.splice(at, 0, piece)
    draft.index = SortedMap.set(byNumber, draft.index, piece.serial, label, draft.mapOwner)
    fit(draft)
  }
}

/** Whether a piece holds the units of its operation that come right behind those of another. */
const isContinued = (before: Piece, { serial, key, k, at }: Piece): boolean =>
  before.visible > 0 &&
  before.serial + before.length === serial &&
  before.key === key &&
  before.k + before.length === k &&
  before.at + before.length === at

/**
 * Hides up to `most` units from a serial on, as many as stand in its piece. How many these are;
 * less than 0 if they were hidden. O(log n).
 */
export const hide = (draft: Draft, serial: number, most: number): number => {
  const { place } = draft
  toUnit(place, draft, serial)
  const { within, piece } = place
  const length = Math.min(most, piece!.length - within)
  if (piece!.visible === 0) return -length
  const { leaf, at } = opened(draft, -length)
  cut(draft, leaf, at, length)
  leaf.items[at] = part(leaf.items[at]!, 0, length, false)
  fit(draft)
  return length
}

/**
 * The leaf of the place, cut there, and the index of the piece behind the cut. All nodes down to it
 * are owned; so many units more are visible in them.
 */
const opened = (draft: Draft, units: number): { readonly leaf: Leaf; readonly at: number } => {
  const { owner, place } = draft
  const { nodes, steps, within } = place
  let above: Node | undefined
  for (let depth = 0; depth < nodes.length; depth++) {
    const node = owned(nodes[depth]!, owner)
    node.visible += units
    node.soonest = undefined
    if (above === undefined) draft.root = node
    else above.items[steps[depth - 1]!] = node
    nodes[depth] = above = node
  }
  const leaf = above as Leaf
  const at = steps[nodes.length - 1]!
  if (within === 0) return { leaf, at }
  cut(draft, leaf, at, within)
  return { leaf, at: at + 1 }
}

const owned = (node: Node, owner: object): Node =>
  node.owner === owner ? node : nodeOf(owner, node.height, node.label, node.items.slice() as Node[], node.visible)

/** Cuts a piece in two, the first of `length` units, unless it is no longer. */
const cut = (draft: Draft, { items, label }: Leaf, i: number, length: number): void => {
  const piece = items[i]!
  if (piece.length === length) return
  const rest = part(piece, length, piece.length - length)
  items[i] = part(piece, 0, length)
  items.splice(i + 1, 0, rest)
  draft.index = SortedMap.set(byNumber, draft.index, rest.serial, label, draft.mapOwner)
}

/** So many units of a piece, from the one at `from` on. */
const part = (
  { serial, key, k, left, right, text, at, visible }: Piece,
  from: number,
  length: number,
  isVisible = visible > 0,
): Piece => ({
  serial: serial + from,
  length,
  visible: isVisible ? length : 0,
  key,
  k: k + from,
  left: from === 0 ? left : serial + from - 1,
  right,
  text,
  at: at + from,
})

/** Splits the owned leaf at the place, and the branches above it, while they are too wide. */
const fit = (draft: Draft): void => {
  const { owner, place } = draft
  const { nodes, steps } = place
  for (let depth = nodes.length - 1; nodes[depth]!.items.length > sizes.width; depth--) {
    const node = nodes[depth]!
    let right: Node
    if (isLeaf(node)) {
      if (roomBehind(place, depth) < 2) spread(draft)
      const label = node.label + Math.min(GAP, roomBehind(place, depth) >> 1)
      right = leafOf(owner, label, node.items.splice(node.items.length >> 1))
      reindex(draft, [right])
    } else right = branchOf(owner, node.items.splice(node.items.length >> 1))
    node.visible -= right.visible
    if (depth === 0) {
      draft.root = branchOf(owner, [node, right])
      return
    }
    ;(nodes[depth - 1] as Branch).items.splice(steps[depth - 1]! + 1, 0, right)
  }
}

export const branchOf = (owner: object, items: Node[]): Branch =>
  nodeOf(owner, items[0]!.height + 1, items[0]!.label, items)

/** From the label of a node to that of the next leaf behind it. */
const roomBehind = ({ nodes, steps }: Place, depth: number): number => {
  for (let i = depth - 1; i >= 0; i--) {
    const next = (nodes[i] as Branch).items[steps[i]! + 1]
    if (next !== undefined) return next.label - nodes[depth]!.label
  }
  return MAX_LABEL - nodes[depth]!.label
}

/** Tells the index the labels of leaves. */
const reindex = (draft: Draft, leaves: ReadonlyArray<Leaf>): void => {
  const { mapOwner = {} } = draft
  for (const { items, label } of leaves) {
    for (const { serial } of items) draft.index = SortedMap.set(byNumber, draft.index, serial, label, mapOwner)
  }
}

/**
 * Spreads labels anew in the smallest subtree at the place that has room. The higher the subtree,
 * the more room there must be.
 */
const spread = (draft: Draft): void => {
  const { nodes } = draft.place
  for (let depth = nodes.length - 2; depth >= 0; depth--) {
    const branch = nodes[depth]!
    const gap = Math.min(GAP, Math.floor(roomBehind(draft.place, depth) / countLeaves(branch)))
    if (depth > 0 && gap < 4 ** (branch.height + 1)) continue
    const leaves: Leaf[] = []
    let next = branch.label
    const walk = (node: Node): Node => {
      const own = owned(node, draft.owner)
      own.label = next
      if (isLeaf(own)) {
        leaves.push(own)
        next += gap
      } else for (let i = 0; i < own.items.length; i++) own.items[i] = walk(own.items[i]!)
      return own
    }
    walk(branch)
    reindex(draft, leaves)
    return
  }
}

const countLeaves = (node: Node): number =>
  isLeaf(node) ? 1 : node.items.reduce((all, child) => all + countLeaves(child), 0)
