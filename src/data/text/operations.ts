/**
 * What one operation does to the tree: its text is placed or its units are hidden, or it becomes
 * the open end, or it waits.
 */
import type { Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import type { Change, Hide, Insert, Ref } from './Change.js'
import * as Doc from './Doc.js'
import * as edits from './edits.js'
import { hint } from './hint.js'
import * as Open from './Open.js'
import { isSooner, originAt, seek, type Origin } from './seek.js'
import * as Tree from './Tree.js'

/** An operation that hides this many pieces that are hidden already is remembered. */
const WASTE = 16

/** A text in the making. Nobody edits its nodes once it is read as a {@link Doc}. */
export type Draft = edits.Draft & { -readonly [P in keyof Doc.Doc]: Doc.Doc[P] } & {
  /** The operation that may grow at present; not in the tree yet. */
  open: Open.Open | null
  readonly superseded: Update<Change>[]
  /** Whether an update has changed what a stroke says. */
  isTouched: boolean
  /** A stroke was replaced: from now on strokes are only collected. */
  isStale: boolean
  /** Strokes that waited go on at present: none of them becomes the open end. */
  isWaking: boolean
  /** More updates follow: none before the last becomes the open end. */
  hasMore: boolean
}

/** A stroke while it is applied. */
export type Progress = { -readonly [P in keyof Doc.Stroke]: Doc.Stroke[P] }

/**
 * The stroke of a unit, if the unit is here; else the stroke in hand waits for it. A stroke has
 * fewer units than 2^53 - 1: who waits for that one or a later one waits for ever.
 */
export const reach = (draft: Draft, stroke: Progress, ref: Ref, further: number): Doc.Stroke | undefined => {
  const target = targetOf(draft, stroke, ref)
  const k = Math.min(Doc.kOf(ref) + further, Number.MAX_SAFE_INTEGER)
  if (target !== undefined && k <= target.size) return target
  stroke.waits = { ...Doc.strokeOf(ref, stroke.key), k, waiter: stroke.key }
  draft.waiting = SortedMap.set(Doc.byWait, draft.waiting, stroke.waits, true)
  return undefined
}

export const targetOf = (draft: Draft, own: Doc.Stroke, ref: Ref): Doc.Stroke | undefined => {
  const key = Doc.strokeOf(ref, own.key)
  return Doc.isSameStroke(key, own.key) ? own : Doc.strokeAt(draft, key)
}

/** Whether an operation that inserts has become the open end; undefined if it must wait. */
export const insert = (draft: Draft, stroke: Progress, operation: Insert): boolean | undefined => {
  const { place } = draft
  const ref = operation[2]
  if (draft.root === hint.root && mayOpen(draft, stroke, 1) && Open.isSame(operation, hint.operation)) {
    stroke.done++
    open(draft, stroke, hint.offset, 0, hint.left, hint.right)
    return true
  }
  let left = Tree.START
  if (ref !== 0) {
    const target = reach(draft, stroke, ref, 0)
    if (target === undefined) return undefined
    left = Doc.serialOf(target, Doc.kOf(ref))
  }
  Tree.toBehind(place, draft, left)
  let right = Tree.END
  const further = operation.length === 4 ? 0 : 1
  const given = operation[3] ?? ref
  if (given !== 0) {
    const k = Doc.kOf(given) + further
    const key = Doc.strokeOf(given, stroke.key)
    const { piece, within } = place
    // most often it is the next unit
    if (piece !== undefined && piece.k + within === k && Doc.isSameStroke(piece.key, key)) right = Tree.serialAt(place)
    else {
      const target = reach(draft, stroke, given, further)
      if (target === undefined) return undefined
      const serial = Doc.serialOf(target, k)
      // no honest replica names one that is not behind `left`, or was put behind a unit that is
      if (Tree.isBefore(draft, left, serial)) {
        Tree.toUnit(place, draft, serial)
        if (!Tree.isBefore(draft, left, originAt(place).left)) right = serial
        Tree.toBehind(place, draft, left)
      }
    }
  }
  stroke.done++
  return type(draft, stroke, operation, 0, left, right)
}

/**
 * Inserts the text of the stroke's operation in hand, from `from` on, behind `left`: the place of
 * the draft is there. Whether it has become the open end instead.
 */
export const type = (
  draft: Draft,
  stroke: Progress,
  [, text]: Insert,
  from: number,
  left: number,
  right: number,
): boolean => {
  const { place } = draft
  if (Tree.serialAt(place) === right) {
    if (mayOpen(draft, stroke)) {
      open(draft, stroke, Tree.offsetAt(place), from, left, right)
      return true
    }
  } else settle(draft, { left, right, key: stroke.key, k: stroke.size + 1 })
  insertText(draft, stroke, text, from, left, right)
  return false
}

/**
 * From right behind `left` to where a unit belongs, between its left and right: behind the last of
 * those with the same left that are sooner, and behind what was put behind that one. Amortised
 * O(log n) comparisons.
 *
 * Source: Weidner, Gentle and Kleppmann, "The Art of the Fugue" (arXiv 2305.00583), FugueMax.
 */
const settle = (draft: Draft, unit: Origin): void => {
  const { place } = draft
  const { left, right } = unit
  const next = originAt(place)
  // the rest of a piece belongs to `left` whole
  if (next.left !== left || (place.within > 0 && !isSooner(draft, next, unit))) return
  seek(draft, 1, (piece) => Tree.isBefore(draft, piece.left, left))
  if (Tree.isBefore(draft, right, Tree.serialAt(place))) Tree.toUnit(place, draft, right)
  seek(draft, -1, (piece) => isSooner(draft, piece, unit))
  seek(draft, 1, (piece) => !Tree.isBefore(draft, left, piece.left))
  if (place.piece !== undefined) return
  seek(draft, -1, () => true)
  Tree.move(place, place.piece!.length)
}

/** Makes the text of the operation in hand, from `below` on, the open end. */
const open = (
  draft: Draft,
  { key, done, size, update }: Progress,
  offset: number,
  below: number,
  low: number,
  high: number,
): void => {
  const start = { isTyping: true, key, done, size, offset, below, above: 0, low, high, shift: 0, text: '', at: 0 }
  draft.open = Open.openWith(start, update)!
}

/** Whether the last operation of the stroke is in hand, or so many later, and nobody waits. */
const mayOpen = (draft: Draft, { update, done }: Doc.Stroke, later = 0): boolean =>
  done + later + 1 === update[0].length && !draft.isWaking && !draft.hasMore && SortedMap.size(draft.waiting) === 0

/** Puts the text of an operation, from `at` on, at the place of the draft. */
export const insertText = (
  draft: Draft,
  stroke: Progress,
  text: string,
  at: number,
  left: number,
  right: number,
): void => {
  const { key, size, places } = stroke
  const serial = draft.units
  const k = size + 1
  const length = text.length - at
  edits.insert(draft, { serial, length, visible: length, key, k, left, right, text, at })
  const end = places.length
  const followsOn = end > 0 && serial === places[end - 1]! + k - places[end - 2]!
  if (!followsOn) stroke.places = places.concat(k, serial)
  stroke.size = size + length
}

/**
 * Hides the units of an operation but for so many, from its first on and from its last back, that
 * are hidden. Whether they have become the open end instead: one piece may, if it is visible.
 */
export const erase = (
  draft: Draft,
  own: Progress,
  target: Doc.Stroke,
  [, ref, all]: Hide,
  below: number,
  above: number,
  isOpen: boolean,
): boolean => {
  const k = Doc.kOf(ref) + below
  const end = Doc.kOf(ref) + all - above
  if (isOpen && mayOpen(draft, own)) {
    const { place } = draft
    const serial = Doc.serialOf(target, k)
    Tree.toUnit(place, draft, serial)
    const piece = place.piece!
    const begin = piece.serial
    if (piece.visible >= end - k + place.within) {
      const low = below > 0 ? serial : begin
      const high = above > 0 ? serial + end - k : begin + piece.length
      const offset = Tree.offsetAt(place) - serial + low
      const { key, done, size, update } = own
      const { text } = piece
      const at = piece.at + low - begin
      const bounds = { low, high, below, above }
      const start = { isTyping: false, key, done, size, offset, ...bounds, shift: serial - k, text, at }
      draft.open = Open.openWith(start, update)!
      return true
    }
  }
  const { places } = target
  for (let i = 0; i < places.length; i += 2) {
    const from = Math.max(k, places[i]!)
    const to = Math.min(end, places[i + 2] ?? end)
    if (from < to) sweep(draft, from + places[i + 1]! - places[i]!, to + places[i + 1]! - places[i]!)
  }
  return false
}

/** Hides units, and remembers the range if much of it was hidden before. */
const sweep = (draft: Draft, from: number, to: number): void => {
  let wasted = 0
  let next = from
  while (next < to) {
    const clean = SortedMap.floor(Tree.byNumber, draft.swept, next) ?? 0
    const count = clean > next ? next - clean : edits.hide(draft, next, to - next)
    if (count < 0) wasted++
    next += Math.abs(count)
  }
  if (wasted <= WASTE) return
  // ranges within this one would be found before it
  for (;;) {
    const inner = SortedMap.entryAt(draft.swept, SortedMap.rank(Tree.byNumber, draft.swept, from))
    if (inner === undefined || inner[0] >= next) break
    next = Math.max(next, inner[1])
    draft.swept = SortedMap.remove(Tree.byNumber, draft.swept, inner[0])
  }
  draft.swept = SortedMap.set(Tree.byNumber, draft.swept, from, next)
}
