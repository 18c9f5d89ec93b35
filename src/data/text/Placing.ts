/**
 * Where a unit belongs.
 *
 * Source: Weidner, Gentle and Kleppmann, "The Art of the Fugue" (arXiv 2305.00583), FugueMax.
 */
import * as Doc from './Doc.js'
import * as Tree from './Tree.js'
import { TreeDraft } from './TreeDraft.js'

export class Placing extends TreeDraft {
  /**
   * The end in place of a right that no honest replica writes: one that is not behind `left`, or
   * that was itself put behind a unit that is.
   */
  protected straightened(left: number, right: number): number {
    if (right === Tree.END || !Tree.isBefore(this, left, right)) return Tree.END
    const own = Doc.leftOf(Doc.runOf(this, right), right)
    return own === left || Tree.isBefore(this, own, left) ? right : Tree.END
  }

  /** The unit behind a unit, or END. */
  protected next(serial: number): number {
    const cursor = this.behind(serial)
    return cursor.isAtRange ? cursor.serial : Tree.END
  }

  /** A cursor behind a unit. The next call moves it. */
  protected behind(serial: number): Tree.Cursor {
    if (serial === Tree.START) return this.atStart()
    const cursor = this.at(serial)
    cursor.move(1)
    return cursor
  }

  /** The unit behind which the unit `k` of a stroke belongs, between `left` and `right`. */
  protected place(cursor: Tree.Cursor, key: Doc.Key, k: number, left: number, right: number): number {
    let place = left
    let isPassing = false
    while (cursor.isAtRange) {
      const { serial } = cursor
      if (serial === right) break
      const run = Doc.runOf(this, serial)
      const length = Math.min(cursor.length, run.serial + run.length - serial)
      const own = Doc.leftOf(run, serial)
      if (own === left) {
        if (run.right !== right) isPassing = Tree.isBefore(this, run.right, right)
        else if (Doc.isIdBefore(key, k, run, serial)) break
        else isPassing = false
      } else if (Tree.isBefore(this, own, left)) break
      if (!isPassing) place = serial + length - 1
      cursor.move(length)
    }
    return place
  }
}
