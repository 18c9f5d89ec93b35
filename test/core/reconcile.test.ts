/** Conversations, a message at a time. */
import { option as O } from 'fp-ts'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { take } from '../../src/core/receive.js'
import {
  Events,
  Model,
  RArray,
  Scuttlebucket,
  scuttlebutt,
  Text,
  unwrap,
  type Budget,
  type Message,
  type Replica,
  type Update,
} from '../../src/index.js'
import { budget, overTheWire, pasts } from '../network.js'
import { inMemory } from '../runs.js'
import { expectSame } from '../same.js'
import { table } from '../table.js'

const model = scuttlebutt(Model.of(t.number))
const { applyUpdates, create, digest, history, isSynced, open, push, reconcile } = model

type Numbers = Replica<Model.State<number>, Model.Change<number>>
type Told = Message<Model.Change<number>>
type Write = Update<Model.Change<number>>

const write = (key: string, value: number, now: number, replica: Numbers): Numbers =>
  unwrap(model.change(Model.set(key, value), now)(replica))[1]

/** Both after they have talked to the end, from a first message to `b`; what was said. */
const talk = (a: Numbers, b: Numbers, limits?: Budget): readonly [Numbers, Numbers, ReadonlyArray<Told>] => {
  const said = [open(a)]
  const replicas = [a, b]
  for (;;) {
    if (said.length > 1000) throw new Error('they talk for ever')
    const to = said.length % 2
    const [next, answer] = reconcile(overTheWire(said.at(-1)!), limits)(replicas[to]!)
    replicas[to] = next
    if (O.isNone(answer)) return [replicas[0]!, replicas[1]!, said]
    said.push(answer.value)
  }
}

const shown = ({ state }: Numbers): unknown => Model.toJSON(state)

const [x, y, z]: readonly [Write, Write, Write] = [
  [['x', 1], 1000, 'ann'],
  [['y', 2], 2000, 'ann'],
  [['z', 3], 3000, 'ben'],
]

test('A first message goes on behind a cut answer, if it says where that was cut', () => {
  const all = [1, 2, 3, 4].map((n): Write => [[`k${String(n)}`, n], n * 1000, 'ann'])
  const knows = applyUpdates(all)(create('a'))
  // it has overheard the last one
  const lacks = take(model.dataType, { updates: all.slice(3) }, 'nobody', create('b')).replica
  const meet = (after: Told['at'], b: Numbers): readonly [Numbers, Told['at']] => {
    const [, answer] = reconcile(
      { ...open(b), digest: { ...digest(b), ...(after && { after }) } },
      { maxUpdates: 1 },
    )(knows)
    if (O.isNone(answer)) return [b, after]
    return [reconcile(answer.value)(b)[0], answer.value.at]
  }
  let [met, at] = [lacks, undefined as Told['at']]
  for (let i = 0; i < 3; i++) [met] = meet(undefined, met)
  expect(shown(met)).toEqual({ k1: 1, k4: 4 })
  for (let i = 0; i < 3; i++) [met, at] = meet(at, met)
  expect(shown(met)).toEqual({ k1: 1, k2: 2, k3: 3, k4: 4 })
})

describe.each(table.map((entry) => [entry.dataType.name, entry] as const))('Conversations over %s', (_, entry) => {
  const sb = scuttlebutt(entry.dataType)
  type Any = ReturnType<typeof sb.create>

  /** Passes every answer on, as JSON, until somebody has nothing to say or `lost` messages came. */
  const converse = (a: Any, b: Any, limits: Budget | undefined, lost = Infinity): readonly [Any, Any] => {
    const replicas = [a, b]
    let message = sb.open(a)
    for (let count = 1; count <= lost; count++) {
      if (count > 1000) throw new Error('they talk for ever')
      const carried = overTheWire(sb.encodeMessage(message))
      const decoded = unwrap(sb.decodeMessage()(carried))
      // a round trip loses nothing
      expectSame(overTheWire(sb.encodeMessage(decoded)), carried)
      expectSame(decoded, message)
      const [next, answer] = sb.reconcile(decoded, limits)(replicas[count % 2]!)
      replicas[count % 2] = next
      if (O.isNone(answer)) break
      message = answer.value
    }
    return [replicas[0]!, replicas[1]!]
  }

  test('end, and agree, whatever was lost before and however small the answers are', () => {
    fc.assert(
      fc.property(pasts(entry), budget, fc.nat(3), ({ replicas: [first, second] }, limits, lost) => {
        const [a, b] = converse(...converse(first!, second!, limits, lost), limits)
        expect(entry.eq.equals(a.state, b.state)).toBe(true)
        expect(JSON.stringify(entry.toJSON(a.state))).toBe(JSON.stringify(entry.toJSON(b.state)))
        expectSame(sb.history()(a), sb.history()(b))
        // a second conversation sends no update
        const [, answer] = sb.reconcile(sb.open(a))(b)
        if (O.isSome(answer)) expect(answer.value.updates).toEqual([])
      }),
      { numRuns: inMemory(200, table.length) },
    )
  })
})

