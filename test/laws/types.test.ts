/** What the compiler accepts and infers: `tsc` fails if a line marked as an error is none. */
import { either as E } from 'fp-ts'
import fc from 'fast-check'
import * as t from 'io-ts'
import { expect, expectTypeOf, test } from 'vitest'
import { AppendOnly, Doc, Model, RArray, type DataType, type Stamp, type Update } from '../../src/index.js'
import { checkDataType, ofDataType, operations, updatesOf } from '../../src/laws/index.js'

const RUN = { seed: 1, runs: 1 } as const

test('Changes and makers may be mixed', () => {
  const type = Model.of(t.number)
  const set = fc.tuple(fc.constantFrom('x', 'y'), fc.nat(3))
  const bump = fc.constantFrom('x', 'y').map((key) => (state: Model.State<number>) => {
    const held = Model.get(key)(state)
    return held._tag === 'None' ? E.left('absent' as const) : E.right(Model.set(key, held.value + 1))
  })
  checkDataType(type, { ...RUN, command: () => fc.oneof(set, bump) })
  checkDataType(type, { ...RUN, change: fc.oneof(set, bump) })
  checkDataType(type, {
    ...RUN,
    change: fc.oneof(
      set,
      set.map(([key]) => Model.remove(key)),
    ),
  })
  const checked = checkDataType(RArray.of(t.string), {
    ...RUN,
    change: fc.oneof(
      fc.constantFrom('x', 'y').map((item) => RArray.push(item)),
      fc.nat(3).map((i) => RArray.remove(i)),
      fc.tuple(fc.nat(3), fc.nat(3)).map(([i, j]) => RArray.move(i, j)),
    ),
  })
  expect(checked._tag).toBe('Right')
  checkDataType(AppendOnly.of(t.string), {
    ...RUN,
    change: fc.oneof(
      fc.constantFrom('x', 'y').map((item) => AppendOnly.push(item)),
      fc
        .nat(3)
        .map(
          (i) => (state: AppendOnly.State<string>, stamp: Stamp) =>
            AppendOnly.remove(AppendOnly.items(state)[i]?.id ?? '')(state, stamp),
        ),
    ),
  })
  checkDataType(Doc.of(t.number), {
    ...RUN,
    command: () =>
      fc.oneof(
        fc.constantFrom('r').map((row) => Doc.set(row, { n: 1 })),
        fc.constant(Doc.remove('r')),
        fc.constant(Doc.add({ n: 2 })),
      ),
  })
  updatesOf(type, { change: fc.oneof(set, bump) })
  // @ts-expect-error a model of numbers takes no strings
  checkDataType(type, { ...RUN, change: fc.constant(['x', 'one']) })
  // @ts-expect-error nor in one of two
  checkDataType(type, { ...RUN, change: fc.oneof(set, fc.constant(['x', 'one'])) })
})

/** A type of one's own, as a newcomer writes it. */
const codec = t.union([t.tuple([t.literal('add'), t.string]), t.tuple([t.literal('remove'), t.string])])
type Change = t.TypeOf<typeof codec>

const set = {
  name: 'set',
  change: codec,
  empty: [] as ReadonlyArray<Update<Change>>,
  apply: (updates: ReadonlyArray<Update<Change>>) => (state: ReadonlyArray<Update<Change>>) => ({
    state: updates.length === 0 ? state : [...state, ...updates],
    superseded: [],
  }),
  toJSON: (state: ReadonlyArray<Update<Change>>) =>
    [...state].sort((a, b) => a[1] - b[1] || (a[2] < b[2] ? -1 : 1)).map(([change]) => change),
}

test('A codec of a union of tuples needs no cast', () => {
  const item = fc.constantFrom('x', 'y')
  const verb = fc.constantFrom('add', 'remove')
  expect(checkDataType(set, { ...RUN, change: fc.tuple(verb, item) })._tag).toBe('Right')
  checkDataType(set, {
    ...RUN,
    change: fc.oneof(fc.tuple(fc.constant('add'), item), fc.tuple(fc.constant('remove'), item)),
  })
  const add = item.map((one) => () => E.right<never, Change>(['add', one]))
  checkDataType(set, { ...RUN, change: fc.oneof(fc.tuple(verb, item), add) })
  checkDataType(set, {
    ...RUN,
    command: (state) => fc.oneof(fc.constant(['remove', state[0]?.[0][1] ?? 'x']), fc.tuple(fc.constant('add'), item)),
  })
  const typed: DataType<ReadonlyArray<Update<Change>>, Change> = set
  checkDataType(typed, { ...RUN, change: fc.oneof(fc.tuple(verb, item), add) })
  checkDataType(typed, { ...RUN, change: fc.constant(['add', 'x']) })
  checkDataType(set, { ...RUN, change: item.map((one) => () => E.right(['add', one] as const)) })
  const subject = ofDataType(set, { change: fc.tuple(verb, item) })
  expectTypeOf(subject.create('a').state).toEqualTypeOf<ReadonlyArray<Update<Change>>>()
  // @ts-expect-error not one of the verbs
  checkDataType(set, { ...RUN, change: fc.tuple(fc.constant('toggle'), item) })
})

test('Operations infer the commands and the messages', () => {
  operations({
    empty: 0,
    command: fc.oneof(fc.tuple(fc.constant('add'), fc.nat(3)), fc.constant('reset')),
    prepare: (command) => (sum) => (command === 'reset' ? -sum : command[1]),
    apply: (n) => (sum) => sum + n,
  })
})
