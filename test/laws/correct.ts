/** Correct types, each as its paper defines it: the kit must accept them all. */
import fc from 'fast-check'
import { deltas, operations, states, type Lawful, type Where } from '../../src/laws/index.js'

type Counts = ReadonlyMap<string, number>

const bumped = (counts: Counts, id: string, by: number): Counts => new Map(counts).set(id, (counts.get(id) ?? 0) + by)

const greater = (a: Counts, b: Counts): Counts => {
  const all = new Map(a)
  for (const [id, count] of b) all.set(id, Math.max(count, all.get(id) ?? 0))
  return all
}

const areEqual = (a: Counts, b: Counts): boolean =>
  a.size === b.size && [...a].every(([id, count]) => b.get(id) === count)

const total = (counts: Counts): number => [...counts.values()].reduce((sum, count) => sum + count, 0)

/** Shapiro et al., INRIA RR-7506, specification 7. */
const pnCounter = states({
  name: 'PN-counter',
  empty: { up: new Map() as Counts, down: new Map() as Counts },
  command: fc.constantFrom(1, -1, 2),
  mutate:
    (by, { id }) =>
    ({ up, down }) =>
      by > 0 ? { up: bumped(up, id, by), down } : { up, down: bumped(down, id, -by) },
  merge:
    (other) =>
    ({ up, down }) => ({ up: greater(up, other.up), down: greater(down, other.down) }),
  show: ({ up, down }) => total(up) - total(down),
  // two states may show the same number, and merge differently
  equals: (a, b) => areEqual(a.up, b.up) && areEqual(a.down, b.down),
  oracle: (made) => made.reduce((sum, { command }) => sum + command, 0),
})

type Command = readonly ['add' | 'remove', string]

const command: fc.Arbitrary<Command> = fc.tuple(fc.constantFrom('add', 'remove'), fc.constantFrom('x', 'y'))

type Tags = ReadonlySet<string>

const union = (a: Tags, b: Tags): Tags => new Set([...a, ...b])
const isSameSet = (a: Tags, b: Tags): boolean => a.size === b.size && [...a].every((tag) => b.has(tag))
const minus = (a: Tags, b: Tags): Tags => new Set([...a].filter((tag) => !b.has(tag)))
const of = (item: string, tags: Tags): Tags => new Set([...tags].filter((tag) => tag.endsWith(` ${item}`)))
const items = (tags: Tags): unknown => [...new Set([...tags].map((tag) => tag.slice(-1)))].sort()

/** A unique tag: the replica, and how many tags it made before. */
const tag = ({ id }: Where, named: Tags, item: string): string =>
  `${id}:${String([...named].filter((one) => one.startsWith(`${id}:`)).length)} ${item}`

interface Observed {
  readonly added: Tags
  readonly removed: Tags
}

const nothing: Observed = { added: new Set(), removed: new Set() }

/** RR-7506, section 3.3.5, with tombstones. */
const orSetOfStates = states<Observed, Command>({
  name: 'OR-set of states',
  empty: nothing,
  command,
  mutate:
    ([verb, item], where) =>
    ({ added, removed }) =>
      verb === 'add'
        ? { added: union(added, new Set([tag(where, added, item)])), removed }
        : { added, removed: union(removed, of(item, added)) },
  merge:
    (other) =>
    ({ added, removed }) => ({ added: union(added, other.added), removed: union(removed, other.removed) }),
  show: ({ added, removed }) => items(minus(added, removed)),
  equals: (a, b) => isSameSet(a.added, b.added) && isSameSet(a.removed, b.removed),
})

interface Named {
  readonly named: Tags
  readonly live: Tags
}

type Told = { readonly add: string } | { readonly remove: Tags }

/** RR-7506, specification 15: the adds that a remove has observed arrive before it. */
const orSetOfOperations = operations<Named, Command, Told>({
  name: 'OR-set of operations',
  empty: { named: new Set(), live: new Set() },
  command,
  prepare:
    ([verb, item], where) =>
    ({ named, live }) =>
      verb === 'add' ? { add: tag(where, named, item) } : { remove: of(item, live) },
  apply:
    (told) =>
    ({ named, live }) => {
      if ('remove' in told) return { named, live: minus(live, told.remove) }
      const added = new Set([told.add])
      return { named: union(named, added), live: union(live, added) }
    },
  show: ({ live }) => items(live),
  delivery: { order: 'causal', copies: 'exactly once' },
})

