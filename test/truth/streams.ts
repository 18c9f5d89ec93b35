/**
 * Networks of streams of the model: slow readers, cuts, lost and damaged lines, deaths, restores,
 * refusals, and perhaps an original as replica 0.
 */
import type { Rules } from './model.js'
import * as Oracle from './oracle.js'
import { create, held, isRead, liberal, nameOf, prune, reread, restore, state, write } from './replica.js'
import { isReflected } from './oracle.js'
import type { Policy, Replica, Update } from './replica.js'
import * as Stream from './stream.js'
import type { Line, Original, OriginalSide, Side } from './stream.js'
import { digest } from './model.js'

export type StreamStep =
  | { readonly do: 'write'; readonly at: number; readonly keys: string; readonly kind?: 'newer' | 'big' | undefined }
  | { readonly do: 'connect'; readonly at: number; readonly to: number }
  | { readonly do: 'send'; readonly link: number; readonly side: 0 | 1; readonly max: number }
  | { readonly do: 'hear'; readonly link: number; readonly side: 0 | 1; readonly lines: number }
  | { readonly do: 'lose' | 'damage'; readonly link: number; readonly side: 0 | 1; readonly line: number }
  | { readonly do: 'cut'; readonly link: number }
  | { readonly do: 'die'; readonly at: number }
  | { readonly do: 'restore'; readonly at: number; readonly version: number }
  | { readonly do: 'run'; readonly at: number; readonly program: 'new' | 'old' | 'small' }
  | { readonly do: 'prune'; readonly at: number; readonly upTo: number }

export interface Setting {
  readonly rules: Rules
  readonly size: number
  /** Whether replica 0 is an original, and of which version. */
  readonly original: '5.6' | '5.5' | undefined
}

type End = { readonly ours: Side } | { readonly original: OriginalSide }

interface Link {
  readonly who: readonly [number, number]
  readonly ends: readonly [End, End]
  /** Lines on their way to each end. */
  readonly lines: readonly [ReadonlyArray<Line>, ReadonlyArray<Line>]
}

interface World {
  readonly replicas: ReadonlyArray<Replica | undefined>
  readonly versions: ReadonlyArray<ReadonlyArray<Replica>>
  readonly policies: ReadonlyArray<Policy>
  readonly taken: Original['taken']
  readonly links: ReadonlyArray<Link>
  readonly made: ReadonlyArray<Update>
  readonly forgotten: ReadonlyArray<ReadonlyArray<Update>>
  readonly now: number
}

const names = ['a', 'b', 'c', 'd', 'e']

const begin = ({ size }: Setting): World => {
  const replicas = names.slice(0, size).map((name) => create(name))
  return {
    replicas,
    versions: replicas.map((r) => [r]),
    policies: replicas.map(() => liberal),
    taken: [],
    links: [],
    made: [],
    forgotten: replicas.map(() => []),
    now: 1,
  }
}

const replaced = <A>(items: ReadonlyArray<A>, at: number, item: A): ReadonlyArray<A> =>
  items.map((other, i) => (i === at ? item : other))

const pairWith = <A>(pair: readonly [A, A], at: 0 | 1, item: A): readonly [A, A] =>
  at === 0 ? [item, pair[1]] : [pair[0], item]

const put = (world: World, at: number, r: Replica): World => ({
  ...world,
  replicas: replaced(world.replicas, at, r),
  versions: world.versions.map((all, i) => (i === at ? [...all, r] : all)),
})

const isOriginal = (setting: Setting, at: number): boolean => at === 0 && setting.original !== undefined

const cutLinksOf = (world: World, at: number): World => ({
  ...world,
  links: world.links.filter(({ who }) => !who.includes(at)),
})

const written = (setting: Setting, world: World, at: number, r: Replica, step: StreamStep & { do: 'write' }): World => {
  const writes = {
    writes: Object.fromEntries(step.keys.split('').map((key) => [key, String(world.now)])),
    needs: step.kind === 'newer' ? 1 : 0,
    big: step.kind === 'big',
  }
  const made = (update: Update, next: World): World => ({ ...next, made: [...world.made, update], now: update.ts + 1 })
  if (!isOriginal(setting, at)) {
    const [update, next] = write(writes, world.now)(r)
    return made(update, put(world, at, next))
  }
  const [update, next] = Stream.writeOriginal({ writes: writes.writes }, world.now, { replica: r, taken: world.taken })
  return made(update, { ...put(world, at, next.replica), taken: next.taken })
}

/** One end says what it has to say. Lines go to the other end. */
const sent = (setting: Setting, world: World, i: number, side: 0 | 1, max: number): World => {
  const link = world.links[i]!
  const end = link.ends[side]
  const r = world.replicas[link.who[side]]!
  const [next, lines]: readonly [End, ReadonlyArray<Line>] =
    'ours' in end
      ? named('ours', Stream.send(setting.rules, end.ours, r, max))
      : named(
          'original',
          Stream.sendOriginal(end.original, { replica: r, taken: world.taken }, setting.original === '5.5', max),
        )
  const to = side === 0 ? 1 : 0
  const changed: Link = {
    ...link,
    ends: pairWith(link.ends, side, next),
    lines: pairWith(link.lines, to, [...link.lines[to], ...lines]),
  }
  return { ...world, links: replaced(world.links, i, changed) }
}

