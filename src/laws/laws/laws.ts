/**
 * The laws that any replicated type keeps. Each is a pure predicate over a run. `README.md` lists
 * them all, with what each means and how it is usually broken.
 *
 * Sources. `convergence` and those of a merge: Shapiro et al., "Conflict-free Replicated Data
 * Types" (SSS 2011), sections 2.2 and 2.3. `clock`, `history` and `superseded`: van Renesse et al.,
 * LADIS 2008, section 3. Laws as predicates apart from their runner: fp-ts-laws.
 */
import type { Law, LawName, Verdict, Violation } from '../model/Law.js'
import type { Run, RunEvent } from '../model/Run.js'
import { sameValue } from '../model/show.js'

/** A law that every subject can be asked. */
export interface AnyLaw extends Omit<Law<never, never, never>, 'check'> {
  readonly check: Predicate
}

type Predicate = <R, C, M>(run: Run<R, C, M>) => Violation | undefined

export const law = (name: LawName, verdict: Verdict, says: string, check: Predicate): AnyLaw => ({
  name,
  verdict,
  says,
  check,
})

export const convergence = law(
  'convergence',
  'diverged',
  'replicas that know the same are equal',
  ({ parted, ids, replicas, subject }) => {
    if (parted === undefined) return undefined
    const [a, b] = parted.replicas
    const why = `${ids[a]!} and ${ids[b]!} know the same, and differ`
    const [x, y] = [replicas[a]!, replicas[b]!]
    // if both show the same, only Eq tells them apart: then the report shows the replicas
    const isHidden = parted.views[0] === parted.views[1] && !subject.isMutable
    return {
      why: isHidden ? `${why} by Eq, though they show the same` : why,
      states: isHidden ? [x, y] : parted.views,
      events: parted.events,
    }
  },
)

export const idempotence = law(
  'idempotence',
  'unlawful',
  'a message that comes again changes nothing',
  ({ events, subject }) => {
    for (const [i, { _tag, was, view, before, after, text, at }] of events.entries()) {
      if (_tag !== 'again') continue
      if (was === view && (subject.isMutable || subject.equals(before, after))) continue
      return { why: `${text} came again and changed ${name(at, subject)}`, states: [was, view], events: [i] }
    }
    return undefined
  },
)

const name = (at: number, { name: type }: { readonly name: string }): string => `replica ${String(at + 1)} of ${type}`

export const versions = law('versions', 'unlawful', 'older versions never change', ({ events, subject }) => {
  for (const [i, { after, view, remembered }] of events.entries()) {
    const now = subject.view(after)
    if (now !== view) return { why: 'an older version shows something else now', states: [view, now], events: [i] }
    if (subject.remember === undefined || remembered === undefined) continue
    const remember = subject.remember(after)
    if (!sameValue(remember, remembered)) {
      return { why: 'an older version tells others something else now', states: [remembered, remember], events: [i] }
    }
  }
  return undefined
})

export const equivalence = law('eq', 'unlawful', 'Eq is an equivalence, and equal replicas show the same', (run) => {
  const { equals, view } = run.subject
  const some = sample(run)
  for (const a of some) {
    if (!equals(a, a)) return { why: 'a version is not equal to itself', states: [view(a), view(a)] }
    for (const b of some) {
      const equal = equals(a, b)
      if (equal !== equals(b, a)) return { why: 'a equals b, and b does not equal a', states: [view(a), view(b)] }
      if (!equal) continue
      if (view(a) !== view(b) && !sameValue(run.subject.show(a), run.subject.show(b))) {
        return { why: 'two versions are equal by Eq and show different things', states: [view(a), view(b)] }
      }
      for (const c of some) {
        if (equals(b, c) && !equals(a, c))
          return { why: 'a equals b, b equals c, and a does not equal c', states: [view(a), view(c)] }
      }
    }
  }
  return undefined
})

/** At most `most` distinct versions, spread over the whole run. */
export const sample = <R>({ events }: { readonly events: ReadonlyArray<RunEvent<R>> }, most = 5): ReadonlyArray<R> => {
  const distinct = [...new Set(events.map(({ after }) => after))]
  const stride = Math.max(1, distinct.length / most)
  return Array.from({ length: Math.min(most, distinct.length) }, (_, i) => distinct[Math.floor((i + 1) * stride) - 1]!)
}

export const total = law('total', 'unlawful', 'nothing throws', ({ threw }) =>
  threw === undefined
    ? undefined
    : { why: `it threw ${String(threw.error)}`, events: [threw.event], cause: threw.error },
)

export const deterministic = law(
  'determinism',
  'unlawful',
  'the same call gives the same result',
  ({ events, subject, operations, ids }) => {
    for (const [i, { _tag, before, operation, at }] of events.entries()) {
      if (_tag !== 'receive' || operation === undefined) continue
      const where = { id: ids[at]!, now: 1 }
      const { message } = operations[operation]!
      const received = () => subject.receive(message!, where)(before)
      const [x, y] = [received(), received()]
      if (subject.equals(x, y)) continue
      return {
        why: 'one version received one message twice, with two results',
        states: [subject.view(x), subject.view(y)],
        events: [i],
      }
    }
    return undefined
  },
)

export const oracle = law('oracle', 'wrong value', "the value is the oracle's", ({ subject, operations, replicas }) => {
  if (subject.oracle === undefined) return undefined
  const expected = subject.oracle(operations)
  for (const [i, replica] of replicas.entries()) {
    if (sameValue(subject.show(replica), expected)) continue
    return {
      why: `${name(i, subject)} does not show what the oracle says`,
      states: [subject.show(replica), expected],
    }
  }
  return undefined
})

export const qualities = law(
  'quality',
  'quality',
  'the qualities hold that were asked for',
  ({ subject, operations, events, replicas }) => {
    for (const { name: wish, afterLocal = () => true, atEnd = () => true, ofOne = false } of subject.qualities) {
      for (const { event, command, id, now } of operations) {
        const { before, after, was, view } = events[event]!
        if (!afterLocal(before, command, after, { id, now })) return { why: wish, states: [was, view], events: [event] }
      }
      const one = operations.length % Math.max(1, replicas.length)
      for (const [i, replica] of (ofOne ? replicas.slice(one, one + 1) : replicas).entries()) {
        const answer = atEnd(replica, operations)
        if (answer === true || (answer !== false && sameValue(answer[0], answer[1]))) continue
        const why = `${name(ofOne ? one : i, subject)}: ${wish}`
        return { why, states: answer === false ? [subject.view(replica), undefined] : answer }
      }
    }
    return undefined
  },
)

// in each list, causes come before their effects: the first law broken is the one reported

export const ofOperations: ReadonlyArray<AnyLaw> = [
  total,
  versions,
  deterministic,
  convergence,
  idempotence,
  equivalence,
  oracle,
  qualities,
]

export const ofOpaque: ReadonlyArray<AnyLaw> = [total, convergence, idempotence, oracle, qualities]
