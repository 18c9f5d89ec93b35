/** Text that comes back: behind the units that it stands for, with the marks that they had. */
import { right } from '../../core/Either.js'
import type { Stamp } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import type { Change } from './Change.js'
import { splice, type Command } from './commands.js'
import { addEdits, begun, insertAt, type Maker } from './compose.js'
import { offsetIn, type Cursor } from './cursors.js'
import * as Doc from './Doc.js'
import { near } from './near.js'
import {
  BARE,
  copyOf,
  corrections,
  linesOf,
  rangeOf,
  sorted,
  type Attributes,
  type Line,
  type Range,
  type Window,
} from './ranges.js'
import { apply, whole, type State } from './State.js'
import * as Tree from './Tree.js'

/**
 * A code unit. If marks are near: with its attributes, and those of what is typed behind it.
 */
export type Unit = string | readonly [unit: string, attributes: Attributes, behind: Attributes]

/** The units that code units with marks were. */
const olds = new WeakMap<Exclude<Unit, string>, Old>()

/** Names a unit. */
export interface Old {
  readonly key: Doc.Key
  readonly k: number
}

export const textOf = (units: ReadonlyArray<Unit>): string =>
  units.map((unit) => (typeof unit === 'string' ? unit : unit[0])).join('')

/** Gives code units of a text, from an offset on, their marks. O(k log m log n) for k near. */
export const unitsOf =
  (state: State) =>
  (from: number, units: ReadonlyArray<string>): ReadonlyArray<Unit> => {
    const doc = whole(state)
    const ranges = units.length === 0 ? [] : near(doc, from, from + units.length)
    if (ranges.length === 0) return units
    const first = 2 * from + 1
    const lines = linesOf(ranges, first, first + 2 * units.length)
    const attributesAt = readerOf(lines)
    const place = Tree.placeOf()
    Tree.toOffset(place, doc, from)
    return units.map((unit, i) => {
      while (place.piece!.visible === 0) Tree.move(place, place.piece!.length)
      const { key, k } = place.piece!
      const made = [unit, attributesAt(first + 2 * i), attributesAt(first + 2 * i + 1)] as const
      olds.set(made, { key, k: k + place.within })
      Tree.move(place, 1)
      return made
    })
  }

/** The attributes of spots that ascend. */
const readerOf = (lines: ReadonlyArray<Line>): ((spot: number) => Attributes) => {
  let i = 0
  return (spot) => {
    while (i + 1 < lines.length && lines[i + 1]!.at <= spot) i++
    return lines[i]!.attributes
  }
}

/** Units side by side in one stroke, and their text. `old` is the first of them, if it is known. */
export interface Part {
  readonly text: string
  readonly old: Old | undefined
}

/** Text inserted anew: its first unit in its new stroke, and its place in what came back. */
export interface Chunk {
  readonly k: number
  readonly at: number
  length: number
}

/** So many units from one on, and the first of those in the new stroke that stand for them. */
interface Moved {
  readonly from: number
  readonly count: number
  readonly k: number
}

/** For each stroke which of its units have moved. By the first of them. */
type Copied = Map<string, SortedMap.SortedMap<number, Moved>>

/** What comes back in a change, while it is made. */
export interface Restored {
  /** The chunks of each text, and its lines; the first unit of the text is spot 0. */
  readonly texts: { readonly chunks: Chunk[]; readonly lines: ReadonlyArray<Line> }[]
  readonly copied: Copied
}

export const restoredOf = (): Restored => ({ texts: [], copied: new Map() })

const nameOf = ({ first, source }: Doc.Key): string => `${String(first)} ${source}`

/** The least number below `count` of which a test holds, or `count`. It holds of all above. */
const least = (count: number, test: (i: number) => boolean): number => {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >> 1
    if (test(middle)) high = middle
    else low = middle + 1
  }
  return low
}