const named = <K extends string, A, B>(key: K, [a, b]: readonly [A, B]): readonly [Record<K, A>, B] => [
  { [key]: a } as Record<K, A>,
  b,
]

/** One end hears the next line. */
const heard = (setting: Setting, world: World, i: number, side: 0 | 1): World => {
  const link = world.links[i]
  const line = link?.lines[side][0]
  if (link === undefined || line === undefined) return world
  const at = link.who[side]
  const end = link.ends[side]
  const r = world.replicas[at]!
  const rest = pairWith(link.lines, side, link.lines[side].slice(1))
  if ('ours' in end) {
    const [next, after] = Stream.hear(setting.rules, end.ours, r, line)
    const put1 = after === r ? world : put(world, at, after)
    const links = next.broken
      ? put1.links.filter((_, j) => j !== i)
      : replaced(put1.links, i, { ...link, ends: pairWith(link.ends, side, { ours: next }), lines: rest })
    return { ...put1, links }
  }
  const [next, after] = Stream.hearOriginal(end.original, { replica: r, taken: world.taken }, line)
  const links = replaced(world.links, i, { ...link, ends: pairWith(link.ends, side, { original: next }), lines: rest })
  return { ...put(world, at, after.replica), taken: after.taken, links }
}

/**
 * Whether a line is the only one of its stream that still tells that the sender is ours: who hears
 * none of them before SYNC takes it for an original.
 */
const isLastSign = ({ ends, lines }: Link, side: 0 | 1, at: number): boolean => {
  const end = ends[side]
  const isSign = ({ line }: Line): boolean => line === 'ours' || line === 'sure'
  const hasHeard = 'original' in end || end.ours.isOurs
  return !hasHeard && isSign(lines[side][at]!) && lines[side].filter(isSign).length === 1
}

const spoiled = (world: World, step: StreamStep & { do: 'lose' | 'damage' }): World => {
  const i = step.link % Math.max(1, world.links.length)
  const link = world.links[i]
  // an original counts nothing: nobody can know that a line of it was lost
  if (link === undefined || (step.do === 'lose' && 'original' in link.ends[step.side === 0 ? 1 : 0])) return world
  const lines = link.lines[step.side]
  const at = step.line % Math.max(1, lines.length)
  if (lines.length === 0 || isLastSign(link, step.side, at)) return world
  const isUpdate = lines[at]?.line === 'update'
  const left = lines.flatMap((line, j) =>
    j !== at ? [line] : step.do === 'damage' && isUpdate ? [{ line: 'damaged' as const }] : [],
  )
  return { ...world, links: replaced(world.links, i, { ...link, lines: pairWith(link.lines, step.side, left) }) }
}

const connected = (setting: Setting, world: World, at: number, to: number): World => {
  if (at === to || world.replicas[at] === undefined || world.replicas[to] === undefined) return world
  if (world.links.some(({ who }) => who.includes(at) && who.includes(to))) return world
  const end = (i: number): End => (isOriginal(setting, i) ? { original: Stream.idleOriginal } : { ours: Stream.idle })
  const link: Link = { who: [at, to], ends: [end(at), end(to)], lines: [[], []] }
  const next = { ...world, links: [...world.links, link] }
  const i = next.links.length - 1
  return sent(setting, sent(setting, next, i, 0, 0), i, 1, 0)
}

const restored = (setting: Setting, world: World, at: number, version: number): World => {
  if (isOriginal(setting, at)) return world
  const backups = world.versions[at]!.filter((r) => r.seen.size > 0)
  const backup = backups[version % Math.max(1, backups.length)]
  if (backup === undefined) return world
  const next = restore(reread(world.policies[at]!)(backup))
  const view = viewOf(setting.rules, next)
  const forgotten = world.made.filter(
    (update) =>
      update.source === names[at] && update.ts > Oracle.sureOf(view, update.source) && !isReflected(update, view),
  )
  return {
    ...cutLinksOf(put(world, at, next), at),
    forgotten: world.forgotten.map((all, i) => (i === at ? [...all, ...forgotten] : all)),
  }
}

const policyOf = (program: 'new' | 'old' | 'small'): Policy => ({
  ...liberal,
  reads: program === 'old' ? 0 : liberal.reads,
  takesBig: program !== 'small',
})

