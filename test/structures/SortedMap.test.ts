import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as SortedMap from '../../src/structures/SortedMap.js'
import { inMemory } from '../runs.js'
import { expectSame } from '../same.js'

const less = (a: number, b: number): boolean => a < b

type Edit = readonly [kind: 'set' | 'remove', key: number, value: number]

const edit = (keys: number): fc.Arbitrary<Edit> =>
  fc.tuple(
    fc.constantFrom('set', 'set', 'remove'),
    fc.nat(keys),
    fc.integer({ min: 0, max: 3 }),
  ) satisfies fc.Arbitrary<Edit>

/** Runs of one kind, which fill and empty whole nodes. */
const stretches = (most: number): fc.Arbitrary<ReadonlyArray<Edit>> =>
  fc
    .tuple(fc.nat(most), fc.nat(most), fc.boolean())
    .map(([n, m, down]) => [
      ...Array.from({ length: n }, (_, i): Edit => ['set', down ? n - i : (i * 7919) % 4001, i]),
      ...Array.from({ length: m }, (_, i): Edit => ['remove', (i * 31) % 4001, 0]),
    ])

/** One in twenty is long enough for three levels. */
const edits: fc.Arbitrary<ReadonlyArray<Edit>> = fc.oneof(
  { weight: 10, arbitrary: fc.array(edit(40), { maxLength: 200 }) },
  { weight: 9, arbitrary: stretches(100) },
  { weight: 1, arbitrary: stretches(4000) },
)

const entries = <K, V>(map: SortedMap.SortedMap<K, V>): ReadonlyArray<readonly [K, V]> => [...SortedMap.entries(map)]

const sorted = (map: ReadonlyMap<number, number>): ReadonlyArray<readonly [number, number]> =>
  [...map].sort(([a], [b]) => a - b)

const applyTo = (map: Map<number, number>, [kind, key, value]: Edit): void => {
  if (kind === 'set') map.set(key, value)
  else map.delete(key)
}

const applied = (map: SortedMap.SortedMap<number, number>, [kind, key, value]: Edit) =>
  kind === 'set' ? SortedMap.set(less, map, key, value) : SortedMap.remove(less, map, key)

const built = (all: ReadonlyArray<Edit>): SortedMap.SortedMap<number, number> =>
  all.reduce(applied, SortedMap.empty<number, number>())

