/** Updates applied to a text: a draft takes strokes one by one, and becomes the next {@link Doc}. */
import { compare, type Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { isHide, isInsert, type Change, type Hide, type Insert, type Operation, type Ref } from './Change.js'
import * as Doc from './Doc.js'
import * as edits from './edits.js'
import { hint } from './hint.js'
import * as Open from './Open.js'
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
}

/** A stroke while it is applied. */
type Progress = { -readonly [P in keyof Doc.Stroke]: Doc.Stroke[P] }

/** A stroke with the units that `held` has, and so many operations done. */
const progress = (key: Doc.Key, update: Update<Change>, done: number, held: Doc.Stroke | undefined): Progress =>
  held === undefined
    ? { key, update, done, size: 0, places: [], waits: null }
    : { key, update, done, size: held.size, places: held.places, waits: null }

export const draftOf = (doc: Doc.Doc, open: Open.Open | null): Draft => ({
  root: doc.root,
  index: doc.index,
  units: doc.units,
  strokes: doc.strokes,
  waiting: doc.waiting,
  marks: doc.marks,
  swept: doc.swept,
  owner: {},
  place: Tree.placeOf(),
  open,
  superseded: [],
  isTouched: false,
  isStale: false,
  isWaking: false,
})

/** The finished text. The open end stays out of it. O(n log n) if an update took one back. */
export const done = (draft: Draft): Doc.Doc => {
  if (draft.isStale) {
    const anew = draftOf(Doc.empty, null)
    SortedMap.forEach(draft.strokes, ({ update }) => {
      take(anew, update)
    })
    flush(anew)
    return done(anew)
  }
  const { root, index, units, strokes, waiting, marks, swept } = draft
  return { root, index, units, strokes, waiting, marks, swept }
}

const keep = (draft: Draft, stroke: Doc.Stroke): void => {
  draft.strokes = SortedMap.set(Doc.byKey, draft.strokes, stroke.key, stroke)
}

/** Applies an update. Costs as its operations; all is made anew in `done` if it took one back. */
export const take = (draft: Draft, update: Update<Change>): void => {
  const { open, superseded } = draft
  const [change] = update
  if (change.length === 1 && change[0] === 0) {
    superseded.push(update)
    return
  }
  if (open !== null) {
    const grown = Open.grown(open, update)
    if (grown !== undefined) {
      superseded.push(open.update)
      draft.open = grown
      draft.isTouched = true
      return
    }
    flush(draft)
  }
  const key = Doc.keyOf(update)
  const held = Doc.strokeAt(draft, key)
  let stroke = progress(held?.key ?? key, update, 0, undefined)
  if (held !== undefined) {
    const order = compare(held.update, update)
    if (order !== 0) superseded.push(order < 0 ? held.update : update)
    if (order >= 0) return
    if (draft.isStale || !isGrown(draft, held, change)) draft.isStale = true
    else {
      stroke = progress(held.key, update, held.done, held)
      if (grow(draft, stroke, held)) return
    }
  }
  draft.isTouched = true
  proceed(draft, stroke, held?.size ?? 0)
}

/** Whether all operations done stand in a change, unchanged, or longer if it is the last. */
const isGrown = (draft: Draft, stroke: Doc.Stroke, change: Change): boolean => {
  const { key, update, done } = stroke
  if (!Open.isGrown(update[0], change, done, key)) return false
  const last = change[done] as Operation
  // a range that is not all here any more hides nothing
  return done === 0 || !isHide(last) || Doc.kOf(last[1]) + last[2] - 1 <= (targetOf(draft, stroke, last[1])?.size ?? 0)
}

/** Does what a later update adds to the last operation done. Whether that is the open end now. */
const grow = (draft: Draft, stroke: Progress, held: Doc.Stroke): boolean => {
  draft.isTouched = true
  if (held.waits !== null) draft.waiting = SortedMap.remove(Doc.byWait, draft.waiting, held.waits)
  if (held.done === 0) return false
  const before = held.update[0][held.done] as Operation
  const after = stroke.update[0][held.done] as Operation
  if (isInsert(after)) {
    const from = (before as Insert)[1].length
    if (from === after[1].length) return false
    const last = Doc.serialOf(stroke, stroke.size)
    Tree.toUnit(draft.place, draft, last)
    const { right } = draft.place.piece!
    Tree.move(draft.place, 1)
    return type(draft, stroke, after, from, last, right)
  }
  if (!isHide(after)) return false
  const below = Doc.kOf((before as Hide)[1]) - Doc.kOf(after[1])
  const above = after[2] - below - (before as Hide)[2]
  const target = targetOf(draft, stroke, after[1])!
  // one side alone may be open
  const isOpen = below === 0 || above === 0
  if (below > 0 && erase(draft, stroke, target, after, 0, after[2] - below, isOpen)) return true
  return above > 0 && erase(draft, stroke, target, after, after[2] - above, 0, isOpen)
}

/** Does the operations that are not done yet, as far as what they refer to is here. */
const proceed = (draft: Draft, stroke: Progress, size: number): void => {
  // of a stroke with an open end, its size alone counts
  if (draft.isStale || !advance(draft, stroke) || stroke.size > size) keep(draft, stroke)
  if (!draft.isStale && SortedMap.size(draft.waiting) > 0) wake(draft, stroke.key)
}

/** Whether the last operation has become the open end. */
const advance = (draft: Draft, stroke: Progress): boolean => {
  const change = stroke.update[0]
  while (stroke.done + 1 < change.length) {
    const operation = change[stroke.done + 1] as Operation
    let isOpen: boolean | undefined = false
    if (isInsert(operation)) isOpen = insert(draft, stroke, operation)
    else if (isHide(operation)) {
      const target = reach(draft, stroke, operation[1], operation[2] - 1)
      if (target === undefined) return false
      stroke.done++
      isOpen = erase(draft, stroke, target, operation, 0, 0, true)
    } else {
      stroke.done++
      if (operation[0] === '*') {
        const id = { ...stroke.key, index: stroke.done }
        draft.marks = SortedMap.set(Doc.byMark, draft.marks, id, operation)
      }
    }
    if (isOpen !== false) return isOpen === true
  }
  return false
}

