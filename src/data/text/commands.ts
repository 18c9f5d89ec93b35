/** Commands: what a user does, as operations that name units. */
import { diffArrays } from 'diff'
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Maker } from '../../core/DataType.js'
import type { Stamp } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import type { Change, Insert, Operation } from './Change.js'
import { isHigh, isLow, replacement, type Edit } from './codeUnits.js'
import * as Doc from './Doc.js'
import * as Open from './Open.js'
import { Operations } from './Operations.js'
import { length, toString } from './read.js'
import { growing, whole, type State } from './State.js'

export type { Edit } from './codeUnits.js'

/** A text of `length` code units has no place at `index`. */
export interface IndexOutOfRange {
  readonly _tag: 'IndexOutOfRange'
  readonly index: number
  readonly length: number
}

/** The offset lies between the halves of a surrogate pair. */
export interface SplitsPair {
  readonly _tag: 'SplitsPair'
  readonly offset: number
}

export type Refusal = IndexOutOfRange | SplitsPair

export type Command = Maker<State, Change, Refusal>

/** With more code points than this removed and added, the diff gives up. */
const MAX_EDITS = 1000

/** Replaces `count` code units from `offset` on by a string. */
export const splice =
  (offset: number, count: number, string: string): Command =>
  (state, stamp) => {
    const size = length(state)
    const end = offset + count
    if (!Number.isInteger(offset) || offset < 0 || offset > size) return beyond(offset, size)
    if (!Number.isInteger(end) || count < 0 || end > size) return beyond(end, size)
    const change = count === 0 ? typed(state, stamp, offset, string) : erased(state, stamp, offset, count, string)
    return change === undefined ? edited([{ from: offset, to: end, insert: string }], state, stamp) : right(change)
  }

const beyond = (index: number, length: number): E.Left<Refusal> => left({ _tag: 'IndexOutOfRange', index, length })

const isSurrogate = (code: number): boolean => (code & 0xf800) === 0xd800

/** The change that makes the open end longer, if the string is typed right behind it. */
const typed = (state: State, { source }: Stamp, offset: number, string: string): Change | undefined => {
  const { open, limits } = state
  if (open === null || string === '' || !Open.isTyping(open)) return undefined
  const { start, update, to } = open
  if (offset !== start.offset + to || start.size + to + string.length > limits.units) return undefined
  if (!isMine(state, source, start.key) || start.done > limits.operations) return undefined
  const operation = update[0][start.done] as Insert
  const text = operation[1]
  if (isHigh(text.charCodeAt(text.length - 1))) return undefined
  return withLast(
    start.key.first,
    update[0],
    operation.length === 4 ? ['+', text + string, operation[2], operation[3]] : ['+', text + string, operation[2]],
  )
}

const isMine = (state: State, source: string, key: Doc.Key): boolean => {
  const mine = growing(state, source)
  return mine?.first === key.first && key.source === source
}

/** The change of a stroke with another last operation. */
const withLast = (first: number, change: Change, operation: Operation): Change => {
  const last = change.length - 1
  if (last === 1) return [first, operation]
  const next = change.slice() as [number, ...Operation[]]
  next[0] = first
  next[last] = operation
  return next
}

/** The change that makes the open end longer, if what is removed stands at one of its sides. */
const erased = (state: State, { source }: Stamp, offset: number, count: number, string: string): Change | undefined => {
  const { open, limits, doc } = state
  if (open === null || string !== '' || Open.isTyping(open)) return undefined
  const { start, update, from, to } = open
  if (!isMine(state, source, start.key) || start.done > limits.operations) return undefined
  const at = Open.offsetIn(open)
  const isBackward = offset + count === at
  if (!isBackward && offset !== at) return undefined
  const [low, high] = isBackward ? [from - count, to] : [from, to + count]
  if (low < start.low || high > start.high) return undefined
  const run = Doc.runOf(doc, low)
  // where a pair may be cut, the general way looks
  const edges = isBackward ? [low, from - 1] : [to, high - 1]
  if (edges.some((serial) => isSurrogate(run.text.charCodeAt(run.at + serial - run.serial)))) return undefined
  const k = start.k + low - start.serial - start.below
  const all = high - low + start.below + start.above
  return withLast(start.key.first, update[0], ['-', Doc.refTo(start.target, k, start.key), all])
}

/** Inserts a string at an offset. */
export const insert = (offset: number, string: string): Command => splice(offset, 0, string)

/** Removes `count` code units from `offset` on. */
export const remove = (offset: number, count: number): Command => splice(offset, count, '')

/** Makes several edits as one change. */
export const edit =
  (edits: ReadonlyArray<Edit>): Command =>
  (state, stamp) => {
    const size = length(state)
    let last = 0
    for (const { from, to } of edits) {
      for (const index of [from, to]) {
        if (!Number.isInteger(index) || index < last || index > size) return beyond(index, size)
        last = index
      }
    }
    return edited(edits, state, stamp)
  }

/** A change from edits that are in order and within the text. */
const edited = (edits: ReadonlyArray<Edit>, state: State, stamp: Stamp): E.Either<Refusal, Change> => {
  const doc = whole(state)
  const split = edits.flatMap(({ from, to }) => [from, to]).find((offset) => cutsPair(doc, offset))
  if (split !== undefined) return left({ _tag: 'SplitsPair', offset: split })
  return right(composed(state, stamp, (operations) => operations.edit(edits)))
}

/** A change made of operations: the stroke that may grow, if it stays within the limits. */
export const composed = (state: State, { source }: Stamp, compose: (operations: Operations) => void): Change => {
  const doc = whole(state)
  const mine = growing(state, source)
  const stroke = mine && SortedMap.get(Doc.byKey, doc.strokes, mine)
  if (mine !== undefined && stroke?.waits === null) {
    const longer = new Operations(doc, mine, stroke)
    compose(longer)
    if (longer.fits(state.limits)) return longer.change()
  }
  const begun = new Operations(doc, { first: 0, source }, undefined)
  compose(begun)
  return begun.change()
}

/** Whether an offset lies between a high and a low surrogate. O(log n). */
export const cutsPair = (doc: Doc.Doc, offset: number): boolean => {
  if (offset <= 0 || offset >= doc.root.visible) return false
  const text = codesAt(doc, offset)
  return isHigh(text[0]) && isLow(text[1])
}

const codesAt = (doc: Doc.Doc, offset: number): readonly [number, number] => [
  Doc.codeAt(doc, offset - 1),
  Doc.codeAt(doc, offset),
]

/** Makes the text equal to a string, by the least change in whole characters. */
export const text =
  (string: string): Command =>
  (state, stamp) =>
    edited(editsBetween(toString(state), string), state, stamp)

/** The edits from one text to another. Neither they nor their places cut a pair. */
const editsBetween = (before: string, after: string): ReadonlyArray<Edit> => {
  if (before === after) return []
  const { from: head, to, insert } = replacement(before, after)
  const chunks = diffArrays(Array.from(before.slice(head, to)), Array.from(insert), { maxEditLength: MAX_EDITS })
  if (chunks === undefined) return [{ from: head, to, insert }]
  const edits: { from: number; to: number; insert: string }[] = []
  let offset = head
  for (const { value, added, removed } of chunks) {
    const string = value.join('')
    if (added || removed) {
      const last = edits.at(-1)
      const joined = last?.to === offset ? last : { from: offset, to: offset, insert: '' }
      if (joined !== last) edits.push(joined)
      if (added) joined.insert += string
      else joined.to += string.length
    }
    if (!added) offset += string.length
  }
  return edits
}
