/** From updates that somebody claims to the updates that their sources made. Pure, where the verifier is. */
import type { either as E, task as T } from 'fp-ts'
import type { DataType } from '../core/DataType.js'
import type { Rejection } from '../core/Rejection.js'
import type { SourceId, Update } from '../core/Update.js'
import { disbelieve, later, type Answer, type Disbelief, type Security } from './Security.js'
import * as Statement from './Statement.js'

/** What a verifier is asked with. */
export type Trust = Pick<Security<never, never>, 'document' | 'verifier'>

/** What there is to say of one signature: that it is its source's, why not, or that nobody can tell for now. */
export type Verdict = E.Either<Rejection | Extract<Disbelief, { readonly _tag: 'Unavailable' }>, unknown>

/**
 * Judges one update. It must carry its signature and nothing else: more is signed by nobody. Never throws, never rejects: a
 * verifier that does believes nothing. Costs as the verifier.
 */
export const judge = <S, C>(dataType: DataType<S, C>, { document, verifier }: Trust) => {
  const statementOf = Statement.of(dataType, document)
  return (update: Update<C>): Answer<Rejection | Extract<Disbelief, { readonly _tag: 'Unavailable' }>, unknown> => {
    const [, , , signature, ...more] = update as readonly unknown[]
    if (typeof signature !== 'string' || more.length > 0) {
      return { _tag: 'Left', left: { _tag: 'Unsigned', at: more.length > 0 ? '[4]' : '[3]', update } }
    }
    const verdict = (given: E.Either<Disbelief, unknown>): Verdict =>
      given._tag === 'Left' && given.left._tag !== 'Unavailable'
        ? { _tag: 'Left', left: disbelieve(given.left, update) }
        : (given as Verdict)
    const thrown = (error: unknown): Verdict => verdict(forged(`the verifier threw: ${String(error)}`))
    try {
      const answer = verifier.verify(statementOf(update), signature)
      return typeof answer === 'function' ? () => answer().then(verdict, thrown) : verdict(answer)
    } catch (error) {
      return thrown(error)
    }
  }
}

/** A signature that is not the source's, and why. */
export const forged = (reason: string): E.Left<Disbelief> => ({ _tag: 'Left', left: { _tag: 'Forged', reason } })

/** What became of a batch. Each list is in the batch's order. */
export interface Verified<C> {
  /** To be applied. */
  readonly believed: ReadonlyArray<Update<C>>
  /** Why the others are not, those apart that wait. Where one of a source was refused, so are its later ones, as `HeldBack`. */
  readonly refused: ReadonlyArray<Rejection>
  /** Those of sources of which nobody can tell for now, from the first such on: to be tried again. */
  readonly waiting: ReadonlyArray<Update<C>>
}

/**
 * Verifies a batch before it is applied: at once, or by a task, all of it together, where the verifier takes its time.
 * What is believed of a source is a beginning of what came of it: an update taken after one that was refused
 * would hide the true one from us for good. Costs as {@link judge} each.
 *
 * @example
 * const verifier = { verify: ({ source }, signature) => (signature === source ? E.right(1) : E.left({ _tag: 'Forged', reason: '' })) }
 * const updates = ['ann', 'ann', 'oops', 'ann'].map((signature, i) => [['x', i], i + 1, 'ann', signature])
 * const verified = verifyUpdates(Model.of(t.number), { document: 'notes', verifier })(updates)
 * verified.believed.length // => 2
 * verified.refused.map(({ _tag }) => _tag) // => ['Forged', 'HeldBack']
 */
export const verifyUpdates = <S, C>(dataType: DataType<S, C>, trust: Trust) => {
  const verdictOn = judge(dataType, trust)
  return (updates: ReadonlyArray<Update<C>>): Verified<C> | T.Task<Verified<C>> => {
    const answers = updates.map(verdictOn)
    if (answers.every((answer) => typeof answer !== 'function')) return sortOut(updates, answers)
    return async () => sortOut(updates, await Promise.all(answers.map(later)))
  }
}

const sortOut = <C>(updates: ReadonlyArray<Update<C>>, verdicts: ReadonlyArray<Verdict>): Verified<C> => {
  const [believed, refused, waiting]: [Update<C>[], Rejection[], Update<C>[]] = [[], [], []]
  const stopped = new Map<SourceId, Update<C> | 'waiting'>()
  for (const [i, update] of updates.entries()) {
    const verdict = verdicts[i]!
    const before = stopped.get(update[2])
    if (before === 'waiting') waiting.push(update)
    else if (before !== undefined) refused.push(heldBack(update, before))
    else if (verdict._tag === 'Right') believed.push(update)
    else if (verdict.left._tag === 'Unavailable') {
      stopped.set(update[2], 'waiting')
      waiting.push(update)
    } else {
      stopped.set(update[2], update)
      refused.push(verdict.left)
    }
  }
  return { believed, refused, waiting }
}

/** Of an update that came after one of its source that was refused. */
export const heldBack = (update: Update<unknown>, after: Update<unknown>): Rejection => ({
  _tag: 'HeldBack',
  at: '',
  after: after[1],
  update,
})
