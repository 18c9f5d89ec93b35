/**
 * The reason for a refusal: what was wrong, where, and in which update. A value, never thrown. A
 * refused update changes nothing and moves no clock.
 *
 * Each kind is declared where it is made; the main entry exports their union.
 */
import type { Context, Errors } from 'io-ts'
import type { Unfit } from './Json.js'

/** What all rejections have in common. */
export interface Refusal {
  readonly _tag: string
  /** A path into what was received, such as `[0][1].name`. Empty for the whole. */
  readonly at: string
  /** The update as received, if it was in one. */
  readonly update?: unknown
}

/** A {@link Refusal} of an update. */
export interface InUpdate {
  readonly at: string
  readonly update: unknown
}

/** One complaint of a codec: a value, its path, and what was expected there. */
export interface Failure {
  readonly at: string
  readonly value: unknown
  readonly expected: string
}

/** The most failures reported of one update: a hostile one could have a million. */
const MAX_FAILURES = 8

/** io-ts's errors. Their paths begin with `within`, the place of the decoded value. O(errors). */
export const failuresOf = (errors: Errors, ...within: ReadonlyArray<string | number>): ReadonlyArray<Failure> =>
  errors.slice(0, MAX_FAILURES).map(({ context, value, message }) => ({
    at: path([...within, ...keysOf(context)]),
    value,
    expected: message ?? context[context.length - 1]?.type.name ?? 'another value',
  }))

/**
 * The keys that lead to a value. io-ts also counts the alternatives of unions and intersections.
 */
export const keysOf = (context: Context): ReadonlyArray<string> =>
  context.flatMap(({ key }, i) => {
    const holder = context[i - 1]?.type as { readonly _tag?: unknown } | undefined
    return holder === undefined || holder._tag === 'UnionType' || holder._tag === 'IntersectionType' ? [] : [key]
  })

/** {@link failuresOf} for an {@link Unfit}. */
export const failureOf = ({ at, value, expected }: Unfit, ...within: ReadonlyArray<string | number>): Failure => ({
  at: path([...within, ...at]),
  value,
  expected,
})

/** `['0', 'name']` as `[0].name`. */
export const path = (keys: ReadonlyArray<string | number>): string => keys.map((key) => member(String(key))).join('')

const member = (key: string): string =>
  /^\d+$/.test(key) ? `[${key}]` : /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`

/**
 * A rejection, or the error of a command, in one line for people. O(size of the rejection).
 *
 * @example
 * show({ _tag: 'InvalidTimestamp', at: '[1]', timestamp: 0, update: [['x', 1], 0, 'a'] })
 * // => 'InvalidTimestamp at [1]: timestamp 0; in [["x",1],0,"a"]'
 * show({ _tag: 'IndexOutOfRange', index: 7, length: 0 }) // => 'IndexOutOfRange: index 7, length 0'
 */
export const show = ({
  _tag,
  at = '',
  update,
  ...details
}: {
  readonly _tag: string
  readonly at?: string
  readonly update?: unknown
}): string => {
  const where = at === '' ? '' : ` at ${at}`
  const parts = Object.entries(details).map(([name, value]) => detail(name, value))
  const what = parts.length === 0 ? '' : `: ${parts.join(', ')}`
  return `${_tag}${where}${what}${update === undefined ? '' : `; in ${brief(update)}`}`
}

const detail = (name: string, value: unknown): string =>
  name === 'failures' && Array.isArray(value)
    ? (value as ReadonlyArray<Failure>).map(expectation).join(', or ')
    : `${name} ${brief(value)}`

const expectation = ({ at, value, expected }: Failure): string =>
  `${brief(value)} at ${at} where ${expected} is expected`

/** The most characters that a report quotes of a refused value. */
export const EXCERPT = 200

const brief = (value: unknown): string => {
  const text = stringify(value)
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text
}

const stringify = (value: unknown): string => {
  switch (typeof value) {
    case 'number':
    case 'boolean':
      return String(value)
    case 'bigint':
      return `${String(value)}n`
    case 'string':
    case 'object':
      try {
        return JSON.stringify(value, (_, member: unknown) =>
          typeof member === 'bigint' ? `${String(member)}n` : member,
        )
      } catch {
        return 'a value that is cyclic or too deep to print'
      }
    default:
      return typeof value
  }
}
