/** What replicas show, as text and as values to compare. */
import * as fc from 'fast-check'
import * as Json from '../../core/Json.js'

/**
 * Any value as text. Maps and Sets keep their order; -0 and NaN are told apart from 0 and null.
 * O(size).
 */
export const view = (value: unknown): string => {
  try {
    return fc.stringify(value)
  } catch (error) {
    if (error instanceof RangeError) return viewOfDeep(value)
    throw error
  }
}

/** For values that are too deep for fast-check. An object that comes again is cut short. */
const viewOfDeep = (value: unknown): string => {
  const texts: string[] = []
  const seen = new Set<object>()
  const todo: unknown[] = [value]
  while (todo.length > 0) {
    const one = todo.pop()
    if (typeof one !== 'object' || one === null) texts.push(fc.stringify(one))
    else if (seen.has(one)) texts.push('[again]')
    else {
      seen.add(one)
      const members = Array.isArray(one) ? (one as unknown[]) : (membersOf(one) ?? Object.entries(one).flat())
      texts.push(`${Array.isArray(one) ? 'array' : 'object'} of ${String(members.length)}:`)
      for (const member of [...members].reverse()) todo.push(member)
    }
  }
  return texts.join(' ')
}

/** As {@link view}, and faster for JSON. */
export const viewOfJson = (value: unknown): string => {
  if (value === undefined) return 'undefined'
  try {
    const text = JSON.stringify(value)
    // JSON makes this of a Map or a Set, too
    return text.includes('{}') ? view(value) : text
  } catch {
    return view(value)
  }
}

/** Compares JSON whatever the order of its members, and other values by their text. O(size). */
export const sameValue = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  // as their texts compare, which take seven times as long
  if (isOfNumbers(a) && isOfNumbers(b) && a.constructor === b.constructor) return sameNumbers(a, b)
  return sameJson(a, b) || view(a) === view(b)
}

type OfNumbers = ArrayBufferView & ArrayLike<number | bigint>

const isOfNumbers = (value: unknown): value is OfNumbers => ArrayBuffer.isView(value) && !(value instanceof DataView)

const sameNumbers = (a: OfNumbers, b: OfNumbers): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (one, i) => Object.is(one, b[i]))

/** False also for values that have themselves as a part, or are too deep. */
const sameJson = (a: unknown, b: unknown): boolean => {
  try {
    return Json.equals(a, b) && isJson(a)
  } catch {
    return false
  }
}

/** The id of a replica, as drawings and reports name it. */
export const nameOf = (id: string): string => (/^\w+$/.test(id) ? id : JSON.stringify(id))

/**
 * Whether {@link view} gives an expression that makes the value again. It does not for functions,
 * instances of classes, symbols of one's own, and what is a part of itself. O(size).
 */
export const isWritable = (value: unknown, within: ReadonlySet<unknown> = new Set()): boolean => {
  if (typeof value === 'symbol') return Symbol.keyFor(value) !== undefined
  if (typeof value !== 'object' || value === null) return typeof value !== 'function'
  if (within.has(value)) return false
  if ('toISOString' in value || ArrayBuffer.isView(value)) return true
  const members: ReadonlyArray<unknown> | undefined = membersOf(value)
  const inside = new Set(within).add(value)
  return members?.every((member) => isWritable(member, inside)) ?? false
}

/** What an array, a Map, a Set or a plain object holds; undefined for other objects. */
const membersOf = (value: object): ReadonlyArray<unknown> | undefined => {
  if (Array.isArray(value)) return value as unknown[]
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)].flat()
  if (value instanceof Set) return [...(value as Set<unknown>)]
  return Json.isPlain(value) ? Object.entries(value).flat() : undefined
}

/** Whether JSON carries a value. O(size). */
export const isJson = (value: unknown): boolean => !(Json.copy(value, Infinity) instanceof Json.Unfit)

/** The replicas on either side of a partition: a bit of `side` for each. */
export const sidesOf = (ids: ReadonlyArray<string>, side: number): string => {
  const names = (bit: number): string =>
    ids
      .filter((_, i) => ((side >> i) & 1) === bit)
      .map(nameOf)
      .join(', ')
  return `${names(0)} | ${names(1)}`
}
