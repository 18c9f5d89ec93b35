import { execFile } from 'node:child_process'
import { createPrivateKey, createPublicKey, sign as nodeSign, verify as nodeVerify } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import fc from 'fast-check'
import * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { ed25519, orElse, verifyUpdates, type Disbelief, type Verifier } from '../../src/adapters/security.js'
import { Events, Model, scuttlebutt, type Update } from '../../src/index.js'
import { inMemory } from '../runs.js'
import { json, key } from '../table.js'

const pair = (seed: number): ed25519.KeyPair => {
  // PKCS#8 of a seed, as in RFC 8410
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seed)])
  const jwk = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })
  return { type: 'ed25519', publicKey: jwk.x!, secretKey: jwk.d! }
}

const [ann, ben] = [pair(1), pair(2)]
const [annId, benId] = [ed25519.idOf(ann.publicKey), ed25519.idOf(ben.publicKey)]
const model = Model.of(t.unknown)

const signed = (
  change: unknown,
  timestamp: number,
  keys = ann,
  dataType: { readonly name: string } = model,
  document = 'notes',
): Update<never> => {
  const source = ed25519.idOf(keys.publicKey)
  const answer = ed25519.signer(keys).sign({ document, dataType: dataType.name, source, timestamp, change })
  if (typeof answer === 'function' || answer._tag === 'Left') throw new Error('no signature')
  return [change, timestamp, source, answer.right] as unknown as Update<never>
}

/** `Right`, or the tag of the rejection. */
const verdict = (
  update: ReadonlyArray<unknown>,
  verifier: Verifier = ed25519.verifier(),
  dataType: typeof model = model,
  document = 'notes',
): string => {
  const verified = verifyUpdates(dataType, { document, verifier })([update as never])
  if (typeof verified === 'function') throw new Error('it takes time')
  return verified.waiting.length > 0 ? 'waiting' : (verified.refused[0]?._tag ?? 'Right')
}

const verifiedBy = async (verifier: Verifier, updates: ReadonlyArray<Update<Model.Change<unknown>>>) => {
  const verified = verifyUpdates(model, { document: 'notes', verifier })(updates)
  return typeof verified === 'function' ? verified() : verified
}

/** The update with another JSON value in one of its places. */
const altered = (update: Update<unknown>): fc.Arbitrary<ReadonlyArray<unknown>> =>
  fc
    .record({ at: fc.nat(3), value: fc.oneof(json, fc.string(), fc.double({ noNaN: true })) })
    .map(({ at, value }) => update.map((member, i) => (i === at ? value : member)))
    .filter((other) => JSON.stringify(other) !== JSON.stringify(update))

