/** Checks a subject: searches for a run that breaks a law, and reports it. */
import type { either as E } from 'fp-ts'
import { judge, lawsAsked } from './judge.js'
import type { Replay } from './kept.js'
import type { Lawful } from './model/Law.js'
import { inPlainData } from './network/inPlainData.js'
import { counterexample, type Counterexample } from './report/Counterexample.js'
import type { Coverage } from './report/Coverage.js'
import { searched, type Found, type Options } from './search.js'

/**
 * Right, with what was covered, if every run keeps every law; Left with the smallest run found that
 * breaks one. A run of 24 steps costs a millisecond and some 30 calls of the subject.
 */
export const check = <R, C, M>(
  subject: Lawful<R, C, M>,
  options: Options<C> = {},
): E.Either<Counterexample, Coverage> => {
  const { kept, ...rest } = options
  if (kept === undefined || rest.schedule !== undefined || rest.path !== undefined) return checkOnce(subject, rest)
  const before = kept.get(subject.name)
  const again = before && checkOnce(subject, { ...rest, ...before, required: {}, runs: 1 })
  // what is mended is tried once more whole, as the run that found it
  const checked = again?._tag === 'Left' ? again : checkOnce(subject, { ...(before && { seed: before.seed }), ...rest })
  const next = replayOf(checked)
  if (next !== undefined || before !== undefined) kept.set(subject.name, next)
  return checked
}

/** The run that broke a law, not yet made smaller: how it shrinks depends on the type. */
const replayOf = (checked: E.Either<Counterexample, Coverage>): Replay | undefined => {
  if (checked._tag === 'Right') return undefined
  const { seed, path } = checked.left
  return seed === undefined || path === undefined ? undefined : { seed, path: path.split(':')[0]! }
}

const checkOnce = <R, C, M>(subject: Lawful<R, C, M>, options: Options<C>): E.Either<Counterexample, Coverage> => {
  const outcome = searched(subject, options)
  if (!('violation' in outcome)) return { _tag: 'Right', right: outcome }
  const { law, violation, run, origin } = readable(subject, options, outcome)
  return { _tag: 'Left', left: counterexample(law, violation, run, origin) }
}

/** The same find with its schedule in plain data, if that breaks the same law. */
const readable = <R, C, M>(subject: Lawful<R, C, M>, options: Options<C>, found: Found<R, C, M>): Found<R, C, M> => {
  const { run, broken } = judge(subject, lawsAsked(subject, options), inPlainData(found.run))
  return broken?.law.name === found.law.name ? { ...broken, run, origin: found.origin } : found
}
