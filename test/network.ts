/** Entries of the table in the kit's networks, and what tests of the core and the wire do with replicas from there. */
import fc from 'fast-check'
import { scuttlebutt, type Budget, type Command, type Replica, type Update } from '../src/index.js'
import { ofDataType, schedules, simulate, type Run, type Schedule, type Size } from '../src/laws/index.js'
import type { Entry } from './table.js'

type Updates<C> = ReadonlyArray<Update<C>>

type RunOf<S, C> = Run<Replica<S, C>, Command<S, C, unknown>, Updates<C>>

/** Random runs of an entry. `whole` in it are the replicas as the schedule left them, before all hear of all. */
export const runs = <S, C>(
  entry: Entry<S, C>,
  size: Size = { replicas: { min: 2, max: 5 } },
): fc.Arbitrary<RunOf<S, C>> => {
  const subject = ofDataType(entry.dataType, entry)
  return schedules(subject, size).map((schedule) => simulate(subject, schedule))
}

/**
 * As {@link runs}, where all that was lacking arrives, so that `whole` is all replicas.
 *
 * A transfer cut short leaves a replica whose clock covers an update that it never got, if what superseded
 * that one was still to come. Such a replica agrees with the others once it has come: so whoever compares
 * before everybody knows everything, asks for whole transfers.
 */
export const wholeRuns = <S, C>(entry: Entry<S, C>): fc.Arbitrary<RunOf<S, C>> => {
  const subject = ofDataType(entry.dataType, entry)
  const uncut = (schedule: Schedule<Command<S, C, unknown>>): typeof schedule => ({
    ...schedule,
    steps: schedule.steps.map((step) => (step._tag === 'send' ? { ...step, keep: undefined } : step)),
  })
  return schedules(subject, { replicas: { min: 2, max: 5 } }).map((schedule) => simulate(subject, uncut(schedule)))
}

/** Every update made in a run, in total order. */
export const updatesOf = <S, C>({ operations }: RunOf<S, C>): Updates<C> =>
  inOrder(operations.flatMap(({ message }) => message ?? []))

export const budget: fc.Arbitrary<Budget> = fc.record(
  {
    maxUpdates: fc.integer({ min: 0, max: 4 }),
    maxBytes: fc.nat(120),
    order: fc.constantFrom('oldest-first', 'breadth', 'depth'),
  },
  { requiredKeys: [] },
)

/** As JSON carries it. */
export const overTheWire = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A

/** By (timestamp, source), said once more and in other words than in the library. */
export const inOrder = <C>(updates: ReadonlyArray<Update<C>>): ReadonlyArray<Update<C>> =>
  [...updates].sort((a, b) => (a[1] === b[1] ? (a[2] === b[2] ? 0 : a[2] > b[2] ? 1 : -1) : a[1] - b[1]))

/** Passes replies until neither has anything left to say; how many messages that took. */
export const converse = <S, C>(
  { dataType }: Entry<S, C>,
  a: Replica<S, C>,
  b: Replica<S, C>,
  limits?: Budget,
): readonly [Replica<S, C>, Replica<S, C>, number] => {
  const { digest, reconcile } = scuttlebutt(dataType)
  const replicas = [a, b]
  let message = { digest: digest(a), updates: [] as ReadonlyArray<Update<C>> }
  for (let count = 1; ; count++) {
    if (count > 10_000) throw new Error('they talk for ever')
    const to = count % 2
    const [next, answer] = reconcile(overTheWire(message), limits)(replicas[to]!)
    replicas[to] = next
    if (answer._tag === 'None') return [replicas[0]!, replicas[1]!, count]
    message = answer.value
  }
}
