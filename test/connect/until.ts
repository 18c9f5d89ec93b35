import { expect } from 'vitest'

/** Waits until something holds, also while other tests have the cores. */
export const until = async (holds: () => boolean): Promise<void> => {
  const end = performance.now() + 30_000
  while (!holds() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(holds()).toBe(true)
}
