/**
 * What survives the wire. Values enter a replica as deeply frozen JSON, so that nobody
 * who holds one can change what a replica says.
 */

import type { eq } from 'fp-ts'

/** A member that JSON cannot carry, or that is nested too deep. */
export class Unfit {
  readonly reason: 'value' | 'depth'
  readonly at: ReadonlyArray<string | number>
  readonly value: unknown
  readonly expected: string

  constructor(reason: Unfit['reason'], at: ReadonlyArray<string | number>, value: unknown, expected: string) {
    this.reason = reason
    this.at = at
    this.value = value
    this.expected = expected
  }

  /** The same, with its path from the value that holds it under `key`. */
  within(key: string | number): Unfit {
    return new Unfit(this.reason, [key, ...this.at], this.value, this.expected)
  }
}

const tooDeep = (value: unknown): Unfit => new Unfit('depth', [], value, 'less depth')

/**
 * A frozen copy of null, a boolean, a string, a finite number, or an array or plain object of these
 * that is at most `maxDepth` deep. As in JSON, undefined members are left out and -0 becomes 0. All
 * else is an {@link Unfit}: JSON would silently turn NaN into null. An `Unfit` is given back: so a
 * codec can refuse to encode. Never throws on data; a getter or a proxy may. Adds to `size`, if
 * given. O(size).
 */
export const copy = (value: unknown, maxDepth: number, size?: Size): unknown => {
  switch (typeof value) {
    case 'string':
      if (size !== undefined) size.most += 6 * value.length + 3
      return value
    case 'boolean':
      if (size !== undefined) size.most += 6
      return value
    case 'number':
      if (size !== undefined) size.most += MOST_DIGITS
      return Number.isFinite(value) ? (value === 0 ? 0 : value) : new Unfit('value', [], value, 'a finite number')
    case 'object':
      if (size !== undefined) size.most += 5
      if (value === null) return null
      if (maxDepth <= 0) return tooDeep(value)
      if (Array.isArray(value)) return copyArray(value, maxDepth, size)
      if (isPlain(value)) return isCopy(value, size) ? value : copyObject(value, maxDepth, size)
  }
  return value instanceof Unfit ? value : new Unfit('value', [], value, 'JSON')
}

/** The most bytes that a value may take as JSON, counted while it is copied. */
export interface Size {
  most: number
}

/** A double as text, with a comma: `-1.2345678901234567e-300,`. */
const MOST_DIGITS = 26

// a frozen array of what a copy keeps is kept: a grown stroke repeats its operations
const copyArray = (array: readonly unknown[], maxDepth: number, size: Size | undefined): unknown => {
  // of exact length: an array that is pushed to reserves more
  let copied = Object.isFrozen(array) ? undefined : new Array<unknown>(array.length)
  for (let i = 0; i < array.length; i++) {
    const member = copy(array[i], maxDepth - 1, size)
    if (member instanceof Unfit) return member.within(i)
    if (copied === undefined && !Object.is(member, array[i])) copied = array.slice()
    if (copied !== undefined) copied[i] = member
  }
  return copied === undefined ? array : Object.freeze(copied)
}

/** Whether an object is what its copy would be: frozen, with plain values and no getters. */
const isCopy = (object: Readonly<Record<string, unknown>>, size: Size | undefined): boolean =>
  Object.isFrozen(object) &&
  Object.getPrototypeOf(object) === Object.prototype &&
  Object.keys(object).every((key) => {
    const { value } = Object.getOwnPropertyDescriptor(object, key) as { readonly value?: unknown }
    if (size !== undefined) size.most += 6 * key.length + 6 * (typeof value === 'string' ? value.length : MOST_DIGITS)
    return isNormal(value)
  })

const isNormal = (value: unknown): boolean =>
  value === null ||
  typeof value === 'string' ||
  typeof value === 'boolean' ||
  (Number.isFinite(value) && !Object.is(value, -0))

const copyObject = (object: Readonly<Record<string, unknown>>, maxDepth: number, size: Size | undefined): unknown => {
  const copied: [string, unknown][] = []
  for (const key of Object.keys(object)) {
    if (object[key] === undefined) continue
    if (size !== undefined) size.most += 6 * key.length + 3
    const member = copy(object[key], maxDepth - 1, size)
    if (member instanceof Unfit) return member.within(key)
    copied.push([key, member])
  }
  return Object.freeze(Object.fromEntries(copied))
}

/** Whether a value is an object of the kind that JSON makes: no array, no class instance. O(1). */
export const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

/** An own member of an object, or undefined. O(1). */
export const memberOf = (object: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined

/**
 * {@link copy} without the copy, for a value that JSON.parse or a codec has just made, so that
 * nobody else holds it. Skips members that are frozen already, and class instances. Gives the
 * value, or an {@link Unfit} if it is deeper than `maxDepth`. O(size).
 */
export const freeze = (value: unknown, maxDepth: number): unknown => {
  if (typeof value !== 'object' || value === null) return value === 0 ? 0 : value
  if (Object.isFrozen(value) || !(Array.isArray(value) || isPlain(value))) return value
  if (maxDepth <= 0) return tooDeep(value)
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const member = freeze(value[i], maxDepth - 1)
      if (member instanceof Unfit) return member.within(i)
      if (member === 0) value[i] = 0
    }
  } else {
    const members = value as Record<string, unknown>
    for (const key of Object.keys(members)) {
      const member = freeze(members[key], maxDepth - 1)
      if (member instanceof Unfit) return member.within(key)
      if (member === 0) members[key] = 0
    }
  }
  return Object.freeze(value)
}

/**
 * Whether two JSON values are equal. The order of members does not count. NaN equals NaN. An
 * instance of a class, as a codec may make, counts by its {@link canonical} text; if `isStrict`, it
 * equals only itself. O(size).
 */
export const equals = (a: unknown, b: unknown, isStrict = false): boolean => {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  if (Array.isArray(a) !== Array.isArray(b)) return false
  if (!Array.isArray(a) && !(isPlain(a) && isPlain(b))) return !isStrict && canonical(a) === canonical(b)
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equals(left[key], right[key], isStrict))
  )
}

/**
 * One text for all equal JSON values: members sorted by UTF-16 code unit, no white space. Never
 * throws on JSON. O(size log size). Source: RFC 8785, JSON Canonicalization Scheme.
 *
 * What a codec makes beyond JSON has a text too: a Map, a Set or a buffer by what it holds, another
 * object by its `toJSON`, or else by its own text and members.
 *
 * @example
 * canonical({ b: [1, 'é'], a: null }) // => '{"a":null,"b":[1,"é"]}'
 */
export const canonical = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return `${String(value)}${typeof value === 'bigint' ? 'n' : ''}`
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (isPlain(value)) return members(value)
  if (value instanceof Map || value instanceof Set) return canonical([...(value as Iterable<unknown>)])
  if (value instanceof ArrayBuffer) return canonical([...new Uint8Array(value)])
  const shown = value as { readonly toJSON?: () => unknown; readonly toString: () => string }
  if (typeof shown.toJSON === 'function') return canonical(shown.toJSON())
  const text = shown.toString()
  // most classes have no text of their own
  return (text === '[object Object]' ? '' : text) + members({ ...value })
}

const members = (object: Readonly<Record<string, unknown>>): string => {
  const all = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(object[key])}`)
  return `{${all.join()}}`
}

/** The number of UTF-8 bytes of a text. O(length). */
export const bytes = (text: string): number => new TextEncoder().encode(text).length

/** {@link equals} as fp-ts's `Eq`. */
export const Eq: eq.Eq<unknown> = { equals: (a, b) => equals(a, b) }
