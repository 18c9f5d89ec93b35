/**
 * Key files: PEM, and OpenSSH's own form as `ssh-keygen` writes it. Node only. OpenSSH's form needs
 * npm `sshpk`, an optional peer dependency.
 */
import type { KeyObject } from 'node:crypto'
import type { either as E, taskEither as TE } from 'fp-ts'
import { left, right } from '../../core/Either.js'
import type * as ed25519 from './ed25519.js'
import { checkKey } from './ed25519.js'
import type { KeyError } from './KeyError.js'
import { files, node } from './platform.js'
import * as rsaSha1 from './rsaSha1.js'

export type KeyPair = ed25519.KeyPair | rsaSha1.KeyPair

/** A public key without its secret one. */
export type PublicKey = Omit<ed25519.KeyPair, 'secretKey'> | Omit<rsaSha1.KeyPair, 'secretKey'>

export interface ReadOptions extends rsaSha1.Options {
  /** The passphrase of an encrypted key. */
  readonly passphrase?: string
}

/**
 * The key pair in the text of a private key: PEM (PKCS#8, PKCS#1) or OpenSSH, encrypted or not.
 * Errors: `InvalidKey`, `WrongKey`, `WeakKey`, `Passphrase`, `Unsupported`.
 */
export const parse =
  (text: string, { passphrase, ...options }: ReadOptions = {}): TE.TaskEither<KeyError, KeyPair> =>
  async () => {
    const material = await materialOf(text, passphrase)
    if (material._tag === 'Left') return material
    return readKey(text, ({ createPrivateKey }) => {
      const from = material.right
      const key = createPrivateKey(
        typeof from !== 'string' ? from : { key: from, ...(passphrase !== undefined && { passphrase }) },
      )
      const secretKey = (): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
      return strong(key, options, (open) => ({ ...open, secretKey: open.type === 'rsa' ? secretKey() : jwk(key).d! }))
    })
  }

/**
 * The public key in its text: PEM, or a line of OpenSSH's `.pub` files and `authorized_keys`.
 * Errors: `InvalidKey`, `WrongKey`, `WeakKey`, `Unsupported`.
 */
export const parsePublic =
  (text: string, options: rsaSha1.Options = {}): TE.TaskEither<KeyError, PublicKey> =>
  async () => {
    const material = await materialOf(text, undefined)
    if (material._tag === 'Left') return material
    return readKey(text, ({ createPublicKey }) => strong(createPublicKey(material.right), options, (open) => open))
  }

const jwk = (key: KeyObject) => key.export({ format: 'jwk' })

const readKey = <A>(
  text: string,
  read: (crypto: typeof import('node:crypto')) => E.Either<KeyError, A>,
): E.Either<KeyError, A> => {
  if (node === undefined) return left({ _tag: 'Unsupported', reason: 'keys are read and written in Node only' })
  try {
    return read(node)
  } catch (error) {
    const reason = String(error)
    return /passphrase|password|bad decrypt|BAD_DECRYPT/i.test(reason) || text.includes('ENCRYPTED')
      ? left({ _tag: 'Passphrase', reason })
      : left({ _tag: 'InvalidKey', reason })
  }
}

/** Passes the public key to `make`, if it is of a known kind and strong enough. */
const strong = <A>(key: KeyObject, options: rsaSha1.Options, make: (open: PublicKey) => A): E.Either<KeyError, A> => {
  switch (key.asymmetricKeyType) {
    case 'ed25519': {
      const publicKey = checkKey(jwk(key).x!)
      return publicKey._tag === 'Left' ? publicKey : right(make({ type: 'ed25519', publicKey: publicKey.right }))
    }
    case 'rsa': {
      const openKey = key.type === 'public' ? key : node!.createPublicKey(key)
      const open = openKey.export({ type: 'pkcs1', format: 'pem' }).toString()
      const checked = rsaSha1.parse(options)(open, 'public')
      return checked._tag === 'Left' ? checked : right(make({ type: 'rsa', publicKey: open }))
    }
    default:
      return left({ _tag: 'WrongKey', expected: 'ed25519 or rsa', found: String(key.asymmetricKeyType) })
  }
}

/** A key as Node reads it: PEM, or a JWK made from OpenSSH's form. */
type Material = string | { readonly key: Jwk; readonly format: 'jwk' }

type Jwk = import('node:crypto').JsonWebKey

const materialOf = async (text: string, passphrase: string | undefined): Promise<E.Either<KeyError, Material>> => {
  const isPrivate = text.includes('-----BEGIN OPENSSH PRIVATE KEY-----')
  if (!isPrivate && !/^(ssh|ecdsa)-\S+ /m.test(text)) return right(text)
  const sshpk = await loadSshpk()
  if (sshpk === undefined) return left(needsSshpk)
  try {
    const options = passphrase === undefined ? {} : { passphrase }
    const key = isPrivate ? sshpk.parsePrivateKey(text, 'ssh', options) : sshpk.parseKey(text, 'ssh')
    // Node does not read the PKCS#8 that sshpk writes for Ed25519
    return right(key.type === 'ed25519' ? { key: jwkOf(key.part), format: 'jwk' } : key.toString('pkcs8'))
  } catch (error) {
    const reason = String(error)
    const isLocked = (error as Error).name === 'KeyEncryptedError' || /passphrase/i.test(reason)
    return left({ _tag: isLocked ? 'Passphrase' : 'InvalidKey', reason })
  }
}

type Parts = Readonly<Record<string, { readonly data: Buffer }>>

