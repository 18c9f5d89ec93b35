/**
 * The laws of replicas of this library: those that ask for a clock, a history or a merge of
 * replicas. Source of `clock`, `history` and `superseded`: van Renesse et al., LADIS 2008,
 * section 3.
 */
import * as Clock from '../../core/Clock.js'
import type { Command, Maker } from '../../core/DataType.js'
import type { Replica } from '../../core/Replica.js'
import { compare, sameStamp } from '../../core/Update.js'
import type { Law, Remedied } from '../model/Law.js'
import { nameOf, sameValue } from '../model/show.js'
import { acrossSources, inOrder, type Updates } from '../model/updates.js'
import { diff } from './diff.js'
import { convergence, equivalence, oracle, qualities, sample, total, versions } from './laws.js'
import { dependsOnOrder } from './dependsOnOrder.js'
import { ofExchanges } from './ofExchanges.js'
import { KEEP, ORDER, OURS, pure } from './remedies.js'
import { differ, differAtAll, replicaLaw, type ReplicaLaw, type RunOf, type Type } from './replicaLaw.js'
import { timeTravel } from './timeTravel.js'

export const idempotence = replicaLaw(
  'idempotence',
  'unlawful',
  'a message that comes again changes nothing',
  (run, type) => {
    const { applyUpdates, history, merge } = type
    const remedy = '`apply` must leave the state as it is for an update that the state has in it already'
    for (const [i, { _tag, at, before, after, text }] of run.events.entries()) {
      if (_tag !== 'again') continue
      const why = `${text} came again and changed ${nameOf(run.ids[at]!)}`
      const violation = differ(run, type, { why, remedy, verdict: 'diverged' }, before, after)
      if (violation !== undefined) return { ...violation, events: [i] }
    }
    for (const replica of sample(run)) {
      if (applyUpdates(history()(replica))(replica) !== replica || merge(replica)(replica) !== replica) {
        return { why: `${nameOf(replica.id)} becomes another replica by hearing its own history`, remedy }
      }
    }
    return undefined
  },
  'diverged',
)

export const batch = replicaLaw(
  'batch',
  'unlawful',
  'a batch gives the same as its updates one at a time',
  (run, type) => {
    const { create, applyUpdate, applyUpdates, digest } = type
    const updates = inOrder(run.operations)
    const shuffled = acrossSources(run.events.length)(updates)
    const starts = [create(''), ...sample(run, 2)].map((start) => [start, shuffled] as const)
    for (const [start, batched] of [...(run.parted === undefined ? [] : heard(run)), ...starts]) {
      const one = applyUpdates(batched)(start)
      let each = start
      for (const update of batched) each = applyUpdate(update)(each)
      const remedy = '`apply` of a batch must look at every update, in the order given, as if each came alone'
      const why = 'a batch and its updates one at a time give different replicas'
      const violation = differAtAll(run, type, { why, remedy, verdict: 'diverged' }, one, each)
      if (violation !== undefined) return violation
      if (!Clock.Eq.equals(one.clock, each.clock)) {
        return {
          why: 'a batch and its updates one at a time give different clocks',
          remedy: OURS,
          states: [digest(one), digest(each)],
        }
      }
    }
    return undefined
  },
  'diverged',
)

/** The batches that replicas heard in a run, and who they were before. */
const heard = <S, C>({ events }: RunOf<S, C>): ReadonlyArray<readonly [Replica<S, C>, Updates<C>]> =>
  events.flatMap((event) =>
    event.heard === undefined ? [] : [[event.before, (event.heard as ReadonlyArray<Updates<C>>).flat()] as const],
  )

