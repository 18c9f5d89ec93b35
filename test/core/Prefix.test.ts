import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Prefix from '../../src/core/Prefix.js'
import type { Update } from '../../src/index.js'

test('holds back the later updates of a stopped source, and of no other', () => {
  const prefix = Prefix.stop([['x', 1], 2000, 'ann'])(Prefix.empty)
  const next: Update<unknown> = [['x', 2], 3000, 'ann']
  expect(Prefix.heldBack(next)(prefix)).toEqual({ _tag: 'HeldBack', at: '', after: 2000, update: next })
  expect(Prefix.heldBack([['x', 2], 3000, 'ben'])(prefix)).toBeUndefined()
})

test('lets through just a beginning of each source, whatever is refused', () => {
  const source = fc.constantFrom('a', 'b', '__proto__')
  fc.assert(
    fc.property(fc.array(fc.tuple(source, fc.boolean()), { maxLength: 30 }), (batch) => {
      const updates = batch.map(([id], i): Update<unknown> => [i, i + 1, id])
      const allowed: Update<unknown>[] = []
      let prefix = Prefix.empty
      for (const [i, update] of updates.entries()) {
        if (Prefix.heldBack(update)(prefix) !== undefined) continue
        if (batch[i]![1]) allowed.push(update)
        else prefix = Prefix.stop(update)(prefix)
      }
      for (const id of ['a', 'b', '__proto__']) {
        const its = updates.filter((update) => update[2] === id)
        const firstRefused = its.findIndex((update) => !batch[update[1] - 1]![1])
        const expected = firstRefused < 0 ? its : its.slice(0, firstRefused)
        expect(allowed.filter((update) => update[2] === id)).toEqual(expected)
      }
      expect(Prefix.size(prefix)).toBe(new Set(batch.filter(([, isGood]) => !isGood).map(([id]) => id)).size)
    }),
  )
})

test('names the first refused update of a source, however many follow', () => {
  const first = Prefix.stop([1, 1000, 'ann'])(Prefix.empty)
  expect(Prefix.stop([2, 2000, 'ann'])(first)).toBe(first)
})
