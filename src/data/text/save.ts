/** A replica of a text as compact JSON, and back: units stand where they stood, none is placed. */
import type { either as E } from 'fp-ts'
import type { NotSaved } from '../../core/DataType.js'
import { left, right } from '../../core/Either.js'
import * as Json from '../../core/Json.js'
import { all } from '../../core/Log.js'
import type * as Replica from '../../core/Replica.js'
import { compare, type Update } from '../../core/Update.js'
import * as Timestamp from '../../core/Timestamp.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { codec, isInsert, type Change, type Operation } from './Change.js'
import * as Doc from './Doc.js'
import { branchOf, GAP } from './edits.js'
import { check, checkForm, damaged } from './savedForm.js'
import { stateOf, whole, type Limits, type State } from './State.js'
import { byNumber, END, forEach, leafOf, sizes, START, type Node, type Piece, type Tree } from './Tree.js'

/** How full the nodes are made: there is room to edit. */
const fill = (): number => (sizes.width * 3) >> 2

type TextReplica = Replica.Replica<State, Change>

/** What {@link save} gives. */
export interface Saved {
  readonly text: 1
  readonly id: string
  /** Plain data, as in the replica. */
  readonly clock: TextReplica['clock']
  readonly log: TextReplica['log']
  /** How many operations are done of each stroke, and what it waits for; strokes as in the log. */
  readonly waiting: ReadonlyArray<readonly [stroke: number, done: number, wait: Doc.Wait]>
  /**
   * Each piece in the order of the text: its stroke, its k, its length, negative if it is hidden,
   * its first serial less the end of the one before, and its left and right, counted back from it.
   */
  readonly pieces: readonly number[]
}

/** A replica as JSON, with its log: `load` makes it again. O(n). */
export const save = ({ id, clock, log, state }: TextReplica): Saved => {
  const doc = whole(state)
  const strokes = new SortedMap.Draft<Doc.Key, number>(Doc.byKey, SortedMap.empty())
  updatesIn(log).forEach((update, i) => {
    strokes.set(Doc.keyOf(update), i)
  })
  const waiting: (readonly [number, number, Doc.Wait])[] = []
  SortedMap.forEach(doc.strokes, ({ key, done, waits }) => {
    if (waits !== null) waiting.push([strokes.get(key)!, done, waits])
  })
  const pieces: number[] = []
  let end = 0
  forEach(doc.root, ({ key, k, serial, length, visible, left: before, right: behind }) => {
    const stroke = strokes.get(key)!
    pieces.push(stroke, k, visible || -length, serial - end, back(serial, before), back(serial, behind))
    end = serial + length
  })
  return { text: 1, id, clock, log, waiting, pieces }
}

/** The newest update of each stroke in a log. */
const updatesIn = (log: TextReplica['log']): ReadonlyArray<Update<Change>> => {
  const newest = new SortedMap.Draft<Doc.Key, Update<Change>>(Doc.byKey, SortedMap.empty())
  for (const update of all(log)) {
    newest.update(Doc.keyOf(update), (held) => (held === undefined || compare(held, update) < 0 ? update : held))
  }
  return [...SortedMap.entries(newest.done())].map(([, update]) => update)
}

/** Edges stay as they are; a unit is counted back from the serial, so that numbers are small. */
const back = (serial: number, unit: number): number => (unit < 0 ? unit : serial - unit)

/** The replica that was saved. Errors: `NotSaved` for what is in another form. O(n log n). */
export const load =
  (limits: Limits) =>
  (json: unknown): E.Either<NotSaved, TextReplica> => {
    try {
      check(Json.isPlain(json) && json['text'] === 1)
      const saved = json as Saved
      const { id, clock, log } = saved
      checkForm(saved, codec.is)
      return right({ id, clock, log, state: stateOf(limits, docOf(saved)) })
    } catch (error) {
      return left({ _tag: 'NotSaved', reason: String(error) })
    }
  }

type Filled = { -readonly [P in keyof Doc.Stroke]: Doc.Stroke[P] } & { readonly places: number[] }

