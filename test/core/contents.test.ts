/** B6 for every data type: two contents of one stamp are updates like any other. */
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { take } from '../../src/core/receive.js'
import { Model, scuttlebutt, type Update } from '../../src/index.js'
import { pasts } from '../network.js'
import { inMemory } from '../runs.js'
import { expectSame } from '../same.js'
import { table } from '../table.js'
import * as Telling from '../../src/wire/session/telling.js'
import * as Frontier from '../../src/core/Frontier.js'

type Any = Update<unknown>

describe.each(table.map((entry) => [entry.dataType.name, entry] as const))('%s', (_, entry) => {
  const { dataType, toJSON } = entry
  const { change, create, digest, history, merge, open, reconcile } = scuttlebutt(dataType)
  type Held = ReturnType<typeof create>

  /** Updates, of which some stamps have two contents. */
  const equivocal = fc
    .tuple(pasts(entry), fc.array(fc.tuple(entry.change, fc.nat(), fc.nat(2)), { minLength: 1, maxLength: 4 }))
    .map(([{ updates, replicas }, others]) => {
      const lied = new Set<number>()
      const lies = others.flatMap(([command, at, of]): ReadonlyArray<Any> => {
        const i = at % Math.max(1, Math.min(updates.length, 3))
        const one = updates[i]
        if (one === undefined || lied.has(i)) return []
        lied.add(i)
        // a lie may be made of any state
        const made = change(command, 1)(replicas[of % replicas.length] ?? create('liar'))
        return made._tag === 'Left' ? [] : [[made.right[0][0], one[1], one[2]]]
      })
      return [...updates, ...lies]
    })

  const deliveries = equivocal.chain((all) =>
    fc.record({
      all: fc.constant(all),
      order: fc.shuffledSubarray([...all], { minLength: all.length, maxLength: all.length }),
      cuts: fc.array(fc.nat(all.length), { maxLength: 4 }),
      way: fc.constantFrom('batches', 'messages', 'merge', 'restore'),
    }),
  )

  const batchesOf = (updates: ReadonlyArray<Any>, cuts: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<Any>> => {
    const ends = [...cuts, updates.length].sort((a, b) => a - b)
    return ends.map((end, i) => updates.slice(ends[i - 1] ?? 0, end))
  }

  const taking = (updates: ReadonlyArray<Any>) => (replica: Held) =>
    take(dataType, { updates }, 'nobody', replica).replica

  /** The replica as storage gives it back: its log without what was superseded. */
  const restored = (replica: Held): Held => ({
    ...taking(history()(replica))(create(replica.id)),
    clock: replica.clock,
  })

  /** What a log holds that is not superseded. */
  const needed = (replica: Held): ReadonlyArray<Any> => {
    const updates = history()(replica)
    if (updates.length === 0) return []
    const gone = new Set(
      dataType
        .apply(updates)(dataType.empty)
        .superseded.map((update) => JSON.stringify(update)),
    )
    return updates.filter((update) => !gone.has(JSON.stringify(update)))
  }

  const deliver = ({ order, cuts, way }: { order: ReadonlyArray<Any>; cuts: ReadonlyArray<number>; way: string }) => {
    const batches = batchesOf(order, cuts)
    if (way === 'merge') {
      const parts = batches.map((updates, i) => taking(updates)(create(String(i))))
      return parts.reduce((one, other) => merge(other)(one))
    }
    if (way === 'messages') {
      const from = digest(create('p'))
      return batches.reduce((replica, updates) => reconcile({ digest: from, updates })(replica)[0], create('z'))
    }
    return batches.reduce(
      (replica, updates) => taking(updates)(way === 'restore' ? restored(replica) : replica),
      create('z'),
    )
  }

  /** Both after a talk. It ends: see `forks.test.ts`. */
  const talked = (one: Held, two: Held): readonly [Held, Held] => {
    const replicas = [one, two] as [Held, Held]
    let message = open(one)
    for (let turn: 0 | 1 = 1; ; turn = turn === 0 ? 1 : 0) {
      const [next, answer] = reconcile(message)(replicas[turn])
      replicas[turn] = next
      if (answer._tag === 'None') return replicas
      message = answer.value
    }
  }

  test('B6: shows and holds the same of two contents of a stamp, in whatever order and ways they come', () => {
    fc.assert(
      fc.property(deliveries, ({ all, ...delivery }) => {
        const one = deliver(delivery)
        const two = all.reduce((replica, update) => taking([update])(replica), create('y'))
        expect(JSON.stringify(toJSON(one.state))).toBe(JSON.stringify(toJSON(two.state)))
        expectSame(needed(one), needed(two))
        // what was superseded may be kept as proof, and comes once more to who has dropped it
        for (const again of [...talked(one, two), taking(all)(one), merge(two)(one)]) {
          expect(JSON.stringify(toJSON(again.state))).toBe(JSON.stringify(toJSON(two.state)))
          expectSame(needed(again), needed(two))
        }
      }),
      { numRuns: inMemory(1000, table.length) },
    )
  })
})

const model = scuttlebutt(Model.of(t.union([t.string, t.number])))

type Write = Update<Model.Change<string | number>>

const hearing =
  (...updates: ReadonlyArray<Write>) =>
  (replica: ReturnType<typeof model.create>) =>
    take(model.dataType, { updates }, 'nobody', replica).replica

const shown = (...messages: ReadonlyArray<ReadonlyArray<Write>>): unknown =>
  Model.toJSON(messages.reduce((replica, updates) => hearing(...updates)(replica), model.create('me')).state)

const lie = (key: string, value: string | number = 0): Write => [[key, value], 1000, 'liar']

const newer: Write = [['k2', 9], 1001, 'zoe']

describe('Two contents of one stamp, the greatest superseded', () => {
  test('show the same one by one and in one message', () => {
    const lies = [lie('k2'), lie('k1')]
    const all = { k1: 0, k2: 9 }
    expect(shown([newer, ...lies])).toEqual(all)
    expect(shown([newer], ...lies.map((one) => [one]))).toEqual(all)
    expect(shown(lies, [newer])).toEqual(all)
  })

  test('are told to a peer that brought the other one', () => {
    const before = hearing(newer)(model.create('me'))
    const telling = Telling.brought([lie('k2')])(Telling.begin(model.digest(before))(Telling.empty(), before), before)
    const after = hearing(lie('k1'))(hearing(lie('k2'))(before))
    const { pending } = Telling.catchUp(telling, after)
    expect(Frontier.next({}, () => 1)(pending)[0]).toEqual([lie('k1')])
  })
})

describe('Contents of one stamp may differ for good, where', () => {
  test('two replicas hear one each: digests hold stamps alone', () => {
    const one = hearing(lie('k0'))(model.create('one'))
    const other = hearing(lie('k1'))(model.create('other'))
    expect(model.digest(one)).toEqual({ ...model.digest(other), id: 'one' })
    expect(model.reconcile(model.open(one))(other)).toEqual([other, { _tag: 'None' }])
    expect([one, other].map(({ state }) => Model.toJSON(state))).toEqual([{ k0: 0 }, { k1: 0 }])
  })

  test('a replica that is sure of the stamp takes no second one: a repeat looks the same', () => {
    const sure = model.settle()(hearing(lie('k2'), newer)(model.create('me')))
    expect(hearing(lie('k1'))(sure)).toBe(sure)
    const other = hearing(newer, lie('k2'))(model.settle()(hearing(lie('k1'))(model.create('you'))))
    expect(Model.toJSON(other.state)).toEqual({ k1: 0, k2: 9 })
  })

  test('three come in other orders: the first has superseded what nobody remembers', () => {
    const older: Write = [['k0', 'older'], 999, 'zoe']
    const three = ['k0', 'k1', 'k2'].map((key) => lie(key))
    expect(shown([older], ...three.map((one) => [one]))).toEqual({ k1: 0, k2: 0 })
    expect(shown([older], ...three.map((one) => [one]).reverse())).toEqual({ k0: 'older', k1: 0, k2: 0 })
  })

  test('three come in other batches: one that was superseded is forgotten, and displaces none', () => {
    const three = ['k0', 'k1', 'k2'].map((key) => lie(key)).reverse()
    expect(shown([newer, ...three])).toEqual({ k1: 0, k2: 9 })
    expect(shown([newer], ...three.map((one) => [one]))).toEqual({ k0: 0, k1: 0, k2: 9 })
  })
})
