/** The operations of a local change in the making: a new stroke, or one that grows. */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Stamp } from '../../core/Update.js'
import { isHide, isInsert, type Change, type Hide, type Operation, type Ref } from './Change.js'
import { isHigh, isLow, type Edit } from './codeUnits.js'
import { cursorIn } from './cursors.js'
import * as Doc from './Doc.js'
import { growing, whole, type State } from './State.js'
import { hint } from './hint.js'
import * as Tree from './Tree.js'
import { typedAt } from './typed.js'

/** The offset lies between the halves of a surrogate pair. */
export interface SplitsPair {
  readonly _tag: 'SplitsPair'
  readonly offset: number
}

/** More hidden units between two ranges are not looked at. */
const MAX_SPAN = 256

export interface Maker {
  readonly doc: Doc.Doc
  /** `first` is 0 for a new stroke. */
  readonly own: Doc.Key
  /** The stroke that grows. */
  readonly stroke: Doc.Stroke | undefined
  /** The operations, from index 1 on. */
  readonly made: [number, ...Operation[]]
  /** The index of the newest operation on each stroke that may hide more of it. */
  readonly hidden: Map<Doc.Key, number>
  /** Where the next units are. */
  readonly place: Tree.Place
  /** How many units are added. */
  units: number
  /** The first offset that lies within a surrogate pair, or -1. */
  split: number
  /** Whether marks are among the operations: these are as old as their stroke. */
  isMarked: boolean
}

type Compose = (maker: Maker) => void

/** A change of the stroke that may grow, if it stays within the limits; else of a new one. */
export const composed = (state: State, stamp: Stamp, compose: Compose): E.Either<SplitsPair, Change> => {
  const doc = whole(state)
  const mine = growing(state, stamp.source)
  const stroke = mine && Doc.strokeAt(doc, mine)
  if (mine !== undefined && stroke?.waits === null) {
    const held = stroke.update[0]
    const maker = makerOf(doc, mine, stroke, [...held] as Maker['made'])
    maker.made[0] = mine.first
    const last = held[held.length - 1]
    if (held.length > 1 && isHide(last as Operation)) {
      const target = Doc.strokeAt(doc, Doc.strokeOf((last as Hide)[1], mine))
      if (target !== undefined) maker.hidden.set(target.key, held.length - 1)
    }
    compose(maker)
    const { made, units, split, isMarked } = maker
    const { limits } = state
    if (split < 0 && !isMarked && stroke.size + units <= limits.units && made.length - 1 <= limits.operations) {
      return right(made.length === held.length && made.at(-1) === last ? [0] : made)
    }
  }
  return begun(state, stamp, compose)
}

/** A change that begins a stroke. */
export const begun = (state: State, { source }: Stamp, compose: Compose): E.Either<SplitsPair, Change> => {
  const maker = makerOf(whole(state), { first: 0, source }, undefined, [0])
  compose(maker)
  return maker.split < 0 ? right(maker.made) : left({ _tag: 'SplitsPair', offset: maker.split })
}

const makerOf = (doc: Doc.Doc, own: Doc.Key, stroke: Doc.Stroke | undefined, made: Maker['made']): Maker => ({
  doc,
  own,
  stroke,
  made,
  hidden: new Map(),
  place: Tree.placeOf(),
  units: 0,
  split: -1,
  isMarked: false,
})

/** What no codec takes, so that the caller is told of a value that is no text. */
export const unfit = (value: unknown): E.Right<Change> => right([0, ['+', value, 0, 0]])

/** Adds edits that are in order and within the text. */
export const addEdits = (maker: Maker, edits: ReadonlyArray<Edit>): void => {
  const { doc, place } = maker
  const check = (offset: number, isHalf: boolean): void => {
    if (isHalf && maker.split < 0 && Doc.cutsPair(doc, offset)) maker.split = offset
  }
  for (const { from, to, insert } of edits) {
    if (from < to) {
      Tree.toOffset(place, doc, from)
      check(from, isLow(Tree.codeAt(place)))
      for (let rest = to - from; rest > 0;) {
        const piece = place.piece!
        const count = Math.min(rest, piece.length - place.within)
        if (piece.visible > 0) {
          if (rest === count) check(to, isHigh(piece.text.charCodeAt(piece.at + place.within + count - 1)))
          hideRange(maker, rest)
          rest -= count
        }
        Tree.move(place, count)
      }
    }
    if (insert !== '' || from === to) {
      if (from > 0) {
        Tree.toOffset(place, doc, from - 1)
        check(from, isHigh(Tree.codeAt(place)))
      }
      if (insert !== '') typeAt(maker, from, to, insert)
    }
  }
}

