/**
 * Persistent maps, logs and sequences, compared in the ways that this library uses them:
 * `npm run bench:structures`. Prints, and writes bench/STRUCTURES.md. package.json overrides some
 * versions of @rimbu's packages: those that they ask for were never published.
 */
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import * as Rimbu from '@rimbu/sorted'
import * as Immutable from 'immutable'
import * as SourceLog from '../src/core/SourceLog.js'
import * as SortedMap from '../src/structures/SortedMap.js'
import type { Update } from '../src/index.js'
import { median, weigh } from './harness.js'
import { commitNow, machine, root } from './provenance.js'

const N = 1e5
const ROUNDS = 7

interface MapKind<M> {
  readonly empty: () => M
  readonly set: (map: M, key: string, value: number) => M
  /** Sets all keys at once, in the structure's own way. */
  readonly batch: (map: M, keys: ReadonlyArray<string>) => M
  readonly get: (map: M, key: string) => number | undefined
  readonly remove: (map: M, key: string) => M
  readonly sum: (map: M) => number
}

const less = (a: string, b: string): boolean => a < b

const byNumber: SortedMap.Less<number> = (a, b) => a < b

const ours: MapKind<SortedMap.SortedMap<string, number>> = {
  empty: () => SortedMap.empty(),
  set: (map, key, value) => SortedMap.set(less, map, key, value),
  batch: (map, keys) => {
    const draft = new SortedMap.Draft(less, map)
    keys.forEach((key, i) => {
      draft.set(key, i)
    })
    return draft.done()
  },
  get: (map, key) => SortedMap.get(less, map, key),
  remove: (map, key) => SortedMap.remove(less, map, key),
  sum: (map) => {
    let sum = 0
    SortedMap.forEach(map, (value) => (sum += value))
    return sum
  },
}

const immutable: MapKind<Immutable.Map<string, number>> = {
  empty: () => Immutable.Map(),
  set: (map, key, value) => map.set(key, value),
  batch: (map, keys) =>
    map.withMutations((draft) => {
      keys.forEach((key, i) => draft.set(key, i))
    }),
  get: (map, key) => map.get(key),
  remove: (map, key) => map.delete(key),
  sum: (map) => map.reduce((sum, value) => sum + value, 0),
}

const require = createRequire(import.meta.url)

interface BTree {
  readonly with: (key: string, value: number) => BTree
  readonly without: (key: string) => BTree
  readonly clone: () => BTree
  readonly set: (key: string, value: number) => boolean
  readonly get: (key: string) => number | undefined
  readonly forEachPair: (visit: (key: string, value: number) => void) => number
}

const { default: SortedBTree } = require('sorted-btree') as { readonly default: new () => BTree }

const btree: MapKind<BTree> = {
  empty: () => new SortedBTree(),
  set: (map, key, value) => map.with(key, value),
  batch: (map, keys) => {
    const copy = map.clone()
    keys.forEach((key, i) => copy.set(key, i))
    return copy
  },
  get: (map, key) => map.get(key),
  remove: (map, key) => map.without(key),
  sum: (map) => {
    let sum = 0
    map.forEachPair((_, value) => {
      sum += value
    })
    return sum
  },
}

const rimbu: MapKind<Rimbu.SortedMap<string, number>> = {
  empty: () => Rimbu.SortedMap.empty<string, number>(),
  set: (map, key, value) => map.set(key, value),
  batch: (map, keys) => {
    const builder = map.toBuilder()
    keys.forEach((key, i) => builder.set(key, i))
    return builder.build()
  },
  get: (map, key) => map.get(key),
  remove: (map, key) => map.removeKey(key),
  sum: (map) => {
    let sum = 0
    map.forEach(([, value]) => {
      sum += value
    })
    return sum
  },
}

interface Hamt {
  readonly set: (key: string, value: number) => Hamt
  readonly get: (key: string) => number | undefined
  readonly remove: (key: string) => Hamt
  readonly fold: (f: (sum: number, value: number) => number, sum: number) => number
  readonly mutate: (f: (draft: Hamt) => void) => Hamt
}

const hamt = (require('hamt_plus') as { readonly empty: Hamt }).empty

