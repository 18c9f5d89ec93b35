/**
 * The law of time travel: whoever goes back to a version that a replica held, as a jump of the
 * Redux DevTools does, and writes on by the rules of stores, loses nothing. The rules: catch up
 * with the head, then write.
 */
import * as Clock from '../../core/Clock.js'
import type { Replica } from '../../core/Replica.js'
import type { Remedied } from '../model/Law.js'
import { nameOf } from '../model/show.js'
import { BACK, OURS } from './remedies.js'
import { differAtAll, replicaLaw, type RunOf, type Type } from './replicaLaw.js'

export const timeTravel = replicaLaw(
  'timeTravel',
  'lost',
  'who goes back to an older version and catches up loses nothing',
  (run, type) => {
    if (run.exchanged !== undefined) {
      const { broken } = run.exchanged
      return broken?.law === 'timeTravel' ? broken.violation : undefined
    }
    for (const at of run.ids.keys()) {
      const jump = jumpOf(run, at)
      const violation = jump === undefined ? undefined : (traveled(run, type, jump) ?? changed(run, type, jump))
      if (violation !== undefined) return violation
    }
    return undefined
  },
)

interface Jump<S, C> {
  readonly at: number
  readonly older: Replica<S, C>
  readonly head: Replica<S, C>
  /** The index of the event that made the head. */
  readonly event: number
}

/** From the last version of a replica to one that it held before, by luck. */
const jumpOf = <S, C>({ events }: RunOf<S, C>, at: number): Jump<S, C> | undefined => {
  const versions = [...events.entries()].filter(([, event]) => event.at === at)
  const [event, last] = versions[versions.length - 1] ?? []
  if (event === undefined || last === undefined) return undefined
  const { before: older } = versions[events.length % versions.length]![1]
  // who crashes has not held what came after
  return Clock.leq(older.clock, last.after.clock) ? { at, older, head: last.after, event } : undefined
}

const traveled = <S, C>(run: RunOf<S, C>, type: Type<S, C>, jump: Jump<S, C>): Remedied | undefined => {
  const { older, head, at, event } = jump
  const { applyUpdates, change, digest, history, merge } = type
  const id = nameOf(run.ids[at]!)
  const back = merge(head)(older)
  const words = { why: `${id} went back, caught up with its head, and differs from it`, remedy: BACK }
  const lost = differAtAll(run, type, words, back, head)
  if (lost !== undefined) return { ...lost, events: [event] }
  const again = run.operations.find((operation) => operation.at === at)
  if (again === undefined) return undefined
  const made = change(again.command, again.now)(back)
  if (made._tag === 'Left') return undefined
  const [[, timestamp], next] = made.right
  if (timestamp <= head.clock.latest) {
    const why = `${id} went back, and made a stamp that is not after all that it had seen`
    return { why, remedy: OURS, events: [event] }
  }
  const peer = run.whole.find((replica) => replica !== head)
  if (peer === undefined) return undefined
  const told = applyUpdates(history(digest(peer).clock)(next))(peer)
  const both = applyUpdates(history(digest(next).clock)(peer))(next)
  const why = `${id} went back and wrote on, and a peer that heard all of it differs`
  return differAtAll(run, type, { why, remedy: BACK }, told, both)
}

/** Leaves out an update, as who skips an action does. The head must not notice. */
const changed = <S, C>(run: RunOf<S, C>, type: Type<S, C>, jump: Jump<S, C>): Remedied | undefined => {
  const { older, head, at, event } = jump
  const { applyUpdates, digest, history } = type
  applyUpdates(history(digest(older).clock)(head).slice(1))(older)
  const [was, now] = [run.events[event]!.view, run.subject.view(head)]
  const why = `${nameOf(run.ids[at]!)} went back and left out an update, and its head shows something else`
  return was === now ? undefined : { why, remedy: BACK, states: [was, now], events: [event] }
}
