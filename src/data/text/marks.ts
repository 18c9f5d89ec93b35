/**
 * Marks: attributes of ranges of a text, such as bold, links and comments.
 *
 * A mark is an operation `['*', from, to, key, value]` whose ends are cursors. Of two marks with
 * one key, the later one counts where both are; null takes a mark away. The end of a mark that
 * grows stands before the unit behind it, so what is typed there is marked too.
 *
 * Source: Litt, Lim, Kleppmann and van Hardenberg, "Peritext: A CRDT for Collaborative Rich Text
 * Editing" (CSCW 2022).
 */
import { left } from '../../core/Either.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { stable } from '../parts/stable.js'
import type { Operation } from './Change.js'
import { begun, type Command } from './commands.js'
import { cursorAt, isCursor, offsetIn, type Cursor } from './cursors.js'
import * as Doc from './Doc.js'
import { length, slice, toString } from './read.js'
import { whole, type State } from './State.js'

export interface Mark {
  readonly from: Cursor
  readonly to: Cursor
  readonly key: string
  readonly value: unknown
}

/** Options of {@link mark} and {@link unmark}. */
export interface Growth {
  /** Whether what is typed at the end is marked too. Default: true. */
  readonly grows?: boolean
}

/** A part of the text, and the values that marks give it, by key. As a step of a Quill delta. */
export interface Span {
  readonly insert: string
  readonly attributes: Readonly<Record<string, unknown>>
}

/**
 * Gives the text between two offsets the value of a key, any JSON but null. A link does not grow at
 * its end, bold does. Comments that overlap take a key each. Errors: as `splice`.
 */
export const mark =
  (from: number, to: number, key: string, value: unknown, { grows = true }: Growth = {}): Command =>
  (state, stamp) => {
    const size = length(state)
    const outside = [from, to].find((offset, i) => !Number.isInteger(offset) || offset < i * from || offset > size)
    if (outside !== undefined || from < 0)
      return left({ _tag: 'IndexOutOfRange', index: outside ?? from, length: size })
    const doc = whole(state)
    const split = [from, to].find((offset) => Doc.cutsPair(doc, offset))
    if (split !== undefined) return left({ _tag: 'SplitsPair', offset: split })
    // a stroke of its own: its stamp is that of the mark
    return begun(state, stamp, (operations) => {
      if (from < to) operations.add(operationOf(state, from, to, key, value, grows))
    })
  }

const operationOf = (
  state: State,
  from: number,
  to: number,
  key: string,
  value: unknown,
  grows: boolean,
): Operation => ['*', cursorAt(from, 1)(state), cursorAt(to, grows ? 1 : -1)(state), key, value]

/** Takes the value of a key away from the text between two offsets. As {@link mark}. */
export const unmark = (from: number, to: number, key: string, growth?: Growth): Command =>
  mark(from, to, key, null, growth)

/** The marks of a text, oldest first. What is no mark is left out. */
export const marksIn = ({ marks }: Doc.Doc): ReadonlyArray<readonly [Doc.MarkId, Mark]> => {
  const all: (readonly [Doc.MarkId, Mark])[] = []
  SortedMap.forEach(marks, ([, from, to, key, value, ...rest], id) => {
    if (isCursor(from) && isCursor(to) && typeof key === 'string' && value !== undefined && rest.length === 0) {
      all.push([id, { from, to, key, value }])
    }
  })
  return all
}

/** A mark in offsets. `rank` is its place among all marks by age. */
export interface Range extends Mark {
  readonly id: Doc.MarkId
  readonly rank: number
  readonly start: number
  readonly end: number
}

/** The marks that cover some text, oldest first. */
export const rangesIn = (doc: Doc.Doc): ReadonlyArray<Range> =>
  marksIn(doc).flatMap(([id, held], rank) => {
    const [start, end] = [offsetIn(doc, held.from), offsetIn(doc, held.to)]
    return start === undefined || end === undefined || start >= end ? [] : [{ ...held, id, rank, start, end }]
  })

/**
 * Calls `visit` for each stretch of the text from one end of a mark to the next, with the marks
 * there, by key: of each key the newest.
 */
export const forEachStretch = (
  ranges: ReadonlyArray<Range>,
  size: number,
  visit: (from: number, to: number, winners: ReadonlyMap<string, Range>) => void,
): void => {
  const starts = [...ranges].sort((a, b) => a.start - b.start)
  const cuts = [...new Set([0, size, ...ranges.flatMap(({ start, end }) => [start, end])])].sort((a, b) => a - b)
  let here: ReadonlyArray<Range> = []
  let next = 0
  for (let i = 0; i + 1 < cuts.length; i++) {
    const [from, to] = [cuts[i]!, cuts[i + 1]!]
    const came: Range[] = []
    while (next < starts.length && starts[next]!.start === from) came.push(starts[next++]!)
    here = [...here.filter(({ end }) => end > from), ...came]
    const winners = new Map<string, Range>()
    for (const range of here) {
      const held = winners.get(range.key)
      if (held === undefined || held.rank < range.rank) winners.set(range.key, range)
    }
    visit(from, to, winners)
  }
}

/**
 * The text in parts, each with its attributes; neighbours differ in these. O(n + m s) for m marks
 * at one place and s stretches between their ends.
 */
export const spans = (state: State): ReadonlyArray<Span> => stable(state, 'spans', () => spansIn(state))

const spansIn = (state: State): ReadonlyArray<Span> => {
  const doc = whole(state)
  const ranges = rangesIn(doc)
  if (ranges.length === 0) return doc.root.visible === 0 ? [] : [{ insert: toString(state), attributes: {} }]
  const all: { insert: string; attributes: Readonly<Record<string, unknown>> }[] = []
  let last = ''
  forEachStretch(ranges, doc.root.visible, (from, to, winners) => {
    const attributes = Object.fromEntries(
      [...winners.values()]
        .filter(({ value }) => value !== null)
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .map(({ key, value }) => [key, value]),
    )
    const text = slice(from, to)(state)
    const shown = JSON.stringify(attributes)
    if (all.length > 0 && shown === last) all.at(-1)!.insert += text
    else all.push({ insert: text, attributes })
    last = shown
  })
  return all
}

/**
 * The marks that give back to the present text what marks of `before` gave it, wherever a mark that
 * came between `before` and `after` still counts.
 */
export const unmarked = (before: Doc.Doc, after: Doc.Doc, state: State): ReadonlyArray<Operation> => {
  const came = new Set<string>()
  const nameOf = ({ first, source, index }: Doc.MarkId): string => JSON.stringify([first, source, index])
  if (before.marks === after.marks) return []
  SortedMap.forEachChange(Doc.byMark, before.marks, after.marks, (id) => came.add(nameOf(id)))
  const doc = whole(state)
  const ranges = rangesIn(doc)
  const others = ranges.filter(({ id }) => !came.has(nameOf(id)))
  const operations: Operation[] = []
  forEachStretch(ranges, doc.root.visible, (from, to, winners) => {
    for (const [key, winner] of winners) {
      if (!came.has(nameOf(winner.id))) continue
      let held: Range | undefined
      for (const range of others) if (range.key === key && range.start <= from && range.end >= to) held = range
      const start: Cursor = winner.start === from ? winner.from : cursorAt(from, 1)(state)
      const end: Cursor = winner.end === to ? winner.to : cursorAt(to, 1)(state)
      operations.push(['*', start, end, key, held === undefined ? null : held.value])
    }
  })
  return operations
}
