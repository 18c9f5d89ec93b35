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
import { codec, type Change, type Operation } from './Change.js'
import * as Doc from './Doc.js'
import { check, checkClock, checkLog } from './savedForm.js'
import { logOf, savedLog, type SavedLog } from './savedLog.js'
import { treeOf, type Filled } from './savedTree.js'
import { stateOf, whole, type Limits, type State } from './State.js'
import { forEach } from './Tree.js'

type TextReplica = Replica.Replica<State, Change>

/** What {@link save} gives. */
export interface Saved {
  readonly text: 2
  readonly id: string
  /** Plain data, as in the replica. */
  readonly clock: TextReplica['clock']
  readonly log: SavedLog
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
  return { text: 2, id, clock, log: savedLog(log), waiting, pieces }
}

/** Edges stay as they are; a unit is counted back from the serial, so that numbers are small. */
const back = (serial: number, unit: number): number => (unit < 0 ? unit : serial - unit)

/** The newest update of each stroke in a log, by the keys of strokes. O(n), or O(n log n). */
const updatesIn = (log: TextReplica['log']): ReadonlyArray<Update<Change>> => {
  const updates = all(log)
  // who is honest makes a new stroke longer, but none that is older than another
  if (updates.every((update, i) => i === 0 || isLater(updates[i - 1]!, update))) return updates
  const newest = new SortedMap.Draft<Doc.Key, Update<Change>>(Doc.byKey, SortedMap.empty())
  for (const update of updates) {
    newest.update(Doc.keyOf(update), (held) => (held === undefined || compare(held, update) < 0 ? update : held))
  }
  return [...SortedMap.entries(newest.done())].map(([, update]) => update)
}

/** Whether the stroke of update `b` sorts behind that of `a`: see {@link Doc.byKey}. */
const isLater = (a: Update<Change>, b: Update<Change>): boolean =>
  a[2] === b[2] ? Doc.firstOf(a) < Doc.firstOf(b) : a[2] < b[2]

/** A replica in the form of {@link save}, or in the one before it, with the log as it is. */
type Form = Omit<Saved, 'text' | 'log'> &
  ({ readonly text: 1; readonly log: TextReplica['log'] } | Pick<Saved, 'text' | 'log'>)

/** The replica that was saved. Errors: `NotSaved` for what is in another form. O(n log n). */
export const load =
  (limits: Limits) =>
  (json: unknown): E.Either<NotSaved, TextReplica> => {
    try {
      check(Json.isPlain(json) && (json['text'] === 1 || json['text'] === 2))
      const saved = json as Form
      const { id, clock } = saved
      check(typeof id === 'string')
      checkClock(clock)
      if (saved.text === 1) checkLog(saved.log, clock.latest, codec.is)
      const log = saved.text === 1 ? saved.log : logOf<Change>(saved.log, clock.latest, codec.is)
      return right({ id, clock, log, state: stateOf(limits, docOf(saved, updatesIn(log))) })
    } catch (error) {
      return left({ _tag: 'NotSaved', reason: String(error) })
    }
  }

/** Throws if the saved text is in another form. */
const docOf = (saved: Pick<Saved, 'waiting' | 'pieces'>, updates: ReadonlyArray<Update<Change>>): Doc.Doc => {
  const strokes = updates.map((update): Filled => {
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
  check(Array.isArray(saved.pieces) && Array.isArray(saved.waiting))
  const tree = treeOf(saved.pieces, strokes)
  const doc = {
    strokes: SortedMap.ofSorted(
      strokes.map(({ key }) => key),
      strokes,
    ),
  }
  for (const { waits } of strokes) check(waits === null || Doc.find(doc, waits, waits.k) === undefined)
  return { ...tree, ...doc, waiting: waiting.done(), marks: marksIn(strokes), swept: SortedMap.empty() }
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
