/** Undo: what changed between two versions, taken back in a third. */
import { right } from '../../core/Either.js'
import type { Stamp } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import type { Command } from './commands.js'
import { begun, composed, hideRange, insertAt } from './compose.js'
import { offsetIn } from './cursors.js'
import { walk } from './differences.js'
import * as Doc from './Doc.js'
import { unmarkedSince } from './marks.js'
import { textIn } from './read.js'
import { remarked, unitsOf, type Run } from './restored.js'
import { whole, type State } from './State.js'
import * as Tree from './Tree.js'

/** Names a unit. */
type Id = readonly [key: Doc.Key, k: number]

/**
 * Text that was removed, its offset, and the last unit before it that is there in both versions.
 */
interface Removed {
  readonly from: number
  text: string
  behind: Id | undefined
}

/**
 * Takes back what changed from one version to a later one, in the present text. Hides what came and
 * is still visible. Inserts anew the text of what went, where it stood, with the marks that it had.
 * Marks that came give way to those before them. What others did stays. To redo, revert the revert.
 * O(d log n) for d ranges that differ, and O(m log m) for m marks if text comes back.
 */
export const revert =
  (before: State, after: State): Command =>
  (state, stamp) => {
    const came: (readonly [...Id, count: number])[] = []
    const went: Removed[] = []
    let last: Removed | undefined
    let behind: Id | undefined
    let offset = 0
    walk(whole(before), whole(after), (count, wasVisible, isVisible, piece, from = 0, isInBoth = false) => {
      if (piece !== undefined && isInBoth) behind = [piece.key, piece.k + from + count - 1]
      if (wasVisible && isVisible) last = undefined
      else if (wasVisible) {
        if (last === undefined) went.push((last = { from: offset, text: '', behind }))
        last.text += textIn(piece!, from, from + count)
        last.behind = behind
      } else if (isVisible) came.push([piece!.key, piece!.k + from, count])
      if (wasVisible) offset += count
    })
    const marks = unmarkedSince(whole(before), whole(after), state)
    const doc = whole(state)
    const isMarked = went.length > 0 && SortedMap.size(whole(before).marks) + SortedMap.size(doc.marks) > 0
    // marks have the stamp of their stroke
    const made = (marks.length > 0 || isMarked ? begun : composed)(state, stamp, (maker) => {
      maker.made.push(...marks)
      for (const [key, k, count] of came) {
        const stroke = Doc.strokeAt(doc, key)
        if (stroke === undefined) continue
        const end = Math.min(k + count, stroke.size + 1)
        for (let unit = k; unit < end;) {
          Tree.toUnit(maker.place, doc, Doc.serialOf(stroke, unit))
          unit += hideRange(maker, end - unit)
        }
      }
      for (const { text, behind: unit } of went) {
        const serial = unit && Doc.find(doc, ...unit)
        if (serial !== undefined) Tree.toUnit(maker.place, doc, serial)
        insertAt(maker, serial === undefined, text)
      }
    })
    if (!isMarked || made._tag === 'Left') return made
    return right(remarked(made.right, runsOf(went, before, stamp), state, stamp))
  }

/** Where the text that went stands after a change that begins a stroke with it, in this order. */
const runsOf =
  (went: ReadonlyArray<Removed>, before: State, { timestamp, source }: Stamp) =>
  (after: State) => {
    const had = unitsOf(before)
    let k = 1
    return went.map(({ from, text }): Run => {
      const run: Run = [offsetIn(whole(after), [timestamp, k, source, 1])!, had(from, text.split(''))]
      k += text.length
      return run
    })
  }