const jwkOf = ({ A, k }: Parts): Jwk => ({
  kty: 'OKP',
  crv: 'Ed25519',
  x: A!.data.subarray(-32).toString('base64url'),
  ...(k !== undefined && { d: k.data.subarray(-32).toString('base64url') }),
})

const needsSshpk: KeyError = { _tag: 'Unsupported', reason: 'OpenSSH keys need the npm package sshpk' }

/** Imports by a variable, so that bundlers do not demand the optional package. */
const loadSshpk = async (): Promise<typeof import('sshpk') | undefined> => {
  const name = 'sshpk'
  try {
    return ((await import(name)) as { readonly default: typeof import('sshpk') }).default
  } catch {
    return undefined
  }
}

export interface WriteOptions {
  /** Encrypts the private key. */
  readonly passphrase?: string
}

/**
 * The texts of the two files that `ssh-keygen` writes. Encrypts the private key if there is a
 * passphrase. Errors: `InvalidKey`, `Unsupported`.
 */
export const toOpenSsh =
  (
    keys: KeyPair,
    { passphrase }: WriteOptions = {},
  ): TE.TaskEither<KeyError, readonly [secret: string, open: string]> =>
  async () => {
    const pem = toPem(keys)
    if (pem._tag === 'Left') return pem
    const sshpk = await loadSshpk()
    if (sshpk === undefined) return left(needsSshpk)
    const key = sshpk.parsePrivateKey(pem.right, 'pem')
    const encrypted = passphrase === undefined ? {} : { cipher: 'aes256-ctr' as const, passphrase }
    return right([key.toString('openssh', encrypted), `${key.toPublic().toString('ssh')}\n`])
  }

/**
 * The private key as PEM (PKCS#8), encrypted if there is a passphrase. Errors: `InvalidKey`,
 * `Unsupported`.
 */
export const toPem = (keys: KeyPair, { passphrase }: WriteOptions = {}): E.Either<KeyError, string> =>
  readKey('', ({ createPrivateKey }) => {
    const key = createPrivateKey(
      keys.type === 'rsa'
        ? keys.secretKey
        : { key: { kty: 'OKP', crv: 'Ed25519', x: keys.publicKey, d: keys.secretKey }, format: 'jwk' },
    )
    const encrypted = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }
    return right(key.export({ type: 'pkcs8', format: 'pem', ...encrypted }).toString())
  })

/** The public key as PEM. Errors: `InvalidKey`, `Unsupported`. */
export const toPublicPem = (key: PublicKey): E.Either<KeyError, string> =>
  readKey('', ({ createPublicKey }) => {
    if (key.type === 'rsa') return right(key.publicKey)
    const open = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.publicKey }, format: 'jwk' })
    return right(open.export({ type: 'spki', format: 'pem' }).toString())
  })

/** Modes of a file: its owner reads and writes it; others read it too. */
const [PRIVATE, PUBLIC] = [0o600, 0o644]

export interface SaveOptions extends WriteOptions {
  /** Default `pem`. */
  readonly format?: 'pem' | 'openssh'
}

/**
 * Writes the private key to `path`, readable by its owner only, and the public key to `path.pub`.
 * Both are on the disk when it resolves. Never overwrites a file. Errors: `KeyFile`, `InvalidKey`,
 * `Unsupported`.
 */
export const save =
  (path: string, keys: KeyPair, { format = 'pem', ...options }: SaveOptions = {}): TE.TaskEither<KeyError, void> =>
  async () => {
    const texts = format === 'openssh' ? await toOpenSsh(keys, options)() : bothPem(keys, options)
    if (texts._tag === 'Left') return texts
    const [secret, open] = texts.right
    return onFile(path, async ({ open: openFile }) => {
      for (const [name, text, mode] of [
        [path, secret, PRIVATE],
        [`${path}.pub`, open, PUBLIC],
      ] as const) {
        const file = await openFile(name, 'wx', mode)
        try {
          await file.writeFile(text)
          await file.sync()
        } finally {
          await file.close()
        }
      }
      return right(undefined)
    })
  }

const bothPem = (keys: KeyPair, options: WriteOptions): E.Either<KeyError, readonly [secret: string, open: string]> => {
  const [secret, open] = [toPem(keys, options), toPublicPem(keys)]
  if (secret._tag === 'Left') return secret
  return open._tag === 'Left' ? open : right([secret.right, open.right])
}

/**
 * Reads the file of a private key, in any form that {@link parse} reads. As ssh does, it refuses a
 * file that other users may read. Errors: `KeyFile`, `Exposed`, and those of {@link parse}.
 */
export const load =
  (path: string, options: ReadOptions = {}): TE.TaskEither<KeyError, KeyPair> =>
  () =>
    onFile(path, async ({ open }) => {
      const file = await open(path, 'r')
      try {
        const { mode } = await file.stat()
        const others = mode & 0o077
        // Windows has no such modes
        if (others !== 0 && globalThis.process.platform !== 'win32') {
          return left({ _tag: 'Exposed', path, mode: (mode & 0o777).toString(8) })
        }
        return await parse(await file.readFile('utf8'), options)()
      } finally {
        await file.close()
      }
    })

const onFile = async <A>(
  path: string,
  use: (module: typeof import('node:fs/promises')) => Promise<E.Either<KeyError, A>>,
): Promise<E.Either<KeyError, A>> => {
  if (files === undefined) return left({ _tag: 'Unsupported', reason: 'key files need Node' })
  try {
    return await use(files)
  } catch (error) {
    const { code = '' } = error as { readonly code?: string }
    return left({ _tag: 'KeyFile', path, code, reason: String(error) })
  }
}
