/** The text of a state. */
import type { option as O } from 'fp-ts'
import { none, some } from '../../core/Option.js'
import { stable } from '../parts/stable.js'
import * as Open from './Open.js'
import type { State } from './State.js'
import { isLeaf, type Node, type Piece } from './Tree.js'

/** The open end as an edit of the text in the tree. */
const editOf = ({ doc, open }: State): ReturnType<typeof Open.editOf> =>
  open === null ? [doc.root.visible, 0, ''] : Open.editOf(open)

/** The number of UTF-16 code units. O(1). */
export const length = ({ doc: { root }, open }: State): number =>
  open === null ? root.visible : root.visible + (open.start.isTyping ? open.to : open.from - open.to)

/** The text of nodes that were read, as nodes are not edited any more. */
const texts = new WeakMap<Node, string>()

const textOf = (node: Node): string => {
  const known = texts.get(node)
  if (known !== undefined) return known
  let text = ''
  if (isLeaf(node)) for (const piece of node.items) text += textIn(piece, 0, piece.visible)
  else for (const child of node.items) text += textOf(child)
  texts.set(node, text)
  return text
}

/** The text of units of a piece, hidden or not. */
export const textIn = ({ text, at }: Piece, from: number, to: number): string => text.slice(at + from, at + to)

/** The text. O(n) the first time, later what has changed since. */
export const toString = (state: State): string => {
  const text = textOf(state.doc.root)
  const [at, removed, inserted] = editOf(state)
  return state.open === null ? text : text.slice(0, at) + inserted + text.slice(at + removed)
}

/** The text between two offsets, as `String.prototype.slice` cuts it. O(log n + its length). */
export const slice =
  (from: number, to?: number) =>
  (state: State): string => {
    const size = length(state)
    const start = clamped(from, size)
    const end = clamped(to ?? size, size)
    const { root } = state.doc
    const [at, removed, inserted] = editOf(state)
    const behind = at + inserted.length
    const shift = removed - inserted.length
    return (
      between(root, start, Math.min(end, at)) +
      inserted.slice(Math.max(0, start - at), Math.max(0, end - at)) +
      between(root, Math.max(start, behind) + shift, end + shift)
    )
  }

const clamped = (index: number, size: number): number => {
  const whole = Math.trunc(index) || 0
  return whole < 0 ? Math.max(0, size + whole) : Math.min(whole, size)
}

const between = (node: Node, from: number, to: number): string => {
  if (from >= to) return ''
  if (from <= 0 && to >= node.visible) return textOf(node)
  let text = ''
  let start = 0
  for (const item of node.items) {
    const [low, high] = [Math.max(0, from - start), Math.min(item.visible, to - start)]
    if (low < high) text += 'items' in item ? between(item, low, high) : textIn(item, low, high)
    start += item.visible
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
