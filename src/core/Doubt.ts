/**
 * What a replica holds of the sources that it is in doubt of, in a form short enough for a digest:
 * prints. Two replicas with one print hold the same there, and need not send it.
 */
import * as Clock from './Clock.js'
import * as Log from './Log.js'
import { base64, sha256 } from './sha256.js'
import type { Timestamp } from './Timestamp.js'
import type { SourceId } from './Update.js'

/** What is held above the end of the piece before, and up to `upTo`: its print. */
export type Piece = readonly [upTo: Timestamp, print: string]

/**
 * For each source in doubt, its pieces from what is sure up to its newest update, oldest first. The
 * last one ends at the newest update.
 */
export type Doubt = Readonly<Record<SourceId, ReadonlyArray<Piece>>>

/** The fewest updates of a piece. A piece is what one lost or new update costs to be sent again. */
const LEAST = 16

/**
 * The updates of a piece, of so many in doubt. Few large pieces cost much to be sent again, many
 * small ones make a long digest: at the root the two grow alike.
 */
const sizeOf = (count: number): number => Math.max(LEAST, Math.ceil(Math.sqrt(count)))

/** Bytes of SHA-256 that are kept. 128 bits: nobody chooses stamps with an equal print. */
const PRINT = 16

/** The print of timestamps: of their decimal forms, joined by commas. O(their number). */
const printOf = (timestamps: ReadonlyArray<Timestamp>): string =>
  timestamps.length === 0 ? EMPTY_PRINT : hashOf(timestamps.join())

const hashOf = (text: string): string => base64(sha256(new TextEncoder().encode(text)).subarray(0, PRINT))

/** The print of no timestamps, computed once: a peer may send very many empty pieces. */
const EMPTY_PRINT = hashOf('')

/** The doubt of a replica. Undefined if there is none. O(d log u) for d held in doubt. */
export const of = (clock: Clock.Clock, log: Log.Log<unknown>): Doubt | undefined => {
  if (Clock.doubts(clock) === 0) return undefined
  const held: (readonly [SourceId, ReadonlyArray<Timestamp>, seen: Timestamp])[] = []
  let count = 0
  Clock.forEachDoubt(clock, (source, sure, seen) => {
    const timestamps = Log.timestamps(source, sure, seen)(log)
    count += timestamps.length
    held.push([source, timestamps, seen])
  })
  const doubt: Record<SourceId, ReadonlyArray<Piece>> = {}
  for (const [source, timestamps, seen] of held) Clock.put(doubt, source, piecesOf(timestamps, seen, sizeOf(count)))
  return doubt
}

const piecesOf = (timestamps: ReadonlyArray<Timestamp>, seen: Timestamp, size: number): ReadonlyArray<Piece> => {
  const pieces: Piece[] = []
  for (let start = 0; start < timestamps.length || pieces.length === 0;) {
    let end = Math.min(start + size, timestamps.length)
    // contents of one stamp stay together
    while (end < timestamps.length && timestamps[end] === timestamps[end - 1]) end++
    const upTo = end === timestamps.length ? seen : timestamps[end - 1]!
    pieces.push([upTo, printOf(timestamps.slice(start, end))])
    start = end
  }
  return pieces
}

/** The end of a source's pieces: the newest update seen of it. Undefined if it is not in doubt. */
export const end = (doubt: Doubt | undefined, source: SourceId): Timestamp | undefined =>
  doubt !== undefined && Object.hasOwn(doubt, source) ? doubt[source]!.at(-1)?.[0] : undefined

/** A part of a source's updates: above `since`, up to `upTo`. */
export interface Stretch {
  readonly source: SourceId
  readonly since: Timestamp
  readonly upTo: Timestamp
}

/**
 * The pieces of a source in which a log holds something else. `since` is what is sure below them.
 * O(p + d log u) for p pieces and d held there.
 */
export const unlike =
  (source: SourceId, pieces: ReadonlyArray<Piece>, since: Timestamp) =>
  (log: Log.Log<unknown>): ReadonlyArray<Stretch> => {
    const stretches: Stretch[] = []
    let from = since
    for (const [upTo, print] of pieces) {
      if (printOf(Log.timestamps(source, from, upTo)(log)) !== print) stretches.push({ source, since: from, upTo })
      from = Math.max(from, upTo)
    }
    return stretches
  }
