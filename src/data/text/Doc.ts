/**
 * The text that a set of strokes gives: which units there are, in which order, and which of them
 * are hidden.
 */
import { before, type Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import type { Change, Operation, Ref } from './Change.js'
import { isHigh, isLow } from './codeUnits.js'
import * as Ranges from './Ranges.js'
import * as Runs from './Runs.js'
import type { Key, Run } from './Runs.js'
import * as Tree from './Tree.js'

export type { Key, Run } from './Runs.js'

export interface Stroke {
  readonly key: Key
  /** The greatest that names the stroke. */
  readonly update: Update<Change>
  /** How many of its operations are done. */
  readonly done: number
  /** How many units it has inserted. */
  readonly size: number
  /** A `k` and its serial, for each piece of units whose serials follow on. */
  readonly places: readonly number[]
  /** What the next operation waits for. */
  readonly waits: Wait | null
}

/** The stroke `waiter` waits for the `k`-th unit of another, or of itself. */
export interface Wait extends Key {
  readonly k: number
  readonly waiter: Key
}

/** Names a mark. Of two that meet, the one that was begun later counts. */
export interface MarkId extends Key {
  /** The operation's place in its stroke. */
  readonly index: number
}

export interface Doc extends Tree.Tree {
  readonly strokes: SortedMap.SortedMap<Key, Stroke>
  readonly waiting: SortedMap.SortedMap<Wait, true>
  /** The operations `*`, oldest first. */
  readonly marks: SortedMap.SortedMap<MarkId, Operation>
  /**
   * Ranges of serials, by their first, up to the value: all of these units are hidden. Only ranges
   * that were hidden in many pieces more than once.
   */
  readonly swept: Ranges.Ranges<number>
}

export const byKey: SortedMap.Less<Key> = (a, b) => (a.source === b.source ? a.first < b.first : a.source < b.source)

export const byWait: SortedMap.Less<Wait> = (a, b) => {
  if (a.source !== b.source || a.first !== b.first) return byKey(a, b)
  return a.k === b.k ? byKey(a.waiter, b.waiter) : a.k < b.k
}

export const byMark: SortedMap.Less<MarkId> = (a, b) => {
  if (a.first !== b.first) return a.first < b.first
  return a.source === b.source ? a.index < b.index : a.source < b.source
}

export const empty: Doc = {
  ...Tree.empty,
  strokes: SortedMap.empty(),
  waiting: SortedMap.empty(),
  marks: SortedMap.empty(),
  swept: Ranges.empty(),
}

/** The stroke that an update names. */
export const keyOf = (update: Update<Change>): Key => ({
  first: update[0][0] === 0 ? update[1] : update[0][0],
  source: update[2],
})

/** The stroke of a unit that an operation of the stroke `own` refers to. */
export const strokeOf = (ref: Ref, own: Key): Key =>
  typeof ref === 'number' ? own : { first: ref[0], source: ref[2] ?? own.source }

/** Whether an operation of the stroke `own` refers to a unit of `target`. */
export const refersTo = (ref: Ref, own: Key, target: Key): boolean =>
  typeof ref === 'number'
    ? isSameStroke(own, target)
    : ref[0] === target.first && (ref[2] ?? own.source) === target.source

/** How the stroke `own` refers to the `k`-th unit of another stroke, or of itself. */
export const refTo = (target: Key, k: number, own: Key): Ref => {
  if (target.source !== own.source) return [target.first, k, target.source]
  return target.first === own.first ? k : [target.first, k]
}

export const kOf = (ref: Ref): number => (typeof ref === 'number' ? ref : ref[1])

export const isSameStroke = (a: Key, b: Key): boolean => a.first === b.first && a.source === b.source

/** The serial of the `k`-th unit, which must be here. O(log p) for p pieces. */
export const serialOf = ({ places }: Stroke, k: number): number => {
  const at = pieceAt(places, k)
  return places[at + 1]! + k - places[at]!
}

/** The last piece that begins at `k` or before. */
const pieceAt = (places: readonly number[], k: number): number => {
  let low = 0
  let high = places.length >> 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (places[2 * middle]! <= k) low = middle
    else high = middle
  }
  return 2 * low
}

/** Calls `visit` for ranges of serials of the units `k` to `k + count - 1`, which must be here. */
export const forEachPiece = (
  { places }: Stroke,
  k: number,
  count: number,
  visit: (serial: number, length: number) => void,
): void => {
  const end = k + count
  for (let at = pieceAt(places, k), next = k; next < end; at += 2) {
    const stop = Math.min(end, places[at + 2] ?? end)
    visit(places[at + 1]! + next - places[at]!, stop - next)
    next = stop
  }
}

/** The run that holds a unit. O(log n). */
export const runOf = ({ runs }: Pick<Doc, 'runs'>, serial: number): Run => Runs.get(runs, serial)

export const kAt = (run: Run, serial: number): number => run.k + serial - run.serial

/** The text of units of one run. */
export const textOf = ({ text, at, serial }: Run, from: number, to: number): string =>
  text.slice(at + from - serial, at + to - serial)

/** The code unit at an offset, which must exist. O(log n). */
export const codeAt = (doc: Doc, offset: number): number => {
  const serial = Tree.visibleAt(doc.root, offset)
  const { text, at, serial: first } = runOf(doc, serial)
  return text.charCodeAt(at + serial - first)
}

/** Whether an offset lies between a high and a low surrogate. O(log n). */
export const cutsPair = (doc: Doc, offset: number): boolean =>
  offset > 0 && offset < doc.root.visible && isHigh(codeAt(doc, offset - 1)) && isLow(codeAt(doc, offset))

/** The unit to whose right a unit was put, or START. */
export const leftOf = (run: Run, serial: number): number => (serial === run.serial ? run.left : serial - 1)

/** Whether the id of a unit sorts before that of another: by first, then source, then k. */
export const isIdBefore = (a: Key, k: number, b: Run, serial: number): boolean => {
  if (a.first !== b.key.first) return a.first < b.key.first
  if (a.source !== b.key.source) return a.source < b.key.source
  return k < kAt(b, serial)
}

/** The serial of a unit by its id, or undefined if it is not here. */
export const find = ({ strokes }: Pick<Doc, 'strokes'>, key: Key, k: number): number | undefined => {
  const stroke = SortedMap.get(byKey, strokes, key)
  return stroke === undefined || k > stroke.size ? undefined : serialOf(stroke, k)
}

/** Whether an update of a stroke displaces the one that is held. */
export const isNewer = (held: Update<Change>, update: Update<Change>): boolean => before(held, update)