/** What marks say of where text comes back. */
export interface Cuts {
  /** Where it is cut, for marks end between its units: ascending. */
  readonly at: ReadonlyArray<number>
  /** The units behind which marks begin, and those before which marks end. */
  readonly begun: ReadonlySet<number>
  readonly ended: ReadonlySet<number>
}

export const UNCUT: Cuts = { at: [], begun: new Set(), ended: new Set() }

/** The cuts of parts that are in the order of the text. O(m log² n). */
export const cutsOf = (doc: Doc.Doc, ranges: ReadonlyArray<Range>, parts: ReadonlyArray<Part>): Cuts => {
  const known: { readonly at: number; readonly length: number; readonly serials: (i: number) => number }[] = []
  let at = 0
  for (const { text, old } of ranges.length === 0 ? [] : parts) {
    const stroke = old && Doc.strokeAt(doc, old.key)
    const { length } = text
    if (stroke && old.k + length <= stroke.size + 1) {
      known.push({ at, length, serials: (i) => Doc.serialOf(stroke, old.k + i) })
    }
    at += length
  }
  const cuts = new Set<number>()
  const [begun, ended] = [new Set<number>(), new Set<number>()]
  for (const [i, cursor] of ranges.flatMap(({ from, to }) => [from, to]).entries()) {
    if (cursor.length === 2) continue
    const [first, k, source, bias] = cursor
    const unit = Doc.find(doc, { first, source }, k)!
    if (i % 2 === 0 && bias < 0) begun.add(unit)
    if (i % 2 === 1 && bias > 0) ended.add(unit)
    const isBehind = (serial: number): boolean => (serial === unit ? bias > 0 : Tree.isBefore(doc, unit, serial))
    const one = known[least(known.length, (i) => isBehind(known[i]!.serials(known[i]!.length - 1)))]
    if (one !== undefined) cuts.add(one.at + least(one.length, (i) => isBehind(one.serials(i))))
  }
  return { at: [...cuts].sort((a, b) => a - b), begun, ended }
}

/** The parts, cut where the text from `from` on is, and whether each begins at a cut. */
export const cutUp = (
  parts: ReadonlyArray<Part>,
  { at: cuts }: Cuts,
  from: number,
): ReadonlyArray<Part & { readonly isCut: boolean }> => {
  const all: (Part & { isCut: boolean })[] = []
  let [at, next] = [from, least(cuts.length, (i) => cuts[i]! >= from)]
  for (const { text, old } of parts) {
    const end = at + text.length
    for (let start = at; start < end;) {
      const isCut = cuts[next] === start
      if (isCut) next++
      const to = Math.min(cuts[next] ?? end, end)
      const first = old && { key: old.key, k: old.k + start - at }
      all.push({ text: text.slice(start - at, to - at), old: first, isCut })
      start = to
    }
    at = end
  }
  return all
}

/**
 * Inserts parts anew, each behind the last of the units that it stands for, if `isThere` holds of
 * that and of the unit before; else behind the part before it, or behind `start`.
 */
export const putBack = (
  maker: Maker,
  parts: ReturnType<typeof cutUp>,
  { begun, ended }: Cuts,
  { texts, copied }: Restored,
  lines: ReadonlyArray<Line>,
  start: number,
  isThere: (serial: number, last: number) => boolean,
): void => {
  const { doc, place } = maker
  const chunks: Chunk[] = []
  texts.push({ chunks, lines })
  let [text, at, last] = ['', 0, start]
  const flush = (): void => {
    if (text === '') return
    // what begins behind the unit must not cover what stands for it
    if (begun.has(last) && !ended.has(last) && last !== start) last = before(doc, last)
    chunks.push({ k: maker.units + 1, at, length: text.length })
    if (last !== Tree.START) Tree.toUnit(place, doc, last)
    insertAt(maker, last === Tree.START, text)
    at += text.length
    text = ''
  }
  for (const { text: more, old, isCut } of parts) {
    const serial = old && Doc.find(doc, old.key, old.k + more.length - 1)
    const isNext = serial !== undefined && isThere(serial, last)
    if (isNext && isCut) flush()
    if (old !== undefined && lines.length > 0) {
      const name = nameOf(old.key)
      const moved = { from: old.k, count: more.length, k: maker.units + text.length + 1 }
      copied.set(name, SortedMap.set(Tree.byNumber, copied.get(name) ?? SortedMap.empty(), old.k, moved))
    }
    text += more
    if (isNext) last = serial
  }
  flush()
}

