/**
 * Networks of replicas of any implementation: what may happen to them, one step at a time. The
 * world is a value, so that a search can go on from it in several ways.
 */
import type { Implementation } from './implementation.js'
import * as Oracle from './oracle.js'
import * as Model from './replica.js'
import { liberal, type Policy, type Update, type Writes } from './replica.js'

/** Programs of this network: new ones, old ones, ones with a low limit, ones whose time stands. */
export type Program = 'new' | 'old' | 'small' | 'late'

/** Indices are taken modulo what there is. */
export type Step =
  | { readonly do: 'write'; readonly at: number; readonly keys: string; readonly kind?: 'newer' | 'big' }
  | { readonly do: 'open'; readonly at: number }
  /** Anybody but its sender may hear a message. It stays in flight if it is kept. */
  | {
      readonly do: 'deliver'
      readonly mail: number
      readonly to: number
      readonly budget?: number
      readonly keep?: boolean
    }
  | { readonly do: 'lose'; readonly mail: number }
  | { readonly do: 'push'; readonly at: number; readonly version: number }
  | { readonly do: 'tell'; readonly at: number; readonly update: number }
  | { readonly do: 'merge'; readonly at: number; readonly from: number }
  | { readonly do: 'prune'; readonly at: number; readonly upTo: number }
  | { readonly do: 'die'; readonly at: number }
  | { readonly do: 'restore'; readonly at: number; readonly version: number }
  /** An old version is written to: it catches up with the head first. */
  | { readonly do: 'rewind'; readonly at: number; readonly version: number }
  /** An old version is written to carelessly, within the millisecond of its next write. */
  | { readonly do: 'fork'; readonly at: number; readonly keys: string }
  | { readonly do: 'run'; readonly at: number; readonly program: Program }
  | { readonly do: 'settle'; readonly at: number }
  | { readonly do: 'talk'; readonly at: number; readonly to: number; readonly budgets: readonly [number, number] }

interface Mail<M> {
  readonly message: M
  readonly from: number
}

export interface World<R, M> {
  /** Undefined where a replica is dead. */
  readonly replicas: ReadonlyArray<R | undefined>
  /** All versions of each replica, which are its backups. */
  readonly versions: ReadonlyArray<ReadonlyArray<R>>
  readonly mail: ReadonlyArray<Mail<M>>
  /** What the program of each replica reads and accepts. */
  readonly policies: ReadonlyArray<Policy>
  readonly made: ReadonlyArray<Update>
  /** Own updates that a replica forgot when it was restored. */
  readonly forgotten: ReadonlyArray<ReadonlyArray<Update>>
  readonly now: number
  /** Whether two contents were made under one stamp: then only the end of talks is promised. */
  readonly forked: boolean
  /** Whether the step before restored a replica, so that its clocks may have fallen. */
  readonly fell: boolean
  /** The longest conversation so far. */
  readonly longest: number
}

const MAX_MAIL = 4

/** A conversation that is longer is taken for endless. */
export const MAX_TALK = 200

const names = ['a', 'b', 'c', 'd', 'e']

export const begin = <R, M>(impl: Implementation<R, M>, size: number): World<R, M> => {
  const replicas = names.slice(0, size).map((name) => impl.create(name, liberal))
  return {
    replicas,
    versions: replicas.map((r) => [r]),
    mail: [],
    policies: replicas.map(() => liberal),
    made: [],
    forgotten: replicas.map(() => []),
    now: 1,
    forked: false,
    fell: false,
    longest: 0,
  }
}

export const viewOf = <R, M>(impl: Implementation<R, M>, replica: R): Oracle.View => ({
  digest: impl.digest(replica),
  held: impl.holds(replica),
  unread: impl.unread(replica),
  state: impl.state(replica),
})

const pick = <A>(items: ReadonlyArray<A>, i: number): A | undefined =>
  items.length === 0 ? undefined : items[i % items.length]

const without = <A>(items: ReadonlyArray<A>, i: number): ReadonlyArray<A> => items.filter((_, j) => j !== i)

const put = <R, M>(world: World<R, M>, at: number, replica: R): World<R, M> => {
  if (world.replicas[at] === replica) return world
  return {
    ...world,
    replicas: world.replicas.map((r, i) => (i === at ? replica : r)),
    versions: world.versions.map((all, i) => (i === at ? [...all, replica] : all)),
  }
}

const send = <R, M>(world: World<R, M>, from: number, message: M | undefined): World<R, M> =>
  message === undefined ? world : { ...world, mail: [...world.mail, { message, from }].slice(-MAX_MAIL) }

const policyOf = (program: Program, now: number): Policy => ({
  reads: program === 'old' ? 0 : liberal.reads,
  takesBig: program !== 'small',
  until: program === 'late' ? now : Infinity,
})

const writesOf = (step: Step & { do: 'write' }, value: string): Writes => ({
  writes: Object.fromEntries(step.keys.split('').map((key) => [key, value])),
  needs: step.kind === 'newer' ? 1 : 0,
  big: step.kind === 'big',
})

