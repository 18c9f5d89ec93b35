/**
 * Every run of a small scope, as bugs of replicated types have small counterexamples: the small
 * scope hypothesis (Jackson, "Software Abstractions", 2006, section 5.1).
 *
 * Runs that differ only in the order of independent steps are one run (Mazurkiewicz traces). Which
 * replicas never write makes no difference: the last ones do not.
 */
import { INTACT, type Schedule, type ScheduleStep } from '../model/Schedule.js'
import type { Delivery, Subject, Where } from '../model/Subject.js'

export interface Scope<C> {
  /** Default 3. */
  readonly replicas?: number
  /** How many updates all replicas make together. Default 4. */
  readonly updates?: number
  /** What each update may be. Wall clocks stand still, so that stamps collide. */
  readonly commands: ReadonlyArray<C>
  /** The number of states after which the search stops. Default 1,000,000. */
  readonly maxStates?: number
}

export interface Exhausted {
  readonly replicas: number
  readonly updates: number
  /** Distinct states of the whole network, whatever the order of independent steps. */
  readonly states: number
  /** The states in which everybody knows everything. */
  readonly ends: number
  /** Distinct histories of a single replica: as many as there were calls of the subject. */
  readonly versions: number
  /** Whether the whole scope was visited. */
  readonly complete: boolean
}

/** The history of one replica: a version before, and one step. */
interface Version<R, C, M> {
  readonly id: number
  readonly lane: number
  readonly parent?: Version<R, C, M>
  readonly step?: ScheduleStep<C>
  /** The message that the step received. */
  readonly message?: M
  /** Absent if replicas change in place. */
  readonly replica?: R
  readonly view: string
  readonly knows: ReadonlyArray<Write<M>>
  /** `knows` as a key. */
  readonly known: string
  /** How many of these the replica wrote. */
  readonly made: number
}

interface Write<M> {
  readonly id: number
  readonly lane: number
  readonly message: M | undefined
  /** What its replica knew before. */
  readonly sees: ReadonlyArray<Write<M>>
}

/** A state of the whole network, and the step that led there. */
interface State<R, C, M> {
  readonly versions: ReadonlyArray<Version<R, C, M>>
  readonly before?: State<R, C, M>
  readonly step?: ScheduleStep<C>
  /** All writes, in order. */
  readonly made: ReadonlyArray<Write<M>>
}

/**
 * Visits the states of a scope by number of steps, so that the broken run it gives has as few
 * steps as any. O(n m) for n states with m possible steps each.
 */
export const explore = <R, C, M>(
  subject: Subject<R, C, M>,
  scope: Scope<C>,
  isBroken: (schedule: Schedule<C>) => boolean,
): Exhausted & { readonly broken?: Schedule<C> } => new Explorer(subject, scope, isBroken).run()

class Explorer<R, C, M> {
  private readonly subject: Subject<R, C, M>
  private readonly scope: Required<Scope<C>>
  private readonly isBroken: (schedule: Schedule<C>) => boolean
  private readonly ids: ReadonlyArray<string>
  private readonly versions = new Map<string, Version<R, C, M>>()
  private readonly equalPairs = new Set<string>()
  private readonly judged = new Set<string>()
  private states = 0
  private ends = 0

  constructor(subject: Subject<R, C, M>, scope: Scope<C>, isBroken: (schedule: Schedule<C>) => boolean) {
    this.subject = subject
    this.scope = { replicas: 3, updates: 4, maxStates: 1_000_000, ...scope }
    this.isBroken = isBroken
    this.ids = Array.from({ length: this.scope.replicas }, (_, i) => String.fromCharCode(97 + i))
  }