export const own = replicaLaw(
  'own',
  'unlawful',
  'an own update gives the same by `own` as by `apply`',
  (run, type) => {
    const { dataType, eq } = type
    if (dataType.own === undefined) return undefined
    for (const { _tag, before, operation, after } of run.events) {
      if (_tag !== 'local' || operation === undefined) continue
      const { message, event } = run.operations[operation]!
      const [update] = message!
      const fast = dataType.own(update!)(before.state)
      const plain = dataType.apply([update!])(before.state)
      const told = { remedy: OWN, events: [event] }
      const [found, expected] = [fast, plain].map(({ state }) => run.subject.show({ ...after, state: state }))
      const showSame = sameValue(found, expected)
      if (!showSame || !eq.equals(fast.state, plain.state)) {
        const why = '`own` gives another state than `apply` for one update'
        return { ...told, why, ...(!showSame && { verdict: 'diverged' }), states: [found, expected] }
      }
      const [names, others] = [fast, plain].map(({ superseded }) => [...superseded].sort(compare))
      if (sameValue(names, others)) continue
      const tooMuch = names!.some((one) => !others!.some((other) => sameStamp(one, other)))
      const why = `\`own\` names ${tooMuch ? 'more' : 'less'} as \`superseded\` than \`apply\` for one update`
      return { ...told, why, ...(tooMuch && { verdict: 'lost' }), states: [names, others] }
    }
    return undefined
  },
  'diverged',
)

const OWN = '`own(update)(state)` must give what `apply([update])(state)` gives; without `own`, the core takes that'

export const identity = replicaLaw(
  'identity',
  'unlawful',
  'an update that changes nothing leaves the same reference',
  (run, type) => {
    const { dataType, eq } = type
    for (const [i, { before, after, operation }] of run.events.entries()) {
      if (dataType.apply([])(after.state).state !== after.state) {
        const remedy = '`apply([])` must return the same reference: the state that it is given'
        return { why: 'an empty batch has replaced the state', remedy, events: [i] }
      }
      // only single updates are asked: a batch may undo what it did
      if (operation === undefined || before.state === after.state || !eq.equals(before.state, after.state)) continue
      // a state may hold more than it shows
      if (!sameValue(before.state, after.state)) continue
      const why = `an update that changed nothing for ${nameOf(after.id)} has replaced its state by an equal one`
      const remedy = '`apply` must return the same reference where nothing changes: copy only once something does'
      return { why, remedy, events: [i] }
    }
    return undefined
  },
)

export const clock = replicaLaw(
  'clock',
  'unlawful',
  'the clock covers what was seen, no more, and never goes back',
  (run, { digest }) => {
    for (const [i, { _tag, at, before, after, operation }] of run.events.entries()) {
      const violated = (why: string): Remedied => ({
        why,
        remedy: OURS,
        states: [digest(before), digest(after)],
        events: [i],
      })
      if (_tag !== 'crash' && !Clock.leq(before.clock, after.clock))
        return violated(`the clock of ${nameOf(after.id)} went back`)
      if (_tag !== 'local') continue
      const [, timestamp, source] = run.operations[operation!]!.message![0]!
      if (source !== after.id || timestamp <= before.clock.latest || timestamp !== after.clock.latest) {
        return violated(`${nameOf(run.ids[at]!)} made a stamp that is not after all that it had seen`)
      }
    }
    return undefined
  },
)

export const histories = replicaLaw(
  'history',
  'unlawful',
  'the history is complete, minimal and sorted',
  (run, { history, digest }) => {
    const some = sample(run)
    for (const replica of some) {
      const whole = history()(replica)
      if (!sameValue(whole, inOrder([{ message: whole }])))
        return { why: `the history of ${nameOf(replica.id)} is out of order`, remedy: OURS, states: [whole, undefined] }
      for (const peer of some) {
        const known = digest(peer).clock
        const lacked = whole.filter(([, at, source]) => !(Object.hasOwn(known, source) && known[source]! >= at))
        const told = history(known)(replica)
        if (sameValue(told, lacked)) continue
        const why = `the history of ${nameOf(replica.id)} is not exactly the updates that a clock lacks`
        return { why, remedy: OURS, states: [told, lacked] }
      }
    }
    return undefined
  },
)

