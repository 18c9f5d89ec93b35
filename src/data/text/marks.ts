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
import * as Json from '../../core/Json.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { stable } from '../parts/stable.js'
import type { Operation } from './Change.js'
import { outside, type Command } from './commands.js'
import { begun } from './compose.js'
import { cursorAt, offsetIn, type Cursor } from './cursors.js'
import * as Doc from './Doc.js'
import { slice } from './read.js'
import { whole, type State } from './State.js'
import * as Tree from './Tree.js'

/** Options of {@link mark} and {@link unmark}. */
export interface Growth {
  /** Whether what is typed at the end is marked too. Default: true. */
  readonly grows?: boolean
}

/** The values that marks give a part of the text, by key. */
export type Attributes = Readonly<Record<string, unknown>>

/** A part of the text, and its attributes. As a step of a Quill delta. */
export interface Span {
  readonly insert: string
  readonly attributes: Attributes
}

/** A part of the text between ends of marks, from the end of the one before it. */
export interface Stretch {
  readonly to: number
  readonly attributes: Attributes
  /** The keys of those marks that end here, and grow. */
  readonly grows: ReadonlyArray<string>
}

/**
 * Gives the text between two offsets the value of a key, any JSON but null. A link does not grow at
 * its end, bold does. Comments that overlap take a key each. Errors: as `splice`.
 */
