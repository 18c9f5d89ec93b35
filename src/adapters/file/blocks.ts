/**
 * The format of a file: wire lines, and a seal after every block of them. A seal is a JSON string,
 * which every reader of wire lines ignores:
 *
 *     {"id":"ann","clock":{}}
 *     "#5b1e2d9f"
 *     [["x",1],1795418741399,"ann"]
 *     [["y",2],1795418741400,"ann"]
 *     "#c40a8f31"
 *
 * A seal is the CRC-32 of its block's lines, seeded with the CRC of the seal before. So it detects
 * a block that is damaged, missing or out of place, and locates a single wrong bit.
 *
 * The first block after each sync begins with a mark, a line with its own offset in the file:
 * all before it was on the disk. So damage before a mark is no torn write.
 *
 *     "@127"
 *
 * A file that has marks from its beginning on begins with one. Files of 0.1 have none.
 */
import { crc32 } from 'node:zlib'

/** Characters of lines after which a block is sealed. */
const BLOCK = 1 << 16

/** Bytes that are searched for a seal: no block is longer. */
export const MAX_BLOCK = 1 << 28

/** Bytes of a seal, with its line end. */
export const SEAL = 12

const NEWLINE = 0x0a

/** The line that seals a block of this CRC. */
export const sealText = (crc: number): string => `"#${crc.toString(16).padStart(8, '0')}"\n`

/** Seals lines, which include their line ends. `seed` is the CRC of the seal before. O(bytes). */
export const seal = (lines: string, seed: number): readonly [block: Buffer, seed: number] => {
  const crc = crc32(lines, seed)
  return [Buffer.from(lines + sealText(crc)), crc]
}

/** The line that says that all before it, `offset` bytes, was on the disk when it was written. */
export const markOf = (offset: number): string => `"@${String(offset)}"\n`

/** Whether a line at `offset`, without its line end, is a mark. */
export const isMark = (line: string, offset: number): boolean => line === `"@${String(offset)}"`

/** How many bytes a line says were on the disk; undefined if it is no mark. */
export const markedIn = (line: string): number | undefined => {
  const match = /^"@(\d{1,16})"$/.exec(line)
  return match === null ? undefined : Number(match[1])
}

/**
 * Items as sealed blocks that begin with `first`, lines of their own, and the CRC of the last seal.
 * O(bytes).
 */
export const blocksOf = <A>(
  items: Iterable<A>,
  line: (item: A) => string,
  seed: number,
  first = '',
): readonly [Buffer, number] => {
  const blocks: Buffer[] = []
  let lines = first
  let next = seed
  const flush = (): void => {
    const [block, after] = seal(lines, next)
    blocks.push(block)
    ;[lines, next] = ['', after]
  }
  for (const item of items) {
    lines += line(item)
    if (lines.length >= BLOCK) flush()
  }
  if (lines !== '') flush()
  return [Buffer.concat(blocks), next]
}

/** The CRC in the seal at `at`, or undefined if there is no seal. */
const sealAt = (bytes: Buffer, at: number): number | undefined => {
  const match = /^"#([0-9a-f]{8})"\n$/.exec(bytes.toString('latin1', at, at + SEAL))
  return match === null ? undefined : parseInt(match[1]!, 16)
}

const AFTER_LINE = Buffer.from('\n"#')

/** The position and CRC of the first seal whose line break is at `from` or later. */
export const findSeal = (bytes: Buffer, from: number): readonly [at: number, crc: number] | undefined => {
  for (let i = bytes.indexOf(AFTER_LINE, from); i >= 0; i = bytes.indexOf(AFTER_LINE, i + 1)) {
    const crc = sealAt(bytes, i + 1)
    if (crc !== undefined) return [i + 1, crc]
  }
  return undefined
}

/** Whether the lines match the CRC in their seal. O(bytes). */
export const isIntact = (lines: Uint8Array, seed: number, crc: number): boolean => crc32(lines, seed) === crc

/** A wrong bit. `bit` is 0 for the lowest of the byte at `offset`. */
export interface Flip {
  readonly offset: number
  readonly bit: number
}

/**
 * The single wrong bit in `stretch`, which runs from the beginning of a block to the end of a seal;
 * undefined if more is wrong. O(bytes): a CRC is linear, so a wrong bit changes it in a way that
 * depends on the bit's place alone.
 *
 * Source: Koopman and Chakravarty, "Cyclic Redundancy Code (CRC) Polynomial Selection" (DSN 2004),
 * section 2.
 */
export const findFlip = (stretch: Buffer, seed: number): Flip | undefined => {
  const at = stretch.length - SEAL
  const crc = at > 0 ? sealAt(stretch, at) : undefined
  return flipOfSeal(stretch, seed) ?? (crc === undefined ? undefined : flipWithin(stretch.subarray(0, at), seed, crc))
}

/** The wrong bit in lines, if the seal itself is right. */
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

/** The CRC-32 of each byte: the polynomial 0x04c11db7, reflected. */
const TABLE: ReadonlyArray<number> = Array.from({ length: 256 }, (_, byte) => {
  let register = byte
  for (let i = 0; i < 8; i++) register = (register >>> 1) ^ (register & 1 ? 0xedb88320 : 0)
  return register >>> 0
})

/** The wrong bit in a seal or in the line break before it. Such a seal may not look like one. */
const flipOfSeal = (stretch: Buffer, seed: number): Flip | undefined => {
  for (let at = 1; at + SEAL <= stretch.length; at++) {
    // skips what differs from `"#` by more than one bit
    const [first, second] = [bitsOff(stretch[at]!, 0x22), bitsOff(stretch[at + 1]!, 0x23)]
    if (first + second > 1) continue
    const repaired = unflip(stretch.subarray(at - 1, at + SEAL), crc32(stretch.subarray(0, at), seed))
    if (repaired !== undefined) return { offset: at - 1 + repaired.offset, bit: repaired.bit }
  }
  return undefined
}

/** The single bit in which a line break and its seal differ from those that `crc` gives. */
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

/** How many bits of two bytes differ; 2 stands for two or more. */
const bitsOff = (a: number, b: number): number => (a === b ? 0 : onlyBit(a ^ b) === undefined ? 2 : 1)
