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
import { diffArrays } from 'diff'
import type { either as E, eq } from 'fp-ts'
import * as t from 'io-ts'
import { left, right } from '../core/Either.js'
import type { Stamp } from '../core/Update.js'
import * as SortedMap from '../structures/SortedMap.js'
import * as DenseKey from './parts/DenseKey.js'
import * as RArray from './RArray.js'

export type Change = RArray.Change<string>

export type State = RArray.State<string>

const lineArray = RArray.of(t.string)

export const name = 'REdit'

export const anyOrder = true

export const { change, empty, apply } = lineArray

/** With more lines than this removed and added, the diff gives up. */
const MAX_EDITS = 2000

/**
 * Replaces the text, with the smallest change in lines. Lines that stay keep their keys; a line
 * that changes keeps its key too.
 *
 * O(n d) for n lines and d different ones, up to 2,000. With more, all lines from the first
 * different one to the last are rewritten. Errors: `NoRoom`, only beside keys that another library
 * made.
 */
export const text =
  (string: string) =>
  (state: State, stamp: Stamp): E.Either<DenseKey.NoRoom, Change> => {
    const old = lines(state)
    return rewrite(old.join('') === string ? [] : editsBetween(old, split(string), 0))(state, stamp)
  }

/**
 * Replaces `count` UTF-16 code units from `offset` on by a string. O(k) for k lines up to the end
 * of the change. Errors: `IndexOutOfRange` beyond the text, with the length of the text; `NoRoom`
 * as {@link text}.
 */
export const splice =
  (offset: number, count: number, string: string) =>
  (state: State, stamp: Stamp): E.Either<RArray.Refusal, Change> => {
    const outside = [offset, offset + count].find((index) => !Number.isInteger(index) || index < 0)
    if (outside !== undefined || count < 0) return beyond(outside ?? offset + count, toString(state).length)
    const [old, first, start, following] = linesAt(offset, offset + count, state)
    const end = old.reduce((sum, line) => sum + line.length, start)
    if (offset > end) return beyond(offset, end)
    if (offset + count > end) return beyond(offset + count, end)
    const text = old.join('')
    let made = text.slice(0, offset - start) + string + text.slice(offset - start + count)
    // a line without its line end joins the next line
    if (made !== '' && !made.endsWith('\n') && following !== undefined) {
      old.push(following)
      made += following
    }
    return rewrite(editsBetween(old, split(made), first))(state, stamp)
  }

const beyond = (index: number, length: number): E.Left<RArray.Refusal> =>
  left({ _tag: 'IndexOutOfRange', index, length })

/** The lines between two offsets, in UTF-16 code units. */
const linesAt = (
  from: number,
  to: number,
  { items }: State,
): [held: string[], first: number, start: number, following: string | undefined] => {
  const held: string[] = []
  let [first, start, end] = [0, 0, 0]
  let last = ''
  for (const [key, update] of SortedMap.entries(items)) {
    const line = update[0][key]!
    if (held.length > 0 && end >= to) return [held, first, start, line]
    end += line.length
    if (end > from) held.push(line)
    else {
      first++
      start = end
      last = line
    }
  }
  if (held.length > 0 || last === '' || last.endsWith('\n')) return [held, first, start, undefined]
  // both offsets are the end of the text, and the last line has no line end: that line changes
  return [[last], first - 1, start - last.length, undefined]
}

/** The lines of a text, cut after each `\n`. The empty text has none. */
const split = (string: string): ReadonlyArray<string> => (string === '' ? [] : string.split(/(?<=\n)/))

/** Replaces `count` lines from `index` on. */
interface Edit {
  readonly index: number
  count: number
  lines: ReadonlyArray<string>
}

/** The edits from the lines `old`, which start at `index`, to the lines `made`. */
const editsBetween = (old: ReadonlyArray<string>, made: ReadonlyArray<string>, index: number): ReadonlyArray<Edit> => {
  const least = Math.min(old.length, made.length)
  let head = 0
  while (head < least && old[head] === made[head]) head++
  let tail = 0
  while (tail < least - head && old[old.length - 1 - tail] === made[made.length - 1 - tail]) tail++
  const [from, to] = [old.slice(head, old.length - tail), made.slice(head, made.length - tail)]
  const chunks = diffArrays(from, to, { maxEditLength: MAX_EDITS })
  if (chunks === undefined) return [{ index: index + head, count: from.length, lines: to }]
  const edits: Edit[] = []
  let edit: Edit | undefined
  let at = index + head
  for (const { value, added, removed } of chunks) {
    if (!added && !removed) edit = undefined
    else if (edit === undefined) edits.push((edit = { index: at, count: 0, lines: [] }))
    if (!added) at += value.length
    if (removed) edit!.count += value.length
    if (added) edit!.lines = [...edit!.lines, ...value]
  }
  return edits
}

const rewrite =
  (edits: ReadonlyArray<Edit>) =>
  ({ items }: State, stamp: Stamp): E.Either<DenseKey.NoRoom, Change> => {
    const entries: (readonly [key: string, line: string | null])[] = []
    for (const { index, count, lines } of edits) {
      for (let i = 0; i < count; i++) entries.push([SortedMap.entryAt(items, index + i)![0], lines[i] ?? null])
      if (lines.length <= count) continue
      const [before, after] = [index + count - 1, index + count].map((i) => DenseKey.neighbourAt(items, i))
      const keys = DenseKey.between(before, after, lines.length - count, stamp)
      if (keys._tag === 'Left') return keys
      for (const [i, key] of keys.right.entries()) entries.push([key, lines[count + i]!])
    }
    return right(Object.fromEntries(entries))
  }

/** The lines in order, each with its line end. O(n). */
export const lines: (state: State) => ReadonlyArray<string> = RArray.toArray

/** The text. O(n). */
export const toString = (state: State): string => lines(state).join('')

/** The same as {@link toString}. O(n). */
export const toJSON = toString

/** Equal if the same updates win the same keys. O(n). */
export const getEq = (): eq.Eq<State> => RArray.getEq<string>()
