/**
 * A text that any number of replicas edit at once, merged by lines: an array of lines, each with its line end.
 *
 * On the wire as `RArray`, and so as npm `r-edit`: one line a key. A line ends after its `\n`, whatever stands before
 * that, and so the lines joined are the text. Originals write an empty last line after a final `\n`: it is kept.
 *
 * This module is a data type: pass it to `scuttlebutt` as it is.
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
import type { DataType } from '../core/DataType.js'
import * as SortedMap from '../structures/SortedMap.js'
import type { Stamp } from '../core/Update.js'
import * as DenseKey from './parts/DenseKey.js'
import * as RArray from './RArray.js'

export type Change = RArray.Change<string>

export type State = RArray.State<string>

const lineArray = RArray.of(t.string)

export const name = 'REdit'

export const { change, empty, apply } = lineArray

/** The data type that this module is, by itself. */
export const of = (): DataType<State, Change> => ({ name, change, empty, apply, toJSON })

/** Where more lines than this were removed and added, they are no longer compared. */
const MAX_EDITS = 2000

/**
 * Makes the text what is given, by the least change in lines: those that stay keep their keys, and a line that
 * becomes another does too. O(n d) for n lines and d different, up to 2,000; beyond, all from the first
 * different line to the last are rewritten. Errors: `NoRoom`, only beside keys that others made.
 */
export const text =
  (string: string) =>
  (state: State, stamp: Stamp): E.Either<DenseKey.NoRoom, Change> => {
    const old = lines(state)
    return rewrite(old.join('') === string ? [] : editsBetween(old, split(string), 0))(state, stamp)
  }

/**
 * Removes `count` UTF-16 code units from `offset` on and puts a string there. O(k) for the k lines up to there. Errors:
 * `IndexOutOfRange` for what lies beyond the text, with the text's length; `NoRoom` as {@link text}.
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
    // a line that lost its end takes in the next
    if (made !== '' && !made.endsWith('\n') && following !== undefined) {
      old.push(following)
      made += following
    }
    return rewrite(editsBetween(old, split(made), first))(state, stamp)
  }

const beyond = (index: number, length: number): E.Left<RArray.Refusal> => ({
  _tag: 'Left',
  left: { _tag: 'IndexOutOfRange', index, length },
})

/** The lines that hold what is between two offsets, the index of the first, where it starts, and the line behind them. */
const linesAt = (from: number, to: number, { items }: State): [string[], number, number, string | undefined] => {
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
  // at the very end, of a last line that is still open
  return [[last], first - 1, start - last.length, undefined]
}

/** Cut after each `\n`. The empty text has no lines. */
const split = (string: string): ReadonlyArray<string> => (string === '' ? [] : string.split(/(?<=\n)/))

/** `count` lines from `index` on give way to others. */
interface Edit {
  readonly index: number
  count: number
  lines: ReadonlyArray<string>
}

/** What turns lines, the first of which is at `index`, into others. */
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
    return { _tag: 'Right', right: Object.fromEntries(entries) }
  }

/** The lines in order, each with its line end. O(n). */
export const lines: (state: State) => ReadonlyArray<string> = RArray.toArray

/** The text. O(n). */
export const toString = (state: State): string => lines(state).join('')

/** As {@link toString}. O(n). */
export const toJSON = toString

/** Equal where the same updates win the same keys. O(n). */
export const getEq = (): eq.Eq<State> => RArray.getEq<string>()
