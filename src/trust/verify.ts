/** Judges signatures: which updates did their sources make? Pure if the verifier is. */
import type { either as E, task as T } from 'fp-ts'
import * as Change from '../core/Change.js'
import type { DataType } from '../core/DataType.js'
import { left } from '../core/Either.js'
import * as Prefix from '../core/Prefix.js'
import type { InUpdate } from '../core/Rejection.js'
import * as Timestamp from '../core/Timestamp.js'
import type { Update } from '../core/Update.js'
import * as Statement from './Statement.js'
import { later, type Answer, type Disbelief, type Verifier } from './Verifier.js'

/** Why a signature is refused. */
export type SignatureError =
  /** There is no signature, or a member after it that nobody signed. */
  | ({ readonly _tag: 'Unsigned' } & InUpdate)
  /** The signature is not from the update's source. */
  | ({ readonly _tag: 'Forged'; readonly reason: string } & InUpdate)
  /** No key to judge by: the source is unknown, revoked, or its key is too weak. */
  | ({ readonly _tag: 'NoKey'; readonly reason: string } & InUpdate)
  | Prefix.HeldBack

/** A verifier, and the name of the document. */
export interface Trust {
  readonly document: string
  readonly verifier: Verifier
}

/** Nobody can judge for now. */
export type Unavailable = Extract<Disbelief, { readonly _tag: 'Unavailable' }>

/** The verdict on one signature. */
export type Verdict = E.Either<SignatureError | Unavailable, unknown>

/**
 * Judges one update. It must have a signature, and no member after it that nobody signed. Errors:
 * `Unsigned`, `Forged`, `NoKey`, `Unavailable`. Never throws: if the verifier throws, the signature
 * is `Forged`. Costs as the verifier, and once more for each former name of the data type if the
 * signature is not valid under the present one.
 */
export const judge = <S, C>(
  dataType: DataType<S, C>,
  { document, verifier }: Trust,
  jsonOf: (update: Update<C>) => unknown = Change.jsonOf(dataType.change),
) => {
  const statementOf = Statement.ofJson(dataType, document)
  const formerly = Statement.formerly(dataType)
  return (update: Update<C>): Answer<SignatureError | Unavailable, unknown> => {
    const [, , , signature, ...more] = update as readonly unknown[]
    const isChained = verifier.chains === true && more.length === 1 && isPrevious(more[0])
    if (typeof signature !== 'string' || (more.length > 0 && !isChained)) {
      return left({ _tag: 'Unsigned', at: more.length > 0 ? '[4]' : '[3]', update })
    }
    const verdict = (given: E.Either<Disbelief, unknown>): Verdict =>
      given._tag === 'Right' ? given : left(signatureError(given.left, update))
    const thrown = (error: unknown): Verdict => verdict(forged(`the verifier threw: ${String(error)}`))
    try {
      const statement = statementOf(update, jsonOf(update))
      const answer = verifyAny(verifier, [statement, ...formerly(statement)], signature)
      return typeof answer === 'function' ? () => answer().then(verdict, thrown) : verdict(answer)
    } catch (error) {
      return thrown(error)
    }
  }
}

const isPrevious = (value: unknown): boolean => value === Timestamp.NEVER || Timestamp.is(value)

/**
 * Whether a signature is valid for one of several statements: the verdict on the first if for none.
 */
const verifyAny = (
  verifier: Verifier,
  [statement, ...others]: readonly [Statement.Statement, ...Statement.Statement[]],
  signature: string,
): Answer<Disbelief, unknown> => {
  const next = (verdict: E.Either<Disbelief, unknown>): Answer<Disbelief, unknown> => {
    const [second, ...more] = others
    if (verdict._tag === 'Right' || verdict.left._tag !== 'Forged' || second === undefined) return verdict
    const orFirst = (given: E.Either<Disbelief, unknown>): E.Either<Disbelief, unknown> =>
      given._tag === 'Left' && given.left._tag === 'Forged' ? verdict : given
    const answer = verifyAny(verifier, [second, ...more], signature)
    return typeof answer === 'function' ? () => answer().then(orFirst) : orFirst(answer)
  }
  const answer = verifier.verify(statement, signature)
  return typeof answer === 'function' ? async () => later(next(await answer())) : next(answer)
}

const signatureError = (disbelief: Disbelief, update: unknown): SignatureError | Unavailable => {
  switch (disbelief._tag) {
    case 'Unavailable':
      return disbelief
    case 'Forged':
      return { _tag: 'Forged', at: '[3]', reason: disbelief.reason, update }
    case 'NoKey':
      return { _tag: 'NoKey', at: '[2]', reason: disbelief.reason, update }
  }
}

/** The disbelief in a signature that is not the source's, and why. */
export const forged = (reason: string): E.Left<Disbelief> => left({ _tag: 'Forged', reason })

/** A batch by its verdicts. Each list keeps the batch's order. */
export interface Verified<C> {
  /** To be applied. */
  readonly believed: ReadonlyArray<Update<C>>
  /**
   * Why others are refused. After a refused update, the later ones of its source are `HeldBack`.
   */
  readonly refused: ReadonlyArray<SignatureError>
  /** To be tried again: for each source, all updates from the first that nobody can judge now. */
  readonly waiting: ReadonlyArray<Update<C>>
}

/**
 * Verifies a batch before it is applied: at once, or by a task if the verifier is asynchronous.
 * Believes only a beginning of each source: see `Prefix`. Never throws or rejects; the errors are
 * in `refused`. Costs as the verifier for each update.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * import * as t from 'io-ts'
 * const verify = ({ source }, signature) =>
 *   signature === source ? E.right(1) : E.left({ _tag: 'Forged', reason: '' })
 * const signatures = ['ann', 'ann', 'oops', 'ann']
 * const updates = signatures.map((signature, i) => [['x', i], i + 1, 'ann', signature])
 * const trust = { document: 'notes', verifier: { verify } }
 * const verified = verifyUpdates(Model.of(t.number), trust)(updates)
 * verified.believed.length // => 2
 * verified.refused.map(({ _tag }) => _tag) // => ['Forged', 'HeldBack']
 */
export const verifyUpdates = <S, C>(dataType: DataType<S, C>, trust: Trust) => {
  const verdictOn = judge(dataType, trust)
  return (updates: ReadonlyArray<Update<C>>): Verified<C> | T.Task<Verified<C>> => {
    const answers = updates.map(verdictOn)
    if (answers.every((answer) => typeof answer !== 'function')) return byVerdict(updates, answers)
    return async () => byVerdict(updates, await Promise.all(answers.map(later)))
  }
}

const byVerdict = <C>(updates: ReadonlyArray<Update<C>>, verdicts: ReadonlyArray<Verdict>): Verified<C> => {
  const [believed, refused, waiting]: [Update<C>[], SignatureError[], Update<C>[]] = [[], [], []]
  let stopped = Prefix.empty
  let postponed = Prefix.empty
  for (const [i, update] of updates.entries()) {
    const verdict = verdicts[i]!
    const heldBack = Prefix.heldBack(update)(stopped)
    if (Prefix.heldBack(update)(postponed) !== undefined) waiting.push(update)
    else if (heldBack !== undefined) refused.push(heldBack)
    else if (verdict._tag === 'Right') believed.push(update)
    else if (verdict.left._tag === 'Unavailable') {
      postponed = Prefix.stop(update)(postponed)
      waiting.push(update)
    } else {
      stopped = Prefix.stop(update)(stopped)
      refused.push(verdict.left)
    }
  }
  return { believed, refused, waiting }
}
