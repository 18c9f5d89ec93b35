/**
 * Marks as ranges of a text, and what they say of it.
 *
 * They are counted in spots: the gap before the visible unit i is spot 2i, that unit is spot
 * 2i + 1. What is typed in a gap gets what the marks say there. A cursor is the beginning of a
 * spot: a mark covers the spots from one cursor up to the other.
 */
import * as Json from '../../core/Json.js'
import * as SortedMap from '../../structures/SortedMap.js'
import type { Operation } from './Change.js'
import { cursorAt, isCursor, offsetIn, type Bias, type Cursor } from './cursors.js'
import * as Doc from './Doc.js'
import type { State } from './State.js'
import { byNumber } from './Tree.js'
import * as Timestamp from '../../core/Timestamp.js'

/** The values that marks give a part of the text, by key. */
export type Attributes = Readonly<Record<string, unknown>>

/** What an operation `*` says. */
export interface Mark {
  readonly own: Doc.MarkId
  /** Its age: that of the mark it copies, or its own. */
  readonly id: Doc.MarkId
  readonly from: Cursor
  readonly to: Cursor
  readonly key: string
  readonly value: unknown
}

/** A mark, in spots of one text: from `low` up to `high`. It may cover none. */
export interface Range extends Mark {
  readonly low: number
  readonly high: number
}

/** The mark of an operation, or undefined for what is none. */
export const markOf = (operation: Operation, own: Doc.MarkId): Mark | undefined => {
  const [, from, to, key, value, age, ...rest] = operation
  if (!isCursor(from) || !isCursor(to) || typeof key !== 'string' || value === undefined || rest.length > 0) return
  if (age === undefined) return { own, id: own, from, to, key, value }
  if (!Array.isArray(age) || age.length !== 3) return
  const [first, index, source] = age as readonly unknown[]
  if (!Timestamp.is(first) || !Number.isSafeInteger(index) || typeof source !== 'string') return
  const id = { first, index: index as number, source }
  return { own, id: Doc.byMark(id, own) ? id : own, from, to, key, value }
}

/** The operation of a copy: as old as the mark. */
export const copyOf = ({ id: { first, index, source }, key, value }: Mark, from: Cursor, to: Cursor): Operation => [
  '*',
  from,
  to,
  key,
  value,
  [first, index, source],
]

/** The spot that begins at a cursor, or undefined if its unit is not here. */
const spotOf = (doc: Doc.Doc, cursor: Cursor): number | undefined => {
  const offset = offsetIn(doc, cursor)
  return offset === undefined ? undefined : 2 * offset + (cursor.at(-1) === 1 ? 1 : 0)
}

/** The cursor at which a spot begins. */
export const cursorOf = (spot: number, state: State): Cursor =>
  cursorAt(Math.floor(spot / 2), (spot % 2 === 0 ? -1 : 1) satisfies Bias)(state)

/** A mark in the spots of a text, or undefined if it has no place in it. */
export const rangeOf = (doc: Doc.Doc, mark: Mark): Range | undefined => {
  const low = spotOf(doc, mark.from)
  const high = low === undefined ? undefined : spotOf(doc, mark.to)
  return low === undefined || high === undefined || low >> 1 > high >> 1 ? undefined : { ...mark, low, high }
}

/** The marks, oldest first. O(m log m). */
export const rangesIn = (doc: Doc.Doc): ReadonlyArray<Range> => {
  const ranges: Range[] = []
  SortedMap.forEach(doc.marks, (operation, own) => {
    const mark = markOf(operation, own)
    const range = mark && rangeOf(doc, mark)
    if (range !== undefined) ranges.push(range)
  })
  return sorted(ranges)
}

const isOlder = (a: Mark, b: Mark): boolean =>
  Doc.byMark(a.id, b.id) || (!Doc.byMark(b.id, a.id) && Doc.byMark(a.own, b.own))

/** The oldest first. */
export const sorted = (ranges: Range[]): Range[] => ranges.sort((a, b) => (isOlder(a, b) ? -1 : 1))

/** The same value from one spot up to another. */
export interface Layer {
  low: number
  high: number
  readonly value: unknown
}

/** What the newest of the marks of one key says, in the order of the text. O(m log m). */
export const layered = (ranges: ReadonlyArray<Range>): ReadonlyArray<Layer> => {
  const ends = ranges.flatMap(({ low, high }, age) => (low < high ? [low, high].map((spot) => ({ spot, age })) : []))
  ends.sort((a, b) => a.spot - b.spot)
  const layers: Layer[] = []
  // the newest first
  const here = new SortedMap.Draft(byNumber, SortedMap.empty<number, true>())
  for (const [i, { spot, age }] of ends.entries()) {
    if (here.get(-age) === undefined) here.set(-age, true)
    else here.remove(-age)
    const next = ends[i + 1]?.spot ?? spot
    const newest = here.first()
    if (next === spot || newest === undefined) continue
    const { value } = ranges[-newest]!
    const last = layers.at(-1)
    if (last?.high === spot && last.value === value) last.high = next
    else layers.push({ low: spot, high: next, value })
  }
  return layers
}

/** The marks of each key. */
export const byKey = <M extends Mark>(ranges: ReadonlyArray<M>): ReadonlyMap<string, ReadonlyArray<M>> => {
  const all = new Map<string, M[]>()
  for (const range of ranges) {
    const ofKey = all.get(range.key)
    if (ofKey === undefined) all.set(range.key, [range])
    else ofKey.push(range)
  }
  return all
}

/** The attributes from a spot on, up to the next line. */
export interface Line {
  readonly at: number
  readonly attributes: Attributes
}

export const BARE: Attributes = Object.freeze({})

