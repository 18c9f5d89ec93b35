/**
 * Where text is typed among hidden units: so that it gets the marks that it should.
 *
 * A link ends behind its last unit. Once that is hidden, what is typed behind the last visible one
 * belongs behind the hidden one, too. Source: Litt et al., "Peritext" (CSCW 2022), section 4.
 */
import * as Json from '../../core/Json.js'
import * as SortedMap from '../../structures/SortedMap.js'
import type { Cursor } from './cursors.js'
import * as Doc from './Doc.js'
import { near } from './near.js'
import { byKey, layered, type Range } from './ranges.js'
import * as Tree from './Tree.js'

/** Where text goes, and what marks must say there that they do not. */
export interface Typed {
  /** Behind this unit. */
  readonly behind: number
  readonly lacks: ReadonlyArray<readonly [key: string, value: unknown]>
}

/** More places among hidden units are not looked at. */
const MOST_PLACES = 8

/**
 * Where to type between the visible unit `behind`, or the start, and the one at the offset `to`,
 * when the units from `from` up to there are removed. O(k log n) for k marks that touch the place.
 */
export const typedAt = (doc: Doc.Doc, behind: number, from: number, to: number): Typed => {
  const plain: Typed = { behind, lacks: [] }
  if (SortedMap.size(doc.marks) === 0) return plain
  const place = Tree.placeOf()
  Tree.toBehind(place, doc, behind)
  if (from === to && (place.piece === undefined || place.piece.visible > 0)) return plain
  const ranges = near(doc, from, to)
  if (ranges.length === 0) return plain
  const wanted = wantedAt(ranges, from, to)
  const serials = [behind, ...endsIn(doc, ranges, behind, place, to)]
  let best: Typed | undefined
  for (const serial of serials) {
    const lacks = lacking(doc, ranges, wanted, serial)
    if (best === undefined || lacks.length < best.lacks.length) best = { behind: serial, lacks }
    if (lacks.length === 0) break
  }
  return best!
}

/** What the marks say of a gap, once the units from one offset up to another are removed. */
const wantedAt = (ranges: ReadonlyArray<Range>, from: number, to: number): ReadonlyMap<string, unknown> => {
  const gap = 2 * from
  const moved = (spot: number): number => (spot >> 1 > to ? spot : Math.min(spot >> 1, from) * 2 + (spot % 2))
  const wanted = new Map<string, unknown>()
  for (const [key, ofKey] of byKey(ranges)) {
    const layers = layered(ofKey.map((range) => ({ ...range, low: moved(range.low), high: moved(range.high) })))
    wanted.set(key, layers.find(({ low, high }) => low <= gap && gap < high)?.value ?? null)
  }
  return wanted
}

/** The hidden and removed units at the gap behind which marks end, in order: the last of many. */
const endsIn = (
  doc: Doc.Doc,
  ranges: ReadonlyArray<Range>,
  behind: number,
  place: Tree.Place,
  to: number,
): ReadonlyArray<number> => {
  let before = Tree.END
  if (to < doc.root.visible) {
    Tree.toOffset(place, doc, to)
    before = Tree.serialAt(place)
  }
  const serials = new Set<number>()
  for (const { to: end } of ranges) {
    const serial = end.at(-1) === -1 ? serialOf(doc, end) : undefined
    if (serial !== undefined && Tree.isBefore(doc, behind, serial) && Tree.isBefore(doc, serial, before)) {
      serials.add(serial)
    }
  }
  return [...serials].sort((a, b) => (Tree.isBefore(doc, a, b) ? -1 : 1)).slice(-MOST_PLACES)
}

/** The unit of a cursor, if it is here; an edge stands for itself. */
const serialOf = (doc: Doc.Doc, cursor: Cursor): number | undefined => {
  if (cursor.length === 2) return cursor[1] < 0 ? Tree.START : Tree.END
  const [first, k, source] = cursor
  return Doc.find(doc, { first, source }, k)
}

/** The wanted values that text right behind a unit would not have. */
const lacking = (
  doc: Doc.Doc,
  ranges: ReadonlyArray<Range>,
  wanted: ReadonlyMap<string, unknown>,
  serial: number,
): Typed['lacks'] => {
  const values = new Map<string, unknown>()
  for (const { key, value, from, to } of ranges) {
    const [first, last] = [serialOf(doc, from)!, serialOf(doc, to)!]
    if (first === last || (first !== serial && !Tree.isBefore(doc, first, serial))) continue
    if (Tree.isBefore(doc, serial, last)) values.set(key, value)
  }
  return [...wanted].filter(([key, value]) => !Json.equals(values.get(key) ?? null, value))
}