/** The unit that stands before another one, or the start. O(log n). */
const before = (doc: Doc.Doc, serial: number): number => {
  const place = Tree.placeOf()
  Tree.toUnit(place, doc, serial)
  if (place.within > 0) return serial - 1
  let depth = place.nodes.length - 1
  while (depth >= 0 && place.steps[depth] === 0) depth--
  if (depth < 0) return Tree.START
  let item: Tree.Node | Tree.Piece = place.nodes[depth]!.items[place.steps[depth]! - 1]!
  while ('items' in item) item = item.items.at(-1)!
  return item.serial + item.length - 1
}

/**
 * The change, which begins a stroke, and behind it the marks that give what comes back its
 * attributes: copies of marks that end at the units that it stands for, and others where these do
 * not suffice. And the marks that take back some. O(m log m) for m marks that `rangesIn` gives.
 */
export const remarked = (
  change: Change,
  { texts, copied }: Restored,
  rangesIn: (doc: Doc.Doc, windows: ReadonlyArray<Window>) => ReadonlyArray<Range>,
  isTaken: (range: Range) => boolean,
  state: State,
  stamp: Stamp,
): Change => {
  const after = change.length > 1 ? apply([[change, stamp.timestamp, stamp.source]])(state).state : state
  const doc = whole(after)
  const windows = windowsOf(texts, doc, stamp)
  const have = rangesIn(doc, windows)
  const rest = have.filter((range) => !isTaken(range))
  const copies = copiesOf(rest, copied, doc, stamp)
  const [before, wanted] = [have, rest].map((ranges) => sorted([...ranges, ...copies])) as [Range[], Range[]]
  const lacked = corrections(before, wanted, windows, after)
  const made = [...copies.map((copy) => copyOf(copy, copy.from, copy.to)), ...lacked]
  return made.length === 0 ? change : [...change, ...made]
}

/** Where texts that came back stand, in order, with the attributes that they are to have. */
const windowsOf = (texts: Restored['texts'], doc: Doc.Doc, { timestamp, source }: Stamp): ReadonlyArray<Window> => {
  const windows: Window[] = []
  for (const { chunks, lines } of texts) {
    let next = 0
    for (const { k, at, length } of chunks) {
      const low = 2 * offsetIn(doc, [timestamp, k, source, 1])! + 1
      const shift = low - 2 * at
      const high = low + 2 * length
      const inner: Line[] = []
      while (next + 1 < lines.length && lines[next + 1]!.at + shift <= low) next++
      for (let i = next; i < lines.length && lines[i]!.at + shift < high; i++) {
        inner.push({ at: Math.max(low, lines[i]!.at + shift), attributes: lines[i]!.attributes })
      }
      windows.push({ low, high, lines: inner })
    }
  }
  return windows.sort((a, b) => a.low - b.low)
}

/** More copies are not made: attributes alone come back then. */
const MOST_COPIES = 256

/**
 * The marks that end at units which came back, with their ends there, as far as they cover more
 * than before.
 */
