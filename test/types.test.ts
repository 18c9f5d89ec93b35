/** What the compiler accepts and refuses. `tsc` fails if a line marked as an error is none. */
import { either as E, type option as O } from 'fp-ts'
import * as t from 'io-ts'
import { expect, expectTypeOf, test } from 'vitest'
import { createStore } from '../src/adapters/store.js'
import { createReadStream, createStream, createWriteStream } from '../src/adapters/stream.js'
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
  type Applied,
  type Budget,
  type ChangeOf,
  type Command,
  type CommandOf,
  type DataType,
  type DeepReadonly,
  type Digest,
  type Message,
  type MessageOf,
  type Policy,
  type Rejection,
  type Replica,
  type ReplicaOf,
  type SourceId,
  type StateOf,
  type Timestamp,
  type Update,
} from '../src/index.js'

const numbers = scuttlebutt(Model.of(t.number))
const chat = scuttlebutt(Events.of(t.type({ text: t.string })))

test('A data type accepts its own commands only', () => {
  const { change, create } = numbers
  change(Model.set('x', 1), 1)
  change(Model.remove('x'), 1)
  // @ts-expect-error a model of numbers takes no strings
  change(Model.set('x', 'one'), 1)
  // @ts-expect-error a command of another data type
  change(Events.emit('said', { text: 'hi' }), 1)
  // @ts-expect-error an event with another payload
  chat.change(Events.emit('said', 'hi'), 1)
  const full = change(
    (state) => (Model.size(state) < 1 ? E.right(Model.set('x', 1)) : E.left('full' as const)),
    1,
  )(create('a'))
  expectTypeOf(full).toExtend<E.Either<'full' | Rejection, unknown>>()
  expect(full._tag).toBe('Right')
})

test('A bucket knows the types of its parts', () => {
  const { change, create } = scuttlebutt(
    Scuttlebucket.of({
      chat: Events.of(t.string),
      list: RArray.of(t.string),
      pad: REdit,
      rows: Doc.of(t.string),
      inner: Scuttlebucket.of({ settings: Model.of(t.number) }),
    }),
  )
  const { at, get } = Scuttlebucket
  const replica = create('a')
  const commands = [
    change(at('chat')(Events.emit('said', 'hi')), 1)(replica),
    change(at('list')(RArray.push('x')), 1)(replica),
    change(at('list')(RArray.pop()), 1)(replica),
    change(at('list')(RArray.move(0, 1)), 1)(replica),
    change(at('pad')(REdit.text('x')), 1)(replica),
    change(at('rows')(Doc.set('row', { text: 'x' })), 1)(replica),
    change(at('inner')(at('settings')(Model.set('k', 1))), 1)(replica),
  ]
  const refusedCommands = [
    // @ts-expect-error the chat takes strings
    () => change(at('chat')(Events.emit('said', 1)), 1)(replica),
    // @ts-expect-error a command of another part
    () => change(at('chat')(RArray.push('x')), 1)(replica),
    // @ts-expect-error the list takes strings
    () => change(at('list')(RArray.push(1)), 1)(replica),
    // @ts-expect-error the rows hold strings
    () => change(at('rows')(Doc.set('row', { text: 1 })), 1)(replica),
    // @ts-expect-error the settings are numbers
    () => change(at('inner')(at('settings')(Model.set('k', 'one'))), 1)(replica),
    // @ts-expect-error the bucket has no such part
    () => change(at('nowhere')(Model.set('k', 1)), 1)(replica),
  ]
  expect(commands).toHaveLength(7)
  expect(refusedCommands).toHaveLength(6)
  expectTypeOf(get('chat')(replica.state)).toEqualTypeOf<Events.State<string>>()
  expectTypeOf(get('pad')(replica.state)).toEqualTypeOf<REdit.State>()
  expectTypeOf(get('settings')(get('inner')(replica.state))).toEqualTypeOf<Model.State<number>>()
  // @ts-expect-error the bucket has no such part
  expect(get('nowhere')(replica.state)).toBeUndefined()
  const renamed = change(at('rows')(Doc.set('row', { id: 'other' })), 1)(replica)
  expectTypeOf(renamed).toExtend<E.Either<Rejection | Doc.IdChanged, unknown>>()
  expect(renamed).toMatchObject({ left: { _tag: 'IdChanged' } })
  const refused = change(at('list')(RArray.pop()), 1)(replica)
  expectTypeOf(refused).toExtend<E.Either<Rejection | RArray.Refusal, unknown>>()
})

