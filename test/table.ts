/**
 * One entry for every data type, which all properties use. A new type adds an entry with an
 * oracle: a naive computation of its state that shares no code with it.
 */
import { either as E, type eq } from 'fp-ts'
import fc from 'fast-check'
import * as t from 'io-ts'
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
  Text,
  type Command,
  type DataType,
  type Maker,
  type Update,
} from '../src/index.js'
import { outcomeOf } from './data/text/oracle.js'

export interface Entry<S, C> {
  readonly dataType: DataType<S, C>
  readonly eq: eq.Eq<S>
  readonly toJSON: (state: S) => unknown
  /** What the patches of `diff` apply to. Default: `toJSON`. */
  readonly patchesOf?: (state: S) => unknown
  /** A command that refuses makes no update. */
  readonly change: fc.Arbitrary<Command<S, C, unknown>>
  /** The naive model: the state after all updates in total order, as `toJSON` shows it. */
  readonly oracle: (updates: ReadonlyArray<Update<C>>) => unknown
}

/** Few keys, so that they collide. Some are nasty, and none may be special. */
export const key = fc.constantFrom('a', 'b', '__proto__', 'constructor', 'toString', '', '\ud800', 'é')

export const source = fc.constantFrom('a', 'b', 'B', '__proto__', 'constructor', '', '\udfff', 'a b', '10', '9')

export const json = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom('', 'x', '__proto__', '\ud83d', true, false, -0.5),
  fc.dictionary(key, fc.nat(2), { maxKeys: 2 }),
  fc.array(fc.nat(2), { maxLength: 2 }),
)

const model: Entry<Model.State<unknown>, Model.Change<unknown>> = {
  dataType: Model.of(t.unknown),
  eq: Model.getEq(),
  toJSON: Model.toJSON,
  change: fc.tuple(key, fc.option(json)),
  oracle: (updates) =>
    Object.fromEntries([...new Map(updates.map(([change]) => change))].filter(([, value]) => value !== null)),
}

const events: Entry<Events.State<unknown>, Events.Change<unknown>> = {
  dataType: Events.of(t.unknown),
  eq: Events.getEq(),
  toJSON: Events.toJSON,
  change: fc.oneof(fc.tuple(key, json), fc.tuple(key, json, json)),
  oracle: (updates) => updates.map(([change]) => change),
}

/** The newest of every key, by key. */
const itemsOf = <V>(updates: ReadonlyArray<Update<RArray.Change<V>>>): ReadonlyArray<V> =>
  [...new Map(updates.flatMap(([change]) => Object.entries(change)))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, value]) => (value === null ? [] : [value as V]))

const index = fc.nat(9)

type ListCommand<S, C> = Command<S, C, unknown>

/** A command at an index that exists, or right after the last one where `ends` is 1. */
const inside =
  <S extends RArray.State<unknown>, C>(
    i: number,
    ends: 0 | 1,
    command: (i: number) => ListCommand<S, C>,
  ): ListCommand<S, C> =>
  (state, stamp) => {
    const made = command(i % Math.max(1, RArray.length(state) + ends))
    return typeof made === 'function' ? (made as Maker<S, C, unknown>)(state, stamp) : E.right(made)
  }

/** Keys as they may come from the wire, of ours and of others. */
const denseKey = fc.constantFrom('V', 'Vk', '0', '~', 'a', '__proto__', 'constructor', 'toString')

const rarray: Entry<RArray.State<unknown>, RArray.Change<unknown>> = {
  dataType: RArray.of(t.unknown),
  eq: RArray.getEq(),
  toJSON: RArray.toJSON,
  change: fc.oneof(
    fc.dictionary(denseKey, fc.option(json), { maxKeys: 3, minKeys: 1 }),
    fc
      .tuple(index, fc.array(json, { minLength: 1, maxLength: 3 }))
      .map(([i, values]) => inside(i, 1, (at) => RArray.insert(at, ...values))),
    fc
      .tuple(index, fc.nat(1), fc.array(json, { maxLength: 2 }))
      .map(([i, n, values]) => inside(i, 0, (at) => RArray.splice(at, n, ...values))),
    fc.tuple(index, json).map(([i, value]) => inside(i, 0, (at) => RArray.set(at, value))),
    fc.tuple(index, index).map(([i, j]) => inside(i, 0, (at) => inside(j, 0, (to) => RArray.move(at, to)))),
    fc.constantFrom(RArray.push('x'), RArray.unshift('y'), RArray.pop(), RArray.shift()),
  ),
  oracle: itemsOf,
}

const line = fc.constantFrom('a', 'b', 'a\n', 'b\n', 'b\r\n', '\n', '\r', '')

