import { either as E, option as O } from 'fp-ts'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { RArray, scuttlebutt, type Maker, type Replica } from '../../src/index.js'
import { inMemory, inNetworks } from '../runs.js'

const { create, change, applyUpdate, applyUpdates, decode, history } = scuttlebutt(RArray.of(t.string))

type State = RArray.State<string>
type Change = RArray.Change<string>
type List = Replica<State, Change>
type Command = Maker<State, Change, RArray.Refusal>

const NOW = 1_795_418_741_399

const { toArray } = RArray

const done = (command: Command, list: List, now = NOW): List => {
  const changed = change(command, now)(list)
  if (changed._tag === 'Left') throw new Error(JSON.stringify(changed.left))
  return changed.right[1]
}

/** A command, and the same edit of a plain array. Indices are taken modulo the allowed range. */
type Edit = (length: number) => readonly [Command, (array: string[]) => void] | undefined

const some = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 4 })
const at = fc.nat(1000)

const edit: fc.Arbitrary<Edit> = fc.oneof(
  some.map((values): Edit => () => [RArray.push(...values), (array) => void array.push(...values)]),
  some.map((values): Edit => () => [RArray.unshift(...values), (array) => void array.unshift(...values)]),
  fc.constant<Edit>((n) => (n === 0 ? undefined : [RArray.pop(), (array) => void array.pop()])),
  fc.constant<Edit>((n) => (n === 0 ? undefined : [RArray.shift(), (array) => void array.shift()])),
  fc
    .tuple(at, some)
    .map(([i, values]): Edit => (n) => [
      RArray.insert(i % (n + 1), ...values),
      (array) => void array.splice(i % (n + 1), 0, ...values),
    ]),
  fc.tuple(at, at, some).map(([i, count, values]): Edit => (n) => {
    const [index, removed] = [i % (n + 1), count % (n - (i % (n + 1)) + 1)]
    return [RArray.splice(index, removed, ...values), (array) => void array.splice(index, removed, ...values)]
  }),
  at.map(
    (i): Edit =>
      (n) =>
        n === 0 ? undefined : [RArray.set(i % n, 'set'), (array) => void (array[i % n] = 'set')],
  ),
  at.map(
    (i): Edit =>
      (n) =>
        n === 0 ? undefined : [RArray.remove(i % n), (array) => void array.splice(i % n, 1)],
  ),
  fc.tuple(at, at).map(
    ([i, j]): Edit =>
      (n) =>
        n === 0
          ? undefined
          : [RArray.move(i % n, j % n), (array) => void array.splice(j % n, 0, ...array.splice(i % n, 1))],
  ),
)

