/** What replicas show, as text and as values to compare; and how reports name replicas. */
import * as fc from 'fast-check'
import * as Json from '../../core/Json.js'

/**
 * Any value as text. Maps and Sets keep their order; -0 and NaN are told apart from 0 and null.
 * Of a value that is too large or too deep, each object is shown once. Throws what a getter throws.
 * O(size).
 */
export const view = (value: unknown): string => viewOr(value, outlineOf)

/** As {@link view}, but `large` gives the text of a value that is too large. */
export const viewOr = (value: unknown, large: (value: unknown) => string): string => {
  if (isLarge(value)) return large(value)
  try {
    return fc.stringify(value)
  } catch (error) {
    // it is too deep
    if (error instanceof RangeError) return outlineOf(value)
    throw error
  }
}

/** A value of more objects is too large. */
export const MOST_OBJECTS = 100_000

/**
 * How a value is made of objects. `large`: they are too many. An object counts in each place where
 * it is, so that a few which refer to each other may be too many. `graph`: one of them is a part of
 * itself, they are too deep, or a getter throws. `tree`: all others.
 */
const shapeOf = (value: unknown): 'tree' | 'graph' | 'large' => {
  let left = MOST_OBJECTS
  let shape: 'tree' | 'graph' = 'tree'
  const within = new Set<unknown>()
  const exceeds = (one: unknown): boolean => {
    if (typeof one !== 'object' || one === null || ArrayBuffer.isView(one)) return false
    if (within.has(one)) {
      shape = 'graph'
      return false
    }
    if (--left < 0) return true
    within.add(one)
    const isKeyed = one instanceof Map || one instanceof Set
    const is = (isKeyed ? membersOf(one)! : Object.values(one)).some(exceeds)
    within.delete(one)
    return is
  }
  try {
    return isSmall(value) || !exceeds(value) ? shape : 'large'
  } catch {
    // too deep, or a getter threw
    return 'graph'
  }
}

const isLarge = (value: unknown): boolean => shapeOf(value) === 'large'

/** Whether a value can be written out: no object is a part of itself, and they are not too many. */
export const isTree = (value: unknown): boolean => shapeOf(value) === 'tree'

const FEW_OBJECTS = 200

/** Whether a value is a few arrays and plain objects, as most are. Faster than to count all. */
const isSmall = (value: unknown): boolean => leftOf(FEW_OBJECTS, value) >= 0

/**
 * `count` less the objects of a value. Negative if they are more, or if one is no array or plain
 * object.
 */
const leftOf = (count: number, value: unknown): number => {
  if (typeof value !== 'object' || value === null) return count
  let left = count - 1
  if (Array.isArray(value)) for (const member of value) left = left < 0 ? left : leftOf(left, member)
  else if (Json.isPlain(value)) for (const key in value) left = left < 0 ? left : leftOf(left, value[key])
  else return -1
  return left
}

/** The objects of a value, each by its members, the outermost first, and each but once. */
const outlineOf = (value: unknown): string => {
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

/** As {@link viewOr}, and faster for JSON. There -0 is shown as 0, NaN as null. */
export const viewOfJson = (value: unknown, large: (value: unknown) => string): string => {
  if (value === undefined) return 'undefined'
  if (isLarge(value)) return large(value)
  try {
    const text = JSON.stringify(value)
    // JSON makes this of a Map or a Set, too
    return text.includes('{}') ? view(value) : text
  } catch {
    return view(value)
  }
}

/**
 * Whether two values are the same: as JSON, whatever the order of members, or else by their texts.
 * 0 and -0 are the same. O(size).
 */
export const sameValue = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  // as by their texts, and faster
  if (isOfNumbers(a) && isOfNumbers(b) && a.constructor === b.constructor) return sameNumbers(a, b)
  return sameJson(a, b) || view(a) === view(b)
}

type OfNumbers = ArrayBufferView & ArrayLike<number | bigint>

const isOfNumbers = (value: unknown): value is OfNumbers => ArrayBuffer.isView(value) && !(value instanceof DataView)

const sameNumbers = (a: OfNumbers, b: OfNumbers): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (one, i) => Object.is(one, b[i]))

/** The greatest depth at which JSON is taken as such. */
const DEEPEST = 1000

/**
 * Whether both values are the same JSON. False if `a` has itself as a part, or is too deep. `above`
 * is an object around `a`: the last one at a depth that is a power of two, so that every circle
 * comes upon it. Source: Brent, "An Improved Monte Carlo Factorization Algorithm" (BIT 1980).
 */
const sameJson = (a: unknown, b: unknown, depth = 0, above?: unknown): boolean => {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b && isAtom(a)
  if (a === above || depth > DEEPEST) return false
  const next = isPowerOfTwo(depth) ? a : above
  if (Array.isArray(a)) {
    const others: unknown = b
    if (!Array.isArray(others) || a.length !== others.length) return false
    // `every` would pass over holes
    return a.findIndex((one, i) => !sameJson(one, others[i], depth + 1, next)) < 0
  }
  if (!Json.isPlain(a) || !Json.isPlain(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameMember(a[key], b[key], depth + 1, next))
  )
}

/** Of a value that is no object: whether it is JSON. */
const isAtom = (value: unknown): boolean => !(Json.copy(value, 0) instanceof Json.Unfit)

const isPowerOfTwo = (n: number): boolean => (n & (n - 1)) === 0

/** A member may be undefined, though JSON has no such value. */
const sameMember = (a: unknown, b: unknown, depth: number, above: unknown): boolean =>
  a === undefined ? b === undefined : sameJson(a, b, depth, above)

/** The id of a replica, as drawings and reports name it. */
export const nameOf = (id: string): string => (/^\w+$/.test(id) ? id : JSON.stringify(id))

/**
 * Whether {@link view} gives code that makes the value again. It does not for functions, instances
 * of other classes than Date and typed arrays, symbols of one's own, and what is no tree. O(size).
 */
export const isWritable = (value: unknown): boolean => isTree(value) && isWritten(value)

const isWritten = (value: unknown): boolean => {
  if (typeof value === 'symbol') return Symbol.keyFor(value) !== undefined
  if (typeof value !== 'object' || value === null) return typeof value !== 'function'
  if ('toISOString' in value || ArrayBuffer.isView(value)) return true
  return membersOf(value)?.every(isWritten) ?? false
}

/** What an array, a Map, a Set or a plain object holds; undefined for other objects. */
const membersOf = (value: object): ReadonlyArray<unknown> | undefined => {
  if (Array.isArray(value)) return value as unknown[]
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)].flat()
  if (value instanceof Set) return [...(value as Set<unknown>)]
  return Json.isPlain(value) ? Object.entries(value).flat() : undefined
}

/**
 * Whether JSON has the value, but for members that are undefined. False for what is too deep or too
 * large. O(size).
 */
export const isJson = (value: unknown): boolean => isTree(value) && !(Json.copy(value, DEEPEST) instanceof Json.Unfit)

/** The names on either side of a partition. `side` has a bit for each replica. */
export const sidesOf = (ids: ReadonlyArray<string>, side: number): string => {
  const names = (bit: number): string =>
    ids
      .filter((_, i) => ((side >> i) & 1) === bit)
      .map(nameOf)
      .join(', ')
  return `${names(0)} | ${names(1)}`
}
