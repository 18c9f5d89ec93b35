/** Why a key cannot be had or used. */
import type { either as E } from 'fp-ts'

export type KeyError =
  /** There is no cryptography here that knows it. */
  | { readonly _tag: 'Unsupported'; readonly reason: string }
  /** It is no key, or its text was damaged. */
  | { readonly _tag: 'InvalidKey'; readonly reason: string }
  /** A key, but of another kind than is wanted. */
  | { readonly _tag: 'WrongKey'; readonly expected: string; readonly found: string }
  /** A key that protects nothing. */
  | { readonly _tag: 'WeakKey'; readonly reason: string }
  /** The passphrase is missing or wrong. */
  | { readonly _tag: 'Passphrase'; readonly reason: string }
  /** Others than its owner may read the file of a private key. `mode` is that of the file, in octal. */
  | { readonly _tag: 'Exposed'; readonly path: string; readonly mode: string }
  /** The file could not be read or written. `code` as the system has it: ENOENT, EEXIST. */
  | { readonly _tag: 'KeyFile'; readonly path: string; readonly code: string; readonly reason: string }

export const wrong = (error: KeyError): E.Left<KeyError> => ({ _tag: 'Left', left: error })

export const right = <A>(value: A): E.Right<A> => ({ _tag: 'Right', right: value })

/** A key error in a sentence. */
export const show = ({ _tag, ...details }: KeyError): string => `${_tag}: ${Object.values(details).join(', ')}`