/** What happens at one replica that lives. */
const local = <R, M>(impl: Implementation<R, M>, world: World<R, M>, at: number, r: R, step: Step): World<R, M> => {
  const set = (next: R): World<R, M> => put(world, at, next)
  switch (step.do) {
    case 'write': {
      const [update, next] = impl.write(writesOf(step, String(world.now)), world.now)(r)
      return { ...set(next), made: [...world.made, update], now: Math.max(world.now, update.ts) + 1 }
    }
    case 'open':
      return send(world, at, impl.open(r))
    case 'push':
      return send(world, at, impl.push(pick(world.versions[at]!, step.version)!)(r))
    case 'tell': {
      const update = pick(impl.holds(r), step.update)
      return update === undefined ? world : send(world, at, impl.tell(Model.stampOf(update))(r))
    }
    case 'prune':
      return set(impl.prune(step.upTo)(r))
    case 'rewind':
      return set(impl.merge(r)(impl.reread(world.policies[at]!)(pick(world.versions[at]!, step.version)!)))
    case 'fork':
      return forked(impl, world, at, r, step.keys)
    case 'run': {
      const policy = policyOf(step.program, world.now)
      const next = set(impl.reread(policy)(r))
      return { ...next, policies: world.policies.map((other, i) => (i === at ? policy : other)) }
    }
    case 'die':
      return { ...world, replicas: world.replicas.map((other, i) => (i === at ? undefined : other)) }
    case 'settle':
      return settled(impl, world, at, r)
    default:
      return world
  }
}

/** Writes another content under the stamp of the newest own update, and forgets the first one. */
const forked = <R, M>(impl: Implementation<R, M>, world: World<R, M>, at: number, r: R, keys: string): World<R, M> => {
  const own = impl
    .holds(r)
    .filter(({ source }) => source === names[at])
    .at(-1)
  const isOlder = (version: R): boolean => Oracle.seenOf(viewOf(impl, version), names[at]!) < (own?.ts ?? 0)
  const old = world.versions[at]!.filter(isOlder).at(-1)
  if (own === undefined || old === undefined) return world
  const writes = Object.fromEntries(keys.split('').map((key) => [key, `fork ${String(world.now)}`]))
  const [update, next] = impl.write({ writes }, own.ts)(old)
  return { ...put(world, at, next), made: [...world.made, update], forked: true, fell: true }
}

/**
 * A user may settle where nobody lives who knows more. Then what is missing is lost to the world:
 * it is made undone, and so are the backups and the mail.
 */
const settled = <R, M>(impl: Implementation<R, M>, world: World<R, M>, at: number, r: R): World<R, M> => {
  const view = viewOf(impl, r)
  const others = world.replicas.flatMap((other) => (other === undefined ? [] : [viewOf(impl, other)]))
  const lost = world.made.filter(
    (update) => update.ts <= Oracle.seenOf(view, update.source) && !Oracle.isReflected(update, view),
  )
  if (lost.some((update) => others.some((other) => Oracle.isReflected(update, other)))) return world
  return put(
    {
      ...world,
      mail: [],
      made: world.made.filter((update) => !lost.includes(update)),
      versions: world.replicas.map((other) => (other === undefined ? [] : [other])),
    },
    at,
    impl.settle()(r),
  )
}

const restored = <R, M>(impl: Implementation<R, M>, world: World<R, M>, at: number, version: number): World<R, M> => {
  // a store that holds nothing began empty: a backup is of one that has seen something
  const backups = world.versions[at]!.filter((r) => Object.keys(impl.digest(r).clock).length > 0)
  const backup = pick(backups, version)
  if (backup === undefined) return world
  const next = impl.restore(impl.reread(world.policies[at]!)(backup))
  const view = viewOf(impl, next)
  const forgotten = world.made.filter(
    (update) =>
      update.source === names[at] && !Oracle.isReflected(update, view) && update.ts > Oracle.sureOf(view, names[at]),
  )
  return {
    ...put({ ...world, replicas: world.replicas.map((r, i) => (i === at ? undefined : r)) }, at, next),
    forgotten: world.forgotten.map((all, i) => (i === at ? [...all, ...forgotten] : all)),
    fell: true,
  }
}

const delivered = <R, M>(
  impl: Implementation<R, M>,
  world: World<R, M>,
  step: Step & { do: 'deliver' },
): World<R, M> => {
  const i = step.mail % Math.max(1, world.mail.length)
  const mail = world.mail[i]
  const to = step.to % world.replicas.length
  const r = world.replicas[to]
  if (mail === undefined || r === undefined || mail.from === to) return world
  const [next, answer] = impl.reconcile(mail.message, step.budget ?? Infinity)(r)
  const left = step.keep === true ? world.mail : without(world.mail, i)
  return send(put({ ...world, mail: left }, to, next), to, answer)
}

