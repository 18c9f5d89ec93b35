/**
 * Ed25519 signatures. An id names its own key, so no key lookup is needed. The signed bytes are
 * those of `Statement`. Source: RFC 8032.
 */
import type { KeyObject } from 'node:crypto'
import type { either as E, taskEither as TE } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type { Timestamp } from '../../core/Timestamp.js'
import type { SourceId } from '../../core/Update.js'
import type { Answer, Disbelief, Signer, Verifier } from '../../trust/Verifier.js'
import * as Statement from '../../trust/Statement.js'
import { forged } from '../../trust/verify.js'
import { showKeyError, type KeyError } from './KeyError.js'
import { node, web } from './platform.js'

/** 32 bytes as base64url without padding, as in a JWK. */
export type PublicKey = string

export interface KeyPair {
  readonly type: 'ed25519'
  readonly publicKey: PublicKey
  /** The seed: 32 bytes, in the same form. */
  readonly secretKey: string
}

const PREFIX = 'ed25519:'

/**
 * The id that names a public key: `ed25519:` and the key. O(1).
 *
 * @example
 * import { either as E } from 'fp-ts'
 * const key = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
 * idOf(key) === `ed25519:${key}` // => true
 * keyOf(idOf(key)) // => E.right(key)
 * keyOf('alice') // => E.left({ _tag: 'NoKey', reason: 'its id names no key' })
 */
export const idOf = (publicKey: PublicKey): SourceId => PREFIX + publicKey

/** Why a key lookup gives no key. */
export type Lookup = Extract<Disbelief, { readonly _tag: 'NoKey' | 'Unavailable' }>

/** The key that an id names. O(1). */
export const keyOf = (id: SourceId): E.Either<Lookup, PublicKey> =>
  id.startsWith(PREFIX) ? right(id.slice(PREFIX.length)) : noKey('its id names no key')

const noKey = (reason: string): E.Left<Lookup> => left({ _tag: 'NoKey', reason })

/**
 * 32 bytes. The last two bits of the text are spare: they must be zero, so that a key has one name.
 */
const CANONICAL_KEY = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

/** The points of small order, in every encoding: a signature by one of them fits any message. */
const SMALL_ORDER: ReadonlySet<string> = new Set(
  [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ].flatMap((hex) => {
    const bytes = hex.match(/../g)!.map((pair) => parseInt(pair, 16))
    // with either sign of x
    return [0, 0x80].map((sign) => toBase64Url([...bytes.slice(0, 31), bytes[31]! | sign]))
  }),
)

function toBase64Url(bytes: ReadonlyArray<number>): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** The public key, if it is valid and not weak. Errors: `InvalidKey`, `WeakKey`. O(1). */
export const checkKey = (publicKey: PublicKey): E.Either<KeyError, PublicKey> => {
  if (!CANONICAL_KEY.test(publicKey)) return left({ _tag: 'InvalidKey', reason: 'not 32 bytes in base64url' })
  if (SMALL_ORDER.has(publicKey)) return left({ _tag: 'WeakKey', reason: 'a point of small order' })
  return right(publicKey)
}

/** A new key pair. Errors: `Unsupported`. */
export const generate: TE.TaskEither<KeyError, KeyPair> = async () => {
  try {
    const jwk =
      node !== undefined
        ? node.generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
        : await generateInBrowser()
    return right({ type: 'ed25519', publicKey: jwk.x!, secretKey: jwk.d! })
  } catch (error) {
    return left({ _tag: 'Unsupported', reason: String(error) })
  }
}

const generateInBrowser = async (): Promise<JsonWebKey> => {
  const pair = await needed(web).generateKey('Ed25519', true, ['sign', 'verify'])
  return needed(web).exportKey('jwk', pair.privateKey)
}

const needed = (subtle: SubtleCrypto | undefined): SubtleCrypto => {
  if (subtle === undefined) throw new Error('no WebCrypto: a page needs https for it')
  return subtle
}

const jwkOf = (publicKey: PublicKey, secretKey?: string) => ({
  kty: 'OKP',
  crv: 'Ed25519',
  x: publicKey,
  ...(secretKey !== undefined && { d: secretKey }),
})

export interface SignerOptions {
  /**
   * The id to sign as. Default: the one that names the key. Verifiers look up the key of others.
   */
  readonly id?: SourceId
}

/**
 * Signs with a key pair: at once in Node, with a promise in browsers. The key is read at the first
 * signature; if it is invalid, every signature is a `Left`.
 */
export const signer = (keys: KeyPair, { id = idOf(keys.publicKey) }: SignerOptions = {}): Signer => {
  const jwk = jwkOf(keys.publicKey, keys.secretKey)
  if (node !== undefined) {
    const { createPrivateKey, sign } = node
    let key: KeyObject | undefined
    return {
      id,
      chains: true,
      sign: (statement) => {
        try {
          key ??= createPrivateKey({ key: jwk, format: 'jwk' })
          return right(sign(null, Statement.bytes(statement), key).toString('base64'))
        } catch (error) {
          return left(String(error))
        }
      },
    }
  }
  let importing: Promise<CryptoKey> | undefined
  return {
    id,
    chains: true,
    sign: (statement) => async () => {
      try {
        importing ??= needed(web).importKey('jwk', jwk, 'Ed25519', false, ['sign'])
        const signature = await needed(web).sign('Ed25519', await importing, Statement.bytes(statement))
        return right(btoa(String.fromCharCode(...new Uint8Array(signature))))
      } catch (error) {
        return left(String(error))
      }
    },
  }
}

