/** Registers and maps that are wrong. */
import * as fc from 'fast-check'
import * as t from 'io-ts'
import type { Update } from '../../core/Update.js'
import { ofDataType } from '../subjects/dataType.js'
import { operations } from '../subjects/forms.js'
import { broken } from './Broken.js'

interface Written {
  readonly value: number
  readonly at: number
  readonly by: string
}

const nothing: Written = { value: 0, at: 0, by: '' }

const stamped =
  (value: number, { now, id }: { readonly now: number; readonly id: string }) =>
  (): Written => ({ value, at: now, by: id })

/** The later stamp wins, and of equal stamps the greater writer. */
const overwrites = (m: Written, held: Written): boolean => m.at > held.at || (m.at === held.at && m.by >= held.by)

const register = { empty: nothing, command: fc.nat(3), show: ({ value }: Written) => value }

export const lastToArrive = broken(
  {
    name: 'lastToArrive',
    because:
      'the last writer wins, and of equal stamps the last to arrive: npm scuttlebutt; Lamport (CACM 1978) ' +
      'breaks ties by writer',
    law: 'convergence',
    verdict: 'diverged',
  },
  operations({ ...register, prepare: stamped, apply: (m) => (held) => (m.at >= held.at ? m : held) }),
)

export const ownWinsTies = broken(
  {
    name: 'ownWinsTies',
    because:
      'of equal stamps the greater value wins, except that a replica always takes its own: ties are broken ' +
      'differently',
    law: 'convergence',
    verdict: 'diverged',
  },
  operations({
    ...register,
    prepare: stamped,
    apply:
      (m, { id }) =>
      (held) => {
        const wins = m.at > held.at || (m.at === held.at && (m.by === id || m.value > held.value))
        return wins ? m : held
      },
  }),
)

export const constantStamps = broken(
  {
    name: 'constantStamps',
    because:
      'a Lamport clock that never advances: the greater source always wins, and a write over it is lost at ' +
      'once (Lamport, CACM 1978, rule IR2)',
    law: 'quality',
    verdict: 'quality',
  },
  operations({
    ...register,
    prepare:
      (value, { id }) =>
      () => ({ value, at: 1, by: id }),
    apply: (m) => (held) => (overwrites(m, held) ? m : held),
    qualities: [{ name: 'shows its own write', afterLocal: (_, value, after) => after.value === value }],
  }),
)

const KEYS = fc.constantFrom('a', 'b')

export const iterationOrder = broken(
  {
    name: 'iterationOrder',
    because:
      'a native Map shows its keys in the order of insertion, which is that of arrival (ECMA-262, ' +
      'Map.prototype.forEach)',
    law: 'convergence',
    verdict: 'diverged',
  },
  operations({
    empty: new Map<string, Written>(),
    command: fc.tuple(KEYS, fc.nat(3)),
    prepare:
      ([key, value], where) =>
      () =>
        [key, stamped(value, where)()] as const,
    apply:
      ([key, m]) =>
      (held) =>
        overwrites(m, held.get(key) ?? nothing) ? new Map(held).set(key, m) : held,
    show: (held) => [...held].map(([key, { value }]) => [key, value]),
  }),
)

export const changesInPlace = broken(
  {
    name: 'changesInPlace',
    because:
      'the reducer writes into the state that it was given: versions that others hold change (Driscoll et ' +
      'al., "Making data structures persistent", JCSS 1989, section 1)',
    law: 'versions',
    verdict: 'unlawful',
  },
  operations({
    empty: { list: [] as number[] },
    command: fc.nat(3),
    apply: (value) => (state) => {
      state.list.push(value)
      return state
    },
  }),
)

const later = (a: Update<unknown>, b: Update<unknown>): boolean => a[1] > b[1] || (a[1] === b[1] && a[2] > b[2])

const put = <V>(map: ReadonlyMap<string, V>, key: string, value: V): ReadonlyMap<string, V> =>
  new Map(map).set(key, value)

