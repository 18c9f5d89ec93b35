/**
 * Legacy: RSA with SHA-1, as npm `scuttlebutt/security` signs, so that originals and replicas
 * verify each other's updates. For documents that exist already; new ones use {@link ed25519}. Node
 * only.
 *
 * SHA-1 is broken. And the signed bytes name neither document nor data type, so an update of one
 * document also passes in every other that has the same ids.
 */
import type { KeyObject } from 'node:crypto'
import type { either as E, taskEither as TE } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { SourceId } from '../../core/Update.js'
import type { Answer, Disbelief, Signer, Verifier } from '../../trust/Verifier.js'
import * as Statement from '../../trust/Statement.js'
import { forged } from '../../trust/verify.js'
import type { Lookup } from './ed25519.js'
import { showKeyError, type KeyError } from './KeyError.js'
import { node } from './platform.js'

/** PEM texts: `PUBLIC KEY` or `RSA PUBLIC KEY`, and a private key of any form, unencrypted. */
export interface KeyPair {
  readonly type: 'rsa'
  readonly publicKey: string
  readonly secretKey: string
}

/** The id that the original gives a key: the SHA-1 of the exact PEM text, in base64. Node only. */
export const idOf = (publicKey: string): SourceId => needed().createHash('sha1').update(publicKey).digest('base64')

const needed = (): typeof import('node:crypto') => {
  if (node === undefined) throw new Error('RSA-SHA1 works in Node only')
  return node
}

/** The bits that a modulus must have. */
const MIN_BITS = 2048

/** A new key pair, of at least 2,048 bits (the default). Errors: `WeakKey`, `Unsupported`. */
export const generate =
  (bits = MIN_BITS): TE.TaskEither<KeyError, KeyPair> =>
  () =>
    new Promise((resolve) => {
      if (bits < MIN_BITS) {
        resolve(left(weak(bits, MIN_BITS)))
      } else if (node === undefined) {
        resolve(left({ _tag: 'Unsupported', reason: 'RSA-SHA1 works in Node only' }))
      } else {
        const publicKeyEncoding = { type: 'pkcs1', format: 'pem' } as const
        const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const
        node.generateKeyPair(
          'rsa',
          { modulusLength: bits, publicKeyEncoding, privateKeyEncoding },
          (error, open, secret) => {
            if (error === null) resolve(right({ type: 'rsa', publicKey: open, secretKey: secret }))
            else resolve(left({ _tag: 'Unsupported', reason: String(error) }))
          },
        )
      }
    })

const weak = (bits: number, least: number): KeyError => ({
  _tag: 'WeakKey',
  reason: `the modulus has ${String(bits)} bits, fewer than ${String(least)}`,
})

export interface Options {
  /** The bits that a modulus must have. Default 2048; the original's `keygen` makes 768. */
  readonly minBits?: number
}

/** The key in a PEM text. Errors: `InvalidKey`, `WrongKey`, `WeakKey`. */
export const parse =
  ({ minBits = MIN_BITS }: Options = {}) =>
  (pem: string, kind: 'public' | 'private'): E.Either<KeyError, KeyObject> => {
    try {
      const key = kind === 'public' ? needed().createPublicKey(pem) : needed().createPrivateKey(pem)
      if (key.asymmetricKeyType !== 'rsa') {
        return left({ _tag: 'WrongKey', expected: 'rsa', found: String(key.asymmetricKeyType) })
      }
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
      return bits < minBits ? left(weak(bits, minBits)) : right(key)
    } catch (error) {
      return left({ _tag: 'InvalidKey', reason: String(error) })
    }
  }

/**
 * Signs as the original does. `id` defaults to the one that the original gives the key. If the key
 * is invalid, every signature is a `Left`.
 */
export const signer = (
  keys: KeyPair,
  { id = idOf(keys.publicKey), ...options }: Options & { readonly id?: SourceId } = {},
): Signer => {
  const key = parse(options)(keys.secretKey, 'private')
  return {
    id,
    sign: (statement) => {
      if (key._tag === 'Left') return left(showKeyError(key.left))
      return right(needed().sign('RSA-SHA1', Statement.legacyBytes(statement), key.right).toString('base64'))
    },
  }
}

export interface VerifierOptions extends Options {
  /** The public key of a source, as PEM. */
  readonly keys: (source: SourceId) => Answer<Lookup, string>
}

/** Base64 whose spare bits are zero, so that a signature has one text. */
const CANONICAL = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/

/** Believes what the original's `verify` does, if the key that `keys` gives is strong enough. */
export const verifier = ({ keys, ...options }: VerifierOptions): Verifier => ({
  verify: (statement, signature) => {
    if (!CANONICAL.test(signature)) return forged('not base64')
    const withKey = (pem: E.Either<Lookup, string>): E.Either<Disbelief, unknown> => {
      if (pem._tag === 'Left') return pem
      const key = parse(options)(pem.right, 'public')
      if (key._tag === 'Left') return left({ _tag: 'NoKey', reason: showKeyError(key.left) })
      const bytes = Statement.legacyBytes(statement)
      return needed().verify('RSA-SHA1', bytes, key.right, Buffer.from(signature, 'base64'))
        ? right(undefined)
        : forged('the key did not make this signature')
    }
    const found = keys(statement.source)
    return typeof found === 'function' ? () => found().then(withKey) : withKey(found)
  },
})
