/** What the data types that hold users' values make of a value. */
import { expect } from 'vitest'
import type * as t from 'io-ts'
import {
  AppendOnly,
  Doc,
  Events,
  ExpiryModel,
  Model,
  RArray,
  Replay,
  Scuttlebucket,
  type Command,
  type DataType,
} from '../../../src/index.js'

export type Value = t.Type<unknown, unknown, unknown>

/** A data type, or one way to write a value to it. */
export interface Subject<S, C> {
  readonly name: string
  readonly of: (value: Value) => DataType<S, C>
  readonly eq: () => { readonly equals: (a: S, b: S) => boolean }
  /** A command that writes a value. */
  readonly write: (value: unknown) => Command<S, C, unknown>
  /** The change on the wire that does so. */
  readonly onWire: (json: unknown) => unknown
  /** The values that the state shows, as each query says them. Null in a `Doc` is none. */
  readonly shown: (state: S) => ReadonlyArray<ReadonlyArray<unknown>>
  /** Whether each write adds a value, null or not. Else null means none. */
  readonly isOfMany: boolean
  /** Whether an object is merged into the object before it. */
  readonly isMerging?: boolean
}

const subject = <S, C>(one: Subject<S, C>): Subject<unknown, unknown> => one as unknown as Subject<unknown, unknown>

const some = <A>(option: { readonly _tag: 'None' } | { readonly _tag: 'Some'; readonly value: A }): ReadonlyArray<A> =>
  option._tag === 'Some' ? [option.value] : []

const ofModel = (state: Model.State<unknown>): ReadonlyArray<ReadonlyArray<unknown>> => {
  const values = some(Model.get('k')(state))
  expect(Model.has('k')(state)).toBe(values.length === 1)
  expect(Model.keys(state)).toEqual(values.map(() => 'k'))
  expect(Model.size(state)).toBe(values.length)
  return [values, Model.entries(state).map(([, value]) => value), Object.values(Model.toJSON(state))]
}

const isSome = (value: unknown): boolean => value !== null

const NOTHING: ReadonlyArray<unknown> = []

const append = (all: ReadonlyArray<unknown>, one: unknown): ReadonlyArray<unknown> => [...all, one]

const ROW = Doc.where('k', 1)