test('A view writes only values that its rows may hold', () => {
  const { change, create } = scuttlebutt(Doc.of(t.string))
  const todo = Doc.seq('list', 'todo')
  const replica = create('a')
  const commands = [
    change(todo.push('row'), 1)(replica),
    change(todo.push({ id: 'row', text: 'x' }), 1)(replica),
    change(todo.before('row', 'other'), 1)(replica),
    change(Doc.set('list', 'done').add('row'), 1)(replica),
    change(Doc.set('row', { text: 'x' }), 1)(replica),
    change(Doc.remove('row'), 1)(replica),
    // @ts-expect-error the fields are strings
    change(todo.push({ id: 'row', size: 1 }), 1)(replica),
    // @ts-expect-error the fields are strings
    change(Doc.set('done', true).add('row'), 1)(replica),
    // @ts-expect-error the fields are strings
    change(Doc.set('row', { size: 1 }), 1)(replica),
  ]
  expect(commands).toHaveLength(9)
  expectTypeOf(todo.rows(replica.state)).toEqualTypeOf<ReadonlyArray<Doc.Row<string>>>()
  expectTypeOf(Doc.row('x')(replica.state)).toEqualTypeOf<O.Option<Doc.Fields<string>>>()
})

test('The compiler refuses to change a replica or an update', () => {
  const replica = numbers.create('a')
  const update: Update<Model.Change<number>> = [['x', 1], 1, 'a']
  const refused: ReadonlyArray<() => void> = [
    () => {
      // @ts-expect-error a replica is readonly
      replica.id = 'b'
    },
    () => {
      // @ts-expect-error an update is readonly
      update[1] = 2
    },
    () => {
      // @ts-expect-error a change is readonly
      update[0][1] = 2
    },
  ]
  expect(refused).toHaveLength(3)
  expectTypeOf(Model.get('x')(replica.state)).toEqualTypeOf<O.Option<number>>()
  expectTypeOf(Model.toJSON(replica.state)).toEqualTypeOf<Readonly<Record<string, number>>>()
})

test('The main entry exports the types of the contract', () => {
  const timestamp: Timestamp = 1000
  const source: SourceId = 'a'
  const update: Update<Model.Change<number>> = [['x', 1], timestamp, source]
  const digest: Digest = { id: source, clock: { [source]: timestamp } }
  const message: Message<Model.Change<number>> = { digest, updates: [update] }
  const policy: Policy = { now: timestamp, maxDrift: 1, maxBytes: 100 }
  const budget: Budget = { maxUpdates: 1, maxBytes: 100, order: 'breadth' }
  const command: Command<Model.State<number>, Model.Change<number>> = Model.set('x', 1)
  const applied: Applied<Model.State<number>, Model.Change<number>> = Model.of(t.number).apply([update])(
    numbers.dataType.empty,
  )
  const decoded: E.Either<Rejection, Update<Model.Change<number>>> = numbers.decode(policy)(update)
  const [replica]: readonly [Replica<Model.State<number>, Model.Change<number>>, unknown] = numbers.reconcile(
    message,
    budget,
  )(numbers.create('b'))
  expect([decoded._tag, applied.superseded, replica.state]).toEqual(['Right', [], applied.state])
  expect(numbers.change(command, timestamp)(replica)._tag).toBe('Right')
})

test('A read stream cannot write, a write stream cannot read, and events are typed', () => {
  const store = createStore(numbers, 'a')
  const both = createStream(store)
  both.on('rejection', (rejection) => {
    expectTypeOf(rejection).toEqualTypeOf<Rejection>()
  })
  const reading = createReadStream(store)
  const writing = createWriteStream(store)
  expectTypeOf(reading).not.toHaveProperty('write')
  expectTypeOf(writing).not.toHaveProperty('read')
  expect([reading.readable, writing.writable]).toEqual([true, true])
  for (const stream of [both, reading, writing]) stream.destroy()
})

