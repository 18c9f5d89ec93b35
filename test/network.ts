/** Networks of replicas as values: what each does, and who hears of it, as far as luck has it. */
import fc from 'fast-check'
import { scuttlebutt, type Budget, type Command, type Replica, type Update } from '../src/index.js'
import { source, type Entry } from './table.js'

export const budget: fc.Arbitrary<Budget> = fc.record(
  {
    maxUpdates: fc.integer({ min: 0, max: 4 }),
    maxBytes: fc.nat(120),
    order: fc.constantFrom('oldest-first', 'breadth', 'depth'),
  },
  { requiredKeys: [] },
)

type Step<S, C> =
  /** Replica `at` changes something, its wall clock being where it is: frozen, skewed or stepping back. */
  | { readonly _tag: 'change'; readonly at: number; readonly change: Command<S, C, unknown>; readonly now: number }
  /** What `to` lacks goes there, shuffled across sources; the tail is lost after `arrives`; `again`, it comes twice. */
  | {
      readonly _tag: 'send'
      readonly at: number
      readonly to: number
      readonly arrives: number
      readonly seed: number
      readonly again: boolean
    }
  /** One message of anti-entropy and its answer. */
  | { readonly _tag: 'reconcile'; readonly at: number; readonly to: number; readonly budget: Budget }

export interface Plan<S, C> {
  readonly ids: ReadonlyArray<string>
  readonly steps: ReadonlyArray<Step<S, C>>
}

/**
 * 2 to 5 replicas; a pair that no step joins is partitioned. Where transfers are `whole`, all that was lacking arrives.
 *
 * A transfer cut short leaves a replica whose clock covers an update that it never got, if what superseded
 * that one was still to come. Such a replica agrees with the others once it has come: so whoever compares
 * before everybody knows everything, asks for whole transfers.
 */
export const plan = <S, C>({ change }: Entry<S, C>, whole = false): fc.Arbitrary<Plan<S, C>> =>
  fc.uniqueArray(source, { minLength: 2, maxLength: 5 }).chain((ids) => {
    const at = fc.nat(ids.length - 1)
    return fc.record({
      ids: fc.constant(ids),
      steps: fc.array(
        fc.oneof(
          {
            weight: 4,
            arbitrary: fc.record({
              _tag: fc.constant('change' as const),
              at,
              change,
              now: fc.integer({ min: 1, max: 6 }),
            }),
          },
          {
            weight: 3,
            arbitrary: fc.record({
              _tag: fc.constant('send' as const),
              at,
              to: at,
              arrives: whole ? fc.constant(Infinity) : fc.nat(6),
              seed: fc.nat(),
              again: fc.boolean(),
            }),
          },
          {
            weight: 1,
            arbitrary: fc.record({
              _tag: fc.constant('reconcile' as const),
              at,
              to: at,
              budget: whole ? fc.constant({}) : budget,
            }),
          },
        ),
        { maxLength: 24 },
      ),
    })
  })

export interface Outcome<S, C> {
  readonly replicas: ReadonlyArray<Replica<S, C>>
  /** Every update made, in total order. */
  readonly updates: ReadonlyArray<Update<C>>
  /** Every version that any replica went through. */
  readonly versions: ReadonlyArray<Replica<S, C>>
}

export const run = <S, C>({ dataType }: Entry<S, C>, { ids, steps }: Plan<S, C>): Outcome<S, C> => {
  const { create, change, applyUpdates, digest, history, reconcile } = scuttlebutt(dataType)
  const replicas = ids.map((id) => create(id))
  const made: Update<C>[] = []
  const versions: Replica<S, C>[] = [...replicas]
  const put = (i: number, replica: Replica<S, C>): void => {
    replicas[i] = replica
    versions.push(replica)
  }
  for (const step of steps) {
    const [here, there] = [replicas[step.at]!, 'to' in step ? replicas[step.to]! : undefined]
    if (step._tag === 'change') {
      const changed = change(step.change, step.now)(here)
      if (changed._tag === 'Left') {
        if (typeof step.change === 'function') continue // a command may refuse
        throw new Error(JSON.stringify(changed.left))
      }
      made.push(changed.right[0])
      put(step.at, changed.right[1])
    } else if (step._tag === 'send') {
      const updates = shuffledAcrossSources(history(digest(there!).clock)(here), step.seed).slice(0, step.arrives)
      put(step.to, applyUpdates(updates)(there!))
      if (step.again) put(step.to, applyUpdates([...updates].reverse())(replicas[step.to]!))
    } else if (step.at !== step.to) {
      const [heard, answer] = reconcile({ digest: digest(there!), updates: [] }, step.budget)(here)
      put(step.at, heard)
      if (answer._tag === 'Some') put(step.to, reconcile(overTheWire(answer.value), step.budget)(there!)[0])
    }
  }
  return { replicas, updates: inOrder(made), versions }
}

/** As JSON carries it. */
export const overTheWire = <A>(value: A): A => JSON.parse(JSON.stringify(value)) as A

/** By (timestamp, source), said once more and in other words than in the library. */
export const inOrder = <C>(updates: ReadonlyArray<Update<C>>): ReadonlyArray<Update<C>> =>
  [...updates].sort((a, b) => (a[1] === b[1] ? (a[2] === b[2] ? 0 : a[2] > b[2] ? 1 : -1) : a[1] - b[1]))

/** Any order that keeps each source's own. */
export const shuffledAcrossSources = <C>(updates: ReadonlyArray<Update<C>>, seed: number): ReadonlyArray<Update<C>> => {
  const queues = [...new Set(updates.map(([, , id]) => id))].map((id) => updates.filter((update) => update[2] === id))
  const shuffled: Update<C>[] = []
  for (let random = seed; shuffled.length < updates.length; random = Math.floor(random / 3) + shuffled.length) {
    const left = queues.filter((queue) => queue.length > 0)
    shuffled.push(left[random % left.length]!.shift()!)
  }
  return shuffled
}

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

/** Two rounds around the ring: everybody hears everything. */
export const settle = <S, C>(
  entry: Entry<S, C>,
  replicas: ReadonlyArray<Replica<S, C>>,
): ReadonlyArray<Replica<S, C>> => {
  const settled = [...replicas]
  for (let i = 0; i < 2 * settled.length; i++) {
    const [at, to] = [i % settled.length, (i + 1) % settled.length]
    const [a, b] = converse(entry, settled[at]!, settled[to]!)
    settled[at] = a
    settled[to] = b
  }
  return settled
}
