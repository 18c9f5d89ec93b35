import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { scuttlebutt, Text, type Update } from '../../../src/index.js'
import { right } from '../../right.js'
import { inNetworks } from '../../runs.js'
import { expectSound, orderOf, shrink } from './invariants.js'
import { outcomeOf } from './oracle.js'

shrink()

type Change = Text.Change

/** An editor with a state and what it has made, without a core around it. */
interface Peer {
  readonly id: string
  state: Text.State
  latest: number
  readonly heard: Set<Update<Change>>
}

const peerOf = (id: string): Peer => ({ id, state: Text.empty, latest: 0, heard: new Set() })

const step = fc.record({
  who: fc.nat(2),
  what: fc.oneof(
    { weight: 8, arbitrary: fc.constant('type' as const) },
    { weight: 4, arbitrary: fc.constant('erase' as const) },
    { weight: 2, arbitrary: fc.constant('edit' as const) },
    { weight: 3, arbitrary: fc.constant('hear' as const) },
    { weight: 1, arbitrary: fc.constant('batch' as const) },
  ),
  at: fc.nat(12),
  /** Goes on where the last edit was. */
  isNear: fc.boolean(),
  count: fc.integer({ min: 1, max: 4 }),
  text: fc.constantFrom('a', 'b', 'cd', 'efg', 'x', 'y', 'zzzzzzzzzz'),
  from: fc.nat(30),
})

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** Plays steps, and gives the peers and all updates ever made. */
const play = (steps: ReadonlyArray<Step>, limits?: Partial<Text.Limits>) => {
  const peers = ['a', 'b', 'B'].map(peerOf)
  if (limits !== undefined) for (const peer of peers) peer.state = Text.of(limits).empty
  const all: Update<Change>[] = []
  const places = [0, 0, 0]
  let now = 0
  /** Versions and their texts; most are not read before the end. */
  const kept: (readonly [Text.State, string])[] = []
  for (const { who, what, at, isNear, count, text, from } of steps) {
    const peer = peers[who]!
    const size = Text.length(peer.state)
    const place = isNear ? Math.min(places[who]!, size) : Math.min(at, size)
    const local = (command: Text.Command): void => {
      const timestamp = Math.max(++now, peer.latest + 1)
      const stamp = { timestamp, source: peer.id }
      const made = command(peer.state, stamp)
      if (made._tag === 'Left') throw new Error(JSON.stringify(made.left))
      expect(Text.change.is(made.right)).toBe(true)
      const update = [made.right, timestamp, peer.id] as const
      peer.state = Text.own(update)(peer.state).state
      peer.latest = timestamp
      peer.heard.add(update)
      all.push(update)
    }
    if (what === 'type') {
      const before = Text.toString(peer.state)
      local(Text.insert(place, text))
      expect(Text.toString(peer.state)).toBe(before.slice(0, place) + text + before.slice(place))
      places[who] = place + text.length
    } else if (what === 'erase') {
      const start = Math.max(0, place - count)
      const before = Text.toString(peer.state)
      local(Text.remove(start, Math.min(count, size - start)))
      expect(Text.toString(peer.state)).toBe(before.slice(0, start) + before.slice(start + count))
      places[who] = start
    } else if (what === 'edit') {
      const middle = Math.min(size, place + count)
      const before = Text.toString(peer.state)
      local(
        Text.edit([
          { from: place, to: middle, insert: text },
          { from: size, to: size, insert: '.' },
        ]),
      )
      expect(Text.toString(peer.state)).toBe(`${before.slice(0, place)}${text}${before.slice(middle)}.`)
    } else {
      const heard =
        what === 'hear'
          ? all.slice(from % (all.length + 1)).slice(0, 1)
          : all.filter((_, i) => i % 3 !== from % 3).slice(0, from)
      const fresh = heard.filter((update) => !peer.heard.has(update) && update[2] !== peer.id)
      if (fresh.length === 0) continue
      for (const update of fresh) {
        peer.heard.add(update)
        peer.latest = Math.max(peer.latest, update[1])
      }
      peer.state = Text.apply(fresh)(peer.state).state
    }
    const { text: expected, order } = outcomeOf([...peer.heard])
    if (from % 3 === 0) {
      kept.push([peer.state, expected])
      continue
    }
    expect(Text.toString(peer.state)).toBe(expected)
    expect(Text.length(peer.state)).toBe(expected.length)
    expect(orderOf(peer.state)).toEqual(order)
    expectSound(peer.state)
  }
  for (const [state, text] of kept) {
    if (all.length > 0) Text.apply(all)(state)
    expect(Text.toString(state)).toBe(text)
    expectSound(state)
  }
  return { peers, all }
}

const delivered = (updates: ReadonlyArray<Update<Change>>, batches: ReadonlyArray<number>): Text.State => {
  let state: Text.State = Text.empty
  let i = 0
  for (let next = 0; next < updates.length; i++) {
    const size = batches.length === 0 ? 1 : 1 + (batches[i % batches.length]! % 7)
    const end = Math.min(updates.length, next + size)
    state = Text.apply(updates.slice(next, end))(state).state
    next = end
  }
  return state
}

