/**
 * Digits that name a stamp or a source, for keys and ids. None of them is `!`.
 *
 * Source: the rounds of Luby and Rackoff (1988) over the finalizer of MurmurHash3.
 */
import type { Stamp } from '../../core/Update.js'
import { ALPHABET } from './digits.js'

/**
 * Eleven digits that name a stamp. They hold 64 bits: those of the timestamp, permuted as the
 * source says. So the tags of one source all differ, and those of two sources meet with a chance of
 * one in 2^64.
 */
export const tag = ({ timestamp, source }: Stamp): string => {
  let [high, low] = bitsOf(timestamp)
  for (const round of [1, 2, 3, 4]) [high, low] = [low, high ^ hash(source, low ^ Math.imul(round, GOLDEN))]
  return digitsOf(high) + digitsOf(low) + ALPHABET[1 + (((high >>> 30) << 2) | (low >>> 30))]!
}

/** The digits of a {@link mark}. */
export const MARK_LENGTH = 5

/** Five digits that name a source. Those of two sources meet with a chance of one in 2^30. */
export const mark = (source: string): string => digitsOf(hash(source, GOLDEN))

/** Up to ten digits that name a timestamp, for one source: two meet with a chance of 64^-length. */
export const nonce = (timestamp: number, length: number): string => {
  const [high, low] = bitsOf(timestamp)
  const first = mixed(high ^ mixed(low))
  const digits = digitsOf(first)
  return (length > 5 ? digits + digitsOf(mixed(first ^ low)) : digits).slice(0, length)
}

const GOLDEN = 0x9e3779b1

const scratch = new DataView(new ArrayBuffer(8))

const bitsOf = (timestamp: number): [high: number, low: number] => {
  scratch.setFloat64(0, timestamp)
  return [scratch.getInt32(0), scratch.getInt32(4)]
}

/** The low 30 bits, lowest first, in five digits above `!`. */
const digitsOf = (word: number): string => {
  let digits = ''
  for (let bits = word & 0x3fffffff, i = 0; i < 5; i++, bits >>>= 6) digits += ALPHABET[1 + (bits & 63)]!
  return digits
}

/** A hash of 32 bits: FNV-1a over the code units, then the finalizer. */
const hash = (text: string, seed: number): number => {
  let h = seed ^ text.length
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return mixed(h)
}

const mixed = (word: number): number => {
  let h = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
