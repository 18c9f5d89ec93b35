/**
 * Ed25519: ids that name their own keys, so that nobody needs to be asked who is who.
 *
 * Source: RFC 8032; signed are the bytes of `Statement`.
 */
import type { KeyObject } from 'node:crypto'
import type { either as E, taskEither as TE } from 'fp-ts'
import type { Timestamp } from '../../core/Timestamp.js'
import type { SourceId } from '../../core/Update.js'
import type { Answer, Disbelief, Signer, Verifier } from '../../trust/Security.js'
import * as Statement from '../../trust/Statement.js'
import { forged } from '../../trust/verify.js'
import { right, show, wrong, type KeyError } from './KeyError.js'
import { node, web } from './platform.js'

/** 32 bytes as base64url without padding, as in a JWK. */
export type PublicKey = string

export interface KeyPair {
  readonly type: 'ed25519'
  readonly publicKey: PublicKey
  /** The seed: 32 bytes, likewise. */
  readonly secretKey: string
}

const PREFIX = 'ed25519:'

/**
 * The id that names a public key: `ed25519:` and the key. O(1).
 *
 * @example
 * idOf('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo') // => 'ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
 * E.isRight(keyOf('ed25519:11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo')) // => true
 * keyOf('alice') // => E.left({ _tag: 'NoKey', reason: 'its id names no key' })
 */
export const idOf = (publicKey: PublicKey): SourceId => PREFIX + publicKey

/** What a key lookup says of a source. */
export type Lookup = Extract<Disbelief, { readonly _tag: 'NoKey' | 'Unavailable' }>

/** The key that an id names. O(1). */
export const keyOf = (id: SourceId): E.Either<Lookup, PublicKey> =>
  id.startsWith(PREFIX) ? right(id.slice(PREFIX.length)) : noKey('its id names no key')

const noKey = (reason: string): E.Left<Lookup> => ({ _tag: 'Left', left: { _tag: 'NoKey', reason } })

/** 32 bytes: the last two bits of the last character say nothing, and must be zero, or one key had several names. */
const CANONICAL_KEY = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

/** The points of small order, in every encoding: a signature by them is one of whatever you like. */
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
    // the sign of x is all one to them
    return [0, 0x80].map((sign) => toBase64Url([...bytes.slice(0, 31), bytes[31]! | sign]))
  }),
)

function toBase64Url(bytes: ReadonlyArray<number>): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** Whether a text is a public key, and one that protects. Errors: `InvalidKey`, `WeakKey`. O(1). */
export const checkKey = (publicKey: PublicKey): E.Either<KeyError, PublicKey> => {
  if (!CANONICAL_KEY.test(publicKey)) return wrong({ _tag: 'InvalidKey', reason: 'no 32 bytes in base64url' })
  if (SMALL_ORDER.has(publicKey)) return wrong({ _tag: 'WeakKey', reason: 'a point of small order' })
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
    return wrong({ _tag: 'Unsupported', reason: String(error) })
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
  /** The id to sign under, where it is a chosen one, which the others look up. Default: the one that names the key. */
  readonly id?: SourceId
}

/** Signs with a key pair: at once in Node. Some 40 µs. Errors, of its signing: the key's. */
export const signer = (keys: KeyPair, { id = idOf(keys.publicKey) }: SignerOptions = {}): Signer => {
  const jwk = jwkOf(keys.publicKey, keys.secretKey)
  if (node !== undefined) {
    const { createPrivateKey, sign } = node
    let key: KeyObject | undefined
    return {
      id,
      sign: (statement) => {
        try {
          key ??= createPrivateKey({ key: jwk, format: 'jwk' })
          return right(sign(null, Statement.bytes(statement), key).toString('base64'))
        } catch (error) {
          return { _tag: 'Left', left: String(error) }
        }
      },
    }
  }
  let importing: Promise<CryptoKey> | undefined
  return {
    id,
    sign: (statement) => async () => {
      try {
        importing ??= needed(web).importKey('jwk', jwk, 'Ed25519', false, ['sign'])
        const signature = await needed(web).sign('Ed25519', await importing, Statement.bytes(statement))
        return right(btoa(String.fromCharCode(...new Uint8Array(signature))))
      } catch (error) {
        return { _tag: 'Left', left: String(error) }
      }
    },
  }
}

export interface VerifierOptions {
  /** The key of a source whose id names none. Default: it has none. */
  readonly keys?: (source: SourceId) => Answer<Lookup, PublicKey>
  /**
   * From which stamp on a source's key is not believed any more, if it was given up. What it signed before stays; who holds the
   * key may still sign as of before.
   */
  readonly revoked?: (source: SourceId) => Timestamp | undefined
  /** Verify in Node's thread pool: not at once then, but on all cores, and the event loop stays free. Default false. */
  readonly threads?: boolean
}

/** 64 bytes of base64; the last four bits of the last character must be zero: one signature has one text. */
const CANONICAL_SIGNATURE = /^[A-Za-z0-9+/]{85}[AQgw]==$/

/**
 * Believes what the key that a source's id names has signed. Some 110 µs; at once in Node, unless a key lookup takes time.
 *
 * @example
 * const [keys, others] = [unwrap(await generate()), unwrap(await generate())]
 * const statement = { document: 'd', dataType: 'Model<number>', source: idOf(keys.publicKey), timestamp: 1, change: ['x', 1] }
 * const signature = unwrap(signer(keys).sign(statement))
 * E.isRight(verifier().verify(statement, signature)) // => true
 * E.isRight(verifier().verify({ ...statement, document: 'e' }, signature)) // => false
 * E.isRight(verifier().verify({ ...statement, source: idOf(others.publicKey) }, signature)) // => false
 */
export const verifier = ({ keys = keyOf, revoked, threads = false }: VerifierOptions = {}): Verifier => {
  const check = node !== undefined ? verifyInNode(node, threads) : verifyInBrowser
  const lookUp = (source: SourceId): Answer<Lookup, PublicKey> => {
    const named = keyOf(source)
    return named._tag === 'Right' ? named : keys(source)
  }
  return {
    verify: (statement, signature) => {
      const { source, timestamp } = statement
      if (!CANONICAL_SIGNATURE.test(signature)) return forged('no 64 bytes in base64')
      if (timestamp >= (revoked?.(source) ?? Infinity)) return noKey('its key was revoked')
      const withKey = (found: E.Either<Lookup, PublicKey>): Answer<Disbelief, unknown> => {
        if (found._tag === 'Left') return found
        const key = checkKey(found.right)
        if (key._tag === 'Left') return noKey(show(key.left))
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
  isValid ? right(undefined) : forged('the signature is not that of the key')

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

/** As many keys are remembered, those made last. */
const REMEMBERED = 4096

function remember<A>(make: (publicKey: PublicKey) => A): (publicKey: PublicKey) => A {
  const made = new Map<PublicKey, A>()
  return (publicKey) => {
    const known = made.get(publicKey)
    if (known !== undefined) return known
    const fresh = make(publicKey)
    if (made.size >= REMEMBERED) made.delete(made.keys().next().value!)
    made.set(publicKey, fresh)
    return fresh
  }
}