const play = (setting: Setting, world: World, step: StreamStep): World => {
  if ('link' in step) {
    const i = step.link % Math.max(1, world.links.length)
    if (world.links[i] === undefined) return world
    if (step.do === 'send') return sent(setting, world, i, step.side, step.max)
    if (step.do === 'cut') return { ...world, links: world.links.filter((_, j) => j !== i) }
    if (step.do !== 'hear') return spoiled(world, step)
    const link = world.links[i]
    let next = world
    for (let n = 0; n < step.lines; n++) {
      if (next.links[i]?.who !== link.who) return next
      next = heard(setting, next, i, step.side)
    }
    return next
  }
  const at = step.at % world.replicas.length
  if (step.do === 'connect') return connected(setting, world, at, step.to % world.replicas.length)
  if (step.do === 'restore') return restored(setting, world, at, step.version)
  const r = world.replicas[at]
  if (r === undefined) return world
  if (step.do === 'write') return written(setting, world, at, r, step)
  if (isOriginal(setting, at)) return world
  switch (step.do) {
    case 'die':
      return { ...cutLinksOf(world, at), replicas: replaced(world.replicas, at, undefined) }
    case 'run': {
      const policy = policyOf(step.program)
      return { ...put(world, at, reread(policy)(r)), policies: replaced(world.policies, at, policy) }
    }
    case 'prune':
      return put(world, at, prune(step.upTo)(r))
  }
}

const viewOf = (rules: Rules, r: Replica): Oracle.View => ({
  digest: digest(rules)(r),
  held: held(r),
  unread: held(r).filter((update) => !isRead(update, r)).length,
  state: state(r),
})

/** `holed`: an original in the middle lacks what its clock claims, which it cannot know. */
export type Verdict = 'holds' | 'forgot' | 'holed' | { readonly law: string; readonly what: unknown }

const judge = (setting: Setting, world: World): Verdict => {
  const views = world.replicas.map((r) => (r === undefined ? undefined : viewOf(setting.rules, r)))
  const broken = views.map((view) => (view === undefined ? [] : Oracle.uncovered(world.made, view)))
  if (broken.some((updates, i) => updates.some((update) => world.forgotten[i]!.includes(update)))) return 'forgot'
  if (setting.original !== undefined && broken[0]!.length > 0) return 'holed'
  for (const [i, view] of views.entries()) {
    if (broken[i]!.length > 0) return { law: 'invariant I', what: [names[i], broken[i]!.map(nameOf)] }
    for (const other of views.slice(0, i)) {
      if (view !== undefined && other !== undefined && Oracle.isTorn(view, other))
        return { law: 'equal digests give equal states', what: [view, other] }
    }
  }
  return 'holds'
}

const MAX_ROUNDS = 200

/** All links carry all lines until none is left. */
const drained = (setting: Setting, start: World): { readonly verdict: Verdict; readonly world: World } => {
  let world = start
  for (let round = 0; round < MAX_ROUNDS; round++) {
    for (const i of world.links.keys()) for (const side of [0, 1] as const) world = sent(setting, world, i, side, 3)
    const left = world.links.reduce((sum, { lines }) => sum + lines[0].length + lines[1].length, 0)
    if (left === 0) return { verdict: 'holds', world }
    for (let i = 0; i < world.links.length; i++) {
      for (const side of [0, 1] as const) {
        while ((world.links[i]?.lines[side].length ?? 0) > 0) {
          world = heard(setting, world, i, side)
          const verdict = judge(setting, world)
          if (verdict !== 'holds') return { verdict, world }
        }
      }
    }
  }
  return { verdict: { law: 'streams fall silent', what: world.links }, world }
}

/** Every two that live connect anew, with programs that refuse nothing, until all is silent. */
const judgeEnd = (setting: Setting, start: World): Verdict => {
  const first = drained(setting, start)
  if (first.verdict !== 'holds') return first.verdict
  let world: World = { ...first.world, links: [] }
  const indices = [...world.replicas.keys()]
  for (const at of indices) world = play(setting, world, { do: 'run', at, program: 'new' })
  for (const at of indices) for (const to of indices) if (at < to) world = connected(setting, world, at, to)
  const last = drained(setting, world)
  if (last.verdict !== 'holds') return last.verdict
  const views = last.world.replicas.flatMap((r) => (r === undefined ? [] : [viewOf(setting.rules, r)]))
  for (const from of views) {
    for (const to of views) {
      const lacks = Oracle.missing(world.made, from, to)
      if (lacks.length > 0) return { law: 'survivors agree', what: [from.digest.id, to.digest.id, lacks] }
    }
  }
  return 'holds'
}

export const runStreams = (setting: Setting, steps: ReadonlyArray<StreamStep>): Verdict => {
  let world = begin(setting)
  for (const step of steps) {
    world = play(setting, world, step)
    const verdict = judge(setting, world)
    if (verdict !== 'holds') return verdict
  }
  return judgeEnd(setting, world)
}

/** The replicas after a schedule, which is not judged. */
export const playStreams = (setting: Setting, steps: ReadonlyArray<StreamStep>): ReadonlyArray<Replica | undefined> =>
  steps.reduce((world, step) => play(setting, world, step), begin(setting)).replicas
