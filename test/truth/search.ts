/** Runs to judge: random networks, and all runs of tiny scopes, breadth first. */
import fc from 'fast-check'
import type { Implementation } from './implementation.js'
import { begin, judge, judgeEnd, play, type Program, type Step, type Verdict, type World } from './networks.js'
import type { StreamStep } from './streams.js'

const budget = fc.constantFrom(1, 2, 3, Infinity)

/** What a random network may do beside writing and talking. */
export interface Scope {
  readonly size: number
  readonly keys: string
  readonly restores: boolean
  readonly floors: boolean
  readonly programs: boolean
  readonly merges: boolean
  readonly forks: boolean
}

export const wide: Scope = {
  size: 4,
  keys: 'xyz',
  restores: true,
  floors: true,
  programs: true,
  merges: true,
  forks: false,
}

const keysOf = (keys: string): fc.Arbitrary<string> =>
  fc.subarray(keys.split(''), { minLength: 1 }).map((chosen) => chosen.join(''))

export const stepsOf = (scope: Scope, maxLength = 40): fc.Arbitrary<ReadonlyArray<Step>> => {
  const at = fc.nat(scope.size - 1)
  const version = fc.nat(40)
  const step = <D extends Step['do']>(name: D) => fc.constant(name)
  const program = fc.constantFrom<Program>('new', 'new', 'old', 'small', 'late')
  const kind = scope.programs
    ? { kind: fc.option(fc.constantFrom('newer' as const, 'big' as const), { nil: undefined, freq: 3 }) }
    : {}
  const writes = fc.record({ do: step('write'), at, keys: keysOf(scope.keys), ...kind })
  const deliver = { do: step('deliver'), mail: fc.nat(3), to: at, budget, keep: fc.boolean() }
  const rows: fc.WeightedArbitrary<unknown>[] = [
    { weight: 8, arbitrary: writes },
    { weight: 4, arbitrary: fc.record({ do: step('open'), at }) },
    { weight: 14, arbitrary: fc.record(deliver) },
    { weight: 1, arbitrary: fc.record({ do: step('lose'), mail: fc.nat(3) }) },
    { weight: 1, arbitrary: fc.record({ do: step('push'), at, version }) },
    { weight: 1, arbitrary: fc.record({ do: step('tell'), at, update: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ do: step('die'), at }) },
    { weight: 1, arbitrary: fc.record({ do: step('rewind'), at, version }) },
    { weight: 1, arbitrary: fc.record({ do: step('settle'), at }) },
    { weight: 2, arbitrary: fc.record({ do: step('talk'), at, to: at, budgets: fc.tuple(budget, budget) }) },
  ]
  if (scope.merges) rows.push({ weight: 1, arbitrary: fc.record({ do: step('merge'), at, from: at }) })
  if (scope.floors) rows.push({ weight: 1, arbitrary: fc.record({ do: step('prune'), at, upTo: fc.nat(12) }) })
  if (scope.restores) rows.push({ weight: 1, arbitrary: fc.record({ do: step('restore'), at, version }) })
  if (scope.forks) rows.push({ weight: 3, arbitrary: fc.record({ do: step('fork'), at, keys: keysOf(scope.keys) }) })
  if (scope.programs) rows.push({ weight: 2, arbitrary: fc.record({ do: step('run'), at, program }) })
  return fc.array(fc.oneof(...rows), { maxLength, size: 'max' }) as fc.Arbitrary<ReadonlyArray<Step>>
}

export const budgets: fc.Arbitrary<readonly [number, number]> = fc.tuple(budget, budget)

/** What a breadth-first search found. */
export interface Found {
  readonly worlds: number
  readonly forgot: number
  readonly broken: { readonly verdict: Verdict; readonly steps: ReadonlyArray<Step> } | undefined
}

const keyOf = <R, M>(world: World<R, M>): string =>
  JSON.stringify({ ...world, versions: undefined, fell: undefined, longest: undefined }, (_, value: unknown) =>
    value instanceof Map ? [...(value as Map<unknown, unknown>)].sort() : value,
  )

/**
 * Plays every run of at most `depth` of the given steps, which begin after `before`. Judges each
 * world once, and its end with budgets of 1 and without. Stops at the first law broken, which is
 * then by the shortest of all runs that break one.
 */
export const searchAll = <R, M>(
  impl: Implementation<R, M>,
  size: number,
  steps: ReadonlyArray<Step>,
  depth: number,
  before: ReadonlyArray<Step> = [],
): Found => {
  let start = begin(impl, size)
  for (const step of before) start = play(impl, start, step)
  const known = new Set<string>([keyOf(start)])
  let forgot = 0
  let level: ReadonlyArray<readonly [World<R, M>, ReadonlyArray<Step>]> = [[start, before]]
  for (let i = 0; i < depth; i++) {
    const next: (readonly [World<R, M>, ReadonlyArray<Step>])[] = []
    for (const [world, path] of level) {
      for (const step of steps) {
        const after = play(impl, world, step)
        const key = keyOf(after)
        if (known.has(key)) continue
        known.add(key)
        const verdict = verdictOn(impl, world, after)
        const trace = [...path, step]
        if (typeof verdict === 'object') return { worlds: known.size, forgot, broken: { verdict, steps: trace } }
        if (verdict === 'forgot') forgot++
        else next.push([after, trace])
      }
    }
    level = next
  }
  return { worlds: known.size, forgot, broken: undefined }
}

