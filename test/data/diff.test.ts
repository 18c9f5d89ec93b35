/** `diff` of each data type against a naive reading of patches, and its cost. */
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import {
  AppendOnly,
  Doc,
  Events,
  ExpiryModel,
  Model,
  RArray,
  REdit,
  Replay,
  Scuttlebucket,
  scuttlebutt,
  Text,
  unwrap,
  type Command,
  type DataType,
  type Patch,
  type Replica,
  type Stamp,
} from '../../src/index.js'
import { laws } from '../../src/laws/index.js'
import { inMemory } from '../runs.js'

const NOW = 1_795_418_741_399

type Json = unknown

/** What a reader of patches does, as the kit's law reads them: nothing of `diff`. */
const patched = (value: Json, patches: ReadonlyArray<Patch>): Json => unwrap(laws.patched(value, patches))

interface Subject<S, C> {
  readonly name: string
  readonly dataType: DataType<S, C>
  readonly command: fc.Arbitrary<Command<S, C, unknown>>
  /** What the patches are of. */
  readonly shown: (state: S) => Json
  /** What commands made of patches bring back: all that is shown, or most of it. */
  readonly restored?: (state: S) => Json
}

const sorted = (list: ReadonlyArray<unknown>): ReadonlyArray<string> => list.map((item) => JSON.stringify(item)).sort()

/** The fields that are not null: a field cannot be removed. */
const present = (rows: Json): Json =>
  Object.entries(rows as object).map(([id, row]) => [
    id,
    Object.fromEntries(Object.entries(row as object).filter(([, one]) => one !== null)),
  ])

const subject = <S, C>(one: Subject<S, C>): Subject<unknown, unknown> => one as unknown as Subject<unknown, unknown>

const key = fc.constantFrom('a', 'b', 'c', '', '__proto__', 'constructor', 'd')
const value = fc.constantFrom<unknown>(1, 2, 'x', { y: [1] }, { y: [1] }, [])

/** The highest number wins: a type of one's own, with the least that a type has. */
const high: DataType<number, number> = {
  name: 'High',
  change: t.number,
  empty: 0,
  apply: (updates) => (state) => ({ state: Math.max(state, ...updates.map(([n]) => n)), superseded: [] }),
}

const at = fc.nat(9)
const field = fc.constantFrom('x', 'y', '__proto__')
const fields = fc.dictionary(field, fc.constantFrom<unknown>(1, 2, null, [1]), { maxKeys: 2 })
const line = fc.constantFrom('a\n', 'b\n', 'c', '', '\n')

const model = subject({
  name: 'Model',
  dataType: Model.of(t.unknown),
  command: fc.oneof(
    fc.tuple(key, value).map(([k, v]) => Model.set(k, v)),
    key.map((k) => Model.remove(k)),
  ),
  shown: Model.toJSON,
  restored: Model.toJSON,
})

const rarray = subject({
  name: 'RArray',
  dataType: RArray.of(t.unknown),
  command: fc.oneof(
    fc.tuple(at, fc.nat(3), fc.array(value, { maxLength: 3 })).map(([i, n, values]) => RArray.splice(i, n, ...values)),
    fc.array(value, { minLength: 1, maxLength: 4 }).map((values) => RArray.push(...values)),
    fc.tuple(at, value).map(([i, v]) => RArray.set(i, v)),
    fc.tuple(at, at).map(([i, j]) => RArray.move(i, j)),
  ),
  shown: RArray.toJSON,
  restored: RArray.toJSON,
})

const text = subject({
  name: 'Text',
  dataType: Text,
  command: fc.oneof(
    fc.tuple(at, fc.nat(3), fc.constantFrom('', 'a', 'ab', 'aa', '😀', '😁b')).map(([i, n, s]) => Text.splice(i, n, s)),
    fc.constantFrom('', 'aab', 'a😀b', 'a😁b', 'ba').map((s) => Text.text(s)),
    fc.tuple(at, at).map(([i, j]) => Text.mark(i, i + j, 'bold', true)),
  ),
  shown: (state) => Text.toString(state).split(''),
  restored: Text.toString,
})

const reducer = (state: unknown, action: unknown): unknown => {
  const { list, ...rest } = state as { readonly list: ReadonlyArray<unknown>; readonly [name: string]: unknown }
  if (Array.isArray(action)) return { ...rest, list: [...list.slice(0, 2), ...(action as unknown[])] }
  if (action === 1) return { ...rest, list: list.map((item) => (item === 'x' ? { y: { z: 1 } } : item)) }
  if (action === 2) return { list }
  return { ...rest, list, [typeof action]: { nested: action } }
}

