/**
 * Undo in random runs, against an oracle of sets: which items are there, after what two authors
 * wrote, heard, undid and redid. It knows no positions and no patches.
 */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import {
  Doc,
  Model,
  RArray,
  REdit,
  Scuttlebucket,
  scuttlebutt,
  Text,
  unwrap,
  type Command,
  type DataType,
  type StateOf,
} from '../../src/index.js'
import { createStore } from '../../src/adapters/store.js'
import { createUndo } from '../../src/adapters/undo.js'
import { inMemory, inNetworks } from '../runs.js'

interface ListType<S, C> {
  readonly name: string
  readonly dataType: DataType<S, C>
  readonly splice: (index: number, count: number, tokens: ReadonlyArray<number>, state: S) => Command<S, C, unknown>
  readonly tokens: (state: S) => ReadonlyArray<number>
  /** An item that takes another's place goes with it, if somebody removes that at the same time. */
  readonly keepsPlaces: boolean
}

const listType = <S, C>(one: ListType<S, C>): ListType<unknown, unknown> => one as unknown as ListType<unknown, unknown>

const FIRST = 0x4e00

const bucket = Scuttlebucket.of({ list: RArray.of(t.number), fields: Model.of(t.number) })

const { at, get } = Scuttlebucket

const lists = [
  listType({
    name: 'RArray',
    dataType: RArray.of(t.number),
    splice: (index, count, tokens) => RArray.splice(index, count, ...tokens),
    tokens: RArray.toArray,
    keepsPlaces: true,
  }),
  listType({
    name: 'REdit',
    dataType: REdit,
    splice: (index, count, tokens, state) => {
      const lines = [...REdit.lines(state)]
      lines.splice(index, count, ...tokens.map((token) => `${String(token)}\n`))
      return REdit.text(lines.join(''))
    },
    tokens: (state) => REdit.lines(state).map(Number),
    keepsPlaces: true,
  }),
  listType({
    name: 'Text',
    dataType: Text,
    splice: (index, count, tokens) =>
      Text.splice(index, count, tokens.map((token) => String.fromCharCode(FIRST + token)).join('')),
    tokens: (state) =>
      Text.toString(state)
        .split('')
        .map((unit) => unit.charCodeAt(0) - FIRST),
    keepsPlaces: false,
  }),
  listType({
    name: 'RArray in a bucket',
    dataType: bucket,
    splice: (index, count, tokens) => at('list')(RArray.splice(index, count, ...tokens)),
    tokens: ({ states: { list } }: StateOf<typeof bucket>) => RArray.toArray(list),
    keepsPlaces: true,
  }),
]

type Move =
  | {
      readonly _tag: 'splice'
      readonly by: 'ann' | 'ben'
      readonly at: number
      readonly count: number
      readonly many: number
      readonly soon: boolean
    }
  | { readonly _tag: 'undo' | 'redo' | 'sync' }

const splices = fc.record({
  _tag: fc.constant('splice' as const),
  by: fc.constantFrom<('ann' | 'ben')[]>('ann', 'ann', 'ben'),
  at: fc.nat(12),
  count: fc.constantFrom(0, 0, 1, 2, 4),
  many: fc.nat(3),
  soon: fc.boolean(),
})

const moves = fc.array(
  fc.oneof<fc.Arbitrary<Move>[]>(
    splices,
    splices,
    fc.record({ _tag: fc.constantFrom<('undo' | 'redo' | 'sync')[]>('undo', 'undo', 'redo', 'sync', 'sync') }),
  ),
  { maxLength: 40 },
)

/** What an author has: the items that came, each by its instance, and the instances that went. */
interface Items {
  readonly came: Map<number, number>
  readonly gone: Set<number>
}

interface Step {
  readonly added: Set<number>
  readonly removed: Set<number>
}

