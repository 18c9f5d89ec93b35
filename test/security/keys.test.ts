import { chmod, copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ed25519, keys, rsaSha1, showKeyError } from '../../src/adapters/security.js'
import { right } from '../right.js'

const fixture = (name: string): string => fileURLToPath(new URL(`keys/${name}`, import.meta.url))

const textOf = (name: string): Promise<string> => readFile(fixture(name), 'utf8')

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-keys-'))
})

afterAll(async () => {
  await rm(folder, { recursive: true })
})

const sign = (pair: keys.KeyPair): string => {
  const signer = pair.type === 'rsa' ? rsaSha1.signer(pair) : ed25519.signer(pair)
  const statement = { document: '', dataType: '', source: signer.id, timestamp: 1, change: ['k', 1] }
  const answer = signer.sign(statement)
  return typeof answer === 'function' ? '' : right(answer)
}

describe('Keys', () => {
  test.each([
    ['ed', undefined, 'ed25519'],
    ['ed-locked', 'secret', 'ed25519'],
    ['rsa', undefined, 'rsa'],
    ['rsapem', undefined, 'rsa'],
  ] as const)('are read from ssh-keygen’s file %s', async (name, passphrase, type) => {
    const file = path.join(folder, name)
    await copyFile(fixture(name), file)
    await chmod(file, 0o600)
    const pair = right(await keys.load(file, { ...(passphrase !== undefined && { passphrase }) })())
    expect(pair.type).toBe(type)
    expect(sign(pair)).toMatch(/^[A-Za-z0-9+/]+=*$/)
    if (name === 'rsapem') return
    // the public key is the one in its .pub file
    const open = right(await keys.parsePublic(await textOf(`${name}.pub`))())
    expect({ ...open, secretKey: pair.secretKey }).toEqual(pair)
  })

  test.each([
    ['ed-locked', undefined, 'Passphrase'],
    ['ed-locked', 'wrong', 'Passphrase'],
    ['ec', undefined, 'WrongKey'],
    ['weak', undefined, 'WeakKey'],
    ['ed.pub', undefined, 'InvalidKey'],
    ['README.md', undefined, 'InvalidKey'],
  ])('of %s with passphrase %s are refused: %s', async (name, passphrase, tag) => {
    const parsed = await keys.parse(await textOf(name), { ...(passphrase !== undefined && { passphrase }) })()
    expect(parsed).toMatchObject({ left: { _tag: tag } })
    if (parsed._tag === 'Left') expect(showKeyError(parsed.left)).toMatch(new RegExp(`^${tag}: `))
  })

  test('are refused if any line is damaged', async () => {
    const lines = (await textOf('ed')).split('\n')
    for (let line = 0; line < lines.length - 1; line++) {
      const damaged = lines.map((text, i) => (i === line ? text.slice(0, 5) + text.slice(9) : text)).join('\n')
      expect((await keys.parse(damaged)())._tag).toBe('Left')
    }
    expect((await keys.parsePublic('ssh-ed25519 AAAA')())._tag).toBe('Left')
    expect(await keys.parsePublic(await textOf('weak.pub'))()).toMatchObject({ left: { _tag: 'WeakKey' } })
    expect(await keys.parsePublic(await textOf('ec.pub'))()).toMatchObject({ left: { _tag: 'WrongKey' } })
    expect(right(await keys.parsePublic(await textOf('weak.pub'), { minBits: 1024 })()).type).toBe('rsa')
  })

  test.each(['pem', 'openssh'] as const)(
    'are saved as %s, readable by their owner only, and read again',
    async (format) => {
      const pairs = [right(await ed25519.generate()), right(await rsaSha1.generate()())]
      for (const pair of pairs) {
        for (const passphrase of [undefined, 'open sesame']) {
          const file = path.join(folder, `${format}-${pair.type}-${String(passphrase !== undefined)}`)
          const lock = passphrase === undefined ? {} : { passphrase }
          right(await keys.save(file, pair, { format, ...lock })())
          expect((await stat(file)).mode & 0o777).toBe(0o600)
          const loaded = right(await keys.load(file, lock)())
          expect([loaded.type, loaded.publicKey, sign(loaded)]).toEqual([pair.type, pair.publicKey, sign(pair)])
          const open = right(await keys.parsePublic(await readFile(`${file}.pub`, 'utf8'))())
          expect(open.publicKey).toBe(pair.publicKey)
          if (passphrase !== undefined) {
            expect(await keys.load(file)()).toMatchObject({ left: { _tag: 'Passphrase' } })
            expect(await keys.load(file, { passphrase: 'wrong' })()).toMatchObject({ left: { _tag: 'Passphrase' } })
          }
          // never overwrites a file
          expect(await keys.save(file, pair)()).toMatchObject({ left: { _tag: 'KeyFile', code: 'EEXIST', path: file } })
        }
      }
    },
  )

  test('are refused if others may read them, or if the file is missing', async () => {
    const file = path.join(folder, 'exposed')
    await writeFile(file, await textOf('ed'), { mode: 0o644 })
    expect(await keys.load(file)()).toEqual({ _tag: 'Left', left: { _tag: 'Exposed', path: file, mode: '644' } })
    expect(await keys.load(path.join(folder, 'nowhere'))()).toMatchObject({ left: { _tag: 'KeyFile', code: 'ENOENT' } })
    expect(await rsaSha1.generate(1024)()).toMatchObject({ left: { _tag: 'WeakKey' } })
  })
})
