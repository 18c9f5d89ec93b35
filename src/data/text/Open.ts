/**
 * The open end of a text: the operation that grows at present is not in the tree yet. To go on
 * typing or deleting then makes one small object.
 */
import * as Json from '../../core/Json.js'
import { before, type Update } from '../../core/Update.js'
import { isHide, isInsert, type Change, type Insert, type Operation } from './Change.js'
import { isSameStroke, kOf, refersTo, strokeOf, type Doc, type Key } from './Doc.js'

/** What stays the same while an operation grows. */
interface Start {
  readonly key: Key
  /** The stroke without the open end, but the number of operations done with it. */
  readonly done: number
  readonly size: number
  readonly places: readonly number[]
  /** How many visible units of the tree stand before it; for a deletion, before `serial`. */
  readonly offset: number
}

/** Units that stand behind the unit `behind` of the tree, at `offset`. */
export interface TypingStart extends Start {
  readonly kind: '+'
  /** The open end begins here in the operation's text. */
  readonly at: number
  readonly behind: number
  readonly left: number
  readonly right: number
}

/** Visible units of the tree, all of one range of it and of one run. */
export interface ErasingStart extends Start {
  readonly kind: '-'
  readonly target: Key
  /** A unit of the target, and its serial. */
  readonly k: number
  readonly serial: number
  /** Serials from `low` up to but not `high` stand side by side, and are visible. */
  readonly low: number
  readonly high: number
  /** How many units of the operation, below and above the open end, are hidden in the tree. */
  readonly below: number
  readonly above: number
}

/** Not enumerated, so no clone has it. */
export const COMMITTED: unique symbol = Symbol('committed')

export interface Typing {
  readonly start: TypingStart
  /** The newest of the stroke. */
  readonly update: Update<Change>
  /** 0, and how many units the open end has. */
  readonly from: number
  readonly to: number
  /** The text with the open end in its tree, once somebody has asked for it. */
  [COMMITTED]: Doc | undefined
}

export interface Erasing {
  readonly start: ErasingStart
  readonly update: Update<Change>
  /** The serials that are hidden. */
  readonly from: number
  readonly to: number
  /** The text with the open end in its tree, once somebody has asked for it. */
  [COMMITTED]: Doc | undefined
}

export type Open = Typing | Erasing

export const isTyping = (open: Open): open is Typing => open.start.kind === '+'

/** The text of the operation of which the open end is the last part. */
export const operationText = ({ start, update }: Typing): string => (update[0][start.done] as Insert)[1]

/** The text of the open end. */
export const openText = (open: Typing): string => {
  const text = operationText(open)
  return open.start.at === 0 ? text : text.slice(open.start.at)
}

/** Where the open end begins, in visible units of the tree. */
export const offsetIn = (open: Open): number =>
  isTyping(open) ? open.start.offset : open.start.offset + open.from - open.start.serial

/** The open end with a later update of its stroke, if that only makes it longer. O(operations). */
export const grown = (open: Open, update: Update<Change>): Open | undefined => {
  const { start, update: held } = open
  const { key, done } = start
  const change = update[0]
  if (change.length !== done + 1 || update[2] !== key.source) return undefined
  if ((change[0] === 0 ? update[1] : change[0]) !== key.first || !before(held, update)) return undefined
  for (let i = 1; i < done; i++) if (!isSame(held[0][i], change[i])) return undefined
  const operation = change[done] as Operation
  if (start.kind === '-') return erased(open as Erasing, operation, update)
  if (!isGrownInsert(held[0][done] as Operation, operation)) return undefined
  return { start, update, from: 0, to: operation[1].length - start.at, [COMMITTED]: undefined }
}

const isSame = (a: unknown, b: unknown): boolean => a === b || Json.equals(a, b)

/** Whether an operation inserts at the same place a text that begins with that of another. */
export const isGrownInsert = (held: Operation, operation: Operation): operation is Insert =>
  isInsert(held) &&
  isInsert(operation) &&
  held.length === operation.length &&
  isSame(held[2], operation[2]) &&
  isSame(held[3], operation[3]) &&
  beginsWith(operation[1], held[1])

/** The last text that was made longer, and the longer one. Only saves a comparison. */
const longer = { text: '', whole: '' }

/** A text with more behind it. */
export const lengthened = (text: string, more: string): string => {
  longer.text = text
  longer.whole = text + more
  return longer.whole
}

// the same string is known by its address, without being read
const beginsWith = (whole: string, text: string): boolean =>
  (whole === longer.whole && text === longer.text) || whole.startsWith(text)

const erased = (
  { start, from: held, to: end }: Erasing,
  operation: Operation,
  update: Update<Change>,
): Erasing | undefined => {
  if (!isHide(operation)) return undefined
  const ref = operation[1]
  const count = operation[2]
  if (!refersTo(ref, start.key, start.target)) return undefined
  const from = start.serial + kOf(ref) + start.below - start.k
  const to = from + count - start.below - start.above
  if (from > held || to < end || from < start.low || to > start.high) return undefined
  return { start, update, from, to, [COMMITTED]: undefined }
}

/** Whether `operation` hides the range of `held`, and perhaps more of the same stroke. */
export const isGrownHide = (held: Operation, operation: Operation, own: Key): boolean => {
  if (!isHide(held) || !isHide(operation)) return false
  const [from, to] = [kOf(held[1]), kOf(operation[1])]
  return (
    isSameStroke(strokeOf(held[1], own), strokeOf(operation[1], own)) &&
    to <= from &&
    to + operation[2] >= from + held[2]
  )
}

export const isUnchanged = isSame