const redit: Entry<REdit.State, REdit.Change> = {
  dataType: REdit,
  eq: REdit.getEq(),
  toJSON: REdit.toJSON,
  patchesOf: REdit.lines,
  change: fc.oneof(
    fc.dictionary(denseKey, fc.option(line), { maxKeys: 3, minKeys: 1 }),
    fc.array(line, { maxLength: 5 }).map((lines) => REdit.text(lines.join(''))),
    fc.tuple(fc.nat(8), fc.nat(3), line).map(([offset, count, string]) => REdit.splice(offset, count, string)),
  ),
  // a line that another follows ends, whatever its writer thought
  oracle: (updates) =>
    itemsOf(updates)
      .filter((written) => written !== '')
      .join('\0')
      .replaceAll('\n\0', '\n')
      .replaceAll('\0', '\n'),
}

const letters = fc.constantFrom('a', 'b', 'cd', 'é😀', '\ud83d', '')
const offset = fc.nat(9)

/** References that nobody honest writes: to units that come later, or never. */
const unit = fc.oneof(
  fc.integer({ min: 1, max: 3 }),
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 3 }), source),
)

const madeUp: fc.Arbitrary<Text.Change> = fc
  .tuple(
    fc.nat(4),
    fc.array(
      fc.oneof(
        fc.tuple(fc.constant('+' as const), fc.constantFrom('x', 'yz'), fc.oneof(unit, fc.constant(0)), unit),
        fc.tuple(fc.constant('-' as const), unit, fc.integer({ min: 1, max: 2 })),
        fc.tuple(fc.constantFrom('later', '^'), json),
      ),
      { maxLength: 2 },
    ),
  )
  .map(([first, operations]) => [first, ...operations])

/** Refused only where it would cut a pair. */
const splicedWithin =
  (at: number, count: number, string: string): Text.Command =>
  (state, stamp) => {
    const start = at % (Text.length(state) + 1)
    return Text.splice(start, Math.min(count, Text.length(state) - start), string)(state, stamp)
  }

const text: Entry<Text.State, Text.Change> = {
  dataType: Text,
  eq: Text.getEq(),
  toJSON: Text.toJSON,
  change: fc.oneof(
    { weight: 4, arbitrary: fc.tuple(offset, letters).map(([at, string]) => splicedWithin(at, 0, string)) },
    { weight: 2, arbitrary: fc.tuple(offset, fc.nat(3)).map(([at, count]) => splicedWithin(at, count, '')) },
    fc.tuple(offset, fc.nat(2), letters).map(([at, count, string]) => splicedWithin(at, count, string)),
    fc.array(letters, { maxLength: 4 }).map((all) => Text.text(all.join(''))),
    madeUp,
  ),
  oracle: (updates) => outcomeOf(updates).text,
}

const id = fc.tuple(source, fc.integer({ min: 1, max: 6 })).map(([of, at]) => `${of}:${String(at)}`)

const appendOnly: Entry<AppendOnly.State<unknown>, AppendOnly.Change<unknown>> = {
  dataType: AppendOnly.of(t.unknown),
  eq: AppendOnly.getEq(),
  toJSON: AppendOnly.toJSON,
  change: fc.oneof(
    { weight: 4, arbitrary: json.map(AppendOnly.push) },
    id.map((remove) => ({ remove })),
    id.map(AppendOnly.remove),
    fc.nat(5).map((i): Command<AppendOnly.State<unknown>, AppendOnly.Change<unknown>, unknown> => (state, stamp) => {
      const item = AppendOnly.items(state)[i]
      return item === undefined ? { _tag: 'Left', left: 'none' } : AppendOnly.remove(item.id)(state, stamp)
    }),
  ),
  oracle: (updates) => {
    const removed = updates.map(([change]) => ('remove' in change ? change.remove : undefined))
    return updates.flatMap(([change, at, of]) =>
      'push' in change && !removed.includes(`${of}:${String(at)}`) ? [change.push] : [],
    )
  },
}

const MAX_KEYS = 3

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const expiry: Entry<ExpiryModel.State<unknown>, ExpiryModel.Change<unknown>> = {
  dataType: ExpiryModel.of(t.unknown, { max: MAX_KEYS }),
  eq: ExpiryModel.getEq(),
  // before anything lapses
  toJSON: ExpiryModel.toJSON(0),
  change: fc.tuple(key, fc.option(json)),
  oracle: (updates) => {
    const newest = [...new Map(updates.map((update, i) => [update[0][0], i])).values()].sort((i, j) => j - i)
    const first = newest[MAX_KEYS - 1] ?? 0
    const values = new Map<string, unknown>()
    for (const [[key, value]] of updates.slice(first)) {
      const before = values.get(key)
      const merges = isObject(value) && isObject(before)
      const all = merges
        ? [...Object.entries(before), ...Object.entries(value)]
        : isObject(value)
          ? Object.entries(value)
          : []
      values.set(
        key,
        isObject(value) ? Object.fromEntries([...new Map(all)].sort(([a], [b]) => (a < b ? -1 : 1))) : value,
      )
    }
    return Object.fromEntries([...values].filter(([, value]) => value !== null).sort(([a], [b]) => (a < b ? -1 : 1)))
  },
}

type Account = Readonly<Record<string, number>>

