/**
 * The laws of replicas of this library: those that ask for a clock, a history or a merge of
 * replicas.
 */
import * as Clock from '../../core/Clock.js'
import type { Command } from '../../core/DataType.js'
import type { Replica } from '../../core/Replica.js'
import type { Law, Violation } from '../model/Law.js'
import { sameValue } from '../model/show.js'
import { acrossSources, inOrder, type Updates } from '../model/updates.js'
import { diff } from './diff.js'
import { convergence, equivalence, oracle, qualities, sample, total, versions } from './laws.js'
import { ofExchanges } from './ofExchanges.js'
import { differ, differAtAll, law, type ReplicaLaw, type RunOf, type Type } from './replicaLaw.js'
import { timeTravel } from './timeTravel.js'

export const idempotence = law('idempotence', 'a message that comes again changes nothing', (run, type) => {
  const { applyUpdates, history, merge } = type
  for (const [i, { _tag, before, after }] of run.events.entries()) {
    if (_tag !== 'again') continue
    const violation = differ(run, type, 'a message came again and changed a replica', before, after)
    if (violation !== undefined) return { ...violation, events: [i] }
  }
  for (const replica of sample(run)) {
    if (applyUpdates(history()(replica))(replica) !== replica || merge(replica)(replica) !== replica) {
      return { why: 'a replica that hears its own history becomes another one' }
    }
  }
  return undefined
})

export const batch = law('batch', 'a batch gives the same as its updates one at a time', (run, type) => {
  const { create, applyUpdate, applyUpdates, digest } = type
  const shuffled = acrossSources(run.events.length)(inOrder(run.operations))
  for (const start of [create(''), ...sample(run, 2)]) {
    const one = applyUpdates(shuffled)(start)
    let each = start
    for (const update of shuffled) each = applyUpdate(update)(each)
    const violation = differAtAll(run, type, 'a batch and its updates one at a time give different replicas', one, each)
    if (violation !== undefined) return violation
    if (!Clock.Eq.equals(one.clock, each.clock)) {
      return {
        why: 'a batch and its updates one at a time give different clocks',
        states: [digest(one), digest(each)],
      }
    }
  }
  return undefined
})

export const own = law('own', 'an own update gives the same by `own` as by `apply`', (run, type) => {
  const { dataType, eq } = type
  if (dataType.own === undefined) return undefined
  for (const { _tag, before, operation, after } of run.events) {
    if (_tag !== 'local' || operation === undefined) continue
    const [update] = run.operations[operation]!.message!
    const fast = dataType.own(update!)(before.state)
    const plain = dataType.apply([update!])(before.state)
    const shown = (state: unknown): unknown => run.subject.show({ ...after, state: state as never })
    if (eq.equals(fast.state, plain.state) && sameValue(shown(fast.state), shown(plain.state))) continue
    const states = [shown(fast.state), shown(plain.state)] as const
    return {
      why: '`own` gives another state than `apply` for one update',
      states,
      events: [run.operations[operation]!.event],
    }
  }
  return undefined
})

export const reference = law('identity', 'an update that changes nothing leaves the same reference', (run, type) => {
  const { dataType, eq } = type
  for (const [i, { before, after, operation }] of run.events.entries()) {
    if (dataType.apply([])(after.state).state !== after.state) return { why: 'an empty batch has replaced the state' }
    // only single updates are asked: a batch may undo what it did
    if (operation === undefined || before.state === after.state || !eq.equals(before.state, after.state)) continue
    // a state may hold more than it shows
    if (!sameValue(before.state, after.state)) continue
    return { why: 'an update that changed nothing has replaced the state by an equal one', events: [i] }
  }
  return undefined
})

export const clock = law('clock', 'the clock covers what was seen, no more, and never goes back', (run, { digest }) => {
  for (const [i, { _tag, before, after, operation }] of run.events.entries()) {
    const violated = (why: string): Violation => ({ why, states: [digest(before), digest(after)], events: [i] })
    if (_tag !== 'crash' && !Clock.leq(before.clock, after.clock)) return violated('a clock went back')
    if (_tag !== 'local') continue
    const [, timestamp, source] = run.operations[operation!]!.message![0]!
    if (source !== after.id || timestamp <= before.clock.latest || timestamp !== after.clock.latest) {
      return violated('a local stamp is not after all that was seen')
    }
  }
  return undefined
})

