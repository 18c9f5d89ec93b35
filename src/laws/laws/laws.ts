/**
 * The laws that any replicated type keeps, by number, each a pure predicate over a run:
 *
 *  1. Convergence: replicas that know the same operations are equal, in whatever order promised they came.
 *  2. Idempotence: what comes again changes nothing.
 *  3. A batch comes to what its updates come to one at a time.
 *  4. Where nothing changes, the reference is the same.
 *  5. Older versions never change.
 *  6. The clock moves on by just what was seen, and never back.
 *  7. The history is complete, minimal and sorted.
 *  8. What is superseded is not needed: who was told by histories alone agrees with who was told everything.
 *  9. A change is decoded to what was encoded.
 * 10. Eq is an equivalence, and agrees with what is shown.
 * 11. A merge is associative, 12. commutative, 13. idempotent, 14. inflationary.
 * 15. Nothing throws.
 * 16. The same call gives the same result.
 * 17. The value is that of the oracle.
 * 18. The qualities asked for: intent, whole runs.
 * 19. The run exercised what was required of it.
 *
 * Sources: 1, 11 to 14: Shapiro et al., "Conflict-free Replicated Data Types" (SSS 2011), sections 2.2 and 2.3; 6 to 8: van
 * Renesse et al., LADIS 2008, section 3; laws as predicates apart from their runner: fp-ts-laws.
 */
import type { Law, Verdict, Violation } from '../model/Law.js'
import type { Event, Run } from '../model/Run.js'
import { sameValue } from '../model/show.js'

/** A law of any subject whatever. */
interface AnyLaw extends Omit<Law<never, never, never>, 'check'> {
  readonly check: Predicate
}

type Predicate = <R, C, M>(run: Run<R, C, M>) => Violation | undefined

const law = (number: number, verdict: Verdict, name: string, check: Predicate): AnyLaw => ({
  number,
  name,
  verdict,
  check,
})

export const convergence = law(
  1,
  'diverged',
  'replicas that know the same are equal',
  ({ parted, ids, replicas, subject }) => {
    if (parted === undefined) return undefined
    const [a, b] = parted.replicas
    const why = `${ids[a]!} and ${ids[b]!} know the same, and differ`
    // the same to look at: only Eq tells them apart
    const [x, y] = [replicas[a]!, replicas[b]!]
    const hidden = parted.views[0] === parted.views[1] && !subject.isMutable
    return {
      why: hidden ? `${why} by Eq, not by what they show` : why,
      states: hidden ? [x, y] : parted.views,
      events: parted.events,
    }
  },
)

export const idempotence = law(2, 'unlawful', 'what comes again changes nothing', ({ events, subject }) => {
  for (const [i, { _tag, was, view, before, after, text, at }] of events.entries()) {
    if (_tag !== 'again') continue
    if (was === view && (subject.isMutable || subject.equals(before, after))) continue
    return { why: `${text}, come again, changed ${name(at, subject)}`, states: [was, view], events: [i] }
  }
  return undefined
})

const name = (at: number, { name: type }: { readonly name: string }): string => `replica ${String(at + 1)} of ${type}`

export const versions = law(5, 'unlawful', 'older versions never change', ({ events, subject }) => {
  for (const [i, { after, view, remembered }] of events.entries()) {
    const now = subject.view(after)
    if (now !== view) return { why: 'a version that somebody holds has changed', states: [view, now], events: [i] }
    if (subject.remember === undefined) continue
    const remember = subject.remember(after)
    if (!sameValue(remember, remembered)) {
      return { why: 'what a version has to tell others has changed', states: [remembered, remember], events: [i] }
    }
  }
  return undefined
})

export const equivalence = law(10, 'unlawful', 'Eq is an equivalence, and agrees with what is shown', (run) => {
  const { equals, view } = run.subject
  const some = sample(run)
  for (const a of some) {
    if (!equals(a, a)) return { why: 'a version is not equal to itself', states: [view(a), view(a)] }
    for (const b of some) {
      const equal = equals(a, b)
      if (equal !== equals(b, a)) return { why: 'a equals b, and b does not equal a', states: [view(a), view(b)] }
      if (!equal) continue
      if (view(a) !== view(b) && !sameValue(run.subject.show(a), run.subject.show(b))) {
        return { why: 'equal by Eq, and not by what they show', states: [view(a), view(b)] }
      }
      for (const c of some) {
        if (equals(b, c) && !equals(a, c))
          return { why: 'a equals b, b equals c, and a does not equal c', states: [view(a), view(c)] }
      }
    }
  }
  return undefined
})

