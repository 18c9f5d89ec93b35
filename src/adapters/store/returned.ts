/**
 * Own updates that a store did not make just now: a peer or a saved version brought them back. By
 * their objects, so what a store made elsewhere tells is none.
 */
import type { SourceId, Update } from '../../core/Update.js'

const returned = new WeakSet<object>()

/** Whether anybody wishes to know. Before, nothing is marked: a mark costs as much as an update. */
let isHeeded = false

/** From now on updates that return are marked. Gives whether one was. */
export const heedReturned = (): ((update: Update<unknown>) => boolean) => {
  isHeeded = true
  return (update) => returned.has(update)
}

/** Marks the updates of a source, if anybody wishes to know. */
export const markReturned = (updates: ReadonlyArray<Update<unknown>>, id: SourceId): void => {
  if (isHeeded) for (const update of updates) if (update[2] === id) returned.add(update)
}

/** Another form of an update, which has returned if that has. */
export const asReturned = <A extends object>(update: Update<unknown>, other: A): A => {
  if (returned.has(update)) returned.add(other)
  return other
}