describe('An array', () => {
  test('behaves like a plain array', () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 40 }), (edits) => {
        let list: List = create('a')
        const array: string[] = []
        for (const make of edits) {
          const made = make(array.length)
          if (made === undefined) continue
          list = done(made[0], list)
          made[1](array)
          expect(toArray(list.state)).toEqual(array)
          expect(RArray.length(list.state)).toBe(array.length)
        }
        for (let i = -1; i <= array.length; i++) {
          const item = i >= 0 && i < array.length ? O.some(array[i]) : O.none
          expect(RArray.at(i)(list.state)).toEqual(item)
        }
      }),
      { numRuns: inMemory(2000) },
    )
  })

  test('keeps the runs whole that two replicas insert at one spot at once', () => {
    const common = done(RArray.push('first', 'last'), create('c'))
    const run = (id: string): ReadonlyArray<string> => Array.from({ length: 100 }, (_, i) => `${id}${String(i)}`)
    const lists = ['a', 'b'].map((id) => done(RArray.insert(1, ...run(id)), { ...common, id }))
    const merged = toArray(applyUpdates(history()(lists[0]!))(lists[1]!).state)
    expect([
      ['first', ...run('a'), ...run('b'), 'last'],
      ['first', ...run('b'), ...run('a'), 'last'],
    ]).toContainEqual(merged)
  })

  test('holds an item twice that two replicas move at once, as the docstring says', () => {
    const common = done(RArray.push('x', 'y', 'z'), create('c'))
    const [a, b] = [done(RArray.move(0, 1), { ...common, id: 'a' }), done(RArray.move(0, 2), { ...common, id: 'b' })]
    expect([...toArray(applyUpdates(history()(a))(b).state)].sort()).toEqual(['x', 'x', 'y', 'z'])
  })

  test.each<readonly [Command, RArray.Refusal]>([
    [RArray.pop(), { _tag: 'IndexOutOfRange', index: -1, length: 0 }],
    [RArray.shift(), { _tag: 'IndexOutOfRange', index: 0, length: 0 }],
    [RArray.remove(0), { _tag: 'IndexOutOfRange', index: 0, length: 0 }],
    [RArray.set(0, 'x'), { _tag: 'IndexOutOfRange', index: 0, length: 0 }],
    [RArray.insert(1, 'x'), { _tag: 'IndexOutOfRange', index: 1, length: 0 }],
    [RArray.insert(-1, 'x'), { _tag: 'IndexOutOfRange', index: -1, length: 0 }],
    [RArray.insert(0.5, 'x'), { _tag: 'IndexOutOfRange', index: 0.5, length: 0 }],
    [RArray.splice(0, 2), { _tag: 'IndexOutOfRange', index: 0, length: 0 }],
    [RArray.move(0, 0), { _tag: 'IndexOutOfRange', index: 0, length: 0 }],
    [RArray.push('x', null as never), { _tag: 'NoItem', index: 1, value: null }],
    [RArray.unshift(undefined as never), { _tag: 'NoItem', index: 0, value: undefined }],
  ])('refuses a command on an empty array with the values: %#', (command, refusal) => {
    const list = create('a')
    expect(change(command, NOW)(list)).toEqual(E.left(refusal))
  })

  test('refuses a command on a full array with the values', () => {
    const list = done(RArray.push('x', 'y'), create('a'))
    const refused = (command: Command) => change(command, NOW)(list)
    expect(refused(RArray.splice(1, 2))).toEqual(E.left({ _tag: 'IndexOutOfRange', index: 2, length: 2 }))
    expect(refused(RArray.splice(0, -1))).toMatchObject(E.left({ _tag: 'IndexOutOfRange' }))
    expect(refused(RArray.move(0, 2))).toEqual(E.left({ _tag: 'IndexOutOfRange', index: 2, length: 2 }))
    expect(refused(RArray.set(1, null as never))).toEqual(E.left({ _tag: 'NoItem', index: 0, value: null }))
  })

  test('goes round keys that leave no room, or are as long as keys may be', () => {
    const hostile = [
      ['a', 'a!'],
      ['a', 'a!', 'a!!', 'a!!!'],
      ['~'.repeat(4096)],
      ['\uffff'.repeat(1365), '\uffff'.repeat(1365) + '\uffff'.slice(1)],
      ['!'.repeat(4096), `${'!'.repeat(4095)}0`],
      ['', '!', '!!'],
    ]
    fc.assert(
      fc.property(fc.constantFrom(...hostile), fc.array(edit, { maxLength: 12 }), (keys, edits) => {
        const items = keys.map((key, i) => [key, String(i)] as const)
        let list = applyUpdate([Object.fromEntries(items), NOW, 'mallory'])(create('a'))
        const array = [...toArray(list.state)]
        for (const make of edits) {
          const made = make(array.length)
          if (made === undefined) continue
          list = done(made[0], list)
          made[1](array)
          expect(toArray(list.state)).toEqual(array)
          for (const key of RArray.keys(list.state)) expect(Buffer.byteLength(key)).toBeLessThanOrEqual(4096)
        }
      }),
      { numRuns: inMemory(500) },
    )
  })

  test('refuses a key of more than 4,096 bytes for good', () => {
    const type = RArray.of(t.string)
    for (const [key, isRefused] of [
      ['~'.repeat(4096), false],
      ['~'.repeat(4097), true],
      ['é'.repeat(2048), false],
      ['é'.repeat(2049), true],
      ['~'.repeat(1e6), true],
    ] as const) {
      expect(decode()([{ [key]: 'x', b: 'y' }, NOW, 'mallory'])._tag).toBe(isRefused ? 'Left' : 'Right')
      expect(type.change.decode({ [key]: 'x' })._tag).toBe(isRefused ? 'Left' : 'Right')
      expect(RArray.final({ [key]: 'x' })).toBe(isRefused)
    }
    expect(RArray.final({ a: 1 })).toBe(false)
  })

  test('keeps a moved item and an edit made at the same time, once if the edit is older', () => {
    const common = done(RArray.push('x', 'y', 'z'), create('c'))
    const moved = done(RArray.move(0, 2), { ...common, id: 'a' }, NOW + 10)
    const merged = (editAt: number) => {
      const edited = done(RArray.set(0, 'X'), { ...common, id: 'b' }, editAt)
      return toArray(applyUpdates(history()(moved))(edited).state)
    }
    expect(merged(NOW + 20)).toEqual(['X', 'y', 'z', 'x'])
    expect(merged(NOW + 5)).toEqual(['y', 'z', 'x'])
  })

  test('takes any number of items by commands within 512 kB', () => {
    const item = fc.oneof(
      fc.string(),
      fc.integer({ min: 50_000, max: 200_000 }).map((length) => 'x'.repeat(length)),
      fc.constant('\0é😀'.repeat(3e4)),
    )
    fc.assert(
      fc.property(fc.array(item, { maxLength: 12 }), fc.nat(3), fc.nat(3), (items, index, count) => {
        let list = done(RArray.push('p', 'q', 'r', 's', 't', 'u'), create('a'))
        const array = [...toArray(list.state)]
        const run = (commands: ReadonlyArray<Command>): void => {
          for (const command of commands) {
            const changed = change(command, NOW)(list)
            if (changed._tag === 'Left') throw new Error(JSON.stringify(changed.left))
            expect(Buffer.byteLength(JSON.stringify(changed.right[0]))).toBeLessThanOrEqual(512 * 1024)
            list = changed.right[1]
          }
        }
        run(RArray.pushAll(items))
        array.push(...items)
        expect(toArray(list.state)).toEqual(array)
        run(RArray.spliceAll(index, count, items))
        array.splice(index, count, ...items)
        expect(toArray(list.state)).toEqual(array)
      }),
      { numRuns: inNetworks(100) },
    )
    expect(RArray.pushAll([])).toEqual([])
    const many = RArray.pushAll(Array.from({ length: 1e5 }, (_, i) => String(i)))
    const filled = many.reduce((list, command) => done(command, list), create('a'))
    expect(RArray.length(filled.state)).toBe(1e5)
    const emptied = RArray.spliceAll(0, 1e5, []).reduce((list, command) => done(command, list), filled)
    expect(RArray.length(emptied.state)).toBe(0)
  })

  test('accepts any keys, and refuses a change that is not an object of items', () => {
    const hostile = ['__proto__', 'constructor', 'length', 'toString', '0', '\ud800', 'a b', '~~~']
    let list: List = create('a')
    hostile.forEach((key, i) => {
      list = applyUpdate([JSON.parse(`{${JSON.stringify(key)}:"v"}`) as Change, NOW + i, 'b'])(list)
    })
    expect(RArray.keys(list.state)).toEqual([...hostile].sort())
    for (let i = 0; i < hostile.length; i++) list = done(RArray.insert(2 * i + 1, 'mine'), list)
    expect(toArray(list.state)).toEqual(hostile.flatMap(() => ['v', 'mine']))
    for (const shape of [null, 1, 'x', [], ['a'], [['k', 'v']], { k: 1 }, { k: {} }, { k: [null] }]) {
      expect(decode()([shape, NOW, 'b'])).toMatchObject({ _tag: 'Left', left: { _tag: 'InvalidChange' } })
    }
  })

  test('supersedes an update when it loses its last key, not before', () => {
    const update = [{ k1: 'a', k2: 'b', k3: 'c' }, NOW, 'a'] as const
    let list = applyUpdate(update)(create('z'))
    list = applyUpdate([{ k1: null, k2: 'B' }, NOW + 1, 'b'])(list)
    expect(history()(list)).toHaveLength(2)
    list = applyUpdate([{ k3: null }, NOW + 2, 'b'])(list)
    expect(history()(list).map(([, timestamp]) => timestamp - NOW)).toEqual([1, 2])
    expect(RArray.toJSON(list.state)).toEqual(['B'])
  })
})
