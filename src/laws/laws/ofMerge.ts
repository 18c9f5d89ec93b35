/**
 * The laws of types whose replicas merge states. Source: Shapiro et al. (SSS 2011), section 2.2.
 */
import type { LawName, Remedied } from '../model/Law.js'
import type { Run } from '../model/Run.js'
import { nameOf, sameValue } from '../model/show.js'
import { termsOf } from '../model/Subject.js'
import {
  convergence,
  equivalence,
  idempotence,
  law,
  oracle,
  qualities,
  sample,
  total,
  versions,
  type AnyLaw,
} from './laws.js'

type Merge<R> = (other: R, state: R) => R

/** How many versions of a run the laws merge with each other. */
const SAMPLE = 4

export const associative = law('associativity', 'unlawful', 'merge is associative', (run) => {
  const merge = mergeOf(run)
  const some = sample(run, SAMPLE)
  const merged = some.map((a) => some.map((b) => merge(b, a)))
  for (const [i, a] of some.entries()) {
    for (const [j, b] of some.entries()) {
      for (const [k, c] of some.entries()) {
        const [x, y] = [merge(c, merged[i]![j]!), merge(merged[j]![k]!, a)]
        const violation = differ(run, 'associative', REMEDIES.associative, [a, b, c], x, y)
        if (violation !== undefined) return violation
      }
    }
  }
  return undefined
})

/** States are the messages of replicas that merge. */
const mergeOf =
  <R, C, M>({ subject, ids }: Run<R, C, M>): Merge<R> =>
  (other, state) =>
    subject.receive(other as unknown as M, { id: ids[0]!, now: 1 })(state)

const differ = <R, C, M>(
  { subject: { equals, show, view } }: Run<R, C, M>,
  property: string,
  remedy: string,
  merged: ReadonlyArray<R>,
  x: R,
  y: R,
): Remedied | undefined =>
  equals(x, y) && sameValue(show(x), show(y))
    ? undefined
    : { why: `merge is not ${property}: for ${merged.map(view).join(' and ')}`, remedy, states: [view(x), view(y)] }

const REMEDIES = {
  associative: '`merge` must give the same however states are grouped: take the greater or both, never an average',
  commutative: '`merge(a)(b)` must give what `merge(b)(a)` gives: prefer neither, and sort where order is free',
  idempotent: '`merge(a)` must change nothing in a state that has `a` in it: never add up',
  inflationary: '`merge(a)(b)` must hold all that `a` and `b` hold: what is removed must be kept as removed',
}

/** `both` gives two ways to merge a and b, which must agree. */
const ofPairs = (
  name: LawName,
  property: keyof typeof REMEDIES,
  both: <R>(a: R, b: R, merge: Merge<R>) => readonly [R, R],
): AnyLaw =>
  law(name, 'unlawful', `merge is ${property}`, (run) => {
    const merge = mergeOf(run)
    const some = sample(run, SAMPLE)
    for (const a of some) {
      for (const b of some) {
        const violation = differ(run, property, REMEDIES[property], [a, b], ...both(a, b, merge))
        if (violation !== undefined) return violation
      }
    }
    return undefined
  })

export const commutative = ofPairs('commutativity', 'commutative', (a, b, merge) => [merge(b, a), merge(a, b)])

export const idempotentMerge = ofPairs('mergeIdempotence', 'idempotent', (a, b, merge) => {
  const once = merge(b, a)
  return [merge(b, once), once]
})

const inflationaryMerge = ofPairs('inflation', 'inflationary', (a, b, merge) => {
  const both = merge(b, a)
  return [merge(a, both), both]
})

export const inflationary = law(
  'inflation',
  'unlawful',
  'merge is inflationary, and so are local changes',
  <R, C, M>(run: Run<R, C, M>) => {
    const { receive, equals, view } = run.subject
    for (const { event, id, now } of run.operations) {
      const { before, after } = run.events[event]!
      const both = receive(before as unknown as M, { id, now })(after)
      if (!equals(both, after)) {
        const { local } = termsOf(run.subject)
        const why = `${nameOf(id)} removes something that a merge with the state before brings back`
        const remedy = `\`${local}\` must only add to a state: what is removed must be kept as removed`
        return { why, remedy, states: [view(after), view(both)], events: [event] }
      }
    }
    return inflationaryMerge.check(run)
  },
)

/** Causes come before their effects. */
export const ofMerge: ReadonlyArray<AnyLaw> = [
  total,
  versions,
  associative,
  commutative,
  idempotentMerge,
  inflationary,
  convergence,
  idempotence,
  equivalence,
  oracle,
  qualities,
]