export interface VerifierOptions {
  /** The key of a source whose id names none. Default: such a source has no key. */
  readonly keys?: (source: SourceId) => Answer<Lookup, PublicKey>
  /**
   * The stamp from which on a source's key is revoked, if it is. Updates with earlier stamps stay
   * valid, and whoever holds the key can still sign with such a stamp.
   */
  readonly revoked?: (source: SourceId) => Timestamp | undefined
  /** Verify in Node's thread pool: with a promise, on all cores. Default false: at once. */
  readonly threads?: boolean
}

/**
 * 64 bytes. The last four bits of the text are spare: they must be zero, so a signature has one
 * text.
 */
const CANONICAL_SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==$/

/**
 * Believes statements that the source's key has signed. Answers at once in Node, unless the key
 * lookup gives a promise or `threads` is set.
 *
 * @example
 * import { either as E } from 'fp-ts'
 * const [keys, others] = [unwrap(await generate()), unwrap(await generate())]
 * const source = idOf(keys.publicKey)
 * const signed = { document: 'd', dataType: 'Model', source, timestamp: 1, change: ['x', 1] }
 * const signature = unwrap(signer(keys).sign(signed))
 * E.isRight(verifier().verify(signed, signature)) // => true
 * E.isRight(verifier().verify({ ...signed, document: 'e' }, signature)) // => false
 * const other = idOf(others.publicKey)
 * E.isRight(verifier().verify({ ...signed, source: other }, signature)) // => false
 */
export const verifier = ({ keys = keyOf, revoked, threads = false }: VerifierOptions = {}): Verifier => {
  const check = node !== undefined ? verifyInNode(node, threads) : verifyInBrowser
  const lookUp = (source: SourceId): Answer<Lookup, PublicKey> => {
    const named = keyOf(source)
    return named._tag === 'Right' ? named : keys(source)
  }
  return {
    chains: true,
    verify: (statement, signature) => {
      const { source, timestamp } = statement
      if (!CANONICAL_SIGNATURE.test(signature)) return forged('not 64 bytes in base64')
      if (timestamp >= (revoked?.(source) ?? Infinity)) return noKey('its key was revoked')
      const withKey = (found: E.Either<Lookup, PublicKey>): Answer<Disbelief, unknown> => {
        if (found._tag === 'Left') return found
        const key = checkKey(found.right)
        if (key._tag === 'Left') return noKey(showKeyError(key.left))
        return check(Statement.bytes(statement), key.right, signature)
      }
      const found = lookUp(source)
      if (typeof found !== 'function') return withKey(found)
      return async () => {
        const answer = withKey(await found())
        return typeof answer === 'function' ? answer() : answer
      }
    },
  }
}

type Check = (bytes: Uint8Array<ArrayBuffer>, publicKey: PublicKey, signature: string) => Answer<Disbelief, unknown>

const verdict = (isValid: boolean): E.Either<Disbelief, unknown> =>
  isValid ? right(undefined) : forged('the key did not make this signature')

const verifyInNode = ({ createPublicKey, verify }: typeof import('node:crypto'), threads: boolean): Check => {
  const keyObject = remember((publicKey) => createPublicKey({ key: jwkOf(publicKey), format: 'jwk' }))
  return (bytes, publicKey, signature) => {
    const binary = Buffer.from(signature, 'base64')
    try {
      const key = keyObject(publicKey)
      if (!threads) return verdict(verify(null, bytes, key, binary))
      return () =>
        new Promise((resolve) => {
          verify(null, bytes, key, binary, (error, isValid) => {
            resolve(verdict(error === null && isValid))
          })
        })
    } catch (error) {
      return noKey(String(error))
    }
  }
}

const cryptoKey = remember((publicKey) => needed(web).importKey('jwk', jwkOf(publicKey), 'Ed25519', false, ['verify']))

const verifyInBrowser: Check = (bytes, publicKey, signature) => async () => {
  try {
    const binary = Uint8Array.from(atob(signature), (char) => char.charCodeAt(0))
    return verdict(await needed(web).verify('Ed25519', await cryptoKey(publicKey), binary, bytes))
  } catch (error) {
    return noKey(String(error))
  }
}

/** How many of the latest keys stay in memory: to import one costs more than a verification. */
const REMEMBERED_KEYS = 4096

function remember<A>(make: (publicKey: PublicKey) => A): (publicKey: PublicKey) => A {
  const made = new Map<PublicKey, A>()
  return (publicKey) => {
    const known = made.get(publicKey)
    if (known !== undefined) return known
    const fresh = make(publicKey)
    if (made.size >= REMEMBERED_KEYS) made.delete(made.keys().next().value!)
    made.set(publicKey, fresh)
    return fresh
  }
}