/** No two actions commute, so the result shows their order. No balance goes below 0. */
const account = (balances: Account, [holder, factor]: readonly [string, number]): Account => {
  const balance = Object.hasOwn(balances, holder) ? balances[holder]! : 0
  if (balance + factor < 0) throw new Error(`${holder} has no ${String(-factor)}`)
  return Object.fromEntries([...Object.entries(balances), [holder, balance * 3 + factor]])
}

const replay: Entry<Replay.State<Account, readonly [string, number]>, readonly [string, number]> = {
  dataType: Replay.of(account, {}, t.readonly(t.tuple([t.string, t.number]))),
  eq: Replay.getEq(),
  toJSON: Replay.toJSON,
  change: fc.tuple(key, fc.integer({ min: -2, max: 2 })),
  oracle: (updates) => {
    let balances: Account = {}
    for (const [action] of updates) {
      try {
        balances = account(balances, action)
      } catch {
        // an action that throws is skipped
      }
    }
    return balances
  },
}

const todo = Doc.seq('list', 'todo')
const fields = fc.dictionary(
  fc.constantFrom('list', '_sort', '__proto__', 'n'),
  fc.constantFrom('todo', 'V', 1, null),
  {
    maxKeys: 3,
  },
)

const row = fc.constantFrom<string[]>('a', 'b', '__proto__')

const doc: Entry<Doc.State<unknown>, Doc.Change<unknown>> = {
  dataType: Doc.of(t.unknown),
  eq: Doc.getEq(),
  toJSON: (state) => [Doc.toJSON(state), todo.rows(state).map(({ id }) => id)],
  change: fc.oneof(
    { weight: 4, arbitrary: fc.tuple(row, fc.option(fields, { nil: null })) },
    fc.tuple(row, fields).map(([row, some]) => Doc.set(row, some)),
    fields.map(Doc.add),
    row.map(Doc.remove),
    fc.oneof(row, fields).map((what) => todo.push(what)),
    fc.tuple(row, row).map(([row, anchor]) => todo.before(row, anchor)),
    fc.tuple(row, row).map(([row, anchor]) => todo.after(row, anchor)),
    row.map((row) => todo.remove(row)),
  ),
  oracle: (updates) => {
    const rows = new Map<string, Map<string, unknown>>()
    for (const [[row, set]] of updates) {
      const before = rows.get(row) ?? new Map<string, unknown>()
      if (set === null) rows.delete(row)
      else rows.set(row, new Map([...before, ...Object.entries(set)]))
    }
    const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : 1)
    const all = [...rows].sort(byKey).map(([row, of]) => [row, Object.fromEntries([...of].sort(byKey))] as const)
    const inList = all.flatMap(([row, { list, _sort }]) =>
      list === 'todo' ? [[typeof _sort === 'string' && _sort !== '' ? _sort : row, row] as const] : [],
    )
    return [Object.fromEntries(all), inList.sort(byKey).map(([, row]) => row)]
  },
}

const parts = {
  list: rarray.dataType,
  proto: model.dataType,
  inner: Scuttlebucket.of({ events: events.dataType, model: model.dataType }),
}

/** The updates of one part, without its name. */
const partOf = <C>(
  updates: ReadonlyArray<Update<readonly [string, unknown]>>,
  part: string,
): ReadonlyArray<Update<C>> =>
  updates.flatMap(([[name, change], ...stamp]) => (name === part ? [[change as C, ...stamp] as const] : []))

const bucket: Entry<Scuttlebucket.State<typeof parts>, Scuttlebucket.Change<typeof parts>> = {
  dataType: Scuttlebucket.of(parts),
  eq: Scuttlebucket.getEq({
    list: RArray.getEq(),
    proto: Model.getEq(),
    inner: Scuttlebucket.getEq({ events: Events.getEq(), model: Model.getEq() }),
  }),
  toJSON: Scuttlebucket.toJSON,
  change: fc.oneof(
    rarray.change.map(Scuttlebucket.at('list')),
    model.change.map(Scuttlebucket.at('proto')),
    events.change.map((change) => ['inner', ['events', change]]),
    model.change.map((change) => Scuttlebucket.at('inner')(Scuttlebucket.at('model')(change))),
    // parts of a later version of the program
    fc.tuple(fc.constantFrom('later', '__proto__', 'toString'), json) as fc.Arbitrary<never>,
  ) as fc.Arbitrary<Command<Scuttlebucket.State<typeof parts>, Scuttlebucket.Change<typeof parts>, unknown>>,
  oracle: (updates) => {
    const inner = partOf<readonly [string, unknown]>(updates, 'inner')
    return {
      list: rarray.oracle(partOf(updates, 'list')),
      proto: model.oracle(partOf(updates, 'proto')),
      inner: { events: events.oracle(partOf(inner, 'events')), model: model.oracle(partOf(inner, 'model')) },
    }
  },
}

export const table = [
  model,
  events,
  rarray,
  redit,
  appendOnly,
  doc,
  expiry,
  replay,
  bucket,
  text,
] as unknown as ReadonlyArray<Entry<unknown, unknown>>
