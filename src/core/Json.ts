/**
 * What survives the wire. Values enter a replica as deeply frozen JSON, so that nobody
 * who holds one can change what a replica says.
 */

import type { eq } from 'fp-ts'

/** A member of the value that no JSON text gives back. */
export class Unfit {
  readonly at: ReadonlyArray<string | number>
  readonly value: unknown
  readonly expected: string

  constructor(at: ReadonlyArray<string | number>, value: unknown, expected: string) {
    this.at = at
    this.value = value
    this.expected = expected
  }

  /** The same, seen from the value that holds it under `key`. */
  within(key: string | number): Unfit {
    return new Unfit([key, ...this.at], this.value, this.expected)
  }
}

/** What is expected in place of a value nested too deep. */
export const LESS_DEPTH = 'less depth'

/**
 * A frozen copy: null, booleans, strings, finite numbers, arrays and plain objects of
 * these, at most `maxDepth` deep. Members that are undefined are left out and -0
 * becomes 0, as JSON has it. Everything else is an {@link Unfit}: JSON would turn NaN
 * into null without a word. Never throws on data; O(size).
 */
export const copy = (value: unknown, maxDepth: number): unknown => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? (value === 0 ? 0 : value) : new Unfit([], value, 'a finite number')
    case 'object':
      if (value === null) return null
      if (maxDepth <= 0) return new Unfit([], value, LESS_DEPTH)
      if (Array.isArray(value)) return copyArray(value, maxDepth)
      if (isPlain(value)) return copyObject(value, maxDepth)
  }
  return new Unfit([], value, 'JSON')
}

const copyArray = (array: readonly unknown[], maxDepth: number): unknown => {
  // of just the length it needs: what is pushed to keeps room for more
  const copied = new Array<unknown>(array.length)
  for (let i = 0; i < array.length; i++) {
    const member = copy(array[i], maxDepth - 1)
    if (member instanceof Unfit) return member.within(i)
    copied[i] = member
  }
  return Object.freeze(copied)
}

const copyObject = (object: Readonly<Record<string, unknown>>, maxDepth: number): unknown => {
  const copied: [string, unknown][] = []
  for (const key of Object.keys(object)) {
    if (object[key] === undefined) continue
    const member = copy(object[key], maxDepth - 1)
    if (member instanceof Unfit) return member.within(key)
    copied.push([key, member])
  }
  return Object.freeze(Object.fromEntries(copied))
}

const isPlain = (object: object): object is Readonly<Record<string, unknown>> => {
  const prototype: unknown = Object.getPrototypeOf(object)
  return prototype === null || prototype === Object.prototype
}

/**
 * As {@link copy}, for what JSON.parse or a codec has just made and nobody else holds: frozen
 * where it stands. What is frozen is left as it is, and so is what is no plain object. The value,
 * or an {@link Unfit} if it is deeper than `maxDepth`. O(size).
 */
export const freeze = (value: unknown, maxDepth: number): unknown => {
  if (typeof value !== 'object' || value === null) return value === 0 ? 0 : value
  if (Object.isFrozen(value) || !(Array.isArray(value) || isPlain(value))) return value
  if (maxDepth <= 0) return new Unfit([], value, LESS_DEPTH)
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

/** Whether two JSON values are equal; the order of members does not count. O(size). */
export const equals = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equals(left[key], right[key]))
  )
}

/**
 * The one text of a JSON value, whatever the order of its members: theirs goes by UTF-16 code unit, without white space.
 * Never throws on JSON. O(size log size). Source: RFC 8785, JSON Canonicalization Scheme.
 *
 * @example
 * canonical({ b: [1, 'é'], a: null }) // => '{"a":null,"b":[1,"é"]}'
 */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null || !isPlain(value)) return JSON.stringify(value)
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
  return `{${members.join()}}`
}

/** {@link equals}, as fp-ts's `Eq`. */
export const Eq: eq.Eq<unknown> = { equals }
