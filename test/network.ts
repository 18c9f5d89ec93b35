/** Replicas with a random past for every entry of the table, and helpers for such replicas. */
import fc from 'fast-check'
import { scuttlebutt, type Budget, type Command, type Replica, type Update } from '../src/index.js'
import { ofDataType, schedules, simulate, type Schedule } from '../src/laws/index.js'
import { source, type Entry } from './table.js'

type Updates<C> = ReadonlyArray<Update<C>>

/** What came of some replicas that wrote and told each other. */
export interface Past<S, C> {
  /** The replicas at the end. They need not know the same. */
  readonly replicas: ReadonlyArray<Replica<S, C>>
  /** Versions of the replicas on the way. */
  readonly versions: ReadonlyArray<Replica<S, C>>
  /** Every update made, in total order. */
  readonly updates: Updates<C>
}

/**
 * Random pasts of an entry. The kit plays one in ten, in networks that lose, double and cut
 * messages. In the others, replicas only write and pass on all they have, which is much cheaper.
 */
export const pasts = <S, C>(entry: Entry<S, C>): fc.Arbitrary<Past<S, C>> =>
  fc.oneof(
    { weight: 9, arbitrary: plainPasts(entry) },
    { weight: 1, arbitrary: networks(entry, (schedule) => schedule).map(({ past }) => past) },
  )

/**
 * As {@link pasts}, where every replica knows all that its clock covers.
 *
 * A transfer that is cut short may leave a clock that covers an update which never came, because a
 * later one supersedes it. Such a replica agrees with others only after the later update arrives.
 * A property that compares replicas before that needs whole transfers.
 */
export const wholePasts = <S, C>(entry: Entry<S, C>): fc.Arbitrary<Past<S, C>> =>
  fc.oneof(
    { weight: 9, arbitrary: plainPasts(entry) },
    { weight: 1, arbitrary: networks(entry, uncut).map(({ past, whole }) => ({ ...past, replicas: whole })) },
  )

const plainPasts = <S, C>({ dataType, change }: Entry<S, C>): fc.Arbitrary<Past<S, C>> => {
  const { applyUpdates, change: changed, create, history } = scuttlebutt(dataType)
  const at = fc.nat(3)
  const writes = fc.tuple(at, fc.integer({ min: 1, max: 5 }), change)
  const hears = fc.tuple(at, at)
  const steps = fc.array(fc.oneof({ weight: 2, arbitrary: writes }, hears), { maxLength: 14, size: 'max' })
  const ids = fc.uniqueArray(source, { minLength: 2, maxLength: 4 })
  return fc.tuple(ids, steps).map(([ids, steps]) => {
    const replicas = ids.map((id) => create(id))
    const versions: Replica<S, C>[] = []
    const updates: Update<C>[] = []
    for (const [to, ...deed] of steps) {
      const i = to % ids.length
      if (deed.length === 1) replicas[i] = applyUpdates(history()(replicas[deed[0] % ids.length]!))(replicas[i]!)
      else {
        const made = changed(deed[1], deed[0])(replicas[i]!)
        if (made._tag === 'Left') continue
        updates.push(made.right[0])
        replicas[i] = made.right[1]
      }
      versions.push(replicas[i])
    }
    return { replicas, versions, updates: inOrder(updates) }
  })
}

type ScheduleOf<S, C> = Schedule<Command<S, C, unknown>>

/** The kit's networks. `whole` is the replicas that lack nothing that their clocks cover. */
const networks = <S, C>(entry: Entry<S, C>, adapt: (schedule: ScheduleOf<S, C>) => ScheduleOf<S, C>) => {
  const { dataType, ...options } = entry
  const subject = ofDataType(dataType, options)
  return schedules(subject, { replicas: { min: 2, max: 5 }, exchanges: 'none' }).map((schedule) => {
    const { whole, replicas, events, operations } = simulate(subject, adapt(schedule))
    const updates = inOrder(operations.flatMap(({ message }) => message ?? []))
    return { whole, past: { replicas, versions: events.map(({ after }) => after), updates } }
  })
}

const uncut = <C>(schedule: Schedule<C>): Schedule<C> => ({
  ...schedule,
  steps: schedule.steps.map((step) => (step._tag === 'send' ? { ...step, keep: undefined } : step)),
})

export const budget: fc.Arbitrary<Budget> = fc.record(
  {
    maxUpdates: fc.integer({ min: 0, max: 4 }),
    maxBytes: fc.nat(120),
    order: fc.constantFrom('oldest-first', 'breadth', 'depth'),
  },
  { requiredKeys: [] },
)

/** The value as JSON carries it. */
export const overTheWire = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A

/** Sorts by (timestamp, source), written apart from the library. */
export const inOrder = <C>(updates: ReadonlyArray<Update<C>>): ReadonlyArray<Update<C>> =>
  [...updates].sort((a, b) => (a[1] === b[1] ? (a[2] === b[2] ? 0 : a[2] > b[2] ? 1 : -1) : a[1] - b[1]))

/** Passes replies until neither side has anything left to say. The number counts the messages. */
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