const hamtPlus: MapKind<Hamt> = {
  empty: () => hamt,
  set: (map, key, value) => map.set(key, value),
  batch: (map, keys) =>
    map.mutate((draft) => {
      keys.forEach((key, i) => draft.set(key, i))
    }),
  get: (map, key) => map.get(key),
  remove: (map, key) => map.remove(key),
  sum: (map) => map.fold((sum, value) => sum + value, 0),
}

const native: MapKind<Map<string, number>> = {
  empty: () => new Map(),
  set: (map, key, value) => map.set(key, value),
  batch: (map, keys) => {
    keys.forEach((key, i) => map.set(key, i))
    return map
  },
  get: (map, key) => map.get(key),
  remove: (map, key) => {
    map.delete(key)
    return map
  },
  sum: (map) => {
    let sum = 0
    for (const value of map.values()) sum += value
    return sum
  },
}

/**
 * One version of a map: the map itself, or a single entry and the newer version it differs from.
 * Source: Baker, Shallow Binding in Lisp 1.5, CACM 1978.
 */
class Rerooted {
  state: Map<string, number> | { readonly key: string; readonly value: number | undefined; readonly newer: Rerooted }

  constructor(state: Rerooted['state']) {
    this.state = state
  }

  /** The map as it is in this version. Reverses the links to newer versions. */
  root(): Map<string, number> {
    const path = pathFrom(this)
    const map = path.pop()!.state as Map<string, number>
    for (const version of path.reverse()) {
      const { key, value, newer } = version.state as Exclude<Rerooted['state'], Map<string, number>>
      newer.state = { key, value: map.get(key), newer: version }
      if (value === undefined) map.delete(key)
      else map.set(key, value)
      version.state = map
    }
    return map
  }

  with(key: string, value: number | undefined): Rerooted {
    const map = this.root()
    const next = new Rerooted(map)
    this.state = { key, value: map.get(key), newer: next }
    if (value === undefined) map.delete(key)
    else map.set(key, value)
    return next
  }
}

/** All versions from this one to the newest, which holds the map. */
const pathFrom = (version: Rerooted): Rerooted[] => {
  const path = [version]
  for (let { state } = version; !(state instanceof Map); { state } = state.newer) path.push(state.newer)
  return path
}

const rerooted: MapKind<Rerooted> = {
  empty: () => new Rerooted(new Map()),
  set: (map, key, value) => map.with(key, value),
  batch: (map, keys) => keys.reduce((version, key, i) => version.with(key, i), map),
  get: (map, key) => map.root().get(key),
  remove: (map, key) => map.with(key, undefined),
  sum: (map) => native.sum(map.root()),
}

const kinds = {
  'ours, SortedMap': ours,
  'immutable, Map': immutable,
  'sorted-btree': btree,
  hamt_plus: hamtPlus,
  '@rimbu/sorted': rimbu,
  rerooted,
  'native Map, mutable': native,
} as unknown as Readonly<Record<string, MapKind<unknown>>>

const keysOf = (n: number): ReadonlyArray<string> => Array.from({ length: n }, (_, i) => `key${String(i)}`)

/** All keys once, in another order. */
const shuffled = (keys: ReadonlyArray<string>): ReadonlyArray<string> =>
  keys.map((_, i) => keys[(i * 7919) % keys.length]!)

type Work = <M>(kind: MapKind<M>) => number

/** In ms. */
const timed = (work: () => unknown): number => {
  const start = performance.now()
  if (work() === undefined) throw new Error('the work gave no result')
  return performance.now() - start
}

const filled = <M>(kind: MapKind<M>, keys: ReadonlyArray<string>): M => kind.batch(kind.empty(), keys)

const perOperation = (ms: number, n = N): number => (ms * 1e6) / n

