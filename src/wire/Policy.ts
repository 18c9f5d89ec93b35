/** The limits on what a peer may send. */
import { MAX_DEPTH } from '../core/Change.js'
import type { Timestamp } from '../core/Timestamp.js'

export interface Policy {
  /** Our own wall clock, in ms. Without it `maxDrift` is ignored. */
  readonly now?: Timestamp
  /**
   * How far ahead of `now` a timestamp may be, in ms. Default: any. Measured from our own
   * clock, never from a stamp seen: one poisoned stamp would move the limit.
   */
  readonly maxDrift?: number
  /**
   * The longest update, or line, in UTF-8 bytes. Default: any for `decode`, {@link MAX_LINE} for a
   * stream.
   */
  readonly maxBytes?: number
  /** How deep a change may nest: at most {@link MAX_DEPTH}, the default. */
  readonly maxDepth?: number
}

/** A stream's default for the longest line: 1 MiB. */
export const MAX_LINE = 1 << 20

/** A stream's default for `maxDrift`: a day, in ms. */
export const MAX_DRIFT = 24 * 60 * 60 * 1000

export const depthOf = ({ maxDepth = MAX_DEPTH }: Policy): number => Math.min(maxDepth, MAX_DEPTH)