describe('An Ed25519 signature', () => {
  test('is the one that OpenSSL makes of the documented bytes, with the key of RFC 8032, section 7.1', () => {
    const keys: ed25519.KeyPair = {
      type: 'ed25519',
      publicKey: Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex').toString(
        'base64url',
      ),
      secretKey: Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex').toString(
        'base64url',
      ),
    }
    const [, , source, signature] = signed(['x', 1], 1000, keys)
    const bytes = Buffer.from(`["scuttlebutt-ts/1","notes","Model","${source}",1000,["x",1]]`)
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: keys.publicKey }
    expect(
      nodeVerify(null, bytes, createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(signature!, 'base64')),
    ).toBe(true)
    const own = nodeSign(null, bytes, createPrivateKey({ key: { ...jwk, d: keys.secretKey }, format: 'jwk' }))
    expect(signature).toBe(own.toString('base64'))
  })

  test('fits the signed content, whoever passes it on, in any order of members', () => {
    fc.assert(
      fc.property(key, json, fc.double({ min: 1, max: 8e15, noNaN: true }), (name, value, timestamp) => {
        const update = signed([name, value], timestamp)
        expect(verdict(JSON.parse(JSON.stringify(update)) as unknown[])).toBe('Right')
      }),
    )
    const [change, ...rest] = signed(['k', { a: 1, b: 2 }], 1000) as unknown as [
      readonly [string, object],
      ...unknown[],
    ]
    expect(change).toEqual(['k', { a: 1, b: 2 }])
    expect(verdict([['k', { b: 2, a: 1 }], ...rest])).toBe('Right')
  })

  test('B1: fits no other content: no altered, missing or added member', () => {
    const update = signed(['k', { deep: [1, 'é'] }], 1000.5)
    fc.assert(
      fc.property(altered(update), (other) => {
        expect(['Forged', 'NoKey', 'Unsigned']).toContain(verdict(other))
      }),
      { numRuns: inMemory(1000) },
    )
    expect(verdict(update.slice(0, 3))).toBe('Unsigned')
    expect(verdict([...update, 'more'])).toBe('Unsigned')
    expect(verdict([...update.slice(0, 3), null])).toBe('Unsigned')
  })

  test('fits no other update, source, data type or document', () => {
    const updates = [
      signed(['k', 1], 1000),
      signed(['k', 2], 1000),
      signed(['k', 1], 1001),
      signed(['k', 1], 1000, ben),
    ]
    for (const update of updates) {
      for (const other of updates) {
        const swapped = [update[0], update[1], update[2], other[3]]
        expect(verdict(swapped)).toBe(update === other ? 'Right' : 'Forged')
      }
    }
    const [event, other] = [
      signed(['k', 1], 1000, ann, Events.of(t.unknown)),
      signed(['k', 1], 1000, ann, model, 'other'),
    ]
    expect(verdict(event)).toBe('Forged')
    expect(verdict(other)).toBe('Forged')
    expect(verdict(other, undefined, undefined, 'other')).toBe('Right')
    // the border between document and data type cannot move
    const moved = signed(['k', 1], 1000, ann, { name: 'b' }, 'a')
    expect(verdict(moved, undefined, { ...model, name: '' }, 'ab')).toBe('Forged')
  })

  test('has one text: no truncated, padded or malleable one, and no other base64', () => {
    const update = signed(['k', 1], 1000)
    const text = update[3]!
    const bytes = Buffer.from(text, 'base64')
    const withSignature = (signature: string): string => verdict([...update.slice(0, 3), signature])
    for (let length = 0; length < text.length; length++) expect(withSignature(text.slice(0, length))).toBe('Forged')
    for (const other of [
      text.replaceAll('=', ''),
      `${text}=`,
      ` ${text}`,
      `${text}\n`,
      bytes.toString('base64url'),
      bytes.toString('hex'),
      // the spare bits after the last byte
      ...Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
        .map((char) => `${text.slice(0, 85)}${char}==`)
        .filter((one) => one !== text),
    ]) {
      expect(withSignature(other)).toBe('Forged')
    }
    // S + L also solves the equation, and RFC 8032, section 5.1.7, refuses it
    const L = 2n ** 252n + 27742317777372353535851937790883648493n
    let s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + L
    const malleable = Buffer.from(bytes)
    for (let i = 32; i < 64; i++, s >>= 8n) malleable[i] = Number(s & 0xffn)
    expect(withSignature(malleable.toString('base64'))).toBe('Forged')
    for (let bit = 0; bit < 512; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(withSignature(flipped.toString('base64'))).toBe('Forged')
    }
  })

  test('by a key of small order, which fits any message, is refused', () => {
    // the neutral element as key and as R, and 0 as S, solve the equation for every message
    const identity = Buffer.from([1, ...Array<number>(31).fill(0)])
    const signature = Buffer.concat([identity, Buffer.alloc(32)]).toString('base64')
    for (const hex of [
      identity.toString('hex'),
      '00'.repeat(32),
      `${'00'.repeat(31)}80`,
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
      `ec${'ff'.repeat(30)}7f`,
    ]) {
      const id = ed25519.idOf(Buffer.from(hex, 'hex').toString('base64url'))
      expect(verdict([['k', 1], 1000, id, signature])).toBe('NoKey')
    }
    expect(ed25519.checkKey(identity.toString('base64url'))).toMatchObject({ left: { _tag: 'WeakKey' } })
    expect(ed25519.checkKey('short')).toMatchObject({ left: { _tag: 'InvalidKey' } })
  })

  test('is verified by the looked-up key for a chosen id, and by its own key for an id that names one', () => {
    const update = signed(['k', 1], 1000)
    const statement = { document: 'notes', dataType: model.name, source: 'ann', timestamp: 1000, change: ['k', 1] }
    const answer = ed25519.signer(ann, { id: 'ann' }).sign(statement)
    const chosen = [['k', 1], 1000, 'ann', '_tag' in answer && answer._tag === 'Right' && answer.right]
    const keys = (source: string) =>
      source === 'ann'
        ? ({ _tag: 'Right', right: ann.publicKey } as const)
        : ({ _tag: 'Left', left: { _tag: 'NoKey', reason: 'unknown' } } as const)
    const verifier = ed25519.verifier({ keys })
    expect(verdict(chosen, verifier)).toBe('Right')
    expect(verdict(chosen)).toBe('NoKey')
    expect(verdict([['k', 1], 1000, 'bob', chosen[3]], verifier)).toBe('NoKey')
    expect(verdict(update, ed25519.verifier({ keys: () => ({ _tag: 'Right', right: ben.publicKey }) }))).toBe('Right')
    const broken = ed25519.verifier({ keys: () => ({ _tag: 'Right', right: 'no key at all' }) })
    expect(verdict(chosen, broken)).toBe('NoKey')
    // no point of the curve
    expect(verdict([['k', 1], 1000, ed25519.idOf(Buffer.alloc(32, 2).toString('base64url')), update[3]])).not.toBe(
      'Right',
    )
  })

  test('is refused from the stamp on at which its key is revoked', () => {
    const verifier = ed25519.verifier({ revoked: (source) => (source === annId ? 2000 : undefined) })
    expect(verdict(signed(['k', 1], 1999), verifier)).toBe('Right')
    expect(verdict(signed(['k', 1], 2000), verifier)).toBe('NoKey')
    expect(verdict(signed(['k', 1], 2000, ben), verifier)).toBe('Right')
  })

  test('gets the same verdict in the thread pool, and with a slow key lookup', async () => {
    const updates = [signed(['k', 1], 1000), signed(['k', 2], 1001, ben), [['k', 3], 1002, annId, 'x'] as never]
    const slow = (source: string) => () =>
      Promise.resolve({ _tag: 'Right' as const, right: source === annId ? ann.publicKey : ben.publicKey })
    for (const verifier of [ed25519.verifier({ threads: true }), ed25519.verifier({ keys: slow })]) {
      const verified = await verifiedBy(verifier, updates)
      expect(verified.believed).toEqual(updates.slice(0, 2))
      expect(verified.refused.map(({ _tag }) => _tag)).toEqual(['Forged'])
    }
  })

  test('is verified by whichever verifier has the key', () => {
    const none: Verifier = { verify: () => ({ _tag: 'Left', left: { _tag: 'NoKey', reason: '' } }) }
    const throwing: Verifier = {
      verify: () => {
        throw new Error('no verifier')
      },
    }
    const update = signed(['k', 1], 1000)
    expect(verdict(update, orElse(ed25519.verifier())(none))).toBe('Right')
    expect(verdict(update, orElse(none)(ed25519.verifier()))).toBe('Right')
    expect(verdict(update, orElse(none)(none))).toBe('NoKey')
    expect(verdict([...update.slice(0, 3), 'x'], orElse(throwing)(ed25519.verifier()))).toBe('Forged')
    expect(verdict(update, throwing)).toBe('Forged')
  })

  test('is verified by whichever verifier has the key, also if each takes time', async () => {
    const after = (verifier: Verifier): Verifier => ({
      verify: (statement, signature) => async () => {
        const answer = verifier.verify(statement, signature)
        return typeof answer === 'function' ? answer() : answer
      },
    })
    const none: Verifier = { verify: () => ({ _tag: 'Left', left: { _tag: 'NoKey', reason: '' } }) }
    const failing: Verifier = { verify: () => () => Promise.reject(new Error('out of order')) }
    const updates = [signed(['k', 1], 1000)]
    for (const first of [none, after(none)]) {
      for (const second of [ed25519.verifier(), after(ed25519.verifier())]) {
        expect((await verifiedBy(orElse(second)(first), updates)).believed).toEqual(updates)
      }
    }
    expect((await verifiedBy(failing, updates)).refused).toMatchObject([
      { _tag: 'Forged', reason: expect.stringContaining('out of order') as string },
    ])
  })

  test('passes between the cryptography of a browser and that of Node', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'scuttlebutt-ts-browser-'))
    await build({
      stdin: {
        contents: `
          delete process.getBuiltinModule // as in a browser
          const { createStore } = await import('./src/adapters/store.ts')
          const { portOf } = await import('./src/adapters/store/Port.ts')
          const { ed25519, keys } = await import('./src/adapters/security.ts')
          const { Model, scuttlebutt } = await import('./src/index.ts')
          const t = await import('io-ts')
          const made = await ed25519.generate()
          const id = ed25519.idOf(made.right.publicKey)
          const security = { document: 'notes', signer: ed25519.signer(made.right), verifier: ed25519.verifier() }
          const store = createStore(scuttlebutt(Model.of(t.unknown)), id, { security })
          const told = []
          const updates = JSON.parse(process.argv[2])
          await portOf(store).receive({ updates }, 'nobody', ({ _tag }) => told.push(_tag))
          const sync = store.change(Model.set('k', 1))._tag
          const signed = await store.changeAsync(Model.set('mine', 1))()
          const read = await keys.load('x')()
          console.log(JSON.stringify({ told, sync, signed, read, state: Model.toJSON(store.getReplica().state) }))`,
        resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
      },
      bundle: true,
      outfile: path.join(folder, 'browser.mjs'),
      format: 'esm',
      platform: 'browser',
    })
    const good = signed(['theirs', 1], 1000)
    const updates = [good, [['theirs', 2], 1001, good[2], good[3]], signed(['ben’s', 1], 1000, ben)]
    const args = ['--no-warnings', path.join(folder, 'browser.mjs'), JSON.stringify(updates)]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    await rm(folder, { recursive: true })
    const said = JSON.parse(stdout) as { readonly signed: { readonly right: ReadonlyArray<unknown> } }
    expect(said).toMatchObject({
      told: ['Forged'],
      sync: 'Left',
      read: { left: { _tag: 'Unsupported' } },
      state: { theirs: 1, 'ben’s': 1, mine: 1 },
    })
    expect(verdict(said.signed.right)).toBe('Right')
  })
})

