/** Edits of strings, and surrogate pairs. */

/** Replaces the text from one offset up to another, in UTF-16 code units. */
export interface Edit {
  readonly from: number
  readonly to: number
  readonly insert: string
}

export const isHigh = (code: number): boolean => (code & 0xfc00) === 0xd800
export const isSurrogate = (code: number): boolean => (code & 0xf800) === 0xd800
export const isLow = (code: number): boolean => (code & 0xfc00) === 0xdc00

/** The one edit between two texts, from their first difference to their last. */
export const replacement = (before: string, after: string): Edit => {
  const least = Math.min(before.length, after.length)
  let head = 0
  while (head < least && before.charCodeAt(head) === after.charCodeAt(head)) head++
  let tail = 0
  while (tail < least - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  if (isHigh(before.charCodeAt(head - 1))) head--
  if (isLow(before.charCodeAt(before.length - tail))) tail--
  return { from: head, to: before.length - tail, insert: after.slice(head, after.length - tail) }
}