const verdictOn = <R, M>(impl: Implementation<R, M>, before: World<R, M>, world: World<R, M>): Verdict => {
  const verdict = judge(impl, before, world)
  if (verdict !== 'holds') return verdict
  const cut = judgeEnd(impl, world, [1, 1])
  return typeof cut === 'object' ? cut : judgeEnd(impl, world, [Infinity, Infinity])
}

/** Random schedules of streams. */
export const streamSteps = (size: number, maxLength = 50): fc.Arbitrary<ReadonlyArray<StreamStep>> => {
  const at = fc.nat(size - 1)
  const link = fc.nat(5)
  const side = fc.constantFrom(0 as const, 1 as const)
  const step = <D extends StreamStep['do']>(name: D) => fc.constant(name)
  const kind = fc.option(fc.constantFrom('newer' as const, 'big' as const), { nil: undefined, freq: 4 })
  return fc.array(
    fc.oneof(
      { weight: 7, arbitrary: fc.record({ do: step('write'), at, keys: keysOf('xyz'), kind }) },
      { weight: 4, arbitrary: fc.record({ do: step('connect'), at, to: at }) },
      { weight: 8, arbitrary: fc.record({ do: step('send'), link, side, max: fc.constantFrom(1, 2, Infinity) }) },
      { weight: 14, arbitrary: fc.record({ do: step('hear'), link, side, lines: fc.constantFrom(1, 2, 3, 9) }) },
      { weight: 1, arbitrary: fc.record({ do: step('lose'), link, side, line: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.record({ do: step('damage'), link, side, line: fc.nat(5) }) },
      { weight: 2, arbitrary: fc.record({ do: step('cut'), link }) },
      { weight: 1, arbitrary: fc.record({ do: step('die'), at }) },
      { weight: 1, arbitrary: fc.record({ do: step('restore'), at, version: fc.nat(40) }) },
      { weight: 1, arbitrary: fc.record({ do: step('run'), at, program: fc.constantFrom('new', 'old', 'small') }) },
      { weight: 1, arbitrary: fc.record({ do: step('prune'), at, upTo: fc.nat(12) }) },
    ),
    { maxLength, size: 'max' },
  )
}

/** A tiny scope: the steps that may be taken, after those of `before`. */
interface Tiny {
  readonly size: number
  readonly before: ReadonlyArray<Step>
  readonly steps: ReadonlyArray<Step>
  /** How deep it is searched by `npm test`. */
  readonly depth: number
}

const write = (at: number, keys: string, kind?: 'newer' | 'big'): Step => ({
  do: 'write',
  at,
  keys,
  ...(kind !== undefined && { kind }),
})

const hears = (to: number): ReadonlyArray<Step> => [
  { do: 'deliver', mail: 0, to, budget: 1 },
  { do: 'deliver', mail: 0, to, keep: true },
]

/** a has written two keys; b has heard of the second one alone. */
const inDoubt: ReadonlyArray<Step> = [
  write(0, 'x'),
  write(0, 'y'),
  { do: 'tell', at: 0, update: 1 },
  { do: 'deliver', mail: 0, to: 1 },
  { do: 'lose', mail: 0 },
]

export const scopes: Readonly<Record<string, Tiny>> = {
  'three write, open, overhear, one dies': {
    size: 3,
    before: [],
    steps: [
      write(0, 'x'),
      write(0, 'y'),
      write(1, 'xy'),
      ...[1, 2].map((at): Step => ({ do: 'open', at })),
      ...[0, 1, 2].flatMap(hears),
      { do: 'die', at: 1 },
    ],
    depth: 4,
  },
  'two write, and are restored': {
    size: 2,
    before: inDoubt,
    steps: [
      ...[0, 1].flatMap((at): ReadonlyArray<Step> => [
        write(at, 'x'),
        { do: 'open', at },
        { do: 'restore', at, version: 0 },
        ...hears(at),
      ]),
    ],
    depth: 4,
  },
  'three after a doubt, with pushes': {
    size: 3,
    before: inDoubt,
    steps: [
      write(0, 'x'),
      write(1, 'y'),
      { do: 'push', at: 1, version: 0 },
      { do: 'push', at: 0, version: 1 },
      { do: 'open', at: 2 },
      ...[0, 1, 2].flatMap(hears),
    ],
    depth: 4,
  },
  'refusals and upgrades': {
    size: 2,
    before: [
      { do: 'run', at: 1, program: 'small' },
      { do: 'run', at: 0, program: 'old' },
    ],
    steps: [
      write(0, 'x', 'big'),
      write(1, 'x', 'newer'),
      write(0, 'y'),
      ...[0, 1].flatMap((at): ReadonlyArray<Step> => [
        { do: 'open', at },
        { do: 'run', at, program: 'new' },
        ...hears(at),
      ]),
    ],
    depth: 4,
  },
  'floors and merges': {
    size: 3,
    before: [],
    steps: [
      write(0, 'x'),
      write(1, 'y'),
      { do: 'prune', at: 0, upTo: 1 },
      { do: 'prune', at: 1, upTo: 2 },
      { do: 'merge', at: 2, from: 0 },
      { do: 'open', at: 1 },
      { do: 'open', at: 2 },
      ...[0, 1, 2].flatMap(hears),
    ],
    depth: 4,
  },
}
