/** The io-ts codecs of the lines of a stream that are neither updates nor headers. */
import * as t from 'io-ts'
import { clock, timestamp } from '../codecs.js'

/** Says that all updates that the other's clock lacked have been sent. */
export const sync = t.literal('SYNC')

/** What a stream of ours carries. */
export const opening = t.intersection([t.type({ name: t.string }), t.partial({ version: t.string })])

/**
 * A count, a clock, perhaps a floor (0 if it did not rise), and perhaps a number. A tuple takes a
 * longer array, so the longest one is first.
 */
export const sure = t.union([
  t.tuple([t.number, clock, t.union([timestamp, t.literal(0)]), t.number]),
  t.tuple([t.number, clock, timestamp]),
  t.tuple([t.number, clock]),
])

/** Refused updates, and the places of those whose stamp nobody could read. */
export const refused = t.type({
  updates: t.readonlyArray(t.readonly(t.tuple([timestamp, t.string, t.string]))),
  places: t.readonlyArray(t.number),
})

/** A source, `since` and `until`. */
export const past = t.tuple([t.string, t.number, timestamp])
