/** What the compiler lets through and what not: every line marked as an error must be one, or `tsc` fails. */
import { either as E } from 'fp-ts'
import * as t from 'io-ts'
import { expect, expectTypeOf, test } from 'vitest'
import { createStore } from '../src/adapters/store.js'
import { createReadStream, createStream, createWriteStream } from '../src/adapters/stream.js'
import {
  Doc,
  Events,
  Model,
  RArray,
  REdit,
  Scuttlebucket,
  scuttlebutt,
  type Applied,
  type Budget,
  type Command,
  type Digest,
  type Message,
  type Policy,
  type Rejection,
  type Replica,
  type SourceId,
  type Timestamp,
  type Update,
} from '../src/index.js'

const numbers = scuttlebutt(Model.of(t.number))
const chat = scuttlebutt(Events.of(t.type({ text: t.string })))

test('Commands are held to the data type', () => {
  const { change, create } = numbers
  change(Model.set('x', 1), 1)
  change(Model.remove('x'), 1)
  // @ts-expect-error a model of numbers takes no strings
  change(Model.set('x', 'one'), 1)
  // @ts-expect-error nor what another type does
  change(Events.emit('said', { text: 'hi' }), 1)
  // @ts-expect-error nor an event of another payload
  chat.change(Events.emit('said', 'hi'), 1)
  const full = change(
    (state) => (Model.size(state) < 1 ? E.right(Model.set('x', 1)) : E.left('full' as const)),
    1,
  )(create('a'))
  expectTypeOf(full).toExtend<E.Either<'full' | Rejection, unknown>>()
  expect(full._tag).toBe('Right')
})

test('A bucket knows its parts', () => {
  const { change, create } = scuttlebutt(
    Scuttlebucket.of({
      chat: Events.of(t.string),
      list: RArray.of(t.string),
      pad: REdit,
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
    change(at('inner')(at('settings')(Model.set('k', 1))), 1)(replica),
  ]
  const refusedCommands = [
    // @ts-expect-error the chat is of strings
    () => change(at('chat')(Events.emit('said', 1)), 1)(replica),
    // @ts-expect-error what another part takes
    () => change(at('chat')(RArray.push('x')), 1)(replica),
    // @ts-expect-error a list of strings
    () => change(at('list')(RArray.push(1)), 1)(replica),
    // @ts-expect-error the settings are numbers
    () => change(at('inner')(at('settings')(Model.set('k', 'one'))), 1)(replica),
    // @ts-expect-error no such part
    () => change(at('nowhere')(Model.set('k', 1)), 1)(replica),
  ]
  expect(commands).toHaveLength(6)
  expect(refusedCommands).toHaveLength(5)
  expectTypeOf(get('chat')(replica.state)).toEqualTypeOf<Events.State<string>>()
  expectTypeOf(get('pad')(replica.state)).toEqualTypeOf<REdit.State>()
  expectTypeOf(get('settings')(get('inner')(replica.state))).toEqualTypeOf<Model.State<number>>()
  // @ts-expect-error no such part
  expect(get('nowhere')(replica.state)).toBeUndefined()
  const refused = change(at('list')(RArray.pop()), 1)(replica)
  expectTypeOf(refused).toExtend<E.Either<Rejection | RArray.Refusal, unknown>>()
})

test('Views write what their rows may hold', () => {
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
    // @ts-expect-error rows of strings
    change(todo.push({ id: 'row', size: 1 }), 1)(replica),
    // @ts-expect-error rows of strings
    change(Doc.set('done', true).add('row'), 1)(replica),
    // @ts-expect-error rows of strings
    change(Doc.set('row', { size: 1 }), 1)(replica),
  ]
  expect(commands).toHaveLength(9)
  expectTypeOf(todo.rows(replica.state)).toEqualTypeOf<ReadonlyArray<Doc.Row<string>>>()
  expectTypeOf(Doc.row('x')(replica.state)).toEqualTypeOf<import('fp-ts').option.Option<Doc.Fields<string>>>()
})

test('States and updates are immutable to the compiler', () => {
  const replica = numbers.create('a')
  const update: Update<Model.Change<number>> = [['x', 1], 1, 'a']
  const refused: ReadonlyArray<() => void> = [
    () => {
      // @ts-expect-error a replica is never changed
      replica.id = 'b'
    },
    () => {
      // @ts-expect-error an update is never changed
      update[1] = 2
    },
    () => {
      // @ts-expect-error nor is its change
      update[0][1] = 2
    },
  ]
  expect(refused).toHaveLength(3)
  expectTypeOf(Model.get('x')(replica.state)).toEqualTypeOf<import('fp-ts').option.Option<number>>()
  expectTypeOf(Model.toJSON(replica.state)).toEqualTypeOf<Readonly<Record<string, number>>>()
})

test('The names of the contract are types', () => {
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

test('Streams are what they are called, with typed events', () => {
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
