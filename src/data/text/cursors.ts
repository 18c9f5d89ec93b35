/** Places in a text that stay where they are while others edit. */
import type { option as O } from 'fp-ts'
import { none, some } from '../../core/Option.js'
import type { SourceId } from '../../core/Update.js'
import { stable } from '../parts/stable.js'
import * as Doc from './Doc.js'
import { whole, type State } from './State.js'
import * as Tree from './Tree.js'

/** -1 clings to the unit on the left, 1 to that on the right. */
export type Bias = -1 | 1

/** A unit and a side of it, or an edge of the text. */
export type Cursor = readonly [first: number, k: number, source: SourceId, bias: Bias] | readonly [edge: 0, bias: Bias]

/** Whether a value that came from elsewhere is a cursor. */
export const isCursor = (u: unknown): u is Cursor => {
  if (!Array.isArray(u)) return false
  const members: readonly unknown[] = u
  const [first, k, source] = members
  const bias = members.at(-1)
  if (bias !== 1 && bias !== -1) return false
  if (members.length === 2) return first === 0
  return (
    members.length === 4 &&
    typeof first === 'number' &&
    Number.isSafeInteger(k) &&
    (k as number) > 0 &&
    typeof source === 'string'
  )
}

/**
 * The cursor at an offset. One beyond the text is at its edge, and one that is no number at the
 * start, as in `slice`. One within a pair goes to that side of it which the bias names. O(log n).
 */
export const cursorAt =
  (offset: number, bias: Bias) =>
  (state: State): Cursor =>
    stable(state, `cursor ${String(offset)} ${String(bias)}`, () => cursorIn(whole(state), offset, bias))

/** The cursor at an offset that is within the text, or is clamped. O(log n). */
export const cursorIn = (doc: Doc.Doc, offset: number, bias: Bias): Cursor => {
  const clamped = Math.max(0, Math.min(Math.trunc(offset) || 0, doc.root.visible))
  const at = Doc.cutsPair(doc, clamped) ? clamped + bias : clamped
  const unit = bias < 0 ? at - 1 : at
  if (unit < 0 || unit >= doc.root.visible) return [0, bias]
  const place = Tree.placeOf()
  Tree.toOffset(place, doc, unit)
  const { key, k } = place.piece!
  return [key.first, k + place.within, key.source, bias]
}

/**
 * The offset of a cursor; of a hidden unit, where it was. `none` if its unit is not here, and for
 * whatever else a peer may send. O(log n).
 *
 * Text that `revert` or an undo brings back has new units, right behind the old ones. So a cursor
 * that clung to a removed unit stands before what came back, whichever its bias.
 */
export const offsetOf =
  (cursor: Cursor) =>
  (state: State): O.Option<number> => {
    const doc = whole(state)
    const offset = isCursor(cursor) ? offsetIn(doc, cursor) : undefined
    if (offset === undefined) return none
    const shown = Doc.cutsPair(doc, offset) ? offset + (cursor.at(-1) as Bias) : offset
    return stable(state, `offset ${String(shown)}`, () => some(shown))
  }

/** The offset of a cursor, undefined if its unit is not here. */
export const offsetIn = (doc: Doc.Doc, cursor: Cursor): number | undefined => {
  if (cursor.length === 2) return cursor[1] < 0 ? 0 : doc.root.visible
  const [first, k, source, bias] = cursor
  const serial = Doc.find(doc, { first, source }, k)
  if (serial === undefined) return undefined
  const place = Tree.placeOf()
  if (bias < 0) Tree.toBehind(place, doc, serial)
  else Tree.toUnit(place, doc, serial)
  return Tree.offsetAt(place)
}