/** Two talk until one falls silent. */
const talked = <R, M>(
  impl: Implementation<R, M>,
  world: World<R, M>,
  pair: readonly [number, number],
  budgets: readonly [number, number],
): World<R, M> => {
  let next = world
  const first = world.replicas[pair[0]]
  if (first === undefined || world.replicas[pair[1]] === undefined || pair[0] === pair[1]) return world
  let message: M | undefined = impl.open(first)
  let count = 1
  for (; count < MAX_TALK; count++) {
    const to = pair[count % 2]!
    const [r, answer]: readonly [R, M | undefined] = impl.reconcile(message, budgets[count % 2]!)(next.replicas[to]!)
    next = put(next, to, r)
    if (answer === undefined) break
    message = answer
  }
  return { ...next, longest: Math.max(world.longest, count) }
}

/** The world after a step. A step that makes no sense there changes nothing. */
export const play = <R, M>(impl: Implementation<R, M>, before: World<R, M>, step: Step): World<R, M> => {
  const world = before.fell ? { ...before, fell: false } : before
  if (step.do === 'deliver') return delivered(impl, world, step)
  if (step.do === 'lose') return { ...world, mail: without(world.mail, step.mail % Math.max(1, world.mail.length)) }
  const at = step.at % world.replicas.length
  if (step.do === 'restore') return restored(impl, world, at, step.version)
  const r = world.replicas[at]
  if (r === undefined) return world
  if (step.do === 'talk') return talked(impl, world, [at, step.to % world.replicas.length], step.budgets)
  if (step.do === 'merge') {
    const other = world.replicas[step.from % world.replicas.length]
    return other === undefined ? world : put(world, at, impl.merge(other)(r))
  }
  return local(impl, world, at, r, step)
}

/** How a run ends: well, at what the design does not promise, or with a law broken. */
export type Verdict = 'holds' | 'forgot' | { readonly law: string; readonly what: unknown }

/** Judges the world after a step. */
export const judge = <R, M>(impl: Implementation<R, M>, before: World<R, M>, world: World<R, M>): Verdict => {
  if (world.longest >= MAX_TALK) return { law: 'conversations end', what: world.longest }
  if (world.forked) return 'holds'
  const views = world.replicas.map((r) => (r === undefined ? undefined : viewOf(impl, r)))
  const broken = views.map((view) => (view === undefined ? [] : Oracle.uncovered(world.made, view)))
  // a writer restored from a backup, whose first partner does not know what it forgot
  if (broken.some((updates, i) => updates.some((update) => world.forgotten[i]!.includes(update)))) return 'forgot'
  for (const [i, view] of views.entries()) {
    if (view === undefined) continue
    if (broken[i]!.length > 0) return { law: 'invariant I', what: [names[i], broken[i]!.map(Model.nameOf)] }
    const old = before.replicas[i]
    if (old !== undefined && old !== world.replicas[i] && !world.fell) {
      const fallen = Oracle.fallen(viewOf(impl, old), view)
      if (fallen.length > 0) return { law: 'no clock falls', what: [names[i], fallen] }
    }
    for (const other of views.slice(0, i)) {
      if (other !== undefined && Oracle.isTorn(view, other))
        return { law: 'equal digests give equal states', what: [view, other] }
    }
  }
  return 'holds'
}

/**
 * The survivors, with programs that refuse nothing, talk in all pairs until nothing changes. Judges
 * each step, and that each then reflects what any has.
 */
export const judgeEnd = <R, M>(
  impl: Implementation<R, M>,
  start: World<R, M>,
  budgets: readonly [number, number],
): Verdict => {
  let world = start
  const indices = start.replicas.map((_, i) => i)
  const pairs = (times: number): ReadonlyArray<Step> =>
    Array.from({ length: times }, () =>
      indices.flatMap((at) => indices.map((to): Step => ({ do: 'talk', at, to, budgets }))),
    ).flat()
  const steps: Step[] = [
    // also while some refuse, a conversation ends
    ...pairs(1),
    ...indices.map((at): Step => ({ do: 'run', at, program: 'new' })),
    ...pairs(indices.length),
  ]
  for (const step of steps) {
    const next = play(impl, world, step)
    const verdict = judge(impl, world, next)
    if (verdict !== 'holds') return verdict
    world = next
  }
  if (world.forked) return 'holds'
  const views = world.replicas.flatMap((r) => (r === undefined ? [] : [viewOf(impl, r)]))
  for (const from of views) {
    for (const to of views) {
      const lacks = Oracle.missing(world.made, from, to)
      if (lacks.length > 0) return { law: 'survivors agree', what: [from.digest.id, to.digest.id, lacks] }
    }
  }
  return 'holds'
}

/** Plays a schedule, and judges each step and the end. */
export const runNetwork = <R, M>(
  impl: Implementation<R, M>,
  size: number,
  steps: ReadonlyArray<Step>,
  budgets: readonly [number, number] = [Infinity, Infinity],
): Verdict => {
  let world = begin(impl, size)
  for (const step of steps) {
    const next = play(impl, world, step)
    const verdict = judge(impl, world, next)
    if (verdict !== 'holds') return verdict
    world = next
  }
  return judgeEnd(impl, world, budgets)
}
