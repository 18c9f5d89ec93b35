/**
 * The open end of a text: the operation that grows at present is not in the tree yet. To go on
 * typing or deleting then makes one small object.
 */
import * as Json from '../../core/Json.js'
import { before, type Update } from '../../core/Update.js'
import { isHide, isInsert, type Change, type Hide, type Insert, type Operation } from './Change.js'
import { firstOf, isSameStroke, kOf, strokeOf, type Key } from './Doc.js'

/** What stays the same while the operation grows. */
export interface Start {
  readonly isTyping: boolean
  readonly key: Key
  /** The number of operations done, this one too. */
  readonly done: number
  /** The visible units of the tree before it; for a deletion, before `low`. */
  readonly offset: number
  /** So many units of the operation, from its first on and from its last back, are in the tree. */
  readonly below: number
  readonly above: number
  /** Typed units stand between these two. Others are removed from the serials in between. */
  readonly low: number
  readonly high: number
  /** Of what is removed a serial less its `k`, and the code unit of `low` in a text. */
  readonly shift: number
  readonly text: string
  readonly at: number
  /** How many units of the stroke are in the tree. */
  readonly size: number
}

/** Typed: from 0 to the number of units. Removed: from a serial to another. */
export interface Open {
  readonly start: Start
  /** The newest of the stroke. */
  readonly update: Update<Change>
  readonly from: number
  readonly to: number
}

/** Where the open end begins, in visible units of the tree. */
export const offsetOf = ({ start, from }: Open): number =>
  start.isTyping ? start.offset : start.offset + from - start.low

/** The open end as an edit of the tree's text: at an offset, so many units removed, and a text. */
export const editOf = (open: Open): readonly [at: number, removed: number, text: string] => {
  const { start, update, from, to } = open
  const at = offsetOf(open)
  return start.isTyping ? [at, 0, (update[0][start.done] as Insert)[1].slice(start.below)] : [at, to - from, '']
}

/** The open end that is all but the start's part of an operation, or undefined if it cannot be. */
export const openWith = (start: Start, update: Update<Change>): Open | undefined => {
  const operation = update[0][start.done] as Insert | Hide
  if (isInsert(operation)) return { start, update, from: 0, to: operation[1].length - start.below }
  const from = start.shift + kOf(operation[1]) + start.below
  const to = from + operation[2] - start.below - start.above
  return from < start.low || to > start.high ? undefined : { start, update, from, to }
}

/** The open end with a later update of its stroke, if that only makes it longer. O(operations). */
export const grown = (open: Open, update: Update<Change>): Open | undefined => {
  const { start, update: held } = open
  const { key, done } = start
  const change = update[0]
  if (change.length !== done + 1 || update[2] !== key.source || firstOf(update) !== key.first) return undefined
  if (!before(held, update) || !isGrown(held[0], change, done, key)) return undefined
  const next = openWith(start, update)
  return next !== undefined && next.from <= open.from && next.to >= open.to ? next : undefined
}

/** Whether the first `done` operations stand in a change, the last of them perhaps longer. */
export const isGrown = (held: Change, change: Change, done: number, key: Key): boolean => {
  if (change.length <= done) return false
  for (let i = 1; i < done; i++) if (!isSame(held[i], change[i])) return false
  if (done === 0) return true
  const a = held[done] as Operation
  const b = change[done] as Operation
  if (isInsert(a) && isInsert(b)) {
    return a.length === b.length && isSame(a[2], b[2]) && isSame(a[3], b[3]) && b[1].startsWith(a[1])
  }
  if (!isHide(a) || !isHide(b)) return isSame(a, b)
  const from = kOf(a[1])
  const to = kOf(b[1])
  return isSameStroke(strokeOf(a[1], key), strokeOf(b[1], key)) && to <= from && to + b[2] >= from + a[2]
}

/** {@link Json.equals}, faster for operations. */
export const isSame = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (!Array.isArray(a) || !Array.isArray(b)) return Json.equals(a, b)
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!isSame(a[i], b[i])) return false
  return true
}
