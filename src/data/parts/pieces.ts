/** Values in pieces that one update can carry. */
import { MAX_DEPTH } from '../../core/Change.js'
import * as Json from '../../core/Json.js'

/** Bytes of JSON of an update, its stamp and signature aside. */
const MOST_BYTES = 500_000

/** Room for the key of an item: ten times what most have. */
const KEY_BYTES = 300

/** The values in pieces that one update can carry. */
export function* pieces<V>(values: ReadonlyArray<V>): Iterable<ReadonlyArray<V>> {
  let from = 0
  let bytes = 0
  for (let i = 0; i < values.length; i++) {
    const more = KEY_BYTES + bytesOf(values[i], MAX_DEPTH)
    if (i > from && bytes + more > MOST_BYTES) {
      yield values.slice(from, i)
      from = i
      bytes = 0
    }
    bytes += more
  }
  if (from < values.length) yield values.slice(from)
}

/** The bytes of a value as JSON, or a little more. */
const bytesOf = (value: unknown, depth: number): number => {
  if (typeof value === 'string') return Json.bytes(JSON.stringify(value)) + 1
  if (typeof value !== 'object' || value === null || depth === 0) return 25
  if (Array.isArray(value)) return value.reduce<number>((sum, member) => sum + bytesOf(member, depth - 1), 2)
  return Object.entries(value).reduce((sum, [key, member]) => sum + bytesOf(key, 0) + bytesOf(member, depth - 1), 2)
}