export const mark =
  (from: number, to: number, key: string, value: unknown, { grows = true }: Growth = {}): Command =>
  (state, stamp) => {
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

/** A mark, in offsets. */
interface Range {
  readonly id: Doc.MarkId
  readonly from: Cursor
  readonly to: Cursor
  readonly key: string
  readonly value: unknown
  readonly start: number
  readonly end: number
}

/**
 * The marks, oldest first, also those that only cover what is typed at their place. What is no mark
 * is left out.
 */
const rangesIn = (doc: Doc.Doc): ReadonlyArray<Range> => {
  const ranges: Range[] = []
  SortedMap.forEach(doc.marks, ([, from, to, key, value, ...rest], id) => {
    if (!isCursor(from) || !isCursor(to) || typeof key !== 'string' || value === undefined || rest.length > 0) return
    const start = offsetIn(doc, from)
    const end = offsetIn(doc, to)
    if (start !== undefined && end !== undefined && start <= end) ranges.push({ id, from, to, key, value, start, end })
  })
  return ranges
}

/** Whether a value that came from elsewhere is a cursor. */
const isCursor = (u: unknown): u is Cursor => {
  if (!Array.isArray(u)) return false
  const members: readonly unknown[] = u
  const [first, k, source] = members
  const bias = members.at(-1)
  if (bias !== 1 && bias !== -1) return false
  if (members.length === 2) return first === 0
  return (
    members.length === 4 &&
    typeof first === 'number' &&
    Number.isSafeInteger(k) &&
    (k as number) > 0 &&
    typeof source === 'string'
  )
}

/** The marks at one place of a text, by key and age. */
class Present {
  private readonly marks = new Map<string, SortedMap.Draft<number, Range>>()

  /** A mark begins or ends. O(log m). */
  toggle(age: number, range: Range): void {
    const { key } = range
    const ofKey = this.marks.get(key) ?? new SortedMap.Draft(Tree.byNumber, SortedMap.empty<number, Range>())
    // the newest first
    if (ofKey.get(-age) === undefined) ofKey.set(-age, range)
    else ofKey.remove(-age)
    if (ofKey.size === 0) this.marks.delete(key)
    else this.marks.set(key, ofKey)
  }

  /** The newest mark of each key. */
  newest(): ReadonlyArray<Range> {
    return Array.from(this.marks.values(), (ofKey) => ofKey.get(ofKey.first()!)!)
  }

  /** The newest mark of a key that passes a test. O(m). */
  find(key: string, test: (range: Range) => boolean): Range | undefined {
    for (const [, range] of SortedMap.entries(this.marks.get(key)!.done())) if (test(range)) return range
    return undefined
  }
}

/**
 * Calls `visit` for each stretch of the text from one end of a mark to the next, with the marks
 * there. O(m log m).
 */
const forEachStretch = (
  ranges: ReadonlyArray<Range>,
  size: number,
  visit: (from: number, to: number, here: Present) => void,
): void => {
  const here = new Present()
  const ends = ranges.flatMap((range, age) =>
    range.start < range.end ? [range.start, range.end].map((at) => ({ at, age, range })) : [],
  )
  ends.sort((a, b) => a.at - b.at)
  let next = 0
  for (let from = 0; from < size;) {
    for (; ends[next]?.at === from; next++) here.toggle(ends[next]!.age, ends[next]!.range)
    const to = ends[next]?.at ?? size
    visit(from, to, here)
    from = to
  }
}

/**
 * The text in parts, each with its attributes; neighbours differ in these. O(n + m log m) for m
 * marks, and the size of what it gives.
 */
export const spans = (state: State): ReadonlyArray<Span> => stable(state, 'spans', () => spansIn(state))

const spansIn = (state: State): ReadonlyArray<Span> => {
  const all: { insert: string; attributes: Attributes }[] = []
  let [from, last] = [0, '']
  for (const { to, attributes } of stretches(state)) {
    const text = slice(from, to)(state)
    const shown = JSON.stringify(attributes)
    if (shown === last) all.at(-1)!.insert += text
    else all.push({ insert: text, attributes })
    from = to
    last = shown
  }
  for (const span of all) Object.freeze(span)
  return all
}

/** The text in stretches; neighbours may have the same attributes. O(m log m), and its size. */
export const stretches = (state: State): ReadonlyArray<Stretch> => {
  const doc = whole(state)
  const all: Stretch[] = []
  forEachStretch(rangesIn(doc), doc.root.visible, (_, to, here) => {
    const given = here.newest().filter(({ value }) => value !== null)
    given.sort((a, b) => (a.key < b.key ? -1 : 1))
    const attributes = Object.freeze(Object.fromEntries(given.map(({ key, value }) => [key, value])))
    const grows = given.flatMap(({ key, end, to: cursor }) => (end === to && cursor.at(-1) === 1 ? [key] : []))
    all.push({ to, attributes, grows })
  })
  return all
}

/** Gives back to the text what it is given without some marks, wherever one of these counts. */
export const withoutMarks =
  (isTakenBack: (id: Doc.MarkId) => boolean): Command =>
  (state, stamp) =>
    begun(state, stamp, ({ made }) => void made.push(...unmarked(isTakenBack, state)))

/** The marks that take back those which came between two versions, as {@link withoutMarks}. */
export const unmarkedSince = (before: Doc.Doc, after: Doc.Doc, state: State): ReadonlyArray<Operation> => {
  let came = SortedMap.empty<Doc.MarkId, Operation>()
  SortedMap.forEachChange(Doc.byMark, before.marks, after.marks, (id, operation) => {
    came = SortedMap.set(Doc.byMark, came, id, operation)
  })
  if (SortedMap.size(came) === 0) return []
  return unmarked((id) => SortedMap.get(Doc.byMark, came, id) !== undefined, state)
}

/**
 * The marks that give the text, and what is typed at the ends, the values that they would have
 * without those taken back. O(t m) for t stretches taken back and m marks of their keys.
 */
const unmarked = (isTakenBack: (id: Doc.MarkId) => boolean, state: State): ReadonlyArray<Operation> => {
  const doc = whole(state)
  const ranges = rangesIn(doc)
  const keys = new Set(ranges.filter(({ id }) => isTakenBack(id)).map(({ key }) => key))
  const all = ranges.filter(({ key }) => keys.has(key))
  const operations: Operation[] = []
  const isLeft = ({ id }: Range): boolean => !isTakenBack(id)
  /** What others say of a letter typed at an offset. */
  const typedAt = (offset: number, key: string): unknown =>
    all.filter((range) => range.key === key && isLeft(range) && covers(offset)(range)).at(-1)?.value ?? null
  const give = (start: Cursor, end: Cursor, { key, value }: Range, other: unknown): void => {
    if (!Json.equals(other, value)) operations.push(['*', start, end, key, other])
  }
  forEachStretch(all, doc.root.visible, (from, to, here) => {
    for (const winner of here.newest()) {
      if (isLeft(winner)) continue
      const held = here.find(winner.key, isLeft)
      const value = held?.value ?? null
      const typed = typedAt(to, winner.key)
      const start = winner.start === from ? winner.from : cursorAt(from, 1)(state)
      const behind = winner.end === to ? winner.to : cursorAt(to, 1)(state)
      const endsAlike = !covers(to)(winner) || Json.equals(value, typed)
      const end = endsAlike ? behind : held?.end === to ? held.to : cursorAt(to, -1)(state)
      give(start, end, winner, value)
      if (!endsAlike) give(end, behind, winner, typed)
    }
  })
  for (const gap of all) {
    if (gap.start === gap.end && covers(gap.end)(gap) && isTakenBack(gap.id))
      give(gap.from, gap.to, gap, typedAt(gap.end, gap.key))
  }
  return operations
}

/** Whether what is typed at an offset gets a mark: it goes on there, or it ends there and grows. */
const covers =
  (offset: number) =>
  ({ from, to, start, end }: Range): boolean =>
    (start < offset || (start === offset && from.at(-1) === -1)) &&
    (end > offset || (end === offset && to.at(-1) === 1))
