/**
 * The marks near a place, found without a look at all of them: by an index that lives as long as
 * the marks. Units never change places, so it counts for each version that has these marks.
 *
 * Source: Cormen, Leiserson, Rivest and Stein, "Introduction to Algorithms", interval trees.
 */
import * as SortedMap from '../../structures/SortedMap.js'
import type { Operation } from './Change.js'
import { offsetIn, type Cursor } from './cursors.js'
import * as Doc from './Doc.js'
import { markOf, rangeOf, sorted, type Mark, type Range } from './ranges.js'
import * as Tree from './Tree.js'

type Marks = Doc.Doc['marks']

interface Index {
  readonly marks: Marks
  /** By their `from`, in the order of the text. */
  readonly sorted: ReadonlyArray<Mark>
  /** The mark that ends last below each node of a binary tree over them, the root at 1. */
  readonly last: ReadonlyArray<Mark | undefined>
  /** The number of leaves of that tree. */
  readonly width: number
  /** Marks that came since, and those that have no place in the text yet. */
  readonly recent: ReadonlyArray<Mark>
  readonly absent: ReadonlyArray<Mark>
  /** A version of fewer units may lack units of these marks. */
  readonly units: number
  /** Known by identity in all versions of one text. */
  readonly lineage: Doc.Key
}

const indexes = new WeakMap<Marks, Index>()

/** The newest index: the next marks are most often these and few more. */
let newest: Index | undefined

/** So many marks are looked at one by one before the index is made anew. */
const fewOf = (count: number): number => 16 + 4 * Math.sqrt(count)

const isHere = (doc: Doc.Doc, { from, to }: Mark): boolean =>
  offsetIn(doc, from) !== undefined && offsetIn(doc, to) !== undefined

const indexOf = (doc: Doc.Doc): Index => {
  const { marks, units } = doc
  const known = indexes.get(marks) ?? grown(doc)
  if (known !== undefined && units >= known.units && !known.absent.some((mark) => isHere(doc, mark))) return known
  return units < (known?.units ?? 0) ? built(doc, 0) : kept(built(doc, known === undefined ? 0 : units))
}

const kept = (index: Index): Index => {
  indexes.set(index.marks, index)
  newest = index
  return index
}

/** The newest index with the few marks that came since. */
const grown = (doc: Doc.Doc): Index | undefined => {
  const { marks } = doc
  if (newest === undefined || Doc.strokeAt(doc, newest.lineage)?.key !== newest.lineage) return undefined
  const limit = fewOf(newest.sorted.length)
  const many = SortedMap.size(marks) - SortedMap.size(newest.marks)
  if (many < 1 || many > limit) return undefined
  const came: Mark[] = []
  let count = 0
  SortedMap.forEachChange(Doc.byMark, newest.marks, marks, (own, operation: Operation) => {
    const mark = markOf(operation, own)
    if (mark !== undefined) came.push(mark)
    count++
  })
  const recent = [...newest.recent, ...came.filter((mark) => isHere(doc, mark))]
  if (count !== many || recent.length > limit) return undefined
  return kept({ ...newest, marks, recent, absent: [...newest.absent, ...came.filter((mark) => !isHere(doc, mark))] })
}

/** Where a cursor stands, in the order of the text. */
type Position = readonly [label: number, piece: number, unit: number, side: number]

const positionOf = (doc: Doc.Doc, cursor: Cursor): Position => {
  if (cursor.length === 2) return [cursor[1] * Infinity, 0, 0, 0]
  const [first, k, source, bias] = cursor
  const place = Tree.placeOf()
  Tree.toUnit(place, doc, Doc.find(doc, { first, source }, k)!)
  return [place.nodes.at(-1)!.label, place.steps.at(-1)!, place.within, -bias]
}

const byPosition = (a: Position, b: Position): number => {
  const i = a.findIndex((number, at) => number !== b[at])
  return i < 0 ? 0 : a[i]! - b[i]!
}

/** O(m log m + m log n). */
const built = (doc: Doc.Doc, units: number): Index => {
  const [here, absent]: [Mark[], Mark[]] = [[], []]
  SortedMap.forEach(doc.marks, (operation, own) => {
    const mark = markOf(operation, own)
    if (mark !== undefined) (isHere(doc, mark) ? here : absent).push(mark)
  })
  const placed = here.map((mark) => ({ mark, from: positionOf(doc, mark.from), to: positionOf(doc, mark.to) }))
  placed.sort((a, b) => byPosition(a.from, b.from))
  let width = 1
  while (width < placed.length) width *= 2
  const last = new Array<(typeof placed)[number] | undefined>(2 * width)
  for (const [i, one] of placed.entries()) last[width + i] = one
  for (let node = width - 1; node > 0; node--) {
    const [one, other] = [last[2 * node], last[2 * node + 1]]
    last[node] = other === undefined || (one && byPosition(one.to, other.to) > 0) ? one : other
  }
  return {
    marks: doc.marks,
    sorted: placed.map(({ mark }) => mark),
    last: Array.from(last, (one) => one?.mark),
    width,
    recent: [],
    absent,
    units,
    lineage: SortedMap.at(doc.strokes, 0)!.key,
  }
}

/**
 * The marks that touch the text from one offset to another, oldest first; also those whose ends
 * are hidden there. O(k log m log n) for k found of m, and some that came last.
 */
export const near = (doc: Doc.Doc, from: number, to: number): Range[] => {
  if (SortedMap.size(doc.marks) === 0) return []
  const { sorted: all, last, width, recent } = indexOf(doc)
  let [low, high] = [0, all.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (offsetIn(doc, all[middle]!.from)! <= to) low = middle + 1
    else high = middle
  }
  const ranges: Range[] = []
  const add = (mark: Mark): void => {
    const range = rangeOf(doc, mark)
    if (range !== undefined && range.low >> 1 <= to && range.high >> 1 >= from) ranges.push(range)
  }
  /** The marks below a node, whose first is at `start`, up to `low`. */
  const visit = (node: number, start: number, size: number): void => {
    const one = last[node]
    if (start >= low || one === undefined || offsetIn(doc, one.to)! < from) return
    if (size === 1) add(one)
    else {
      visit(2 * node, start, size / 2)
      visit(2 * node + 1, start + size / 2, size / 2)
    }
  }
  visit(1, 0, width)
  recent.forEach(add)
  return sorted(ranges)
}
