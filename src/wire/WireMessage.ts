/** What one peer says to another, a line at a time. */
import type { ClockRecord } from '../core/Clock.js'
import type { Digest } from '../core/Digest.js'
import type { Past } from '../core/Past.js'
import type { Timestamp } from '../core/Timestamp.js'
import type { SourceId, Update } from '../core/Update.js'

export type WireMessage<C> =
  | { readonly _tag: 'Header'; readonly header: Digest }
  | { readonly _tag: 'Update'; readonly update: Update<C> }
  /** An update whose change is unknown here. */
  | { readonly _tag: 'Unread'; readonly update: Update<unknown> }
  /** Says that all updates that the peer's header lacked have been sent. */
  | { readonly _tag: 'Sync' }
  /** The first line of a stream of ours: which data type it carries. The original ignores it. */
  | { readonly _tag: 'Opening'; readonly name: string; readonly version?: string }
  /** Says that all was told, and how sure the sender is. The original ignores it. */
  | Sure
  /** Updates of the receiver, or of peers of it, that were refused. The original ignores it. */
  | { readonly _tag: 'Refused'; readonly refusals: ReadonlyArray<Refusal>; readonly places: ReadonlyArray<number> }
  /** Asks for own updates that may be lost: see {@link Past}. The original ignores it. */
  | { readonly _tag: 'Lost'; readonly past: Past }
  /** JSON without a meaning: null, a number, another string. */
  | { readonly _tag: 'Ignored' }

export interface Sure {
  readonly _tag: 'Sure'
  /**
   * 2 for the second of a session, and so on: so an update that is lost with its count is noticed.
   */
  readonly number?: number
  /** The number of lines since the last one that began with `[`. */
  readonly count: number
  /**
   * How sure the sender is of sources, where that changed and is not the newest update that it has
   * just sent.
   */
  readonly clock: ClockRecord
  /** The sender's floor, if it rose. */
  readonly floor?: Timestamp
}

/** An update that was refused, and the tag of the rejection. */
export type Refusal = readonly [timestamp: Timestamp, source: SourceId, reason: string]
