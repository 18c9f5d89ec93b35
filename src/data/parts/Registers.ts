/**
 * Named fields, each with the value of its newest write: a row of a `Doc`, an object of an
 * `ExpiryModel`. A change is a pair; its second member holds the fields that it writes.
 */
import { before, compare, sameStamp, type Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'
import type * as Holdings from './Holdings.js'

export type Change = readonly [key: string, value: unknown]

export interface Registers<C extends Change> {
  /** The newest update, even if it set no field: an object without fields still exists. */
  readonly newest: Update<C>
  /** For each field, the update that wins it. */
  readonly winners: SortedMap.SortedMap<string, Update<C>>
}

type Values = Readonly<Record<string, unknown>>

/** The value that an update writes to a field. */
export const valueIn = ([[, values]]: Update<Change>, field: string): unknown => (values as Values)[field]

/** The value of a field, or undefined. O(log f) for f fields. */
export const get = <C extends Change>(fields: Registers<C> | undefined, field: string): unknown => {
  const winner = fields && SortedMap.get(SortedMap.byText, fields.winners, field)
  return winner && valueIn(winner, field)
}

/** The values by name. Fields whose winner does not pass the test are left out. O(f). */
export const toRecord = <C extends Change>(
  { winners }: Registers<C>,
  passes: (winner: Update<C>) => boolean = () => true,
): Values => {
  const entries: (readonly [string, unknown])[] = []
  SortedMap.forEach(winners, (winner, field) => {
    if (passes(winner)) entries.push([field, valueIn(winner, field)])
  })
  return Object.fromEntries(entries)
}

/**
 * The fields after an update that writes some of them; the same reference if it wins nothing.
 * O(w log f) for w fields written.
 */
export const write = <C extends Change>(
  fields: Registers<C> | undefined,
  update: Update<C>,
  holdings: Holdings.Draft<C>,
): Registers<C> => {
  const isNewest = fields === undefined || before(fields.newest, update)
  if (isNewest && fields !== undefined) holdings.subtract(fields.newest)
  const winners = new SortedMap.Draft<string, Update<C>>(SortedMap.byText, fields?.winners ?? SortedMap.empty())
  let won = isNewest ? 1 : 0
  for (const field of Object.keys(update[0][1] as Values)) {
    const winner = winners.get(field)
    if (winner !== undefined && before(update, winner)) continue
    if (winner !== undefined) holdings.subtract(winner)
    winners.set(field, update)
    won++
  }
  holdings.add(update, won)
  if (fields !== undefined && won === 0) return fields
  return { newest: isNewest ? update : fields.newest, winners: winners.done() }
}

/** The fields without everything older than `update`; undefined if nothing remains. O(f log f). */
export const since = <C extends Change>(
  fields: Registers<C>,
  update: Update<C>,
  holdings: Holdings.Draft<C>,
): Registers<C> | undefined => {
  const winners = new SortedMap.Draft(SortedMap.byText, fields.winners)
  SortedMap.forEach(fields.winners, (winner, field) => {
    if (!before(winner, update)) return
    holdings.subtract(winner)
    winners.remove(field)
  })
  if (before(update, fields.newest)) return { newest: fields.newest, winners: winners.done() }
  holdings.subtract(fields.newest)
  return undefined
}

/**
 * The fields without those that `update` wins. Undefined if it is the newest: callers drop the
 * oldest update first, so no other is left. O(w log f) for w fields written.
 */
export const without = <C extends Change>(
  fields: Registers<C>,
  update: Update<C>,
  holdings: Holdings.Draft<C>,
): Registers<C> | undefined => {
  const winners = new SortedMap.Draft(SortedMap.byText, fields.winners)
  for (const field of Object.keys(update[0][1] as Values)) {
    const winner = winners.get(field)
    // in a JSON clone they are equal, but not one object
    if (winner === undefined || compare(winner, update) !== 0) continue
    holdings.subtract(update)
    winners.remove(field)
  }
  if (compare(fields.newest, update) !== 0) return { newest: fields.newest, winners: winners.done() }
  holdings.subtract(update)
  return undefined
}

/** Whether the same updates win the same fields with the same values. O(f). */
export const equals = <C extends Change>(
  a: Registers<C>,
  b: Registers<C>,
  same: (x: unknown, y: unknown) => boolean,
): boolean =>
  a === b ||
  (sameStamp(a.newest, b.newest) &&
    SortedMap.equals(
      a.winners,
      b.winners,
      (x, y, field, otherField) =>
        x === y || (field === otherField && sameStamp(x, y) && same(valueIn(x, field), valueIn(y, otherField))),
    ))
