/**
 * A text that any number of replicas edit at once, merged by lines: an array of lines, each with
 * its line end.
 *
 * On the wire as `RArray`, one line for each key, and so as npm `r-edit`. A line ends after `\n`,
 * and the lines joined are the text. The original writes an empty last line after a final `\n`;
 * such a line is kept.
 *
 * This module is itself a data type: pass it to `scuttlebutt`.
 *
 * @example
 * const pad = scuttlebutt(REdit)
 * const [, one] = unwrap(pad.change(REdit.text('hello\nworld'), 1000)(pad.create('alice')))
 * const [, two] = unwrap(pad.change(REdit.splice(5, 0, '!'), 1001)(one))
 * REdit.toString(two.state) // => 'hello!\nworld'
 * REdit.lines(two.state) // => ['hello!\n', 'world']
 */
import type { either as E, eq } from 'fp-ts'
import * as t from 'io-ts'
import type { Maker } from '../core/DataType.js'
import { left, right } from '../core/Either.js'
import type { Patch, Spliced } from '../core/Patch.js'
import type { Stamp } from '../core/Update.js'
import * as SortedMap from '../structures/SortedMap.js'
import * as LineDiff from './parts/lineDiff.js'
import { ofLists, wholly } from './parts/patches.js'
import { pieces } from './parts/pieces.js'
import * as Room from './parts/room.js'
import { stable } from './parts/stable.js'
import * as RArray from './RArray.js'

export type Change = RArray.Change<string>

export type State = RArray.State<string>

type Edit = Maker<State, Change, RArray.Refusal>

const lineArray = RArray.of(t.string)

export const name = 'REdit'

export const anyOrder = true

export const { change, empty, apply } = lineArray

export const { final } = RArray

/**
 * Replaces the text, with the smallest change in lines. Lines that stay keep their keys; a line
 * that changes keeps its key too.
 *
 * O(n d) for n lines and d different ones, up to 2,000. With more, the change may not be the
 * smallest; it is if no line is added or removed. Never refuses.
 */
export const text =
  (string: string) =>
  (state: State, stamp: Stamp): E.Right<Change> =>
    right(
      toString(state) === string
        ? {}
        : rewritten(LineDiff.between(RArray.toArray(state), split(string), 0), state, stamp),
    )

/**
 * Replaces `count` UTF-16 code units from `offset` on by a string. O(k) for k lines up to the end
 * of the change; as {@link text} once, if one of them lacks its line end. Errors:
 * `IndexOutOfRange` beyond the text, with the length of the text.
 */
export const splice =
  (offset: number, count: number, string: string) =>
  (state: State, stamp: Stamp): E.Either<RArray.Refusal, Change> => {
    const outside = [offset, offset + count].find((index) => !Number.isInteger(index) || index < 0)
    if (outside !== undefined || count < 0) return beyond(outside ?? offset + count, toString(state).length)
    const { held, first, start, following, isRagged } = linesAt(offset, offset + count, state)
    const end = held.reduce((sum, line) => sum + line.length, start)
    if (offset > end) return beyond(offset, end)
    if (offset + count > end) return beyond(offset + count, end)
    if (isRagged) {
      // the line end that such a line is shown with is not stored: it would go with what follows
      const all = toString(state)
      return text(all.slice(0, offset) + string + all.slice(offset + count))(state, stamp)
    }
    const old = held.join('')
    let made = old.slice(0, offset - start) + string + old.slice(offset - start + count)
    // a line without its line end joins the next line
    if (made !== '' && !made.endsWith('\n') && following !== undefined) {
      held.push(following)
      made += following
    }
    return right(rewritten(LineDiff.between(held, split(made), first), state, stamp))
  }

const beyond = (index: number, length: number): E.Left<RArray.Refusal> =>
  left({ _tag: 'IndexOutOfRange', index, length })