export const subjects = [
  subject<Model.State<unknown>, Model.Change<unknown>>({
    name: 'Model',
    of: (value) => Model.of(value),
    eq: Model.getEq,
    write: (value) => Model.set('k', value),
    onWire: (json) => ['k', json],
    shown: ofModel,
    isOfMany: false,
  }),
  subject<ExpiryModel.State<unknown>, ExpiryModel.Change<unknown>>({
    name: 'ExpiryModel',
    of: (value) => ExpiryModel.of(value, { maxAge: 1e6 }),
    eq: ExpiryModel.getEq,
    write: (value) => ExpiryModel.set('k', value),
    onWire: (json) => ['k', json],
    shown: (state) => {
      const values = some(ExpiryModel.get('k', 2000)(state))
      expect(ExpiryModel.keys(2000)(state)).toEqual(values.map(() => 'k'))
      const entries = ExpiryModel.entries(2000)(state).map(([, value]) => value)
      return [values, entries, Object.values(ExpiryModel.toJSON(2000)(state))]
    },
    isOfMany: false,
    isMerging: true,
  }),
  ...(['push', 'insert', 'splice', 'pushAll'] as const).map((how) =>
    subject<RArray.State<unknown>, RArray.Change<unknown>>({
      name: `RArray, by ${how}`,
      of: (value) => RArray.of(value),
      eq: RArray.getEq,
      write: (value) => {
        if (how === 'push') return RArray.push(value)
        if (how === 'insert') return RArray.insert(0, value)
        if (how === 'splice') return RArray.splice(0, 0, value)
        return RArray.pushAll([value])[0]!
      },
      onWire: (json) => ({ k: json }),
      shown: (state) => {
        const length = RArray.length(state)
        expect(RArray.keys(state)).toHaveLength(length)
        const items = Array.from({ length: length + 1 }, (_, i) => some(RArray.at(i)(state))).flat()
        return [items, RArray.toArray(state), RArray.toJSON(state)]
      },
      isOfMany: true,
    }),
  ),
  subject<Doc.State<unknown>, Doc.Change<unknown>>({
    name: 'Doc',
    of: (value) => Doc.of(value),
    eq: Doc.getEq,
    write: (value) => Doc.set('row', { k: value }),
    onWire: (json) => ['row', { k: json }],
    shown: (state) => {
      const rows = some(Doc.row('row')(state))
      expect(Doc.has('row')(state)).toBe(rows.length === 1)
      expect(Doc.size(state)).toBe(rows.length)
      expect(ROW.length(state)).toBe(rows.filter(({ k }) => k === 1).length)
      expect(ROW.rows(state)).toHaveLength(ROW.length(state))
      const listed = Doc.rows(state).map(({ fields }) => fields)
      return [rows, listed, Object.values(Doc.toJSON(state))].map((all) =>
        all.flatMap((fields) => Object.values(fields).filter(isSome)),
      )
    },
    isOfMany: false,
  }),
  subject<AppendOnly.State<unknown>, AppendOnly.Change<unknown>>({
    name: 'AppendOnly',
    of: (value) => AppendOnly.of(value),
    eq: AppendOnly.getEq,
    write: (value) => AppendOnly.push(value),
    onWire: (json) => ({ push: json }),
    shown: (state) => {
      expect(AppendOnly.size(state)).toBe(AppendOnly.items(state).length)
      return [AppendOnly.items(state).map(({ item }) => item), AppendOnly.toJSON(state)]
    },
    isOfMany: true,
  }),
  subject<Events.State<unknown>, Events.Change<unknown>>({
    name: 'Events',
    of: (value) => Events.of(value),
    eq: Events.getEq,
    write: (value) => Events.emit('k', value),
    onWire: (json) => ['k', json],
    shown: (state) => {
      const [all, named] = [undefined, 'k'].map((name) => Events.events(name)(state).map(([[, payload]]) => payload))
      expect(Events.size(state)).toBe(all!.length)
      return [all!, named!, Events.toJSON(state).map(([, payload]) => payload)]
    },
    isOfMany: true,
  }),
  subject<Replay.State<ReadonlyArray<unknown>, unknown>, unknown>({
    name: 'Replay',
    of: (value) => Replay.of(append, NOTHING, value),
    eq: Replay.getEq,
    write: (value) => Replay.dispatch(value),
    onWire: (json) => json,
    shown: (state) => [Replay.actions(state), Replay.state(state), Replay.toJSON(state)],
    isOfMany: true,
  }),
  subject<Scuttlebucket.State<{ part: Model.Type<unknown> }>, Scuttlebucket.Change<{ part: Model.Type<unknown> }>>({
    name: 'Scuttlebucket',
    of: (value) => Scuttlebucket.of({ part: Model.of(value) }),
    eq: () => Scuttlebucket.getEq({ part: Model.getEq() }),
    write: (value) => Scuttlebucket.at('part')(Model.set('k', value)),
    onWire: (json) => ['part', ['k', json]],
    shown: (state) => ofModel(Scuttlebucket.get('part')(state)),
    isOfMany: false,
  }),
  subject<
    Scuttlebucket.State<{ part: Replay.Type<ReadonlyArray<unknown>, unknown> }>,
    Scuttlebucket.Change<{ part: Replay.Type<ReadonlyArray<unknown>, unknown> }>
  >({
    name: 'Scuttlebucket of a Replay',
    of: (value) => Scuttlebucket.of({ part: Replay.of(append, NOTHING, value) }),
    eq: () => Scuttlebucket.getEq({ part: Replay.getEq() }),
    write: (value) => Scuttlebucket.at('part')(Replay.dispatch(value)),
    onWire: (json) => ['part', json],
    shown: (state) => [
      Replay.actions(Scuttlebucket.get('part')(state)),
      Replay.state(Scuttlebucket.get('part')(state)),
    ],
    isOfMany: true,
  }),
]