describe('SortedMap', () => {
  test('holds what a native Map holds, in order, through any edits', () => {
    fc.assert(
      fc.property(edits, (all) => {
        const model = new Map<number, number>()
        const map = built(all)
        for (const one of all) applyTo(model, one)
        expectSame(entries(map), sorted(model))
        expect(SortedMap.size(map)).toBe(model.size)
        for (const [, key] of all) {
          if (SortedMap.get(less, map, key) !== model.get(key)) expect.unreachable(`another value at ${String(key)}`)
        }
      }),
      { numRuns: inMemory(500) },
    )
  })

  test('takes arrays as keys', () => {
    const lessFirst = (a: readonly number[], b: readonly number[]): boolean => a[0]! < b[0]!
    fc.assert(
      fc.property(edits, (all) => {
        const draft = new SortedMap.Draft<readonly number[], number>(lessFirst, SortedMap.empty())
        for (const [kind, key, value] of all) {
          if (kind === 'set') draft.set([key, 0, 0], value)
          else draft.remove([key])
        }
        expectSame(
          entries(draft.done()).map(([[key], value]) => [key, value]),
          entries(built(all)),
        )
        while (draft.size > 0) {
          const { size } = draft
          draft.remove(draft.first()!)
          if (draft.size !== size - 1) expect.unreachable('the first key was not found')
        }
      }),
    )
  })

  test('keeps every old version as it was, even while drafts are edited', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(edit(200), { maxLength: 60 }), { maxLength: 30 }),
        fc.boolean(),
        (batches, drafts) => {
          const model = new Map<number, number>()
          let map = SortedMap.empty<number, number>()
          const kept: (readonly [typeof map, ReturnType<typeof sorted>])[] = []
          for (const batch of batches) {
            const draft = new SortedMap.Draft(less, map)
            for (const one of batch) {
              applyTo(model, one)
              if (!drafts) map = applied(map, one)
              else if (one[0] === 'set') draft.set(one[1], one[2])
              else draft.remove(one[1])
            }
            if (drafts) map = draft.done()
            kept.push([map, sorted(model)])
            // `done` makes the draft copy what it edits next
            draft.set(-1, -1)
            draft.remove(0)
          }
          for (const [version, expected] of kept) expectSame(entries(version), expected)
        },
      ),
    )
  })

  test('edits the nodes of one owner alone', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), edits), { maxLength: 6 }), (batches) => {
        const model = new Map<number, number>()
        let map = SortedMap.empty<number, number>()
        const kept: (readonly [typeof map, ReturnType<typeof sorted>])[] = []
        for (const [isOwned, batch] of batches) {
          const owner = isOwned ? {} : undefined
          for (const one of batch) {
            const [kind, key, value] = one
            applyTo(model, one)
            map = kind === 'set' ? SortedMap.set(less, map, key, value, owner) : SortedMap.remove(less, map, key)
          }
          expect(SortedMap.size(map)).toBe(model.size)
          kept.push([map, sorted(model)])
        }
        for (const [version, expected] of kept) expectSame(entries(version), expected)
      }),
    )
  })

  test('finds a key in a draft, near to the last one or far from it', () => {
    const touch = fc.record({
      verb: fc.constantFrom('get', 'set', 'update', 'remove', 'done'),
      // a run of keys in order, from anywhere
      from: fc.nat(300),
      length: fc.nat(40),
      stride: fc.constantFrom(1, 1, 1, -1, 7),
    })
    fc.assert(
      fc.property(fc.array(touch, { maxLength: 40 }), (touches) => {
        const model = new Map<number, number>()
        const draft = new SortedMap.Draft<number, number>(less, SortedMap.empty())
        for (const { verb, from, length, stride } of touches) {
          for (let i = 0, key = from; i < length; i++, key += stride) {
            if (draft.get(key) !== model.get(key)) expect(draft.get(key)).toBe(model.get(key))
            if (verb === 'set') {
              draft.set(key, i)
              model.set(key, i)
            } else if (verb === 'update') {
              draft.update(key, (held) => (held ?? -1) + i)
              model.set(key, (model.get(key) ?? -1) + i)
            } else if (verb === 'remove') {
              draft.remove(key)
              model.delete(key)
            }
            if (draft.size !== model.size) expect(draft.size).toBe(model.size)
          }
          if (verb !== 'done') continue
          const map = draft.done()
          const expected = sorted(model)
          expectSame(entries(map), expected)
          for (const [i, [key]] of expected.entries()) {
            if (SortedMap.rank(less, map, key) !== i + 1) expect.unreachable(`another rank of ${String(key)}`)
          }
        }
        expectSame(entries(draft.done()), sorted(model))
      }),
    )
  })

  test('asks once for the value to write, and stays the same map if that value is there', () => {
    const map = SortedMap.set(less, SortedMap.empty<number, number>(), 1, 1)
    const asked: unknown[] = []
    const same = SortedMap.update(less, map, 1, (held) => {
      asked.push(held)
      return held!
    })
    expect(same).toBe(map)
    const more = SortedMap.update(less, map, 2, (held) => {
      asked.push(held)
      return 2
    })
    expectSame(asked, [1, undefined])
    expect(entries(more)).toEqual([
      [1, 1],
      [2, 2],
    ])
  })

  test('goes on from a structured clone without changing the original', () => {
    const draft = new SortedMap.Draft<number, number>(less, SortedMap.empty())
    for (let i = 0; i < 100; i++) draft.set(i, i)
    const original = draft.done()
    const clone = structuredClone(original)
    const other = new SortedMap.Draft<number, number>(less, clone)
    other.set(7, -7)
    other.remove(8)
    expectSame(entries(clone), entries(original))
    expect(entries(other.done())).not.toEqual(entries(original))
  })

  test('gives the same reference when nothing changes', () => {
    fc.assert(
      fc.property(edits, fc.nat(4001), (all, key) => {
        const map = built(all)
        const value = SortedMap.get(less, map, key)
        if (value === undefined) expect(SortedMap.remove(less, map, key)).toBe(map)
        else expect(SortedMap.set(less, map, key, value)).toBe(map)
        const draft = new SortedMap.Draft(less, map)
        draft.remove(-7)
        expect(draft.done()).toBe(map)
      }),
    )
  })

  test('finds ranks, indexes and the first key', () => {
    fc.assert(
      fc.property(edits, fc.integer({ min: -1, max: 4002 }), (all, key) => {
        const map = built(all)
        const expected = entries(map)
        const rank = expected.filter(([k]) => k <= key).length
        expect(SortedMap.rank(less, map, key)).toBe(rank)
        expect(SortedMap.at(map, rank)).toBe(expected[rank]?.[1])
        expectSame(SortedMap.floor(less, map, key), expected[rank - 1]?.[1])
        expect(SortedMap.at(map, -1)).toBeUndefined()
        expect(new SortedMap.Draft(less, map).first()).toBe(expected[0]?.[0])
        const rest: (readonly [number, number])[] = []
        SortedMap.forEach(map, (value, k) => rest.push([k, value]), rank)
        expectSame(rest, expected.slice(rank))
        const part: number[] = []
        SortedMap.forEach(map, (_, k) => part.push(k), rank, rank + 50)
        expectSame(
          part,
          expected.slice(rank, rank + 50).map(([k]) => k),
        )
        expectSame(SortedMap.entryAt(map, rank), expected[rank])
        expect(SortedMap.entryAt(map, 0.5)).toBeUndefined()
        expectSame(
          SortedMap.keys(map),
          expected.map(([k]) => k),
        )
      }),
    )
  })

  test('reports the changes from any version to any other', () => {
    fc.assert(
      fc.property(edits, edits, fc.boolean(), (first, second, related) => {
        const a = built(first)
        const b = related ? second.reduce(applied, a) : built(second)
        const changes: (readonly [number, number, number | undefined])[] = []
        SortedMap.forEachChange(less, a, b, (key, value, before) => changes.push([key, value, before]))
        const expected = entries(b)
          .map(([key, value]) => [key, value, SortedMap.get(less, a, key)] as const)
          .filter(([, value, before]) => value !== before)
        expectSame(changes, expected)
      }),
    )
  })

  test('skips what two versions share', () => {
    const base = built(Array.from({ length: 10_000 }, (_, i): Edit => ['set', i, 0]))
    let compared = 0
    const counting = (a: number, b: number): boolean => {
      compared++
      return a < b
    }
    SortedMap.forEachChange(counting, base, SortedMap.set(less, base, 5000, 1), () => undefined)
    expect(compared).toBeLessThan(1000)
  })

  test('skips it too where branches split and join, in both directions', () => {
    let compared = 0
    const counting = (a: number, b: number): boolean => {
      compared++
      return a < b
    }
    const keys = Array.from({ length: 33_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 0)
    let map = built(keys.slice(0, 30_000).map((key): Edit => ['set', key, 0]))
    let most = 0
    const grown = keys.slice(30_000).map((key) => () => SortedMap.set(less, map, key, 1))
    const shrunk = keys.slice(0, 25_000).map((key) => () => SortedMap.remove(less, map, key))
    for (const [i, step] of [...grown, ...shrunk].entries()) {
      const before = map
      map = step()
      if (i >= 3000 && i % 5 > 0) continue
      compared = 0
      const seen =
        SortedMap.differences(counting, before, map).length + SortedMap.differences(counting, map, before).length
      expect(seen).toBe(2)
      most = Math.max(most, compared)
    }
    expect(most).toBeLessThan(5000)
  })

  test('compares values in order', () => {
    fc.assert(
      fc.property(edits, edits, (first, second) => {
        const [a, b] = [built(first), built(second)]
        const values = (map: typeof a) => entries(map).map(([, value]) => value)
        const same = SortedMap.equals(a, b, (x, y) => x === y)
        expect(same).toBe(JSON.stringify(values(a)) === JSON.stringify(values(b)))
        expect(SortedMap.equals(a, a, () => false)).toBe(true)
      }),
    )
  })
})