test('Each type of a scuttlebutt or of a data type has a name', () => {
  type State = Model.State<number>
  type Change = Model.Change<number>
  type Numbers = typeof numbers
  expectTypeOf<StateOf<Numbers>>().toEqualTypeOf<State>()
  expectTypeOf<ChangeOf<Numbers>>().toEqualTypeOf<Change>()
  expectTypeOf<ReplicaOf<Numbers>>().toEqualTypeOf<Replica<State, Change>>()
  expectTypeOf<MessageOf<Numbers>>().toEqualTypeOf<Message<Change>>()
  expectTypeOf<CommandOf<Numbers>>().toEqualTypeOf<Command<State, Change>>()
  expectTypeOf<CommandOf<Numbers, 'full'>>().toEqualTypeOf<Command<State, Change, 'full'>>()
  // of a data type: one of ours, a module, and any other
  expectTypeOf<StateOf<Model.Type<number>>>().toEqualTypeOf<State>()
  expectTypeOf<ReplicaOf<typeof REdit>>().toEqualTypeOf<Replica<REdit.State, REdit.Change>>()
  expectTypeOf<ReplicaOf<DataType<boolean, 'on'>>>().toEqualTypeOf<Replica<boolean, 'on'>>()
  const parts = { chat: Events.of(t.string), inner: Scuttlebucket.of({ settings: Model.of(t.number) }) }
  const app = scuttlebutt(Scuttlebucket.of(parts))
  type App = typeof app
  expect(Object.keys(app.create('a').state.states)).toEqual(['chat', 'inner'])
  expectTypeOf<StateOf<App>>().toEqualTypeOf<Scuttlebucket.State<typeof parts>>()
  expectTypeOf<ReplicaOf<App>>().toEqualTypeOf<ReturnType<App['create']>>()
  expectTypeOf<ChangeOf<App>>().toEqualTypeOf<
    | readonly [name: 'chat', change: Events.Change<string>]
    | readonly [name: 'inner', change: readonly [name: 'settings', change: Model.Change<number>]]
  >()
  const command: CommandOf<App> = Scuttlebucket.at('chat')(Events.emit('said', 'hi'))
  // @ts-expect-error not a command of this bucket
  const wrong: CommandOf<App> = Scuttlebucket.at('chat')(Events.emit('said', 1))
  expect([typeof command, typeof wrong]).toEqual(['function', 'function'])
})

const note = t.type({ kind: t.union([t.literal('draft'), t.literal('done')]), tags: t.array(t.string) })
type Note = t.TypeOf<typeof note>

interface FrozenNote {
  readonly kind: 'draft' | 'done'
  readonly tags: ReadonlyArray<string>
}

test('Query results are deeply readonly', () => {
  const of = <S, C>(dataType: DataType<S, C>): S => dataType.empty
  const model = of(Model.of(note))
  const events = of(Events.of(note))
  const feed = of(AppendOnly.of(note))
  const list = of(RArray.of(note))
  const doc = of(Doc.of(note))
  const expiring = of(ExpiryModel.of(note))
  const replay = of(Replay.of((tags: number, { tags: more }: Note) => tags + more.length, 0, note))
  const bucket = of(Scuttlebucket.of({ model: Model.of(note) }))
  const view = Doc.seq('list', 'todo')
  expectTypeOf(Model.get('k')(model)).toEqualTypeOf<O.Option<FrozenNote>>()
  expectTypeOf(Model.entries(model)).toEqualTypeOf<ReadonlyArray<readonly [string, FrozenNote]>>()
  expectTypeOf(Model.toJSON(model)).toEqualTypeOf<Readonly<Record<string, FrozenNote>>>()
  expectTypeOf(Events.events()(events).map(([[, payload]]) => payload)).toEqualTypeOf<FrozenNote[]>()
  expectTypeOf(Events.toJSON(events).map(([, payload]) => payload)).toEqualTypeOf<FrozenNote[]>()
  expectTypeOf(AppendOnly.items(feed).map(({ item }) => item)).toEqualTypeOf<FrozenNote[]>()
  expectTypeOf(AppendOnly.toJSON(feed)).toEqualTypeOf<ReadonlyArray<FrozenNote>>()
  expectTypeOf(RArray.at(0)(list)).toEqualTypeOf<O.Option<FrozenNote>>()
  expectTypeOf(RArray.toArray(list)).toEqualTypeOf<ReadonlyArray<FrozenNote>>()
  expectTypeOf(REdit.lines(REdit.empty)).toEqualTypeOf<ReadonlyArray<string>>()
  expectTypeOf(Doc.row('r')(doc)).toEqualTypeOf<O.Option<Readonly<Record<string, FrozenNote | null>>>>()
  expectTypeOf(Doc.rows(doc).map(({ fields }) => fields)).toEqualTypeOf<Readonly<Record<string, FrozenNote | null>>[]>()
  expectTypeOf(view.rows(doc)).toEqualTypeOf<ReadonlyArray<Doc.Row<Note>>>()
  expectTypeOf(view.first(doc)).toEqualTypeOf<O.Option<Doc.Row<Note>>>()
  expectTypeOf(ExpiryModel.get('k', 1)(expiring)).toEqualTypeOf<O.Option<FrozenNote>>()
  expectTypeOf(ExpiryModel.toJSON(1)(expiring)).toEqualTypeOf<Readonly<Record<string, FrozenNote>>>()
  expectTypeOf(Replay.actions(replay)).toEqualTypeOf<ReadonlyArray<FrozenNote>>()
  expectTypeOf(Model.get('k')(Scuttlebucket.get('model')(bucket))).toEqualTypeOf<O.Option<FrozenNote>>()
  const notes = scuttlebutt(Model.of(note))
  const changed = notes.change(Model.set('k', { kind: 'draft', tags: ['x'] }), 1)(notes.create('a'))
  if (changed._tag === 'Left') throw new Error(changed.left._tag)
  const held = Model.get('k')(changed.right[1].state)
  if (held._tag === 'None') throw new Error('not set')
  const writes: ReadonlyArray<() => unknown> = [
    // @ts-expect-error the array is readonly
    () => (held.value.tags[0] = 'y'),
    // @ts-expect-error the field is readonly
    () => (held.value.kind = 'done'),
  ]
  for (const write of writes) expect(write).toThrow(TypeError)
})