export const superseded = replicaLaw('superseded', 'lost', 'nobody needs a superseded update', (run, type) => {
  const { create, applyUpdates, history } = type
  for (const replica of run.whole) {
    const newcomer = applyUpdates(history()(replica))(create(''))
    const why = `${nameOf(replica.id)} differs from a newcomer that was told its history alone`
    const violation = differAtAll(run, type, { why, remedy: KEEP }, replica, newcomer)
    if (violation === undefined) continue
    // a state that depends on the order of sources is no loss: there other runs diverge
    return dependsOnOrder(run.subject, run) ? undefined : violation
  }
  return undefined
})

export const codec = replicaLaw('codec', 'unlawful', 'decoding gives the change that was encoded', (run, type) => {
  const { dataType, decode } = type
  for (const operation of run.operations) {
    const [update] = operation.message!
    const made = madeBy(run, operation)
    // the core has sent it through the codec once
    if (made !== undefined && !sameValue(made, update![0])) return misread(made, update![0])
    const encoded = JSON.parse(
      JSON.stringify([dataType.change.encode(update![0]), update![1], update![2]]),
    ) as unknown[]
    const decoded = decode()(encoded)
    if (decoded._tag === 'Left') {
      // the core refuses what a codec reads as another value
      const read = dataType.change.decode(encoded[0])
      if (read._tag === 'Right' && !sameValue(read.right, update![0])) return misread(update![0], read.right)
      return {
        why: `an encoded update is refused: ${decoded.left._tag}`,
        remedy: '`change.decode` must take what `change.encode` gives, after JSON',
        states: [update, encoded],
      }
    }
    if (!sameValue(decoded.right, update)) return misread(update, decoded.right)
  }
  return undefined
})

/** The change as a command gave it, before it was encoded. */
const madeBy = <S, C>({ events }: RunOf<S, C>, operation: RunOf<S, C>['operations'][number]): C | undefined => {
  const { command, message, event } = operation
  if (typeof command !== 'function') return command
  const [, timestamp, source] = message![0]!
  const made = (command as Maker<S, C, unknown>)(events[event]!.before.state, { timestamp, source })
  return made._tag === 'Right' ? made.right : undefined
}

const misread = (made: unknown, read: unknown): Remedied => ({
  why: 'decoding gives another change than was encoded',
  remedy: '`change.decode` must give the very change that `change.encode` was given, after JSON',
  states: [read, made],
})

export const replicaMerge = replicaLaw(
  'merge',
  'unlawful',
  'merge is associative, commutative and idempotent',
  (run, type) => {
    const { merge } = type
    const [a, b, c] = [run.whole[0], run.whole[1], run.whole[2] ?? run.whole[0]]
    if (a === undefined || b === undefined || c === undefined) return undefined
    const both = merge(b)(a)
    if (!Clock.Eq.equals(both.clock, Clock.join(b.clock)(a.clock)))
      return { why: 'the clock of a merge is not the join of both clocks', remedy: OURS }
    const notSo = (property: string) => ({ why: `the merge of replicas is not ${property}`, remedy: ORDER })
    return (
      differAtAll(run, type, notSo('associative'), merge(c)(both), merge(merge(c)(b))(a)) ??
      differAtAll(run, type, notSo('commutative'), both, merge(a)(b)) ??
      differAtAll(run, type, notSo('idempotent'), both, merge(b)(both))
    )
  },
)

export const deterministic = replicaLaw(
  'determinism',
  'unlawful',
  'the same call gives the same result',
  (run, type) => {
    const { create, applyUpdates } = type
    const updates = acrossSources(run.operations.length)(inOrder(run.operations))
    const [x, y] = [applyUpdates(updates)(create('')), applyUpdates(updates)(create(''))]
    return differ(run, type, { why: 'one batch gave two results for one state', remedy: pure('apply') }, x, y)
  },
)

/** Causes come before their effects. */
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
    ...[superseded, timeTravel, idempotence, batch, own, identity, clock, histories, codec, diff].map(about),
    equivalence,
    about(replicaMerge),
    qualities,
  ]
}
