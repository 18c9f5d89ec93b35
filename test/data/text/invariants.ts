/** What must hold within every state of a text, and its units in order. */
import { expect } from 'vitest'
import type { Text } from '../../../src/index.js'
import * as Doc from '../../../src/data/text/Doc.js'
import { isSooner } from '../../../src/data/text/seek.js'
import { whole } from '../../../src/data/text/State.js'
import { forEach, isLeaf, labelOf, sizes, type Node, type Piece } from '../../../src/data/text/Tree.js'
import * as SortedMap from '../../../src/structures/SortedMap.js'

/** Small nodes, so that a short run splits and relabels them. */
export const shrink = (): void => {
  sizes.width = 4
}

/** All units, hidden ones too, as [first, k, source]. */
export const orderOf = (state: Text.State): ReadonlyArray<readonly [number, number, string]> => {
  const order: (readonly [number, number, string])[] = []
  forEach(whole(state).root, ({ key, k, length }) => {
    for (let unit = 0; unit < length; unit++) order.push([key.first, k + unit, key.source])
  })
  return order
}

export const expectSound = (state: Text.State): void => {
  const doc = whole(state)
  let label = -1
  const pieces: Piece[] = []
  const walk = (node: Node, isRoot: boolean): number => {
    expect(node.items.length).toBeLessThanOrEqual(sizes.width)
    if (isLeaf(node)) {
      expect(node.label).toBeGreaterThan(label)
      expect(Number.isInteger(node.label)).toBe(true)
      label = node.label
      let visible = 0
      for (const piece of node.items) {
        expect(piece.length).toBeGreaterThan(0)
        expect([0, piece.length]).toContain(piece.visible)
        expect(piece.at + piece.length).toBeLessThanOrEqual(piece.text.length)
        visible += piece.visible
        pieces.push(piece)
        for (let unit = 0; unit < piece.length; unit++) {
          expect(labelOf(doc, piece.serial + unit)).toBe(label)
          expect(Doc.find(doc, piece.key, piece.k + unit)).toBe(piece.serial + unit)
        }
      }
      expect(node.visible).toBe(visible)
      expectSoonest(doc, node)
      return visible
    }
    expect(node.items.length).toBeGreaterThan(isRoot ? 1 : 0)
    expect(node.label).toBe(node.items[0]!.label)
    for (const child of node.items) expect(child.height).toBe(node.height - 1)
    expectSoonest(doc, node)
    expect(node.items.reduce((sum, child) => sum + walk(child, false), 0)).toBe(node.visible)
    return node.visible
  }
  walk(doc.root, true)
  let units = 0
  for (const { serial, length } of pieces.sort((a, b) => a.serial - b.serial)) {
    expect(serial).toBe(units)
    units += length
  }
  expect(units).toBe(doc.units)
  expect(SortedMap.keys(doc.index)).toEqual(pieces.map(({ serial }) => serial))
}

/** A node remembers the first of its pieces in their order by left, right and id, or nothing. */
const expectSoonest = (doc: Doc.Doc, node: Node): void => {
  const { soonest } = node
  if (soonest === undefined) return
  let isThere = false
  forEach(node, (piece) => {
    expect(isSooner(doc, piece, soonest)).toBe(false)
    isThere ||= piece.serial === soonest.serial
  })
  expect(isThere).toBe(true)
}
