/** What one peer says to another, a line at a time. */
import type { Past } from '../core/Past.js'
import type { Digest } from '../core/Replica.js'
import type { Update } from '../core/Update.js'

export type WireMessage<C> =
  | { readonly _tag: 'Header'; readonly header: Digest }
  | { readonly _tag: 'Update'; readonly update: Update<C> }
  /** Says that all updates that the peer's header lacked have been sent. */
  | { readonly _tag: 'Sync' }
  /** Asks for own updates that may be lost: see {@link Past}. The original ignores it. */
  | { readonly _tag: 'Lost'; readonly past: Past }
  /**
   * The number of updates since the last count. `checked` sessions say it; the original ignores it.
   */
  | { readonly _tag: 'Count'; readonly count: number }
  /** JSON without a meaning: null, a boolean, another string. */
  | { readonly _tag: 'Ignored' }
