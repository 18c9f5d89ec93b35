/** Cases where two of the original stay different for good, and two of ours end equal. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import * as t from 'io-ts'
import { createStore } from '../../src/adapters/store.js'
import { createStream } from '../../src/adapters/stream.js'
import { Doc, ExpiryModel, Model, RArray, REdit, scuttlebutt, type Command, type DataType } from '../../src/index.js'
import { familyOf, versions, type Family, type Original } from './original.js'

const NOW = 1_795_418_741_399

interface Party {
  readonly stream: () => NodeJS.ReadWriteStream
  readonly act: (verb: string, ...args: readonly unknown[]) => void
  readonly read: () => unknown
}

/** One party acts, `at` milliseconds after {@link NOW}, or two meet and exchange all they have. */
type Step =
  readonly [who: Name, at: number, verb: string, ...args: ReadonlyArray<unknown>] | readonly [who: Name, meets: Name]

type Name = 'a' | 'b' | 'c'

interface Parting {
  readonly name: string
  readonly of: string
  readonly steps: ReadonlyArray<Step>
  readonly ours: (id: string) => Party
  readonly theirs: (family: Family, id: string) => Party
  /** The state of ours in the end. */
  readonly agreed: unknown
}

const ours =
  <S, C>(
    dataType: DataType<S, C>,
    commands: Readonly<Record<string, (...args: never[]) => Command<S, C, unknown>>>,
    read: (state: S) => unknown,
  ) =>
  (id: string): Party => {
    const store = createStore(scuttlebutt(dataType), id, { now: () => Date.now() })
    return {
      stream: () => createStream(store, { tail: false }),
      act: (verb, ...args) => {
        const changed = store.change(commands[verb]!(...(args as never[])))
        if (changed._tag === 'Left') throw new Error(JSON.stringify(changed.left))
      },
      read: () => read(store.getReplica().state),
    }
  }

const theirs = (
  original: Original & { readonly toJSON: () => unknown },
  verbs: Readonly<Record<string, (...args: never[]) => void>>,
): Party => ({
  stream: () => original.createStream({ tail: false }),
  act: (verb, ...args) => {
    verbs[verb]!(...(args as never[]))
  },
  read: () => original.toJSON(),
})

const models = {
  of: 'Model',
  ours: ours(Model.of(t.unknown), { set: (key: string, value: unknown) => Model.set(key, value) }, Model.toJSON),
  theirs: (family: Family, id: string) => {
    const model = family.model(id)
    return theirs(model, { set: (key: string, value: unknown) => void model.set(key, value) })
  },
}

const arrays = {
  of: 'RArray',
  ours: ours(
    RArray.of(t.unknown),
    { push: (value: unknown) => RArray.push(value), set: (i: number, value: unknown) => RArray.set(i, value) },
    RArray.toArray,
  ),
  theirs: (family: Family, id: string) => {
    const array = family.rarray(id)
    return theirs(array, {
      push: (value: unknown) => {
        array.push(value)
      },
      set: (i: number, value: unknown) => {
        array.set(array.keys[i]!, value)
      },
    })
  },
}

const texts = {
  of: 'REdit',
  ours: ours(REdit, { text: REdit.text }, REdit.lines),
  theirs: (family: Family, id: string) => {
    const pad = family.redit(id)
    return theirs(pad, {
      text: (text: string) => {
        pad.text(text)
      },
    })
  },
}

const docs = {
  of: 'Doc',
  ours: ours(
    Doc.of(t.unknown),
    { set: (row: string, fields: Readonly<Record<string, unknown>>) => Doc.set(row, fields), rm: Doc.remove },
    Doc.toJSON,
  ),
  theirs: (family: Family, id: string) => {
    const doc = family.doc(id)
    return theirs(doc, {
      set: (row: string, fields: object) => void doc.set(row, fields),
      rm: (row: string) => {
        doc.rm(row)
      },
    })
  },
}

const LIMITS = { max: 2, maxAge: 1e9 }

const expiries = {
  of: 'ExpiryModel',
  ours: ours(
    ExpiryModel.of(t.unknown, LIMITS),
    { set: (key: string, value: unknown) => ExpiryModel.set(key, value) },
    ExpiryModel.toJSON(0),
  ),
  theirs: (family: Family, id: string) => {
    const model = family.expiryModel(id, LIMITS)
    return theirs(model, {
      set: (key: string, value: unknown) => {
        model.set(key, value)
      },
    })
  },
}

