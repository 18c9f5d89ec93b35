/**
 * What stands in a file: wire lines, and after every few of them a seal, a JSON string that every reader of wire lines ignores:
 *
 *     {"id":"ann","clock":{}}
 *     "#5b1e2d9f"
 *     [["x",1],1795418741399,"ann"]
 *     [["y",2],1795418741400,"ann"]
 *     "#c40a8f31"
 *
 * A seal is the CRC-32 of the lines since the one before, begun with the value of that one: so a block that is damaged, missing,
 * or not in its place is found out, and of a block in which one bit is wrong, which bit.
 */
import { crc32 } from 'node:zlib'

/** Bytes of lines after which a seal is set. */
export const BLOCK = 1 << 16

/** Bytes without a seal that are taken for one block: more were never written. */
export const MAX_BLOCK = 1 << 28

/** Bytes of a seal with its line end. */
export const SEAL = 12

const NEWLINE = 0x0a

const sealText = (crc: number): string => `"#${crc.toString(16).padStart(8, '0')}"\n`

/** Lines, their ends included, as a block; and the seed of the next. O(bytes). */
export const seal = (lines: string, seed: number): readonly [block: Buffer, seed: number] => {
  const crc = crc32(lines, seed)
  return [Buffer.from(lines + sealText(crc)), crc]
}

/** The value of a seal at a position, or undefined if there is none. */
const sealAt = (bytes: Buffer, at: number): number | undefined => {
  const match = /^"#([0-9a-f]{8})"\n$/.exec(bytes.toString('latin1', at, at + SEAL))
  return match === null ? undefined : parseInt(match[1]!, 16)
}

const AFTER_LINE = Buffer.from('\n"#')

/** Where the first seal is that begins a line, at `from` or later, and its value. */
export const findSeal = (bytes: Buffer, from: number): readonly [at: number, crc: number] | undefined => {
  for (let i = bytes.indexOf(AFTER_LINE, from); i >= 0; i = bytes.indexOf(AFTER_LINE, i + 1)) {
    const crc = sealAt(bytes, i + 1)
    if (crc !== undefined) return [i + 1, crc]
  }
  return undefined
}

/** Whether lines are those that a seal was set on. O(bytes). */
export const isIntact = (lines: Uint8Array, seed: number, crc: number): boolean => crc32(lines, seed) === crc

/** A bit of a stretch that is not as it was written. */
export interface Flip {
  readonly offset: number
  readonly bit: number
}

/**
 * The one bit to turn so that a stretch, from a block's beginning to the end of a seal, is whole blocks again; nothing if there
 * is none. O(bytes). A CRC is linear: what one wrong bit does to it depends on the bit alone.
 * Source: Koopman and Chakravarty, "Cyclic Redundancy Code (CRC) Polynomial Selection" (DSN 2004), section 2.
 */
export const findFlip = (stretch: Buffer, seed: number): Flip | undefined => {
  const at = stretch.length - SEAL
  const crc = at > 0 ? sealAt(stretch, at) : undefined
  return flipOfSeal(stretch, seed) ?? (crc === undefined ? undefined : flipWithin(stretch.subarray(0, at), seed, crc))
}

/** In lines whose seal is right. */
const flipWithin = (lines: Buffer, seed: number, crc: number): Flip | undefined => {
  const syndrome = (crc32(lines, seed) ^ crc) >>> 0
  const effects = [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => TABLE[1 << bit]!)
  for (let offset = lines.length - 1; offset >= 0; offset--) {
    for (let bit = 0; bit < 8; bit++) {
      const effect = effects[bit]!
      if (effect === syndrome) return { offset, bit }
      effects[bit] = (TABLE[effect & 0xff]! ^ (effect >>> 8)) >>> 0
    }
  }
  return undefined
}

/** What a byte does to the register: reflected, of the polynomial 0x04c11db7. */
const TABLE: ReadonlyArray<number> = Array.from({ length: 256 }, (_, byte) => {
  let register = byte
  for (let i = 0; i < 8; i++) register = (register >>> 1) ^ (register & 1 ? 0xedb88320 : 0)
  return register >>> 0
})

/** In a seal, or in the line end before it, so that it was not seen for one. Or its value is another than that of its lines. */
const flipOfSeal = (stretch: Buffer, seed: number): Flip | undefined => {
  for (let at = 1; at + SEAL <= stretch.length; at++) {
    // a bit off at most, in all of `\n"#` and what follows
    const [first, second] = [bitsOff(stretch[at]!, 0x22), bitsOff(stretch[at + 1]!, 0x23)]
    if (first + second > 1) continue
    const repaired = unflip(stretch.subarray(at - 1, at + SEAL), crc32(stretch.subarray(0, at), seed))
    if (repaired !== undefined) return { offset: at - 1 + repaired.offset, bit: repaired.bit }
  }
  return undefined
}

/** The bit in which a line end and a seal differ from what they should be: of the lines before, the line end apart if that is it. */
const unflip = (bytes: Buffer, crc: number): Flip | undefined => {
  if (bytes[0] !== NEWLINE) {
    const bit = onlyBit(bytes[0]! ^ NEWLINE)
    const value = sealAt(bytes, 1)
    if (bit === undefined || value === undefined) return undefined
    return (crc ^ value) >>> 0 === TABLE[1 << bit] ? { offset: 0, bit } : undefined
  }
  const expected = Buffer.from(sealText(crc))
  let flip: Flip | undefined
  for (let i = 0; i < SEAL; i++) {
    const difference = bytes[i + 1]! ^ expected[i]!
    if (difference === 0) continue
    const bit = onlyBit(difference)
    if (bit === undefined || flip !== undefined) return undefined
    flip = { offset: i + 1, bit }
  }
  return flip
}

const onlyBit = (difference: number): number | undefined => {
  const bit = Math.log2(difference)
  return Number.isInteger(bit) ? bit : undefined
}

/** How many bits of a byte differ from another, counted up to two. */
const bitsOff = (a: number, b: number): number => (a === b ? 0 : onlyBit(a ^ b) === undefined ? 2 : 1)
