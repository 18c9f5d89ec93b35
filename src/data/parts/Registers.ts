/**
 * Named fields that several updates wrote, each won by its last writer: a row of a `Doc`, an object of an `ExpiryModel`.
 * Changes are pairs of which the second holds the values.
 */
import * as SortedMap from '../../structures/SortedMap.js'
import * as Update from '../../core/Update.js'
import type * as Holdings from './Holdings.js'

export type Change = readonly [key: string, value: unknown]

export interface Registers<C extends Change> {
  /** The newest update that wrote any field, or none: so long as it counts, all this is there. */
  readonly newest: Update.Update<C>
  /** The winning update of every field. */
  readonly winners: SortedMap.SortedMap<string, Update.Update<C>>
}

type Values = Readonly<Record<string, unknown>>

export const byName: SortedMap.Less<string> = (a, b) => a < b

/** What an update that won a field says of it. */
export const said = ([[, values]]: Update.Update<Change>, field: string): unknown => (values as Values)[field]

/** The value of a field, or undefined. O(log f) for f fields. */
export const get = <C extends Change>(fields: Registers<C> | undefined, field: string): unknown => {
  const winner = fields && SortedMap.get(byName, fields.winners, field)
  return winner && said(winner, field)
}

/** The values by name, of those fields whose winner passes. O(f). */
export const toRecord = <C extends Change>(
  { winners }: Registers<C>,
  passes: (winner: Update.Update<C>) => boolean = () => true,
): Values => {
  const entries: (readonly [string, unknown])[] = []
  SortedMap.forEach(winners, (winner, field) => {
    if (passes(winner)) entries.push([field, said(winner, field)])
  })
  return Object.fromEntries(entries)
}

/** After an update that writes some; the same where it wins none. O(w log f) for w written. */
export const write = <C extends Change>(
  fields: Registers<C> | undefined,
  update: Update.Update<C>,
  holdings: Holdings.Draft<C>,
): Registers<C> => {
  const isNewest = fields === undefined || Update.before(fields.newest, update)
  if (isNewest && fields !== undefined) holdings.release(fields.newest)
  const winners = new SortedMap.Draft<string, Update.Update<C>>(byName, fields?.winners ?? SortedMap.empty())
  let won = isNewest ? 1 : 0
  for (const field of Object.keys(update[0][1] as Values)) {
    const winner = winners.get(field)
    if (winner !== undefined && Update.before(update, winner)) continue
    if (winner !== undefined) holdings.release(winner)
    winners.set(field, update)
    won++
  }
  holdings.hold(update, won)
  if (fields !== undefined && won === 0) return fields
  return { newest: isNewest ? update : fields.newest, winners: winners.done() }
}

/** What counts after an update that undoes all before it. O(f log f). */
export const since = <C extends Change>(
  fields: Registers<C>,
  update: Update.Update<C>,
  holdings: Holdings.Draft<C>,
): Registers<C> | undefined => {
  const winners = new SortedMap.Draft(byName, fields.winners)
  SortedMap.forEach(fields.winners, (winner, field) => {
    if (!Update.before(winner, update)) return
    holdings.release(winner)
    winners.remove(field)
  })
  if (Update.before(update, fields.newest)) return { newest: fields.newest, winners: winners.done() }
  holdings.release(fields.newest)
  return undefined
}

/** Without what one update won; nothing if it was the newest, for then it is the last. O(w log f). */
export const without = <C extends Change>(
  fields: Registers<C>,
  update: Update.Update<C>,
  holdings: Holdings.Draft<C>,
): Registers<C> | undefined => {
  const winners = new SortedMap.Draft(byName, fields.winners)
  for (const field of Object.keys(update[0][1] as Values)) {
    const winner = winners.get(field)
    // in a JSON clone they are equal, but not the same object
    if (winner === undefined || Update.compare(winner, update) !== 0) continue
    holdings.release(update)
    winners.remove(field)
  }
  if (Update.compare(fields.newest, update) !== 0) return { newest: fields.newest, winners: winners.done() }
  holdings.release(update)
  return undefined
}

/** Whether the same updates win the same fields, and say the same. O(f). */
export const equals = <C extends Change>(
  a: Registers<C>,
  b: Registers<C>,
  same: (x: unknown, y: unknown) => boolean,
): boolean =>
  a === b ||
  (Update.sameStamp(a.newest, b.newest) &&
    SortedMap.equals(
      a.winners,
      b.winners,
      (x, y, field, otherField) =>
        x === y || (field === otherField && Update.sameStamp(x, y) && same(said(x, field), said(y, otherField))),
    ))
