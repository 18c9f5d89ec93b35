/** Knows every update ever made, and says what a device lacks of them. */
import * as Clock from '../../core/Clock.js'
import type { DataType } from '../../core/DataType.js'
import * as Log from '../../core/Log.js'
import type { Replica } from '../../core/Replica.js'
import * as Unread from '../../core/Unread.js'
import { compare, sameStamp, type Update } from '../../core/Update.js'
import type { Updates } from '../model/updates.js'

/** Judges the replicas of one network. Answers are remembered by log. */
export class Witness<S, C> {
  /** Every update made, in the order made, as the newest program reads it. */
  readonly made: Update<C>[] = []
  private readonly dataType: DataType<S, C>
  private readonly known = new WeakMap<object, Map<Update<C>, boolean>>()

  constructor(dataType: DataType<S, C>) {
    this.dataType = dataType
  }

  /** Held, read or unread, or superseded by what is held. */
  isPresent(update: Update<C>, { log }: Replica<S, C>): boolean {
    if (Log.holds(update)(log)) return true
    const ofLog = this.known.get(log) ?? new Map<Update<C>, boolean>()
    this.known.set(log, ofLog)
    const known = ofLog.get(update)
    if (known !== undefined) return known
    const is = this.isSuperseded(update, this.heldBy(log))
    ofLog.set(update, is)
    return is
  }

  /** Present, or lapsed. */
  isReflected(update: Update<C>, replica: Replica<S, C>): boolean {
    return update[1] <= replica.clock.floor || this.isPresent(update, replica)
  }

  /** The updates that a clock claims and that are not reflected. */
  uncovered(replica: Replica<S, C>): Updates<C> {
    return this.made.filter(
      (update) => update[1] <= Clock.sureOf(update[2], replica.clock) && !this.isReflected(update, replica),
    )
  }

  /** What one replica has and another lacks. */
  missing(from: Replica<S, C>, at: Replica<S, C>): Updates<C> {
    return this.made.filter((update) => !this.isReflected(update, at) && this.isPresent(update, from))
  }

  private heldBy(log: Log.Log<C>): Updates<C> {
    const unread = Unread.all(log)
    if (unread.length === 0) return Log.all(log)
    return [...Log.all(log), ...this.made.filter((update) => unread.some((one) => sameStamp(one, update)))]
  }

  /** Applies all in total order to nothing, and looks at what that leaves. */
  private isSuperseded(update: Update<C>, held: Updates<C>): boolean {
    let { empty: state } = this.dataType
    let isGone = false
    for (const one of [...held, update].sort(compare)) {
      const applied = this.dataType.apply([one])(state)
      state = applied.state
      isGone ||= applied.superseded.some((other) => sameStamp(other, update))
    }
    return isGone
  }
}
