/** Commands: what a user does, as operations that name units. */
import { diffArrays } from 'diff'
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Maker } from '../../core/DataType.js'
import type { SourceId, Stamp } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import type { Change, Insert, Operation } from './Change.js'
import { isHigh, replacement, type Edit } from './codeUnits.js'
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
    const change =
      count === 0
        ? typed(state, stamp.source, offset, string)
        : string === ''
          ? erased(state, stamp.source, offset, count)
          : undefined
    return change === undefined ? edited([{ from: offset, to: end, insert: string }], state, stamp) : right(change)
  }

const beyond = (index: number, length: number): E.Left<Refusal> => left({ _tag: 'IndexOutOfRange', index, length })

const isSurrogate = (code: number): boolean => (code & 0xf800) === 0xd800

/** The change that makes the open end longer, if the string is typed right behind it. */
const typed = (state: State, source: SourceId, offset: number, string: string): Change | undefined => {
  const { open, limits } = state
  if (open === null || string === '' || !Open.isTyping(open)) return undefined
  const { start, update, to } = open
  if (offset !== start.offset + to || start.size + to + string.length > limits.units) return undefined
  if (!isMine(state, source, start.key) || start.done > limits.operations) return undefined
  const operation = update[0][start.done] as Insert
  // where a pair may be cut, the general way looks
  if (isHigh(operation[1].charCodeAt(operation[1].length - 1))) return undefined
  const text = Open.lengthened(operation[1], string)
  const next: Insert = operation.length === 4 ? ['+', text, operation[2], operation[3]] : ['+', text, operation[2]]
  return withLast(start.key.first, update[0], next)
}

const isMine = (state: State, source: SourceId, key: Doc.Key): boolean => {
  const mine = growing(state, source)
  return mine?.first === key.first && key.source === source
}

/** The change of a stroke with another last operation. */
const withLast = (first: number, change: Change, operation: Operation): Change => {
  switch (change.length) {
    case 2:
      return [first, operation]
    case 3:
      return [first, change[1]!, operation]
    default:
      return [first, ...(change.slice(1, -1) as Operation[]), operation]
  }
}

/** The change that makes the open end longer, if what is removed stands at one of its sides. */
const erased = (state: State, source: SourceId, offset: number, count: number): Change | undefined => {
  const { open, limits, doc } = state
  if (open === null || Open.isTyping(open)) return undefined
  const { start, update, from, to } = open
  if (!isMine(state, source, start.key) || start.done > limits.operations) return undefined
  const at = Open.offsetIn(open)
  const isBackward = offset + count === at
  if (!isBackward && offset !== at) return undefined
  const low = isBackward ? from - count : from
  const high = isBackward ? to : to + count
  if (low < start.low || high > start.high) return undefined
  // where a pair may be cut, the general way looks
  const run = Doc.runOf(doc, low)
  const { text, at: begin, serial } = run
  if (isSurrogate(text.charCodeAt(begin + (isBackward ? low : to) - serial))) return undefined
  if (isSurrogate(text.charCodeAt(begin + (isBackward ? from : high) - 1 - serial))) return undefined
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
const edited = (edits: ReadonlyArray<Edit>, state: State, stamp: Stamp): E.Either<Refusal, Change> =>
  composed(state, stamp, (operations) => {
    operations.edit(edits)
  })

/** A change made of operations that begins a stroke. */
export const begun = (
  state: State,
  { source }: Stamp,
  compose: (operations: Operations) => void,
): E.Either<SplitsPair, Change> => {
  const operations = new Operations(whole(state), { first: 0, source }, undefined)
  compose(operations)
  return operations.split < 0 ? right(operations.change()) : left({ _tag: 'SplitsPair', offset: operations.split })
}

/** A change made of operations: of the stroke that may grow, if it stays within the limits. */
export const composed = (
  state: State,
  stamp: Stamp,
  compose: (operations: Operations) => void,
): E.Either<SplitsPair, Change> => {
  const doc = whole(state)
  const mine = growing(state, stamp.source)
  const stroke = mine && SortedMap.get(Doc.byKey, doc.strokes, mine)
  if (mine !== undefined && stroke?.waits === null) {
    const longer = new Operations(doc, mine, stroke)
    compose(longer)
    if (longer.split < 0 && longer.fits(state.limits)) return right(longer.change())
  }
  return begun(state, stamp, compose)
}

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