const limits = fc.constantFrom<Partial<Text.Limits>>({}, { units: 0 }, { operations: 1 }, { units: 3, operations: 2 })

type Delivery = readonly [
  all: ReadonlyArray<Update<Change>>,
  shuffled: ReadonlyArray<Update<Change>>,
  batches: ReadonlyArray<number>,
]

/** The outcome is that of the rules in both orders, one by one and in batches. */
const expectOneOutcome = ([all, shuffled, batches]: Delivery): void => {
  const { text, order } = outcomeOf(all)
  for (const updates of [all, shuffled]) {
    for (const cuts of [[], batches]) {
      const state = delivered(updates, cuts)
      expect(Text.toString(state)).toBe(text)
      expect(orderOf(state)).toEqual(order)
      expectSound(state)
    }
  }
}

describe('A text that honest replicas write', () => {
  test('is what its rules say, after every step', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: 'max' }), limits, (steps, growth) => {
        play(steps, growth)
      }),
      { numRuns: inNetworks(1000) },
    )
  })

  test('is the same in every order of delivery, one by one or in batches', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 25, size: 'max' }).chain((steps) => {
          const { all } = play(steps)
          return fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }), fc.array(fc.nat(6)))
        }),
        expectOneOutcome,
      ),
      { numRuns: inNetworks(500) },
    )
  })
})

const source = fc.constantFrom('a', 'b', '')
const timestamp = fc.constantFrom(1, 2, 3, 4, 5)
const count = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 4 }) }, fc.constantFrom(2 ** 53 - 1, 100))
const ref: fc.Arbitrary<Text.Ref> = fc.oneof(count, fc.tuple(timestamp, count), {
  weight: 2,
  arbitrary: fc.tuple(timestamp, count, source),
})
const edge = fc.oneof({ weight: 3, arbitrary: ref }, fc.constant(0))
const letters = fc.constantFrom('a', 'b', 'ab', 'abc', 'xyz', '\ud83d', '\ude00')

const operation: fc.Arbitrary<Text.Operation> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant('+' as const), letters, edge, edge) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('+' as const), letters, edge) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('-' as const), ref, count) },
  fc.tuple(fc.constantFrom('*', '^', ''), fc.nat(2)),
)

const hostile: fc.Arbitrary<Update<Change>> = fc.tuple(
  fc
    .tuple(
      fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, timestamp),
      fc.array(operation, { minLength: 1, maxLength: 4 }),
    )
    .map(([first, operations]): Change => [first, ...operations]),
  timestamp,
  source,
)

describe('A text that liars write', () => {
  test('is what its rules say, in every order of delivery', () => {
    fc.assert(
      fc.property(
        fc
          .array(hostile, { maxLength: 12, size: 'max' })
          .chain((all) =>
            fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }), fc.array(fc.nat(6))),
          ),
        expectOneOutcome,
      ),
      { numRuns: inNetworks(2000) },
    )
  })

  const { applyUpdates, create, load } = scuttlebutt(Text)

  test('is saved and loaded, and goes on as it would have', () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 12, size: 'max' }), fc.array(hostile), (updates, more) => {
        const pad = applyUpdates(updates)(create('ann'))
        const loaded = right(load(JSON.parse(JSON.stringify(Text.save(pad)))))
        const pads = [[pad, loaded], [pad, loaded].map(applyUpdates(more))]
        for (const [one, other] of pads) {
          expect(Text.getEq().equals(other!.state, one!.state)).toBe(true)
          expect(orderOf(other!.state)).toEqual(orderOf(one!.state))
          expect(Text.pending(other!.state)).toEqual(Text.pending(one!.state))
          expectSound(other!.state)
        }
      }),
      { numRuns: inNetworks(2000) },
    )
  })

  test.each<Text.Operation>([
    ['-', [5, 1, 'x'], 2 ** 53 - 1],
    ['-', [5, 2 ** 53 - 1, 'x'], 2 ** 53 - 1],
    ['-', [1, 2, 'ann'], 2 ** 53 - 1],
    ['-', 2, 2 ** 53 - 1],
    ['+', 'q', [5, 2 ** 53 - 1, 'x']],
    ['+', 'q', 2 ** 53 - 1],
  ])('is saved and loaded, though it waits for ever for what %j names', (...operation) => {
    const work = right(scuttlebutt(Text).change(Text.insert(0, 'work of years'), 1)(create('ann')))[1]
    const pad = applyUpdates([[[0, operation as unknown as Text.Operation], 2, 'mallory']])(work)
    const loaded = right(load(JSON.parse(JSON.stringify(Text.save(pad)))))
    expect(Text.toString(loaded.state)).toBe('work of years')
    expect(Text.pending(loaded.state)).toEqual(Text.pending(pad.state))
  })
})
