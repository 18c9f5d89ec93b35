/** Where two versions of a text differ. */
import type { SourceId } from '../../core/Update.js'
import { replacement, type Edit } from './codeUnits.js'
import * as Doc from './Doc.js'
import { stretch, toString } from './read.js'
import { whole, type State } from './State.js'
import { isLeaf, type Node } from './Tree.js'

/** What a walk over two versions meets, in the order of the text. */
export interface Visitor {
  /** Units that both have. */
  readonly both: (serial: number, count: number, wasVisible: boolean, isVisible: boolean) => void
  /** Units that only the older has, and of which it shows these. */
  readonly lost: (serial: number, count: number, wasVisible: boolean) => void
  /** Units that only the newer has. */
  readonly added: (serial: number, count: number, isVisible: boolean) => void
  /** Many units that are the same in both; this many of them are visible. */
  readonly same: (visible: number) => void
}

/** How many units, the first to arrive, both versions have under the same serials. */
export const sharedUnits = (a: Doc.Doc, b: Doc.Doc): number => {
  let low = 0
  let high = Math.min(a.units, b.units)
  while (low < high) {
    const middle = (low + high) >> 1
    if (Doc.runOf(a, middle) === Doc.runOf(b, middle)) low = middle + 1
    else high = middle
  }
  // what was put into the tree twice, from one open end, or comes from a clone
  for (const least = Math.min(a.units, b.units); low < least;) {
    const [x, y] = [Doc.runOf(a, low), Doc.runOf(b, low)]
    if (!Doc.isSameStroke(x.key, y.key) || Doc.kAt(x, low) !== Doc.kAt(y, low)) break
    low = Math.min(x.serial + x.length, y.serial + y.length)
  }
  return low
}

/** The nodes of one version that are still to be visited, and the leaf in hand. */
class Side {
  private readonly nodes: Node[]
  private items: readonly number[] = []
  private at = 0
  private within = 0
  private readonly shared: number

  constructor(root: Node, shared: number) {
    this.nodes = [root]
    this.shared = shared
  }

  /** The next node, if no leaf is in hand. */
  get node(): Node | undefined {
    return this.isInLeaf ? undefined : this.nodes.at(-1)
  }

  get isInLeaf(): boolean {
    return this.at < this.items.length
  }

  skip(): void {
    this.nodes.pop()
  }

  /** Goes into the next node. */
  enter(): void {
    const node = this.nodes.pop()!
    if (isLeaf(node)) {
      this.items = node.items
      this.at = this.within = 0
    } else for (let i = node.items.length - 1; i >= 0; i--) this.nodes.push(node.items[i]!)
  }

  get serial(): number {
    return this.items[this.at]! + this.within
  }

  get isVisible(): boolean {
    return this.items[this.at + 1]! > 0
  }

  get isShared(): boolean {
    return this.serial < this.shared
  }

  /** How many units follow on that are shared, or are not. */
  get length(): number {
    const length = Math.abs(this.items[this.at + 1]!) - this.within
    return this.isShared ? Math.min(length, this.shared - this.serial) : length
  }

  move(count: number): void {
    this.within += count
    if (this.within < Math.abs(this.items[this.at + 1]!)) return
    this.within = 0
    this.at += 2
  }
}

/** Walks two versions side by side. Skips the nodes that they share. O(d log n). */
export const walk = (older: Doc.Doc, newer: Doc.Doc, visitor: Visitor): void => {
  const shared = sharedUnits(older, newer)
  const a = new Side(older.root, shared)
  const b = new Side(newer.root, shared)
  for (;;) {
    const [x, y] = [a.node, b.node]
    if (x !== undefined && x === y) {
      visitor.same(x.visible)
      a.skip()
      b.skip()
    } else if (x !== undefined && (y === undefined || x.height >= y.height)) {
      a.enter()
      if (x.height === y?.height) b.enter()
    } else if (y !== undefined) b.enter()
    else if (a.isInLeaf && !a.isShared) step(a, a.length, visitor.lost)
    else if (b.isInLeaf && !b.isShared) step(b, b.length, visitor.added)
    else if (a.isInLeaf) {
      const count = Math.min(a.length, b.length)
      visitor.both(a.serial, count, a.isVisible, b.isVisible)
      a.move(count)
      b.move(count)
    } else return
  }
}

const step = (side: Side, count: number, visit: (serial: number, count: number, isVisible: boolean) => void): void => {
  visit(side.serial, count, side.isVisible)
  side.move(count)
}

/**
 * The edits that make the text of an older version, or of any other, that of this one: in offsets
 * of the old text, sorted, adjacent ones joined. O(d log n) for d ranges that differ. If the
 * versions share nothing, as when one was made anew: from their first difference to their last.
 */
export const changesSince =
  (old: State) =>
  (state: State): ReadonlyArray<Edit> => {
    const [older, newer] = [whole(old), whole(state)]
    if (older.root === newer.root) return []
    if (sharedUnits(older, newer) === 0) return [replacement(toString(old), toString(state))].filter(isEdit)
    const edits: { from: number; to: number; insert: string }[] = []
    let offset = 0
    const edit = (): { from: number; to: number; insert: string } => {
      const last = edits.at(-1)
      if (last?.to === offset) return last
      const next = { from: offset, to: offset, insert: '' }
      edits.push(next)
      return next
    }
    const keep = (count: number): void => void (offset += count)
    const remove = (count: number): void => {
      edit().to += count
      offset += count
    }
    const insert = (serial: number, count: number): void => {
      edit().insert += stretch(newer, serial, serial + count)
    }
    walk(older, newer, {
      same: keep,
      both: (serial, count, wasVisible, isVisible) => {
        if (wasVisible) (isVisible ? keep : remove)(count)
        else if (isVisible) insert(serial, count)
      },
      lost: (_, count, wasVisible) => {
        if (wasVisible) remove(count)
      },
      added: (serial, count, isVisible) => {
        if (isVisible) insert(serial, count)
      },
    })
    return edits
  }

const isEdit = ({ from, to, insert }: Edit): boolean => from < to || insert !== ''

/** Units by their ids: `count` of one stroke, from `k` on. */
export interface Units {
  readonly first: number
  readonly source: SourceId
  readonly k: number
  readonly count: number
}

/** The units whose serials follow on, by ids. */
export const idsOf = (doc: Doc.Doc, serial: number, count: number): ReadonlyArray<Units> => {
  const ids: Units[] = []
  for (let next = serial; next < serial + count;) {
    const run = Doc.runOf(doc, next)
    const end = Math.min(serial + count, run.serial + run.length)
    ids.push({ ...run.key, k: Doc.kAt(run, next), count: end - next })
    next = end
  }
  return ids
}
