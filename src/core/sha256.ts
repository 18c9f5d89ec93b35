/**
 * SHA-256, for prints of what a replica holds. Synchronous, and for browsers too, where the
 * platform's own takes a promise.
 *
 * Source: FIPS 180-4, sections 5.1.1, 5.3.3 and 6.2.
 */

/** The first 32 bits of the fractional part of a root of each of the first primes. */
const fractions = (count: number, root: number): Int32Array => {
  const parts = new Int32Array(count)
  for (let found = 0, n = 2; found < count; n++) {
    let isPrime = true
    for (let d = 2; d * d <= n; d++) if (n % d === 0) isPrime = false
    if (isPrime) parts[found++] = ((n ** root % 1) * 2 ** 32) | 0
  }
  return parts
}

const ROUNDS = fractions(64, 1 / 3)
const START = fractions(8, 1 / 2)

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

/** The message with its end mark and its length in bits, in whole blocks of 64 bytes. */
const padded = (bytes: Uint8Array): DataView => {
  const view = new DataView(new ArrayBuffer((((bytes.length + 8) >> 6) + 1) << 6))
  new Uint8Array(view.buffer).set(bytes)
  view.setUint8(bytes.length, 0x80)
  view.setUint32(view.byteLength - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(view.byteLength - 4, bytes.length << 3)
  return view
}

/** The 32 bytes of the digest. O(n) for n bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => {
  const message = padded(bytes)
  const hash = START.slice()
  const words = new Int32Array(64)
  for (let block = 0; block < message.byteLength; block += 64) {
    for (let i = 0; i < 16; i++) words[i] = message.getInt32(block + 4 * i)
    for (let i = 16; i < 64; i++) {
      const [near, far] = [words[i - 2]!, words[i - 15]!]
      const small0 = rotate(far, 7) ^ rotate(far, 18) ^ (far >>> 3)
      const small1 = rotate(near, 17) ^ rotate(near, 19) ^ (near >>> 10)
      words[i] = words[i - 16]! + small0 + words[i - 7]! + small1
    }
    mix(words, hash)
  }
  const digest = new DataView(new ArrayBuffer(32))
  hash.forEach((word, i) => {
    digest.setInt32(4 * i, word)
  })
  return new Uint8Array(digest.buffer)
}

/** The 64 rounds of one block. */
const mix = (words: Int32Array, hash: Int32Array): void => {
  let [a, b, c, d, e, f, g, h] = hash as unknown as readonly number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  for (let i = 0; i < 64; i++) {
    const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const first = (h + big1 + ((e & f) ^ (~e & g)) + ROUNDS[i]! + words[i]!) | 0
    const big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0]
  }
  ;[a, b, c, d, e, f, g, h].forEach((word, i) => {
    hash[i] = (hash[i]! + word) | 0
  })
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 without padding. Node's Buffer and a browser's `btoa` have no form in common. */
export const base64 = (bytes: Uint8Array): string => {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const three = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const count = Math.min(4, bytes.length - i + 1)
    for (let j = 0; j < count; j++) text += ALPHABET[(three >> (18 - 6 * j)) & 63]!
  }
  return text
}
