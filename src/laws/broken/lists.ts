/** Lists, texts and trees that are wrong. */
import * as fc from 'fast-check'
import { operations } from '../subjects/forms.js'
import type { Where } from '../model/Subject.js'
import { broken } from './Broken.js'

const CAUSAL = { order: 'causal', copies: 'exactly once' } as const

const letter = fc.constantFrom('x', 'y', 'z')

export const byIndex = broken(
  {
    name: 'byIndex',
    because: 'an index means another place after others have inserted (Ellis and Gibbs, SIGMOD 1989)',
    law: 'convergence',
    verdict: 'diverged',
  },
  operations({
    empty: '',
    command: fc.tuple(fc.nat(4), letter),
    apply:
      ([i, inserted]) =>
      (text) =>
        text.slice(0, i) + inserted + text.slice(i),
    delivery: CAUSAL,
  }),
)

/** An item with a unique name. */
interface Item {
  readonly name: string
  readonly value: string
}

interface Inserted extends Item {
  readonly after: string | undefined
}

type Items = ReadonlyArray<Item>

const insertAfter = (skips: (next: Item, where: Where) => boolean, nameOf: (where: Where, items: Items) => string) => ({
  empty: [] as Items,
  command: fc.tuple(fc.nat(3), letter),
  prepare:
    ([i, value]: readonly [number, string], where: Where) =>
    (items: Items): Inserted => ({
      name: nameOf(where, items),
      value,
      after: items[i - 1]?.name ?? items[items.length - 1]?.name,
    }),
  apply:
    ({ name, value, after }: Inserted, where: Where) =>
    (items: Items): Items => {
      let at = items.findIndex((item) => item.name === after) + 1
      while (at < items.length && skips(items[at]!, where)) at++
      return [...items.slice(0, at), { name, value }, ...items.slice(at)]
    },
  show: (items: Items) => items.map(({ value }) => value).join(''),
  delivery: CAUSAL,
})

const byPlaceAndSource = ({ id }: Where, items: Items): string => `${String(items.length)} ${id}`

export const afterWithoutTie = broken(
  {
    name: 'afterWithoutTie',
    because:
      'two insertions after one item: the last to arrive comes first (Roh et al., JPDC 2011, section 4: RGA ' +
      'breaks the tie)',
    law: 'convergence',
    verdict: 'diverged',
  },
  operations(insertAfter(() => false, byPlaceAndSource)),
)

export const tieAgainstItself = broken(
  {
    name: 'tieAgainstItself',
    because:
      'two insertions after one item: each replica puts its own first (Roh et al., JPDC 2011, section 4: ' +
      'the items break the tie, not the replica)',
    law: 'convergence',
    verdict: 'diverged',
  },
  operations(insertAfter((next, { id }) => next.name.endsWith(` ${id}`), byPlaceAndSource)),
)

interface Placed {
  readonly key: number
  readonly by: string
  readonly run: string
  readonly value: string
}

const inPlace = (a: Placed, b: Placed): number => a.key - b.key || (a.by < b.by ? -1 : a.by > b.by ? 1 : 0)

export const interleaved = broken(
  {
    name: 'interleaved',
    because:
      'each letter has its own place between its neighbours: two words written at one place at once are ' +
      'mixed (Kleppmann et al., "Interleaving anomalies", PaPoC 2019)',
    law: 'quality',
    verdict: 'quality',
  },
  operations({
    empty: [] as ReadonlyArray<Placed>,
    command: fc.tuple(fc.nat(2), fc.constantFrom('ab', 'cd')),
    prepare:
      ([i, word], { id }) =>
      (text): ReadonlyArray<Placed> => {
        const right = text[i]?.key ?? 1
        let left = i === 0 ? 0 : (text[Math.min(i, text.length) - 1]?.key ?? 0)
        return Array.from(word, (value) => {
          left = (left + right) / 2
          return { key: left, by: id, run: `${id}:${String(text.length)}`, value }
        })
      },
    apply: (placed) => (text) => [...text, ...placed].sort(inPlace),
    show: (text) => text.map(({ value }) => value).join(''),
    qualities: [
      {
        name: 'keeps two words apart that are written at one place',
        atEnd: (text) => {
          const runs = text.map(({ run }) => run)
          const starts = runs.filter((run, i) => run !== runs[i - 1])
          // a user may put a word into another on purpose
          return starts.every(
            (run, i) => starts.indexOf(run) === i || starts[i - 1] === starts[i + 1] || starts.length > 4,
          )
        },
      },
    ],
    delivery: CAUSAL,
  }),
)

export const moveDoubles = broken(
  {
    name: 'moveDoubles',
    because:
      'a move removes the item and inserts a copy: two moves at once leave two copies (Kleppmann, "Moving ' +
      'elements in list CRDTs", PaPoC 2020)',
    law: 'oracle',
    verdict: 'wrong value',
  },
  operations({
    empty: [{ name: '', value: 'x' }] as Items,
    command: fc.constant('move'),
    prepare:
      (_, { id }) =>
      (items) => ({ remove: items[0]!.name, insert: { name: `${items[0]!.name}/${id}`, value: 'x' } }),
    apply:
      ({ remove, insert }) =>
      (items) =>
        [...items.filter(({ name }) => name !== remove), insert].sort((a, b) => (a.name < b.name ? -1 : 1)),
    show: (items) => items.map(({ value }) => value).join(''),
    oracle: () => 'x',
    delivery: CAUSAL,
  }),
)

/** The parent of each node, and the stamp of the move. */
type Parents = ReadonlyMap<string, readonly [parent: string, at: number, by: string]>

const hangsUnder = (parents: ReadonlyMap<string, string>, node: string, ancestor: string): boolean => {
  const seen = new Set<string>()
  for (let at: string | undefined = node; at !== undefined && !seen.has(at); at = parents.get(at)) {
    if (at === ancestor) return true
    seen.add(at)
  }
  return false
}

const NODES = ['p', 'q', 'r']

export const cycles = broken(
  {
    name: 'cycles',
    because:
      'the last move of each node wins, whatever other nodes do: two moves, each fine alone, put two nodes ' +
      'under each other (Kleppmann et al., "A highly-available move operation for replicated trees", TPDS ' +
      '2021)',
    law: 'oracle',
    verdict: 'wrong value',
  },
  operations({
    empty: { parents: new Map() as Parents, clock: 0 },
    command: fc.tuple(fc.constantFrom(...NODES), fc.constantFrom('root', ...NODES)),
    prepare:
      ([node, parent], { id }) =>
      ({ parents, clock }) => {
        const plain = new Map([...parents].map(([child, [under]]) => [child, under]))
        return hangsUnder(plain, parent, node) ? undefined : { node, parent, at: clock + 1, by: id }
      },
    apply:
      ({ node, parent, at, by }) =>
      ({ parents, clock }) => {
        const [, since, of] = parents.get(node) ?? ['', 0, '']
        const wins = at > since || (at === since && by > of)
        return { parents: wins ? new Map(parents).set(node, [parent, at, by]) : parents, clock: Math.max(clock, at) }
      },
    show: ({ parents }) => NODES.map((node) => [node, parents.get(node)?.[0] ?? 'root']),
    oracle: (made) => {
      const parents = new Map<string, string>()
      const moves = made.flatMap(({ message }) => (message === undefined ? [] : [message]))
      for (const { node, parent } of moves.sort((a, b) => a.at - b.at || (a.by < b.by ? -1 : 1))) {
        if (!hangsUnder(parents, parent, node)) parents.set(node, parent)
      }
      return NODES.map((node) => [node, parents.get(node) ?? 'root'])
    },
  }),
)
