/** What a line says of who is here. */
import * as Json from '../../core/Json.js'
import { MAX_DRIFT } from '../../wire/Policy.js'

/** What is said of a peer: null if it has left. `age`: so many ms ago. */
export type Said = readonly [id: string, count: number, value: unknown, age: number]

export interface Limits {
  /** An entry lapses so many ms after its peer spoke. */
  readonly timeout: number
  /** The most entries; more are refused. */
  readonly maxPeers: number
  /** The most bytes of JSON that an id and its value may take. */
  readonly maxBytes: number
}

/** No value is nested deeper. */
export const MAX_DEPTH = 32

/** What is said as a line, without a line end. */
export const encode = ([id, count, value, age]: Said): string =>
  JSON.stringify(age === 0 ? [id, count, value] : [id, count, value, age])

/** The beginning of the string that carries a line on a link. */
export const PREFIX = 'PRESENCE '

/** What a line says, with or without {@link PREFIX}; undefined if it is none, or too long. */
export const decode = (line: string, now: number, { maxBytes, timeout }: Limits): Said | undefined => {
  if (line.length > maxBytes + SLACK) return undefined
  let json: unknown
  try {
    json = Json.freeze(JSON.parse(line.startsWith(PREFIX) ? line.slice(PREFIX.length) : line), MAX_DEPTH + 1)
  } catch {
    return undefined
  }
  if (!Array.isArray(json)) return undefined
  const [id, count, value, age = 0] = json as ReadonlyArray<unknown>
  const isSaid =
    typeof id === 'string' &&
    value !== undefined &&
    isCount(count, now) &&
    isAge(age, timeout) &&
    bytes(id, value) <= maxBytes
  return isSaid ? [id, count, value, age] : undefined
}

/** The prefix, digits and commas of a line. */
const SLACK = 80

/**
 * A count goes on from the wall clock. One far ahead of it would keep its peer from ever being
 * heard again, as a peer answers with a greater one.
 */
const isCount = (count: unknown, now: number): count is number =>
  Number.isSafeInteger(count) && (count as number) >= 0 && (count as number) <= now + MAX_DRIFT

const isAge = (age: unknown, timeout: number): age is number => typeof age === 'number' && age >= 0 && age < timeout

/** The bytes that count: of an id and its value as JSON. */
export const bytes = (id: string, value: unknown): number => Json.bytes(JSON.stringify([id, value]))
