/** Who may say what: signers, verifiers and limits, as values given to a store. */
import type { either as E, taskEither as TE } from 'fp-ts'
import type { Equivocation } from '../core/Fork.js'
import type { Failed } from '../core/receive.js'
import type { SourceId, Update } from '../core/Update.js'
import type { LimitError } from './limits.js'
import type { Statement } from './Statement.js'
import type { SignatureError } from './verify.js'

/** An answer, or a task that gives it. Synchronous code stays synchronous. */
export type Answer<Err, A> = E.Either<Err, A> | TE.TaskEither<Err, A>

/** Why a signature is not believed. */
export type Disbelief =
  /** The signature is not the source's. */
  | { readonly _tag: 'Forged'; readonly reason: string }
  /** No key to judge it by, or none that is good enough. Asking again will not help. */
  | { readonly _tag: 'NoKey'; readonly reason: string }
  /** Nobody can tell for now: ask again later. */
  | { readonly _tag: 'Unavailable'; readonly reason: string }

/** Signs the updates of one source. A `Left` says why it refuses. */
export interface Signer {
  readonly id: SourceId
  readonly sign: (statement: Statement) => Answer<string, string>
}

/** Judges whether a signature is from the statement's source. Total: any text may be given for a signature. */
export interface Verifier {
  readonly verify: (statement: Statement, signature: string) => Answer<Disbelief, unknown>
}

/** What a store refuses. */
export type TrustError = SignatureError | LimitError | Equivocation<unknown> | Failed

/**
 * What a store trusts. All replicas of a document must share limits and `authorize`, and `authorize`
 * may depend only on state that the source's earlier updates have settled. Else replicas may differ:
 * one takes what another refuses.
 */
export interface Security<S, C> {
  /** The document's name, the same on all its replicas. A signature counts in no other document. */
  readonly document: string
  /** Signs local updates. Without it, `change` is refused. */
  readonly signer?: Signer
  readonly verifier: Verifier
  /**
   * Whether an update is allowed in the state that it meets, or why not. Asked for local updates too;
   * for others once the signature is verified.
   */
  readonly authorize?: (update: Update<C>, state: S) => E.Either<string, unknown>
  /** The largest change, in UTF-8 bytes of JSON. Default: what the line limit lets through. */
  readonly maxChange?: number
  /** The most sources in the clock. Updates of further ones are refused. Default: any number. */
  readonly maxSources?: number
  /** The updates of one source that are taken in a time. Default: any number. */
  readonly rate?: Rate
  /**
   * The most updates that may wait for a verdict. Further ones are refused and come with a later sync.
   * Default 10,000.
   */
  readonly maxWaiting?: number
  /** How many ms to wait before asking again. Default: 100 ms, doubling up to 30 s. */
  readonly retry?: (attempt: number) => number
  /** Hears of every refusal and every equivocation, whoever brought the update. */
  readonly report?: (rejection: TrustError) => void
}

/** So many updates in so many ms, on average and at once. */
export interface Rate {
  readonly updates: number
  readonly per: number
}

/** A verifier that asks the second one if the first has no key. */
export const orElse =
  (second: Verifier) =>
  (first: Verifier): Verifier => ({
    verify: (statement, signature) => {
      const next = (verdict: E.Either<Disbelief, unknown>): Answer<Disbelief, unknown> =>
        verdict._tag === 'Left' && verdict.left._tag === 'NoKey' ? second.verify(statement, signature) : verdict
      const answer = first.verify(statement, signature)
      return typeof answer !== 'function' ? next(answer) : async () => later(next(await answer()))
    },
  })

/** An answer as a promise. */
export const later = <Err, A>(answer: Answer<Err, A>): Promise<E.Either<Err, A>> =>
  typeof answer === 'function' ? answer() : Promise.resolve(answer)