const subjects = [
  model,
  subject({
    name: 'Events',
    dataType: Events.of(t.unknown),
    command: fc.tuple(key, value).map(([name, v]) => Events.emit(name, v)),
    shown: Events.toJSON,
  }),
  subject({
    name: 'AppendOnly',
    dataType: AppendOnly.of(t.unknown),
    command: fc.oneof(
      value.map((v) => AppendOnly.push(v)),
      at.map((i) => (state: AppendOnly.State<unknown>, stamp: Stamp) => {
        const items = AppendOnly.items(state)
        return AppendOnly.remove(items[i % items.length]?.id ?? '')(state, stamp)
      }),
    ),
    shown: AppendOnly.toJSON,
    restored: (state) => sorted(AppendOnly.toJSON(state)),
  }),
  rarray,
  subject({
    name: 'REdit',
    dataType: REdit,
    command: fc.oneof(
      fc.array(line, { maxLength: 6 }).map((lines) => REdit.text(lines.join(''))),
      fc.tuple(at, fc.nat(3), line).map(([i, n, s]) => REdit.splice(i, n, s)),
      // as the original writes it: lines without an end, and empty ones
      fc.dictionary(fc.constantFrom('1', '2', '3', '4', '5'), fc.oneof(line, fc.constant(null)), { maxKeys: 3 }),
    ),
    shown: REdit.lines,
    restored: REdit.lines,
  }),
  subject({
    name: 'Doc',
    dataType: Doc.of(t.unknown),
    command: fc.oneof(
      fc.tuple(key, fields).map(([id, written]) => Doc.set(id, written)),
      key.map((id) => Doc.remove(id)),
    ),
    shown: Doc.toJSON,
    restored: (state) => present(Doc.toJSON(state)),
  }),
  subject({
    name: 'ExpiryModel',
    dataType: ExpiryModel.of(t.unknown, { max: 4 }),
    command: fc.oneof(
      fc.tuple(key, value).map(([k, v]) => ExpiryModel.set(k, v)),
      fc.tuple(key, fields).map(([k, written]) => ExpiryModel.set(k, written)),
      key.map((k) => ExpiryModel.remove(k)),
    ),
    shown: ExpiryModel.toJSON(0),
  }),
  subject({
    name: 'Replay',
    dataType: Replay.of(reducer, { list: [] }, t.unknown),
    command: value.map((action) => Replay.dispatch(action)),
    shown: Replay.toJSON,
  }),
  text,
  subject({
    name: 'Scuttlebucket',
    dataType: Scuttlebucket.of({ settings: model.dataType, list: rarray.dataType, inner: Scuttlebucket.of({ high }) }),
    command: fc.oneof(
      model.command.map((command) => Scuttlebucket.at('settings')(command as never)),
      rarray.command.map((command) => Scuttlebucket.at('list')(command as never)),
      fc.nat(9).map((n) => Scuttlebucket.at('inner')(Scuttlebucket.at('high')(n as never) as never)),
    ) as unknown as fc.Arbitrary<never>,
    shown: (state) => Scuttlebucket.toJSON(state),
  }),
  subject({ name: 'a type without diff', dataType: high, command: fc.nat(9), shown: (state) => state }),
]

/** Two authors write, and one hears of the other now and then. All versions of the first. */
const versionsOf = (
  { dataType }: Subject<unknown, unknown>,
  steps: ReadonlyArray<readonly [command: Command<unknown, unknown, unknown>, by: 0 | 1 | 2]>,
  name = '',
): ReadonlyArray<Replica<unknown, unknown>> => {
  const { create, change, merge } = scuttlebutt(dataType)
  let [ann, ben] = [create(`ann ${name}`), create(`ben ${name}`)]
  const versions = [ann]
  for (const [command, by] of steps) {
    if (by === 2) {
      ;[ann, ben] = [merge(ben)(ann), merge(ann)(ben)]
    } else {
      const made = change(command, NOW)(by === 0 ? ann : ben)
      if (made._tag === 'Left') continue
      if (by === 0) ann = made.right[1]
      else ben = made.right[1]
    }
    versions.push(ann)
  }
  return [...versions, ben]
}