const works: Readonly<Record<string, Work>> = {
  'set one by one, in order': (kind) => {
    const keys = keysOf(N)
    return perOperation(timed(() => keys.reduce((map, key, i) => kind.set(map, key, i), kind.empty())))
  },
  'set one by one, shuffled': (kind) => {
    const keys = shuffled(keysOf(N))
    return perOperation(timed(() => keys.reduce((map, key, i) => kind.set(map, key, i), kind.empty())))
  },
  'set as a batch, in order': (kind) => {
    const keys = keysOf(N)
    return perOperation(timed(() => filled(kind, keys)))
  },
  'set as a batch, shuffled': (kind) => {
    const keys = shuffled(keysOf(N))
    return perOperation(timed(() => filled(kind, keys)))
  },
  'set in batches of five, shuffled': (kind) => {
    let map = filled(kind, keysOf(N))
    const keys = shuffled(keysOf(N))
    return perOperation(
      timed(() => {
        for (let i = 0; i < 10_000; i += 5) map = kind.batch(map, keys.slice(i, i + 5))
        return map
      }),
      10_000,
    )
  },
  'get, shuffled': (kind) => {
    const map = filled(kind, keysOf(N))
    const keys = shuffled(keysOf(N))
    return perOperation(timed(() => keys.reduce((sum, key) => sum + kind.get(map, key)!, 0)))
  },
  'remove, shuffled': (kind) => {
    const map = filled(kind, keysOf(N))
    const keys = shuffled(keysOf(N))
    return perOperation(timed(() => keys.reduce((version, key) => kind.remove(version, key), map)))
  },
  'visit all': (kind) => {
    const map = filled(kind, keysOf(N))
    return perOperation(timed(() => kind.sum(map)))
  },
  'get from the newest version and one 1,000 sets older, in turn': (kind) => {
    const old = filled(kind, keysOf(N))
    const keys = shuffled(keysOf(N))
    const map = keys.slice(0, 1000).reduce((version, key, i) => kind.set(version, key, -i), old)
    return perOperation(
      timed(() => {
        let sum = 0
        for (let i = 0; i < 100; i++) sum += kind.get(map, keys[i]!)! + kind.get(old, keys[i]!)!
        return sum
      }),
      200,
    )
  },
}

/** One source's updates, by time. */
interface LogKind<L> {
  readonly empty: () => L
  readonly append: (log: L, update: Update<number>) => L
  readonly remove: (log: L, update: Update<number>) => L
  /** Visits the updates after a timestamp and counts them. */
  readonly after: (log: L, timestamp: number) => number
}

const counting = (each: (visit: () => void) => void): number => {
  let count = 0
  each(() => {
    count++
  })
  return count
}

interface TimeTree {
  readonly with: (key: number, value: Update<number>) => TimeTree
  readonly without: (key: number) => TimeTree
  readonly forRange: (low: number, high: number, includeHigh: boolean, visit: () => void) => number
}

/** Versions share a growing array; each has its own length. Removed updates stay, marked. */
interface SharedTail {
  readonly updates: Update<number>[]
  readonly length: number
  readonly removed: SortedMap.SortedMap<number, true>
}

const sharedTail: LogKind<SharedTail> = {
  empty: () => ({ updates: [], length: 0, removed: SortedMap.empty() }),
  append: ({ updates, length, removed }, update) => {
    // copy if another version has appended here
    const own = updates.length === length ? updates : updates.slice(0, length)
    own.push(update)
    return { updates: own, length: length + 1, removed }
  },
  remove: (log, update) => ({ ...log, removed: SortedMap.set(byNumber, log.removed, update[1], true) }),
  after: ({ updates, length, removed }, timestamp) => {
    let [low, high] = [0, length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (updates[middle]![1] > timestamp) high = middle
      else low = middle + 1
    }
    return counting((visit) => {
      for (let i = low; i < length; i++) {
        if (SortedMap.get(byNumber, removed, updates[i]![1]) === undefined) visit()
      }
    })
  },
}