const copiesOf = (
  ranges: ReadonlyArray<Range>,
  copied: Copied,
  doc: Doc.Doc,
  { timestamp, source }: Stamp,
): ReadonlyArray<Range> => {
  const own = { first: timestamp, source, index: 1 }
  const moved = (cursor: Cursor): Cursor => {
    if (cursor.length === 2) return cursor
    const [first, k, author, bias] = cursor
    const moves = copied.get(nameOf({ first, source: author }))
    const move = moves && SortedMap.floor(Tree.byNumber, moves, k)
    return move && k < move.from + move.count ? [timestamp, move.k + k - move.from, source, bias] : cursor
  }
  const copies: Range[] = []
  for (const range of ranges) {
    const [from, to] = [moved(range.from), moved(range.to)]
    if (from === range.from && to === range.to) continue
    const copy = rangeOf(doc, { ...range, own, from, to })
    if (copy !== undefined && copy.low < copy.high && (copy.low < range.low || copy.high > range.high))
      copies.push(copy)
  }
  // of copies of one mark, some lie within others
  copies.sort((a, b) => (isSameMark(a, b) ? a.low - b.low || b.high - a.high : Doc.byMark(a.id, b.id) ? -1 : 1))
  const kept: Range[] = []
  for (const copy of copies) {
    const last = kept.at(-1)
    if (!last || !isSameMark(last, copy) || copy.high > last.high) kept.push(copy)
  }
  return kept.length > MOST_COPIES ? [] : kept
}

const isSameMark = ({ id: a }: Range, { id: b }: Range): boolean => Doc.isSameStroke(a, b) && a.index === b.index

/** As `splice`, and what it inserts has its own marks, whatever is marked around it. */
export const spliceUnits =
  (offset: number, count: number, units: ReadonlyArray<Unit>): Command =>
  (state, stamp) => {
    const plain = splice(offset, count, textOf(units))(state, stamp)
    if (units.length === 0 || plain._tag === 'Left') return plain
    const doc = whole(state)
    const end = offset + count
    const ranges = near(doc, offset, end)
    if (ranges.length === 0 && units.every((unit) => typeof unit === 'string')) return plain
    const restored = restoredOf()
    const made = begun(state, stamp, (maker) => {
      addEdits(maker, [{ from: offset, to: end, insert: '' }])
      const [behind, before] = [serialAt(doc, offset - 1), serialAt(doc, end)]
      const parts = partsOf(units)
      const cuts = cutsOf(doc, ranges, parts)
      putBack(
        maker,
        cutUp(parts, cuts, 0),
        cuts,
        restored,
        linesOfUnits(units),
        behind,
        (serial, last) => Tree.isBefore(doc, last, serial) && Tree.isBefore(doc, serial, before),
      )
    })
    if (made._tag === 'Left') return made
    const nearby = (after: Doc.Doc): ReadonlyArray<Range> => near(after, offset, offset + units.length)
    return right(remarked(made.right, restored, nearby, () => false, state, stamp))
  }

/** The visible unit at an offset, or an edge. */
const serialAt = (doc: Doc.Doc, offset: number): number => {
  if (offset < 0) return Tree.START
  if (offset >= doc.root.visible) return Tree.END
  const place = Tree.placeOf()
  Tree.toOffset(place, doc, offset)
  return Tree.serialAt(place)
}

/** Neighbours in one stroke are one part. */
const partsOf = (units: ReadonlyArray<Unit>): ReadonlyArray<Part> => {
  const parts: { text: string; readonly old: Old | undefined }[] = []
  for (const unit of units) {
    const [text, old] = typeof unit === 'string' ? [unit, undefined] : [unit[0], olds.get(unit)]
    const last = parts.at(-1)
    const isOn =
      last && (last.old && old ? last.old.key === old.key && last.old.k + last.text.length === old.k : last.old === old)
    if (isOn) last.text += text
    else parts.push({ text, old })
  }
  return parts
}

const linesOfUnits = (units: ReadonlyArray<Unit>): ReadonlyArray<Line> => {
  const lines: Line[] = []
  const add = (at: number, attributes: Attributes): void => {
    if (lines.at(-1)?.attributes !== attributes) lines.push({ at, attributes })
  }
  for (const [i, unit] of units.entries()) {
    add(2 * i, typeof unit === 'string' ? BARE : unit[1])
    add(2 * i + 1, typeof unit === 'string' ? BARE : unit[2])
  }
  return lines
}
