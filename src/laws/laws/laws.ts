/**
 * The laws that any replicated type keeps. Each is a pure predicate over a run. README lists them
 * all, with what each means and how it is usually broken, and says how to add one.
 *
 * Source of `convergence`: Shapiro et al., "Conflict-free Replicated Data Types" (SSS 2011),
 * sections 2.2 and 2.3. Laws as predicates apart from their runner: fp-ts-laws.
 */
import { isLater } from '../Answers.js'
import { lawMaker, type Remedied, type LawOf } from '../model/Law.js'
import { Misuse, toldOf } from '../model/Misuse.js'
import type { Run, RunEvent } from '../model/Run.js'
import { nameOf, sameValue, view as textOf } from '../model/show.js'
import { termsOf } from '../model/Subject.js'
import { calls, comparedAlike, COPY, inAnyOrder, leave, notThrow, pure } from './remedies.js'

/** A law that every subject can be asked. What breaks it is told with a remedy. */
export type AnyLaw = LawOf<Predicate>

type Predicate = <R, C, M>(run: Run<R, C, M>) => Remedied | undefined

/** Makes a law of the run alone. */
export const law = lawMaker<Predicate>()

export const convergence = law('convergence', 'diverged', 'replicas that know the same are equal', (run) => {
  const { parted, ids, replicas, subject, altered } = run
  if (parted === undefined) return undefined
  const [a, b] = parted.replicas
  const why = `${nameOf(ids[a]!)} and ${nameOf(ids[b]!)} know the same, and differ`
  if (altered !== undefined) {
    const { from, by } = altered
    const message = `a message of ${nameOf(ids[from]!)}`
    const changed = by === undefined ? `${message} has changed` : `${nameOf(ids[by]!)} has changed ${message}`
    return {
      why: `${why}, and ${changed} on its way`,
      remedy: by === undefined ? COPY : leave(termsOf(subject)),
      states: parted.views,
      events: parted.events,
    }
  }
  const [x, y] = [replicas[a]!, replicas[b]!]
  // if both show the same, only Eq tells them apart: then the report shows the replicas
  const isHidden = parted.views[0] === parted.views[1] && !subject.isMutable
  return {
    why: isHidden ? `${why} by Eq, though they show the same` : why,
    remedy: isHidden ? comparedAlike(run) : inAnyOrder(run),
    states: isHidden ? [x, y] : parted.views,
    events: parted.events,
  }
})

export const idempotence = law(
  'idempotence',
  'unlawful',
  'a message that comes again changes nothing',
  ({ events, subject, ids }) => {
    for (const [i, { _tag, was, view, before, after, text, at }] of events.entries()) {
      if (_tag !== 'again') continue
      if (was === view && (subject.isMutable || subject.equals(before, after))) continue
      const why = `${text} came again and changed ${nameOf(ids[at]!)}`
      const { receive, messages } = termsOf(subject)
      const remedy =
        `\`${receive}\` must know ${messages} that it has had, and leave all as it is; ` +
        "or give `delivery: { order: 'any', copies: 'exactly once' }` if your network promises that"
      const showSame = was === view || (!subject.isMutable && sameValue(subject.show(before), subject.show(after)))
      return { why, remedy, ...(!showSame && { verdict: 'diverged' }), states: [was, view], events: [i] }
    }
    return undefined
  },
  'diverged',
)

export const versions = law(
  'versions',
  'unlawful',
  'older versions never change',
  ({ events, subject, ids, written }) => {
    const { local, receive, messages } = termsOf(subject)
    const copied = `${calls(local, receive)} must not write into the state that it is given: copy what changes`
    if (written !== undefined) {
      return { why: 'the empty state, which all replicas begin with, has changed', remedy: copied, states: written }
    }
    for (const [i, { at, after, view, remembered }] of events.entries()) {
      const of = `an older version of ${nameOf(ids[Math.max(at, 0)]!)}`
      const now = subject.view(after)
      if (now !== view) {
        return { why: `${of} shows something else now`, remedy: copied, states: [view, now], events: [i] }
      }
      if (subject.remember === undefined || remembered === undefined) continue
      const remember = subject.remember(after)
      if (sameValue(remember, remembered)) continue
      const remedy = `${calls(local, receive)} must not write into ${messages}: copy what you keep of them`
      return { why: `${of} tells others something else now`, remedy, states: [remembered, remember], events: [i] }
    }
    return undefined
  },
)