test('A command accepts a value that a query returned', () => {
  const held: FrozenNote = { kind: 'draft', tags: ['x'] }
  const accepted = <S, C>(dataType: DataType<S, C>, ...commands: ReadonlyArray<Command<S, C, unknown>>) => {
    const { change, create } = scuttlebutt(dataType)
    for (const command of commands) expect(change(command, 1)(create('a'))._tag).toBe('Right')
  }
  accepted(Model.of(note), Model.set('k', held))
  accepted(Events.of(note), Events.emit('said', held))
  accepted(AppendOnly.of(note), AppendOnly.push(held))
  accepted(RArray.of(note), RArray.push(held), RArray.unshift(held), RArray.insert(0, held), RArray.splice(0, 0, held))
  accepted(Doc.of(t.union([note, t.string])), Doc.set('r', { a: held }), Doc.add({ a: held }))
  accepted(Doc.of(t.union([note, t.string])), Doc.seq('list', 'todo').push({ a: held }))
  accepted(ExpiryModel.of(note), ExpiryModel.set('k', held))
  accepted(
    Replay.of((tags: number, { tags: more }: Note) => tags + more.length, 0, note),
    Replay.dispatch(held),
  )
  accepted(Scuttlebucket.of({ model: Model.of(note) }), Scuttlebucket.at('model')(Model.set('k', held)))
})

test('A literal in a command needs no annotation', () => {
  const notes = scuttlebutt(Model.of(note))
  const list = scuttlebutt(RArray.of(note))
  notes.change(Model.set('k', { kind: 'done', tags: [] }), 1)
  list.change(RArray.push({ kind: 'done', tags: [] }), 1)
  const refused = [
    // @ts-expect-error not a kind of note
    () => notes.change(Model.set('k', { kind: 'lost', tags: [] }), 1),
    // @ts-expect-error a tag is a string
    () => list.change(RArray.push({ kind: 'done', tags: [1] }), 1),
  ]
  expect(refused).toHaveLength(2)
})

test('The state of a Replay has the type that the reducer returns', () => {
  interface Counts {
    total: number
    readonly seen: string[]
  }
  const type = Replay.of(
    (state: Counts, by: number): Counts => ({ ...state, total: state.total + by }),
    { total: 0, seen: [] },
    t.number,
  )
  expectTypeOf(Replay.state(type.empty)).toEqualTypeOf<Counts>()
  expectTypeOf(type.toJSON(type.empty)).toEqualTypeOf<Counts>()
  expect(Replay.state(type.empty)).toEqual({ total: 0, seen: [] })
})

