/** Updates applied to a text: a draft takes them one by one, and becomes the next {@link Doc}. */
import { compare, type Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { isHide, isInsert, isNothing, type Change, type Hide, type Insert, type Operation } from './Change.js'
import * as Doc from './Doc.js'
import * as edits from './edits.js'
import * as Open from './Open.js'
import { erase, insert, insertText, reach, targetOf, type, type Draft, type Progress } from './operations.js'
import * as Tree from './Tree.js'

/** A stroke with the units that `held` has, and so many operations done. */
const progress = (key: Doc.Key, update: Update<Change>, done: number, held: Doc.Stroke | undefined): Progress => ({
  key,
  update,
  done,
  size: held?.size ?? 0,
  places: held?.places ?? [],
  waits: null,
})

export const draftOf = (doc: Doc.Doc, open: Open.Open | null, mapOwner?: object): Draft => ({
  root: doc.root,
  index: doc.index,
  units: doc.units,
  strokes: doc.strokes,
  waiting: doc.waiting,
  marks: doc.marks,
  swept: doc.swept,
  owner: {},
  mapOwner,
  place: Tree.placeOf(),
  open,
  superseded: [],
  isTouched: false,
  isStale: false,
  isWaking: false,
  hasMore: false,
})

/** The finished text. The open end stays out of it. O(n log n) if an update took one back. */
export const done = (draft: Draft): Doc.Doc => {
  if (draft.isStale) {
    const anew = draftOf(Doc.empty, null, {})
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
  draft.strokes = SortedMap.set(Doc.byKey, draft.strokes, stroke.key, stroke, draft.mapOwner)
}

/** Applies an update. Costs as its operations; all is made anew in `done` if it took one back. */
export const take = (draft: Draft, update: Update<Change>): void => {
  const { open, superseded } = draft
  const [change] = update
  if (isNothing(change)) {
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
