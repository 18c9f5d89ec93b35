/** Faults of FAULTS.md that every data type must withstand. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import {
  AppendOnly,
  Clock,
  Doc,
  ExpiryModel,
  Model,
  RArray,
  REdit,
  Scuttlebucket,
  scuttlebutt,
  type Command,
  type DataType,
  type Update,
} from '../src/index.js'
import { pasts, wholePasts } from './network.js'
import { inMemory } from './runs.js'
import { expectSame } from './same.js'
import { table } from './table.js'

const NOW = 1_795_418_741_399

/** Changes every object within the value that is not frozen. */
const vandalise = (value: unknown): void => {
  if (typeof value !== 'object' || value === null) return
  for (const member of Object.values(value)) vandalise(member)
  try {
    for (const key of Object.keys(value)) Reflect.set(value, key, 'vandalised')
    Reflect.set(value, 'added', 'vandalised')
    if (Array.isArray(value)) value.length = 0
  } catch {
    // frozen, as it should be
  }
}

describe.each(table.map((entry) => [entry.dataType.name, entry] as const))('%s', (_, entry) => {
  const { dataType, eq, toJSON } = entry
  const { create, change, applyUpdate, applyUpdates, decode, history } = scuttlebutt(dataType)
  const built = wholePasts(entry).map(({ replicas }) => replicas[0]!)

  test('C1: lets the same source win equal timestamps everywhere', () => {
    fc.assert(
      fc.property(entry.change, entry.change, (one, other) => {
        const made = [one, other].flatMap((each, i) => {
          const changed = change(each, NOW)(create(['a', 'b'][i]!))
          return changed._tag === 'Right' ? [changed.right[0]] : []
        })
        const [first, second] = [applyUpdates(made)(create('z')), applyUpdates([...made].reverse())(create('z'))]
        expect(eq.equals(first.state, second.state)).toBe(true)
        expectSame(toJSON(first.state), entry.oracle(made))
        expectSame(history()(first), history()(second))
      }),
      { numRuns: inMemory(100, table.length) },
    )
  })

  test('C2: counts a write under a clock that is behind, here and elsewhere', () => {
    fc.assert(
      fc.property(built, entry.change, (replica, made) => {
        const changed = change(made, 1)({ ...replica, id: 'behind' })
        if (changed._tag === 'Left') return
        const [update, next] = changed.right
        for (const [, timestamp] of history()(replica)) expect(update[1]).toBeGreaterThan(timestamp)
        const told = applyUpdate(update)({ ...replica, id: 'told' })
        const late = applyUpdates([update, ...history()(replica)])(create('late'))
        expect(eq.equals(told.state, next.state)).toBe(true)
        expect(JSON.stringify(toJSON(late.state))).toBe(JSON.stringify(toJSON(next.state)))
      }),
      { numRuns: inMemory(100, table.length) },
    )
  })

  test('B8: treats names of Object.prototype as data, and leaves the prototype alone', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).sort()
    fc.assert(
      fc.property(built, (replica) => {
        const again = applyUpdates(JSON.parse(JSON.stringify(history()(replica))) as Update<unknown>[])(create('again'))
        expect(JSON.stringify(toJSON(again.state))).toBe(JSON.stringify(toJSON(replica.state)))
        expect(Object.getPrototypeOf(toJSON(replica.state))).not.toBe(null)
      }),
      { numRuns: inMemory(100, table.length) },
    )
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before)
    expect(Object.keys({})).toEqual([])
  })

  test('B9: decodes any shape to an error value or to a change that applies', () => {
    const shape = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }),
      fc.tuple(fc.constantFrom('list', 'inner', '__proto__', 'a'), fc.jsonValue({ maxDepth: 2 })),
      fc.dictionary(fc.constantFrom('push', 'remove', '__proto__', 'k'), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 }),
    )
    fc.assert(
      fc.property(built, shape, (replica, made) => {
        const decoded = decode()([made, NOW, 'peer'])
        if (decoded._tag === 'Left') {
          expect(decoded.left).toHaveProperty('_tag')
          return
        }
        const next = applyUpdate(decoded.right)(replica)
        expect(JSON.stringify(toJSON(next.state))).toBeTypeOf('string')
        expect(decode()(JSON.parse(JSON.stringify(decoded.right)))).toMatchObject({ _tag: 'Right' })
      }),
      { numRuns: inMemory(2000, table.length) },
    )
  })

  test('B12: converges in every order with values of all types under one name', () => {
    fc.assert(
      fc.property(fc.array(entry.change, { minLength: 2, maxLength: 5 }), fc.nat(), (changes, turn) => {
        const made = changes.flatMap((each, i) => {
          const changed = change(each, NOW + ((i * 7 + turn) % 3))(create(`s${String(i)}`))
          return changed._tag === 'Right' ? [changed.right[0]] : []
        })
        const turned = [...made.slice(turn % (made.length + 1)), ...made.slice(0, turn % (made.length + 1))]
        const [first, second] = [applyUpdates(made)(create('z')), applyUpdates(turned.reverse())(create('z'))]
        expect(eq.equals(first.state, second.state)).toBe(true)
        expect(JSON.stringify(toJSON(first.state))).toBe(JSON.stringify(toJSON(second.state)))
      }),
      { numRuns: inMemory(100, table.length) },
    )
  })

  test('B13: does not change when a caller changes objects given or got', () => {
    fc.assert(
      fc.property(built, entry.change, ({ id, ...before }, made) => {
        // decoded as from a peer: `applyUpdates` believes updates and copies only their objects
        const heardBefore = history()({ id, ...before }).flatMap((update) => {
          const decoded = decode()(JSON.parse(JSON.stringify(update)))
          return decoded._tag === 'Right' ? [decoded.right] : []
        })
        const replica = applyUpdates(heardBefore)(create(id))
        const given: unknown = typeof made === 'function' ? made : structuredClone(made)
        const changed = change(given, NOW)(replica)
        if (changed._tag === 'Left') return
        const [update, next] = changed.right
        const said = JSON.stringify([toJSON(next.state), history()(next)])
        const raw = JSON.parse(JSON.stringify(update)) as unknown
        const remote = decode()(raw)
        if (remote._tag === 'Left') throw new Error(remote.left._tag)
        const heard = applyUpdate(remote.right)({ ...replica, id: 'other' })
        vandalise(given)
        vandalise(raw)
        vandalise(remote.right)
        vandalise(toJSON(next.state))
        vandalise(history()(next))
        vandalise(update)
        expect(JSON.stringify([toJSON(next.state), history()(next)])).toBe(said)
        expect(JSON.stringify([toJSON(heard.state), history()(heard)])).toBe(said)
      }),
      { numRuns: inMemory(100, table.length) },
    )
  })

  test('R2: moves no clock back, whatever is superseded, evicted or pruned', () => {
    const { prune } = scuttlebutt(dataType)
    fc.assert(
      fc.property(pasts(entry), fc.nat(2e8), ({ updates }, later) => {
        let replica = create('z')
        for (const update of updates) {
          const next = prune(later)(applyUpdate(update)(replica))
          expect(Clock.leq(replica.clock, next.clock)).toBe(true)
          replica = next
        }
        for (const update of updates) expect(Clock.covers(update)(replica.clock)).toBe(true)
        expect(applyUpdates(updates)(replica)).toBe(replica)
      }),
      { numRuns: inMemory(100, table.length) },
    )
  })
})

