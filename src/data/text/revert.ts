/** Undo: what changed between two versions, taken back in a third. */
import type { Command } from './commands.js'
import { begun, composed, hideRange, insertAt } from './compose.js'
import { walk } from './differences.js'
import * as Doc from './Doc.js'
import { unmarkedSince } from './marks.js'
import { textIn } from './read.js'
import { whole, type State } from './State.js'
import * as Tree from './Tree.js'

/** A unit by its id. */
type Unit = readonly [key: Doc.Key, k: number]

/** Text that was removed, and the last unit before it that is there in both versions. */
interface Removed {
  text: string
  behind: Unit | undefined
}

/**
 * Takes back what changed from one version to a later one, in the present text. Hides what came and
 * is still visible. Inserts anew the text of what went, where it stood, without the marks it had.
 * Marks that came give way to those before them. What others did stays. To redo, revert the revert.
 * O(d log n) for d ranges that differ.
 */
export const revert =
  (before: State, after: State): Command =>
  (state, stamp) => {
    const came: (readonly [...Unit, count: number])[] = []
    const went: Removed[] = []
    let last: Removed | undefined
    let behind: Unit | undefined
    walk(whole(before), whole(after), (count, wasVisible, isVisible, piece, from = 0, isInBoth = false) => {
      if (piece !== undefined && isInBoth) behind = [piece.key, piece.k + from + count - 1]
      if (wasVisible && isVisible) last = undefined
      else if (wasVisible) {
        if (last === undefined) went.push((last = { text: '', behind }))
        last.text += textIn(piece!, from, from + count)
        last.behind = behind
      } else if (isVisible) came.push([piece!.key, piece!.k + from, count])
    })
    const marks = unmarkedSince(whole(before), whole(after), state)
    const doc = whole(state)
    // marks have the stamp of their stroke
    return (marks.length > 0 ? begun : composed)(state, stamp, (maker) => {
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
  }