/** The items that there are, by sets. */
const createOracle = () => {
  const items = {
    ann: { came: new Map(), gone: new Set() } as Items,
    ben: { came: new Map(), gone: new Set() } as Items,
  }
  const stacks: { done: Step[]; undone: Step[] } = { done: [], undone: [] }
  let next = 0
  let isOpen = false
  const shown = (by: 'ann' | 'ben'): Map<number, number> => {
    const { came, gone } = items[by]
    return new Map([...came].flatMap(([instance, token]) => (gone.has(instance) ? [] : [[token, instance] as const])))
  }
  const show = (by: 'ann' | 'ben', tokens: Iterable<number>): void => {
    for (const token of tokens) items[by].came.set(next++, token)
  }
  const hide = (by: 'ann' | 'ben', tokens: Iterable<number>): void => {
    const there = shown(by)
    for (const token of tokens) items[by].gone.add(there.get(token)!)
  }
  const back = (from: 'done' | 'undone', to: 'done' | 'undone'): void => {
    for (let step = stacks[from].pop(); step !== undefined; step = stacks[from].pop()) {
      const there = shown('ann')
      const removed = new Set([...step.added].filter((token) => there.has(token)))
      const added = new Set(step.removed)
      if (removed.size + added.size === 0) continue
      hide('ann', removed)
      show('ann', added)
      stacks[to].push({ added, removed })
      isOpen = false
      return
    }
  }
  return {
    tokens: (by: 'ann' | 'ben') => [...shown(by).keys()].sort((a, b) => a - b),
    splice: (by: 'ann' | 'ben', removed: ReadonlyArray<number>, added: ReadonlyArray<number>, soon: boolean) => {
      hide(by, removed)
      show(by, added)
      if (by === 'ben' || removed.length + added.length === 0) return
      stacks.undone = []
      const last = soon && isOpen ? stacks.done.at(-1) : undefined
      const step = last ?? { added: new Set(), removed: new Set() }
      for (const token of removed) if (!step.added.delete(token)) step.removed.add(token)
      for (const token of added) step.added.add(token)
      if (last === undefined) stacks.done.push(step)
      isOpen = true
    },
    undo: () => {
      back('done', 'undone')
    },
    redo: () => {
      back('undone', 'done')
    },
    sync: () => {
      for (const [from, to] of [
        ['ann', 'ben'],
        ['ben', 'ann'],
      ] as const) {
        for (const [instance, token] of items[from].came) items[to].came.set(instance, token)
        for (const instance of items[from].gone) items[to].gone.add(instance)
      }
    },
  }
}

describe.each(lists)('undo of a $name', ({ dataType, splice, tokens, keepsPlaces }) => {
  const data = scuttlebutt(dataType)

  test('leaves just the items that an oracle of sets says, and never turns two round', () => {
    fc.assert(
      fc.property(moves, (all) => {
        let time = 1_795_418_741_399
        let next = 0
        const now = () => time
        const stores = { ann: createStore(data, 'ann', { now }), ben: createStore(data, 'ben', { now }) }
        const { undo, redo } = createUndo(stores.ann, { now })
        const oracle = createOracle()
        const order = new Set<string>()
        const tokensOf = (by: 'ann' | 'ben') => tokens(stores[by].getReplica().state)
        const sync = (): void => {
          stores.ben.apply(data.history(data.digest(stores.ben.getReplica()).clock)(stores.ann.getReplica()))
          stores.ann.apply(data.history(data.digest(stores.ann.getReplica()).clock)(stores.ben.getReplica()))
          oracle.sync()
        }
        for (const move of all) {
          if (keepsPlaces) sync()
          if (move._tag === 'splice') {
            const { by, at, count, many, soon } = move
            const { state } = stores[by].getReplica()
            const there = tokens(state)
            const index = Math.min(at, there.length)
            const gone = there.slice(index, index + count)
            const added = Array.from({ length: many }, () => next++)
            if (gone.length + added.length === 0) continue
            if (by === 'ann') time += soon ? 1 : 1000
            unwrap(stores[by].change(splice(index, gone.length, added, state)))
            oracle.splice(by, gone, added, soon)
          } else if (move._tag === 'sync') {
            sync()
          } else {
            unwrap((move._tag === 'undo' ? undo : redo)())
            oracle[move._tag]()
          }
          const shown = tokensOf('ann')
          expect([...shown].sort((a, b) => a - b)).toEqual(oracle.tokens('ann'))
          shown.forEach((token, i) => {
            for (const before of shown.slice(0, i)) order.add(`${String(before)} ${String(token)}`)
          })
        }
        for (const pair of order) expect(order).not.toContain(pair.split(' ').reverse().join(' '))
      }),
      {
        numRuns: inNetworks(300),
        examples: [
          [
            [
              { _tag: 'splice', by: 'ann', at: 0, count: 0, many: 1, soon: false },
              { _tag: 'splice', by: 'ann', at: 1, count: 0, many: 2, soon: false },
              { _tag: 'splice', by: 'ben', at: 3, count: 0, many: 1, soon: false },
              { _tag: 'splice', by: 'ann', at: 1, count: 2, many: 0, soon: true },
              { _tag: 'undo' },
            ],
          ],
        ],
      },
    )
  })
})

