/**
 * Named fields, each with the value of its newest write: a row of a `Doc`, an object of an
 * `ExpiryModel`. A change is a pair; its second member holds the fields that it writes.
 */
import { between, type Replaced } from '../../core/Patch.js'
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
  const written = fieldsIn(update)
  if (fields === undefined && written.length <= SortedMap.FEW) {
    holdings.add(update, written.length + 1)
    return { newest: update, winners: SortedMap.ofFew(written.sort(), update) }
  }
  const draft = new Draft(fields, holdings)
  let won = 0
  if (fields === undefined || before(fields.newest, update)) {
    draft.setNewest(update)
    won++
  }
  for (const field of written) if (draft.set(field, update)) won++
  holdings.add(update, won, written.length + 1)
  return fields !== undefined && won === 0 ? fields : draft.done()!
}

/**
 * The fields without everything older than `update`, or without anything if that is undefined;
 * undefined if nothing remains. O(f log f).
 */
export const since = <C extends Change>(
  fields: Registers<C>,
  update: Update<C> | undefined,
  holdings: Holdings.Draft<C>,
): Registers<C> | undefined => {
  const draft = new Draft(fields, holdings)
  const isOlder = (winner: Update<C>): boolean => update === undefined || !before(update, winner)
  SortedMap.forEach(fields.winners, (winner, field) => {
    if (isOlder(winner)) draft.remove(field, winner)
  })
  if (isOlder(fields.newest)) draft.setNewest(undefined)
  return draft.done()
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
  const draft = new Draft(fields, holdings)
  for (const field of fieldsIn(update)) {
    const winner = SortedMap.get(SortedMap.byText, fields.winners, field)
    // in a JSON clone they are equal, but not one object
    if (winner !== undefined && compare(winner, update) === 0) draft.remove(field, winner)
  }
  if (compare(fields.newest, update) === 0) draft.setNewest(undefined)
  return draft.done()
}

const fieldsIn = (update: Update<Change>): string[] => Object.keys(update[0][1] as Values)

/** The next fields. Tells the holdings of each register that an update loses. */
class Draft<C extends Change> {
  private readonly holdings: Holdings.Draft<C>
  private readonly winners: SortedMap.Draft<string, Update<C>>
  private newest: Update<C> | undefined

  constructor(fields: Registers<C> | undefined, holdings: Holdings.Draft<C>) {
    this.holdings = holdings
    this.newest = fields?.newest
    this.winners = new SortedMap.Draft<string, Update<C>>(SortedMap.byText, fields?.winners ?? SortedMap.empty())
  }

  /** Whether the update is newer than what wrote the field last. */
  set(field: string, update: Update<C>): boolean {
    const winner = this.winners.get(field)
    if (winner !== undefined && before(update, winner)) return false
    this.winners.set(field, update)
    if (winner !== undefined) this.lose(winner)
    return true
  }

  remove(field: string, winner: Update<C>): void {
    this.winners.remove(field)
    this.lose(winner)
  }

  setNewest(update: Update<C> | undefined): void {
    const { newest } = this
    this.newest = update
    if (newest !== undefined) this.lose(newest)
  }

  /** The fields. Undefined without a newest update. */
  done(): Registers<C> | undefined {
    return this.newest && { newest: this.newest, winners: this.winners.done() }
  }

  private lose(loser: Update<C>): void {
    const isLoser = (update: Update<C> | undefined): boolean =>
      update !== undefined && (update === loser || compare(update, loser) === 0)
    this.holdings.subtract(
      loser,
      () => isLoser(this.newest) || fieldsIn(loser).some((field) => isLoser(this.winners.get(field))),
    )
  }
}

/** A patch for each field with another value. O(d log f) for d of them. */
export const diff = (
  key: string,
  old: Registers<Change>,
  made: Registers<Change>,
): ReadonlyArray<Replaced<readonly [key: string, field: string]>> =>
  SortedMap.differences(SortedMap.byText, old.winners, made.winners).flatMap(([field, from, to]) =>
    between([key, field], from && valueIn(from, field), to && valueIn(to, field)),
  )

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
