import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'

/** Does what `expect(actual).toEqual(expected)` does, in less time when both are equal. */
export const expectSame = (actual: unknown, expected: unknown): void => {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected)
}
