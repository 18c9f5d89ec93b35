/** What a peer may send beside true updates, and what a store keeps of it. */
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { createStore } from '../../src/adapters/store.js'
import { createStream } from '../../src/adapters/stream.js'
import { Events, Model, scuttlebutt, unwrap, type Replica, type Update } from '../../src/index.js'

const sb = scuttlebutt(Model.of(t.string))
const NOW = 1_800_000_000_000
const DAY = 24 * 60 * 60 * 1000

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])

/** Changes that are refused, or kept unread, each for another reason. */
const CHANGES: ReadonlyArray<readonly [name: string, change: unknown]> = [
  ['fits', ['x', 'a']],
  ['cannot be read', ['x', { newer: true }]],
  ['is none', 'junk'],
  ['is nested too deep', ['x', nested(200)]],
  ['is too long', ['x', 'a'.repeat((1 << 20) + 1)]],
]

const STAMPS = [NOW + 2 * DAY, NOW + 365 * DAY, Number.MAX_SAFE_INTEGER]

describe('A stamp too far ahead moves no clock, whatever is wrong with its change', () => {
  const cases = CHANGES.flatMap(([name, change]) => STAMPS.map((stamp) => [name, stamp, change] as const))

  test.each(cases)('of a line whose change %s, stamped %d', async (_, stamp, change) => {
    const store = createStore(sb, 'bob', { now: () => NOW })
    const before = store.getReplica().clock
    const stream = createStream(store, { now: () => NOW })
    const rejections: unknown[] = []
    stream.on('rejection', (rejection) => rejections.push(rejection))
    stream.write(`{"id":"eve","clock":{}}\n${JSON.stringify([change, stamp, 'eve'])}\n`)
    await tick()
    expect(rejections).toHaveLength(1)
    expect(store.getReplica().clock).toEqual(before)
    expect(unwrap(store.change(Model.set('y', 'mine')))[1]).toBe(NOW)
    stream.destroy()
  })

  test.each(cases)('of a message whose change %s, stamped %d', (_, stamp, change) => {
    const policy = { now: NOW, maxDrift: DAY, maxBytes: 1 << 20 }
    for (const update of [
      [change, stamp, 'eve'],
      [change, stamp, 'eve', NaN],
    ]) {
      const message = unwrap(sb.decodeMessage(policy)({ digest: { id: 'eve', clock: {} }, updates: [update] }))
      expect(message.refused?.map(({ _tag }) => _tag)).toEqual(['TooFarAhead'])
      const bob = sb.create('bob')
      expect(sb.reconcile(message)(bob)[0].clock).toEqual(bob.clock)
    }
  })
})

describe('Refusals that a peer tells', () => {
  const refusing = async (
    store: ReturnType<typeof createStore<Model.State<string>, Model.Change<string>>>,
    refusals: ReadonlyArray<unknown>,
  ): Promise<void> => {
    const stream = createStream(store)
    const said = `REFUSED ${JSON.stringify({ updates: refusals, places: [] })}`
    stream.write(`{"id":"eve","clock":{}}\n${JSON.stringify(said)}\n`)
    await tick()
    stream.destroy()
  }

  test('are kept with the beginning of their reason', async () => {
    const store = createStore(sb, 'bob', { now: () => NOW })
    const [, stamp] = unwrap(store.change(Model.set('x', 'a')))
    await refusing(store, [[stamp, 'bob', 'long'.repeat(100_000)]])
    expect(store.refusals()).toEqual([{ timestamp: stamp, source: 'bob', reason: 'long'.repeat(50), by: 'eve' }])
  })

  test('of updates that never were do not push out a true one', async () => {
    const store = createStore(sb, 'bob', { now: () => NOW })
    const [, stamp] = unwrap(store.change(Model.set('x', 'a')))
    await refusing(store, [[stamp, 'bob', 'TooLarge']])
    for (let i = 0; i < 3; i++) {
      await refusing(
        store,
        Array.from({ length: 1000 }, (_, j) => [1 + i * 1000 + j, 'bob', 'TooLarge']),
      )
    }
    expect(store.refusals()).toEqual([{ timestamp: stamp, source: 'bob', reason: 'TooLarge', by: 'eve' }])
  })

  test('are the newest thousand', async () => {
    const store = createStore(sb, 'bob', { now: () => NOW })
    const stamps = Array.from({ length: 1500 }, (_, i) => unwrap(store.change(Model.set(`k${String(i)}`, 'a')))[1])
    await refusing(
      store,
      stamps.map((stamp) => [stamp, 'bob', 'TooLarge']),
    )
    expect(store.refusals().map(({ timestamp }) => timestamp)).toEqual(stamps.slice(-1000))
    await refusing(store, [[stamps[0]!, 'bob', 'TooLarge']])
    expect(store.refusals().map(({ timestamp }) => timestamp)).toEqual([...stamps.slice(-999), stamps[0]])
  })
})

test('The place in a cut answer is frozen: an edit of one answer is in no other', () => {
  const events = scuttlebutt(Events.of(t.number))
  type Log = Replica<Events.State<number>, Events.Change<number>>
  const said = (...stamps: ReadonlyArray<number>): ReadonlyArray<Update<Events.Change<number>>> =>
    stamps.map((stamp) => [['said', stamp], stamp, 'ann'])
  const heard = (...stamps: ReadonlyArray<number>): Log =>
    events.reconcile({ digest: { id: 'eve', clock: {} }, updates: said(...stamps) })(events.create('ben'))[0]
  const whole = events.applyUpdates(said(1, 2, 3))(events.create('ben'))
  for (const replica of [whole, heard(1, 2, 3)]) {
    for (const peer of [events.create('cy'), heard(3)]) {
      const [, answer] = events.reconcile(events.open(peer), { maxUpdates: 1 })(replica)
      const { at } = answer._tag === 'Some' ? answer.value : {}
      expect(at).toBeDefined()
      expect(Object.isFrozen(at)).toBe(true)
    }
  }
})
