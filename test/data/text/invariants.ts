/** What must hold within every state of a text, and its units in order. */
import { expect } from 'vitest'
import type { Text } from '../../../src/index.js'
import * as Doc from '../../../src/data/text/Doc.js'
import * as Ranges from '../../../src/data/text/Ranges.js'
import { whole } from '../../../src/data/text/State.js'
import * as Runs from '../../../src/data/text/Runs.js'
import { isLeaf, labelOf, sizes, type Node } from '../../../src/data/text/Tree.js'

/** Small nodes, so that a short run splits and relabels them. */
export const shrink = (): void => {
  sizes.leaf = 5
  sizes.branch = 4
  Ranges.sizes.width = 4
  Runs.sizes.chunk = 4
}

/** All units, hidden ones too, as [first, k, source]. */
export const orderOf = (state: Text.State): ReadonlyArray<readonly [number, number, string]> => {
  const doc = whole(state)
  const order: (readonly [number, number, string])[] = []
  const walk = (node: Node): void => {
    if (!isLeaf(node)) node.items.forEach(walk)
    else
      for (let i = 0; i < node.items.length; i += 2) {
        for (let unit = 0; unit < Math.abs(node.items[i + 1]!); unit++) {
          const run = Doc.runOf(doc, node.items[i]! + unit)
          order.push([run.key.first, Doc.kAt(run, node.items[i]! + unit), run.key.source])
        }
      }
  }
  walk(doc.root)
  return order
}

export const expectSound = (state: Text.State): void => {
  const doc = whole(state)
  const seen = new Set<number>()
  let label = -1
  let ranges = 0
  const walk = (node: Node, isRoot: boolean): number => {
    if (isLeaf(node)) {
      expect(node.label).toBeGreaterThan(label)
      expect(Number.isInteger(node.label)).toBe(true)
      label = node.label
      expect(node.items.length).toBeLessThanOrEqual(2 * sizes.leaf)
      let visible = 0
      for (let i = 0; i < node.items.length; i += 2) {
        ranges++
        const count = node.items[i + 1]!
        expect(count).not.toBe(0)
        if (count > 0) visible += count
        for (let serial = node.items[i]!; serial < node.items[i]! + Math.abs(count); serial++) {
          expect(seen.has(serial)).toBe(false)
          seen.add(serial)
          expect(labelOf(doc, serial)).toBe(node.label)
        }
      }
      expect(node.visible).toBe(visible)
      return visible
    }
    expect(node.items.length).toBeLessThanOrEqual(sizes.branch)
    expect(node.items.length).toBeGreaterThan(isRoot ? 1 : 0)
    expect(node.label).toBe(node.items[0]!.label)
    for (const child of node.items) expect(child.height).toBe(node.height - 1)
    expect(node.items.reduce((sum, child) => sum + walk(child, false), 0)).toBe(node.visible)
    return node.visible
  }
  walk(doc.root, true)
  expect(seen.size).toBe(doc.units)
  let units = 0
  Runs.forEach(doc.runs, (run) => {
    expect(run.serial).toBe(units)
    units += run.length
  })
  expect(units).toBe(doc.units)
  let keys = 0
  Ranges.forEach(doc.index, () => keys++)
  expect(keys).toBeLessThanOrEqual(2 * ranges + 1)
}
