/** Reads a file block by block, so that its size does not matter. */
import { findFlip, findSeal, isIntact, markedIn, markOf, MAX_BLOCK, SEAL, type Flip } from './blocks.js'
import type { Handle } from './Disk.js'

export interface Stretch {
  /** Where in the file it begins. */
  readonly offset: number
  /** A block with its seal, or all bytes after the last seal. */
  readonly bytes: Buffer
  /** How many of the bytes are lines: all but the seal. */
  readonly lines: number
  /** `intact`: matches its seal; `damaged`: does not; `open`: has no seal. */
  readonly state: 'intact' | 'damaged' | 'open'
  /** The CRC in its seal, which seeds the next one. */
  readonly crc: number
  /** Its wrong bit, if it is not intact and a single bit is wrong. */
  readonly flip?: Flip
}

const BYTES_A_READ = 1 << 20

/**
 * The stretches of a file, in order. A block with one wrong bit is yielded as read (`flip` set) and
 * then repaired, and reading goes on. Any other damage is yielded last. Holds one stretch and at
 * most one read more in memory. O(bytes).
 */
export async function* readStretches(handle: Handle): AsyncGenerator<Stretch, void> {
  const { size } = await handle.status()
  let held: Buffer = Buffer.alloc(0)
  let [offset, seed, searched] = [0, 0, 0]
  for (;;) {
    const [at, crc] = findSeal(held, searched) ?? [-1, seed]
    if (at >= 0) {
      const bytes = held.subarray(0, at + SEAL)
      const stretch = { offset, bytes, lines: at, crc }
      if (isIntact(held.subarray(0, at), seed, crc)) {
        yield { ...stretch, state: 'intact' }
        held = held.subarray(bytes.length)
        ;[offset, seed, searched] = [offset + bytes.length, crc, 0]
        continue
      }
      const flip = flipOf(bytes, seed, offset)
      yield { ...stretch, state: 'damaged', ...(flip && { flip }) }
      if (flip === undefined) return
      held = flipped(held, flip.offset - offset, flip.bit)
      searched = 0
      continue
    }
    if (held.length <= MAX_BLOCK) {
      searched = Math.max(0, held.length - SEAL)
      const position = offset + held.length
      const most = Math.max(BYTES_A_READ, held.length)
      // small files need small buffers; a byte more finds the end
      const chunk = Buffer.allocUnsafe(Math.min(most, Math.max(0, size - position) + 1))
      const count = await handle.read(chunk, position)
      held = Buffer.concat([held, chunk.subarray(0, count)])
      if (count > 0) continue
    }
    if (held.length === 0) return
    const flip = flipOf(held, seed, offset)
    yield { offset, bytes: held, lines: held.length, state: 'open', crc, ...(flip && { flip }) }
    if (flip === undefined) return
    held = flipped(held, flip.offset - offset, flip.bit)
    searched = 0
  }
}

const flipOf = (bytes: Buffer, seed: number, offset: number): Flip | undefined => {
  // a wrong bit makes one zero at most; more were left by a crash
  const flip = bytes.indexOf(0) === bytes.lastIndexOf(0) ? findFlip(bytes, seed) : undefined
  return flip && { offset: offset + flip.offset, bit: flip.bit }
}

const flipped = (bytes: Buffer, at: number, bit: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at]! ^= 1 << bit
  return copy
}

/** Whether some of the bytes were never written: a crash leaves zeros, and no line contains any. */
export const isUnwritten = (bytes: Buffer): boolean => bytes.includes(0)

const LINE_BREAK = 0x0a

/** Bytes that a mark has at most, with the line breaks around it. */
const MAX_MARK = 24

/**
 * Whether the file says, behind `offset`, that all before some later place was on the disk. Then no
 * crash explains damage at `offset`. A mark says so wherever it stands: bytes before it may be
 * missing, or too many. O(bytes from there on).
 */
export const isMarkedAfter = async (handle: Handle, offset: number): Promise<boolean> => {
  const piece = Buffer.alloc(BYTES_A_READ)
  for (let position = offset; ; position += piece.length - MAX_MARK) {
    const count = await fill(handle, piece, position)
    const bytes = piece.subarray(0, count)
    for (let at = bytes.indexOf('"@'); at >= 0; at = bytes.indexOf('"@', at + 1)) {
      const end = bytes.indexOf('"', at + 1) + 1
      // one of its line breaks may be damaged: no other line begins or ends as a mark does
      const isLine = end > 0 && (bytes[at - 1] === LINE_BREAK || bytes[end] === LINE_BREAK)
      if (isLine && (markedIn(bytes.toString('latin1', at, end)) ?? 0) > offset) return true
    }
    if (count < piece.length) return false
  }
}

/** Reads until the buffer is full, or the file ends; returns the number of bytes. */
const fill = async (handle: Handle, into: Buffer, position: number): Promise<number> => {
  for (let done = 0; ;) {
    const count = done < into.length ? await handle.read(into.subarray(done), position + done) : 0
    if (count === 0) return done
    done += count
  }
}

/** The bytes before `length`, as many as a seal has. Zeros stand for those that are missing. */
export const endAt = async (handle: Handle, length: number): Promise<string> => {
  const end = Buffer.alloc(SEAL)
  await handle.read(end, length - SEAL)
  return end.toString('latin1')
}

const AFTER_FIRST_LINES = Buffer.from('\n[')

/** How a file of ours begins, whatever else of it is damaged. */
const BEGINNING = Buffer.from(markOf(0).trimEnd())

/**
 * Whether a file holds a replica: it begins with a mark, or its first lines, which are no updates,
 * are sealed. Lines that were exported have neither. Reads as little as it can.
 */
export const isReplica = async (handle: Handle): Promise<boolean> => {
  const { size } = await handle.status()
  for (let length = 1 << 16; ; length *= 2) {
    const bytes = Buffer.alloc(Math.min(length, size, MAX_BLOCK))
    const read = bytes.subarray(0, await fill(handle, bytes, 0))
    if (findSeal(read, 0) !== undefined || read.subarray(0, BEGINNING.length).equals(BEGINNING)) return true
    if (read.includes(AFTER_FIRST_LINES) || read.length < length) return false
  }
}
