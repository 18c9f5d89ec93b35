/**
 * Keys between keys: strings in the alphabet of npm `between`, ordered by UTF-16 code unit, so that
 * replicas of ours and of the original family insert between each other's.
 *
 * A key is a position and a tag. The position is chosen as npm `between` chooses, below `~` and
 * above `!`, but steps away from the neighbour that was written last: whoever inserts at one spot
 * again and again, at an end or beside one item, counts on in one run of digits, which doubles its
 * width when it is used up. So n insertions make keys of O(log n) digits, not O(n); only whoever inserts at either side of
 * the last in turn, as no scheme without renaming can have short, adds a digit each time. The tag names
 * the update: two replicas that insert at one spot at once choose one position, and two tags; the keys
 * of one update share theirs, so no other run comes between them.
 *
 * Sources: variable-length counters as in Weiss, Urso and Molli, "Logoot-Undo" (IEEE TPDS 2010),
 * with direction by the neighbours' age where LSEQ (Nédelec et al., DocEng 2013) draws lots; the mixing
 * rounds are Luby and Rackoff's (1988) over the finalizer of MurmurHash3.
 */
import type { either as E } from 'fp-ts'
import * as SortedMap from '../../structures/SortedMap.js'
import * as Update from '../../core/Update.js'

/** The digits in order: `!` is lowest and ends no key, `~` highest. */
export const ALPHABET = '!0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~'

const HIGHEST = ALPHABET.length - 1

/** Keys lie above `!` and below `~`, or the original's `between` would never end. */
const CEILING = '~'

const MIDDLE = 'V'

/** An item beside the gap: its key, and the update that wrote it last. */
export interface Neighbour {
  readonly key: string
  readonly update: Update.Update<unknown>
}

/** The item at an index, if there is one. O(log n). */
export const neighbourAt = (
  items: SortedMap.SortedMap<string, Update.Update<unknown>>,
  index: number,
): Neighbour | undefined => {
  const entry = SortedMap.entryAt(items, index)
  return entry && { key: entry[0], update: entry[1] }
}

/** Two neighbours between which this alphabet has no string: only keys made elsewhere leave such a gap. */
export interface NoRoom {
  readonly _tag: 'NoRoom'
  readonly before: string | undefined
  readonly after: string | undefined
}

/**
 * `count` ascending keys in the gap between two neighbours, or at an end where one is undefined. O(length of the
 * neighbours' keys) each; at most 12 digits longer than the position, and log64 `count` more for a run.
 *
 * @example
 * const [first] = unwrap(between(undefined, undefined, 1, { timestamp: 1000, source: 'ann' }))
 * const [second] = unwrap(between({ key: first, update: [{}, 1000, 'ann'] }, undefined, 1, { timestamp: 1001, source: 'ann' }))
 * first < second // => true
 * between({ key: 'a', update: [{}, 1, 'b'] }, { key: 'a!', update: [{}, 2, 'b'] }, 1, { timestamp: 3, source: 'b' })
 * // => E.left({ _tag: 'NoRoom', before: 'a', after: 'a!' })
 */
export const between = (
  before: Neighbour | undefined,
  after: Neighbour | undefined,
  count: number,
  stamp: Update.Stamp,
): E.Either<NoRoom, ReadonlyArray<string>> => {
  const stem = position(before, after) + tag(stamp)
  const fits = (before === undefined || before.key < stem) && (after === undefined || stem < after.key)
  if (!fits) return { _tag: 'Left', left: { _tag: 'NoRoom', before: before?.key, after: after?.key } }
  return { _tag: 'Right', right: run(stem, count) }
}

/** A string between the two, if there is one, to which a tag can be appended. */
const position = (before: Neighbour | undefined, after: Neighbour | undefined): string => {
  if (before === undefined && after === undefined) return MIDDLE
  const low = before?.key ?? ''
  // a foreign key may lie beyond the ceiling: there is no bound above that one
  const high = after?.key ?? (low < CEILING ? CEILING : undefined)
  const ascending = before !== undefined && (after === undefined || !Update.before(before.update, after.update))
  return ascending ? above(low, high) : below(low, high!)
}