describe('A batch', () => {
  const { decode } = scuttlebutt(model)

  test('is believed up to the first refused update of each source, in order', async () => {
    const source = fc.constantFrom('a', 'b', 'c')
    const outcome = fc.constantFrom('good', 'forged', 'unknown', 'unavailable')
    const sent = fc.array(fc.tuple(source, outcome, fc.boolean()), { maxLength: 20 })
    const verifier: Verifier = {
      verify: (_, signature) => {
        const [how, takesTime] = signature.split(' ')
        const left = (disbelief: Disbelief) => ({ _tag: 'Left', left: disbelief }) as const
        const answer =
          how === 'good'
            ? ({ _tag: 'Right', right: 1 } as const)
            : left({ _tag: how === 'forged' ? 'Forged' : how === 'unknown' ? 'NoKey' : 'Unavailable', reason: '' })
        return takesTime === 'true' ? () => Promise.resolve(answer) : answer
      },
    }
    await fc.assert(
      fc.asyncProperty(sent, async (each) => {
        const updates = each.map(([id, how, slow], i) => {
          const decoded = decode()([['k', i], i + 1, id, `${how} ${String(slow)}`])
          if (decoded._tag === 'Left') throw new Error(decoded.left._tag)
          return decoded.right
        })
        const verified = await verifiedBy(verifier, updates)
        for (const id of ['a', 'b', 'c']) {
          const its = updates.filter(([, , one]) => one === id)
          const good = its.findIndex(([, , , how]) => !how!.startsWith('good'))
          const believed = good < 0 ? its : its.slice(0, good)
          expect(verified.believed.filter(([, , one]) => one === id)).toEqual(believed)
          const waits = its[good]?.[3]?.startsWith('unavailable') === true
          expect(verified.waiting.filter(([, , one]) => one === id)).toEqual(waits ? its.slice(good) : [])
        }
        expect(verified.believed.length + verified.refused.length + verified.waiting.length).toBe(updates.length)
        expect([...verified.believed].sort((a, b) => a[1] - b[1])).toEqual(verified.believed)
      }),
    )
    expect(annId).not.toBe(benId)
  })
})
