/** A replica of a text as compact JSON, and back: units stand where they stood, none is placed. */
import type { either as E } from 'fp-ts'
import type { NotSaved } from '../../core/DataType.js'
import { left, right } from '../../core/Either.js'
import * as Json from '../../core/Json.js'
import * as Log from '../../core/Log.js'
import type * as Replica from '../../core/Replica.js'
import { compare, type Update } from '../../core/Update.js'
import * as Timestamp from '../../core/Timestamp.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { codec, type Change, type Operation } from './Change.js'
import * as Doc from './Doc.js'
import { check, clockOf, savedClock, wholeOf, type SavedClock } from './savedForm.js'
import { logOf, savedLog, type SavedLog } from './savedLog.js'
import { treeOf, type Filled } from './savedTree.js'
import { stateOf, whole, type Limits, type State } from './State.js'
import { forEach } from './Tree.js'

type TextReplica = Replica.Replica<State, Change>

/** What {@link save} gives. */
export interface Saved {
  /** The version of this form. 1 was never released. */
  readonly text: 2
  readonly id: string
  readonly clock: SavedClock
  readonly log: SavedLog
  /**
   * How many operations are done of each stroke, and what it waits for. A stroke is its index among
   * all, in the order of `Doc.byKey`.
   */
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
  strokesIn(log).forEach(([key], i) => {
    strokes.set(key, i)
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
  return { text: 2, id, clock: savedClock(clock), log: savedLog(log), waiting, pieces }
}

/** Edges stay as they are; a unit is counted back from the serial, so that numbers are small. */
const back = (serial: number, unit: number): number => (unit < 0 ? unit : serial - unit)

/** Strokes with their updates. */
type Strokes = ReadonlyArray<readonly [Doc.Key, Update<Change>]>

/**
 * The newest update of each stroke in a log, in the order of `Doc.byKey`. O(n) for honest sources,
 * else O(n log n).
 */
const strokesIn = (log: TextReplica['log']): Strokes => {
  const strokes = Log.all(log).map((update) => [Doc.keyOf(update), update] as const)
  // an honest source lengthens its last stroke only: then the log has each once, in this order
  if (strokes.every(([key], i) => i === 0 || Doc.byKey(strokes[i - 1]![0], key))) return strokes
  const newest = new SortedMap.Draft<Doc.Key, Update<Change>>(Doc.byKey, SortedMap.empty())
  for (const [key, update] of strokes) {
    newest.update(key, (held) => (held === undefined || compare(held, update) < 0 ? update : held))
  }
  return [...SortedMap.entries(newest.done())]
}

/** The replica that was saved. Errors: `NotSaved` for what is in another form. O(n log n). */
export const load =
  (limits: Limits) =>
  (json: unknown): E.Either<NotSaved, TextReplica> => {
    try {
      check(Json.isPlain(json) && json['text'] === 2)
      const saved = json as Saved
      const { id } = saved
      check(typeof id === 'string')
      const clock = clockOf(saved.clock)
      const log = logOf<Change>(saved.log, clock.latest, codec.is)
      return right({ id, clock, log, state: stateOf(limits, docOf(saved, strokesIn(log))) })
    } catch (error) {
      return left({ _tag: 'NotSaved', reason: String(error) })
    }
  }

/** Throws if the saved text is in another form. */
const docOf = (saved: Saved, held: Strokes): Doc.Doc => {
  check(Array.isArray(saved.pieces) && Array.isArray(saved.waiting))
  const filled = held.map(([key, update]): Filled => {
    return { key, update, done: update[0].length - 1, size: 0, places: [], waits: null }
  })
  const waiting = new SortedMap.Draft<Doc.Wait, true>(Doc.byWait, SortedMap.empty())
  for (const [i, done, waits] of saved.waiting) {
    const stroke = filled[i]!
    const { first, source, waiter } = waits
    check(Json.equals(waiter, stroke.key) && Timestamp.is(first) && typeof source === 'string')
    // a unit that is too far for a number is as good as any that never comes
    const k = Math.min(wholeOf(waits.k, 1, Infinity), Number.MAX_SAFE_INTEGER)
    stroke.done = wholeOf(done, 0, stroke.update[0].length - 2)
    stroke.waits = { first, source, k, waiter: stroke.key }
    waiting.set(stroke.waits, true)
  }
  const tree = treeOf(saved.pieces, filled)
  const strokes = SortedMap.ofSorted(
    filled.map(({ key }) => key),
    filled,
  )
  for (const { waits } of filled) check(waits === null || Doc.find({ strokes }, waits, waits.k) === undefined)
  return { ...tree, strokes, waiting: waiting.done(), marks: marksIn(filled), swept: SortedMap.empty() }
}

/** The marks that strokes have made, oldest first. */
const marksIn = (strokes: ReadonlyArray<Doc.Stroke>): Doc.Doc['marks'] => {
  const marks = new SortedMap.Draft<Doc.MarkId, Operation>(Doc.byMark, SortedMap.empty())
  for (const { key, update, done } of strokes) {
    for (let index = 1; index <= done; index++) {
      const operation = update[0][index] as Operation
      if (operation[0] === '*') marks.set({ ...key, index }, operation)
    }
  }
  return marks.done()
}
