/** The search for the place of a unit among many that were put to the right of the same one. */
import { byAge, isSameStroke } from './Doc.js'
import type { Draft } from './edits.js'
import { isBefore, type Node, type Piece, type Place, type Tree } from './Tree.js'

/** What decides where a unit stands: that of a piece is of its first. */
export type Origin = Pick<Piece, 'left' | 'right' | 'key' | 'k'>

/** A total order: by left, then by right, the furthest first, then by id. O(log n). */
export const isSooner = (tree: Tree, a: Origin, b: Origin): boolean => {
  if (a.left !== b.left) return isBefore(tree, a.left, b.left)
  if (a.right !== b.right) return isBefore(tree, b.right, a.right)
  return isSameStroke(a.key, b.key) ? a.k < b.k : byAge(a.key, b.key)
}

/** The origin of the unit at a place. */
export const originAt = ({ piece, within }: Place): Origin => {
  const { left, right, key, k, serial } = piece!
  return { left: within === 0 ? left : serial + within - 1, right, key, k: k + within }
}

/** The soonest piece below a node, which remembers it: the order of two pieces never changes. */
const soonest = (tree: Tree, item: Node | Piece): Piece =>
  'items' in item
    ? (item.soonest ??= (item.items as (Node | Piece)[])
        .map((inner) => soonest(tree, inner))
        .reduce((a, b) => (isSooner(tree, b, a) ? b : a)))
    : item

/**
 * On to the next piece of which `test` holds, or back, or beyond all pieces. The test must hold of
 * the soonest piece below a node if it holds of any. Amortised O(log n) tests.
 */
export const seek = (draft: Draft, by: 1 | -1, test: (piece: Piece) => boolean): void => {
  const { place } = draft
  const { nodes, steps } = place
  place.within = 0
  for (let depth = nodes.length - 1; depth >= 0;) {
    const item = nodes[depth]!.items[(steps[depth]! += by)]
    if (item === undefined) depth--
    else if (test(soonest(draft, item))) {
      if (!('items' in item)) {
        place.piece = item
        return
      }
      nodes[++depth] = item
      steps[depth] = by > 0 ? -1 : item.items.length
    }
  }
  place.piece = undefined
  nodes.length = steps.length = 1
}
