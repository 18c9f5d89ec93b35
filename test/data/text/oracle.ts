/**
 * A text by its rules alone, as slow as they read: the contents of strokes, operations in turns
 * until none can go on, a tree of units. Shares no code with `src/data/text`.
 */
import type { Text, Update } from '../../../src/index.js'

type Update_ = Update<Text.Change>

interface Unit {
  readonly first: number
  readonly k: number
  readonly source: string
  readonly text: string
  /** A unit, or undefined for the start. */
  readonly left: Unit | undefined
  /** A unit, or undefined for the end. */
  readonly right: Unit | undefined
  isHidden: boolean
}

interface Stroke {
  readonly first: number
  readonly source: string
  readonly operations: ReadonlyArray<Text.Operation>
  readonly units: Unit[]
  next: number
}

const canonical = (value: unknown): string => JSON.stringify(value)

/** The greatest update of each stroke. */
const newestOf = (updates: ReadonlyArray<Update_>): ReadonlyArray<Update_> => {
  const newest = new Map<string, Update_>()
  for (const update of updates) {
    const [[first, ...operations], at, source] = update
    if (first === 0 && operations.length === 0) continue
    const key = canonical([first === 0 ? at : first, source])
    const held = newest.get(key)
    const isGreater =
      held === undefined || held[1] < at || (held[1] === at && canonical(held[0]) < canonical(update[0]))
    if (isGreater) newest.set(key, update)
  }
  return [...newest.values()]
}

const idBefore = (a: Unit, b: Unit): boolean =>
  a.first !== b.first ? a.first < b.first : a.source !== b.source ? a.source < b.source : a.k < b.k

interface Step {
  readonly unit: Unit | undefined
  readonly isDone: boolean
}

/** All units in order: the tree of the rules, read from left to right. */
const inOrder = (units: ReadonlyArray<Unit>): ReadonlyArray<Unit> => {
  const hangsLeft = (unit: Unit): boolean => unit.right !== undefined && unit.right.left === unit.left
  const lefts = new Map<Unit | undefined, Unit[]>()
  const rights = new Map<Unit | undefined, Unit[]>()
  for (const unit of units) {
    const [map, parent] = hangsLeft(unit) ? [lefts, unit.right] : [rights, unit.left]
    map.set(parent, [...(map.get(parent) ?? []), unit])
  }
  // the rights of siblings come later in the text than they do, so read from the end
  const reversed: Unit[] = []
  const place = new Map<Unit, number>()
  const read = (top: Unit | undefined): void => {
    const stack: Step[] = [{ unit: top, isDone: false }]
    for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
      const { unit, isDone } = step
      if (isDone) {
        if (unit !== undefined) {
          place.set(unit, reversed.length)
          reversed.push(unit)
        }
        const before = [...(lefts.get(unit) ?? [])].sort((a, b) => (idBefore(a, b) ? -1 : 1))
        for (const child of before) stack.push({ unit: child, isDone: false })
      } else {
        stack.push({ unit, isDone: true })
        // -1 is the end; the further, the less
        const at = ({ right }: Unit): number => (right === undefined ? -1 : place.get(right)!)
        const behind = [...(rights.get(unit) ?? [])].sort((a, b) =>
          at(a) !== at(b) ? at(a) - at(b) : idBefore(a, b) ? -1 : 1,
        )
        for (const child of behind) stack.push({ unit: child, isDone: false })
      }
    }
  }
  read(undefined)
  return reversed.reverse()
}

export interface Outcome {
  readonly text: string
  /** All units, hidden ones too, as [first, k, source]. */
  readonly order: ReadonlyArray<readonly [number, number, string]>
}

export const outcomeOf = (updates: ReadonlyArray<Update_>): Outcome => {
  const strokes = newestOf(updates).map(([[first, ...operations], at, source]): Stroke => ({
    first: first === 0 ? at : first,
    source,
    operations,
    units: [],
    next: 0,
  }))
  const all: Unit[] = []
  let isMoving = true
  while (isMoving) {
    isMoving = false
    for (const stroke of strokes) {
      while (stroke.next < stroke.operations.length && perform(stroke, strokes, all)) isMoving = true
    }
  }
  const order = inOrder(all)
  return {
    text: order.map(({ text, isHidden }) => (isHidden ? '' : text)).join(''),
    order: order.map(({ first, k, source }) => [first, k, source]),
  }
}

/** Does the next operation of a stroke, if all that it refers to is here. */
const perform = (stroke: Stroke, strokes: ReadonlyArray<Stroke>, all: Unit[]): boolean => {
  const find = (ref: Text.Ref, further = 0): Unit | undefined => {
    const [first, k, source] =
      typeof ref === 'number' ? [stroke.first, ref, stroke.source] : [ref[0], ref[1], ref[2] ?? stroke.source]
    const of = strokes.find((other) => other.first === first && other.source === source)
    return of?.units[k + further - 1]
  }
  const operation = stroke.operations[stroke.next]!
  if (operation[0] === '+') {
    const [, text, leftRef, rightRef] = operation as Text.Insert
    const left = leftRef === 0 ? undefined : find(leftRef)
    const given = rightRef ?? (leftRef === 0 ? 0 : undefined)
    const right = given === 0 ? undefined : given === undefined ? find(leftRef, 1) : find(given)
    if ((leftRef !== 0 && left === undefined) || (given !== 0 && right === undefined)) return false
    insert(stroke, text, left, straightened(left, right, all), all)
  } else if (operation[0] === '-') {
    const [, from, count] = operation as Text.Hide
    if (find(from, count - 1) === undefined) return false
    for (let i = 0; i < count; i++) find(from, i)!.isHidden = true
  }
  stroke.next++
  return true
}

const straightened = (left: Unit | undefined, right: Unit | undefined, all: ReadonlyArray<Unit>): Unit | undefined => {
  if (right === undefined) return undefined
  const order = inOrder(all)
  const at = (unit: Unit | undefined): number => (unit === undefined ? -1 : order.indexOf(unit))
  if (at(left) >= at(right)) return undefined
  return right.left === left || at(right.left) < at(left) ? right : undefined
}

const insert = (
  { first, source, units }: Stroke,
  text: string,
  left: Unit | undefined,
  right: Unit | undefined,
  all: Unit[],
): void => {
  let before = left
  for (const unitText of text.split('')) {
    const unit = { first, k: units.length + 1, source, text: unitText, left: before, right, isHidden: false }
    units.push(unit)
    all.push(unit)
    before = unit
  }
}
