/** Undo: what changed between two versions, taken back in a third. */
import { right } from '../../core/Either.js'
import * as SortedMap from '../../structures/SortedMap.js'
import type { Command } from './commands.js'
import { begun, composed, hideRange, type Maker } from './compose.js'
import { walk } from './differences.js'
import * as Doc from './Doc.js'
import { linesOf, rangesIn, type Line, type Range } from './ranges.js'
import { textIn } from './read.js'
import { cutsOf, cutUp, putBack, remarked, restoredOf, UNCUT, type Old, type Part } from './restored.js'
import { whole, type State } from './State.js'
import * as Tree from './Tree.js'

/**
 * Text that was removed, its offset, and the last unit before it that is there in both versions.
 */
interface Removed {
  readonly from: number
  readonly parts: Part[]
  readonly behind: Old | undefined
  length: number
}

interface Came extends Old {
  readonly count: number
}

/**
 * Takes back what changed from one version to a later one, in the present text. Hides what came and
 * is still visible. Inserts anew the text of what went, where it stood, with the marks that it had.
 * Marks that came give way to those before them. What is typed afterwards gets the marks that it
 * would have had before. What others did stays. To redo, revert the revert.
 * O(d log n) for d ranges that differ, and O(m log m) for m marks if marks came or text comes back.
 *
 * What comes back are new units. A cursor of an old one stays with that, right before the new one.
 */
export const revert =
  (before: State, after: State): Command =>
  (state, stamp) => {
    const [old, doc] = [whole(before), whole(state)]
    const { came, went } = between(before, after)
    let marks = SortedMap.empty<Doc.MarkId, true>()
    SortedMap.forEachChange(Doc.byMark, old.marks, whole(after).marks, (id) => {
      marks = SortedMap.set(Doc.byMark, marks, id, true)
    })
    const isMarked =
      SortedMap.size(marks) > 0 || (went.length > 0 && SortedMap.size(old.marks) + SortedMap.size(doc.marks) > 0)
    const all = went.flatMap(({ parts }) => parts)
    const cuts = isMarked && went.length > 0 ? cutsOf(doc, rangesIn(doc), all) : UNCUT
    const restored = restoredOf()
    const linesFor = isMarked ? linesIn(old, went) : []
    // marks have the stamp of their stroke
    const made = (isMarked ? begun : composed)(state, stamp, (maker) => {
      for (const one of came) hide(maker, one)
      let from = 0
      for (const [i, { parts, behind, length }] of went.entries()) {
        const start = behind && Doc.find(doc, behind.key, behind.k)
        putBack(maker, cutUp(parts, cuts, from), cuts, restored, linesFor[i] ?? [], start ?? Tree.START, () => true)
        from += length
      }
    })
    if (!isMarked || made._tag === 'Left') return made
    const isTaken = ({ own }: Range): boolean => SortedMap.get(Doc.byMark, marks, own) === true
    return right(remarked(made.right, restored, rangesIn, isTaken, state, stamp))
  }

/** The units that came from one version to another, and those that went. */
const between = (
  before: State,
  after: State,
): { readonly came: ReadonlyArray<Came>; readonly went: ReadonlyArray<Removed> } => {
  const came: Came[] = []
  const went: Removed[] = []
  let last: Removed | undefined
  let behind: Old | undefined
  let offset = 0
  walk(whole(before), whole(after), (count, wasVisible, isVisible, piece, from = 0, isInBoth = false) => {
    if (wasVisible && isVisible) last = undefined
    else if (wasVisible) {
      if (last === undefined) went.push((last = { from: offset, parts: [], behind, length: 0 }))
      last.parts.push({ text: textIn(piece!, from, from + count), old: { key: piece!.key, k: piece!.k + from } })
      last.length += count
    } else if (isVisible) came.push({ key: piece!.key, k: piece!.k + from, count })
    if (piece !== undefined && isInBoth) behind = { key: piece.key, k: piece.k + from + count - 1 }
    if (wasVisible) offset += count
  })
  return { came, went }
}

/** Hides units that are here and visible. */
const hide = (maker: Maker, { key, k, count }: Came): void => {
  const { doc, place } = maker
  const stroke = Doc.strokeAt(doc, key)
  if (stroke === undefined) return
  const end = Math.min(k + count, stroke.size + 1)
  for (let unit = k; unit < end;) {
    Tree.toUnit(place, doc, Doc.serialOf(stroke, unit))
    unit += hideRange(maker, end - unit)
  }
}

/** The attributes that texts had, the first unit of each at spot 0. O(m log m), and their size. */
const linesIn = (old: Doc.Doc, went: ReadonlyArray<Removed>): ReadonlyArray<ReadonlyArray<Line>> => {
  const lines = went.length === 0 ? [] : linesOf(rangesIn(old), 0, 2 * old.root.visible + 1)
  let next = 0
  return went.map(({ from, length }) => {
    const [low, high] = [2 * from + 1, 2 * (from + length) + 1]
    while (next + 1 < lines.length && lines[next + 1]!.at <= low) next++
    const inner: Line[] = []
    for (let i = next; i < lines.length && lines[i]!.at < high; i++) {
      inner.push({ at: Math.max(0, lines[i]!.at - low), attributes: lines[i]!.attributes })
    }
    return inner
  })
}
