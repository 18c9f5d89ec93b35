/** Text that comes back with the marks that it had. */
import { right } from '../../core/Either.js'
import * as Json from '../../core/Json.js'
import type { Stamp } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import type { Change, Operation } from './Change.js'
import { splice, type Command } from './commands.js'
import { addEdits, begun } from './compose.js'
import { cursorAt, type Cursor } from './cursors.js'
import { stretches, type Attributes, type Stretch } from './marks.js'
import { apply, whole, type State } from './State.js'

/** A code unit, if it has marks with its attributes, and the keys of those that grow at its end. */
export type Unit = string | readonly [unit: string, attributes: Attributes, grows: ReadonlyArray<string>]

const BARE: Attributes = Object.freeze({})
const NONE: ReadonlyArray<string> = []

export const textOf = (units: ReadonlyArray<Unit>): string =>
  units.map((unit) => (typeof unit === 'string' ? unit : unit[0])).join('')

const attributesOf = (unit: Unit): Attributes => (typeof unit === 'string' ? BARE : unit[1])

const growsAt = (unit: Unit): ReadonlyArray<string> => (typeof unit === 'string' ? NONE : unit[2])

/** The stretch at an offset, for offsets that ascend. */
const stretchesOf = (state: State): ((offset: number) => Stretch | undefined) => {
  const all = stretches(state)
  let i = 0
  return (offset) => {
    while (i < all.length && all[i]!.to <= offset) i++
    return all[i]
  }
}

/** Gives code units of a text their marks, from ever greater offsets on. O(m log m + units). */
export const unitsOf = (state: State): ((from: number, units: ReadonlyArray<string>) => ReadonlyArray<Unit>) => {
  const at = stretchesOf(state)
  return (from, units) =>
    units.map((unit, i) => {
      const { to = 0, attributes = BARE, grows = NONE } = at(from + i) ?? {}
      if (Object.keys(attributes).length === 0) return unit
      return [unit, attributes, to === from + i + 1 ? grows : NONE]
    })
}

/** Units of a text, from an offset on. */
export type Run = readonly [offset: number, units: ReadonlyArray<Unit>]

/**
 * The change, which begins a stroke, and behind it the marks that give what it inserts its
 * attributes. `runsIn` says where that stands after the change.
 */
export const remarked = (
  change: Change,
  runsIn: (after: State) => ReadonlyArray<Run>,
  state: State,
  { timestamp, source }: Stamp,
): Change => {
  const after = apply([[change, timestamp, source]])(state).state
  const lacked = lacking(runsIn(after), after)
  return lacked.length === 0 ? change : [...change, ...lacked]
}

/** As `splice`, and what it inserts has its own marks, whatever is marked around it. */
export const spliceUnits =
  (offset: number, count: number, units: ReadonlyArray<Unit>): Command =>
  (state, stamp) => {
    const insert = textOf(units)
    const plain = splice(offset, count, insert)(state, stamp)
    const isBare = SortedMap.size(whole(state).marks) === 0 && units.every((unit) => typeof unit === 'string')
    if (isBare || insert === '' || plain._tag === 'Left') return plain
    // marks have the stamp of their stroke
    const alone = begun(state, stamp, (maker) => {
      addEdits(maker, [{ from: offset, to: offset + count, insert }])
    })
    if (alone._tag === 'Left') return alone
    const marked = remarked(alone.right, () => [[offset, units]], state, stamp)
    return marked === alone.right ? plain : right(marked)
  }

/** What a range of units is to have of a key. */
interface Lacked {
  readonly from: number
  readonly value: unknown
}

/** The marks that give runs of units their attributes. O(units + m log m), and by what differs. */
const lacking = (runs: ReadonlyArray<Run>, state: State): ReadonlyArray<Operation> => {
  const at = stretchesOf(state)
  const operations: Operation[] = []
  const sorted = [...runs].sort(([a], [b]) => a - b)
  for (const [offset, units] of sorted) {
    let lacked = new Map<string, Lacked>()
    const close = (key: string, { from, value }: Lacked, to: number): void => {
      const grows = growsAt(units[to - offset - 1]!).includes(key)
      const end: Cursor = cursorAt(to, grows ? 1 : -1)(state)
      operations.push(['*', cursorAt(from, 1)(state), end, key, value])
    }
    let last: readonly [wanted?: Attributes, has?: Attributes] = []
    for (const [i, unit] of units.entries()) {
      const [wanted, has] = [attributesOf(unit), at(offset + i)?.attributes ?? BARE]
      if (last[0] === wanted && last[1] === has) continue
      last = [wanted, has]
      const next = new Map<string, Lacked>()
      for (const key of new Set([...Object.keys(wanted), ...Object.keys(has)])) {
        const value = memberOf(wanted, key)
        if (Json.equals(value, memberOf(has, key))) continue
        const held = lacked.get(key)
        next.set(key, held && Json.equals(held.value, value) ? held : { from: offset + i, value })
      }
      for (const [key, one] of lacked) if (next.get(key) !== one) close(key, one, offset + i)
      lacked = next
    }
    for (const [key, one] of lacked) close(key, one, offset + units.length)
  }
  return operations
}

/** Null stands for no value, as in a mark that takes one away. */
const memberOf = (attributes: Attributes, key: string): unknown =>
  Object.hasOwn(attributes, key) ? attributes[key] : null
