/**
 * Marks: attributes of ranges of a text, such as bold, links and comments.
 *
 * A mark is an operation `['*', from, to, key, value]` whose ends are cursors. Of two marks with
 * one key, the later one counts where both are; null takes a mark away. The end of a mark that
 * grows stands before the unit behind it, so what is typed there is marked too. A sixth member,
 * `[first, index, source]`, names the mark of which it is a copy: it counts as old as that.
 *
 * Source: Litt, Lim, Kleppmann and van Hardenberg, "Peritext: A CRDT for Collaborative Rich Text
 * Editing" (CSCW 2022).
 */
import { isPlain } from '../../core/Json.js'
import { left } from '../../core/Either.js'
import type { Timestamp } from '../../core/Timestamp.js'
import type { SourceId } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { stable } from '../parts/stable.js'
import type { Operation } from './Change.js'
import { outside, type Command } from './commands.js'
import { begun, unfit } from './compose.js'
import { cursorAt } from './cursors.js'
import * as Doc from './Doc.js'
import { near } from './near.js'
import { corrections, linesOf, markOf, rangeOf, rangesIn, type Attributes, type Mark, type Range } from './ranges.js'
import { slice } from './read.js'
import { whole, type State } from './State.js'

/** Options of {@link mark} and {@link unmark}. */
export interface Growth {
  /** Whether what is typed at the end is marked too. Default: true. */
  readonly grows?: boolean
}

/** A part of the text, and its attributes. As a step of a Quill delta. */
export interface Span {
  readonly insert: string
  readonly attributes: Attributes
}

/**
 * Gives the text between two offsets the value of a key, any JSON but null. A link does not grow at
 * its end, bold does, also once the text at the end is deleted. Comments that overlap take a key
 * each. Errors: as `splice`.
 */
export const mark =
  (from: number, to: number, key: string, value: unknown, growth: Growth = {}): Command =>
  (state, stamp) => {
    if (typeof key !== 'string' || !isPlain(growth)) return unfit(typeof key === 'string' ? growth : key)
    const { grows = true } = growth
    const doc = whole(state)
    const offset = [from, to].find((end) => Doc.cutsPair(doc, end))
    return (
      outside([{ from, to }], state) ??
      (offset !== undefined
        ? left({ _tag: 'SplitsPair', offset })
        : // a stroke of its own: its stamp is that of the mark
          begun(state, stamp, ({ made }) => {
            if (from < to) made.push(['*', cursorAt(from, 1)(state), cursorAt(to, grows ? 1 : -1)(state), key, value])
          }))
    )
  }

/** Takes the value of a key away from the text between two offsets. As {@link mark}. */
export const unmark = (from: number, to: number, key: string, growth?: Growth): Command =>
  mark(from, to, key, null, growth)

/**
 * The text in parts, each with its attributes; neighbours differ in these. O(n + m log m) for m
 * marks, and the size of what it gives.
 */
export const spans = (state: State): ReadonlyArray<Span> =>
  stable(state, 'spans', () => {
    const doc = whole(state)
    const all: { insert: string; attributes: Attributes }[] = []
    const end = doc.root.visible
    const lines = linesOf(rangesIn(doc), 0, 2 * end + 1)
    let shown = ''
    for (const [i, { at, attributes }] of lines.entries()) {
      const [from, to] = [at >> 1, i + 1 < lines.length ? lines[i + 1]!.at >> 1 : end]
      if (from === to) continue
      const text = slice(from, to)(state)
      const next = JSON.stringify(attributes)
      if (next === shown) all.at(-1)!.insert += text
      else all.push({ insert: text, attributes })
      shown = next
    }
    for (const span of all) Object.freeze(span)
    return all
  })

/** Marks of a source that came in one step, by the stamps that began them. */
export interface Step {
  readonly first: Timestamp
  readonly last: Timestamp
}

/**
 * Takes back the marks of steps: where they are, the text, and what is typed in it, has the values
 * that it would have without them and what their sources marked later, for that is taken back
 * already. O(k log m log n) for k marks there, of m, and those that came since.
 */
export const withoutMarks =
  (steps: ReadonlyMap<SourceId, Step>): Command =>
  (state, stamp) =>
    begun(state, stamp, ({ doc, made }) => {
      const isTaken = ({ id }: Mark): boolean => id.first >= (steps.get(id.source)?.first ?? Infinity)
      const taken = rangesOf(steps, doc)
      taken.sort((a, b) => a.low - b.low)
      for (let i = 0; i < taken.length;) {
        const from = taken[i]!.low >> 1
        let to = from
        while (i < taken.length && taken[i]!.low >> 1 <= to) to = Math.max(to, taken[i++]!.high >> 1)
        const ranges = near(doc, from, to)
        const keys = new Set(ranges.filter(isTaken).map(({ key }) => key))
        const all = ranges.filter(({ key }) => keys.has(key))
        const rest = all.filter((range) => !isTaken(range))
        made.push(...corrections(all, rest, [], state, 2 * from, 2 * to + 1))
      }
    })

/** The marks that came in steps, and copies of them. */
const rangesOf = (steps: ReadonlyMap<SourceId, Step>, doc: Doc.Doc): Range[] => {
  const ranges: Range[] = []
  const visit = (operation: Operation, own: Doc.MarkId): void => {
    const one = markOf(operation, own)
    const step = one && steps.get(one.id.source)
    if (!one || !step || one.id.first < step.first || one.id.first > step.last) return
    const range = rangeOf(doc, one)
    if (range !== undefined) ranges.push(range)
  }
  const first = Math.min(...[...steps.values()].map((step) => step.first))
  SortedMap.forEach(doc.marks, visit, SortedMap.rank(Doc.byMark, doc.marks, { first, source: '', index: 0 }))
  return ranges
}
