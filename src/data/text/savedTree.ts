/** The tree of a text, made from the numbers of its pieces: see `Saved`. */
import * as SortedMap from '../../structures/SortedMap.js'
import { isInsert, type Operation } from './Change.js'
import type * as Doc from './Doc.js'
import { branchOf, GAP } from './edits.js'
import { check, damaged, wholeOf } from './savedForm.js'
import { END, leafOf, sizes, START, type Node, type Piece, type Tree } from './Tree.js'

/** A stroke whose units are counted. */
export type Filled = { -readonly [P in keyof Doc.Stroke]: Doc.Stroke[P] } & { readonly places: number[] }

/** How many numbers a piece has. */
const NUMBERS = 6

/** How full the nodes are made: there is room to edit. */
const fill = (): number => (sizes.width * 3) >> 2

/**
 * The tree of pieces in the order of the text. Fills in the sizes and places of strokes. Throws if
 * these are not the pieces of the strokes. O(n).
 */
export const treeOf = (numbers: readonly number[], strokes: ReadonlyArray<Filled>): Tree => {
  const { pieces, index, units } = placed(numbers, strokes)
  let nodes: Node[] = chunksOf(pieces).map((items, i) => leafOf({}, i * GAP, items))
  while (nodes.length > 1) nodes = chunksOf(nodes).map((items) => branchOf({}, items))
  return { root: nodes[0] ?? leafOf({}, 0, []), index, units }
}

const chunksOf = <A>(all: ReadonlyArray<A>): A[][] => {
  const chunks: A[][] = []
  for (let i = 0; i < all.length; i += fill()) chunks.push(all.slice(i, i + fill()))
  return chunks
}

/** Where the numbers of each piece are, by its first serial. */
const startsIn = (numbers: readonly number[]): ReadonlyMap<number, number> => {
  const starts = new Map<number, number>()
  let end = 0
  for (let i = 0; i < numbers.length; i += NUMBERS) {
    const serial = end + numbers[i + 3]!
    end = serial + Math.abs(numbers[i + 2]!)
    starts.set(serial, i)
  }
  return starts
}

/**
 * The pieces in the order of the text, the index of their leaves, and the number of units. Throws
 * if they are not the units of the strokes, in order. O(n).
 */
const placed = (numbers: readonly number[], strokes: ReadonlyArray<Filled>) => {
  const starts = startsIn(numbers)
  const count = starts.size
  check(numbers.length === count * NUMBERS)
  const pieces = new Array<Piece>(count)
  const serials = new Array<number>(count)
  const labels = new Array<number>(count)
  const readings = strokes.map(readingOf)
  let units = 0
  // in the order of arrival, so the units of a stroke come by their k
  for (let nthMade = 0; nthMade < count; nthMade++) {
    const i = starts.get(units) ?? damaged()
    const reading = readings[numbers[i]!] ?? damaged()
    const { stroke } = reading
    const k = numbers[i + 1]!
    const size = numbers[i + 2]!
    // the next unit of its stroke, in the text of the next insert where this one is used up
    check(k === stroke.size + 1)
    if (stroke.size === reading.before + reading.text.length) readOn(reading)
    const at = stroke.size - reading.before
    const length = wholeOf(Math.abs(size), 1, reading.text.length - at)
    const nthInText = i / NUMBERS
    pieces[nthInText] = {
      serial: units,
      length,
      visible: Math.max(0, size),
      key: stroke.key,
      k,
      left: unitAt(units, numbers[i + 4]!, START),
      right: unitAt(units, numbers[i + 5]!, END),
      text: reading.text,
      at,
    }
    serials[nthMade] = units
    labels[nthMade] = Math.floor(nthInText / fill()) * GAP
    // a new run, unless its serials follow on from the last one
    const { places } = stroke
    if (stroke.size === 0 || places.at(-1)! + k - places.at(-2)! !== units) places.push(k, units)
    stroke.size += length
    units += length
  }
  readings.forEach(checkEnd)
  return { pieces, index: SortedMap.ofSorted(serials, labels), units }
}

/** An edge, or the unit that is so far before a serial. */
const unitAt = (serial: number, back: number, edge: number): number =>
  back === edge ? edge : serial - wholeOf(back, 1, serial)

/** A stroke whose text is gone through, from one operation to the next. */
interface Reading {
  readonly stroke: Filled
  /** The operation in hand, what it inserts, and how many units stand before that. */
  operation: number
  text: string
  before: number
}

const readingOf = (stroke: Filled): Reading => ({ stroke, operation: 0, text: '', before: 0 })

/** On to the next operation that inserts. Beyond the last one the text is empty. */
const readOn = (reading: Reading): void => {
  const { update, done } = reading.stroke
  reading.before += reading.text.length
  reading.text = ''
  while (reading.text === '' && reading.operation < done) {
    const operation = update[0][++reading.operation] as Operation
    if (isInsert(operation)) reading.text = operation[1]
  }
}

/** Reads on once more. Throws if the stroke has not all units that its operations insert. */
const checkEnd = (reading: Reading): void => {
  readOn(reading)
  check(reading.text === '' && reading.before === reading.stroke.size)
}
