/**
 * The number of registers that each update still wins, for types whose updates write several at
 * once. An update that wins none is superseded.
 */
import { before, type Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'

/** Has only the updates that win two or more. Most updates win one, and need no entry. */
export type Holdings<C> = SortedMap.SortedMap<Update<C>, number>

/** The next holdings, while a batch is applied, and the updates that the batch supersedes. */
export class Draft<C> {
  readonly superseded: Update<C>[] = []
  private readonly counts: SortedMap.Draft<Update<C>, number>

  constructor(origin: Holdings<C>) {
    this.counts = new SortedMap.Draft<Update<C>, number>(before, origin)
  }

  /** Adds a new update that wins `count` registers. O(log n). */
  add(update: Update<C>, count: number): void {
    if (count === 0) this.superseded.push(update)
    else if (count > 1) this.counts.set(update, count)
  }

  /** Takes away one of the registers that an update wins. O(log n). */
  subtract(update: Update<C>): void {
    const count = this.counts.get(update) ?? 1
    if (count === 1) this.superseded.push(update)
    else if (count === 2) this.counts.remove(update)
    else this.counts.set(update, count - 1)
  }

  done(): Holdings<C> {
    return this.counts.done()
  }
}
