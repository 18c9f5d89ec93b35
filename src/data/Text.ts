/**
 * A text that any number of replicas edit at once, merged by characters.
 *
 * What two replicas type at one place comes out one behind the other, never mixed. Offsets are
 * UTF-16 code units, as in strings and editors. What one source does in one go is a stroke; an
 * update repeats its stroke, longer, and supersedes the one before, so the log holds a stroke
 * once. A deleted character is hidden and stays in memory.
 *
 * This module is itself a data type: pass it to `scuttlebutt`.
 *
 * Source: Weidner, Gentle and Kleppmann, "The Art of the Fugue" (arXiv 2305.00583), FugueMax.
 *
 * @example
 * const pad = scuttlebutt(Text)
 * const [first, ann] = unwrap(pad.change(Text.insert(0, 'Hi'), 1000)(pad.create('ann')))
 * first // => [[0, ['+', 'Hi', 0, 0]], 1000, 'ann']
 * const [, ben] = unwrap(pad.change(Text.insert(1, 'o'), 1001)(pad.merge(ann)(pad.create('ben'))))
 * const [, both] = unwrap(pad.change(Text.insert(2, '!'), 1002)(ann))
 * Text.toString(pad.merge(ben)(both).state) // => 'Hoi!'
 */
import type { either as E, eq } from 'fp-ts'
import type { DataType, NotSaved } from '../core/DataType.js'
import * as Json from '../core/Json.js'
import type { Replica } from '../core/Replica.js'
import { sameStamp } from '../core/Update.js'
import * as SortedMap from '../structures/SortedMap.js'
import { stable } from './parts/stable.js'
import { codec, type Change } from './text/Change.js'
import { diff, fullDiff, patch } from './text/diff.js'
import * as Doc from './text/Doc.js'
import { toString } from './text/read.js'
import { load as loadWith } from './text/save.js'
import { apply, own, stateOf, whole, type Limits, type State } from './text/State.js'

export type { Change, Hide, Insert, Operation, Other, Ref } from './text/Change.js'
export { edit, insert, remove, splice, text } from './text/commands.js'
export type { Command, Edit, IndexOutOfRange, Refusal, SplitsPair } from './text/commands.js'
export { cursorAt, offsetOf } from './text/cursors.js'
export type { Bias, Cursor } from './text/cursors.js'
export { diff, fullDiff, patch } from './text/diff.js'
export { changesSince } from './text/differences.js'
export { mark, spans, unmark } from './text/marks.js'
export type { Growth, Span } from './text/marks.js'
export { at, length, slice, toString } from './text/read.js'
export { revert } from './text/revert.js'
export { save } from './text/save.js'
export type { Saved } from './text/save.js'
export { apply, close, own } from './text/State.js'
export type { Limits, State } from './text/State.js'

/** The data type that {@link of} returns. */
export interface Type extends DataType<State, Change> {
  readonly own: typeof own
  readonly load: typeof load
  readonly toJSON: (state: State) => string
}

export const name = 'Text'

export const anyOrder = true

export const change = codec

const DEFAULT: Limits = { units: 64, operations: 4 }

export const empty: State = stateOf(DEFAULT)

/** A stroke that waits, and the unit of another that it waits for. */
export interface Pending {
  readonly first: number
  readonly source: string
  readonly for: { readonly first: number; readonly k: number; readonly source: string }
}

/**
 * A text whose local strokes grow to at most so many code units and operations; with 0 of one, each
 * update begins a stroke. Replicas with different limits understand each other.
 */
export const of = ({ units = DEFAULT.units, operations = DEFAULT.operations }: Partial<Limits> = {}): Type => ({
  name,
  anyOrder,
  change,
  empty: stateOf({ units, operations }),
  apply,
  own,
  load: loadWith({ units, operations }),
  toJSON,
  diff,
  fullDiff,
  patch,
})

/**
 * The replica that {@link save} gave as JSON. Errors: `NotSaved`. O(n log n), and much faster than
 * to apply its history.
 *
 * @example
 * const pad = scuttlebutt(Text)
 * const [, ann] = unwrap(pad.change(Text.insert(0, 'Hi'), 1000)(pad.create('ann')))
 * const file = JSON.stringify(Text.save(ann))
 * Text.toString(unwrap(Text.load(JSON.parse(file))).state) // => 'Hi'
 */
export const load: (json: unknown) => E.Either<NotSaved, Replica<State, Change>> = loadWith(DEFAULT)

/** The same as {@link toString}. */
export const toJSON = toString

/** Equal if they hold the same strokes with the same contents. O(n). */
export const getEq = (): eq.Eq<State> => ({
  equals: (a, b) =>
    SortedMap.equals(
      whole(a).strokes,
      whole(b).strokes,
      ({ update: x }, { update: y }, k, l) =>
        Doc.isSameStroke(k, l) && (x === y || (sameStamp(x, y) && Json.equals(x[0], y[0]))),
    ),
})

/** The strokes that wait for what is not here yet, and for what. O(p) for p strokes. */
export const pending = (state: State): ReadonlyArray<Pending> =>
  stable(state, 'pending', () =>
    SortedMap.keys(whole(state).waiting).map(({ first, k, source, waiter }) =>
      Object.freeze({ ...waiter, for: Object.freeze({ first, k, source }) }),
    ),
  )
