/**
 * Legacy: RSA with SHA-1, as npm `scuttlebutt/security` signs, so that signed originals and signed replicas here believe each
 * other. SHA-1 is broken, and what is signed names neither document nor data type: an update of one counts in every
 * other of the same ids. For what is there already; for anything new there is {@link ed25519}. In Node alone.
 */
import type { KeyObject } from 'node:crypto'
import type { either as E, taskEither as TE } from 'fp-ts'
import type { SourceId } from '../../core/Update.js'
import type { Answer, Disbelief, Signer, Verifier } from '../../trust/Security.js'
import * as Statement from '../../trust/Statement.js'
import { forged } from '../../trust/verify.js'
import type { Lookup } from './ed25519.js'
import { right, show, wrong, type KeyError } from './KeyError.js'
import { node } from './platform.js'

/** PEM texts: `PUBLIC KEY` or `RSA PUBLIC KEY`, and any form of private key without a passphrase. */
export interface KeyPair {
  readonly type: 'rsa'
  readonly publicKey: string
  readonly secretKey: string
}

/** The id of a public key, as the original makes it: base64 of SHA-1 of its PEM text, to the letter. In Node alone. */
export const idOf = (publicKey: string): SourceId => needed().createHash('sha1').update(publicKey).digest('base64')

const needed = (): typeof import('node:crypto') => {
  if (node === undefined) throw new Error('RSA-SHA1 is there in Node alone')
  return node
}

/** The least bits of a modulus. */
const MIN_BITS = 2048

/** A new key pair. `bits` default to 2,048, the least. Errors: `WeakKey`, `Unsupported`. */
export const generate =
  (bits = MIN_BITS): TE.TaskEither<KeyError, KeyPair> =>
  () =>
    new Promise((resolve) => {
      if (bits < MIN_BITS) {
        resolve(wrong(weak(bits, MIN_BITS)))
      } else if (node === undefined) {
        resolve(wrong({ _tag: 'Unsupported', reason: 'RSA-SHA1 is there in Node alone' }))
      } else {
        const publicKeyEncoding = { type: 'pkcs1', format: 'pem' } as const
        const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const
        node.generateKeyPair(
          'rsa',
          { modulusLength: bits, publicKeyEncoding, privateKeyEncoding },
          (error, open, secret) => {
            if (error === null) resolve(right({ type: 'rsa', publicKey: open, secretKey: secret }))
            else resolve(wrong({ _tag: 'Unsupported', reason: String(error) }))
          },
        )
      }
    })

const weak = (bits: number, least: number): KeyError => ({
  _tag: 'WeakKey',
  reason: `a modulus of ${String(bits)} bits, less than ${String(least)}`,
})

export interface Options {
  /** The least bits that a key's modulus must have. Default 2048; the original's own `keygen` made 768. */
  readonly minBits?: number
}

/** The key of a PEM text. Errors: `InvalidKey`, `WrongKey`, `WeakKey`. */
export const parse =
  ({ minBits = MIN_BITS }: Options = {}) =>
  (pem: string, kind: 'public' | 'private'): E.Either<KeyError, KeyObject> => {
    try {
      const key = kind === 'public' ? needed().createPublicKey(pem) : needed().createPrivateKey(pem)
      if (key.asymmetricKeyType !== 'rsa') {
        return wrong({ _tag: 'WrongKey', expected: 'rsa', found: String(key.asymmetricKeyType) })
      }
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
      return bits < minBits ? wrong(weak(bits, minBits)) : right(key)
    } catch (error) {
      return wrong({ _tag: 'InvalidKey', reason: String(error) })
    }
  }

/** Signs as the original does, under the id that it makes of the key, or another. Errors, of its signing: the key's. */
export const signer = (
  keys: KeyPair,
  { id = idOf(keys.publicKey), ...options }: Options & { readonly id?: SourceId } = {},
): Signer => {
  const key = parse(options)(keys.secretKey, 'private')
  return {
    id,
    sign: (statement) => {
      if (key._tag === 'Left') return { _tag: 'Left', left: show(key.left) }
      return right(needed().sign('RSA-SHA1', Statement.legacyBytes(statement), key.right).toString('base64'))
    },
  }
}

export interface VerifierOptions extends Options {
  /** The public key, as PEM, of a source. */
  readonly keys: (source: SourceId) => Answer<Lookup, string>
}

/** Any base64, of the length that it has for no bytes but these. */
const CANONICAL = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/

/** Believes what the original's `verify` does, if the key that `keys` gives is strong enough. Some 30 µs. */
export const verifier = ({ keys, ...options }: VerifierOptions): Verifier => ({
  verify: (statement, signature) => {
    if (!CANONICAL.test(signature)) return forged('no base64')
    const withKey = (pem: E.Either<Lookup, string>): E.Either<Disbelief, unknown> => {
      if (pem._tag === 'Left') return pem
      const key = parse(options)(pem.right, 'public')
      if (key._tag === 'Left') return { _tag: 'Left', left: { _tag: 'NoKey', reason: show(key.left) } }
      const bytes = Statement.legacyBytes(statement)
      return needed().verify('RSA-SHA1', bytes, key.right, Buffer.from(signature, 'base64'))
        ? right(undefined)
        : forged('the signature is not that of the key')
    }
    const found = keys(statement.source)
    return typeof found === 'function' ? () => found().then(withKey) : withKey(found)
  },
})
