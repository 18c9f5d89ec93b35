/** Updates and messages as JSON values, for transports of one's own. */
import { jsonOf } from '../core/Change.js'
import type { DataType } from '../core/DataType.js'
import type { Message } from '../core/reconcile.js'
import type { Update } from '../core/Update.js'

/** An update as `decode` takes it, and as it came. Costs as the codec. */
export const encode = <S, C>({ change }: DataType<S, C>) => {
  const json = jsonOf(change)
  return (update: Update<C>): readonly unknown[] => [json(update), ...update.slice(1)]
}

/**
 * A message as `decodeMessage` takes it. What cannot be read here goes among the updates, as a peer
 * may be able to read it. O(size of the updates).
 */
export const encodeMessage = <S, C>(dataType: DataType<S, C>) => {
  const encodeUpdate = encode(dataType)
  return (message: Message<C>): Readonly<Record<string, unknown>> => {
    const { digest, updates, unread = [], since, complete, more, at, asks } = message
    const all = [...updates.map(encodeUpdate), ...unread]
    const kind = { ...(complete && { complete }), ...(more && { more }), ...(at && { at }), ...(asks && { asks }) }
    return { digest, updates: all, ...(since && { since }), ...kind }
  }
}