describe.each(subjects)('diff of $name', (one) => {
  const { dataType, command, shown } = one
  const { diff, applyUpdates, history, create } = scuttlebutt(dataType)
  const by = fc.constantFrom<(0 | 1 | 2)[]>(0, 0, 0, 1, 1, 2)
  const steps = fc.array(fc.tuple(command, by), { maxLength: 40 })
  const versions = steps.map((all) => versionsOf(one, all))
  const strangers = steps.map((all) => versionsOf(one, all, 'else'))
  const pair = fc
    .tuple(versions, fc.nat(), fc.nat())
    .map(([all, i, j]) => [all[i % all.length]!, all[j % all.length]!] as const)

  test('leads from one version to another, older or newer', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(patched(shown(a.state), diff(a)(b))).toEqual(shown(b.state))
      }),
      { numRuns: inMemory(1000, subjects.length) },
    )
  })

  test('is empty just if both show the same', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(diff(a)(b).length === 0).toBe(isDeepStrictEqual(shown(a.state), shown(b.state)))
      }),
      { numRuns: inMemory(1000, subjects.length) },
    )
  })

  test('does not need a common past', () => {
    fc.assert(
      fc.property(pair, strangers, ([a, b], others) => {
        const again = applyUpdates(history()(b))(create('zoe'))
        expect(diff(b)(again)).toEqual([])
        expect(patched(shown(a.state), diff(a)(again))).toEqual(shown(b.state))
        const other = others.at(-1)!
        expect(patched(shown(a.state), diff(a)(other))).toEqual(shown(other.state))
      }),
      { numRuns: inMemory(500, subjects.length) },
    )
  })
})

describe.each(subjects.filter(({ restored }) => restored !== undefined))('patch of $name', (one) => {
  const { dataType, command } = one
  const { changeAll } = scuttlebutt(dataType)
  const steps = fc.array(fc.tuple(command, fc.constantFrom<(0 | 1 | 2)[]>(0, 0, 1, 2)), { maxLength: 30 })

  test('makes a difference one’s own edit', () => {
    fc.assert(
      fc.property(steps, fc.nat(), fc.nat(), (all, i, j) => {
        const versions = versionsOf(one, all)
        const [a, b] = [versions[i % versions.length]!, versions[j % versions.length]!]
        const [, edited] = unwrap(
          changeAll(dataType.patch!(dataType.diff!(a.state)(b.state)), NOW)({ ...a, id: 'zoe' }),
        )
        expect(one.restored!(edited.state)).toEqual(one.restored!(b.state))
      }),
      { numRuns: inMemory(500, subjects.length) },
    )
  })
})

test('items that are alike and change places are no difference', () => {
  const list = scuttlebutt(RArray.of(t.string))
  const [, before] = unwrap(list.change(RArray.push('x', 'x', 'x'), NOW)(list.create('ann')))
  const [, after] = unwrap(list.changeAll([RArray.remove(0), RArray.push('x')], NOW)(before))
  expect(RArray.keys(after.state)).not.toEqual(RArray.keys(before.state))
  expect(list.diff(before)(after)).toEqual([])
  const pad = scuttlebutt(Text)
  const [, one] = unwrap(pad.change(Text.insert(0, 'aaa'), NOW)(pad.create('ann')))
  const [, two] = unwrap(pad.changeAll([Text.remove(0, 1), Text.insert(2, 'a')], NOW)(one))
  expect(pad.diff(one)(two)).toEqual([])
})

test('patch of an AppendOnly removes the right items, also behind one that comes back', () => {
  const feed = scuttlebutt(AppendOnly.of(t.string))
  const [, all] = unwrap(feed.changeAll(['a', 'b', 'c', 'd'].map(AppendOnly.push), NOW)(feed.create('ann')))
  const [, less] = unwrap(feed.change(AppendOnly.remove(AppendOnly.items(all.state)[0]!.id), NOW)(all))
  const patches: Patch[] = [
    { at: [], splice: 0, removed: [], inserted: ['a'] },
    { at: [], splice: 2, removed: ['c'], inserted: [] },
  ]
  const [, edited] = unwrap(feed.changeAll(AppendOnly.patch(patches), NOW)(less))
  expect(AppendOnly.toJSON(edited.state)).toEqual(['b', 'd', 'a'])
  const others: Patch[] = [
    { at: [], splice: 2, removed: [], inserted: ['x'] },
    { at: [], splice: 1, removed: ['c'], inserted: [] },
    { at: [], splice: 2, removed: ['d'], inserted: [] },
  ]
  const [, again] = unwrap(feed.changeAll(AppendOnly.patch(others), NOW)(less))
  expect(AppendOnly.toJSON(again.state)).toEqual(['b', 'x'])
})