const logs = {
  'ours, SourceLog': {
    empty: () => SourceLog.empty<number>(),
    append: (log, update) => SourceLog.set(update, log),
    remove: (log, update) => SourceLog.evolve([], [update], log),
    after: (log, timestamp) =>
      counting((visit) => {
        SourceLog.forEach(log, visit, SourceLog.rank(timestamp, log))
      }),
  } satisfies LogKind<SourceLog.SourceLog<number>>,
  'immutable, OrderedMap': {
    empty: () => Immutable.OrderedMap<number, Update<number>>(),
    append: (log, update) => log.set(update[1], update),
    remove: (log, update) => log.delete(update[1]),
    after: (log, timestamp) => log.reverse().takeWhile((update) => update[1] > timestamp).size,
  } satisfies LogKind<Immutable.OrderedMap<number, Update<number>>>,
  'sorted-btree': {
    empty: () => new SortedBTree() as unknown as TimeTree,
    append: (log, update) => log.with(update[1], update),
    remove: (log, update) => log.without(update[1]),
    after: (log, timestamp) => counting((visit) => log.forRange(timestamp + 0.5, Infinity, true, visit)),
  } satisfies LogKind<TimeTree>,
  '@rimbu/sorted': {
    empty: () => Rimbu.SortedMap.empty<number, Update<number>>(),
    append: (log, update) => log.set(update[1], update),
    remove: (log, update) => log.removeKey(update[1]),
    after: (log, timestamp) =>
      counting((visit) => {
        log.streamRange({ start: [timestamp, false] }).forEach(visit)
      }),
  } satisfies LogKind<Rimbu.SortedMap<number, Update<number>>>,
  'shared tail': sharedTail,
} as unknown as Readonly<Record<string, LogKind<unknown>>>

const appended = <L>(log: LogKind<L>): L => {
  let held = log.empty()
  for (let i = 0; i < N; i++) {
    held = log.append(held, [i, i + 1, 'a'])
    if (i % 10 === 9) held = log.remove(held, [0, (i >> 1) + 1, 'a'])
  }
  return held
}

/** Each update but every tenth supersedes the one before it. */
const superseding = <L>(log: LogKind<L>): L => {
  let held = log.empty()
  for (let i = 0; i < N; i++) {
    held = log.append(held, [i, i + 1, 'a'])
    if (i % 10 !== 0) held = log.remove(held, [0, i, 'a'])
  }
  return held
}

/** Few, as one contestant visits all that it holds. */
const QUESTIONS = 10

const logWorks: Readonly<Record<string, <L>(log: LogKind<L>) => number>> = {
  'append; every tenth time remove one in the middle': (log) => perOperation(timed(() => appended(log))),
  'the last ten': (log) => {
    const held = appended(log)
    return perOperation(
      timed(() => {
        for (let i = 0; i < QUESTIONS; i++) if (log.after(held, N - 10) !== 10) return undefined
        return held
      }),
      QUESTIONS,
    )
  },
}

/** Items by index. */
interface SequenceKind<S> {
  readonly filled: () => S
  readonly insert: (sequence: S, index: number, item: number) => S
  readonly at: (sequence: S, index: number) => number | undefined
}

/** A key between two neighbours; either may be absent. */
const keyBetween = (
  before: readonly [number, number] | undefined,
  after: readonly [number, number] | undefined,
): number => ((before?.[0] ?? -1) + (after?.[0] ?? N)) / 2

const sequences = {
  'ours, SortedMap': {
    filled: () => {
      const draft = new SortedMap.Draft<number, number>(byNumber, SortedMap.empty())
      for (let i = 0; i < N; i++) draft.set(i, i)
      return draft.done()
    },
    insert: (sequence, index, item) => {
      const key = keyBetween(SortedMap.entryAt(sequence, index - 1), SortedMap.entryAt(sequence, index))
      return SortedMap.set(byNumber, sequence, key, item)
    },
    at: (sequence, index) => SortedMap.at(sequence, index),
  } satisfies SequenceKind<SortedMap.SortedMap<number, number>>,
  'immutable, List': {
    filled: () => Immutable.Range(0, N).toList(),
    insert: (sequence, index, item) => sequence.insert(index, item),
    at: (sequence, index) => sequence.get(index),
  } satisfies SequenceKind<Immutable.List<number>>,
  '@rimbu/sorted': {
    filled: () => {
      const builder = Rimbu.SortedMap.builder<number, number>()
      for (let i = 0; i < N; i++) builder.set(i, i)
      return builder.build()
    },
    insert: (sequence, index, item) =>
      // an index below zero counts from the end
      sequence.set(
        keyBetween(index === 0 ? undefined : sequence.getAtIndex(index - 1), sequence.getAtIndex(index)),
        item,
      ),
    at: (sequence, index) => sequence.getAtIndex(index)?.[1],
  } satisfies SequenceKind<Rimbu.SortedMap<number, number>>,
} as unknown as Readonly<Record<string, SequenceKind<unknown>>>

