/** What a text says. Reads through the open end. */
import type { option as O } from 'fp-ts'
import { none, some } from '../../core/Option.js'
import { stable } from '../parts/stable.js'
import * as Doc from './Doc.js'
import * as Open from './Open.js'
import type { State } from './State.js'
import { isLeaf, type Node } from './Tree.js'

/** The number of UTF-16 code units. O(1). */
export const length = ({ doc: { root }, open }: State): number =>
  open === null ? root.visible : root.visible + (Open.isTyping(open) ? open.to : open.from - open.to)

/** The text of nodes that were read, as nodes are not edited any more. */
const texts = new WeakMap<Node, string>()

const textOf = (doc: Doc.Doc, node: Node): string => {
  const known = texts.get(node)
  if (known !== undefined) return known
  let text = ''
  if (isLeaf(node)) {
    const { items } = node
    for (let i = 0; i < items.length; i += 2) {
      if (items[i + 1]! > 0) text += stretch(doc, items[i]!, items[i]! + items[i + 1]!)
    }
  } else for (const child of node.items) text += textOf(doc, child)
  texts.set(node, text)
  return text
}

/** The text of units whose serials follow on. */
export const stretch = (doc: Pick<Doc.Doc, 'runs'>, from: number, to: number): string => {
  let text = ''
  for (let next = from; next < to;) {
    const run = Doc.runOf(doc, next)
    const end = Math.min(to, run.serial + run.length)
    text += Doc.textOf(run, next, end)
    next = end
  }
  return text
}

/** The text. O(n) the first time, later what has changed since. */
export const toString = ({ doc, open }: State): string => {
  const text = textOf(doc, doc.root)
  if (open === null) return text
  const at = Open.offsetIn(open)
  if (!Open.isTyping(open)) return text.slice(0, at) + text.slice(at + open.to - open.from)
  return text.slice(0, at) + Open.openText(open) + text.slice(at)
}

/** The text between two offsets, as `String.prototype.slice` cuts it. O(log n + its length). */
export const slice =
  (from: number, to?: number) =>
  (state: State): string => {
    const size = length(state)
    const start = clamped(from, size)
    const end = clamped(to ?? size, size)
    if (start >= end) return ''
    const { doc, open } = state
    if (open === null) return between(doc, doc.root, start, end)
    const at = Open.offsetIn(open)
    const count = open.to - open.from
    if (!Open.isTyping(open)) {
      const head = start < at ? between(doc, doc.root, start, Math.min(end, at)) : ''
      return end > at ? head + between(doc, doc.root, Math.max(start, at) + count, end + count) : head
    }
    let text = start < at ? between(doc, doc.root, start, Math.min(end, at)) : ''
    if (end > at && start < at + count) text += Open.openText(open).slice(Math.max(0, start - at), end - at)
    if (end > at + count) text += between(doc, doc.root, Math.max(start - count, at), end - count)
    return text
  }

const clamped = (index: number, size: number): number => {
  const whole = Math.trunc(index) || 0
  return whole < 0 ? Math.max(0, size + whole) : Math.min(whole, size)
}

const between = (doc: Doc.Doc, node: Node, from: number, to: number): string => {
  if (from <= 0 && to >= node.visible && !isLeaf(node)) return textOf(doc, node)
  let text = ''
  let start = 0
  if (isLeaf(node)) {
    const { items } = node
    for (let i = 0; i < items.length && start < to; i += 2) {
      const count = items[i + 1]!
      if (count < 0) continue
      const [low, high] = [Math.max(0, from - start), Math.min(count, to - start)]
      if (low < high) text += stretch(doc, items[i]! + low, items[i]! + high)
      start += count
    }
    return text
  }
  for (const child of node.items) {
    if (start >= to) break
    if (start + child.visible > from && child.visible > 0) text += between(doc, child, from - start, to - start)
    start += child.visible
  }
  return text
}

/** The code unit at an offset. O(log n). */
export const at =
  (offset: number) =>
  (state: State): O.Option<string> =>
    Number.isInteger(offset) && offset >= 0 && offset < length(state)
      ? stable(state, `at ${String(offset)}`, () => some(slice(offset, offset + 1)(state)))
      : none
