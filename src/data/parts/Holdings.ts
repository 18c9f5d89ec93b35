/**
 * Which updates still win a register, for types whose updates write several at once. An update that
 * wins none is superseded.
 */
import { before, type Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'

/** How many registers an update wins: only of updates that write many, and win two or more. */
export type Holdings<C> = SortedMap.SortedMap<Update<C>, number>

/** Of an update that writes no more than this, the registers themselves say whether it wins any. */
const FEW = 8

/** The next holdings, while a batch is applied, and the updates that the batch supersedes. */
export class Draft<C> {
  readonly superseded: Update<C>[] = []
  private readonly origin: Holdings<C>
  /** Made when an update writes many registers. */
  private counts: SortedMap.Draft<Update<C>, number> | undefined

  constructor(origin: Holdings<C>) {
    this.origin = origin
  }

  /** Adds a new update that wins `won` registers of the `written` that it writes. O(log n). */
  add(update: Update<C>, won: number, written = won): void {
    if (won === 0) this.superseded.push(update)
    else if (written > FEW && won > 1) this.draft().set(update, won)
  }

  /**
   * Takes away one of the registers that an update wins. `wins` says whether it wins another: asked
   * unless the number is known. O(log n), and the cost of `wins`.
   */
  subtract(update: Update<C>, wins: () => boolean = () => false): void {
    const isEmpty = this.counts === undefined && SortedMap.size(this.origin) === 0
    const count = isEmpty ? undefined : this.draft().get(update)
    if (count === undefined) {
      if (!wins()) this.superseded.push(update)
    } else if (count === 2) this.draft().remove(update)
    else this.draft().set(update, count - 1)
  }

  done(): Holdings<C> {
    return this.counts === undefined ? this.origin : this.counts.done()
  }

  private draft(): SortedMap.Draft<Update<C>, number> {
    return (this.counts ??= new SortedMap.Draft<Update<C>, number>(before, this.origin))
  }
}