test('A draft appends keys beyond all others, node by node', () => {
  const groups = fc.array(fc.tuple(fc.integer({ min: 1, max: 24 }), fc.boolean(), fc.boolean()), { maxLength: 60 })
  fc.assert(
    fc.property(groups, fc.nat(2000), (sizes, gone) => {
      const model = new Map<number, number>()
      let map = SortedMap.empty<number, number>()
      const kept: (readonly [typeof map, ReadonlyArray<readonly [number, number]>])[] = []
      let draft = new SortedMap.Draft(less, map)
      let next = 0
      for (const [count, isDone, isRemoved] of sizes) {
        const keys = Array.from({ length: count }, () => next++)
        draft.append(keys.slice(), keys.slice())
        for (const key of keys) model.set(key, key)
        if (isRemoved) {
          draft.remove(gone % next)
          model.delete(gone % next)
          draft.set(next, -1)
          model.set(next++, -1)
        }
        if (draft.size !== model.size) expect(draft.size).toBe(model.size)
        if (!isDone) continue
        map = draft.done()
        kept.push([map, [...model]])
        draft = new SortedMap.Draft(less, map)
      }
      kept.push([draft.done(), [...model]])
      for (const [version, expected] of kept) {
        expectSame(
          [...SortedMap.entries(version)],
          [...expected].sort(([a], [b]) => a - b),
        )
        expected.forEach(([key, value]) => {
          if (SortedMap.get(less, version, key) !== value) expect.unreachable(`another value at ${String(key)}`)
        })
        const middle = SortedMap.at(version, expected.length >> 1)
        if (expected.length > 0) expect(SortedMap.rank(less, version, middle!)).toBeGreaterThanOrEqual(0)
      }
    }),
  )
})

