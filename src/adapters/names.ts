/** Any string as a name that files, databases and keys can have. */

/**
 * Lower case letters, digits and `-` as they are, all else by UTF-16 code unit in hex: no two names are one, on any system, and
 * halves of characters are kept. O(length).
 *
 * @example
 * encode('notes/1') // => 'notes_002f1'
 * decode('notes_002f1') // => 'notes/1'
 */
export const encode = (name: string): string =>
  name.replace(/[^a-z0-9-]/g, (char) => `_${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The name that was encoded so. */
export const decode = (text: string): string =>
  text.replace(/_([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
