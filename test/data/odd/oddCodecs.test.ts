/** Users' codecs that read or write what a data type or JSON has another use for. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { option as O } from 'fp-ts'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { exportLines, importLines } from '../../../src/adapters/file.js'
import { createStore } from '../../../src/adapters/store.js'
import { isPlain } from '../../../src/core/Json.js'
import { path as showPath } from '../../../src/core/Rejection.js'
import {
  Doc,
  ExpiryModel,
  Model,
  RArray,
  Scuttlebucket,
  scuttlebutt,
  unwrap,
  type Command,
  type DataType,
  type Replica,
} from '../../../src/index.js'
import { inMemory, overWire } from '../../runs.js'
import { cases, maybe, small, type Case } from './codecs.js'
import { subjects, type Subject, type Value } from './subjects.js'

/** A value to write here, or JSON that a peer wrote. */
type Step = { readonly own: unknown } | { readonly theirs: unknown }

const scripts = cases.chain((one) =>
  fc.tuple(
    fc.constant(one),
    fc.array<Step>(
      fc.oneof(
        fc.constantFrom(...one.values).map((own) => ({ own })),
        fc.constantFrom(...one.wire).map((theirs) => ({ theirs })),
      ),
      { minLength: 1, maxLength: 6 },
    ),
  ),
)

const asText = (json: unknown): unknown => JSON.parse(JSON.stringify(json))

/** The replica after a step. The same if the step is refused. */
const after = <S, C>(
  one: Subject<S, C>,
  dataType: DataType<S, C>,
  step: Step,
  now: number,
  replica: Replica<S, C>,
): Replica<S, C> => {
  const { change, applyUpdate, decode } = scuttlebutt(dataType)
  if ('own' in step) {
    const made = change(one.write(step.own), now)(replica)
    if (made._tag === 'Left')
      expect(['InvalidChange', 'NoItem']).toContain((made.left as { readonly _tag: string })._tag)
    return made._tag === 'Left' ? replica : made.right[1]
  }
  const update = decode()(asText([one.onWire(step.theirs), now, 'peer']))
  if (update._tag === 'Left') expect(update.left._tag).toBe('InvalidChange')
  return update._tag === 'Left' ? replica : applyUpdate(update.right)(replica)
}

/** The value of a step, as all replicas come to read it: written and read until it stays. */
const asRead = (codec: Value, step: Step): unknown => {
  const again = (value: unknown): unknown => unwrap(codec.decode(codec.encode(value)))
  const made = 'own' in step ? again(step.own) : unwrap(codec.decode(step.theirs))
  const stays: unknown = again(made)
  return Object.is(stays, -0) ? 0 : stays
}

const isNone = (value: unknown): boolean => value === null || value === undefined

/** Takes all steps. Expects of each that the state shows what it wrote, or that it is refused. */
const written = (one: Subject<unknown, unknown>, { codec }: Case, steps: ReadonlyArray<Step>) => {
  const dataType = one.of(codec)
  let replica = scuttlebutt(dataType).create('me')
  for (const [i, step] of steps.entries()) {
    const before = replica
    replica = after(one, dataType, step, 1000 + i, before)
    const all = one.shown(replica.state)
    for (const values of all) expect(values).toEqual(all[0])
    const values = all[0]!
    if (!one.isOfMany) expect(values.filter(isNone)).toEqual([])
    if (replica === before) continue
    const value = 'own' in step ? step.own : step.theirs
    if (one.isOfMany && 'own' in step) expect(values).toHaveLength(one.shown(before.state)[0]!.length + 1)
    if (!one.isOfMany && value === null) expect(values).toEqual([])
    // JSON leaves out an undefined field
    if (isNone(value)) continue
    const made = asRead(codec, step)
    expect(values).toContainEqual(one.isMerging && isPlain(made) ? expect.objectContaining(made) : made)
  }
  return { dataType, replica }
}

describe.each(subjects.map((one) => [one.name, one] as const))('%s, whatever its codec reads and writes,', (_, one) => {
  test('shows each value that it takes, on all replicas, and all its queries say the same', () => {
    fc.assert(
      fc.property(scripts, ([odd, steps]) => {
        const { dataType, replica } = written(one, odd, steps)
        const { create, applyUpdate, decode, encode, history } = scuttlebutt(dataType)
        const read = history()(replica).map((update) => unwrap(decode()(asText(encode(update)))))
        const other = read.reduce((next, update) => applyUpdate(update)(next), create('other'))
        expect(one.shown(other.state)).toEqual(one.shown(replica.state))
        expect(one.eq().equals(replica.state, other.state)).toBe(true)
        expect(history()(other).map(encode)).toEqual(history()(replica).map(encode))
      }),
      { numRuns: inMemory(1000, subjects.length) },
    )
  })
})

test('What a codec made is the same after it was saved as lines and read again', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'odd-codecs-'))
  const file = path.join(folder, 'lines')
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...subjects), scripts, async (one, [odd, steps]) => {
      const { dataType, replica } = written(one, odd, steps)
      const program = scuttlebutt(dataType)
      unwrap(await exportLines(createStore(program, 'me', { replica }), file)())
      const store = createStore(program, 'other')
      expect(unwrap(await importLines(file, store)())).toEqual({ rejections: [], refused: 0 })
      expect(one.shown(store.getReplica().state)).toEqual(one.shown(replica.state))
      expect(one.eq().equals(replica.state, store.getReplica().state)).toBe(true)
    }),
    { numRuns: overWire(100) },
  )
  await rm(folder, { recursive: true })
})