/** The lines in which a change lies. */
interface Stretch {
  readonly held: string[]
  /** The index of the first of them, and its offset. */
  readonly first: number
  readonly start: number
  /** The line behind them. */
  readonly following: string | undefined
  /** Whether a line up to here got its line end from {@link lines}. */
  readonly isRagged: boolean
}

/** The lines between two offsets, in UTF-16 code units. */
const linesAt = (from: number, to: number, { items }: State): Stretch => {
  const held: string[] = []
  let [first, start, end] = [0, 0, 0]
  let isRagged = false
  let last = ''
  const stretch = (following: string | undefined): Stretch => ({ held, first, start, following, isRagged })
  let i = 0
  for (const [, { value }] of SortedMap.entries(items)) {
    const shown = isComplete(value) || isLast(items, i) ? value : `${value}\n`
    if (shown !== value) isRagged = true
    i++
    if (held.length > 0 && end >= to) return stretch(shown)
    end += shown.length
    if (end > from) held.push(shown)
    else {
      first++
      start = end
      last = shown
    }
  }
  if (held.length > 0 || last === '' || last.endsWith('\n')) return stretch(undefined)
  // both offsets are the end of the text, and the last line has no line end: that line changes
  return { held: [last], first: first - 1, start: start - last.length, following: undefined, isRagged }
}

/** Whether only empty lines follow a line. O(1) for most. */
const isLast = (items: State['items'], i: number): boolean => {
  let next = i + 1
  while (SortedMap.at(items, next)?.value === '') next++
  return next >= SortedMap.size(items)
}

/** The original writes empty lines. */
const isComplete = (line: string): boolean => line === '' || line.endsWith('\n')

/** The lines of a text, cut after each `\n`. The empty text has none. */
const split = (string: string): ReadonlyArray<string> => (string === '' ? [] : string.split(/(?<=\n)/))

const rewritten = (edits: ReadonlyArray<LineDiff.Edit>, state: State, stamp: Stamp): Change => {
  const { items } = state
  const keyAt = (i: number): string => SortedMap.entryAt(items, i)![0]
  const entries: (readonly [key: string, line: string | null])[] = []
  for (const { index, count, lines } of edits) {
    for (let i = 0; i < count; i++) entries.push([keyAt(index + i), lines[i] ?? null])
    if (lines.length <= count) continue
    const { keys, moved } = Room.between(state, index + count, index + count, lines.length - count, stamp)
    if (moved.length > 0 && edits.length > 1) return rewritten([joined(edits, state)], state, stamp)
    for (const [i, key] of keys.entries()) entries.push([key, lines[count + i]!])
    for (const [i, key] of moved) {
      const isEdited = i >= index && i < index + count
      entries.push([keyAt(i), null], [key, isEdited ? lines[i - index]! : SortedMap.at(items, i)!.value])
    }
  }
  return Object.fromEntries(entries)
}

/** One edit that does what several do, in the order of their lines. */
const joined = (edits: ReadonlyArray<LineDiff.Edit>, { items }: State): LineDiff.Edit => {
  const made: string[] = []
  const { index } = edits[0]!
  let at = index
  for (const edit of edits) {
    SortedMap.forEach(items, ({ value }) => made.push(value), at, edit.index)
    made.push(...edit.lines)
    at = edit.index + edit.count
  }
  return { index, count: at - index, lines: made }
}

/**
 * The lines in order, each with its line end; the last may have none. A line without one that
 * another replica put before the end is shown with one: two lines never fuse. O(n).
 */
export const lines = (state: State): ReadonlyArray<string> => stable(state, 'lines', () => linesIn(state))

const linesIn = (state: State): ReadonlyArray<string> => {
  const stored = RArray.toArray(state)
  let last = stored.length - 1
  while (last >= 0 && stored[last] === '') last--
  const isRagged = stored.some((line, i) => i < last && !isComplete(line))
  return isRagged ? stored.map((line, i) => (i < last && !isComplete(line) ? `${line}\n` : line)) : stored
}

