/** A replica of a text as compact JSON, and back: units stand where they stood, none is placed. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import * as Json from '../../core/Json.js'
import { history } from '../../core/lacking.js'
import type * as Replica from '../../core/Replica.js'
import type { Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import { codec, isInsert, type Change, type Operation } from './Change.js'
import * as Doc from './Doc.js'
import * as Ranges from './Ranges.js'
import * as Runs from './Runs.js'
import { apply, emptyOf, whole, type Limits, type State } from './State.js'
import { build, forEachRange } from './build.js'

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
  /** Of each run the stroke, k, length, left and right, these two counted back from its serial. */
  readonly runs: readonly number[]
  /** Ranges in the order of the text: first serial less the end of the one before, and length. */
  readonly order: readonly number[]
}

/** The value is not what `Text.save` gave. */
export interface NotSaved {
  readonly _tag: 'NotSaved'
  readonly reason: string
}

const reader = { name: 'Text', change: codec, empty: emptyOf({ units: 0, operations: 0 }), apply }

const updatesOf = (replica: Pick<TextReplica, 'clock' | 'log'>): ReadonlyArray<Update<Change>> =>
  history(reader)()({ ...replica, id: '', state: reader.empty })

/** A replica as JSON, with its log: `load` makes it again. O(n). */
export const save = ({ id, clock, log, state }: TextReplica): Saved => {
  const doc = whole(state)
  const indices = new Map<Update<Change>, number>()
  const strokes = new SortedMap.Draft<Doc.Key, number>(Doc.byKey, SortedMap.empty())
  updatesOf({ clock, log }).forEach((update, i) => {
    indices.set(update, i)
    strokes.set(Doc.keyOf(update), i)
  })
  const waiting: (readonly [number, number, Doc.Wait])[] = []
  SortedMap.forEach(doc.strokes, ({ key, done, waits }) => {
    if (waits !== null) waiting.push([strokes.get(key)!, done, waits])
  })
  const runs: number[] = []
  Runs.forEach(doc.runs, ({ key, serial, k, length, left: before, right: behind }) => {
    runs.push(strokes.get(key)!, k, length, backwards(serial, before), backwards(serial, behind))
  })
  const order: number[] = []
  let end = 0
  forEachRange(doc.root, (serial, length) => {
    order.push(serial - end, length)
    end = serial + Math.abs(length)
  })
  return { text: 1, id, clock, log, waiting, runs, order }
}

/** Edges stay as they are; a unit is counted back from the serial, so that numbers are small. */
const backwards = (serial: number, unit: number): number => (unit < 0 ? unit : serial - unit)

/** The replica that was saved. Errors: `NotSaved` for what is in another form. O(n log n). */
export const load =
  (limits: Limits) =>
  (json: unknown): E.Either<NotSaved, TextReplica> => {
    try {
      if (!Json.isPlain(json) || json['text'] !== 1) return notSaved('It is no text.')
      const saved = json as unknown as Saved
      const doc = docOf(saved)
      if (typeof doc === 'string') return notSaved(doc)
      const { id, clock, log } = saved
      return right({ id, clock, log, state: { doc, open: null, mine: null, limits } })
    } catch (error) {
      return notSaved(String(error))
    }
  }

const notSaved = (reason: string): E.Left<NotSaved> => left({ _tag: 'NotSaved', reason })

const docOf = (saved: Saved): Doc.Doc | string => {
  const updates = updatesOf(saved)
  if (!updates.every(([change]) => codec.is(change))) return 'Its log has something that is no change.'
  const strokes = updates.map((update) => ({
    key: Doc.keyOf(update),
    update,
    done: update[0].length - 1,
    size: 0,
    places: [] as number[],
    waits: null as Doc.Wait | null,
  }))
  let waiting = SortedMap.empty<Doc.Wait, true>()
  for (const [i, done, waits] of saved.waiting) {
    Object.assign(strokes[i]!, { done, waits })
    waiting = SortedMap.set(Doc.byWait, waiting, waits, true)
  }
  const runs = runsOf(saved.runs, strokes)
  if (typeof runs === 'string') return runs
  const last = runs.at(-1)
  const units = last === undefined ? 0 : last.serial + last.length
  const tree = build(saved.order, units)
  if (tree === undefined) return 'Its order does not hold each unit once.'
  const byKey = new SortedMap.Draft<Doc.Key, Doc.Stroke>(Doc.byKey, SortedMap.empty())
  const byMark = new SortedMap.Draft<Doc.MarkId, Operation>(Doc.byMark, SortedMap.empty())
  for (const stroke of strokes) {
    byKey.set(stroke.key, stroke)
    for (let index = 1; index <= stroke.done; index++) {
      const operation = stroke.update[0][index] as Operation
      if (operation[0] === '*') byMark.set({ ...stroke.key, index }, operation)
    }
  }
  return {
    ...tree,
    units,
    runs: Runs.of(runs),
    swept: Ranges.empty(),
    waiting,
    marks: byMark.done(),
    strokes: byKey.done(),
  }
}

/** Adds the runs to the strokes, whose places and sizes it fills in. */
const runsOf = (
  saved: readonly number[],
  strokes: ReadonlyArray<{ readonly key: Doc.Key; readonly update: Update<Change>; size: number; places: number[] }>,
): ReadonlyArray<Doc.Run> | string => {
  const runs: Doc.Run[] = []
  let serial = 0
  for (let i = 0; i < saved.length; i += 5) {
    const [k, length] = [saved[i + 1]!, saved[i + 2]!]
    const stroke = strokes[saved[i]!]
    if (stroke === undefined || k !== stroke.size + 1 || !(length > 0)) return 'A run does not follow on.'
    const found = textAt(stroke.update[0], k)
    if (found === undefined || found.at + length > found.text.length) return 'A run has no text.'
    const [before, behind] = [forwards(serial, saved[i + 3]!), forwards(serial, saved[i + 4]!)]
    if (!(before >= -1 && before < serial) || !(behind === -2 || (behind >= 0 && behind < serial))) {
      return 'A run hangs on nothing.'
    }
    const { key, places, size } = stroke
    const end = places.length
    if (end === 0 || places[end - 1]! + size + 1 - places[end - 2]! !== serial) places.push(k, serial)
    stroke.size += length
    runs.push({ serial, length, key, k, left: before, right: behind, ...found, label: 0 })
    serial += length
  }
  return runs
}

const forwards = (serial: number, back: number): number => (back < 0 ? back : serial - back)

/** The operation that inserts the `k`-th unit of a stroke, and its place in the text of it. */
const textAt = (change: Change, k: number): { readonly text: string; readonly at: number } | undefined => {
  let at = k - 1
  for (let i = 1; i < change.length; i++) {
    const operation = change[i] as Operation
    if (!isInsert(operation)) continue
    if (at < operation[1].length) return { text: operation[1], at }
    at -= operation[1].length
  }
  return undefined
}
