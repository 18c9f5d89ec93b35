/** Streams that end, and listeners that throw. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createWriteStream as writeTo } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { once } from 'node:events'
import * as t from 'io-ts'
import { expect, test } from 'vitest'
import { exportLines, importLines } from '../../src/adapters/file.js'
import { createStore } from '../../src/adapters/store.js'
import { createReadStream, createStream } from '../../src/adapters/stream.js'
import { right } from '../../src/core/Either.js'
import { collectUncaught } from './uncaught.js'
import { ExpiryModel, Model, scuttlebutt, unwrap } from '../../src/index.js'

const sb = scuttlebutt(Model.of(t.string), { limits: false })

test('A live read stream that is ended sends what there is, ends, and its file closes', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'ends-'))
  const store = createStore(sb, 'ann')
  unwrap(store.change(Model.set('x', 'one')))
  const stream = createReadStream(store)
  const file = stream.pipe(writeTo(path.join(folder, 'lines')))
  await once(stream, 'syncSent')
  unwrap(store.change(Model.set('y', 'two')))
  ;(stream as unknown as { end: () => void }).end()
  await once(file, 'close')
  const lines = await readFile(path.join(folder, 'lines'), 'utf8')
  expect(lines).toContain('"one"')
  expect(lines).toContain('"two"')
  await rm(folder, { recursive: true })
})

test('A listener of `sync` that throws surfaces, and does not stall its stream', async () => {
  const thrown = collectUncaught()
  const [ann, ben] = [createStore(sb, 'ann'), createStore(sb, 'ben')]
  const [left, right] = [createStream(ann), createStream(ben)]
  right.on('sync', () => {
    throw new Error('a listener')
  })
  left.pipe(right).pipe(left)
  await once(left, 'sync')
  unwrap(ann.change(Model.set('x', 'later')))
  for (let i = 0; i < 50 && Model.size(ben.getReplica().state) === 0; i++) await new Promise(setImmediate)
  expect(Model.toJSON(ben.getReplica().state)).toEqual({ x: 'later' })
  expect(thrown).toEqual([new Error('a listener')])
})

test('importLines takes what exportLines wrote: lines of any length, stamps of any time', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'ends-'))
  const file = path.join(folder, 'lines')
  const far = Date.now() + 1e12
  const store = createStore(sb, 'ann', { now: () => far })
  unwrap(store.change(Model.set('photo', 'x'.repeat(2 << 20))))
  unwrap(await exportLines(store, file)())
  const imported = createStore(sb, 'ben')
  expect(unwrap(await importLines(file, imported)())).toEqual({ rejections: [], refused: 0 })
  expect(Model.toJSON(imported.getReplica().state)).toEqual(Model.toJSON(store.getReplica().state))
  expect(sb.digest(imported.getReplica())).not.toHaveProperty('doubt')
  await rm(folder, { recursive: true })
})

test('A signer that throws, at once or later, makes no update', async () => {
  const throws = {
    id: 'ann',
    sign: () => {
      throw new Error('no key')
    },
  }
  const rejects = { id: 'ann', sign: () => () => Promise.reject(new Error('no key')) }
  for (const signer of [throws, rejects]) {
    const security = { document: 'd', verifier: { verify: () => right(1) }, signer }
    const store = createStore(sb, 'ann', { security })
    expect(await store.changeAsync(Model.set('x', 'one'))()).toMatchObject({ left: { _tag: 'Unsignable' } })
    expect(Model.size(store.getReplica().state)).toBe(0)
  }
})

test('An import refuses what a given policy refuses', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'ends-'))
  const file = path.join(folder, 'lines')
  const expiring = scuttlebutt(ExpiryModel.of(t.number))
  const store = createStore(expiring, 'ann', { now: () => Date.now() + 1e12 })
  unwrap(store.change(ExpiryModel.set('x', 1)))
  unwrap(await exportLines(store, file)())
  const policy = { maxDrift: 1000 }
  const { refused } = unwrap(await importLines(file, createStore(expiring, 'ben'), { policy })())
  expect(refused).toBe(1)
  expect(unwrap(await importLines(file, createStore(expiring, 'ben'))()).refused).toBe(0)
  await rm(folder, { recursive: true })
})