export const histories = law('history', 'the history is complete, minimal and sorted', (run, { history, digest }) => {
  const some = sample(run)
  for (const replica of some) {
    const whole = history()(replica)
    if (!sameValue(whole, inOrder([{ message: whole }])))
      return { why: 'a history is out of order', states: [whole, undefined] }
    for (const peer of some) {
      const known = digest(peer).clock
      const lacked = whole.filter(([, at, source]) => !(Object.hasOwn(known, source) && known[source]! >= at))
      const told = history(known)(replica)
      if (!sameValue(told, lacked))
        return { why: 'a history is not exactly the updates that a clock lacks', states: [told, lacked] }
    }
  }
  return undefined
})

export const superseded = law(
  'superseded',
  'nobody needs a superseded update',
  (run, type) => {
    const { create, applyUpdates, history } = type
    for (const replica of run.whole) {
      const newcomer = applyUpdates(history()(replica))(create(''))
      const why = 'a replica differs from a newcomer that was told its history alone'
      const violation = differAtAll(run, type, why, replica, newcomer)
      if (violation !== undefined) return violation
    }
    return undefined
  },
  'lost',
)

export const codec = law('codec', 'decoding gives the change that was encoded', ({ operations }, type) => {
  const { dataType, decode } = type
  for (const update of inOrder(operations)) {
    const encoded: unknown = JSON.parse(JSON.stringify([dataType.change.encode(update[0]), update[1], update[2]]))
    const decoded = decode()(encoded)
    if (decoded._tag === 'Left')
      return { why: `an encoded update is refused: ${decoded.left._tag}`, states: [update, encoded] }
    if (!sameValue(decoded.right, update))
      return { why: 'decoding gives another change than was encoded', states: [decoded.right, update] }
  }
  return undefined
})

export const replicaMerge = law(
  'merge',
  'merge is associative, commutative, idempotent and inflationary',
  (run, type) => {
    const { merge } = type
    const [a, b, c] = [run.whole[0], run.whole[1], run.whole[2] ?? run.whole[0]]
    if (a === undefined || b === undefined || c === undefined) return undefined
    const both = merge(b)(a)
    if (!Clock.Eq.equals(both.clock, Clock.join(b.clock)(a.clock)))
      return { why: 'the clock of a merge is not the join of both clocks' }
    return (
      differAtAll(run, type, 'merge is not associative', merge(c)(both), merge(merge(c)(b))(a)) ??
      differAtAll(run, type, 'merge is not commutative', both, merge(a)(b)) ??
      differAtAll(run, type, 'merge is not idempotent', both, merge(b)(both))
    )
  },
)

export const deterministic = law('determinism', 'the same call gives the same result', (run, type) => {
  const { create, applyUpdates } = type
  const updates = acrossSources(run.operations.length)(inOrder(run.operations))
  const [x, y] = [applyUpdates(updates)(create('')), applyUpdates(updates)(create(''))]
  return differ(run, type, 'one batch gave two results for one state', x, y)
})

/** Causes come before their effects: the first law broken is the one reported. */
export const ofReplicas = <S, C>(
  type: Type<S, C>,
): ReadonlyArray<Law<Replica<S, C>, Command<S, C, unknown>, Updates<C>>> => {
  const about = ({ check, ...rest }: ReplicaLaw) => ({ ...rest, check: (run: RunOf<S, C>) => check(run, type) })
  return [
    total,
    versions,
    about(deterministic),
    convergence,
    oracle,
    ...ofExchanges,
    ...[superseded, timeTravel, idempotence, batch, own, reference, clock, histories, codec, diff].map(about),
    equivalence,
    about(replicaMerge),
    qualities,
  ]
}