describe('A message', () => {
  test('with one bad update: the others come, the talk ends, the next one asks for the bad one again', () => {
    const ann = applyUpdates([x, y])(create('ann'))
    const [, answer] = reconcile(open(create('cy')))(ann)
    const sent = overTheWire(O.toNullable(answer)!) as unknown as { updates: unknown[] }
    const broken = { ...sent, updates: [[['x', 1], -1000, 'ann'], sent.updates[1]] }
    const message = unwrap(model.decodeMessage()(broken))
    expect(message.refused?.map(({ _tag, at }) => [_tag, at])).toEqual([['InvalidTimestamp', '.updates[0][1]']])
    const [cy, reply] = reconcile(message)(create('cy'))
    expect(shown(cy)).toEqual({ y: 2 })
    expect(digest(cy).clock).toEqual({})
    expect(reply).toEqual(O.none)
    const [cy2, ann2] = talk(cy, ann)
    expect(shown(cy2)).toEqual({ x: 1, y: 2 })
    expect(isSynced(digest(cy2), digest(ann2))).toBe(true)
  })

  test('with an update too large: what is newer is taken, the clock passes both, and sure does not', () => {
    const updates = [[['x'.repeat(99), 1], 1000, 'ann'], y]
    const round = { digest: { id: 'ann', clock: { ann: 2000 } }, updates, since: { clock: {} }, complete: true }
    const message = unwrap(model.decodeMessage({ maxBytes: 60 })(round))
    expect(message.refused?.map(({ _tag }) => _tag)).toEqual(['TooLarge'])
    const [cy] = reconcile(message)(create('cy'))
    expect(shown(cy)).toEqual({ y: 2 })
    expect([digest(cy).clock, cy.clock.latest]).toEqual([{}, 2000])
  })

  test('from too far ahead is not passed by the clock', () => {
    const round = { digest: { id: 'ann', clock: { ann: 2000 } }, updates: [y], since: { clock: {} }, complete: true }
    const message = unwrap(model.decodeMessage({ now: 1000, maxDrift: 10 })(round))
    const [cy] = reconcile(message)(create('cy'))
    expect(cy).toEqual(create('cy'))
  })

  test('made by hand, with one update of its own, on a bus that loses one: nobody misses it for good', () => {
    const bus = [create('ann'), create('ben'), create('cy')] as [Numbers, Numbers, Numbers]
    const mine = (of: Numbers, update: Write) => ({ digest: digest(of), updates: [update] })
    bus[0] = write('x', 1, 1000, bus[0])
    bus[1] = reconcile(mine(bus[0], history()(bus[0])[0]!))(bus[1])[0] // lost on its way to cy
    bus[0] = write('y', 2, 2000, bus[0])
    for (const i of [1, 2] as const) bus[i] = reconcile(mine(bus[0], history()(bus[0])[1]!))(bus[i])[0]
    expect([shown(bus[1]), shown(bus[2])]).toEqual([{ x: 1, y: 2 }, { y: 2 }])
    // nobody claims what it was not told
    expect([digest(bus[1]).clock, digest(bus[2]).clock]).toEqual([{}, {}])
    // also where ann is gone
    const [ben, cy] = talk(bus[1], bus[2])
    expect([shown(ben), shown(cy)]).toEqual([
      { x: 1, y: 2 },
      { x: 1, y: 2 },
    ])
    const [, sure] = talk(bus[0], cy)
    expect(digest(sure)).toEqual({ id: 'cy', clock: { ann: 2000 } })
  })

  test('that is late, doubled or overheard claims no more than it did for whom it was said', () => {
    const ann = applyUpdates([x, y])(create('ann'))
    const informed = applyUpdates([x])(create('ben'))
    const [, toBen] = reconcile(open(informed))(ann)
    if (O.isNone(toBen)) throw new Error('no answer')
    expect(toBen.value).toMatchObject({ updates: [y], since: { clock: { ann: 1000 } }, complete: true })
    // cy does not know x, so this is no round for cy
    const [cy] = reconcile(toBen.value)(create('cy'))
    expect(digest(cy)).toMatchObject({ clock: {}, doubt: { ann: [[2000, expect.any(String)]] } })
    const [ben] = reconcile(toBen.value)(informed)
    expect(digest(ben).clock).toEqual({ ann: 2000 })
    expect(reconcile(toBen.value)(ben)[0]).toBe(ben)
  })

  test('without `since` does what it can, and claims nothing', () => {
    const [cy] = reconcile({ digest: { id: 'ann', clock: { ann: 2000 } }, updates: [x, y], complete: true })(
      create('cy'),
    )
    expect(shown(cy)).toEqual({ x: 1, y: 2 })
    expect(digest(cy).clock).toEqual({})
  })

  test('is a round only for who holds what the digest printed', () => {
    const doubting = take(model.dataType, { updates: [y] }, 'nobody', create('cy')).replica
    const ann = applyUpdates([x, y])(create('ann'))
    const [, answer] = reconcile(open(doubting))(ann)
    if (O.isNone(answer)) throw new Error('no answer')
    expect(answer.value.updates).toEqual([x, y])
    const dan = create('dan')
    expect(digest(reconcile(answer.value)(doubting)[0])).toEqual({ id: 'cy', clock: { ann: 2000 } })
    expect(digest(reconcile(answer.value)(dan)[0]).clock).toEqual({})
  })
})