const without = <V>(map: ReadonlyMap<string, V>, gone: string): ReadonlyMap<string, V> =>
  new Map([...map].filter(([key]) => key !== gone))

type Set = readonly [key: string, value: number | null]

export const deleteWithoutTombstone = broken(
  {
    name: 'deleteWithoutTombstone',
    because:
      'a removed key is forgotten with its stamp: an older write that arrives late brings it back (Demers ' +
      'et al., PODC 1987, section 2: death certificates)',
    law: 'convergence',
    also: ['superseded', 'merge', 'certainty', 'digests', 'agreement', 'timeTravel'],
    verdict: 'diverged',
  },
  ofDataType<ReadonlyMap<string, Update<Set>>, Set>(
    {
      name: 'map',
      change: t.readonly(t.tuple([t.string, t.union([t.number, t.null])])),
      empty: new Map(),
      apply: (updates) => (state) => {
        let map = state
        const superseded: Update<Set>[] = []
        for (const update of updates) {
          const [key, value] = update[0]
          const held = map.get(key)
          if (held !== undefined) superseded.push(later(update, held) ? held : update)
          if (held !== undefined && later(held, update)) continue
          if (value !== null) map = put(map, key, update)
          else if (held !== undefined) map = without(map, key)
        }
        return { state: map, superseded }
      },
      toJSON: (state) => [...state.values()].map(([set]) => set).sort(),
    },
    { change: fc.tuple(KEYS, fc.option(fc.nat(3), { nil: null })) },
  ),
)

type Fields = Readonly<Record<string, number>>

export const forgottenFields = broken(
  {
    name: 'forgottenFields',
    because:
      'an update that loses one of its fields is superseded whole, though its other fields still count: ' +
      'histories lack those fields',
    law: 'superseded',
    also: ['merge', 'digests', 'certainty', 'timeTravel', 'batch'],
    verdict: 'lost',
  },
  ofDataType<ReadonlyMap<string, Update<Fields>>, Fields>(
    {
      name: 'fields',
      change: t.record(t.string, t.number),
      empty: new Map(),
      apply: (updates) => (state) => {
        let fields = state
        const superseded: Update<Fields>[] = []
        for (const update of updates) {
          for (const field of Object.keys(update[0])) {
            const held = fields.get(field)
            if (held !== undefined) superseded.push(later(update, held) ? held : update)
            if (held === undefined || later(update, held)) fields = put(fields, field, update)
          }
        }
        return { state: fields, superseded }
      },
      toJSON: (state) => [...state].map(([field, [set]]) => [field, set[field]]).sort(),
    },
    { change: fc.dictionary(KEYS, fc.nat(3), { minKeys: 1, maxKeys: 2 }) },
  ),
)

const MAX_AGE = 2

export const expiresOnArrival = broken(
  {
    name: 'expiresOnArrival',
    because:
      'apply reads its own wall clock to expire updates: a replica that hears late never has the value (npm ' +
      'expiry-model)',
    law: 'convergence',
    verdict: 'diverged',
  },
  operations({
    ...register,
    prepare: stamped,
    apply:
      (m, { now }) =>
      (held) =>
        overwrites(m, held) && now - m.at <= MAX_AGE ? m : held,
  }),
)

const MAX = 2

export const evictsByArrival = broken(
  {
    name: 'evictsByArrival',
    because:
      'beyond a number of keys the first to arrive is evicted, and each replica has its own order (npm lru- ' +
      'cache under expiry-model)',
    law: 'convergence',
    verdict: 'diverged',
  },
  operations({
    empty: [] as ReadonlyArray<string>,
    command: fc.constantFrom('a', 'b', 'c'),
    apply: (key) => (keys) => (keys.includes(key) ? keys : [...keys, key].slice(-MAX)),
    show: (keys) => [...keys].sort(),
  }),
)