interface Deletion<S, C> {
  readonly dataType: DataType<S, C>
  readonly write: ReadonlyArray<Command<S, C, unknown>>
  readonly erase: Command<S, C, unknown>
  readonly expected: unknown
}

const deletion = <S, C>(one: Deletion<S, C>): Deletion<unknown, unknown> => one as unknown as Deletion<unknown, unknown>

describe.each([
  deletion({
    dataType: Model.of(t.unknown),
    write: [Model.set('k', 1), Model.set('k', 2)],
    erase: Model.remove('k'),
    expected: {},
  }),
  deletion({
    dataType: RArray.of(t.unknown),
    write: [RArray.push(1), RArray.set(0, 2)],
    erase: RArray.pop(),
    expected: [],
  }),
  deletion({ dataType: REdit, write: [REdit.text('x\n'), REdit.text('y\n')], erase: REdit.text(''), expected: '' }),
  deletion({
    dataType: AppendOnly.of(t.unknown),
    write: [AppendOnly.push(1)],
    erase: (state, stamp) => AppendOnly.remove(AppendOnly.items(state)[0]!.id)(state, stamp),
    expected: [],
  }),
  deletion({
    dataType: Doc.of(t.unknown),
    write: [Doc.set('r', { a: 1 }), Doc.set('r', { b: 1 })],
    erase: Doc.remove('r'),
    expected: {},
  }),
  deletion({
    dataType: ExpiryModel.of(t.unknown),
    write: [ExpiryModel.set('k', { a: 1 }), ExpiryModel.set('k', { b: 1 })],
    erase: ExpiryModel.remove('k'),
    expected: {},
  }),
  deletion({
    dataType: Scuttlebucket.of({ m: Model.of(t.unknown) }),
    write: [Scuttlebucket.at('m')(Model.set('k', 1))],
    erase: Scuttlebucket.at('m')(Model.remove('k')),
    expected: { m: {} },
  }),
])('$dataType.name', ({ dataType, write, erase, expected }) => {
  const { create, change, applyUpdates, history } = scuttlebutt(dataType)

  const done = (command: Command<unknown, unknown, unknown>, replica: ReturnType<typeof create>) => {
    const changed = change(command, NOW)(replica)
    if (changed._tag === 'Left') throw new Error(JSON.stringify(changed.left))
    return changed.right
  }

  test('S7: keeps a deletion when a peer that was away returns with the deleted value', () => {
    const updates: Update<unknown>[] = []
    let away = create('a')
    for (const command of write) {
      const [update, next] = done(command, away)
      updates.push(update)
      away = next
    }
    const [, erased] = done(erase, applyUpdates(updates)(create('b')))
    const newcomer = applyUpdates(history()(erased))(create('c'))
    for (const replica of [erased, newcomer]) {
      for (const order of [updates, [...updates].reverse()]) {
        const back = applyUpdates([...order, ...history()(away)])(replica)
        expectSame(dataType.toJSON?.(back.state), expected)
        expectSame(history()(back), history()(erased))
      }
    }
    expect(dataType.toJSON?.(applyUpdates(history()(erased))(away).state)).toEqual(expected)
  })
})