/**
 * Inserts a text behind the unit at the place, or at the start, with the marks that belong there.
 */
const typeAt = (maker: Maker, from: number, to: number, text: string): void => {
  const { doc, made, place } = maker
  const at = from === 0 ? Tree.START : Tree.serialAt(place)
  const { behind, lacks } = typedAt(doc, at, from, to)
  if (behind !== at) Tree.toUnit(place, doc, behind)
  insertAt(maker, behind === Tree.START, text)
  if (lacks.length === 0) return
  const [start, end] = [cursorIn(doc, from, -1), cursorIn(doc, to, 1)]
  for (const [key, value] of lacks) made.push(['*', start, end, key, value])
  maker.isMarked = true
}

/** Hides up to `most` units, as many as stand in the piece here. How many these are. */
export const hideRange = (maker: Maker, most: number): number => {
  const { hidden, made, place, own } = maker
  const { key, k: first, length, visible } = place.piece!
  const count = Math.min(most, length - place.within)
  if (visible === 0) return count
  let k = first + place.within
  let end = k + count
  const at = hidden.get(key)
  if (at !== undefined) {
    const [, ref, many] = made[at] as Hide
    const from = Doc.kOf(ref)
    const to = from + many
    if (areHidden(maker, key, k < from ? end : to, k < from ? from : k)) {
      k = Math.min(k, from)
      end = Math.max(end, to)
      made[at] = ['-', Doc.refTo(key, k, own), end - k]
      return count
    }
  }
  hidden.set(key, made.length)
  made.push(['-', Doc.refTo(key, k, own), count])
  return count
}

/** Whether no unit of a stroke from one up to another is visible. */
const areHidden = ({ doc }: Maker, key: Doc.Key, from: number, to: number): boolean => {
  if (to - from > MAX_SPAN) return false
  const place = Tree.placeOf()
  for (let k = from; k < to; k++) {
    Tree.toUnit(place, doc, Doc.find(doc, key, k)!)
    if (place.piece!.visible > 0) return false
  }
  return true
}

/** Inserts a text behind the unit at the place, or at the start of the text. */
export const insertAt = (maker: Maker, isStart: boolean, text: string): void => {
  const { doc, made, own, place, stroke } = maker
  maker.units += text.length
  let ref: Ref = 0
  let mine: Tree.Piece | undefined
  let behind = Tree.START
  if (isStart) Tree.toBehind(place, doc, Tree.START)
  else {
    const piece = place.piece!
    const k = piece.k + place.within
    behind = Tree.serialAt(place)
    ref = Doc.refTo(piece.key, k, own)
    if (stroke?.size === k && Doc.isSameStroke(piece.key, own)) mine = piece
    Tree.move(place, 1)
  }
  const at = made.length - 1
  const last = made[at] as Operation
  if (mine?.right === Tree.serialAt(place) && at > 0 && last === stroke!.update[0][at] && isInsert(last)) {
    // typed on
    made[at] = ['+', last[1] + text, ...last.slice(2)]
    return
  }
  const next = place.piece && Doc.refTo(place.piece.key, place.piece.k + place.within, own)
  const operation: Operation = ref !== 0 && isNext(ref, next) ? ['+', text, ref] : ['+', text, ref, next ?? 0]
  made.push(operation)
  const offset = Tree.offsetAt(place)
  Object.assign(hint, { root: doc.root, operation, offset, left: behind, right: Tree.serialAt(place) })
}

/** Whether a unit is the one further in the stroke of another. */
const isNext = (ref: Ref, next: Ref | undefined): boolean => {
  if (typeof ref === 'number' || typeof next === 'number') return next === (ref as number) + 1
  return next?.[0] === ref[0] && next[1] === ref[1] + 1 && next[2] === ref[2]
}