describe('patch of REdit', () => {
  const pad = scuttlebutt(REdit)
  /** A pad with these lines stored, as the original writes them: some without their end. */
  const storing = (stored: ReadonlyArray<string>): Replica<REdit.State, REdit.Change> =>
    unwrap(pad.change(Object.fromEntries(stored.map((line, i) => [String(i), line])), NOW)(pad.create('ann')))[1]
  const splice = (index: number, removed: string[], inserted: string[]): Patch => ({
    at: [],
    splice: index,
    removed,
    inserted,
  })

  test.each<[says: string, stored: string[], patches: Patch[], shown: string[]]>([
    ['a line keeps the end it is shown with when it becomes the last', ['c', 'd'], [splice(1, ['d'], [])], ['c\n']],
    ['also before empty lines', ['c', '', 'd', ''], [splice(2, ['d'], [])], ['c\n', '', '']],
    [
      'also if only empty lines take the place of what was behind it',
      ['c', 'd'],
      [splice(1, ['d'], ['', ''])],
      ['c\n', '', ''],
    ],
    ['the last line stays without its end', ['c', ''], [splice(1, [''], [])], ['c']],
    ['a line that comes to be the last has no end', ['d'], [splice(0, [], ['c']), splice(1, ['d'], [])], ['c']],
  ])('%s', (_says, stored, patches, shown) => {
    const [, edited] = unwrap(pad.changeAll(REdit.patch(patches), NOW + 1)(storing(stored)))
    expect(REdit.lines(edited.state)).toEqual(shown)
  })
})

test('patch of an ExpiryModel sets keys and fields, and removes keys', () => {
  const model = scuttlebutt(ExpiryModel.of(t.unknown))
  const commands = [ExpiryModel.set('a', { x: 1 }), ExpiryModel.set('b', 2), ExpiryModel.set('a', { x: 2, y: 3 })]
  const versions = commands.reduce(
    (all, command) => [...all, unwrap(model.change(command, NOW)(all.at(-1)!))[1]],
    [model.create('ann')],
  )
  const [first, , , last] = versions
  const back = ExpiryModel.patch(ExpiryModel.diff(last!.state)(versions[1]!.state))
  expect(back).toEqual([
    ['a', { x: 1 }],
    ['b', null],
  ])
  expect(ExpiryModel.patch(ExpiryModel.diff(last!.state)(first!.state))).toEqual([
    ['a', null],
    ['b', null],
  ])
})

/** The nodes of trees, each wrapped once, so that who shares one still does. */
const watched = () => {
  const wrapped = new WeakMap<object, unknown>()
  const visited = new Set<object>()
  const watch = <A>(value: A): A => {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
    const known = wrapped.get(value)
    if (known !== undefined) return known as A
    const proxy = new Proxy(value, {
      get: (target, name) => {
        if (name === 'items') visited.add(target)
        return watch(Reflect.get(target, name) as unknown)
      },
    })
    wrapped.set(value, proxy)
    return proxy
  }
  return { watch, visited }
}

describe.each([
  ['Model', Model.of(t.number), (i: number) => Model.set(`key ${String(i)}`, i)],
  ['Events', Events.of(t.number), (i: number) => Events.emit('said', i)],
  ['AppendOnly', AppendOnly.of(t.number), (i: number) => AppendOnly.push(i)],
  ['RArray', RArray.of(t.number), (i: number) => RArray.push(i)],
  ['REdit', REdit, (i: number) => RArray.push(`line ${String(i)}\n`)],
  ['Doc', Doc.of(t.number), (i: number) => Doc.set(`row ${String(i)}`, { n: i })],
  ['ExpiryModel', ExpiryModel.of(t.number, { max: 1e9 }), (i: number) => ExpiryModel.set(`key ${String(i)}`, i)],
  ['Text', Text.of({ units: 8 }), (i: number) => Text.insert(0, `word ${String(i)} `)],
] as unknown as [string, DataType<unknown, unknown>, (i: number) => Command<unknown, unknown, unknown>][])(
  'diff of %s',
  (_name, dataType, command) => {
    const { create, change, changeAll } = scuttlebutt(dataType)
    const visitsOf = (n: number): number => {
      const commands = Array.from({ length: n }, (_, i) => command(i))
      const base = unwrap(changeAll(commands, NOW)(create('ann')))[1]
      const next = [n, 3, n + 1].reduce((all, i) => unwrap(change(command(i), NOW)(all))[1], base)
      dataType.diff!(base.state)(next.state) // a text has an open end until it is read
      const { watch, visited } = watched()
      const patches = dataType.diff!(watch(base.state))(watch(next.state))
      expect(patches.length).toBeGreaterThan(0)
      dataType.diff!(watch(next.state))(watch(base.state))
      return visited.size
    }

    test('visits as few nodes among 10,000 entries as among 1,000, but for one level more', () => {
      const [few, many] = [visitsOf(1000), visitsOf(10_000)]
      expect(many).toBeLessThan(few * 3)
    })
  },
)