/**
 * Almeida, Shoker and Baquero, JPDC 2018, section 7.2: tags that live, and the context of all ever
 * seen.
 */
const orSetOfDeltas = deltas<Named, Command>({
  name: 'OR-set of deltas',
  empty: { named: new Set(), live: new Set() },
  command,
  delta:
    ([verb, item], where) =>
    ({ named, live }) => {
      if (verb === 'remove') return { live: new Set(), named: of(item, live) }
      const added = new Set([tag(where, named, item)])
      return { live: added, named: union(added, of(item, live)) }
    },
  merge:
    (other) =>
    ({ named, live }) => ({
      live: union(minus(live, minus(other.named, other.live)), minus(other.live, minus(named, live))),
      named: union(named, other.named),
    }),
  show: ({ live }) => items(live),
  equals: (a, b) => isSameSet(a.live, b.live) && isSameSet(a.named, b.named),
})

interface Item {
  readonly at: number
  readonly by: string
  readonly value: string
  readonly isRemoved: boolean
}

interface Rga {
  readonly clock: number
  readonly items: ReadonlyArray<Item>
}

type Edit =
  | { readonly insert: Item; readonly after: Item | undefined }
  | { readonly remove: Item; readonly insert?: never; readonly at: number }

const isSame = (a: Item, b: Item): boolean => a.at === b.at && a.by === b.by
const isLater = (a: Item, b: Item): boolean => a.at > b.at || (a.at === b.at && a.by > b.by)
const live = ({ items: all }: Rga): ReadonlyArray<Item> => all.filter(({ isRemoved }) => !isRemoved)

/**
 * Roh et al., "Replicated abstract data types" (JPDC 2011), section 4: after the item given, past
 * what was inserted there later.
 */
const rga = operations<Rga, readonly [number, string], Edit>({
  name: 'RGA',
  empty: { clock: 0, items: [] },
  command: fc.tuple(fc.nat(3), fc.constantFrom('x', 'y', '')),
  prepare:
    ([i, value], { id }) =>
    (state) => {
      const [shown, at] = [live(state), state.clock + 1]
      if (value !== '')
        return { insert: { at, by: id, value, isRemoved: false }, after: shown[Math.min(i, shown.length) - 1] }
      return shown[i] === undefined ? undefined : { remove: shown[i], at }
    },
  apply:
    (edit) =>
    ({ clock, items: all }) => {
      if (edit.insert === undefined) {
        const { remove, at } = edit
        return {
          clock: Math.max(clock, at),
          items: all.map((item) => (isSame(item, remove) ? { ...item, isRemoved: true } : item)),
        }
      }
      const { insert, after } = edit
      let i = after === undefined ? 0 : all.findIndex((item) => isSame(item, after)) + 1
      while (i < all.length && isLater(all[i]!, insert)) i++
      return { clock: Math.max(clock, insert.at), items: [...all.slice(0, i), insert, ...all.slice(i)] }
    },
  show: (state) =>
    live(state)
      .map(({ value }) => value)
      .join(''),
  delivery: { order: 'causal', copies: 'exactly once' },
  qualities: [
    {
      name: 'inserts a letter where it was asked to',
      afterLocal: (before, [i, value], after) =>
        value === '' || live(after)[Math.min(i, live(before).length)]?.value === value,
    },
  ],
})

/** The greatest by (value, source), which all orders agree on, however often they come. */
const greatest = operations({
  name: 'greatest',
  empty: [0, ''] as readonly [number, string],
  command: fc.nat(3),
  prepare:
    (value, { id }) =>
    () =>
      [value, id] as const,
  apply: (told) => (held) => (told[0] > held[0] || (told[0] === held[0] && told[1] > held[1]) ? told : held),
  delivery: { order: 'any', copies: 'at least once' },
})

export const correct = [
  pnCounter,
  orSetOfStates,
  orSetOfOperations,
  orSetOfDeltas,
  rga,
  greatest,
] as unknown as ReadonlyArray<Lawful<never, never, never>>
