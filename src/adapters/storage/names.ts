/** Any string as a name that every file system and database accepts. */

/**
 * The name as lower case letters, digits, `-` and `_`. Every other UTF-16 code unit becomes `_` and
 * four hex digits, so unpaired surrogates survive. Different names stay different, also where case
 * does not count. O(length).
 *
 * @example
 * encode('notes/1') // => 'notes_002f1'
 * decode('notes_002f1') // => 'notes/1'
 */
export const encode = (name: string): string =>
  name.replace(/[^a-z0-9-]/g, (char) => `_${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The inverse of {@link encode}. O(length). */
export const decode = (text: string): string =>
  text.replace(/_([0-9a-f]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