const partings: ReadonlyArray<Parting> = [
  {
    ...models,
    name: 'C1: equal timestamps',
    steps: [
      ['a', 0, 'set', 'k', 'a’s'],
      ['b', 0, 'set', 'k', 'b’s'],
      ['a', 'b'],
    ],
    agreed: { k: 'b’s' },
  },
  {
    ...arrays,
    name: 'C2: a clock behind the timestamps seen',
    steps: [
      ['a', 1000, 'push', 'first'],
      ['a', 'b'],
      ['b', 0, 'set', 0, 'second'],
      ['a', 'b'],
    ],
    agreed: ['second'],
  },
  {
    ...arrays,
    name: 'C1: equal timestamps',
    steps: [
      ['b', 0, 'push', 'first'],
      ['a', 'b'],
      ['a', 0, 'set', 0, 'second'],
      ['a', 'b'],
    ],
    agreed: ['second'],
  },
  {
    ...texts,
    name: 'C2: a clock behind the timestamps seen',
    steps: [
      ['a', 1000, 'text', 'first'],
      ['a', 'b'],
      ['b', 0, 'text', 'second'],
      ['a', 'b'],
    ],
    agreed: ['second'],
  },
  {
    ...texts,
    name: 'C1: equal timestamps',
    steps: [
      ['b', 0, 'text', 'first'],
      ['a', 'b'],
      ['a', 0, 'text', 'second'],
      ['a', 'b'],
    ],
    agreed: ['second'],
  },
  {
    ...docs,
    name: 'S7: one removes a row, another sets it before',
    steps: [
      ['a', 0, 'set', 'r', { f: 1 }],
      ['a', 'b'],
      ['b', 1, 'set', 'r', { g: 2 }],
      ['a', 2, 'rm', 'r'],
      ['a', 'b'],
    ],
    agreed: {},
  },
  {
    ...docs,
    name: 'one removes a row, another sets it after',
    steps: [
      ['a', 0, 'set', 'r', { f: 1 }],
      ['a', 'b'],
      ['a', 1, 'rm', 'r'],
      ['b', 2, 'set', 'r', { g: 2 }],
      ['a', 'b'],
    ],
    agreed: { r: { g: 2 } },
  },
  {
    ...expiries,
    name: 'S7: a deletion, told to a peer that was away',
    steps: [
      ['a', 0, 'set', 'other', 1],
      ['a', 1, 'set', 'k', 1],
      ['a', 'b'],
      ['a', 2, 'set', 'k', null],
      ['a', 'b'],
    ],
    agreed: { other: 1 },
  },
  {
    ...expiries,
    name: 'objects merge under the timestamp of the last arrival',
    steps: [
      ['a', 19, 'set', 'k', { y: 0 }],
      ['b', 41, 'set', 'k', { y: 1 }],
      ['b', 23, 'set', 'k', { x: 2 }],
      ['a', 'b'],
      ['b', 21, 'set', 'k', { x: 3 }],
      ['a', 'b'],
      ['a', 'b'],
    ],
    agreed: { k: { x: 3, y: 1 } },
  },
  {
    ...expiries,
    name: 'R2: more keys than the cap, in another order',
    steps: [
      ['a', 14, 'set', 'k1', 'old'],
      ['b', 38, 'set', 'k2', 1],
      ['b', 40, 'set', 'k3', 2],
      ['b', 28, 'set', 'k1', 'new'],
      ['a', 32, 'set', 'k0', 4],
      ['a', 'b'],
      ['a', 'b'],
    ],
    agreed: { k1: 'new', k3: 2 },
  },
]

afterEach(() => {
  vi.restoreAllMocks()
})

/** Pipes two parties into each other for long enough to exchange everything. */
const meet = async (one: Party, other: Party): Promise<void> => {
  const streams = [one.stream(), other.stream()] as const
  for (const stream of streams) stream.on('error', () => undefined)
  streams[0].pipe(streams[1]).pipe(streams[0])
  await new Promise((resolve) => setTimeout(resolve, 20))
}

/** The states of `a` and `b` in the end. A third party may take part. */
const play = async (steps: ReadonlyArray<Step>, make: (id: string) => Party): Promise<readonly [unknown, unknown]> => {
  const parties: Readonly<Record<Name, Party>> = { a: make('a'), b: make('b'), c: make('c') }
  for (const step of steps) {
    const [who, then, ...deed] = step
    if (typeof then === 'string') {
      await meet(parties[who], parties[then])
      continue
    }
    const [verb, ...args] = deed
    const clock = vi.spyOn(Date, 'now').mockReturnValue(NOW + then)
    parties[who].act(verb!, ...args)
    clock.mockRestore()
  }
  return [parties.a.read(), parties.b.read()]
}

describe.each(partings)('$of, $name', ({ steps, ours, theirs, agreed }) => {
  test.each(versions)('two on %s end different', async (version) => {
    // each family is fresh, as in a process of its own
    const [a, b] = await play(steps, (id) => theirs(familyOf(version), id))
    expect(a).not.toEqual(b)
  })

  test('two of ours end equal', async () => {
    expect(await play(steps, ours)).toEqual([agreed, agreed])
  })
})

test.each(versions)('the original converges with a header of ours that has a floor: %s', async (version) => {
  const { create, applyUpdate, prune } = scuttlebutt(ExpiryModel.of(t.unknown, LIMITS))
  const replica = prune(NOW + 2e9)(applyUpdate([['old', 1], NOW, 'long gone'])(create('ours')))
  expect(replica.clock.floor).toBe(NOW)
  const now = NOW + 2e9
  vi.spyOn(Date, 'now').mockReturnValue(now)
  const store = createStore(scuttlebutt(ExpiryModel.of(t.unknown, LIMITS)), 'ours', { replica, now: () => now + 0.5 })
  const original = familyOf(version).expiryModel('theirs', LIMITS)
  original.set('theirs', 1)
  store.change(ExpiryModel.set('ours', 2))
  await meet(
    {
      stream: () => createStream(store, { tail: false }),
      act: () => undefined,
      read: () => undefined,
    },
    theirs(original, {}),
  )
  expect(original.toJSON()).toEqual({ ours: 2, theirs: 1 })
  expect(ExpiryModel.toJSON(now)(store.getReplica().state)).toEqual({ ours: 2, theirs: 1 })
})
