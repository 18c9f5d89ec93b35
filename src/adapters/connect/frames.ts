/**
 * The messages of one WebSocket. Each is a text: JSON, `[document, text]` with a piece of a link's
 * lines, `[document, null]` when the sender has closed that link, `[document, null, refusal]` when
 * it refuses the document, `[]` as a heartbeat.
 */
import type { either as E } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import * as Json from '../../core/Json.js'

/** What one message says. */
export type Frame =
  | { readonly _tag: 'Piece'; readonly document: string; readonly text: string }
  | { readonly _tag: 'End'; readonly document: string; readonly refusal?: Refused }
  | { readonly _tag: 'Heartbeat' }

/** Why a document is refused: plain JSON with a tag. */
export interface Refused {
  readonly _tag: string
  /** The client may try again after so many ms. */
  readonly retryAfter?: number
  readonly [member: string]: unknown
}

/** Why a message is refused. The socket is closed with `code`. */
export type FrameError =
  | { readonly _tag: 'InvalidFrame'; readonly code: typeof POLICY; readonly value: string }
  | { readonly _tag: 'FrameTooLong'; readonly code: typeof TOO_BIG; readonly bytes: number; readonly maxBytes: number }

/** The close code for a message that is none of ours. Source: RFC 6455, section 7.4.1. */
export const POLICY = 1008

/** The close code for a message that is too long. */
export const TOO_BIG = 1009

/** The most bytes of a message: two lines of 1 MiB, and what JSON adds. */
export const MAX_FRAME = (2 << 20) + 64_000

/** The most characters of the lines in one message. JSON makes at most six bytes of each. */
export const MAX_PIECE = 1 << 16

/** The most characters of a document's name. */
export const MAX_DOCUMENT = 1024

/** How many characters of a refused message its error keeps. */
const EXCERPT = 100

/** A message that says nothing else: the sender lives. */
export const HEARTBEAT = '[]'

/**
 * The text of a message. A piece has at most {@link MAX_PIECE} characters: see {@link cut}. O(n).
 *
 * @example
 * encode({ _tag: 'Piece', document: 'notes', text: '"SYNC"\n' }) // => '["notes","\\"SYNC\\"\\n"]'
 */
export const encode = (frame: Frame): string => {
  switch (frame._tag) {
    case 'Piece':
      return JSON.stringify([frame.document, frame.text])
    case 'End':
      return JSON.stringify([frame.document, null, ...(frame.refusal === undefined ? [] : [frame.refusal])])
    case 'Heartbeat':
      return HEARTBEAT
  }
}

/**
 * What a message says: its data, as the socket gives it. Errors: `InvalidFrame`, `FrameTooLong`.
 * Never throws. O(n).
 *
 * @example
 * import { either as E } from 'fp-ts'
 * decode('["notes",null]') // => E.right({ _tag: 'End', document: 'notes' })
 * const refused = decode('{"a":1}')
 * E.isLeft(refused) && refused.left.code // => 1008
 */
export const decode = (data: unknown): E.Either<FrameError, Frame> => {
  if (typeof data !== 'string') return invalid(typeof data)
  if (data === HEARTBEAT) return right({ _tag: 'Heartbeat' })
  const bytes = data.length > MAX_FRAME ? data.length : data.length * 3 > MAX_FRAME ? Json.bytes(data) : 0
  if (bytes > MAX_FRAME) return left({ _tag: 'FrameTooLong', code: TOO_BIG, bytes, maxBytes: MAX_FRAME })
  const value = parsed(data)
  if (!Array.isArray(value)) return invalid(data)
  const [document, text, refusal] = value as unknown[]
  if (value.length === 0) return right({ _tag: 'Heartbeat' })
  if (typeof document !== 'string' || document.length > MAX_DOCUMENT) return invalid(data)
  if (value.length === 2 && typeof text === 'string') return right({ _tag: 'Piece', document, text })
  if (text !== null || value.length > 3) return invalid(data)
  if (value.length === 2) return right({ _tag: 'End', document })
  return isRefused(refusal) ? right({ _tag: 'End', document, refusal }) : invalid(data)
}

const invalid = (value: string): E.Left<FrameError> =>
  left({ _tag: 'InvalidFrame', code: POLICY, value: value.slice(0, EXCERPT) })

const parsed = (data: string): unknown => {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}

/** Whether a value is a refusal that a peer may tell. */
export const isRefused = (value: unknown): value is Refused => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { _tag, retryAfter } = value as Readonly<Record<string, unknown>>
  return typeof _tag === 'string' && (retryAfter === undefined || (typeof retryAfter === 'number' && retryAfter >= 0))
}

/**
 * Lines in pieces for messages. A cut may fall within a character: the receiver joins pieces. O(n).
 */
export const cut = (text: string): ReadonlyArray<string> => {
  if (text.length <= MAX_PIECE) return [text]
  const pieces: string[] = []
  for (let from = 0; from < text.length; from += MAX_PIECE) pieces.push(text.slice(from, from + MAX_PIECE))
  return pieces
}