/** Throws if the saved text is in another form. */
const docOf = (saved: Saved): Doc.Doc => {
  const strokes = updatesIn(saved.log).map((update): Filled => {
    return { key: Doc.keyOf(update), update, done: update[0].length - 1, size: 0, places: [], waits: null }
  })
  const waiting = new SortedMap.Draft<Doc.Wait, true>(Doc.byWait, SortedMap.empty())
  for (const [i, done, waits] of saved.waiting) {
    const { key, update } = strokes[i]!
    const { first, source, waiter } = waits
    check(Number.isInteger(done) && done >= 0 && done + 1 < update[0].length)
    check(Json.equals(waiter, key) && Number.isInteger(waits.k) && waits.k > 0)
    check(Timestamp.is(first) && typeof source === 'string')
    const wait = { first, source, k: Math.min(waits.k, Number.MAX_SAFE_INTEGER), waiter: key }
    Object.assign(strokes[i]!, { done, waits: wait })
    waiting.set(wait, true)
  }
  const byKey = new SortedMap.Draft<Doc.Key, Doc.Stroke>(Doc.byKey, SortedMap.empty())
  const marks = new SortedMap.Draft<Doc.MarkId, Operation>(Doc.byMark, SortedMap.empty())
  for (const stroke of strokes) {
    byKey.set(stroke.key, stroke)
    for (let index = 1; index <= stroke.done; index++) {
      const operation = stroke.update[0][index] as Operation
      if (operation[0] === '*') marks.set({ ...stroke.key, index }, operation)
    }
  }
  check(Array.isArray(saved.pieces) && Array.isArray(saved.waiting))
  const tree = treeOf(placedIn(saved.pieces, strokes))
  const doc = { strokes: byKey.done() }
  for (const { update, done, size, waits } of strokes) {
    const operations = update[0].slice(1, done + 1) as Operation[]
    check(size === operations.reduce((sum, one) => sum + (isInsert(one) ? one[1].length : 0), 0))
    check(waits === null || Doc.find(doc, waits, waits.k) === undefined)
  }
  return { ...tree, ...doc, waiting: waiting.done(), marks: marks.done(), swept: SortedMap.empty() }
}

interface Placed {
  readonly piece: Piece
  readonly stroke: Filled
  readonly label: number
}

const placedIn = (numbers: readonly number[], strokes: ReadonlyArray<Filled>): ReadonlyArray<Placed> => {
  const all: Placed[] = []
  const texts: ReturnType<typeof textsIn>[] = []
  let end = 0
  for (let i = 0; i < numbers.length; i += 6) {
    const stroke = strokes[numbers[i]!]!
    const k = numbers[i + 1]!
    const size = numbers[i + 2]!
    const serial = end + numbers[i + 3]!
    const length = Math.abs(size)
    end = serial + length
    const piece = {
      serial,
      length,
      visible: Math.max(0, size),
      key: stroke.key,
      k,
      left: back(serial, numbers[i + 4]!),
      right: back(serial, numbers[i + 5]!),
      ...textAt((texts[numbers[i]!] ??= textsIn(stroke.update[0])), k, length),
    }
    all.push({ piece, stroke, label: Math.floor(all.length / fill()) * GAP })
  }
  return all
}

/** The texts that a change inserts, by the first k of each. O(n log n). */
const textsIn = (change: Change): SortedMap.SortedMap<number, readonly [k: number, text: string]> => {
  const texts = new SortedMap.Draft<number, readonly [number, string]>(byNumber, SortedMap.empty())
  let k = 1
  for (const operation of change.slice(1) as Operation[]) {
    if (!isInsert(operation)) continue
    texts.set(k, [k, operation[1]])
    k += operation[1].length
  }
  return texts.done()
}

/** The operation that inserts units of a stroke, and their place in the text of it. */
const textAt = (texts: ReturnType<typeof textsIn>, k: number, length: number): Pick<Piece, 'text' | 'at'> => {
  const [first, text] = SortedMap.floor(byNumber, texts, k) ?? damaged()
  check(k - first + length <= text.length)
  return { text, at: k - first }
}

/** The tree of pieces in the order of the text. Fills in the sizes and places of strokes. */
const treeOf = (all: ReadonlyArray<Placed>): Tree => {
  let nodes: Node[] = chunksOf(all).map((items, i) =>
    leafOf(
      {},
      i * GAP,
      items.map(({ piece }) => piece),
    ),
  )
  while (nodes.length > 1) nodes = chunksOf(nodes).map((items) => branchOf({}, items))
  const index = new SortedMap.Draft<number, number>(byNumber, SortedMap.empty())
  let units = 0
  for (const { piece, stroke, label } of [...all].sort((a, b) => a.piece.serial - b.piece.serial)) {
    const { serial, length, k, left: before, right: behind } = piece
    check(serial === units && Number.isInteger(length) && length > 0 && k === stroke.size + 1)
    check(before === START || isBelow(before, serial))
    check(behind === END || isBelow(behind, serial))
    const { places, size } = stroke
    if (size === 0 || places.at(-1)! + k - places.at(-2)! !== serial) places.push(k, serial)
    stroke.size += length
    index.set(serial, label)
    units += length
  }
  return { root: nodes[0] ?? leafOf({}, 0, []), index: index.done(), units }
}

const isBelow = (unit: number, serial: number): boolean => Number.isInteger(unit) && unit >= 0 && unit < serial

const chunksOf = <A>(all: ReadonlyArray<A>): A[][] => {
  const chunks: A[][] = []
  for (let i = 0; i < all.length; i += fill()) chunks.push(all.slice(i, i + fill()))
  return chunks
}