describe('A budget', () => {
  test('brings all, one update an answer, and makes both sure in the end', () => {
    const updates = Array.from({ length: 10 }, (_, i): Write => [[`k${String(i)}`, i], i + 1, i % 2 ? 'ann' : 'ben'])
    const [a, b, said] = talk(create('cy'), applyUpdates(updates)(create('ann')), { maxUpdates: 1 })
    expect(shown(a)).toEqual(shown(b))
    expect(said.filter((message) => message.updates.length > 1)).toEqual([])
    expect(said.filter(({ more }) => more === true).length).toBe(9)
    expect(isSynced(digest(a), digest(b))).toBe(true)
  })

  test('sends doubted updates once a conversation, oldest first', () => {
    const all = Array.from({ length: 40 }, (_, i): Write => [[`k${String(i)}`, i], i + 1, 'ann'])
    const source = applyUpdates(all)(create('ann'))
    // cy holds every third update: each of its pieces differs
    const some = all.filter((_, i) => i % 3 === 2).concat(all.slice(-1))
    const cy = take(model.dataType, { updates: some }, 'nobody', create('cy')).replica
    const [a, b, said] = talk(cy, source, { maxUpdates: 7 })
    expect(shown(a)).toEqual(shown(b))
    const sent = said.filter((_, i) => i % 2 === 1).flatMap(({ updates }) => updates)
    expect(sent).toEqual(all)
    // a round in several messages raises nothing; in the next talk the prints agree, and nothing is
    // sent
    expect(digest(a).clock).toEqual({})
    const [again, , little] = talk(a, b)
    expect(little.flatMap(({ updates }) => updates)).toEqual([])
    expect(isSynced(digest(again), digest(b))).toBe(true)
  })
})

