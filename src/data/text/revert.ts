/** Undo: what changed between two versions, taken back in a third. */
import { begun, composed, type Command } from './commands.js'
import { idsOf, walk, type Units } from './differences.js'
import * as Doc from './Doc.js'
import { unmarked } from './marks.js'
import type { Operations } from './Operations.js'
import { stretch } from './read.js'
import { whole, type State } from './State.js'
import * as Tree from './Tree.js'

/** Text that was removed, and the last of its units. */
interface Removed {
  text: string
  behind: Units | undefined
}

interface Difference {
  readonly came: ReadonlyArray<Units>
  readonly went: ReadonlyArray<Removed>
}

const difference = (before: Doc.Doc, after: Doc.Doc): Difference => {
  const came: Units[] = []
  const went: Removed[] = []
  let last: Removed | undefined
  let behind: Units | undefined
  const remove = (serial: number, count: number): void => {
    if (last === undefined) went.push((last = { text: '', behind }))
    last.text += stretch(before, serial, serial + count)
    last.behind = behind
  }
  const keep = (): void => void (last = undefined)
  walk(before, after, {
    same: keep,
    both: (serial, count, wasVisible, isVisible) => {
      behind = idsOf(after, serial, count).at(-1)
      if (wasVisible && isVisible) keep()
      else if (wasVisible) remove(serial, count)
      else if (isVisible) came.push(...idsOf(after, serial, count))
    },
    lost: (serial, count, wasVisible) => {
      if (wasVisible) remove(serial, count)
    },
    added: (serial, count, isVisible) => {
      if (isVisible) came.push(...idsOf(after, serial, count))
    },
  })
  return { came, went }
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
    const { came, went } = difference(whole(before), whole(after))
    const marks = unmarked(whole(before), whole(after), state)
    const doc = whole(state)
    // marks have the stamp of their stroke
    const make = marks.length > 0 ? begun : composed
    return make(state, stamp, (operations) => {
      for (const mark of marks) operations.add(mark)
      for (const units of came) hide(doc, units, operations)
      for (const { text, behind } of went) insertBehind(doc, behind, text, operations)
    })
  }

/** Hides those of the units that are visible. */
const hide = (doc: Doc.Doc, { k, count, ...key }: Units, operations: Operations): void => {
  const cursor = new Tree.Cursor()
  for (let unit = k; unit < k + count;) {
    const serial = Doc.find(doc, key, unit)
    if (serial === undefined) return
    const run = Doc.runOf(doc, serial)
    cursor.seek(doc.root, Tree.labelOf(doc, serial), serial)
    const length = Math.min(k + count - unit, cursor.length, run.serial + run.length - serial)
    if (cursor.isVisible) operations.hideRange(serial, length)
    unit += length
  }
}

const insertBehind = (doc: Doc.Doc, units: Units | undefined, text: string, operations: Operations): void => {
  const serial = units === undefined ? undefined : Doc.find(doc, units, units.k + units.count - 1)
  const cursor = new Tree.Cursor()
  if (serial === undefined) cursor.toStart(doc.root)
  else {
    cursor.seek(doc.root, Tree.labelOf(doc, serial), serial)
    cursor.move(1)
  }
  operations.insertAt(serial ?? Tree.START, cursor.isAtRange ? cursor.serial : Tree.END, text)
}
