/** Signers, verifiers and limits, as a value that is given to a store. */
import type { Equivocation } from '../core/Fork.js'
import type { Failed } from '../core/receive.js'
import type { LimitError, Limits } from './limits.js'
import type { Signer, Verifier } from './Verifier.js'
import type { SignatureError } from './verify.js'

/** Why a store refuses an update. */
export type TrustError = SignatureError | LimitError | Equivocation<unknown> | Failed

/**
 * What a store trusts. All replicas of a document must share limits and `authorize`, and
 * `authorize` may depend only on state that the source's earlier updates have settled. Otherwise
 * replicas may differ, because one takes an update that another refuses.
 */
export interface Security<S, C> extends Limits<S, C> {
  /** The document's name, the same on all its replicas. A signature counts in no other document. */
  readonly document: string
  /** Signs local updates. Without it, `change` is refused. */
  readonly signer?: Signer
  readonly verifier: Verifier
  /**
   * The most updates that may wait for a verdict. Further ones are refused and come with a later
   * sync. Default 10,000.
   */
  readonly maxWaiting?: number
  /** How many ms to wait before asking again. Default: 100 ms, doubling up to 30 s. */
  readonly retry?: (attempt: number) => number
  /** Called with every refusal and every equivocation, whoever brought the update. */
  readonly report?: (rejection: TrustError) => void
}