/** The text. O(n). */
export const toString = (state: State): string => lines(state).join('')

/** The same as {@link toString}. O(n). */
export const toJSON = toString

const diffing =
  (ends?: typeof wholly) =>
  (old: State) =>
  (made: State): ReadonlyArray<Spliced<readonly [], string>> => {
    const lasts = [lastIn(old), lastIn(made)] as const
    const listOf = ({ items }: State, last: string) => ({
      map: items,
      show: ({ value }: RArray.Item<string>, key: string) => (key < last && !isComplete(value) ? `${value}\n` : value),
    })
    const also = lasts[0] === lasts[1] ? [] : lasts
    return ofLists(SortedMap.byText, listOf(old, lasts[0]), listOf(made, lasts[1]), also, ends)
  }

/** The splices of {@link lines}, in ascending order. O(d log n) for d lines that differ. */
export const diff = diffing()

/** The same by key: a line in the place of an equal one is another. */
export const fullDiff = diffing(wholly)

/** The key of the last line that is not empty; the empty key if there is none. O(1) for most. */
const lastIn = ({ items }: State): string => {
  let i = SortedMap.size(items) - 1
  while (SortedMap.at(items, i)?.value === '') i--
  return SortedMap.entryAt(items, i)?.[0] ?? ''
}

/**
 * An edit for each splice, or several for a long one. Splices that ascend are made from the last to
 * the first: so the place of each, and the line before it, are still those of the old text. Lines
 * that take the place of others keep their keys. O(size).
 */
export const patch = (patches: ReadonlyArray<Patch>): ReadonlyArray<Edit> => {
  const runs: LineDiff.Edit[][] = [[]]
  let [grown, end] = [0, 0]
  for (const { splice, removed, inserted } of patches as ReadonlyArray<Spliced<readonly [], string>>) {
    if (splice < end) {
      // it is counted in what the run before has made
      runs.push([])
      grown = 0
    }
    for (const edit of editsOf(splice - grown, removed.length, inserted)) runs.at(-1)!.push(edit)
    grown += inserted.length - removed.length
    end = splice + inserted.length
  }
  return runs.flatMap((run) => run.reverse().map(rewriting))
}

/** The edits that replace lines, each small enough for an update, in ascending order. */
function* editsOf(from: number, removed: number, inserted: ReadonlyArray<string>): Iterable<LineDiff.Edit> {
  let index = from
  const edit = (lines: ReadonlyArray<string>): LineDiff.Edit => {
    const count = Math.min(from + removed - index, lines.length + RArray.REMOVED_AT_ONCE)
    index += count
    return { index: index - count, count, lines }
  }
  for (const lines of pieces(inserted)) yield edit(lines)
  while (index < from + removed) yield edit([])
}

const rewriting =
  (edit: LineDiff.Edit): Edit =>
  (state, stamp) => {
    const [end, length] = [edit.index + edit.count, RArray.length(state)]
    if (end > length) return beyond(end, length)
    return right(rewritten([...endingLineBefore(edit, state), edit], state, stamp))
  }

/** The edit by which the line before another edit keeps the line end that it is shown with. */
const endingLineBefore = (edit: LineDiff.Edit, { items }: State): ReadonlyArray<LineDiff.Edit> => {
  const lineAt = (i: number): string => SortedMap.at(items, i)?.value ?? '\n'
  let index = edit.index - 1
  while (lineAt(index) === '') index--
  const isLastNow = edit.lines.every((line) => line === '') && isLast(items, edit.index + edit.count - 1)
  const isShownAsStored = isComplete(lineAt(index)) || isLast(items, index)
  return isLastNow && !isShownAsStored ? [{ index, count: 1, lines: [`${lineAt(index)}\n`] }] : []
}

/** Equal if the same updates win the same keys. O(n). */
export const getEq = (): eq.Eq<State> => RArray.getEq<string>()
