/** Why a key cannot be read, written or used. */

export type KeyError =
  /** The cryptography here does not support it. */
  | { readonly _tag: 'Unsupported'; readonly reason: string }
  /** The text is not a key, or is damaged. */
  | { readonly _tag: 'InvalidKey'; readonly reason: string }
  /** A key of another kind. */
  | { readonly _tag: 'WrongKey'; readonly expected: string; readonly found: string }
  /** A key that protects nothing. */
  | { readonly _tag: 'WeakKey'; readonly reason: string }
  /** The passphrase is missing or wrong. */
  | { readonly _tag: 'Passphrase'; readonly reason: string }
  /** Other users may read the file of a private key. `mode` is the file's, in octal. */
  | { readonly _tag: 'Exposed'; readonly path: string; readonly mode: string }
  /** The system refused to read or write the file. `code` is the system's: ENOENT, EEXIST. */
  | { readonly _tag: 'KeyFile'; readonly path: string; readonly code: string; readonly reason: string }

/**
 * A key error in one line.
 *
 * @example
 * showKeyError({ _tag: 'Passphrase', reason: 'missing' }) // => 'Passphrase: missing'
 */
export const showKeyError = ({ _tag, ...details }: KeyError): string => `${_tag}: ${Object.values(details).join(', ')}`
