/** What replicas show, as text and as values to compare. */
import * as fc from 'fast-check'
import * as Json from '../../core/Json.js'

/**
 * Any value as text. Maps and Sets keep their order; -0 and NaN are told apart from 0 and null.
 * O(size).
 */
export const view = (value: unknown): string => fc.stringify(value)

/** JSON as text: faster than {@link view}. Undefined, which JSON lacks, as it does. */
export const viewOfJson = (value: unknown): string => (value === undefined ? 'undefined' : JSON.stringify(value))

/** Compares JSON whatever the order of its members, and other values by their text. O(size). */
export const sameValue = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  // as their texts compare, which take seven times as long
  if (isOfNumbers(a) && isOfNumbers(b) && a.constructor === b.constructor) return sameNumbers(a, b)
  return Json.equals(a, b) && isJson(a) ? true : view(a) === view(b)
}

type OfNumbers = ArrayBufferView & ArrayLike<number | bigint>

const isOfNumbers = (value: unknown): value is OfNumbers => ArrayBuffer.isView(value) && !(value instanceof DataView)

const sameNumbers = (a: OfNumbers, b: OfNumbers): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (one, i) => Object.is(one, b[i]))

/** The id of a replica, as drawings and reports name it. */
export const nameOf = (id: string): string => (/^[\w ]+$/.test(id) ? id : JSON.stringify(id))

const isJson = (value: unknown): boolean => !(Json.copy(value, Infinity) instanceof Json.Unfit)

/** The replicas on either side of a partition: a bit of `side` for each. */
export const sidesOf = (ids: ReadonlyArray<string>, side: number): string => {
  const names = (bit: number): string =>
    ids
      .filter((_, i) => ((side >> i) & 1) === bit)
      .map(nameOf)
      .join(', ')
  return `${names(0)} | ${names(1)}`
}
