/** Where two versions of a text differ. */
import { replacement, type Edit } from './codeUnits.js'
import * as Doc from './Doc.js'
import { length, textIn, toString } from './read.js'
import { whole, type State } from './State.js'
import { isLeaf, type Node, type Piece } from './Tree.js'

/**
 * Called in the order of the text, with whether the older version shows these units and whether the
 * newer does. They begin at `from` in `piece`. Without a piece, `count` is of the visible units of
 * nodes that both share; their hidden ones are left out.
 */
export type Visit = (
  count: number,
  wasVisible: boolean,
  isVisible: boolean,
  piece?: Piece,
  from?: number,
  isInBoth?: boolean,
) => void

/** What of one version is still to be visited. */
interface Side {
  readonly doc: Doc.Doc
  readonly nodes: Node[]
  /** The pieces of the leaf in hand, the index of the next, and how much of that is done. */
  items: readonly Piece[]
  at: number
  within: number
}

const sideOf = (doc: Doc.Doc): Side => ({ doc, nodes: [doc.root], items: [], at: 0, within: 0 })

/** Goes into the next node. */
const enter = (side: Side): void => {
  const node = side.nodes.pop()!
  if (isLeaf(node)) {
    side.items = node.items
    side.at = 0
  } else for (let i = node.items.length - 1; i >= 0; i--) side.nodes.push(node.items[i]!)
}

/** Whether the next unit of the first is in the other version too. */
const isShared = ({ items, at, within }: Side, { doc }: Side): boolean => {
  const { key, k, serial } = items[at]!
  // versions of one text share the keys of their strokes, and count units from the same first
  if (serial + within >= doc.units) return false
  const stroke = Doc.strokeAt(doc, key)
  return stroke?.key === key && stroke.size >= k + within
}

/** Walks two versions side by side. Skips the nodes that they share. O(d log n). */
export const walk = (older: Doc.Doc, newer: Doc.Doc, visit: Visit): void => {
  const a = sideOf(older)
  const b = sideOf(newer)
  for (;;) {
    const x = a.items[a.at]
    const y = b.items[b.at]
    const m = x === undefined ? a.nodes.at(-1) : undefined
    const n = y === undefined ? b.nodes.at(-1) : undefined
    // nodes that both share
    if (m !== undefined && m === n) {
      let count = 0
      do {
        count += a.nodes.pop()!.visible
        b.nodes.pop()
      } while (a.nodes.length > 0 && a.nodes.at(-1) === b.nodes.at(-1))
      visit(count, true, true)
      // else into the higher one, or into both
    } else if (m !== undefined && (n === undefined || m.height >= n.height)) {
      enter(a)
      if (m.height === n?.height) enter(b)
    } else if (n !== undefined) enter(b)
    else if (x === undefined && y === undefined) return
    else {
      const same = common(x, a.within, y, b.within)
      if (same > 0) {
        visit(same, x!.visible > 0, y!.visible > 0, y, b.within, true)
        move(a, same)
        move(b, same)
      } else if (y !== undefined && (x === undefined || !isShared(b, a))) {
        const count = y.length - b.within
        visit(count, false, y.visible > 0, y, b.within)
        move(b, count)
      } else {
        const count = x!.length - a.within
        visit(count, x!.visible > 0, false, x, a.within)
        move(a, count)
      }
    }
  }
}

/** How many units from unit i of one piece, and j of another, are the same, with the same text. */
const common = (x: Piece | undefined, i: number, y: Piece | undefined, j: number): number => {
  if (x === undefined || x.key !== y?.key || x.k + i !== y.k + j) return 0
  const count = Math.min(x.length - i, y.length - j)
  return x.text === y.text || textIn(x, i, i + count) === textIn(y, j, j + count) ? count : 0
}

const move = (side: Side, count: number): void => {
  side.within += count
  if (side.within < side.items[side.at]!.length) return
  side.within = 0
  side.at++
}

/**
 * The edits that make the text of an older version that of this one: in offsets of the old text,
 * sorted, adjacent ones joined. O(d log n) for d ranges that differ. If all of the text is another:
 * from their first difference to their last.
 */
export const changesSince =
  (old: State) =>
  (state: State): ReadonlyArray<Edit> => {
    const { changes } = changesOf(old, state)
    return isAnother(old, state, changes) ? least(old, state) : changes
  }

/**
 * The same by unit: what was replaced by equal text is a change. But if the versions share no unit,
 * as when one was made anew, then as {@link changesSince}.
 */
export const changesByUnit = (old: State, state: State): ReadonlyArray<Edit> => {
  const { changes, areKin } = changesOf(old, state)
  return !areKin && isAnother(old, state, changes) ? least(old, state) : changes
}

const changesOf = (old: State, state: State) => {
  const changes: { from: number; to: number; insert: string }[] = []
  let offset = 0
  let areKin = false
  walk(whole(old), whole(state), (count, wasVisible, isVisible, piece, from = 0, isInBoth = false) => {
    areKin ||= isInBoth || piece === undefined
    if (wasVisible !== isVisible) {
      let last = changes.at(-1)
      if (last?.to !== offset) changes.push((last = { from: offset, to: offset, insert: '' }))
      if (wasVisible) last.to += count
      else last.insert += textIn(piece!, from, from + count)
    }
    if (wasVisible) offset += count
  })
  return { changes, areKin }
}

/** Whether nothing that is visible in one version is in the other. */
const isAnother = (old: State, state: State, [first]: ReadonlyArray<Edit>): boolean =>
  first !== undefined && first.to - first.from === length(old) && first.insert.length === length(state)

const least = (old: State, state: State): ReadonlyArray<Edit> =>
  [replacement(toString(old), toString(state))].filter(isEdit)

const isEdit = ({ from, to, insert }: Edit): boolean => from < to || insert !== ''