const anywhere = (i: number): number => (i * 7919) % N

const INSERTIONS = 100

const sequenceWorks: Readonly<Record<string, <S>(sequence: SequenceKind<S>) => number>> = {
  'insert, at any index': (kind) => {
    const from = kind.filled()
    return perOperation(
      timed(() => {
        let sequence = from
        for (let i = 0; i < INSERTIONS; i++) {
          sequence = kind.insert(sequence, anywhere(i), -i)
          if (kind.at(sequence, anywhere(i)) !== -i) return undefined
        }
        return sequence
      }),
      INSERTIONS,
    )
  },
  'read, at any index': (kind) => {
    const sequence = kind.filled()
    return perOperation(
      timed(() => {
        let sum = 0
        for (let i = 0; i < N; i++) sum += kind.at(sequence, anywhere(i))!
        return sum
      }),
    )
  },
}

const lines: string[] = []

const say = (line: string): void => {
  lines.push(line)
  console.log(line)
}

const row = (cells: ReadonlyArray<string>): void => {
  say(`| ${cells.join(' | ')} |`)
}

/** A table: ns per operation for each work, then bytes of each kept value. */
const compare = <Kind>(
  title: string,
  contestants: Readonly<Record<string, Kind>>,
  works: Readonly<Record<string, (kind: Kind) => number>>,
  weights: Readonly<Record<string, (kind: Kind) => unknown>> = {},
): void => {
  const names = Object.keys(contestants)
  say(`\n## ${title}\n`)
  row(['', ...names])
  row(['---', ...names.map(() => '---')])
  for (const [what, work] of Object.entries(works)) {
    const costs = new Map(names.map((name): [string, number[]] => [name, []]))
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of names) costs.get(name)!.push(work(contestants[name]!))
    }
    row([what, ...names.map((name) => median(costs.get(name)!).toFixed(0))])
  }
  for (const [what, make] of Object.entries(weights)) {
    row([what, ...names.map((name) => (weigh(() => make(contestants[name]!)) / N).toFixed(0))])
  }
}

say('# Persistent structures compared\n')
say(`Written by \`npm run bench:structures\` at commit ${commitNow()}, on ${machine}.\n`)
say(
  `Nanoseconds per operation at n = ${N.toLocaleString('en')}: the median of ${String(ROUNDS)} rounds in which the structures take turns. Memory is in bytes per entry or update.`,
)
const keys = keysOf(N) // made before, so that they are not weighed
compare('A map', kinds, works, { 'bytes per entry, without keys': (kind) => filled(kind, keys) })
compare('The log of one source', logs, logWorks, {
  'bytes per update appended, every tenth removed': appended,
  'bytes per update appended, nine of ten superseded': superseding,
})
compare('A sequence', sequences, sequenceWorks)
say(`
## The choice

One structure under clocks, logs, states and sequences: a B+ tree with owned drafts, \`SortedMap\`.
In a log, the newest 31 updates of a source are an array beside the tree (\`SourceLog\`).

- No persistent contestant is the fastest throughout. Hash maps take four times the memory. The tree
  is ordered: two replicas with the same entries iterate alike, whatever their history. It offers
  ranges, and rank and index in O(log n); hash maps offer neither. And there is one structure to read.
- \`rerooted\` writes faster, nearly as fast as a native Map. But a read of another version turns the
  map back to it, at the cost of all writes between them; a session and a store read two versions in
  turn. And an iterator must end before another version is read.
- \`shared tail\` appends faster, but not once updates are removed too. It never frees what was
  superseded.
- Almost all writes to a log are at its end. With the newest updates outside the tree, an append
  copies a short array instead of a path.`)
writeFileSync(path.join(root, 'bench', 'STRUCTURES.md'), `${lines.join('\n')}\n`)