describe('push', () => {
  test('tells what came since an older version, and makes sure who was as far', () => {
    const before = applyUpdates([x])(create('ann'))
    const after = write('w', 9, 4000, applyUpdates([y])(before))
    const message = overTheWire(push(before)(after))
    expect(message).toEqual({
      digest: { id: 'ann', clock: { ann: 4000 } },
      updates: [y, [['w', 9], 4000, 'ann']],
      since: { clock: { ann: 1000 } },
      complete: true,
    })
    const [informed] = reconcile(message)(applyUpdates([x])(create('ben')))
    const [ignorant] = reconcile(message)(create('cy'))
    expect(digest(informed).clock).toEqual({ ann: 4000 })
    expect(digest(ignorant).clock).toEqual({})
    expect(shown(ignorant)).toEqual({ w: 9, y: 2 })
    expect(shown(talk(ignorant, informed)[0])).toEqual({ w: 9, x: 1, y: 2 })
  })

  test('tells also what filled a hole, and what cannot be read', () => {
    const before = take(model.dataType, { updates: [y] }, 'nobody', create('ann')).replica
    const unread = [[['k', 'later'], 5000, 'ben']] as const
    const after = take(model.dataType, { updates: [x], unread }, 'nobody', before).replica
    expect(push(before)(after)).toMatchObject({ updates: [x], unread })
    expect(push(after)(after)).toMatchObject({ updates: [] })
  })
})

describe('isSynced', () => {
  test('is true of equal clocks and floors without doubt, and of nothing else', () => {
    const ann = applyUpdates([x, y])(create('ann'))
    const [cy] = talk(create('cy'), ann)
    expect(isSynced(digest(ann), digest(cy))).toBe(true)
    expect(isSynced(digest(ann), digest(applyUpdates([z])(cy)))).toBe(false)
    const doubting = take(model.dataType, { updates: [z] }, 'nobody', ann).replica
    expect(digest(doubting).clock).toEqual(digest(ann).clock)
    expect(isSynced(digest(ann), digest(doubting))).toBe(false)
    expect(isSynced(digest(doubting), digest(ann))).toBe(false)
    expect(isSynced({ ...digest(ann), floor: 1 }, digest(ann))).toBe(false)
  })
})

describe('settle', () => {
  const doubting = take(model.dataType, { updates: [y, z] }, 'nobody', create('cy')).replica

  test('ends the doubt of some sources, or of all', () => {
    expect(digest(doubting).clock).toEqual({})
    expect(digest(model.settle(['ben', 'nobody'])(doubting))).toMatchObject({ clock: { ben: 3000 } })
    expect(digest(model.settle()(doubting))).toEqual({ id: 'cy', clock: { ann: 2000, ben: 3000 } })
    expect(model.settle()(doubting).state).toBe(doubting.state)
  })

  test('changes nothing where nothing is doubted', () => {
    const settled = model.settle()(doubting)
    expect(model.settle()(settled)).toBe(settled)
    expect(model.settle(['nobody'])(doubting)).toBe(doubting)
  })

  test('costs what older updates would still have come', () => {
    const [cy] = talk(model.settle()(doubting), applyUpdates([x, y])(create('ann')))
    expect(shown(cy)).toEqual({ y: 2, z: 3 })
  })
})

describe('changeAll', () => {
  const list = scuttlebutt(RArray.of(t.string))

  test('makes several updates, each on the state after those before it', () => {
    const [updates, replica] = unwrap(
      list.changeAll([RArray.push('a'), RArray.push('c'), RArray.insert(1, 'b')], 1000)(list.create('ann')),
    )
    expect(RArray.toJSON(replica.state)).toEqual(['a', 'b', 'c'])
    expect(list.history()(replica)).toEqual(updates)
    expect(updates.map(([, at]) => at)).toEqual([1000, 1000.0000000000001, 1000.0000000000002])
    expect(list.applyUpdates(updates)(list.create('ann'))).toEqual(replica)
  })

  test('makes none if one fails, and says why that one did', () => {
    const made = list.changeAll([RArray.push('a'), RArray.set(5, 'b'), RArray.push('c')], 1000)(list.create('ann'))
    expect(made).toMatchObject({ _tag: 'Left', left: { _tag: 'IndexOutOfRange' } })
  })

  test('makes nothing of no commands', () => {
    const replica = list.create('ann')
    expect(unwrap(list.changeAll([], 1000)(replica))).toEqual([[], replica])
  })
})