/** Up to so many versions of a run, from all over it. */
export const sample = <R>({ events }: { readonly events: ReadonlyArray<Event<R>> }, most = 5): ReadonlyArray<R> => {
  const distinct = [...new Set(events.map(({ after }) => after))]
  const stride = Math.max(1, distinct.length / most)
  return Array.from({ length: Math.min(most, distinct.length) }, (_, i) => distinct[Math.floor((i + 1) * stride) - 1]!)
}

/** Of three versions, what one merge and another come to. */
const merges = (
  number: number,
  what: string,
  check: <R>(a: R, b: R, c: R, merge: (b: R, a: R) => R) => readonly [R, R],
): AnyLaw =>
  law(number, 'unlawful', `merge is ${what}`, <R, C, M>(run: Run<R, C, M>) => {
    const { receive, equals, show, view } = run.subject
    // states are what such replicas send each other
    const merge = (b: R, a: R): R => receive(b as unknown as M, { id: run.ids[0]!, now: 1 })(a)
    const some = sample(run, 4)
    for (const a of some) {
      for (const b of some) {
        for (const c of some) {
          const [x, y] = check(a, b, c, merge)
          if (equals(x, y) && sameValue(show(x), show(y))) continue
          return { why: `merge is not ${what}: of ${[a, b, c].map(view).join(', ')}`, states: [view(x), view(y)] }
        }
      }
    }
    return undefined
  })

export const associative = merges(11, 'associative', (a, b, c, merge) => [merge(c, merge(b, a)), merge(merge(c, b), a)])
export const commutative = merges(12, 'commutative', (a, b, _, merge) => [merge(b, a), merge(a, b)])
export const idempotentMerge = merges(13, 'idempotent', (a, b, _, merge) => {
  const once = merge(b, a)
  return [merge(b, once), once]
})
const mergesInflate = merges(14, 'inflationary', (a, b, _, merge) => {
  const both = merge(b, a)
  return [merge(a, both), both]
})
export const inflationary: AnyLaw = {
  ...mergesInflate,
  name: 'merge is inflationary, and so are local changes',
  check: (run) => {
    const { receive, equals, view } = run.subject
    for (const { event, id, now } of run.operations) {
      const { before, after } = run.events[event]!
      const both = receive(before as unknown as NonNullable<Parameters<typeof receive>[0]>, { id, now })(after)
      if (!equals(both, after)) {
        const why = 'a local change takes something away: the state before it, merged in, brings it back'
        return { why, states: [view(after), view(both)], events: [event] }
      }
    }
    return mergesInflate.check(run)
  },
}

export const total = law(15, 'unlawful', 'nothing throws', ({ threw }) =>
  threw === undefined ? undefined : { why: `it threw ${String(threw.error)}`, events: [threw.event] },
)

export const deterministic = law(
  16,
  'unlawful',
  'the same call gives the same result',
  ({ events, subject, operations, ids }) => {
    for (const [i, { _tag, before, operation, at }] of events.entries()) {
      if (_tag !== 'receive' || operation === undefined) continue
      const once = { id: ids[at]!, now: 1 }
      const { message } = operations[operation]!
      const again = () => subject.receive(message!, once)(before)
      const [x, y] = [again(), again()]
      if (subject.equals(x, y)) continue
      return {
        why: 'one message, received twice by one version',
        states: [subject.view(x), subject.view(y)],
        events: [i],
      }
    }
    return undefined
  },
)

export const oracle = law(17, 'wrong value', 'the value is that of the oracle', ({ subject, operations, replicas }) => {
  if (subject.oracle === undefined) return undefined
  const expected = subject.oracle(operations)
  for (const [i, replica] of replicas.entries()) {
    if (sameValue(subject.show(replica), expected)) continue
    return {
      why: `${name(i, subject)} shows not what all operations come to`,
      states: [subject.show(replica), expected],
    }
  }
  return undefined
})

export const qualities = law(18, 'quality', 'the qualities asked for', ({ subject, operations, events, replicas }) => {
  for (const { name: wish, afterLocal = () => true, atEnd = () => true } of subject.qualities) {
    for (const { event, command, id, now } of operations) {
      const { before, after, was, view } = events[event]!
      if (!afterLocal(before, command, after, { id, now })) return { why: wish, states: [was, view], events: [event] }
    }
    for (const replica of replicas)
      if (!atEnd(replica, operations)) return { why: wish, states: [subject.view(replica), undefined] }
  }
  return undefined
})

/** What was broken by the type, put in front of what that brings with it. */
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
export const ofOpaque: ReadonlyArray<AnyLaw> = [total, convergence, idempotence, oracle, qualities]