  run(): Exhausted & { readonly broken?: Schedule<C> } {
    const roots = this.ids.map((id, lane) =>
      this.version(`root ${id}`, () => ({
        lane,
        replica: this.subject.create(id, { index: lane }),
        knows: [],
        made: 0,
      }))!,
    )
    const { replicas, updates, maxStates } = this.scope
    for (const allotted of allotments(replicas, updates)) {
      const seen = new Set<string>()
      let layer: ReadonlyArray<State<R, C, M>> = [{ versions: roots, made: [] }]
      while (layer.length > 0) {
        const next: State<R, C, M>[] = []
        for (const state of layer) {
          for (const [version, operation] of this.successors(state, allotted)) {
            const key = stateKey(state, version)
            if (seen.has(key)) continue
            seen.add(key)
            const after = state.versions.map((one, lane) => (lane === version.lane ? version : one))
            this.states++
            const made = operation === undefined ? state.made : [...state.made, operation]
            const reached = { versions: after, before: state, step: version.step!, made }
            if (this.isSuspect(reached, version)) {
              const broken = { ids: this.ids, steps: stepsOf(reached) }
              if (this.isBroken(broken)) return { ...this.report(false), broken }
            }
            if (this.states >= maxStates) return this.report(false)
            next.push(reached)
          }
        }
        layer = next
      }
    }
    return this.report(true)
  }

  private report(complete: boolean): Exhausted {
    const { replicas, updates } = this.scope
    return { replicas, updates, states: this.states, ends: this.ends, versions: this.versions.size, complete }
  }

  /** Makes each version once, however many runs lead to it. */
  private version(
    key: string,
    make: () => (Omit<Version<R, C, M>, 'id' | 'view' | 'known' | 'replica'> & { readonly replica: R }) | undefined,
  ): Version<R, C, M> | undefined {
    const known = this.versions.get(key)
    if (known !== undefined) return known
    const made = make()
    if (made === undefined) return undefined
    const { replica, ...rest } = made
    const view = this.subject.view(replica)
    const kept = this.subject.isMutable ? rest : { ...rest, replica }
    const version = { ...kept, id: this.versions.size, view, known: keyOf(made.knows) }
    this.versions.set(key, version)
    return version
  }

  private *successors(
    state: State<R, C, M>,
    allotted: ReadonlyArray<number>,
  ): IterableIterator<readonly [Version<R, C, M>, Write<M>?]> {
    const { subject } = this
    for (const [lane, version] of state.versions.entries()) {
      if (version.made < allotted[lane]!) {
        for (const [i, command] of this.scope.commands.entries()) {
          const after = this.local(version, command, i)
          if (after !== undefined) yield [after, after.knows[after.knows.length - 1]!]
        }
      }
      for (const [index, operation] of state.made.entries()) {
        const { message } = operation
        if (message === undefined || !mayCome(subject.delivery.order, operation, version)) continue
        const step = { _tag: 'deliver', to: lane, pick: 0, now: 1, again: false, operation: index } as const
        yield [this.receive(version, `D${String(operation.id)}`, step, message, [operation])]
      }
      if (subject.send === undefined || state.made.some(({ message }) => message !== undefined)) continue
      for (const [from, sender] of state.versions.entries()) {
        if (from === lane || sender.known === version.known) continue
        if (sender.knows.every((operation) => version.knows.includes(operation))) continue
        const message = subject.send(this.replicaOf(version))(this.replicaOf(sender))
        const step = { ...INTACT, from, to: lane, now: 1 }
        if (message !== undefined) yield [this.receive(version, `G${String(sender.id)}`, step, message, sender.knows)]
      }
    }
  }

  private local(parent: Version<R, C, M>, command: C, i: number): Version<R, C, M> | undefined {
    const { lane } = parent
    return this.version(`${String(parent.id)} L${String(i)}`, () => {
      const done = this.subject.local(command, this.where(lane))(this.replicaOf(parent))
      if (done === undefined) return undefined
      const operation = { id: this.versions.size, lane, message: done.message, sees: parent.knows }
      const step = { _tag: 'local', at: lane, now: 1, luck: 0, command: { value: command } } as const
      return { lane, parent, step, replica: done.replica, knows: [...parent.knows, operation], made: parent.made + 1 }
    })
  }

