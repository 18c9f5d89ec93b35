import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Json from '../../src/core/Json.js'
import { inMemory } from '../runs.js'

const isFrozen = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen))

test('A copy of JSON is equal and frozen all through, and an array of a copy is its own copy', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue({ maxDepth: 4 })), (value) => {
      const json = JSON.parse(JSON.stringify(value)) as unknown
      const copied = Json.copy(value, 10)
      expect(copied).toEqual(json)
      expect(isFrozen(copied)).toBe(true)
      const size = { most: 0 }
      const twice = Json.copy(copied, 10, size)
      expect(twice).toEqual(json)
      expect(isFrozen(twice)).toBe(true)
      expect(size.most).toBeGreaterThanOrEqual(Json.bytes(JSON.stringify(json)))
      // what JSON cannot carry is not kept, even within what is frozen
      expect(Json.copy(Object.freeze([copied, -0]), 10)).toEqual([json, 0])
      expect(Json.copy(Object.freeze([copied, NaN]), 10)).toBeInstanceOf(Json.Unfit)
    }),
    { numRuns: inMemory(500) },
  )
})

test('A copy keeps frozen arrays of texts and numbers, and freezes what they hold', () => {
  const kept = Object.freeze(['+', 'a', Object.freeze([1, 2])])
  expect(Json.copy(kept, 3)).toBe(kept)
  const inner = [1]
  const copied = Json.copy(Object.freeze(['+', inner]), 3)
  inner[0] = 2
  expect(copied).toEqual(['+', [1]])
})
