/** Commands: what a user does, as operations that name units. */
import { diffArrays } from 'diff'
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Maker } from '../../core/DataType.js'
import { isPlain } from '../../core/Json.js'
import type { Stamp } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { isInsert, type Change, type Hide, type Insert, type Operation, type Ref } from './Change.js'
import { isHigh, isSurrogate, replacement, type Edit } from './codeUnits.js'
import { addEdits, composed, unfit, type SplitsPair } from './compose.js'
import { isSameStroke, kOf, type Doc } from './Doc.js'
import * as Open from './Open.js'
import { length, toString } from './read.js'
import { growing, type State } from './State.js'
import * as Tree from './Tree.js'

export type { Edit } from './codeUnits.js'
export type { SplitsPair } from './compose.js'

/** A text of `length` code units has no place at `index`. */
export interface IndexOutOfRange {
  readonly _tag: 'IndexOutOfRange'
  readonly index: number
  readonly length: number
}

export type Refusal = IndexOutOfRange | SplitsPair

export type Command = Maker<State, Change, Refusal>

/** With more code points than this removed and added, the diff gives up. */
const MAX_EDITS = 1000

/** Replaces `count` code units from `offset` on by a string. */
export const splice =
  (offset: number, count: number, string: string): Command =>
  (state, stamp) => {
    if (typeof string !== 'string') return unfit(string)
    const to = offset + count
    return refusal(offset, to, 0, length(state)) ?? replaced(offset, to, string, state, stamp)
  }

/** Inserts a string at an offset. */
export const insert = (offset: number, string: string): Command => splice(offset, 0, string)

/** Removes `count` code units from `offset` on. */
export const remove = (offset: number, count: number): Command => splice(offset, count, '')

/** Makes several edits as one change. */
export const edit =
  (edits: ReadonlyArray<Edit>): Command =>
  (state, stamp) => {
    if (!Array.isArray(edits)) return unfit(edits)
    const wrong = edits.findIndex((one) => !isEdit(one))
    return wrong < 0 ? (outside(edits, state) ?? edited(edits, state, stamp)) : unfit(edits[wrong])
  }

const isEdit = (u: unknown): boolean => isPlain(u) && typeof u['insert'] === 'string'

/** The refusal of the first offset that is not within the text, or not behind the one before it. */
export const outside = (edits: ReadonlyArray<Pick<Edit, 'from' | 'to'>>, state: State): E.Left<Refusal> | undefined => {
  const size = length(state)
  let last = 0
  for (const { from, to } of edits) {
    const refused = refusal(from, to, last, size)
    if (refused !== undefined) return refused
    last = to
  }
  return undefined
}

/** Of an edit that must not begin before `last`, in a text of so many units. */
const refusal = (from: number, to: number, last: number, size: number): E.Left<Refusal> | undefined => {
  if (!(Number.isInteger(from) && from >= last && from <= size)) return beyond(from, size)
  return Number.isInteger(to) && to >= from && to <= size ? undefined : beyond(to, size)
}

const beyond = (index: number, length: number): E.Left<Refusal> => left({ _tag: 'IndexOutOfRange', index, length })

/** A change from edits that are in order and within the text. */
const edited = (edits: ReadonlyArray<Edit>, state: State, stamp: Stamp): E.Either<Refusal, Change> => {
  const [first] = edits
  if (first !== undefined && edits.length === 1) return replaced(first.from, first.to, first.insert, state, stamp)
  return composed(state, stamp, (maker) => {
    addEdits(maker, edits)
  })
}

/** A change from one edit within the text. Makes no list of it if the open end just goes on. */
const replaced = (from: number, to: number, insert: string, state: State, stamp: Stamp): E.Either<Refusal, Change> => {
  const change = goneOn(from, to, insert, state, stamp)
  if (change !== undefined) return right(change)
  return composed(state, stamp, (maker) => {
    addEdits(maker, [{ from, to, insert }])
  })
}

/** The change that makes the open end longer, if an edit does. Not near a surrogate pair. O(1). */
const goneOn = (from: number, to: number, insert: string, state: State, stamp: Stamp): Change | undefined => {
  const { open, limits } = state
  if (open === null) return undefined
  const { start, update } = open
  const mine = growing(state, stamp.source)
  if (mine === undefined || !isSameStroke(mine, start.key) || start.done > limits.operations) return undefined
  const change = update[0]
  const last = change[start.done] as Insert | Hide
  if (start.isTyping && SortedMap.size(state.doc.marks) > 0 && isHidden(state.doc, start.high)) return undefined
  const next = isInsert(last)
    ? typedOn(from, to, insert, last, open, limits.units)
    : removedOn(from, to, insert, last, open)
  if (next === undefined) return undefined
  return change.length === 2 ? [mine.first, next] : [mine.first, ...(change.slice(1, -1) as Operation[]), next]
}

/** Whether a unit is hidden: marks may end there, so what is typed has no place of its own. */
const isHidden = (doc: Doc, serial: number): boolean => {
  if (serial === Tree.END) return false
  const place = Tree.placeOf()
  Tree.toUnit(place, doc, serial)
  return place.piece!.visible === 0
}

/** The operation with more text behind it. */
const typedOn = (
  from: number,
  to: number,
  insert: string,
  last: Insert,
  { start, to: end }: Open.Open,
  units: number,
): Insert | undefined => {
  const text = last[1]
  if (from !== to || insert === '' || from !== start.offset + end) return undefined
  if (start.size + end + insert.length > units || isHigh(text.charCodeAt(text.length - 1))) return undefined
  return last.length === 3 ? ['+', text + insert, last[2]] : ['+', text + insert, last[2], last[3]]
}

/** The operation with more units on either side of it. */
const removedOn = (from: number, to: number, insert: string, last: Hide, open: Open.Open): Hide | undefined => {
  const { start } = open
  const count = to - from
  const at = Open.offsetOf(open)
  const isBackward = to === at
  if (insert !== '' || count === 0 || !(isBackward || from === at)) return undefined
  const low = isBackward ? open.from - count : open.to
  if (low < start.low || low + count > start.high) return undefined
  const code = low - start.low + start.at
  if (isSurrogate(start.text.charCodeAt(code)) || isSurrogate(start.text.charCodeAt(code + count - 1))) {
    return undefined
  }
  const k = kOf(last[1]) - (isBackward ? count : 0)
  return ['-', refWith(last[1], k), last[2] + count]
}

/** Another unit of the same stroke. */
const refWith = (ref: Ref, k: number): Ref => {
  if (typeof ref === 'number') return k
  return ref.length === 2 ? [ref[0], k] : [ref[0], k, ref[2]]
}

/** Makes the text equal to a string, by the least change in whole characters. */
export const text =
  (string: string): Command =>
  (state, stamp) =>
    typeof string === 'string' ? edited(editsBetween(toString(state), string), state, stamp) : unfit(string)

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
      let last = edits.at(-1)
      if (last?.to !== offset) edits.push((last = { from: offset, to: offset, insert: '' }))
      if (added) last.insert += string
      else last.to += string.length
    }
    if (!added) offset += string.length
  }
  return edits
}