test('AppendOnly reads and writes these lines', () => {
  const { create, change, applyUpdates, decode, history } = scuttlebutt(AppendOnly.of(t.unknown))
  // A pushes twice, B pushes once and removes A's first
  const exchange = [
    '[{"push":{"text":"one"}},1795418741399,"a"]',
    '[{"push":{"text":"two"}},1795418741399.001,"a"]',
    '[{"push":"three"},1795418741404,"b"]',
    '[{"remove":"a:1795418741399"},1795418741405,"b"]',
  ]
  const updates = exchange.map((line) => {
    const decoded = decode()(JSON.parse(line))
    if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left))
    return decoded.right
  })
  const replica = applyUpdates(updates)(create('z'))
  expect(AppendOnly.items(replica.state)).toEqual([
    { id: 'a:1795418741399.001', item: { text: 'two' } },
    { id: 'b:1795418741404', item: 'three' },
  ])
  expect(history()(replica).map((update) => JSON.stringify(update))).toEqual(exchange.slice(1))
  // ours write the same lines
  const written = [
    change(AppendOnly.push({ text: 'one' }), 1795418741399)(create('a')),
    change(AppendOnly.remove('a:1795418741399.001'), 1795418741406)({ ...replica, id: 'b' }),
  ].map((changed) => changed._tag === 'Right' && JSON.stringify(changed.right[0]))
  expect(written).toEqual([exchange[0], '[{"remove":"a:1795418741399.001"},1795418741406,"b"]'])
})
