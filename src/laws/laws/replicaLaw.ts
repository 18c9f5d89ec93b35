/** What the laws of replicas of this library are made of, and how they compare two replicas. */
import type { eq as Eq } from 'fp-ts'
import type { Command } from '../../core/DataType.js'
import type { Replica } from '../../core/Replica.js'
import type { Scuttlebutt } from '../../scuttlebutt.js'
import { lawMaker, type Remedied, type LawOf } from '../model/Law.js'
import type { Run } from '../model/Run.js'
import { sameValue } from '../model/show.js'
import type { Updates } from '../model/updates.js'
import { SUPERSEDED } from './remedies.js'

/** The functions of a data type, and how its states compare. */
export interface Type<S, C> extends Scuttlebutt<S, C> {
  readonly eq: Eq.Eq<S>
  /** What the patches of `diff` are of. */
  readonly patchesOf: (state: S) => unknown
}

export type RunOf<S, C> = Run<Replica<S, C>, Command<S, C, unknown>, Updates<C>>

type Check = <S, C>(run: RunOf<S, C>, type: Type<S, C>) => Remedied | undefined

export type ReplicaLaw = LawOf<Check>

/** Makes a law: its check is given the functions of the type, too. */
export const replicaLaw = lawMaker<Check>()

/** What is wrong, what to do, and the verdict if two replicas show different things. */
type Words = Pick<Remedied, 'why' | 'remedy' | 'verdict'>

/** Undefined if two replicas are equal and show the same. */
export const differ = <S, C>(
  { subject: { show, view } }: RunOf<S, C>,
  { eq }: Type<S, C>,
  { why, remedy, verdict }: Words,
  a: Replica<S, C>,
  b: Replica<S, C>,
): Remedied | undefined => {
  const showSame = view(a) === view(b) || sameValue(show(a), show(b))
  if (showSame && eq.equals(a.state, b.state)) return undefined
  return { why, remedy, ...(!showSame && verdict && { verdict }), states: [view(a), view(b)] }
}

/** Like {@link differ}, and compares what the two can still tell others. */
export const differAtAll = <S, C>(
  run: RunOf<S, C>,
  type: Type<S, C>,
  words: Words,
  a: Replica<S, C>,
  b: Replica<S, C>,
): Remedied | undefined => {
  const violation = differ(run, type, words, a, b)
  if (violation !== undefined) return violation
  const [x, y] = [type.history()(a), type.history()(b)]
  if (sameValue(x, y)) return undefined
  return { why: `${words.why}, by their histories`, remedy: SUPERSEDED, states: [x, y] }
}
