/**
 * The text that a set of strokes gives: which units there are, in which order, and which of them
 * are hidden.
 */
import type { Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import type { Change, Operation, Ref } from './Change.js'
import { isHigh, isLow } from './codeUnits.js'
import * as Tree from './Tree.js'
import type { Key } from './Tree.js'

export type { Key } from './Tree.js'

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
  readonly swept: SortedMap.SortedMap<number, number>
}

export const isSameStroke = (a: Key, b: Key): boolean => a.first === b.first && a.source === b.source

export const byKey: SortedMap.Less<Key> = (a, b) => (a.source === b.source ? a.first < b.first : a.source < b.source)

/** The order of ids: by first, then source. */
export const byAge: SortedMap.Less<Key> = (a, b) => (a.first === b.first ? a.source < b.source : a.first < b.first)

export const byWait: SortedMap.Less<Wait> = (a, b) => {
  if (!isSameStroke(a, b)) return byKey(a, b)
  return a.k === b.k ? byKey(a.waiter, b.waiter) : a.k < b.k
}

export const byMark: SortedMap.Less<MarkId> = (a, b) => (isSameStroke(a, b) ? a.index < b.index : byAge(a, b))

export const empty: Doc = {
  ...Tree.empty,
  strokes: SortedMap.empty(),
  waiting: SortedMap.empty(),
  marks: SortedMap.empty(),
  swept: SortedMap.empty(),
}

/** When the stroke that an update names was begun. */
export const firstOf = (update: Update<Change>): number => update[0][0] || update[1]

/** The stroke that an update names. */
export const keyOf = (update: Update<Change>): Key => ({ first: firstOf(update), source: update[2] })

/** The stroke of a unit that an operation of the stroke `own` refers to. */
export const strokeOf = (ref: Ref, own: Key): Key =>
  typeof ref === 'number' ? own : { first: ref[0], source: ref[2] ?? own.source }

/** How the stroke `own` refers to the `k`-th unit of another stroke, or of itself. */
export const refTo = (target: Key, k: number, own: Key): Ref => {
  if (target.source !== own.source) return [target.first, k, target.source]
  return target.first === own.first ? k : [target.first, k]
}

export const kOf = (ref: Ref): number => (typeof ref === 'number' ? ref : ref[1])

export const strokeAt = ({ strokes }: Pick<Doc, 'strokes'>, key: Key): Stroke | undefined =>
  SortedMap.get(byKey, strokes, key)

/** The serial of the `k`-th unit, which must be here. O(p) for p places, most often one. */
export const serialOf = ({ places }: Stroke, k: number): number => {
  let i = places.length - 2
  while (places[i]! > k) i -= 2
  return places[i + 1]! + k - places[i]!
}

/** The serial of a unit by its id, or undefined if it is not here. */
export const find = (doc: Pick<Doc, 'strokes'>, key: Key, k: number): number | undefined => {
  const stroke = strokeAt(doc, key)
  return stroke === undefined || k > stroke.size ? undefined : serialOf(stroke, k)
}

/** Whether an offset lies between a high and a low surrogate. O(log n). */
export const cutsPair = (doc: Doc, offset: number): boolean => {
  if (offset < 1 || offset >= doc.root.visible) return false
  const place = Tree.placeOf()
  Tree.toOffset(place, doc, offset)
  if (!isLow(Tree.codeAt(place))) return false
  Tree.toOffset(place, doc, offset - 1)
  return isHigh(Tree.codeAt(place))
}
