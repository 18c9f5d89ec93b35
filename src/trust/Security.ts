/** Who may say what: signers, verifiers and limits, as values that a store is given. */
import type { either as E, taskEither as TE } from 'fp-ts'
import type { Rejection } from '../core/Rejection.js'
import type { SourceId, Update } from '../core/Update.js'
import type { Statement } from './Statement.js'

/** At once where it can be, so that what is synchronous stays so. */
export type Answer<Err, A> = E.Either<Err, A> | TE.TaskEither<Err, A>

/** Why a signature is not believed. */
export type Disbelief =
  /** It is not the source's. */
  | { readonly _tag: 'Forged'; readonly reason: string }
  /** There is no key to judge it by, or none that is good enough, and there won't be. */
  | { readonly _tag: 'NoKey'; readonly reason: string }
  /** There is no telling for now: ask again later. */
  | { readonly _tag: 'Unavailable'; readonly reason: string }

/** Signs the updates of one source. What it refuses, it says why. */
export interface Signer {
  readonly id: SourceId
  readonly sign: (statement: Statement) => Answer<string, string>
}

/** Tells whether a signature is that of the source that a statement names. Total: any text may be given for a signature. */
export interface Verifier {
  readonly verify: (statement: Statement, signature: string) => Answer<Disbelief, unknown>
}

/**
 * What a store trusts. Limits that replicas of one document do not share, and an `authorize` that looks at more of the state than
 * its source's earlier updates have settled, may let them differ: what one refuses another takes.
 */
export interface Security<S, C> {
  /** Names the document, the same on all its replicas: a signature counts in no other. */
  readonly document: string
  /** Signs what is written here. Absent: nothing can be. */
  readonly signer?: Signer
  readonly verifier: Verifier
  /** Whether an update may be, in the state that it meets, or why not. Asked once its signature is verified; of local ones too. */
  readonly authorize?: (update: Update<C>, state: S) => E.Either<string, unknown>
  /** The largest change, in UTF-8 bytes of JSON. Default: any that the line's limit lets through. */
  readonly maxChange?: number
  /** The most sources that the clock may know; the updates of further ones are refused. Default: any number. */
  readonly maxSources?: number
  /** How many updates of one source in so many ms, on average and at once. Default: any number. */
  readonly rate?: Rate
  /** The most updates that may wait for their verdict. Beyond, they are refused, and come with a later sync. Default 10,000. */
  readonly maxWaiting?: number
  /** After how many ms to ask again, by how often was asked. Default: from 100 ms, doubling, to 30 s. */
  readonly retry?: (attempt: number) => number
  /** Is told of every refusal and every equivocation, whoever brought it. */
  readonly report?: (rejection: Rejection) => void
}

export interface Rate {
  readonly updates: number
  readonly per: number
}

/** A verifier that asks a second one about sources of which the first has no key. */
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

/** An answer, whenever it comes. */
export const later = <Err, A>(answer: Answer<Err, A>): Promise<E.Either<Err, A>> =>
  typeof answer === 'function' ? answer() : Promise.resolve(answer)

/** A decision on one signature, as a rejection of the update; nothing if it is believed. */
export const disbelieve = (disbelief: Disbelief, update: unknown): Rejection =>
  disbelief._tag === 'Forged'
    ? { _tag: 'Forged', at: '[3]', reason: disbelief.reason, update }
    : { _tag: 'NoKey', at: '[2]', reason: disbelief.reason, update }
