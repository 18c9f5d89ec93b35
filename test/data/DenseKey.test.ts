import { createRequire } from 'node:module'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import * as DenseKey from '../../src/data/parts/DenseKey.js'
import { RArray, scuttlebutt, unwrap, type Update } from '../../src/index.js'
import { inMemory, inNetworks, isThorough } from '../runs.js'

/** Keys made at one place. */
const KEYS = isThorough ? 1e5 : 2e4

/** npm `between`, which makes the keys of the original family. */
const original = createRequire(import.meta.url)('between') as {
  (low: string, high: string): string
  readonly lo: string
  readonly hi: string
}

const SHAPE = /^[!0-9A-Z_a-z~]*[0-9A-Z_a-z~]$/

const NOW = 1_795_418_741_399

let clock = 0

/** Inserts keys at an index. Each update is newer than all before it. */
const insert = (keys: DenseKey.Neighbour[], i: number, count = 1, source = 'a'): ReadonlyArray<string> => {
  const stamp = { timestamp: NOW + ++clock / 16, source }
  const made = DenseKey.between(keys[i - 1], keys[i], count, stamp)
  if (made._tag === 'Left') throw new Error(JSON.stringify(made.left))
  const update: Update<unknown> = [{}, stamp.timestamp, source]
  keys.splice(i, 0, ...made.right.map((key) => ({ key, update })))
  return made.right
}

const expectAscending = (keys: ReadonlyArray<DenseKey.Neighbour>): void => {
  for (let i = 1; i < keys.length; i++) {
    if (!(keys[i - 1]!.key < keys[i]!.key)) expect(keys[i - 1]!.key).toBeLessThan(keys[i]!.key as never)
  }
}

