/**
 * How many registers each update still wins, for types whose updates write several at once: an update that
 * wins none is superseded.
 */
import * as SortedMap from '../../structures/SortedMap.js'
import * as Update from '../../core/Update.js'

/** Only the updates that win two or more: most win one, and need no entry. */
export type Holdings<C> = SortedMap.SortedMap<Update.Update<C>, number>

/** Holdings in the making, and what is superseded by it. */
export class Draft<C> {
  readonly superseded: Update.Update<C>[] = []
  private readonly counts: SortedMap.Draft<Update.Update<C>, number>

  constructor(origin: Holdings<C>) {
    this.counts = new SortedMap.Draft<Update.Update<C>, number>(Update.before, origin)
  }

  /** An update has come and wins `count` registers. O(log n). */
  hold(update: Update.Update<C>, count: number): void {
    if (count === 0) this.superseded.push(update)
    else if (count > 1) this.counts.set(update, count)
  }

  /** An update has lost one of the registers that it won. O(log n). */
  release(update: Update.Update<C>): void {
    const count = this.counts.get(update) ?? 1
    if (count === 1) this.superseded.push(update)
    else if (count === 2) this.counts.remove(update)
    else this.counts.set(update, count - 1)
  }

  done(): Holdings<C> {
    return this.counts.done()
  }
}