/** How many digits the two have in common, `low` being followed by as many `!` as it takes. */
const shared = (low: string, high: string): number => {
  let i = 0
  while (i < high.length && digitAt(low, i) === digitAt(high, i)) i++
  return i
}

/** One step up from `low`, within what `high` allows. */
const above = (low: string, high: string | undefined): string => {
  const split = high === undefined ? 0 : shared(low, high)
  const next = Math.floor(digitAt(low, split)) + 1
  const limit = high === undefined ? HIGHEST + 1 : digitAt(high, split)
  if (next < limit && next <= HIGHEST) return head(low, split) + ALPHABET[next]!
  let counter = split + 1
  while (digitAt(low, counter) >= HIGHEST) counter++
  return head(low, counter) + stepped(low, counter, counter - split, 1)
}

/** One step down from `high`, within what `low` allows. */
const below = (low: string, high: string): string => {
  const split = shared(low, high)
  const next = Math.ceil(digitAt(high, split)) - 1
  if (next > digitAt(low, split)) return head(low, split) + ALPHABET[Math.min(next, HIGHEST)]!
  let counter = split + 1
  while (counter < high.length && digitAt(high, counter) <= 0) counter++
  // below `high` and with its digits so far there is nothing
  if (counter >= high.length) return above(low, high)
  return head(high, counter) + stepped(high, counter, counter - split, -1)
}

/** So many digits count all the insertions there will be; a key that somebody made to have more is not topped. */
const MAX_WIDTH = 8

/**
 * The digits of a key from `from` on, taken as a number, one step on. They are as many as the run of extreme digits
 * before them, and one: that is how the width doubles. The first is not extreme, so the step never carries out of them.
 */
const stepped = (key: string, from: number, width: number, step: 1 | -1): string => {
  const digits: number[] = []
  let exact = true
  for (let i = from; i < from + Math.min(width, MAX_WIDTH); i++) {
    const digit = digitAt(key, i)
    // a character that is no digit: all that begins with the digit below it is below
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

/** The first n digits, what is missing being `!`. */
const head = (key: string, n: number): string => key.slice(0, n).padEnd(n, ALPHABET[0])

/**
 * The rank of a digit; of a character that is none, a half between its neighbours'; past the end, that of `!`.
 */
const digitAt = (key: string, i: number): number => (i < key.length ? rankOf(key.charCodeAt(i)) : 0)

const RANKS: readonly number[] = Array.from({ length: 128 }, (_, code) => {
  const rank = ALPHABET.indexOf(String.fromCharCode(code))
  return rank >= 0 ? rank : Array.from(ALPHABET).filter((digit) => digit.charCodeAt(0) < code).length - 0.5
})

const rankOf = (code: number): number => RANKS[code] ?? HIGHEST + 0.5

/**
 * Eleven digits that name a stamp, none of them `!`: 64 bits, made from the timestamp's by a permutation that the source
 * chooses. So the tags of one source never meet, and those of two by chance only, one in 2^64.
 */
export const tag = ({ timestamp, source }: Update.Stamp): string => {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, timestamp)
  let [left, right] = [bits.getInt32(0), bits.getInt32(4)]
  for (const round of [1, 2, 3, 4]) [left, right] = [right, left ^ hash(source, right ^ Math.imul(round, 0x9e3779b1))]
  return digitsOf(left) + digitsOf(right) + ALPHABET[1 + (((left >>> 30) << 2) | (right >>> 30))]!
}

/** The low 30 bits, lowest first, in five digits above `!`. */
const digitsOf = (word: number): string => {
  let digits = ''
  for (let bits = word & 0x3fffffff, i = 0; i < 5; i++, bits >>>= 6) digits += ALPHABET[1 + (bits & 63)]!
  return digits
}

/** 32 bits of a string, by a seed: FNV-1a over its code units, finished as MurmurHash3. */
const hash = (text: string, seed: number): number => {
  let h = seed ^ text.length
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** A key for each of a run: the stem of one alone, else the stem and a number of fixed width. */
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
