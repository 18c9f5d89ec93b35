/**
 * Why something was refused: what was wrong, where, and in which update. A value, never
 * thrown. What was refused changed nothing and moved no clock.
 */
import type { Context, Errors } from 'io-ts'
import type { Unfit } from './Json.js'
import type { Timestamp } from './Timestamp.js'
import type { Update } from './Update.js'

/**
 * `at` is a path into what was received, such as `[0][1].name`, and empty for the whole.
 * `update` is the update as received, if it was in one.
 */
export type Rejection =
  /** A line is no JSON. `line` is its beginning. */
  | { readonly _tag: 'InvalidJson'; readonly at: string; readonly line: string; readonly reason: string }
  /** A line has more than `limit` bytes. Its rest is skipped unread. */
  | { readonly _tag: 'LineTooLong'; readonly at: string; readonly line: string; readonly limit: number }
  /** Nested deeper than `limit`. */
  | { readonly _tag: 'TooDeep'; readonly at: string; readonly limit: number; readonly update?: unknown }
  /** A header that is none: no id, or a clock that is no object of finite numbers. */
  | { readonly _tag: 'InvalidHeader'; readonly at: string; readonly value: unknown; readonly expected: string }
  /** A stream has one header: two mean two peers on one stream, or an attack. */
  | { readonly _tag: 'SecondHeader'; readonly at: string; readonly header: unknown }
  /** A message that is none: no digest, or no list of updates. */
  | { readonly _tag: 'InvalidMessage'; readonly at: string; readonly value: unknown; readonly expected: string }
  /** No array of a change, a number and a string. */
  | ({ readonly _tag: 'InvalidUpdate'; readonly value: unknown; readonly expected: string } & InUpdate)
  /** The stamp is no finite number above 0 and below 2^53. */
  | ({ readonly _tag: 'InvalidTimestamp'; readonly timestamp: unknown } & InUpdate)
  /** The stamp is more than `maxDrift` ms ahead of our own `now`. */
  | ({
      readonly _tag: 'TooFarAhead'
      readonly timestamp: Timestamp
      readonly now: Timestamp
      readonly maxDrift: number
    } & InUpdate)
  /** The update has more than `maxBytes` bytes of JSON. */
  | ({ readonly _tag: 'TooLarge'; readonly bytes: number; readonly maxBytes: number } & InUpdate)
  /** The data type's codec refuses the change. */
  | ({ readonly _tag: 'InvalidChange'; readonly failures: ReadonlyArray<Failure> } & InUpdate)
  /** Another content under a stamp that is held: both are proof that a source lies, or that two run under one id. */
  | ({ readonly _tag: 'Equivocation'; readonly held: Update<unknown> } & InUpdate)
  /** No signature where one must be, or something after it that nobody signed. */
  | ({ readonly _tag: 'Unsigned' } & InUpdate)
  /** There is nobody to sign a local update, or its signer would not. */
  | { readonly _tag: 'Unsignable'; readonly at: string; readonly reason: string }
  /** The signature is not that of the update's source. */
  | ({ readonly _tag: 'Forged'; readonly reason: string } & InUpdate)
  /** There is no key to judge the signature by: its source is unknown, revoked, or its key is too weak. */
  | ({ readonly _tag: 'NoKey'; readonly reason: string } & InUpdate)
  /** An earlier update of its source, of stamp `after`, was refused, and would be hidden for good if this one were taken. */
  | ({ readonly _tag: 'HeldBack'; readonly after: Timestamp } & InUpdate)
  /** Its source may not do this. */
  | ({ readonly _tag: 'Unauthorized'; readonly reason: string } & InUpdate)
  /** More than `limit` of something: sources, updates of one source in a time, updates that wait for their verdict. */
  | ({ readonly _tag: 'TooMany'; readonly what: 'sources' | 'updates' | 'waiting'; readonly limit: number } & InUpdate)
  /** An update in our own name that we never made: another runs under our id, or we have lost what we had. */
  | ({ readonly _tag: 'Stranger' } & InUpdate)
  /** An update older than one of its source that came before it on the same stream: it came too late to count. */
  | ({ readonly _tag: 'OutOfOrder'; readonly after: Timestamp } & InUpdate)
  /** A checked stream brought another number of updates than were sent. None of them was applied; the next sync brings them. */
  | { readonly _tag: 'Gap'; readonly at: string; readonly sent: number; readonly received: number }
  /** What was to take the updates threw, a data type that is not total or a store: nothing more of the peer is believed. */
  | { readonly _tag: 'Failed'; readonly at: string; readonly reason: string }
  /** The clock has seen the last timestamp there is. */
  | { readonly _tag: 'TimestampsExhausted'; readonly at: string; readonly latest: Timestamp }
  /** Nothing came for `timeout` ms. */
  | { readonly _tag: 'Silent'; readonly at: string; readonly timeout: number }

interface InUpdate {
  readonly at: string
  readonly update: unknown
}

/** What a codec would not have: a value, where, and what it wanted in its place. */
export interface Failure {
  readonly at: string
  readonly value: unknown
  readonly expected: string
}

/** As many failures of one update are reported: a hostile one has more than anybody reads. */
const MAX_FAILURES = 8

/** What io-ts says of a value, as paths into what holds it under the key `within`. */
export const failuresOf = (errors: Errors, ...within: ReadonlyArray<string | number>): ReadonlyArray<Failure> =>
  errors.slice(0, MAX_FAILURES).map(({ context, value, message }) => ({
    at: path([...within, ...keysOf(context)]),
    value,
    expected: message ?? context[context.length - 1]?.type.name ?? 'another value',
  }))

/** The members that lead to a value; io-ts also counts the alternatives of unions and intersections. */
const keysOf = (context: Context): ReadonlyArray<string> =>
  context.flatMap(({ key }, i) => {
    const holder = context[i - 1]?.type as { readonly _tag?: unknown } | undefined
    return holder === undefined || holder._tag === 'UnionType' || holder._tag === 'IntersectionType' ? [] : [key]
  })

/** What {@link Unfit} says of a value, likewise. */
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
 * A rejection in a sentence.
 *
 * @example
 * show({ _tag: 'InvalidTimestamp', at: '[1]', timestamp: 0, update: [['x', 1], 0, 'a'] })
 * // => 'InvalidTimestamp at [1]: timestamp 0; in [["x",1],0,"a"]'
 */
export const show = (rejection: Rejection): string => {
  const { _tag, at, update, ...details } = { update: undefined, ...rejection }
  const parts = Object.entries(details).map(([name, value]) => `${name} ${brief(value)}`)
  const where = at === '' ? '' : ` at ${at}`
  return `${_tag}${where}: ${parts.join(', ')}${update === undefined ? '' : `; in ${brief(update)}`}`
}

/** As much of a refused value as a report quotes. */
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
    case 'string':
    case 'object':
      try {
        return JSON.stringify(value)
      } catch {
        return 'a value that is cyclic or too deep to print'
      }
    default:
      return typeof value
  }
}