interface FieldsType<S, C> {
  readonly name: string
  readonly dataType: DataType<S, C>
  readonly set: (field: string, value: number) => Command<S, C, unknown>
  readonly begin?: Command<S, C, unknown>
  /** Absent if a field cannot be removed. */
  readonly remove?: (field: string) => Command<S, C, unknown>
  readonly fields: (state: S) => Readonly<Record<string, number>>
}

const fieldsType = <S, C>(one: FieldsType<S, C>): FieldsType<unknown, unknown> =>
  one as unknown as FieldsType<unknown, unknown>

const withFields = [
  fieldsType({
    name: 'Model',
    dataType: Model.of(t.number),
    set: (key, value) => Model.set(key, value),
    remove: (key) => Model.remove(key),
    fields: Model.toJSON,
  }),
  fieldsType({
    name: 'row of a Doc',
    dataType: Doc.of(t.number),
    set: (field, value) => Doc.set('row', { [field]: value }),
    // another wrote to the row first; a field that is taken back is null
    begin: Doc.set('row', { first: 0 }),
    fields: (state) =>
      Object.fromEntries(
        Object.entries(Doc.toJSON(state)['row'] ?? {}).flatMap(([name, value]) =>
          value === null || name === 'first' ? [] : [[name, value]],
        ),
      ),
  }),
  fieldsType({
    name: 'Model in a bucket',
    dataType: bucket,
    set: (key, value) => at('fields')(Model.set(key, value)),
    remove: (key) => at('fields')(Model.remove(key)),
    fields: (state) => Model.toJSON(get('fields')(state)),
  }),
]

/** All that was ever said of a field: by whom, and what was there before. */
const createFields = () => {
  let json: Readonly<Record<string, number>> = {}
  let [done, undone]: [key: string, before: number | undefined][][] = [[], []]
  const put = (name: string, value: number | undefined): void => {
    const others = Object.entries(json).filter(([other]) => other !== name)
    json = Object.fromEntries(value === undefined ? others : [...others, [name, value]])
  }
  return {
    json: () => json,
    wrote: (key: string, value: number | undefined, isOwn: boolean): void => {
      const before = json[key]
      put(key, value)
      if (isOwn && before !== value) [done, undone] = [[...done!, [key, before]], []]
      // what was said of the field before counts no more
      else if (!isOwn) [done, undone] = [done!, undone!].map((stack) => stack.filter(([name]) => name !== key))
    },
    back: (which: 'undo' | 'redo'): void => {
      const step = (which === 'undo' ? done! : undone!).pop()
      if (step === undefined) return
      ;(which === 'undo' ? undone! : done!).push([step[0], json[step[0]]])
      put(step[0], step[1])
    },
  }
}

test.each(withFields)('undo of a $name gives back what was there, but where others wrote since', (of) => {
  const data = scuttlebutt(of.dataType)
  const key = fc.constantFrom('a', 'b', 'c')
  const move = fc.oneof(
    fc.record({ by: fc.constantFrom('ann', 'ann', 'ben'), key, isRemoval: fc.boolean() }),
    fc.constantFrom('undo' as const, 'undo' as const, 'redo' as const),
  )
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (all) => {
      let time = 1_795_418_741_399
      const store = createStore(data, 'ann', { now: () => time })
      const ben = createStore(data, 'ben', { now: () => (time += 1000) })
      if (of.begin !== undefined) store.apply([unwrap(ben.change(of.begin))])
      const manager = createUndo(store, { now: () => (time += 1000) })
      const oracle = createFields()
      let next = 0
      for (const one of all) {
        if (typeof one === 'object') {
          const isOwn = one.by === 'ann'
          const value = isOwn && one.isRemoval && of.remove !== undefined ? undefined : next++
          const change = value === undefined ? of.remove!(one.key) : of.set(one.key, value)
          if (isOwn) unwrap(store.change(change))
          else store.apply([unwrap(ben.change(change))])
          oracle.wrote(one.key, value, isOwn)
        } else {
          unwrap(manager[one]())
          oracle.back(one)
        }
        expect(of.fields(store.getReplica().state)).toEqual(oracle.json())
      }
    }),
    { numRuns: inMemory(500) },
  )
})
