/** A tree made at once from all of its ranges. */
import * as Ranges from './Ranges.js'
import { isLeaf, sizes, UNMOVED, type Branch, type Leaf, type Node, type Tree } from './Tree.js'

/** Between labels: as for leaves that are added at the end. */
const GAP = 2 ** 32

/** Calls `visit` for each range in the order of the text; the length of hidden ones is negative. */
export const forEachRange = (node: Node, visit: (serial: number, length: number) => void): void => {
  if (isLeaf(node)) for (let i = 0; i < node.items.length; i += 2) visit(node.items[i]!, node.items[i + 1]!)
  else for (const child of node.items) forEachRange(child, visit)
}

/**
 * The tree of ranges in the order of the text, each as its distance from the end of the one before
 * and its length. Undefined unless they hold each of `units` serials once. O(n log n).
 */
export const build = (order: readonly number[], units: number): Pick<Tree, 'root' | 'index'> | undefined => {
  const owner = {}
  const width = 2 * Math.max(1, (sizes.leaf * 3) >> 2)
  const leaves: Node[] = []
  const firsts: number[] = []
  const labels = new Map<number, number>()
  const lengths = new Map<number, number>()
  let end = 0
  for (let from = 0; from < order.length || from === 0; from += width) {
    const label = leaves.length * GAP
    const leaf: Leaf = { owner, height: 0, label, visible: 0, items: [] }
    for (let i = from; i < Math.min(order.length, from + width); i += 2) {
      const serial = end + order[i]!
      const length = order[i + 1]!
      end = serial + Math.abs(length)
      if (length > 0) leaf.visible += length
      leaf.items.push(serial, length)
      firsts.push(serial)
      labels.set(serial, label)
      lengths.set(serial, Math.abs(length))
    }
    leaves.push(leaf)
  }
  firsts.sort((a, b) => a - b)
  const keys: number[] = []
  const values: number[] = []
  let next = 0
  for (const first of firsts) {
    if (first !== next) return undefined
    next += lengths.get(first)!
    const label = labels.get(first)!
    if (values.at(-1) === label) continue
    keys.push(first)
    values.push(label)
  }
  if (next !== units) return undefined
  keys.push(units)
  values.push(UNMOVED)
  return { root: joined(leaves, owner), index: Ranges.of(keys, values) }
}

const joined = (nodes: ReadonlyArray<Node>, owner: object): Node => {
  if (nodes.length === 1) return nodes[0]!
  const width = Math.max(2, (sizes.branch * 3) >> 2)
  const above: Branch[] = []
  for (let from = 0; from < nodes.length; from += width) {
    const items = nodes.slice(from, from + width)
    const visible = items.reduce((sum, node) => sum + node.visible, 0)
    above.push({ owner, height: items[0]!.height + 1, label: items[0]!.label, visible, items })
  }
  return joined(above, owner)
}
