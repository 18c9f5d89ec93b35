import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { base64, sha256 } from '../../src/core/sha256.js'
import { inMemory } from '../runs.js'

test('SHA-256 and base64 are those of Node', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const hash = createHash('sha256').update(bytes).digest()
      expect(Buffer.from(sha256(bytes))).toEqual(hash)
      expect(base64(bytes)).toBe(Buffer.from(bytes).toString('base64').replace(/=+$/, ''))
    }),
    { numRuns: inMemory(300), examples: [0, 55, 56, 63, 64, 65, 119, 120].map((n) => [new Uint8Array(n).fill(7)]) },
  )
})
