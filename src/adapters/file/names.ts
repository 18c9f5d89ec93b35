/** Names of replicas as names of files, which usual file systems take. */
import { createHash } from 'node:crypto'
import * as names from '../storage/names.js'

/** Characters of an encoded name. A longer one is cut, and told apart by a hash. */
const MAX_NAME = 200
const KEPT = 100

/** Names that Windows gives to devices, with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|(?:com|lpt)[0-9])$/

/**
 * The name as lower case letters, digits, `-`, `_` and `~`, at most 200 of them: see
 * `storage/names`. Different names stay different, also where case does not count. O(length).
 */
export const encode = (name: string): string => {
  const encoded = names.encode(name)
  if (DEVICE.test(encoded)) return `${escaped(encoded[0]!)}${encoded.slice(1)}`
  if (encoded.length <= MAX_NAME) return encoded
  const hash = createHash('sha256').update(Buffer.from(name, 'utf16le')).digest('hex')
  return `${encoded.slice(0, KEPT)}~${hash}`
}

const escaped = (char: string): string => `_${char.charCodeAt(0).toString(16).padStart(4, '0')}`

/** The name that 0.1 gave, if it is another one: of a device. */
export const formerly = (name: string): string | undefined => (DEVICE.test(name) ? name : undefined)

/** Whether an encoded name was cut. */
export const isCut = (text: string): boolean => text.includes('~')

/** The inverse of {@link encode}; undefined for a name that was cut. O(length). */
export const decode = (text: string): string | undefined => (isCut(text) ? undefined : names.decode(text))