  private receive(
    parent: Version<R, C, M>,
    key: string,
    step: ScheduleStep<C>,
    message: M,
    told: ReadonlyArray<Write<M>>,
  ): Version<R, C, M> {
    const { lane, knows, made } = parent
    return this.version(`${String(parent.id)} ${key}`, () => {
      const replica = this.subject.receive(message, this.where(lane))(this.replicaOf(parent))
      return { lane, parent, step, message, replica, made, knows: [...new Set([...knows, ...told])] }
    })!
  }

  private where(lane: number): Where {
    return { id: this.ids[lane]!, now: 1 }
  }

  /** The replica; a fresh one from the beginning, if replicas change in place. */
  private replicaOf({ lane, parent, step, message, replica }: Version<R, C, M>): R {
    if (replica !== undefined) return replica
    if (parent === undefined) return this.subject.create(this.ids[lane]!, { index: lane })
    const before = this.replicaOf(parent)
    return step?._tag === 'local'
      ? this.subject.local(step.command!.value, this.where(lane))(before)!.replica
      : this.subject.receive(message as M, this.where(lane))(before)
  }

  /**
   * Whether the state must be judged: two replicas that know the same differ, or all know
   * everything and no such end was judged yet.
   */
  private isSuspect({ versions, made }: State<R, C, M>, version: Version<R, C, M>): boolean {
    if (made.length === this.scope.updates && versions.every(({ knows }) => knows.length === made.length)) {
      this.ends++
      if (this.judged.has(version.known)) return false
      this.judged.add(version.known)
      return true
    }
    return this.subject.isWhole && versions.some((other) => other !== version && this.differ(other, version))
  }

  private differ(a: Version<R, C, M>, b: Version<R, C, M>): boolean {
    if (a.known !== b.known) return false
    const pair = `${String(a.id)} ${String(b.id)}`
    if (this.equalPairs.has(pair)) return false
    if (a.view !== b.view || !this.subject.equals(this.replicaOf(a), this.replicaOf(b))) return true
    this.equalPairs.add(pair)
    return false
  }
}

/** How many updates each replica makes, in all ways. Replicas that make none come last. */
const allotments = (replicas: number, updates: number): ReadonlyArray<ReadonlyArray<number>> => {
  const split = (lanes: number, left: number): ReadonlyArray<ReadonlyArray<number>> =>
    lanes === 1
      ? [[left]]
      : Array.from({ length: left - lanes + 1 }, (_, i) => i + 1).flatMap((n) =>
          split(lanes - 1, left - n).map((rest) => [n, ...rest]),
        )
  return Array.from({ length: Math.min(replicas, updates) }, (_, i) => i + 1).flatMap((writers) =>
    split(writers, updates).map((some) => [...some, ...Array.from({ length: replicas - writers }, () => 0)]),
  )
}

/** The ids of the versions of a state, after one replica moved on to `version`. */
const stateKey = <R, C, M>({ versions }: State<R, C, M>, version: Version<R, C, M>): string => {
  let key = ''
  for (const one of versions) key += `${String((one.lane === version.lane ? version : one).id)},`
  return key
}

const keyOf = <M>(knows: ReadonlyArray<Write<M>>): string =>
  knows
    .map(({ id }) => id)
    .sort((a, b) => a - b)
    .join()

const mayCome = <R, C, M>(
  order: Delivery['order'],
  operation: Write<M>,
  { lane, knows }: Version<R, C, M>,
): boolean => {
  if (operation.lane === lane || knows.includes(operation)) return false
  if (order === 'any') return true
  if (order === 'causal') return operation.sees.every((one) => knows.includes(one))
  // order `source`: all earlier writes of the same replica have arrived
  return operation.sees.every((one) => one.lane !== operation.lane || knows.includes(one))
}

const stepsOf = <R, C, M>(state: State<R, C, M>): ReadonlyArray<ScheduleStep<C>> => {
  const steps: ScheduleStep<C>[] = []
  for (let at: State<R, C, M> | undefined = state; at?.step !== undefined; at = at.before) steps.push(at.step)
  return steps.reverse()
}