/**
 * The attributes that marks give the spots from one up to another; neighbours differ. O(m log m),
 * and their size.
 */
export const linesOf = (ranges: ReadonlyArray<Range>, from: number, to: number): ReadonlyArray<Line> => {
  const ends: { readonly at: number; readonly key: string; readonly value: unknown }[] = []
  for (const [key, ofKey] of byKey(ranges)) {
    for (const { low, high, value } of layered(ofKey)) {
      if (value === null || high <= from || low >= to) continue
      ends.push({ at: Math.max(low, from), key, value }, { at: high, key, value: null })
    }
  }
  ends.sort((a, b) => a.at - b.at)
  const lines: Line[] = []
  const here = new Map<string, unknown>()
  let shown = ''
  for (let [at, next] = [from, 0]; at < to; at = ends[next]?.at ?? to) {
    for (; ends[next]?.at === at; next++) {
      const { key, value } = ends[next]!
      if (value === null) here.delete(key)
      else here.set(key, value)
    }
    const attributes = here.size === 0 ? BARE : Object.freeze(Object.fromEntries([...here].sort(byName)))
    const text = JSON.stringify(attributes)
    if (text !== shown) lines.push({ at, attributes })
    shown = text
  }
  return lines
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

/** Spots whose attributes are to be those of lines. */
export interface Window {
  readonly low: number
  readonly high: number
  readonly lines: ReadonlyArray<Line>
}

/** Layers for each key of a window. */
const layersIn = ({ high, lines }: Window): ReadonlyMap<string, ReadonlyArray<Layer>> => {
  const all = new Map<string, Layer[]>()
  for (const [i, { at, attributes }] of lines.entries()) {
    for (const [key, value] of Object.entries(attributes)) {
      const layers = all.get(key) ?? []
      all.set(key, layers)
      layers.push({ low: at, high: lines[i + 1]?.at ?? high, value })
    }
  }
  return all
}

/**
 * The marks that make some marks say what others do, and in windows, in order, what their lines
 * do: from one spot up to another. O(m log m) for m marks, and each key in each window.
 */
export const corrections = (
  have: ReadonlyArray<Range>,
  want: ReadonlyArray<Range>,
  windows: ReadonlyArray<Window>,
  state: State,
  from = 0,
  to = Infinity,
): ReadonlyArray<Operation> => {
  const [old, next] = [byKey(have), byKey(want)]
  const within = windows.map((window) => ({ ...window, layers: layersIn(window) }))
  const keys = new Set([...old.keys(), ...next.keys(), ...within.flatMap(({ layers }) => [...layers.keys()])])
  const operations: Operation[] = []
  for (const key of keys) {
    // where a mark ends the next one begins, also among hidden units
    const ends = endsOf([...(old.get(key) ?? []), ...(next.get(key) ?? [])])
    const cursor = (spot: number): Cursor => ends.get(spot) ?? cursorOf(spot, state)
    const parts = within.map(({ low, high, layers }) => ({ low, high, layers: layers.get(key) ?? [] }))
    const target = overlaid(layered(next.get(key) ?? []), parts)
    for (const { low, high, value } of differing(layered(old.get(key) ?? []), target)) {
      const [start, end] = [Math.max(low, from), Math.min(high, to)]
      if (start < end) operations.push(['*', cursor(start), cursor(end), key, value])
    }
  }
  return operations
}

/** The cursors of the ends of marks that cover something, by their spots. */
const endsOf = (ranges: ReadonlyArray<Range>): ReadonlyMap<number, Cursor> =>
  new Map(
    ranges.flatMap(({ low, high, from, to }): [number, Cursor][] =>
      low < high
        ? [
            [low, from],
            [high, to],
          ]
        : [],
    ),
  )

/** Layers, but within windows those of the windows. */
const overlaid = (
  layers: ReadonlyArray<Layer>,
  windows: ReadonlyArray<{ readonly low: number; readonly high: number; readonly layers: ReadonlyArray<Layer> }>,
): ReadonlyArray<Layer> => {
  if (windows.length === 0) return layers
  const all: Layer[] = []
  let [next, from] = [0, -Infinity]
  const upTo = (to: number): void => {
    for (; next < layers.length && layers[next]!.low < to; next++) {
      const { low, high, value } = layers[next]!
      if (Math.max(low, from) < Math.min(high, to)) {
        all.push({ low: Math.max(low, from), high: Math.min(high, to), value })
      }
      if (high > to) return
    }
  }
  for (const { low, high, layers: inner } of windows) {
    upTo(low)
    all.push(...inner)
    from = high
  }
  upTo(Infinity)
  return all
}

/** What the second layers say where the first say something else. */
const differing = (have: ReadonlyArray<Layer>, want: ReadonlyArray<Layer>): ReadonlyArray<Layer> => {
  const spots = [...new Set([...have, ...want].flatMap(({ low, high }) => [low, high]))].sort((a, b) => a - b)
  const made: Layer[] = []
  const reader = (layers: ReadonlyArray<Layer>): ((spot: number) => unknown) => {
    let i = 0
    return (spot) => {
      while (i < layers.length && layers[i]!.high <= spot) i++
      return i < layers.length && layers[i]!.low <= spot ? layers[i]!.value : null
    }
  }
  const [old, next] = [reader(have), reader(want)]
  for (const [i, low] of spots.slice(0, -1).entries()) {
    const [value, high] = [next(low), spots[i + 1]!]
    if (Json.equals(old(low), value)) continue
    const last = made.at(-1)
    if (last?.high === low && Json.equals(last.value, value)) last.high = high
    else made.push({ low, high, value })
  }
  return made
}
