/** Signers and verifiers of signatures, as values. */
import type { either as E, taskEither as TE } from 'fp-ts'
import type { SourceId } from '../core/Update.js'
import { left } from '../core/Either.js'
import type { Statement } from './Statement.js'

/** An answer, or a task that gives it. Synchronous code stays synchronous. */
export type Answer<Err, A> = E.Either<Err, A> | TE.TaskEither<Err, A>

/** Why a signature is not believed. */
export type Disbelief =
  /** The signature is not the source's. */
  | { readonly _tag: 'Forged'; readonly reason: string }
  /** There is no key to judge it by, or the key is too weak. Asking again does not help. */
  | { readonly _tag: 'NoKey'; readonly reason: string }
  /** The verifier cannot tell now: ask again later. */
  | { readonly _tag: 'Unavailable'; readonly reason: string }

/** Signs the updates of one source. A `Left` says why it refuses. */
export interface Signer {
  readonly id: SourceId
  /** It signs which update came before: the statement's `previous`. */
  readonly chains?: true
  readonly sign: (statement: Statement) => Answer<string, string>
}

/**
 * Judges whether a signature is from the statement's source. Total: any text may be a signature.
 */
export interface Verifier {
  /** It knows the statement's `previous`. Else updates that have one are refused. */
  readonly chains?: true
  readonly verify: (statement: Statement, signature: string) => Answer<Disbelief, unknown>
}

/** A verifier that asks the second one if the first has no key. Costs as both. */
export const orElse =
  (second: Verifier) =>
  (first: Verifier): Verifier => ({
    ...((first.chains ?? second.chains) && { chains: true }),
    verify: (statement, signature) => {
      const ask = (verifier: Verifier): Answer<Disbelief, unknown> =>
        statement.previous === undefined || verifier.chains === true ? verifier.verify(statement, signature) : NO_CHAIN
      const next = (verdict: E.Either<Disbelief, unknown>): Answer<Disbelief, unknown> =>
        verdict._tag === 'Left' && verdict.left._tag === 'NoKey' ? ask(second) : verdict
      const answer = ask(first)
      return typeof answer !== 'function' ? next(answer) : async () => later(next(await answer()))
    },
  })

const NO_CHAIN: E.Left<Disbelief> = left({ _tag: 'NoKey', reason: 'it signs no chain of updates' })

/** An answer as a promise. */
export const later = <Err, A>(answer: Answer<Err, A>): Promise<E.Either<Err, A>> =>
  typeof answer === 'function' ? answer() : Promise.resolve(answer)
