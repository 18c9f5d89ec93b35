/**
 * Own updates that a store did not make just now: a peer or a saved version brought them back. By
 * their objects, so what a store made elsewhere tells is none.
 */
import type { Update } from '../../core/Update.js'

const returned = new WeakSet<object>()

export const markReturned = (update: Update<unknown>): void => void returned.add(update)

export const isReturned = (update: Update<unknown>): boolean => returned.has(update)

/** Another form of an update, which has returned if that has. */
export const asReturned = <A extends object>(update: Update<unknown>, other: A): A => {
  if (returned.has(update)) returned.add(other)
  return other
}