describe('Keys', () => {
  test('lie between their neighbours and in the alphabet, at any index', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 70 })), { maxLength: 60 }), (inserts) => {
        const keys: DenseKey.Neighbour[] = []
        for (const [at, count] of inserts) insert(keys, at % (keys.length + 1), count)
        expectAscending(keys)
        for (const { key } of keys) expect(key).toMatch(SHAPE)
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('mix with keys of the original, at the ends too', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.boolean(), fc.boolean()), { maxLength: 60 }), (inserts) => {
        const keys: DenseKey.Neighbour[] = []
        for (const [at, ours, younger] of inserts) {
          const i = at % (keys.length + 1)
          if (ours) insert(keys, i)
          else {
            const key = original(keys[i - 1]?.key ?? original.lo, keys[i]?.key ?? original.hi)
            keys.splice(i, 0, { key, update: [{}, younger ? 2e12 : 1, 'original'] })
          }
        }
        expectAscending(keys)
      }),
      { numRuns: inMemory(1000) },
    )
  })

  test('lie between any two strings, unless there is no room', () => {
    const nasty = fc.string({
      unit: fc.constantFrom(' ', '!', '"', '0', 'V', 'z', '{', '~', '\x7f', 'é'),
      maxLength: 4,
    })
    const age = fc.constantFrom(1, 2)
    fc.assert(
      fc.property(fc.uniqueArray(nasty, { minLength: 2, maxLength: 2 }), age, age, (pair, first, second) => {
        const [a, b] = [...pair].sort() as [string, string]
        const [before, after] = [
          { key: a, update: [{}, first, 'b'] },
          { key: b, update: [{}, second, 'b'] },
        ] as [DenseKey.Neighbour, DenseKey.Neighbour]
        const stamp = { timestamp: 3, source: 'a' }
        const made = DenseKey.between(before, after, 1, stamp)
        // if any string of the alphabet fits, so does a prefix of either key with one more digit
        const beginnings = [a, b]
          .flatMap((key) => Array.from({ length: 9 }, (_, n) => key.slice(0, n).padEnd(n, '!')))
          .filter((head) => Array.from(head).every((digit) => DenseKey.ALPHABET.includes(digit)))
        const room = beginnings.some((head) =>
          Array.from(DenseKey.ALPHABET).some((digit) => a < head + digit && head + digit + '~~' < b),
        )
        if (made._tag === 'Right') {
          const [key] = made.right as [string]
          expect(a < key && key < b).toBe(true)
        } else {
          expect(made.left).toEqual({ _tag: 'NoRoom', before: a, after: b })
          expect(room).toBe(false)
        }
        for (const end of [
          DenseKey.between(before, undefined, 1, stamp),
          DenseKey.between(undefined, after, 1, stamp),
        ]) {
          if (end._tag === 'Left') expect(b < '!0').toBe(true)
        }
      }),
      { numRuns: inMemory(20_000) },
    )
  })

  /** The length of the longest of many keys. `next` gives the index of each. */
  const longest = (
    next: (i: number, length: number, last: number) => number,
    sourceOf: (i: number) => string = () => 'an id of some length'.repeat(50),
    count = KEYS,
  ): number => {
    const list = scuttlebutt(RArray.of(t.number))
    let replica = list.create('')
    let [last, most] = [0, 0]
    for (let i = 0; i < count; i++) {
      last = next(i, RArray.length(replica.state), last)
      const [[change], made] = unwrap(list.change(RArray.insert(last, i), NOW + i)({ ...replica, id: sourceOf(i) }))
      for (const key of Object.keys(change)) most = Math.max(most, key.length)
      replica = made
    }
    return most
  }

  const behindLast = (_: number, length: number, last: number): number =>
    length < 100 ? length : length === 100 ? 50 : last + 1

  const inTurn = (i: number): string => (i < 100 ? 'c' : i % 2 === 0 ? 'a' : 'b')

  let luck = 1
  const any = (most: number): number => {
    luck = Math.imul(luck, 1_103_515_245) + 12_345
    return (luck >>> 1) % (most + 1)
  }

  test.each<readonly [string, number, (i: number, length: number, last: number) => number]>([
    ['pushes', 40, (_, length) => length],
    ['unshifts', 40, () => 0],
    ['insertions right before one item', 40, (_, length) => Math.max(0, length - 1)],
    ['insertions right after one item', 40, (_, length) => Math.min(1, length)],
    ['insertions right after the one before', 40, behindLast],
    ['insertions anywhere', 56, (_, length) => any(length)],
    ['insertions on either side of the last one in turn', 40, (i, _, last) => (i === 0 ? 0 : last + (i % 2))],
    ['pushes and unshifts in turn', 40, (i, length) => (i % 2 === 0 ? length : 0)],
  ])('stay short after many %s by one source', (_, most, next) => {
    expect(longest(next)).toBeLessThanOrEqual(most)
  })

  test('stay short if two sources write in turn, each behind the last item of the other', () => {
    expect(longest((_, length) => length, inTurn)).toBeLessThanOrEqual(40)
    expect(longest(behindLast, (i) => (i % 2 === 0 ? 'a' : 'b'), 10_000)).toBeLessThanOrEqual(60)
    // between two items of a third source
    expect(longest(behindLast, inTurn, 10_000)).toBeLessThanOrEqual(80)
  })

  test('are only a little longer than the key of a hostile neighbour', () => {
    const update: Update<unknown> = [{}, 1, 'b']
    for (const key of [`z${'~'.repeat(1e5)}`, `0${'!'.repeat(1e5)}0`]) {
      for (const [before, after] of [
        [{ key, update }, undefined],
        [undefined, { key, update }],
      ] as const) {
        const made = DenseKey.between(before, after, 1, { timestamp: 2, source: 'a' })
        expect(made._tag === 'Right' && made.right[0]!.length).toBeLessThan(1e5 + 40)
      }
    }
  })

  test('of one update share a prefix that no other update has', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5000 }), fc.integer({ min: 2, max: 5000 }), (m, n) => {
        const run = (source: string, count: number) => {
          const made = DenseKey.between(undefined, undefined, count, { timestamp: 1000, source })
          if (made._tag === 'Left') throw new Error('no room')
          return made.right.map((key) => ({ key, source }))
        }
        const merged = [...run('a', m), ...run('b', n)].sort((x, y) => (x.key < y.key ? -1 : 1))
        expect(merged.filter(({ source }, i) => source !== merged[i - 1]?.source)).toHaveLength(2)
      }),
      { numRuns: inNetworks(100) },
    )
  })

  test('have tags that differ if their stamps differ, without the lowest digit', () => {
    const tags = new Set<string>()
    for (let i = 0; i < 2e4; i++) {
      for (const source of ['a', 'b', '', 'aa']) tags.add(DenseKey.tag({ timestamp: NOW + i / 4096, source }))
    }
    expect(tags.size).toBe(8e4)
    for (const tag of tags) if (!/^[0-9A-Z_a-z~]{11}$/.test(tag)) expect.unreachable(tag)
  })
})
