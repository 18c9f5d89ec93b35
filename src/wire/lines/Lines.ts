/**
 * Bytes in, lines out. A chunk may end anywhere, within a character too. O(n log c) for n bytes in
 * lines of c chunks, with memory for one line.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import * as Json from '../../core/Json.js'
import { EXCERPT } from '../../core/Rejection.js'
import { stampOf, type Stamp } from '../../core/Update.js'

/** A line has more than `limit` bytes. `line` is its beginning, `tail` its end. */
export interface LineTooLong {
  readonly _tag: 'LineTooLong'
  readonly at: string
  readonly line: string
  readonly tail: string
  readonly limit: number
}

/** The bytes after the last line end. */
export interface Lines {
  readonly rest: Chunks | undefined
  /** The line is over the limit: of the rest only the last bytes are kept. */
  readonly skipping: Skipping | undefined
  /** The first half of a surrogate pair; the next string may bring the second. */
  readonly surrogate: string
}

interface Skipping {
  readonly line: string
  readonly tail: Uint8Array
}

/** Newest first. Each is shorter than the next older one, so there are few. */
interface Chunks {
  readonly bytes: Uint8Array
  readonly before: Chunks | undefined
  readonly length: number
}

export type Line = E.Either<LineTooLong, string>

export const empty: Lines = { rest: undefined, skipping: undefined, surrogate: '' }

const NEWLINE = 0x0a

/** The bytes that are kept of the end of a line that is too long: they hold an update's stamp. */
const TAIL = 4096

/**
 * The lines that a chunk completes, without their ends (LF or CRLF), and the rest. Errors: a line
 * of more than `limit` bytes is a `LineTooLong`; the lines after it come through.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * const [lines, rest] = push('"SYNC"\n[["x",', 1000)(empty)
 * lines // => [E.right('"SYNC"')]
 * push('1],1000,"ann"]\r\n', 1000)(rest)[0] // => [E.right('[["x",1],1000,"ann"]')]
 */
export const push =
  (chunk: Uint8Array | string, limit: number) =>
  (lines: Lines): readonly [ReadonlyArray<Line>, Lines] => {
    if (typeof chunk === 'string') return pushText(lines.surrogate + chunk, limit, lines)
    const end = chunk.lastIndexOf(NEWLINE)
    if (end < 0) return [[], keep(chunk, limit, lines)]
    const first = lines.skipping === undefined ? -1 : chunk.indexOf(NEWLINE)
    const skipped =
      lines.skipping === undefined ? [] : [skippedLine(skip(chunk.subarray(0, first), lines.skipping), limit)]
    const whole = join(lines.rest, chunk.subarray(first + 1, Math.max(end, first + 1)))
    const complete = first === end ? [] : decodeUtf8(whole).split('\n').map(lineOf(limit))
    const next = keep(chunk.subarray(end + 1), limit, empty)
    return [skipped.length === 0 ? complete : [...skipped, ...complete], next]
  }

/** A string may end within a surrogate pair. The first half has no UTF-8, so it waits. */
const pushText = (text: string, limit: number, lines: Lines): readonly [ReadonlyArray<Line>, Lines] => {
  const last = text.charCodeAt(text.length - 1)
  const cut = last >= 0xd800 && last <= 0xdbff ? text.length - 1 : text.length
  const [complete, next] = push(new TextEncoder().encode(text.slice(0, cut)), limit)({ ...lines, surrogate: '' })
  return [complete, { ...next, surrogate: text.slice(cut) }]
}

/** Keeps the beginning of a line until it is over the limit. */
const keep = (bytes: Uint8Array, limit: number, lines: Lines): Lines => {
  if (lines.skipping !== undefined) return { ...lines, skipping: skip(bytes, lines.skipping) }
  if (bytes.length === 0) return lines
  const rest = prepend(bytes, lines.rest)
  if (rest.length <= limit) return { ...lines, rest }
  const whole = join(rest, new Uint8Array(0))
  return { ...empty, skipping: { line: decodeUtf8(whole.subarray(0, EXCERPT)), tail: whole.slice(-TAIL) } }
}

const skip = (bytes: Uint8Array, { line, tail }: Skipping): Skipping => ({
  line,
  tail: concat([tail, bytes.subarray(-TAIL)]).slice(-TAIL),
})

const skippedLine = ({ line, tail }: Skipping, limit: number): Line => tooLong(line, decodeUtf8(tail), limit)

/** Joins chunks as a binary counter carries: n single bytes cost O(n log n) copies in all. */
const prepend = (bytes: Uint8Array, before: Chunks | undefined): Chunks =>
  before !== undefined && before.bytes.length <= bytes.length
    ? prepend(concat([before.bytes, bytes]), before.before)
    : { bytes, before, length: bytes.length + (before?.length ?? 0) }

const join = (chunks: Chunks | undefined, last: Uint8Array): Uint8Array => {
  if (chunks === undefined) return last
  const parts = [last]
  for (let at: Chunks | undefined = chunks; at !== undefined; at = at.before) parts.push(at.bytes)
  return concat(parts.reverse())
}

const concat = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Keeps a byte order mark, so that the JSON parser refuses it. */
const decodeUtf8 = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)

const lineOf =
  (limit: number) =>
  (line: string): Line => {
    // a UTF-16 code unit takes three bytes at most
    if (line.length > limit || (line.length * 3 > limit && Json.bytes(line) > limit))
      return tooLong(line, line.slice(-TAIL), limit)
    return right(line.endsWith('\r') ? line.slice(0, -1) : line)
  }

const tooLong = (line: string, tail: string, limit: number): Line =>
  left({ _tag: 'LineTooLong', at: '', line: line.slice(0, EXCERPT), tail, limit })

/** So many places are tried for a stamp: behind it are two members at most. */
const MAX_COMMAS = 16

/**
 * The stamp of an update of which only the end of the line is known, or undefined. O(t) for a tail
 * of t characters.
 */
export const stampIn = (tail: string): Stamp | undefined => {
  const commas = [...tail.matchAll(/,(?=\s*\d)/g)].slice(-MAX_COMMAS).reverse()
  for (const { index } of commas) {
    try {
      const stamp = stampOf([null, ...(JSON.parse(`[${tail.slice(index + 1)}`) as readonly unknown[])])
      if (stamp !== undefined) return stamp
    } catch {
      // the comma was within the change
    }
  }
  return undefined
}

/** The last line, if the input ended without a line end. Errors as {@link push}. O(its length). */
export const end = (lines: Lines, limit: number): ReadonlyArray<Line> => {
  const [last] = push('\n', limit)(lines)
  const isEmpty = lines.skipping === undefined && lines.rest === undefined && lines.surrogate === ''
  return isEmpty ? [] : last
}
