/**
 * Keys between keys: strings in the alphabet of npm `between`, in UTF-16 code unit order. So this
 * library and the original family can insert between each other's keys.
 *
 * A key is a position and a tag.
 *
 * The position lies between those of the neighbours, below `~` and above `!`, as in npm `between`.
 * It is one step away from the neighbour that was written last. Repeated insertions at one spot (at
 * an end, or beside one item) count on in one run of digits, whose width doubles when it overflows.
 * So n of them make keys of O(log n) digits. Insertions on either side of the last one in turn add
 * a digit each; no scheme without renaming avoids this.
 *
 * The tag names the update. Two replicas that insert at one spot at once may choose one position,
 * but their tags differ. The keys of one update share a tag, so its run stays together.
 *
 * Sources: the counters of variable length are those of Weiss, Urso and Molli, "Logoot-Undo" (IEEE
 * TPDS 2010). LSEQ (Nédelec et al., DocEng 2013) chooses the direction at random; here the age of
 * the neighbours chooses it. The tag mixes with the rounds of Luby and Rackoff (1988), over the
 * finalizer of MurmurHash3.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import { before as isBefore, type Stamp, type Update } from '../../core/Update.js'
import * as SortedMap from '../../structures/SortedMap.js'

/** The digits in order. No key ends with `!`, the lowest. */
export const ALPHABET = '!0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~'

const HIGHEST = ALPHABET.length - 1

/** Keys lie above `!` and below `~`: beyond these the original's `between` never returns. */
const CEILING = '~'

const MIDDLE = 'V'

/** An item beside the gap. */
export interface Neighbour {
  readonly key: string
  /** The update that wrote the item last. */
  readonly update: Update<unknown>
}

/** The item at an index, or undefined. O(log n). */
export const neighbourAt = (
  items: SortedMap.SortedMap<string, Update<unknown>>,
  index: number,
): Neighbour | undefined => {
  const entry = SortedMap.entryAt(items, index)
  return entry && { key: entry[0], update: entry[1] }
}

/**
 * The alphabet has no string between the keys of these two neighbours. Only keys that another
 * library made leave such a gap.
 */
export interface NoRoom {
  readonly _tag: 'NoRoom'
  readonly before: string | undefined
  readonly after: string | undefined
}

/**
 * `count` ascending keys in the gap between two neighbours. An undefined neighbour is an end.
 *
 * O(length of the neighbours' keys) each. A key is at most 12 digits longer than its position;
 * those of a run are log64 `count` digits longer. Errors: `NoRoom`.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * const [first] = unwrap(between(undefined, undefined, 1, { timestamp: 1000, source: 'ann' }))
 * const last = { key: first, update: [{}, 1000, 'ann'] }
 * const [second] = unwrap(between(last, undefined, 1, { timestamp: 1001, source: 'ann' }))
 * first < second // => true
 * const [a, b] = ['a', 'a!'].map((key) => ({ key, update: [{}, 1, 'ben'] }))
 * const refused = between(a, b, 1, { timestamp: 2, source: 'ann' })
 * refused // => E.left({ _tag: 'NoRoom', before: 'a', after: 'a!' })
 */
export const between = (
  before: Neighbour | undefined,
  after: Neighbour | undefined,
  count: number,
  stamp: Stamp,
): E.Either<NoRoom, ReadonlyArray<string>> => {
  const stem = position(before, after) + tag(stamp)
  const fits = (before === undefined || before.key < stem) && (after === undefined || stem < after.key)
  return fits ? right(run(stem, count)) : left({ _tag: 'NoRoom', before: before?.key, after: after?.key })
}

/** A string that stays between the two neighbours, if any does, with a tag after it. */
const position = (before: Neighbour | undefined, after: Neighbour | undefined): string => {
  if (before === undefined && after === undefined) return MIDDLE
  const low = before?.key ?? ''
  // a key of another library may lie above the ceiling; nothing bounds the keys above that one
  const high = after?.key ?? (low < CEILING ? CEILING : undefined)
  const ascending = before !== undefined && (after === undefined || !isBefore(before.update, after.update))
  return ascending ? above(low, high) : below(low, high!)
}

/**
 * The number of digits that the two share at their start. A `low` that ends counts as followed by
 * `!`.
 */
const shared = (low: string, high: string): number => {
  let i = 0
  while (i < high.length && digitAt(low, i) === digitAt(high, i)) i++
  return i
}

