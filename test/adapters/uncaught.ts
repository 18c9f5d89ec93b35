/** Errors that nobody catches, such as those of listeners. */
import { onTestFinished } from 'vitest'

/** From now on until the test ends, uncaught errors go into the list that this gives. */
export const collectUncaught = (): ReadonlyArray<unknown> => {
  const thrown: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => thrown.push(error))
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  })
  return thrown
}
