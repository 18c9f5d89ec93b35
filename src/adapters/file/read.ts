/** A file as the blocks that are in it, however large it is. */
import { findFlip, findSeal, isIntact, MAX_BLOCK, SEAL, type Flip } from './blocks.js'
import type { Handle } from './Disk.js'

export interface Stretch {
  /** Where it begins. */
  readonly offset: number
  /** All of it: a block with its seal, or what stands after the last seal. */
  readonly bytes: Buffer
  /** How many of the bytes are lines: all, if there is no seal. */
  readonly lines: number
  /** `intact` as written; `damaged` not so; `open` without a seal. */
  readonly state: 'intact' | 'damaged' | 'open'
  /** What its seal says; the next one begins with it. */
  readonly crc: number
  /** Of one that is not intact: the only bit of the file that is wrong there, if that is so. */
  readonly flip?: Flip
}

/** Bytes that are read at once, at least. */
const CHUNK = 1 << 20

/**
 * The stretches of a file from its beginning on, in order. One with a wrong bit is followed by what it is without, and the others;
 * one that is not intact otherwise is the last. Holds one of them at a time. O(bytes).
 */
export async function* readStretches(handle: Handle): AsyncGenerator<Stretch, void> {
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
      held = turned(held, flip.offset - offset, flip.bit)
      searched = 0
      continue
    }
    if (held.length <= MAX_BLOCK) {
      searched = Math.max(0, held.length - SEAL)
      const chunk = Buffer.allocUnsafe(Math.max(CHUNK, held.length))
      const count = await handle.read(chunk, offset + held.length)
      held = Buffer.concat([held, chunk.subarray(0, count)])
      if (count > 0) continue
    }
    if (held.length === 0) return
    const flip = flipOf(held, seed, offset)
    yield { offset, bytes: held, lines: held.length, state: 'open', crc, ...(flip && { flip }) }
    if (flip === undefined) return
    held = turned(held, flip.offset - offset, flip.bit)
    searched = 0
  }
}

const flipOf = (bytes: Buffer, seed: number, offset: number): Flip | undefined => {
  // one zero may be a wrong bit, more are none
  const flip = bytes.indexOf(0) === bytes.lastIndexOf(0) ? findFlip(bytes, seed) : undefined
  return flip && { offset: offset + flip.offset, bit: flip.bit }
}

const turned = (bytes: Buffer, at: number, bit: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at]! ^= 1 << bit
  return copy
}

/** Whether bytes were never written, though the file was long enough for them: a crash leaves zeros, no line has any. */
export const isUnwritten = (bytes: Buffer): boolean => bytes.includes(0)