/** One step up from `low`, and below `high` if there is room. */
const above = (low: string, high: string | undefined): string => {
  const split = high === undefined ? 0 : shared(low, high)
  const next = Math.floor(digitAt(low, split)) + 1
  const limit = high === undefined ? HIGHEST + 1 : digitAt(high, split)
  if (next < limit && next <= HIGHEST) return head(low, split) + ALPHABET[next]!
  let counter = split + 1
  while (digitAt(low, counter) >= HIGHEST) counter++
  return head(low, counter) + stepped(low, counter, counter - split, 1)
}

/** One step down from `high`, and above `low` if there is room. */
const below = (low: string, high: string): string => {
  const split = shared(low, high)
  const next = Math.ceil(digitAt(high, split)) - 1
  if (next > digitAt(low, split)) return head(low, split) + ALPHABET[Math.min(next, HIGHEST)]!
  let counter = split + 1
  while (counter < high.length && digitAt(high, counter) <= 0) counter++
  // no string below `high` has these first digits
  if (counter >= high.length) return above(low, high)
  return head(high, counter) + stepped(high, counter, counter - split, -1)
}

/**
 * 64^8 insertions are more than will be made. A key with a longer run is hostile; this bounds the
 * work.
 */
const MAX_WIDTH = 8

/**
 * The counter of a key, its digits from `from` on, one step on.
 *
 * The counter has one digit more than the run of `!` or `~` before it, so the width doubles when it
 * overflows. Its first digit is never extreme, so the step cannot carry out of it.
 */
const stepped = (key: string, from: number, width: number, step: 1 | -1): string => {
  const digits: number[] = []
  let exact = true
  for (let i = from; i < from + Math.min(width, MAX_WIDTH); i++) {
    const digit = digitAt(key, i)
    // not a digit: every string that starts with the next lower digit sorts below this key
    digits.push(exact ? Math.floor(digit) : HIGHEST)
    exact &&= Number.isInteger(digit)
  }
  if (exact || step > 0) digits[digits.length - 1]! += step
  for (let i = digits.length - 1; i > 0; i--) {
    if (digits[i]! > HIGHEST) [digits[i], digits[i - 1]] = [0, digits[i - 1]! + 1]
    else if (digits[i]! < 0) [digits[i], digits[i - 1]] = [HIGHEST, digits[i - 1]! - 1]
  }
  return digits.map((digit) => ALPHABET[digit]!).join('')
}

/** The first n digits, padded with `!`. */
const head = (key: string, n: number): string => key.slice(0, n).padEnd(n, ALPHABET[0])

/**
 * The rank of a digit. Another character has a rank half-way between the digits around it. Beyond
 * the end the rank is that of `!`.
 */
const digitAt = (key: string, i: number): number => (i < key.length ? rankOf(key.charCodeAt(i)) : 0)

const RANKS: readonly number[] = Array.from({ length: 128 }, (_, code) => {
  const rank = ALPHABET.indexOf(String.fromCharCode(code))
  return rank >= 0 ? rank : Array.from(ALPHABET).filter((digit) => digit.charCodeAt(0) < code).length - 0.5
})

const rankOf = (code: number): number => RANKS[code] ?? HIGHEST + 0.5

/**
 * Eleven digits that name a stamp, none of them `!`. They hold 64 bits: those of the timestamp,
 * permuted as the source says. So the tags of one source all differ, and those of two sources meet
 * with a chance of one in 2^64.
 */
export const tag = ({ timestamp, source }: Stamp): string => {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, timestamp)
  let [high, low] = [bits.getInt32(0), bits.getInt32(4)]
  for (const round of [1, 2, 3, 4]) [high, low] = [low, high ^ hash(source, low ^ Math.imul(round, 0x9e3779b1))]
  return digitsOf(high) + digitsOf(low) + ALPHABET[1 + (((high >>> 30) << 2) | (low >>> 30))]!
}

/** The low 30 bits, lowest first, in five digits above `!`. */
const digitsOf = (word: number): string => {
  let digits = ''
  for (let bits = word & 0x3fffffff, i = 0; i < 5; i++, bits >>>= 6) digits += ALPHABET[1 + (bits & 63)]!
  return digits
}

/** A hash of 32 bits: FNV-1a over the code units, then the finalizer of MurmurHash3. */
const hash = (text: string, seed: number): number => {
  let h = seed ^ text.length
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** The keys of a run: the stem alone for one, else the stem and a number of fixed width. */
const run = (stem: string, count: number): readonly string[] => {
  if (count === 1) return [stem]
  let width = 0
  while (64 ** width < count) width++
  return Array.from({ length: count }, (_, i) => {
    let digits = ''
    for (let rest = i, j = 0; j < width; j++, rest = Math.floor(rest / 64)) digits = ALPHABET[1 + (rest % 64)]! + digits
    return stem + digits
  })
}
