import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as SourceLog from '../../src/core/SourceLog.js'
import type { Update } from '../../src/index.js'
import { expectSame } from '../same.js'

/** Most updates are the newest. Some come in between, replace another, or are dropped. */
const step = fc.record({
  added: fc.array(fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(300) }), {
    maxLength: 60,
  }),
  /** -1 is the newest before the step, -2 the newest of it. */
  dropped: fc.array(fc.integer({ min: -2, max: 300 }), { maxLength: 5 }),
  oneByOne: fc.boolean(),
})

test('A source log maps timestamps to updates, in order, whatever order they come in, and old versions stay', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), fc.nat(400), fc.nat(400), (steps, from, to) => {
      let run = SourceLog.empty<number>()
      let model = new Map<number, Update<number>>()
      let now = 0
      const kept: (readonly [typeof run, ReadonlyArray<Update<number>>])[] = []
      for (const { added, dropped, oneByOne } of steps) {
        const before = now
        const updates = added.map((at, i): Update<number> => [i, at === 0 ? ++now : (at % (now + 1)) + 0.5, 'a'])
        model = new Map(model)
        for (const update of updates) model.set(update[1], update)
        // some are held, others only share a timestamp with one that is held
        const gone = dropped.map((drawn): Update<number> => {
          const at = drawn === -1 ? before : drawn === -2 ? now : drawn % (now + 2)
          return model.get(at) ?? [0, at >> 1, 'a']
        })
        for (const [, timestamp] of gone) model.delete(timestamp)
        if (oneByOne) for (const update of updates) run = SourceLog.set(update, run)
        run = SourceLog.evolve(oneByOne ? [] : updates, gone, run)
        kept.push([run, [...model.values()].sort((a, b) => a[1] - b[1])])
      }
      let before: readonly [typeof run, ReadonlyArray<Update<number>>] = [SourceLog.empty(), []]
      for (const [version, expected] of kept) {
        const all: Update<number>[] = []
        SourceLog.forEach(version, (update) => all.push(update))
        expectSame(all, expected)
        expect(SourceLog.size(version)).toBe(expected.length)
        const some: Update<number>[] = []
        SourceLog.forEach(version, (update) => some.push(update), from, to)
        expectSame(some, expected.slice(from, Math.max(from, to)))
        for (const [i, update] of expected.entries()) {
          const timestamp = update[1]
          const isFound =
            SourceLog.at(version, i) === update &&
            SourceLog.get(timestamp, version) === update &&
            SourceLog.get(timestamp + 0.25, version) === undefined &&
            SourceLog.rank(timestamp, version) === i + 1 &&
            SourceLog.rank(timestamp - 0.25, version) === i
          if (!isFound) expect.unreachable(`the ${String(i)}th update is not found at ${String(timestamp)}`)
        }
        expect(SourceLog.at(version, expected.length)).toBeUndefined()
        const news: Update<number>[] = []
        SourceLog.forEachAdded(before[0], version, (update) => news.push(update))
        expectSame(
          news.sort((a, b) => a[1] - b[1]),
          expected.filter((update) => !before[1].includes(update)),
        )
        before = [version, expected]
      }
    }),
  )
})

test('A source log that is made at once equals one that is made step by step', () => {
  const updates = Array.from({ length: 200 }, (_, i): Update<number> => [i, i + 1, 'a'])
  for (let length = 0; length <= updates.length; length++) {
    const some = updates.slice(0, length)
    const one = some.reduce((run, update) => SourceLog.set(update, run), SourceLog.empty<number>())
    expectSame(SourceLog.evolve(some, [], SourceLog.empty<number>()), one)
  }
})
