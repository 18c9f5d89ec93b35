import { once } from 'node:events'
import { option as O } from 'fp-ts'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { createStore } from '../../src/adapters/store.js'
import { createStream, type ScuttlebuttStream } from '../../src/adapters/stream.js'
import { take } from '../../src/core/receive.js'
import { Clock, Events, ExpiryModel, Scuttlebucket, scuttlebutt, type Replica, type Update } from '../../src/index.js'
import { converse, inOrder } from '../network.js'
import { inMemory } from '../runs.js'

type State = ExpiryModel.State<unknown>
type Change = ExpiryModel.Change<unknown>
type Of = Update<Change>

const NOW = 1_795_418_741_399
const AGE = 100

const dataType = ExpiryModel.of(t.unknown, { maxAge: AGE, max: 3 })
const { create, change, applyUpdate, applyUpdates, decodeMessage, digest, history, merge, prune } =
  scuttlebutt(dataType)

const { get, keys, toJSON } = ExpiryModel

const at = (changes: Readonly<Record<number, Change>>, source = 'a'): ReadonlyArray<Of> =>
  Object.entries(changes).map(([ms, change]) => [change, NOW + Number(ms), source])

describe('Entries', () => {
  test('lapse field by field, `maxAge` after their stamp', () => {
    const { state } = applyUpdates(at({ 0: ['k', { x: 1, y: 1 }], 50: ['k', { y: 2 }], 60: ['n', 7] }))(create('z'))
    expect(get('k', NOW + 99)(state)).toEqual(O.some({ x: 1, y: 2 }))
    expect(get('k', NOW + 100)(state)).toEqual(O.some({ y: 2 }))
    expect(get('k', NOW + 150)(state)).toEqual(O.none)
    expect([keys(NOW + 149)(state), keys(NOW + 150)(state), keys(NOW + 160)(state)]).toEqual([['k', 'n'], ['n'], []])
    expect(toJSON(NOW + 120)(state)).toEqual({ k: { y: 2 }, n: 7 })
    expect(get('other', NOW)(state)).toEqual(O.none)
  })

  test('merge plain objects; any other value replaces the object', () => {
    const read = (changes: Readonly<Record<number, Change>>) =>
      toJSON(NOW)(
        applyUpdates([...at(changes)].reverse().map(([c, ts], i) => [c, ts, `s${String(i)}`] as const))(create('z'))
          .state,
      )
    expect(read({ 0: ['k', { a: 1, b: 1 }], 1: ['k', { b: 2 }] })).toEqual({ k: { a: 1, b: 2 } })
    expect(read({ 0: ['k', { a: 1 }], 1: ['k', [1]], 2: ['k', { b: 2 }] })).toEqual({ k: { b: 2 } })
    expect(read({ 0: ['k', { a: 1 }], 1: ['k', null] })).toEqual({})
    expect(read({ 0: ['k', { a: 1 }], 1: ['k', null], 2: ['k', {}] })).toEqual({ k: {} })
    expect(read({ 0: ['k', 5], 1: ['k', 'x'] })).toEqual({ k: 'x' })
  })

  test('of a removed key do not come back from an offline peer', () => {
    const old = at({ 0: ['k', { a: 1 }], 1: ['k', { b: 1 }] }, 'offline')
    const replica = applyUpdates(at({ 2: ['k', null] }))(create('z'))
    expect(toJSON(NOW)(applyUpdates(old)(replica).state)).toEqual({})
    expect(history()(applyUpdates(old)(replica))).toHaveLength(1)
  })

  test('beyond the newest keys are dropped with everything older, in any order of arrival', () => {
    const updates = at({
      0: ['a', { x: 1 }],
      1: ['b', 1],
      2: ['c', 1],
      3: ['d', 1],
      4: ['a', { y: 1 }],
      5: ['c', null],
    }).map(([c, ts], i): Of => [c, ts, `s${String(i)}`])
    const one = applyUpdates(updates)(create('z'))
    const two = applyUpdates([...updates].reverse())(create('z'))
    // a, c and d count, from the stamp of d on; b and the field x of a are older
    for (const { state } of [one, two]) expect(toJSON(NOW)(state)).toEqual({ a: { y: 1 }, d: 1 })
    expect(history()(one)).toEqual(updates.slice(3))
    expect(history()(two)).toEqual(updates.slice(3))
    expect(Clock.Eq.equals(one.clock, two.clock)).toBe(true)
    expect(Clock.size(one.clock)).toBe(6)
  })
})