test('B14: similar keys need no more comparisons than others', () => {
  const cost = (key: (i: number) => string): number => {
    let compared = 0
    const less = (a: string, b: string): boolean => {
      compared++
      return a < b
    }
    const draft = new SortedMap.Draft<string, number>(less, SortedMap.empty())
    for (let i = 0; i < 200_000; i++) draft.set(key(i), i)
    expect(SortedMap.size(draft.done())).toBe(200_000)
    return compared / 200_000
  }
  // one length, one beginning and one sum of characters, which a weak hash cannot tell apart
  const alike = cost((i) => `${'a'.repeat(64)}${i.toString(2).padStart(18, '0')}${(~i >>> 0).toString(2).slice(-18)}`)
  const others = cost((i) => String((i * 2_654_435_761) % 4_294_967_296))
  expect(alike).toBeLessThan(others * 1.1)
  expect(others).toBeLessThan(30)
})

test('A map of keys that ascend is as one made key by key, and goes on as it does', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(70), fc.nat(3000)), fc.array(edit(6000), { maxLength: 100 }), (count, more) => {
      const keys = Array.from({ length: count }, (_, i) => 2 * i)
      const values = keys.map((key) => key % 7)
      const apply = (start: SortedMap.SortedMap<number, number>) =>
        more.reduce(
          (map, [kind, key, value]) =>
            kind === 'set' ? SortedMap.set(less, map, key, value) : SortedMap.remove(less, map, key),
          start,
        )
      const whole = SortedMap.ofSorted(keys, values)
      const before = [...SortedMap.entries(whole)]
      const singly = keys.reduce(
        (map, key, i) => SortedMap.set(less, map, key, values[i]!),
        SortedMap.empty<number, number>(),
      )
      expect(before).toEqual([...SortedMap.entries(singly)])
      const [a, b] = [apply(whole), apply(singly)]
      expect([...SortedMap.entries(a)]).toEqual([...SortedMap.entries(b)])
      expect(SortedMap.size(a)).toBe(SortedMap.size(b))
      for (const [, key] of more) {
        expect(SortedMap.get(less, a, key)).toBe(SortedMap.get(less, b, key))
        expect(SortedMap.rank(less, a, key)).toBe(SortedMap.rank(less, b, key))
        expect(SortedMap.floor(less, a, key)).toBe(SortedMap.floor(less, b, key))
      }
      expect([...SortedMap.entries(whole)]).toEqual(before)
    }),
    { numRuns: inMemory(100) },
  )
})
