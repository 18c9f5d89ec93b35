/**
 * A hybrid logical clock within a plain number.
 *
 * Sources: Kulkarni et al., "Logical Physical Clocks" (2014), with the logical part
 * in the low bits of a double; Rump, Zimmermann, Boldo and Melquiond, "Computing
 * predecessor and successor in rounding to nearest" (BIT 49, 2009), Algorithm 1.
 */

/**
 * Milliseconds since the Unix epoch, fractions allowed, above 0 and up to {@link MAX}. Strictly
 * increasing per source.
 */
export type Timestamp = number

/** Before every timestamp. A clock gives it for a source that it has not seen. */
export const NEVER = 0

/** The last timestamp: beyond it a double no longer tells two milliseconds apart. */
export const MAX: Timestamp = Number.MAX_SAFE_INTEGER

/** Whether a value is a timestamp. O(1). */
export const is = (value: unknown): value is Timestamp => typeof value === 'number' && value > NEVER && value <= MAX

/**
 * The stamp of a local update: the wall clock's `now` if that is ahead of the
 * `latest` stamp seen, else the least double above `latest`. At today's date a
 * double holds 4,096 stamps a millisecond. Stamps run ahead of a clock that is frozen
 * or steps back. Above {@link MAX} if `latest` is: see `TimestampsExhausted`. O(1).
 *
 * @example
 * next(2000, 1000) // => 2000
 * next(1000, 2000) // => 2000.0000000000002
 */
export const next = (now: number, latest: Timestamp): Timestamp => (now > latest ? now : successor(latest))

/** Relative, slightly over half a unit in the last place: adding it rounds to the next double. */
const OVER_HALF_ULP = (Number.EPSILON / 2) * (1 + Number.EPSILON)

const successor = (x: number): number => x + (x * OVER_HALF_ULP + Number.MIN_VALUE)

/** The greatest double below a timestamp. O(1). */
export const previous = (x: Timestamp): number => x - (x * OVER_HALF_ULP + Number.MIN_VALUE)
