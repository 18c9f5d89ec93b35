/** A local command that a replica carried out. */
import type { SourceId } from '../../core/Update.js'

export interface Operation<C, M> {
  /**
   * Position in the order made, from 0. A set of operations is a bigint in which bit `index`
   * stands for this one.
   */
  readonly index: number
  /** The number of the replica that made it. */
  readonly at: number
  readonly id: SourceId
  /** What the wall clock of that replica said, in ms. */
  readonly now: number
  readonly command: C
  readonly message: M | undefined
  /** The set of operations that its replica knew before. */
  readonly sees: bigint
  /** The index of the event that made it. */
  readonly event: number
  /** Of replicas that change in place: the qualities that this one lacked right after. */
  readonly lacks?: ReadonlyArray<string>
}

/** Whether a set of operations holds the one at `index`. */
export const has = (set: bigint, index: number): boolean => ((set >> BigInt(index)) & 1n) === 1n

export const add = (set: bigint, index: number): bigint => set | (1n << BigInt(index))