test('DeepReadonly changes arrays, tuples and plain objects only', () => {
  expectTypeOf<DeepReadonly<string[][]>>().toEqualTypeOf<ReadonlyArray<ReadonlyArray<string>>>()
  expectTypeOf<DeepReadonly<{ a: string[]; b?: [x: number, y?: string[]] }>>().toEqualTypeOf<{
    readonly a: ReadonlyArray<string>
    readonly b?: readonly [x: number, y?: ReadonlyArray<string>]
  }>()
  expectTypeOf<DeepReadonly<[string, ...number[][]]>>().toEqualTypeOf<readonly [string, ...ReadonlyArray<number>[]]>()
  expectTypeOf<DeepReadonly<Record<string, number[]>>>().toEqualTypeOf<
    Readonly<Record<string, ReadonlyArray<number>>>
  >()
  expectTypeOf<DeepReadonly<DeepReadonly<Note>>>().toEqualTypeOf<DeepReadonly<Note>>()

  class Point {
    x: number[] = []
    norm(): number {
      return this.x.length
    }
  }
  class Secret {
    shown: number[] = []
    readonly #hidden = 1
    get size(): number {
      return this.shown.length + this.#hidden
    }
  }
  type Many = t.Branded<number[], { readonly Many: unique symbol }>
  type Checked = t.Branded<{ a: number[] }, { readonly Checked: unique symbol }>
  expectTypeOf<DeepReadonly<Date>>().toEqualTypeOf<Date>()
  expectTypeOf<DeepReadonly<Map<string, number[]>>>().toEqualTypeOf<Map<string, number[]>>()
  expectTypeOf<DeepReadonly<Set<number[]>>>().toEqualTypeOf<Set<number[]>>()
  expectTypeOf<DeepReadonly<Uint8Array>>().toEqualTypeOf<Uint8Array>()
  expectTypeOf<DeepReadonly<() => number[]>>().toEqualTypeOf<() => number[]>()
  expectTypeOf<DeepReadonly<Point>>().toEqualTypeOf<Point>()
  expectTypeOf<DeepReadonly<Secret>>().toEqualTypeOf<Secret>()
  expectTypeOf<DeepReadonly<t.Int>>().toEqualTypeOf<t.Int>()
  expectTypeOf<DeepReadonly<string & { readonly unit: 'ms' }>>().toEqualTypeOf<string & { readonly unit: 'ms' }>()
  expectTypeOf<DeepReadonly<Many>>().toEqualTypeOf<Many>()
  expectTypeOf<DeepReadonly<Checked>>().toEqualTypeOf<Checked>()
  expectTypeOf<DeepReadonly<{ at: Date; ids: t.Int[] }>>().toEqualTypeOf<{
    readonly at: Date
    readonly ids: ReadonlyArray<t.Int>
  }>()
  expectTypeOf<DeepReadonly<unknown>>().toEqualTypeOf<unknown>()
  expectTypeOf<DeepReadonly<never>>().toEqualTypeOf<never>()
  expectTypeOf<DeepReadonly<object>>().toEqualTypeOf<object>()
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- `any` is the case
  expectTypeOf<DeepReadonly<any>>().toBeAny()

  type Json = null | string | number | boolean | Json[] | { [key: string]: Json }
  const json: DeepReadonly<Json> = { a: [{ b: null }] } satisfies Json
  expectTypeOf<DeepReadonly<typeof json>>().toEqualTypeOf<typeof json>()
  expect([new Point().norm(), new Secret().size, json]).toEqual([0, 1, { a: [{ b: null }] }])
})

test('A data type stays generic in the values of its user', () => {
  const first = <V>(value: t.Type<V, unknown, unknown>, one: V): O.Option<DeepReadonly<V>> => {
    const { change, create } = scuttlebutt(RArray.of(value))
    const changed = change(RArray.push(one), 1)(create('a'))
    return changed._tag === 'Left' ? { _tag: 'None' } : RArray.at(0)(changed.right[1].state)
  }
  expectTypeOf(first(note, { kind: 'done', tags: [] })).toEqualTypeOf<O.Option<FrozenNote>>()
  expect(first(t.number, 7)).toEqual({ _tag: 'Some', value: 7 })
  const size = (state: Model.State<unknown>): number => Model.size(state)
  expect(size(Model.of(note).empty)).toBe(0)
})

test('A data type without an annotation is inferred', () => {
  const { applyUpdates, create } = scuttlebutt({
    name: 'Sum',
    change: t.number,
    empty: 0,
    apply: (updates) => (state) => ({
      state: updates.reduce((sum, [by]) => sum + by, state),
      superseded: [],
    }),
  })
  const replica = applyUpdates([[1, 1, 'a']])(create('b'))
  expectTypeOf(replica).toEqualTypeOf<Replica<number, number>>()
  expect(replica.state).toBe(1)
})
