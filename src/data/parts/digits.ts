/**
 * Arithmetic on keys as fractions in base 65: strings between strings, in UTF-16 code unit order.
 *
 * Sources: the counters of variable length are those of Weiss, Urso and Molli, "Logoot-Undo" (IEEE
 * TPDS 2010).
 */

/** The digits in order. No key ends with `!`, the lowest. */
export const ALPHABET = '!0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~'

const HIGHEST = ALPHABET.length - 1

/**
 * The number of digits that the two share at their start. A `low` that ends counts as followed by
 * `!`.
 */
export const shared = (low: string, high: string): number => {
  let i = 0
  while (i < high.length && digitAt(low, i) === digitAt(high, i)) i++
  return i
}

/** One step up from `low`, and below `high` if there is room. */
export const above = (low: string, high: string | undefined): string => {
  const split = high === undefined ? 0 : shared(low, high)
  const next = Math.floor(digitAt(low, split)) + 1
  const limit = high === undefined ? HIGHEST + 1 : digitAt(high, split)
  if (next < limit && next <= HIGHEST) return head(low, split) + ALPHABET[next]!
  let counter = split + 1
  while (digitAt(low, counter) >= HIGHEST) counter++
  return head(low, counter) + stepped(low, counter, counter - split, 1)
}

/** One step down from `high`, and above `low` if there is room. */
export const below = (low: string, high: string): string => {
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