describe('A value that is written or read as null', () => {
  const refusal = (value: unknown, at: string) => [{ at, value, expected: 'a value other than null' }]

  test('is refused by a command, which says where it is', () => {
    const failuresOf = <S, C>(dataType: DataType<S, C>, command: Command<S, C, unknown>) => {
      const { change, create } = scuttlebutt(dataType)
      const made = change(command, 1000)(create('ann'))
      return made._tag === 'Left' && made.left
    }
    const all = [
      [failuresOf(Model.of(maybe), Model.set('k', O.none)), '[0][1]'],
      [failuresOf(ExpiryModel.of(maybe), ExpiryModel.set('k', O.none)), '[0][1]'],
      [failuresOf(Doc.of(maybe), Doc.set('row', { k: O.none })), '[0][1].k'],
    ] as const
    for (const [left, at] of all) {
      expect(left).toMatchObject({ _tag: 'InvalidChange', at: '[0]', failures: refusal(O.none, at) })
    }
    const { change, create } = scuttlebutt(RArray.of(maybe))
    const [, one] = unwrap(change(RArray.push(O.some('a')), 1000)(create('ann')))
    const [key] = RArray.keys(one.state)
    const set = change(RArray.set(0, O.none), 1001)(one)
    expect(set).toMatchObject({ left: { _tag: 'InvalidChange', failures: refusal(O.none, showPath(['0', key!])) } })
    for (const command of [RArray.push(O.none), RArray.insert(1, O.none), RArray.splice(0, 1, O.none)]) {
      expect(change(command, 1001)(one)).toMatchObject({ left: { _tag: 'InvalidChange' } })
    }
  })

  test('waits unread if a peer wrote it, and removes nothing', () => {
    const { applyUpdate, create, decode, decodeMessage } = scuttlebutt(RArray.of(maybe))
    const one = applyUpdate(unwrap(decode()([{ k: 'a' }, 1000, 'ann'])))(create('me'))
    const update = [{ k: 'none' }, 1001, 'ann']
    const message = unwrap(decodeMessage()({ digest: { id: 'ann', clock: {} }, updates: [update] }))
    expect(message).toMatchObject({ updates: [], unread: [update] })
    expect(decode()(update)).toMatchObject({ left: { _tag: 'InvalidChange', failures: refusal('none', '[0].k') } })
    expect(RArray.toJSON(one.state)).toEqual([O.some('a')])
  })
})

test('What a codec makes is frozen for who wrote it, as for others', () => {
  const point = new t.Type<{ readonly x: number }, unknown, unknown>(
    'Point',
    (u): u is { readonly x: number } => typeof u === 'object',
    (json) => t.success({ x: Number(json) }),
    ({ x }) => x,
  )
  const { change, create } = scuttlebutt(Model.of(point))
  const [, { state }] = unwrap(change(Model.set('k', { x: -0 }), 1000)(create('ann')))
  expect(Model.get('k')(state)).toEqual(O.some({ x: 0 }))
  expect(Object.isFrozen(Model.toJSON(state)['k'])).toBe(true)
})

test('A codec may make NaN, which is one value, and has no place in a view', () => {
  const score = new t.Type<number, unknown, unknown>(
    'Score',
    t.number.is,
    (json) => t.success(json === 'none' ? NaN : Number(json)),
    (value) => (Number.isNaN(value) ? 'none' : value),
  )
  const { create, decode, applyUpdates, diff } = scuttlebutt(Doc.of(score))
  const lines = [NaN, 1, NaN, 2, 1].map((value, i) => [[`r${String(i)}`, { score: value }], 1000 + i, 'ann'])
  const read = () => lines.map((line) => unwrap(decode()(JSON.parse(JSON.stringify(line, nameNaN)))))
  const [one, two] = [applyUpdates(read())(create('me')), applyUpdates(read())(create('me'))]
  expect(Doc.getEq().equals(one.state, two.state)).toBe(true)
  expect(diff(one)(two)).toEqual([])
  expect([1, 2, NaN].map((value) => Doc.where('score', value).length(one.state))).toEqual([2, 1, 0])
})

const nameNaN = (_: string, value: unknown): unknown => (Number.isNaN(value) ? 'none' : value)

test('A codec that reads JSON as it stands and writes it otherwise shows one value on all replicas', () => {
  const { applyUpdate, create, decode, encode, history } = scuttlebutt(Model.of(small))
  const came = [['k', 'Loud'], 1000, 'x']
  const first = applyUpdate(unwrap(decode()(came)))(create('ann'))
  const told = history()(first).map(encode)
  expect(told).toEqual([came])
  const second = applyUpdate(unwrap(decode()(told[0])))(create('ben'))
  expect([first, second].map(({ state }) => Model.toJSON(state))).toEqual([{ k: 'loud' }, { k: 'loud' }])
})

test('A part of a bucket whose codec writes a change as null gets it back from null', () => {
  const flag: DataType<boolean, boolean> = {
    name: 'flag',
    change: new t.Type<boolean, unknown, unknown>(
      'flag',
      t.boolean.is,
      (json) => t.success(json === null),
      (isUp) => (isUp ? null : 0),
    ),
    empty: false,
    apply: (updates) => () => ({ state: updates.at(-1)![0], superseded: [] }),
  }
  const { change, create, encode } = scuttlebutt(Scuttlebucket.of({ flag }))
  const [update, raised] = unwrap(change(Scuttlebucket.at('flag')(true) as never, 1000)(create('ann')))
  expect(encode(update)).toEqual([['flag', null], 1000, 'ann'])
  expect(Scuttlebucket.get('flag')(raised.state)).toBe(true)
})