describe('Pruning', () => {
  test('frees state and log, and drops sources without newer updates from the clock', () => {
    const replica = applyUpdates([...at({ 0: ['k', 1] }, 'old'), ...at({ 50: ['n', 1] }, 'new')])(create('z'))
    expect(prune(NOW + 99)(replica)).toBe(replica)
    const pruned = prune(NOW + 100)(replica)
    expect(history()(pruned)).toEqual(at({ 50: ['n', 1] }, 'new'))
    expect(digest(pruned)).toEqual({ id: 'z', clock: { new: NOW + 50 }, floor: NOW })
    expect(toJSON(0)(pruned.state)).toEqual({ n: 1 })
    expect(prune(NOW + 101)(pruned)).toBe(pruned)
    expect(digest(replica).clock).toEqual({ new: NOW + 50, old: NOW })
    expect(prune(-1e9)(replica)).toBe(replica)
  })

  test('is not undone by a merge with a replica that pruned less, on either side', () => {
    const replica = applyUpdates([...at({ 0: ['k', 1] }, 'old'), ...at({ 50: ['n', 1] }, 'new')])(create('z'))
    const pruned = prune(NOW + 100)(replica)
    for (const merged of [merge(pruned)(replica), merge(replica)(pruned)]) {
      expect(merged.id).toBe('z')
      expect(history()(merged)).toEqual(history()(pruned))
      expect(toJSON(0)(merged.state)).toEqual(toJSON(0)(pruned.state))
      expect(digest(merged)).toEqual(digest(pruned))
    }
  })

  test('frees the log of two contents under one stamp, in a bucket too', () => {
    const contents = [1, 2, 3].flatMap((value) => at({ 0: ['k', value] }, 'liar'))
    const { replica } = take(dataType, { updates: contents }, 'nobody', create('z'))
    expect(replica.log.size).toBe(2)
    expect(prune(NOW + 100)(replica).log).toEqual(create('z').log)

    const of = scuttlebutt(Scuttlebucket.of({ short: dataType, long: Events.of(t.number) }))
    const parts = contents.map(([change, ...stamp]) => [['short', change], ...stamp] as const)
    const bucket = take(of.dataType, { updates: parts }, 'nobody', of.create('z')).replica
    const pruned = of.prune(NOW + 100)(bucket)
    expect([bucket.log.size, pruned.log.size, of.history()(pruned)]).toEqual([2, 0, []])
  })

  test('bounds the clock to the sources of the newest keys', () => {
    const many = Array.from({ length: 1000 }, (_, i): Of => [
      [`k${String(i)}`, i],
      NOW + i / 16,
      `one-shot ${String(i)}`,
    ])
    const pruned = prune(NOW + 70)(applyUpdates(many)(create('z')))
    expect(Object.keys(digest(pruned).clock)).toEqual(['one-shot 997', 'one-shot 998', 'one-shot 999'])
    for (const update of many) expect(Clock.covers(update)(pruned.clock)).toBe(true)
  })

  test('keeps lapsed updates away, from every peer and by every function', () => {
    const old = at({ 0: ['k', 1] }, 'old')
    const hoarder = applyUpdates(old)(create('hoarder'))
    const pruned = prune(NOW + 100)(applyUpdates(old)(create('z')))
    expect(applyUpdates(old)(pruned)).toBe(pruned)
    expect(merge(hoarder)(pruned)).toBe(pruned)
    // an unknown source too
    expect(applyUpdate([['x', 1], NOW - 1, 'unheard'])(pruned)).toBe(pruned)
    const entry = { dataType } as Parameters<typeof converse<State, Change>>[0]
    const [one, two, messages] = converse(entry, pruned, hoarder)
    expect([toJSON(0)(one.state), messages]).toEqual([{}, 1])
    expect(toJSON(NOW + 99)(two.state)).toEqual({ k: 1 })
    const unborn = applyUpdate([['x', 1], NOW - 1, 'unheard'])(create('y'))
    expect(dataType.apply(old)(pruned.state).superseded).toEqual(old)
    expect(Clock.Eq.equals(merge(pruned)(unborn).clock, merge(unborn)(pruned).clock)).toBe(true)
  })

  test('puts a floor into the header, so that a peer sends nothing older', async () => {
    const updates = [...at({ 0: ['k', 1] }, 'old'), ...at({ 50: ['n', 1] }, 'new')]
    const [hoarder, pruned] = [
      applyUpdates(updates)(create('hoarder')),
      prune(NOW + 120)(applyUpdates(updates)(create('z'))),
    ]
    const [from, to] = [hoarder, pruned].map((replica) =>
      createStream(createStore(scuttlebutt(dataType), replica.id, { replica, now: () => NOW + 120 }), { tail: false }),
    ) as [ScuttlebuttStream, ScuttlebuttStream]
    let sent = ''
    from.on('data', (chunk) => (sent += String(chunk)))
    from.pipe(to).pipe(from)
    await Promise.all([from, to].map((stream) => once(stream, 'sync')))
    const lines = sent
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('"SURE'))
    expect(lines).toEqual([JSON.stringify(digest(hoarder)), '"SYNC"'])
    expect(decodeMessage()({ digest: { id: 'a', clock: {}, floor: 'x' }, updates: [] })).toMatchObject({
      left: { _tag: 'InvalidHeader', at: '.digest.floor' },
    })
  })

  test('makes progress with a budget of one update beside a peer that has not pruned', () => {
    const hoarded = Array.from({ length: 20 }, (_, i): Of => [[`k${String(i)}`, i], NOW + i, `s${String(i)}`])
    const {
      create: empty,
      applyUpdates: hoard,
      prune: forget,
    } = scuttlebutt(ExpiryModel.of(t.unknown, { maxAge: AGE }))
    const entry = { dataType } as Parameters<typeof converse<State, Change>>[0]
    const fresh: Of = [['fresh', 1], NOW + 119, 'fresh']
    const hoarder = hoard([...hoarded, fresh])(empty('hoarder'))
    const pruned = forget(NOW + 119)(hoard(hoarded)(empty('z')))
    const [one] = converse(entry, pruned, hoarder, { maxUpdates: 1 })
    expect(toJSON(0)(one.state)).toEqual({ fresh: 1 })
  })

  test('changes no query, and still agrees later with replicas that did not prune', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', '__proto__')
    const value = fc.oneof(fc.constant(null), fc.nat(2), fc.dictionary(fc.constantFrom('x', 'y'), fc.nat(2)))
    const updates = fc
      .uniqueArray(fc.tuple(fc.tuple(key, value), fc.nat(300), fc.constantFrom('p', 'q', 'r')), {
        selector: ([, ms, source]) => `${String(ms)} ${source}`,
        maxLength: 20,
      })
      .map((all) => inOrder(all.map(([made, ms, source]): Of => [made, NOW + ms, source])))
    fc.assert(
      fc.property(updates, fc.nat(20), fc.nat(400), fc.nat(400), (all, some, ms, later) => {
        const now = NOW + Math.max(ms, all[some - 1] === undefined ? 0 : all[some - 1]![1] - NOW)
        const whole = applyUpdates(all)(create('z'))
        const first: Replica<State, Change> = prune(now)(applyUpdates(all.slice(0, some))(create('z')))
        const both = applyUpdates(all)(first)
        const then = now + later
        expect(toJSON(then)(both.state)).toEqual(toJSON(then)(whole.state))
        expect(toJSON(then)(prune(then)(both).state)).toEqual(toJSON(then)(whole.state))
        for (const update of all.slice(0, some)) expect(Clock.covers(update)(both.clock)).toBe(true)
        const pruned = prune(then)(both)
        expect(applyUpdates(all)(pruned)).toBe(pruned)
        expect(ExpiryModel.getEq().equals(prune(then)(whole).state, pruned.state)).toBe(true)
        for (const [, timestamp] of history()(pruned)) expect(timestamp).toBeGreaterThan(then - AGE)
      }),
      { numRuns: inMemory(2000) },
    )
  })

  test('keeps later stamps above the pruned updates', () => {
    const pruned = prune(NOW + 100)(applyUpdates(at({ 0: ['k', 1] }))(create('a')))
    const changed = change(ExpiryModel.set('k', 2), NOW - 1000)(pruned)
    expect(changed).toMatchObject({ _tag: 'Right' })
    if (changed._tag === 'Right') expect(changed.right[0][1]).toBeGreaterThan(NOW)
  })

  test('takes own writes and those of others after a prune far ahead of the wall clock', () => {
    const pruned = prune(NOW + 1e6)(applyUpdates(at({ 0: ['k', 1] }))(create('a')))
    const changed = change(ExpiryModel.set('k', 2), NOW)(pruned)
    if (changed._tag === 'Left') throw new Error(changed.left._tag)
    const [update, next] = changed.right
    expect(update[1]).toBeGreaterThan(NOW)
    expect(get('k', update[1])(next.state)).toEqual(O.some(2))
  })

  test('frees a part of a bucket, and leaves the clock alone', () => {
    const parts = { kept: Events.of(t.string), lapsing: dataType }
    const bucket = scuttlebutt(Scuttlebucket.of(parts))
    const replica = bucket.applyUpdates([
      [['lapsing', ['k', 1]], NOW, 'a'],
      [['kept', ['said', 'hi']], NOW, 'b'],
    ])(bucket.create('z'))
    const pruned = bucket.prune(NOW + 200)(replica)
    expect(bucket.history()(pruned)).toEqual([[['kept', ['said', 'hi']], NOW, 'b']])
    expect(bucket.digest(pruned)).toEqual({ id: 'z', clock: { a: NOW, b: NOW } })
    expect(Scuttlebucket.toJSON(pruned.state)).toEqual({ kept: [['said', 'hi']], lapsing: {} })
    const chat = scuttlebutt(Scuttlebucket.of({ kept: Events.of(t.string) }))
    const silent = chat.create('z')
    expect(chat.prune(NOW)(silent)).toBe(silent)
  })

  test('of a store calls its listeners only if something lapsed', () => {
    let now = NOW
    const store = createStore(scuttlebutt(dataType), 'a', { now: () => now })
    store.change(ExpiryModel.set('k', 1))
    const told: unknown[] = []
    store.subscribe((updates, replica) => told.push([updates, keys(now)(replica.state)]))
    store.prune()
    now += AGE
    store.prune()
    store.prune()
    expect(told).toEqual([[[], []]])
  })
})

test('`max` is at least 1 and by default 500', () => {
  const updates = Array.from({ length: 600 }, (_, i): Of => [[`k${String(i)}`, i], NOW + i, 'a'])
  const sizes = [{}, { max: 0 }].map((options) => {
    const type = scuttlebutt(ExpiryModel.of(t.unknown, options))
    return keys(NOW)(type.applyUpdates(updates)(type.create('z')).state).length
  })
  expect(sizes).toEqual([500, 1])
})