export const equivalence = law('eq', 'unlawful', 'Eq is an equivalence, and equal replicas show the same', (run) => {
  const { equals, view, show } = run.subject
  const names = termsOf(run.subject)
  const eq = `\`${names.equals}\``
  const some = sample(run)
  for (const x of some) {
    const told = (why: string, remedy: string, y = x): Remedied => ({ why, remedy, states: [view(x), view(y)] })
    if (!equals(x, x)) return told('a version is not equal to itself', `${eq} must be true of a state and itself`)
    for (const y of some) {
      const equal = equals(x, y)
      if (equal !== equals(y, x)) {
        return told('x equals y, and y does not equal x', `${eq} must give the same when its arguments swap`, y)
      }
      if (!equal) continue
      if (view(x) !== view(y) && !sameValue(show(x), show(y))) {
        const why = 'two versions are equal by Eq and show different things'
        return told(why, `${eq} must compare all that \`${names.show}\` gives`, y)
      }
      const z = some.find((one) => equals(y, one) && !equals(x, one))
      if (z === undefined) continue
      return told(
        'x equals y, y equals z, and x does not equal z',
        `${eq} must not let differences pass that add up`,
        z,
      )
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

export const total = law(
  'total',
  'unlawful',
  'nothing throws, and every function gives what it must',
  ({ threw, events, ids, subject }) => {
    if (threw === undefined) return undefined
    const { event, error, call } = threw
    if (error instanceof Misuse) return { ...toldOf(error), events: [event] }
    const at = events[event]?.at ?? -1
    const who = at < 0 ? 'it' : nameOf(ids[at]!)
    return { why: `${who} threw ${String(error)}`, remedy: notThrow(subject, call), events: [event], cause: error }
  },
)

export const deterministic = law(
  'determinism',
  'unlawful',
  'the same call gives the same result',
  ({ events, subject, operations, ids }) => {
    const { receive, messages } = termsOf(subject)
    for (const [i, { _tag, before, operation, at }] of events.entries()) {
      if (_tag !== 'receive' || operation === undefined) continue
      const where = { id: ids[at]!, now: 1 }
      const { message } = operations[operation]!
      const received = () => subject.receive(message!, where)(before)
      const [x, y] = [received(), received()]
      if (subject.equals(x, y)) continue
      return {
        why: `one version of ${nameOf(where.id)} received one of the ${messages} twice, with two results`,
        remedy: pure(receive),
        states: [subject.view(x), subject.view(y)],
        events: [i],
      }
    }
    return undefined
  },
)

export const oracle = law('oracle', 'wrong value', "the value is the oracle's", (run) => {
  const { subject, operations, replicas, ids } = run
  if (subject.oracle === undefined) return undefined
  const expected = subject.oracle(operations)
  for (const [i, replica] of replicas.entries()) {
    if (sameValue(subject.show(replica), expected)) continue
    const { receive } = termsOf(subject)
    return {
      why: `${nameOf(ids[i]!)} does not show what the oracle says`,
      remedy: `\`${receive}\` must give what \`oracle\` gives for all that was written; or mend the oracle`,
      states: [subject.show(replica), expected],
    }
  }
  return undefined
})

export const qualities = law(
  'quality',
  'quality',
  'the qualities hold that were asked for',
  ({ subject, operations, events, replicas, ids }) => {
    const { local, receive } = termsOf(subject)
    for (const quality of subject.qualities) {
      const { name: wish, afterLocal = () => true, atEnd = () => true, ofOne = false } = quality
      const { remedy = `${calls(local, receive)} must keep it in every state, or it asks too much` } = quality
      for (const { event, command, id, now, lacks: lacking } of operations) {
        const { before, after, was, view } = events[event]!
        // a replica that changes in place was asked when it had made it
        const holds = lacking === undefined ? afterLocal(before, command, after, { id, now }) : !lacking.includes(wish)
        if (holds) continue
        return { why: lacks(id, wish), quality: wish, remedy, states: [was, view], events: [event] }
      }
      const one = operations.length % Math.max(1, replicas.length)
      for (const [i, replica] of (ofOne ? replicas.slice(one, one + 1) : replicas).entries()) {
        const answer = atEnd(replica, operations)
        if (isLater(answer)) throw new TypeError(`the quality ${textOf(wish)} gives a promise`)
        if (answer === true || (answer !== false && sameValue(answer[0], answer[1]))) continue
        const why = lacks(ids[ofOne ? one : i]!, wish)
        if (answer === false) return { why: `${why}, and shows ${subject.view(replica)}`, quality: wish, remedy }
        return { why, quality: wish, remedy, states: answer }
      }
    }
    return undefined
  },
)

const lacks = (id: string, wish: string): string => `${nameOf(id)} lacks the quality ${textOf(wish)}`

// of laws of one verdict, the first that is broken is told: causes come before their effects

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