describe('reissue', () => {
  /** Ann's clock ran ahead: two of her updates are refused by others. */
  const ahead = [x, y, z].reduce((replica, update) => model.applyUpdate(update)(replica), create('ann'))
  const late = write('y', 8, 9000, write('z', 7, 9000, ahead))

  test('stamps the own updates after now again, under a new id; the old ones go', () => {
    const [updates, replica] = model.reissue('ann-2', 5000)(late)
    expect(updates).toEqual([
      [['z', 7], 5000, 'ann-2'],
      [['y', 8], 5000.000000000001, 'ann-2'],
    ])
    expect(replica.id).toBe('ann-2')
    expect(shown(replica)).toEqual({ x: 1, y: 8, z: 7 })
    expect(history()(replica)).toEqual([x, ...updates])
    // what is gone may have superseded any update of hers
    expect(digest(replica)).toMatchObject({
      clock: { ben: 3000, 'ann-2': 5000.000000000001 },
      doubt: { ann: [[1000, expect.any(String)]] },
    })
    expect(digest(replica).clock).not.toHaveProperty('ann')
    expect(replica.clock.latest).toBe(5000.000000000001)
  })

  test('stamps after what others have written meanwhile, and asks again for what that had superseded', () => {
    const w: Write = [['y', 5], 8000, 'cy']
    const seen = write('y', 8, 9000, model.applyUpdate(w)(ahead))
    expect(history()(seen)).not.toContainEqual(w)
    const [updates, replica] = model.reissue('ann-2', 5000)(seen)
    expect(updates).toEqual([[['y', 8], 8000.000000000001, 'ann-2']])
    // w is gone here: cy is trusted up to now only
    expect(digest(replica)).toMatchObject({ clock: { cy: 5000 }, doubt: { cy: [[8000, expect.any(String)]] } })
    const [a, b] = talk(replica, applyUpdates([w])(create('cy')))
    expect([shown(a), history()(a)]).toEqual([shown(b), history()(b)])
  })

  test('asks again for what a stroke of text had superseded, though something later is held', () => {
    const bucket = scuttlebutt(Scuttlebucket.of({ pad: Text, more: Model.of(t.number) }))
    const { at } = Scuttlebucket
    const wrote = [
      [at('pad')(Text.insert(0, 'Dear Bob')), 1000],
      [at('more')(Model.set('x', 1)), 1500],
    ] as const
    const told = wrote.reduce(
      (replica, [command, now]) => unwrap(bucket.change(command, now)(replica))[1],
      bucket.create('ann'),
    )
    const bob = bucket.merge(told)(bucket.create('bob'))
    const [, grown] = unwrap(bucket.change(at('pad')(Text.insert(8, ', hello')), 9000)(told))
    const replicas = [bob, bucket.reissue('ann-2', 2000)(grown)[1]]
    let message = O.some(bucket.open(replicas[1]!))
    for (let to = 0; O.isSome(message); to = 1 - to) {
      const [next, answer] = bucket.reconcile(overTheWire(message.value))(replicas[to]!)
      replicas[to] = next
      message = answer
    }
    const [b, a] = replicas as [typeof bob, typeof bob]
    expect(bucket.dataType.toJSON(a.state)).toEqual(bucket.dataType.toJSON(b.state))
    expect(bucket.isSynced(bucket.digest(a), bucket.digest(b))).toBe(true)
  })

  test('under a new id, changes nothing else where nothing is ahead', () => {
    const [updates, replica] = model.reissue('ann-2', 5000)(ahead)
    expect(updates).toEqual([])
    expect({ ...replica, id: 'ann' }).toEqual(ahead)
  })

  test('of a type that keeps everything, leaves the others in order', () => {
    const log = scuttlebutt(Events.of(t.number))
    const base = log.applyUpdates([
      [['e', 1], 1000, 'ann'],
      [['e', 2], 6000, 'ben'],
    ])(log.create('ann'))
    const [, wrote] = unwrap(log.change(Events.emit('e', 3), 9000)(base))
    const [, replica] = log.reissue('ann-2', 5000)(wrote)
    expect(log.history()(replica)).toEqual([
      [['e', 1], 1000, 'ann'],
      [['e', 2], 6000, 'ben'],
      [['e', 3], 6000.000000000001, 'ann-2'],
    ])
    expect(Events.toJSON(replica.state)).toEqual([
      ['e', 1],
      ['e', 2],
      ['e', 3],
    ])
  })
})