/** The stroke of a unit, if the unit is here; else the stroke in hand waits for it. */
const reach = (draft: Draft, stroke: Progress, ref: Ref, further: number): Doc.Stroke | undefined => {
  const target = targetOf(draft, stroke, ref)
  const k = Doc.kOf(ref) + further
  if (target !== undefined && k <= target.size) return target
  stroke.waits = { ...Doc.strokeOf(ref, stroke.key), k, waiter: stroke.key }
  draft.waiting = SortedMap.set(Doc.byWait, draft.waiting, stroke.waits, true)
  return undefined
}

const targetOf = (draft: Draft, own: Doc.Stroke, ref: Ref): Doc.Stroke | undefined => {
  const key = Doc.strokeOf(ref, own.key)
  return Doc.isSameStroke(key, own.key) ? own : Doc.strokeAt(draft, key)
}

/** Whether an operation that inserts has become the open end; undefined if it must wait. */
const insert = (draft: Draft, stroke: Progress, operation: Insert): boolean | undefined => {
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
      right = straightened(draft, left, Doc.serialOf(target, k))
      Tree.toBehind(place, draft, left)
    }
  }
  stroke.done++
  return type(draft, stroke, operation, 0, left, right)
}

/**
 * The end in place of a right that no honest replica writes: one that is not behind `left`, or that
 * was itself put behind a unit that is.
 */
const straightened = (draft: Draft, left: number, right: number): number => {
  if (!Tree.isBefore(draft, left, right)) return Tree.END
  Tree.toUnit(draft.place, draft, right)
  const own = leftAt(draft.place)
  return own === left || Tree.isBefore(draft, own, left) ? right : Tree.END
}

/** To the right of which unit the unit at a place was put. */
const leftAt = ({ piece, within }: Tree.Place): number => (within === 0 ? piece!.left : piece!.serial + within - 1)

/**
 * Inserts the text of the stroke's operation in hand, from `from` on, behind `left`, where the place
 * of the draft is. Whether it has become the open end instead.
 */
const type = (draft: Draft, stroke: Progress, [, text]: Insert, from: number, left: number, right: number): boolean => {
  const { place } = draft
  if (Tree.serialAt(place) === right) {
    if (mayOpen(draft, stroke)) {
      open(draft, stroke, Tree.offsetAt(place), from, left, right)
      return true
    }
  } else Tree.toBehind(place, draft, lastBefore(draft, stroke.key, stroke.size + 1, left, right))
  insertText(draft, stroke, text, from, left, right)
  return false
}

/**
 * The unit behind which the unit `k` of a stroke belongs, between `left` and `right`. The place of
 * the draft is behind `left`.
 *
 * Source: Weidner, Gentle and Kleppmann, "The Art of the Fugue" (arXiv 2305.00583), FugueMax.
 */
const lastBefore = (draft: Draft, key: Doc.Key, k: number, left: number, right: number): number => {
  const { place } = draft
  let last = left
  let isPassing = false
  while (place.piece !== undefined) {
    const { piece } = place
    const serial = Tree.serialAt(place)
    if (serial === right) break
    const own = leftAt(place)
    if (own === left) {
      if (piece.right !== right) isPassing = Tree.isBefore(draft, piece.right, right)
      else if (Doc.isIdBefore(key, k, piece, place.within)) break
      else isPassing = false
    } else if (Tree.isBefore(draft, own, left)) break
    const length = piece.length - place.within
    if (!isPassing) last = serial + length - 1
    Tree.move(place, length)
  }
  return last
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
  done + later + 1 === update[0].length && !draft.isWaking && SortedMap.size(draft.waiting) === 0

/** Puts the text of an operation, from `at` on, at the place of the draft. */
const insertText = (draft: Draft, stroke: Progress, text: string, at: number, left: number, right: number): void => {
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
const erase = (
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

/** Goes on with the strokes that wait for units of a stroke that are here now. */
const wake = (draft: Draft, key: Doc.Key): void => {
  draft.isWaking = true
  const grown = [key]
  for (let next = grown.pop(); next !== undefined; next = grown.pop()) {
    const size = Doc.strokeAt(draft, next)?.size ?? 0
    const least = { ...next, k: 0, waiter: next }
    for (;;) {
      const wait = SortedMap.entryAt(draft.waiting, SortedMap.rank(Doc.byWait, draft.waiting, least))?.[0]
      if (wait === undefined || !Doc.isSameStroke(wait, next) || wait.k > size) break
      draft.waiting = SortedMap.remove(Doc.byWait, draft.waiting, wait)
      const stroke: Progress = { ...Doc.strokeAt(draft, wait.waiter)!, waits: null }
      advance(draft, stroke)
      keep(draft, stroke)
      grown.push(stroke.key)
    }
  }
  draft.isWaking = false
}

/** Puts the open end into the tree. */
export const flush = (draft: Draft): void => {
  const { open } = draft
  if (open === null) return
  draft.open = null
  const { start, update, from, to } = open
  const { key, done, low, high, below } = start
  const stroke = progress(key, update, done, Doc.strokeAt(draft, key))
  if (start.isTyping) {
    Tree.toBehind(draft.place, draft, low)
    insertText(draft, stroke, (update[0][done] as Insert)[1], below, low, high)
  } else edits.hide(draft, from, to - from)
  keep(draft, stroke)
}
